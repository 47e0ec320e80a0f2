/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the Arb cross-checks share: MultiMax by other formulas in another
 * library (sigma in rationals, the rest in balls), the judgement of a rounded
 * result, and random cases. Nothing here uses MPFR.
 */
#ifndef ORACLE_ARB_H
#define ORACLE_ARB_H

#include <arb.h>
#include <float.h>
#include <fmpq.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exact.h"
#include "random.h"

enum { MAX_COLS = 48, ARB_MAX_BITS = 16384 };

/* ---- rationals ---------------------------------------------------------- */

static inline void q_set_d(fmpq_t q, double v) {
  int e;
  double m = frexp(v, &e); /* v = m 2^e, m 2^53 an integer */
  fmpz_t scale;
  fmpz_init(scale);
  fmpz_one(fmpq_denref(q));
  fmpz_set_d(fmpq_numref(q), ldexp(m, 53));
  e -= 53;
  fmpz_ui_pow_ui(scale, 2, (ulong)(e < 0 ? -e : e));
  if (e >= 0)
    fmpq_mul_fmpz(q, q, scale);
  else
    fmpq_div_fmpz(q, q, scale);
  fmpz_clear(scale);
}

/* Deliberate mistakes in the truth, for the negative control: the checks must
   see each of them. */
typedef enum mutation {
  NO_MUTATION,
  COEFFICIENT, /* c1..c4 off by 2^-40 of themselves             */
  KNOT,        /* the weak inequality at a knot                 */
  CROSSING,    /* a term cut off at the other knot (Eq. 5)      */
  MUTATIONS
} mutation;
static mutation mutated = NO_MUTATION;

static inline void choose_mutation(int argc, char **argv) {
  static const char *const names[MUTATIONS] = {"none", "coefficient", "knot", "crossing"};
  for (int m = 0; argc > 1 && m < MUTATIONS; m++)
    if (strcmp(argv[1], names[m]) == 0) mutated = (mutation)m;
  if (argc > 1) printf("mutation: %s\n", names[mutated]);
}

/* Eq. 6 by indicator functions: sigma and all its derivatives. */
typedef struct point {
  fmpq_t sigma, slope, weight[MMAX_NPARAMS], condition;
} point;

static inline void point_init(point *p) {
  fmpq_init(p->sigma);
  fmpq_init(p->slope);
  fmpq_init(p->condition);
  for (int j = 0; j < MMAX_NPARAMS; j++) fmpq_init(p->weight[j]);
}

static inline void point_clear(point *p) {
  fmpq_clear(p->sigma);
  fmpq_clear(p->slope);
  fmpq_clear(p->condition);
  for (int j = 0; j < MMAX_NPARAMS; j++) fmpq_clear(p->weight[j]);
}

static inline void point_set(point *p, const mmax_params *params, float x) {
  fmpq_t y, u, c, t;
  fmpq_init(y), fmpq_init(u), fmpq_init(c), fmpq_init(t);
  q_set_d(y, params->scale);
  q_set_d(u, (double)x);
  fmpq_mul(y, y, u);
  q_set_d(u, params->shift);
  fmpq_add(y, y, u);
  fmpq_set(p->sigma, y);
  fmpq_abs(p->condition, y);
  fmpq_set_si(p->slope, 1, 1);
  for (int j = 0; j < MMAX_NPARAMS; j++) fmpq_zero(p->weight[j]);
  for (int j = 0; j < 4; j++) {
    static const int side[4] = {-1, 1, -1, 1}; /* u = side (y - k), active if u > 0 */
    q_set_d(u, params->knot[j]);
    fmpq_sub(u, y, u);
    if (side[j] < 0) fmpq_neg(u, u);
    if (fmpq_sgn(u) < 0 || (fmpq_is_zero(u) && mutated != KNOT)) continue;
    if (mutated == CROSSING && j == 0 && params->knot[1] < params->knot[0]) {
      q_set_d(t, params->knot[1]);
      if (fmpq_cmp(y, t) > 0) continue;
    }
    q_set_d(c, params->coef[j] * (mutated == COEFFICIENT ? 1 + 0x1p-40 : 1));
    int squared = j >= 2;
    if (squared)
      fmpq_mul(t, u, u);
    else
      fmpq_set(t, u);
    if (params->terms & (1u << j)) fmpq_set(p->weight[j], t);
    fmpq_mul(t, t, c);
    fmpq_add(p->sigma, p->sigma, t);
    fmpq_abs(t, t);
    fmpq_add(p->condition, p->condition, t);
    /* d(c u^n)/dy = side n c u^(n-1), d/dk the opposite */
    fmpq_set(t, c);
    if (squared) {
      fmpq_mul(t, t, u);
      fmpq_mul_2exp(t, t, 1);
    }
    if (side[j] < 0) fmpq_neg(t, t);
    fmpq_add(p->slope, p->slope, t);
    if (params->terms & (1u << j)) fmpq_neg(p->weight[4 + j], t);
  }
  if (params->terms & MMAX_TERM_AFFINE) {
    q_set_d(u, (double)x);
    fmpq_mul(p->weight[8], p->slope, u);
    fmpq_set(p->weight[9], p->slope);
  }
  q_set_d(u, params->scale);
  fmpq_mul(p->slope, p->slope, u);
  fmpq_clear(y), fmpq_clear(u), fmpq_clear(c), fmpq_clear(t);
}

