/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mmax_accumulator: ten 1024-bit two's complement integers in units of 2^-256.
 * |one row's sum| < 2^646, so 2^64 rows cannot overflow.
 */
#include "multimax.h"
#include "ref/limbs.h"

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

/* Entry j of into += entry j of from. */
/*@ requires  index:  0 <= j < 10;
    requires  into:   \valid(into);
    requires  from:   \valid_read(from);
    requires  alias:  into == from || \separated(into, from);
    terminates \true;
    exits     \false;
    assigns   into->limb[j][0 .. 15];
    ensures   sum:    merged{Pre, Post}(&into->limb[j][0], (uint64_t *)&from->limb[j][0]);
    ensures   before: \forall integer k, i; 0 <= k < j ==> 0 <= i < 16 ==>
                        into->limb[k][i] == \old(into->limb[k][i]) && from->limb[k][i] == \old(from->limb[k][i]);
    ensures   after:  \forall integer k, i; j < k < 10 ==> 0 <= i < 16 ==>
                        into->limb[k][i] == \old(into->limb[k][i]) && from->limb[k][i] == \old(from->limb[k][i]);
*/
static void entry_add(mmax_accumulator *into, const mmax_accumulator *from, int j) {
  limbs_add(into->limb[j], from->limb[j]);
}

/*@ requires  into:   \valid(into);
    requires  from:   \valid_read(from);
    requires  alias:  into == from || \separated(into, from);
    terminates \true;
    exits     \false;
    assigns   into->rows, into->nonfinite_rows;
    ensures   rows:   into->rows == (uint64_t)\old(into->rows + from->rows);
    ensures   bad:    into->nonfinite_rows == (uint64_t)\old(into->nonfinite_rows + from->nonfinite_rows);
    ensures   limbs:  \forall integer k; 0 <= k < 10 ==> same_limbs{Pre, Post}(&into->limb[k][0], 0, 16);
*/
static void counts_add(mmax_accumulator *into, const mmax_accumulator *from) {
  uint64_t rows = into->rows + from->rows, bad = into->nonfinite_rows + from->nonfinite_rows;
  into->rows = rows;
  into->nonfinite_rows = bad;
}

mmax_status mmax_accumulator_merge(mmax_accumulator *into, const mmax_accumulator *from) {
  if (into == NULL || from == NULL) return MMAX_ERR_NULL;
  counts_add(into, from);
  /*@ assert hint_counts: \forall integer k; 0 <= k < 10 ==>
        same_limbs{Pre, Here}(&into->limb[k][0], 0, 16) && same_limbs{Pre, Here}((uint64_t *)&from->limb[k][0], 0, 16); */
  /*@ loop invariant range:  0 <= j <= 10;
      loop invariant rows:   into->rows == \at(into->rows, LoopEntry) && into->nonfinite_rows == \at(into->nonfinite_rows, LoopEntry);
      loop invariant sum:    \forall integer k; 0 <= k < j ==> merged{Pre, Here}(&into->limb[k][0], (uint64_t *)&from->limb[k][0]);
      loop invariant rest:   \forall integer k, i; j <= k < 10 ==> 0 <= i < 16 ==>
                               into->limb[k][i] == \at(into->limb[k][i], Pre) &&
                               from->limb[k][i] == \at(from->limb[k][i], Pre);
      loop assigns   j, into->limb[0 .. 9][0 .. 15];
      loop variant   10 - j;
  */
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    /*@ assert hint_into: limbs(&into->limb[j][0], 16) == limbs{Pre}(&into->limb[\at(j, Here)][0], 16); */
    /*@ assert hint_from: limbs((uint64_t *)&from->limb[j][0], 16) == limbs{Pre}((uint64_t *)&from->limb[\at(j, Here)][0], 16); */
    entry_add(into, from, j);
    /*@ assert hint_this: merged{Pre, Here}(&into->limb[j][0], (uint64_t *)&from->limb[\at(j, Here)][0]); */
    /*@ assert hint_same: \forall integer k; 0 <= k < j ==> same_limbs{LoopCurrent, Here}(&into->limb[k][0], 0, 16); */
    /*@ assert hint_limbs: \forall integer k; 0 <= k < j ==>
          limbs(&into->limb[k][0], 16) == limbs{LoopCurrent}(&into->limb[k][0], 16); */
  }
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

/* Limb i of entry j. */
/*@ requires  index:  0 <= j < 10 && 0 <= i < 16;
    requires  valid:  \valid(bytes + (0 .. 1303));
    terminates \true;
    exits     \false;
    assigns   bytes[24 + 128 * j + 8 * i .. 24 + 128 * j + 8 * i + 7];
    ensures   value:  limb64(bytes, j, i) == v;
    ensures   before: \forall integer k, m; 0 <= k < j ==> 0 <= m < 16 ==> limb64(bytes, k, m) == limb64{Pre}(bytes, k, m);
    ensures   same:   \forall integer m; 0 <= m < i ==> limb64(bytes, j, m) == limb64{Pre}(bytes, j, m);
    ensures   head:   little64(bytes) == little64{Pre}(bytes) && little64(bytes + 8) == little64{Pre}(bytes + 8) &&
                      little64(bytes + 16) == little64{Pre}(bytes + 16);
*/
static void put_limb(uint8_t *bytes, int j, int i, uint64_t v) {
  put64(bytes + (24 + 8 * LIMBS * j + 8 * i), v);
  /*@ assert hint_frame: \forall integer b; 0 <= b < 24 + 128 * j + 8 * i ==> bytes[b] == \at(bytes[b], Pre); */
}

