/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases on which every SIMD backend must give the reference's bits: the rows of
 * diff_rows.h at all n from 1 to 1100 and some long ones, in float32 and in one
 * of the 16-bit formats; strides, alignments, in-place calls, with and without
 * scratch. A diff_*.c says what to compare.
 */
#ifndef TEST_DIFF_H
#define TEST_DIFF_H

#include "diff_rows.h"

/* Two tables for one storage, and the case's rows in it, strides as in c->in. */
typedef struct diff_pair {
  mmax_storage storage;
  size_t size; /* bytes of an element */
  const mmax_kernels *reference, *subject;
  mmax_input in;
  const void *grad;
} diff_pair;

/* True if they agree on the case. */
typedef int diff_check(const diff_case *c, const diff_pair *pair);

/* Counts the backends that differ from the reference on the case. `logits`, `grad`: in the storage. */
static inline int diff_backends(diff_check *check, const diff_case *c, mmax_storage storage,
                                const void *logits, const void *grad, int set) {
  static const char *const name[] = {"float32", "float16", "bfloat16"};
  int bad = 0;
  for (mmax_backend k = MMAX_BACKEND_AVX2; k <= MMAX_BACKEND_NEON; k++) {
    const mmax_kernels *reference = mmax_kernels_for(MMAX_BACKEND_REF, storage);
    const diff_pair pair = {storage,
                            mmax_storage_bytes(storage),
                            reference,
                            mmax_kernels_for(k, storage),
                            {logits, c->in.mask, c->in.rows, c->in.cols, c->in.stride, c->in.mask_stride, NULL},
                            grad};
    if (pair.subject == NULL) continue;
    if (pair.subject == reference) {
      printf("FAIL %s has no kernels of its own for %s\n", mmax_backend_name(k), name[storage]);
      exit(1);
    }
    checks++;
    if (check(c, &pair)) continue;
    bad++;
    if (failures++ < 10)
      printf("%s %s differs: n=%zu rows=%zu set=%d masked=%d scratch=%zu\n", mmax_backend_name(k),
             name[storage], c->in.cols, c->in.rows, set, c->in.mask != NULL, c->scratch.bytes);
  }
  return bad;
}

/* n with `rows` rows in float32, then in `storage`; returns the number of backends that differ. */
static inline int diff_length(diff_check *check, const mmax_params sets[PARAM_SETS], size_t n,
                              size_t rows, int set, int use_scratch, mmax_storage storage,
                              uint64_t *seed) {
  if (failures > 20) return 0; /* no more is printed */
  size_t stride = n + random_u64(seed) % 9, offset = random_u64(seed) % 16;
  size_t total = rows * stride + 16;
  float *x = malloc(total * sizeof *x), *g = malloc(total * sizeof *g);
  uint16_t *x16 = malloc(total * sizeof *x16), *g16 = malloc(total * sizeof *g16);
  uint8_t *mask = calloc(total, 1);
  float grad_loss[MAX_ROWS];
  int32_t target[MAX_ROWS];
  size_t bytes = use_scratch ? mmax_scratch_bytes(n) : 0;
  void *scratch = use_scratch ? aligned_alloc(64, (bytes + 63) / 64 * 64) : NULL;
  if (x == NULL || g == NULL || x16 == NULL || g16 == NULL || mask == NULL || (use_scratch && scratch == NULL)) exit(1);
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
  diff_cells(storage, x, x16, total, seed);
  diff_cells(storage, g, g16, total, seed);
  int bad = diff_backends(check, &c, MMAX_FLOAT32, x + offset, g + offset, set) +
            diff_backends(check, &c, storage, x16 + offset, g16 + offset, set);
  free(x);
  free(g);
  free(x16);
  free(g16);
  free(mask);
  free(scratch);
  return bad;
}

/* Cases 2j and 2j + 1 differ in format; so do 4j and 4j + 2. */
static inline mmax_storage diff_storage(int k) { return (k ^ k >> 1) & 1 ? MMAX_BFLOAT16 : MMAX_FLOAT16; }

static inline int diff_main(const char *name, diff_check *check, int argc, char **argv) {
  static const size_t longer[] = {2047, 2049, 4096, 4097, 8191, 50257, 128256, (1u << 20) + 3};
  uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
  size_t step = argc > 2 ? strtoull(argv[2], NULL, 0) : 1; /* every step-th n beyond 69; if not 1, half of the parameters */
  printf("seed %llu step %zu\n", (unsigned long long)seed, step);
  mmax_params sets[PARAM_SETS];
  diff_params(sets);
  for (size_t n = 1; n <= 1100; n += n < 70 ? 1 : step) {
    size_t rows = 1 + random_u64(&seed) % (n < 300 ? 19 : 4);
    for (int k = 0; k < (n < 70 ? PARAM_SETS : 2); k += step == 1 || n >= 70 ? 1 : 2)
      diff_length(check, sets, n, rows, (int)((n * 3 + (size_t)k) % PARAM_SETS), 0, diff_storage(k), &seed);
  }
  for (int k = 0; k < 4; k++) /* more rows than are summed before the accumulator sees them */
    diff_length(check, sets, 5, MAX_ROWS, k, 0, diff_storage(k), &seed);
  size_t lengths = step == 1 ? sizeof longer / sizeof *longer : 5;
  for (size_t l = 0; l < lengths; l++)
    for (int k = 0; k < (longer[l] < 10000 ? PARAM_SETS : 2); k += step == 1 || longer[l] >= 10000 ? 1 : 2)
      for (int scratch = 0; scratch < 2; scratch++)
        diff_length(check, sets, longer[l], longer[l] < 200000 ? 3 : 1,
                    (int)((l * 7 + (size_t)k * 11) % PARAM_SETS), scratch, diff_storage(k + 2 * scratch), &seed);
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

/* The same of n elements of a storage. */
static inline int diff_same_in(const diff_pair *pair, const void *want, const void *got, size_t n) {
  if (pair->storage == MMAX_FLOAT32) return diff_same(want, got, n);
  const uint16_t *a = want, *b = got;
  size_t at = diff_first(a, b, n * sizeof *a) / sizeof *a;
  if (at < n && failures < 10) printf("entry %zu: want %04x got %04x\n", at, a[at], b[at]);
  return at == n;
}

#endif
