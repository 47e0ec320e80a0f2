/* SPDX-License-Identifier: Apache-2.0 */
/* Weights exp(sigma - max) and their exact sums. specs/semantics.md#exp, #grids */
#ifndef MMAX_SIMD_ROWS_EXP_H
#define MMAX_SIMD_ROWS_EXP_H

#include "../ref/sum.h"
#include "rows_shape.h"

/* src/ref/exp.h, lane by lane. */
V_INLINE vd exp_lanes(vd z) {
  const vd magic = v_set(0x1.8p52);
  vd s = v_fma(z, v_set(0x1.71547652b82fep0), magic);
  vd k = v_sub(s, magic);
  vd r = v_fnma(k, v_set(0x1.62e42fefa39efp-1), z);
  vd p = v_fma(r, v_set(0x1.9f08a4a7663cfp-13), v_set(0x1.6d8cf47c17972p-10));
  p = v_fma(r, p, v_set(0x1.1112708f7a988p-7));
  p = v_fma(r, p, v_set(0x1.55548dd80b105p-5));
  p = v_fma(r, p, v_set(0x1.55555443653a9p-3));
  p = v_fma(r, p, v_set(0x1.0000003a1b0ep-1));
  p = v_fma(r, p, v_set(1.0));
  p = v_fma(r, p, v_set(1.0));
  return v_ldexp(v_ge(z, v_set(-110.0)), p, s, k);
}

/* The grid of a sum of weights, and whether entries equal to the maximum stay out of it. */
typedef struct weight_grid {
  double big; /* 6 * 2^E */
  int skip_max;
} weight_grid;

/* A run of at most MMAX_RUN entries: a lane of the sum stays below 2^63. */
enum { V_RUN = 8192 * V_LANES };

V_INLINE vd weight_step(const double *s, double *e, vd max, int store) {
  vd w = exp_lanes(v_sub(v_load(s), max));
  if (store) v_store(e, w);
  return w;
}

/* s -> e = exp(s - max) in place (if store); lane-wise sum of quantise(e). */
V_INLINE vq weigh_as(double *s, size_t n, double max, weight_grid grid, int skip, int store) {
  const vd m = v_set(max), big = v_set(grid.big);
  vq sum[4] = {q_zero(), q_zero(), q_zero(), q_zero()};
  size_t i = 0, end = padded(n);
  for (; i + 4 * V_LANES <= end; i += 4 * V_LANES)
    for (size_t k = 0; k < 4; k++) {
      double *at = s + i + k * V_LANES;
      vm below = skip ? v_gt(m, v_load(at)) : v_first(V_LANES);
      vd e = weight_step(at, at, m, store);
      sum[k] = q_count(sum[k], v_add(skip ? v_keep(below, e) : e, big));
    }
  for (; i < end; i += V_LANES) {
    vm below = skip ? v_gt(m, v_load(s + i)) : v_first(V_LANES);
    vd e = weight_step(s + i, s + i, m, store);
    sum[0] = q_count(sum[0], v_add(skip ? v_keep(below, e) : e, big));
  }
  vq all = q_add(q_add(sum[0], sum[1]), q_add(sum[2], sum[3]));
  return q_sub(all, q_set(end / V_LANES * mmax_bits(grid.big)));
}

static inline vq weigh(double *s, size_t n, double max) {
  const weight_grid unit = {6.0, 0};
  return weigh_as(s, n, max, unit, 0, 1);
}

/* s -> e in place, no sum. */
static inline void weigh_only(double *s, size_t n, double max) {
  for (size_t i = 0; i < n; i += V_LANES) weight_step(s + i, s + i, v_set(max), 1);
}

/* Lane sums of at most V_RUN entries, added to a 128-bit sum. */
static inline mmax_sum sum_lanes(mmax_sum sum, vq lanes) {
  uint64_t part[V_LANES];
  q_store(part, lanes);
  for (int k = 0; k < V_LANES; k++) sum = mmax_sum_add(sum, part[k]);
  return sum;
}

#endif
