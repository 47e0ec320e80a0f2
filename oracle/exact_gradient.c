/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gradients of one row. In a uniform row gs_i is rational: there the numerator
 * over n^2 is computed exactly and divided once, last.
 */
#include "exact_gradient.h"

void gradient_init(gradient *g) {
  interval_init(&g->mean, FIRST_BITS);
  interval_init(&g->others, FIRST_BITS);
  interval_init(&g->a, FIRST_BITS);
  interval_init(&g->b, FIRST_BITS);
  interval_init(&g->gs, FIRST_BITS);
  mpfr_inits2(WIDE_BITS, g->exact, g->total, g->count, (mpfr_ptr)0);
  for (int j = 0; j < MMAX_NPARAMS; j++) mpfr_init2(g->reference[j], WIDE_BITS);
}

void gradient_clear(gradient *g) {
  interval_clear(&g->mean);
  interval_clear(&g->others);
  interval_clear(&g->a);
  interval_clear(&g->b);
  interval_clear(&g->gs);
  mpfr_clears(g->exact, g->total, g->count, (mpfr_ptr)0);
  for (int j = 0; j < MMAX_NPARAMS; j++) mpfr_clear(g->reference[j]);
}

void gradient_load(gradient *g, const row *r) {
  mpfr_set_ui(g->count, r->unmasked, MPFR_RNDN);
  if (g->upstream == NULL) return;
  mpfr_set_zero(g->total, 1);
  for (size_t i = 0; i < r->cols; i++)
    if (!r->skip[i]) mpfr_add_d(g->total, g->total, (double)g->upstream[i], MPFR_RNDN);
}

void gradient_prepare(row *r, void *state) {
  gradient *g = state;
  interval_precision(&g->mean, r->bits);
  interval_precision(&g->others, r->bits);
  interval_precision(&g->a, r->bits);
  interval_precision(&g->b, r->bits);
  interval_precision(&g->gs, r->bits);
  if (r->uniform) return;
  interval_set_count(&g->mean, 0);
  interval_set_count(&g->others, 0);
  for (size_t i = 0; i < r->cols; i++) {
    if (r->skip[i]) continue;
    if (g->upstream != NULL) {
      mpfr_set_flt(g->exact, g->upstream[i], MPFR_RNDN);
      interval_scale(&g->a, &r->e[i], g->exact);
      interval_add(&g->mean, &g->mean, &g->a);
    } else if (i != g->target) {
      interval_add(&g->others, &g->others, &r->e[i]);
    }
  }
  if (g->upstream != NULL) interval_div(&g->mean, &g->mean, &r->sum);
}

/* out = n^2 gs_i in a uniform row, exact. */
void gradient_uniform(const gradient *g, const row *r, size_t i, mpfr_t out) {
  if (g->upstream != NULL) { /* 1/n (g_i - total/n) */
    mpfr_mul_d(out, g->count, (double)g->upstream[i], MPFR_RNDN);
    mpfr_sub(out, out, g->total, MPFR_RNDN);
    return;
  }
  /* q_i = a/n, q_target = 1 - a + a/n: w (1-a)/n and w (1-a)(1-n)/n */
  mpfr_set_d(out, 1.0, MPFR_RNDN);
  mpfr_sub_d(out, out, (double)g->smoothing, MPFR_RNDN);
  mpfr_mul_d(out, out, (double)g->w, MPFR_RNDN);
  mpfr_mul_ui(out, out, r->unmasked, MPFR_RNDN);
  if (i == g->target) mpfr_mul_si(out, out, 1 - (long)r->unmasked, MPFR_RNDN);
}

/* The only rounding of a uniform row. */
void gradient_over_square(const gradient *g, mpfr_srcptr numerator, interval *out) {
  mpfr_t square;
  mpfr_init2(square, 128);
  mpfr_sqr(square, g->count, MPFR_RNDN);
  mpfr_div(out->lo, numerator, square, MPFR_RNDD);
  mpfr_div(out->hi, numerator, square, MPFR_RNDU);
  mpfr_clear(square);
}

void gradient_target_share(const gradient *g, const row *r, size_t i, mpfr_t out) {
  mpfr_set_flt(out, g->smoothing, MPFR_RNDN);
  if (i != g->target) return;
  mpfr_mul_ui(out, out, r->unmasked - 1, MPFR_RNDN);
  mpfr_sub(out, g->count, out, MPFR_RNDN);
}

/* gs_i of a row with at least two distinct sigma. */
void gradient_sigma(gradient *g, const row *r, size_t i, interval *out) {
  if (g->upstream != NULL) {
    mpfr_set_flt(g->exact, g->upstream[i], MPFR_RNDN);
    interval_point_sub(&g->a, g->exact, &g->mean);
    interval_div(&g->b, &r->e[i], &r->sum);
    interval_mul(out, &g->b, &g->a);
    return;
  }
  /* n (p_i - q_i) sum: n e_i - a sum, and for the target, whose e cancels when
     it has nearly all the weight, a (n-1) e_i - (n - a (n-1)) others */
  if (i == g->target) {
    mpfr_set_ui(g->exact, r->unmasked - 1, MPFR_RNDN);
    mpfr_mul_d(g->exact, g->exact, (double)g->smoothing, MPFR_RNDN);
    interval_scale(&g->a, &r->e[i], g->exact);
    mpfr_sub(g->exact, g->count, g->exact, MPFR_RNDN);
    interval_scale(&g->b, &g->others, g->exact);
  } else {
    interval_scale(&g->a, &r->e[i], g->count);
    mpfr_set_flt(g->exact, g->smoothing, MPFR_RNDN);
    interval_scale(&g->b, &r->sum, g->exact);
  }
  interval_sub(&g->b, &g->a, &g->b);
  interval_scale(&g->a, &r->sum, g->count);
  interval_div(out, &g->b, &g->a);
  mpfr_set_flt(g->exact, g->w, MPFR_RNDN);
  interval_scale(out, out, g->exact);
}

void gradient_entry(row *r, void *state, size_t i, interval *out) {
  gradient *g = state;
  mpfr_srcptr slope = modulator_derivatives(r->modulator, r->logits[i])->slope;
  if (r->uniform) {
    gradient_uniform(g, r, i, g->exact);
    mpfr_mul(g->exact, g->exact, slope, MPFR_RNDN);
    gradient_over_square(g, g->exact, out);
    return;
  }
  gradient_sigma(g, r, i, out);
  interval_scale(out, out, slope);
  if (r->bits >= SHARPEN_BITS) gradient_sharpen(g, r, i, slope, out);
}
