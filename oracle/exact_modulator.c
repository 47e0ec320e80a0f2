/* SPDX-License-Identifier: Apache-2.0 */
/* Eq. 6 and its derivatives over dyadic numbers. At a knot relu'(0) = 0. */
#include "exact_modulator.h"

#include <float.h>
#include <math.h>

static void modulated_init(modulated *v, mpfr_prec_t bits) {
  mpfr_inits2(bits, v->x, v->y, v->sigma, v->inner, v->slope, v->t, (mpfr_ptr)0);
  for (int j = 0; j < 4; j++) mpfr_init2(v->r[j], bits);
  for (int j = 0; j < MMAX_NPARAMS; j++) mpfr_init2(v->weight[j], bits);
}

static void modulated_clear(modulated *v) {
  mpfr_clears(v->x, v->y, v->sigma, v->inner, v->slope, v->t, (mpfr_ptr)0);
  for (int j = 0; j < 4; j++) mpfr_clear(v->r[j]);
  for (int j = 0; j < MMAX_NPARAMS; j++) mpfr_clear(v->weight[j]);
}

void modulator_init(modulator *m) {
  for (int j = 0; j < 4; j++) mpfr_inits2(53, m->coef[j], m->knot[j], (mpfr_ptr)0);
  mpfr_inits2(53, m->scale, m->shift, (mpfr_ptr)0);
  modulated_init(&m->narrow, NARROW_BITS);
  modulated_init(&m->wide, WIDE_BITS);
}

void modulator_clear(modulator *m) {
  for (int j = 0; j < 4; j++) mpfr_clears(m->coef[j], m->knot[j], (mpfr_ptr)0);
  mpfr_clears(m->scale, m->shift, (mpfr_ptr)0);
  modulated_clear(&m->narrow);
  modulated_clear(&m->wide);
}

static int in_range(double v) { return fabs(v) <= FLT_MAX; } /* false for NaN */

exact_status modulator_check(const mmax_params *params) {
  for (int j = 0; j < 4; j++) {
    if (!in_range(params->coef[j]) || !in_range(params->knot[j])) return EXACT_ERR_PARAMS;
    if (!(params->terms & (1u << j)) && params->coef[j] != 0.0) return EXACT_ERR_PARAMS;
  }
  if (!in_range(params->scale) || !in_range(params->shift)) return EXACT_ERR_PARAMS;
  if (!(params->terms & MMAX_TERM_AFFINE) && (params->scale != 1.0 || params->shift != 0.0))
    return EXACT_ERR_PARAMS;
  return EXACT_OK;
}

void modulator_set(modulator *m, const mmax_params *params) {
  for (int j = 0; j < 4; j++) {
    mpfr_set_d(m->coef[j], params->coef[j], MPFR_RNDN);
    mpfr_set_d(m->knot[j], params->knot[j], MPFR_RNDN);
  }
  mpfr_set_d(m->scale, params->scale, MPFR_RNDN);
  mpfr_set_d(m->shift, params->shift, MPFR_RNDN);
  m->terms = params->terms;
}

static void hinge(mpfr_t r, mpfr_srcptr a, mpfr_srcptr b) {
  mpfr_sub(r, a, b, MPFR_RNDN);
  if (mpfr_sgn(r) < 0) mpfr_set_zero(r, 1);
}

static void evaluate(const modulator *m, modulated *v, float x) {
  mpfr_set_flt(v->x, x, MPFR_RNDN);
  mpfr_fma(v->y, m->scale, v->x, m->shift, MPFR_RNDN);
  hinge(v->r[0], m->knot[0], v->y);
  hinge(v->r[1], v->y, m->knot[1]);
  hinge(v->r[2], m->knot[2], v->y);
  hinge(v->r[3], v->y, m->knot[3]);
  mpfr_fma(v->sigma, m->coef[0], v->r[0], v->y, MPFR_RNDN);
  mpfr_fma(v->sigma, m->coef[1], v->r[1], v->sigma, MPFR_RNDN);
  for (int j = 2; j < 4; j++) {
    mpfr_sqr(v->t, v->r[j], MPFR_RNDN);
    mpfr_fma(v->sigma, m->coef[j], v->t, v->sigma, MPFR_RNDN);
  }
}

static void differentiate(const modulator *m, modulated *v) {
  mpfr_set_si(v->inner, 1, MPFR_RNDN);
  for (int j = 0; j < MMAX_NPARAMS; j++) mpfr_set_zero(v->weight[j], 1);
  for (int j = 0; j < 4; j++) {
    if (mpfr_zero_p(v->r[j]) || !(m->terms & (1u << j))) continue;
    int low = j % 2 == 0; /* relu(k - y), else relu(y - k) */
    mpfr_ptr outer = v->weight[4 + j]; /* dsigma/dk: the derivative of c relu^n in its argument */
    mpfr_set(outer, m->coef[j], MPFR_RNDN);
    if (j < 2) {
      mpfr_set(v->weight[j], v->r[j], MPFR_RNDN);
    } else {
      mpfr_sqr(v->weight[j], v->r[j], MPFR_RNDN);
      mpfr_mul(outer, outer, v->r[j], MPFR_RNDN);
      mpfr_mul_2ui(outer, outer, 1, MPFR_RNDN);
    }
    if (!low) mpfr_neg(outer, outer, MPFR_RNDN);
    mpfr_sub(v->inner, v->inner, outer, MPFR_RNDN); /* d/dy is the opposite of d/dk */
  }
  mpfr_mul(v->slope, v->inner, m->scale, MPFR_RNDN);
  if (m->terms & MMAX_TERM_AFFINE) {
    mpfr_mul(v->weight[8], v->inner, v->x, MPFR_RNDN);
    mpfr_set(v->weight[9], v->inner, MPFR_RNDN);
  }
}

modulated *modulator_sigma(modulator *m, float x) {
  mpfr_clear_inexflag();
  evaluate(m, &m->narrow, x);
  if (!mpfr_inexflag_p()) return &m->narrow;
  evaluate(m, &m->wide, x);
  return &m->wide;
}

modulated *modulator_derivatives(modulator *m, float x) {
  mpfr_clear_inexflag();
  evaluate(m, &m->narrow, x);
  differentiate(m, &m->narrow);
  if (!mpfr_inexflag_p()) return &m->narrow;
  evaluate(m, &m->wide, x);
  differentiate(m, &m->wide);
  return &m->wide;
}
