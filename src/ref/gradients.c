/* SPDX-License-Identifier: Apache-2.0 */
/* The gradients of a row in which f was found: semantics.md#backward. */
#include "gradients.h"

#include "entry.h"

#ifdef __FRAMAC__
#include "mean.acsl"
#include "param_steps.acsl"
#include "place.acsl"
#endif

/* Gradient at sigma of an entry of weight e and upstream gradient up: p*(up - mean). */
/*@ requires  row:     \valid_read(row);
    requires  entry:   fin(e) && weighs(e) && bounded(up, 3.4028235e38);
    requires  found:   found_fine(row->inverse, row->g_max, row->mean, row->extent.lo, row->extent.hi, row->extent.largest);
    requires  carries: e == 0.0 || -row->g_max <= up <= row->g_max;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   \result == product(product(e, row->inverse), difference(up, row->mean));
    ensures   range:   bounded(\result, 1.0e39);
    ensures   zero:    e == 0.0 ==> \result == 0.0;
    ensures   share:   share(\result, times(e, row->inverse), product(2.0, row->g_max));
    ensures   part:    part_of(times(e, row->inverse), product(2.0, row->g_max));
*/
static double entry_gradient(const mmax_found *row, double e, double up) {
  double p = mmax_share_of(e, row->inverse);
  double d = mmax_sub(up, row->mean);
  /*@ assert hint_share: share(product(p, difference(up, row->mean)), times(e, row->inverse), product(2.0, row->g_max)); */
  /*@ assert hint_part: part_of(times(e, row->inverse), product(2.0, row->g_max)); */
  return mmax_at_share(p, d);
}

