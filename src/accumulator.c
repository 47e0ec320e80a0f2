/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mmax_accumulator: ten 1024-bit two's complement integers in units of 2^-256.
 * |one row's sum| < 2^646, so 2^64 rows cannot overflow.
 */
#include "fpenv.h"
#include "multimax.h"
#include "ref/limbs.h"
#include "ref/primitives.h"

#define LIMBS MMAX_ACC_LIMBS

#define MAGIC 0x3143434158414d4du /* "MMAXACC1" */

void mmax_accumulator_init(mmax_accumulator *acc) {
  /*@ loop invariant range: 0 <= j <= 10;
      loop invariant zero:  \forall integer k, i; 0 <= k < j ==> 0 <= i < 16 ==> acc->limb[k][i] == 0;
      loop assigns   j, *acc;
      loop variant   10 - j;
  */
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    /*@ loop invariant range: 0 <= i <= 16;
        loop invariant zero:  \forall integer k; 0 <= k < i ==> acc->limb[j][k] == 0;
        loop assigns   i, acc->limb[j][0 .. 15];
        loop variant   16 - i;
    */
    for (int i = 0; i < LIMBS; i++) acc->limb[j][i] = 0;
  }
  acc->rows = 0;
  acc->nonfinite_rows = 0;
}

/*@ requires  into:   \valid(into + (0 .. 15));
    requires  from:   \valid_read(from + (0 .. 15));
    requires  alias:  into == from || \separated(into + (0 .. 15), from + (0 .. 15));
    terminates \true;
    exits     \false;
    assigns   into[0 .. 15];
    ensures   sum:    same1024(limbs(into, 16), limbs{Pre}(into, 16) + limbs{Pre}(from, 16));
    ensures   exact:  in1024(value1024{Pre}(into) + value1024{Pre}(from)) ==>
                        value1024(into) == value1024{Pre}(into) + value1024{Pre}(from);
*/
static void limbs_add(uint64_t into[LIMBS], const uint64_t from[LIMBS]) {
  uint64_t carry = 0;
  /*@ loop invariant range:     0 <= i <= 16 && carry <= 1;
      loop invariant rest_into: same_limbs{Pre, Here}(into, i, 16);
      loop invariant rest_from: same_limbs{Pre, Here}((uint64_t *)from, i, 16);
      loop invariant sum:       limbs(into, i) + digit(i, carry) == limbs{Pre}(into, i) + limbs{Pre}(from, i);
      loop assigns   i, carry, into[0 .. 15];
      loop variant   16 - i;
  */
  for (int i = 0; i < LIMBS; i++) {
    mmax_limb sum = mmax_limb_add(into[i], from[i], carry);
    /*@ assert hint_digit: digit(i, into[i]) + digit(i, from[i]) + digit(i, carry) ==
                           digit(i, sum.value) + digit(i + 1, sum.carry); */
    /*@ assert hint_same: into[i] == \at(into[\at(i, Here)], Pre) &&
                          from[i] == \at(from[\at(i, Here)], Pre); */
    /*@ assert hint_into: limbs{Pre}(into, i + 1) == limbs{Pre}(into, i) + digit(i, \at(into[\at(i, Here)], Pre)); */
    /*@ assert hint_from: limbs{Pre}(from, i + 1) == limbs{Pre}(from, i) + digit(i, \at(from[\at(i, Here)], Pre)); */
    mmax_limb_put(into, i, sum.value);
    /*@ assert hint_from_rest: same_limbs{LoopCurrent, Here}((uint64_t *)from, i + 1, 16); */
    carry = sum.carry;
  }
  /*@ assert hint_old: 0 <= limbs{Pre}(into, 16) < digit(16, 1); */
  /*@ assert hint_other: 0 <= limbs{Pre}(from, 16) < digit(16, 1); */
  /*@ assert hint_new: 0 <= limbs(into, 16) < digit(16, 1); */
  /*@ assert hint_sum: same1024(limbs(into, 16), limbs{Pre}(into, 16) + limbs{Pre}(from, 16)); */
  /*@ assert hint_exact: in1024(wrap1024(limbs{Pre}(into, 16)) + wrap1024(limbs{Pre}(from, 16))) ==>
        wrap1024(limbs(into, 16)) == wrap1024(limbs{Pre}(into, 16)) + wrap1024(limbs{Pre}(from, 16)); */
}

