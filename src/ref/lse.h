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
/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  params: \valid_read(params) && valid_params(params);
    requires  some:   !all_masked(row->logits.WORDS, row->mask, row->n);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   top:    bounded(\result.row_max, 1.0e195) &&
                        is_top(params, row->logits.WORDS, row->mask, row->n, \result.row_max);
    ensures   rest:   fin(\result.rest) && 0.0 <= \result.rest <= 34359738368.0;
    ensures   log:    fin(\result.log) && 0.0 <= \result.log <= 26.0;
    ensures   exact:  is_rest(params, row->logits.WORDS, row->mask, row->n, \result.row_max, \result.rest);
    ensures   value:  log_is(\result.rest, \result.log);
*/
mmax_lse mmax_row_lse(const mmax_params *params, const mmax_view *row);

#endif
