/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-entropy of one row, -sum_k q_k log p_k with q = (1-a) e_target + a/unmasked, and its
   backward grad_sigma = w (p - q). specs/semantics.md#cross-entropy */
#include "loss.h"

/* row_max - sigma of an entry, rounded. */
/*@ requires  params: \valid_read(params) && valid_params(params);
    requires  range:  finf(x) && bounded(row_max, 1.0e195) && modulated(params, x) <= row_max;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  fin(\result) && \result == below(modulated(params, x), row_max);
    ensures   range:  0.0 <= \result <= 3.0e195;
*/
static double distance(const mmax_params *params, float x, double row_max) {
  double s = mmax_modulated(params, x);
  /*@ assert hint_s: s == modulated(params, x); */
  double d = mmax_sub(row_max, s);
  /*@ assert hint_d: d == below(s, row_max); */
  /*@ assert hint_least: rnd64(0.0) <= rnd64(row_max - s); */
  /*@ assert hint_most: err64(row_max - s, d); */
  return d;
}

/* The largest distance. */
/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  params: \valid_read(params) && valid_params(params);
    requires  max:    bounded(row_max, 1.0e195) && is_top(params, row->logits.WORDS, row->mask, row->n, row_max);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  fin(\result) && 0.0 <= \result <= 3.0e195;
    ensures   value:  furthest(params, row->logits.WORDS, row->mask, row_max, row->n, \result);
*/
static double largest_distance(const mmax_params *params, const mmax_view *row, double row_max) {
  double largest = 0.0;
  /*@ loop invariant index: 0 <= i <= row->n;
      loop invariant range: fin(largest) && 0.0 <= largest <= 3.0e195;
      loop invariant value: furthest(params, row->logits.WORDS, row->mask, row_max, i, largest);
      loop assigns   i, largest;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    if (!mmax_live(row, i)) {
      /*@ assert hint_masked: !unmasked(row->logits.WORDS, row->mask, i); */
      /*@ assert hint_skip: furthest(params, row->logits.WORDS, row->mask, row_max, i + 1, largest); */
      continue;
    }
    double d = distance(params, mmax_logit(row, i), row_max);
    /*@ assert hint_this: distance_is(params, row->logits.WORDS, row->mask, row_max, i, d); */
    if (d > largest) {
      /*@ assert hint_larger: furthest(params, row->logits.WORDS, row->mask, row_max, i + 1, d); */
      largest = d;
    } else {
      /*@ assert hint_smaller: furthest(params, row->logits.WORDS, row->mask, row_max, i + 1, largest); */
    }
  }
  return largest;
}

/* The sum of the distances, in units of the grid of big. */
/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  params: \valid_read(params) && valid_params(params);
    requires  max:    bounded(row_max, 1.0e195) && is_top(params, row->logits.WORDS, row->mask, row->n, row_max);
    requires  grid:   fin(big) && is_grid(big);
    requires  within: distances_within(params, row->logits.WORDS, row->mask, row_max, row->n, big);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   most:   \result.hi <= 262144;
    ensures   exact:  steps(sum_count(\result), big) ==
                        below_sum(params, row->logits.WORDS, row->mask, row_max, big, row->n);
*/
static mmax_sum sum_of_distances(const mmax_params *params, const mmax_view *row, double row_max,
                                 double big) {
  mmax_sum sum = {0, 0};
  /*@ loop invariant range: 0 <= i <= row->n;
      loop invariant most:  0 <= sum_count(sum) <= i*2251799813685248;
      loop invariant exact: steps(sum_count(sum), big) ==
                              below_sum(params, row->logits.WORDS, row->mask, row_max, big, i);
      loop assigns   i, sum;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    /*@ assert hint_room: sum.hi <= 262144; */
    if (!mmax_live(row, i)) {
      /*@ assert hint_skip: below_sum(params, row->logits.WORDS, row->mask, row_max, big, i + 1) ==
                            below_sum(params, row->logits.WORDS, row->mask, row_max, big, i); */
      continue;
    }
    double d = distance(params, mmax_logit(row, i), row_max);
    /*@ assert hint_d: d == below(modulated(params, VALUE(row->logits.WORDS[i])), row_max); */
    /*@ assert hint_next: below_sum(params, row->logits.WORDS, row->mask, row_max, big, i + 1) ==
                          below_sum(params, row->logits.WORDS, row->mask, row_max, big, i) + quant(d, big); */
    /*@ assert hint_within: within(d, big); */
    /*@ assert hint_positive: 0.0 <= quant(d, big); */
    int64_t q = mmax_quantise(d, big);
    /*@ assert hint_steps: 0.0 <= steps(q, big); */
    /*@ assert hint_q: q >= 0; */
    mmax_sum next = mmax_sum_add(sum, (uint64_t)q);
    /*@ assert hint_count: sum_count(next) == sum_count(sum) + q; */
    /*@ assert hint_sum: steps(sum_count(next), big) == steps(sum_count(sum), big) + steps(q, big); */
    sum = next;
  }
  return sum;
}

