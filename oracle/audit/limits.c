/* SPDX-License-Identifier: Apache-2.0 */
/* See profile.h; the formulas are those of specs/audit-protocol.md, Limits. */
#include <math.h>

#include "profile.h"

#define U32 0x1p-24

void limits_start(struct limits *l, enum profile profile, const struct format *format,
                  const struct audit_case *c, size_t row) {
  const float *x = c->logits + row * c->cols;
  const uint8_t *mask = c->mask == NULL ? NULL : c->mask + row * c->cols;
  const float *g = c->upstream == NULL ? NULL : c->upstream + row * c->cols;
  const exact_value *p = c->probs != NULL ? c->probs : c->exact;
  double n = (double)c->cols;
  l->profile = profile;
  l->format = format;
  row_bound_start(&l->bound, &c->params, x, mask, c->cols, g, 0, 0, SIZE_MAX);
  /* sigma in float32 costs 12 A u; without a modulator it is x itself. */
  double sigma = c->params.terms == 0 ? 0 : 12 * l->bound.condition;
  l->relative = U32 * (sigma + log(n) + ceil(log2(n)) + 16 + 8);
  l->top = 0;
  size_t unmasked = 0;
  double first = -INFINITY, second = -INFINITY;
  for (size_t k = 0; k < c->cols; k++) {
    if (is_masked(x, mask, k)) continue;
    unmasked++;
    double s = isfinite(x[k]) ? mmax_sigma(&c->params, x[k]) : NAN;
    if (s > first) {
      second = first;
      first = s;
    } else if (s > second) {
      second = s;
    }
  }
  for (size_t k = 0; k < c->count; k++) {
    size_t at = c->at == NULL ? k : c->at[k];
    if (at / c->cols == row) l->top = fmax(l->top, p[k].hi);
  }
  double doubt = 24 * (profile == PROFILE_OURS ? 0x1p-53 : U32) * l->bound.condition;
  l->one_hot = unmasked > 0 && (unmasked == 1 || first - second > 120 + doubt);
}

static double grown(double relative) { return relative < 0.25 ? expm1(relative) : INFINITY; }

double limit_prob(const struct limits *l, exact_value exact) {
  double scale = ldexp(1, l->format->digits);
  if (l->one_hot) return 0.5 + scale * U32;
  if (l->profile == PROFILE_OURS) return bound_prob(&l->bound);
  double z = exact.hi > 0 && l->top > 0 ? fmin(fabs(log(exact.hi / l->top)), 110) : 110;
  return 0.5 + scale * grown(l->relative + U32 * z);
}

double limit_log(const struct limits *l, float logit, exact_value exact) {
  double own = mmax_condition(l->bound.params, logit);
  if (l->profile == PROFILE_OURS) return bound_log(&l->bound, own, exact);
  double sigma = l->bound.params->terms == 0 ? 0 : 12 * fmax(own, l->bound.condition);
  double absolute = U32 * (sigma + fabs(exact.hi)) + l->relative;
  return 0.5 + absolute / format_ulp(l->format, exact);
}

double limit_sum(const struct limits *l) {
  double n = (double)l->bound.cols;
  if (l->profile == PROFILE_OURS) return mmax_bound_sum(l->bound.cols);
  double least = ldexp(1, l->format->emin - l->format->digits);
  return format_unit(l->format) + U32 * (ceil(log2(n)) + 22) + n * least;
}

/* Largest |d sigma / dx| that cancellation among the terms may hide. */
static double slope_size(const mmax_params *p, float logit) {
  double y = p->scale * (double)logit + p->shift;
  return fabs(p->scale) * (1 + fabs(p->coef[0]) + fabs(p->coef[1]) +
                           2 * fabs(p->coef[2]) * fmax(p->knot[2] - y, 0) +
                           2 * fabs(p->coef[3]) * fmax(y - p->knot[3], 0));
}

double limit_gradient(const struct limits *l, float logit, double p, exact_value exact) {
  if (l->profile == PROFILE_OURS)
    return bound_grad_logit(&l->bound, logit, p, exact) * format_ulp(l->format, exact);
  double kappa = 3 * grown(l->relative + U32 * 110) + U32 * (ceil(log2((double)l->bound.cols)) + 48);
  double size = l->bound.upstream * slope_size(l->bound.params, logit);
  return 2 * format_unit(l->format) * fabs(exact.hi) +
         ldexp(1, l->format->emin - l->format->digits + 1) + size * (kappa * p + 0x1p-125);
}

void limit_parameters_add(const struct limits *l, double total[MMAX_NPARAMS]) {
  if (l->profile == PROFILE_OURS) {
    bound_grad_params_add(&l->bound, 1, total);
    return;
  }
  double kappa = 3 * grown(l->relative) + U32 * (ceil(log2((double)l->bound.cols)) + 48);
  for (int j = 0; j < MMAX_NPARAMS; j++)
    total[j] += 4 * kappa * l->bound.upstream * l->bound.factor[j] +
                (double)l->bound.cols * 0x1p-125 * l->bound.upstream * l->bound.far_factor[j];
}

enum severity limits_grade(const struct limits *l, double error, double limit, double absolute) {
  if (error <= limit) return SEVERITY_PASS;
  if (!(absolute <= 0x1p-7)) return SEVERITY_CRITICAL;
  if (l->profile == PROFILE_OURS || !(error <= 8 * limit)) return SEVERITY_MAJOR;
  return SEVERITY_MINOR;
}
