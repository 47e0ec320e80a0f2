/* SPDX-License-Identifier: Apache-2.0 */
/* Left shift of a limb into two, without wrap-around. */
#ifndef MMAX_REF_SHIFT_H
#define MMAX_REF_SHIFT_H

#include <stdint.h>

#ifdef __FRAMAC__
#include "shift.acsl"
#endif

typedef struct mmax_pair {
  uint64_t lo, hi;
} mmax_pair;

/* v * 2^s = lo + 2^64 hi. */
/*@ requires  shift:  s <= 63;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact:  is_wide(\result.lo, \result.hi, scaled(v, s));
    ensures   range:  \result.hi <= v;
*/
static inline mmax_pair mmax_shift_wide(uint64_t v, unsigned s) {
  mmax_pair r = {v, 0};
  if (s > 0) {
    r.hi = v >> (64 - s);
    /*@ assert hint_cut: cut(r.hi, 64 - s, v); */
    /*@ assert hint_hi: scaled(r.hi, 64 - s) <= v < scaled(r.hi + 1, 64 - s); */
    /*@ assert hint_full: scaled(scaled(r.hi, 64 - s), s) == scaled(r.hi, 64); */
    /*@ assert hint_one: scaled(r.hi + 1, 64 - s) == scaled(r.hi, 64 - s) + scaled(1, 64 - s); */
    uint64_t kept = r.hi << (64 - s);
    /*@ assert hint_kept: kept == scaled(r.hi, 64 - s); */
    uint64_t rest = v - kept;
    /*@ assert hint_rest: 0 <= rest < scaled(1, 64 - s); */
    /*@ assert hint_unit: scaled(scaled(1, 64 - s), s) == (1 << 64); */
    /*@ assert hint_room: 0 <= scaled(rest, s) < (1 << 64); */
    r.lo = rest << s;
    /*@ assert hint_lo: r.lo == scaled(rest, s); */
    /*@ assert hint_sum: scaled(v, s) == scaled(kept, s) + scaled(rest, s); */
  }
  return r;
}

#endif
