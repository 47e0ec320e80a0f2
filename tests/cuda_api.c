/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claim: the calls of multimax_cuda.h give the reference's bits, reports and accumulators at every length where they
 * choose another kernel, and refuse bad arguments before anything is launched.
 */
#include "cuda_device.h"
#include "diff.h"
#include "multimax_cuda.h"

enum { ROWS = 5 };

static int same(const char *what, const void *want, const void *got, size_t bytes, size_t n) {
  size_t at = diff_first(want, got, bytes);
  if (at < bytes && failures < 10) printf("%s n=%zu: byte %zu differs\n", what, n, at);
  return at == bytes;
}

static void check_length(const mmax_params *params, size_t n, uint64_t *seed) {
  size_t count = ROWS * n, bytes = count * sizeof(float);
  float *x = malloc(bytes), *g = malloc(bytes), *want = malloc(bytes), *got = malloc(bytes);
  float grad_loss[MAX_ROWS], want_loss[ROWS], got_loss[ROWS];
  int32_t target[MAX_ROWS];
  uint8_t *mask = calloc(count, 1);
  if (x == NULL || g == NULL || want == NULL || got == NULL || mask == NULL) exit(1);
  diff_case c = {*params, {x, mask, ROWS, n, n, n}, g, grad_loss, target, 0.1f, {NULL, 0}, 0};
  diff_fill(&c, x, mask, 1, seed);
  x[n] = NAN;
  mask[n] = 0;
  mmax_rows on_device = {device_put(x, bytes), device_put(mask, count), ROWS, n, n, n};
  float *device_g = device_put(g, bytes), *device_out = device_put(NULL, bytes), *device_loss = device_put(NULL, sizeof got_loss);
  mmax_targets targets = {target, -100, c.smoothing}, device_targets = {device_put(target, ROWS * 4), -100, c.smoothing};
  float *device_up = device_put(grad_loss, ROWS * 4);
  void *workspace = device_put(NULL, mmax_cuda_workspace_bytes(ROWS));
  mmax_accumulator want_acc, got_acc;
  mmax_accumulator_init(&want_acc);
  mmax_accumulator *acc = device_put(&want_acc, sizeof want_acc);
  mmax_cuda_report *device_report = device_put(NULL, sizeof *device_report), report;
  mmax_report want_report;
  mmax_exec ref = {MMAX_BACKEND_REF, 0, NULL, 0};

  mmax_forward(params, &c.in, want, n, &ref, &want_report);
  CHECK(mmax_cuda_report_start(device_report, NULL) == MMAX_OK);
  CHECK(mmax_cuda_forward(params, &on_device, device_out, n, device_report, NULL) == MMAX_OK);
  device_get(got, device_out, bytes);
  device_get(&report, device_report, sizeof report);
  CHECK(same("forward", want, got, bytes, n));
  CHECK(report.nonfinite_rows == want_report.nonfinite_rows && report.first_nonfinite == want_report.first_nonfinite);
  CHECK(report.masked_rows == want_report.masked_rows && report.first_masked == want_report.first_masked);

  mmax_log_forward(params, &c.in, want, n, &ref, NULL);
  CHECK(mmax_cuda_log_forward(params, &on_device, device_out, n, NULL, NULL) == MMAX_OK);
  device_get(got, device_out, bytes);
  CHECK(same("log", want, got, bytes, n));

  mmax_backward(params, &c.in, g, n, want, n, &want_acc, &ref, NULL);
  CHECK(mmax_cuda_backward(params, &on_device, device_g, n, device_out, n, acc, workspace, NULL, NULL) == MMAX_OK);
  device_get(got, device_out, bytes);
  CHECK(same("backward", want, got, bytes, n));

  mmax_cross_entropy_backward(params, &c.in, &targets, grad_loss, want_loss, want, n, &want_acc, &ref, NULL);
  CHECK(mmax_cuda_cross_entropy_backward(params, &on_device, &device_targets, device_up, device_loss, device_out, n, acc,
                                         workspace, NULL, NULL) == MMAX_OK);
  device_get(got, device_out, bytes);
  device_get(got_loss, device_loss, sizeof got_loss);
  device_get(&got_acc, acc, sizeof got_acc);
  CHECK(same("loss", want_loss, got_loss, sizeof got_loss, n) && same("loss gradient", want, got, bytes, n));
  CHECK(same("accumulator", &want_acc, &got_acc, sizeof got_acc, n));
  CHECK(device_reset() == 0);
  free(x);
  free(g);
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
  CHECK(mmax_cuda_forward(NULL, &in, x, 8, NULL, NULL) == MMAX_ERR_NULL);
  CHECK(mmax_cuda_forward(&p, &in, NULL, 8, NULL, NULL) == MMAX_ERR_NULL);
  CHECK(mmax_cuda_forward(&bad, &in, x, 8, NULL, NULL) == MMAX_ERR_PARAMS);
  CHECK(mmax_cuda_forward(&p, &none, NULL, 8, NULL, NULL) == MMAX_OK);
  CHECK(mmax_cuda_forward(&p, &tight, x + 16, 8, NULL, NULL) == MMAX_ERR_STRIDE);
  CHECK(mmax_cuda_log_forward(&p, &in, x + 1, 8, NULL, NULL) == MMAX_ERR_OVERLAP);
  CHECK(mmax_cuda_backward(&p, &in, x + 16, 8, NULL, 0, (mmax_accumulator *)(void *)x, NULL, NULL, NULL) == MMAX_ERR_NULL);
  mmax_targets t = {(const int32_t *)(const void *)(x + 32), -100, 1.5f};
  CHECK(mmax_cuda_cross_entropy_backward(&p, &in, &t, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL) == MMAX_ERR_SMOOTHING);
  CHECK(mmax_cuda_report_start(NULL, NULL) == MMAX_ERR_NULL);
  CHECK(device_reset() == 0);
}

int main(void) {
  static const size_t lengths[] = {1, 33, 64, 65, 197, 256, 257, 1024, 1025, 4096, 4097};
  mmax_params sets[PARAM_SETS];
  diff_params(sets);
  uint64_t seed = 3;
  for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
    for (int k = 0; k < (lengths[l] < 300 ? 4 : 1); k++) check_length(&sets[(l * 5 + (size_t)k * 7) % PARAM_SETS], lengths[l], &seed);
  check_refusals();
  printf("on %s\n", device_name());
  return verdict("cuda_api");
}