/* Adds an entry of weight e and upstream gradient up to the sums; returns its gradient at the logit. */
/*@ requires  valid:   \valid(moments) && \valid_read(row);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  entry:   finf(x) && fin(e) && weighs(e) && bounded(up, 3.4028235e38);
    requires  found:   found_fine(row->inverse, row->g_max, row->mean, row->extent.lo, row->extent.hi, row->extent.largest);
    requires  carries: e == 0.0 || (-row->g_max <= up <= row->g_max &&
                         in_extent(x, affine_hat(params, x), row->extent.lo, row->extent.hi, row->extent.largest));
    requires  tops:    tops_fine(params, row->extent.lo, row->extent.hi);
    requires  grids:   all_over(moments, params, product(2.0, row->g_max), row->extent.lo, row->extent.hi, row->extent.largest);
    requires  room:    all_sized(moments);
    terminates \true;
    exits     \false;
    assigns   moments->sum[0 .. 9];
    ensures   value:   \result == grad_of(params, x, product(e, row->inverse), up, row->mean);
    ensures   range:   bounded(\result, 1.0e197);
    ensures   sum0:    counted(moments->sum[0] - \old(moments->sum[0]), times(e, row->inverse), 1.0);
    ensures   sum1:    counted(moments->sum[1] - \old(moments->sum[1]), times(e, row->inverse), 1.0);
    ensures   sum2:    counted(moments->sum[2] - \old(moments->sum[2]), times(e, row->inverse), 1.0);
    ensures   sum3:    counted(moments->sum[3] - \old(moments->sum[3]), times(e, row->inverse), 1.0);
    ensures   sum4:    counted(moments->sum[4] - \old(moments->sum[4]), times(e, row->inverse), 1.0);
    ensures   sum5:    counted(moments->sum[5] - \old(moments->sum[5]), times(e, row->inverse), 1.0);
    ensures   sum6:    counted(moments->sum[6] - \old(moments->sum[6]), times(e, row->inverse), 1.0);
    ensures   sum7:    counted(moments->sum[7] - \old(moments->sum[7]), times(e, row->inverse), 1.0);
    ensures   sum8:    counted(moments->sum[8] - \old(moments->sum[8]), times(e, row->inverse), 1.0);
    ensures   sum9:    counted(moments->sum[9] - \old(moments->sum[9]), times(e, row->inverse), 1.0);
    ensures   floor0:  floored(\old(moments->sum[0]), moments->sum[0], moment_of(params, 0, x,
                         sigma_grad(product(e, row->inverse), up, row->mean)), moments->grid[0].big);
    ensures   floor1:  floored(\old(moments->sum[1]), moments->sum[1], moment_of(params, 1, x,
                         sigma_grad(product(e, row->inverse), up, row->mean)), moments->grid[1].big);
    ensures   floor2:  floored(\old(moments->sum[2]), moments->sum[2], moment_of(params, 2, x,
                         sigma_grad(product(e, row->inverse), up, row->mean)), moments->grid[2].big);
    ensures   floor3:  floored(\old(moments->sum[3]), moments->sum[3], moment_of(params, 3, x,
                         sigma_grad(product(e, row->inverse), up, row->mean)), moments->grid[3].big);
    ensures   floor4:  floored(\old(moments->sum[4]), moments->sum[4], moment_of(params, 4, x,
                         sigma_grad(product(e, row->inverse), up, row->mean)), moments->grid[4].big);
    ensures   floor5:  floored(\old(moments->sum[5]), moments->sum[5], moment_of(params, 5, x,
                         sigma_grad(product(e, row->inverse), up, row->mean)), moments->grid[5].big);
    ensures   floor6:  floored(\old(moments->sum[6]), moments->sum[6], moment_of(params, 6, x,
                         sigma_grad(product(e, row->inverse), up, row->mean)), moments->grid[6].big);
    ensures   floor7:  floored(\old(moments->sum[7]), moments->sum[7], moment_of(params, 7, x,
                         sigma_grad(product(e, row->inverse), up, row->mean)), moments->grid[7].big);
    ensures   floor8:  floored(\old(moments->sum[8]), moments->sum[8], moment_of(params, 8, x,
                         sigma_grad(product(e, row->inverse), up, row->mean)), moments->grid[8].big);
    ensures   floor9:  floored(\old(moments->sum[9]), moments->sum[9], moment_of(params, 9, x,
                         sigma_grad(product(e, row->inverse), up, row->mean)), moments->grid[9].big);
*/
static double add_entry(mmax_moments *moments, const mmax_params *params, const mmax_found *row, float x,
                        double e, double up) {
  double g = entry_gradient(row, e, up);
  /*@ assert hint_slope: reaches_slope(params, x, affine_hat(params, x), g, row->extent.lo, row->extent.hi, row->extent.largest); */
  /*@ assert hint_same: shares_same(moments, g, times(e, row->inverse)); */
  /*@ assert hint_shares_first: shares_first(moments, params, affine_hat(params, x), g, times(e, row->inverse)); */
  /*@ assert hint_shares_second: shares_second(moments, params, affine_hat(params, x), g, times(e, row->inverse)); */
  /*@ assert hint_shares_slope: shares_slope(moments, params, x, affine_hat(params, x), g, times(e, row->inverse)); */
  /*@ assert hint_grids: all_fine_grids(moments); */
  /*@ assert hint_fits: entry_fits(moments, params, x, affine_hat(params, x), g); */
  /*@ assert hint_chosen: shared(chosen(low1(params, affine_hat(params, x)), g), times(e, row->inverse), moments->grid[4].big) &&
                          shared(chosen(high1(params, affine_hat(params, x)), g), times(e, row->inverse), moments->grid[5].big); */
  double h = mmax_moments_add(moments, params, x, g);
  /*@ assert hint_h: h == product(g, slope_at(params, affine_hat(params, x))); */
  /*@ assert hint_floor: is_floor(moments->sum[9] - \at(moments->sum[9], Pre), h, moments->grid[9].big) &&
                         shared(h, times(e, row->inverse), moments->grid[9].big); */
  /*@ assert hint_g: g == sigma_grad(product(e, row->inverse), up, row->mean); */
  /*@ assert hint_floor0: floored(\at(moments->sum[0], Pre), moments->sum[0], moment_of(params, 0, x, g), moments->grid[0].big); */
  return mmax_at_scale(h, params->scale);
}

