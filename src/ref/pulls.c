/* SPDX-License-Identifier: Apache-2.0 */
/* The gradient of the loss of a row in which f was found: semantics.md#cross-entropy. */
#include "pulls.h"

#include "residual.h"

#ifdef __FRAMAC__
#include "param_steps.acsl"
#include "place.acsl"
#include "pull_steps.acsl"
#endif

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
    ensures   floor0:  floored(\old(moments->sum[0]), moments->sum[0], moment_of(params, 0, x,
                         sigma_pull(row->w, residual_of(e, row->rest, row->inverse, is_target, row->smoothing, row->uniform))), moments->grid[0].big);
    ensures   floor1:  floored(\old(moments->sum[1]), moments->sum[1], moment_of(params, 1, x,
                         sigma_pull(row->w, residual_of(e, row->rest, row->inverse, is_target, row->smoothing, row->uniform))), moments->grid[1].big);
    ensures   floor2:  floored(\old(moments->sum[2]), moments->sum[2], moment_of(params, 2, x,
                         sigma_pull(row->w, residual_of(e, row->rest, row->inverse, is_target, row->smoothing, row->uniform))), moments->grid[2].big);
    ensures   floor3:  floored(\old(moments->sum[3]), moments->sum[3], moment_of(params, 3, x,
                         sigma_pull(row->w, residual_of(e, row->rest, row->inverse, is_target, row->smoothing, row->uniform))), moments->grid[3].big);
    ensures   floor4:  floored(\old(moments->sum[4]), moments->sum[4], moment_of(params, 4, x,
                         sigma_pull(row->w, residual_of(e, row->rest, row->inverse, is_target, row->smoothing, row->uniform))), moments->grid[4].big);
    ensures   floor5:  floored(\old(moments->sum[5]), moments->sum[5], moment_of(params, 5, x,
                         sigma_pull(row->w, residual_of(e, row->rest, row->inverse, is_target, row->smoothing, row->uniform))), moments->grid[5].big);
    ensures   floor6:  floored(\old(moments->sum[6]), moments->sum[6], moment_of(params, 6, x,
                         sigma_pull(row->w, residual_of(e, row->rest, row->inverse, is_target, row->smoothing, row->uniform))), moments->grid[6].big);
    ensures   floor7:  floored(\old(moments->sum[7]), moments->sum[7], moment_of(params, 7, x,
                         sigma_pull(row->w, residual_of(e, row->rest, row->inverse, is_target, row->smoothing, row->uniform))), moments->grid[7].big);
    ensures   floor8:  floored(\old(moments->sum[8]), moments->sum[8], moment_of(params, 8, x,
                         sigma_pull(row->w, residual_of(e, row->rest, row->inverse, is_target, row->smoothing, row->uniform))), moments->grid[8].big);
    ensures   floor9:  floored(\old(moments->sum[9]), moments->sum[9], moment_of(params, 9, x,
                         sigma_pull(row->w, residual_of(e, row->rest, row->inverse, is_target, row->smoothing, row->uniform))), moments->grid[9].big);
