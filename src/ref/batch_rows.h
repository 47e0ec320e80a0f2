/* SPDX-License-Identifier: Apache-2.0 */
/* The four kernels and their table for one storage; batch.c includes this once for each, with
   STORAGE, TABLE and OF(name), a kernel's name for that storage; ROW(name), the
   name for rows of its width. */

/*@ requires  in:      \valid_read(in) && ROW(input_readable)((mmax_input *)in);
    requires  out:     ROW(output_fits)(probs, (mmax_input *)in);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  report:  \valid(report) && \separated(report, in) && \separated(report, params);
    requires  started: report->masked_rows == 0 && report->nonfinite_rows == 0 &&
                         report->first_masked == SIZE_MAX && report->first_nonfinite == SIZE_MAX;
    terminates \true;
    exits     \false;
    assigns   *report, ELEMENTS(probs.data)[0 .. size_of_rows(in->rows, in->cols, probs.stride) - 1];
    ensures   written: ROW(forward_rows){Pre,Post}(WHICH (mmax_params *)params, (mmax_input *)in, probs, \old(in->rows));
    ensures   masked:  ROW(tally){Pre}(WHICH (mmax_input *)in, MMAX_ROW_MASKED, \old(in->rows), report->masked_rows, report->first_masked);
    ensures   bad:     ROW(tally){Pre}(WHICH (mmax_input *)in, MMAX_ROW_NONFINITE, \old(in->rows), report->nonfinite_rows, report->first_nonfinite);
    ensures   ignored: report->ignored_rows == \old(report->ignored_rows);
*/
static void OF(forward)(const mmax_params *params, const mmax_input *in, mmax_output probs,
                        mmax_scratch scratch, mmax_report *report) {
  (void)scratch;
  /*@ loop invariant range:   0 <= r <= \at(in->rows, Pre);
      loop invariant same:    same_input{Pre,Here}((mmax_input *)in);
      loop invariant rest:    ROW(rows_same){Pre,Here}(ROW(logits_of){Pre}((mmax_input *)in), \at(in->stride, Pre), \at(in->cols, Pre), r, \at(in->rows, Pre));
      loop invariant written: ROW(forward_rows){Pre,Here}(WHICH (mmax_params *)params, (mmax_input *)in, probs, r);
      loop invariant masked:  ROW(tally){Pre}(WHICH (mmax_input *)in, MMAX_ROW_MASKED, r, report->masked_rows, report->first_masked);
      loop invariant bad:     ROW(tally){Pre}(WHICH (mmax_input *)in, MMAX_ROW_NONFINITE, r, report->nonfinite_rows, report->first_nonfinite);
      loop invariant ignored: report->ignored_rows == \at(report->ignored_rows, Pre);
      loop assigns   r, *report, ELEMENTS(probs.data)[0 .. size_of_rows(in->rows, in->cols, probs.stride) - 1];
      loop variant   in->rows - r;
  */
  for (size_t r = 0; r < in->rows; r++) {
    /*@ assert hint_row: ROW(row_of)((mmax_input *)in, r) == ROW(row_of){Pre}((mmax_input *)in, r) && mask_of((mmax_input *)in, r) == mask_of{Pre}((mmax_input *)in, r); */
    /*@ assert hint_inside: row_inside(r, in->rows, in->stride) && row_inside(r, in->rows, probs.stride); */
    /*@ assert hint_taken: ROW(taken_same){Pre,Here}(WHICH ROW(row_of){Pre}((mmax_input *)in, r), mask_of{Pre}((mmax_input *)in, r), in->cols); */
    /*@ assert hint_matrix: ROW(row_in_matrix)(ELEMENTS(probs.data), r, in->rows, in->cols, probs.stride); */
    const mmax_status state = ROW(forward_at)(params, in, STORAGE, probs, r);
    /*@ assert hint_state: ROW(row_has){Pre}(WHICH (mmax_input *)in, r, state); */
    /*@ assert hint_sigma: ROW(sigma_same){Pre,Here}((mmax_params *)params); */
    /*@ assert hint_row_done: ROW(forward_row_is){LoopCurrent,Here}(WHICH (mmax_params *)params, ROW(row_of){Pre}((mmax_input *)in, r), mask_of{Pre}((mmax_input *)in, r), ROW(out_of)(probs, r), in->cols); */
    /*@ assert hint_row_is: ROW(forward_row_is){Pre,Here}(WHICH (mmax_params *)params, ROW(row_of){Pre}((mmax_input *)in, r), mask_of{Pre}((mmax_input *)in, r), ROW(out_of)(probs, r), in->cols); */
    /*@ assert hint_done: ROW(forward_done){Pre,Here}(WHICH (mmax_params *)params, (mmax_input *)in, probs, r); */
    /*@ assert hint_still: ROW(outs_same){LoopCurrent,Here}(probs, in->cols, r); */
    /*@ assert hint_before: ROW(forward_rows){Pre,Here}(WHICH (mmax_params *)params, (mmax_input *)in, probs, r); */
    /*@ assert hint_later: ROW(rows_same){LoopCurrent,Here}(ROW(logits_of){Pre}((mmax_input *)in), in->stride, in->cols, r + 1, in->rows); */
    /*@ assert hint_next: ROW(forward_rows){Pre,Here}(WHICH (mmax_params *)params, (mmax_input *)in, probs, r + 1); */
    mmax_report_row(report, r, state);
  }
}

