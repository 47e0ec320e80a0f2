/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-entropy of one row, -sum_k q_k log p_k with q = (1-a) e_target + a/unmasked, and its
   backward grad_sigma = w (p - q). specs/semantics.md#cross-entropy */
#include "gradient.h"
#include "kernels_ref.h"
#include "lse.h"

/* How many entries take part. */
/*@ requires  view:   \valid_read(row) && valid_view(row);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == unmasked_count(row->logits.f32, row->mask, row->n);
    ensures   range:  0 <= \result <= row->n;
    ensures   some:   !all_masked(row->logits.f32, row->mask, row->n) ==> 1 <= \result;
*/
static size_t count_unmasked(const mmax_view *row) {
  size_t count = 0;
  /*@ loop invariant range: 0 <= i <= row->n && count <= i;
      loop invariant value: count == unmasked_count(row->logits.f32, row->mask, i);
      loop invariant some:  count == 0 ==> all_masked(row->logits.f32, row->mask, i);
      loop assigns   i, count;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++)
    if (mmax_live(row, i)) count++;
  return count;
}

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
    requires  max:    bounded(row_max, 1.0e195) && is_top(params, row->logits.f32, row->mask, row->n, row_max);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  fin(\result) && 0.0 <= \result <= 3.0e195;
    ensures   value:  furthest(params, row->logits.f32, row->mask, row_max, row->n, \result);
*/
static double largest_distance(const mmax_params *params, const mmax_view *row, double row_max) {
  double largest = 0.0;
  /*@ loop invariant index: 0 <= i <= row->n;
      loop invariant range: fin(largest) && 0.0 <= largest <= 3.0e195;
      loop invariant value: furthest(params, row->logits.f32, row->mask, row_max, i, largest);
      loop assigns   i, largest;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    if (!mmax_live(row, i)) {
      /*@ assert hint_masked: !unmasked(row->logits.f32, row->mask, i); */
      /*@ assert hint_skip: furthest(params, row->logits.f32, row->mask, row_max, i + 1, largest); */
      continue;
    }
    double d = distance(params, mmax_logit(row, i), row_max);
    /*@ assert hint_this: distance_is(params, row->logits.f32, row->mask, row_max, i, d); */
    if (d > largest) {
      /*@ assert hint_larger: furthest(params, row->logits.f32, row->mask, row_max, i + 1, d); */
      largest = d;
    } else {
      /*@ assert hint_smaller: furthest(params, row->logits.f32, row->mask, row_max, i + 1, largest); */
    }
  }
  return largest;
}

/* The sum of the distances, in units of the grid of big. */
/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  params: \valid_read(params) && valid_params(params);
    requires  max:    bounded(row_max, 1.0e195) && is_top(params, row->logits.f32, row->mask, row->n, row_max);
    requires  grid:   fin(big) && is_grid(big);
    requires  within: distances_within(params, row->logits.f32, row->mask, row_max, row->n, big);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   most:   \result.hi <= 262144;
    ensures   exact:  steps(sum_count(\result), big) ==
                        below_sum(params, row->logits.f32, row->mask, row_max, big, row->n);
