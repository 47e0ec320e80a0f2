/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the gradient at sigma to those of logits and parameters. Parameter sums
 * are kept in accumulators that start at 6*2^E and only ever round down: their
 * bits count grid units (specs/semantics.md#grids). Where one instruction can
 * round down they are updated at once; else the factors of a block are stored
 * and summed in a loop of its own in round-down mode.
 */
#ifndef MMAX_SIMD_ROWS_GRADIENT_H
#define MMAX_SIMD_ROWS_GRADIENT_H

#include "../ref/gradient.h"
#include "rows_group.h"

typedef struct factors {
  vd g, g3, g4, r1, r2, r3, r4, h, x;
} factors;

typedef struct moments {
  unsigned shape; /* terms to compute: those of the modulator, and those with sums */
  mmax_grid grid[MMAX_NPARAMS];
  vd sum[MMAX_NPARAMS];
} moments;

/* Range of x over the entries that carry weight. */
typedef struct range {
  double lo, hi;
} range;

static double size_of(double v) { return v < 0.0 ? -v : v; }

/* src/ref/gradient.c, mmax_moments_start: the |g| of the row add up to at most 2 * bound. */
static void moments_start(moments *m, const mmax_params *p, range x, double bound) {
  int rising = p->scale >= 0.0;
  double lo = mmax_fma(p->scale, rising ? x.lo : x.hi, p->shift);
  double hi = mmax_fma(p->scale, rising ? x.hi : x.lo, p->shift);
  double largest = size_of(x.lo) > size_of(x.hi) ? size_of(x.lo) : size_of(x.hi);
  double r1 = mmax_relu(p->knot[0] - lo), r2 = mmax_relu(hi - p->knot[1]);
  double r3 = mmax_relu(p->knot[2] - lo), r4 = mmax_relu(hi - p->knot[3]);
  double slope = 1.0 + size_of(p->coef[0]) + size_of(p->coef[1]) +
                 2.0 * size_of(p->coef[2]) * r3 + 2.0 * size_of(p->coef[3]) * r4;
  double g = 2.0 * bound;
  const double bounds[MMAX_NPARAMS] = {g * r1, g * r2, g * r3 * r3, g * r4 * r4,         g,
                                       g,      g * r3, g * r4,      g * slope * largest, g * slope};
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    m->grid[j] = mmax_grid_for(bounds[j]);
    m->sum[j] = v_set(m->grid[j].big);
  }
}

V_INLINE void accumulate(vd sum[MMAX_NPARAMS], unsigned shape, const factors *f) {
  const vd one = v_set(1.0), zero = v_set(0.0);
  if (shape & V_LINEAR) {
    sum[0] = v_fma_down(f->g, f->r1, sum[0]);
    sum[1] = v_fma_down(f->g, f->r2, sum[1]);
    sum[4] = v_fma_down(v_keep(v_gt(f->r1, zero), f->g), one, sum[4]);
    sum[5] = v_fma_down(v_keep(v_gt(f->r2, zero), f->g), one, sum[5]);
  }
  if (shape & V_QUADRATIC) {
    sum[2] = v_fma_down(f->g3, f->r3, sum[2]);
    sum[3] = v_fma_down(f->g4, f->r4, sum[3]);
    sum[6] = v_fma_down(f->g3, one, sum[6]);
    sum[7] = v_fma_down(f->g4, one, sum[7]);
  }
  if (shape & V_AFFINE) {
    sum[8] = v_fma_down(f->h, f->x, sum[8]);
    sum[9] = v_fma_down(f->h, one, sum[9]);
  }
}

enum { V_BLOCK = 16 }; /* vectors whose factors are stored at a time */

/* Nothing but loads, selections and v_fma_down happens in round-down mode. A call of its own, and
   v_pin, so that no compiler moves arithmetic into or out of that mode. */
