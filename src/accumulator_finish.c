/* SPDX-License-Identifier: Apache-2.0 */
/* The exact sums of an accumulator as parameter gradients: the only place that rounds them. */
#include "fpenv.h"
#include "multimax.h"
#include "ref/arith.h"
#include "ref/limbs.h"

#ifdef __FRAMAC__
#include "finish.acsl"
#endif

#define LIMBS MMAX_ACC_LIMBS

/*@ requires  limb:   \valid_read(limb + (0 .. 15));
    requires  into:   \valid(into + (0 .. 15));
    requires  apart:  \separated(limb + (0 .. 15), into + (0 .. 15));
    requires  given:  0 < limbs((uint64_t *)limb, 16);
    terminates \true;
    exits     \false;
    assigns   into[0 .. 15];
    ensures   value:  limbs(into, 16) == digit(16, 1) - limbs((uint64_t *)limb, 16);
*/
static void negate(const uint64_t limb[LIMBS], uint64_t into[LIMBS]) {
  uint64_t borrow = 0;
  /*@ loop invariant range: 0 <= i <= 16 && borrow <= 1;
      loop invariant sum:   limbs(into, i) + limbs((uint64_t *)limb, i) == digit(i, borrow);
      loop assigns   i, borrow, into[0 .. 15];
      loop variant   16 - i;
  */
  for (int i = 0; i < LIMBS; i++) {
    mmax_limb d = mmax_limb_sub(0, limb[i], borrow);
    /*@ assert hint_digit: digit(i, 0) - digit(i, limb[i]) - digit(i, borrow) == digit(i, d.value) - digit(i + 1, d.carry); */
    /*@ assert hint_old: limbs((uint64_t *)limb, i + 1) == limbs((uint64_t *)limb, i) + digit(i, limb[i]); */
    mmax_limb_put(into, i, d.value);
    /*@ assert hint_same: \forall integer k; 0 <= k < 16 ==> limb[k] == \at(limb[k], LoopCurrent); */
    /*@ assert hint_limbs: limbs_still{LoopCurrent,Here}((uint64_t *)limb, \at(i, Here) + 1); */
    /*@ assert hint_limb: limbs((uint64_t *)limb, i + 1) == limbs{LoopCurrent}((uint64_t *)limb, \at(i, Here) + 1); */
    borrow = d.carry;
  }
}

/* Index of the highest limb that is not 0, or 0. */
/*@ requires  limb:   \valid_read(m + (0 .. 15));
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  0 <= \result <= 15;
    ensures   all:    limbs((uint64_t *)m, \result + 1) == limbs((uint64_t *)m, 16);
    ensures   found:  \result == 0 || m[\result] != 0;
*/
static int top_limb(const uint64_t m[LIMBS]) {
  int top = LIMBS - 1;
  /*@ loop invariant range: 0 <= top <= 15;
      loop invariant all:   limbs((uint64_t *)m, top + 1) == limbs((uint64_t *)m, 16);
      loop assigns   top;
      loop variant   top;
  */
  while (top > 0 && m[top] == 0) {
    /*@ assert hint_next: limbs((uint64_t *)m, top + 1) == limbs((uint64_t *)m, top) + digit(top, m[top]); */
    /*@ assert hint_zero: digit(top, 0) == 0; */
    top--;
  }
  return top;
}

/*@ requires  count:  0 <= n <= 16;
    requires  limb:   \valid_read(m + (0 .. 15));
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact:  \result != 0 <==> limbs((uint64_t *)m, n) != 0;
*/
static int any_limb(const uint64_t m[LIMBS], int n) {
  int any = 0;
  /*@ loop invariant range: 0 <= i <= n;
      loop invariant any:   any != 0 <==> limbs((uint64_t *)m, i) != 0;
      loop assigns   i, any;
      loop variant   n - i;
  */
  for (int i = 0; i < n; i++) {
    /*@ assert hint_next: limbs((uint64_t *)m, i + 1) == limbs((uint64_t *)m, i) + digit(i, m[i]); */
    /*@ assert hint_low: 0 <= limbs((uint64_t *)m, i); */
    /*@ assert hint_digit: m[i] != 0 ? digit(i, m[i]) > 0 : digit(i, m[i]) == 0; */
    if (m[i] != 0) any = 1;
  }
  return any;
}