/* Sum of the distances, exact on a grid set by the largest. */
/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  params: \valid_read(params) && valid_params(params);
    requires  max:    bounded(row_max, 1.0e195) && is_top(params, row->logits.WORDS, row->mask, row->n, row_max);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  fin(\result) && 0.0 <= \result <= 1.0e220;
    ensures   value:  is_below(params, row->logits.WORDS, row->mask, row_max, row->n, \result);
*/
static double sum_below_max(const mmax_params *params, const mmax_view *row, double row_max) {
  double largest = largest_distance(params, row, row_max);
  mmax_grid grid = mmax_grid_for(largest);
  /*@ assert hint_within: distances_within(params, row->logits.WORDS, row->mask, row_max, row->n, grid.big); */
  mmax_sum sum = sum_of_distances(params, row, row_max, grid.big);
  /*@ assert hint_same: unit(grid.big) == p2(grid.unit); */
  /*@ assert hint_big: 6.0*0x1p-207 < grid.big <= 3.7e196; */
  /*@ assert hint_unit: 0x1p-258 <= p2(grid.unit) <= 1.0e193; */
  /*@ assert hint_scaled: steps(sum_count(sum), grid.big) == scaled(sum_count(sum), unit(grid.big)); */
  /*@ assert hint_unit_scaled: steps(sum_count(sum), grid.big) == scaled(sum_count(sum), p2(grid.unit)); */
  /*@ assert hint_steps: steps(sum_count(sum), grid.big) == sum_count(sum)*p2(grid.unit); */
  double total = mmax_sum_total(sum, mmax_pow2(grid.unit));
  /*@ assert hint_least: sum_count(sum) == 0 || 0x1p-300 <= sum_count(sum)*p2(grid.unit); */
  /*@ assert hint_close: sum_close(sum_count(sum)*p2(grid.unit), total); */
  return total;
}

/* The loss without the smoothing: (1 - a)*b + ln(1 + rest). */
/*@ requires  range:  fin(a) && 0.0 <= a <= 1.0 && fin(b) && 0.0 <= b <= 3.0e195 && fin(log) && 0.0 <= log <= 26.0;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  fin(\result) && \result == plain_loss(a, b, log);
    ensures   range:  0.0 <= \result <= 1.0e200;
*/
static double plain_loss_of(double a, double b, double log) {
  double keep = mmax_sub(1.0, a);
  /*@ assert hint_keep: keep == kept_part(a); */
  /*@ assert hint_unit: unit_range(keep); */
  /*@ assert hint_product: product_le(keep, 1.0, b); */
  /*@ assert hint_part: part_added(keep, b, log); */
  double loss = mmax_fma(keep, b, log);
  /*@ assert hint_fused: loss == fused(keep, b, log); */
  /*@ assert hint_kept: loss == fused(kept_part(a), b, log); */
  /*@ assert hint_least: rnd64(0.0) <= loss; */
  /*@ assert hint_error: err64(keep*b + log, loss); */
  return loss;
}

