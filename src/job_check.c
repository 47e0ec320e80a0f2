/* SPDX-License-Identifier: Apache-2.0 */
/* What a call is refused for before it looks at backend and environment. */
#include "submit.h"

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
#else
static const void *untyped_bytes(const uint8_t *p) { return p; }
static const void *untyped_targets(const int32_t *p) { return p; }
static const void *untyped_floats(const float *p) { return p; }
#endif

/* Places in the array of buffers. */
enum { LOGITS, MASK, UPSTREAM, TARGET, GRAD_LOSS, LOSS, OUT };

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
    ensures   exact:  \result != 0 <==> job_lacks((mmax_job *)job);
*/
static int lacks_pointer(const mmax_job *job) {
  if (job->params == NULL) return 1;
  if (mmax_job_is_empty(job)) return 0;
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
static void describe_input(const mmax_job *job, mmax_buffer into[MMAX_JOB_BUFFERS]) {
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
static void describe_vectors(const mmax_job *job, mmax_buffer into[MMAX_JOB_BUFFERS]) {
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
static void describe_output(const mmax_job *job, mmax_buffer into[MMAX_JOB_BUFFERS]) {
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
static void describe(const mmax_job *job, mmax_buffer into[MMAX_JOB_BUFFERS]) {
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
static mmax_status check_memory(const mmax_job *job, mmax_buffer buffers[MMAX_JOB_BUFFERS]) {
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
  return mmax_check_buffers(job->in.rows, buffers, MMAX_JOB_BUFFERS);
}

mmax_status mmax_job_check(const mmax_job *job, mmax_buffer buffers[MMAX_JOB_BUFFERS]) {
  mmax_status status = check_given(job);
  if (status != MMAX_OK || mmax_job_is_empty(job)) return status;
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
