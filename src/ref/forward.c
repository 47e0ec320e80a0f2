/* SPDX-License-Identifier: Apache-2.0 */
/* probs_i = exp(sigma(x_i) - max sigma) / sum, one row. specs/semantics.md#forward */
#include "kernels_ref.h"
#include "row.h"

/*@ requires  range:  fin(total) && 1.0 <= total <= 1.0e10;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  fin(\result) && \result == rnd64(1.0/total);
    ensures   unit:   unit_range(\result);
    ensures   error:  inverse_near(total, \result);
*/
static double inverse_of(double total) {
  /*@ assert hint_unit: inverse_ok(total); */
  double r = mmax_div(1.0, total);
  /*@ assert hint_mono: rnd64(0.0) <= rnd64(1.0/total) <= rnd64(1.0); */
  /*@ assert hint_error: err64(1.0/total, r); */
  return r;
}

/*@ requires  range:  fin(e) && fin(inverse) && unit_range(e) && unit_range(inverse);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  finf(\result) && \result == prob_of(e, inverse);
    ensures   unit:   unit_range(\result);
    ensures   error:  prob_near(e, inverse, \result);
*/
static float prob(double e, double inverse) {
  /*@ assert hint_unit: product_unit(e, inverse); */
  double t = mmax_mul(e, inverse);
  /*@ assert hint_mono: rnd64(0.0) <= rnd64(e*inverse) <= rnd64(1.0); */
  /*@ assert hint_error: err64(e*inverse, t); */
  /*@ assert hint_narrow: narrow_ok(t); */
  return mmax_narrow(t);
}

/* The probability of entry i; 0 if it is masked. */
/*@ requires  read:    \valid_read(x + i) && (mask == \null || \valid_read(mask + i));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  top:     bounded(row_max, 1.0e195) && (unmasked(x, mask, i) ==> modulated(params, x[i]) <= row_max);
    requires  inverse: fin(inverse) && unit_range(inverse);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   unit:    finf(\result) && unit_range(\result);
    ensures   masked:  !unmasked(x, mask, i) ==> \result == 0.0;
    ensures   value:   unmasked(x, mask, i) ==> \result == prob_of(weight(params, x[i], row_max), inverse);
    ensures   error:   prob_near(term(params, x, mask, row_max, i), inverse, \result);
*/
static float prob_at(const mmax_params *params, const float *x, const uint8_t *mask, size_t i,
                     double row_max, double inverse) {
  if (!mmax_unmasked(x, mask, i)) {
    /*@ assert hint_zero: term(params, x, mask, row_max, i) == 0.0; */
    /*@ assert hint_exact: prob_near(0.0, inverse, 0.0); */
    return 0.0f;
  }
  double e = mmax_weight(params, x[i], row_max);
  /*@ assert hint_term: term(params, x, mask, row_max, i) == e; */
  return prob(e, inverse);
}

/* probs[i] = the probability of entry i. */
/*@ requires  read:    i < 0x7fffffff && \valid_read(x + i) && (mask == \null || \valid_read(mask + i));
    requires  out:     \valid(probs + (0 .. i));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  top:     bounded(row_max, 1.0e195) && (unmasked(x, mask, i) ==> modulated(params, x[i]) <= row_max);
    requires  inverse: fin(inverse) && unit_range(inverse);
    terminates \true;
    exits     \false;
    assigns   probs[i];
    ensures   unit:    \is_finite(probs[i]) && unit_range(probs[i]);
    ensures   masked:  !unmasked{Pre}(x, mask, i) ==> probs[i] == 0.0;
    ensures   value:   unmasked{Pre}(x, mask, i) ==>
                         probs[i] == prob_of(weight{Pre}(params, \at(x[\at(i, Pre)], Pre), row_max), inverse);
    ensures   error:   prob_near(term{Pre}(params, x, mask, row_max, i), inverse, probs[i]);
    ensures   sum:     prob_sum(probs, i + 1) == prob_sum{Pre}(probs, i) + probs[i];
*/
static void write_prob(const mmax_params *params, const float *x, const uint8_t *mask, size_t i,
                       double row_max, double inverse, float *probs) {
  probs[i] = prob_at(params, x, mask, i, row_max, inverse);
  /*@ assert hint_keep: \forall integer k; 0 <= k < i ==> \at(probs[k], Pre) == probs[k]; */
  /*@ assert hint_frame: prob_sum{Here}(probs, i) == prob_sum{Pre}(probs, i); */
}