*/
static double add_pull(mmax_moments *moments, const mmax_params *params, const mmax_pulling *row, float x,
                       double e, int is_target) {
  double g = mmax_entry_pull(row, e, is_target);
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
  /*@ assert hint_g: g == sigma_pull(row->w, residual_of(e, row->rest, row->inverse, is_target, row->smoothing, row->uniform)); */
  /*@ assert hint_floor0: floored(\at(moments->sum[0], Pre), moments->sum[0], moment_of(params, 0, x, g), moments->grid[0].big); */
  /*@ assert hint_floor1: floored(\at(moments->sum[1], Pre), moments->sum[1], moment_of(params, 1, x, g), moments->grid[1].big); */
  /*@ assert hint_floor2: floored(\at(moments->sum[2], Pre), moments->sum[2], moment_of(params, 2, x, g), moments->grid[2].big); */
  /*@ assert hint_floor3: floored(\at(moments->sum[3], Pre), moments->sum[3], moment_of(params, 3, x, g), moments->grid[3].big); */
  /*@ assert hint_floor4: floored(\at(moments->sum[4], Pre), moments->sum[4], moment_of(params, 4, x, g), moments->grid[4].big); */
  /*@ assert hint_floor5: floored(\at(moments->sum[5], Pre), moments->sum[5], moment_of(params, 5, x, g), moments->grid[5].big); */
  /*@ assert hint_floor6: floored(\at(moments->sum[6], Pre), moments->sum[6], moment_of(params, 6, x, g), moments->grid[6].big); */
  /*@ assert hint_floor7: floored(\at(moments->sum[7], Pre), moments->sum[7], moment_of(params, 7, x, g), moments->grid[7].big); */
  /*@ assert hint_floor8: floored(\at(moments->sum[8], Pre), moments->sum[8], moment_of(params, 8, x, g), moments->grid[8].big); */
  /*@ assert hint_floor9: floored(\at(moments->sum[9], Pre), moments->sum[9], moment_of(params, 9, x, g), moments->grid[9].big); */
  return mmax_at_scale(h, params->scale);
}

/* Gradient at the logit of entry i, added to the sums; 0 if it is masked. */
/*@ requires  view:    \valid_read(row) && valid_view(row) && i < row->n && \valid_read(f) && \valid(moments);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  found:   bounded(f->row_max, 1.0e195) && weights_fine(f->rest, f->inverse) && smoothing_fine(f->smoothing, f->uniform) && factor_fine(f->w, f->most) &&
                         extent_fine(f->extent.lo, f->extent.hi, f->extent.largest);
    requires  entry:   pull_known(params, row->logits.WORDS, row->mask, f->row_max, f->target, f->smoothing, f->extent.lo, f->extent.hi,
                         f->extent.largest, i);
    requires  tops:    tops_fine(params, f->extent.lo, f->extent.hi);
    requires  grids:   all_over(moments, params, product(2.0, f->most), f->extent.lo, f->extent.hi, f->extent.largest);
    requires  room:    all_sized(moments);
    terminates \true;
    exits     \false;
    assigns   moments->sum[0 .. 9];
    ensures   value:   unmasked(row->logits.WORDS, row->mask, i) ==> \result == pull_of(params, VALUE(row->logits.WORDS[i]), f->w,
                         residual_of(weight(params, VALUE(row->logits.WORDS[i]), f->row_max), f->rest, f->inverse, same_index(i, f->target), f->smoothing, f->uniform));
    ensures   masked:  !unmasked(row->logits.WORDS, row->mask, i) ==> \result == 0.0;
    ensures   range:   bounded(\result, 1.0e197);
    ensures   sums:    all_moved{Pre,Post}(moments, share_at(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, f->uniform,
                         f->target, f->smoothing, i));
    ensures   floors:  entry_pulled{Pre,Post}(moments, params, row->logits.WORDS, row->mask, f->target, f->smoothing, f->w, f->row_max, f->rest, f->inverse, f->uniform, i);
*/
static double pull_at(const mmax_params *params, const mmax_view *row, size_t i, const mmax_pulling *f,
                      mmax_moments *moments) {
  if (!mmax_live(row, i)) {
    return 0.0;
  }
  float x = mmax_logit(row, i);
  double e = mmax_weight(params, x, f->row_max);
  int is_target = i == f->target;
  double h = add_pull(moments, params, f, x, e, is_target);
  /*@ assert hint_7: moved_by(\at(moments->sum[7], Pre), moments->sum[7], pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_8: moved_by(\at(moments->sum[8], Pre), moments->sum[8], pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_9: moved_by(\at(moments->sum[9], Pre), moments->sum[9], pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_low: moved_low{Pre,Here}(moments, pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_mid: moved_mid{Pre,Here}(moments, pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_high: moved_high{Pre,Here}(moments, pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_last: moved_last{Pre,Here}(moments, pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_moved: all_moved{Pre,Here}(moments, pull_share(e, f->inverse, f->uniform, is_target, f->smoothing)); */
  /*@ assert hint_sum5: sum_is{Pre,Here}(moments, 5, \at(moments->sum[5], Pre), moments->sum[5], moments->grid[5].big); */
  /*@ assert hint_sum6: sum_is{Pre,Here}(moments, 6, \at(moments->sum[6], Pre), moments->sum[6], moments->grid[6].big); */
  /*@ assert hint_sum7: sum_is{Pre,Here}(moments, 7, \at(moments->sum[7], Pre), moments->sum[7], moments->grid[7].big); */
  /*@ assert hint_sum8: sum_is{Pre,Here}(moments, 8, \at(moments->sum[8], Pre), moments->sum[8], moments->grid[8].big); */
  /*@ assert hint_sum9: sum_is{Pre,Here}(moments, 9, \at(moments->sum[9], Pre), moments->sum[9], moments->grid[9].big); */
  /*@ assert hint_floors_first: first_floored{Pre,Here}(moments, params, VALUE(row->logits.WORDS[i]),
        sigma_pull(f->w, residual_of(weight(params, VALUE(row->logits.WORDS[i]), f->row_max), f->rest, f->inverse,
          at_target(i, f->target), f->smoothing, f->uniform))); */
  /*@ assert hint_floors_last: last_floored{Pre,Here}(moments, params, VALUE(row->logits.WORDS[i]),
        sigma_pull(f->w, residual_of(weight(params, VALUE(row->logits.WORDS[i]), f->row_max), f->rest, f->inverse,
          at_target(i, f->target), f->smoothing, f->uniform))); */
  /*@ assert hint_floored: all_floored{Pre,Here}(moments, params, VALUE(row->logits.WORDS[i]),
        sigma_pull(f->w, residual_of(weight(params, VALUE(row->logits.WORDS[i]), f->row_max), f->rest, f->inverse,
          at_target(i, f->target), f->smoothing, f->uniform))); */
  return h;
}

