/* SPDX-License-Identifier: Apache-2.0 */
/* A-priori error bounds, derived in specs/accuracy.md; each is rounded up. */
#include "fpenv.h"
#include "multimax.h"
#include "ref/modulator.h"

#ifdef __FRAMAC__
#include "bounds.acsl"
#endif

#define U64 0x1p-53                  /* unit roundoff inside */
#define TWICE_GAMMA5 0x1.4000001p-50 /* 2 * 5u/(1-5u) */
#define TWICE_EXP_ERROR 0x1.cep-34   /* of two weights: 522e-13 each and the rounding of z, |z| <= 110 */
#define SLACK 0x1.0000000001p0       /* 1 + 2^-40: the roundings of these formulas themselves */

/* |c1| to |c4|. */
typedef struct sizes {
  double c1, c2, c3, c4;
} sizes;

/*@ requires  params: \valid_read(params) && valid_params((mmax_params *)params);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   linear: between(\result.c1, 0.0, 3.4028235e38) && between(\result.c2, 0.0, 3.4028235e38);
    ensures   square: between(\result.c3, 0.0, 3.4028235e38) && between(\result.c4, 0.0, 3.4028235e38);
    ensures   value1: \result.c1 == size_of(params->coef[0]) && \result.c2 == size_of(params->coef[1]);
    ensures   value2: \result.c3 == size_of(params->coef[2]) && \result.c4 == size_of(params->coef[3]);
*/
static sizes sizes_of(const mmax_params *params) {
  const sizes s = {mmax_abs(params->coef[0]), mmax_abs(params->coef[1]),
                   mmax_abs(params->coef[2]), mmax_abs(params->coef[3])};
  return s;
}

/* y + c1*low + c2*high of sizes. */
/*@ requires  size:   between(y, 0.0, 1.2e77);
    requires  coefs:  between(c1, 0.0, 3.4028235e38) && between(c2, 0.0, 3.4028235e38);
    requires  hinges: between(low, 0.0, 2.5e77) && between(high, 0.0, 2.5e77);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  between(\result, 0.0, 2.0e116);
    ensures   value:  \result == linear_part(y, c1, low, c2, high);
*/
static double linear_size(double y, double c1, double low, double c2, double high) {
  double first = mmax_add(y, mmax_mul(c1, low));
  /*@ assert hint_first: between(first, 0.0, 9.0e115); */
  return mmax_add(first, mmax_mul(c2, high));
}

/* a + c*r*r of sizes. */
/*@ requires  size:   between(a, 0.0, 2.2e193);
    requires  coef:   between(c, 0.0, 3.4028235e38);
    requires  hinge:  between(r, 0.0, 2.5e77);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  between(\result, 0.0, 4.4e193);
    ensures   less:   a <= 2.0e116 ==> \result <= 2.2e193;
    ensures   value:  \result == square_part(a, c, r);
*/
static double plus_square(double a, double c, double r) {
  double square = mmax_mul(mmax_mul(c, r), r);
  /*@ assert hint_square: between(square, 0.0, 2.13e193); */
  return mmax_add(a, square);
}

/* 2*c*(r + moved) of sizes. */
/*@ requires  coef:   between(c, 0.0, 3.4028235e38);
    requires  sum:    between(r, 0.0, 2.5e77) && between(moved, 0.0, 1.4e61);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  between(\result, 0.0, 1.8e116);
    ensures   value:  \result == rate_part(c, r, moved);
*/
static double square_rate(double c, double r, double moved) {
  double twice = mmax_mul(2.0, c), sum = mmax_add(r, moved);
  /*@ assert hint_parts: twice == product(2.0, c) && sum == sum_of(r, moved); */
  return mmax_mul(twice, sum);
}

/* The slope that the rounding of y can meet at most. */
/*@ requires  coefs:  between(c1, 0.0, 3.4028235e38) && between(c2, 0.0, 3.4028235e38);
    requires  rates:  between(low, 0.0, 1.8e116) && between(high, 0.0, 1.8e116);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  between(\result, 0.0, 3.7e116);
    ensures   value:  \result == slope_part(c1, c2, low, high);
*/
static double slope_most(double c1, double c2, double low, double high) {
  double linear = mmax_add(mmax_add(1.0, c1), c2);
  /*@ assert hint_linear: between(linear, 0.0, 7.0e38); */
  double lower = mmax_add(linear, low);
  /*@ assert hint_lower: between(lower, 0.0, 1.81e116); */
  return mmax_add(lower, high);
}

