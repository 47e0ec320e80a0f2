/* SPDX-License-Identifier: Apache-2.0 */
/* Consecutive rows of a job, computed by the library and by the oracle. */
#ifndef MULTIMAX_SLICE_H
#define MULTIMAX_SLICE_H

#include "exact.h"
#include "job.h"

struct slice {
  size_t first, count;
  mmax_rows rows;
  mmax_targets targets;
  float *got, *nearest; /* entries: library; exact, correctly rounded */
  exact_value *exact;
  exact_value *probs; /* exact probabilities: gradients only */
  float *loss, *nearest_loss;
  exact_value *exact_loss;
};

/* Room for `rows` rows; slice_free afterwards in any case. */
int slice_room(struct slice *s, const struct job *job, size_t rows, struct fault *fault);
void slice_free(struct slice *s);
/* Chooses the rows to work on. */
void slice_at(struct slice *s, const struct job *job, size_t first, size_t count);

mmax_status slice_library(const struct job *job, struct slice *s, mmax_accumulator *acc,
                          mmax_report *report);
exact_status slice_oracle(const struct job *job, struct slice *s, exact_grads *grads, progress *bar,
                          exact_report *report);

#endif