/* An entry is read before it is overwritten: probs may be x. */
/*@ requires  row:     valid_row(x, mask, n) && \valid(probs + (0 .. n-1));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  same:    probs == x || \separated(probs + (0 .. n-1), x + (0 .. n-1));
    requires  apart:   mask == \null || \separated(probs + (0 .. n-1), mask + (0 .. n-1));
    requires  top:     bounded(row_max, 1.0e195) && is_top(params, x, mask, n, row_max);
    requires  inverse: fin(inverse) && unit_range(inverse);
    terminates \true;
    exits     \false;
    assigns   probs[0 .. n-1];
    ensures   unit:    unit_entries(probs, n);
    ensures   masks:   masked_zero{Pre,Post}(x, mask, probs, n);
    ensures   value:   weighted{Pre,Post}(params, x, mask, probs, row_max, inverse, n);
    ensures   sum:     row_close(n, weight_sum{Pre}(params, x, mask, row_max, n), inverse, prob_sum(probs, n));
*/
static void write_probs(const mmax_params *params, const float *x, const uint8_t *mask, size_t n,
                        double row_max, double inverse, float *probs) {
  /*@ assert hint_start: row_close(0.0, 0.0, inverse, 0.0); */
  /*@ loop invariant range: 0 <= i <= n;
      loop invariant rest:  same_from{Pre,Here}(x, i, n);
      loop invariant unit:  unit_entries(probs, i);
      loop invariant masks: masked_zero{Pre,Here}(x, mask, probs, i);
      loop invariant value: weighted{Pre,Here}(params, x, mask, probs, row_max, inverse, i);
      loop invariant sum:   sum_written{Pre,Here}(params, x, mask, probs, row_max, inverse, i);
      loop assigns   i, probs[0 .. n-1];
      loop variant   n - i;
  */
  for (size_t i = 0; i < n; i++) {
    /*@ assert hint_so_far: row_close(i, weight_sum{Pre}(params, x, mask, row_max, i), inverse, prob_sum(probs, i)); */
    /*@ assert hint_entry: same_entry{Pre,Here}(x, i); */
    /*@ assert hint_taken: taken(x, mask, i) == taken{Pre}(x, mask, i); */
    /*@ assert hint_term: term(params, x, mask, row_max, i) == term{Pre}(params, x, mask, row_max, i); */
    /*@ assert hint_top: unmasked(x, mask, i) ==> modulated(params, x[i]) <= row_max; */
    /*@ assert hint_inside: probs == x ==> \forall integer k; i < k < n ==> \separated(probs + i, x + k); */
    /*@ assert hint_outside: probs != x ==> \forall integer k; i < k < n ==> \separated(probs + i, x + k); */
    write_prob(params, x, mask, i, row_max, inverse, probs);
    /*@ assert hint_kept: \forall integer k; 0 <= k < i ==>
                            \is_finite(probs[k]) && probs[k] == \at(probs[k], LoopCurrent); */
    /*@ assert hint_rest: \forall integer k; i < k < n ==> same_entry{LoopCurrent,Here}(x, k); */
    /*@ assert hint_sum: weight_sum{Pre}(params, x, mask, row_max, i + 1) ==
                         weight_sum{Pre}(params, x, mask, row_max, i) + term{Pre}(params, x, mask, row_max, i); */
    /*@ assert hint_near: prob_near(term{Pre}(params, x, mask, row_max, i), inverse, probs[i]); */
    /*@ assert hint_step: row_close(i + 1.0, weight_sum{Pre}(params, x, mask, row_max, i) +
                                      term{Pre}(params, x, mask, row_max, i), inverse,
                                      prob_sum{LoopCurrent}(probs, i) + probs[i]); */
    /*@ assert hint_total: prob_sum(probs, i + 1) == prob_sum{LoopCurrent}(probs, i) + probs[i]; */
    /*@ assert hint_masked: !unmasked{Pre}(x, mask, i) ==> probs[i] == 0.0; */
    /*@ assert hint_value: unmasked{Pre}(x, mask, i) ==>
                   probs[i] == prob_of(weight{Pre}(params, \at(x[\at(i, Here)], Pre), row_max), inverse); */
    /*@ assert hint_next: row_close(i + 1.0, weight_sum{Pre}(params, x, mask, row_max, i + 1), inverse,
                                    prob_sum(probs, i + 1)); */
    /*@ assert hint_sum_next: sum_written{Pre,Here}(params, x, mask, probs, row_max, inverse, i + 1); */
    /*@ assert hint_masks: masked_zero{Pre,Here}(x, mask, probs, i); */
    /*@ assert hint_values: weighted{Pre,Here}(params, x, mask, probs, row_max, inverse, i); */
    /*@ assert hint_masks_next: masked_zero{Pre,Here}(x, mask, probs, i + 1); */
    /*@ assert hint_values_next: weighted{Pre,Here}(params, x, mask, probs, row_max, inverse, i + 1); */
  }
}

mmax_status mmax_row_forward_ref(const mmax_params *params, const float *x, const uint8_t *mask,
                                 size_t n, float *probs) {
  mmax_status state = mmax_row_state(x, mask, n);
  if (state == MMAX_ROW_NONFINITE) {
    mmax_row_fill(probs, n, mmax_canonical_nan());
    return state;
  }
  if (state == MMAX_ROW_MASKED) {
    mmax_row_fill(probs, n, 0.0f);
    return state;
  }
  size_t top = mmax_row_argmax(params, x, mask, n);
  /*@ assert hint_some: top < n; */
  double row_max = mmax_modulated(params, x[top]);
  /*@ assert hint_top: is_top(params, x, mask, n, row_max); */
  /*@ assert hint_largest: is_largest(params, x, mask, n, row_max); */
  mmax_sum sum = mmax_row_sum(params, x, mask, n, row_max);
  /*@ assert hint_least: sum_count(sum) >= 1125899906842624; */
  /*@ assert hint_most: sum.hi <= 131072; */
  double total = mmax_sum_weight(sum);
  double inverse = inverse_of(total);
  /*@ assert hint_total: total_close(sum_weight(sum)*inverse, total*inverse); */
  /*@ assert hint_near: near_one(0x1.5p-51, sum_weight(sum)*inverse); */
  /*@ assert hint_count: count_close(n, sum_weight(sum)*inverse,
                                     weight_sum(params, x, mask, row_max, n)*inverse); */
  write_probs(params, x, mask, n, row_max, inverse, probs);
  /*@ assert hint_sum: normalised(n, prob_sum(probs, n)); */
  return MMAX_OK;
}
