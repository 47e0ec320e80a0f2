/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claim: the calls of multimax_cuda.h give the reference's bits, reports and accumulators at every length where they
 * choose another kernel, and refuse bad arguments before anything is launched.
 */
#include <string.h>

#include "cuda_device.h"
#include "diff_rows.h"
#include "multimax_cuda.h"

enum { ROWS = 5 };
static int paths[MMAX_CUDA_PASSES + 1]; /* how often each was taken */

static int same(const char *what, const void *want, const void *got, size_t bytes, size_t n) {
  int equal = memcmp(want, got, bytes) == 0;
  if (!equal && failures < 10) printf("%s n=%zu differs\n", what, n);
  return equal;
}

/* A batch of any storage as the two kinds of call take it. */
static mmax_rows rows32(const mmax_input *in) {
  return (mmax_rows){in->logits, in->mask, in->rows, in->cols, in->stride, in->mask_stride};
}
static mmax_rows16 rows16(const mmax_input *in, mmax_storage s) {
  return (mmax_rows16){s, in->logits, in->mask, in->rows, in->cols, in->stride, in->mask_stride};
}

static void *cells_of(mmax_storage s, const float *from, size_t n) {
  uint16_t *to = malloc(n * sizeof *from);
  if (to == NULL) exit(1);
  if (s == MMAX_FLOAT32) memcpy(to, from, n * sizeof *from);
  for (size_t i = 0; s != MMAX_FLOAT32 && i < n; i++) to[i] = mmax_round16(s, (double)from[i]);
  return to;
}

/* What the header says of ROWS rows: who shares them. */
static int chose_well(const mmax_cuda_exec *exec, size_t n) {
  unsigned parts = exec->blocks_per_row != 0 ? exec->blocks_per_row : (unsigned)((n + 8191) / 8192);
  mmax_cuda_path path = parts == 1 ? n <= 1024 ? MMAX_CUDA_WARP : MMAX_CUDA_BLOCK
                        : parts <= 8 && device_clusters() && !exec->no_clusters ? MMAX_CUDA_CLUSTER
                                                                                : MMAX_CUDA_PASSES;
  paths[path]++;
  return exec->choice->path == path && exec->choice->blocks_per_row == parts;
}

