/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public row functions: check every argument, set the floating-point
 * environment, run, restore. Nothing is written before all checks have passed.
 */
#include "check.h"
#include "fpenv.h"
#include "run.h"

static mmax_buffer logits_buffer(const mmax_rows *in) {
  mmax_buffer b = {in->logits, in->cols, in->stride, sizeof(float), 0, 0};
  return b;
}

static mmax_buffer mask_buffer(const mmax_rows *in) {
  mmax_buffer b = {in->mask, in->cols, in->mask_stride, 1, 0, 0};
  return b;
}

static mmax_buffer matrix_buffer(const mmax_rows *in, const float *data, size_t stride) {
  mmax_buffer b = {data, in->cols, stride, sizeof(float), 0, 0};
  return b;
}

static mmax_buffer output_buffer(const mmax_rows *in, const float *data, size_t stride,
                                 int may_replace) {
  mmax_buffer b = {data, in->cols, stride, sizeof(float), 1, may_replace};
  return b;
}

/* A vector with one element per row. */
static mmax_buffer vector_buffer(const void *data, size_t size, int output) {
  mmax_buffer b = {data, 1, 1, size, output, 0};
  return b;
}

static int is_empty(const mmax_rows *in) { return in->rows == 0 || in->cols == 0; }

/* Backend, scratch and environment; then the run. */
static mmax_status run(mmax_job *job, const mmax_exec *exec, mmax_report *report) {
  const mmax_exec defaults = {MMAX_BACKEND_AUTO, 1, NULL, 0};
  if (exec == NULL) exec = &defaults;
  job->kernels = mmax_kernels_for(exec->backend);
  if (job->kernels == NULL) return MMAX_ERR_BACKEND;
  if ((uintptr_t)exec->scratch % 64 != 0 || (exec->scratch == NULL && exec->scratch_bytes != 0))
    return MMAX_ERR_SCRATCH;
  job->scratch.data = exec->scratch;
  job->scratch.bytes = exec->scratch == NULL ? 0 : exec->scratch_bytes;

  mmax_report found;
  mmax_fpenv saved = mmax_fpenv_enter();
  int nearest = mmax_fpenv_is_nearest();
  if (nearest) mmax_job_run(job, exec->threads, &found);
  mmax_fpenv_leave(saved);
  if (!nearest) return MMAX_ERR_FENV;

  if (report != NULL) *report = found;
  if (found.nonfinite_rows > 0) return MMAX_ROW_NONFINITE;
  return found.masked_rows > 0 ? MMAX_ROW_MASKED : MMAX_OK;
}

static mmax_status empty(mmax_report *report) {
  if (report != NULL) mmax_report_start(report);
  return MMAX_OK;
}

/* forward and log_forward differ in the kernel alone */
static mmax_status rows_to_rows(mmax_kind kind, const mmax_params *params, const mmax_rows *in,
                                float *out, size_t out_stride, const mmax_exec *exec,
                                mmax_report *report) {
  if (params == NULL || in == NULL) return MMAX_ERR_NULL;
  if (!is_empty(in) && (in->logits == NULL || out == NULL)) return MMAX_ERR_NULL;
  mmax_status status = mmax_params_check(params);
  if (status != MMAX_OK) return status;
  if (is_empty(in)) return empty(report);
  const mmax_buffer buffers[] = {logits_buffer(in), mask_buffer(in),
                                 output_buffer(in, out, out_stride, 1)};
  status = mmax_check_buffers(in->rows, buffers, 3);
  if (status != MMAX_OK) return status;
  mmax_job job = {0};
  job.kind = kind;
  job.params = params;
  job.in = *in;
  job.out.data = out;
  job.out.stride = out_stride;
  return run(&job, exec, report);
}

mmax_status mmax_forward(const mmax_params *params, const mmax_rows *in, float *probs,
                         size_t probs_stride, const mmax_exec *exec, mmax_report *report) {
  return rows_to_rows(MMAX_FORWARD, params, in, probs, probs_stride, exec, report);
}

