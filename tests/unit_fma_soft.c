/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The integer fma equals the processor's (or the C library's) on random
 * triples, with the exponents pulled together so that products and addends
 * meet, cancel, tie and underflow. Control: multiply and add apart must differ.
 */
#include <stdio.h>
#include <stdlib.h>

#include "random.h"
#include "ref/primitives.h"
#if defined(__FMA__) || defined(__aarch64__)
#include "ref/fma_soft.h"
#endif

static double with_exponent(uint64_t *seed, int lo, int hi) {
  uint64_t r = random_u64(seed);
  uint64_t fraction = r & 0xfffffffffffffu;
  if (r >> 60 < 6) fraction &= random_u64(seed) & random_u64(seed) & random_u64(seed);
  int e = lo + (int)(random_u64(seed) % (uint64_t)(hi - lo + 1));
  if (e < 0) e = 0;
  return mmax_from_bits((r >> 63 << 63) | (uint64_t)e << 52 | fraction);
}

int main(void) {
  uint64_t seed = 20240615, differing = 0, control = 0;
  const long count = 3000000;
  for (long i = 0; i < count; i++) {
    int ex = 400 + (int)(random_u64(&seed) % 600);
    double x = with_exponent(&seed, ex, ex), y, z;
    if (i % 4 == 0) { /* results near the subnormals */
      x = with_exponent(&seed, 0, 600);
      y = with_exponent(&seed, 1023 - 600, 1023);
      z = with_exponent(&seed, 0, 60);
    } else {
      int ey = 900 + (int)(random_u64(&seed) % 200);
      y = with_exponent(&seed, ey, ey);
      z = with_exponent(&seed, ex + ey - 1023 - 120, ex + ey - 1023 + 120);
    }
    if (i % 16 == 5) z = -(x * y); /* full cancellation leaves the product's tail */
    if (i % 64 == 7) z = 0.0;
    double want = fma(x, y, z), got = mmax_fma_soft(x, y, z);
    if (!isfinite(want)) continue;
    if (mmax_bits(want) != mmax_bits(got)) {
      if (differing++ < 5) printf("fma(%a, %a, %a): got %a, want %a\n", x, y, z, got, want);
    }
    if (mmax_bits(want) != mmax_bits(x * y + z)) control++;
  }
  if (differing > 0 || control == 0) {
    printf("FAIL unit_fma_soft mismatches=%llu control=%llu\n", (unsigned long long)differing,
           (unsigned long long)control);
    return 1;
  }
  printf("PASS unit_fma_soft seed=20240615 triples=%ld mismatches=0 (unfused differs %llu times)\n",
         count, (unsigned long long)control);
  return 0;
}
