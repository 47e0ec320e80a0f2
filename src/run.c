/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include "fpenv.h"
#include "untyped.h"

#ifdef __FRAMAC__
#include "backend.h"
#endif

/* Row `first` of a matrix. */
/*@ requires  fits:    counts_to(first, stride);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   floats:  storage == MMAX_FLOAT32 ==> floats_at((void *)\result) == floats_at((void *)data) + first*stride;
    ensures   halves:  storage != MMAX_FLOAT32 ==> halves_at((void *)\result) == halves_at((void *)data) + first*stride;
*/
static const void *row_of(const void *data, mmax_storage storage, size_t stride, size_t first) {
  /*@ assert hint_fits: (size_t)(first*stride) == first*stride; */
  if (storage == MMAX_FLOAT32) return untyped_matrix(untyped_as_floats(data) + first * stride);
  return untyped_matrix16(untyped_as_halves(data) + first * stride);
}

/*@ requires  fits:    counts_to(first, out.stride);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   stride:  \result.stride == out.stride;
    ensures   none:    out.data == \null ==> \result.data == \null;
    ensures   floats:  out.data != \null ==> storage == MMAX_FLOAT32 ==>
                         floats_at(\result.data) == floats_at(out.data) + first*out.stride;
    ensures   halves:  out.data != \null ==> storage != MMAX_FLOAT32 ==>
                         halves_at(\result.data) == halves_at(out.data) + first*out.stride;
*/
static mmax_output output_from(mmax_output out, mmax_storage storage, size_t first) {
  if (out.data == NULL) return out;
  /*@ assert hint_fits: (size_t)(first*out.stride) == first*out.stride; */
  if (storage == MMAX_FLOAT32)
    out.data = untyped_result(untyped_to_floats(out.data) + first * out.stride);
  else
    out.data = untyped_result16(untyped_to_halves(out.data) + first * out.stride);
  return out;
}

/* Rows [first, first+count) of the batch. */
/*@ requires  job:     \valid_read(job);
    requires  fits:    counts_to(first, job->in.stride) && counts_to(first, job->in.mask_stride);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   rows:    \result.rows == count && \result.cols == job->in.cols;
    ensures   strides: \result.stride == job->in.stride && \result.mask_stride == job->in.mask_stride;
    ensures   floats:  job->storage == MMAX_FLOAT32 ==>
                         floats_at((void *)\result.logits) == floats_at((void *)job->in.logits) + first*job->in.stride;
    ensures   halves:  job->storage != MMAX_FLOAT32 ==>
                         halves_at((void *)\result.logits) == halves_at((void *)job->in.logits) + first*job->in.stride;
    ensures   mask:    job->in.mask != \null ==> \result.mask == job->in.mask + first*job->in.mask_stride;
    ensures   none:    job->in.mask == \null ==> \result.mask == \null;
    ensures   alone:   \result.me == job->in.me;
*/
static mmax_input input_from(const mmax_job *job, size_t first, size_t count) {
  /*@ assert hint_fits: (size_t)(first*job->in.mask_stride) == first*job->in.mask_stride; */
  mmax_input in = {row_of(job->in.logits, job->storage, job->in.stride, first),
                   job->in.mask == NULL ? NULL : job->in.mask + first * job->in.mask_stride,
                   count,
                   job->in.cols,
                   job->in.stride,
                   job->in.mask_stride,
                   job->in.me};
  return in;
}

