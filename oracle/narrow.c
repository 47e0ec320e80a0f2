/* SPDX-License-Identifier: Apache-2.0 */
/* See narrow.h. */
#include "narrow.h"

#include <float.h>
#include <math.h>

#include "float_order.h"

float narrow_sigma32(const mmax_params *params, float x) {
  float y =
      (params->terms & MMAX_TERM_AFFINE) == 0 ? x : (float)params->scale * x + (float)params->shift;
  float s = y;
  for (int k = 0; k < 4; k++) {
    if ((params->terms >> k & 1u) == 0) continue;
    float knot = (float)params->knot[k], u = k % 2 == 0 ? knot - y : y - knot;
    float r = u > 0 ? u : isnan(u) ? u : 0;
    s = s + (float)params->coef[k] * (k < 2 ? r : r * r);
  }
  return s;
}

double narrow_round16(double x) {
  if (isnan(x) || isinf(x) || x == 0) return x;
  if (fabs(x) >= 65520.0) return copysign(INFINITY, x);
  int exponent;
  (void)frexp(x, &exponent); /* 2^(exponent-1) <= |x| */
  double grid = ldexp(1.0, exponent - 11 < -24 ? -24 : exponent - 11);
  return nearbyint(x / grid) * grid;
}

/* One float16 operation: sums and products of float16 numbers are exact in float64. */
double narrow_sigma16(const mmax_params *params, double x) {
  double y = x;
  if ((params->terms & MMAX_TERM_AFFINE) != 0)
    y = narrow_round16(narrow_round16(narrow_round16(params->scale) * x) +
                       narrow_round16(params->shift));
  double s = y;
  for (int k = 0; k < 4; k++) {
    if ((params->terms >> k & 1u) == 0) continue;
    double knot = narrow_round16(params->knot[k]);
    double u = narrow_round16(k % 2 == 0 ? knot - y : y - knot);
    double r = u > 0 ? u : isnan(u) ? u : 0;
    if (k >= 2) r = narrow_round16(r * r);
    s = narrow_round16(s + narrow_round16(narrow_round16(params->coef[k]) * r));
  }
  return s;
}

/* First float32 outward from 0 that is not finite; what overflows stays so further out. */
static double bisect32(const mmax_params *params, float outermost) {
  if (isfinite(narrow_sigma32(params, outermost))) return NAN;
  int64_t good = float_rank(0.0f), bad = float_rank(outermost);
  if (!isfinite(narrow_sigma32(params, 0.0f))) return 0;
  while (bad - good > 1 || good - bad > 1) {
    int64_t middle = good + (bad - good) / 2;
    if (isfinite(narrow_sigma32(params, float_of_rank(middle))))
      good = middle;
    else
      bad = middle;
  }
  return (double)float_of_rank(bad);
}

struct overflow_points narrow_overflow32(const mmax_params *params) {
  return (struct overflow_points){bisect32(params, -FLT_MAX), bisect32(params, FLT_MAX)};
}

/* All 31744 finite magnitudes of float16, in ascending order. */
static double scan16(const mmax_params *params, double sign) {
  for (int k = 0; k < 31744; k++) {
    int exponent = k >> 10, fraction = k & 1023;
    double magnitude = exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);
    if (!isfinite(narrow_sigma16(params, sign * magnitude))) return sign * magnitude;
  }
  return NAN;
}

struct overflow_points narrow_overflow16(const mmax_params *params) {
  return (struct overflow_points){scan16(params, -1), scan16(params, 1)};
}