/* Writes entry i of the gradient, if it is wanted. */
/*@ requires  view:    \valid_read(row) && valid_view(row) && i < row->n && \valid_read(f) && \valid(moments);
    requires  sink:    STORED_AS(grad.storage) && grad.NO_WORDS == \null && (grad.WORDS == \null || \valid(grad.WORDS + (0 .. row->n - 1)));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  found:   bounded(f->row_max, 1.0e195) && weights_fine(f->rest, f->inverse) && smoothing_fine(f->smoothing, f->uniform) && factor_fine(f->w, f->most) &&
                         extent_fine(f->extent.lo, f->extent.hi, f->extent.largest);
    requires  entry:   pull_known(params, row->logits.WORDS, row->mask, f->row_max, f->target, f->smoothing, f->extent.lo, f->extent.hi,
                         f->extent.largest, i);
    requires  tops:    tops_fine(params, f->extent.lo, f->extent.hi);
    requires  grids:   all_over(moments, params, product(2.0, f->most), f->extent.lo, f->extent.hi, f->extent.largest);
    requires  room:    all_sized(moments);
    terminates \true;
    exits     \false;
    assigns   moments->sum[0 .. 9], grad.WORDS[i];
    ensures   masked:  grad.WORDS != \null ==> !unmasked{Pre}(row->logits.WORDS, row->mask, i) ==>
                         ZERO(grad.WORDS[i]);
    ensures   value:   grad.WORDS != \null ==> unmasked{Pre}(row->logits.WORDS, row->mask, i) ==>
                         grad_entry(pull_of{Pre}(params, VALUE(\at(row->logits.WORDS[i], Pre)), f->w,
                           residual_of(weight{Pre}(params, VALUE(\at(row->logits.WORDS[i], Pre)), f->row_max), f->rest, f->inverse,
                             same_index(i, f->target), f->smoothing, f->uniform)), grad.WORDS[i]);
    ensures   sums:    all_moved{Pre,Post}(moments, share_at{Pre}(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, f->uniform,
                         f->target, f->smoothing, i));
    ensures   kept:    kept{Pre,Post}(grad.WORDS, i);
    ensures   floors:  entry_pulled{Pre,Post}(moments, params, row->logits.WORDS, row->mask, f->target, f->smoothing, f->w, f->row_max, f->rest, f->inverse, f->uniform, i);
*/
static void write_pull(const mmax_params *params, const mmax_view *row, size_t i, const mmax_pulling *f,
                       mmax_moments *moments, mmax_sink grad) {
  double out = pull_at(params, row, i, f, moments);
  if (mmax_wanted(grad)) {
    mmax_put(grad, i, out);
  }
}

