/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of finite rows that softmax and MultiMax share. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "suite.h"

/* Lengths around vector widths, of attention heads and of vocabularies. */
static const size_t lengths[] = {1,  2,  3,  4,  5,  7,  8,  9,  15,  16,  17,  31,  32,  33,  47,  63,  64,
                                 65, 79, 96, 127, 128, 129, 197, 239, 255, 256, 257, 384, 512, 577, 1000, 1024, 1025};
static const size_t vocabularies[] = {4096, 6625, 32000, 50257, 65536};

static void add_row(struct suite *s, size_t g, enum wire_op op, const struct model *m, size_t n,
                    struct recipe recipe) {
  case_fill(suite_case(s, g, op, m, 1, n), recipe);
}

/* For a modulator: where sigma is `depth` below a top that exists for it. On the last tail: if
   sigma rises there, the top is 120 above where it starts to, else it is the turning point itself. */
static double logit_of_depth(const mmax_params *p, double depth) {
  mmax_interval rising[MMAX_MAX_INTERVALS];
  size_t count = mmax_increasing_intervals(p, rising);
  int rises = count > 0 && rising[count - 1].hi == INFINITY;
  double start = count == 0 ? 0 : rises ? rising[count - 1].lo : rising[count - 1].hi;
  if (!isfinite(start)) start = 0;
  double from = mmax_sigma(p, (float)start), want = rises ? from + 120 - depth : from - depth;
  double low = start, high = start + 1;
  while (high < 1e6 && (rises ? mmax_sigma(p, (float)high) < want : mmax_sigma(p, (float)high) > want)) high = start + 2 * (high - start);
  for (int k = 0; k < 60; k++) {
    double middle = (low + high) / 2;
    if ((mmax_sigma(p, (float)middle) < want) == rises) low = middle;
    else high = middle;
  }
  return low;
}

/* Logits drawn as depths below a top at 0, made so that their modulated values have them. */
static void to_depths(struct audit_case *c) {
  if (c->params.terms == 0) return;
  double top = -INFINITY;
  for (size_t k = 0; k < c->cols; k++) top = fmax(top, (double)c->logits[k]);
  for (size_t k = 0; k < c->cols; k++) c->logits[k] = (float)logit_of_depth(&c->params, top - (double)c->logits[k]);
  c->recipe.kind = RECIPE_NONE;
}

static void add_lengths(struct suite *s, const struct model *m, int small) {
  size_t g = suite_group(s, "ordinary", FLAG_REPEAT | FLAG_PERMUTE | FLAG_ECHO,
                         "Normal logits at the lengths people have: a loop's remainder, a vector's edge, "
                         "attention over 197 or 577 patches.");
  for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k += small ? 4 : 1)
    add_row(s, g, WIRE_FORWARD, m, lengths[k], (struct recipe){RECIPE_NORMAL, k + 1, 0, 2});
  g = suite_group(s, "last-entry", 0,
                  "The largest logit stands last (or first): a dropped remainder or a wrong tail mask "
                  "loses nearly all the probability.");
  for (size_t n = 2; n <= (small ? 18 : 70); n++) {
    add_row(s, g, WIRE_FORWARD, m, n, (struct recipe){RECIPE_PEAK, 100 + n, 6, (double)(n - 1)});
    if (n % 8 == 1) add_row(s, g, WIRE_FORWARD, m, n, (struct recipe){RECIPE_PEAK, 200 + n, 6, 0});
  }
  g = suite_group(s, "batch", FLAG_RELATIONS,
                  "Rows together and alone: the result of a row may not depend on its neighbours, "
                  "its position, its place in memory or the number of threads.");
  static const size_t shape[][2] = {{2, 3}, {3, 1}, {5, 33}, {4, 64}, {7, 130}, {16, 197}, {64, 17}, {33, 577}};
  for (size_t k = 0; k < sizeof shape / sizeof shape[0]; k += small ? 2 : 1)
    case_fill(suite_case(s, g, WIRE_FORWARD, m, shape[k][0], shape[k][1]), (struct recipe){RECIPE_NORMAL, 300 + 100 * k, 0, 3});
  g = suite_group(s, "long", FLAG_REPEAT | FLAG_PERMUTE | FLAG_THREADS,
                  "Vocabulary-sized rows, to 2^20: a sequential float32 sum loses digits, a float16 one stops.");
  if (small) {
    add_row(s, g, WIRE_FORWARD, m, 70001, (struct recipe){RECIPE_NORMAL, 440, 0, 2});
    return;
  }
  for (size_t k = 0; k < sizeof vocabularies / sizeof vocabularies[0]; k++)
    add_row(s, g, WIRE_FORWARD, m, vocabularies[k], (struct recipe){RECIPE_NORMAL, 400 + k, 0, 2});
  add_row(s, g, WIRE_FORWARD, m, (size_t)1 << 20, (struct recipe){RECIPE_NORMAL, 450, 0, 1});
  add_row(s, g, WIRE_FORWARD, m, (size_t)1 << 20, (struct recipe){RECIPE_UNIFORM, 451, 0, 0.1}); /* nearly equal terms */
  add_row(s, g, WIRE_FORWARD, m, (size_t)1 << 18, (struct recipe){RECIPE_CONSTANT, 0, 0.25, 0});
  add_row(s, g, WIRE_FORWARD, m, 65536, (struct recipe){RECIPE_PEAK, 460, 12, 0});
}

