/* SPDX-License-Identifier: Apache-2.0 */
/* A sound MultiMax in float64 with a switch in it: what every fault starts from. */
#ifndef BROKEN_NUMBERS_H
#define BROKEN_NUMBERS_H

#include <math.h>
#include <string.h>

#include "audit/serve.h"

static inline double relu(double v) { return v > 0 ? v : 0; }

/* Rounding to `bits` significant bits, smallest exponent emin (subnormals below). */
static inline double rounded(double v, int bits, int emin, double largest) {
  int e;
  if (v == 0 || !isfinite(v)) return v;
  (void)frexp(v, &e);
  if (e - 1 < emin) e = emin + 1;
  double r = ldexp(nearbyint(ldexp(v, bits - e)), e - bits);
  return fabs(r) > largest ? copysign(INFINITY, r) : r;
}
static inline double half(double v) { return rounded(v, 11, -14, 65504); }

static inline float canonical_nan(void) {
  const uint32_t bits = 0x7fc00000;
  float v;
  memcpy(&v, &bits, sizeof v);
  return v;
}

/* Sum of numbers in [0, 1] in units of 2^-60: no order matters. */
struct exact_sum {
  __uint128_t units;
};
static inline void exact_add(struct exact_sum *s, double e) { s->units += (uint64_t)(e * 0x1p60); }
static inline double exact_total(const struct exact_sum *s) {
  return (double)(uint64_t)(s->units >> 64) * 16 + (double)(uint64_t)s->units * 0x1p-60;
}

#endif
