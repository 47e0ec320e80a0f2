/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public row functions: describe the call as a job, check every argument,
 * set the floating-point environment, run, restore. Nothing is written before
 * all checks have passed.
 */
#include "check.h"
#include "fpenv.h"
#include "run.h"

#ifdef __FRAMAC__
#include "job.acsl"
#include "call.acsl"
#include "answer.acsl"
#endif

/* Typed pointers as untyped ones. */
#ifdef __FRAMAC__
/* Contracts of the conversions below (specs/soundness.md): the proofs' memory model does not follow them. */
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   address: (uintptr_t)\result == (uintptr_t)p && (\result == \null <==> p == \null);
*/
static const void *untyped_bytes(const uint8_t *p);
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   address: (uintptr_t)\result == (uintptr_t)p && (\result == \null <==> p == \null);
*/
static const void *untyped_targets(const int32_t *p);
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   address: (uintptr_t)\result == (uintptr_t)p && (\result == \null <==> p == \null);
*/
static const void *untyped_floats(const float *p);
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   same:    \result == of_floats((float *)p) && (\result == \null <==> p == \null);
*/
static const void *untyped_matrix(const float *p);
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   same:    \result == of_halves((uint16_t *)p) && (\result == \null <==> p == \null);
*/
static const void *untyped_matrix16(const uint16_t *p);
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   same:    \result == of_floats(p) && (\result == \null <==> p == \null) && floats_at(\result) == p;
*/
static void *untyped_result(float *p);
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   same:    \result == of_halves(p) && (\result == \null <==> p == \null) && halves_at(\result) == p;
*/
static void *untyped_result16(uint16_t *p);
#else
static const void *untyped_bytes(const uint8_t *p) { return p; }
static const void *untyped_targets(const int32_t *p) { return p; }
static const void *untyped_floats(const float *p) { return p; }
static const void *untyped_matrix(const float *p) { return p; }
static const void *untyped_matrix16(const uint16_t *p) { return p; }
static void *untyped_result(float *p) { return p; }
static void *untyped_result16(uint16_t *p) { return p; }
#endif

enum { LOGITS, MASK, UPSTREAM, TARGET, GRAD_LOSS, LOSS, OUT, BUFFERS };

/* An input. */
/*@ requires  valid:  \valid(b);
    terminates \true;
    exits     \false;
    assigns   *b;
    ensures   set:    buffer_is(b, (uintptr_t)data, cols, stride, size, 0, 0);
*/
static void set_buffer(mmax_buffer *b, const void *data, size_t cols, size_t stride, size_t size) {
  b->data = data;
  b->cols = cols;
  b->stride = stride;
  b->size = size;
  b->output = 0;
  b->may_replace = 0;
}

/*@ requires  valid:  \valid(b);
    terminates \true;
    exits     \false;
    assigns   b->output, b->may_replace;
    ensures   set:    \forall integer at, cols, stride, size; buffer_is{Pre}(b, at, cols, stride, size, 0, 0) ==>
                        buffer_is(b, at, cols, stride, size, 1, may_replace);
*/
static void set_output(mmax_buffer *b, int may_replace) {
  b->output = 1;
  b->may_replace = may_replace;
}

/*@ requires  job:    \valid_read(job);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact:  \result != 0 <==> job_empty((mmax_job *)job);
*/
static int is_empty(const mmax_job *job) { return job->in.rows == 0 || job->in.cols == 0; }

/*@ requires  job:    \valid_read(job);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact:  \result != 0 <==> job_lacks((mmax_job *)job);
*/
static int lacks_pointer(const mmax_job *job) {
  if (job->params == NULL) return 1;
  if (is_empty(job)) return 0;
  if (job->in.logits == NULL) return 1;
  if (job->kind == MMAX_BACKWARD) return job->upstream.grad_probs == NULL;
  if (job->kind == MMAX_CROSS_ENTROPY) return job->targets.target == NULL;
  return job->out.data == NULL;
}

/* Pointers, parameters, storage. */
/*@ requires  job:     \valid_read(job);
    requires  params:  job->params == \null || \valid_read(job->params);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    behavior null:
      assumes lacks:   job_lacks((mmax_job *)job);
      ensures status:  \result == MMAX_ERR_NULL;
    behavior params:
      assumes given:   !job_lacks((mmax_job *)job);
      assumes bad:     !accepted((mmax_params *)job->params);
      ensures status:  \result == MMAX_ERR_PARAMS;
    behavior storage:
      assumes given:   !job_lacks((mmax_job *)job) && accepted((mmax_params *)job->params);
      assumes unknown: !storage_known((mmax_job *)job);
      ensures status:  \result == MMAX_ERR_STORAGE;
    behavior ok:
      assumes good:    job_given((mmax_job *)job);
      ensures status:  \result == MMAX_OK;
    complete behaviors;
    disjoint behaviors;
*/
static mmax_status check_given(const mmax_job *job) {
  if (lacks_pointer(job)) return MMAX_ERR_NULL;
  mmax_status status = mmax_params_check(job->params);
  if (status != MMAX_OK) return status;
  if (job->storage != MMAX_FLOAT32 && job->storage != MMAX_FLOAT16 &&
      job->storage != MMAX_BFLOAT16)
    return MMAX_ERR_STORAGE;
  return MMAX_OK;
}

/* The buffers of a call: what is read by row, what has one element a row, and the result, which may replace the logits
   or the upstream gradient. */
