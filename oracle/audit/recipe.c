/* SPDX-License-Identifier: Apache-2.0 */
/* Rows drawn from a recipe; additions and multiplications alone, so that every machine draws the same. */
#include "suite.h"

const char *const recipe_names[RECIPES] = {"none", "uniform", "normal", "constant", "peak", "ladder"};

/* SplitMix64. */
static uint64_t next(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static double unit(uint64_t *state) { return (double)(next(state) >> 11) * 0x1p-53; }

/* Mean 0, variance 1: twelve uniforms (Irwin-Hall). */
static double nearly_normal(uint64_t *state) {
  double sum = -6;
  for (int k = 0; k < 12; k++) sum = sum + unit(state);
  return sum;
}

void recipe_fill(const struct recipe *recipe, float *row, size_t n) {
  uint64_t state = recipe->seed * 0x2545f4914f6cdd1du;
  const double a = recipe->a, b = recipe->b;
  for (size_t k = 0; k < n; k++) {
    double v = a;
    switch (recipe->kind) {
    case RECIPE_UNIFORM: v = a + (b - a) * unit(&state); break;
    case RECIPE_NORMAL: v = a + b * nearly_normal(&state); break;
    case RECIPE_PEAK: v = (double)k == b ? a : nearly_normal(&state); break;
    case RECIPE_LADDER: v = a - b * (double)k; break;
    default: break;
    }
    row[k] = (float)v;
  }
}

void case_fill(struct audit_case *c, struct recipe recipe) {
  c->recipe = recipe;
  for (size_t r = 0; r < c->rows; r++, recipe.seed++) recipe_fill(&recipe, c->logits + r * c->cols, c->cols);
}

void case_fill_upstream(struct audit_case *c, struct recipe recipe) {
  c->upstream_recipe = recipe;
  for (size_t r = 0; r < c->rows; r++, recipe.seed++) recipe_fill(&recipe, c->upstream + r * c->cols, c->cols);
}
