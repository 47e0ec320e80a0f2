/* SPDX-License-Identifier: Apache-2.0 */
/* See format.h. */
#include "format.h"

#include <math.h>
#include <string.h>

#include "../ulp.h"

static const struct format formats[] = {
    {"float32", 24, -126, 0x1.fffffep127f},
    {"bfloat16", 8, -126, 0x1.fep127f},
    {"float16", 11, -14, 0x1.ffcp15f},
};

const struct format *format_find(const char *name) {
  for (size_t k = 0; k < sizeof formats / sizeof formats[0]; k++)
    if (strcmp(formats[k].name, name) == 0) return &formats[k];
  return NULL;
}

float format_round(const struct format *format, float value) {
  if (format->digits == 24 || !isfinite(value) || value == 0) return value;
  int exponent;
  (void)frexp((double)value, &exponent);
  exponent = exponent - 1 < format->emin ? format->emin : exponent - 1;
  double unit = ldexp(1, exponent - format->digits + 1);
  double rounded = rint((double)value / unit) * unit; /* both steps exact but for the rounding */
  return fabs(rounded) > (double)format->largest ? (float)copysign(INFINITY, rounded) : (float)rounded;
}

double format_unit(const struct format *format) { return ldexp(1, -format->digits); }
double format_tiny(const struct format *format) { return ldexp(1, format->emin); }

double format_ulp(const struct format *format, exact_value exact) {
  if (!isfinite(exact.hi)) return NAN;
  int exponent = format->emin;
  if (exact.hi != 0) {
    (void)frexp(exact.hi, &exponent);
    exponent--;
    /* hi = 2^k and lo < 0: the number is just below the power. */
    if (fabs(exact.hi) == ldexp(1, exponent) && exact.hi * exact.lo < 0) exponent--;
  }
  int top = 0;
  (void)frexp((double)format->largest, &top);
  if (exponent > top - 1) exponent = top - 1;
  if (exponent < format->emin) exponent = format->emin;
  return ldexp(1, exponent - format->digits + 1);
}

double format_ulp_error(const struct format *format, float computed, exact_value exact) {
  if (format->digits == 24) return ulp_error_float(computed, exact);
  if (isnan(computed) || isnan(exact.hi)) return isnan(computed) && isnan(exact.hi) ? 0 : INFINITY;
  if (isinf(exact.hi)) return (double)computed == exact.hi ? 0 : INFINITY;
  double beyond = ldexp(1, format->digits == 8 ? 128 : 16), got = (double)computed;
  if (isinf(got)) got = copysign(beyond, got);
  double want = fmin(fmax(exact.hi, -beyond), beyond);
  return fabs((got - want) - (want == exact.hi ? exact.lo : 0)) / format_ulp(format, exact);
}
