/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases on which every SIMD backend must give the reference's bits: the rows of
 * diff_rows.h at all n from 1 to 1100 and some long ones; strides, alignments,
 * in-place calls, with and without scratch. A diff_*.c says what to compare.
 */
#ifndef TEST_DIFF_H
#define TEST_DIFF_H

#include "diff_rows.h"

/* True if backend and reference agree on the case. */
typedef int diff_check(const diff_case *c, const mmax_kernels *subject);

/* n with `rows` rows; returns the number of backends that differ. */
static inline int diff_length(diff_check *check, const mmax_params sets[PARAM_SETS], size_t n,
                              size_t rows, int set, int use_scratch, uint64_t *seed) {
  size_t stride = n + random_u64(seed) % 9, offset = random_u64(seed) % 16;
  size_t total = rows * stride + 16;
  float *x = malloc(total * sizeof *x), *g = malloc(total * sizeof *g);
  uint8_t *mask = calloc(total, 1);
  float grad_loss[MAX_ROWS];
  int32_t target[MAX_ROWS];
  size_t bytes = use_scratch ? mmax_scratch_bytes(n) : 0;
  void *scratch = use_scratch ? aligned_alloc(64, (bytes + 63) / 64 * 64) : NULL;
  if (x == NULL || g == NULL || mask == NULL || (use_scratch && scratch == NULL)) exit(1);
  for (size_t i = 0; i < total; i++) x[i] = g[i] = NAN;
  int masked = random_u64(seed) % 3 == 0;
  diff_case c = {sets[set],
                 {x + offset, masked ? mask + offset : NULL, rows, n, stride,
                  random_u64(seed) % 4 ? stride : 0},
                 g + offset, grad_loss, target,
                 random_u64(seed) % 2 ? (float)random_unit(seed) : 0.0f,
                 {scratch, bytes}, 0};
  diff_fill(&c, x + offset, mask + offset, masked, seed);
  c.seed = random_u64(seed);
  int bad = 0;
  for (mmax_backend k = MMAX_BACKEND_AVX2; k <= MMAX_BACKEND_NEON; k++) {
    const mmax_kernels *subject = mmax_kernels_for(k, MMAX_FLOAT32);
    if (subject == NULL) continue;
    checks++;
    if (check(&c, subject)) continue;
    bad++;
    if (failures++ < 10)
      printf("%s differs: n=%zu rows=%zu set=%d masked=%d scratch=%d\n", mmax_backend_name(k), n,
             rows, set, masked, use_scratch);
  }
  free(x);
  free(g);
  free(mask);
  free(scratch);
  return bad;
}

static inline int diff_main(const char *name, diff_check *check, int argc, char **argv) {
  static const size_t longer[] = {2047, 2049, 4096, 4097, 8191, 50257, 128256, (1u << 20) + 3};
  uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
  size_t step = argc > 2 ? strtoull(argv[2], NULL, 0) : 1; /* every step-th n beyond 69 */
  printf("seed %llu step %zu\n", (unsigned long long)seed, step);
  mmax_params sets[PARAM_SETS];
  diff_params(sets);
  for (size_t n = 1; n <= 1100; n += n < 70 ? 1 : step) {
    size_t rows = 1 + random_u64(&seed) % (n < 300 ? 19 : 4);
    for (int k = 0; k < (n < 70 ? PARAM_SETS : 2); k++)
      diff_length(check, sets, n, rows, (int)((n * 3 + (size_t)k) % PARAM_SETS), 0, &seed);
  }
  for (int k = 0; k < 4; k++) /* more rows than are summed before the accumulator sees them */
    diff_length(check, sets, 5, MAX_ROWS, k, 0, &seed);
  size_t lengths = step == 1 ? sizeof longer / sizeof *longer : 5;
  for (size_t l = 0; l < lengths; l++)
    for (int k = 0; k < (longer[l] < 10000 ? PARAM_SETS : 2); k++)
      for (int scratch = 0; scratch < 2; scratch++)
        diff_length(check, sets, longer[l], longer[l] < 200000 ? 3 : 1,
                    (int)((l * 7 + (size_t)k * 11) % PARAM_SETS), scratch, &seed);
  if (checks == 0) {
    printf("SKIP %s: no SIMD backend on this machine\n", name);
    return 77;
  }
  return verdict(name);
}

/* Where two results first differ as bits; n if nowhere. */
static inline size_t diff_first(const void *a, const void *b, size_t n) {
  const unsigned char *p = a, *q = b;
  for (size_t i = 0; i < n; i++)
    if (p[i] != q[i]) return i;
  return n;
}

/* Same bits, and the same report; prints the first difference. */
static inline int diff_same(const float *want, const float *got, size_t n) {
  size_t at = diff_first(want, got, n * sizeof *want) / sizeof *want;
  if (at < n && failures < 10) printf("entry %zu: want %a got %a\n", at, (double)want[at], (double)got[at]);
  return at == n;
}

#endif
