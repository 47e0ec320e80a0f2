/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One end of an enclosure of a gradient made exact. Let T be the entries with
 * the largest sigma, n_0 their number, E the sum of the other weights:
 * sum = n_0 + E. As E -> 0,
 *   cross-entropy: p_i -> 1/n_0 from below in T, -> 0 from above elsewhere;
 *   backward, i in T: with N = n_0 g_i - sum_T g and V = N/n_0^2,
 *     gs_i - V = (sum_{k not in T} e_k C_k - N E^2) / (n_0 sum)^2,
 *     C_k = n_0^2 (g_i - g_k) - 2 n_0 N.
 * The sign of the last numerator does not change if it is divided by the
 * largest e_k, k not in T. (Elsewhere gs_i has the transcendental factor e_i.)
 */
#include "exact_gradient.h"

static int at_top(const row *r, size_t i) { return mpfr_equal_p(r->sigma[i], r->sigma[r->top]); }

/* The result is above (sign > 0) or below numerator/denominator. */
static void cut(interval *out, mpfr_srcptr numerator, mpfr_srcptr denominator, int sign) {
  mpfr_t limit;
  mpfr_init2(limit, WIDE_BITS);
  int inexact = mpfr_div(limit, numerator, denominator, MPFR_RNDN);
  if (!inexact && sign > 0 && mpfr_cmp(out->lo, limit) < 0) mpfr_set(out->lo, limit, MPFR_RNDD);
  if (!inexact && sign < 0 && mpfr_cmp(out->hi, limit) > 0) mpfr_set(out->hi, limit, MPFR_RNDU);
  mpfr_clear(limit);
}

static unsigned long count_top(const row *r) {
  unsigned long n = 0;
  for (size_t i = 0; i < r->cols; i++)
    if (!r->skip[i] && at_top(r, i)) n++;
  return n;
}

static void sharpen_loss(gradient *g, row *r, size_t i, mpfr_srcptr slope, interval *out) {
  int top = at_top(r, i);
  unsigned long n_top = count_top(r);
  mpfr_t limit, denominator;
  mpfr_init2(limit, WIDE_BITS);
  mpfr_init2(denominator, 128);
  /* w slope (1/n_0 - q_i), or w slope (0 - q_i) */
  gradient_target_share(g, r, i, limit);
  mpfr_mul_ui(limit, limit, n_top, MPFR_RNDN);
  if (top)
    mpfr_ui_sub(limit, r->unmasked, limit, MPFR_RNDN);
  else
    mpfr_neg(limit, limit, MPFR_RNDN);
  mpfr_mul_d(limit, limit, (double)g->w, MPFR_RNDN);
  mpfr_mul(limit, limit, slope, MPFR_RNDN);
  mpfr_mul_ui(denominator, g->count, n_top, MPFR_RNDN);
  int sign = (g->w > 0.0f) - (g->w < 0.0f);
  cut(out, limit, denominator, mpfr_sgn(slope) * (top ? -sign : sign));
  mpfr_clears(limit, denominator, (mpfr_ptr)0);
}

/* Sign of sum e_k/e_f C_k - N E (E/e_f), f the largest entry outside T; 0: not known. */
static int backward_sign(gradient *g, row *r, size_t i, mpfr_srcptr n, mpfr_srcptr n_top) {
  size_t f = SIZE_MAX;
  for (size_t k = 0; k < r->cols; k++)
    if (!r->skip[k] && !at_top(r, k) && (f == SIZE_MAX || mpfr_cmp(r->sigma[k], r->sigma[f]) > 0))
      f = k;
  interval first, others, scaled, t;
  mpfr_t c;
  mpfr_init2(c, WIDE_BITS);
  interval_init(&first, r->bits);
  interval_init(&others, r->bits);
  interval_init(&scaled, r->bits);
  interval_init(&t, r->bits);
  interval_set_count(&first, 0);
  interval_set_count(&others, 0);
  interval_set_count(&scaled, 0);
  for (size_t k = 0; k < r->cols; k++) {
    if (r->skip[k] || at_top(r, k)) continue;
    interval_add(&others, &others, &r->e[k]);
    mpfr_sub(r->z, r->sigma[k], r->sigma[f], MPFR_RNDN);
    interval_exp_point(&t, r->z);
    interval_add(&scaled, &scaled, &t);
    mpfr_set_d(c, (double)g->upstream[i], MPFR_RNDN);
    mpfr_sub_d(c, c, (double)g->upstream[k], MPFR_RNDN);
    mpfr_mul(c, c, n_top, MPFR_RNDN);
    mpfr_sub(c, c, n, MPFR_RNDN);
    mpfr_sub(c, c, n, MPFR_RNDN); /* C_k / n_0 */
    mpfr_mul(c, c, n_top, MPFR_RNDN);
    interval_scale(&t, &t, c);
    interval_add(&first, &first, &t);
  }
  interval_mul(&t, &others, &scaled);
  interval_scale(&t, &t, n);
  interval_sub(&t, &first, &t);
  int sign = mpfr_sgn(t.lo) > 0 ? 1 : mpfr_sgn(t.hi) < 0 ? -1 : 0;
  if (mpfr_zero_p(first.lo) && mpfr_zero_p(first.hi)) sign = -mpfr_sgn(n); /* E may underflow */
  interval_clear(&first);
  interval_clear(&others);
  interval_clear(&scaled);
  interval_clear(&t);
  mpfr_clear(c);
  return sign;
}

static void sharpen_backward(gradient *g, row *r, size_t i, mpfr_srcptr slope, interval *out) {
  if (!at_top(r, i)) return;
  mpfr_t n, n_top;
  mpfr_init2(n, WIDE_BITS);
  mpfr_init2(n_top, 128);
  mpfr_set_ui(n_top, count_top(r), MPFR_RNDN);
  mpfr_mul_d(n, n_top, (double)g->upstream[i], MPFR_RNDN);
  for (size_t k = 0; k < r->cols; k++)
    if (!r->skip[k] && at_top(r, k)) mpfr_sub_d(n, n, (double)g->upstream[k], MPFR_RNDN);
  int sign = backward_sign(g, r, i, n, n_top);
  mpfr_mul(n, n, slope, MPFR_RNDN);
  mpfr_sqr(n_top, n_top, MPFR_RNDN);
  cut(out, n, n_top, sign * mpfr_sgn(slope));
  mpfr_clears(n, n_top, (mpfr_ptr)0);
}

void gradient_sharpen(gradient *g, row *r, size_t i, mpfr_srcptr slope, interval *out) {
  if (g->upstream != NULL)
    sharpen_backward(g, r, i, slope, out);
  else
    sharpen_loss(g, r, i, slope, out);
}