static void add_ranges(struct suite *s, const struct model *m) {
  size_t g = suite_group(s, "wide", FLAG_REPEAT | FLAG_PERMUTE,
                         "Wide ranges: exp without a shift overflows at 88.7, and rounding a large exponent costs digits.");
  static const double spans[] = {20, 60, 88, 89, 104, 300, 1000, 30000};
  for (size_t k = 0; k < sizeof spans / sizeof spans[0]; k++) {
    add_row(s, g, WIRE_FORWARD, m, 48, (struct recipe){RECIPE_UNIFORM, 500 + k, -spans[k], spans[k]});
    add_row(s, g, WIRE_FORWARD, m, 33, (struct recipe){RECIPE_UNIFORM, 520 + k, spans[k], spans[k] + 10});
    add_row(s, g, WIRE_FORWARD, m, 33, (struct recipe){RECIPE_UNIFORM, 540 + k, -spans[k] - 10, -spans[k]});
  }
  g = suite_group(s, "constant", FLAG_REPEAT | FLAG_DUPLICATE,
                  "Equal logits: every probability is 1/n, and all are the same bits.");
  static const double values[] = {0, 1, -5, 0.1, 100, -200, 3e4};
  static const size_t counts[] = {1, 2, 3, 5, 7, 10, 49, 100, 1000, 4099};
  for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++)
    add_row(s, g, WIRE_FORWARD, m, counts[k], (struct recipe){RECIPE_CONSTANT, 0, values[k % 7], 0});
  g = suite_group(s, "peaked", FLAG_PERMUTE,
                  "One entry far above the rest: its probability is 1 but for a rounding, the rest is tiny, not zero.");
  static const double peaks[] = {5, 9, 12, 20, 40, 80, 95};
  for (size_t k = 0; k < sizeof peaks / sizeof peaks[0]; k++) {
    add_row(s, g, WIRE_FORWARD, m, 100, (struct recipe){RECIPE_PEAK, 600 + k, peaks[k], k % 2 == 0 ? 99 : 37});
    to_depths(&s->cases[s->case_count - 1]);
  }
}

static void add_ties(struct suite *s, const struct model *m) {
  size_t g = suite_group(s, "ties", FLAG_PERMUTE | FLAG_DUPLICATE,
                         "Equal logits among others, also the largest: equal bits wherever they stand.");
  for (unsigned k = 0; k < 6; k++) {
    struct audit_case *c = suite_case(s, g, WIRE_FORWARD, m, 1, 21 + 11 * k);
    case_fill(c, (struct recipe){RECIPE_NORMAL, 700 + k, 0, 2});
    c->recipe.kind = RECIPE_NONE;
    for (size_t j = 0; j < c->cols; j++)
      if (j % 3 != 1) c->logits[j] = c->logits[j % 5];
  }
  g = suite_group(s, "near-ties", FLAG_PERMUTE,
                  "Neighbouring floats: the order of the probabilities follows the order of the logits.");
  static const float base[] = {1, -1, 0.1f, 7.5f, 30, -60, 0x1p-120f};
  for (size_t k = 0; k < sizeof base / sizeof base[0]; k++) {
    struct audit_case *c = suite_case(s, g, WIRE_FORWARD, m, 1, 16);
    float v = base[k];
    for (size_t j = 0; j < 16; j++, v = nextafterf(v, INFINITY)) c->logits[j * 7 % 16] = v;
  }
}

