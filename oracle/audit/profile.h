/* SPDX-License-Identifier: Apache-2.0 */
/* What a subject promises about special rows, and how far its results may be off. */
#ifndef AUDIT_PROFILE_H
#define AUDIT_PROFILE_H

#include "../row_bound.h"
#include "suite.h"
#include "verdict.h"

enum profile { PROFILE_IEEE, PROFILE_PYTORCH, PROFILE_OURS, PROFILES };
extern const char *const profile_names[PROFILES];

/* What a row must look like. EMPTY is 0, or -inf for logarithms. */
enum expectation {
  EXPECT_VALUES,        /* the oracle's values        */
  EXPECT_NAN,           /* NaN in every entry         */
  EXPECT_CANONICAL_NAN, /* 0x7fc00000 in every entry  */
  EXPECT_NAN_OR_VALUES,
  EXPECT_EMPTY,
  EXPECT_NAN_OR_EMPTY
};

/* The property a special row belongs to goes to *property. */
enum expectation profile_row(enum profile profile, const mmax_params *params, const float *logits,
                             const uint8_t *mask, size_t cols, enum property *property);
int is_masked(const float *logits, const uint8_t *mask, size_t k);

/* Error limits of one row (specs/audit-protocol.md, Limits). */
struct limits {
  enum profile profile;
  const struct format *format;
  struct row_bound bound; /* the library's own, from specs/accuracy.md */
  double relative;        /* what a careful float32 implementation reaches before its last rounding */
  double top;             /* largest exact probability */
  int one_hot;            /* one entry alone can reach the output */
};
void limits_start(struct limits *l, enum profile profile, const struct format *format,
                  const struct audit_case *c, size_t row);
/* ulp a probability (logarithm) may be off; INFINITY: the row is too ill-conditioned to say. */
double limit_prob(const struct limits *l, exact_value exact);
double limit_log(const struct limits *l, float logit, exact_value exact);
double limit_sum(const struct limits *l);
/* Absolute. */
double limit_gradient(const struct limits *l, float logit, double p, exact_value exact);
void limit_parameters_add(const struct limits *l, double total[MMAX_NPARAMS]);

/* Severity of `error` against `limit`; absolute: the same error as a difference of probabilities. */
enum severity limits_grade(const struct limits *l, double error, double limit, double absolute);

#endif
