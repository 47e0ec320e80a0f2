/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of rows with NaN, infinities and masks: judged by the profile's table. */
#include <float.h>
#include <math.h>

#include "suite.h"

static struct audit_case *normal_row(struct suite *s, size_t g, enum wire_op op, const struct model *m,
                                     size_t n, uint64_t seed) {
  struct audit_case *c = suite_case(s, g, op, m, 1, n);
  case_fill(c, (struct recipe){RECIPE_NORMAL, seed, 0, 1.5});
  c->recipe.kind = RECIPE_NONE;
  return c;
}

static void add_nonfinite(struct suite *s, const struct model *m) {
  static const size_t lengths[] = {1, 2, 5, 8, 17, 40};
  size_t nan_group = suite_group(s, "nan", FLAG_REPEAT, "NaN in every position of short rows, and at the ends of longer "
                                                        "ones: a maximum that ignores NaN yields a plausible row.");
  for (size_t k = 0; k < 6; k++)
    for (size_t at = 0; at < lengths[k]; at += lengths[k] > 8 ? lengths[k] - 1 : 1) {
      struct audit_case *c = normal_row(s, nan_group, WIRE_FORWARD, m, lengths[k], 1100 + k);
      c->logits[at] = NAN;
    }
  struct audit_case *c = suite_case(s, nan_group, WIRE_FORWARD, m, 3, 9);
  case_fill(c, (struct recipe){RECIPE_NORMAL, 1150, 0, 1});
  c->recipe.kind = RECIPE_NONE;
  c->logits[13] = NAN; /* the middle row; its neighbours are as usual */
  size_t inf = suite_group(s, "plus-infinity", FLAG_REPEAT,
                           "+inf in every position: inf - inf is NaN, and no convention makes one-hot of it.");
  for (size_t k = 0; k < 5; k++)
    for (size_t at = 0; at < lengths[k]; at += lengths[k] > 8 ? lengths[k] - 1 : 1)
      normal_row(s, inf, WIRE_FORWARD, m, lengths[k], 1200 + k)->logits[at] = INFINITY;
  c = normal_row(s, inf, WIRE_FORWARD, m, 6, 1260);
  c->logits[1] = c->logits[4] = INFINITY;
  c = normal_row(s, inf, WIRE_FORWARD, m, 6, 1261);
  c->logits[0] = INFINITY;
  c->logits[5] = -INFINITY;
  size_t minus = suite_group(s, "minus-infinity", FLAG_REPEAT | FLAG_PERMUTE,
                             "-inf in every position: how softmax is masked; its probability is exactly 0.");
  for (size_t k = 1; k < 6; k++)
    for (size_t at = 0; at < lengths[k]; at += lengths[k] > 8 ? lengths[k] - 1 : 1)
      normal_row(s, minus, WIRE_FORWARD, m, lengths[k], 1300 + k)->logits[at] = -INFINITY;
  for (unsigned k = 0; k < 4; k++) {
    c = normal_row(s, minus, WIRE_FORWARD, m, 20, 1350 + k);
    for (size_t j = 0; j < 20; j++)
      if (j != 5 * k) c->logits[j] = -INFINITY;
  }
  size_t all = suite_group(s, "all-minus-infinity", FLAG_REPEAT,
                           "Nothing but -inf: 0/0. Conventions differ; garbage is none of them.");
  for (size_t n = 1; n <= 33; n += 8) {
    c = suite_case(s, all, WIRE_FORWARD, m, 1, n);
    for (size_t j = 0; j < n; j++) c->logits[j] = -INFINITY;
  }
}

static void mask_some(struct audit_case *c, unsigned step) {
  case_mask(c);
  for (size_t j = 0; j < c->rows * c->cols; j++) c->mask[j] = j % step != 1;
}

static void add_masks(struct suite *s, const struct model *m) {
  size_t g = suite_group(s, "masked", FLAG_REPEAT | FLAG_PERMUTE | FLAG_BATCH | FLAG_STRIDE,
                         "Masked entries have probability exactly 0 and take part in nothing; the largest logits are masked.");
  for (unsigned k = 0; k < 5; k++) {
    struct audit_case *c = suite_case(s, g, WIRE_FORWARD, m, 1 + k % 3, 12 + 17 * k);
    case_fill(c, (struct recipe){RECIPE_NORMAL, 1400 + 10 * k, 0, 2});
    mask_some(c, 2 + k);
    for (size_t j = 0; j < c->rows * c->cols; j++)
      if (c->mask[j]) c->logits[j] += 25;
    c->recipe.kind = RECIPE_NONE;
  }
  g = suite_group(s, "causal", FLAG_BATCH, "A causal mask: row r sees the first r+1 entries.");
  struct audit_case *c = suite_case(s, g, WIRE_FORWARD, m, 16, 16);
  case_fill(c, (struct recipe){RECIPE_NORMAL, 1450, 0, 2});
  case_mask(c);
  for (size_t r = 0; r < 16; r++)
    for (size_t j = r + 1; j < 16; j++) c->mask[16 * r + j] = 1;
  g = suite_group(s, "masked-junk", FLAG_REPEAT | FLAG_MASKED_JUNK,
                  "Masked entries that hold NaN, infinities or the largest floats: a mask must silence them (profiles "
                  "with an additive mask say NaN).");
  static const float junk[] = {NAN, INFINITY, FLT_MAX, -FLT_MAX};
  for (size_t k = 0; k < 4; k++) {
    c = normal_row(s, g, WIRE_FORWARD, m, 19, 1470 + k);
    mask_some(c, 3);
    for (size_t j = 0; j < c->cols; j++)
      if (c->mask[j]) c->logits[j] = junk[k];
  }
  g = suite_group(s, "all-masked", FLAG_REPEAT | FLAG_BATCH, "Every entry masked: padding rows of a batch.");
  for (size_t n = 1; n <= 40; n += 13) {
    c = normal_row(s, g, WIRE_FORWARD, m, n, 1480 + n);
    case_mask(c);
    for (size_t j = 0; j < n; j++) c->mask[j] = 1;
  }
  c = suite_case(s, g, WIRE_FORWARD, m, 3, 7);
  case_fill(c, (struct recipe){RECIPE_NORMAL, 1490, 0, 1});
  case_mask(c);
  for (size_t j = 7; j < 14; j++) c->mask[j] = 1; /* the middle row */
  g = suite_group(s, "log-special", FLAG_REPEAT, "Logarithms of masked rows: -inf where masked.");
  c = normal_row(s, g, WIRE_LOG, m, 15, 1500);
  mask_some(c, 2);
  c = normal_row(s, g, WIRE_LOG, m, 15, 1501);
  c->logits[4] = -INFINITY;
  c = normal_row(s, g, WIRE_LOG, m, 15, 1502);
  c->logits[4] = NAN;
}

void suite_add_special(struct suite *suite, const struct model *model) {
  add_nonfinite(suite, model);
  add_masks(suite, model);
}
