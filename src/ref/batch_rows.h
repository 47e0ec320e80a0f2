/* SPDX-License-Identifier: Apache-2.0 */
/* The four kernels' loops over rows, of whatever storage. */
#define OF(name) name##_all
#define HOW mmax_storage storage
#define STORAGE storage
#include "batch_contracts.h"
#undef STORAGE
#undef OF
#undef HOW

static void forward_all(const mmax_params *params, const mmax_input *in, mmax_output probs,
                        mmax_storage storage, mmax_report *report) {
  /*@ loop invariant range:   0 <= r <= \at(in->rows, Pre);
      loop invariant same:    same_input{Pre,Here}((mmax_input *)in);
      loop invariant rest:    rows_same{Pre,Here}(logits_of{Pre}((mmax_input *)in), \at(in->stride, Pre), \at(in->cols, Pre), r, \at(in->rows, Pre));
      loop invariant written: forward_rows{Pre,Here}((mmax_params *)params, (mmax_input *)in, probs, r);
      loop invariant masked:  tally{Pre}((mmax_input *)in, MMAX_ROW_MASKED, r, report->masked_rows, report->first_masked);
      loop invariant bad:     tally{Pre}((mmax_input *)in, MMAX_ROW_NONFINITE, r, report->nonfinite_rows, report->first_nonfinite);
      loop invariant ignored: report->ignored_rows == \at(report->ignored_rows, Pre);
      loop assigns   r, *report, WORDS_AT(probs.data)[0 .. size_of_rows(in->rows, in->cols, probs.stride) - 1];
      loop variant   in->rows - r;
  */
  for (size_t r = 0; r < in->rows; r++) {
    /*@ assert hint_alike: taken_same{Pre,Here}(row_of{Pre}((mmax_input *)in, r), mask_of{Pre}((mmax_input *)in, r), in->cols); */
    const mmax_status state = forward_at(params, in, storage, probs, r);
    mmax_report_row(report, r, state);
  }
}

static void log_forward_all(const mmax_params *params, const mmax_input *in,
                            mmax_output log_probs, mmax_storage storage, mmax_report *report) {
  /*@ loop invariant range:   0 <= r <= \at(in->rows, Pre);
      loop invariant same:    same_input{Pre,Here}((mmax_input *)in);
      loop invariant rest:    rows_same{Pre,Here}(logits_of{Pre}((mmax_input *)in), \at(in->stride, Pre), \at(in->cols, Pre), r, \at(in->rows, Pre));
      loop invariant written: log_rows{Pre,Here}((mmax_params *)params, (mmax_input *)in, log_probs, r);
      loop invariant masked:  tally{Pre}((mmax_input *)in, MMAX_ROW_MASKED, r, report->masked_rows, report->first_masked);
      loop invariant bad:     tally{Pre}((mmax_input *)in, MMAX_ROW_NONFINITE, r, report->nonfinite_rows, report->first_nonfinite);
      loop invariant ignored: report->ignored_rows == \at(report->ignored_rows, Pre);
      loop assigns   r, *report, WORDS_AT(log_probs.data)[0 .. size_of_rows(in->rows, in->cols, log_probs.stride) - 1];
      loop variant   in->rows - r;
  */
  for (size_t r = 0; r < in->rows; r++) {
    const mmax_status state = log_at(params, in, storage, log_probs, r);
    mmax_report_row(report, r, state);
  }
}

