/* SPDX-License-Identifier: Apache-2.0 */
/* Every cause of refusal has its own status, and leaves every output untouched. */
#include <math.h>
#include <string.h>

#include "support.h"

enum { ROWS = 3, N = 4, SIZE = ROWS * N };
static _Alignas(64) float x[SIZE + 16], g[SIZE], out[SIZE + 16], loss[ROWS];
static uint8_t mask[SIZE];
static int32_t y[ROWS];
static mmax_params params;

static void fill(void) {
  for (int i = 0; i < SIZE + 16; i++) x[i] = (float)i * 0.25f, out[i] = -7.0f;
  for (int i = 0; i < SIZE; i++) g[i] = 1.0f;
  for (int i = 0; i < ROWS; i++) y[i] = i, loss[i] = -7.0f;
  memset(mask, 0, sizeof mask);
}

static int untouched(void) {
  for (int i = 0; i < SIZE + 16; i++)
    if (out[i] != -7.0f || x[i] != (float)i * 0.25f) return 0;
  for (int i = 0; i < ROWS; i++)
    if (loss[i] != -7.0f) return 0;
  return 1;
}

/* All four entry points on one set of arguments; each must refuse alike. */
static void refuses(mmax_status want, const mmax_params *p, const mmax_rows *in, float *to,
                    size_t stride, const mmax_exec *exec) {
  mmax_targets t = {y, -100, 0.0f};
  mmax_accumulator acc, before;
  mmax_report report = {9, 9, 9, 9, 9}, same = report;
  mmax_accumulator_init(&acc);
  before = acc;
  CHECK(mmax_forward(p, in, to, stride, exec, &report) == want);
  CHECK(mmax_log_forward(p, in, to, stride, exec, &report) == want);
  CHECK(mmax_backward(p, in, g, N, to, stride, &acc, exec, &report) == want);
  CHECK(mmax_cross_entropy_backward(p, in, &t, NULL, loss, to, stride, &acc, exec, &report) ==
        want);
  CHECK(untouched() && memcmp(&acc, &before, sizeof acc) == 0);
  CHECK(memcmp(&report, &same, sizeof report) == 0);
}

static void refusals(void) {
  const mmax_rows good = {x, NULL, ROWS, N, N, 0};
  mmax_rows in = good;
  refuses(MMAX_ERR_NULL, NULL, &in, out, N, NULL);
  refuses(MMAX_ERR_NULL, &params, NULL, out, N, NULL);
  in.logits = NULL;
  refuses(MMAX_ERR_NULL, &params, &in, out, N, NULL);
  CHECK(mmax_forward(&params, &good, NULL, N, NULL, NULL) == MMAX_ERR_NULL);
  CHECK(mmax_backward(&params, &good, NULL, N, out, N, NULL, NULL, NULL) == MMAX_ERR_NULL);
  CHECK(mmax_cross_entropy(&params, &good, NULL, loss, NULL, NULL) == MMAX_ERR_NULL);

  const double bad[4] = {NAN, INFINITY, -INFINITY, 0x1p128};
  for (int i = 0; i < 4; i++)
    for (int field = 0; field < 10; field++) {
      mmax_params p = params;
      double *at = field < 4 ? &p.coef[field] : field < 8 ? &p.knot[field - 4]
                                                          : field == 8 ? &p.scale : &p.shift;
      *at = bad[i];
      refuses(MMAX_ERR_PARAMS, &p, &good, out, N, NULL);
    }
  mmax_params p = params;
  p.terms = 32;
  refuses(MMAX_ERR_PARAMS, &p, &good, out, N, NULL);
  p = params;
  p.terms = MMAX_ORDER_1; /* c3 is not 0 */
  refuses(MMAX_ERR_PARAMS, &p, &good, out, N, NULL);
  p = params;
  p.scale = 2.0; /* without MMAX_TERM_AFFINE */
  refuses(MMAX_ERR_PARAMS, &p, &good, out, N, NULL);

  in = good;
  in.cols = (size_t)MMAX_MAX_COLS + 1;
  refuses(MMAX_ERR_SIZE, &params, &in, out, N, NULL);
  in = good;
  in.stride = SIZE_MAX / 4;
  refuses(MMAX_ERR_SIZE, &params, &in, out, N, NULL);
  in = good;
  in.rows = SIZE_MAX / 8;
  refuses(MMAX_ERR_SIZE, &params, &in, out, N, NULL);
  in = good;
  in.stride = N - 1;
  refuses(MMAX_ERR_STRIDE, &params, &in, out, N, NULL);
  refuses(MMAX_ERR_STRIDE, &params, &good, out, N - 1, NULL);
  refuses(MMAX_ERR_STRIDE, &params, &good, out, 0, NULL);
  in = good;
  in.mask = mask;
  in.mask_stride = 1;
  refuses(MMAX_ERR_STRIDE, &params, &in, out, N, NULL);
  refuses(MMAX_ERR_ALIGN, &params, &good, (float *)(void *)((char *)out + 1), N, NULL);
  in = good;
  in.logits = (const float *)(const void *)((const char *)x + 2);
  refuses(MMAX_ERR_ALIGN, &params, &in, out, N, NULL);
  refuses(MMAX_ERR_OVERLAP, &params, &good, x + 1, N, NULL);
  refuses(MMAX_ERR_OVERLAP, &params, &good, x, N + 1, NULL);
  in = good;
  in.mask = (const uint8_t *)out + 5;
  in.mask_stride = N;
  refuses(MMAX_ERR_OVERLAP, &params, &in, out, N, NULL);

  mmax_exec exec = {(mmax_backend)99, 1, NULL, 0};
  refuses(MMAX_ERR_BACKEND, &params, &good, out, N, &exec);
#if defined(__x86_64__)
  exec.backend = MMAX_BACKEND_NEON;
#else
  exec.backend = MMAX_BACKEND_AVX2;
#endif
  refuses(MMAX_ERR_BACKEND, &params, &good, out, N, &exec);
  static _Alignas(64) char scratch[256];
  exec = (mmax_exec){MMAX_BACKEND_AUTO, 1, scratch + 8, 64};
  refuses(MMAX_ERR_SCRATCH, &params, &good, out, N, &exec);
  exec = (mmax_exec){MMAX_BACKEND_AUTO, 1, NULL, 64};
  refuses(MMAX_ERR_SCRATCH, &params, &good, out, N, &exec);
}