*/
static mmax_sum sum_of_distances(const mmax_params *params, const mmax_view *row, double row_max,
                                 double big) {
  mmax_sum sum = {0, 0};
  /*@ loop invariant range: 0 <= i <= row->n;
      loop invariant most:  0 <= sum_count(sum) <= i*2251799813685248;
      loop invariant exact: steps(sum_count(sum), big) ==
                              below_sum(params, row->logits.f32, row->mask, row_max, big, i);
      loop assigns   i, sum;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    /*@ assert hint_room: sum.hi <= 262144; */
    if (!mmax_live(row, i)) {
      /*@ assert hint_skip: below_sum(params, row->logits.f32, row->mask, row_max, big, i + 1) ==
                            below_sum(params, row->logits.f32, row->mask, row_max, big, i); */
      continue;
    }
    double d = distance(params, mmax_logit(row, i), row_max);
    /*@ assert hint_d: d == below(modulated(params, row->logits.f32[i]), row_max); */
    /*@ assert hint_next: below_sum(params, row->logits.f32, row->mask, row_max, big, i + 1) ==
                          below_sum(params, row->logits.f32, row->mask, row_max, big, i) + quant(d, big); */
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
    requires  max:    bounded(row_max, 1.0e195) && is_top(params, row->logits.f32, row->mask, row->n, row_max);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  fin(\result) && 0.0 <= \result <= 1.0e220;
    ensures   value:  is_below(params, row->logits.f32, row->mask, row_max, row->n, \result);
*/
static double sum_below_max(const mmax_params *params, const mmax_view *row, double row_max) {
  double largest = largest_distance(params, row, row_max);
  mmax_grid grid = mmax_grid_for(largest);
  /*@ assert hint_within: distances_within(params, row->logits.f32, row->mask, row_max, row->n, grid.big); */
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
    requires  some:   !all_masked(row->logits.f32, row->mask, row->n);
    requires  max:    bounded(lse.row_max, 1.0e195) && is_top(params, row->logits.f32, row->mask, row->n, lse.row_max);
    requires  log:    fin(lse.log) && 0.0 <= lse.log <= 26.0;
    requires  range:  fin(smoothing) && 0.0 <= smoothing <= 1.0;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   masked: !unmasked(row->logits.f32, row->mask, target) ==> \is_plus_infinity(\result);
    ensures   value:  unmasked(row->logits.f32, row->mask, target) ==> \exists real l; loss_entry(l, \result) &&
                        loss_is(params, row->logits.f32, row->mask, row->n, target, smoothing, lse.row_max, lse.log, l);
*/
static float row_loss(const mmax_params *params, const mmax_view *row, size_t target,
                      double smoothing, mmax_lse lse) {
  if (!mmax_live(row, target)) return mmax_plus_inf();
  double b = distance(params, mmax_logit(row, target), lse.row_max);
  /*@ assert hint_b: b == below(modulated(params, row->logits.f32[target]), lse.row_max); */
  double loss = plain_loss_of(smoothing, b, lse.log);
  /*@ assert hint_plain: loss == plain_loss(smoothing, below(modulated(params, row->logits.f32[target]), lse.row_max), lse.log); */
  if (smoothing > 0.0) {
    size_t count = count_unmasked(row);
    double s = sum_below_max(params, row, lse.row_max);
    double smooth = smooth_loss_of(smoothing, count, s, loss);
    /*@ assert hint_smooth: smooth == smooth_loss(smoothing, unmasked_count(row->logits.f32, row->mask, row->n), s,
          plain_loss(smoothing, below(modulated(params, row->logits.f32[target]), lse.row_max), lse.log)); */
    /*@ assert hint_smooth_is: loss_is(params, row->logits.f32, row->mask, row->n, target, smoothing, lse.row_max, lse.log, smooth); */
    float out = mmax_narrow(smooth);
    /*@ assert hint_smooth_entry: loss_entry(smooth, out); */
    return out;
  }
  /*@ assert hint_plain_is: loss_is(params, row->logits.f32, row->mask, row->n, target, smoothing, lse.row_max, lse.log, loss); */
  float out = mmax_narrow(loss);
  /*@ assert hint_plain_entry: loss_entry(loss, out); */
  return out;
}

#ifdef __FRAMAC__
#include "loss_gradient.acsl"
#endif

/* p_i - q_i. Without smoothing, p - 1 of the largest entry is -rest/(1+rest). */
/*@ requires  weight:  fin(e) && weighs(e) && fin(inverse) && 1.0e-12 <= inverse <= 1.0;
    requires  rest:    fin(rest) && 0.0 <= rest && times(rest, inverse) <= 1.001;
    requires  uniform: fin(uniform) && 0.0 <= uniform <= 1.0;
    requires  range:   fin(smoothing) && 0.0 <= smoothing <= 1.0;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   fin(\result) && \result == residual_of(e, rest, inverse, is_target, smoothing, uniform);
    ensures   parts:   between_parts(\result, times(e, inverse), uniform + target_part(is_target, smoothing));
*/
static double residual(double e, double rest, double inverse, int is_target, double smoothing,
                       double uniform) {
  /*@ assert hint_unit: product_unit(e, inverse); */
  /*@ assert hint_share: near_share(product(e, inverse), times(e, inverse)); */
  double p = mmax_mul(e, inverse);
  /*@ assert hint_p: p == product(e, inverse) && 0.0 <= p <= 1.01; */
  /*@ assert hint_p_fmt: fmt(p); */
  if (!is_target) {
    double d = mmax_sub(p, uniform);
    /*@ assert hint_d: d == minus(p, uniform); */
    /*@ ghost double minus_uniform = -uniform; */
    /*@ assert hint_uniform_minus: fin(minus_uniform) && minus_uniform == -uniform && fmt(minus_uniform); */
    /*@ assert hint_uniform_fmt: fmt_both(uniform); */
    /*@ assert hint_between: -uniform <= d <= p; */
    return d;
  }
  if (smoothing > 0.0) {
    double keep = mmax_sub(1.0, smoothing);
    /*@ assert hint_keep: keep == kept_part(smoothing) && unit_range(keep); */
    double q = mmax_add(keep, uniform);
    /*@ assert hint_q: q == sum_of(keep, uniform); */
    /*@ assert hint_q_near: err64(keep + uniform, q); */
    /*@ assert hint_q_least: rnd64(0.0) <= rnd64(keep + uniform); */
    double d = mmax_sub(p, q);
    /*@ assert hint_smooth: d == minus(p, q); */
    /*@ ghost double minus_q = -q; */
    /*@ assert hint_q_minus: fin(minus_q) && minus_q == -q && fmt(minus_q); */
    /*@ assert hint_q_fmt: fmt_both(q); */
    /*@ assert hint_smooth_between: -q <= d <= p; */
    return d;
  }
  if (e == 1.0) {
    /*@ assert hint_rest: 0.0 <= times(rest, inverse); */
    double other = mmax_mul(rest, inverse);
    /*@ assert hint_other: other == product(rest, inverse) && err64(times(rest, inverse), other); */
    /*@ assert hint_other_least: rnd64(0.0) <= other; */
    return -other;
  }
  double d = mmax_sub(p, 1.0);
  /*@ assert hint_one: d == minus(p, 1.0); */
  /*@ ghost double minus_one = -1.0; */
  /*@ assert hint_one_minus: fin(minus_one) && minus_one == -1.0 && fmt(minus_one); */
  /*@ assert hint_one_fmt: fmt_both(1.0); */
  /*@ assert hint_one_between: -1.0 <= d <= p; */
  return d;
}

/* The range of the entries that take part in the gradient. */
/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  params: \valid_read(params) && valid_params(params);
    requires  top:    bounded(row_max, 1.0e195) && is_top(params, row->logits.f32, row->mask, row->n, row_max);
    requires  range:  fin(smoothing);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  extent_fine(\result.lo, \result.hi, \result.largest);
    ensures   all:    pulls_within(params, row->logits.f32, row->mask, row_max, target, smoothing, row->n, \result.lo, \result.hi, \result.largest);
*/
static mmax_extent pulling_extent(const mmax_params *params, const mmax_view *row, size_t target,
                                  double smoothing, double row_max) {
  mmax_extent extent = {0.0, 0.0, 0.0, 0};
  /*@ loop invariant index: 0 <= i <= row->n;
      loop invariant range: extent_fine(extent.lo, extent.hi, extent.largest);
      loop invariant none:  extent.any == 0 ==> none_pulls(params, row->logits.f32, row->mask, row_max, target, smoothing, i);
      loop invariant all:   pulls_within(params, row->logits.f32, row->mask, row_max, target, smoothing, i, extent.lo, extent.hi, extent.largest);
      loop assigns   i, extent;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    if (!mmax_live(row, i) || (!(smoothing > 0.0) && i != target &&
                               !(mmax_weight(params, mmax_logit(row, i), row_max) > 0.0))) {
      /*@ assert hint_not: !pulls(params, row->logits.f32, row->mask, row_max, target, smoothing, i); */
      /*@ assert hint_skip: pulls_within(params, row->logits.f32, row->mask, row_max, target, smoothing, i + 1, extent.lo, extent.hi, extent.largest); */
      continue;
    }
    double v = mmax_widen(mmax_logit(row, i));
    /*@ assert hint_v: v == row->logits.f32[i]; */
    /*@ ghost mmax_extent before = extent; */
    extent = mmax_extent_add(extent, v, mmax_affine(params, v));
    /*@ assert hint_entry: in_extent(row->logits.f32[i], affine_hat(params, row->logits.f32[i]), extent.lo, extent.hi, extent.largest); */
    /*@ assert hint_others: before.any == 0 || wider(before.lo, before.hi, before.largest, extent.lo, extent.hi, extent.largest); */
    /*@ assert hint_all: pulls_within(params, row->logits.f32, row->mask, row_max, target, smoothing, i + 1, extent.lo, extent.hi, extent.largest); */
  }
  return extent;
}