/*@ requires  job:     \valid_read(job) && storage_known((mmax_job *)job);
    requires  into:    \valid(into + (0 .. 6)) && \separated(into + (0 .. 6), job);
    terminates \true;
    exits     \false;
    assigns   into[0 .. 2];
    ensures   all:     describes_input{Pre, Post}(into, (mmax_job *)job);
*/
static void describe_input(const mmax_job *job, mmax_buffer into[BUFFERS]) {
  const size_t size = mmax_storage_bytes(job->storage);
  const size_t cols = job->in.cols, mask_stride = job->in.mask_stride, upstream_stride = job->upstream.stride;
  const void *mask = untyped_bytes(job->in.mask), *upstream = job->upstream.grad_probs;
  set_buffer(&into[LOGITS], job->in.logits, cols, job->in.stride, size);
  set_buffer(&into[MASK], mask, cols, mask_stride, 1);
  /*@ assert hint_0: buffer_is(into + 0, \at((uintptr_t)job->in.logits, Pre), \at(job->in.cols, Pre), \at(job->in.stride, Pre), element{Pre}((mmax_job *)job), 0, 0); */
  /*@ assert hint_1: buffer_is(into + 1, \at((uintptr_t)job->in.mask, Pre), \at(job->in.cols, Pre), \at(job->in.mask_stride, Pre), 1, 0, 0); */
  set_buffer(&into[UPSTREAM], upstream, cols, upstream_stride, size);
  /*@ assert hint_2: buffer_is(into + 0, \at((uintptr_t)job->in.logits, Pre), \at(job->in.cols, Pre), \at(job->in.stride, Pre), element{Pre}((mmax_job *)job), 0, 0); */
  /*@ assert hint_3: buffer_is(into + 1, \at((uintptr_t)job->in.mask, Pre), \at(job->in.cols, Pre), \at(job->in.mask_stride, Pre), 1, 0, 0); */
}

/*@ requires  job:     \valid_read(job) && storage_known((mmax_job *)job);
    requires  into:    \valid(into + (0 .. 6)) && \separated(into + (0 .. 6), job);
    terminates \true;
    exits     \false;
    assigns   into[3 .. 5];
    ensures   all:     describes_rows{Pre, Post}(into, (mmax_job *)job);
*/
static void describe_vectors(const mmax_job *job, mmax_buffer into[BUFFERS]) {
  const void *target = untyped_targets(job->targets.target);
  const void *grad_loss = untyped_floats(job->grad_loss), *loss = untyped_floats(job->loss);
  set_buffer(&into[TARGET], target, 1, 1, 4);
  set_buffer(&into[GRAD_LOSS], grad_loss, 1, 1, 4);
  /*@ assert hint_0: buffer_is(into + 3, \at((uintptr_t)job->targets.target, Pre), 1, 1, 4, 0, 0); */
  /*@ assert hint_1: buffer_is(into + 4, \at((uintptr_t)job->grad_loss, Pre), 1, 1, 4, 0, 0); */
  set_buffer(&into[LOSS], loss, 1, 1, 4);
  /*@ assert hint_set: buffer_is(into + 4, \at((uintptr_t)job->grad_loss, Pre), 1, 1, 4, 0, 0); */
  set_output(&into[LOSS], 0);
  /*@ assert hint_2: buffer_is(into + 3, \at((uintptr_t)job->targets.target, Pre), 1, 1, 4, 0, 0); */
  /*@ assert hint_3: buffer_is(into + 4, \at((uintptr_t)job->grad_loss, Pre), 1, 1, 4, 0, 0); */
}

/*@ requires  job:     \valid_read(job) && storage_known((mmax_job *)job);
    requires  into:    \valid(into + (0 .. 6)) && \separated(into + (0 .. 6), job);
    terminates \true;
    exits     \false;
    assigns   into[6];
    ensures   all:     describes_output{Pre, Post}(into, (mmax_job *)job);
*/
static void describe_output(const mmax_job *job, mmax_buffer into[BUFFERS]) {
  const size_t size = mmax_storage_bytes(job->storage);
  set_buffer(&into[OUT], job->out.data, job->in.cols, job->out.stride, size);
  set_output(&into[OUT], 1 << LOGITS | 1 << UPSTREAM);
}

