/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 16-bit formats once more, for tests: widening from the fields of a
 * pattern, rounding by integers on the bits of the double. Nothing is shared
 * with src/ref/storage.h; tests/unit_storage.c holds both against MPFR.
 */
#ifndef TEST_STORAGE_H
#define TEST_STORAGE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "multimax.h"

enum { PATTERNS = 65536 };
static const mmax_storage storages[2] = {MMAX_FLOAT16, MMAX_BFLOAT16};

/* precision: of a normal number, its leading bit included; smallest normal 2^least. */
typedef struct format16 {
  const char *name;
  int precision, least;
  uint16_t infinity, nan;
} format16;

static inline format16 format_of(mmax_storage s) {
  const format16 half = {"float16", 11, -14, 0x7c00, 0x7e00};
  const format16 brain = {"bfloat16", 8, -126, 0x7f80, 0x7fc0};
  return s == MMAX_FLOAT16 ? half : brain;
}

static inline double widen_by_fields(mmax_storage s, uint16_t bits) {
  const format16 f = format_of(s);
  int fraction_bits = f.precision - 1, magnitude = bits & 0x7fff;
  int exponent = magnitude >> fraction_bits, fraction = magnitude & ((1 << fraction_bits) - 1);
  double v;
  if (magnitude > f.infinity) return (double)NAN;
  if (magnitude == f.infinity)
    v = (double)INFINITY;
  else if (exponent == 0)
    v = ldexp(fraction, f.least - fraction_bits);
  else
    v = ldexp(fraction + (1 << fraction_bits), f.least - fraction_bits + exponent - 1);
  return copysign(v, bits >> 15 ? -1.0 : 1.0);
}

static inline uint16_t round_by_integers(mmax_storage s, double v) {
  const format16 f = format_of(s);
  uint64_t b;
  memcpy(&b, &v, sizeof b);
  uint16_t sign = (uint16_t)(b >> 48 & 0x8000);
  b &= ~((uint64_t)1 << 63);
  if (b > (uint64_t)0x7ff << 52) return f.nan;
  if (b == (uint64_t)0x7ff << 52) return sign | f.infinity;
  int exponent = (int)(b >> 52);
  uint64_t significand = b & (((uint64_t)1 << 52) - 1);
  if (exponent == 0) exponent = 1;
  else significand |= (uint64_t)1 << 52;
  /* v = significand * 2^(exponent - 1075); target unit 2^unit */
  int unit = exponent - 1023 - (f.precision - 1);
  if (exponent - 1023 < f.least) unit = f.least - (f.precision - 1);
  int drop = unit - (exponent - 1075);
  uint64_t kept = drop > 63 ? 0 : significand >> drop;
  uint64_t lost = drop > 63 ? significand : significand & (((uint64_t)1 << drop) - 1);
  uint64_t half = drop > 63 ? UINT64_MAX : (uint64_t)1 << (drop - 1);
  if (lost > half || (lost == half && (kept & 1))) kept++;
  if (kept >> f.precision) {
    kept >>= 1;
    unit++;
  }
  if (kept >> (f.precision - 1) == 0) return (uint16_t)(sign | kept); /* subnormal or zero */
  int top = unit + f.precision - 1; /* 2^top <= |v| */
  if (top > -f.least + 1) return sign | f.infinity;
  uint64_t fraction = kept & (((uint64_t)1 << (f.precision - 1)) - 1);
  return (uint16_t)(sign | (uint64_t)(top - f.least + 1) << (f.precision - 1) | fraction);
}

static inline int is_nan16(mmax_storage s, uint16_t bits) {
  return (bits & 0x7fff) > format_of(s).infinity;
}
static inline int is_finite16(mmax_storage s, uint16_t bits) {
  return (bits & 0x7fff) < format_of(s).infinity;
}

/* Order of the reals on patterns that are not NaN; both zeros are 0. */
static inline int order16(uint16_t bits) {
  int magnitude = bits & 0x7fff;
  return bits >> 15 ? -magnitude : magnitude;
}

#endif
