/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all row kernels share: which entries take part, the row's maximum and
 * its exponential sum. Weights are recomputed instead of stored: the reference
 * needs no scratch memory.
 */
#ifndef MMAX_REF_ROW_H
#define MMAX_REF_ROW_H

#include "../multimax.h"
#include "exp.h"
#include "modulator.h"
#include "sum.h"

/* Canonical quiet NaN: what every entry of a row with NaN or +inf becomes. */
#define MMAX_NAN_BITS 0x7fc00000u

/* Takes part in the row. Rows with NaN or +inf were sorted out before, so a
   non-finite logit here is -inf: masked. */
static inline int mmax_unmasked(const float *x, const uint8_t *mask, size_t i) {
  return (mask == NULL || mask[i] == 0) && mmax_classify(x[i]) == MMAX_FINITE;
}

/* exp(sigma(x) - row_max), in [0, 1]. */
static inline double mmax_weight(const mmax_params *params, float x, double row_max) {
  return mmax_exp(mmax_modulated(params, x) - row_max);
}

/* MMAX_OK, MMAX_ROW_MASKED or MMAX_ROW_NONFINITE. */
mmax_status mmax_row_state(const float *x, const uint8_t *mask, size_t n);

/* Index of the first unmasked entry with the largest sigma; n if there is none. */
size_t mmax_row_argmax(const mmax_params *params, const float *x, const uint8_t *mask, size_t n);

/* Sum of the weights in units of 2^-50, exact. */
mmax_sum mmax_row_sum(const mmax_params *params, const float *x, const uint8_t *mask, size_t n,
                      double row_max);

void mmax_row_fill(float *out, size_t n, float value);

#endif
