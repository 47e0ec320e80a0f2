/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public row functions: describe the call as a job, check every argument,
 * set the floating-point environment, run, restore. Nothing is written before
 * all checks have passed.
 */
#include "check.h"
#include "fpenv.h"
#include "run.h"

/* A row of the batch in each; size in bytes per element. */
static mmax_buffer matrix_buffer(const mmax_input *in, const void *data, size_t stride,
                                 size_t size) {
  mmax_buffer b = {data, in->cols, stride, size, 0, 0};
  return b;
}

/* A vector with one element per row. */
static mmax_buffer vector_buffer(const void *data, size_t size, int output) {
  mmax_buffer b = {data, 1, 1, size, output, 0};
  return b;
}

/* Sizes, strides, alignment and overlap of what the caller gave. The output may
   replace the logits, or the upstream gradient. */
static mmax_status check_memory(const mmax_job *job) {
  enum { LOGITS, MASK, UPSTREAM, TARGET, GRAD_LOSS, LOSS, OUT, COUNT };
  const mmax_input *in = &job->in;
  const size_t size = mmax_storage_bytes(job->storage);
  mmax_buffer buffers[COUNT] = {
      [LOGITS] = matrix_buffer(in, in->logits, in->stride, size),
      [MASK] = matrix_buffer(in, in->mask, in->mask_stride, 1),
      [UPSTREAM] = matrix_buffer(in, job->upstream.grad_probs, job->upstream.stride, size),
      [TARGET] = vector_buffer(job->targets.target, sizeof(int32_t), 0),
      [GRAD_LOSS] = vector_buffer(job->grad_loss, sizeof(float), 0),
      [LOSS] = vector_buffer(job->loss, sizeof(float), 1),
      [OUT] = matrix_buffer(in, job->out.data, job->out.stride, size)};
  buffers[OUT].output = 1;
  buffers[OUT].may_replace = 1 << LOGITS | 1 << UPSTREAM;
  return mmax_check_buffers(in->rows, buffers, COUNT);
}

static int is_empty(const mmax_job *job) { return job->in.rows == 0 || job->in.cols == 0; }

static int lacks_pointer(const mmax_job *job) {
  if (job->params == NULL) return 1;
  if (is_empty(job)) return 0;
  if (job->in.logits == NULL) return 1;
  if (job->kind == MMAX_BACKWARD) return job->upstream.grad_probs == NULL;
  if (job->kind == MMAX_CROSS_ENTROPY) return job->targets.target == NULL;
  return job->out.data == NULL;
}

static mmax_status check(const mmax_job *job) {
  if (lacks_pointer(job)) return MMAX_ERR_NULL;
  mmax_status status = mmax_params_check(job->params);
  if (status != MMAX_OK) return status;
  if (job->storage != MMAX_FLOAT32 && job->storage != MMAX_FLOAT16 &&
      job->storage != MMAX_BFLOAT16)
    return MMAX_ERR_STORAGE;
  if (is_empty(job)) return MMAX_OK;
  status = check_memory(job);
  if (status != MMAX_OK || job->kind != MMAX_CROSS_ENTROPY) return status;
  return mmax_check_targets(&job->targets, job->in.rows, job->in.cols);
}

