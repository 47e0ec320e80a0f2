/* SPDX-License-Identifier: Apache-2.0 */
/* Probabilities and their logarithms. */
#include "exact_forward.h"

void forward_entry(row *r, void *state, size_t i, interval *out) {
  (void)state;
  interval_div(out, &r->e[i], &r->sum);
}

/* log(1 + rest) and not log(sum): near 0 it keeps its relative precision, and
   below every precision its lower end is still no more than the truth. */
void log_prepare(row *r, void *state) {
  interval *log = state;
  interval_precision(log, r->bits);
  interval_log1p(log, &r->rest);
}

void log_entry(row *r, void *state, size_t i, interval *out) {
  mpfr_sub(r->z, r->sigma[i], r->sigma[r->top], MPFR_RNDN); /* exact */
  interval_point_sub(out, r->z, state);
}
