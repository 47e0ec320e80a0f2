/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row's part of the parameter gradients, sum_i gs_i weight_ij. The gs_i sum
 * to 0, unless the target is masked; then weights relative to those of the
 * largest entry give the same sum with less cancellation, and exactly 0 where a
 * weight is the same all over the row.
 */
#include "exact_gradient.h"

static void set_reference(gradient *g, row *r) {
  int centred = g->upstream != NULL || g->target_unmasked;
  const modulated *v = modulator_derivatives(r->modulator, r->logits[r->top]);
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    if (centred)
      mpfr_set(g->reference[j], v->weight[j], MPFR_RNDN);
    else
      mpfr_set_zero(g->reference[j], 1);
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

/* The row's part from what was added up, into p->rounded. */
static void finish(gradient *g, row *r, part *p) {
  if (r->uniform) {
    gradient_over_square(g, p->exact, &p->rounded);
  } else if (g->upstream == NULL) {
    /* w (sum p_i weight_i - sum q_i weight_i): the second sum is rational and
       stays exact up to its division by n */
    interval_div(&p->rounded, &p->rounded, &r->sum);
    mpfr_div(g->a.lo, p->exact, g->count, MPFR_RNDD);
    mpfr_div(g->a.hi, p->exact, g->count, MPFR_RNDU);
    interval_sub(&g->a, &p->rounded, &g->a);
    mpfr_set_flt(g->exact, g->w, MPFR_RNDN);
    interval_scale(&p->rounded, &g->a, g->exact);
  }
}

void gradient_add_parameters(gradient *g, row *r, mpfr_prec_t bits, unsigned wanted,
                             interval sums[MMAX_NPARAMS]) {
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
    if (wanted & (1u << j)) {
      finish(g, r, &parts[j]);
      interval_add(&sums[j], &sums[j], &parts[j].rounded);
    }
    interval_clear(&parts[j].rounded);
    mpfr_clear(parts[j].exact);
  }
  mpfr_clear(weight);
}