/* Gradient at the logit of entry i, added to the sums; 0 if it is masked. */
/*@ requires  view:    \valid_read(row) && valid_view(row) && i < row->n && \valid_read(f) && \valid(moments);
    requires  up:      valid_upstream(g.storage, g.WORDS, row->n);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  found:   bounded(f->row_max, 1.0e195) &&
                         found_fine(f->inverse, f->g_max, f->mean, f->extent.lo, f->extent.hi, f->extent.largest);
    requires  entry:   entry_known(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->g_max, f->extent.lo, f->extent.hi,
                         f->extent.largest, i);
    requires  tops:    tops_fine(params, f->extent.lo, f->extent.hi);
    requires  grids:   all_over(moments, params, product(2.0, f->g_max), f->extent.lo, f->extent.hi, f->extent.largest);
    requires  room:    all_sized(moments);
    terminates \true;
    exits     \false;
    assigns   moments->sum[0 .. 9];
    ensures   value:   unmasked(row->logits.WORDS, row->mask, i) ==> \result == grad_of(params, VALUE(row->logits.WORDS[i]),
                         product(weight(params, VALUE(row->logits.WORDS[i]), f->row_max), f->inverse), VALUE(g.WORDS[i]), f->mean);
    ensures   masked:  !unmasked(row->logits.WORDS, row->mask, i) ==> \result == 0.0;
    ensures   range:   bounded(\result, 1.0e197);
    ensures   sums:    all_moved{Pre,Post}(moments, mass_of(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i));
    ensures   floors:  entry_floored{Pre,Post}(moments, params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse, f->mean, i);
*/
static double gradient_at(const mmax_params *params, const mmax_view *row, mmax_source g, size_t i,
                          const mmax_found *f, mmax_moments *moments) {
  if (!mmax_live(row, i)) {
    return 0.0;
  }
  float x = mmax_logit(row, i);
  double e = mmax_weight(params, x, f->row_max);
  double up = mmax_widen(mmax_element(g, i));
  double h = add_entry(moments, params, f, x, e, up);
  /*@ assert hint_floor5: floored(\at(moments->sum[5], Pre), moments->sum[5], moment_of(params, 5, VALUE(row->logits.WORDS[i]),
        sigma_grad(product(weight(params, VALUE(row->logits.WORDS[i]), f->row_max), f->inverse), VALUE(g.WORDS[i]), f->mean)), moments->grid[5].big); */
  /*@ assert hint_floor6: floored(\at(moments->sum[6], Pre), moments->sum[6], moment_of(params, 6, VALUE(row->logits.WORDS[i]),
        sigma_grad(product(weight(params, VALUE(row->logits.WORDS[i]), f->row_max), f->inverse), VALUE(g.WORDS[i]), f->mean)), moments->grid[6].big); */
  /*@ assert hint_floor7: floored(\at(moments->sum[7], Pre), moments->sum[7], moment_of(params, 7, VALUE(row->logits.WORDS[i]),
        sigma_grad(product(weight(params, VALUE(row->logits.WORDS[i]), f->row_max), f->inverse), VALUE(g.WORDS[i]), f->mean)), moments->grid[7].big); */
  /*@ assert hint_floor8: floored(\at(moments->sum[8], Pre), moments->sum[8], moment_of(params, 8, VALUE(row->logits.WORDS[i]),
        sigma_grad(product(weight(params, VALUE(row->logits.WORDS[i]), f->row_max), f->inverse), VALUE(g.WORDS[i]), f->mean)), moments->grid[8].big); */
  /*@ assert hint_floor9: floored(\at(moments->sum[9], Pre), moments->sum[9], moment_of(params, 9, VALUE(row->logits.WORDS[i]),
        sigma_grad(product(weight(params, VALUE(row->logits.WORDS[i]), f->row_max), f->inverse), VALUE(g.WORDS[i]), f->mean)), moments->grid[9].big); */
  /*@ assert hint_sum0: sum_is{Pre,Here}(moments, 0, \at(moments->sum[0], Pre), moments->sum[0], moments->grid[0].big); */
  /*@ assert hint_sum1: sum_is{Pre,Here}(moments, 1, \at(moments->sum[1], Pre), moments->sum[1], moments->grid[1].big); */
  /*@ assert hint_sum2: sum_is{Pre,Here}(moments, 2, \at(moments->sum[2], Pre), moments->sum[2], moments->grid[2].big); */
  /*@ assert hint_sum3: sum_is{Pre,Here}(moments, 3, \at(moments->sum[3], Pre), moments->sum[3], moments->grid[3].big); */
  /*@ assert hint_sum4: sum_is{Pre,Here}(moments, 4, \at(moments->sum[4], Pre), moments->sum[4], moments->grid[4].big); */
  /*@ assert hint_sum5: sum_is{Pre,Here}(moments, 5, \at(moments->sum[5], Pre), moments->sum[5], moments->grid[5].big); */
  /*@ assert hint_sum6: sum_is{Pre,Here}(moments, 6, \at(moments->sum[6], Pre), moments->sum[6], moments->grid[6].big); */
  /*@ assert hint_sum7: sum_is{Pre,Here}(moments, 7, \at(moments->sum[7], Pre), moments->sum[7], moments->grid[7].big); */
  /*@ assert hint_sum8: sum_is{Pre,Here}(moments, 8, \at(moments->sum[8], Pre), moments->sum[8], moments->grid[8].big); */
  /*@ assert hint_sum9: sum_is{Pre,Here}(moments, 9, \at(moments->sum[9], Pre), moments->sum[9], moments->grid[9].big); */
  /*@ assert hint_floors_first: first_floored{Pre,Here}(moments, params, VALUE(row->logits.WORDS[i]), sigma_grad(product(
        weight(params, VALUE(row->logits.WORDS[i]), f->row_max), f->inverse), VALUE(g.WORDS[i]), f->mean)); */
  /*@ assert hint_floors_last: last_floored{Pre,Here}(moments, params, VALUE(row->logits.WORDS[i]), sigma_grad(product(
        weight(params, VALUE(row->logits.WORDS[i]), f->row_max), f->inverse), VALUE(g.WORDS[i]), f->mean)); */
  /*@ assert hint_floored: all_floored{Pre,Here}(moments, params, VALUE(row->logits.WORDS[i]), sigma_grad(product(
        weight(params, VALUE(row->logits.WORDS[i]), f->row_max), f->inverse), VALUE(g.WORDS[i]), f->mean)); */
  return h;
}

