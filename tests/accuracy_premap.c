/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With a pre-map y = scale*x + shift is rounded once, and the exact gradient is that of the exact y: specs/accuracy.md#gradient adds
 * what sigma' may move by that rounding. A row where this is nearly all of the error, just below a steep squared hinge's knot, stays
 * within its bound; and by a first-order knot that the rounding crosses. Control: without that summand both would leave it.
 */
#include <math.h>

#include "compare.h"
#include "row_bound.h"
#include "support.h"
#include "ulp.h"

static const float logits[2] = {334.1f, 334.1f}, upstream[2] = {1.0f, -1.0f};

/* The error of the first entry that is furthest from its bound, in bounds with and without the summand. */
static void judge(const char *name, mmax_params *p, double *with, double *without) {
  struct comparison c;
  struct fault fault;
  struct job job = JOB_DEFAULTS;
  job.input = name;
  job.function = JOB_BACKWARD;
  job.backend = MMAX_BACKEND_REF;
  job.model.params = *p;
  job.logits.data = (float *)(uintptr_t)logits;
  job.rows = rows_of(logits, 1, 2);
  job.grad_probs.data = (float *)(uintptr_t)upstream;
  if (compare(&c, &job, &fault) != 0) {
    printf("FAIL accuracy_premap: %s\n", fault.text);
    exit(1);
  }
  CHECK(comparison_within(&c));
  const struct witness *w = &c.quantity[0].tightest;
  const double kappa = mmax_bound_gradient(mmax_condition(p, logits[0]), 2);
  const double steepest = 1.0 + 2.0 * (fabs(p->coef[2]) * 1e-10 + fabs(p->coef[0]));
  *with = w->ulp / w->bound;
  *without = w->ulp * ulp_of_float(w->exact) /
             (0x1p-24 * fabs(w->exact.hi) + 0x1p-149 + 1.01 * kappa * 0.5 * steepest * fabs(p->scale));
  printf("%s: error/bound %.3g, without the pre-map's summand %.3g\n", name, *with, *without);
}

int main(void) {
  const double scale = 3.1, shift = 0.1, y = fma(scale, (double)logits[0], shift);
  double with, without;
  mmax_params p = {.terms = MMAX_TERM_LOW2 | MMAX_TERM_AFFINE, .scale = scale, .shift = shift};
  p.coef[2] = 1e9;
  p.knot[2] = nextafter(y, INFINITY);
  judge("squared hinge", &p, &with, &without);
  CHECK(with > 0.05 && with <= 1.0 && without > 10.0);

  /* the rounded y on the side of the exact one that the knot, y itself, separates from it */
  p = (mmax_params){.terms = MMAX_TERM_LOW1 | MMAX_TERM_HIGH1 | MMAX_TERM_AFFINE, .scale = scale, .shift = shift};
  p.coef[0] = p.coef[1] = 0.5;
  p.knot[0] = p.knot[1] = y;
  judge("crossed knot", &p, &with, &without);
  CHECK(with > 0.05 && with <= 1.0 && without > 10.0);
  return verdict("accuracy_premap");
}