/*@ requires  job:     \valid_read(job) && \valid_read(job->kernels) && is_backend((mmax_kernels *)job->kernels, job->storage);
    requires  report:  \valid(report) && \separated(report, job) && \separated(report, job->kernels);
    requires  fits:    counts_to(first, job->in.stride) && counts_to(first, job->in.mask_stride) &&
                         counts_to(first, job->upstream.stride) && counts_to(first, job->out.stride);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, *acc, (job->loss + first)[0 .. (job->loss == \null ? 0 : count) - 1],
              (floats_at(job->out.data) + first*job->out.stride)[0 .. floats_in(job->storage, job->out.data, count, job->in.cols, job->out.stride) - 1],
              (halves_at(job->out.data) + first*job->out.stride)[0 .. halves_in(job->storage, job->out.data, count, job->in.cols, job->out.stride) - 1],
              ((char *)scratch.data)[0 .. scratch.bytes - 1];
    ensures   once:    mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   table:   mmax_ran.kernels == \old(job->kernels);
    ensures   batch:   handed(mmax_ran, \old(*job), first, count, acc);
*/
void mmax_job_run_rows(const mmax_job *job, size_t first, size_t count, mmax_scratch scratch,
                       mmax_accumulator *acc, mmax_report *report) {
  const mmax_input in = input_from(job, first, count);
  const mmax_output out = output_from(job->out, job->storage, first);
  mmax_report_start(report);
  /*@ ghost const mmax_kernels *table = job->kernels; */
  /*@ assert hint_fits: counts_to(first, job->upstream.stride); */
  if (job->kind == MMAX_FORWARD) {
    /*@ calls mmax_backend_forward, mmax_backend_forward16; */
    job->kernels->forward(job->params, &in, out, scratch, report);
  } else if (job->kind == MMAX_LOG_FORWARD) {
    /*@ calls mmax_backend_log_forward, mmax_backend_log_forward16; */
    job->kernels->log_forward(job->params, &in, out, scratch, report);
  } else if (job->kind == MMAX_BACKWARD) {
    mmax_upstream upstream = job->upstream;
    upstream.grad_probs = row_of(upstream.grad_probs, job->storage, upstream.stride, first);
    /*@ calls mmax_backend_backward, mmax_backend_backward16; */
    job->kernels->backward(job->params, &in, upstream, out, acc, scratch, report);
  } else {
    mmax_targets targets = job->targets;
    targets.target += first;
    const float *grad_loss = job->grad_loss == NULL ? NULL : job->grad_loss + first;
    float *loss = job->loss == NULL ? NULL : job->loss + first;
    /*@ calls mmax_backend_cross_entropy, mmax_backend_cross_entropy16; */
    job->kernels->cross_entropy(job->params, &in, &targets, grad_loss, loss, out, acc, scratch,
                                report);
  }
  /*@ ghost mmax_ran.kernels = table; */
}

#if defined(MMAX_PTHREADS)
#include <pthread.h>

#define MAX_THREADS ((unsigned)MMAX_TEAM_MOST)
/* A thread is worth its start and the waiting, about 20 us, from so many entries on. */
#define SHARE_LEAST ((size_t)1 << 15)

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