V_INLINE void accumulate_stored_as(vd into[MMAX_NPARAMS], unsigned shape, const factors *block,
                                   size_t count) {
  vd sum[MMAX_NPARAMS];
  v_down_enter();
  for (int j = 0; j < MMAX_NPARAMS; j++) sum[j] = v_pin(into[j]);
  for (size_t k = 0; k < count; k++) accumulate(sum, shape, &block[k]);
  for (int j = 0; j < MMAX_NPARAMS; j++) into[j] = v_pin(sum[j]);
  v_down_leave();
}
static V_OUTLINE void accumulate_stored(moments *m, unsigned shape, const factors *block,
                                        size_t count) {
  switch (shape) {
  case 0: break;
  case 1: accumulate_stored_as(m->sum, 1, block, count); break;
  case 3: accumulate_stored_as(m->sum, 3, block, count); break;
  default: accumulate_stored_as(m->sum, 7, block, count); break;
  }
}

/* Hinges, slope and factors of one vector; g = gradient at sigma. */
V_INLINE factors factors_of(const modulator *m, unsigned shape, vd g, vd x) {
  const vd zero = v_set(0.0);
  factors f = {g, zero, zero, zero, zero, zero, zero, g, x};
  vd y = affine(m, shape, x), d = v_set(1.0);
  if (shape & V_LINEAR) {
    f.r1 = v_relu(v_sub(m->k1, y));
    f.r2 = v_relu(v_sub(y, m->k2));
    d = v_sub(d, v_keep(v_gt(f.r1, zero), m->c1));
    d = v_add(d, v_keep(v_gt(f.r2, zero), m->c2));
  }
  if (shape & V_QUADRATIC) {
    f.r3 = v_relu(v_sub(m->k3, y));
    f.r4 = v_relu(v_sub(y, m->k4));
    d = v_fma(v_mul(v_set(-2.0), m->c3), f.r3, d);
    d = v_fma(v_mul(v_set(2.0), m->c4), f.r4, d);
    f.g3 = v_mul(g, f.r3);
    f.g4 = v_mul(g, f.r4);
  }
  if (shape & V_LINEAR) f.h = v_mul(g, d);
  return f;
}

/* Gradients of a run; g: gradient at sigma, 0 where masked. sums: update m->sum. */
V_INLINE void gradient_run_as(const mmax_params *params, moments *m, unsigned shape, int closed,
                              int sums, const double *g, const float *x, const uint8_t *mask,
                              size_t n, float *grad) {
  const modulator c = modulator_of(params);
  vd sum[MMAX_NPARAMS];
  factors block[V_DOWN_INLINE ? 1 : V_BLOCK];
  size_t stored = 0;
  if (V_DOWN_INLINE && sums)
    for (int j = 0; j < MMAX_NPARAMS; j++) sum[j] = m->sum[j];
  for (size_t i = 0; i < n; i += V_LANES) {
    size_t count = n - i < V_LANES ? n - i : V_LANES;
    vd v = count == V_LANES ? v_widen(x + i) : v_widen_first(x + i, count);
    vm live = v_first(V_LANES);
    if (closed) {
      v = v_select(unmasked(mask == NULL ? NULL : mask + i, count), v, minus_inf());
      live = v_gt(v, minus_inf());
      v = v_keep(live, v);
    }
    factors f = factors_of(&c, shape, v_load(g + i), v);
    vd out = shape & V_AFFINE ? v_mul(f.h, c.scale) : f.h;
    if (closed) out = v_keep(live, out);
    if (grad != NULL) {
      if (count == V_LANES)
        v_narrow(grad + i, out);
      else
        v_narrow_first(grad + i, out, count);
    }
    if (sums && V_DOWN_INLINE) accumulate(sum, shape, &f);
    if (sums && !V_DOWN_INLINE) {
      block[stored++] = f;
      if (stored == V_BLOCK || i + V_LANES >= n) {
        accumulate_stored(m, shape, block, stored);
        stored = 0;
      }
    }
  }
  if (V_DOWN_INLINE && sums)
    for (int j = 0; j < MMAX_NPARAMS; j++) m->sum[j] = sum[j];
}

V_INLINE void gradient_run_shape(const mmax_params *params, moments *m, int closed, int sums,
                                 const double *g, const float *x, const uint8_t *mask, size_t n,
                                 float *grad) {
  switch (m->shape) {
  case 0: gradient_run_as(params, m, 0, closed, sums, g, x, mask, n, grad); break;
  case 1: gradient_run_as(params, m, 1, closed, sums, g, x, mask, n, grad); break;
  case 3: gradient_run_as(params, m, 3, closed, sums, g, x, mask, n, grad); break;
  default: gradient_run_as(params, m, 7, closed, sums, g, x, mask, n, grad); break;
  }
}

