/* SPDX-License-Identifier: Apache-2.0 */
/*
 * specs/accuracy.md applied to one row: how far each output may be from the
 * exact one, in ulp of the exact one.
 */
#ifndef MULTIMAX_ROW_BOUND_H
#define MULTIMAX_ROW_BOUND_H

#include "exact.h"
#include "multimax.h"

struct row_bound {
  const mmax_params *params;
  size_t cols;
  double condition; /* largest A of the entries that can reach the output           */
  double upstream;  /* G: largest |g| of the unmasked entries; |w| for cross-entropy */
  /* Largest factor of each parameter moment: over the entries that can reach
     the output, and over all unmasked ones (whose weight is below 2^-158). */
  double factor[MMAX_NPARAMS], far_factor[MMAX_NPARAMS];
  double moved[MMAX_NPARAMS]; /* how far the pre-map's rounding moves it; 0 without one */
};

/* g: upstream gradient of the row, or NULL for `weight` (cross-entropy). every:
   all unmasked entries count as reaching (label smoothing, which weighs all);
   target: this one does in any case (SIZE_MAX: none). */
void row_bound_start(struct row_bound *b, const mmax_params *params, const float *logits,
                     const uint8_t *mask, size_t cols, const float *g, double weight, int every,
                     size_t target);

double bound_prob(const struct row_bound *b);
/* Also of a loss; logit: the entry's own, which must not be masked. */
double bound_log(const struct row_bound *b, double condition, exact_value exact);
/* p: exact probability of the entry (cross-entropy: p + q). */
double bound_grad_logit(const struct row_bound *b, float logit, double p, exact_value exact);
/* Adds the row's share of |error| of each parameter gradient; share: 1, cross-entropy: 2. */
void bound_grad_params_add(const struct row_bound *b, double share, double total[MMAX_NPARAMS]);

#endif
