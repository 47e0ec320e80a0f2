/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The row kernels of the reference: the definition of every output bit.
 * x: logits[n]; mask: mask[n] or NULL; 1 <= n <= 2^31-1; params valid
 * (mmax_params_check). Outputs may be the logits themselves. Return MMAX_OK,
 * MMAX_ROW_MASKED or MMAX_ROW_NONFINITE.
 */
#ifndef MMAX_REF_KERNELS_REF_H
#define MMAX_REF_KERNELS_REF_H

#include "view.h"

#ifdef __FRAMAC__
#include "forward.acsl"
#include "gradient.h"
#include "backward.acsl"
#include "extent_ends.acsl"
#include "floors.acsl"
#include "param_sums.acsl"
#include "loss.acsl"
#include "loss_gradient.acsl"
#include "pull_ends.acsl"
#include "pull_sums.acsl"
#endif

/*@ requires  row:        1 <= n && valid_row(x, mask, n) && \valid(probs + (0 .. n-1));
    requires  params:     \valid_read(params) && valid_params(params);
    requires  in_place:   probs == x || \separated(probs + (0 .. n-1), x + (0 .. n-1));
    requires  apart:      mask == \null || \separated(probs + (0 .. n-1), mask + (0 .. n-1));
    terminates \true;
    exits     \false;
    assigns   probs[0 .. n-1];
    ensures   nonfinite:  \result == MMAX_ROW_NONFINITE <==> !none_bad{Pre}(x, mask, n);
    ensures   masked:     \result == MMAX_ROW_MASKED <==> none_bad{Pre}(x, mask, n) && all_masked{Pre}(x, mask, n);
    ensures   status:     \result == MMAX_OK || \result == MMAX_ROW_MASKED || \result == MMAX_ROW_NONFINITE;
    ensures   poisoned:   \result == MMAX_ROW_NONFINITE ==> \forall integer i; 0 <= i < n ==> \is_NaN(probs[i]);
    ensures   zeros:      \result == MMAX_ROW_MASKED ==> zero_entries(probs, n);
    ensures   unit:       \result == MMAX_OK ==> unit_entries(probs, n);
    ensures   masks:      \result == MMAX_OK ==> masked_zero{Pre,Post}(x, mask, probs, n);
    ensures   sum:        \result == MMAX_OK ==> normalised(n, prob_sum(probs, n));
    ensures   value:      \result == MMAX_OK ==> is_softmax{Pre,Post}(params, x, mask, probs, n);
*/
mmax_status mmax_row_forward_ref(const mmax_params *params, const float *x, const uint8_t *mask,
                                 size_t n, float *probs);

/* The same for storages of 16 bits; the row and the probabilities have the same. */
/*@ requires  view:       \valid_read(row) && 1 <= row->n && row->logits.storage != MMAX_FLOAT32 &&
                            valid_row16(row->logits.bits, row->mask, row->n);
    requires  out:        probs.storage == row->logits.storage && \valid(probs.bits + (0 .. row->n - 1));
    requires  params:     \valid_read(params) && valid_params(params);
    requires  in_place:   probs.bits == row->logits.bits ||
                            \separated(probs.bits + (0 .. row->n - 1), row->logits.bits + (0 .. row->n - 1));
    requires  apart:      row->mask == \null || \separated(probs.bits + (0 .. row->n - 1), row->mask + (0 .. row->n - 1));
    requires  frame:      \separated(probs.bits + (0 .. row->n - 1), row);
    terminates \true;
    exits     \false;
    assigns   probs.bits[0 .. row->n - 1];
    ensures   nonfinite:  \result == MMAX_ROW_NONFINITE <==>
                            !none_bad16{Pre}(row->logits.storage, row->logits.bits, row->mask, row->n);
    ensures   masked:     \result == MMAX_ROW_MASKED <==>
                            none_bad16{Pre}(row->logits.storage, row->logits.bits, row->mask, row->n) &&
                            all_masked16{Pre}(row->logits.storage, row->logits.bits, row->mask, row->n);
    ensures   status:     \result == MMAX_OK || \result == MMAX_ROW_MASKED || \result == MMAX_ROW_NONFINITE;
    ensures   poisoned:   \result == MMAX_ROW_NONFINITE ==>
                            \forall integer i; 0 <= i < row->n ==> probs.bits[i] == nan_of(row->logits.storage);
    ensures   zeros:      \result == MMAX_ROW_MASKED ==>
                            \forall integer i; 0 <= i < row->n ==> narrowed(row->logits.storage, 0.0, probs.bits[i]);
    ensures   value:      \result == MMAX_OK ==>
                            is_softmax16{Pre,Post}(params, row->logits.storage, row->logits.bits, row->mask, probs.bits, row->n);
*/
mmax_status mmax_row_forward16_ref(const mmax_params *params, const mmax_view *row,
                                   mmax_sink probs);