/*@ requires  index:  0 <= j < 10;
    requires  valid:  \valid(bytes + (0 .. 1303));
    requires  limb:   \valid_read(limb + (0 .. 15));
    requires  apart:  \separated(limb + (0 .. 15), bytes + (0 .. 1303));
    terminates \true;
    exits     \false;
    assigns   bytes[24 .. 1303];
    ensures   value:  \forall integer m; 0 <= m < 16 ==> limb64(bytes, j, m) == limb[m];
    ensures   before: \forall integer k, m; 0 <= k < j ==> 0 <= m < 16 ==> limb64(bytes, k, m) == limb64{Pre}(bytes, k, m);
    ensures   head:   little64(bytes) == little64{Pre}(bytes) && little64(bytes + 8) == little64{Pre}(bytes + 8) &&
                      little64(bytes + 16) == little64{Pre}(bytes + 16);
*/
static void put_entry(uint8_t *bytes, int j, const uint64_t limb[LIMBS]) {
  /*@ loop invariant range:  0 <= i <= 16;
      loop invariant value:  \forall integer m; 0 <= m < i ==> limb64(bytes, j, m) == limb[m];
      loop invariant before: \forall integer k, m; 0 <= k < j ==> 0 <= m < 16 ==> limb64(bytes, k, m) == limb64{Pre}(bytes, k, m);
      loop invariant head:   little64(bytes) == little64{Pre}(bytes) && little64(bytes + 8) == little64{Pre}(bytes + 8) &&
                             little64(bytes + 16) == little64{Pre}(bytes + 16);
      loop assigns   i, bytes[24 .. 1303];
      loop variant   16 - i;
  */
  for (int i = 0; i < LIMBS; i++) put_limb(bytes, j, i, limb[i]);
}

/*@ requires  index:  0 <= j < 10;
    requires  valid:  \valid_read(bytes + (0 .. 1303));
    requires  limb:   \valid(limb + (0 .. 15));
    requires  apart:  \separated(limb + (0 .. 15), bytes + (0 .. 1303));
    terminates \true;
    exits     \false;
    assigns   limb[0 .. 15];
    ensures   value:  \forall integer m; 0 <= m < 16 ==> limb[m] == limb64((uint8_t *)bytes, j, m);
*/
static void get_entry(const uint8_t *bytes, int j, uint64_t limb[LIMBS]) {
  /*@ loop invariant range: 0 <= i <= 16;
      loop invariant value: \forall integer m; 0 <= m < i ==> limb[m] == limb64((uint8_t *)bytes, j, m);
      loop assigns   i, limb[0 .. 15];
      loop variant   16 - i;
  */
  for (int i = 0; i < LIMBS; i++) limb[i] = get64(bytes + (24 + 8 * LIMBS * j + 8 * i));
}

mmax_status mmax_accumulator_store(const mmax_accumulator *acc, uint8_t bytes[MMAX_ACC_BYTES]) {
  if (acc == NULL || bytes == NULL) return MMAX_ERR_NULL;
  put64(bytes, MAGIC);
  put64(bytes + 8, acc->rows);
  put64(bytes + 16, acc->nonfinite_rows);
  /*@ assert hint_head: is_head(bytes); */
  /*@ assert hint_rows: little64(bytes + 8) == acc->rows && little64(bytes + 16) == acc->nonfinite_rows; */
  /*@ loop invariant range: 0 <= j <= 10;
      loop invariant head:  is_head(bytes);
      loop invariant rows:  little64(bytes + 8) == acc->rows && little64(bytes + 16) == acc->nonfinite_rows;
      loop invariant limbs: \forall integer k, m; 0 <= k < j ==> 0 <= m < 16 ==> limb64(bytes, k, m) == acc->limb[k][m];
      loop assigns   j, bytes[24 .. 1303];
      loop variant   10 - j;
  */
  for (int j = 0; j < MMAX_NPARAMS; j++) put_entry(bytes, j, acc->limb[j]);
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
      loop invariant limbs: \forall integer k, m; 0 <= k < j ==> 0 <= m < 16 ==>
                              acc->limb[k][m] == limb64((uint8_t *)bytes, k, m);
      loop assigns   j, *acc;
      loop variant   10 - j;
  */
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    get_entry(bytes, j, acc->limb[j]);
    /*@ assert hint_frame: \forall integer k, m; 0 <= k < j ==> 0 <= m < 16 ==>
          acc->limb[k][m] == \at(acc->limb[k][m], LoopCurrent); */
  }
  return MMAX_OK;
}