/*@ requires  job:     \valid_read(job) && storage_known((mmax_job *)job);
    requires  into:    \valid(into + (0 .. 6)) && \separated(into + (0 .. 6), job);
    terminates \true;
    exits     \false;
    assigns   into[0 .. 6];
    ensures   input:   describes_input{Pre, Post}(into, (mmax_job *)job);
    ensures   vectors: describes_rows{Pre, Post}(into, (mmax_job *)job);
    ensures   output:  describes_output{Pre, Post}(into, (mmax_job *)job);
*/
static void describe(const mmax_job *job, mmax_buffer into[BUFFERS]) {
  describe_input(job, into);
  /*@ assert hint_pointer_0: job->in.logits == \at(job->in.logits, Pre); */
  /*@ assert hint_pointer_1: job->in.mask == \at(job->in.mask, Pre); */
  /*@ assert hint_pointer_2: job->upstream.grad_probs == \at(job->upstream.grad_probs, Pre); */
  /*@ assert hint_pointer_3: job->targets.target == \at(job->targets.target, Pre); */
  /*@ assert hint_pointer_4: job->grad_loss == \at(job->grad_loss, Pre); */
  /*@ assert hint_pointer_5: job->loss == \at(job->loss, Pre); */
  /*@ assert hint_pointer_6: job->out.data == \at(job->out.data, Pre); */
  /*@ assert hint_numbers: job->in.rows == \at(job->in.rows, Pre) && job->in.cols == \at(job->in.cols, Pre) && job->in.stride == \at(job->in.stride, Pre) && job->in.mask_stride == \at(job->in.mask_stride, Pre) && job->upstream.stride == \at(job->upstream.stride, Pre) && job->out.stride == \at(job->out.stride, Pre) && job->storage == \at(job->storage, Pre); */
  /*@ assert hint_same: job_same{Pre, Here}((mmax_job *)job); */
  describe_vectors(job, into);
  /*@ assert hint_again: job_same{Pre, Here}((mmax_job *)job); */
  /*@ assert hint_then_0: buffer_is(into + 0, \at((uintptr_t)job->in.logits, Pre), \at(job->in.cols, Pre), \at(job->in.stride, Pre), element{Pre}((mmax_job *)job), 0, 0); */
  /*@ assert hint_then_1: buffer_is(into + 1, \at((uintptr_t)job->in.mask, Pre), \at(job->in.cols, Pre), \at(job->in.mask_stride, Pre), 1, 0, 0); */
  /*@ assert hint_then_2: buffer_is(into + 2, \at((uintptr_t)job->upstream.grad_probs, Pre), \at(job->in.cols, Pre), \at(job->upstream.stride, Pre), element{Pre}((mmax_job *)job), 0, 0); */
  /*@ assert hint_then_3: buffer_is(into + 3, \at((uintptr_t)job->targets.target, Pre), 1, 1, 4, 0, 0); */
  /*@ assert hint_then_4: buffer_is(into + 4, \at((uintptr_t)job->grad_loss, Pre), 1, 1, 4, 0, 0); */
  /*@ assert hint_then_5: buffer_is(into + 5, \at((uintptr_t)job->loss, Pre), 1, 1, 4, 1, 0); */
  describe_output(job, into);
  /*@ assert hint_last_0: buffer_is(into + 0, \at((uintptr_t)job->in.logits, Pre), \at(job->in.cols, Pre), \at(job->in.stride, Pre), element{Pre}((mmax_job *)job), 0, 0); */
  /*@ assert hint_last_1: buffer_is(into + 1, \at((uintptr_t)job->in.mask, Pre), \at(job->in.cols, Pre), \at(job->in.mask_stride, Pre), 1, 0, 0); */
  /*@ assert hint_last_2: buffer_is(into + 2, \at((uintptr_t)job->upstream.grad_probs, Pre), \at(job->in.cols, Pre), \at(job->upstream.stride, Pre), element{Pre}((mmax_job *)job), 0, 0); */
  /*@ assert hint_last_3: buffer_is(into + 3, \at((uintptr_t)job->targets.target, Pre), 1, 1, 4, 0, 0); */
  /*@ assert hint_last_4: buffer_is(into + 4, \at((uintptr_t)job->grad_loss, Pre), 1, 1, 4, 0, 0); */
  /*@ assert hint_last_5: buffer_is(into + 5, \at((uintptr_t)job->loss, Pre), 1, 1, 4, 1, 0); */
}

/* Sizes, strides, alignment, overlap; buffers: room for their description. */
/*@ requires  job:     \valid_read(job) && job_open((mmax_job *)job);
    requires  buffers: \valid(buffers + (0 .. 6)) && \separated(buffers + (0 .. 6), job);
    terminates \true;
    exits     \false;
    assigns   buffers[0 .. 6];
    ensures   answer:  call_memory(\old(*job), \result);
*/
static mmax_status check_memory(const mmax_job *job, mmax_buffer buffers[BUFFERS]) {
  describe(job, buffers);
  /*@ assert hint_rows: job->in.rows == \at(job->in.rows, Pre); */
  /*@ assert hint_described: described{Pre, Here}(buffers, (mmax_job *)job); */
  /*@ assert hint_element: \at(job->in.cols, Pre) >= 1 && \at(job->in.rows, Pre) >= 1 && (element{Pre}((mmax_job *)job) == 4 || element{Pre}((mmax_job *)job) == 2); */
  /*@ assert hint_fine_input: buffer_ready(buffers + 0) && buffer_ready(buffers + 1) && buffer_ready(buffers + 2); */
  /*@ assert hint_fine_vectors: buffer_ready(buffers + 3) && buffer_ready(buffers + 4) && buffer_ready(buffers + 5); */
  /*@ assert hint_fine_output: buffer_ready(buffers + 6); */
  /*@ assert hint_index: \forall integer i; 0 <= i < 7 ==> i == 0 || i == 1 || i == 2 || i == 3 || i == 4 || i == 5 || i == 6; */
  /*@ assert hint_ready: \forall integer i; 0 <= i < 7 ==> buffer_ready(buffers + i); */
  /*@ assert hint_fine: all_fine(buffers, 7); */
  /*@ assert hint_sizes: sizes_ok(buffers, \at(job->in.rows, Pre), 7) <==> call_sizes(\at(*job, Pre)); */
  /*@ assert hint_strides: strides_ok(buffers, \at(job->in.rows, Pre), 7) <==> call_strides(\at(*job, Pre)); */
  /*@ assert hint_aligned: aligned(buffers, 7) <==> call_aligned(\at(*job, Pre)); */
  /*@ assert hint_loss: apart_from(buffers, 5, \at(job->in.rows, Pre), 7) <==> call_apart_loss(\at(*job, Pre)); */
  /*@ assert hint_out: apart_from(buffers, 6, \at(job->in.rows, Pre), 7) <==> call_apart_out(\at(*job, Pre)); */
  /*@ assert hint_apart: all_apart(buffers, \at(job->in.rows, Pre), 7, 7) <==> call_apart_loss(\at(*job, Pre)) && call_apart_out(\at(*job, Pre)); */
  return mmax_check_buffers(job->in.rows, buffers, BUFFERS);
}