/* Rows of any storage; results are stored like the row. */
/*@ requires  view:       \valid_read(row) && valid_view(row);
    requires  out:        STORED_AS(log_probs.storage) && \valid(log_probs.WORDS + (0 .. row->n - 1));
    requires  params:     \valid_read(params) && valid_params(params);
    requires  in_place:   log_probs.WORDS == row->logits.WORDS ||
                            \separated(log_probs.WORDS + (0 .. row->n - 1), row->logits.WORDS + (0 .. row->n - 1));
    requires  apart:      row->mask == \null || \separated(log_probs.WORDS + (0 .. row->n - 1), row->mask + (0 .. row->n - 1));
    requires  frame:      \separated(log_probs.WORDS + (0 .. row->n - 1), row);
    terminates \true;
    exits     \false;
    assigns   log_probs.WORDS[0 .. row->n - 1];
    ensures   nonfinite:  \result == MMAX_ROW_NONFINITE <==> !none_bad{Pre}(row->logits.WORDS, row->mask, row->n);
    ensures   masked:     \result == MMAX_ROW_MASKED <==> none_bad{Pre}(row->logits.WORDS, row->mask, row->n) &&
                            all_masked{Pre}(row->logits.WORDS, row->mask, row->n);
    ensures   status:     \result == MMAX_OK || \result == MMAX_ROW_MASKED || \result == MMAX_ROW_NONFINITE;
    ensures   poisoned:   \result == MMAX_ROW_NONFINITE ==> \forall integer i; 0 <= i < row->n ==> NOT_A_NUMBER(log_probs.WORDS[i]);
    ensures   minus:      \result == MMAX_ROW_MASKED ==>
                            \forall integer i; 0 <= i < row->n ==> MINUS_INF(log_probs.WORDS[i]);
    ensures   masks:      \result == MMAX_OK ==> masked_minus{Pre,Post}(row->logits.WORDS, row->mask, log_probs.WORDS, row->n);
    ensures   value:      \result == MMAX_OK ==> is_logged{Pre,Post}(params, row->logits.WORDS, row->mask, log_probs.WORDS, row->n);
*/
mmax_status mmax_row_log_ref(const mmax_params *params, const mmax_view *row, mmax_sink log_probs);