mmax_status mmax_accumulator_merge(mmax_accumulator *into, const mmax_accumulator *from) {
  if (into == NULL || from == NULL) return MMAX_ERR_NULL;
  /*@ loop invariant range:  0 <= j <= 10;
      loop invariant rows:   into->rows == \at(into->rows, Pre) && into->nonfinite_rows == \at(into->nonfinite_rows, Pre) &&
                             from->rows == \at(from->rows, Pre) && from->nonfinite_rows == \at(from->nonfinite_rows, Pre);
      loop invariant sum:    \forall integer k; 0 <= k < j ==> merged{Pre, Here}(&into->limb[k][0], (uint64_t *)&from->limb[k][0]);
      loop invariant rest:   \forall integer k, i; j <= k < 10 ==> 0 <= i < 16 ==>
                               into->limb[k][i] == \at(into->limb[k][i], Pre) &&
                               from->limb[k][i] == \at(from->limb[k][i], Pre);
      loop assigns   j, *into;
      loop variant   10 - j;
  */
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    /*@ assert hint_into: limbs(&into->limb[j][0], 16) == limbs{Pre}(&into->limb[\at(j, Here)][0], 16); */
    /*@ assert hint_from: limbs((uint64_t *)&from->limb[j][0], 16) == limbs{Pre}((uint64_t *)&from->limb[\at(j, Here)][0], 16); */
    limbs_add(into->limb[j], from->limb[j]);
    /*@ assert hint_this: merged{Pre, Here}(&into->limb[j][0], (uint64_t *)&from->limb[\at(j, Here)][0]); */
    /*@ assert hint_frame: \forall integer k, i; 0 <= k < 10 ==> k != j ==> 0 <= i < 16 ==>
          into->limb[k][i] == \at(into->limb[k][i], LoopCurrent) && from->limb[k][i] == \at(from->limb[k][i], LoopCurrent); */
    /*@ assert hint_limbs: \forall integer k; 0 <= k < j ==>
          limbs(&into->limb[k][0], 16) == limbs{LoopCurrent}(&into->limb[k][0], 16); */
  }
  into->rows += from->rows;
  into->nonfinite_rows += from->nonfinite_rows;
  return MMAX_OK;
}

/* The nearest double, ties to even. */
static double limbs_round(const uint64_t limb[LIMBS]) {
  int negative = (limb[LIMBS - 1] >> 63) != 0;
  uint64_t m[LIMBS];
  uint64_t carry = (uint64_t)negative;
  for (int i = 0; i < LIMBS; i++) { /* magnitude: ~v + 1 when negative */
    m[i] = (negative ? ~limb[i] : limb[i]) + carry;
    carry = carry & (m[i] == 0);
  }
  int top = LIMBS - 1;
  while (top > 0 && m[top] == 0) top--;
  if (m[top] == 0) return 0.0;
  int lead = 0; /* leading zeros of the top limb */
  while (!(m[top] << lead >> 63)) lead++;
  uint64_t below = top > 0 ? m[top - 1] : 0;
  uint64_t head = lead == 0 ? m[top] : m[top] << lead | below >> (64 - lead);
  /* 64 bits are 11 more than a double keeps: the rest is one sticky bit. */
  uint64_t sticky = below << lead;
  for (int i = top - 2; i >= 0; i--) sticky |= m[i];
  head |= sticky != 0;
  double v = mmax_u64_to_double(head) * mmax_pow2(64 * top - lead - 256);
  return negative ? -v : v;
}

