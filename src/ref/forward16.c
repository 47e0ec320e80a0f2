/* SPDX-License-Identifier: Apache-2.0 */
/* forward.c for rows of 16 bits: the same float64 values, rounded once to the row's own format. */
#include "kernels_ref.h"

/*@ requires  range:  fin(total) && 1.0 <= total <= 1.0e10;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  fin(\result) && \result == rnd64(1.0/total);
    ensures   unit:   unit_range(\result);
*/
static double inverse16(double total) {
  /*@ assert hint_unit: inverse_ok(total); */
  double r = mmax_div(1.0, total);
  /*@ assert hint_mono: rnd64(0.0) <= rnd64(1.0/total) <= rnd64(1.0); */
  return r;
}

/*@ requires  range:  fin(e) && fin(inverse) && unit_range(e) && unit_range(inverse);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  fin(\result) && \result == rnd64(e*inverse);
*/
static double share16(double e, double inverse) {
  /*@ assert hint_unit: product_unit(e, inverse); */
  return mmax_mul(e, inverse);
}

/* The probability of entry i before it is rounded; 0 if it is masked. */
/*@ requires  read:    \valid_read(x + i) && (mask == \null || \valid_read(mask + i));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  top:     bounded(row_max, 1.0e195) && (unmasked16(storage, x, mask, i) ==> sigma16(params, storage, x, i) <= row_max);
    requires  inverse: fin(inverse) && unit_range(inverse);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   fin(\result) && \result == wide_prob16(params, storage, x, mask, row_max, inverse, i);
*/
static double prob16(const mmax_params *params, mmax_storage storage, const uint16_t *x,
                     const uint8_t *mask, size_t i, double row_max, double inverse) {
  if (mmax_class16(storage, x, mask, i) != MMAX_FINITE) return 0.0;
  double e = mmax_weight16(params, storage, x, i, row_max);
  double p = share16(e, inverse);
  /*@ assert hint_weight: e == weight16(params, storage, x, i, row_max); */
  return p;
}

/* An entry is read before it is overwritten: probs may be x. */
/*@ requires  row:     valid_row16(x, mask, n) && \valid(probs + (0 .. n-1));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  same:    probs == x || \separated(probs + (0 .. n-1), x + (0 .. n-1));
    requires  apart:   mask == \null || \separated(probs + (0 .. n-1), mask + (0 .. n-1));
    requires  top:     bounded(row_max, 1.0e195) && is_top16(params, storage, x, mask, n, row_max);
    requires  inverse: fin(inverse) && unit_range(inverse);
    terminates \true;
    exits     \false;
    assigns   probs[0 .. n-1];
    ensures   value:   probs16{Pre,Post}(params, storage, x, mask, probs, row_max, inverse, n);
*/
static void write_probs16(const mmax_params *params, mmax_storage storage, const uint16_t *x,
                          const uint8_t *mask, size_t n, double row_max, double inverse,
                          uint16_t *probs) {
  /*@ loop invariant range: 0 <= i <= n;
      loop invariant rest:  same16{Pre,Here}(x, i, n);
      loop invariant value: probs16{Pre,Here}(params, storage, x, mask, probs, row_max, inverse, i);
      loop assigns   i, probs[0 .. n-1];
      loop variant   n - i;
  */
  for (size_t i = 0; i < n; i++) {
    /*@ assert hint_entry: x[i] == \at(x[\at(i, Here)], Pre); */
    /*@ assert hint_taken: taken16(storage, x, mask, i) == taken16{Pre}(storage, x, mask, i); */
    /*@ assert hint_sigma: sigma16(params, storage, x, i) == sigma16{Pre}(params, storage, x, i); */
    double p = prob16(params, storage, x, mask, i, row_max, inverse);
    /*@ assert hint_wide: p == wide_prob16{Pre}(params, storage, x, mask, row_max, inverse, i); */
    uint16_t bits = mmax_narrow16(storage, p);
    /*@ assert hint_narrowed: narrowed(storage, wide_prob16{Pre}(params, storage, x, mask, row_max, inverse, i), bits); */
    /*@ assert hint_inside: probs == x ==> \forall integer k; i < k < n ==> \separated(probs + i, x + k); */
    /*@ assert hint_outside: probs != x ==> \forall integer k; i < k < n ==> \separated(probs + i, x + k); */
    /*@ assert hint_before: \forall integer k; 0 <= k < i ==> \separated(probs + i, probs + k); */
    probs[i] = bits;
    /*@ assert hint_rest: \forall integer k; i < k < n ==> x[k] == \at(x[k], LoopCurrent); */
    /*@ assert hint_done: probs16{Pre,Here}(params, storage, x, mask, probs, row_max, inverse, i); */
    /*@ assert hint_written: narrowed(storage, wide_prob16{Pre}(params, storage, x, mask, row_max, inverse, i), probs[i]); */
    /*@ assert hint_next: probs16{Pre,Here}(params, storage, x, mask, probs, row_max, inverse, i + 1); */
  }
}

/* What every entry of a row becomes that has no probabilities. */
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   nan:  state == MMAX_ROW_NONFINITE ==> \result == nan_of(storage);
    ensures   zero: state != MMAX_ROW_NONFINITE ==> narrowed(storage, 0.0, \result);
*/
static uint16_t fill16(mmax_storage storage, mmax_status state) {
  if (state == MMAX_ROW_NONFINITE) return mmax_narrow16(storage, mmax_wide_nan());
  return mmax_narrow16(storage, 0.0);
}

mmax_status mmax_row_forward16_ref(const mmax_params *params, const mmax_view *row,
                                   mmax_sink probs) {
  mmax_storage storage = row->logits.storage;
  const uint16_t *x = row->logits.bits;
  mmax_status state = mmax_row16_state(storage, x, row->mask, row->n);
  if (state != MMAX_OK) {
    mmax_row16_fill(probs.bits, row->n, fill16(storage, state));
    return state;
  }
  size_t top = mmax_row16_argmax(params, storage, x, row->mask, row->n);
  /*@ assert hint_some: top < row->n; */
  double row_max = mmax_sigma16(params, storage, x, top);
  /*@ assert hint_top: is_top16(params, storage, x, row->mask, row->n, row_max); */
  /*@ assert hint_largest: is_largest16(params, storage, x, row->mask, row->n, row_max); */
  mmax_sum sum = mmax_row16_sum(params, storage, x, row->mask, row->n, row_max);
  /*@ assert hint_least: sum_count(sum) >= 1125899906842624; */
  /*@ assert hint_most: sum.hi <= 131072; */
  double total = mmax_sum_weight(sum);
  double inverse = inverse16(total);
  write_probs16(params, storage, x, row->mask, row->n, row_max, inverse, probs.bits);
  return MMAX_OK;
}
