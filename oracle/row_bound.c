/* SPDX-License-Identifier: Apache-2.0 */
/* See row_bound.h; sections named in comments are those of specs/accuracy.md. */
#include "row_bound.h"

#include <math.h>

#include "ulp.h"

#define U 0x1p-53
#define CLAMP 0x1p-158        /* weights below it may be computed as 0        */
#define FAINT 0x1p-154          /* what such an entry may add, in units of G D */
#define ROUNDED (1.0 + 0x1p-24) /* the last rounding of a gradient's own error */
#define SLACK (1.0 + 0x1p-40) /* roundings of this file's own formulas        */

struct entry {
  double y, r[4], slope_size;
  double moved, slope_moved; /* by the rounding of y, which a pre-map has: y, and sigma' at most */
};

static double jump(double coef, double distance, double moved) {
  return fabs(distance) <= 2 * moved ? fabs(coef) : 0;
}

/* Hinges and D of section Modulator, from float64 arithmetic. */
static struct entry entry_at(const mmax_params *p, float logit) {
  struct entry e = {.y = fma(p->scale, (double)logit, p->shift)};
  e.r[0] = fmax(p->knot[0] - e.y, 0);
  e.r[1] = fmax(e.y - p->knot[1], 0);
  e.r[2] = fmax(p->knot[2] - e.y, 0);
  e.r[3] = fmax(e.y - p->knot[3], 0);
  e.slope_size = 1 + fabs(p->coef[0]) + fabs(p->coef[1]) +
                 2 * fabs(p->coef[2]) * (e.r[2] + fabs(e.y) * U) +
                 2 * fabs(p->coef[3]) * (e.r[3] + fabs(e.y) * U);
  if (p->scale != 1 || p->shift != 0) {
    e.moved = fabs(e.y) * U + 0x1p-1074;
    e.slope_moved = 2 * (fabs(p->coef[2]) + fabs(p->coef[3])) * e.moved +
                    jump(p->coef[0], p->knot[0] - e.y, e.moved) +
                    jump(p->coef[1], e.y - p->knot[1], e.moved);
  }
  return e;
}

static int is_masked(float logit, const uint8_t *mask, size_t k) {
  return (mask != NULL && mask[k] != 0) || logit == -INFINITY;
}

/* How far the rounding of y moves what multiplies gs in each parameter gradient. */
static void raise_moved(double moved[MMAX_NPARAMS], const mmax_params *p, struct entry e,
                        float logit) {
  const double of_entry[MMAX_NPARAMS] = {
      e.moved,
      e.moved,
      (2 * e.r[2] + e.moved) * e.moved,
      (2 * e.r[3] + e.moved) * e.moved,
      jump(p->coef[0], p->knot[0] - e.y, e.moved),
      jump(p->coef[1], e.y - p->knot[1], e.moved),
      2 * fabs(p->coef[2]) * e.moved,
      2 * fabs(p->coef[3]) * e.moved,
      e.slope_moved * fabs((double)logit),
      e.slope_moved,
  };
  for (int j = 0; j < MMAX_NPARAMS; j++) moved[j] = fmax(moved[j], of_entry[j] * SLACK);
}

/* What multiplies gs in each parameter gradient (specs/semantics.md, Backward). */
static void raise_factors(double factor[MMAX_NPARAMS], const mmax_params *p, struct entry e,
                          float logit) {
  const double of_entry[MMAX_NPARAMS] = {
      e.r[0],
      e.r[1],
      e.r[2] * e.r[2],
      e.r[3] * e.r[3],
      fabs(p->coef[0]),
      fabs(p->coef[1]),
      2 * fabs(p->coef[2]) * e.r[2],
      2 * fabs(p->coef[3]) * e.r[3],
      e.slope_size * fabs((double)logit),
      e.slope_size,
  };
  for (int j = 0; j < MMAX_NPARAMS; j++) factor[j] = fmax(factor[j], of_entry[j] * SLACK);
}

void row_bound_start(struct row_bound *b, const mmax_params *params, const float *logits,
                     const uint8_t *mask, size_t cols, const float *g, double weight, int every,
                     size_t target) {
  double top = -INFINITY, top_condition = 0;
  *b = (struct row_bound){.params = params, .cols = cols, .upstream = fabs(weight)};
  for (size_t k = 0; k < cols; k++) {
    if (is_masked(logits[k], mask, k)) continue;
    if (!isfinite(logits[k])) return; /* the row is NaN: nothing to bound */
    double s = mmax_sigma(params, logits[k]);
    if (s > top) {
      top = s;
      top_condition = mmax_condition(params, logits[k]);
    }
  }
  for (size_t k = 0; k < cols; k++) {
    if (is_masked(logits[k], mask, k)) continue;
    double own = mmax_condition(params, logits[k]);
    if (g != NULL) b->upstream = fmax(b->upstream, fabs((double)g[k]));
    struct entry e = entry_at(params, logits[k]);
    raise_factors(b->far_factor, params, e, logits[k]);
    raise_moved(b->moved, params, e, logits[k]);
    /* Section Condition size, with the computed sigma's error on top. */
    double z = mmax_sigma(params, logits[k]) - top;
    if (!every && k != target && z + 20 * U * (own + top_condition) < -111) continue;
    b->condition = fmax(b->condition, own);
    raise_factors(b->factor, params, e, logits[k]);
  }
}

double bound_prob(const struct row_bound *b) { return mmax_bound_probs_ulp(b->condition, b->cols); }

double bound_log(const struct row_bound *b, double condition, exact_value exact) {
  double floor = (double)b->cols * CLAMP / ulp_of_float(exact);
  if (fabs(exact.hi) < (double)b->cols * 0x1p-97) floor += 0.5; /* the last rounding in the next binade */
  return mmax_bound_log_ulp(fmax(b->condition, condition), b->cols) + floor;
}

double bound_grad_logit(const struct row_bound *b, float logit, double p, exact_value exact) {
  double kappa = mmax_bound_gradient(b->condition, b->cols);
  if (!isfinite(kappa)) return INFINITY; /* A too large: nothing is promised */
  struct entry e = entry_at(b->params, logit);
  double size = b->upstream * fabs(b->params->scale);
  double inside = e.slope_size * (ROUNDED * kappa * p + FAINT) + 2 * ROUNDED * e.slope_moved * p;
  double allowed = 0x1p-24 * fabs(exact.hi) + 0x1p-149 + SLACK * size * inside;
  return allowed / ulp_of_float(exact);
}

void bound_grad_params_add(const struct row_bound *b, double share, double total[MMAX_NPARAMS]) {
  double kappa = mmax_bound_gradient(b->condition, b->cols);
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    double near = isfinite(kappa) ? b->upstream * (4 * kappa * b->factor[j] + 3 * b->moved[j]) : INFINITY;
    double far = (double)b->cols * (FAINT * b->upstream * b->far_factor[j] + 0x1p-254);
    total[j] += share * (near + far) * SLACK;
  }
}
