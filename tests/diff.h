/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases on which every SIMD backend must give the reference's bits: all n from
 * 1 to 1100 and some long ones; learned layers, missing terms, extreme
 * parameters; ordinary, special and masked entries; strides, alignments,
 * in-place calls, with and without scratch. A diff_*.c says what to compare.
 */
#ifndef TEST_DIFF_H
#define TEST_DIFF_H

#include "kernels.h"
#include "random.h"
#include "support.h"

enum { PARAM_SETS = LEARNED_LAYERS + 8, MAX_ROWS = 1300 };

typedef struct diff_case {
  mmax_params params;
  mmax_rows in;
  float *grad;       /* upstream gradients, stride of `in` */
  float *grad_loss;
  int32_t *target;
  float smoothing;
  mmax_scratch scratch;
  uint64_t seed;     /* for choices of the test itself */
} diff_case;

/* True if backend and reference agree on the case. */
typedef int diff_check(const diff_case *c, const mmax_kernels *subject);

static inline void diff_params(mmax_params sets[PARAM_SETS]) {
  learned_layers(sets);
  mmax_params *p = sets + LEARNED_LAYERS;
  for (int i = 0; i < 8; i++) mmax_params_softmax(&p[i]);
  p[1] = sets[4];
  p[1].terms = MMAX_ORDER_1;
  p[1].coef[2] = p[1].coef[3] = 0.0;
  p[2] = p[1];
  p[2].terms = MMAX_MULTIMAX_L;
  p[2].coef[1] = 0.0;
  mmax_params_set_affine(&p[3], -1.75f, 0.375f);
  p[4] = sets[0];
  mmax_params_set_affine(&p[4], 0.8f, -3.0f);
  p[5] = sets[9];
  p[5].coef[0] = p[5].coef[1] = 0.0; /* second-order terms alone */
  p[6] = sets[11];                   /* extreme, and knots at zero */
  p[6].coef[2] = 3.4028234e38f;
  p[6].coef[3] = -3.4028234e38f;
  p[6].knot[2] = 0.0;
  p[6].knot[3] = -0.0;
  p[7] = sets[14]; /* all terms present, all coefficients zero */
  for (int i = 0; i < 4; i++) p[7].coef[i] = i & 1 ? -0.0 : 0.0;
}

/* One logit of a row of the given kind. */
static inline float diff_logit(int kind, uint64_t *seed, float common) {
  uint64_t dice = random_u64(seed) % 64;
  switch (kind) {
  case 0: return (float)(2.0 * random_normal(seed));
  case 1: return (float)(30.0 * random_normal(seed));
  case 2: return dice < 24 ? -INFINITY : (float)(3.0 * random_normal(seed));
  case 3: return random_finite(seed);
  case 4: return dice == 0 ? -INFINITY : dice < 8 ? (dice & 1 ? 0.0f : -0.0f) : random_finite(seed);
  case 5: return dice < 40 ? common : (float)random_normal(seed); /* ties */
  case 6: return dice < 2 ? 80.0f : (float)(-90.0 + 4.0 * random_normal(seed)); /* near one-hot */
  case 7: return dice == 0 ? random_float(seed) : (float)random_normal(seed);   /* some NaN, inf */
  default: return -INFINITY;
  }
}

static inline void diff_fill(diff_case *c, float *x, uint8_t *mask, int masked, uint64_t *seed) {
  for (size_t r = 0; r < c->in.rows; r++) {
    int kind = (int)(random_u64(seed) % 33) / 4; /* 8: nothing unmasked, rarely */
    float common = (float)(3.0 * random_normal(seed));
    double grad_size = random_u64(seed) % 4 ? 1.0 : exp(random_between(seed, -60.0, 60.0));
    int bad_grad = random_u64(seed) % 8 == 0, density = (int)(random_u64(seed) % 5);
    for (size_t i = 0; i < c->in.cols; i++) {
      x[r * c->in.stride + i] = diff_logit(kind, seed, common);
      float g = (float)(grad_size * random_normal(seed));
      uint64_t dice = random_u64(seed) % 256;
      if (dice == 0) g = 0.0f;
      if (dice == 1) g = -0.0f;
      if (dice == 2 && bad_grad) g = random_float(seed);
      c->grad[r * c->in.stride + i] = g;
      if (masked) mask[r * c->in.mask_stride + i] = (uint8_t)(random_u64(seed) % 4 < (unsigned)density ? dice : 0);
    }
    c->grad_loss[r] = random_u64(seed) % 16 ? (float)random_normal(seed) : random_float(seed);
    c->target[r] = random_u64(seed) % 8 ? (int32_t)(random_u64(seed) % c->in.cols) : -100;
  }
}

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