/*@ requires  view:      \valid_read(row) && valid_view(row) && target < row->n;
    requires  params:    \valid_read(params) && valid_params(params);
    requires  rest:      is_rest(params, row->logits.f32, row->mask, row->n, lse.row_max, lse.rest);
    requires  range:     bounded(lse.row_max, 1.0e195) && fin(lse.rest) && 0.0 <= lse.rest <= 34359738368.0 &&
                           fin(smoothing) && 0.0 <= smoothing <= 1.0 && bounded(w, 3.4028235e38);
    requires  top:       is_top(params, row->logits.f32, row->mask, row->n, lse.row_max);
    requires  some:      !all_masked(row->logits.f32, row->mask, row->n);
    requires  out:       valid_grad(grad.storage, grad.f32, grad.bits, row->n) && (acc == \null || \valid(acc));
    requires  same:      grad.f32 == row->logits.f32 ||
                           \separated(grad.f32 + (0 .. row->n - 1), row->logits.f32 + (0 .. row->n - 1));
    requires  apart:     row->mask == \null || \separated(grad.f32 + (0 .. row->n - 1), row->mask + (0 .. row->n - 1));
    requires  acc_apart: \separated(acc, row, params) && \separated(acc, grad.f32 + (0 .. row->n - 1)) &&
                           \separated(acc, row->logits.f32 + (0 .. row->n - 1)) &&
                           (row->mask == \null || \separated(acc, row->mask + (0 .. row->n - 1)));
    requires  frame:     \separated(grad.f32 + (0 .. row->n - 1), row, params);
    terminates \true;
    exits     \false;
    assigns   grad.f32[0 .. row->n - 1], *acc;
    ensures   masks:     grad.f32 != \null ==> masked_zero{Pre,Post}(row->logits.f32, row->mask, grad.f32, row->n);
    ensures   counts:    acc != \null ==> acc->rows == (uint64_t)(\old(acc->rows) + 1) && acc->nonfinite_rows == \old(acc->nonfinite_rows);
*/
static void row_gradient(const mmax_params *params, const mmax_view *row, size_t target,
                         double smoothing, double w, mmax_lse lse, mmax_sink grad,
                         mmax_accumulator *acc) {
  double inverse = mmax_div(1.0, mmax_add(1.0, lse.rest));
  double uniform = 0.0;
  if (smoothing > 0.0) uniform = mmax_div(smoothing, mmax_u64_to_double(count_unmasked(row)));
  mmax_extent extent = pulling_extent(params, row, target, smoothing, lse.row_max);
  mmax_moments moments;
  mmax_moments_start(&moments, params, extent, w < 0.0 ? -w : w);
  for (size_t i = 0; i < row->n; i++) {
    double out = 0.0;
    if (mmax_live(row, i)) {
      float x = mmax_logit(row, i);
      double e = mmax_weight(params, x, lse.row_max);
      double d = residual(e, lse.rest, inverse, i == target, smoothing, uniform);
      out = mmax_mul(mmax_moments_add(&moments, params, x, mmax_mul(w, d)), params->scale);
    }
    if (mmax_wanted(grad)) mmax_put(grad, i, out);
  }
  if (acc != NULL) {
    mmax_moments_finish(&moments, params, acc);
    acc->rows++;
  }
}

