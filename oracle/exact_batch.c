/* SPDX-License-Identifier: Apache-2.0 */
/* Threads, workers and reports. */
#include "exact_batch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { MAX_THREADS = 256 };

typedef struct pool {
  batch *batch;
  progress *progress;
  atomic_size_t next;
  atomic_int failed;
} pool;

typedef struct thread {
  pool *pool;
  worker worker;
} thread;

void report_start(exact_report *report) {
  report->rows.masked_rows = report->rows.nonfinite_rows = report->rows.ignored_rows = 0;
  report->rows.first_masked = report->rows.first_nonfinite = SIZE_MAX;
  report->undecided_rows = 0;
  report->first_undecided = SIZE_MAX;
}

static void count(size_t *rows, size_t *first, size_t r) {
  ++*rows;
  if (r < *first) *first = r;
}

void report_row(exact_report *report, size_t r, exact_status status) {
  if (status == EXACT_ROW_MASKED)
    count(&report->rows.masked_rows, &report->rows.first_masked, r);
  else if (status == EXACT_ROW_NONFINITE)
    count(&report->rows.nonfinite_rows, &report->rows.first_nonfinite, r);
  else if (status == EXACT_UNDECIDED)
    count(&report->undecided_rows, &report->first_undecided, r);
}

static void merge(size_t *rows, size_t *first, size_t more, size_t other) {
  *rows += more;
  if (other < *first) *first = other;
}

static void report_merge(exact_report *into, const exact_report *from) {
  merge(&into->rows.masked_rows, &into->rows.first_masked, from->rows.masked_rows,
        from->rows.first_masked);
  merge(&into->rows.nonfinite_rows, &into->rows.first_nonfinite, from->rows.nonfinite_rows,
        from->rows.first_nonfinite);
  merge(&into->undecided_rows, &into->first_undecided, from->undecided_rows,
        from->first_undecided);
  into->rows.ignored_rows += from->rows.ignored_rows;
}

exact_status report_status(const exact_report *report) {
  if (report->undecided_rows > 0) return EXACT_UNDECIDED;
  if (report->rows.nonfinite_rows > 0) return EXACT_ROW_NONFINITE;
  return report->rows.masked_rows > 0 ? EXACT_ROW_MASKED : EXACT_OK;
}

static exact_status worker_init(worker *w, const batch *b) {
  w->batch = b;
  modulator_init(&w->modulator);
  gradient_init(&w->gradient);
  loss_init(&w->loss);
  interval_init(&w->log, FIRST_BITS);
  for (int j = 0; j < MMAX_NPARAMS; j++) gradient_sum_init(&w->sums[j], b->sum_bits);
  report_start(&w->report);
  return row_init(&w->row, &w->modulator, b->in->cols);
}

static void worker_clear(worker *w) {
  row_clear(&w->row);
  for (int j = 0; j < MMAX_NPARAMS; j++) gradient_sum_clear(&w->sums[j]);
  interval_clear(&w->log);
  loss_clear(&w->loss);
  gradient_clear(&w->gradient);
  modulator_clear(&w->modulator);
}

static void work(thread *t) {
  pool *p = t->pool;
  while (!atomic_load(&p->failed)) {
    size_t r = atomic_fetch_add(&p->next, 1);
    if (r >= p->batch->in->rows) return;
    report_row(&t->worker.report, r, p->batch->each(&t->worker, r));
    progress_add(p->progress, 1);
  }
}

static void *thread_main(void *arg) {
  work(arg);
  mpfr_free_cache2(MPFR_FREE_LOCAL_CACHE);
  return NULL;
}

/* Starts all threads but the first, which is the calling one; their number. */
static unsigned start(thread *threads, pthread_t *ids, unsigned wanted, exact_status *status) {
  unsigned n = 1;
  while (n < wanted && pthread_create(&ids[n], NULL, thread_main, &threads[n]) == 0) n++;
  if (n < wanted) *status = EXACT_ERR_THREAD;
  return n;
}

exact_status batch_run(batch *b, void (*set_model)(modulator *m, const void *arg), const void *arg,
                       const exact_run *run, exact_report *report,
                       gradient_sum sums[MMAX_NPARAMS]) {
  unsigned wanted = run != NULL && run->threads > 1 ? run->threads : 1;
  if (wanted > MAX_THREADS) wanted = MAX_THREADS;
  if (wanted > b->in->rows) wanted = b->in->rows > 0 ? (unsigned)b->in->rows : 1;
  pool p = {b, run != NULL ? run->progress : NULL, 0, 0};
  thread *threads = calloc(wanted, sizeof *threads);
  pthread_t *ids = calloc(wanted, sizeof *ids);
  exact_status status = threads == NULL || ids == NULL ? EXACT_ERR_MEMORY : EXACT_OK;
  unsigned ready = 0;
  for (; status == EXACT_OK && ready < wanted; ready++) {
    threads[ready].pool = &p;
    status = worker_init(&threads[ready].worker, b);
    set_model(&threads[ready].worker.modulator, arg);
  }
  report_start(report);
  if (status == EXACT_OK) {
    unsigned running = start(threads, ids, wanted, &status);
    if (status != EXACT_OK) atomic_store(&p.failed, 1);
    work(&threads[0]);
    for (unsigned t = 1; t < running; t++) pthread_join(ids[t], NULL);
  }
  for (unsigned t = 0; t < ready; t++) {
    worker *w = &threads[t].worker;
    report_merge(report, &w->report);
    for (int j = 0; j < MMAX_NPARAMS && sums != NULL; j++)
      gradient_sum_add(&sums[j], &w->sums[j]);
    worker_clear(w);
  }
  free(threads);
  free(ids);
  return status;
}
