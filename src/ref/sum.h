/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exact row sum: 128-bit count of grid steps in two limbs. Integer addition is
 * associative, so any order and any split of the row gives the same sum.
 */
#ifndef MMAX_REF_SUM_H
#define MMAX_REF_SUM_H

#include "primitives.h"

typedef struct mmax_sum {
  uint64_t hi, lo;
} mmax_sum;

static inline mmax_sum mmax_sum_add(mmax_sum s, uint64_t q) {
  uint64_t room = UINT64_MAX - s.lo;
  if (q > room) {
    s.hi = s.hi + 1;
    s.lo = q - room - 1;
  } else {
    s.lo = s.lo + q;
  }
  return s;
}

/* The sum as a double: hi*2^64*grid + lo*grid, grid a power of two. Three
   roundings, and only the first and last can be inexact for hi < 2^53. */
static inline double mmax_sum_total(mmax_sum s, double grid) {
  double high = mmax_u64_to_double(s.hi) * (grid * 0x1p64);
  double low = mmax_u64_to_double(s.lo) * grid;
  return high + low;
}

#endif