/* Every argument, in the order of semantics.md#api-errors. */
/*@ requires  job:     \valid_read(job);
    requires  params:  job->params == \null || \valid_read(job->params);
    requires  buffers: \valid(buffers + (0 .. 6));
    requires  apart:   \separated(buffers + (0 .. 6), job) && \separated(buffers + (0 .. 6), job->params);
    requires  targets: job->kind == MMAX_CROSS_ENTROPY && job_open((mmax_job *)job) ==>
                         \valid_read(job->targets.target + (0 .. job->in.rows - 1)) &&
                         \separated(buffers + (0 .. 6), job->targets.target + (0 .. job->in.rows - 1));
    terminates \true;
    exits     \false;
    assigns   buffers[0 .. 6];
    ensures   answer:  call_checked{Pre}(\old(*job), \result);
*/
static mmax_status check(const mmax_job *job, mmax_buffer buffers[BUFFERS]) {
  mmax_status status = check_given(job);
  if (status != MMAX_OK || is_empty(job)) return status;
  /*@ assert hint_clear: job->kind == MMAX_CROSS_ENTROPY ==> \forall integer r; 0 <= r < job->in.rows ==> \separated(job->targets.target + r, buffers + (0 .. 6)); */
  status = check_memory(job, buffers);
  /*@ assert hint_kept: \at(job->kind, Pre) == MMAX_CROSS_ENTROPY ==> \forall integer r; 0 <= r < \at(job->in.rows, Pre) ==> \at(job->targets.target, Pre)[r] == \at(job->targets.target[r], Pre); */
  /*@ assert hint_kind: job->kind == \at(job->kind, Pre); */
  if (status != MMAX_OK || job->kind != MMAX_CROSS_ENTROPY) return status;
  /*@ assert hint_target: job->targets.target == \at(job->targets.target, Pre) && job->targets.ignore_index == \at(job->targets.ignore_index, Pre) &&
        job->in.cols == \at(job->in.cols, Pre); */
  /*@ assert hint_forward: job_targets_valid{Pre}((mmax_job *)job) ==> job_targets_valid((mmax_job *)job); */
  /*@ assert hint_back: job_targets_valid((mmax_job *)job) ==> job_targets_valid{Pre}((mmax_job *)job); */
  return mmax_check_targets(&job->targets, job->in.rows, job->in.cols);
}

/* Backend and scratch of a job. */
/*@ requires  job:     \valid(job) && storage_known(job);
    requires  exec:    \valid_read(exec) && \separated(job, exec);
    terminates \true;
    exits     \false;
    assigns   job->kernels, job->scratch;
    ensures   backend: \result == MMAX_ERR_BACKEND <==> !available(\old(exec->backend));
    ensures   scratch: \result == MMAX_ERR_SCRATCH <==> available(\old(exec->backend)) && !exec_scratch{Pre}((mmax_exec *)exec);
    ensures   other:   \result == MMAX_ERR_BACKEND || \result == MMAX_ERR_SCRATCH || \result == MMAX_OK;
    ensures   given:   \result == MMAX_OK ==> job->scratch.data == \old(exec->scratch) && job->scratch.bytes == \old(exec->scratch_bytes);
*/
static mmax_status equip(mmax_job *job, const mmax_exec *exec) {
  job->kernels = mmax_kernels_for(exec->backend, job->storage);
  /*@ assert hint_same: exec->scratch == \at(exec->scratch, Pre) && exec->scratch_bytes == \at(exec->scratch_bytes, Pre); */
  if (job->kernels == NULL) return MMAX_ERR_BACKEND;
  /*@ assert hint_exact: exec_scratch{Pre}((mmax_exec *)exec) <==>
        ((uintptr_t)exec->scratch % 64 == 0 && (exec->scratch != \null || exec->scratch_bytes == 0)); */
  const uintptr_t at = (uintptr_t)exec->scratch;
  if (at % 64 != 0 || (exec->scratch == NULL && exec->scratch_bytes != 0)) return MMAX_ERR_SCRATCH;
  job->scratch.data = exec->scratch;
  job->scratch.bytes = exec->scratch_bytes;
  return MMAX_OK;
}

/* What the rows were, as a status. */
/*@ requires  found:   \valid_read(found);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   status:  reported((mmax_report *)found, \result);
*/
static mmax_status status_of(const mmax_report *found) {
  if (found->nonfinite_rows > 0) return MMAX_ROW_NONFINITE;
  return found->masked_rows > 0 ? MMAX_ROW_MASKED : MMAX_OK;
}