/* g: upstream gradient[n]; grad may be the logits, g or not wanted; acc may be NULL. */
/*@ requires  view:       \valid_read(row) && valid_view(row) && valid_upstream(g.storage, g.WORDS, row->n);
    requires  sink:       STORED_AS(grad.storage) && grad.NO_WORDS == \null &&
                            (grad.WORDS == \null || \valid(grad.WORDS + (0 .. row->n - 1)));
    requires  acc:        acc == \null || \valid(acc) && \separated(acc, row) && \separated(acc, params) &&
                            \separated(acc, grad.WORDS + (0 .. row->n - 1));
    requires  params:     \valid_read(params) && valid_params(params);
    requires  in_place:   grad.WORDS == row->logits.WORDS ||
                            \separated(grad.WORDS + (0 .. row->n - 1), row->logits.WORDS + (0 .. row->n - 1));
    requires  in_place_g: grad.WORDS == g.WORDS || \separated(grad.WORDS + (0 .. row->n - 1), g.WORDS + (0 .. row->n - 1));
    requires  apart:      row->mask == \null || \separated(grad.WORDS + (0 .. row->n - 1), row->mask + (0 .. row->n - 1));
    requires  frame:      \separated(grad.WORDS + (0 .. row->n - 1), row);
    terminates \true;
    exits     \false;
    assigns   grad.WORDS[0 .. row->n - 1], *acc;
    ensures   nonfinite:  \result == MMAX_ROW_NONFINITE <==> !none_bad{Pre}(row->logits.WORDS, row->mask, row->n) ||
                            !upstream_fine{Pre}(row->logits.WORDS, row->mask, g.WORDS, row->n);
    ensures   masked:     \result == MMAX_ROW_MASKED <==> none_bad{Pre}(row->logits.WORDS, row->mask, row->n) &&
                            all_masked{Pre}(row->logits.WORDS, row->mask, row->n);
    ensures   status:     \result == MMAX_OK || \result == MMAX_ROW_MASKED || \result == MMAX_ROW_NONFINITE;
    ensures   poisoned:   \result == MMAX_ROW_NONFINITE ==> grad.WORDS != \null ==>
                            \forall integer i; 0 <= i < row->n ==> NOT_A_NUMBER(grad.WORDS[i]);
    ensures   zeros:      \result == MMAX_ROW_MASKED ==> grad.WORDS != \null ==> zero_entries(grad.WORDS, row->n);
    ensures   masks:      \result == MMAX_OK ==> grad.WORDS != \null ==> \forall integer i; 0 <= i < row->n ==>
                            !unmasked{Pre}(row->logits.WORDS, row->mask, i) ==> ZERO(grad.WORDS[i]);
    ensures   value:      \result == MMAX_OK ==> grad.WORDS != \null ==>
                            is_backward_row{Pre,Post}(params, row->logits.WORDS, row->mask, g.WORDS, grad.WORDS, row->n);
    ensures   rows:       acc != \null ==> acc->rows == (uint64_t)(\old(acc->rows) + (\result == MMAX_OK ? 1 : 0));
    ensures   bad_rows:   acc != \null ==>
                            acc->nonfinite_rows == (uint64_t)(\old(acc->nonfinite_rows) + (\result == MMAX_ROW_NONFINITE ? 1 : 0));
    ensures   received:   acc != \null ==> \result == MMAX_OK ==>
                            is_param_row{Pre,Post}(acc, params, row->logits.WORDS, row->mask, g.WORDS, row->n);
    ensures   absent:     acc != \null ==> \result == MMAX_OK ==> absent_kept{Pre,Post}(acc, params);
    ensures   sums:       acc != \null ==> \result != MMAX_OK ==> \forall integer j, i; 0 <= j < 10 ==> 0 <= i < 16 ==>
                            acc->limb[j][i] == \old(acc->limb[j][i]);
*/
mmax_status mmax_row_backward_ref(const mmax_params *params, const mmax_view *row, mmax_source g,
                                  mmax_sink grad, mmax_accumulator *acc);

