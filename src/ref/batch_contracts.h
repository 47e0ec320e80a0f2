/* SPDX-License-Identifier: Apache-2.0 */
/* What the four kernels do over the rows of a batch. batch.c includes this for the loops, which are
   told the storage, and for the functions of each table, which are given scratch. OF(name): a
   function's name; HOW: that parameter; STORAGE: the storage. */

/*@ requires  stored:  STORED_AS(STORAGE);
    requires  in:      \valid_read(in) && input_readable((mmax_input *)in);
    requires  out:     output_fits(probs, (mmax_input *)in);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  report:  \valid(report) && \separated(report, in) && \separated(report, params);
    requires  started: report->masked_rows == 0 && report->nonfinite_rows == 0 &&
                         report->first_masked == SIZE_MAX && report->first_nonfinite == SIZE_MAX;
    terminates \true;
    exits     \false;
    assigns   *report, WORDS_AT(probs.data)[0 .. size_of_rows(in->rows, in->cols, probs.stride) - 1];
    ensures   written: forward_rows{Pre,Post}((mmax_params *)params, (mmax_input *)in, probs, \old(in->rows));
    ensures   masked:  tally{Pre}((mmax_input *)in, MMAX_ROW_MASKED, \old(in->rows), report->masked_rows, report->first_masked);
    ensures   bad:     tally{Pre}((mmax_input *)in, MMAX_ROW_NONFINITE, \old(in->rows), report->nonfinite_rows, report->first_nonfinite);
    ensures   ignored: report->ignored_rows == \old(report->ignored_rows);
*/
static void OF(forward)(const mmax_params *params, const mmax_input *in, mmax_output probs,
                        HOW, mmax_report *report);

/*@ requires  stored:  STORED_AS(STORAGE);
    requires  in:      \valid_read(in) && input_readable((mmax_input *)in);
    requires  out:     output_fits(log_probs, (mmax_input *)in);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  report:  \valid(report) && \separated(report, in) && \separated(report, params);
    requires  started: report->masked_rows == 0 && report->nonfinite_rows == 0 &&
                         report->first_masked == SIZE_MAX && report->first_nonfinite == SIZE_MAX;
    terminates \true;
    exits     \false;
    assigns   *report, WORDS_AT(log_probs.data)[0 .. size_of_rows(in->rows, in->cols, log_probs.stride) - 1];
    ensures   written: log_rows{Pre,Post}((mmax_params *)params, (mmax_input *)in, log_probs, \old(in->rows));
    ensures   masked:  tally{Pre}((mmax_input *)in, MMAX_ROW_MASKED, \old(in->rows), report->masked_rows, report->first_masked);
    ensures   bad:     tally{Pre}((mmax_input *)in, MMAX_ROW_NONFINITE, \old(in->rows), report->nonfinite_rows, report->first_nonfinite);
    ensures   ignored: report->ignored_rows == \old(report->ignored_rows);
*/
static void OF(log_forward)(const mmax_params *params, const mmax_input *in,
                            mmax_output log_probs, HOW, mmax_report *report);

