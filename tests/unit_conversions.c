/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mmax_widen is exact on all 2^32 patterns. mmax_narrow rounds to nearest even,
 * to infinity beyond the range: at every middle between neighbouring floats,
 * of both signs, subnormals and the first power of two beyond the range too,
 * and at the doubles on both sides of it. Every other double lies between two
 * of these that go to one float; that it goes there as well rests on the
 * instruction being monotone, and is tried on random doubles against MPFR.
 * Controls: conversions that flush subnormals, and middles that always go up.
 */
#include <mpfr.h>

#include "double_bits.h"
#include "random.h"
#include "ref/primitives.h"
#include "support.h"

#define INLINE static inline __attribute__((always_inline)) /* 2^34 calls, else through pointers */
#define NORMAL32 0x00800000u /* the least normal float */
#define INFINITY32 0x7f800000u
#define INFINITY64 0x7ff0000000000000u

static uint32_t bits32_of(float v) {
  uint32_t bits;
  memcpy(&bits, &v, sizeof bits);
  return bits;
}

static float of_bits32(uint32_t bits) {
  float v;
  memcpy(&v, &bits, sizeof v);
  return v;
}

/* The float of pattern b >= 0, finite, is significand(b) * 2^power(b). */
static uint32_t significand(uint32_t b) { return (b & 0x7fffffu) + (b < NORMAL32 ? 0 : NORMAL32); }
static int power(uint32_t b) { return (b < NORMAL32 ? 1 : (int)(b >> 23)) - 150; }

/* How many of the floats from..to-1, of both signs, are widened wrongly. */
INLINE uint64_t wide_wrong(double (*widen)(float), uint32_t from, uint32_t to) {
  uint64_t wrong = 0;
  for (uint32_t b = from; b < to; b++) {
    uint64_t want = double_bits(significand(b), power(b));
    wrong += bits_of(widen(of_bits32(b))) != want;
    wrong += bits_of(widen(of_bits32(b | 0x80000000u))) != (want | SIGN);
  }
  return wrong;
}

/* How many doubles at and beside the middles above the floats from..to-1, of both signs, go wrong. */
INLINE uint64_t narrow_wrong(float (*narrow)(double), uint32_t from, uint32_t to) {
  uint64_t wrong = 0;
  for (uint32_t b = from; b < to; b++) {
    uint64_t middle = double_bits(2 * (uint64_t)significand(b) + 1, power(b) - 1);
    uint32_t even = b + b % 2;
    for (uint32_t s = 0; s < 2; s++) {
      uint32_t sign = s << 31;
      uint64_t at = middle | s * SIGN;
      wrong += bits32_of(narrow(of_bits(at - 1))) != (b | sign);
      wrong += bits32_of(narrow(of_bits(at))) != (even | sign);
      wrong += bits32_of(narrow(of_bits(at + 1))) != ((b + 1) | sign);
    }
  }
  return wrong;
}

static double flushed_wide(float v) { return fabsf(v) < 0x1p-126f ? copysign(0.0, v) : (double)v; }
static float flushed(double v) { return fabs(v) < 0x1p-126 ? copysignf(0.0f, (float)v) : (float)v; }
static float half_up(double v) { return (float)of_bits((bits_of(v) + (1u << 28)) >> 29 << 29); }

static void widening(void) {
  CHECK(wide_wrong(mmax_widen, 0, INFINITY32) == 0);
  CHECK(wide_wrong(flushed_wide, 0, 2 * NORMAL32) == 2 * (NORMAL32 - 1));
  for (uint32_t s = 0; s < 2; s++) {
    uint32_t nans = 0, sign = s << 31;
    CHECK(bits_of(mmax_widen(of_bits32(INFINITY32 | sign))) == (INFINITY64 | s * SIGN));
    for (uint32_t b = INFINITY32 + 1; b < 0x80000000u; b++) nans += isnan(mmax_widen(of_bits32(b | sign))) != 0;
    CHECK(nans == NORMAL32 - 1);
  }
  mpfr_t bound; /* of the contract's range */
  mpfr_init2(bound, 128);
  CHECK(mpfr_set_str(bound, "3.4028235e38", 10, MPFR_RNDD) == 0);
  CHECK(mpfr_cmp_d(bound, of_bits(double_bits(significand(INFINITY32 - 1), power(INFINITY32 - 1)))) > 0);
  mpfr_clear(bound);
}

static void narrowing(void) {
  CHECK(narrow_wrong(mmax_narrow, 0, INFINITY32) == 0);
  CHECK(narrow_wrong(half_up, NORMAL32, 2 * NORMAL32) == NORMAL32);
  CHECK(narrow_wrong(flushed, 0, NORMAL32) > NORMAL32);
  for (uint32_t s = 0; s < 2; s++) { /* the ends */
    uint64_t sign = s * SIGN;
    CHECK(bits32_of(mmax_narrow(of_bits(sign))) == s << 31);
    CHECK(bits32_of(mmax_narrow(of_bits(sign | (INFINITY64 - 1)))) == (INFINITY32 | s << 31));
  }
}

static void by_mpfr(uint64_t *seed) {
  mpfr_t x;
  mpfr_init2(x, 53);
  for (int i = 0; i < 2000000; i++) {
    float f = random_finite(seed);
    mpfr_set_flt(x, f, MPFR_RNDN);
    CHECK(mmax_widen(f) == mpfr_get_d(x, MPFR_RNDN));
    double d = of_bits(random_u64(seed));
    if (i % 4 != 0) d = mpfr_get_d(x, MPFR_RNDN) * (1.0 + random_between(seed, -0x1p-23, 0x1p-23));
    if (!isfinite(d)) continue;
    mpfr_set_d(x, d, MPFR_RNDN);
    CHECK(mmax_narrow(d) == mpfr_get_flt(x, MPFR_RNDN));
  }
  mpfr_clear(x);
}

int main(void) {
  uint64_t seed = 9;
  widening();
  narrowing();
  by_mpfr(&seed);
  return verdict("unit_conversions");
}