/* With the smoothing: s the sum of the distances of `count` entries. */
/*@ requires  range:  fin(a) && 0.0 <= a <= 1.0 && fin(s) && 0.0 <= s <= 1.0e220 && fin(loss) && 0.0 <= loss <= 1.0e200;
    requires  count:  1 <= count <= 2147483647;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  fin(\result) && \result == smooth_loss(a, count, s, loss);
*/
static double smooth_loss_of(double a, size_t count, double s, double loss) {
  double k = mmax_u64_to_double(count);
  /*@ assert hint_k: k == count && rnd64(count) == count; */
  /*@ assert hint_unit: part_ok(a, k); */
  double each = mmax_div(a, k);
  /*@ assert hint_over: each == over(a, k); */
  /*@ assert hint_each: each == even_part(a, count); */
  /*@ assert hint_each_unit: unit_range(each); */
  /*@ assert hint_product: product_le(each, 1.0, s); */
  /*@ assert hint_part: part_added(each, s, loss); */
  double smooth = mmax_fma(each, s, loss);
  /*@ assert hint_fused: smooth == fused(each, s, loss); */
  /*@ assert hint_even: smooth == fused(even_part(a, count), s, loss); */
  return smooth;
}

/* The loss is a sum of terms >= 0: nothing cancels. A masked target has probability 0. */
/*@ requires  view:   \valid_read(row) && valid_view(row) && target < row->n;
    requires  params: \valid_read(params) && valid_params(params);
    requires  some:   !all_masked(row->logits.WORDS, row->mask, row->n);
    requires  max:    bounded(lse.row_max, 1.0e195) && is_top(params, row->logits.WORDS, row->mask, row->n, lse.row_max);
    requires  log:    fin(lse.log) && 0.0 <= lse.log <= 26.0;
    requires  range:  fin(smoothing) && 0.0 <= smoothing <= 1.0;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   masked: !unmasked(row->logits.WORDS, row->mask, target) ==> \is_plus_infinity(\result);
    ensures   value:  unmasked(row->logits.WORDS, row->mask, target) ==> \exists real l; loss_entry(l, \result) &&
                        loss_is(params, row->logits.WORDS, row->mask, row->n, target, smoothing, lse.row_max, lse.log, l);
*/
static float row_loss(const mmax_params *params, const mmax_view *row, size_t target,
                      double smoothing, mmax_lse lse) {
  if (!mmax_live(row, target)) return mmax_plus_inf();
  double b = distance(params, mmax_logit(row, target), lse.row_max);
  /*@ assert hint_b: b == below(modulated(params, VALUE(row->logits.WORDS[target])), lse.row_max); */
  double loss = plain_loss_of(smoothing, b, lse.log);
  /*@ assert hint_plain: loss == plain_loss(smoothing, below(modulated(params, VALUE(row->logits.WORDS[target])), lse.row_max), lse.log); */
  if (smoothing > 0.0) {
    size_t count = mmax_count_unmasked(row);
    double s = sum_below_max(params, row, lse.row_max);
    double smooth = smooth_loss_of(smoothing, count, s, loss);
    /*@ assert hint_smooth: smooth == smooth_loss(smoothing, unmasked_count(row->logits.WORDS, row->mask, row->n), s,
          plain_loss(smoothing, below(modulated(params, VALUE(row->logits.WORDS[target])), lse.row_max), lse.log)); */
    /*@ assert hint_smooth_is: loss_is(params, row->logits.WORDS, row->mask, row->n, target, smoothing, lse.row_max, lse.log, smooth); */
    float out = mmax_narrow(smooth);
    /*@ assert hint_smooth_entry: loss_entry(smooth, out); */
    return out;
  }
  /*@ assert hint_plain_is: loss_is(params, row->logits.WORDS, row->mask, row->n, target, smoothing, lse.row_max, lse.log, loss); */
  float out = mmax_narrow(loss);
  /*@ assert hint_plain_entry: loss_entry(loss, out); */
  return out;
}