static void check_length(const mmax_params *params, mmax_storage s, size_t n, unsigned blocks_per_row, int no_clusters,
                         uint64_t *seed) {
  size_t count = ROWS * n, bytes = count * mmax_storage_bytes(s);
  float *x = malloc(count * sizeof *x), *g = malloc(count * sizeof *g);
  void *want = malloc(bytes), *got = malloc(bytes);
  float grad_loss[ROWS], want_loss[ROWS], got_loss[ROWS];
  int32_t target[ROWS];
  uint8_t *mask = calloc(count, 1);
  if (x == NULL || g == NULL || want == NULL || got == NULL || mask == NULL) exit(1);
  diff_case c = {.params = *params, .in = {x, mask, ROWS, n, n, n}, .grad = g, .grad_loss = grad_loss, .target = target, .smoothing = 0.1f};
  diff_fill(&c, x, mask, 1, seed);
  x[n] = NAN;
  mask[n] = 0;
  void *xs = cells_of(s, x, count), *gs = cells_of(s, g, count);
  mmax_input in = {.logits = xs, .mask = mask, .rows = ROWS, .cols = n, .stride = n, .mask_stride = n};
  mmax_input at = in; /* on the device */
  at.logits = device_put(xs, bytes);
  at.mask = device_put(mask, count);
  mmax_rows on32 = rows32(&at);
  mmax_rows16 on16 = rows16(&at, s);
  void *device_g = device_put(gs, bytes), *out = device_put(NULL, bytes);
  float *device_loss = device_put(NULL, sizeof got_loss), *device_up = device_put(grad_loss, sizeof grad_loss);
  mmax_targets targets = {target, -100, c.smoothing}, device_targets = {device_put(target, sizeof target), -100, c.smoothing};
  mmax_accumulator want_acc, got_acc;
  mmax_accumulator_init(&want_acc);
  mmax_accumulator *acc = device_put(&want_acc, sizeof want_acc);
  mmax_cuda_report report;
  mmax_cuda_choice choice = {MMAX_CUDA_NONE, 0};
  mmax_cuda_exec exec = {.report = device_put(NULL, sizeof report), .workspace_bytes = mmax_cuda_workspace_bytes(ROWS, n, blocks_per_row),
                         .blocks_per_row = blocks_per_row, .no_clusters = no_clusters, .choice = &choice};
  exec.workspace = device_put(NULL, exec.workspace_bytes);
  mmax_cuda_exec plain = exec;
  plain.report = NULL;
  mmax_report want_report;
  mmax_report_start(&want_report);
  const mmax_kernels *ref = mmax_kernels_for(MMAX_BACKEND_REF, s);
  const mmax_output to = {want, n};
  const mmax_scratch none = {NULL, 0};

  ref->forward(params, &in, to, none, &want_report);
  CHECK(mmax_cuda_report_start(exec.report, NULL) == MMAX_OK);
  CHECK((s == MMAX_FLOAT32 ? mmax_cuda_forward(params, &on32, out, n, &exec) : mmax_cuda_forward16(params, &on16, out, n, &exec)) == MMAX_OK);
  device_get(got, out, bytes);
  device_get(&report, exec.report, sizeof report);
  CHECK(same("forward", want, got, bytes, n) && chose_well(&exec, n));
  CHECK(report.nonfinite_rows == want_report.nonfinite_rows && report.first_nonfinite == want_report.first_nonfinite);
  CHECK(report.masked_rows == want_report.masked_rows && report.first_masked == want_report.first_masked);

  ref->log_forward(params, &in, to, none, &want_report);
  CHECK((s == MMAX_FLOAT32 ? mmax_cuda_log_forward(params, &on32, out, n, &plain)
                           : mmax_cuda_log_forward16(params, &on16, out, n, &plain)) == MMAX_OK);
  device_get(got, out, bytes);
  CHECK(same("log", want, got, bytes, n) && chose_well(&exec, n));

  ref->backward(params, &in, (mmax_upstream){gs, n}, to, &want_acc, none, &want_report);
  CHECK((s == MMAX_FLOAT32 ? mmax_cuda_backward(params, &on32, device_g, n, out, n, acc, &plain)
                           : mmax_cuda_backward16(params, &on16, device_g, n, out, n, acc, &plain)) == MMAX_OK);
  device_get(got, out, bytes);
  CHECK(same("backward", want, got, bytes, n) && chose_well(&exec, n));

  ref->cross_entropy(params, &in, &targets, grad_loss, want_loss, to, &want_acc, none, &want_report);
  CHECK((s == MMAX_FLOAT32
             ? mmax_cuda_cross_entropy_backward(params, &on32, &device_targets, device_up, device_loss, out, n, acc, &plain)
             : mmax_cuda_cross_entropy_backward16(params, &on16, &device_targets, device_up, device_loss, out, n, acc, &plain)) == MMAX_OK);
  device_get(got, out, bytes);
  device_get(got_loss, device_loss, sizeof got_loss);
  device_get(&got_acc, acc, sizeof got_acc);
  CHECK(same("loss", want_loss, got_loss, sizeof got_loss, n) && same("loss gradient", want, got, bytes, n));
  CHECK(same("accumulator", &want_acc, &got_acc, sizeof got_acc, n) && chose_well(&exec, n));
  CHECK(device_reset() == 0);
  free(x);
  free(g);
  free(xs);
  free(gs);
  free(want);
  free(got);
  free(mask);
}

static void check_refusals(void) {
  mmax_params p, bad;
  mmax_params_softmax(&p);
  bad = p;
  bad.coef[0] = (double)NAN;
  float *x = device_put(NULL, 64);
  mmax_rows in = rows_of(x, 2, 8), none = rows_of(NULL, 0, 8), tight = in;
  tight.stride = 7;
  mmax_rows16 wrong = {MMAX_FLOAT32, (const uint16_t *)(const void *)x, NULL, 2, 8, 8, 0};
  mmax_accumulator *acc = (mmax_accumulator *)(void *)x;
  mmax_cuda_exec small = {.workspace = x + 32, .workspace_bytes = 239}, crooked = {.workspace = (char *)x + 8, .workspace_bytes = 4096};
  mmax_cuda_exec cut = {.workspace = x + 32, .workspace_bytes = 100, .blocks_per_row = 2, .no_clusters = 1};
  CHECK(mmax_cuda_forward(NULL, &in, x, 8, NULL) == MMAX_ERR_NULL);
  CHECK(mmax_cuda_forward(&p, &in, NULL, 8, NULL) == MMAX_ERR_NULL);
  CHECK(mmax_cuda_forward(&bad, &in, x, 8, NULL) == MMAX_ERR_PARAMS);
  CHECK(mmax_cuda_forward(&p, &none, NULL, 8, NULL) == MMAX_OK);
  CHECK(mmax_cuda_forward(&p, &tight, x + 16, 8, NULL) == MMAX_ERR_STRIDE);
  CHECK(mmax_cuda_log_forward(&p, &in, x + 1, 8, NULL) == MMAX_ERR_OVERLAP);
  CHECK(mmax_cuda_forward16(&p, &wrong, (uint16_t *)(void *)x, 8, NULL) == MMAX_ERR_STORAGE);
  CHECK(mmax_cuda_backward(&p, &in, x + 16, 8, NULL, 0, acc, NULL) == MMAX_ERR_SCRATCH);
  CHECK(mmax_cuda_backward(&p, &in, x + 16, 8, NULL, 0, acc, &small) == MMAX_ERR_SCRATCH);
  CHECK(mmax_cuda_backward(&p, &in, x + 16, 8, NULL, 0, acc, &crooked) == MMAX_ERR_SCRATCH);
  CHECK(mmax_cuda_forward(&p, &in, x + 16, 8, &cut) == MMAX_ERR_SCRATCH);
  mmax_targets t = {(const int32_t *)(const void *)(x + 32), -100, 1.5f};
  CHECK(mmax_cuda_cross_entropy_backward(&p, &in, &t, NULL, NULL, NULL, 0, NULL, NULL) == MMAX_ERR_SMOOTHING);
  CHECK(mmax_cuda_report_start(NULL, NULL) == MMAX_ERR_NULL);
  CHECK(mmax_cuda_workspace_bytes(0, 8, 0) == 0 && mmax_cuda_workspace_bytes(SIZE_MAX / 8, 8, 7) == SIZE_MAX);
  CHECK(mmax_cuda_workspace_bytes(2, 8, 0) >= 240);
  CHECK(device_reset() == 0);
}

