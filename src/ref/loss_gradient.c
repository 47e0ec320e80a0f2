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
  /*@ assert hint_map: same_map{Pre,Here}(params); */
  /*@ assert hint_params: same_params{Pre,Here}(params); */
  /*@ assert hint_valid: valid_params(params); */
  /*@ assert hint_row: same_row{Pre,Here}(row->logits.WORDS, row->mask, row->n); */
  /*@ assert hint_top: is_top(params, row->logits.WORDS, row->mask, row->n, f->row_max); */
  /*@ assert hint_within: pulls_within(params, row->logits.WORDS, row->mask, f->row_max, f->target, f->smoothing, row->n, f->extent.lo, f->extent.hi, f->extent.largest); */
  /*@ assert hint_same_sums: same_pull_sums{Pre,Here}(params, row->logits.WORDS, row->mask, f->target, f->smoothing, f->w, f->row_max, f->rest, f->inverse, f->uniform, row->n); */
  /*@ assert hint_f: f->most == \at(f->most, Pre) && f->extent.lo == \at(f->extent.lo, Pre) && f->extent.hi == \at(f->extent.hi, Pre) &&
                     f->extent.largest == \at(f->extent.largest, Pre); */
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
  /*@ assert hint_flat: flat_limbs{Pre,Here}(acc); */
}

void mmax_row_loss_gradient(const mmax_params *params, const mmax_view *row, size_t target,
                            double smoothing, double w, mmax_lse lse, mmax_sink grad,
                            mmax_accumulator *acc) {
  mmax_pulling f = mmax_find_pulling(params, row, target, smoothing, w, lse);
  mmax_moments moments;
  write_pull_row(params, row, &f, &moments, grad);
  if (acc != NULL) {
    mmax_moments_finish(&moments, params, acc);
    /*@ assert hint_received: pulls_received{Pre,Here}(acc, params, row->logits.WORDS, row->mask, f.target, f.smoothing, f.w, f.row_max, f.rest,
          f.inverse, f.uniform, \at(row->n, Pre), product(2.0, f.most), f.extent.lo, f.extent.hi, f.extent.largest); */
    count_loss_row(acc);
  }
}
