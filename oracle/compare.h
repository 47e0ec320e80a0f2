/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library against the oracle on one batch: every output's error in ulp
 * (ulp.h) next to its a-priori bound, the worst of each with its witness.
 */
#ifndef MULTIMAX_COMPARE_H
#define MULTIMAX_COMPARE_H

#include "exact.h"
#include "job.h"

/* One output: an entry of a row, a row's loss (col: its target), or a parameter gradient
   (row SIZE_MAX, col: its index in MMAX_NPARAMS). */
struct witness {
  size_t row, col;
  float logit;         /* of entry and loss */
  double got, nearest; /* nearest: the exact result correctly rounded to the output's format */
  exact_value exact;
  double ulp, bound;
};

struct quantity {
  const char *name; /* "probs", "log_probs", "loss", "grad_logits", "grad_params" */
  size_t outputs, misrounded, outside; /* misrounded: not the bits of `nearest` */
  size_t unbounded; /* outputs whose row's A is so large that nothing is promised */
  struct witness worst;                /* largest ulp         */
  struct witness tightest;             /* largest ulp / bound */
  double largest_bound;
};

enum { QUANTITIES_MAX = 3 };

struct comparison {
  struct quantity quantity[QUANTITIES_MAX];
  size_t quantities;
  double condition; /* largest A of a row */
  /* forward only: |sum of a row's probabilities - 1| over rows that have one */
  size_t sums, sums_outside, worst_sum_row;
  double worst_sum, sum_bound;
  /* special rows as each side reports them; wrong_nan: NaN outputs other than 0x7fc00000 */
  mmax_report library;
  exact_report oracle;
  size_t wrong_nan;
};

/* Forward and log go slice by slice, so that their memory is bounded. */
int compare(struct comparison *out, const struct job *job, struct fault *fault);

/* Both sides name the same special rows. */
int comparison_agrees(const struct comparison *c);
/* Everything within its bound, all rows decided, special rows agree. */
int comparison_within(const struct comparison *c);

#endif