/* The calling thread's share and those of the others, some rows each. */
static void run_shares(const mmax_job *job, unsigned threads, mmax_report *report) {
  share shares[MAX_THREADS];
  pthread_t ids[MAX_THREADS];
  int started[MAX_THREADS];
  /* each share's scratch starts on a cache line */
  size_t scratch_bytes = job->scratch.bytes / threads / 64 * 64;
  for (unsigned t = 0; t < threads; t++) {
    share *s = &shares[t];
    s->job = job;
    const mmax_span rows = mmax_share(job->in.rows, 1, threads, t);
    s->first = rows.from;
    s->count = rows.to - rows.from;
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

/* A team of threads. Those started wait for the lock until the size is known. */
typedef struct crew {
  mmax_team team; /* first: see meet */
  const mmax_job *job;
  pthread_mutex_t lock;
  pthread_cond_t met;
  unsigned arrived;
  unsigned long meetings;
} crew;

typedef struct hand {
  crew *crew;
  mmax_member me;
  mmax_accumulator acc;
  mmax_report report;
} hand;

static void meet(mmax_team *team) {
  crew *c = (crew *)(void *)team;
  pthread_mutex_lock(&c->lock);
  unsigned long meeting = c->meetings;
  if (++c->arrived == team->size) {
    c->arrived = 0;
    c->meetings++;
    pthread_cond_broadcast(&c->met);
  }
  while (c->meetings == meeting) pthread_cond_wait(&c->met, &c->lock);
  pthread_mutex_unlock(&c->lock);
}

static void *run_member(void *arg) {
  hand *h = arg;
  const mmax_job *job = h->crew->job;
  mmax_fpenv saved = mmax_fpenv_enter();
  mmax_job mine = *job;
  mine.in.me = &h->me;
  if (job->acc != NULL) mmax_accumulator_init(&h->acc);
  mmax_job_run_rows(&mine, 0, job->in.rows, job->scratch, job->acc == NULL ? NULL : &h->acc,
                    &h->report);
  mmax_fpenv_leave(saved);
  return NULL;
}

static void *start_member(void *arg) {
  hand *h = arg;
  pthread_mutex_lock(&h->crew->lock);
  pthread_mutex_unlock(&h->crew->lock);
  return run_member(h);
}

void mmax_job_run_team(const mmax_job *job, unsigned size, mmax_report *report) {
  crew c = {.job = job, .lock = PTHREAD_MUTEX_INITIALIZER, .met = PTHREAD_COND_INITIALIZER};
  hand hands[MAX_THREADS];
  pthread_t ids[MAX_THREADS];
  unsigned started = 1;
  pthread_mutex_lock(&c.lock);
  for (unsigned t = 0; t < size; t++) {
    hands[t].crew = &c;
    hands[t].me = (mmax_member){&c.team, t, 0};
  }
  while (started < size &&
         pthread_create(&ids[started], NULL, start_member, &hands[started]) == 0)
    started++;
  c.team.size = started; /* a thread that could not be started has no share */
  c.team.wait = meet;
  pthread_mutex_unlock(&c.lock);
  run_member(&hands[0]);
  *report = hands[0].report; /* every member has seen every row */
  for (unsigned t = 0; t < started; t++) {
    if (t > 0) {
      pthread_join(ids[t], NULL);
      hands[t].acc.rows = hands[t].acc.nonfinite_rows = 0;
    }
    if (job->acc != NULL) mmax_accumulator_merge(job->acc, &hands[t].acc);
  }
  pthread_cond_destroy(&c.met);
  pthread_mutex_destroy(&c.lock);
}

void mmax_job_run(const mmax_job *job, unsigned threads, mmax_report *report) {
  if (threads > MAX_THREADS) threads = MAX_THREADS;
  size_t shares = job->in.cols / SHARE_LEAST;
  unsigned team = shares < threads ? (unsigned)shares : threads;
  if (threads > job->in.rows) threads = (unsigned)job->in.rows;
  if (job->kernels->split > 0 && team > threads)
    mmax_job_run_team(job, team, report);
  else if (threads > 1)
    run_shares(job, threads, report);
  else
    mmax_job_run_rows(job, 0, job->in.rows, job->scratch, job->acc, report);
}

#else

/*@ requires  job:     \valid_read(job) && \valid_read(job->kernels) && is_backend((mmax_kernels *)job->kernels, job->storage);
    requires  report:  \valid(report) && \separated(report, job) && \separated(report, job->kernels);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, *job->acc, job->loss[0 .. job->in.rows - 1],
              floats_at(job->out.data)[0 .. floats_in(job->storage, job->out.data, job->in.rows, job->in.cols, job->out.stride) - 1],
              halves_at(job->out.data)[0 .. halves_in(job->storage, job->out.data, job->in.rows, job->in.cols, job->out.stride) - 1],
              ((char *)job->scratch.data)[0 .. job->scratch.bytes - 1];
    ensures   once:    mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   table:   mmax_ran.kernels == \old(job->kernels);
    ensures   batch:   handed(mmax_ran, \old(*job), 0, \old(job->in.rows), \old(job->acc));
*/
void mmax_job_run_team(const mmax_job *job, unsigned size, mmax_report *report) {
  (void)size;
  mmax_job_run_rows(job, 0, job->in.rows, job->scratch, job->acc, report);
}

/* Of its caller the table is not asked for: src/dispatch.c gives it (specs/soundness.md). */
/*@ requires  table:   \valid_read(job->kernels) && is_backend((mmax_kernels *)job->kernels, job->storage);
    requires  apart:   \separated(report, job) && \separated(report, job->kernels);
*/
void mmax_job_run(const mmax_job *job, unsigned threads, mmax_report *report) {
  (void)threads;
  mmax_job_run_rows(job, 0, job->in.rows, job->scratch, job->acc, report);
}

#endif
