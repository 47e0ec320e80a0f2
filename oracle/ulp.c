/* SPDX-License-Identifier: Apache-2.0 */
#include "ulp.h"

#include <math.h>

typedef struct format {
  int digits, emin, emax;
} format;

static const format float_format = {24, -126, 127};
static const format double_format = {53, -1022, 1023};

/* E with 2^E <= |hi + lo| < 2^(E+1), hi != 0. lo is at most half an ulp of hi,
   so it moves the value out of hi's binade only downwards from a power of two. */
static int binade(exact_value v) {
  int e = ilogb(v.hi);
  int edge = fabs(v.hi) == ldexp(1.0, e) && (v.hi > 0.0 ? v.lo < 0.0 : v.lo > 0.0);
  return edge ? e - 1 : e;
}

/* Exponent of the spacing. */
static int spacing(exact_value v, format f) {
  int e = v.hi == 0.0 ? f.emin : binade(v);
  if (e < f.emin) e = f.emin;
  if (e > f.emax) e = f.emax;
  return e - (f.digits - 1);
}

/* +-2^(emax+1), scaled by 2^-64 so that it is finite. */
static exact_value clip(exact_value v, format f, int *clipped) {
  double limit = ldexp(1.0, f.emax + 1 - 64);
  double size = ldexp(fabs(v.hi), -64);
  *clipped = size > limit || (size == limit && (v.hi > 0.0 ? v.lo >= 0.0 : v.lo <= 0.0));
  if (*clipped) {
    v.hi = copysign(INFINITY, v.hi);
    v.lo = 0.0;
  }
  return v;
}

/* value / 2^exponent, where an infinity is +-2^(emax+1). */
static double in_ulp(double value, int exponent, format f) {
  if (isinf(value)) return copysign(ldexp(1.0, f.emax + 1 - exponent), value);
  return ldexp(value, -exponent);
}

static double error(double computed, exact_value exact, format f) {
  if (isnan(computed) || isnan(exact.hi)) return isnan(computed) && isnan(exact.hi) ? 0.0 : INFINITY;
  if (isinf(exact.hi)) return computed == exact.hi ? 0.0 : INFINITY;
  int s = spacing(exact, f), clipped = 0;
  exact_value v = isinf(computed) ? clip(exact, f, &clipped) : exact;
  double a = in_ulp(computed, s, f), b = in_ulp(v.hi, s, f);
  return fabs((a - b) - ldexp(v.lo, -s));
}

double ulp_error_float(float computed, exact_value exact) {
  return error((double)computed, exact, float_format);
}

double ulp_error_double(double computed, exact_value exact) {
  return error(computed, exact, double_format);
}

static double unit(exact_value v, format f) {
  return isfinite(v.hi) ? ldexp(1.0, spacing(v, f)) : NAN;
}

double ulp_of_float(exact_value exact) { return unit(exact, float_format); }
double ulp_of_double(exact_value exact) { return unit(exact, double_format); }
