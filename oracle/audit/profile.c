/* SPDX-License-Identifier: Apache-2.0 */
/* See profile.h: the table of special rows. */
#include "profile.h"

#include <math.h>

const char *const profile_names[PROFILES] = {"ieee-strict", "pytorch-like", "ours"};

int is_masked(const float *logits, const uint8_t *mask, size_t k) {
  return (mask != NULL && mask[k] != 0) || logits[k] == -INFINITY;
}

/* sigma(-inf) in IEEE arithmetic is NaN unless every present low term is negative. */
static int minus_inf_is_nan(const mmax_params *p) {
  if ((p->terms & MMAX_TERM_AFFINE) != 0 && !(p->scale > 0)) return 1;
  return ((p->terms & MMAX_TERM_LOW1) != 0 && !(p->coef[0] < 0)) ||
         ((p->terms & MMAX_TERM_LOW2) != 0 && !(p->coef[2] < 0)) ||
         ((p->terms & MMAX_TERM_HIGH1) != 0 && p->coef[1] != p->coef[1]);
}

enum expectation profile_row(enum profile profile, const mmax_params *params, const float *logits,
                             const uint8_t *mask, size_t cols, enum property *property) {
  int unmasked = 0, nonfinite = 0, minus = 0, junk = 0;
  for (size_t k = 0; k < cols; k++) {
    int hidden = mask != NULL && mask[k] != 0;
    int bad = isnan(logits[k]) || logits[k] == INFINITY;
    junk |= hidden && !(fabsf(logits[k]) < 1e30f); /* NaN, infinite, or apt to overflow */
    nonfinite |= !hidden && bad;
    minus |= !hidden && logits[k] == -INFINITY;
    unmasked |= !is_masked(logits, mask, k);
  }
  if (nonfinite) {
    *property = PROP_NONFINITE;
    return profile == PROFILE_OURS ? EXPECT_CANONICAL_NAN : EXPECT_NAN;
  }
  if (!unmasked) {
    *property = PROP_ALL_MASKED;
    return profile == PROFILE_OURS      ? EXPECT_EMPTY
           : profile == PROFILE_PYTORCH ? EXPECT_NAN_OR_EMPTY
                                        : EXPECT_NAN;
  }
  if (minus && profile != PROFILE_OURS && params->terms != 0 && minus_inf_is_nan(params)) {
    *property = PROP_MINUS_INF;
    return profile == PROFILE_IEEE ? EXPECT_NAN : EXPECT_NAN_OR_VALUES;
  }
  *property = junk ? PROP_MASK_INERT : PROP_FINITE;
  return junk && profile == PROFILE_IEEE ? EXPECT_NAN_OR_VALUES : EXPECT_VALUES;
}