static void backward_all(const mmax_params *params, const mmax_input *in, mmax_upstream upstream,
                         mmax_output grad, mmax_accumulator *acc, mmax_storage storage,
                         mmax_report *report) {
  /*@ loop invariant range:   0 <= r <= \at(in->rows, Pre);
      loop invariant same:    same_input{Pre,Here}((mmax_input *)in);
      loop invariant rest:    rows_same{Pre,Here}(logits_of{Pre}((mmax_input *)in), \at(in->stride, Pre), \at(in->cols, Pre), r, \at(in->rows, Pre));
      loop invariant rest_g:  rows_same{Pre,Here}(upstream_of(upstream), upstream.stride, \at(in->cols, Pre), r, \at(in->rows, Pre));
      loop invariant written: backward_rows{Pre,Here}((mmax_params *)params, (mmax_input *)in, upstream, grad, r);
      loop invariant masked:  backward_tally{Pre}((mmax_input *)in, upstream, MMAX_ROW_MASKED, r, report->masked_rows, report->first_masked);
      loop invariant bad:     backward_tally{Pre}((mmax_input *)in, upstream, MMAX_ROW_NONFINITE, r, report->nonfinite_rows, report->first_nonfinite);
      loop invariant ignored: report->ignored_rows == \at(report->ignored_rows, Pre);
      loop invariant fine:    report->masked_rows + report->nonfinite_rows <= r;
      loop invariant counts:  sums_counted{Pre,Here}(acc, r - report->masked_rows - report->nonfinite_rows, report->nonfinite_rows);
      loop invariant sums:    backward_sums{Pre,Here}(acc, (mmax_params *)params, (mmax_input *)in, upstream, r);
      loop invariant absent:  absent_sums{Pre,Here}(acc, (mmax_params *)params);
      loop invariant unmoved: sums_unmoved{Pre,Here}(acc, r - report->masked_rows - report->nonfinite_rows);
      loop assigns   r, *report, *acc, WORDS_AT(grad.data)[0 .. wanted(grad.data, size_of_rows(\at(in->rows, Pre), \at(in->cols, Pre), grad.stride)) - 1];
      loop variant   in->rows - r;
  */
  for (size_t r = 0; r < in->rows; r++) {
    /*@ assert hint_alike: same_batch_row{Pre,Here}((mmax_params *)params, (mmax_input *)in, upstream, r); */
    /*@ assert hint_report_acc_nonfinite_rows: acc == \null || \separated(&acc->nonfinite_rows, report); */
    const mmax_status state = backward_at(params, in, upstream, storage, grad, acc, r);
    /*@ assert hint_kept: same_input{Pre,Here}((mmax_input *)in); */
    /*@ assert hint_masked_rows: report->masked_rows == \at(report->masked_rows, LoopCurrent); */
    /*@ assert hint_first_nonfinite: report->first_nonfinite == \at(report->first_nonfinite, LoopCurrent); */
    /*@ assert hint_count: sums_count{LoopCurrent,Here}(acc, state); */
    /*@ assert hint_status: state == MMAX_OK || state == MMAX_ROW_MASKED || state == MMAX_ROW_NONFINITE; */
    /*@ assert hint_good: state == MMAX_OK ==> sums_counted{Pre,Here}(acc, r + 1 - report->masked_rows - report->nonfinite_rows, report->nonfinite_rows); */
    /*@ assert hint_lost: state == MMAX_ROW_NONFINITE ==> sums_counted{Pre,Here}(acc, r - report->masked_rows - report->nonfinite_rows, report->nonfinite_rows + 1); */
    /*@ assert hint_other: state == MMAX_ROW_MASKED ==> sums_counted{Pre,Here}(acc, r - report->masked_rows - report->nonfinite_rows, report->nonfinite_rows); */
    /*@ assert hint_terms: terms_same{Pre,LoopCurrent}((mmax_params *)params); */
    /*@ assert hint_receives: backward_receives{Pre,LoopCurrent,Here}(acc, (mmax_params *)params, (mmax_input *)in, upstream, r); */
    /*@ assert hint_sums: backward_sums{Pre,Here}(acc, (mmax_params *)params, (mmax_input *)in, upstream, r + 1); */
    /*@ ghost counted: ; */
    mmax_report_row(report, r, state);
    /*@ assert hint_still: sums_still{counted,Here}(acc); */
    /*@ assert hint_sums_kept: sums_kept{counted,Here}(acc); */
    /*@ assert hint_sums_on: backward_sums{Pre,Here}(acc, (mmax_params *)params, (mmax_input *)in, upstream, r + 1); */
    /*@ assert hint_good_on: state == MMAX_OK ==> sums_counted{Pre,Here}(acc, (size_t)(r + 1) - report->masked_rows - report->nonfinite_rows, report->nonfinite_rows); */
    /*@ assert hint_lost_on: state == MMAX_ROW_NONFINITE ==> sums_counted{Pre,Here}(acc, (size_t)(r + 1) - report->masked_rows - report->nonfinite_rows, report->nonfinite_rows); */
    /*@ assert hint_other_on: state == MMAX_ROW_MASKED ==> sums_counted{Pre,Here}(acc, (size_t)(r + 1) - report->masked_rows - report->nonfinite_rows, report->nonfinite_rows); */
  }
}