/* Checks; backend, scratch and environment; then the run. */
/*@ requires  job:     \valid(job);
    requires  params:  job->params == \null || \valid_read(job->params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    requires  apart:   \separated(job, exec) && \separated(job, report) && \separated(job, job->acc) && \separated(job, job->params) &&
                         (report == \null || job->acc == \null || \separated(report, job->acc));
    requires  targets: targets_readable(*job);
    terminates \true;
    exits     \false;
    assigns   job->kernels, job->scratch, *report, mmax_runs, *job->acc, job->loss[0 .. job->in.rows - 1],
              floats_at(job->out.data)[0 .. floats_in(job->storage, job->out.data, job->in.rows, job->in.cols, job->out.stride) - 1],
              halves_at(job->out.data)[0 .. halves_in(job->storage, job->out.data, job->in.rows, job->in.cols, job->out.stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   end:     concluded{Pre, Post}(\old(*job), (mmax_exec *)exec, report, \result);
    ensures   once:    ran(\old(*job), \result) ==> mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   never:   !ran(\old(*job), \result) ==> mmax_runs == \old(mmax_runs);
*/
static mmax_status submit(mmax_job *job, const mmax_exec *exec, mmax_report *report) {
  mmax_buffer buffers[BUFFERS];
  mmax_status status = check(job, buffers);
  /*@ assert hint_checked: outputs_kept{Pre, Here}(\at(*job, Pre)) && (report == \null || report_kept{Pre, Here}(report)); */
  if (status != MMAX_OK) return status;
  /*@ assert hint_limbs: \forall integer p, i; 0 <= p < 10 ==> 0 <= i < 16 ==>
        \separated(&\at(job->acc, Pre)->limb[p][i], &job->scratch) && (report == \null || \separated(&\at(job->acc, Pre)->limb[p][i], report)); */
  /*@ assert hint_rows: \separated(&\at(job->acc, Pre)->rows, &job->scratch) && \separated(&\at(job->acc, Pre)->nonfinite_rows, &job->scratch) &&
        (report == \null || (\separated(&\at(job->acc, Pre)->rows, report) && \separated(&\at(job->acc, Pre)->nonfinite_rows, report))); */
  /*@ assert hint_fields: \separated(&report->masked_rows, &job->scratch) && \separated(&report->first_masked, &job->scratch) &&
        \separated(&report->nonfinite_rows, &job->scratch) && \separated(&report->first_nonfinite, &job->scratch) &&
        \separated(&report->ignored_rows, &job->scratch); */
  if (is_empty(job)) {
    if (report != NULL) mmax_report_start(report);
    /*@ assert hint_started: report == \null || report_empty(report); */
    /*@ assert hint_acc_empty: acc_kept{Pre, Here}(\at(job->acc, Pre)); */
    /*@ assert hint_empty: outputs_kept{Pre, Here}(\at(*job, Pre)); */
    return MMAX_OK;
  }
  /*@ assert hint_open: call_checked{Pre}(\at(*job, Pre), 0) && !call_empty(\at(*job, Pre)); */
  const mmax_exec defaults = {MMAX_BACKEND_AUTO, 1, NULL, 0};
  if (exec == NULL) exec = &defaults;
  /*@ assert hint_exec: exec->backend == exec_backend{Pre}(\at((mmax_exec *)exec, Pre)) &&
        (exec_scratch((mmax_exec *)exec) <==> exec_scratch{Pre}(\at((mmax_exec *)exec, Pre))); */
  status = equip(job, exec);
  /*@ assert hint_acc: acc_kept{Pre, Here}(\at(job->acc, Pre)); */
  /*@ assert hint_equipped: outputs_kept{Pre, Here}(\at(*job, Pre)); */
  /*@ assert hint_unreported: report == \null || report_kept{Pre, Here}(report); */
  if (status != MMAX_OK) {
    /*@ assert hint_refused: answered{Pre}(\at(*job, Pre), \at((mmax_exec *)exec, Pre), status); */
    return status;
  }
  /*@ assert hint_same: job->in.rows == \at(job->in.rows, Pre) && job->in.cols == \at(job->in.cols, Pre) && job->out.stride == \at(job->out.stride, Pre) &&
        job->out.data == \at(job->out.data, Pre) && job->loss == \at(job->loss, Pre) && job->acc == \at(job->acc, Pre); */
  /*@ assert hint_scratch: job->scratch.bytes == 0 ||
        (job->scratch.data == \at(exec->scratch, Pre) && job->scratch.bytes == \at(exec->scratch_bytes, Pre)); */

  mmax_report found;
  mmax_fpenv saved = mmax_fpenv_enter();
  int nearest = mmax_fpenv_is_nearest();
  if (nearest) mmax_job_run(job, exec->threads, &found);
  mmax_fpenv_leave(saved);
  if (!nearest) return MMAX_ERR_FENV;

  if (report != NULL) *report = found;
  /*@ assert hint_report: report == \null || (report->nonfinite_rows == found.nonfinite_rows && report->masked_rows == found.masked_rows); */
  return status_of(&found);
}

/* A batch of float32. */
/*@ requires  in:      \valid_read(in);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   job:     rows_job{Pre}(\result, (mmax_rows *)in, kind);
*/
static mmax_job job_on(const mmax_rows *in, mmax_kind kind) {
  mmax_input rows = {untyped_matrix(in->logits), in->mask, in->rows, in->cols, in->stride, in->mask_stride, NULL};
  mmax_job job = {.kind = kind, .storage = MMAX_FLOAT32, .in = rows};
  return job;
}

/* MMAX_FLOAT32 has no business here: its matrices are not uint16_t. */
/*@ requires  in:      \valid_read(in);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   job:     rows_job16{Pre}(\result, (mmax_rows16 *)in, kind);
*/
static mmax_job job_on16(const mmax_rows16 *in, mmax_kind kind) {
  const mmax_storage none = (mmax_storage)3;
  mmax_input rows = {untyped_matrix16(in->logits), in->mask, in->rows, in->cols, in->stride,
                     in->mask_stride, NULL};
  mmax_job job = {.kind = kind, .in = rows};
  job.storage = in->storage == MMAX_FLOAT32 ? none : in->storage;
  return job;
}

