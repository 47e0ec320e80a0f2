/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a user must know before deploying a modulator: facts from the library's
 * queries and from searches over float32, and a warning for each hazard.
 */
#ifndef MULTIMAX_ANALYSIS_H
#define MULTIMAX_ANALYSIS_H

#include <stddef.h>

#include "model.h"
#include "narrow.h"

enum { ANALYSIS_WARNINGS = 12, ANALYSIS_MASKS = 4 };

struct warning {
  const char *code; /* stable, for programs */
  char text[320];
};

struct analysis {
  const struct model *model;
  double lo, hi; /* the user's range of logits */
  size_t cols;   /* the user's row length      */

  double at_minus_inf, at_plus_inf;
  mmax_interval up[MMAX_MAX_INTERVALS], down[MMAX_MAX_INTERVALS + 1];
  size_t ups, downs;  /* down: where sigma does not increase */
  mmax_interval main; /* the longest of up; lo > hi if there is none */
  double turning[2 * MMAX_MAX_INTERVALS];
  size_t turnings;

  /* Left of these float32 logits sigma exceeds sigma(0), and its largest value on
     `main` (cut at the range's end if it is unbounded there); NaN: never. */
  double takeover_zero, takeover_all, takeover_level;
  double fall_zero; /* right of it sigma is below sigma(0); NaN: never */
  double vanish;    /* left of it, on main, p = 0 in float32 beside a logit of 0; NaN: never */

  /* Probability that a finite mask value gets in the row (mask, 0, 1). */
  float mask[ANALYSIS_MASKS], mask_prob[ANALYSIS_MASKS];
  float mask_sigma32[ANALYSIS_MASKS], minus_inf_sigma32; /* of a float32 evaluation */
  struct overflow_points overflow32, overflow16;

  double lipschitz; /* of sigma on [lo, hi]; of the probabilities: half of it */
  double condition; /* largest A on [lo, hi] */
  double bound_probs, bound_log, bound_sum, bound_gradient;

  struct warning warning[ANALYSIS_WARNINGS];
  size_t warnings;
};

/* lo <= hi, both finite float32; cols >= 1. */
void analyse(struct analysis *a, const struct model *model, double lo, double hi, size_t cols);

/* warnings.c */
void analysis_warn(struct analysis *a);

#endif
