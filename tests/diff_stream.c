/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches so large that results are written past the caches have the reference's
 * bits: rows of whole cache lines, short and long, some special; at addresses
 * and strides, and in place, where they are not written so; over threads.
 */
#include "diff_rows.h"
#include "run.h"

enum { ENTRIES = 3 << 22 };

/* Rows of n, stride n + gap; results from `offset` elements on, or in place. */
static void check(const mmax_params *params, float *x, float *want, float *got, size_t n, size_t gap,
                  size_t offset, int in_place, unsigned threads) {
  size_t stride = n + gap, rows = ENTRIES / stride, bytes = rows * stride * sizeof *x;
  const mmax_rows in = {x, NULL, rows, n, stride, 0};
  mmax_report a, b;
  mmax_job job = {.kind = MMAX_FORWARD, .params = params, .in = mmax_input_of(&in)};
  memcpy(want, x, bytes);
  job.kernels = mmax_kernels_for(MMAX_BACKEND_REF, MMAX_FLOAT32);
  job.out = (mmax_output){want, stride};
  mmax_job_run(&job, 2, &a);
  for (mmax_backend k = MMAX_BACKEND_AVX2; k <= MMAX_BACKEND_NEON; k++) {
    job.kernels = mmax_kernels_for(k, MMAX_FLOAT32);
    if (job.kernels == NULL) continue;
    memcpy(got + offset, x, bytes);
    job.in.logits = in_place ? got + offset : x;
    job.out = (mmax_output){got + offset, stride};
    mmax_job_run(&job, threads, &b);
    CHECK(memcmp(want, got + offset, bytes) == 0 && memcmp(&a, &b, sizeof a) == 0);
  }
}

int main(void) {
  static const size_t lengths[] = {16, 256, 1024, 4096, 16384};
  uint64_t seed = 3;
  mmax_params sets[PARAM_SETS];
  diff_params(sets);
  float *x = aligned_alloc(64, ENTRIES * sizeof *x), *want = aligned_alloc(64, ENTRIES * sizeof *want);
  float *got = aligned_alloc(64, (ENTRIES + 64) * sizeof *got);
  if (x == NULL || want == NULL || got == NULL) return 1;
  for (size_t i = 0; i < ENTRIES; i++) {
    uint64_t dice = random_u64(&seed);
    x[i] = (float)((double)(dice >> 40) * 0x1p-21 - 4.0);
    if (dice % (1 << 21) < 3) x[i] = dice % 3 == 0 ? NAN : dice % 3 == 1 ? -INFINITY : 1e30f;
  }
  for (int k = 0; k < 5; k++) check(&sets[k * 5], x, want, got, lengths[k], 0, 0, 0, 1);
  check(&sets[7], x, want, got, 4096, 0, 0, 0, 1);
  check(&sets[7], x, want, got, 256, 16, 0, 0, 1);
  check(&sets[7], x, want, got, 1024, 1, 0, 0, 1);
  check(&sets[7], x, want, got, 1024, 0, 3, 0, 1);
  check(&sets[7], x, want, got, 197, 0, 0, 0, 1);
  check(&sets[7], x, want, got, 197, 2, 5, 0, 3);
  check(&sets[7], x, want, got, 40, 0, 1, 0, 1);
  check(&sets[7], x, want, got, 50257, 0, 1, 0, 2);
  check(&sets[7], x, want, got, 1024, 0, 0, 1, 1);
  check(&sets[7], x, want, got, ENTRIES, 0, 0, 0, 3);
  free(x);
  free(want);
  free(got);
  if (checks == 0) {
    printf("SKIP diff_stream: no SIMD backend on this machine\n");
    return 77;
  }
  return verdict("diff_stream");
}