/* Writes entry i of the gradient, if it is wanted. */
/*@ requires  view:    \valid_read(row) && valid_view(row) && i < row->n && \valid_read(f) && \valid(moments);
    requires  up:      valid_upstream(g.storage, g.WORDS, row->n);
    requires  sink:    STORED_AS(grad.storage) && grad.NO_WORDS == \null && (grad.WORDS == \null || \valid(grad.WORDS + (0 .. row->n - 1)));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  found:   bounded(f->row_max, 1.0e195) &&
                         found_fine(f->inverse, f->g_max, f->mean, f->extent.lo, f->extent.hi, f->extent.largest);
    requires  entry:   entry_known(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->g_max, f->extent.lo, f->extent.hi,
                         f->extent.largest, i);
    requires  tops:    tops_fine(params, f->extent.lo, f->extent.hi);
    requires  grids:   all_over(moments, params, product(2.0, f->g_max), f->extent.lo, f->extent.hi, f->extent.largest);
    requires  room:    all_sized(moments);
    terminates \true;
    exits     \false;
    assigns   moments->sum[0 .. 9], grad.WORDS[i];
    ensures   masked:  grad.WORDS != \null ==> !unmasked{Pre}(row->logits.WORDS, row->mask, i) ==>
                         ZERO(grad.WORDS[i]);
    ensures   value:   grad.WORDS != \null ==> unmasked{Pre}(row->logits.WORDS, row->mask, i) ==>
                         grad_entry(grad_of{Pre}(params, VALUE(\at(row->logits.WORDS[i], Pre)),
                           product(weight{Pre}(params, VALUE(\at(row->logits.WORDS[i], Pre)), f->row_max), f->inverse), VALUE(\at(g.WORDS[i], Pre)),
                           f->mean), grad.WORDS[i]);
    ensures   sums:    all_moved{Pre,Post}(moments, mass_of{Pre}(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i));
    ensures   kept:    kept{Pre,Post}(grad.WORDS, i);
    ensures   floors:  entry_floored{Pre,Post}(moments, params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse, f->mean, i);
*/
static void write_gradient(const mmax_params *params, const mmax_view *row, mmax_source g, size_t i,
                           const mmax_found *f, mmax_moments *moments, mmax_sink grad) {
  double out = gradient_at(params, row, g, i, f, moments);
  if (mmax_wanted(grad)) {
    mmax_put(grad, i, out);
  }
}

