/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The accumulator against GMP: sums of value*2^unit in any order are exact,
 * merging is commutative and associative, the byte form is the documented one,
 * and finish rounds to nearest even as MPFR does. Control: a dropped carry.
 */
#include <gmp.h>
#include <mpfr.h>
#include <string.h>

#include "random.h"
#include "ref/gradient.h"
#include "support.h"

/* acc as an integer in units of 2^-256. */
static void to_mpz(mpz_t out, const uint64_t limb[MMAX_ACC_LIMBS]) {
  mpz_import(out, MMAX_ACC_LIMBS, -1, sizeof(uint64_t), 0, 0, limb);
  if (limb[MMAX_ACC_LIMBS - 1] >> 63) {
    mpz_t wrap;
    mpz_init(wrap);
    mpz_setbit(wrap, 64 * MMAX_ACC_LIMBS);
    mpz_sub(out, out, wrap);
    mpz_clear(wrap);
  }
}

static int equals(const uint64_t limb[MMAX_ACC_LIMBS], const mpz_t want) {
  mpz_t got;
  mpz_init(got);
  to_mpz(got, limb);
  int same = mpz_cmp(got, want) == 0;
  mpz_clear(got);
  return same;
}

static double nearest(const mpz_t v) {
  mpfr_t f;
  mpfr_init2(f, 53);
  mpfr_set_z_2exp(f, v, -256, MPFR_RNDN);
  double d = mpfr_get_d(f, MPFR_RNDN);
  mpfr_clear(f);
  return d;
}

/* Values that carry far, cancel, and end in ties. */
static int64_t random_sum(uint64_t *seed) {
  uint64_t r = random_u64(seed);
  int64_t v = (int64_t)(r >> (1 + random_u64(seed) % 62));
  if (r % 5 == 0) v = (int64_t)1 << random_u64(seed) % 63;
  if (r % 7 == 0) v = INT64_MAX;
  return r & 64 ? -v : v;
}

static void sums(uint64_t *seed) {
  enum { TERMS = 60 };
  int control = 0;
  for (int round = 0; round < 2000; round++) {
    int64_t value[TERMS];
    int unit[TERMS], spread = 1 + (int)(random_u64(seed) % 850);
    mpz_t want, term;
    mpz_init(want);
    mpz_init(term);
    mmax_accumulator acc[3];
    for (int k = 0; k < 3; k++) mmax_accumulator_init(&acc[k]);
    for (int i = 0; i < TERMS; i++) {
      value[i] = i > 40 && i % 2 ? -value[i - 1] : random_sum(seed);
      unit[i] = i > 40 && i % 2 ? unit[i - 1] : (int)(random_u64(seed) % (uint64_t)spread) - 256;
      mpz_set_si(term, value[i]);
      mpz_mul_2exp(term, term, (mp_bitcnt_t)(unit[i] + 256));
      mpz_add(want, want, term);
      mmax_limbs_add(acc[0].limb[3], value[i], unit[i]);
    }
    for (int i = TERMS; i-- > 0;) mmax_limbs_add(acc[1 + i % 2].limb[3], value[i], unit[i]);
    CHECK(equals(acc[0].limb[3], want));
    mmax_accumulator ab = acc[1], ba = acc[2];
    CHECK(mmax_accumulator_merge(&ab, &acc[2]) == MMAX_OK);
    CHECK(mmax_accumulator_merge(&ba, &acc[1]) == MMAX_OK);
    CHECK(memcmp(&ab, &ba, sizeof ab) == 0 && equals(ab.limb[3], want));
    double grad[MMAX_NPARAMS];
    mmax_params p;
    mmax_params_softmax(&p);
    CHECK(mmax_accumulator_finish(&ab, &p, grad) == MMAX_OK && grad[3] == nearest(want));
    uint8_t bytes[MMAX_ACC_BYTES];
    mmax_accumulator back;
    CHECK(mmax_accumulator_store(&ab, bytes) == MMAX_OK);
    CHECK(mmax_accumulator_load(&back, bytes) == MMAX_OK && memcmp(&back, &ab, sizeof ab) == 0);
    CHECK(memcmp(bytes, "MMAXACC1", 8) == 0);
    ab.limb[3][5] ^= 1; /* a lost carry */
    control += !equals(ab.limb[3], want);
    mpz_clear(want);
    mpz_clear(term);
  }
  CHECK(control == 2000);
}

/* The bytes of a small sum, written by hand from the header's description. */
static void byte_form(void) {
  mmax_accumulator acc;
  uint8_t bytes[MMAX_ACC_BYTES];
  mmax_accumulator_init(&acc);
  acc.rows = 0x0102;
  acc.nonfinite_rows = 3;
  mmax_limbs_add(acc.limb[1], -2, -256);
  CHECK(mmax_accumulator_store(&acc, bytes) == MMAX_OK);
  CHECK(bytes[8] == 2 && bytes[9] == 1 && bytes[16] == 3);
  const uint8_t *second = bytes + 24 + 8 * MMAX_ACC_LIMBS;
  CHECK(second[0] == 0xfe && second[1] == 0xff && second[8 * MMAX_ACC_LIMBS - 1] == 0xff);
  CHECK(second[8 * MMAX_ACC_LIMBS] == 0);
}

/* The parameter factors of the last column in specs/semantics.md#backward. */
static void factors(void) {
  mmax_params p;
  const float ts[4] = {0.5f, -0.25f, 0.125f, -2.0f}, ranges[4] = {0, 1, 2, 3};
  double grad[MMAX_NPARAMS];
  static const double want[MMAX_NPARAMS] = {1, 1, 1, 1, 0.5, 0.25, 0.25, 4.0, 1, 1};
  mmax_accumulator acc;
  CHECK(mmax_params_from_ts(&p, MMAX_ORDER_2, ts, ranges) == MMAX_OK);
  mmax_accumulator_init(&acc);
  for (int j = 0; j < MMAX_NPARAMS; j++) mmax_limbs_add(acc.limb[j], 1, 0);
  CHECK(mmax_accumulator_finish(&acc, &p, grad) == MMAX_OK);
  for (int j = 0; j < MMAX_NPARAMS; j++) CHECK(grad[j] == want[j]);
}

int main(void) {
  uint64_t seed = 41;
  sums(&seed);
  byte_form();
  factors();
  return verdict("unit_accumulator");
}
