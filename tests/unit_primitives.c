/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contracts of src/ref/primitives.h hold of their bodies: the class of all
 * 2^32 floats; 2^k for every k; exponent_above at every binade, its edges and
 * inside; grid steps against exact integers; conversions against MPFR.
 * Controls: a class test without the sign and an exponent off by one differ.
 */
#include <math.h>
#include <mpfr.h>

#include "random.h"
#include "ref/primitives.h"
#include "support.h"

static void classes(void) {
  uint32_t wrong = 0, control = 0, bits = 0;
  do {
    float v;
    memcpy(&v, &bits, sizeof v);
    enum mmax_class want = isfinite(v)             ? MMAX_FINITE
                           : isinf(v) && v < 0.0f ? MMAX_MINUS_INF
                                                  : MMAX_NAN_OR_PLUS_INF;
    wrong += mmax_classify(v) != want;
    control += (isinf(v) ? MMAX_MINUS_INF : want) != want;
  } while (++bits != 0);
  CHECK(wrong == 0 && control == 1);
  CHECK(isnan(mmax_canonical_nan()) && isinf(mmax_minus_inf()) && mmax_minus_inf() < 0.0f);
  CHECK(isnan(mmax_wide_nan()) && isinf(mmax_wide_inf()) && mmax_wide_inf() > 0.0);
  CHECK(isinf(mmax_plus_inf()) && mmax_plus_inf() > 0.0f);
  CHECK(isinf(mmax_wide_minus_inf()) && mmax_wide_minus_inf() < 0.0);
}

static void exponents(uint64_t *seed) {
  int control = 0;
  for (int k = -1022; k <= 1023; k++) CHECK(mmax_pow2(k) == ldexp(1.0, k));
  for (int e = -1022; e < 1022; e++) {
    double low = ldexp(1.0, e);
    const double v[4] = {low, nextafter(low, INFINITY), low * random_between(seed, 1.0, 2.0),
                         nextafter(2.0 * low, 0.0)};
    for (int i = 0; i < 4; i++) {
      double above = ldexp(1.0, mmax_exponent_above(v[i]));
      CHECK(v[i] < above && above <= 2.0 * v[i]);
      control += !(v[i] < 0.5 * above);
    }
  }
  CHECK(control > 0);
}

/* big = 6*2^E; every t of the form big + j grid, |j| <= 2^51. */
static void steps(uint64_t *seed) {
  for (int e = -200; e <= 700; e++) {
    double big = 6.0 * ldexp(1.0, e), grid = ldexp(1.0, e - 50);
    const int64_t limit = (int64_t)1 << 51;
    for (int i = 0; i < 300; i++) {
      int64_t j = (int64_t)(random_u64(seed) % (2 * (uint64_t)limit)) - limit;
      if (i < 4) j = i < 2 ? i : i == 2 ? -limit : limit - 1;
      double t = big + (double)j * grid; /* exact: fewer than 53 bits */
      CHECK(mmax_steps(t, big) == j);
    }
  }
}

static void conversions(uint64_t *seed) {
  mpfr_t x;
  mpfr_init2(x, 64);
  for (int i = 0; i < 2000000; i++) {
    uint64_t u = random_u64(seed) >> random_u64(seed) % 64;
    if (i % 3 == 0) u = (u | 0x400u) & ~(uint64_t)0x3ffu; /* near ties */
    mpfr_set_ui(x, u, MPFR_RNDN);
    CHECK(mmax_u64_to_double(u) == mpfr_get_d(x, MPFR_RNDN));
    int64_t s = (int64_t)u;
    mpfr_set_si(x, s, MPFR_RNDN);
    CHECK(mmax_i64_to_double(s) == mpfr_get_d(x, MPFR_RNDN));
    float f = random_finite(seed);
    mpfr_set_flt(x, f, MPFR_RNDN);
    CHECK(mmax_widen(f) == mpfr_get_d(x, MPFR_RNDN));
    double d = (double)f * (1.0 + random_between(seed, -1.0, 1.0) * 0x1p-23);
    if (i % 5 == 0) d = ((double)f + (double)nextafterf(f, INFINITY)) / 2.0; /* ties */
    mpfr_set_d(x, d, MPFR_RNDN);
    float want = mpfr_get_flt(x, MPFR_RNDN), got = mmax_narrow(d);
    CHECK(got == want || (isnan(got) && isnan(want)));
    int k = (int)(random_u64(seed) % 400) - 200;
    CHECK(mmax_double_to_int((double)k) == k);
  }
  CHECK(isinf(mmax_narrow(0x1.ffffffp127)) && mmax_narrow(0x1.fffffefffffffp127) == 0x1.fffffep127f);
  mpfr_clear(x);
}

int main(void) {
  uint64_t seed = 8;
  classes();
  exponents(&seed);
  steps(&seed);
  conversions(&seed);
  return verdict("unit_primitives");
}
