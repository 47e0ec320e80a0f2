/* SPDX-License-Identifier: Apache-2.0 */
/* grad_sigma = w (p - q) of one row, and its parameter sums. specs/semantics.md#cross-entropy */
#include "loss.h"

#include "pulls.h"
#include "sums_start.h"

#ifdef __FRAMAC__
#include "param_kept.acsl"
#include "received.acsl"
#include "pull_kept.acsl"
#include "pull_received.acsl"
#endif

/* The gradients of a row in which f was found, and its sums. */
/*@ requires  view:    \valid_read(row) && valid_view(row) && \valid_read(f) && \valid(moments);
    requires  sink:    STORED_AS(grad.storage) && grad.NO_WORDS == \null &&
                         (grad.WORDS == \null || \valid(grad.WORDS + (0 .. row->n - 1)));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  same:    grad.WORDS == row->logits.WORDS ||
                         \separated(grad.WORDS + (0 .. row->n - 1), row->logits.WORDS + (0 .. row->n - 1));
    requires  apart:   row->mask == \null || \separated(grad.WORDS + (0 .. row->n - 1), row->mask + (0 .. row->n - 1));
    requires  frame:   \separated(grad.WORDS + (0 .. row->n - 1), row) && \separated(grad.WORDS + (0 .. row->n - 1), f) &&
                         \separated(grad.WORDS + (0 .. row->n - 1), moments);
    requires  moments: \separated(moments, params) && \separated(moments, f) && \separated(moments, row);
    requires  top:     bounded(f->row_max, 1.0e195) && is_top(params, row->logits.WORDS, row->mask, row->n, f->row_max);
    requires  found:   weights_fine(f->rest, f->inverse) && smoothing_fine(f->smoothing, f->uniform) && factor_fine(f->w, f->most) &&
                         extent_fine(f->extent.lo, f->extent.hi, f->extent.largest);
    requires  within:  pulls_within(params, row->logits.WORDS, row->mask, f->row_max, f->target, f->smoothing, row->n, f->extent.lo, f->extent.hi, f->extent.largest);
    requires  mass:    mass_fits(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, row->n);
    requires  even:    even_to(row->logits.WORDS, row->mask, f->uniform, f->smoothing, row->n);
    terminates \true;
    exits     \false;
    assigns   grad.WORDS[0 .. row->n - 1], *moments;
    ensures   masks:   grad.WORDS != \null ==> zeroed{Pre,Post}(row->logits.WORDS, row->mask, grad.WORDS, row->n);
    ensures   value:   grad.WORDS != \null ==> pulled{Pre,Post}(params, row->logits.WORDS, row->mask, grad.WORDS, row->n, f->target, f->smoothing, f->w, f->row_max,
                           f->rest, f->inverse, f->uniform);
    ensures   sums:    all_sized(moments);
    ensures   units:   all_units(moments);
    ensures   floors:  all_pull_floors{Pre,Post}(moments, params, row->logits.WORDS, row->mask, f->target, f->smoothing, f->w, f->row_max, f->rest, f->inverse, f->uniform,
                         row->n);
    ensures   made:    all_made{Pre,Post}(moments, params, product(2.0, f->most), f->extent.lo, f->extent.hi, f->extent.largest);
*/
static void write_pull_row(const mmax_params *params, const mmax_view *row, const mmax_pulling *f,
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
  /*@ assert hint_row: same_row{Pre,Here}(row->logits.WORDS, row->mask, row->n); */
  /*@ assert hint_top: is_top(params, row->logits.WORDS, row->mask, row->n, f->row_max); */
  /*@ assert hint_within: pulls_within(params, row->logits.WORDS, row->mask, f->row_max, f->target, f->smoothing, row->n, f->extent.lo, f->extent.hi, f->extent.largest); */
  /*@ assert hint_terms: same_terms{Pre,Here}(params, row->logits.WORDS, row->mask, f->row_max, row->n); */
  /*@ assert hint_mass: mass_fits(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, row->n); */
  /*@ assert hint_even: even_to(row->logits.WORDS, row->mask, f->uniform, f->smoothing, row->n); */
  /*@ assert hint_same_sums: same_pull_sums{Pre,Here}(params, row->logits.WORDS, row->mask, f->target, f->smoothing, f->w, f->row_max, f->rest, f->inverse, f->uniform, row->n); */
  /*@ assert hint_made: all_made{Pre,Here}(moments, params, product(2.0, f->most), f->extent.lo, f->extent.hi, f->extent.largest); */
  mmax_write_pulls(params, row, f, moments, grad);
  /*@ assert hint_floors: all_pull_floors{Pre,Here}(moments, params, row->logits.WORDS, row->mask, f->target, f->smoothing, f->w, f->row_max, f->rest, f->inverse, f->uniform,
        row->n); */
  /*@ assert hint_value: grad.WORDS != \null ==> pulled{Pre,Here}(params, row->logits.WORDS, row->mask, grad.WORDS, row->n, f->target, f->smoothing, f->w, f->row_max,
                           f->rest, f->inverse, f->uniform); */
}

