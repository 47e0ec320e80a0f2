/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the cross-entropy share: loss.c; pulling.c, pulls.c, loss_gradient.c. */
#ifndef MMAX_REF_LOSS_H
#define MMAX_REF_LOSS_H

#include "gradient.h"
#include "kernels_ref.h"
#include "lse.h"

#ifdef __FRAMAC__
#include "loss_gradient.acsl"
#endif

/* How many entries take part. */
/*@ requires  view:   \valid_read(row) && valid_view(row);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == unmasked_count(row->logits.WORDS, row->mask, row->n);
    ensures   range:  0 <= \result <= row->n;
    ensures   some:   !all_masked(row->logits.WORDS, row->mask, row->n) ==> 1 <= \result;
*/
static inline size_t mmax_count_unmasked(const mmax_view *row) {
  size_t count = 0;
  /*@ loop invariant range: 0 <= i <= row->n && count <= i;
      loop invariant value: count == unmasked_count(row->logits.WORDS, row->mask, i);
      loop invariant some:  count == 0 ==> all_masked(row->logits.WORDS, row->mask, i);
      loop assigns   i, count;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++)
    if (mmax_live(row, i)) count++;
  return count;
}

/* The gradient of a row's loss times w, and the row's parameter sums; either may not be wanted. */
/*@ requires  view:      \valid_read(row) && valid_view(row) && target < row->n;
    requires  params:    \valid_read(params) && valid_params(params);
    requires  rest:      is_rest(params, row->logits.WORDS, row->mask, row->n, lse.row_max, lse.rest);
    requires  range:     bounded(lse.row_max, 1.0e195) && fin(lse.rest) && 0.0 <= lse.rest <= 34359738368.0 &&
                           fin(smoothing) && 0.0 <= smoothing <= 1.0 && magnitude_of_float(smoothing) && bounded(w, 3.4028235e38);
    requires  top:       is_top(params, row->logits.WORDS, row->mask, row->n, lse.row_max);
    requires  some:      !all_masked(row->logits.WORDS, row->mask, row->n);
    requires  out:       valid_grad(grad.storage, grad.WORDS, grad.NO_WORDS, row->n) && (acc == \null || \valid(acc));
    requires  same:      grad.WORDS == row->logits.WORDS ||
                           \separated(grad.WORDS + (0 .. row->n - 1), row->logits.WORDS + (0 .. row->n - 1));
    requires  apart:     row->mask == \null || \separated(grad.WORDS + (0 .. row->n - 1), row->mask + (0 .. row->n - 1));
    requires  acc_apart: \separated(acc, row, params) && \separated(acc, grad.WORDS + (0 .. row->n - 1)) &&
                           \separated(acc, row->logits.WORDS + (0 .. row->n - 1)) &&
                           (row->mask == \null || \separated(acc, row->mask + (0 .. row->n - 1)));
    requires  frame:     \separated(grad.WORDS + (0 .. row->n - 1), row, params);
    terminates \true;
    exits     \false;
    assigns   grad.WORDS[0 .. row->n - 1], *acc;
    ensures   masks:     grad.WORDS != \null ==> masked_zero{Pre,Post}(row->logits.WORDS, row->mask, grad.WORDS, row->n);
    ensures   gradient:  grad.WORDS != \null ==>
                           is_loss_gradient{Pre,Post}(params, row->logits.WORDS, row->mask, grad.WORDS, row->n, target, smoothing, w);
    ensures   counts:    acc != \null ==> acc->rows == (uint64_t)(\old(acc->rows) + 1) && acc->nonfinite_rows == \old(acc->nonfinite_rows);
    ensures   received:  acc != \null ==>
                           is_loss_param_row{Pre,Post}(acc, params, row->logits.WORDS, row->mask, row->n, target, smoothing, w);
    ensures   absent:    acc != \null ==> absent_kept{Pre,Post}(acc, params);
*/
void mmax_row_loss_gradient(const mmax_params *params, const mmax_view *row, size_t target,
                            double smoothing, double w, mmax_lse lse, mmax_sink grad,
                            mmax_accumulator *acc);

#endif