static void targets(void) {
  const mmax_rows in = {x, NULL, ROWS, N, N, 0};
  const int32_t bad[3] = {-1, N, INT32_MAX};
  for (int i = 0; i < 3; i++) {
    y[ROWS - 1] = bad[i]; /* the last row: nothing of the earlier ones may be written */
    mmax_targets t = {y, -100, 0.0f};
    CHECK(mmax_cross_entropy_backward(&params, &in, &t, NULL, loss, out, N, NULL, NULL, NULL) ==
          MMAX_ERR_TARGET);
    CHECK(untouched());
    t.ignore_index = bad[i];
    CHECK(mmax_cross_entropy(&params, &in, &t, loss, NULL, NULL) == MMAX_OK);
    fill();
  }
  const float smoothing[4] = {NAN, -0x1p-149f, 1.0000001f, INFINITY};
  for (int i = 0; i < 4; i++) {
    mmax_targets t = {y, -100, smoothing[i]};
    CHECK(mmax_cross_entropy_backward(&params, &in, &t, NULL, loss, out, N, NULL, NULL, NULL) ==
          MMAX_ERR_SMOOTHING);
    CHECK(untouched());
  }
}

/* rows = 0 or cols = 0: nothing is read or written, whatever the pointers. */
static void empty(void) {
  mmax_report r;
  mmax_rows none = {NULL, NULL, 0, N, N, 0};
  CHECK(mmax_forward(&params, &none, NULL, N, NULL, &r) == MMAX_OK && r.masked_rows == 0);
  none = (mmax_rows){NULL, NULL, ROWS, 0, 0, 0};
  CHECK(mmax_forward(&params, &none, NULL, 0, NULL, &r) == MMAX_OK && r.first_masked == SIZE_MAX);
  CHECK(untouched());
}

static void accumulators(void) {
  mmax_accumulator a;
  uint8_t bytes[MMAX_ACC_BYTES];
  double grad[MMAX_NPARAMS];
  mmax_accumulator_init(&a);
  CHECK(mmax_accumulator_merge(&a, NULL) == MMAX_ERR_NULL);
  CHECK(mmax_accumulator_finish(&a, NULL, grad) == MMAX_ERR_NULL);
  CHECK(mmax_accumulator_store(&a, bytes) == MMAX_OK);
  for (int i = 0; i < 8; i++) {
    mmax_accumulator before = a;
    bytes[i] ^= 1;
    CHECK(mmax_accumulator_load(&a, bytes) == MMAX_ERR_FORMAT);
    CHECK(memcmp(&a, &before, sizeof a) == 0);
    bytes[i] ^= 1;
  }
}

int main(void) {
  mmax_params layers[LEARNED_LAYERS];
  learned_layers(layers);
  params = layers[3];
  fill();
  refusals();
  targets();
  fill();
  empty();
  accumulators();
  for (int s = -14; s <= 3; s++) CHECK(strlen(mmax_status_text((mmax_status)s)) > 1);
  return verdict("edge_arguments");
}
