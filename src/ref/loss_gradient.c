/* SPDX-License-Identifier: Apache-2.0 */
/* grad_sigma = w (p - q) of one row, and its parameter sums. specs/semantics.md#cross-entropy */
#include "loss.h"

#include "entry.h"
#include "sums_start.h"

/* What the gradient of a row needs besides its entries. */
typedef struct pulling {
  double row_max, rest, inverse; /* of the weights                      */
  double smoothing, uniform;     /* a, and what each entry has of it    */
  double w, most;                /* of the row's gradient; |w|          */
  size_t target;
  mmax_extent extent; /* of the entries that take part */
} pulling;

#ifdef __FRAMAC__
#include "loss_gradient.acsl"
#include "weighed.acsl"
#include "entry.acsl"
#include "written.acsl"
#include "params_kept.acsl"
#include "rest_mass.acsl"
#include "pull_share.acsl"
#include "pulled.acsl"
#endif

/* p_i - q_i. Without smoothing, p - 1 of the largest entry is -rest/(1+rest). */
/*@ requires  weight:  fin(e) && weighs(e) && fin(inverse) && 1.0e-12 <= inverse <= 1.0;
    requires  rest:    fin(rest) && 0.0 <= rest && times(rest, inverse) <= 1.001;
    requires  uniform: fin(uniform) && 0.0 <= uniform <= 1.0 && (smoothing > 0.0 ==> not_tiny(uniform));
    requires  range:   fin(smoothing) && 0.0 <= smoothing <= 1.0;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   fin(\result) && \result == residual_of(e, rest, inverse, is_target, smoothing, uniform);
    ensures   parts:   between_shares(\result, times(e, inverse), own_part(uniform, is_target, smoothing));
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

/* Gradient at sigma of an entry of weight e: w*(p - q). */
/*@ requires  row:     \valid_read(row);
    requires  entry:   fin(e) && weighs(e) && 0 <= is_target <= 1;
    requires  found:   weights_fine(row->rest, row->inverse) && smoothing_fine(row->smoothing, row->uniform) && factor_fine(row->w, row->most) &&
                         extent_fine(row->extent.lo, row->extent.hi, row->extent.largest);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   \result == product(row->w, residual_of(e, row->rest, row->inverse, is_target, row->smoothing, row->uniform));
    ensures   range:   bounded(\result, 1.0e39);
    ensures   nothing: e == 0.0 ==> is_target == 0 ==> row->smoothing == 0.0 ==> \result == 0.0;
    ensures   share:   share(\result, pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), product(2.0, row->most));
    ensures   part:    part_of(pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), product(2.0, row->most));
*/
static double entry_pull(const pulling *row, double e, int is_target) {
  /*@ assert hint_mass: product_unit(e, row->inverse) && 0.0 <= times(e, row->inverse) <= 1.0; */
  /*@ assert hint_own: 0.0 <= own_part(row->uniform, is_target, row->smoothing) <= 1.009; */
  double d = residual(e, row->rest, row->inverse, is_target, row->smoothing, row->uniform);
  /*@ assert hint_d: bounded(d, 1.1); */
  /*@ assert hint_none: e == 0.0 ==> is_target == 0 ==> row->smoothing == 0.0 ==> d == 0.0; */
  /*@ assert hint_share: share(product(row->w, d), pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), product(2.0, row->most)); */
  /*@ assert hint_part: part_of(pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), product(2.0, row->most)); */
  return mmax_at_residual(row->w, d);
}