void mmax_write_gradients(const mmax_params *params, const mmax_view *row, mmax_source g,
                          const mmax_found *f, mmax_moments *moments, mmax_sink grad) {
  /*@ loop invariant range: 0 <= i <= row->n;
      loop invariant rest:  kept_from{Pre,Here}(row->logits.WORDS, i, row->n);
      loop invariant rest_g: kept_from{Pre,Here}(g.WORDS, i, row->n);
      loop invariant masks: grad.WORDS != \null ==> zeroed{Pre,Here}(row->logits.WORDS, row->mask, grad.WORDS, i);
      loop invariant value: grad.WORDS != \null ==> graded{Pre,Here}(params, row->logits.WORDS, row->mask, g.WORDS, grad.WORDS, f->row_max,
                              f->inverse, f->mean, i);
      loop invariant sums:  all_counted(moments, mass_to{Pre}(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i), i);
      loop invariant floors: all_param_floors{Pre,Here}(moments, params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse,
                               f->mean, i);
      loop assigns   i, grad.WORDS[0 .. row->n - 1], moments->sum[0 .. 9];
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    /*@ assert hint_share: same_product(term(params, row->logits.WORDS, row->mask, f->row_max, i), f->inverse,
                                        term{Pre}(params, row->logits.WORDS, row->mask, f->row_max, i), f->inverse); */
    /*@ assert hint_part: mass_of(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i) ==
                          mass_of{Pre}(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i); */
    /*@ assert hint_fine_0: known_fine{Pre}(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, i); */
    /*@ assert hint_range_0: known_range{Pre}(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->g_max, f->extent.lo,
                                              f->extent.hi, f->extent.largest, i); */
    /*@ assert hint_known_0: entry_known{Pre}(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->g_max, f->extent.lo,
                                              f->extent.hi, f->extent.largest, i); */
    /*@ assert hint_grows: mass_below(weight_sum{Pre}(params, row->logits.WORDS, row->mask, f->row_max, i),
                                      weight_sum{Pre}(params, row->logits.WORDS, row->mask, f->row_max, row->n), f->inverse); */
    /*@ assert hint_mass: mass_to{Pre}(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i) <= 1.01; */
    /*@ assert hint_room: all_sized(moments); */
    write_gradient(params, row, g, i, f, moments, grad);
    /*@ assert hint_moved: all_moved{LoopCurrent,Here}(moments, mass_of{Pre}(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i)); */
    /*@ assert hint_next: mass_to{Pre}(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i + 1) ==
                          mass_to{Pre}(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i) +
                          mass_of{Pre}(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i); */
    /*@ assert hint_sums: all_counted(moments, mass_to{Pre}(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i + 1), i + 1); */
    /*@ assert hint_same_grids: same_grids{LoopCurrent,Here}(moments); */
    /*@ assert hint_floors: all_param_floors{Pre,Here}(moments, params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse,
                              f->mean, i + 1); */
    /*@ assert hint_kept: kept{LoopCurrent,Here}(grad.WORDS, i); */
    /*@ assert hint_after: kept_from{LoopCurrent,Here}(row->logits.WORDS, i + 1, row->n); */
    /*@ assert hint_masks: grad.WORDS != \null ==> zeroed{Pre,Here}(row->logits.WORDS, row->mask, grad.WORDS, i); */
    /*@ assert hint_values: grad.WORDS != \null ==> graded{Pre,Here}(params, row->logits.WORDS, row->mask, g.WORDS, grad.WORDS, f->row_max,
                              f->inverse, f->mean, i); */
    /*@ assert hint_masks_next: grad.WORDS != \null ==> zeroed{Pre,Here}(row->logits.WORDS, row->mask, grad.WORDS, i + 1); */
    /*@ assert hint_values_next: grad.WORDS != \null ==> graded{Pre,Here}(params, row->logits.WORDS, row->mask, g.WORDS, grad.WORDS,
                                   f->row_max, f->inverse, f->mean, i + 1); */
    /*@ assert hint_place: entry_of(grad.WORDS, i, row->n); */
  }
}