/* first * 2^64 + below = bits * 2^(64 - lead) + rest: its 64 highest bits, and what is left. */
typedef struct head {
  uint64_t bits, rest;
  int lead;
} head;

/*@ requires  first:  first >= 1;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   lead:   0 <= \result.lead <= 63;
    ensures   bits:   \result.bits >= 9223372036854775808;
    ensures   exact:  head_is(\result.bits, 64 - \result.lead, \result.rest, 18446744073709551616 * first + below);
*/
static head head_of(uint64_t first, uint64_t below) {
  const uint64_t high = (uint64_t)1 << 63;
  uint64_t bits = first, rest = below, half = high;
  int lead = 0;
  /*@ assert hint_wide: is_wide(below, first, 18446744073709551616 * first + below); */
  /*@ loop invariant lead:  0 <= lead <= 63;
      loop invariant half:  times_p2(half, 1, 63 - lead);
      loop invariant exact: head_is(bits, 64 - lead, rest, 18446744073709551616 * first + below);
      loop assigns   bits, rest, half, lead;
      loop variant   63 - lead;
  */
  while (bits < high) {
    /*@ assert hint_step: sum_of(64 - lead, 63 - lead, 1); */
    /*@ assert hint_lead: lead < 63; */
    /*@ assert hint_half: \exists integer n; half == 2 * n && times_p2(n, 1, 62 - lead); */
    if (rest >= half) {
      /*@ assert hint_double: doubled(2 * bits + 1, bits, 1) && sum_of(rest, rest - half, half); */
      /*@ assert hint_one: head_is(2 * bits + 1, 63 - lead, rest - half, 18446744073709551616 * first + below); */
      bits = 2 * bits + 1;
      rest -= half;
    } else {
      /*@ assert hint_double: doubled(2 * bits, bits, 0); */
      /*@ assert hint_zero: head_is(2 * bits, 63 - lead, rest, 18446744073709551616 * first + below); */
      bits = 2 * bits;
    }
    half /= 2;
    lead++;
  }
  head h = {bits, rest, lead};
  return h;
}

/* bits, or the odd one of its pair if more lies below it: 64 bits are 11 more than a double keeps. */
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   whole:  more == 0 ==> \result == bits;
    ensures   odd:    more != 0 ==> \result == 2 * (bits / 2) + 1;
*/
static uint64_t jam(uint64_t bits, int more) { return more ? 2 * (bits / 2) + 1 : bits; }

/* m[top] is not 0 and the limbs above it are. */
/*@ requires  limb:   \valid_read(m + (0 .. 15));
    requires  top:    0 <= top <= 15 && m[top] != 0 && limbs((uint64_t *)m, top + 1) == limbs((uint64_t *)m, 16);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == rounded(limbs((uint64_t *)m, 16));
*/
static double round_from(const uint64_t m[LIMBS], int top) {
  int low = top > 0 ? top - 1 : 0;
  uint64_t below = top > 0 ? m[top - 1] : 0;
  /*@ assert hint_top: limbs((uint64_t *)m, top + 1) == limbs((uint64_t *)m, top) + digit(top, m[top]); */
  /*@ assert hint_below: top > 0 ==> limbs((uint64_t *)m, top) == limbs((uint64_t *)m, low) + digit(low, below); */
  /*@ assert hint_none: top == 0 ==> limbs((uint64_t *)m, 16) == m[top]; */
  /*@ assert hint_low: 0 <= limbs((uint64_t *)m, low) < digit(low, 1); */
  /*@ assert hint_digit: digit_is(top, m[top]) && digit_is(low, below) && digit_is(low, 1); */
  /*@ assert hint_wide: is_wide(below, m[top], 18446744073709551616 * m[top] + below) && (top > 0 ==> sum_of(top, low, 1)); */
  /*@ assert hint_sum: top > 0 ==> limbs_sum(limbs((uint64_t *)m, 16), limbs((uint64_t *)m, low), digit(low, below), digit(top, m[top])); */
  /*@ assert hint_spread_one: top == 0 ==> spread(0, 18446744073709551616 * m[top] + below, 0, m[top]); */
  /*@ assert hint_spread_more: top > 0 ==> spread(top, 18446744073709551616 * m[top] + below, limbs((uint64_t *)m, low), limbs((uint64_t *)m, 16)); */
  /*@ assert hint_spread: spread(top, 18446744073709551616 * m[top] + below, limbs((uint64_t *)m, low), limbs((uint64_t *)m, 16)); */
  head h = head_of(m[top], below);
  int more = any_limb(m, low) || h.rest != 0;
  /*@ assert hint_more: more != 0 <==> 0 < h.rest + limbs((uint64_t *)m, low); */
  uint64_t bits = jam(h.bits, more);
  int place = 64 * top + (64 - h.lead);
  /*@ assert hint_place: place_is(place, top, 64 - h.lead); */
  /*@ assert hint_bits: more != 0 ==> doubled(bits, h.bits / 2, 1) && 2 * (h.bits / 2) <= h.bits <= 2 * (h.bits / 2) + 1; */
  /*@ assert hint_head: head_rounds(bits, place, limbs((uint64_t *)m, 16)); */
  /*@ assert hint_fits: fits(bits, place); */
  return mmax_mul(mmax_u64_to_double(bits), mmax_pow2(place - 320));
}