/* Adds an entry of weight e to the sums; returns its gradient at the logit. */
/*@ requires  valid:   \valid(moments) && \valid_read(row);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  entry:   finf(x) && fin(e) && weighs(e) && 0 <= is_target <= 1;
    requires  found:   weights_fine(row->rest, row->inverse) && smoothing_fine(row->smoothing, row->uniform) && factor_fine(row->w, row->most) &&
                         extent_fine(row->extent.lo, row->extent.hi, row->extent.largest);
    requires  takes:   (e == 0.0 && is_target == 0 && row->smoothing == 0.0) || in_extent(x, affine_hat(params, x), row->extent.lo, row->extent.hi, row->extent.largest);
    requires  tops:    tops_fine(params, row->extent.lo, row->extent.hi);
    requires  grids:   all_over(moments, params, product(2.0, row->most), row->extent.lo, row->extent.hi, row->extent.largest);
    requires  room:    all_sized(moments);
    terminates \true;
    exits     \false;
    assigns   moments->sum[0 .. 9];
    ensures   value:   \result == pull_of(params, x, row->w, residual_of(e, row->rest, row->inverse, is_target, row->smoothing, row->uniform));
    ensures   range:   bounded(\result, 1.0e197);
    ensures   sum0:    counted(moments->sum[0] - \old(moments->sum[0]), pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), 1.0);
    ensures   sum1:    counted(moments->sum[1] - \old(moments->sum[1]), pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), 1.0);
    ensures   sum2:    counted(moments->sum[2] - \old(moments->sum[2]), pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), 1.0);
    ensures   sum3:    counted(moments->sum[3] - \old(moments->sum[3]), pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), 1.0);
    ensures   sum4:    counted(moments->sum[4] - \old(moments->sum[4]), pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), 1.0);
    ensures   sum5:    counted(moments->sum[5] - \old(moments->sum[5]), pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), 1.0);
    ensures   sum6:    counted(moments->sum[6] - \old(moments->sum[6]), pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), 1.0);
    ensures   sum7:    counted(moments->sum[7] - \old(moments->sum[7]), pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), 1.0);
    ensures   sum8:    counted(moments->sum[8] - \old(moments->sum[8]), pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), 1.0);
    ensures   sum9:    counted(moments->sum[9] - \old(moments->sum[9]), pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), 1.0);
*/
static double add_pull(mmax_moments *moments, const mmax_params *params, const pulling *row, float x,
                       double e, int is_target) {
  double g = entry_pull(row, e, is_target);
  /*@ assert hint_inside: g == 0.0 || in_extent(x, affine_hat(params, x), row->extent.lo, row->extent.hi, row->extent.largest); */
  /*@ assert hint_first: reaches_first(params, affine_hat(params, x), g, row->extent.lo, row->extent.hi); */
  /*@ assert hint_second: reaches_second(params, affine_hat(params, x), g, row->extent.lo, row->extent.hi); */
  /*@ assert hint_slope: reaches_slope(params, x, affine_hat(params, x), g, row->extent.lo, row->extent.hi, row->extent.largest); */
  /*@ assert hint_same: shares_same(moments, g, pull_share(e, row->inverse, row->uniform, is_target, row->smoothing)); */
  /*@ assert hint_shares_first: shares_first(moments, params, affine_hat(params, x), g, pull_share(e, row->inverse, row->uniform, is_target, row->smoothing)); */
  /*@ assert hint_shares_second: shares_second(moments, params, affine_hat(params, x), g, pull_share(e, row->inverse, row->uniform, is_target, row->smoothing)); */
  /*@ assert hint_shares_slope: shares_slope(moments, params, x, affine_hat(params, x), g, pull_share(e, row->inverse, row->uniform, is_target, row->smoothing)); */
  /*@ assert hint_grids: all_fine_grids(moments); */
  /*@ assert hint_fits: entry_fits(moments, params, x, affine_hat(params, x), g); */
  /*@ assert hint_chosen: shared(chosen(low1(params, affine_hat(params, x)), g), pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), moments->grid[4].big) &&
                          shared(chosen(high1(params, affine_hat(params, x)), g), pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), moments->grid[5].big); */
  double h = mmax_moments_add(moments, params, x, g);
  /*@ assert hint_h: h == product(g, slope_at(params, affine_hat(params, x))); */
  /*@ assert hint_floor: is_floor(moments->sum[9] - \at(moments->sum[9], Pre), h, moments->grid[9].big) &&
                         shared(h, pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), moments->grid[9].big); */
  return mmax_at_scale(h, params->scale);
}