/* target < n; smoothing in [0,1]. loss and acc may be NULL, grad not wanted. */
/*@ requires  view:       \valid_read(row) && valid_view(row) && target < row->n;
    requires  params:     \valid_read(params) && valid_params(params);
    requires  smoothing:  finf(smoothing) && 0.0 <= smoothing <= 1.0;
    requires  out:        valid_grad(grad.storage, grad.WORDS, grad.NO_WORDS, row->n);
    requires  given:      (loss == \null || \valid(loss)) && (acc == \null || \valid(acc));
    requires  in_place:   grad.WORDS == row->logits.WORDS ||
                            \separated(grad.WORDS + (0 .. row->n - 1), row->logits.WORDS + (0 .. row->n - 1));
    requires  apart:      row->mask == \null || \separated(grad.WORDS + (0 .. row->n - 1), row->mask + (0 .. row->n - 1));
    requires  loss_apart: loss == \null || \separated(loss, row->logits.WORDS + (0 .. row->n - 1)) &&
                            (grad.WORDS == \null || \separated(loss, grad.WORDS + (0 .. row->n - 1))) &&
                            \separated(loss, row, params) &&
                            (row->mask == \null || \separated(loss, row->mask + (0 .. row->n - 1)));
    requires  acc_apart:  acc == \null || \separated(acc, row, params) && (loss == \null || \separated(acc, loss)) &&
                            (grad.WORDS == \null || \separated(acc, grad.WORDS + (0 .. row->n - 1))) &&
                            \separated(acc, row->logits.WORDS + (0 .. row->n - 1)) &&
                            (row->mask == \null || \separated(acc, row->mask + (0 .. row->n - 1)));
    requires  frame:      grad.WORDS == \null || \separated(grad.WORDS + (0 .. row->n - 1), row, params);
    terminates \true;
    exits     \false;
    assigns   *loss, grad.WORDS[0 .. row->n - 1], *acc;
    ensures   status:     \result == MMAX_OK || \result == MMAX_ROW_MASKED || \result == MMAX_ROW_NONFINITE;
    ensures   nonfinite:  \result == MMAX_ROW_NONFINITE <==> !none_bad{Pre}(row->logits.WORDS, row->mask, row->n) ||
                            (!all_masked{Pre}(row->logits.WORDS, row->mask, row->n) && !\is_finite(grad_loss));
    ensures   masked:     \result == MMAX_ROW_MASKED <==> none_bad{Pre}(row->logits.WORDS, row->mask, row->n) &&
                            all_masked{Pre}(row->logits.WORDS, row->mask, row->n);
    ensures   poisoned:   \result == MMAX_ROW_NONFINITE ==> (loss != \null ==> \is_NaN(*loss)) &&
                            (grad.WORDS != \null ==> \forall integer i; 0 <= i < row->n ==> NOT_A_NUMBER(grad.WORDS[i]));
    ensures   zeros:      \result == MMAX_ROW_MASKED ==> (loss != \null ==> \is_finite(*loss) && *loss == 0.0) &&
                            (grad.WORDS != \null ==> zero_entries(grad.WORDS, row->n));
    ensures   infinite:   \result == MMAX_OK ==> loss != \null ==>
                            !unmasked{Pre}(row->logits.WORDS, row->mask, target) ==> \is_plus_infinity(*loss);
    ensures   value:      \result == MMAX_OK ==> loss != \null ==> unmasked{Pre}(row->logits.WORDS, row->mask, target) ==>
                            is_loss{Pre}(params, row->logits.WORDS, row->mask, row->n, target, smoothing, \at(*loss, Post));
    ensures   masks:      \result == MMAX_OK ==> grad.WORDS != \null ==>
                            masked_zero{Pre,Post}(row->logits.WORDS, row->mask, grad.WORDS, row->n);
    ensures   gradient:   \result == MMAX_OK ==> grad.WORDS != \null ==>
                            is_loss_gradient{Pre,Post}(params, row->logits.WORDS, row->mask, grad.WORDS, row->n, target, smoothing, grad_loss);
    ensures   counts:     acc != \null ==> acc->rows == (\result == MMAX_OK ? (uint64_t)(\old(acc->rows) + 1) : \old(acc->rows)) &&
                            acc->nonfinite_rows == (\result == MMAX_ROW_NONFINITE ? (uint64_t)(\old(acc->nonfinite_rows) + 1) :
                              \old(acc->nonfinite_rows));
    ensures   received:   acc != \null ==> \result == MMAX_OK ==>
                            is_loss_param_row{Pre,Post}(acc, params, row->logits.WORDS, row->mask, row->n, target, smoothing, grad_loss);
    ensures   absent:     acc != \null ==> \result == MMAX_OK ==> absent_kept{Pre,Post}(acc, params);
    ensures   sums:       acc != \null ==> \result != MMAX_OK ==> \forall integer j, i; 0 <= j < 10 ==> 0 <= i < 16 ==>
                            acc->limb[j][i] == \old(acc->limb[j][i]);
*/
mmax_status mmax_row_loss_ref(const mmax_params *params, const mmax_view *row, size_t target,
                              float smoothing, float grad_loss, float *loss, mmax_sink grad,
                              mmax_accumulator *acc);

#endif
