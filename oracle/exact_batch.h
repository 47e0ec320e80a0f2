/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows shared out over threads. Every thread has its own worker; the order in
 * which rows are done changes no result, since enclosures of sums only decide
 * or do not decide a rounding.
 */
#ifndef EXACT_BATCH_H
#define EXACT_BATCH_H

#include "exact_gradient.h"
#include "exact_loss.h"
#include "exact_row.h"

typedef struct batch batch;

typedef struct worker {
  const batch *batch;
  modulator modulator;
  row row;
  gradient gradient;
  loss loss;
  interval log;
  gradient_sum sums[MMAX_NPARAMS]; /* this worker's rows, at batch->sum_bits */
  exact_report report;
} worker;

/* Does one row; updates w->report by batch_row_special. */
typedef exact_status (*batch_row)(worker *w, size_t r);

struct batch {
  batch_row each;
  const mmax_rows *in;
  float *out;
  exact_value *values;
  size_t stride;
  /* gradients */
  const float *grad_probs;
  size_t grad_probs_stride;
  const mmax_targets *targets;
  const float *grad_loss;
  float *loss;
  exact_value *loss_values;
  mpfr_prec_t sum_bits;
  unsigned wanted; /* parameters still undecided */
};

static inline const float *batch_logits(const batch *b, size_t r) {
  return b->in->logits + r * b->in->stride;
}
static inline const uint8_t *batch_mask(const batch *b, size_t r) {
  return b->in->mask == NULL ? NULL : b->in->mask + r * b->in->mask_stride;
}
static inline float *batch_out(const batch *b, size_t r) {
  return b->out == NULL ? NULL : b->out + r * b->stride;
}
static inline exact_value *batch_values(const batch *b, size_t r) {
  return b->values == NULL ? NULL : b->values + r * b->stride;
}

void report_start(exact_report *report);
/* Counts a row of this status. */
void report_row(exact_report *report, size_t r, exact_status status);

/* Runs b->each over all rows. report: of all rows. sums (may be NULL): the
   workers' sums added to it; of b->sum_bits bits. Negative on failure. */
exact_status batch_run(batch *b, void (*set_model)(modulator *m, const void *arg), const void *arg,
                       const exact_run *run, exact_report *report,
                       gradient_sum sums[MMAX_NPARAMS]);

/* OK, or what the report says. */
exact_status report_status(const exact_report *report);

#endif