mmax_status mmax_log_forward(const mmax_params *params, const mmax_rows *in, float *log_probs,
                             size_t log_probs_stride, const mmax_exec *exec,
                             mmax_report *report) {
  return rows_to_rows(MMAX_LOG_FORWARD, params, in, log_probs, log_probs_stride, exec, report);
}

mmax_status mmax_backward(const mmax_params *params, const mmax_rows *in, const float *grad_probs,
                          size_t grad_probs_stride, float *grad_logits, size_t grad_logits_stride,
                          mmax_accumulator *acc, const mmax_exec *exec, mmax_report *report) {
  if (params == NULL || in == NULL) return MMAX_ERR_NULL;
  if (!is_empty(in) && (in->logits == NULL || grad_probs == NULL)) return MMAX_ERR_NULL;
  mmax_status status = mmax_params_check(params);
  if (status != MMAX_OK) return status;
  if (is_empty(in)) return empty(report);
  /* grad_logits may replace buffer 0, the logits, or buffer 2, the upstream gradient */
  const mmax_buffer buffers[] = {logits_buffer(in), mask_buffer(in),
                                 matrix_buffer(in, grad_probs, grad_probs_stride),
                                 output_buffer(in, grad_logits, grad_logits_stride, 1 | 4)};
  status = mmax_check_buffers(in->rows, buffers, 4);
  if (status != MMAX_OK) return status;
  mmax_job job = {0};
  job.kind = MMAX_BACKWARD;
  job.params = params;
  job.in = *in;
  job.upstream.grad_probs = grad_probs;
  job.upstream.stride = grad_probs_stride;
  job.out.data = grad_logits;
  job.out.stride = grad_logits_stride;
  job.acc = acc;
  return run(&job, exec, report);
}

mmax_status mmax_cross_entropy_backward(const mmax_params *params, const mmax_rows *in,
                                        const mmax_targets *targets, const float *grad_loss,
                                        float *loss, float *grad_logits,
                                        size_t grad_logits_stride, mmax_accumulator *acc,
                                        const mmax_exec *exec, mmax_report *report) {
  if (params == NULL || in == NULL || targets == NULL) return MMAX_ERR_NULL;
  if (!is_empty(in) && (in->logits == NULL || targets->target == NULL)) return MMAX_ERR_NULL;
  mmax_status status = mmax_params_check(params);
  if (status != MMAX_OK) return status;
  if (is_empty(in)) return empty(report);
  const mmax_buffer buffers[] = {logits_buffer(in),
                                 mask_buffer(in),
                                 vector_buffer(targets->target, sizeof(int32_t), 0),
                                 vector_buffer(grad_loss, sizeof(float), 0),
                                 vector_buffer(loss, sizeof(float), 1),
                                 output_buffer(in, grad_logits, grad_logits_stride, 1)};
  status = mmax_check_buffers(in->rows, buffers, 6);
  if (status != MMAX_OK) return status;
  status = mmax_check_targets(targets, in->rows, in->cols);
  if (status != MMAX_OK) return status;
  mmax_job job = {0};
  job.kind = MMAX_CROSS_ENTROPY;
  job.params = params;
  job.in = *in;
  job.targets = *targets;
  job.grad_loss = grad_loss;
  job.loss = loss;
  job.out.data = grad_logits;
  job.out.stride = grad_logits_stride;
  job.acc = acc;
  return run(&job, exec, report);
}

mmax_status mmax_cross_entropy(const mmax_params *params, const mmax_rows *in,
                               const mmax_targets *targets, float *loss, const mmax_exec *exec,
                               mmax_report *report) {
  if (loss == NULL && in != NULL && !is_empty(in)) return MMAX_ERR_NULL;
  return mmax_cross_entropy_backward(params, in, targets, NULL, loss, NULL, 0, NULL, exec, report);
}
