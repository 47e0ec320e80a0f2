/* SPDX-License-Identifier: Apache-2.0 */
/* Backward outputs against the oracle. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "session.h"

static const char *const parameter_names[MMAX_NPARAMS] = {
    "d/dc1", "d/dc2", "d/dc3", "d/dc4", "d/dk1", "d/dk2", "d/dk3", "d/dk4", "d/dscale", "d/dshift"};

/* error and limit are absolute; scale: the size of the row's upstream gradient. */
static void record(struct session *s, const struct audit_case *c, enum property property,
                   struct observation o, const struct limits *l, double error, double limit, double scale) {
  o.measure = error == 0 ? 0 : limit == 0 ? INFINITY : error / limit;
  o.bound = 1;
  o.severity = isnan(error) ? SEVERITY_CRITICAL : limits_grade(l, error, limit, scale > 0 ? error / scale : 0);
  verdicts_record(s->verdicts, property, c->group, &o);
}

static void check_row(struct session *s, const struct audit_case *c, size_t case_index, size_t row,
                      const float *out, const struct limits *l, const size_t *position) {
  const float *x = c->logits + row * c->cols;
  const uint8_t *mask = c->mask == NULL ? NULL : c->mask + row * c->cols;
  double sum = 0, allowed = 0, scale = l->bound.upstream;
  for (size_t k = 0; k < c->cols; k++) {
    struct observation o = {.case_index = case_index, .row = row, .col = k, .input = x[k],
                            .got = out[row * c->cols + k], .exact = NAN};
    double got = (double)o.got;
    if (is_masked(x, mask, k)) {
      o.exact = 0;
      o.measure = got == 0 ? 0 : isnan(got) ? INFINITY : fabs(got);
      o.severity = got == 0 ? SEVERITY_PASS : SEVERITY_MAJOR;
      (void)snprintf(o.message, sizeof o.message, "%s", got == 0 ? "" : "a masked entry has a gradient");
      verdicts_record(s->verdicts, PROP_GRADIENT_MASKED, c->group, &o);
      continue;
    }
    size_t at = position[k];
    if (at == SIZE_MAX) continue;
    o.exact = c->exact[at].hi;
    double limit = limit_gradient(l, x[k], c->probs[at].hi, c->exact[at]);
    sum += got;
    allowed += limit;
    if (!isfinite(limit)) continue;
    record(s, c, PROP_GRADIENT, o, l, fabs((got - o.exact) - c->exact[at].lo), limit, scale);
  }
  struct observation o = {.case_index = case_index, .row = row, .exact = 0};
  if (c->params.terms != 0 || c->at != NULL || !isfinite(allowed)) return;
  (void)snprintf(o.message, sizeof o.message, "the gradients sum to %.3g", sum);
  record(s, c, PROP_GRADIENT_SUM, o, l, fabs(sum), allowed + 0x1p-149, scale);
}

static void check_parameters(struct session *s, const struct audit_case *c, size_t case_index,
                             const struct limits *l, const double *got, const double *allowed) {
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    if ((c->params.terms >> (j < 8 ? j % 4 : 4) & 1u) == 0) continue;
    double exact = c->grads.value[j].hi, unit = s->profile == PROFILE_OURS ? 0x1p-52 : 0x1p-22;
    struct observation o = {.case_index = case_index, .col = (size_t)j, .got = (float)got[j], .exact = exact};
    double limit = allowed[j] + unit * fabs(exact) + (s->profile == PROFILE_OURS ? 0x1p-240 : 0x1p-125);
    if (!isfinite(limit)) continue;
    (void)snprintf(o.message, sizeof o.message, "%s: got %.9g, exact %.9g%s", parameter_names[j], got[j], exact,
                   fabs(got[j] + exact) < limit && fabs(exact) > limit ? ": the sign is wrong" : "");
    double scale = 0x1p7 * fabs(exact); /* twice the exact value off is critical */
    record(s, c, PROP_PARAMETER_GRADIENT, o, l, fabs((got[j] - exact) - c->grads.value[j].lo), limit, scale);
  }
}

void check_gradient(struct session *s, const struct audit_case *c, size_t case_index, const float *out,
                    const double *grad_params, size_t grad_params_count) {
  double allowed[MMAX_NPARAMS] = {0};
  struct limits l;
  size_t *position = audit_alloc(c->cols, sizeof *position);
  for (size_t row = 0; row < c->rows; row++) {
    for (size_t k = 0; k < c->cols; k++) position[k] = c->at == NULL ? row * c->cols + k : SIZE_MAX;
    for (size_t k = 0; c->at != NULL && k < c->count; k++)
      if (c->at[k] / c->cols == row) position[c->at[k] % c->cols] = k;
    limits_start(&l, s->profile, s->facts.format, c, row);
    limit_parameters_add(&l, allowed);
    check_row(s, c, case_index, row, out, &l, position);
  }
  free(position);
  if (grad_params_count == MMAX_NPARAMS) check_parameters(s, c, case_index, &l, grad_params, allowed);
}