/* Without a workspace: a cluster if the device has some, else a block, unless more are asked for. */
static void check_without_workspace(void) {
  enum { LONG = 8193, MANY = 600 };
  mmax_params p;
  mmax_params_softmax(&p);
  float *x = device_put(NULL, 4 * LONG * sizeof *x), *out = x + 2 * LONG, *y = calloc(LONG, sizeof *y);
  float *many = device_put(NULL, MANY * sizeof *many);
  if (y == NULL) exit(1);
  float *one = device_put(y, LONG * sizeof *y);
  mmax_rows in = rows_of(one, 1, LONG), columns = rows_of(many, MANY, 0);
  mmax_cuda_choice choice = {MMAX_CUDA_PASSES, 9};
  mmax_cuda_exec exec = {.choice = &choice};
  const mmax_cuda_path shared = device_clusters() ? MMAX_CUDA_CLUSTER : MMAX_CUDA_BLOCK;
  CHECK(mmax_cuda_forward(&p, &columns, NULL, 0, &exec) == MMAX_OK && choice.path == MMAX_CUDA_NONE);
  CHECK(mmax_cuda_forward(&p, &in, out, LONG, &exec) == MMAX_OK && choice.path == shared);
  CHECK(mmax_cuda_log_forward(&p, &in, out, LONG, &exec) == MMAX_OK && choice.path == shared);
  exec.no_clusters = 1;
  CHECK(mmax_cuda_forward(&p, &in, out, LONG, &exec) == MMAX_OK && choice.path == MMAX_CUDA_BLOCK);
  exec.blocks_per_row = 2;
  CHECK(mmax_cuda_forward(&p, &in, out, LONG, &exec) == MMAX_ERR_SCRATCH);
  CHECK(mmax_cuda_workspace_bytes(MANY, LONG, 0) == mmax_cuda_workspace_bytes(MANY, 1, 0)); /* a block a row */
  CHECK(device_reset() == 0);
  free(y);
}

int main(void) {
  static const size_t lengths[] = {1, 33, 64, 65, 197, 256, 257, 1024, 1025, 4096, 4097};
  static const unsigned blocks[] = {0, 1, 2, 7};
  mmax_params sets[PARAM_SETS];
  diff_params(sets);
  uint64_t seed = 3;
  for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
    for (int k = 0; k < (lengths[l] < 300 ? 4 : 3); k++) /* every storage at every length */
      check_length(&sets[(l * 5 + (size_t)k * 7) % PARAM_SETS], (mmax_storage)(k % 3), lengths[l], k == 0 ? 0 : blocks[(l + (size_t)k) % 4], (int)l & 1, &seed);
  for (int without = 0; without < 2; without++) { /* several blocks a row by the shape */
    check_length(&sets[2], MMAX_FLOAT32, 20000, 0, without, &seed);
    check_length(&sets[5], MMAX_BFLOAT16, 33000, 0, without, &seed);
  }
  check_length(&sets[7], MMAX_FLOAT16, 4097, 9, 0, &seed); /* too many for a cluster */
  check_refusals();
  check_without_workspace();
  for (int k = MMAX_CUDA_WARP; k <= MMAX_CUDA_PASSES; k++) CHECK(paths[k] > 0 || (k == MMAX_CUDA_CLUSTER && !device_clusters()));
  printf("on %s: %d calls by warps, %d by blocks, %d by clusters, %d in passes\n", device_name(), paths[MMAX_CUDA_WARP],
         paths[MMAX_CUDA_BLOCK], paths[MMAX_CUDA_CLUSTER], paths[MMAX_CUDA_PASSES]);
  return verdict("cuda_api");
}
