/* SPDX-License-Identifier: Apache-2.0 */
/* Row r of a batch for the kernels with gradients: backward, and cross-entropy with its ignored
   rows. Part of batch.c, after view_of, source_at and sink_of. */
#ifndef MMAX_REF_BATCH_GRADIENTS_H
#define MMAX_REF_BATCH_GRADIENTS_H

/* The row kernel, whose contract names the gradient's memory even where it is not wanted. */
/*@ requires  view:    \valid_read(row) && 1 <= row->n;
    requires  row:     STORED_AS(row->logits.storage) && valid_row(row->logits.WORDS, row->mask, row->n);
    requires  given:   STORED_AS(g.storage) && row_readable(g.WORDS, row->n);
    requires  out:     STORED_AS(grad.storage) && grad.NO_WORDS == \null && (grad.WORDS == \null || row_writable(grad.WORDS, row->n));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  place:   grad.WORDS == \null || grad.WORDS == row->logits.WORDS || rows_apart(grad.WORDS, row->logits.WORDS, row->n);
    requires  place_g: grad.WORDS == \null || grad.WORDS == g.WORDS || rows_apart(grad.WORDS, g.WORDS, row->n);
    requires  apart:   grad.WORDS == \null || row_mask_apart(grad.WORDS, row->mask, row->n);
    requires  frame:   grad.WORDS == \null || \separated(grad.WORDS + (0 .. row->n - 1), row);
    requires  acc:     acc == \null || (\valid(acc) && \separated(acc, row) && \separated(acc, params));
    requires  sums:    acc == \null || grad.WORDS == \null || sums_row_apart(acc, grad.WORDS, row->n);
    terminates \true;
    exits     \false;
    assigns   grad.WORDS[0 .. wanted_row(grad.WORDS, row->n) - 1], *acc;
    ensures   state:   backward_state{Pre}(row->logits.WORDS, row->mask, g.WORDS, row->n, \result);
    ensures   written: grad.WORDS != \null ==>
                         backward_row_is{Pre,Post}((mmax_params *)params, row->logits.WORDS, row->mask, g.WORDS, grad.WORDS, row->n);
    ensures   counts:  sums_count{Pre,Post}(acc, \result);
    ensures   absent:  absent_sums{Pre,Post}(acc, (mmax_params *)params);
    ensures   received: \result == MMAX_OK ==> acc != \null ==>
                         is_param_row{Pre,Post}(acc, (mmax_params *)params, row->logits.WORDS, row->mask, g.WORDS, row->n);
    ensures   unmoved: \result != MMAX_OK ==> sums_kept{Pre,Post}(acc);
*/
static mmax_status backward_view(const mmax_params *params, const mmax_view *row, mmax_source g,
                                mmax_sink grad, mmax_accumulator *acc) {
  /*@ assert hint_null: grad.WORDS == \null ==> rows_apart(grad.WORDS, (mmax_word *)row->logits.WORDS, row->n) && rows_apart(grad.WORDS, (mmax_word *)g.WORDS, row->n) &&
        row_mask_apart(grad.WORDS, (uint8_t *)row->mask, row->n) && \separated(grad.WORDS + (0 .. row->n - 1), row); */
  /*@ assert hint_sums: acc == \null || sums_row_apart(acc, grad.WORDS, row->n); */
  return mmax_row_backward_ref(params, row, g, grad, acc);
}