/* The double nearest to m * 2^-256, ties to even. */
/*@ requires  limb:   \valid_read(m + (0 .. 15));
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == rounded(limbs((uint64_t *)m, 16));
*/
static double round_magnitude(const uint64_t m[LIMBS]) {
  int top = top_limb(m);
  if (m[top] != 0) return round_from(m, top);
  /*@ assert hint_one: limbs((uint64_t *)m, 1) == limbs((uint64_t *)m, 0) + digit(0, m[0]); */
  /*@ assert hint_none: limbs((uint64_t *)m, 16) == 0; */
  return 0.0;
}

/* The double nearest to the signed limb * 2^-256, ties to even. */
/*@ requires  limb:   \valid_read(limb + (0 .. 15));
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == rounded(value1024((uint64_t *)limb));
    ensures   range:  -1.0e250 <= \result <= 1.0e250;
*/
static double limbs_round(const uint64_t limb[LIMBS]) {
  uint64_t m[LIMBS];
  /*@ assert hint_range: 0 <= limbs((uint64_t *)limb, 16) < digit(16, 1); */
  /*@ assert hint_low: 0 <= limbs((uint64_t *)limb, 15) < digit(15, 1); */
  /*@ assert hint_top: limbs((uint64_t *)limb, 16) == limbs((uint64_t *)limb, 15) + digit(15, limb[15]); */
  /*@ assert hint_small: -(1 << 1023) <= value1024((uint64_t *)limb) <= (1 << 1023); */
  if (limb[LIMBS - 1] < (uint64_t)1 << 63) {
    /*@ assert hint_plus: value1024((uint64_t *)limb) == limbs((uint64_t *)limb, 16); */
    return round_magnitude(limb);
  }
  /*@ assert hint_minus: value1024((uint64_t *)limb) == limbs((uint64_t *)limb, 16) - digit(16, 1); */
  negate(limb, m);
  /*@ assert hint_other: limbs(&m[0], 16) == -value1024{Pre}((uint64_t *)limb); */
  return -round_magnitude(m);
}

/* What the sum of parameter j is multiplied by. */
/*@ requires  params: \valid_read(params);
    requires  coefs:  float_range(params->coef[0]) && float_range(params->coef[1]) && float_range(params->coef[2]) && float_range(params->coef[3]);
    requires  index:  0 <= j < 10;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == factor((mmax_params *)params, j);
    ensures   range:  -1.0e39 <= \result <= 1.0e39;
*/
static double factor_of(const mmax_params *params, int j) {
  /*@ assert hint_finite: fin(params->coef[2]) && fin(params->coef[3]); */
  /*@ assert hint_format: fmt(params->coef[2]) && fmt(params->coef[3]); */
  /*@ assert hint_fits: double_fits(params->coef[2]) && double_fits(params->coef[3]); */
  /*@ assert hint_double: fmt(2.0 * params->coef[2]) && fmt(2.0 * params->coef[3]); */
  if (j == 4) return params->coef[0];
  if (j == 5) return -params->coef[1];
  if (j == 6) return mmax_mul(2.0, params->coef[2]);
  if (j == 7) return -mmax_mul(2.0, params->coef[3]);
  return 1.0;
}

