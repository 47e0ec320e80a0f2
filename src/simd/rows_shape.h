/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modulator over a row: reads logits, leaves sigma of every entry in a
 * buffer of doubles padded with -inf to whole vectors. Masked entries become
 * -inf too, so what follows needs no mask. Terms whose coefficients are zero
 * are left out, which changes no bit (specs/semantics.md#parameters).
 */
#ifndef MMAX_SIMD_ROWS_SHAPE_H
#define MMAX_SIMD_ROWS_SHAPE_H

#include "../multimax.h"
#include "../ref/primitives.h"

#define V_INLINE static inline __attribute__((always_inline))

enum { V_LINEAR = 1, V_QUADRATIC = 2, V_AFFINE = 4, V_SHAPES = 8 };

/* Which parts of the modulator the coefficients call for. */
static unsigned shape_of(const mmax_params *params) {
  unsigned shape = 0;
  if (params->coef[0] != 0.0 || params->coef[1] != 0.0) shape |= V_LINEAR;
  if (params->coef[2] != 0.0 || params->coef[3] != 0.0) shape |= V_QUADRATIC;
  if (params->scale != 1.0 || params->shift != 0.0) shape |= V_AFFINE;
  return shape;
}

static size_t padded(size_t n) { return (n + V_LANES - 1) / V_LANES * V_LANES; }

typedef struct modulator {
  vd c1, c2, c3, c4, k1, k2, k3, k4, scale, shift;
} modulator;

V_INLINE modulator modulator_of(const mmax_params *p) {
  modulator m = {v_set(p->coef[0]), v_set(p->coef[1]), v_set(p->coef[2]), v_set(p->coef[3]),
                 v_set(p->knot[0]), v_set(p->knot[1]), v_set(p->knot[2]), v_set(p->knot[3]),
                 v_set(p->scale),   v_set(p->shift)};
  return m;
}

V_INLINE vd v_relu(vd u) { return v_max(u, v_set(0.0)); }

V_INLINE vd affine(const modulator *m, unsigned shape, vd x) {
  return shape & V_AFFINE ? v_fma(m->scale, x, m->shift) : x;
}

V_INLINE vd modulate(const modulator *m, unsigned shape, vd x) {
  vd y = affine(m, shape, x), s = y;
  if (shape & V_LINEAR) {
    s = v_fma(m->c1, v_relu(v_sub(m->k1, y)), s);
    s = v_fma(m->c2, v_relu(v_sub(y, m->k2)), s);
  }
  if (shape & V_QUADRATIC) {
    vd r3 = v_relu(v_sub(m->k3, y)), r4 = v_relu(v_sub(y, m->k4));
    s = v_fma(v_mul(m->c3, r3), r3, s);
    s = v_fma(v_mul(m->c4, r4), r4, s);
  }
  return s;
}

/* True if no logit is NaN or infinite. */
V_INLINE int all_finite(const float *x, size_t n) {
  vf a = f_zero(), b = f_zero();
  size_t i = 0;
  for (; i + 4 * V_LANES <= n; i += 4 * V_LANES) {
    a = f_probe(a, x + i);
    b = f_probe(b, x + i + 2 * V_LANES);
  }
  if (i + 2 * V_LANES <= n) {
    a = f_probe(a, x + i);
    i += 2 * V_LANES;
  }
  if (i < n) b = f_probe_first(b, x + i, n - i);
  return f_is_zero(a) & f_is_zero(b);
}

/* sigma of a row of finite logits into s; lane-wise maximum. */
V_INLINE vd modulate_open_as(const mmax_params *params, unsigned shape, const float *x, size_t n,
                             double *s) {
  const modulator m = modulator_of(params);
  const vd pad = v_set(-__builtin_inf());
  vd top[4] = {pad, pad, pad, pad};
  size_t i = 0;
  for (; i + 4 * V_LANES <= n; i += 4 * V_LANES)
    for (size_t k = 0; k < 4; k++) {
      vd v = modulate(&m, shape, v_widen(x + i + k * V_LANES));
      v_store(s + i + k * V_LANES, v);
      top[k] = v_max(v, top[k]);
    }
  for (; i + V_LANES <= n; i += V_LANES) {
    vd v = modulate(&m, shape, v_widen(x + i));
    v_store(s + i, v);
    top[0] = v_max(v, top[0]);
  }
  if (i < n) {
    vd v = modulate(&m, shape, v_widen_first(x + i, n - i));
    v = v_select(v_first(n - i), v, pad);
    v_store(s + i, v);
    top[1] = v_max(v, top[1]);
  }
  return v_max(v_max(top[0], top[1]), v_max(top[2], top[3]));
}

#endif
