/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters: the one place where temperatures and the authors' ts become coefficients. */
#include "fpenv.h"
#include "multimax.h"

#define FLOAT_MAX 0x1.fffffep127

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact: \result != 0 <==> float_range(v);
*/
static int in_float_range(double v) { return v >= -FLOAT_MAX && v <= FLOAT_MAX; }

/* A knot and its coefficient, which is 0 without its term. */
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact: \result != 0 <==> float_range(coef) && float_range(knot) && (present != 0 || coef == 0.0);
*/
static int term_valid(unsigned present, double coef, double knot) {
  return in_float_range(coef) && in_float_range(knot) && (present != 0 || coef == 0.0);
}

void mmax_params_softmax(mmax_params *params) {
  params->coef[0] = params->coef[1] = params->coef[2] = params->coef[3] = 0.0;
  params->knot[0] = params->knot[1] = params->knot[2] = params->knot[3] = 0.0;
  params->scale = 1.0;
  params->shift = 0.0;
  params->terms = MMAX_ORDER_0;
}

mmax_status mmax_params_check(const mmax_params *params) {
  if (params == NULL) return MMAX_ERR_NULL;
  if (params->terms > (MMAX_ORDER_2 | MMAX_TERM_AFFINE)) return MMAX_ERR_PARAMS;
  if (!term_valid(params->terms & MMAX_TERM_LOW1, params->coef[0], params->knot[0]) ||
      !term_valid(params->terms & MMAX_TERM_HIGH1, params->coef[1], params->knot[1]) ||
      !term_valid(params->terms & MMAX_TERM_LOW2, params->coef[2], params->knot[2]) ||
      !term_valid(params->terms & MMAX_TERM_HIGH2, params->coef[3], params->knot[3]))
    return MMAX_ERR_PARAMS;
  if (!in_float_range(params->scale) || !in_float_range(params->shift)) return MMAX_ERR_PARAMS;
  if (!(params->terms & MMAX_TERM_AFFINE) && (params->scale != 1.0 || params->shift != 0.0))
    return MMAX_ERR_PARAMS;
  return MMAX_OK;
}

/* Writes params only if the result is valid. */
static mmax_status set(mmax_params *params, unsigned terms, const double coef[4],
                       const float knots[4]) {
  mmax_params made;
  mmax_params_softmax(&made);
  if (terms > MMAX_ORDER_2) return MMAX_ERR_PARAMS;
  made.terms = terms;
  for (int i = 0; i < 4; i++)
    if (terms & (1u << i)) {
      made.coef[i] = coef[i];
      made.knot[i] = (double)knots[i];
    }
  mmax_status status = mmax_params_check(&made);
  if (status == MMAX_OK) *params = made;
  return status;
}

mmax_status mmax_params_from_temperatures(mmax_params *params, unsigned terms,
                                          const float temps[4], const float knots[4]) {
  if (params == NULL || (terms != 0 && (temps == NULL || knots == NULL))) return MMAX_ERR_NULL;
  double coef[4] = {0.0, 0.0, 0.0, 0.0};
  mmax_fpenv saved = mmax_fpenv_enter();
  for (int i = 0; i < 4; i++)
    if (terms & (1u << i)) coef[i] = i % 2 == 0 ? 1.0 - (double)temps[i] : (double)temps[i] - 1.0;
  mmax_status status = set(params, terms, coef, knots);
  mmax_fpenv_leave(saved);
  return status;
}

mmax_status mmax_params_from_ts(mmax_params *params, unsigned terms, const float ts[4],
                                const float ranges[4]) {
  if (params == NULL || (terms != 0 && (ts == NULL || ranges == NULL))) return MMAX_ERR_NULL;
  double coef[4] = {0.0, 0.0, 0.0, 0.0};
  mmax_fpenv saved = mmax_fpenv_enter(); /* widening a subnormal meets DAZ */
  for (int i = 0; i < 4; i++)
    if (terms & (1u << i)) coef[i] = (double)ts[i];
  mmax_status status = set(params, terms, coef, ranges);
  mmax_fpenv_leave(saved);
  return status;
}

mmax_status mmax_params_set_affine(mmax_params *params, float scale, float shift) {
  if (params == NULL) return MMAX_ERR_NULL;
  mmax_params made = *params;
  mmax_fpenv saved = mmax_fpenv_enter();
  volatile float pinned_scale = scale, pinned_shift = shift;
  made.scale = (double)pinned_scale;
  made.shift = (double)pinned_shift;
  made.terms |= MMAX_TERM_AFFINE;
  mmax_status status = mmax_params_check(&made);
  if (status == MMAX_OK) *params = made;
  mmax_fpenv_leave(saved);
  return status;
}
