/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log-sum-exp of a row without cancellation: lse = row_max + ln(1 + rest),
 * rest the sum of all weights but one of value 1. The grid of that sum is set
 * by the second largest weight, so rest keeps its relative accuracy when the
 * row is almost one-hot, and stays an exact integer sum.
 */
#ifndef MMAX_REF_LSE_H
#define MMAX_REF_LSE_H

#include "view.h"

typedef struct mmax_lse {
  double row_max; /* largest sigma                                   */
  double rest;    /* sum of exp(sigma - row_max) but one largest, >= 0 */
  double log;     /* ln(1 + rest)                                    */
} mmax_lse;

/* The row has at least one unmasked entry and no NaN or +inf. */
mmax_lse mmax_row_lse(const mmax_params *params, const mmax_view *row);

#endif
