/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From enclosures to results.
 *
 * Equal ends are the exact result, which is rounded. Otherwise the result lies
 * strictly between the ends: a rounding outwards leaves the truth strictly
 * inside, and every operation on enclosures keeps it there.
 *
 * Why that decides every entry of a row in the end: sigma is a dyadic number,
 * so a row's weights are exponentials e^d of dyadic d. By
 * Lindemann-Weierstrass, exponentials of distinct rational numbers are linearly
 * independent over the algebraic numbers. Let the row have at least two
 * distinct d:
 *   - p = e^di / sum e^dk is not algebraic: 1/p e^di - sum e^dk = 0 would be a
 *     combination whose coefficients are not all 0;
 *   - log p = d - log(sum) and the loss r + log(sum), r rational, are not
 *     rational: sum = e^q would be such a combination;
 *   - p (g_i - sum p_k g_k) = q means sum_k (g_i - g_k) e^(di+dk) = q (sum e^dk)^2;
 *     of the largest and the smallest exponent at least one is missing on the
 *     left, so q = 0; and p - q_i, with q_i rational, as p.
 * So a result is never half-way between two floating-point numbers. With one
 * distinct d all is rational: the callers then compute exactly up to one last
 * division, whose ends are equal or adjacent.
 *
 * A parameter gradient is a sum over rows, for which no such argument is made:
 * should one be a tie, it stays undecided and is reported.
 */
#include "exact_interval.h"

#include <math.h>
#include <string.h>

/* The neighbour strictly inside, with 2 more bits so that it is inside even
   when lo and hi are adjacent. */
static void step_inside(mpfr_t out, mpfr_srcptr end, int up) {
  mpfr_init2(out, mpfr_get_prec(end) + 2);
  mpfr_set(out, end, MPFR_RNDN); /* exact */
  if (up)
    mpfr_nextabove(out);
  else
    mpfr_nextbelow(out);
}

int interval_round_float(const interval *a, float *out) {
  float lo = mpfr_get_flt(a->lo, MPFR_RNDN), hi = mpfr_get_flt(a->hi, MPFR_RNDN);
  if (lo != hi) { /* perhaps one end is a tie, or the next number, and the result is not */
    mpfr_t inside;
    step_inside(inside, a->lo, 1);
    lo = mpfr_get_flt(inside, MPFR_RNDN);
    mpfr_clear(inside);
    step_inside(inside, a->hi, 0);
    hi = mpfr_get_flt(inside, MPFR_RNDN);
    mpfr_clear(inside);
  }
  *out = lo == 0.0f && signbit(hi) == 0 ? 0.0f : lo;
  return lo == hi;
}

int interval_round_double(const interval *a, double *out) {
  double lo = mpfr_get_d(a->lo, MPFR_RNDN), hi = mpfr_get_d(a->hi, MPFR_RNDN);
  if (lo != hi) {
    mpfr_t inside;
    step_inside(inside, a->lo, 1);
    lo = mpfr_get_d(inside, MPFR_RNDN);
    mpfr_clear(inside);
    step_inside(inside, a->hi, 0);
    hi = mpfr_get_d(inside, MPFR_RNDN);
    mpfr_clear(inside);
  }
  *out = lo == 0.0 && signbit(hi) == 0 ? 0.0 : lo;
  return lo == hi;
}

exact_value point_value(mpfr_srcptr point) {
  exact_value v;
  v.hi = mpfr_get_d(point, MPFR_RNDN);
  v.lo = 0.0;
  if (isfinite(v.hi)) {
    mpfr_t rest;
    mpfr_init2(rest, mpfr_get_prec(point) + 64);
    mpfr_sub_d(rest, point, v.hi, MPFR_RNDN);
    v.lo = mpfr_get_d(rest, MPFR_RNDN);
    mpfr_clear(rest);
  }
  return v;
}

int interval_value(const interval *a, int for_float, exact_value *out) {
  /* the ends of exact_value's promise, less one bit for hi + lo itself */
  mpfr_exp_t relative = for_float ? -62 : -102, absolute = for_float ? -222 : -1076;
  mpfr_t width;
  mpfr_init2(width, 32);
  mpfr_sub(width, a->hi, a->lo, MPFR_RNDU);
  int tight = mpfr_zero_p(width) != 0;
  if (mpfr_regular_p(width)) { /* 2^(exp-1) <= |x| < 2^exp */
    mpfr_exp_t size = mpfr_get_exp(width);
    tight = size <= absolute ||
            (mpfr_regular_p(a->lo) && size <= mpfr_get_exp(a->lo) - 1 + relative);
  }
  mpfr_clear(width);
  if (tight) *out = point_value(a->lo);
  return tight;
}