/* ---- judgement ---------------------------------------------------------- */

typedef enum verdict { AGREES, DISAGREES, UNKNOWN } verdict;

/* The half-way points below and above a result, and whether they belong to it. */
typedef struct cell {
  arf_t below, above;
  int closed;
} cell;

static inline void arf_middle(arf_t out, double a, double b, double max, slong emax) {
  arf_t t;
  arf_init(t);
  if (isinf(b)) { /* as if 2^(emax+1) followed the largest number */
    arf_set_si_2exp_si(out, b < 0 ? -1 : 1, emax + 1);
    arf_set_d(t, b < 0 ? -max : max);
  } else {
    arf_set_d(out, a);
    arf_set_d(t, b);
  }
  arf_add(out, out, t, ARF_PREC_EXACT, ARF_RND_DOWN);
  arf_mul_2exp_si(out, out, -1);
  arf_clear(t);
}

static inline void cell_float(cell *c, float f) {
  uint32_t bits;
  arf_init(c->below), arf_init(c->above);
  memcpy(&bits, &f, sizeof bits);
  c->closed = (bits & 1) == 0;
  if (isinf(f)) {
    arf_middle(f > 0 ? c->below : c->above, 0, (double)f, FLT_MAX, 127);
    if (f > 0) arf_pos_inf(c->above); else arf_neg_inf(c->below);
    return;
  }
  arf_middle(c->below, (double)f, (double)nextafterf(f, -INFINITY), FLT_MAX, 127);
  arf_middle(c->above, (double)f, (double)nextafterf(f, INFINITY), FLT_MAX, 127);
}

static inline void cell_double(cell *c, double f) {
  uint64_t bits;
  arf_init(c->below), arf_init(c->above);
  memcpy(&bits, &f, sizeof bits);
  c->closed = (bits & 1) == 0;
  if (isinf(f)) {
    arf_middle(f > 0 ? c->below : c->above, 0, f, DBL_MAX, 1023);
    if (f > 0) arf_pos_inf(c->above); else arf_neg_inf(c->below);
    return;
  }
  arf_middle(c->below, f, nextafter(f, -INFINITY), DBL_MAX, 1023);
  arf_middle(c->above, f, nextafter(f, INFINITY), DBL_MAX, 1023);
}

static inline void cell_clear(cell *c) { arf_clear(c->below), arf_clear(c->above); }

/* side: the result is known to be above (1) or below (-1) limit, strictly. */
static inline verdict judge(const cell *c, const arb_t ball, int side, const fmpq_t limit) {
  arf_t a, b;
  arf_init(a), arf_init(b);
  verdict v = UNKNOWN;
  if (arb_is_finite(ball)) {
    arb_get_interval_arf(a, b, ball, 2 * ARB_MAX_BITS); /* outwards */
    int above = arf_cmp(a, c->below), below = arf_cmp(b, c->above);
    int exact = arb_is_exact(ball) && arf_equal(a, b);
    int in_below = above > 0 || (above == 0 && exact && c->closed);
    int in_above = below < 0 || (below == 0 && exact && c->closed);
    if (side != 0) { /* exact compare of the limit with the boundary it may touch */
      fmpq_t q;
      fmpq_init(q);
      arf_srcptr edge = side > 0 ? c->below : c->above;
      if (arf_is_finite(edge)) {
        arf_get_fmpq(q, edge);
        int order = fmpq_cmp(limit, q);
        if (side > 0 && order >= 0) in_below = 1;
        if (side < 0 && order <= 0) in_above = 1;
      }
      fmpq_clear(q);
    }
    if (in_below && in_above)
      v = AGREES;
    else if (arf_cmp(b, c->below) < 0 || arf_cmp(a, c->above) > 0 ||
             (exact && !(in_below && in_above)))
      v = DISAGREES;
  }
  arf_clear(a), arf_clear(b);
  return v;
}