/* The job with parameters and sums. */
/*@ requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    requires  apart:   report == \null || acc == \null || \separated(report, acc);
    requires  targets: targets_given(job);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, *acc, job.loss[0 .. job.in.rows - 1],
              floats_at(job.out.data)[0 .. floats_in(job.storage, job.out.data, job.in.rows, job.in.cols, job.out.stride) - 1],
              halves_at(job.out.data)[0 .. halves_in(job.storage, job.out.data, job.in.rows, job.in.cols, job.out.stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   end:     concluded{Pre, Post}({job \with .params = params, .acc = acc},
                         (mmax_exec *)exec, report, \result);
    ensures   once:    ran(job, \result) ==> mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   never:   !ran(job, \result) ==> mmax_runs == \old(mmax_runs);
*/
static mmax_status conclude(mmax_job job, const mmax_params *params, mmax_accumulator *acc,
                            const mmax_exec *exec, mmax_report *report) {
  job.params = params;
  job.acc = acc;
  return submit(&job, exec, report);
}

/*@ requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    requires  apart:   report == \null || acc == \null || \separated(report, acc);
    requires  targets: targets_given(job);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, *acc, job.loss[0 .. job.in.rows - 1],
              floats_at(out)[0 .. floats_in(job.storage, out, job.in.rows, job.in.cols, out_stride) - 1],
              halves_at(out)[0 .. halves_in(job.storage, out, job.in.rows, job.in.cols, out_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   end:     concluded{Pre, Post}({job \with .params = params, .acc = acc, .out.data = out, .out.stride = out_stride},
                         (mmax_exec *)exec, report, \result);
    ensures   once:    ran(job, \result) ==> mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   never:   !ran(job, \result) ==> mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && acc_kept{Pre, Post}(acc) &&
                         floats_kept{Pre, Post}(job.loss, job.in.rows) &&
                         floats_kept{Pre, Post}(floats_at(out), floats_in(job.storage, out, job.in.rows, job.in.cols, out_stride)) &&
                         halves_kept{Pre, Post}(halves_at(out), halves_in(job.storage, out, job.in.rows, job.in.cols, out_stride));
*/
static mmax_status rows_to_rows(mmax_job job, const mmax_params *params, void *out,
                                size_t out_stride, mmax_accumulator *acc, const mmax_exec *exec,
                                mmax_report *report) {
  job.out.data = out;
  job.out.stride = out_stride;
  return conclude(job, params, acc, exec, report);
}

/*@ requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    requires  apart:   report == \null || acc == \null || \separated(report, acc);
    requires  kind:    job.kind != MMAX_CROSS_ENTROPY;
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, *acc, job.loss[0 .. job.in.rows - 1],
              floats_at(grad_logits)[0 .. floats_in(job.storage, grad_logits, job.in.rows, job.in.cols, grad_logits_stride) - 1],
              halves_at(grad_logits)[0 .. halves_in(job.storage, grad_logits, job.in.rows, job.in.cols, grad_logits_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   end:     concluded{Pre, Post}({job \with .params = params, .acc = acc, .out.data = grad_logits, .out.stride = grad_logits_stride,
                           .upstream.grad_probs = grad_probs, .upstream.stride = grad_probs_stride},
                         (mmax_exec *)exec, report, \result);
    ensures   once:    ran(job, \result) ==> mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   never:   !ran(job, \result) ==> mmax_runs == \old(mmax_runs);
*/
static mmax_status backward(mmax_job job, const mmax_params *params, const void *grad_probs,
                            size_t grad_probs_stride, void *grad_logits,
                            size_t grad_logits_stride, mmax_accumulator *acc,
                            const mmax_exec *exec, mmax_report *report) {
  job.upstream.grad_probs = grad_probs;
  job.upstream.stride = grad_probs_stride;
  return rows_to_rows(job, params, grad_logits, grad_logits_stride, acc, exec, report);
}

static mmax_status loss_alone(mmax_job job, const mmax_params *params, const mmax_targets *targets,
                              float *loss, const mmax_exec *exec, mmax_report *report) {
  if (loss == NULL && job.in.rows != 0 && job.in.cols != 0) return MMAX_ERR_NULL;
  job.targets = *targets;
  job.loss = loss;
  return conclude(job, params, NULL, exec, report);
}

static mmax_status loss_backward(mmax_job job, const mmax_params *params,
                                 const mmax_targets *targets, const float *grad_loss, float *loss,
                                 void *grad_logits, size_t grad_logits_stride,
                                 mmax_accumulator *acc, const mmax_exec *exec,
                                 mmax_report *report) {
  job.targets = *targets;
  job.grad_loss = grad_loss;
  job.loss = loss;
  return rows_to_rows(job, params, grad_logits, grad_logits_stride, acc, exec, report);
}

