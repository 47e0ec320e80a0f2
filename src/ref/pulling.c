/* SPDX-License-Identifier: Apache-2.0 */
/* What the gradient of a row's loss needs besides its entries. */
#include "pulling.h"

#ifdef __FRAMAC__
#include "pull_end_steps.acsl"
#endif

/* The range of the entries that take part in the gradient. */
/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  params: \valid_read(params) && valid_params(params);
    requires  top:    bounded(row_max, 1.0e195) && is_top(params, row->logits.WORDS, row->mask, row->n, row_max);
    requires  range:  fin(smoothing);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  extent_fine(\result.lo, \result.hi, \result.largest);
    ensures   all:    pulls_within(params, row->logits.WORDS, row->mask, row_max, target, smoothing, row->n, \result.lo, \result.hi, \result.largest);
    ensures   ends:   pulls_attained(params, row->logits.WORDS, row->mask, row_max, target, smoothing, row->n, \result.lo, \result.hi, \result.largest);
*/
static mmax_extent pulling_extent(const mmax_params *params, const mmax_view *row, size_t target,
                                  double smoothing, double row_max) {
  mmax_extent extent = {0.0, 0.0, 0.0, 0};
  /*@ loop invariant index: 0 <= i <= row->n;
      loop invariant range: extent_fine(extent.lo, extent.hi, extent.largest);
      loop invariant none:  extent.any == 0 ==> none_pulls(params, row->logits.WORDS, row->mask, row_max, target, smoothing, i);
      loop invariant all:   pulls_within(params, row->logits.WORDS, row->mask, row_max, target, smoothing, i, extent.lo, extent.hi, extent.largest);
      loop invariant zero:  extent.any == 0 ==> extent.lo == 0.0 && extent.hi == 0.0 && extent.largest == 0.0;
      loop invariant ends:  extent.any != 0 ==>
                              pull_ends(params, row->logits.WORDS, row->mask, row_max, target, smoothing, i, extent.lo, extent.hi, extent.largest);
      loop assigns   i, extent;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    if (!mmax_live(row, i) || (!(smoothing > 0.0) && i != target &&
                               !(mmax_weight(params, mmax_logit(row, i), row_max) > 0.0))) {
      /*@ assert hint_not: !pulls(params, row->logits.WORDS, row->mask, row_max, target, smoothing, i); */
      /*@ assert hint_skip: pulls_within(params, row->logits.WORDS, row->mask, row_max, target, smoothing, i + 1, extent.lo, extent.hi, extent.largest); */
      /*@ assert hint_ends: extent.any != 0 ==>
            pull_ends(params, row->logits.WORDS, row->mask, row_max, target, smoothing, i + 1, extent.lo, extent.hi, extent.largest); */
      continue;
    }
    double v = mmax_widen(mmax_logit(row, i));
    /*@ assert hint_v: v == VALUE(row->logits.WORDS[i]); */
    /*@ assert hint_some: pulls(params, row->logits.WORDS, row->mask, row_max, target, smoothing, i); */
    /*@ ghost mmax_extent before = extent; */
    extent = mmax_extent_add(extent, v, mmax_affine(params, v));
    /*@ assert hint_entry: in_extent(VALUE(row->logits.WORDS[i]), affine_hat(params, VALUE(row->logits.WORDS[i])), extent.lo, extent.hi, extent.largest); */
    /*@ assert hint_others: before.any == 0 || wider(before.lo, before.hi, before.largest, extent.lo, extent.hi, extent.largest); */
    /*@ assert hint_all: pulls_within(params, row->logits.WORDS, row->mask, row_max, target, smoothing, i + 1, extent.lo, extent.hi, extent.largest); */
    /*@ assert hint_low: pull_low_next(params, row->logits.WORDS, row->mask, row_max, target, smoothing, i, extent.lo); */
    /*@ assert hint_high: pull_high_next(params, row->logits.WORDS, row->mask, row_max, target, smoothing, i, extent.hi); */
    /*@ assert hint_far: pull_far_next(params, row->logits.WORDS, row->mask, row_max, target, smoothing, i, extent.largest); */
    /*@ assert hint_low_end: pull_low(params, row->logits.WORDS, row->mask, row_max, target, smoothing, i + 1, extent.lo); */
    /*@ assert hint_high_end: pull_high(params, row->logits.WORDS, row->mask, row_max, target, smoothing, i + 1, extent.hi); */
    /*@ assert hint_far_end: pull_far(params, row->logits.WORDS, row->mask, row_max, target, smoothing, i + 1, extent.largest); */
  }
  return extent;
}