/* Row r of a batch, as forward_at. */
/*@ requires  in:      \valid_read(in) && r < in->rows && input_readable((mmax_input *)in);
    requires  stored:  STORED_AS(storage);
    requires  given:   upstream_readable(upstream, (mmax_input *)in);
    requires  out:     gradient_fits(grad, (mmax_input *)in) && upstream_place(grad, upstream, (mmax_input *)in);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  acc:     sums_given(acc, (mmax_input *)in, (mmax_params *)params) && sums_apart(acc, grad, (mmax_input *)in);
    terminates \true;
    exits     \false;
    assigns   out_of(grad, r)[0 .. wanted(grad.data, in->cols) - 1], *acc;
    ensures   state:   backward_has{Pre}((mmax_input *)in, upstream, r, \result);
    ensures   written: backward_done{Pre,Post}((mmax_params *)params, (mmax_input *)in, upstream, grad, r);
    ensures   counts:  sums_count{Pre,Post}(acc, \result);
    ensures   absent:  absent_sums{Pre,Post}(acc, (mmax_params *)params);
    ensures   received: backward_receives{Pre,Pre,Post}(acc, (mmax_params *)params, (mmax_input *)in, upstream, r);
    ensures   unmoved: \result != MMAX_OK ==> sums_kept{Pre,Post}(acc);
    ensures   before:  grads_same{Pre,Post}(grad, \old(in->cols), r);
    ensures   rest:    rows_same{Pre,Post}(logits_of{Pre}((mmax_input *)in), \old(in->stride), \old(in->cols), r + 1, \old(in->rows));
    ensures   rest_g:  rows_same{Pre,Post}(upstream_of(upstream), upstream.stride, \old(in->cols), r + 1, \old(in->rows));
*/
static mmax_status backward_at(const mmax_params *params, const mmax_input *in,
                               mmax_upstream upstream, mmax_storage storage, mmax_output grad,
                               mmax_accumulator *acc, size_t r) {
  const mmax_view row = view_of(in, storage, r);
  const mmax_source g = source_at(upstream.grad_probs, storage, r * upstream.stride);
  const mmax_sink out = sink_of(grad, storage, r);
  /*@ assert hint_place: row.logits.WORDS == row_of{Pre}((mmax_input *)in, r) && row.mask == mask_of{Pre}((mmax_input *)in, r) &&
        row.n == \at(in->cols, Pre); */
  /*@ assert hint_g: g.WORDS == upstream_row(upstream, r); */
  /*@ assert hint_out: grad.data == \null ? out.WORDS == \null : out.WORDS == out_of(grad, r); */
  return backward_view(params, &row, g, out, acc);
}

/* A row that is ignored: no loss, no gradient. */
/*@ requires  out:     STORED_AS(grad.storage) && grad.NO_WORDS == \null && (grad.WORDS == \null || row_writable(grad.WORDS, n));
    requires  loss:    loss == \null || (\valid(loss) && (grad.WORDS == \null || cell_apart(loss, grad.WORDS, n)));
    terminates \true;
    exits     \false;
    assigns   loss[0 .. losses_in(loss, 1) - 1], grad.WORDS[0 .. wanted_row(grad.WORDS, n) - 1];
    ensures   zero:    loss != \null ==> \is_finite(*loss) && *loss == 0.0;
    ensures   zeros:   grad.WORDS != \null ==> zero_entries(grad.WORDS, n);
*/
static void ignored_row(size_t n, float *loss, mmax_sink grad) {
  if (loss != NULL) *loss = 0.0f;
  if (mmax_wanted(grad)) mmax_view_fill(grad, n, 0.0f);
}

/* No mmax_status: the row's target is ignore_index. */
#define IGNORED 3

/* The row kernel on a row that is not ignored; factor: its grad_loss, NULL for 1. Ignored rows are not looked at. */
/*@ requires  view:    \valid_read(row) && 1 <= row->n;
    requires  row:     STORED_AS(row->logits.storage) && valid_row(row->logits.WORDS, row->mask, row->n);
    requires  targets: \valid_read(targets) && \valid_read(targets->target + r) && target_inside((mmax_targets *)targets, r, row->n) &&
                         smoothing_valid(targets->smoothing);
    requires  factor:  factor == \null || \valid_read(factor);
    requires  out:     STORED_AS(grad.storage) && grad.NO_WORDS == \null && (grad.WORDS == \null || row_writable(grad.WORDS, row->n));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  loss:    loss == \null || (\valid(loss) && \separated(loss, row, params) && cell_apart(loss, row->logits.WORDS, row->n) &&
                         cell_mask_apart(loss, row->mask, row->n));
    requires  place:   grad.WORDS == \null || grad.WORDS == row->logits.WORDS || rows_apart(grad.WORDS, row->logits.WORDS, row->n);
    requires  apart:   grad.WORDS == \null || row_mask_apart(grad.WORDS, row->mask, row->n);
    requires  frame:   grad.WORDS == \null || \separated(grad.WORDS + (0 .. row->n - 1), row, params);
    requires  loss_grad: grad.WORDS == \null || loss == \null || cell_apart(loss, grad.WORDS, row->n);
    requires  acc:     acc == \null || (\valid(acc) && \separated(acc, row, params) && sums_row_apart(acc, row->logits.WORDS, row->n) &&
                         sums_mask_apart(acc, row->mask, row->n));
    requires  sums:    acc == \null || ((grad.WORDS == \null || sums_row_apart(acc, grad.WORDS, row->n)) && (loss == \null || \separated(acc, loss)));
    terminates \true;
    exits     \false;
    assigns   loss[0 .. losses_in(loss, 1) - 1], grad.WORDS[0 .. wanted_row(grad.WORDS, row->n) - 1], *acc;
    ensures   state:   target_state{Pre}(row->logits.WORDS, row->mask, row->n, (mmax_targets *)targets, r, (float *)factor, \result);
    ensures   value:   loss != \null ==> target_value{Pre}((mmax_params *)params, row->logits.WORDS, row->mask, row->n, (mmax_targets *)targets, r,
                         (float *)factor, \at(*loss, Post));
    ensures   written: grad.WORDS != \null ==> target_grads{Pre,Post}((mmax_params *)params, row->logits.WORDS, row->mask, row->n,
                         (mmax_targets *)targets, r, (float *)factor, grad.WORDS);
    ensures   counts:  sums_count{Pre,Post}(acc, \result);
    ensures   received: \result == MMAX_OK ==> acc != \null ==> is_loss_param_row{Pre,Post}(acc, (mmax_params *)params, row->logits.WORDS, row->mask,
                         row->n, \old(targets->target[r]), \old(targets->smoothing), factor{Pre}((float *)factor));
    ensures   absent:  absent_sums{Pre,Post}(acc, (mmax_params *)params);
    ensures   unmoved: \result != MMAX_OK ==> sums_kept{Pre,Post}(acc);
*/
static int loss_row(const mmax_params *params, const mmax_view *row, const mmax_targets *targets,
                    size_t r, const float *factor, float *loss, mmax_sink grad,
                    mmax_accumulator *acc) {
  if (targets->target[r] == targets->ignore_index) {
    ignored_row(row->n, loss, grad);
    return IGNORED;
  }
  const float w = factor == NULL ? 1.0f : *factor;
  /*@ assert hint_inside: 0 <= targets->target[r] < row->n; */
  /*@ assert hint_factor: (\is_finite(w) <==> factor_fine((float *)factor)) && (\is_finite(w) ==> (real)w == factor((float *)factor)); */
  return mmax_row_loss_ref(params, row, (size_t)targets->target[r], targets->smoothing, w, loss, grad, acc);
}

