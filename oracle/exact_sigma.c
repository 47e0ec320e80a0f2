/* SPDX-License-Identifier: Apache-2.0 */
/* The modulator at one point, and the condition of its evaluation. */
#include "exact_interval.h"
#include "exact_row.h"

static void scalar_set(exact_scalar *out, mpfr_srcptr v) {
  out->as_double = mpfr_get_d(v, MPFR_RNDN);
  out->as_float = mpfr_get_flt(v, MPFR_RNDN); /* from the exact number, not from the double */
  out->value = point_value(v);
}

exact_status exact_sigma(const mmax_params *params, float x, exact_scalar *out) {
  exact_status status = modulator_check(params);
  if (status != EXACT_OK) return status;
  modulator m;
  modulator_init(&m);
  modulator_set(&m, params);
  scalar_set(out, modulator_sigma(&m, x)->sigma);
  modulator_clear(&m);
  return EXACT_OK;
}

exact_status exact_sigma_derivative(const mmax_params *params, float x, exact_scalar *out) {
  exact_status status = modulator_check(params);
  if (status != EXACT_OK) return status;
  modulator m;
  modulator_init(&m);
  modulator_set(&m, params);
  scalar_set(out, modulator_derivatives(&m, x)->slope);
  modulator_clear(&m);
  return EXACT_OK;
}

static double condition(modulator *m, float x) {
  modulated *v = modulator_sigma(m, x);
  mpfr_t sum, term;
  mpfr_inits2(WIDE_BITS, sum, term, (mpfr_ptr)0);
  mpfr_abs(sum, v->y, MPFR_RNDN);
  for (int j = 0; j < 4; j++) {
    mpfr_set(term, v->r[j], MPFR_RNDN);
    if (j >= 2) mpfr_sqr(term, term, MPFR_RNDN);
    mpfr_mul(term, term, m->coef[j], MPFR_RNDN);
    mpfr_abs(term, term, MPFR_RNDN);
    mpfr_add(sum, sum, term, MPFR_RNDN);
  }
  double out = mpfr_get_d(sum, MPFR_RNDU);
  mpfr_clears(sum, term, (mpfr_ptr)0);
  return out;
}

exact_status exact_condition(const mmax_params *params, float x, double *out) {
  exact_status status = modulator_check(params);
  if (status != EXACT_OK) return status;
  modulator m;
  modulator_init(&m);
  modulator_set(&m, params);
  *out = condition(&m, x);
  modulator_clear(&m);
  return EXACT_OK;
}

exact_status exact_condition_row(const mmax_params *params, const float *logits,
                                 const uint8_t *mask, size_t cols, double reach, double *out) {
  exact_status status = modulator_check(params);
  *out = 0.0;
  if (status != EXACT_OK) return status;
  size_t unmasked = 0;
  for (size_t i = 0; i < cols; i++)
    if (!exact_masked(logits, mask, i)) {
      if (!isfinite(logits[i])) return EXACT_ROW_NONFINITE;
      unmasked++;
    }
  if (unmasked == 0) return cols > 0 ? EXACT_ROW_MASKED : EXACT_OK;
  modulator m;
  mpfr_t floor;
  modulator_init(&m);
  modulator_set(&m, params);
  mpfr_init2(floor, WIDE_BITS);
  mpfr_set_inf(floor, -1);
  for (size_t i = 0; i < cols; i++)
    if (!exact_masked(logits, mask, i)) {
      mpfr_srcptr sigma = modulator_sigma(&m, logits[i])->sigma;
      if (mpfr_cmp(sigma, floor) > 0) mpfr_set(floor, sigma, MPFR_RNDN);
    }
  mpfr_sub_d(floor, floor, reach, MPFR_RNDD);
  for (size_t i = 0; i < cols; i++)
    if (!exact_masked(logits, mask, i) && mpfr_cmp(modulator_sigma(&m, logits[i])->sigma, floor) >= 0) {
      double a = condition(&m, logits[i]);
      if (a > *out) *out = a;
    }
  mpfr_clear(floor);
  modulator_clear(&m);
  return EXACT_OK;
}
