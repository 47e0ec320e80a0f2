/* SPDX-License-Identifier: Apache-2.0 */
/* The reference as a backend: its row kernels over the rows of a batch. */
#include "../kernels.h"
#include "kernels_ref.h"
#include "row.h"

static const uint8_t *mask_of(const mmax_rows *in, size_t r) {
  return in->mask == NULL ? NULL : in->mask + r * in->mask_stride;
}

static void forward(const mmax_params *params, const mmax_rows *in, mmax_output probs,
                    mmax_scratch scratch, mmax_report *report) {
  (void)scratch;
  for (size_t r = 0; r < in->rows; r++)
    mmax_report_row(report, r,
                    mmax_row_forward_ref(params, in->logits + r * in->stride, mask_of(in, r),
                                         in->cols, probs.data + r * probs.stride));
}

static void log_forward(const mmax_params *params, const mmax_rows *in, mmax_output log_probs,
                        mmax_scratch scratch, mmax_report *report) {
  (void)scratch;
  for (size_t r = 0; r < in->rows; r++)
    mmax_report_row(report, r,
                    mmax_row_log_ref(params, in->logits + r * in->stride, mask_of(in, r), in->cols,
                                     log_probs.data + r * log_probs.stride));
}

static void backward(const mmax_params *params, const mmax_rows *in, mmax_upstream upstream,
                     mmax_output grad, mmax_accumulator *acc, mmax_scratch scratch,
                     mmax_report *report) {
  (void)scratch;
  for (size_t r = 0; r < in->rows; r++)
    mmax_report_row(report, r,
                    mmax_row_backward_ref(params, in->logits + r * in->stride, mask_of(in, r),
                                          in->cols, upstream.grad_probs + r * upstream.stride,
                                          grad.data == NULL ? NULL : grad.data + r * grad.stride,
                                          acc));
}

static void cross_entropy(const mmax_params *params, const mmax_rows *in,
                          const mmax_targets *targets, const float *grad_loss, float *loss,
                          mmax_output grad, mmax_accumulator *acc, mmax_scratch scratch,
                          mmax_report *report) {
  (void)scratch;
  for (size_t r = 0; r < in->rows; r++) {
    float *grad_row = grad.data == NULL ? NULL : grad.data + r * grad.stride;
    float *loss_row = loss == NULL ? NULL : loss + r;
    if (targets->target[r] == targets->ignore_index) {
      if (loss_row != NULL) *loss_row = 0.0f;
      if (grad_row != NULL) mmax_row_fill(grad_row, in->cols, 0.0f);
      report->ignored_rows++;
      continue;
    }
    mmax_report_row(report, r,
                    mmax_row_loss_ref(params, in->logits + r * in->stride, mask_of(in, r),
                                      in->cols, (size_t)targets->target[r], targets->smoothing,
                                      grad_loss == NULL ? 1.0f : grad_loss[r], loss_row, grad_row,
                                      acc));
  }
}

const mmax_kernels mmax_kernels_ref = {forward, log_forward, backward, cross_entropy};