/* What a rounding of y meets. */
/*@ requires  size:   between(size, 0.0, 1.2e77);
    requires  slope:  between(slope, 0.0, 3.7e116);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  between(\result, 0.0, 4.5e193);
    ensures   value:  \result == product(size, slope);
*/
static double rounding_met(double size, double slope) { return mmax_mul(size, slope); }

/*@ requires  params: \valid_read(params) && valid_params((mmax_params *)params);
    requires  logit:  finf(x);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  between(\result, 0.0, 1.0e195);
    ensures   value:  \result == condition_hat((mmax_params *)params, x);
*/
double mmax_condition(const mmax_params *params, float x) {
  mmax_fpenv saved = mmax_fpenv_enter();
  double y = mmax_affine(params, mmax_widen(mmax_fpenv_pin32(x)));
  mmax_hinges r = mmax_hinges_at(params, y);
  const sizes c = sizes_of(params);
  const double size = mmax_abs(y);
  /*@ assert hint_size: between(size, 0.0, 1.2e77); */
  double linear = linear_size(size, c.c1, r.low1, c.c2, r.high1);
  double a = plus_square(plus_square(linear, c.c3, r.low2), c.c4, r.high2);
  /*@ assert hint_amplitude: a == amplitude_at((mmax_params *)params, y); */
  if (params->scale != 1.0 || params->shift != 0.0) {
    /* the rounding of y, |y|u, meets at most this slope */
    double moved = mmax_mul(size, U64);
    /*@ assert hint_moved: between(moved, 0.0, 1.4e61) && moved == product(size_of(y), 0x1p-53); */
    double slope = slope_most(c.c1, c.c2, square_rate(c.c3, r.low2, moved),
                              square_rate(c.c4, r.high2, moved));
    /*@ assert hint_slope: slope == steepest_at((mmax_params *)params, y); */
    a = mmax_add(a, rounding_met(size, slope));
  }
  /*@ assert hint_condition: a == condition_at((mmax_params *)params, y); */
  /*@ assert hint_sum: between(a, 0.0, 9.0e193); */
  double raised = mmax_mul(a, SLACK);
  /*@ assert hint_raised: raised == slack(a); */
  raised = mmax_fpenv_pin(raised);
  mmax_fpenv_leave(saved);
  return raised;
}

/* e^t - 1 <= t/(1-t); no useful bound from t = 1/2 on. */
/*@ requires  range:  between(t, 0.0, 0.5);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  between(\result, 0.0, 1.1);
    ensures   value:  \result == relative_hat(t);
*/
static double relative(double t) {
  double rest = mmax_sub(1.0, t);
  /*@ assert hint_rest: between(rest, 0.5, 1.0) && rest == less(1.0, t); */
  double quotient = mmax_div(t, rest);
  /*@ assert hint_quotient: between(quotient, 0.0, 1.05) && quotient == ratio_to(t, rest); */
  return mmax_mul(quotient, SLACK);
}

/* n entries of a row, each off by a count of grid steps, and what that is to their sum. */
/*@ requires  range:  between(count, 0.0, 2.0e-6);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  between(\result, 0.0, 2.1e-6);
    ensures   value:  \result == count_error_hat(count);
*/
static double count_error(double count) { return mmax_div(count, mmax_sub(1.0, count)); }

/* |ln(computed p / exact p)| before the last rounding. */
/*@ requires  size:   between(condition, 0.0, 1.0e195);
    requires  count:  between(n, 0.0, 2147483647.0) && between(grid, 4.0e-16, 9.0e-16);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  between(\result, 0.0, 3.0e180);
    ensures   value:  \result == log_error_hat(condition, n, grid);
*/
static double log_error(double condition, double n, double grid) {
  double count = mmax_mul(n, grid);
  /*@ assert hint_count: between(count, 0.0, 2.0e-6); */
  double spread = mmax_add(mmax_mul(TWICE_GAMMA5, condition), TWICE_EXP_ERROR);
  /*@ assert hint_spread: between(spread, 0.0, 2.0e180); */
  return mmax_add(mmax_add(spread, count_error(count)), 0x1p-49 /* 16u */);
}

/* An error before the last rounding, in ulp of the exact value, and that rounding. An error
   above one ulp can reach into the next binade, where the last rounding is up to 1 of them. */
