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

/* e = exp(s - max) over the vectors of n <= 4096 entries, in place if `store`; lane-wise sum of
   quantise(e) <= 2^50, big = 6 * 2^E: no lane reaches 2^63. With `skip`, entries equal to max
   stay out of the sum. */
V_INLINE vq weigh_as(double *s, size_t n, double max, double big, int skip, int store) {
  const vd m = v_set(max), b = v_set(big);
  vq sum[4] = {q_zero(), q_zero(), q_zero(), q_zero()};
  size_t i = 0, end = padded(n);
  for (; i + 4 * V_LANES <= end; i += 4 * V_LANES)
    for (size_t k = 0; k < 4; k++) {
      vd z = v_sub(v_load(s + i + k * V_LANES), m), e = exp_lanes(z);
      if (store) v_store(s + i + k * V_LANES, e);
      sum[k] = q_count(sum[k], v_add(skip ? v_keep(v_gt(v_set(0.0), z), e) : e, b));
    }
  for (; i < end; i += V_LANES) {
    vd z = v_sub(v_load(s + i), m), e = exp_lanes(z);
    if (store) v_store(s + i, e);
    sum[0] = q_count(sum[0], v_add(skip ? v_keep(v_gt(v_set(0.0), z), e) : e, b));
  }
  vq all = q_add(q_add(sum[0], sum[1]), q_add(sum[2], sum[3]));
  return q_sub(all, q_set(end / V_LANES * mmax_bits(big)));
}

static inline vq weigh(double *s, size_t n, double max) { return weigh_as(s, n, max, 6.0, 0, 1); }

/* s -> e in place, no sum. */
static inline void weigh_only(double *s, size_t n, double max) {
  const vd m = v_set(max);
  for (size_t i = 0; i < n; i += V_LANES) v_store(s + i, exp_lanes(v_sub(v_load(s + i), m)));
}

/* Lane sums of a run, added to a 128-bit sum. */
static inline mmax_sum sum_lanes(mmax_sum sum, vq lanes) {
  uint64_t part[V_LANES];
  q_store(part, lanes);
  for (int k = 0; k < V_LANES; k++) sum = mmax_sum_add(sum, part[k]);
  return sum;
}

#endif
