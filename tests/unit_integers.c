/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mmax_double_to_int gives back every int. mmax_u64_to_double and
 * mmax_i64_to_double round to nearest even: all integers below 2^31, of both
 * signs; then, of every length from 32 to 64 bits, thousands of heads (the 53
 * leading bits: both ends of the binade, each single bit, each length of carry,
 * random ones) with every rest that a head can have. So every way to round is
 * tried, not each of 2^64 numbers. MPFR agrees on random ones. Controls: an int
 * through float32, a halving that forgets the bit it drops, rests cut off.
 */
#include <limits.h>
#include <mpfr.h>

#include "double_bits.h"
#include "random.h"
#include "ref/primitives.h"
#include "support.h"

enum { BESIDE = 4096, RANDOM_HEADS = 20000 };

typedef struct {
  double (*from_u64)(uint64_t);
  double (*from_i64)(int64_t);
  int (*to_int)(double);
} conversions;

static const conversions ours = {mmax_u64_to_double, mmax_i64_to_double, mmax_double_to_int};

/* u; and u and -u where int64_t holds them. */
static inline uint64_t rounded_wrong(conversions c, uint64_t u, uint64_t want) {
  uint64_t wrong = bits_of(c.from_u64(u)) != want;
  if (u < SIGN) wrong += bits_of(c.from_i64((int64_t)u)) != want;
  if (0 < u && u <= SIGN) wrong += bits_of(c.from_i64(-1 - (int64_t)(u - 1))) != (want | SIGN);
  return wrong;
}

/* How many of the integers 0..last, of both signs, go wrong or do not come back.
   Inlined, so that 2^33 calls do not go through pointers. */
static inline __attribute__((always_inline)) uint64_t small_wrong(conversions c, int last) {
  uint64_t wrong = 0;
  for (uint32_t k = 0; k <= (uint32_t)last; k++) {
    uint64_t want = double_bits(k, 0);
    wrong += c.to_int(of_bits(want)) != (int)k;
    wrong += c.to_int(of_bits(want | SIGN)) != -(int)k;
    wrong += rounded_wrong(c, k, want);
  }
  return wrong;
}

static uint64_t head_wrong(conversions c, uint64_t head, int rest_bits) {
  uint64_t wrong = 0;
  for (uint64_t rest = 0; rest >> rest_bits == 0; rest++) {
    uint64_t u = head << rest_bits | rest;
    wrong += rounded_wrong(c, u, double_bits(u, 0));
  }
  return wrong;
}

static uint64_t length_wrong(conversions c, int length, uint64_t *seed) {
  int rest = length > 53 ? length - 53 : 0;
  uint64_t top = (uint64_t)1 << (length - rest - 1), wrong = 0;
  for (uint64_t j = 0; j < BESIDE; j++)
    wrong += head_wrong(c, top + j, rest) + head_wrong(c, 2 * top - 1 - j, rest);
  for (uint64_t bit = 1; bit < top; bit *= 2)
    wrong += head_wrong(c, top | bit, rest) + head_wrong(c, top | (bit - 1), rest);
  for (int i = 0; i < RANDOM_HEADS; i++)
    wrong += head_wrong(c, top | random_u64(seed) % top, rest);
  return wrong;
}

static int by_float(double v) { return (int)(float)v; }
static double halved(uint64_t v) { return v < SIGN ? (double)(int64_t)v : 2.0 * (double)(int64_t)(v >> 1); }
static double cut(int64_t v) { return (double)(v / 1024 * 1024); }

int main(void) {
  uint64_t seed = 10;
  CHECK(small_wrong(ours, INT_MAX) == 0);
  CHECK(mmax_double_to_int(of_bits(double_bits(1u << 31, 0) | SIGN)) == INT_MIN);
  for (int length = 32; length <= 64; length++) CHECK(length_wrong(ours, length, &seed) == 0);
  CHECK(small_wrong((conversions){mmax_u64_to_double, mmax_i64_to_double, by_float}, (1 << 24) + 1) == 2);
  CHECK(length_wrong((conversions){halved, mmax_i64_to_double, NULL}, 64, &seed) > 0);
  CHECK(length_wrong((conversions){mmax_u64_to_double, cut, NULL}, 63, &seed) > 0);

  mpfr_t x;
  mpfr_init2(x, 64);
  for (int i = 0; i < 2000000; i++) {
    uint64_t u = random_u64(&seed) >> random_u64(&seed) % 64;
    mpfr_set_ui(x, u, MPFR_RNDN);
    CHECK(mmax_u64_to_double(u) == mpfr_get_d(x, MPFR_RNDN));
    mpfr_set_si(x, (int64_t)u, MPFR_RNDN);
    CHECK(mmax_i64_to_double((int64_t)u) == mpfr_get_d(x, MPFR_RNDN));
  }
  mpfr_clear(x);
  return verdict("unit_integers");
}