/*@ requires  range:  between(ulps, 0.0, 1.0e9);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  between(\result, 0.5, 1.1e9);
    ensures   least:  \result >= ulps;
    ensures   value:  \result == with_rounding_hat(ulps);
*/
static double with_rounding(double ulps) { return mmax_add(ulps <= 1.0 ? 0.5 : 1.0, ulps); }

/* In ulp of float32. */
/*@ requires  range:  between(t, 0.0, 1.0e181);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  bound_or_none(\result, 0.5, 1.1e9);
    ensures   value:  bound_is(\result, t, ulps_hat(t));
*/
static double ulps_of(double t) {
  if (!(t < 0.5)) return mmax_wide_inf();
  double ulps = mmax_mul(0x1p24, relative(t));
  /*@ assert hint_ulps: between(ulps, 0.0, 1.0e9); */
  return with_rounding(ulps);
}

/*@ requires  size:   between(condition, 0.0, 1.0e195) && n <= 2147483647;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  bound_or_none(\result, 0.5, 1.1e9);
    ensures   value:  bound_is(\result, probs_error_hat(condition, n), ulps_hat(probs_error_hat(condition, n)));
*/
double mmax_bound_probs_ulp(double condition, size_t n) {
  return ulps_of(log_error(condition, mmax_u64_to_double(n), 0x1p-51));
}

/*@ requires  size:   between(condition, 0.0, 1.0e195) && n <= 2147483647;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  bound_or_none(\result, 0.5, 1.1e9);
    ensures   value:  bound_is(\result, log_probs_error_hat(condition, n), ulps_hat(log_probs_error_hat(condition, n)));
*/
double mmax_bound_log_ulp(double condition, size_t n) {
  return ulps_of(mmax_add(log_error(condition, mmax_u64_to_double(n), 0x1p-50), 0x1p-44));
}

/* The error before the last rounding, in ulp of a 16-bit format. */
/*@ requires  range:  between(bound_ulp, 0.5, 1.1e9) && between(scale, 1.0e-5, 1.3e-4);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  between(\result, 0.0, 1.0e9);
    ensures   value:  \result == coarser_hat(bound_ulp, scale);
*/
static double coarser(double bound_ulp, double scale) {
  double fine = mmax_sub(bound_ulp, 0.5);
  /*@ assert hint_fine: between(fine, 0.0, 1.1e9) && fine == less(bound_ulp, 0.5); */
  return mmax_add(mmax_mul(fine, scale), 0x1p-25);
}

/*@ requires  bound:  bound_or_none(bound_ulp, 0.5, 1.1e9);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  bound_or_none(\result, 0.5, 1.1e9);
    ensures   none:   \is_plus_infinity(\result) <==> \is_plus_infinity(bound_ulp);
    ensures   value:  fin(bound_ulp) ==> \result == bound16_hat(storage, bound_ulp);
*/
double mmax_bound16_ulp(mmax_storage storage, double bound_ulp) {
  if (bound_ulp > 0x1.fffffffffffffp1023) return bound_ulp;
  /*@ assert hint_finite: between(bound_ulp, 0.5, 1.1e9); */
  const double scale = storage == MMAX_FLOAT16 ? 0x1p-13 : 0x1p-16; /* 2^(precision - 24) */
  return with_rounding(coarser(bound_ulp, scale));
}

/*@ requires  count:  n <= 2147483647;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  between(\result, 0.0, 1.1e-6);
    ensures   value:  \result == sum_bound_hat(n);
*/
double mmax_bound_sum(size_t n) {
  return mmax_add(0x1.00002p-24, mmax_mul(mmax_u64_to_double(n), 0x1.00001p-51));
}

/*@ requires  size:   between(condition, 0.0, 1.0e195) && n <= 2147483647;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  bound_or_none(\result, 0.0, 4.0);
    ensures   value:  bound_is(\result, gradient_error_hat(condition, n), gradient_hat(condition, n));
*/
double mmax_bound_gradient(double condition, size_t n) {
  const double entries = mmax_u64_to_double(n);
  const double t = log_error(condition, entries, 0x1p-50);
  if (!(t < 0.5)) return mmax_wide_inf();
  double kappa = mmax_add(mmax_mul(3.0, relative(t)), mmax_mul(entries, 0x1p-48));
  /*@ assert hint_kappa: between(kappa, 0.0, 3.5); */
  /*@ assert hint_terms: kappa == sum_of(product(3.0, relative_hat(t)), product(n, 0x1p-48)); */
  return mmax_mul(mmax_add(kappa, 0x1p-48 /* 32u */), SLACK);
}
