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
  for (int j = 0; j < (m->shape & V_AFFINE ? MMAX_NPARAMS : 8); j++) {
    m->grid[j] = mmax_grid_for(bounds[j]);
    m->sum[j] = v_set(m->grid[j].big);
  }
}

V_INLINE void accumulate(vd sum[MMAX_NPARAMS], unsigned shape, const factors *f) {
  const vd one = v_set(1.0), zero = v_set(0.0);
  if (shape & V_LINEAR) {
    sum[0] = v_fma_down(f->g, f->r1, sum[0]);
    sum[1] = v_fma_down(f->g, f->r2, sum[1]);
    sum[4] = v_add_down_where(v_gt(f->r1, zero), f->g, sum[4]);
    sum[5] = v_add_down_where(v_gt(f->r2, zero), f->g, sum[5]);
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
  int used = shape & V_AFFINE ? MMAX_NPARAMS : 8;
  for (int j = 0; j < used; j++) sum[j] = v_pin(into[j]);
  for (size_t k = 0; k < count; k++) accumulate(sum, shape, &block[k]);
  for (int j = 0; j < used; j++) into[j] = v_pin(sum[j]);
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

/* A run of entries and where its results go. */
typedef struct gradient_job {
  const double *g; /* gradient at sigma, 0 where masked */
  const float *x;
  const uint8_t *mask;
  size_t n;
  float *grad; /* or NULL */
  moments *m;
} gradient_job;

/* Entries [i, i + count): writes their gradients, returns their factors. */
V_INLINE factors gradient_step(const gradient_job *a, const modulator *c, unsigned shape,
                               int closed, size_t i, size_t count) {
  vd v = count == V_LANES ? v_widen(a->x + i) : v_widen_first(a->x + i, count);
  vm live = v_first(V_LANES);
  if (closed) {
    v = v_select(unmasked(a->mask == NULL ? NULL : a->mask + i, count), v, minus_inf());
    live = v_gt(v, minus_inf());
    v = v_keep(live, v);
  }
  factors f = factors_of(c, shape, v_load(a->g + i), v);
  vd out = shape & V_AFFINE ? v_mul(f.h, c->scale) : f.h;
  if (closed) out = v_keep(live, out);
  if (a->grad != NULL && count == V_LANES) v_narrow(a->grad + i, out);
  if (a->grad != NULL && count < V_LANES) v_narrow_first(a->grad + i, out, count);
  return f;
}

V_INLINE void gradient_run_as(const mmax_params *params, const gradient_job *a, unsigned shape,
                              int closed, int sums) {
  const modulator c = modulator_of(params);
  size_t i = 0;
  if (!sums) {
    for (; i + V_LANES <= a->n; i += V_LANES) gradient_step(a, &c, shape, closed, i, V_LANES);
    if (i < a->n) gradient_step(a, &c, shape, closed, i, a->n - i);
  } else if (V_DOWN_INLINE) {
    vd sum[MMAX_NPARAMS];
    int used = shape & V_AFFINE ? MMAX_NPARAMS : 8;
    for (int j = 0; j < used; j++) sum[j] = a->m->sum[j];
    for (; i + V_LANES <= a->n; i += V_LANES) {
      factors f = gradient_step(a, &c, shape, closed, i, V_LANES);
      accumulate(sum, shape, &f);
    }
    if (i < a->n) {
      factors f = gradient_step(a, &c, shape, closed, i, a->n - i);
      accumulate(sum, shape, &f);
    }
    for (int j = 0; j < used; j++) a->m->sum[j] = sum[j];
  } else {
    factors block[V_BLOCK];
    while (i < a->n) {
      size_t stored = 0;
      for (; stored < V_BLOCK && i + V_LANES <= a->n; i += V_LANES)
        block[stored++] = gradient_step(a, &c, shape, closed, i, V_LANES);
      if (stored < V_BLOCK && i < a->n) {
        block[stored++] = gradient_step(a, &c, shape, closed, i, a->n - i);
        i = a->n;
      }
      accumulate_stored(a->m, shape, block, stored);
    }
  }
}

V_INLINE void gradient_run_shape(const mmax_params *params, const gradient_job *a, int closed,
                                 int sums) {
  switch (a->m->shape) {
  case 0: gradient_run_as(params, a, 0, closed, sums); break;
  case 1: gradient_run_as(params, a, 1, closed, sums); break;
  case 3: gradient_run_as(params, a, 3, closed, sums); break;
  default: gradient_run_as(params, a, 7, closed, sums); break;
  }
}

/* Entries [at, ...) of a row; grad starts at the row. */
static void gradient_run(const batch *b, const row *r, size_t at, const double *g, moments *m,
                         int sums, float *grad) {
  const gradient_job a = {g,
                          r->x + at,
                          r->mask == NULL ? NULL : r->mask + at,
                          run_length(r, at),
                          grad == NULL ? NULL : grad + at,
                          m};
  if (r->closed && sums)
    gradient_run_shape(b->params, &a, 1, 1);
  else if (r->closed)
    gradient_run_shape(b->params, &a, 1, 0);
  else if (sums)
    gradient_run_shape(b->params, &a, 0, 1);
  else
    gradient_run_shape(b->params, &a, 0, 0);
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
  uint64_t v = (uint64_t)value, sign = value < 0 ? UINT64_MAX : 0;
  uint64_t high = s == 0 ? sign : v >> (64 - s) | sign << s;
  uint64_t carry = (uint64_t)__builtin_add_overflow(limb[word], v << s, &limb[word]);
  if (++word == MMAX_ACC_LIMBS) return;
  uint64_t over = (uint64_t)__builtin_add_overflow(limb[word], high, &limb[word]);
  carry = over | (uint64_t)__builtin_add_overflow(limb[word], carry, &limb[word]);
  /* further up the addend is 0 or -1, the sign: with the carry 0, 1 or -1 */
  for (uint64_t add = sign + carry; add != 0 && ++word < MMAX_ACC_LIMBS; add = sign + carry)
    carry = sign == 0 ? (uint64_t)__builtin_add_overflow(limb[word], add, &limb[word])
                      : (uint64_t)(limb[word]-- != 0);
}

/* Adds the row's sums of the terms the model has. */
static void moments_finish(const moments *m, const mmax_params *params, mmax_accumulator *acc) {
  static const unsigned term[MMAX_NPARAMS] = {
      MMAX_TERM_LOW1,  MMAX_TERM_HIGH1, MMAX_TERM_LOW2,  MMAX_TERM_HIGH2,  MMAX_TERM_LOW1,
      MMAX_TERM_HIGH1, MMAX_TERM_LOW2,  MMAX_TERM_HIGH2, MMAX_TERM_AFFINE, MMAX_TERM_AFFINE};
  uint64_t sum[MMAX_NPARAMS + V_LANES];
  vq count[MMAX_NPARAMS + V_LANES];
  int used = params->terms & MMAX_TERM_AFFINE ? MMAX_NPARAMS : 8;
  for (int j = 0; j < MMAX_NPARAMS + V_LANES; j++)
    count[j] = j < used ? q_count(q_zero(), m->sum[j]) : q_zero();
  for (int j = 0; j < used; j += V_LANES) q_store(sum + j, q_sum_rows(count + j));
  for (int j = 0; j < used; j++)
    if (params->terms & term[j])
      limbs_add(acc->limb[j], (int64_t)(sum[j] - V_LANES * mmax_bits(m->grid[j].big)),
                m->grid[j].unit);
  acc->rows++;
}

/* Outputs of a row that is masked throughout or not finite. */
static void gradient_special(const row *r, float *grad, mmax_accumulator *acc) {
  if (grad != NULL)
    fill(grad, r->n, r->state == MMAX_ROW_MASKED ? 0.0f : mmax_from_bits32(MMAX_NAN_BITS));
  if (acc != NULL && r->state == MMAX_ROW_NONFINITE) acc->nonfinite_rows++;
}

#endif