/* 1/(1 + rest). */
/*@ requires  range:   fin(rest) && 0.0 <= rest <= 34359738368.0;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   fin(\result) && \result == over(1.0, sum_of(1.0, rest));
    ensures   fine:    inverse_fine(rest, \result);
*/
static double inverse_of_rest(double rest) {
  double total = mmax_add(1.0, rest);
  /*@ assert hint_total: total == sum_of(1.0, rest); */
  /*@ assert hint_least: rnd64(1.0) <= rnd64(1.0 + rest); */
  /*@ assert hint_over: over_in_range(total); */
  double inverse = mmax_div(1.0, total);
  /*@ assert hint_inverse: inverse == over(1.0, total); */
  return inverse;
}

/* What each of `count` entries has of the smoothing a. */
/*@ requires  range:   fin(a) && 0.0 <= a <= 1.0 && magnitude_of_float(a) && a > 0.0;
    requires  count:   1 <= count <= 2147483647;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   fin(\result) && \result == even_part(a, count);
    ensures   fine:    even_fine(a, count, \result);
    ensures   least:   not_tiny(\result);
*/
static double even_part_of(double a, size_t count) {
  double k = mmax_u64_to_double(count);
  /*@ assert hint_k: k == count && rnd64(count) == count; */
  /*@ assert hint_unit: part_ok(a, k); */
  double each = mmax_div(a, k);
  /*@ assert hint_over: each == over(a, k); */
  /*@ assert hint_each: each == even_part(a, count); */
  return each;
}

/* What each unmasked entry has of the smoothing a. */
/*@ requires  view:    \valid_read(row) && valid_view(row);
    requires  some:    !all_masked(row->logits.WORDS, row->mask, row->n);
    requires  range:   fin(a) && 0.0 <= a <= 1.0 && magnitude_of_float(a);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   \result == uniform_of(a, unmasked_count(row->logits.WORDS, row->mask, row->n));
    ensures   fine:    smoothing_fine(a, \result);
    ensures   even:    even_to(row->logits.WORDS, row->mask, \result, a, row->n);
*/
static double uniform_part(const mmax_view *row, double a) {
  double uniform = 0.0;
  /*@ assert hint_none: even_sum(row->logits.WORDS, row->mask, uniform, row->n) == count_times(unmasked_count(row->logits.WORDS, row->mask, row->n), 0.0); */
  /*@ assert hint_zero: count_times(unmasked_count(row->logits.WORDS, row->mask, row->n), 0.0) == 0.0; */
  /*@ assert hint_kept: 0.0 <= kept_part(a) <= 1.0; */
  if (a > 0.0) {
    size_t count = mmax_count_unmasked(row);
    uniform = even_part_of(a, count);
    /*@ assert hint_sum: even_sum(row->logits.WORDS, row->mask, uniform, row->n) == count_times(unmasked_count(row->logits.WORDS, row->mask, row->n), uniform); */
    /*@ assert hint_even: even_to(row->logits.WORDS, row->mask, uniform, a, row->n); */
  }
  return uniform;
}

mmax_pulling mmax_find_pulling(const mmax_params *params, const mmax_view *row, size_t target,
                               double smoothing, double w, mmax_lse lse) {
  mmax_pulling f = {lse.row_max, lse.rest, 0.0, smoothing, 0.0, w, w < 0.0 ? -w : w, target,
               {0.0, 0.0, 0.0, 0}};
  f.inverse = inverse_of_rest(lse.rest);
  /*@ assert hint_weights: weights_fine(lse.rest, f.inverse); */
  /*@ assert hint_covers: rest_covers(weight_sum(params, row->logits.WORDS, row->mask, lse.row_max, row->n), lse.rest); */
  /*@ assert hint_mass: mass_fits(params, row->logits.WORDS, row->mask, lse.row_max, f.inverse, row->n); */
  f.uniform = uniform_part(row, smoothing);
  f.extent = pulling_extent(params, row, target, smoothing, lse.row_max);
  return f;
}
