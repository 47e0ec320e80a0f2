/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row's result depends on its own data alone: permuting the row permutes the
 * output; batches, strides, alignment, in-place calls and threads change no
 * bit; the parameter gradients are the same for any order and split of rows.
 */
#include <string.h>

#include "random.h"
#include "support.h"

enum { ROWS = 37, MAX_N = 301, PAD = 9 };
static float x[ROWS][MAX_N], g[ROWS][MAX_N];
static uint8_t mask[ROWS][MAX_N];
static int32_t y[ROWS];
static size_t n;
static mmax_backend backend;

typedef struct results {
  float probs[ROWS][MAX_N], logs[ROWS][MAX_N], grad[ROWS][MAX_N], ce[ROWS][MAX_N], loss[ROWS];
  mmax_accumulator acc;
} results;

/* Rows [first, first+count) in one call each, results laid down at the same place. */
static void run(const mmax_params *p, int first, int count, unsigned threads, results *out) {
  mmax_rows in = {&x[first][0], &mask[first][0], (size_t)count, n, MAX_N, MAX_N};
  mmax_exec how = {backend, threads, NULL, 0};
  mmax_targets t = {y + first, -100, 0.125f};
  mmax_forward(p, &in, &out->probs[first][0], MAX_N, &how, NULL);
  mmax_log_forward(p, &in, &out->logs[first][0], MAX_N, &how, NULL);
  mmax_backward(p, &in, &g[first][0], MAX_N, &out->grad[first][0], MAX_N, &out->acc, &how, NULL);
  mmax_cross_entropy_backward(p, &in, &t, NULL, out->loss + first,
                              &out->ce[first][0], MAX_N, &out->acc, &how, NULL);
}

static void whole(const mmax_params *p, unsigned threads, results *out) {
  memset(out, 0, sizeof *out);
  mmax_accumulator_init(&out->acc);
  run(p, 0, ROWS, threads, out);
}

static void permuted(const mmax_params *p, const results *want, uint64_t *seed) {
  size_t to[MAX_N];
  float px[MAX_N], pg[MAX_N], a[MAX_N], b[MAX_N], c[MAX_N];
  uint8_t pm[MAX_N];
  for (size_t i = 0; i < n; i++) to[i] = i;
  for (size_t i = n; i-- > 1;) {
    size_t j = random_u64(seed) % (i + 1), t = to[i];
    to[i] = to[j];
    to[j] = t;
  }
  mmax_accumulator acc, one;
  mmax_accumulator_init(&acc);
  mmax_accumulator_init(&one);
  mmax_exec how = {backend, 1, NULL, 0};
  for (int r = 0; r < ROWS; r++) {
    for (size_t i = 0; i < n; i++) {
      px[to[i]] = x[r][i];
      pg[to[i]] = g[r][i];
      pm[to[i]] = mask[r][i];
    }
    mmax_rows in = {px, pm, 1, n, n, n}, plain = {x[r], mask[r], 1, n, n, n};
    mmax_forward(p, &in, a, n, &how, NULL);
    mmax_log_forward(p, &in, b, n, &how, NULL);
    mmax_backward(p, &in, pg, n, c, n, &acc, &how, NULL);
    mmax_backward(p, &plain, g[r], n, NULL, 0, &one, &how, NULL);
    for (size_t i = 0; i < n; i++) {
      CHECK(memcmp(&a[to[i]], &want->probs[r][i], 4) == 0);
      CHECK(memcmp(&b[to[i]], &want->logs[r][i], 4) == 0);
      CHECK(memcmp(&c[to[i]], &want->grad[r][i], 4) == 0);
    }
  }
  CHECK(memcmp(&acc, &one, sizeof acc) == 0);
}

