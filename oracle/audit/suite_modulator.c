/* SPDX-License-Identifier: Apache-2.0 */
/* Groups aimed at the modulator of Eq. 6: knots, turning points, overflow, evaluation order. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "suite.h"

/* x with scale*x + shift nearest to y. */
static float logit_at(const mmax_params *p, double y) {
  return p->scale == 0 ? 0 : (float)((y - p->shift) / p->scale);
}

static void add_knots(struct suite *s, const struct model *m) {
  size_t g = suite_group(s, "knots", FLAG_PERMUTE,
                         "Every knot exactly and one ulp to each side: the hinge opens strictly beyond its knot.");
  size_t gradient = suite_group(s, "knots-gradient", 0,
                                "At a knot the derivative of relu is 0: a <= for a < shows in the gradient alone.");
  for (int k = 0; k < 4; k++) {
    float at = logit_at(&m->params, m->params.knot[k]);
    float row[6] = {at, nextafterf(at, -INFINITY), nextafterf(at, INFINITY), at + 1, at - 1, at};
    memcpy(suite_case(s, g, WIRE_FORWARD, m, 1, 6)->logits, row, sizeof row);
    struct audit_case *c = suite_case(s, gradient, WIRE_BACKWARD, m, 1, 6);
    memcpy(c->logits, row, sizeof row);
    for (int j = 0; j < 6; j++) c->upstream[j] = (float)(j * j) - 7.5f;
  }
  struct audit_case *c = suite_case(s, g, WIRE_FORWARD, m, 1, 4);
  for (int k = 0; k < 4; k++) c->logits[k] = logit_at(&m->params, m->params.knot[k]);
  g = suite_group(s, "between-knots", 0,
                  "A grid over all knots, crossing ones included: between crossed knots both terms act (Eq. 6, not Eq. 5).");
  double low = INFINITY, high = -INFINITY;
  for (int k = 0; k < 4; k++) {
    low = fmin(low, (double)logit_at(&m->params, m->params.knot[k]));
    high = fmax(high, (double)logit_at(&m->params, m->params.knot[k]));
  }
  for (unsigned k = 0; k < 3; k++) {
    c = suite_case(s, g, WIRE_FORWARD, m, 1, 64);
    case_fill(c, (struct recipe){RECIPE_UNIFORM, 2000 + k, low - k, high + k});
  }
}

static void add_turning(struct suite *s, const struct model *m) {
  mmax_interval out[MMAX_MAX_INTERVALS];
  size_t count = mmax_increasing_intervals(&m->params, out);
  size_t g = suite_group(s, "turning", FLAG_PERMUTE,
                         "Around the points where sigma turns: the largest logit is not the largest modulated one, so a "
                         "shift by the maximum of x (or sigma of it) is wrong.");
  for (size_t k = 0; k < count; k++)
    for (int end = 0; end < 2; end++) {
      double at = end ? out[k].hi : out[k].lo;
      if (!isfinite(at) || fabs(at) > 1e6) continue;
      struct audit_case *c = suite_case(s, g, WIRE_FORWARD, m, 1, 31);
      for (int j = 0; j < 31; j++) c->logits[j] = (float)(at + (j - 15) * 0.5);
      c = suite_case(s, g, WIRE_FORWARD, m, 1, 8);
      float v = (float)at;
      for (int j = 0; j < 8; j++, v = nextafterf(v, INFINITY)) c->logits[j] = v;
    }
  static const double spans[] = {12, 30, 60, 120};
  for (unsigned k = 0; k < 4; k++)
    case_fill(suite_case(s, g, WIRE_FORWARD, m, 1, 40), (struct recipe){RECIPE_UNIFORM, 2050 + k, -spans[k], spans[k]});
}

static void add_overflow(struct suite *s, const struct model *m) {
  size_t g = suite_group(s, "half-overflow", FLAG_REPEAT,
                         "Logits of 145 to 300: squares overflow float16 there, nothing else should notice.");
  static const float halves[] = {145, 160, 188, 206, 254, 256, 258, 300};
  for (int k = 0; k < 8; k++) {
    struct audit_case *c = suite_case(s, g, WIRE_FORWARD, m, 1, 8);
    for (int j = 0; j < 8; j++) c->logits[j] = (float)((k & 1) != 0 ? -1 : 1) * halves[k] + (float)j * 0.25f;
  }
  g = suite_group(s, "sigma-overflow", FLAG_OVERFLOW,
                  "Finite logits whose squares or modulated values overflow float32 (from 1.8e19): the exact result is finite.");
  static const float sizes[] = {1e5f, 1e9f, 1e15f, 1.04e19f, 1.36e19f, 1.84e19f, 2e19f, 1e25f, FLT_MAX};
  for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
    for (int sign = -1; sign <= 1; sign += 2) {
      struct audit_case *c = suite_case(s, g, WIRE_FORWARD, m, 1, 5);
      float row[5] = {(float)sign * sizes[k], 0, 1, -2, (float)sign * sizes[k]};
      memcpy(c->logits, row, sizeof row);
    }
  g = suite_group(s, "evaluation-order", FLAG_OVERFLOW | FLAG_REPEAT,
                  "(t*m)*m against t*(m*m), terms added one by one or first among themselves: one order overflows or loses "
                  "digits where the other does not.");
  static const float scales[] = {40, 88, 250, 700, 1e3f, 3e3f, 2.5e19f, 6e19f};
  for (size_t k = 0; k < sizeof scales / sizeof scales[0]; k++)
    case_fill(suite_case(s, g, WIRE_FORWARD, m, 1, 24),
              (struct recipe){RECIPE_UNIFORM, 2100 + k, (double)scales[k], (double)scales[k] * (1 + 0x1p-8)});
  for (size_t k = 0; k < sizeof scales / sizeof scales[0]; k++)
    case_fill(suite_case(s, g, WIRE_FORWARD, m, 1, 24),
              (struct recipe){RECIPE_UNIFORM, 2120 + k, -(double)scales[k] * (1 + 0x1p-8), -(double)scales[k]});
}

static void add_layers(struct suite *s) {
  size_t g = suite_group(s, "layers", FLAG_REPEAT, "Each learned layer of the paper's Tables 7 and 8 on normal logits.");
  size_t gradient = suite_group(s, "layers-gradient", 0, "The same layers backward, with the gradients of their 8 numbers.");
  for (size_t k = 0; k < builtin_count; k++) {
    char text[64];
    struct model layer;
    struct fault fault;
    (void)snprintf(text, sizeof text, "%s:%u", builtins[k].table, builtins[k].layer);
    if (model_load(&layer, text, &fault) != 0) continue;
    case_fill(suite_case(s, g, WIRE_FORWARD, &layer, 2, 64), (struct recipe){RECIPE_NORMAL, 2200 + 2 * k, 0, 2});
    struct audit_case *c = suite_case(s, gradient, WIRE_BACKWARD, &layer, 2, 40);
    case_fill(c, (struct recipe){RECIPE_NORMAL, 2300 + 2 * k, 0, 2});
    case_fill_upstream(c, (struct recipe){RECIPE_NORMAL, 2400 + 2 * k, 0, 1});
  }
}

void suite_add_modulator(struct suite *suite, const struct model *model) {
  add_knots(suite, model);
  add_turning(suite, model);
  add_overflow(suite, model);
  add_layers(suite);
}
