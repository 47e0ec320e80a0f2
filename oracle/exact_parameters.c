/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row's part of the parameter gradients, sum_i gs_i weight_ij. Weights are
 * taken relative to those of the largest entry: the sum of the p_i (g_i - mean)
 * is 0 and that of the p_i is 1, so that this changes a sum by a known number,
 * cancels less, and leaves exactly 0 where a weight is the same all over the row.
 */
#include "exact_gradient.h"

static void set_reference(gradient *g, row *r) {
  const modulated *v = modulator_derivatives(r->modulator, r->logits[r->top]);
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    if (r->uniform)
      mpfr_set_zero(g->reference[j], 1);
    else
      mpfr_set(g->reference[j], v->weight[j], MPFR_RNDN);
  }
}

/* What a row adds up for one parameter: gs_i or e_i times weights, and exactly
   n^2 gs_i (uniform row) or n q_i (cross-entropy) times weights. */
typedef struct part {
  interval rounded;
  mpfr_t exact;
} part;

static void add_entry(gradient *g, row *r, size_t i, unsigned wanted, mpfr_t weight,
                      part parts[MMAX_NPARAMS]) {
  const interval *factor = r->uniform ? NULL : &r->e[i];
  if (r->uniform) {
    gradient_uniform(g, r, i, g->exact);
  } else if (g->upstream != NULL) {
    gradient_sigma(g, r, i, &g->gs);
    factor = &g->gs;
  } else {
    gradient_target_share(g, r, i, g->exact);
  }
  const modulated *v = modulator_derivatives(r->modulator, r->logits[i]);
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    if (!(wanted & (1u << j))) continue;
    mpfr_sub(weight, v->weight[j], g->reference[j], MPFR_RNDN);
    if (mpfr_zero_p(weight)) continue;
    if (factor != NULL) {
      interval_scale(&g->a, factor, weight);
      interval_add(&parts[j].rounded, &parts[j].rounded, &g->a);
    }
    if (r->uniform || g->upstream == NULL)
      mpfr_fma(parts[j].exact, g->exact, weight, parts[j].exact, MPFR_RNDN);
  }
}

/* numerator/denominator: exactly if it is dyadic, else into the enclosure. */
static void add_quotient(gradient *g, mpfr_srcptr numerator, mpfr_srcptr denominator,
                         gradient_sum *sum) {
  mpfr_t q;
  mpfr_init2(q, WIDE_BITS);
  if (mpfr_div(q, numerator, denominator, MPFR_RNDN) == 0) {
    mpfr_add(sum->exact, sum->exact, q, MPFR_RNDN);
  } else {
    mpfr_div(g->a.lo, numerator, denominator, MPFR_RNDD);
    mpfr_div(g->a.hi, numerator, denominator, MPFR_RNDU);
    interval_add(&sum->rounded, &sum->rounded, &g->a);
  }
  mpfr_clear(q);
}

/* The row's part from what was added up. */
static void finish(gradient *g, row *r, int j, part *p, gradient_sum *sum) {
  if (r->uniform) {
    mpfr_sqr(g->exact, g->count, MPFR_RNDN);
    add_quotient(g, p->exact, g->exact, sum);
    return;
  }
  if (g->upstream == NULL) { /* w (sum p_i weight_i - sum q_i weight_i) */
    if (!g->target_unmasked) { /* sum p_i - sum q_i = 1 - a */
      mpfr_set_d(g->exact, 1.0, MPFR_RNDN);
      mpfr_sub_d(g->exact, g->exact, (double)g->smoothing, MPFR_RNDN);
      mpfr_mul(g->exact, g->exact, g->count, MPFR_RNDN);
      mpfr_mul(g->exact, g->exact, g->reference[j], MPFR_RNDN);
      mpfr_sub(p->exact, p->exact, g->exact, MPFR_RNDN);
    }
    mpfr_set_flt(g->exact, g->w, MPFR_RNDN);
    interval_div(&p->rounded, &p->rounded, &r->sum);
    interval_scale(&p->rounded, &p->rounded, g->exact);
    mpfr_mul(p->exact, p->exact, g->exact, MPFR_RNDN);
    mpfr_neg(p->exact, p->exact, MPFR_RNDN);
    add_quotient(g, p->exact, g->count, sum);
  }
  interval_add(&sum->rounded, &sum->rounded, &p->rounded);
}

void gradient_add_parameters(gradient *g, row *r, mpfr_prec_t bits, unsigned wanted,
                             gradient_sum sums[MMAX_NPARAMS]) {
  part parts[MMAX_NPARAMS];
  mpfr_t weight;
  mpfr_init2(weight, WIDE_BITS);
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    interval_init(&parts[j].rounded, bits);
    interval_set_count(&parts[j].rounded, 0);
    mpfr_init2(parts[j].exact, WIDE_BITS);
    mpfr_set_zero(parts[j].exact, 1);
  }
  row_weigh(r, bits);
  gradient_prepare(r, g);
  set_reference(g, r);
  for (size_t i = 0; i < r->cols; i++)
    if (!r->skip[i]) add_entry(g, r, i, wanted, weight, parts);
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    if (wanted & (1u << j)) finish(g, r, j, &parts[j], &sums[j]);
    interval_clear(&parts[j].rounded);
    mpfr_clear(parts[j].exact);
  }
  mpfr_clear(weight);
}

void gradient_sum_init(gradient_sum *sum, mpfr_prec_t bits) {
  interval_init(&sum->rounded, bits);
  interval_set_count(&sum->rounded, 0);
  mpfr_init2(sum->exact, WIDE_BITS);
  mpfr_set_zero(sum->exact, 1);
}

void gradient_sum_clear(gradient_sum *sum) {
  interval_clear(&sum->rounded);
  mpfr_clear(sum->exact);
}

void gradient_sum_add(gradient_sum *sum, const gradient_sum *more) {
  interval_add(&sum->rounded, &sum->rounded, &more->rounded);
  mpfr_add(sum->exact, sum->exact, more->exact, MPFR_RNDN);
}

void gradient_sum_total(const gradient_sum *sum, interval *out) {
  mpfr_add(out->lo, sum->rounded.lo, sum->exact, MPFR_RNDD);
  mpfr_add(out->hi, sum->rounded.hi, sum->exact, MPFR_RNDU);
}