static inline verdict judge_rational(const cell *c, const fmpq_t q) {
  fmpq_t edge;
  fmpq_init(edge);
  verdict v = AGREES;
  if (arf_is_finite(c->below)) {
    arf_get_fmpq(edge, c->below);
    int order = fmpq_cmp(q, edge);
    if (order < 0 || (order == 0 && !c->closed)) v = DISAGREES;
  }
  if (arf_is_finite(c->above)) {
    arf_get_fmpq(edge, c->above);
    int order = fmpq_cmp(q, edge);
    if (order > 0 || (order == 0 && !c->closed)) v = DISAGREES;
  }
  fmpq_clear(edge);
  return v;
}

/* |ball - (hi + lo)| <= 2^relative |hi| + 2^absolute */
static inline verdict judge_value(const arb_t ball, exact_value value, slong relative,
                                  slong absolute) {
  if (!isfinite(value.hi)) return DISAGREES;
  arb_t d, bound, t;
  arb_init(d), arb_init(bound), arb_init(t);
  arb_set_d(d, value.hi);
  arb_set_d(t, value.lo);
  arb_add(d, d, t, ARF_PREC_EXACT);
  arb_sub(d, ball, d, ARB_MAX_BITS);
  arb_abs(d, d);
  arb_set_d(bound, fabs(value.hi));
  arb_mul_2exp_si(bound, bound, relative);
  arb_one(t);
  arb_mul_2exp_si(t, t, absolute);
  arb_add(bound, bound, t, ARF_PREC_EXACT);
  verdict v = arb_le(d, bound) ? AGREES : arb_gt(d, bound) ? DISAGREES : UNKNOWN;
  arb_clear(d), arb_clear(bound), arb_clear(t);
  return v;
}

/* ---- rows --------------------------------------------------------------- */

/* Exact sigma and balls of the probabilities of one row. */
typedef struct balls {
  size_t n, unmasked, top;
  int uniform;
  uint8_t skip[MAX_COLS];
  point at[MAX_COLS];
  fmpq_t below_top[MAX_COLS]; /* sigma - max sigma */
  arb_t p[MAX_COLS], sum;
} balls;

static inline void balls_init(balls *b) {
  arb_init(b->sum);
  for (size_t i = 0; i < MAX_COLS; i++)
    point_init(&b->at[i]), fmpq_init(b->below_top[i]), arb_init(b->p[i]);
}

static inline void balls_clear(balls *b) {
  arb_clear(b->sum);
  for (size_t i = 0; i < MAX_COLS; i++)
    point_clear(&b->at[i]), fmpq_clear(b->below_top[i]), arb_clear(b->p[i]);
}

/* beta: NULL, or the factor of a temperature softmax. 0 if the row is masked. */
static inline int balls_load(balls *b, const mmax_params *params, const double *beta,
                             const float *x, const uint8_t *mask, size_t n) {
  b->n = n;
  b->unmasked = 0;
  b->uniform = 1;
  for (size_t i = 0; i < n; i++) {
    b->skip[i] = mask[i] || x[i] == -INFINITY;
    if (b->skip[i]) continue;
    if (beta != NULL) {
      q_set_d(b->at[i].sigma, (double)x[i]);
      q_set_d(b->at[i].slope, *beta);
      fmpq_mul(b->at[i].sigma, b->at[i].sigma, b->at[i].slope);
    } else {
      point_set(&b->at[i], params, x[i]);
    }
    if (b->unmasked++ == 0) b->top = i;
    int order = fmpq_cmp(b->at[i].sigma, b->at[b->top].sigma);
    if (order != 0) b->uniform = 0;
    if (order > 0) b->top = i;
  }
  for (size_t i = 0; i < n; i++)
    if (!b->skip[i]) fmpq_sub(b->below_top[i], b->at[i].sigma, b->at[b->top].sigma);
  return b->unmasked > 0;
}

static inline void balls_weigh(balls *b, slong prec) {
  arb_zero(b->sum);
  for (size_t i = 0; i < b->n; i++) {
    if (b->skip[i]) continue;
    arb_set_fmpq(b->p[i], b->below_top[i], prec);
    arb_exp(b->p[i], b->p[i], prec);
    arb_add(b->sum, b->sum, b->p[i], prec);
  }
  for (size_t i = 0; i < b->n; i++)
    if (!b->skip[i]) arb_div(b->p[i], b->p[i], b->sum, prec);
}

/* ---- counting ----------------------------------------------------------- */

/* near_ties: Arb, having no argument about signs, cannot tell on which side of
   a tie the truth is at ARB_MAX_BITS. The result is then known to be one of
   the tie's two neighbours; a ball that is not tight counts as disagreement. */
typedef struct tally {
  size_t checked, disagreements, near_ties;
} tally;

static inline verdict last_verdict(verdict v, const arb_t ball) {
  return v == UNKNOWN && arb_rel_accuracy_bits(ball) < ARB_MAX_BITS / 2 ? DISAGREES : v;
}