/*@ requires  stored:  STORED_AS(STORAGE);
    requires  in:      \valid_read(in) && input_readable((mmax_input *)in);
    requires  given:   upstream_readable(upstream, (mmax_input *)in);
    requires  out:     gradient_fits(grad, (mmax_input *)in) && upstream_place(grad, upstream, (mmax_input *)in);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  acc:     sums_given(acc, (mmax_input *)in, (mmax_params *)params) && sums_apart(acc, grad, (mmax_input *)in) &&
                         (acc == \null || \separated(acc, report));
    requires  report:  \valid(report) && \separated(report, in) && \separated(report, params);
    requires  started: report->masked_rows == 0 && report->nonfinite_rows == 0 &&
                         report->first_masked == SIZE_MAX && report->first_nonfinite == SIZE_MAX;
    terminates \true;
    exits     \false;
    assigns   *report, *acc, WORDS_AT(grad.data)[0 .. wanted(grad.data, size_of_rows(in->rows, in->cols, grad.stride)) - 1];
    ensures   written: backward_rows{Pre,Post}((mmax_params *)params, (mmax_input *)in, upstream, grad, \old(in->rows));
    ensures   masked:  backward_tally{Pre}((mmax_input *)in, upstream, MMAX_ROW_MASKED, \old(in->rows), report->masked_rows, report->first_masked);
    ensures   bad:     backward_tally{Pre}((mmax_input *)in, upstream, MMAX_ROW_NONFINITE, \old(in->rows), report->nonfinite_rows, report->first_nonfinite);
    ensures   ignored: report->ignored_rows == \old(report->ignored_rows);
    ensures   counts:  sums_counted{Pre,Post}(acc, \old(in->rows) - report->masked_rows - report->nonfinite_rows, report->nonfinite_rows);
    ensures   sums:    backward_sums{Pre,Post}(acc, (mmax_params *)params, (mmax_input *)in, upstream, \old(in->rows));
    ensures   absent:  absent_sums{Pre,Post}(acc, (mmax_params *)params);
    ensures   unmoved: sums_unmoved{Pre,Post}(acc, \old(in->rows) - report->masked_rows - report->nonfinite_rows);
*/
static void OF(backward)(const mmax_params *params, const mmax_input *in, mmax_upstream upstream,
                         mmax_output grad, mmax_accumulator *acc, HOW,
                         mmax_report *report);

/*@ requires  stored:  STORED_AS(STORAGE);
    requires  in:      \valid_read(in) && input_readable((mmax_input *)in);
    requires  targets: targets_given((mmax_targets *)targets, (mmax_input *)in) && targets_beside((mmax_targets *)targets, grad, loss, (mmax_input *)in);
    requires  factors: factors_given((float *)grad_loss, (mmax_input *)in) && factors_beside((float *)grad_loss, grad, loss, (mmax_input *)in);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  losses:  losses_given(loss, (mmax_input *)in, (mmax_params *)params);
    requires  out:     gradient_fits(grad, (mmax_input *)in) && gradient_beside(grad, loss, (mmax_input *)in, (mmax_params *)params);
    requires  acc:     sums_given(acc, (mmax_input *)in, (mmax_params *)params) && sums_apart(acc, grad, (mmax_input *)in) &&
                         sums_beside(acc, loss, (mmax_input *)in) && (acc == \null || \separated(acc, report));
    requires  report:  \valid(report) && \separated(report, in) && \separated(report, params);
    requires  started: report->masked_rows == 0 && report->nonfinite_rows == 0 && report->ignored_rows == 0 &&
                         report->first_masked == SIZE_MAX && report->first_nonfinite == SIZE_MAX;
    terminates \true;
    exits     \false;
    assigns   *report, *acc, loss[0 .. losses_in(loss, in->rows) - 1],
              WORDS_AT(grad.data)[0 .. wanted(grad.data, size_of_rows(in->rows, in->cols, grad.stride)) - 1];
    ensures   losses:  loss_rows{Pre,Post}((mmax_params *)params, (mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, loss, \old(in->rows));
    ensures   written: pulls_rows{Pre,Post}((mmax_params *)params, (mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, grad, \old(in->rows));
    ensures   masked:  loss_tally{Pre}((mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, MMAX_ROW_MASKED, \old(in->rows), report->masked_rows, report->first_masked);
    ensures   bad:     loss_tally{Pre}((mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, MMAX_ROW_NONFINITE, \old(in->rows), report->nonfinite_rows, report->first_nonfinite);
    ensures   ignored: loss_number{Pre}((mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, IGNORED, \old(in->rows), report->ignored_rows);
    ensures   sums:    loss_sums{Pre,Post}(acc, (mmax_params *)params, (mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, \old(in->rows));
    ensures   absent:  absent_sums{Pre,Post}(acc, (mmax_params *)params);
    ensures   counts:  sums_counted{Pre,Post}(acc, \old(in->rows) - report->masked_rows - report->nonfinite_rows - report->ignored_rows,
                         report->nonfinite_rows);
*/
static void OF(cross_entropy)(const mmax_params *params, const mmax_input *in,
                              const mmax_targets *targets, const float *grad_loss, float *loss,
                              mmax_output grad, mmax_accumulator *acc, HOW,
                              mmax_report *report);