static void add_tiny(struct suite *s, const struct model *m) {
  size_t g = suite_group(s, "tiny", FLAG_REPEAT,
                         "Probabilities from 1e-4 down to 1e-38: an absolute tolerance does not see them, users of log do.");
  for (unsigned k = 0; k < 6; k++) {
    add_row(s, g, WIRE_FORWARD, m, 24 + 8 * k, (struct recipe){RECIPE_LADDER, 0, 1.5, 87.0 / (24 + 8 * k)});
    to_depths(&s->cases[s->case_count - 1]);
  }
  for (unsigned k = 0; k < 3; k++) {
    struct audit_case *c = suite_case(s, g, WIRE_FORWARD, m, 1, 40);
    case_fill(c, (struct recipe){RECIPE_UNIFORM, 800 + k, -80, -10});
    c->recipe.kind = RECIPE_NONE;
    c->logits[13] = 0.5f;
    to_depths(c);
  }
  g = suite_group(s, "subnormal-outputs", FLAG_REPEAT,
                  "Exact probabilities between 2^-149 and 2^-126: flushing them to zero loses the order of rare events.");
  for (unsigned k = 0; k < 4; k++) {
    struct audit_case *c = suite_case(s, g, WIRE_FORWARD, m, 1, 33);
    case_fill(c, (struct recipe){RECIPE_UNIFORM, 820 + k, -104, -87});
    c->recipe.kind = RECIPE_NONE;
    c->logits[k * 8] = 0;
    to_depths(c);
  }
  g = suite_group(s, "subnormal-inputs", FLAG_PERMUTE,
                  "Subnormal logits and zeros of both signs: equal probabilities but for the last bits.");
  for (unsigned k = 0; k < 3; k++) {
    struct audit_case *c = suite_case(s, g, WIRE_FORWARD, m, 1, 9 + 8 * k);
    for (size_t j = 0; j < c->cols; j++)
      c->logits[j] = j % 4 == 0 ? -0.0f : j % 4 == 1 ? 0x1p-149f : j % 4 == 2 ? -0x1.8p-130f : 0.0f;
    if (k == 2) c->logits[3] = 1;
  }
}

static void add_extreme(struct suite *s, const struct model *m) {
  size_t g = suite_group(s, "extreme", FLAG_REPEAT | FLAG_OVERFLOW,
                         "The largest floats of either sign: x - max overflows to -inf, whose exponential is 0, not NaN.");
  static const float rows[][4] = {{FLT_MAX, FLT_MAX, 0, -FLT_MAX}, {-FLT_MAX, -FLT_MAX, -FLT_MAX, -FLT_MAX},
                                  {FLT_MAX, -FLT_MAX, 1, 2},       {1e30f, 1e30f, 1e29f, -1e30f},
                                  {-1e38f, 0, 1, 2},               {3e38f, 3e38f, 3e38f, 3e38f}};
  for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
    memcpy(suite_case(s, g, WIRE_FORWARD, m, 1, 4)->logits, rows[k], sizeof rows[k]);
  g = suite_group(s, "mask-values", FLAG_REPEAT | FLAG_OVERFLOW,
                  "Finite mask values as plain logits (-1e4, -65504, -1e9, the lowest float): what a modulator makes of them "
                  "is the formula's matter, and is checked as such.");
  static const float masks[] = {-1e4f, -65504, -1e9f, -FLT_MAX};
  for (size_t k = 0; k < 4; k++) {
    struct audit_case *c = suite_case(s, g, WIRE_FORWARD, m, 1, 20);
    case_fill(c, (struct recipe){RECIPE_NORMAL, 900 + k, 0, 1});
    c->recipe.kind = RECIPE_NONE;
    for (size_t j = 12; j < 20; j++) c->logits[j] = masks[k];
  }
}

static void add_logs(struct suite *s, const struct model *m, int small) {
  size_t g = suite_group(s, "log", FLAG_REPEAT | FLAG_BATCH,
                         "Logarithms: near 0 for a dominating entry, where log(softmax(x)) has no digits, and far below "
                         "the smallest probability.");
  for (unsigned k = 0; k < 8; k++)
    add_row(s, g, WIRE_LOG, m, 5 + 24 * k, (struct recipe){RECIPE_NORMAL, 1000 + k, 0, 1 + k});
  for (unsigned k = 0; k < 6; k++)
    add_row(s, g, WIRE_LOG, m, 50, (struct recipe){RECIPE_PEAK, 1010 + k, 8 + 6.0 * k, 20});
  add_row(s, g, WIRE_LOG, m, 30, (struct recipe){RECIPE_UNIFORM, 1020, -500, 500});
  case_fill(suite_case(s, g, WIRE_LOG, m, 6, 77), (struct recipe){RECIPE_NORMAL, 1030, 0, 2});
  if (!small) add_row(s, g, WIRE_LOG, m, 50257, (struct recipe){RECIPE_NORMAL, 1040, 0, 2});
}

void suite_add_common(struct suite *suite, const struct model *model, int small) {
  add_lengths(suite, model, small);
  add_ranges(suite, model);
  add_ties(suite, model);
  add_tiny(suite, model);
  add_extreme(suite, model);
  add_logs(suite, model, small);
}
