/* SPDX-License-Identifier: Apache-2.0 */
/* probs_i = exp(sigma(x_i) - max sigma) / sum. specs/semantics.md#forward */
#ifndef MMAX_SIMD_ROWS_FORWARD_H
#define MMAX_SIMD_ROWS_FORWARD_H

#include "rows_short.h"

/* out = e * factor, rounded once. */
static inline void scale_run(const double *e, size_t n, double factor, cell *out) {
  const vd f = v_set(factor);
  size_t i = 0;
  for (; i + V_LANES <= n; i += V_LANES) cell_narrow(out + i, v_mul(v_load(e + i), f));
  if (i < n) cell_narrow_first(out + i, v_mul(v_load(e + i), f), n - i);
}

/* A batch larger than most caches: writing past them saves reading the lines first, a fifth of the
   time in memory; results that fit a cache would leave it. Of shorter rows too few lines are whole. */
static int streams(const mmax_input *in, mmax_output out) {
  enum { LEAST = 1 << 25, WORTH = 10 * CACHE_LINE };
  int whole = (uintptr_t)out.data % CACHE_LINE == 0 && out.stride * sizeof(cell) % CACHE_LINE == 0 &&
              in->cols * sizeof(cell) % CACHE_LINE == 0;
  return out.data != in->logits && (whole || in->cols * sizeof(cell) >= WORTH) &&
         in->rows * in->cols >= LEAST / sizeof(cell);
}

static void rows_forward(const mmax_params *params, const mmax_input *in, mmax_output probs,
                         mmax_scratch scratch, mmax_report *report) {
  double stack[V_CHUNK];
  batch b = batch_of(params, in, stack, scratch);
  b.stream = streams(in, probs);
  row rows[V_GROUP];
  for (size_t first = 0, count; first < in->rows; first += count) {
    count = short_try(&b, probs, first);
    if (count > 0) continue;
    count = group_open(&b, first, rows);
    group_modulate(&b, rows, count);
    group_weigh(&b, rows, count);
    for (size_t r = 0; r < count; r++) {
      cell *out = (cell *)probs.data + (first + r) * probs.stride;
      if (rows[r].state != MMAX_OK) {
        fill(out + b.span.from, b.span.to - b.span.from,
             rows[r].state == MMAX_ROW_MASKED ? 0.0f : mmax_from_bits32(MMAX_NAN_BITS));
        mmax_report_row(report, first + r, rows[r].state);
        continue;
      }
      for (size_t at = b.span.from; at < b.span.to; at += V_CHUNK) {
        const double *e = run_weights(&b, &rows[r], at);
        size_t n = run_length(&rows[r], at);
        if (b.stream)
          stream_run(e, n, rows[r].inverse, out + at);
        else
          scale_run(e, n, rows[r].inverse, out + at);
      }
    }
  }
  if (b.stream) lanes_streamed();
}

#endif
