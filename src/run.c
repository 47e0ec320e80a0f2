/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include "fpenv.h"

/* Row `first` of a matrix. */
static const void *row_of(const void *data, mmax_storage storage, size_t stride, size_t first) {
  return (const unsigned char *)data + first * stride * mmax_storage_bytes(storage);
}

static mmax_output output_from(mmax_output out, mmax_storage storage, size_t first) {
  if (out.data != NULL)
    out.data = (unsigned char *)out.data + first * out.stride * mmax_storage_bytes(storage);
  return out;
}

void mmax_job_run_rows(const mmax_job *job, size_t first, size_t count, mmax_scratch scratch,
                       mmax_accumulator *acc, mmax_report *report) {
  mmax_input in = job->in;
  in.rows = count;
  in.logits = row_of(in.logits, job->storage, in.stride, first);
  if (in.mask != NULL) in.mask += first * in.mask_stride;
  const mmax_output out = output_from(job->out, job->storage, first);
  mmax_report_start(report);
  if (job->kind == MMAX_FORWARD) {
    job->kernels->forward(job->params, &in, out, scratch, report);
  } else if (job->kind == MMAX_LOG_FORWARD) {
    job->kernels->log_forward(job->params, &in, out, scratch, report);
  } else if (job->kind == MMAX_BACKWARD) {
    mmax_upstream upstream = job->upstream;
    upstream.grad_probs = row_of(upstream.grad_probs, job->storage, upstream.stride, first);
    job->kernels->backward(job->params, &in, upstream, out, acc, scratch, report);
  } else {
    mmax_targets targets = job->targets;
    targets.target += first;
    job->kernels->cross_entropy(job->params, &in, &targets,
                                job->grad_loss == NULL ? NULL : job->grad_loss + first,
                                job->loss == NULL ? NULL : job->loss + first, out, acc, scratch,
                                report);
  }
}

#if defined(MMAX_PTHREADS)
#include <pthread.h>

#define MAX_THREADS 64u

typedef struct share {
  const mmax_job *job;
  size_t first, count;
  mmax_scratch scratch;
  mmax_accumulator acc;
  mmax_report report;
} share;

static void *run_share(void *arg) {
  share *s = arg;
  mmax_fpenv saved = mmax_fpenv_enter(); /* per thread; inherited only by convention */
  mmax_job_run_rows(s->job, s->first, s->count, s->scratch,
                    s->job->acc == NULL ? NULL : &s->acc, &s->report);
  mmax_fpenv_leave(saved);
  return NULL;
}

void mmax_job_run(const mmax_job *job, unsigned threads, mmax_report *report) {
  if (threads > MAX_THREADS) threads = MAX_THREADS;
  if (threads > job->in.rows) threads = (unsigned)job->in.rows;
  if (threads <= 1) {
    mmax_job_run_rows(job, 0, job->in.rows, job->scratch, job->acc, report);
    return;
  }
  share shares[MAX_THREADS];
  pthread_t ids[MAX_THREADS];
  int started[MAX_THREADS];
  /* each share's scratch starts on a cache line */
  size_t scratch_bytes = job->scratch.bytes / threads / 64 * 64;
  for (unsigned t = 0; t < threads; t++) {
    share *s = &shares[t];
    s->job = job;
    s->first = job->in.rows / threads * t + (t < job->in.rows % threads ? t : job->in.rows % threads);
    s->count = job->in.rows / threads + (t < job->in.rows % threads);
    s->scratch.data = (unsigned char *)job->scratch.data + (job->scratch.data ? t * scratch_bytes : 0);
    s->scratch.bytes = scratch_bytes;
    if (job->acc != NULL) mmax_accumulator_init(&s->acc);
    started[t] = t > 0 && pthread_create(&ids[t], NULL, run_share, s) == 0;
  }
  /* a thread that could not be started is run here */
  for (unsigned t = 0; t < threads; t++)
    if (!started[t]) run_share(&shares[t]);
  mmax_report_start(report);
  for (unsigned t = 0; t < threads; t++) {
    if (started[t]) pthread_join(ids[t], NULL);
    if (job->acc != NULL) mmax_accumulator_merge(job->acc, &shares[t].acc);
    mmax_report_append(report, &shares[t].report, shares[t].first);
  }
}

#else

void mmax_job_run(const mmax_job *job, unsigned threads, mmax_report *report) {
  (void)threads;
  mmax_job_run_rows(job, 0, job->in.rows, job->scratch, job->acc, report);
}

#endif