/* Rows in pieces, last piece first; accumulators merged backwards through bytes. */
static void split(const mmax_params *p, const results *want, uint64_t *seed) {
  static results part;
  mmax_accumulator total;
  memset(&part, 0, sizeof part);
  mmax_accumulator_init(&total);
  for (int end = ROWS; end > 0;) {
    int count = 1 + (int)(random_u64(seed) % 9);
    int first = end - count < 0 ? 0 : end - count;
    mmax_accumulator_init(&part.acc);
    run(p, first, end - first, 1, &part);
    uint8_t bytes[MMAX_ACC_BYTES];
    mmax_accumulator back;
    CHECK(mmax_accumulator_store(&part.acc, bytes) == MMAX_OK);
    CHECK(mmax_accumulator_load(&back, bytes) == MMAX_OK);
    CHECK(mmax_accumulator_merge(&total, &back) == MMAX_OK);
    end = first;
  }
  part.acc = total;
  CHECK(memcmp(&part, want, sizeof part) == 0);
}

static void in_place(const mmax_params *p, const results *want) {
  static float buffer[1 + ROWS * (MAX_N + PAD)];
  for (size_t offset = 0; offset < 2; offset++) {
    mmax_rows in = {buffer + offset, &mask[0][0], ROWS, n, MAX_N + PAD, MAX_N};
    mmax_exec how = {backend, 1, NULL, 0};
    for (int kind = 0; kind < 4; kind++) {
      for (int r = 0; r < ROWS; r++)
        memcpy(buffer + offset + (size_t)r * in.stride, kind == 3 ? g[r] : x[r], n * sizeof(float));
      mmax_targets t = {y, -100, 0.125f};
      if (kind == 0) mmax_forward(p, &in, buffer + offset, in.stride, &how, NULL);
      if (kind == 1) mmax_log_forward(p, &in, buffer + offset, in.stride, &how, NULL);
      if (kind == 2)
        mmax_cross_entropy_backward(p, &in, &t, NULL, NULL, buffer + offset, in.stride, NULL, &how,
                                    NULL);
      if (kind == 3) { /* over the upstream gradient */
        mmax_rows source = {&x[0][0], &mask[0][0], ROWS, n, MAX_N, MAX_N};
        mmax_backward(p, &source, buffer + offset, in.stride, buffer + offset, in.stride, NULL,
                      &how, NULL);
      }
      for (int r = 0; r < ROWS; r++) {
        const float *w = kind == 0   ? want->probs[r]
                         : kind == 1 ? want->logs[r]
                         : kind == 2 ? want->ce[r]
                                     : want->grad[r];
        CHECK(memcmp(buffer + offset + (size_t)r * in.stride, w, n * sizeof(float)) == 0);
      }
    }
  }
}

int main(void) {
  static mmax_params layers[LEARNED_LAYERS];
  static results want, got;
  static const size_t lengths[5] = {1, 2, 17, 64, MAX_N};
  uint64_t seed = 5;
  learned_layers(layers);
  CHECK(mmax_params_set_affine(&layers[2], 0.75f, -0.5f) == MMAX_OK);
  for (int b = MMAX_BACKEND_REF; b <= MMAX_BACKEND_PORTABLE; b++) {
    backend = (mmax_backend)b;
    if (!mmax_backend_available(backend)) continue;
    for (int l = 0; l < 5; l++) {
      n = lengths[l];
      const mmax_params *p = &layers[l == 4 ? 10 : l];
      for (int r = 0; r < ROWS; r++) {
        y[r] = (int32_t)(random_u64(&seed) % n);
        for (size_t i = 0; i < n; i++) {
          x[r][i] = (float)(2 * random_normal(&seed));
          g[r][i] = random_u64(&seed) % 20 == 0 ? random_finite(&seed)
                                                : (float)random_normal(&seed);
          mask[r][i] = r % 3 == 0 && random_u64(&seed) % 4 == 0;
        }
      }
      whole(p, 1, &want);
      for (unsigned threads = 2; threads <= 5; threads++) {
        whole(p, threads, &got);
        CHECK(memcmp(&want, &got, sizeof want) == 0);
      }
      permuted(p, &want, &seed);
      split(p, &want, &seed);
      in_place(p, &want);
    }
  }
  return verdict("property_order");
}