static void cross_entropy_all(const mmax_params *params, const mmax_input *in,
                              const mmax_targets *targets, const float *grad_loss, float *loss,
                              mmax_output grad, mmax_accumulator *acc, mmax_storage storage,
                              mmax_report *report) {
  /*@ loop invariant range:   0 <= r <= \at(in->rows, Pre);
      loop invariant same:    same_input{Pre,Here}((mmax_input *)in);
      loop invariant rest:    rows_same{Pre,Here}(logits_of{Pre}((mmax_input *)in), \at(in->stride, Pre), \at(in->cols, Pre), r, \at(in->rows, Pre));
      loop invariant losses:  loss_rows{Pre,Here}((mmax_params *)params, (mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, loss, r);
      loop invariant written: pulls_rows{Pre,Here}((mmax_params *)params, (mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, grad, r);
      loop invariant masked:  loss_tally{Pre}((mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, MMAX_ROW_MASKED, r, report->masked_rows, report->first_masked);
      loop invariant bad:     loss_tally{Pre}((mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, MMAX_ROW_NONFINITE, r, report->nonfinite_rows, report->first_nonfinite);
      loop invariant ignored: loss_number{Pre}((mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, IGNORED, r, report->ignored_rows);
      loop invariant fine:    report->masked_rows + report->nonfinite_rows + report->ignored_rows <= r;
      loop invariant sums:    loss_sums{Pre,Here}(acc, (mmax_params *)params, (mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, r);
      loop invariant absent:  absent_sums{Pre,Here}(acc, (mmax_params *)params);
      loop invariant counts:  sums_counted{Pre,Here}(acc, r - report->masked_rows - report->nonfinite_rows - report->ignored_rows, report->nonfinite_rows);
      loop assigns   r, *report, *acc, loss[0 .. losses_in(loss, \at(in->rows, Pre)) - 1],
                     WORDS_AT(grad.data)[0 .. wanted(grad.data, size_of_rows(\at(in->rows, Pre), \at(in->cols, Pre), grad.stride)) - 1];
      loop variant   in->rows - r;
  */
  for (size_t r = 0; r < in->rows; r++) {
    /*@ assert hint_factor_far: grad_loss != \null ==> \separated(grad_loss + r, WORDS_AT(grad.data) + (0 .. wanted(grad.data, size_of_rows(\at(in->rows, Pre), \at(in->cols, Pre), grad.stride)) - 1)); */
    /*@ assert hint_smooth: alike(\at(targets->smoothing, Pre), targets->smoothing); */
    /*@ assert hint_same_target: same_target{Pre,Here}((mmax_targets *)targets, r); */
    /*@ assert hint_targets: targets_given((mmax_targets *)targets, (mmax_input *)in); */
    /*@ assert hint_same_factor: same_factor{Pre,Here}(cell_at((float *)grad_loss, r)); */
    /*@ assert hint_target_inside: target_inside{Pre}((mmax_targets *)targets, r, in->cols); */
    /*@ assert hint_matrix: grad.data != \null ==> row_in_matrix(WORDS_AT(grad.data), r, in->rows, in->cols, grad.stride); */
    /*@ assert hint_sigma: same_modulated{Pre,Here}((mmax_params *)params) && same_pulls{Pre,Here}((mmax_params *)params); */
    /*@ assert hint_params: same_params{Pre,Here}((mmax_params *)params); */
    /*@ assert hint_alike: same_loss_row{Pre,Here}((mmax_params *)params, (mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, r); */
    /*@ assert hint_terms: terms_same{Pre,Here}((mmax_params *)params); */
    /*@ assert hint_report_acc_rows: acc == \null || \separated(&acc->rows, report); */
    /*@ assert hint_report_acc_nonfinite_rows: acc == \null || \separated(&acc->nonfinite_rows, report); */
    const int state = loss_at(params, in, targets, grad_loss, loss, storage, grad, acc, r);
    /*@ assert hint_kept: same_input{Pre,Here}((mmax_input *)in); */
    /*@ assert hint_masked_rows: report->masked_rows == \at(report->masked_rows, LoopCurrent); */
    /*@ assert hint_first_masked: report->first_masked == \at(report->first_masked, LoopCurrent); */
    /*@ assert hint_nonfinite_rows: report->nonfinite_rows == \at(report->nonfinite_rows, LoopCurrent); */
    /*@ assert hint_first_nonfinite: report->first_nonfinite == \at(report->first_nonfinite, LoopCurrent); */
    /*@ assert hint_ignored_rows: report->ignored_rows == \at(report->ignored_rows, LoopCurrent); */
    /*@ assert hint_state: loss_has{Pre}((mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, r, state); */
    /*@ assert hint_masked: state == MMAX_ROW_MASKED <==> loss_has{Pre}((mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, r, MMAX_ROW_MASKED); */
    /*@ assert hint_good: state == MMAX_OK ==> sums_counted{Pre,Here}(acc, r + 1 - \at(report->masked_rows, LoopCurrent) - \at(report->nonfinite_rows, LoopCurrent) - \at(report->ignored_rows, LoopCurrent), \at(report->nonfinite_rows, LoopCurrent)); */
    /*@ assert hint_lost: state == MMAX_ROW_NONFINITE ==> sums_counted{Pre,Here}(acc, r - \at(report->masked_rows, LoopCurrent) - \at(report->nonfinite_rows, LoopCurrent) - \at(report->ignored_rows, LoopCurrent), \at(report->nonfinite_rows, LoopCurrent) + 1); */
    /*@ assert hint_other: state == MMAX_ROW_MASKED || state == IGNORED ==> sums_counted{Pre,Here}(acc, r - \at(report->masked_rows, LoopCurrent) - \at(report->nonfinite_rows, LoopCurrent) - \at(report->ignored_rows, LoopCurrent), \at(report->nonfinite_rows, LoopCurrent)); */
    /*@ assert hint_value: loss != \null ==> target_value{Pre}((mmax_params *)params, row_of{Pre}((mmax_input *)in, r), mask_of{Pre}((mmax_input *)in, r), in->cols, (mmax_targets *)targets, r, cell_at((float *)grad_loss, r), \at(loss[r], Here)); */
    /*@ assert hint_later: rows_same{LoopCurrent,Here}(logits_of{Pre}((mmax_input *)in), in->stride, in->cols, r + 1, in->rows); */
    /*@ assert hint_receives: loss_receives{Pre,LoopCurrent,Here}(acc, (mmax_params *)params, (mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, r); */
    /*@ assert hint_sums: loss_sums{Pre,Here}(acc, (mmax_params *)params, (mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, r + 1); */
    /*@ assert hint_absent: absent_sums{Pre,Here}(acc, (mmax_params *)params); */
    /*@ assert hint_limbs: acc != \null ==> \forall integer j, i; 0 <= j < 10 ==> 0 <= i < 16 ==> \separated(&acc->limb[j][i], report); */
    /*@ ghost counted: ; */
    loss_report(report, r, state);
    /*@ assert hint_still: sums_still{counted,Here}(acc); */
    /*@ assert hint_sums_kept: sums_kept{counted,Here}(acc); */
    /*@ assert hint_sums_on: loss_sums{Pre,Here}(acc, (mmax_params *)params, (mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, r + 1); */
    /*@ assert hint_absent_on: absent_sums{Pre,Here}(acc, (mmax_params *)params); */
    /*@ assert hint_r: (size_t)(r + 1) == r + 1; */
    /*@ assert hint_masked_now: report->masked_rows == \at(report->masked_rows, LoopCurrent) + (state == MMAX_ROW_MASKED ? 1 : 0); */
    /*@ assert hint_bad_now: report->nonfinite_rows == \at(report->nonfinite_rows, LoopCurrent) + (state == MMAX_ROW_NONFINITE ? 1 : 0); */
    /*@ assert hint_ignored_now: report->ignored_rows == \at(report->ignored_rows, LoopCurrent) + (state == IGNORED ? 1 : 0); */
    /*@ assert hint_masked_on: state == MMAX_ROW_MASKED ==> loss_tally{Pre}((mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, MMAX_ROW_MASKED, (size_t)(r + 1), report->masked_rows, report->first_masked); */
    /*@ assert hint_masked_kept: state != MMAX_ROW_MASKED ==> loss_tally{Pre}((mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, MMAX_ROW_MASKED, (size_t)(r + 1), report->masked_rows, report->first_masked); */
    /*@ assert hint_bad_on: state == MMAX_ROW_NONFINITE ==> loss_tally{Pre}((mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, MMAX_ROW_NONFINITE, (size_t)(r + 1), report->nonfinite_rows, report->first_nonfinite); */
    /*@ assert hint_bad_kept: state != MMAX_ROW_NONFINITE ==> loss_tally{Pre}((mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, MMAX_ROW_NONFINITE, (size_t)(r + 1), report->nonfinite_rows, report->first_nonfinite); */
    /*@ assert hint_ignored_hit: state == IGNORED ==> loss_number{Pre}((mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, IGNORED, (size_t)(r + 1), report->ignored_rows); */
    /*@ assert hint_ignored_kept: state != IGNORED ==> loss_number{Pre}((mmax_input *)in, (mmax_targets *)targets, (float *)grad_loss, IGNORED, (size_t)(r + 1), report->ignored_rows); */
    /*@ assert hint_good_on: state == MMAX_OK ==> sums_counted{Pre,Here}(acc, (size_t)(r + 1) - report->masked_rows - report->nonfinite_rows - report->ignored_rows, report->nonfinite_rows); */
    /*@ assert hint_lost_on: state == MMAX_ROW_NONFINITE ==> sums_counted{Pre,Here}(acc, (size_t)(r + 1) - report->masked_rows - report->nonfinite_rows - report->ignored_rows, report->nonfinite_rows); */
    /*@ assert hint_other_on: state == MMAX_ROW_MASKED ==> sums_counted{Pre,Here}(acc, (size_t)(r + 1) - report->masked_rows - report->nonfinite_rows - report->ignored_rows, report->nonfinite_rows); */
    /*@ assert hint_ignored_on: state == IGNORED ==> sums_counted{Pre,Here}(acc, (size_t)(r + 1) - report->masked_rows - report->nonfinite_rows - report->ignored_rows, report->nonfinite_rows); */
  }
}