/* Gradient at the logit of entry i, added to the sums; 0 if it is masked. */
/*@ requires  view:    \valid_read(row) && valid_view(row) && i < row->n && \valid_read(f) && \valid(moments);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  found:   bounded(f->row_max, 1.0e195) && weights_fine(f->rest, f->inverse) && smoothing_fine(f->smoothing, f->uniform) && factor_fine(f->w, f->most) &&
                         extent_fine(f->extent.lo, f->extent.hi, f->extent.largest);
    requires  entry:   pull_known(params, row->logits.f32, row->mask, f->row_max, f->target, f->smoothing, f->extent.lo, f->extent.hi,
                         f->extent.largest, i);
    requires  tops:    tops_fine(params, f->extent.lo, f->extent.hi);
    requires  grids:   all_over(moments, params, product(2.0, f->most), f->extent.lo, f->extent.hi, f->extent.largest);
    requires  room:    all_sized(moments);
    terminates \true;
    exits     \false;
    assigns   moments->sum[0 .. 9];
    ensures   value:   unmasked(row->logits.f32, row->mask, i) ==> \result == pull_of(params, row->logits.f32[i], f->w,
                         residual_of(weight(params, row->logits.f32[i], f->row_max), f->rest, f->inverse, same_index(i, f->target), f->smoothing, f->uniform));
    ensures   masked:  !unmasked(row->logits.f32, row->mask, i) ==> \result == 0.0;
    ensures   range:   bounded(\result, 1.0e197);
    ensures   sums:    all_moved{Pre,Post}(moments, share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform,
                         f->target, f->smoothing, i));
*/
static double pull_at(const mmax_params *params, const mmax_view *row, size_t i, const pulling *f,
                      mmax_moments *moments) {
  if (!mmax_live(row, i)) {
    /*@ assert hint_smooths: smooths(f->smoothing); */
    /*@ assert hint_masked: no_less(share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform, f->target, f->smoothing, i)); */
    /*@ assert hint_still_0: moved_by(\at(moments->sum[0], Pre), moments->sum[0], share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform,
          f->target, f->smoothing, i)); */
    /*@ assert hint_still_1: moved_by(\at(moments->sum[1], Pre), moments->sum[1], share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform,
          f->target, f->smoothing, i)); */
    /*@ assert hint_still_2: moved_by(\at(moments->sum[2], Pre), moments->sum[2], share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform,
          f->target, f->smoothing, i)); */
    /*@ assert hint_still_3: moved_by(\at(moments->sum[3], Pre), moments->sum[3], share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform,
          f->target, f->smoothing, i)); */
    /*@ assert hint_still_4: moved_by(\at(moments->sum[4], Pre), moments->sum[4], share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform,
          f->target, f->smoothing, i)); */
    /*@ assert hint_still_5: moved_by(\at(moments->sum[5], Pre), moments->sum[5], share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform,
          f->target, f->smoothing, i)); */
    /*@ assert hint_still_6: moved_by(\at(moments->sum[6], Pre), moments->sum[6], share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform,
          f->target, f->smoothing, i)); */
    /*@ assert hint_still_7: moved_by(\at(moments->sum[7], Pre), moments->sum[7], share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform,
          f->target, f->smoothing, i)); */
    /*@ assert hint_still_8: moved_by(\at(moments->sum[8], Pre), moments->sum[8], share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform,
          f->target, f->smoothing, i)); */
    /*@ assert hint_still_9: moved_by(\at(moments->sum[9], Pre), moments->sum[9], share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform,
          f->target, f->smoothing, i)); */
    /*@ assert hint_still_low: moved_low{Pre,Here}(moments, share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform,
          f->target, f->smoothing, i)); */
    /*@ assert hint_still_mid: moved_mid{Pre,Here}(moments, share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform,
          f->target, f->smoothing, i)); */
    /*@ assert hint_still_high: moved_high{Pre,Here}(moments, share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform,
          f->target, f->smoothing, i)); */
    /*@ assert hint_still_last: moved_last{Pre,Here}(moments, share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform,
          f->target, f->smoothing, i)); */
    /*@ assert hint_still: all_moved{Pre,Here}(moments, share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform,
          f->target, f->smoothing, i)); */
    return 0.0;
  }
  float x = mmax_logit(row, i);
  double e = mmax_weight(params, x, f->row_max);
  /*@ assert hint_e: e == weight(params, row->logits.f32[i], f->row_max); */
  /*@ assert hint_weighs: weighs(weight(params, row->logits.f32[i], f->row_max)); */
  /*@ assert hint_term: term(params, row->logits.f32, row->mask, f->row_max, i) == e; */
  int is_target = i == f->target;
  /*@ assert hint_target: is_target == same_index(i, f->target); */
  /*@ assert hint_pulls: (e == 0.0 && is_target == 0 && f->smoothing == 0.0) ||
                         pulls(params, row->logits.f32, row->mask, f->row_max, f->target, f->smoothing, i); */
  /*@ assert hint_share: share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform, f->target, f->smoothing, i) ==
                         pull_share(e, f->inverse, f->uniform, is_target, f->smoothing); */
  double h = add_pull(moments, params, f, x, e, is_target);
  /*@ assert hint_0: moved_by(\at(moments->sum[0], Pre), moments->sum[0], pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_1: moved_by(\at(moments->sum[1], Pre), moments->sum[1], pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_2: moved_by(\at(moments->sum[2], Pre), moments->sum[2], pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_3: moved_by(\at(moments->sum[3], Pre), moments->sum[3], pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_4: moved_by(\at(moments->sum[4], Pre), moments->sum[4], pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_5: moved_by(\at(moments->sum[5], Pre), moments->sum[5], pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_6: moved_by(\at(moments->sum[6], Pre), moments->sum[6], pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_7: moved_by(\at(moments->sum[7], Pre), moments->sum[7], pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_8: moved_by(\at(moments->sum[8], Pre), moments->sum[8], pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_9: moved_by(\at(moments->sum[9], Pre), moments->sum[9], pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_low: moved_low{Pre,Here}(moments, pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_mid: moved_mid{Pre,Here}(moments, pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_high: moved_high{Pre,Here}(moments, pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_last: moved_last{Pre,Here}(moments, pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_moved: all_moved{Pre,Here}(moments, pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  return h;
}

/* Writes entry i of the gradient, if it is wanted. */
/*@ requires  view:    \valid_read(row) && valid_view(row) && i < row->n && \valid_read(f) && \valid(moments);
    requires  sink:    grad.storage == MMAX_FLOAT32 && grad.bits == \null && (grad.f32 == \null || \valid(grad.f32 + i));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  found:   bounded(f->row_max, 1.0e195) && weights_fine(f->rest, f->inverse) && smoothing_fine(f->smoothing, f->uniform) && factor_fine(f->w, f->most) &&
                         extent_fine(f->extent.lo, f->extent.hi, f->extent.largest);
    requires  entry:   pull_known(params, row->logits.f32, row->mask, f->row_max, f->target, f->smoothing, f->extent.lo, f->extent.hi,
                         f->extent.largest, i);
    requires  tops:    tops_fine(params, f->extent.lo, f->extent.hi);
    requires  grids:   all_over(moments, params, product(2.0, f->most), f->extent.lo, f->extent.hi, f->extent.largest);
    requires  room:    all_sized(moments);
    terminates \true;
    exits     \false;
    assigns   moments->sum[0 .. 9], grad.f32[i];
    ensures   masked:  grad.f32 != \null ==> !unmasked{Pre}(row->logits.f32, row->mask, i) ==>
                         \is_finite(grad.f32[i]) && grad.f32[i] == 0.0;
    ensures   value:   grad.f32 != \null ==> unmasked{Pre}(row->logits.f32, row->mask, i) ==>
                         grad_entry(pull_of{Pre}(params, \at(row->logits.f32[i], Pre), f->w,
                           residual_of(weight{Pre}(params, \at(row->logits.f32[i], Pre), f->row_max), f->rest, f->inverse,
                             same_index(i, f->target), f->smoothing, f->uniform)), grad.f32[i]);
    ensures   sums:    all_moved{Pre,Post}(moments, share_at{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform,
                         f->target, f->smoothing, i));
    ensures   kept:    kept{Pre,Post}(grad.f32, i);
*/
static void write_pull(const mmax_params *params, const mmax_view *row, size_t i, const pulling *f,
                       mmax_moments *moments, mmax_sink grad) {
  double out = pull_at(params, row, i, f, moments);
  /*@ assert hint_value: unmasked{Pre}(row->logits.f32, row->mask, i) ==> out == pull_of{Pre}(params, \at(row->logits.f32[i], Pre), f->w,
        residual_of(weight{Pre}(params, \at(row->logits.f32[i], Pre), f->row_max), f->rest, f->inverse, same_index(i, f->target),
          f->smoothing, f->uniform)); */
  if (mmax_wanted(grad)) {
    mmax_put(grad, i, out);
    /*@ assert hint_finite: \forall integer k; 0 <= k < i ==> \is_finite(\at(grad.f32[k], Pre)) ==> \is_finite(grad.f32[k]); */
    /*@ assert hint_equal: \forall integer k; 0 <= k < i ==> (real)\at(grad.f32[k], Pre) == (real)grad.f32[k]; */
    /*@ assert hint_kept: kept{Pre,Here}(grad.f32, i); */
    /*@ assert hint_entry: grad_entry(out, grad.f32[i]); */
    /*@ assert hint_zero: grad_entry(0.0, grad.f32[i]) ==> \is_finite(grad.f32[i]) && grad.f32[i] == 0.0; */
  }
}

/* An entry is read before it is overwritten: grad may be the logits. */
/*@ requires  view:    \valid_read(row) && valid_view(row) && \valid_read(f) && \valid(moments);
    requires  sink:    grad.storage == MMAX_FLOAT32 && grad.bits == \null &&
                         (grad.f32 == \null || \valid(grad.f32 + (0 .. row->n - 1)));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  same:    grad.f32 == row->logits.f32 ||
                         \separated(grad.f32 + (0 .. row->n - 1), row->logits.f32 + (0 .. row->n - 1));
    requires  apart:   row->mask == \null || \separated(grad.f32 + (0 .. row->n - 1), row->mask + (0 .. row->n - 1));
    requires  frame:   \separated(grad.f32 + (0 .. row->n - 1), row) && \separated(grad.f32 + (0 .. row->n - 1), f) &&
                         \separated(grad.f32 + (0 .. row->n - 1), moments);
    requires  top:     bounded(f->row_max, 1.0e195) && is_top(params, row->logits.f32, row->mask, row->n, f->row_max);
    requires  found:   weights_fine(f->rest, f->inverse) && smoothing_fine(f->smoothing, f->uniform) && factor_fine(f->w, f->most) &&
                         extent_fine(f->extent.lo, f->extent.hi, f->extent.largest);
    requires  within:  pulls_within(params, row->logits.f32, row->mask, f->row_max, f->target, f->smoothing, row->n, f->extent.lo, f->extent.hi, f->extent.largest);
    requires  mass:    mass_to(params, row->logits.f32, row->mask, f->row_max, f->inverse, row->n) <= 1.01;
    requires  even:    even_to(row->logits.f32, row->mask, f->uniform, f->smoothing, row->n);
    requires  tops:    tops_fine(params, f->extent.lo, f->extent.hi);
    requires  grids:   all_over(moments, params, product(2.0, f->most), f->extent.lo, f->extent.hi, f->extent.largest);
    requires  start:   all_counted(moments, 0.0, 0);
    terminates \true;
    exits     \false;
    assigns   grad.f32[0 .. row->n - 1], moments->sum[0 .. 9];
    ensures   masks:   grad.f32 != \null ==> zeroed{Pre,Post}(row->logits.f32, row->mask, grad.f32, row->n);
    ensures   value:   grad.f32 != \null ==> pulled{Pre,Post}(params, row->logits.f32, row->mask, grad.f32, row->n, f->target, f->smoothing, f->w, f->row_max,
                           f->rest, f->inverse, f->uniform);
    ensures   sums:    all_sized(moments);
*/
static void write_pulls(const mmax_params *params, const mmax_view *row, const pulling *f,
                        mmax_moments *moments, mmax_sink grad) {
  /*@ assert hint_smooths: smooths(f->smoothing) && no_less(f->uniform); */
  /*@ assert hint_share_0: share_to(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform, f->target, f->smoothing, 0) == 0.0; */
  /*@ loop invariant range: 0 <= i <= row->n;
      loop invariant rest:  kept_from{Pre,Here}(row->logits.f32, i, row->n);
      loop invariant masks: grad.f32 != \null ==> zeroed{Pre,Here}(row->logits.f32, row->mask, grad.f32, i);
      loop invariant value: grad.f32 != \null ==> pulled{Pre,Here}(params, row->logits.f32, row->mask, grad.f32, i, f->target, f->smoothing, f->w, f->row_max,
                           f->rest, f->inverse, f->uniform);
      loop invariant sums:  all_counted(moments, share_to{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform, f->target, f->smoothing, i), i);
      loop assigns   i, grad.f32[0 .. row->n - 1], moments->sum[0 .. 9];
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    /*@ assert hint_sink: grad.f32 == \null || \valid(grad.f32 + i); */
    /*@ assert hint_inside: grad.f32 == row->logits.f32 ==>
                              \forall integer k; i < k < row->n ==> \separated(grad.f32 + i, row->logits.f32 + k); */
    /*@ assert hint_outside: grad.f32 != row->logits.f32 ==>
                               \forall integer k; i < k < row->n ==> \separated(grad.f32 + i, row->logits.f32 + k); */
    /*@ assert hint_entry: same_entry{Pre,Here}(row->logits.f32, i); */
    /*@ assert hint_taken: taken(row->logits.f32, row->mask, i) == taken{Pre}(row->logits.f32, row->mask, i); */
    /*@ assert hint_term: term(params, row->logits.f32, row->mask, f->row_max, i) ==
                          term{Pre}(params, row->logits.f32, row->mask, f->row_max, i); */
    /*@ assert hint_same: times_same(term(params, row->logits.f32, row->mask, f->row_max, i),
                                     term{Pre}(params, row->logits.f32, row->mask, f->row_max, i), f->inverse); */
    /*@ assert hint_mass_of: mass_of(params, row->logits.f32, row->mask, f->row_max, f->inverse, i) ==
                             mass_of{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, i); */
    /*@ assert hint_even_of: even_of(row->logits.f32, row->mask, f->uniform, i) == even_of{Pre}(row->logits.f32, row->mask, f->uniform, i); */
    /*@ assert hint_share: share_at(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform, f->target, f->smoothing, i) ==
                           share_at{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform, f->target, f->smoothing, i); */
    /*@ assert hint_known_0: pull_known{Pre}(params, row->logits.f32, row->mask, f->row_max, f->target, f->smoothing, f->extent.lo, f->extent.hi, f->extent.largest, i); */
    /*@ assert hint_x: (real)row->logits.f32[i] == (real)\at(row->logits.f32[\at(i, Here)], Pre); */
    /*@ assert hint_known: pull_known(params, row->logits.f32, row->mask, f->row_max, f->target, f->smoothing, f->extent.lo, f->extent.hi, f->extent.largest, i); */
    /*@ assert hint_below: weight_sum{Pre}(params, row->logits.f32, row->mask, f->row_max, i) <=
                           weight_sum{Pre}(params, row->logits.f32, row->mask, f->row_max, row->n); */
    /*@ assert hint_grows: mass_below(weight_sum{Pre}(params, row->logits.f32, row->mask, f->row_max, i),
                                      weight_sum{Pre}(params, row->logits.f32, row->mask, f->row_max, row->n), f->inverse); */
    /*@ assert hint_mass: mass_to{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, i) <= 1.01; */
    /*@ assert hint_even: even_sum{Pre}(row->logits.f32, row->mask, f->uniform, i) <= even_sum{Pre}(row->logits.f32, row->mask, f->uniform, row->n); */
    /*@ assert hint_fits: share_to{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform, f->target, f->smoothing, i) <= 1.01; */
    /*@ assert hint_room: all_sized(moments); */
    write_pull(params, row, i, f, moments, grad);
    /*@ assert hint_next: share_to{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform, f->target, f->smoothing, i + 1) ==
                          share_to{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform, f->target, f->smoothing, i) +
                          share_at{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform, f->target, f->smoothing, i); */
    /*@ assert hint_sums: all_counted(moments, share_to{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform, f->target, f->smoothing, i + 1), i + 1); */
    /*@ assert hint_kept: kept{LoopCurrent,Here}(grad.f32, i); */
    /*@ assert hint_after: kept_from{LoopCurrent,Here}(row->logits.f32, i + 1, row->n); */
    /*@ assert hint_rest: kept_from{Pre,Here}(row->logits.f32, i + 1, row->n); */
    /*@ assert hint_zero_entry: grad.f32 != \null ==> zero_entry{Pre,Here}(row->logits.f32, row->mask, grad.f32, i); */
    /*@ assert hint_pulled_entry: grad.f32 != \null ==> pulled_entry{Pre,Here}(params, row->logits.f32, row->mask, grad.f32, f->target,
          f->smoothing, f->w, f->row_max, f->rest, f->inverse, f->uniform, i); */
    /*@ assert hint_masks: grad.f32 != \null ==> zeroed{Pre,Here}(row->logits.f32, row->mask, grad.f32, i); */
    /*@ assert hint_values: grad.f32 != \null ==> pulled{Pre,Here}(params, row->logits.f32, row->mask, grad.f32, i, f->target, f->smoothing, f->w, f->row_max,
                           f->rest, f->inverse, f->uniform); */
    /*@ assert hint_masks_next: grad.f32 != \null ==> zeroed{Pre,Here}(row->logits.f32, row->mask, grad.f32, i + 1); */
    /*@ assert hint_values_next: grad.f32 != \null ==> pulled{Pre,Here}(params, row->logits.f32, row->mask, grad.f32, i + 1, f->target, f->smoothing, f->w, f->row_max,
                           f->rest, f->inverse, f->uniform); */
  }
  /*@ assert hint_mass_n: mass_to{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, row->n) <= 1.01; */
  /*@ assert hint_fits_n: share_to{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, f->uniform, f->target, f->smoothing, row->n) <= 1.01; */
}