/* Row r of a cross-entropy call, as forward_at. */
/*@ requires  in:      \valid_read(in) && r < in->rows && input_readable((mmax_input *)in);
    requires  stored:  STORED_AS(storage);
    requires  targets: targets_given((mmax_targets *)targets, (mmax_input *)in);
    requires  factors: factors_given((float *)grad_loss, (mmax_input *)in);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  losses:  losses_given(losses, (mmax_input *)in, (mmax_params *)params);
    requires  out:     gradient_fits(grad, (mmax_input *)in) && gradient_beside(grad, losses, (mmax_input *)in, (mmax_params *)params);
    requires  acc:     sums_given(acc, (mmax_input *)in, (mmax_params *)params) && sums_apart(acc, grad, (mmax_input *)in) &&
                         sums_beside(acc, losses, (mmax_input *)in);
    terminates \true;
    exits     \false;
    assigns   cell_at(losses, r)[0 .. losses_in(losses, 1) - 1], out_of(grad, r)[0 .. wanted(grad.data, in->cols) - 1], *acc;
    ensures   state:   loss_has{Pre}((mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, r, \result);
    ensures   value:   loss_done{Pre,Post}((mmax_params *)params, (mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, losses, r);
    ensures   written: pulls_done{Pre,Post}((mmax_params *)params, (mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, grad, r);
    ensures   counts:  sums_count{Pre,Post}(acc, \result);
    ensures   received: loss_receives{Pre,Pre,Post}(acc, (mmax_params *)params, (mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, r);
    ensures   absent:  absent_sums{Pre,Post}(acc, (mmax_params *)params);
    ensures   losses_before: losses_same{Pre,Post}(losses, r);
    ensures   before:  grads_same{Pre,Post}(grad, \old(in->cols), r);
    ensures   rest:    rows_same{Pre,Post}(logits_of{Pre}((mmax_input *)in), \old(in->stride), \old(in->cols), r + 1, \old(in->rows));
*/
static int loss_at(const mmax_params *params, const mmax_input *in, const mmax_targets *targets,
                   const float *grad_loss, float *losses, mmax_storage storage, mmax_output grad,
                   mmax_accumulator *acc, size_t r) {
  /*@ assert hint_inside: row_inside(r, in->rows, in->stride); */
  /*@ assert hint_grad: grad.data != \null ==> row_inside(r, in->rows, grad.stride); */
  /*@ assert hint_mask: in->mask != \null ==> row_inside(r, in->rows, in->mask_stride); */
  /*@ assert hint_target: grad.data != \null ==> row_writable(out_of(grad, r), in->cols); */
  /*@ assert hint_ahead: grad.data != \null ==> rows_ahead_apart(WORDS_AT(grad.data), r, grad.stride, logits_of((mmax_input *)in), in->stride, in->rows, in->cols); */
  /*@ assert hint_loss_ahead: losses != \null ==> cell_rows_apart(losses + r, logits_of((mmax_input *)in), in->rows, in->cols, in->stride); */
  const mmax_view row = view_of(in, storage, r);
  const mmax_sink out = sink_of(grad, storage, r);
  float *loss = losses == NULL ? NULL : losses + r;
  const float *factor = grad_loss == NULL ? NULL : grad_loss + r;
  /*@ assert hint_place: row.logits.WORDS == row_of{Pre}((mmax_input *)in, r) && row.mask == mask_of{Pre}((mmax_input *)in, r) &&
        row.n == \at(in->cols, Pre); */
  /*@ assert hint_out: grad.data == \null ? out.WORDS == \null : out.WORDS == out_of(grad, r); */
  /*@ assert hint_loss: losses != \null ==> loss != \null && \valid(loss); */
  /*@ assert hint_row_mask: row_of_mask((uint8_t *)row.mask, row.n); */
  /*@ assert hint_loss_near: losses != \null && grad.data != \null ==> \forall integer k; 0 <= k < r ==> cell_apart(loss, out_of(grad, k), row.n); */
  /*@ assert hint_loss_far: losses != \null ==> \forall integer k; r < k < \at(in->rows, Pre) ==> cell_apart(loss, row_of{Pre}((mmax_input *)in, k), row.n); */
  /*@ assert hint_rest: \forall integer k, i; r < k < \at(in->rows, Pre) ==> 0 <= i < row.n ==> not_written(out.WORDS, row_of{Pre}((mmax_input *)in, k) + i, row.n); */
  /*@ assert hint_rest_loss: \forall integer k, i; r < k < \at(in->rows, Pre) ==> 0 <= i < row.n ==> not_lost(loss, row_of{Pre}((mmax_input *)in, k) + i); */
  /*@ assert hint_losses: losses != \null ==> \forall integer k; 0 <= k < r ==> other_kept(loss, losses + k); */
  /*@ assert hint_losses_grad: losses != \null ==> \forall integer k; 0 <= k < r ==> cell_spared(out.WORDS, losses + k, row.n); */
  /*@ assert hint_spared: grad.data != \null ==> \forall integer k, i; 0 <= k < r ==> 0 <= i < row.n ==> \separated(out_of(grad, k) + i, loss + (0 .. losses_in(loss, 1) - 1)) && \separated(out_of(grad, k) + i, out.WORDS + (0 .. wanted_row(out.WORDS, row.n) - 1)); */
  /*@ assert hint_spared_rest: \forall integer k, i; r < k < \at(in->rows, Pre) ==> 0 <= i < row.n ==> \separated(row_of{Pre}((mmax_input *)in, k) + i, loss + (0 .. losses_in(loss, 1) - 1)) && \separated(row_of{Pre}((mmax_input *)in, k) + i, out.WORDS + (0 .. wanted_row(out.WORDS, row.n) - 1)); */
  /*@ assert hint_spared_losses: losses != \null ==> \forall integer k; 0 <= k < r ==> \separated(losses + k, loss + (0 .. losses_in(loss, 1) - 1)) && \separated(losses + k, out.WORDS + (0 .. wanted_row(out.WORDS, row.n) - 1)); */
  return loss_row(params, &row, targets, r, factor, loss, out, acc);
}

/* One more row: its status, or IGNORED. */
/*@ requires  valid:   \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report;
    ensures   masked:  report->masked_rows ==
                         (state == MMAX_ROW_MASKED ? (size_t)(\old(report->masked_rows) + 1) : \old(report->masked_rows));
    ensures   bad:     report->nonfinite_rows ==
                         (state == MMAX_ROW_NONFINITE ? (size_t)(\old(report->nonfinite_rows) + 1) : \old(report->nonfinite_rows));
    ensures   first:   report->first_masked ==
                         (state == MMAX_ROW_MASKED && \old(report->masked_rows) == 0 ? row : \old(report->first_masked));
    ensures   first_bad: report->first_nonfinite ==
                         (state == MMAX_ROW_NONFINITE && \old(report->nonfinite_rows) == 0 ? row : \old(report->first_nonfinite));
    ensures   ignored: report->ignored_rows ==
                         (state == IGNORED ? (size_t)(\old(report->ignored_rows) + 1) : \old(report->ignored_rows));
*/
static void loss_report(mmax_report *report, size_t row, int state) {
  if (state == IGNORED)
    report->ignored_rows++;
  else
    mmax_report_row(report, row, (mmax_status)state);
}

#endif
