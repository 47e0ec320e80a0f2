/* SPDX-License-Identifier: Apache-2.0 */
/* A-priori error bounds, derived in specs/accuracy.md; each is rounded up. */
#include "fpenv.h"
#include "multimax.h"
#include "ref/modulator.h"

#define U64 0x1p-53             /* unit roundoff inside */
#define GAMMA5 (0x1.4000001p-51) /* 5u/(1-5u) */
#define EXP_ERROR 0x1.cep-35    /* of one weight: 522e-13 and the rounding of z, |z| <= 110 */
#define SLACK (1.0 + 0x1p-40)   /* the roundings of these formulas themselves */

static double magnitude(double v) { return v < 0.0 ? -v : v; }

double mmax_condition(const mmax_params *params, float x) {
  mmax_fpenv saved = mmax_fpenv_enter();
  volatile float pinned = x;
  double y = mmax_affine(params, mmax_widen(pinned));
  mmax_hinges r = mmax_hinges_at(params, y);
  const double c1 = magnitude(params->coef[0]), c2 = magnitude(params->coef[1]);
  const double c3 = magnitude(params->coef[2]), c4 = magnitude(params->coef[3]);
  double a = magnitude(y) + c1 * r.low1 + c2 * r.high1 + c3 * r.low2 * r.low2 +
             c4 * r.high2 * r.high2;
  if (params->scale != 1.0 || params->shift != 0.0) {
    /* the rounding of y, |y|u, meets at most this slope */
    double moved = magnitude(y) * U64;
    a = a + magnitude(y) * (1.0 + c1 + c2 + 2.0 * c3 * (r.low2 + moved) +
                            2.0 * c4 * (r.high2 + moved));
  }
  a = mmax_fpenv_pin(a * SLACK);
  mmax_fpenv_leave(saved);
  return a;
}

/* e^t - 1 <= t/(1-t); no useful bound from t = 1/2 on. */
static double relative(double t) {
  return t < 0.5 ? t / (1.0 - t) * SLACK : mmax_wide_inf();
}

/* |ln(computed p / exact p)| before the last rounding. */
static double log_error(double condition, double n, double grid) {
  double count = n * grid;
  return 2.0 * GAMMA5 * condition + 2.0 * EXP_ERROR + count / (1.0 - count) + 16.0 * U64;
}

/* An error before the last rounding, in ulp of the exact value, and that rounding. An error
   above one ulp can reach into the next binade, where the last rounding is up to 1 of them. */
static double with_rounding(double ulps) { return (ulps <= 1.0 ? 0.5 : 1.0) + ulps; }

double mmax_bound_probs_ulp(double condition, size_t n) {
  return with_rounding(0x1p24 * relative(log_error(condition, (double)n, 0x1p-51)));
}

double mmax_bound_log_ulp(double condition, size_t n) {
  return with_rounding(0x1p24 * relative(log_error(condition, (double)n, 0x1p-50) + 0x1p-44));
}

double mmax_bound16_ulp(mmax_storage storage, double bound_ulp) {
  const double scale = storage == MMAX_FLOAT16 ? 0x1p-13 : 0x1p-16; /* 2^(precision - 24) */
  return with_rounding((bound_ulp - 0.5) * scale + 0x1p-25);
}

double mmax_bound_sum(size_t n) { return 0x1.00002p-24 + (double)n * 0x1.00001p-51; }

double mmax_bound_gradient(double condition, size_t n) {
  double p = relative(log_error(condition, (double)n, 0x1p-50));
  return (3.0 * p + (double)n * 0x1p-48 + 32.0 * U64) * SLACK;
}