/*@ requires  in:      in == \null || \valid_read(in);
    requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, probs[0 .. entries(in->rows, in->cols, probs_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   null:    in == \null ==> \result == MMAX_ERR_NULL;
    ensures   end:     in != \null ==> \forall mmax_job j; rows_job{Pre}(j, (mmax_rows *)in, MMAX_FORWARD) ==>
                         concluded{Pre, Post}({j \with .params = params, .out.data = of_floats(probs), .out.stride = probs_stride},
                           (mmax_exec *)exec, report, \result);
    ensures   silent:  \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> (probs == \null || floats_kept{Pre, Post}(probs, entries(\old(in->rows), \old(in->cols), probs_stride)));
*/
mmax_status mmax_forward(const mmax_params *params, const mmax_rows *in, float *probs,
                         size_t probs_stride, const mmax_exec *exec, mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  const mmax_job job = job_on(in, MMAX_FORWARD);
  void *out = untyped_result(probs);
  /*@ assert hint_views: job.storage == 0 && job.loss == \null && floats_at(out) == probs && (out == \null <==> probs == \null) &&
        job.in.rows == in->rows && job.in.cols == in->cols; */
  /*@ assert hint_ranges: halves_in(job.storage, out, job.in.rows, job.in.cols, probs_stride) == 0 &&
        floats_in(job.storage, out, job.in.rows, job.in.cols, probs_stride) == (probs == \null ? 0 : entries(in->rows, in->cols, probs_stride)); */
  return rows_to_rows(job, params, out, probs_stride, NULL, exec, report);
}

/*@ requires  in:      in == \null || \valid_read(in);
    requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, probs[0 .. entries(in->rows, in->cols, probs_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   null:    in == \null ==> \result == MMAX_ERR_NULL;
    ensures   end:     in != \null ==> \forall mmax_job j; rows_job16{Pre}(j, (mmax_rows16 *)in, MMAX_FORWARD) ==>
                         concluded{Pre, Post}({j \with .params = params, .out.data = of_halves(probs), .out.stride = probs_stride},
                           (mmax_exec *)exec, report, \result);
    ensures   silent:  \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> (probs == \null || halves_kept{Pre, Post}(probs, entries(\old(in->rows), \old(in->cols), probs_stride)));
*/
mmax_status mmax_forward16(const mmax_params *params, const mmax_rows16 *in, uint16_t *probs,
                           size_t probs_stride, const mmax_exec *exec, mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  const mmax_job job = job_on16(in, MMAX_FORWARD);
  void *out = untyped_result16(probs);
  /*@ assert hint_views: job.storage != 0 && job.loss == \null && halves_at(out) == probs && (out == \null <==> probs == \null) &&
        job.in.rows == in->rows && job.in.cols == in->cols; */
  /*@ assert hint_ranges: floats_in(job.storage, out, job.in.rows, job.in.cols, probs_stride) == 0 &&
        halves_in(job.storage, out, job.in.rows, job.in.cols, probs_stride) == (probs == \null ? 0 : entries(in->rows, in->cols, probs_stride)); */
  return rows_to_rows(job, params, out, probs_stride, NULL, exec, report);
}

/*@ requires  in:      in == \null || \valid_read(in);
    requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, log_probs[0 .. entries(in->rows, in->cols, log_probs_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   null:    in == \null ==> \result == MMAX_ERR_NULL;
    ensures   end:     in != \null ==> \forall mmax_job j; rows_job{Pre}(j, (mmax_rows *)in, MMAX_LOG_FORWARD) ==>
                         concluded{Pre, Post}({j \with .params = params, .out.data = of_floats(log_probs), .out.stride = log_probs_stride},
                           (mmax_exec *)exec, report, \result);
    ensures   silent:  \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> (log_probs == \null || floats_kept{Pre, Post}(log_probs, entries(\old(in->rows), \old(in->cols), log_probs_stride)));
*/
mmax_status mmax_log_forward(const mmax_params *params, const mmax_rows *in, float *log_probs,
                             size_t log_probs_stride, const mmax_exec *exec,
                             mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  const mmax_job job = job_on(in, MMAX_LOG_FORWARD);
  void *out = untyped_result(log_probs);
  /*@ assert hint_views: job.storage == 0 && job.loss == \null && floats_at(out) == log_probs && (out == \null <==> log_probs == \null) &&
        job.in.rows == in->rows && job.in.cols == in->cols; */
  /*@ assert hint_ranges: halves_in(job.storage, out, job.in.rows, job.in.cols, log_probs_stride) == 0 &&
        floats_in(job.storage, out, job.in.rows, job.in.cols, log_probs_stride) == (log_probs == \null ? 0 : entries(in->rows, in->cols, log_probs_stride)); */
  return rows_to_rows(job, params, out, log_probs_stride, NULL, exec, report);
}

/*@ requires  in:      in == \null || \valid_read(in);
    requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, log_probs[0 .. entries(in->rows, in->cols, log_probs_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   null:    in == \null ==> \result == MMAX_ERR_NULL;
    ensures   end:     in != \null ==> \forall mmax_job j; rows_job16{Pre}(j, (mmax_rows16 *)in, MMAX_LOG_FORWARD) ==>
                         concluded{Pre, Post}({j \with .params = params, .out.data = of_halves(log_probs), .out.stride = log_probs_stride},
                           (mmax_exec *)exec, report, \result);
    ensures   silent:  \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> (log_probs == \null || halves_kept{Pre, Post}(log_probs, entries(\old(in->rows), \old(in->cols), log_probs_stride)));
*/
mmax_status mmax_log_forward16(const mmax_params *params, const mmax_rows16 *in,
                               uint16_t *log_probs, size_t log_probs_stride,
                               const mmax_exec *exec, mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  const mmax_job job = job_on16(in, MMAX_LOG_FORWARD);
  void *out = untyped_result16(log_probs);
  /*@ assert hint_views: job.storage != 0 && job.loss == \null && halves_at(out) == log_probs && (out == \null <==> log_probs == \null) &&
        job.in.rows == in->rows && job.in.cols == in->cols; */
  /*@ assert hint_ranges: floats_in(job.storage, out, job.in.rows, job.in.cols, log_probs_stride) == 0 &&
        halves_in(job.storage, out, job.in.rows, job.in.cols, log_probs_stride) == (log_probs == \null ? 0 : entries(in->rows, in->cols, log_probs_stride)); */
  return rows_to_rows(job, params, out, log_probs_stride, NULL, exec, report);
}

