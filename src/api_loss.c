/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions of cross-entropy. */
#include "api_job.h"

static mmax_status loss_alone(mmax_job job, const mmax_params *params, const mmax_targets *targets,
                              float *loss, const mmax_exec *exec, mmax_report *report) {
  if (loss == NULL && job.in.rows != 0 && job.in.cols != 0) return MMAX_ERR_NULL;
  job.targets = *targets;
  job.loss = loss;
  return mmax_job_conclude(job, params, NULL, exec, report);
}

static mmax_status loss_backward(mmax_job job, const mmax_params *params,
                                 const mmax_targets *targets, const float *grad_loss, float *loss,
                                 void *grad_logits, size_t grad_logits_stride,
                                 mmax_accumulator *acc, const mmax_exec *exec,
                                 mmax_report *report) {
  job.targets = *targets;
  job.grad_loss = grad_loss;
  job.loss = loss;
  return mmax_job_rows(job, params, grad_logits, grad_logits_stride, acc, exec, report);
}

mmax_status mmax_cross_entropy(const mmax_params *params, const mmax_rows *in,
                               const mmax_targets *targets, float *loss, const mmax_exec *exec,
                               mmax_report *report) {
  if (in == NULL || targets == NULL) return MMAX_ERR_NULL;
  return loss_alone(mmax_job_on(in, MMAX_CROSS_ENTROPY), params, targets, loss, exec, report);
}

mmax_status mmax_cross_entropy16(const mmax_params *params, const mmax_rows16 *in,
                                 const mmax_targets *targets, float *loss, const mmax_exec *exec,
                                 mmax_report *report) {
  if (in == NULL || targets == NULL) return MMAX_ERR_NULL;
  return loss_alone(mmax_job_on16(in, MMAX_CROSS_ENTROPY), params, targets, loss, exec, report);
}

mmax_status mmax_cross_entropy_backward(const mmax_params *params, const mmax_rows *in,
                                        const mmax_targets *targets, const float *grad_loss,
                                        float *loss, float *grad_logits,
                                        size_t grad_logits_stride, mmax_accumulator *acc,
                                        const mmax_exec *exec, mmax_report *report) {
  if (in == NULL || targets == NULL) return MMAX_ERR_NULL;
  return loss_backward(mmax_job_on(in, MMAX_CROSS_ENTROPY), params, targets, grad_loss, loss,
                       untyped_result(grad_logits), grad_logits_stride, acc, exec, report);
}

mmax_status mmax_cross_entropy_backward16(const mmax_params *params, const mmax_rows16 *in,
                                          const mmax_targets *targets, const float *grad_loss,
                                          float *loss, uint16_t *grad_logits,
                                          size_t grad_logits_stride, mmax_accumulator *acc,
                                          const mmax_exec *exec, mmax_report *report) {
  if (in == NULL || targets == NULL) return MMAX_ERR_NULL;
  return loss_backward(mmax_job_on16(in, MMAX_CROSS_ENTROPY), params, targets, grad_loss, loss,
                       untyped_result16(grad_logits), grad_logits_stride, acc, exec, report);
}