void mmax_write_pulls(const mmax_params *params, const mmax_view *row, const mmax_pulling *f,
                      mmax_moments *moments, mmax_sink grad) {
  /*@ loop invariant range: 0 <= i <= row->n;
      loop invariant rest:  kept_from{Pre,Here}(row->logits.WORDS, i, row->n);
      loop invariant masks: grad.WORDS != \null ==> zeroed{Pre,Here}(row->logits.WORDS, row->mask, grad.WORDS, i);
      loop invariant value: grad.WORDS != \null ==> pulled{Pre,Here}(params, row->logits.WORDS, row->mask, grad.WORDS, i, f->target, f->smoothing, f->w, f->row_max,
                           f->rest, f->inverse, f->uniform);
      loop invariant sums:  all_counted(moments, share_to{Pre}(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, f->uniform, f->target, f->smoothing, i), i);
      loop invariant floors: all_pull_floors{Pre,Here}(moments, params, row->logits.WORDS, row->mask, f->target, f->smoothing, f->w, f->row_max, f->rest, f->inverse, f->uniform, i);
      loop assigns   i, grad.WORDS[0 .. row->n - 1], moments->sum[0 .. 9];
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    /*@ assert hint_taken: taken(row->logits.WORDS, row->mask, i) == taken{Pre}(row->logits.WORDS, row->mask, i); */
    /*@ assert hint_term: term(params, row->logits.WORDS, row->mask, f->row_max, i) ==
                          term{Pre}(params, row->logits.WORDS, row->mask, f->row_max, i); */
    /*@ assert hint_same: times_same(term(params, row->logits.WORDS, row->mask, f->row_max, i),
                                     term{Pre}(params, row->logits.WORDS, row->mask, f->row_max, i), f->inverse); */
    /*@ assert hint_same_pull: same_pull{Pre,Here}(params, row->logits.WORDS, row->mask, f->target, f->smoothing, f->w, f->row_max, f->rest, f->inverse, f->uniform, i); */
    /*@ assert hint_below: weight_sum{Pre}(params, row->logits.WORDS, row->mask, f->row_max, i) <=
                           weight_sum{Pre}(params, row->logits.WORDS, row->mask, f->row_max, row->n); */
    /*@ assert hint_grows: mass_below(weight_sum{Pre}(params, row->logits.WORDS, row->mask, f->row_max, i),
                                      weight_sum{Pre}(params, row->logits.WORDS, row->mask, f->row_max, row->n), f->inverse); */
    write_pull(params, row, i, f, moments, grad);
    /*@ assert hint_values_next: grad.WORDS != \null ==> pulled{Pre,Here}(params, row->logits.WORDS, row->mask, grad.WORDS, i + 1, f->target, f->smoothing, f->w, f->row_max,
                           f->rest, f->inverse, f->uniform); */
    /*@ assert hint_place: entry_of(grad.WORDS, i, row->n); */
  }
  /*@ assert hint_mass_n: mass_to{Pre}(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, row->n) <= 1.01; */
  /*@ assert hint_fits_n: share_to{Pre}(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, f->uniform, f->target, f->smoothing, row->n) <= 1.01; */
}