/* What a row gives that has no loss. */
/*@ requires  state:     state == MMAX_ROW_MASKED || state == MMAX_ROW_NONFINITE;
    requires  out:       valid_grad(grad.storage, grad.WORDS, grad.NO_WORDS, n) && (loss == \null || \valid(loss)) && (acc == \null || \valid(acc));
    requires  apart:     (loss == \null || grad.WORDS == \null || \separated(loss, grad.WORDS + (0 .. n-1))) &&
                           (acc == \null || grad.WORDS == \null || \separated(acc, grad.WORDS + (0 .. n-1))) &&
                           (acc == \null || loss == \null || \separated(acc, loss));
    terminates \true;
    exits     \false;
    assigns   *loss, grad.WORDS[0 .. n-1], *acc;
    ensures   poisoned:  state == MMAX_ROW_NONFINITE ==> (loss != \null ==> \is_NaN(*loss)) &&
                           (grad.WORDS != \null ==> \forall integer i; 0 <= i < n ==> NOT_A_NUMBER(grad.WORDS[i]));
    ensures   zeros:     state == MMAX_ROW_MASKED ==> (loss != \null ==> \is_finite(*loss) && *loss == 0.0) &&
                           (grad.WORDS != \null ==> zero_entries(grad.WORDS, n));
    ensures   counts:    acc != \null ==> acc->rows == \old(acc->rows) && acc->nonfinite_rows ==
                           (state == MMAX_ROW_NONFINITE ? (uint64_t)(\old(acc->nonfinite_rows) + 1) : \old(acc->nonfinite_rows));
    ensures   sums:      acc != \null ==> \forall integer j, i; 0 <= j < 10 ==> 0 <= i < 16 ==> acc->limb[j][i] == \old(acc->limb[j][i]);
*/
static void refuse(mmax_status state, size_t n, float *loss, mmax_sink grad,
                   mmax_accumulator *acc) {
  float fill = state == MMAX_ROW_MASKED ? 0.0f : mmax_canonical_nan();
  if (loss != NULL) *loss = fill;
  if (mmax_wanted(grad)) mmax_view_fill(grad, n, fill);
  if (acc != NULL && state == MMAX_ROW_NONFINITE) acc->nonfinite_rows++;
}

mmax_status mmax_row_loss_ref(const mmax_params *params, const mmax_view *row, size_t target,
                              float smoothing, float grad_loss, float *loss, mmax_sink grad,
                              mmax_accumulator *acc) {
  mmax_status state = mmax_view_state(row);
  if (state == MMAX_OK && mmax_classify(grad_loss) != MMAX_FINITE) state = MMAX_ROW_NONFINITE;
  if (state != MMAX_OK) {
    refuse(state, row->n, loss, grad, acc);
    return state;
  }
  mmax_lse lse = mmax_row_lse(params, row);
  double a = mmax_widen(smoothing);
  /*@ assert hint_a: a == smoothing; */
  /*@ assert hint_float: rnd32(a) == a; */
  /*@ assert hint_size: magnitude_of_float(a); */
  /* Before the gradient, which may replace the logits. */
  float value = loss != NULL ? row_loss(params, row, target, a, lse) : 0.0f;
  /*@ assert hint_infinite: loss != \null ==> !unmasked(row->logits.WORDS, row->mask, target) ==> \is_plus_infinity(value); */
  /*@ assert hint_loss: loss != \null ==> unmasked(row->logits.WORDS, row->mask, target) ==>
        is_loss(params, row->logits.WORDS, row->mask, row->n, target, smoothing, value); */
  if (mmax_wanted(grad) || acc != NULL) {
    double w = mmax_widen(grad_loss);
    /*@ assert hint_w: w == grad_loss; */
    mmax_row_loss_gradient(params, row, target, a, w, lse, grad, acc);
    /*@ assert hint_received: acc != \null ==>
          is_loss_param_row{Pre,Here}(acc, params, row->logits.WORDS, row->mask, row->n, target, smoothing, grad_loss); */
    /*@ assert hint_absent: acc != \null ==> absent_kept{Pre,Here}(acc, params); */
  }
  /*@ assert hint_gradient: grad.WORDS != \null ==>
        is_loss_gradient{Pre,Here}(params, row->logits.WORDS, row->mask, grad.WORDS, row->n, target, smoothing, grad_loss); */
  /*@ ghost before: ; */
  if (loss != NULL) *loss = value;
  /*@ assert hint_kept: grad.WORDS != \null ==> kept{before,Here}(grad.WORDS, row->n) && still{before,Here}(grad.WORDS, row->n); */
  return MMAX_OK;
}
