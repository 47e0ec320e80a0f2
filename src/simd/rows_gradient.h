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
  uint64_t sum[MMAX_NPARAMS + V_LANES]; /* bits of all accumulators so far, modulo 2^64 */
  uint64_t accumulators;                /* how many: each began as the bits of grid.big */
} moments;

/* Range of x over the entries that carry weight. */
typedef struct range {
  double lo, hi;
} range;

/* Parameter sums in use: the last two belong to the affine pre-map. */
V_INLINE int sums_of(unsigned shape) { return shape & V_AFFINE ? MMAX_NPARAMS : 8; }

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
  for (int j = 0; j < sums_of(m->shape); j++) {
    m->grid[j] = mmax_grid_for(bounds[j]);
    m->sum[j] = 0;
  }
  m->accumulators = 0;
}

V_INLINE void sums_open(const moments *m, unsigned shape, vd sum[MMAX_NPARAMS]) {
  for (int j = 0; j < sums_of(shape); j++) sum[j] = v_set(m->grid[j].big);
}

V_INLINE void sums_close(moments *m, unsigned shape, const vd sum[MMAX_NPARAMS]) {
  vq bits[MMAX_NPARAMS + V_LANES];
  uint64_t total[MMAX_NPARAMS + V_LANES];
  for (int j = 0; j < MMAX_NPARAMS + V_LANES; j++)
    bits[j] = j < sums_of(shape) ? q_count(q_zero(), sum[j]) : q_zero();
  for (int j = 0; j < sums_of(shape); j += V_LANES) q_store(total + j, q_sum_rows(bits + j));
  for (int j = 0; j < sums_of(shape); j++) m->sum[j] += total[j];
  m->accumulators += V_LANES;
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
  for (int j = 0; j < sums_of(shape); j++) sum[j] = v_pin(into[j]);
  for (size_t k = 0; k < count; k++) accumulate(sum, shape, &block[k]);
  for (int j = 0; j < sums_of(shape); j++) into[j] = v_pin(sum[j]);
  v_down_leave();
}
static V_OUTLINE void accumulate_stored(vd sum[MMAX_NPARAMS], unsigned shape, const factors *block,
                                        size_t count) {
  switch (shape) {
  case 0: break;
  case 1: accumulate_stored_as(sum, 1, block, count); break;
  case 3: accumulate_stored_as(sum, 3, block, count); break;
  default: accumulate_stored_as(sum, 7, block, count); break;
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
  const cell *x;
  const uint8_t *mask;
  size_t n;
  cell *grad; /* or NULL */
  moments *m;
} gradient_job;

/* Entries [i, i + count): writes their gradients, returns their factors. */
V_INLINE factors gradient_step(const gradient_job *a, const modulator *c, unsigned shape,
                               int closed, size_t i, size_t count) {
  vd v = count == V_LANES ? cell_widen(a->x + i) : cell_widen_first(a->x + i, count);
  vm live = v_first(V_LANES);
  if (closed) {
    v = v_select(unmasked(a->mask == NULL ? NULL : a->mask + i, count), v, minus_inf());
    live = v_gt(v, minus_inf());
    v = v_keep(live, v);
  }
  factors f = factors_of(c, shape, v_load(a->g + i), v);
  vd out = shape & V_AFFINE ? v_mul(f.h, c->scale) : f.h;
  if (closed) out = v_keep(live, out);
  if (a->grad != NULL && count == V_LANES) cell_narrow(a->grad + i, out);
  if (a->grad != NULL && count < V_LANES) cell_narrow_first(a->grad + i, out, count);
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
    sums_open(a->m, shape, sum);
    for (; i + V_LANES <= a->n; i += V_LANES) {
      factors f = gradient_step(a, &c, shape, closed, i, V_LANES);
      accumulate(sum, shape, &f);
    }
    if (i < a->n) {
      factors f = gradient_step(a, &c, shape, closed, i, a->n - i);
      accumulate(sum, shape, &f);
    }
    sums_close(a->m, shape, sum);
  } else {
    vd sum[MMAX_NPARAMS];
    factors block[V_BLOCK];
    sums_open(a->m, shape, sum);
    while (i < a->n) {
      size_t stored = 0;
      for (; stored < V_BLOCK && i + V_LANES <= a->n; i += V_LANES)
        block[stored++] = gradient_step(a, &c, shape, closed, i, V_LANES);
      if (stored < V_BLOCK && i < a->n) {
        block[stored++] = gradient_step(a, &c, shape, closed, i, a->n - i);
        i = a->n;
      }
      accumulate_stored(sum, shape, block, stored);
    }
    sums_close(a->m, shape, sum);
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
                         int sums, cell *grad) {
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

/* Sums of rows on their way into the accumulator, each value * 2^unit: rows have nearly the same
   grids, and 128 bits hold hundreds of them. */
typedef struct ledger {
  __int128 value[MMAX_NPARAMS];
  int unit[MMAX_NPARAMS];
  unsigned rows[MMAX_NPARAMS]; /* in value */
} ledger;

static void ledger_start(ledger *l) {
  for (int j = 0; j < MMAX_NPARAMS; j++) l->rows[j] = 0;
}

/* value * 2^unit added to 1024 bits in units of 2^-256. */
static void limbs_add(uint64_t limb[MMAX_ACC_LIMBS], __int128 value, int unit) {
  unsigned shift = (unsigned)(unit + 256), word = shift / 64, s = shift % 64;
  uint64_t low = (uint64_t)value, high = (uint64_t)(value >> 64), sign = value < 0 ? UINT64_MAX : 0;
  const uint64_t part[3] = {low << s, s == 0 ? high : high << s | low >> (64 - s),
                            s == 0 ? sign : sign << s | high >> (64 - s)};
  uint64_t carry = 0;
  for (unsigned i = word; i < MMAX_ACC_LIMBS; i++) {
    uint64_t add = i - word < 3 ? part[i - word] : sign;
    uint64_t sum = limb[i] + add, overflow = sum < add;
    limb[i] = sum + carry;
    carry = overflow | (limb[i] < carry);
  }
}

static void ledger_flush(ledger *l, mmax_accumulator *acc) {
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    if (l->rows[j] > 0) limbs_add(acc->limb[j], l->value[j], l->unit[j]);
    l->rows[j] = 0;
  }
}

/* |value| < 2^52. A new base lies up to 8 bits below the row's unit, so that finer rows fit too. */
V_INLINE void ledger_add(ledger *l, int j, int64_t value, int unit, mmax_accumulator *acc) {
  enum { ROOM = 64, MOST_ROWS = 512, FINER = 8 };
  int finer = unit - l->unit[j];
  if (l->rows[j] == 0 || l->rows[j] == MOST_ROWS || finer < 0 || finer > ROOM) {
    if (l->rows[j] > 0) limbs_add(acc->limb[j], l->value[j], l->unit[j]);
    finer = unit + 256 < FINER ? unit + 256 : FINER;
    l->unit[j] = unit - finer;
    l->value[j] = 0;
    l->rows[j] = 0;
  }
  l->value[j] += (__int128)value * ((__int128)1 << finer);
  l->rows[j]++;
}

/* Adds the row's sums of the terms the model has. */
static void moments_finish(const moments *m, const mmax_params *params, ledger *l,
                           mmax_accumulator *acc) {
  static const unsigned term[MMAX_NPARAMS] = {
      MMAX_TERM_LOW1,  MMAX_TERM_HIGH1, MMAX_TERM_LOW2,  MMAX_TERM_HIGH2,  MMAX_TERM_LOW1,
      MMAX_TERM_HIGH1, MMAX_TERM_LOW2,  MMAX_TERM_HIGH2, MMAX_TERM_AFFINE, MMAX_TERM_AFFINE};
  for (int j = 0; j < sums_of(m->shape); j++)
    if (params->terms & term[j])
      ledger_add(l, j, (int64_t)(m->sum[j] - m->accumulators * mmax_bits(m->grid[j].big)),
                 m->grid[j].unit, acc);
  acc->rows++;
}

/* Outputs of a row that is masked throughout or not finite. */
static void gradient_special(const row *r, cell *grad, mmax_accumulator *acc) {
  if (grad != NULL)
    fill(grad + r->span.from, r->span.to - r->span.from,
         r->state == MMAX_ROW_MASKED ? 0.0f : mmax_from_bits32(MMAX_NAN_BITS));
  if (acc != NULL && r->state == MMAX_ROW_NONFINITE) acc->nonfinite_rows++;
}

#endif