static inline void tally_add(tally *t, verdict v, const char *what, double got, size_t c,
                             size_t i) {
  t->checked++;
  if (v == AGREES) return;
  if (v == UNKNOWN) {
    t->near_ties++;
    return;
  }
  if (t->disagreements++ < 20)
    printf("disagreement: %s of case %zu, entry %zu: %a\n", what, c, i, got);
}

/* ---- random cases ------------------------------------------------------- */

static inline unsigned below(uint64_t *state, unsigned n) {
  return (unsigned)(random_u64(state) % n);
}

static inline float any_finite(uint64_t *state) {
  for (;;) {
    uint32_t bits = (uint32_t)random_u64(state);
    float f;
    memcpy(&f, &bits, sizeof f);
    if (isfinite(f)) return f;
  }
}

/* 18 learned layers: Table 7 and Table 8 of the paper. */
static inline size_t learned_layers(mmax_params layers[18]) {
  static const char *const files[2] = {"tests/data/params/deit_small_table7.csv",
                                       "tests/data/params/wikitext103_table8.csv"};
  size_t n = 0;
  for (int f = 0; f < 2; f++) {
    char line[512];
    FILE *in = fopen(files[f], "r");
    if (in == NULL) {
      fprintf(stderr, "cannot open %s: run this in the project's root\n", files[f]);
      exit(1);
    }
    while (n < 18 && fgets(line, sizeof line, in) != NULL) {
      float t[4], k[4];
      if (sscanf(line, "%*d,%f,%f,%f,%f,%f,%f,%f,%f", &t[0], &t[1], &t[2], &t[3], &k[0], &k[1],
                 &k[2], &k[3]) != 8)
        continue; /* the header */
      mmax_params *p = &layers[n++];
      for (int j = 0; j < 4; j++) {
        p->coef[j] = j % 2 == 0 ? 1.0 - (double)t[j] : (double)t[j] - 1.0;
        p->knot[j] = (double)k[j];
      }
      p->scale = 1.0;
      p->shift = 0.0;
      p->terms = MMAX_ORDER_2;
    }
    fclose(in);
  }
  return n;
}

static inline mmax_params random_params(uint64_t *state, const mmax_params layers[18]) {
  static const unsigned orders[6] = {MMAX_ORDER_0, MMAX_MULTIMAX_L, MMAX_ORDER_1, MMAX_ORDER_2,
                                     MMAX_ORDER_2 | MMAX_TERM_AFFINE, MMAX_TERM_AFFINE};
  unsigned kind = below(state, 12);
  mmax_params p = {{0}, {0}, 1.0, 0.0, 0};
  if (kind < 5) return layers[below(state, 18)];
  p.terms = orders[below(state, 6)];
  int grid = kind == 5, wild = kind == 6, full = kind == 7; /* else ordinary */
  for (int j = 0; j < 4; j++) {
    double c = random_normal(state), k = 2 * random_normal(state);
    if (grid) c = (int)below(state, 5) - 2, k = (int)below(state, 5) - 2;
    if (wild) c = (double)any_finite(state), k = (double)any_finite(state);
    if (!full && !grid && !wild) c = (double)(float)c, k = (double)(float)k;
    p.coef[j] = p.terms & (1u << j) ? c : 0.0;
    p.knot[j] = p.terms & (1u << j) ? k : 0.0;
  }
  if (p.terms & MMAX_TERM_AFFINE) {
    p.scale = wild ? (double)any_finite(state) : grid ? 0.5 * (int)below(state, 5) : random_normal(state);
    p.shift = wild ? (double)any_finite(state) : grid ? 1.0 : random_normal(state);
  }
  return p;
}

/* Logits and, of the same nature, upstream gradients. Returns the length. */
static inline size_t random_row(uint64_t *state, float *x, float *g, uint8_t *mask) {
  unsigned kind = below(state, 10);
  size_t n = 1 + below(state, kind == 9 ? MAX_COLS : 8);
  double scale = pow(10.0, (double)below(state, 9) - 4.0);
  float base = (float)(scale * random_normal(state));
  for (size_t i = 0; i < n; i++) {
    x[i] = (float)(scale * random_normal(state));
    g[i] = (float)random_normal(state);
    if (kind == 0) x[i] = any_finite(state);
    if (kind == 1) x[i] = 0.25f * (float)((int)below(state, 9) - 4), g[i] = (float)below(state, 3);
    if (kind == 2) x[i] = below(state, 2) ? base : nextafterf(base, INFINITY);
    if (kind == 3) x[i] = base;
    if (kind == 4) x[i] = base - (below(state, 3) ? 0.0f : 1000.0f * (float)below(state, 8));
    if (kind == 5) g[i] = any_finite(state);
    mask[i] = below(state, 8) == 0;
    if (below(state, 16) == 0) x[i] = -INFINITY;
  }
  return n;
}

#endif