mmax_status mmax_accumulator_finish(const mmax_accumulator *acc, const mmax_params *params,
                                    double grad_params[MMAX_NPARAMS]) {
  if (acc == NULL || grad_params == NULL) return MMAX_ERR_NULL;
  mmax_status status = mmax_params_check(params);
  if (status != MMAX_OK) return status;
  mmax_fpenv saved = mmax_fpenv_enter();
  const double factor[MMAX_NPARAMS] = {1.0,
                                       1.0,
                                       1.0,
                                       1.0,
                                       params->coef[0],
                                       -params->coef[1],
                                       2.0 * params->coef[2],
                                       -2.0 * params->coef[3],
                                       1.0,
                                       1.0};
  for (int j = 0; j < MMAX_NPARAMS; j++)
    grad_params[j] = acc->nonfinite_rows > 0 ? mmax_from_bits(0x7ff8000000000000u)
                                             : factor[j] * limbs_round(acc->limb[j]);
  mmax_fpenv_leave(saved);
  return MMAX_OK;
}

/*@ requires  valid:  \valid(at + (0 .. 7));
    terminates \true;
    exits     \false;
    assigns   at[0 .. 7];
    ensures   value:  little64(at) == v;
*/
static void put64(uint8_t *at, uint64_t v) {
  at[0] = (uint8_t)(v % 256);
  v = v / 256;
  /*@ assert hint_0: \at(v, Pre) == at[0] + 256 * (v) && v < 72057594037927936; */
  at[1] = (uint8_t)(v % 256);
  v = v / 256;
  /*@ assert hint_1: \at(v, Pre) == at[0] + 256 * (at[1] + 256 * (v)) && v < 281474976710656; */
  at[2] = (uint8_t)(v % 256);
  v = v / 256;
  /*@ assert hint_2: \at(v, Pre) == at[0] + 256 * (at[1] + 256 * (at[2] + 256 * (v))) && v < 1099511627776; */
  at[3] = (uint8_t)(v % 256);
  v = v / 256;
  /*@ assert hint_3: \at(v, Pre) == at[0] + 256 * (at[1] + 256 * (at[2] + 256 * (at[3] + 256 * (v)))) && v < 4294967296; */
  at[4] = (uint8_t)(v % 256);
  v = v / 256;
  /*@ assert hint_4: \at(v, Pre) == at[0] + 256 * (at[1] + 256 * (at[2] + 256 * (at[3] + 256 * (at[4] + 256 * (v))))) && v < 16777216; */
  at[5] = (uint8_t)(v % 256);
  v = v / 256;
  /*@ assert hint_5: \at(v, Pre) == at[0] + 256 * (at[1] + 256 * (at[2] + 256 * (at[3] + 256 * (at[4] + 256 * (at[5] + 256 * (v)))))) && v < 65536; */
  at[6] = (uint8_t)(v % 256);
  v = v / 256;
  /*@ assert hint_6: \at(v, Pre) == at[0] + 256 * (at[1] + 256 * (at[2] + 256 * (at[3] + 256 * (at[4] + 256 * (at[5] + 256 * (at[6] + 256 * (v))))))) && v < 256; */
  at[7] = (uint8_t)v;
  /*@ assert hint_7: \at(v, Pre) == at[0] + 256 * (at[1] + 256 * (at[2] + 256 * (at[3] + 256 * (at[4] + 256 * (at[5] + 256 * (at[6] + 256 * (at[7]))))))); */
}

