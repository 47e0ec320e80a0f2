/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mmax_widen16 is exact on all 65,536 patterns of both formats; mmax_round16 is
 * the nearest pattern, ties to even, as MPFR and integer arithmetic round: at
 * every value, every middle between neighbours and the doubles beside it,
 * beyond the range, among double's subnormals, on random doubles; and in every
 * rounding mode of the caller. Inside a binade the rounding is one addition of
 * a constant, so monotone: its values at both ends and on both sides of every
 * middle decide it for all doubles. Controls: rounding twice, through
 * float32, is not the same, and the middle without its tie rule is not.
 */
#include <fenv.h>
#include <mpfr.h>

#include "random.h"
#include "storage.h"
#include "support.h"

static uint16_t round_by_mpfr(mmax_storage s, double v) {
  const format16 f = format_of(s);
  if (isnan(v)) return f.nan;
  mpfr_t x;
  mpfr_set_emin(-1200);
  mpfr_set_emax(1200);
  mpfr_init2(x, f.precision);
  /* MPFR's exponents are of numbers in [1/2, 1) */
  mpfr_set_emin(f.least - f.precision + 2);
  mpfr_set_emax(-f.least + 2);
  int ternary = mpfr_set_d(x, v, MPFR_RNDN);
  ternary = mpfr_check_range(x, ternary, MPFR_RNDN);
  mpfr_subnormalize(x, ternary, MPFR_RNDN);
  double r = fabs(mpfr_get_d(x, MPFR_RNDN)), least = ldexp(1.0, f.least);
  mpfr_clear(x);
  int sign = signbit(v) ? 0x8000 : 0;
  if (isinf(r)) return (uint16_t)(sign | f.infinity);
  int exponent = 0;
  if (r < least) return (uint16_t)(sign | (int)ldexp(r, f.precision - 1 - f.least));
  double fraction = 2.0 * frexp(r, &exponent) - 1.0; /* r = (1 + fraction) 2^(exponent - 1) */
  return (uint16_t)(sign | (exponent - f.least) << (f.precision - 1) |
                    (int)ldexp(fraction, f.precision - 1));
}

static uint32_t bits32(float v) {
  uint32_t b;
  memcpy(&b, &v, sizeof b);
  return b;
}

static void widening(mmax_storage s) {
  const format16 f = format_of(s);
  for (int b = 0; b < PATTERNS; b++) {
    float v = mmax_widen16(s, (uint16_t)b);
    double want = widen_by_fields(s, (uint16_t)b);
    if (isnan(want)) {
      CHECK(bits32(v) == 0x7fc00000u && mmax_round16(s, (double)v) == f.nan);
      continue;
    }
    CHECK((double)v == want && (signbit(v) != 0) == b >> 15);
    if (s == MMAX_BFLOAT16) CHECK(bits32(v) == (uint32_t)b << 16);
    CHECK(mmax_round16(s, (double)v) == b);
  }
}

/* One value under both signs; returns 1 if rounding twice goes elsewhere. */
static int agrees(mmax_storage s, double v) {
  for (int sign = 0; sign < 2; sign++, v = -v) {
    uint16_t got = mmax_round16(s, v);
    CHECK(got == round_by_mpfr(s, v));
    CHECK(got == round_by_integers(s, v));
  }
  return mmax_round16(s, (double)(float)v) != mmax_round16(s, v);
}

static void rounding(mmax_storage s, uint64_t *seed) {
  const format16 f = format_of(s);
  int twice = 0, ties_to_odd = 0;
  for (int b = 0; b < f.infinity; b++) {
    double low = widen_by_fields(s, (uint16_t)b);
    double high = b + 1 == f.infinity ? ldexp(1.0, 2 - f.least) : widen_by_fields(s, (uint16_t)(b + 1));
    double middle = low + (high - low) / 2.0; /* exact */
    uint16_t even = (uint16_t)(b + b % 2);
    CHECK(mmax_round16(s, middle) == even && mmax_round16(s, -middle) == (even | 0x8000));
    CHECK(mmax_round16(s, nextafter(middle, 0.0)) == b);
    CHECK(mmax_round16(s, nextafter(middle, (double)INFINITY)) == b + 1);
    ties_to_odd += mmax_round16(s, middle) != b + 1;
    const double near[7] = {low, nextafter(low, (double)INFINITY), nextafter(middle, 0.0), middle,
                            nextafter(middle, (double)INFINITY), nextafter(high, 0.0),
                            low + (high - low) * random_unit(seed)};
    for (int i = 0; i < 7; i++) twice += agrees(s, near[i]);
  }
  CHECK(twice >= f.infinity && ties_to_odd > 0); /* one neighbour of every middle */
  const double far[] = {0.0, 0x1p-1074, 0x1p-1022, 0x1p-200, 0x1p-134, 0x1.8p-134, 65519.999999999,
                        65520.0, 65536.0, 0x1.fep127, 0x1.fefffffffffffp127, 0x1.ffp127, 0x1p128,
                        0x1p129, 0x1p200, 1e308, 0x1.fffffffffffffp1023, (double)INFINITY};
  for (size_t i = 0; i < sizeof far / sizeof *far; i++) agrees(s, far[i]);
  CHECK(mmax_round16(s, (double)NAN) == f.nan && mmax_round16(s, -(double)NAN) == f.nan);
  for (int i = 0; i < 400000; i++) {
    uint64_t raw = random_u64(seed);
    double v;
    memcpy(&v, &raw, sizeof v);
    if (i & 1) v = ldexp(random_between(seed, 1.0, 2.0), (int)(random_u64(seed) % 290) - 150);
    agrees(s, v);
  }
}

/* The caller's rounding mode changes nothing. */
static void environments(mmax_storage s) {
  static const int modes[3] = {FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
  for (int m = 0; m < 3; m++)
    for (int b = 0; b < PATTERNS; b += 7) {
      if (is_nan16(s, (uint16_t)b)) continue;
      double v = widen_by_fields(s, (uint16_t)b) * (1.0 + 0x1p-20);
      fesetround(modes[m]);
      uint16_t got = mmax_round16(s, v);
      float back = mmax_widen16(s, (uint16_t)b);
      int kept = fegetround() == modes[m];
      fesetround(FE_TONEAREST);
      CHECK(kept && got == round_by_integers(s, v));
      CHECK((double)back == widen_by_fields(s, (uint16_t)b));
    }
}

int main(void) {
  uint64_t seed = 16;
  for (int k = 0; k < 2; k++) {
    widening(storages[k]);
    rounding(storages[k], &seed);
    environments(storages[k]);
  }
  return verdict("unit_storage");
}
