/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exact row sum: 128-bit count of grid steps in two limbs. Integer addition is
 * associative, so any order and any split of the row gives the same sum.
 */
#ifndef MMAX_REF_SUM_H
#define MMAX_REF_SUM_H

#include "arith.h"

typedef struct mmax_sum {
  uint64_t hi, lo;
} mmax_sum;

#ifdef __FRAMAC__
#include "sum.acsl"
#endif

/*@ requires  room:  s.hi < 18446744073709551615;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   count: sum_count(\result) == sum_count(s) + q;
*/
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
/*@ requires  range:  s.hi <= 262144 && fin(grid) && 0.0 < grid <= 0x1p700;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   range:  0.0 <= \result <= 0x1p83*grid + 1.0;
    ensures   close:  0x1p-300 <= sum_count(s)*grid ==> total_close(sum_count(s)*grid, \result);
    ensures   zero:   none_of(sum_count(s), \result);
*/
static inline double mmax_sum_total(mmax_sum s, double grid) {
  double h = mmax_u64_to_double(s.hi);
  /*@ assert hint_h: h == s.hi && 0.0 <= h <= 262144.0; */
  /*@ assert hint_grid: 0.0 < grid*0x1p64 <= 1.0e240; */
  double wide = mmax_mul(grid, 0x1p64);
  /*@ assert hint_wide: err64(grid*0x1p64, wide) && rnd64(0.0) <= wide; */
  /*@ assert hint_h_wide: product_le(h, 262144.0, wide); */
  /*@ assert hint_h_small: 0.0 <= h*wide <= 1.0e250; */
  double high = mmax_mul(h, wide);
  /*@ assert hint_high: err64(h*wide, high); */
  /*@ assert hint_high0: rnd64(0.0) <= rnd64(h*wide); */
  double l = mmax_u64_to_double(s.lo);
  /*@ assert hint_lo: err64(s.lo, l) && rnd64(0.0) <= l; */
  /*@ assert hint_l: 0.0 <= l <= 1.85e19; */
  /*@ assert hint_l_grid: product_le(l, 1.85e19, grid); */
  /*@ assert hint_l_small: 0.0 <= l*grid <= 1.0e250; */
  double low = mmax_mul(l, grid);
  /*@ assert hint_low: err64(l*grid, low); */
  /*@ assert hint_low0: rnd64(0.0) <= rnd64(l*grid); */
  /*@ assert hint_sum: 0.0 <= high + low <= 1.0e251; */
  double total = mmax_add(high, low);
  /*@ assert hint_total: err64(high + low, total); */
  /*@ assert hint_total0: rnd64(0.0) <= rnd64(high + low); */
  /*@ assert hint_lo_range: 0 <= s.lo; */
  /*@ assert hint_rounded: total_rounded(s.hi, s.lo, grid, wide, high, l, low, total); */
  /*@ assert hint_near: 0x1p-300 <= (s.hi*18446744073709551616.0 + s.lo)*grid ==>
                          total_close((s.hi*18446744073709551616.0 + s.lo)*grid, total); */
  /*@ assert hint_count: sum_count(s)*grid == (s.hi*18446744073709551616.0 + s.lo)*grid; */
  /*@ assert hint_limbs: none_of(sum_count(s), s.hi) && none_of(sum_count(s), s.lo); */
  /*@ assert hint_parts: none_of(sum_count(s), h) && none_of(sum_count(s), l); */
  /*@ assert hint_products: product_is(h, wide, high) && product_is(l, grid, low); */
  /*@ assert hint_none: none_of(sum_count(s), high) && none_of(sum_count(s), low); */
  /*@ assert hint_added: added_is(high, low, total); */
  return total;
}

/* The sum in units of 2^-50, at least one whole weight, of at most 2^31 terms. */
/*@ requires  range:  s.hi <= 131072 && sum_count(s) >= 1125899906842624;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  fin(\result) && 1.0 <= \result <= 1.0e10;
    ensures   error:  total_close(sum_weight(s), \result);
*/
static inline double mmax_sum_weight(mmax_sum s) {
  double h = mmax_u64_to_double(s.hi);
  /*@ assert hint_h: h == s.hi; */
  double high = mmax_mul(h, 0x1p14);
  /*@ assert hint_h1: s.hi*16384.0 == s.hi*16384; */
  /*@ assert hint_h2: rnd64(s.hi*16384) == s.hi*16384; */
  /*@ assert hint_high: high == s.hi*16384.0; */
  double l = mmax_u64_to_double(s.lo);
  /*@ assert hint_l: err64(s.lo, l); */
  /*@ assert hint_l2: 0.0 <= l <= 1.0e20; */
  double low = mmax_mul(l, 0x1p-50);
  /*@ assert hint_low: err64(l*0x1p-50, low); */
  /*@ assert hint_low1: 0.0 <= l*0x1p-50 <= 1.0e6; */
  /*@ assert hint_low2: rnd64(0.0) <= rnd64(l*0x1p-50); */
  /*@ assert hint_low3: 0.0 <= low <= 2.0e6; */
  double total = mmax_add(high, low);
  /*@ assert hint_total: err64(high + low, total); */
  /*@ assert hint_weight: sum_weight(s) == high + s.lo*0x1p-50; */
  /*@ assert hint_lo: s.hi == 0 ==> s.lo >= 1125899906842624; */
  /*@ assert hint_one: rnd64(1125899906842624.0) == 1125899906842624.0; */
  /*@ assert hint_l3: s.lo >= 1125899906842624 ==> l >= 1125899906842624.0; */
  /*@ assert hint_low4: s.lo >= 1125899906842624 ==> l*0x1p-50 >= 1.0; */
  /*@ assert hint_low5: s.lo >= 1125899906842624 ==> low >= 1.0; */
  /*@ assert hint_ge: high + low >= 1.0; */
  /*@ assert hint_close: total_close(high + s.lo*0x1p-50, total); */
  return total;
}

#endif