/*@ requires  acc:    \valid_read(acc);
    requires  params: \valid_read(params);
    requires  coefs:  float_range(params->coef[0]) && float_range(params->coef[1]) && float_range(params->coef[2]) && float_range(params->coef[3]);
    requires  index:  0 <= j < 10;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == gradient_of((mmax_params *)params, (mmax_accumulator *)acc, j);
*/
static double gradient(const mmax_accumulator *acc, const mmax_params *params, int j) {
  double f = factor_of(params, j), v = limbs_round(acc->limb[j]);
  /*@ assert hint_value: v == rounded(value1024((uint64_t *)&acc->limb[j][0])); */
  /*@ assert hint_fits: product_fits(f, v); */
  return mmax_mul(f, v);
}

/*@ requires  acc:    acc == \null || \valid_read(acc);
    requires  params: params == \null || \valid_read(params);
    requires  grad:   grad_params == \null || \valid(grad_params + (0 .. 9));
    requires  apart:  \separated(acc, grad_params + (0 .. 9)) && \separated(params, grad_params + (0 .. 9));
    terminates \true;
    exits     \false;
    assigns   grad_params[0 .. 9];
    behavior null:
      assumes null:   acc == \null || grad_params == \null || params == \null;
      assigns \nothing;
      ensures status: \result == MMAX_ERR_NULL;
    behavior refused:
      assumes given:  acc != \null && grad_params != \null && params != \null;
      assumes bad:    !accepted((mmax_params *)params);
      assigns \nothing;
      ensures status: \result == MMAX_ERR_PARAMS;
    behavior nonfinite:
      assumes given:  acc != \null && grad_params != \null && params != \null && accepted((mmax_params *)params);
      assumes some:   acc->nonfinite_rows > 0;
      assigns grad_params[0 .. 9];
      ensures status: \result == MMAX_OK;
      ensures nan:    \forall integer j; 0 <= j < 10 ==> \is_NaN(grad_params[j]);
    behavior ok:
      assumes given:  acc != \null && grad_params != \null && params != \null && accepted((mmax_params *)params);
      assumes none:   acc->nonfinite_rows == 0;
      assigns grad_params[0 .. 9];
      ensures status: \result == MMAX_OK;
      ensures value:  \forall integer j; 0 <= j < 10 ==> \is_finite(grad_params[j]) &&
                        grad_params[j] == gradient_of{Pre}((mmax_params *)params, (mmax_accumulator *)acc, j);
    complete behaviors;
    disjoint behaviors;
*/
mmax_status mmax_accumulator_finish(const mmax_accumulator *acc, const mmax_params *params,
                                    double grad_params[MMAX_NPARAMS]) {
  if (acc == NULL || grad_params == NULL) return MMAX_ERR_NULL;
  mmax_status status = mmax_params_check(params);
  if (status != MMAX_OK) return status;
  mmax_fpenv saved = mmax_fpenv_enter();
  /*@ loop invariant range:  0 <= j <= 10;
      loop invariant same:   coefs_same{Pre, Here}((mmax_params *)params);
      loop invariant coefs:  float_range(params->coef[0]) && float_range(params->coef[1]) && float_range(params->coef[2]) && float_range(params->coef[3]);
      loop invariant nan:    acc->nonfinite_rows > 0 ==> \forall integer i; 0 <= i < j ==> \is_NaN(grad_params[i]);
      loop invariant value:  acc->nonfinite_rows == 0 ==> \forall integer i; 0 <= i < j ==> \is_finite(grad_params[i]) &&
                               grad_params[i] == gradient_of{Pre}((mmax_params *)params, (mmax_accumulator *)acc, i);
      loop assigns   j, grad_params[0 .. 9];
      loop variant   10 - j;
  */
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    /*@ assert hint_factor: factor((mmax_params *)params, j) == factor{Pre}((mmax_params *)params, \at(j, Here)); */
    /*@ assert hint_value: gradient_of((mmax_params *)params, (mmax_accumulator *)acc, j) ==
          gradient_of{Pre}((mmax_params *)params, (mmax_accumulator *)acc, \at(j, Here)); */
    grad_params[j] = acc->nonfinite_rows > 0 ? mmax_wide_nan() : gradient(acc, params, j);
    /*@ assert hint_this: acc->nonfinite_rows == 0 ==> \is_finite(grad_params[j]) &&
          grad_params[j] == gradient_of{Pre}((mmax_params *)params, (mmax_accumulator *)acc, \at(j, Here)); */
    /*@ assert hint_same: coefs_same{LoopCurrent, Here}((mmax_params *)params); */
  }
  mmax_fpenv_leave(saved);
  return MMAX_OK;
}
