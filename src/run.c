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

void mmax_job_run_team(const mmax_job *job, unsigned size, mmax_report *report) {
  (void)size;
  mmax_job_run_rows(job, 0, job->in.rows, job->scratch, job->acc, report);
}

void mmax_job_run(const mmax_job *job, unsigned threads, mmax_report *report) {
  (void)threads;
  mmax_job_run_rows(job, 0, job->in.rows, job->scratch, job->acc, report);
}

#endif
