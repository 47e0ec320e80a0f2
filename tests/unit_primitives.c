/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contracts of src/ref/primitives.h hold of their bodies: the class of all
 * 2^32 floats; 2^k for every k; exponent_above in every binade of its contract,
 * at its ends, at each single bit and inside; grid steps on every grid: at both
 * ends, which decide the rest, patterns of a sign being in order, and inside.
 * The fma has unit_fma_soft, conversions have unit_conversions, unit_integers.
 * Controls: a class test without the sign differs, and 2^E taken for above 2^E.
 */
#include <float.h>
#include <math.h>

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

/* Powers by doubling, which is exact. */
static void powers(void) {
  double power = DBL_MIN;
  for (int k = -1022; k <= 1023; k++, power *= 2.0) {
    CHECK(mmax_pow2(k) == power);
    CHECK(k != 0 || power == 1.0);
  }
  CHECK(isinf(power));
}

static uint64_t above_wrong(int (*above)(double), uint64_t *seed) {
  double power = DBL_MIN; /* 2^(e-1) */
  uint64_t wrong = 0;
  for (int e = -1021; e <= 1023; e++, power *= 2.0) {
    wrong += above(power) != e;
    wrong += above(nextafter(2.0 * power, 0.0)) != e;
    for (int bit = 1; bit <= 52; bit++) wrong += above(power + ldexp(power, -bit)) != e;
    for (int i = 0; i < 20; i++) wrong += above(power * random_between(seed, 1.0, 2.0)) != e;
  }
  return wrong;
}

static int above_or_at(double v) {
  int e;
  return frexp(v, &e) == 0.5 ? e - 1 : e;
}

/* big = 6*2^e; every t of the contract is big + j*grid, |j| <= 2^51. */
static void steps(uint64_t *seed) {
  const int64_t limit = (int64_t)1 << 51;
  for (int e = -900; e <= 900; e++) {
    double big = 6.0 * ldexp(1.0, e), grid = ldexp(1.0, e - 50);
    for (int i = 0; i < 300; i++) {
      int64_t j = (int64_t)(random_u64(seed) % (2 * (uint64_t)limit)) - limit;
      const int64_t at[6] = {-limit, limit, -1, 0, 1, limit - 1};
      if (i < 6) j = at[i];
      double t = big + (double)j * grid; /* exact: fewer than 53 bits */
      CHECK(mmax_steps(t, big) == j);
    }
  }
}

int main(void) {
  uint64_t seed = 8;
  classes();
  powers();
  CHECK(above_wrong(mmax_exponent_above, &seed) == 0);
  CHECK(above_wrong(above_or_at, &seed) == 2045); /* one of each binade */
  steps(&seed);
  return verdict("unit_primitives");
}