/*@ requires  in:      in == \null || \valid_read(in);
    requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    requires  acc:     acc == \null || \valid(acc);
    requires  apart:   report == \null || acc == \null || \separated(report, acc);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, *acc, grad_logits[0 .. entries(in->rows, in->cols, grad_logits_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   null:    in == \null ==> \result == MMAX_ERR_NULL;
    ensures   end:     in != \null ==> \forall mmax_job j; rows_job{Pre}(j, (mmax_rows *)in, MMAX_BACKWARD) ==>
                         concluded{Pre, Post}({j \with .params = params, .acc = acc, .out.data = of_floats(grad_logits), .out.stride = grad_logits_stride,
                             .upstream.grad_probs = of_floats((float *)grad_probs), .upstream.stride = grad_probs_stride},
                           (mmax_exec *)exec, report, \result);
    ensures   silent:  \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> acc_kept{Pre, Post}(acc) && (grad_logits == \null || floats_kept{Pre, Post}(grad_logits, entries(\old(in->rows), \old(in->cols), grad_logits_stride)));
*/
mmax_status mmax_backward(const mmax_params *params, const mmax_rows *in, const float *grad_probs,
                          size_t grad_probs_stride, float *grad_logits, size_t grad_logits_stride,
                          mmax_accumulator *acc, const mmax_exec *exec, mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  return backward(job_on(in, MMAX_BACKWARD), params, untyped_matrix(grad_probs), grad_probs_stride,
                  untyped_result(grad_logits), grad_logits_stride, acc, exec, report);
}

/*@ requires  in:      in == \null || \valid_read(in);
    requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    requires  acc:     acc == \null || \valid(acc);
    requires  apart:   report == \null || acc == \null || \separated(report, acc);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, *acc, grad_logits[0 .. entries(in->rows, in->cols, grad_logits_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   null:    in == \null ==> \result == MMAX_ERR_NULL;
    ensures   end:     in != \null ==> \forall mmax_job j; rows_job16{Pre}(j, (mmax_rows16 *)in, MMAX_BACKWARD) ==>
                         concluded{Pre, Post}({j \with .params = params, .acc = acc, .out.data = of_halves(grad_logits), .out.stride = grad_logits_stride,
                             .upstream.grad_probs = of_halves((uint16_t *)grad_probs), .upstream.stride = grad_probs_stride},
                           (mmax_exec *)exec, report, \result);
    ensures   silent:  \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> acc_kept{Pre, Post}(acc) && (grad_logits == \null || halves_kept{Pre, Post}(grad_logits, entries(\old(in->rows), \old(in->cols), grad_logits_stride)));
*/
mmax_status mmax_backward16(const mmax_params *params, const mmax_rows16 *in,
                            const uint16_t *grad_probs, size_t grad_probs_stride,
                            uint16_t *grad_logits, size_t grad_logits_stride,
                            mmax_accumulator *acc, const mmax_exec *exec, mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  return backward(job_on16(in, MMAX_BACKWARD), params, untyped_matrix16(grad_probs),
                  grad_probs_stride, untyped_result16(grad_logits), grad_logits_stride, acc, exec,
                  report);
}

mmax_status mmax_cross_entropy(const mmax_params *params, const mmax_rows *in,
                               const mmax_targets *targets, float *loss, const mmax_exec *exec,
                               mmax_report *report) {
  if (in == NULL || targets == NULL) return MMAX_ERR_NULL;
  return loss_alone(job_on(in, MMAX_CROSS_ENTROPY), params, targets, loss, exec, report);
}

mmax_status mmax_cross_entropy16(const mmax_params *params, const mmax_rows16 *in,
                                 const mmax_targets *targets, float *loss, const mmax_exec *exec,
                                 mmax_report *report) {
  if (in == NULL || targets == NULL) return MMAX_ERR_NULL;
  return loss_alone(job_on16(in, MMAX_CROSS_ENTROPY), params, targets, loss, exec, report);
}

mmax_status mmax_cross_entropy_backward(const mmax_params *params, const mmax_rows *in,
                                        const mmax_targets *targets, const float *grad_loss,
                                        float *loss, float *grad_logits,
                                        size_t grad_logits_stride, mmax_accumulator *acc,
                                        const mmax_exec *exec, mmax_report *report) {
  if (in == NULL || targets == NULL) return MMAX_ERR_NULL;
  return loss_backward(job_on(in, MMAX_CROSS_ENTROPY), params, targets, grad_loss, loss,
                       untyped_result(grad_logits), grad_logits_stride, acc, exec, report);
}

mmax_status mmax_cross_entropy_backward16(const mmax_params *params, const mmax_rows16 *in,
                                          const mmax_targets *targets, const float *grad_loss,
                                          float *loss, uint16_t *grad_logits,
                                          size_t grad_logits_stride, mmax_accumulator *acc,
                                          const mmax_exec *exec, mmax_report *report) {
  if (in == NULL || targets == NULL) return MMAX_ERR_NULL;
  return loss_backward(job_on16(in, MMAX_CROSS_ENTROPY), params, targets, grad_loss, loss,
                       untyped_result16(grad_logits), grad_logits_stride, acc, exec, report);
}
