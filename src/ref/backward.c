/* SPDX-License-Identifier: Apache-2.0 */
/* grad_sigma_i = p_i (g_i - sum_k p_k g_k), grad_logits_i = sigma'(x_i) grad_sigma_i, one row.
   specs/semantics.md#backward */
#include "gradients.h"

#include "sums_start.h"

#ifdef __FRAMAC__
#include "params_kept.acsl"
#include "param_kept.acsl"
#include "received.acsl"
#endif

/* MMAX_ROW_NONFINITE if an unmasked upstream gradient is not finite. */
/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  up:     valid_upstream(g.storage, g.WORDS, row->n);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   status: \result == MMAX_OK || \result == MMAX_ROW_NONFINITE;
    ensures   fine:   \result == MMAX_OK <==> upstream_fine(row->logits.WORDS, row->mask, g.WORDS, row->n);
*/
static mmax_status upstream_state(const mmax_view *row, mmax_source g) {
  /*@ loop invariant range: 0 <= i <= row->n;
      loop invariant fine:  upstream_fine(row->logits.WORDS, row->mask, g.WORDS, i);
      loop assigns   i;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++)
    if (mmax_live(row, i) && mmax_classify(mmax_element(g, i)) != MMAX_FINITE)
      return MMAX_ROW_NONFINITE;
  return MMAX_OK;
}

/* The gradients of a row in which f was found, and its sums. */
/*@ requires  view:    \valid_read(row) && valid_view(row) && \valid_read(f) && \valid(moments);
    requires  up:      valid_upstream(g.storage, g.WORDS, row->n) && upstream_fine(row->logits.WORDS, row->mask, g.WORDS, row->n);
    requires  sink:    STORED_AS(grad.storage) && grad.NO_WORDS == \null &&
                         (grad.WORDS == \null || \valid(grad.WORDS + (0 .. row->n - 1)));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  same:    grad.WORDS == row->logits.WORDS ||
                         \separated(grad.WORDS + (0 .. row->n - 1), row->logits.WORDS + (0 .. row->n - 1));
    requires  same_g:  grad.WORDS == g.WORDS || \separated(grad.WORDS + (0 .. row->n - 1), g.WORDS + (0 .. row->n - 1));
    requires  apart:   row->mask == \null || \separated(grad.WORDS + (0 .. row->n - 1), row->mask + (0 .. row->n - 1));
    requires  frame:   \separated(grad.WORDS + (0 .. row->n - 1), row) && \separated(grad.WORDS + (0 .. row->n - 1), f) &&
                         \separated(grad.WORDS + (0 .. row->n - 1), moments);
    requires  moments: \separated(moments, params) && \separated(moments, f) && \separated(moments, row);
    requires  top:     bounded(f->row_max, 1.0e195) && is_top(params, row->logits.WORDS, row->mask, row->n, f->row_max);
    requires  found:   found_fine(f->inverse, f->g_max, f->mean, f->extent.lo, f->extent.hi, f->extent.largest);
    requires  most:    upstream_within(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, row->n, f->g_max);
    requires  within:  weighed_within(params, row->logits.WORDS, row->mask, f->row_max, row->n, f->extent.lo, f->extent.hi, f->extent.largest);
    requires  mass:    mass_fits(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, row->n);
    terminates \true;
    exits     \false;
    assigns   grad.WORDS[0 .. row->n - 1], *moments;
    ensures   masks:   grad.WORDS != \null ==> zeroed{Pre,Post}(row->logits.WORDS, row->mask, grad.WORDS, row->n);
    ensures   value:   grad.WORDS != \null ==> graded{Pre,Post}(params, row->logits.WORDS, row->mask, g.WORDS, grad.WORDS, f->row_max,
                         f->inverse, f->mean, row->n);
    ensures   sums:    all_sized(moments);
    ensures   units:   all_units(moments);
    ensures   floors:  all_param_floors{Pre,Post}(moments, params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse,
                         f->mean, row->n);
    ensures   made:    all_made{Pre,Post}(moments, params, product(2.0, f->g_max), f->extent.lo, f->extent.hi, f->extent.largest);
*/
static void write_row(const mmax_params *params, const mmax_view *row, mmax_source g,
                      const mmax_found *f, mmax_moments *moments, mmax_sink grad) {
  mmax_sums_start(moments, params, f->extent, f->g_max);
  /*@ assert hint_map: same_map{Pre,Here}(params); */
  /*@ assert hint_params: same_params{Pre,Here}(params); */
  /*@ assert hint_valid: valid_params(params); */
  /*@ assert hint_f_row_max: fin(f->row_max) && f->row_max == \at(f->row_max, Pre); */
  /*@ assert hint_f_hi: fin(f->extent.hi) && f->extent.hi == \at(f->extent.hi, Pre); */
  /*@ assert hint_f_largest: fin(f->extent.largest) && f->extent.largest == \at(f->extent.largest, Pre); */
  /*@ assert hint_found: found_fine(f->inverse, f->g_max, f->mean, f->extent.lo, f->extent.hi, f->extent.largest); */
  /*@ assert hint_row: same_row{Pre,Here}(row->logits.WORDS, row->mask, row->n); */
  /*@ assert hint_sums: same_sums{Pre,Here}(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse, f->mean, row->n); */
  /*@ assert hint_made: all_made{Pre,Here}(moments, params, product(2.0, f->g_max), f->extent.lo, f->extent.hi, f->extent.largest); */
  mmax_write_gradients(params, row, g, f, moments, grad);
  /*@ assert hint_floors: all_param_floors{Pre,Here}(moments, params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse,
                            f->mean, row->n); */
  /*@ assert hint_value: grad.WORDS != \null ==> graded{Pre,Here}(params, row->logits.WORDS, row->mask, g.WORDS, grad.WORDS, f->row_max,
                           f->inverse, f->mean, row->n); */
}

/* One more row; its sums were received before. */
/*@ requires  acc:     \valid(acc);
    terminates \true;
    exits     \false;
    assigns   acc->rows;
    ensures   rows:    acc->rows == (uint64_t)(\old(acc->rows) + 1);
    ensures   sums:    kept_sums{Pre,Post}(acc);
*/
static void count_row(mmax_accumulator *acc) {
  acc->rows++;
  /*@ assert hint_flat: flat_limbs{Pre,Here}(acc); */
}

/* The gradients of a row with an unmasked entry. */
/*@ requires  view:    \valid_read(row) && valid_view(row);
    requires  some:    !all_masked(row->logits.WORDS, row->mask, row->n);
    requires  up:      valid_upstream(g.storage, g.WORDS, row->n) && upstream_fine(row->logits.WORDS, row->mask, g.WORDS, row->n);
    requires  sink:    STORED_AS(grad.storage) && grad.NO_WORDS == \null &&
                         (grad.WORDS == \null || \valid(grad.WORDS + (0 .. row->n - 1)));
    requires  acc:     acc == \null || \valid(acc) && \separated(acc, row) && \separated(acc, params) &&
                         \separated(acc, grad.WORDS + (0 .. row->n - 1));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  same:    grad.WORDS == row->logits.WORDS ||
                         \separated(grad.WORDS + (0 .. row->n - 1), row->logits.WORDS + (0 .. row->n - 1));
    requires  same_g:  grad.WORDS == g.WORDS || \separated(grad.WORDS + (0 .. row->n - 1), g.WORDS + (0 .. row->n - 1));
    requires  apart:   row->mask == \null || \separated(grad.WORDS + (0 .. row->n - 1), row->mask + (0 .. row->n - 1));
    requires  frame:   \separated(grad.WORDS + (0 .. row->n - 1), row);
    terminates \true;
    exits     \false;
    assigns   grad.WORDS[0 .. row->n - 1], *acc;
    ensures   masks:   grad.WORDS != \null ==> zeroed{Pre,Post}(row->logits.WORDS, row->mask, grad.WORDS, row->n);
    ensures   value:   grad.WORDS != \null ==>
                         is_backward_row{Pre,Post}(params, row->logits.WORDS, row->mask, g.WORDS, grad.WORDS, row->n);
    ensures   rows:    acc != \null ==> acc->rows == (uint64_t)(\old(acc->rows) + 1) &&
                         acc->nonfinite_rows == \old(acc->nonfinite_rows);
    ensures   received: acc != \null ==> is_param_row{Pre,Post}(acc, params, row->logits.WORDS, row->mask, g.WORDS, row->n);
    ensures   absent:  acc != \null ==> absent_kept{Pre,Post}(acc, params);
*/
static void backward_row(const mmax_params *params, const mmax_view *row, mmax_source g,
                         mmax_sink grad, mmax_accumulator *acc) {
  mmax_found f = mmax_row_find(params, row, g);
  mmax_moments moments;
  write_row(params, row, g, &f, &moments, grad);
  if (acc != NULL) {
    /*@ assert hint_apart: \separated(acc, &row->n); */
    mmax_moments_finish(&moments, params, acc);
    /*@ assert hint_n_0: row->n == \at(row->n, Pre); */
    /*@ assert hint_finished: finished{Pre,Here,Here}(acc, &moments, params); */
    count_row(acc);
  }
}

mmax_status mmax_row_backward_ref(const mmax_params *params, const mmax_view *row, mmax_source g,
                                  mmax_sink grad, mmax_accumulator *acc) {
  mmax_status state = mmax_view_state(row);
  if (state == MMAX_OK) state = upstream_state(row, g);
  if (state != MMAX_OK) {
    float fill = state == MMAX_ROW_MASKED ? 0.0f : mmax_canonical_nan();
    if (mmax_wanted(grad)) mmax_view_fill(grad, row->n, fill);
    if (acc != NULL && state == MMAX_ROW_NONFINITE) acc->nonfinite_rows++;
    return state;
  }
  /*@ assert hint_fine: none_bad(row->logits.WORDS, row->mask, row->n) && upstream_fine(row->logits.WORDS, row->mask, g.WORDS, row->n); */
  backward_row(params, row, g, grad, acc);
  /*@ assert hint_n: row->n == \at(row->n, Pre); */
  return MMAX_OK;
}