/* One more row; its sums were received before. */
/*@ requires  acc:     \valid(acc);
    terminates \true;
    exits     \false;
    assigns   acc->rows;
    ensures   rows:    acc->rows == (uint64_t)(\old(acc->rows) + 1);
    ensures   sums:    kept_sums{Pre,Post}(acc);
*/
static void count_loss_row(mmax_accumulator *acc) {
  acc->rows++;
  /*@ assert hint_limbs: \forall integer j, i; is_sum(j) ==> 0 <= i < 16 ==>
        \at((&acc->limb[j][0])[i], Pre) == (&acc->limb[j][0])[i]; */
  /*@ assert hint_flat: flat_limbs{Pre,Here}(acc); */
}

void mmax_row_loss_gradient(const mmax_params *params, const mmax_view *row, size_t target,
                            double smoothing, double w, mmax_lse lse, mmax_sink grad,
                            mmax_accumulator *acc) {
  /*@ assert hint_logits_0: \valid_read(row->logits.WORDS + (0 .. row->n - 1)); */
  /*@ assert hint_mask_0: row->mask == \null || \valid_read(row->mask + (0 .. row->n - 1)); */
  /*@ assert hint_row_0: valid_row(row->logits.WORDS, row->mask, row->n); */
  /*@ assert hint_view_0: valid_view(row); */
  mmax_pulling f = mmax_find_pulling(params, row, target, smoothing, w, lse);
  mmax_moments moments;
  /*@ assert hint_params: same_params{Pre,Here}(params); */
  /*@ assert hint_row: same_row{Pre,Here}(row->logits.WORDS, row->mask, row->n); */
  /*@ assert hint_logits: \valid_read(row->logits.WORDS + (0 .. row->n - 1)); */
  /*@ assert hint_view: valid_view(row); */
  /*@ assert hint_same_sums: same_pull_sums{Pre,Here}(params, row->logits.WORDS, row->mask, f.target, f.smoothing, f.w, f.row_max, f.rest, f.inverse, f.uniform, row->n); */
  write_pull_row(params, row, &f, &moments, grad);
  /*@ assert hint_floors: all_pull_floors{Pre,Here}(&moments, params, row->logits.WORDS, row->mask, f.target, f.smoothing, f.w, f.row_max, f.rest, f.inverse, f.uniform, row->n); */
  /*@ assert hint_made: all_made{Pre,Here}(&moments, params, product(2.0, f.most), f.extent.lo, f.extent.hi, f.extent.largest); */
  /*@ assert hint_pulled: grad.WORDS != \null ==> pulled{Pre,Here}(params, row->logits.WORDS, row->mask, grad.WORDS, row->n, target, smoothing, w,
        lse.row_max, lse.rest, over(1.0, sum_of(1.0, lse.rest)), uniform_of(smoothing, unmasked_count{Pre}(row->logits.WORDS, row->mask, row->n))); */
  /*@ assert hint_gradient: grad.WORDS != \null ==>
        is_loss_gradient{Pre,Here}(params, row->logits.WORDS, row->mask, grad.WORDS, row->n, target, smoothing, w); */
  /*@ assert hint_masks: grad.WORDS != \null ==> masked_zero{Pre,Here}(row->logits.WORDS, row->mask, grad.WORDS, row->n); */
  if (acc != NULL) {
    /*@ assert hint_apart: \separated(acc, &row->n); */
    mmax_moments_finish(&moments, params, acc);
    /*@ assert hint_n_0: row->n == \at(row->n, Pre); */
    /*@ assert hint_finished: finished{Pre,Here,Here}(acc, &moments, params); */
    /*@ assert hint_received: pulls_received{Pre,Here}(acc, params, row->logits.WORDS, row->mask, f.target, f.smoothing, f.w, f.row_max, f.rest, f.inverse, f.uniform,
          \at(row->n, Pre), product(2.0, f.most), f.extent.lo, f.extent.hi, f.extent.largest); */
    /*@ assert hint_absent: absent_kept{Pre,Here}(acc, params); */
    count_loss_row(acc);
    /*@ assert hint_received_on: pulls_received{Pre,Here}(acc, params, row->logits.WORDS, row->mask, f.target, f.smoothing, f.w, f.row_max, f.rest, f.inverse, f.uniform,
          \at(row->n, Pre), product(2.0, f.most), f.extent.lo, f.extent.hi, f.extent.largest); */
    /*@ assert hint_n: row->n == \at(row->n, Pre); */
    /*@ assert hint_extent: sized_extent(f.extent.lo, f.extent.hi, f.extent.largest); */
    /*@ assert hint_param_row: is_loss_param_row{Pre,Here}(acc, params, row->logits.WORDS, row->mask, \at(row->n, Pre), target, smoothing, w); */
  }
}