/* The gradients of a row in which f was found, and its sums. */
/*@ requires  view:    \valid_read(row) && valid_view(row) && \valid_read(f) && \valid(moments);
    requires  sink:    grad.storage == MMAX_FLOAT32 && grad.bits == \null &&
                         (grad.f32 == \null || \valid(grad.f32 + (0 .. row->n - 1)));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  same:    grad.f32 == row->logits.f32 ||
                         \separated(grad.f32 + (0 .. row->n - 1), row->logits.f32 + (0 .. row->n - 1));
    requires  apart:   row->mask == \null || \separated(grad.f32 + (0 .. row->n - 1), row->mask + (0 .. row->n - 1));
    requires  frame:   \separated(grad.f32 + (0 .. row->n - 1), row) && \separated(grad.f32 + (0 .. row->n - 1), f) &&
                         \separated(grad.f32 + (0 .. row->n - 1), moments);
    requires  moments: \separated(moments, params) && \separated(moments, f) && \separated(moments, row);
    requires  top:     bounded(f->row_max, 1.0e195) && is_top(params, row->logits.f32, row->mask, row->n, f->row_max);
    requires  found:   weights_fine(f->rest, f->inverse) && smoothing_fine(f->smoothing, f->uniform) && factor_fine(f->w, f->most) &&
                         extent_fine(f->extent.lo, f->extent.hi, f->extent.largest);
    requires  within:  pulls_within(params, row->logits.f32, row->mask, f->row_max, f->target, f->smoothing, row->n, f->extent.lo, f->extent.hi, f->extent.largest);
    requires  mass:    mass_fits(params, row->logits.f32, row->mask, f->row_max, f->inverse, row->n);
    requires  even:    even_to(row->logits.f32, row->mask, f->uniform, f->smoothing, row->n);
    terminates \true;
    exits     \false;
    assigns   grad.f32[0 .. row->n - 1], *moments;
    ensures   masks:   grad.f32 != \null ==> zeroed{Pre,Post}(row->logits.f32, row->mask, grad.f32, row->n);
    ensures   value:   grad.f32 != \null ==> pulled{Pre,Post}(params, row->logits.f32, row->mask, grad.f32, row->n, f->target, f->smoothing, f->w, f->row_max,
                           f->rest, f->inverse, f->uniform);
    ensures   sums:    all_sized(moments);
    ensures   units:   all_units(moments);
*/
static void write_pull_row(const mmax_params *params, const mmax_view *row, const pulling *f,
                           mmax_moments *moments, mmax_sink grad) {
  mmax_sums_start(moments, params, f->extent, f->most);
  /*@ assert hint_unit0: unit_fine(moments, 0); */
  /*@ assert hint_unit1: unit_fine(moments, 1); */
  /*@ assert hint_unit2: unit_fine(moments, 2); */
  /*@ assert hint_unit3: unit_fine(moments, 3); */
  /*@ assert hint_unit4: unit_fine(moments, 4); */
  /*@ assert hint_unit5: unit_fine(moments, 5); */
  /*@ assert hint_unit6: unit_fine(moments, 6); */
  /*@ assert hint_unit7: unit_fine(moments, 7); */
  /*@ assert hint_unit8: unit_fine(moments, 8); */
  /*@ assert hint_unit9: unit_fine(moments, 9); */
  /*@ assert hint_units: all_units(moments); */
  /*@ assert hint_is_coef0: float_sized(params->coef[0]) && params->coef[0] == \at(params->coef[0], Pre); */
  /*@ assert hint_is_coef1: float_sized(params->coef[1]) && params->coef[1] == \at(params->coef[1], Pre); */
  /*@ assert hint_is_coef2: float_sized(params->coef[2]) && params->coef[2] == \at(params->coef[2], Pre); */
  /*@ assert hint_is_coef3: float_sized(params->coef[3]) && params->coef[3] == \at(params->coef[3], Pre); */
  /*@ assert hint_is_knot0: float_sized(params->knot[0]) && params->knot[0] == \at(params->knot[0], Pre); */
  /*@ assert hint_is_knot1: float_sized(params->knot[1]) && params->knot[1] == \at(params->knot[1], Pre); */
  /*@ assert hint_is_knot2: float_sized(params->knot[2]) && params->knot[2] == \at(params->knot[2], Pre); */
  /*@ assert hint_is_knot3: float_sized(params->knot[3]) && params->knot[3] == \at(params->knot[3], Pre); */
  /*@ assert hint_is_scale: float_sized(params->scale) && params->scale == \at(params->scale, Pre); */
  /*@ assert hint_is_shift: float_sized(params->shift) && params->shift == \at(params->shift, Pre); */
  /*@ assert hint_coefs: same_coefs{Pre,Here}(params); */
  /*@ assert hint_knots: same_knots{Pre,Here}(params); */
  /*@ assert hint_map: same_map{Pre,Here}(params); */
  /*@ assert hint_params: same_params{Pre,Here}(params); */
  /*@ assert hint_valid: valid_params(params); */
  /*@ assert hint_f_row_max: fin(f->row_max) && f->row_max == \at(f->row_max, Pre); */
  /*@ assert hint_f_rest: fin(f->rest) && f->rest == \at(f->rest, Pre); */
  /*@ assert hint_f_inverse: fin(f->inverse) && f->inverse == \at(f->inverse, Pre); */
  /*@ assert hint_f_smoothing: fin(f->smoothing) && f->smoothing == \at(f->smoothing, Pre); */
  /*@ assert hint_f_uniform: fin(f->uniform) && f->uniform == \at(f->uniform, Pre); */
  /*@ assert hint_f_w: fin(f->w) && f->w == \at(f->w, Pre); */
  /*@ assert hint_f_most: fin(f->most) && f->most == \at(f->most, Pre); */
  /*@ assert hint_f_lo: fin(f->extent.lo) && f->extent.lo == \at(f->extent.lo, Pre); */
  /*@ assert hint_f_hi: fin(f->extent.hi) && f->extent.hi == \at(f->extent.hi, Pre); */
  /*@ assert hint_f_largest: fin(f->extent.largest) && f->extent.largest == \at(f->extent.largest, Pre); */
  /*@ assert hint_found: weights_fine(f->rest, f->inverse) && smoothing_fine(f->smoothing, f->uniform) && factor_fine(f->w, f->most) &&
                         extent_fine(f->extent.lo, f->extent.hi, f->extent.largest); */
  /*@ assert hint_f_target: f->target == \at(f->target, Pre); */
  /*@ assert hint_row: same_row{Pre,Here}(row->logits.f32, row->mask, row->n); */
  /*@ assert hint_top: is_top(params, row->logits.f32, row->mask, row->n, f->row_max); */
  /*@ assert hint_within: pulls_within(params, row->logits.f32, row->mask, f->row_max, f->target, f->smoothing, row->n, f->extent.lo, f->extent.hi, f->extent.largest); */
  /*@ assert hint_terms: same_terms{Pre,Here}(params, row->logits.f32, row->mask, f->row_max, row->n); */
  /*@ assert hint_mass: mass_fits(params, row->logits.f32, row->mask, f->row_max, f->inverse, row->n); */
  /*@ assert hint_even: even_to(row->logits.f32, row->mask, f->uniform, f->smoothing, row->n); */
  write_pulls(params, row, f, moments, grad);
  /*@ assert hint_value: grad.f32 != \null ==> pulled{Pre,Here}(params, row->logits.f32, row->mask, grad.f32, row->n, f->target, f->smoothing, f->w, f->row_max,
                           f->rest, f->inverse, f->uniform); */
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
    requires  some:    !all_masked(row->logits.f32, row->mask, row->n);
    requires  range:   fin(a) && 0.0 <= a <= 1.0 && magnitude_of_float(a);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   \result == uniform_of(a, unmasked_count(row->logits.f32, row->mask, row->n));
    ensures   fine:    smoothing_fine(a, \result);
    ensures   even:    even_to(row->logits.f32, row->mask, \result, a, row->n);
*/
static double uniform_part(const mmax_view *row, double a) {
  double uniform = 0.0;
  /*@ assert hint_none: even_sum(row->logits.f32, row->mask, uniform, row->n) == count_times(unmasked_count(row->logits.f32, row->mask, row->n), 0.0); */
  /*@ assert hint_zero: count_times(unmasked_count(row->logits.f32, row->mask, row->n), 0.0) == 0.0; */
  /*@ assert hint_kept: 0.0 <= kept_part(a) <= 1.0; */
  if (a > 0.0) {
    size_t count = mmax_count_unmasked(row);
    uniform = even_part_of(a, count);
    /*@ assert hint_sum: even_sum(row->logits.f32, row->mask, uniform, row->n) == count_times(unmasked_count(row->logits.f32, row->mask, row->n), uniform); */
    /*@ assert hint_even: even_to(row->logits.f32, row->mask, uniform, a, row->n); */
  }
  return uniform;
}

/* What the passes over a row with an unmasked entry find. */
/*@ requires  view:    \valid_read(row) && valid_view(row);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  some:    !all_masked(row->logits.f32, row->mask, row->n);
    requires  rest:    is_rest(params, row->logits.f32, row->mask, row->n, lse.row_max, lse.rest);
    requires  top:     bounded(lse.row_max, 1.0e195) && is_top(params, row->logits.f32, row->mask, row->n, lse.row_max);
    requires  range:   fin(lse.rest) && 0.0 <= lse.rest <= 34359738368.0 && fin(smoothing) && 0.0 <= smoothing <= 1.0 &&
                         magnitude_of_float(smoothing) && bounded(w, 3.4028235e38);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   given:   \result.row_max == lse.row_max && fin(\result.row_max) && \result.rest == lse.rest && \result.target == target &&
                         \result.smoothing == smoothing && \result.w == w;
    ensures   inverse: \result.inverse == over(1.0, sum_of(1.0, lse.rest));
    ensures   uniform: \result.uniform == uniform_of(smoothing, unmasked_count(row->logits.f32, row->mask, row->n));
    ensures   weights: weights_fine(\result.rest, \result.inverse);
    ensures   part:    smoothing_fine(\result.smoothing, \result.uniform);
    ensures   factor:  factor_fine(\result.w, \result.most);
    ensures   extent:  extent_fine(\result.extent.lo, \result.extent.hi, \result.extent.largest);
    ensures   within:  pulls_within(params, row->logits.f32, row->mask, \result.row_max, \result.target, \result.smoothing, row->n,
                         \result.extent.lo, \result.extent.hi, \result.extent.largest);
    ensures   mass:    mass_fits(params, row->logits.f32, row->mask, \result.row_max, \result.inverse, row->n);
    ensures   even:    even_to(row->logits.f32, row->mask, \result.uniform, \result.smoothing, row->n);
*/
static pulling find_pulling(const mmax_params *params, const mmax_view *row, size_t target,
                            double smoothing, double w, mmax_lse lse) {
  pulling f = {lse.row_max, lse.rest, 0.0, smoothing, 0.0, w, w < 0.0 ? -w : w, target,
               {0.0, 0.0, 0.0, 0}};
  f.inverse = inverse_of_rest(lse.rest);
  /*@ assert hint_weights: weights_fine(lse.rest, f.inverse); */
  /*@ assert hint_covers: rest_covers(weight_sum(params, row->logits.f32, row->mask, lse.row_max, row->n), lse.rest); */
  /*@ assert hint_mass: mass_fits(params, row->logits.f32, row->mask, lse.row_max, f.inverse, row->n); */
  f.uniform = uniform_part(row, smoothing);
  f.extent = pulling_extent(params, row, target, smoothing, lse.row_max);
  return f;
}

void mmax_row_loss_gradient(const mmax_params *params, const mmax_view *row, size_t target,
                            double smoothing, double w, mmax_lse lse, mmax_sink grad,
                            mmax_accumulator *acc) {
  /*@ assert hint_logits_0: \valid_read(row->logits.f32 + (0 .. row->n - 1)); */
  /*@ assert hint_mask_0: row->mask == \null || \valid_read(row->mask + (0 .. row->n - 1)); */
  /*@ assert hint_row_0: valid_row(row->logits.f32, row->mask, row->n); */
  /*@ assert hint_view_0: valid_view(row); */
  pulling f = find_pulling(params, row, target, smoothing, w, lse);
  mmax_moments moments;
  /*@ assert hint_params: same_params{Pre,Here}(params); */
  /*@ assert hint_row: same_row{Pre,Here}(row->logits.f32, row->mask, row->n); */
  /*@ assert hint_logits: \valid_read(row->logits.f32 + (0 .. row->n - 1)); */
  /*@ assert hint_view: valid_view(row); */
  write_pull_row(params, row, &f, &moments, grad);
  /*@ assert hint_pulled: grad.f32 != \null ==> pulled{Pre,Here}(params, row->logits.f32, row->mask, grad.f32, row->n, target, smoothing, w,
        lse.row_max, lse.rest, over(1.0, sum_of(1.0, lse.rest)), uniform_of(smoothing, unmasked_count{Pre}(row->logits.f32, row->mask, row->n))); */
  /*@ assert hint_gradient: grad.f32 != \null ==>
        is_loss_gradient{Pre,Here}(params, row->logits.f32, row->mask, grad.f32, row->n, target, smoothing, w); */
  /*@ assert hint_masks: grad.f32 != \null ==> masked_zero{Pre,Here}(row->logits.f32, row->mask, grad.f32, row->n); */
  if (acc != NULL) {
    mmax_moments_finish(&moments, params, acc);
    acc->rows++;
  }
}