/* Checks; backend, scratch and environment; then the run. */
static mmax_status submit(mmax_job *job, const mmax_exec *exec, mmax_report *report) {
  mmax_status status = check(job);
  if (status != MMAX_OK) return status;
  if (is_empty(job)) {
    if (report != NULL) mmax_report_start(report);
    return MMAX_OK;
  }
  const mmax_exec defaults = {MMAX_BACKEND_AUTO, 1, NULL, 0};
  if (exec == NULL) exec = &defaults;
  job->kernels = mmax_kernels_for(exec->backend, job->storage);
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

static mmax_job job_on(const mmax_rows *in, mmax_kind kind, const mmax_params *params) {
  mmax_job job = {.kind = kind, .params = params, .storage = MMAX_FLOAT32, .in = mmax_input_of(in)};
  return job;
}

/* MMAX_FLOAT32 has no business here: its matrices are not uint16_t. */
static mmax_job job_on16(const mmax_rows16 *in, mmax_kind kind, const mmax_params *params) {
  const mmax_storage none = (mmax_storage)3;
  mmax_job job = {.kind = kind, .params = params, .in = mmax_input_of16(in)};
  job.storage = in->storage == MMAX_FLOAT32 ? none : in->storage;
  return job;
}

static mmax_status rows_to_rows(mmax_job job, void *out, size_t out_stride, const mmax_exec *exec,
                                mmax_report *report) {
  job.out.data = out;
  job.out.stride = out_stride;
  return submit(&job, exec, report);
}

static mmax_status backward(mmax_job job, const void *grad_probs, size_t grad_probs_stride,
                            void *grad_logits, size_t grad_logits_stride, mmax_accumulator *acc,
                            const mmax_exec *exec, mmax_report *report) {
  job.upstream.grad_probs = grad_probs;
  job.upstream.stride = grad_probs_stride;
  job.acc = acc;
  return rows_to_rows(job, grad_logits, grad_logits_stride, exec, report);
}

static mmax_status loss_alone(mmax_job job, const mmax_targets *targets, float *loss,
                              const mmax_exec *exec, mmax_report *report) {
  if (loss == NULL && !is_empty(&job)) return MMAX_ERR_NULL;
  job.targets = *targets;
  job.loss = loss;
  return submit(&job, exec, report);
}

static mmax_status loss_backward(mmax_job job, const mmax_targets *targets,
                                 const float *grad_loss, float *loss, void *grad_logits,
                                 size_t grad_logits_stride, mmax_accumulator *acc,
                                 const mmax_exec *exec, mmax_report *report) {
  job.targets = *targets;
  job.grad_loss = grad_loss;
  job.loss = loss;
  job.acc = acc;
  return rows_to_rows(job, grad_logits, grad_logits_stride, exec, report);
}

mmax_status mmax_forward(const mmax_params *params, const mmax_rows *in, float *probs,
                         size_t probs_stride, const mmax_exec *exec, mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  return rows_to_rows(job_on(in, MMAX_FORWARD, params), probs, probs_stride, exec, report);
}

mmax_status mmax_forward16(const mmax_params *params, const mmax_rows16 *in, uint16_t *probs,
                           size_t probs_stride, const mmax_exec *exec, mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  return rows_to_rows(job_on16(in, MMAX_FORWARD, params), probs, probs_stride, exec, report);
}

mmax_status mmax_log_forward(const mmax_params *params, const mmax_rows *in, float *log_probs,
                             size_t log_probs_stride, const mmax_exec *exec,
                             mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  return rows_to_rows(job_on(in, MMAX_LOG_FORWARD, params), log_probs, log_probs_stride, exec,
                      report);
}

mmax_status mmax_log_forward16(const mmax_params *params, const mmax_rows16 *in,
                               uint16_t *log_probs, size_t log_probs_stride,
                               const mmax_exec *exec, mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  return rows_to_rows(job_on16(in, MMAX_LOG_FORWARD, params), log_probs, log_probs_stride, exec,
                      report);
}

mmax_status mmax_backward(const mmax_params *params, const mmax_rows *in, const float *grad_probs,
                          size_t grad_probs_stride, float *grad_logits, size_t grad_logits_stride,
                          mmax_accumulator *acc, const mmax_exec *exec, mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  return backward(job_on(in, MMAX_BACKWARD, params), grad_probs, grad_probs_stride, grad_logits,
                  grad_logits_stride, acc, exec, report);
}

mmax_status mmax_backward16(const mmax_params *params, const mmax_rows16 *in,
                            const uint16_t *grad_probs, size_t grad_probs_stride,
                            uint16_t *grad_logits, size_t grad_logits_stride,
                            mmax_accumulator *acc, const mmax_exec *exec, mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  return backward(job_on16(in, MMAX_BACKWARD, params), grad_probs, grad_probs_stride, grad_logits,
                  grad_logits_stride, acc, exec, report);
}

mmax_status mmax_cross_entropy(const mmax_params *params, const mmax_rows *in,
                               const mmax_targets *targets, float *loss, const mmax_exec *exec,
                               mmax_report *report) {
  if (in == NULL || targets == NULL) return MMAX_ERR_NULL;
  return loss_alone(job_on(in, MMAX_CROSS_ENTROPY, params), targets, loss, exec, report);
}

mmax_status mmax_cross_entropy16(const mmax_params *params, const mmax_rows16 *in,
                                 const mmax_targets *targets, float *loss, const mmax_exec *exec,
                                 mmax_report *report) {
  if (in == NULL || targets == NULL) return MMAX_ERR_NULL;
  return loss_alone(job_on16(in, MMAX_CROSS_ENTROPY, params), targets, loss, exec, report);
}

mmax_status mmax_cross_entropy_backward(const mmax_params *params, const mmax_rows *in,
                                        const mmax_targets *targets, const float *grad_loss,
                                        float *loss, float *grad_logits,
                                        size_t grad_logits_stride, mmax_accumulator *acc,
                                        const mmax_exec *exec, mmax_report *report) {
  if (in == NULL || targets == NULL) return MMAX_ERR_NULL;
  return loss_backward(job_on(in, MMAX_CROSS_ENTROPY, params), targets, grad_loss, loss,
                       grad_logits, grad_logits_stride, acc, exec, report);
}

mmax_status mmax_cross_entropy_backward16(const mmax_params *params, const mmax_rows16 *in,
                                          const mmax_targets *targets, const float *grad_loss,
                                          float *loss, uint16_t *grad_logits,
                                          size_t grad_logits_stride, mmax_accumulator *acc,
                                          const mmax_exec *exec, mmax_report *report) {
  if (in == NULL || targets == NULL) return MMAX_ERR_NULL;
  return loss_backward(job_on16(in, MMAX_CROSS_ENTROPY, params), targets, grad_loss, loss,
                       grad_logits, grad_logits_stride, acc, exec, report);
}