/*@ requires  float32: STORAGE == MMAX_FLOAT32;
    requires  in:      \valid_read(in) && input_readable((mmax_input *)in);
    requires  out:     output_fits(log_probs, (mmax_input *)in);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  report:  \valid(report) && \separated(report, in) && \separated(report, params);
    requires  started: report->masked_rows == 0 && report->nonfinite_rows == 0 &&
                         report->first_masked == SIZE_MAX && report->first_nonfinite == SIZE_MAX;
    terminates \true;
    exits     \false;
    assigns   *report, floats_at(log_probs.data)[0 .. size_of_rows(in->rows, in->cols, log_probs.stride) - 1];
    ensures   written: log_rows{Pre,Post}((mmax_params *)params, (mmax_input *)in, log_probs, \old(in->rows));
    ensures   masked:  tally{Pre}((mmax_input *)in, MMAX_ROW_MASKED, \old(in->rows), report->masked_rows, report->first_masked);
    ensures   bad:     tally{Pre}((mmax_input *)in, MMAX_ROW_NONFINITE, \old(in->rows), report->nonfinite_rows, report->first_nonfinite);
    ensures   ignored: report->ignored_rows == \old(report->ignored_rows);
*/
static void OF(log_forward)(const mmax_params *params, const mmax_input *in,
                            mmax_output log_probs, mmax_scratch scratch, mmax_report *report) {
  (void)scratch;
  /*@ loop invariant range:   0 <= r <= \at(in->rows, Pre);
      loop invariant same:    same_input{Pre,Here}((mmax_input *)in);
      loop invariant rest:    rows_same{Pre,Here}(logits_of{Pre}((mmax_input *)in), \at(in->stride, Pre), \at(in->cols, Pre), r, \at(in->rows, Pre));
      loop invariant written: log_rows{Pre,Here}((mmax_params *)params, (mmax_input *)in, log_probs, r);
      loop invariant masked:  tally{Pre}((mmax_input *)in, MMAX_ROW_MASKED, r, report->masked_rows, report->first_masked);
      loop invariant bad:     tally{Pre}((mmax_input *)in, MMAX_ROW_NONFINITE, r, report->nonfinite_rows, report->first_nonfinite);
      loop invariant ignored: report->ignored_rows == \at(report->ignored_rows, Pre);
      loop assigns   r, *report, floats_at(log_probs.data)[0 .. size_of_rows(in->rows, in->cols, log_probs.stride) - 1];
      loop variant   in->rows - r;
  */
  for (size_t r = 0; r < in->rows; r++) {
    /*@ assert hint_row: row_of((mmax_input *)in, r) == row_of{Pre}((mmax_input *)in, r) && mask_of((mmax_input *)in, r) == mask_of{Pre}((mmax_input *)in, r); */
    /*@ assert hint_inside: row_inside(r, in->rows, in->stride) && row_inside(r, in->rows, log_probs.stride); */
    /*@ assert hint_taken: taken_same{Pre,Here}(row_of{Pre}((mmax_input *)in, r), mask_of{Pre}((mmax_input *)in, r), in->cols); */
    /*@ assert hint_matrix: row_in_matrix(floats_at(log_probs.data), r, in->rows, in->cols, log_probs.stride); */
    const mmax_status state = log_at(params, in, STORAGE, log_probs, r);
    /*@ assert hint_state: row_has{Pre}((mmax_input *)in, r, state); */
    /*@ assert hint_sigma: same_modulated{Pre,Here}((mmax_params *)params); */
    /*@ assert hint_row_done: log_row_is{LoopCurrent,Here}((mmax_params *)params, row_of{Pre}((mmax_input *)in, r), mask_of{Pre}((mmax_input *)in, r), out_of(log_probs, r), in->cols); */
    /*@ assert hint_row_is: log_row_is{Pre,Here}((mmax_params *)params, row_of{Pre}((mmax_input *)in, r), mask_of{Pre}((mmax_input *)in, r), out_of(log_probs, r), in->cols); */
    /*@ assert hint_done: log_done{Pre,Here}((mmax_params *)params, (mmax_input *)in, log_probs, r); */
    /*@ assert hint_still: outs_same{LoopCurrent,Here}(log_probs, in->cols, r); */
    /*@ assert hint_before: log_rows{Pre,Here}((mmax_params *)params, (mmax_input *)in, log_probs, r); */
    /*@ assert hint_later: rows_same{LoopCurrent,Here}(logits_of{Pre}((mmax_input *)in), in->stride, in->cols, r + 1, in->rows); */
    /*@ assert hint_next: log_rows{Pre,Here}((mmax_params *)params, (mmax_input *)in, log_probs, r + 1); */
    mmax_report_row(report, r, state);
  }
}

static void OF(backward)(const mmax_params *params, const mmax_input *in, mmax_upstream upstream,
                         mmax_output grad, mmax_accumulator *acc, mmax_scratch scratch,
                         mmax_report *report) {
  (void)scratch;
  for (size_t r = 0; r < in->rows; r++) {
    const mmax_view row = view_of(in, STORAGE, r);
    const mmax_source g = source_at(upstream.grad_probs, STORAGE, r * upstream.stride);
    mmax_report_row(
        report, r, mmax_row_backward_ref(params, &row, g, sink_of(grad, STORAGE, r), acc));
  }
}

static void OF(cross_entropy)(const mmax_params *params, const mmax_input *in,
                              const mmax_targets *targets, const float *grad_loss, float *loss,
                              mmax_output grad, mmax_accumulator *acc, mmax_scratch scratch,
                              mmax_report *report) {
  (void)scratch;
  for (size_t r = 0; r < in->rows; r++) {
    const mmax_view row = view_of(in, STORAGE, r);
    const mmax_sink out = sink_of(grad, STORAGE, r);
    loss_row(params, &row, targets, r, grad_loss, loss, out, acc, report);
  }
}

const mmax_kernels TABLE = {OF(forward), OF(log_forward), OF(backward), OF(cross_entropy), 0};
#undef STORAGE
#undef TABLE
#undef OF
