/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modulator over a run of entries: reads logits, leaves sigma of each in a
 * buffer of doubles padded with -inf to whole vectors. Masked entries become
 * -inf too, so nothing after this needs to know of masks. Terms whose
 * coefficients are zero are left out, which changes no bit
 * (specs/semantics.md#parameters).
 */
#ifndef MMAX_SIMD_ROWS_SHAPE_H
#define MMAX_SIMD_ROWS_SHAPE_H

#include "../multimax.h"
#include "../ref/primitives.h"

#define V_INLINE static inline __attribute__((always_inline))
#define V_OUTLINE __attribute__((noinline, unused))
#define V_JOIN __attribute__((noinline, cold)) /* in teams alone */

/* The parts of the modulator that are there. */
enum { V_LINEAR = 1, V_QUADRATIC = 2, V_AFFINE = 4 };

static inline unsigned shape_of(const mmax_params *params) {
  unsigned shape = 0;
  if (params->coef[0] != 0.0 || params->coef[1] != 0.0) shape |= V_LINEAR;
  if (params->coef[2] != 0.0 || params->coef[3] != 0.0) shape |= V_LINEAR | V_QUADRATIC;
  if (params->scale != 1.0 || params->shift != 0.0) shape |= V_AFFINE;
  return shape;
}

static inline size_t padded(size_t n) { return (n + V_LANES - 1) / V_LANES * V_LANES; }
static inline vd minus_inf(void) { return v_set(-__builtin_inf()); }

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

/* Lane-wise largest and (where asked for) second largest sigma so far. */
typedef struct tops {
  vd first, second;
} tops;

V_INLINE tops tops_start(void) {
  tops t = {minus_inf(), minus_inf()};
  return t;
}

V_INLINE tops tops_add(tops t, vd s, int two) {
  if (two) t.second = v_max(v_min(s, t.first), t.second);
  t.first = v_max(s, t.first);
  return t;
}

V_INLINE tops tops_join(tops a, tops b, int two) {
  if (two) a = tops_add(a, b.second, 1);
  return tops_add(a, b.first, two);
}

/* True if none of the cells is NaN or infinite. */
static inline int all_finite(const cell *x, size_t n) {
  enum { STEP = F_LANES };
  vf a = f_zero(), b = f_zero();
  size_t i = 0;
  for (; i + 2 * STEP <= n; i += 2 * STEP) {
    a = f_probe(a, cell_load(x + i));
    b = f_probe(b, cell_load(x + i + STEP));
  }
  if (i + STEP <= n) {
    a = f_probe(a, cell_load(x + i));
    i += STEP;
  }
  if (i < n) b = f_probe(b, cell_load_first(x + i, n - i, f_zero()));
  return f_is_zero(a) & f_is_zero(b);
}

/* Finite, unmasked logits. */
V_INLINE tops modulate_open(const mmax_params *params, unsigned shape, int two, const cell *x,
                            size_t n, double *s) {
  const modulator m = modulator_of(params);
  tops t[4] = {tops_start(), tops_start(), tops_start(), tops_start()};
  size_t i = 0;
  for (; i + 4 * V_LANES <= n; i += 4 * V_LANES)
    for (size_t k = 0; k < 4; k++) {
      vd v = modulate(&m, shape, cell_widen(x + i + k * V_LANES));
      v_store(s + i + k * V_LANES, v);
      t[k] = tops_add(t[k], v, two);
    }
  for (; i + V_LANES <= n; i += V_LANES) {
    vd v = modulate(&m, shape, cell_widen(x + i));
    v_store(s + i, v);
    t[0] = tops_add(t[0], v, two);
  }
  if (i < n) {
    vd v = modulate(&m, shape, cell_widen_first(x + i, n - i));
    v = v_select(v_first(n - i), v, minus_inf());
    v_store(s + i, v);
    t[1] = tops_add(t[1], v, two);
  }
  return tops_join(tops_join(t[0], t[1], two), tops_join(t[2], t[3], two), two);
}

/* Lanes of up to V_LANES entries that take part as far as the mask bytes say. */
V_INLINE vm unmasked(const uint8_t *mask, size_t count) {
  if (mask == NULL) return v_first(count);
  if (count == V_LANES) return v_zero_bytes(mask);
  uint8_t bytes[8] = {0};
  for (size_t k = 0; k < count; k++) bytes[k] = mask[k];
  return v_and(v_first(count), v_zero_bytes(bytes));
}

/* Up to V_LANES logits, masked ones as -inf. */
V_INLINE vd entries(const cell *x, const uint8_t *mask, size_t count) {
  vd v = count == V_LANES ? cell_widen(x) : cell_widen_first(x, count);
  return v_select(unmasked(mask, count), v, minus_inf());
}

/* sigma of up to V_LANES entries into s, -inf where masked; the new lanes of *fine. */
V_INLINE vd closed_step(const modulator *m, unsigned shape, const cell *x, const uint8_t *mask,
                        size_t count, double *s, vm *fine) {
  vd v = entries(x, mask, count);
  *fine = v_and(*fine, v_gt(v_set(__builtin_inf()), v));
  v = v_select(v_gt(v, minus_inf()), modulate(m, shape, v), minus_inf());
  v_store(s, v);
  return v;
}

/* Any logits and masks; *finite is cleared if an unmasked one is NaN or +inf. */
V_INLINE tops modulate_closed(const mmax_params *params, unsigned shape, int two, const cell *x,
                              const uint8_t *mask, size_t n, double *s, int *finite) {
  const modulator m = modulator_of(params);
  tops t = tops_start(), u = t;
  vm fine = v_first(V_LANES), odd = fine;
  size_t i = 0;
  if (mask == NULL)
    for (; i + 2 * V_LANES <= n; i += 2 * V_LANES) {
      t = tops_add(t, closed_step(&m, shape, x + i, NULL, V_LANES, s + i, &fine), two);
      size_t j = i + V_LANES;
      u = tops_add(u, closed_step(&m, shape, x + j, NULL, V_LANES, s + j, &odd), two);
    }
  else
    for (; i + 2 * V_LANES <= n; i += 2 * V_LANES) {
      t = tops_add(t, closed_step(&m, shape, x + i, mask + i, V_LANES, s + i, &fine), two);
      size_t j = i + V_LANES;
      u = tops_add(u, closed_step(&m, shape, x + j, mask + j, V_LANES, s + j, &odd), two);
    }
  for (; i < n; i += V_LANES) {
    size_t count = n - i < V_LANES ? n - i : V_LANES;
    const uint8_t *bytes = mask == NULL ? NULL : mask + i;
    t = tops_add(t, closed_step(&m, shape, x + i, bytes, count, s + i, &fine), two);
  }
  if (v_bits(v_and(fine, odd)) != v_bits(v_first(V_LANES))) *finite = 0;
  return tops_join(t, u, two);
}

#endif