/* Entries [at, ...) of a row; grad starts at the row. */
static void gradient_run(const batch *b, const row *r, size_t at, const double *g, moments *m,
                         int sums, float *grad) {
  size_t n = run_length(r, at);
  const uint8_t *mask = r->mask == NULL ? NULL : r->mask + at;
  float *out = grad == NULL ? NULL : grad + at;
  if (r->closed && sums)
    gradient_run_shape(b->params, m, 1, 1, g, r->x + at, mask, n, out);
  else if (r->closed)
    gradient_run_shape(b->params, m, 1, 0, g, r->x + at, mask, n, out);
  else if (sums)
    gradient_run_shape(b->params, m, 0, 1, g, r->x + at, mask, n, out);
  else
    gradient_run_shape(b->params, m, 0, 0, g, r->x + at, mask, n, out);
}

/* The modulator's terms, and with an accumulator those it asks for. */
static unsigned gradient_shape(const batch *b, const mmax_accumulator *acc) {
  const unsigned linear = MMAX_TERM_LOW1 | MMAX_TERM_HIGH1;
  const unsigned quadratic = MMAX_TERM_LOW2 | MMAX_TERM_HIGH2;
  unsigned shape = b->shape, terms = acc == NULL ? 0 : b->params->terms;
  if (terms & linear) shape |= V_LINEAR;
  if (terms & quadratic) shape |= V_LINEAR | V_QUADRATIC;
  if (terms & MMAX_TERM_AFFINE) shape |= V_AFFINE;
  return shape & V_AFFINE ? V_LINEAR | V_QUADRATIC | V_AFFINE : shape;
}

/* value * 2^unit added to 1024 bits in units of 2^-256; stops where the carry does. */
static void limbs_add(uint64_t limb[MMAX_ACC_LIMBS], int64_t value, int unit) {
  unsigned shift = (unsigned)(unit + 256), word = shift / 64, s = shift % 64;
  uint64_t sign = value < 0 ? UINT64_MAX : 0, v = (uint64_t)value;
  uint64_t high = s == 0 ? sign : v >> (64 - s) | sign << s;
  uint64_t carry = 0;
  for (unsigned i = word; i < MMAX_ACC_LIMBS; i++) {
    uint64_t add = i == word ? v << s : i == word + 1 ? high : sign;
    if (i > word + 1 && add + carry == 0) return; /* 0 + 0, or all ones + 1 */
    uint64_t sum = limb[i] + add;
    uint64_t overflow = sum < add;
    limb[i] = sum + carry;
    carry = overflow | (limb[i] < carry);
  }
}

/* Adds the row's sums of the terms the model has. */
static void moments_finish(const moments *m, const mmax_params *params, mmax_accumulator *acc) {
  static const unsigned term[MMAX_NPARAMS] = {
      MMAX_TERM_LOW1,  MMAX_TERM_HIGH1, MMAX_TERM_LOW2,  MMAX_TERM_HIGH2,  MMAX_TERM_LOW1,
      MMAX_TERM_HIGH1, MMAX_TERM_LOW2,  MMAX_TERM_HIGH2, MMAX_TERM_AFFINE, MMAX_TERM_AFFINE};
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    if (!(params->terms & term[j])) continue;
    uint64_t lanes[V_LANES], sum = 0;
    q_store(lanes, q_sub(q_count(q_zero(), m->sum[j]), q_set(mmax_bits(m->grid[j].big))));
    for (int k = 0; k < V_LANES; k++) sum += lanes[k];
    limbs_add(acc->limb[j], (int64_t)sum, m->grid[j].unit);
  }
  acc->rows++;
}

/* Outputs of a row that is masked throughout or not finite. */
static void gradient_special(const row *r, float *grad, mmax_accumulator *acc) {
  if (grad != NULL)
    fill(grad, r->n, r->state == MMAX_ROW_MASKED ? 0.0f : mmax_from_bits32(MMAX_NAN_BITS));
  if (acc != NULL && r->state == MMAX_ROW_NONFINITE) acc->nonfinite_rows++;
}

#endif
