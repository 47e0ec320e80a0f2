/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters and rows on which backends are compared: learned layers, missing
 * terms, extreme parameters; ordinary rows, and rows of NaN, infinities,
 * subnormals, equal and far-apart logits, tiny, huge and non-finite upstream
 * gradients, all of these with masks too.
 */
#ifndef TEST_DIFF_ROWS_H
#define TEST_DIFF_ROWS_H

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

static inline float diff_subnormal(uint64_t *seed) {
  float v = (float)(random_u64(seed) % 0x7fffff) * 0x1p-149f;
  return random_u64(seed) % 2 ? v : -v;
}

enum diff_kind {
  DIFF_PLAIN, DIFF_WIDE, DIFF_HOLES, DIFF_ANY, DIFF_ZEROS, DIFF_TIES, DIFF_ONE_HOT, DIFF_SOME_BAD,
  DIFF_SUBNORMAL, DIFF_EQUAL, DIFF_FAR, DIFF_ONE_LIVE, DIFF_BAD, DIFF_EMPTY, DIFF_KINDS
};

/* Logit i of n of a row of the given kind. */
static inline float diff_logit(int kind, uint64_t *seed, float common, size_t i, size_t chosen) {
  static const float bad[] = {NAN, INFINITY, -NAN, -INFINITY};
  uint64_t dice = random_u64(seed) % 64;
  switch (kind) {
  case DIFF_PLAIN: return (float)(2.0 * random_normal(seed));
  case DIFF_WIDE: return (float)(30.0 * random_normal(seed));
  case DIFF_HOLES: return dice < 24 ? -INFINITY : (float)(3.0 * random_normal(seed));
  case DIFF_ANY: return random_finite(seed);
  case DIFF_ZEROS: return dice == 0 ? -INFINITY : dice < 8 ? (dice & 1 ? 0.0f : -0.0f) : random_finite(seed);
  case DIFF_TIES: return dice < 40 ? common : (float)random_normal(seed);
  case DIFF_ONE_HOT: return dice < 2 ? 80.0f : (float)(-90.0 + 4.0 * random_normal(seed));
  case DIFF_SOME_BAD: return dice == 0 ? random_float(seed) : (float)random_normal(seed);
  case DIFF_SUBNORMAL: return dice < 4 ? (dice & 1 ? 0.0f : -0.0f) : diff_subnormal(seed);
  case DIFF_EQUAL: return common;
  case DIFF_FAR: return i == chosen ? 3.4028234e38f : -3.4028234e38f;
  case DIFF_ONE_LIVE: return i == chosen ? common : -INFINITY;
  case DIFF_BAD: return dice < 2 || i == chosen ? bad[dice % 4] : (float)random_normal(seed);
  default: return -INFINITY;
  }
}

/* An upstream gradient of a row whose gradients have the given size; 0: any finite, -1: all zero. */
static inline float diff_gradient(double size, int bad, uint64_t *seed) {
  uint64_t dice = random_u64(seed) % 256;
  if (dice < 2 || size < 0.0) return dice & 1 ? -0.0f : 0.0f;
  if (dice == 2 && bad) return random_float(seed);
  if (size == 0.0) return random_finite(seed);
  float g = (float)(size * random_normal(seed));
  return isfinite(g) ? g : copysignf(3.4028234e38f, g);
}

static inline double diff_gradient_size(uint64_t *seed) {
  switch (random_u64(seed) % 16) {
  case 0: return 1e-44; /* subnormal */
  case 1: return 2e38;
  case 2: return 0.0;
  case 3: return -1.0;
  case 4: case 5: case 6: return exp(random_between(seed, -60.0, 60.0));
  default: return 1.0;
  }
}

static inline float diff_grad_loss(uint64_t *seed) {
  static const float edge[] = {0.0f, -0.0f, 1.0f, 0x1p-149f, 3.4028234e38f, -3.4028234e38f, NAN, INFINITY};
  uint64_t dice = random_u64(seed) % 32;
  return dice < 8 ? edge[dice] : dice < 10 ? random_float(seed) : (float)random_normal(seed);
}

/* Fills the case. mask: of c->in, or any memory of as many bytes. What is masked may hold anything. */
static inline void diff_fill(diff_case *c, float *x, uint8_t *mask, int masked, uint64_t *seed) {
  size_t n = c->in.cols;
  for (size_t r = 0; masked && r < c->in.rows; r++) {
    unsigned density = (unsigned)(random_u64(seed) % 5);
    for (size_t i = 0; i < n; i++)
      mask[r * c->in.mask_stride + i] =
          random_u64(seed) % 4 < density ? (uint8_t)(1 + random_u64(seed) % 255) : 0;
  }
  for (size_t r = 0; r < c->in.rows; r++) {
    int kind = (int)(random_u64(seed) % (4 * DIFF_EMPTY + 1)) / 4; /* nothing unmasked, rarely */
    float common = random_u64(seed) % 8 ? (float)(3.0 * random_normal(seed)) : random_finite(seed);
    double size = diff_gradient_size(seed);
    int bad_grad = random_u64(seed) % 8 == 0, bad_masked = random_u64(seed) % 2 == 0;
    size_t chosen = random_u64(seed) % n;
    for (size_t i = 0; i < n; i++) {
      size_t at = r * c->in.stride + i;
      x[at] = diff_logit(kind, seed, common, i, chosen);
      c->grad[at] = diff_gradient(size, bad_grad, seed);
      if (!masked || !bad_masked || mask[r * c->in.mask_stride + i] == 0) continue;
      if (random_u64(seed) % 4 == 0) x[at] = random_u64(seed) % 2 ? NAN : random_float(seed);
      if (random_u64(seed) % 4 == 0) c->grad[at] = random_u64(seed) % 2 ? NAN : random_float(seed);
    }
    c->grad_loss[r] = diff_grad_loss(seed);
    c->target[r] = random_u64(seed) % 8 ? (int32_t)(random_u64(seed) % 4 ? random_u64(seed) % n : chosen) : -100;
  }
}

/* The same rows in 16 bits. What does not fit, or is too small, becomes any finite or subnormal
   number of the format. */
static inline void diff_cells(mmax_storage storage, const float *x, uint16_t *cell, size_t n,
                              uint64_t *seed) {
  const unsigned infinity = storage == MMAX_FLOAT16 ? 0x7c00 : 0x7f80;
  const unsigned normal = storage == MMAX_FLOAT16 ? 0x0400 : 0x0080;
  for (size_t i = 0; i < n; i++) {
    unsigned c = mmax_round16(storage, (double)x[i]), sign = c & 0x8000, size = c & 0x7fff;
    if (isnan(x[i])) size = infinity + 1 + (unsigned)(random_u64(seed) % (0x7fff - infinity));
    if (isfinite(x[i]) && size == infinity) size = (unsigned)(random_u64(seed) % infinity);
    if (x[i] != 0.0f && size == 0 && random_u64(seed) % 2) size = (unsigned)(random_u64(seed) % normal);
    cell[i] = (uint16_t)(sign | size);
  }
}

#endif
