/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that cannot be started change time alone: no wait without end, the
 * same bits, every row reported and summed once. pthread_create is replaced by
 * one that fails from a given call on (linked with --wrap).
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "random.h"
#include "run.h"
#include "support.h"

static int allowed, asked;
int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*run)(void *), void *arg) {
  return asked++ < allowed ? __real_pthread_create(id, attr, run, arg) : EAGAIN;
}

enum { LONG = 300001, MANY = 7 };
typedef struct results {
  float probs[LONG], grad[LONG];
  mmax_report report[2];
  mmax_accumulator acc;
} results;

static float x[LONG], g[LONG];
static results want, got;

/* Rows of n entries; the second is not finite, the third has nothing unmasked. */
static void compute(const mmax_params *p, mmax_backend backend, size_t rows, size_t n,
                    unsigned threads, results *out) {
  const mmax_rows in = {x, NULL, rows, n, n, 0};
  const mmax_exec how = {backend, threads, NULL, 0};
  memset(out, 0, sizeof *out);
  mmax_accumulator_init(&out->acc);
  CHECK(mmax_forward(p, &in, out->probs, n, &how, &out->report[0]) >= 0);
  CHECK(mmax_backward(p, &in, g, n, out->grad, n, &out->acc, &how, &out->report[1]) >= 0);
}

int main(void) {
  uint64_t seed = 5;
  mmax_params layers[LEARNED_LAYERS];
  learned_layers(layers);
  static const size_t rows[] = {1, MANY}, cols[] = {LONG, LONG / MANY};
  for (int c = 0; c < 2; c++) {
    for (size_t i = 0; i < LONG; i++) {
      x[i] = (float)random_normal(&seed);
      g[i] = (float)random_normal(&seed);
    }
    if (c == 1) {
      x[cols[1] + 5] = NAN;
      for (size_t i = 0; i < cols[1]; i++) x[2 * cols[1] + i] = -INFINITY;
    }
    for (mmax_backend b = MMAX_BACKEND_REF; b <= MMAX_BACKEND_NEON; b++) {
      if (!mmax_backend_available(b)) continue;
      compute(&layers[9], b, rows[c], cols[c], 1, &want);
      for (allowed = 0; allowed < 4; allowed++) {
        asked = 0;
        compute(&layers[9], b, rows[c], cols[c], 4, &got);
        CHECK(memcmp(&want, &got, sizeof got) == 0);
        CHECK(asked > 0 || (c == 0 && b == MMAX_BACKEND_REF)); /* which splits no row */
      }
    }
  }
  CHECK(want.report[1].nonfinite_rows == 1 && want.report[1].masked_rows == 1 && want.acc.rows == 5);
  return verdict("edge_threads");
}