/* What a row gives that has no loss. */
/*@ requires  state:     state == MMAX_ROW_MASKED || state == MMAX_ROW_NONFINITE;
    requires  out:       valid_grad(grad.storage, grad.f32, grad.bits, n) && (loss == \null || \valid(loss)) && (acc == \null || \valid(acc));
    requires  apart:     \separated(loss, grad.f32 + (0 .. n-1)) && \separated(acc, grad.f32 + (0 .. n-1)) && \separated(acc, loss);
    terminates \true;
    exits     \false;
    assigns   *loss, grad.f32[0 .. n-1], *acc;
    ensures   poisoned:  state == MMAX_ROW_NONFINITE ==> (loss != \null ==> \is_NaN(*loss)) &&
                           (grad.f32 != \null ==> \forall integer i; 0 <= i < n ==> \is_NaN(grad.f32[i]));
    ensures   zeros:     state == MMAX_ROW_MASKED ==> (loss != \null ==> \is_finite(*loss) && *loss == 0.0) &&
                           (grad.f32 != \null ==> zero_entries(grad.f32, n));
    ensures   counts:    acc != \null ==> acc->rows == \old(acc->rows) && acc->nonfinite_rows ==
                           (state == MMAX_ROW_NONFINITE ? (uint64_t)(\old(acc->nonfinite_rows) + 1) : \old(acc->nonfinite_rows));
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
  /* Before the gradient, which may replace the logits. */
  float value = loss != NULL ? row_loss(params, row, target, a, lse) : 0.0f;
  /*@ assert hint_infinite: loss != \null ==> !unmasked(row->logits.f32, row->mask, target) ==> \is_plus_infinity(value); */
  /*@ assert hint_loss: loss != \null ==> unmasked(row->logits.f32, row->mask, target) ==>
        is_loss(params, row->logits.f32, row->mask, row->n, target, smoothing, value); */
  if (mmax_wanted(grad) || acc != NULL)
    row_gradient(params, row, target, a, mmax_widen(grad_loss), lse, grad, acc);
  if (loss != NULL) *loss = value;
  return MMAX_OK;
}