/*@ requires  valid:  \valid_read(at + (0 .. 7));
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == little64((uint8_t *)at);
*/
static uint64_t get64(const uint8_t *at) {
  uint64_t v = at[7];
  v = v * 256 + at[6];
  /*@ assert hint_6: v == at[6] + 256 * (at[7]) && v < 65536; */
  v = v * 256 + at[5];
  /*@ assert hint_5: v == at[5] + 256 * (at[6] + 256 * (at[7])) && v < 16777216; */
  v = v * 256 + at[4];
  /*@ assert hint_4: v == at[4] + 256 * (at[5] + 256 * (at[6] + 256 * (at[7]))) && v < 4294967296; */
  v = v * 256 + at[3];
  /*@ assert hint_3: v == at[3] + 256 * (at[4] + 256 * (at[5] + 256 * (at[6] + 256 * (at[7])))) && v < 1099511627776; */
  v = v * 256 + at[2];
  /*@ assert hint_2: v == at[2] + 256 * (at[3] + 256 * (at[4] + 256 * (at[5] + 256 * (at[6] + 256 * (at[7]))))) && v < 281474976710656; */
  v = v * 256 + at[1];
  /*@ assert hint_1: v == at[1] + 256 * (at[2] + 256 * (at[3] + 256 * (at[4] + 256 * (at[5] + 256 * (at[6] + 256 * (at[7])))))) && v < 72057594037927936; */
  v = v * 256 + at[0];
  /*@ assert hint_0: v == at[0] + 256 * (at[1] + 256 * (at[2] + 256 * (at[3] + 256 * (at[4] + 256 * (at[5] + 256 * (at[6] + 256 * (at[7]))))))) && v < 18446744073709551616; */
  return v;
}

mmax_status mmax_accumulator_store(const mmax_accumulator *acc, uint8_t bytes[MMAX_ACC_BYTES]) {
  if (acc == NULL || bytes == NULL) return MMAX_ERR_NULL;
  put64(bytes, MAGIC);
  put64(bytes + 8, acc->rows);
  put64(bytes + 16, acc->nonfinite_rows);
  /*@ loop invariant range: 0 <= j <= 10;
      loop invariant head:  is_head(bytes);
      loop invariant rows:  little64(bytes + 8) == acc->rows && little64(bytes + 16) == acc->nonfinite_rows;
      loop invariant limbs: \forall integer k, i; 0 <= k < j ==> 0 <= i < 16 ==>
                              little64(bytes + (24 + 128 * k + 8 * i)) == acc->limb[k][i];
      loop assigns   j, bytes[24 .. 1303];
      loop variant   10 - j;
  */
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    uint8_t *at = bytes + 24 + 8 * LIMBS * j;
    /*@ loop invariant range: 0 <= i <= 16;
        loop invariant limbs: \forall integer k; 0 <= k < i ==> little64(at + 8 * k) == acc->limb[j][k];
        loop assigns   i, at[0 .. 127];
        loop variant   16 - i;
    */
    for (int i = 0; i < LIMBS; i++) put64(at + 8 * i, acc->limb[j][i]);
  }
  return MMAX_OK;
}

mmax_status mmax_accumulator_load(mmax_accumulator *acc, const uint8_t bytes[MMAX_ACC_BYTES]) {
  if (acc == NULL || bytes == NULL) return MMAX_ERR_NULL;
  if (get64(bytes) != MAGIC) return MMAX_ERR_FORMAT;
  acc->rows = get64(bytes + 8);
  acc->nonfinite_rows = get64(bytes + 16);
  /*@ loop invariant range: 0 <= j <= 10;
      loop invariant rows:  acc->rows == little64((uint8_t *)bytes + 8) &&
                            acc->nonfinite_rows == little64((uint8_t *)bytes + 16);
      loop invariant limbs: \forall integer k, i; 0 <= k < j ==> 0 <= i < 16 ==>
                              acc->limb[k][i] == little64((uint8_t *)bytes + (24 + 128 * k + 8 * i));
      loop assigns   j, *acc;
      loop variant   10 - j;
  */
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    const uint8_t *at = bytes + 24 + 8 * LIMBS * j;
    /*@ loop invariant range: 0 <= i <= 16;
        loop invariant limbs: \forall integer k; 0 <= k < i ==> acc->limb[j][k] == little64((uint8_t *)at + 8 * k);
        loop assigns   i, acc->limb[j][0 .. 15];
        loop variant   16 - i;
    */
    for (int i = 0; i < LIMBS; i++) acc->limb[j][i] = get64(at + 8 * i);
  }
  return MMAX_OK;
}
