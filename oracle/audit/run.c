/* SPDX-License-Identifier: Apache-2.0 */
/* Cases to workers, each with a subject process of its own. */
#define _GNU_SOURCE
#include <mpfr.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../progress.h"
#include "audit.h"

enum { BIG = 1 << 16 }; /* expectations of larger cases are dropped after use */

struct shared {
  struct audit *audit;
  size_t *order; /* large cases first */
  atomic_size_t next;
  uint64_t *hash;
  progress bar;
};

struct worker {
  pthread_t thread;
  struct shared *shared;
  struct session session;
  struct verdicts verdicts;
  struct fault fault;
  int failed;
};

static struct session session_for(const struct audit *audit, struct verdicts *verdicts) {
  struct session s = {.command = audit->command, .limits = audit->limits, .profile = audit->profile,
                      .restarts_allowed = 12, .verdicts = verdicts, .suite = &audit->suite};
  return s;
}

static void *work(void *argument) {
  struct worker *w = argument;
  struct audit *audit = w->shared->audit;
  if (session_open(&w->session, &w->fault) != 0) {
    w->failed = 1;
    return NULL;
  }
  for (;;) {
    size_t at = atomic_fetch_add(&w->shared->next, 1);
    if (at >= audit->suite.case_count) break;
    size_t k = w->shared->order[at];
    struct audit_case *c = &audit->suite.cases[k];
    if (case_decide(c, 1, &w->fault) != 0) {
      w->failed = 1;
      break;
    }
    check_case(&w->session, c, k, &w->shared->hash[k]);
    if (c->rows * c->cols > BIG && c->at == NULL) {
      free(c->exact);
      free(c->probs);
      c->exact = c->probs = NULL;
      c->decided = 0;
    }
    progress_add(&w->shared->bar, c->rows * c->cols + 500);
  }
  session_close(&w->session);
  mpfr_free_cache(); /* this thread's */
  return NULL;
}

static const struct suite *sorted_suite; /* qsort has no context */
static int by_size(const void *a, const void *b) {
  const struct audit_case *x = &sorted_suite->cases[*(const size_t *)a], *y = &sorted_suite->cases[*(const size_t *)b];
  size_t m = x->rows * x->cols, n = y->rows * y->cols;
  return m != n ? (m > n ? -1 : 1) : x < y ? -1 : x > y;
}

static void fold_hashes(struct audit *audit, const uint64_t *hash) {
  audit->group_hash = audit_alloc(audit->suite.group_count, sizeof *audit->group_hash);
  for (size_t g = 0; g < audit->suite.group_count; g++) audit->group_hash[g] = HASH_START;
  for (size_t k = 0; k < audit->suite.case_count; k++) {
    uint64_t *h = &audit->group_hash[audit->suite.cases[k].group];
    for (int byte = 0; byte < 8; byte++) *h = (*h ^ (hash[k] >> (8 * byte) & 0xff)) * 0x100000001b3u;
  }
}

static double seconds_now(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int audit_run(struct audit *audit, struct fault *fault) {
  size_t count = audit->suite.case_count, total = 0;
  struct shared shared = {.audit = audit, .order = audit_alloc(count, sizeof(size_t)), .hash = audit_alloc(count, sizeof(uint64_t))};
  double start = seconds_now();
  int result = 0;
  for (size_t k = 0; k < count; k++) {
    shared.order[k] = k;
    total += audit->suite.cases[k].rows * audit->suite.cases[k].cols + 500;
  }
  sorted_suite = &audit->suite;
  qsort(shared.order, count, sizeof *shared.order, by_size);
  verdicts_init(&audit->verdicts, audit->suite.group_count);
  progress_start(&shared.bar, "audit", total);
  unsigned jobs = audit->jobs < 1 ? 1 : audit->jobs > count ? (unsigned)count : audit->jobs;
  struct worker *workers = audit_alloc(jobs, sizeof *workers);
  unsigned started = 0;
  for (unsigned k = 0; k < jobs; k++) {
    struct worker *w = &workers[k];
    w->shared = &shared;
    verdicts_init(&w->verdicts, audit->suite.group_count);
    w->session = session_for(audit, &w->verdicts);
    if (k + 1 == jobs) (void)work(w); /* the last one is this thread */
    else if (pthread_create(&w->thread, NULL, work, w) == 0) started++;
    else break; /* fewer workers do the same work */
  }
  for (unsigned k = 0; k < jobs; k++) {
    if (k < started) (void)pthread_join(workers[k].thread, NULL);
    verdicts_merge(&audit->verdicts, &workers[k].verdicts);
    audit->restarts += workers[k].session.restarts;
    if (workers[k].failed && result == 0) {
      *fault = workers[k].fault;
      result = -1;
    }
    verdicts_free(&workers[k].verdicts);
  }
  progress_finish(&shared.bar);
  fold_hashes(audit, shared.hash);
  audit->seconds = seconds_now() - start;
  free(workers);
  free(shared.order);
  free(shared.hash);
  for (int p = 0; p < PROPERTIES && result == 0 && audit->reduce; p++) {
    size_t group = 0, checked, failed;
    const struct cell *cell = verdicts_property(&audit->verdicts, (enum property)p, &group, &checked, &failed);
    if (cell != NULL && cell->worst.severity >= SEVERITY_MINOR) audit_reduce(audit, (enum property)p, group);
  }
  return result;
}

void audit_free(struct audit *audit) {
  for (int p = 0; p < PROPERTIES; p++)
    if (audit->reduction[p].done) case_free(&audit->reduction[p].row);
  verdicts_free(&audit->verdicts);
  suite_free(&audit->suite);
  free(audit->group_hash);
}
