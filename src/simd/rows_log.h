/* SPDX-License-Identifier: Apache-2.0 */
/* Log-sum-exp without cancellation, and log_probs_i = (sigma(x_i) - max) - ln(1 + rest).
   specs/semantics.md#log */
#ifndef MMAX_SIMD_ROWS_LOG_H
#define MMAX_SIMD_ROWS_LOG_H

#include "../ref/log.h"
#include "rows_group.h"

/* Lane sums of quantise(e) of a run; keep: the weights replace sigma in the buffer. */
V_INLINE vq weigh_rest(double *s, size_t n, const row *r, double big, int keep) {
  int skip = r->second < r->max;
  if (keep)
    return skip ? weigh_as(s, n, r->max, big, 1, 1) : weigh_as(s, n, r->max, big, 0, 1);
  return skip ? weigh_as(s, n, r->max, big, 1, 0) : weigh_as(s, n, r->max, big, 0, 0);
}

/* rest and log of a row whose max and second are known. */
static void row_lse(const batch *b, row *r, int keep) {
  double w = mmax_exp(r->second - r->max);
  r->rest = r->log = 0.0;
  if (w == 0.0) { /* every other weight is 0 */
    for (size_t at = r->span.from; keep && r->resident && at < r->span.to; at += V_CHUNK)
      weigh_only(r->buffer + at, run_length(r, at), r->max);
    return;
  }
  int e = mmax_exponent_above(w);
  double big = 6.0 * mmax_pow2(e);
  mmax_sum sum = {0, 0};
  for (size_t at = r->span.from; at < r->span.to; at += V_CHUNK)
    sum = sum_lanes(sum, weigh_rest(run_sigma(b, r, at), run_length(r, at), r, big, keep));
  if (b->in->me != NULL) sum = join_sums(b, sum);
  if (r->second == r->max) { /* all maxima were counted, each 2^49 units: one is not in rest */
    uint64_t one = (uint64_t)1 << 49;
    sum.hi -= sum.lo < one;
    sum.lo -= one;
  }
  r->rest = mmax_sum_total(sum, mmax_pow2(e - 50));
  r->log = mmax_log1p(r->rest);
}

static inline void log_run(const double *s, size_t n, const row *r, cell *out) {
  const vd max = v_set(r->max), log = v_set(r->log);
  size_t i = 0;
  for (; i + V_LANES <= n; i += V_LANES)
    cell_narrow(out + i, v_sub(v_sub(v_load(s + i), max), log));
  if (i < n) cell_narrow_first(out + i, v_sub(v_sub(v_load(s + i), max), log), n - i);
}

static void rows_log(const mmax_params *params, const mmax_input *in, mmax_output log_probs,
                     mmax_scratch scratch, mmax_report *report) {
  double stack[V_CHUNK];
  batch b = batch_of(params, in, stack, scratch);
  row rows[V_GROUP];
  for (size_t first = 0; first < in->rows; first += b.group) {
    size_t count = group_open(&b, first, rows);
    group_modulate_two(&b, rows, count);
    for (size_t r = 0; r < count; r++) {
      cell *out = (cell *)log_probs.data + (first + r) * log_probs.stride;
      if (rows[r].state != MMAX_OK) {
        fill(out + b.span.from, b.span.to - b.span.from,
             mmax_from_bits32(rows[r].state == MMAX_ROW_MASKED ? 0xff800000u : MMAX_NAN_BITS));
        mmax_report_row(report, first + r, rows[r].state);
        continue;
      }
      row_lse(&b, &rows[r], 0);
      for (size_t at = b.span.from; at < b.span.to; at += V_CHUNK)
        log_run(run_sigma(&b, &rows[r], at), run_length(&rows[r], at), &rows[r], out + at);
    }
  }
}

#endif
