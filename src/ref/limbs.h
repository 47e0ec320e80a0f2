/* SPDX-License-Identifier: Apache-2.0 */
/* Integer arithmetic on 64-bit limbs without wrap-around: add and subtract with carry. */
#ifndef MMAX_REF_LIMBS_H
#define MMAX_REF_LIMBS_H

#include <stdint.h>

#ifdef __FRAMAC__
#include "accumulator.acsl"
#endif

typedef struct mmax_limb {
  uint64_t value, carry; /* carry: 0 or 1 */
} mmax_limb;

/* a + b + carry = value + 2^64 carry'. */
/*@ requires  carry:  carry <= 1;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   carry:  \result.carry <= 1;
    ensures   exact:  sum_is(a, b, carry, \result.value, \result.carry);
*/
static inline mmax_limb mmax_limb_add(uint64_t a, uint64_t b, uint64_t carry) {
  mmax_limb r = {0, 1};
  uint64_t room = UINT64_MAX - a;
  if (carry != 0 ? b >= room : b > room) {
    r.value = b - room - (1 - carry);
  } else {
    r.value = a + b + carry;
    r.carry = 0;
  }
  return r;
}

/* a - b - carry = value - 2^64 carry'. */
/*@ requires  carry:  carry <= 1;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   carry:  \result.carry <= 1;
    ensures   exact:  difference_is(a, b, carry, \result.value, \result.carry);
*/
static inline mmax_limb mmax_limb_sub(uint64_t a, uint64_t b, uint64_t carry) {
  mmax_limb r = {0, 1};
  if (carry != 0 ? a <= b : a < b) {
    r.value = a + (UINT64_MAX - b) + (1 - carry);
  } else {
    r.value = a - b - carry;
    r.carry = 0;
  }
  return r;
}

/* p[i] = v. */
/*@ requires  index:  0 <= i < 16;
    requires  valid:  \valid(p + i);
    terminates \true;
    exits     \false;
    assigns   p[i];
    ensures   value:  p[i] == v;
    ensures   prefix: limbs(p, i + 1) == limbs{Pre}(p, i) + digit(i, v);
    ensures   rest:   same_limbs{Pre, Here}(p, i + 1, 16);
    ensures   frame:  \forall uint64_t *q; q == p || \separated(p + (0 .. 15), q + (0 .. 15)) ==>
                        same_limbs{Pre, Here}(q, i + 1, 16);
*/
static inline void mmax_limb_put(uint64_t *p, int i, uint64_t v) {
  p[i] = v;
  /*@ assert hint_below: \forall integer k; 0 <= k < i ==> p[k] == \at(p[k], Pre); */
  /*@ assert hint_low: limbs(p, i) == limbs{Pre}(p, i); */
  /*@ assert hint_next: limbs(p, i + 1) == limbs(p, i) + digit(i, p[i]); */
}

#endif
