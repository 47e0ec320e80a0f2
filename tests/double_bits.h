/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of numbers, for tests: the nearest float64 by integer arithmetic alone. */
#ifndef TEST_DOUBLE_BITS_H
#define TEST_DOUBLE_BITS_H

#include <stdint.h>
#include <string.h>

#define SIGN ((uint64_t)1 << 63)

static inline uint64_t bits_of(double v) {
  uint64_t bits;
  memcpy(&bits, &v, sizeof bits);
  return bits;
}

static inline double of_bits(uint64_t bits) {
  double v;
  memcpy(&v, &bits, sizeof v);
  return v;
}

/* Of m * 2^e, ties to even; the result is 0 or normal. */
static inline uint64_t double_bits(uint64_t m, int e) {
  if (m == 0) return 0;
  int excess = 11 - __builtin_clzll(m); /* bits of m beyond 53 */
  uint64_t kept;
  if (excess <= 0) {
    kept = m << -excess;
  } else {
    uint64_t half = (uint64_t)1 << (excess - 1), rest = m & (2 * half - 1);
    kept = m >> excess;
    kept += rest > half || (rest == half && kept % 2 == 1);
  }
  /* kept is from 2^52 to 2^53: it adds 1 or, carried, 2 to the exponent's field */
  return ((uint64_t)(e + excess + 1074) << 52) + kept;
}

#endif
