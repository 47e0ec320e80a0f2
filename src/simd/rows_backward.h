/* SPDX-License-Identifier: Apache-2.0 */
/* grad_sigma_i = p_i (g_i - sum_k p_k g_k), then logits and parameters. specs/semantics.md#backward */
#ifndef MMAX_SIMD_ROWS_BACKWARD_H
#define MMAX_SIMD_ROWS_BACKWARD_H

#include "rows_gradient.h"

/* Up to V_LANES upstream gradients; 0 in masked entries. */
V_INLINE vd upstream_at(const row *r, const cell *g, size_t i, size_t count) {
  vd v = count == V_LANES ? cell_widen(g + i) : cell_widen_first(g + i, count);
  if (!r->closed) return v;
  vd x = entries(r->x + i, r->mask == NULL ? NULL : r->mask + i, count);
  return v_keep(v_gt(x, minus_inf()), v);
}

V_INLINE size_t lanes_at(const row *r, size_t i) { return r->n - i < V_LANES ? r->n - i : V_LANES; }

static int upstream_finite(const row *r, const cell *g) {
  const mmax_span span = r->span;
  if (!r->closed) return all_finite(g + span.from, span.to - span.from);
  vm fine = v_first(V_LANES);
  for (size_t i = span.from; i < span.to; i += V_LANES)
    fine = v_and(fine, v_gt(v_set(__builtin_inf()), v_abs(upstream_at(r, g, i, lanes_at(r, i)))));
  return v_bits(fine) == v_bits(v_first(V_LANES));
}

/* Largest |g| (if g is given) and range of x over the entries with weight, lane by lane. */
typedef struct extremes {
  vd lo, hi, top;
} extremes;

V_INLINE extremes weight_range(const batch *b, row *r, const cell *g) {
  extremes w = {v_set(__builtin_inf()), minus_inf(), v_set(0.0)};
  for (size_t at = r->span.from; at < r->span.to; at += V_CHUNK) {
    const double *e = run_weights(b, r, at);
    for (size_t i = at; i < at + run_length(r, at); i += V_LANES) {
      size_t count = lanes_at(r, i);
      vm some = v_gt(v_load(e + (i - at)), v_set(0.0));
      vd xv = count == V_LANES ? cell_widen(r->x + i) : cell_widen_first(r->x + i, count);
      w.lo = v_min(v_select(some, xv, v_set(__builtin_inf())), w.lo);
      w.hi = v_max(v_select(some, xv, minus_inf()), w.hi);
      if (g == NULL) continue;
      vd gv = count == V_LANES ? cell_widen(g + i) : cell_widen_first(g + i, count);
      w.top = v_max(v_keep(some, v_abs(gv)), w.top);
    }
  }
  return w;
}

/* The same for a row without masks in its buffer, in float32; false if a weight is 0. */
static int open_range(const row *r, const cell *g, extremes *w) {
  const vf inf = f_set(__builtin_inff()), none = f_set(-__builtin_inff()), zero = f_set(0.0f);
  vf lo = inf, hi = none, top = zero;
  vd least = v_set(1.0), least_odd = least;
  size_t i = r->span.from;
  const size_t end = r->span.to;
  for (; i + F_LANES <= end; i += F_LANES) {
    vf x = cell_load(r->x + i);
    lo = f_min(x, lo);
    hi = f_max(x, hi);
    top = f_max(f_abs(cell_load(g + i)), top);
    least = v_min(v_load(r->buffer + i), least);
    least_odd = v_min(v_load(r->buffer + i + V_LANES), least_odd);
  }
  if (i < end) {
    size_t count = end - i;
    lo = f_min(cell_load_first(r->x + i, count, inf), lo);
    hi = f_max(cell_load_first(r->x + i, count, none), hi);
    top = f_max(f_abs(cell_load_first(g + i, count, zero)), top);
    for (size_t k = 0; k < count; k += V_LANES) {
      vm here = v_first(count - k < V_LANES ? count - k : V_LANES);
      least = v_min(v_select(here, v_load(r->buffer + i + k), v_set(1.0)), least);
    }
  }
  w->lo = f_min_halves(lo);
  w->hi = f_max_halves(hi);
  w->top = f_max_halves(top);
  return v_bits(v_gt(v_min(least, least_odd), v_set(0.0))) == v_bits(v_first(V_LANES));
}

/* Adds floor(p*g) of a run to round-down accumulators. */
V_INLINE void mean_add(const row *r, size_t at, const double *p, const cell *g, vd sum[2]) {
  size_t end = run_length(r, at);
  vd even = v_pin(sum[0]), odd = v_pin(sum[1]);
  size_t i = 0;
  for (; i + 2 * V_LANES <= end; i += 2 * V_LANES) {
    even = v_fma_down(v_load(p + i), upstream_at(r, g, at + i, V_LANES), even);
    odd = v_fma_down(v_load(p + i + V_LANES), upstream_at(r, g, at + i + V_LANES, V_LANES), odd);
  }
  for (; i < end; i += V_LANES)
    even = v_fma_down(v_load(p + i), upstream_at(r, g, at + i, lanes_at(r, at + i)), even);
  sum[0] = v_pin(even);
  sum[1] = v_pin(odd);
}
static V_OUTLINE void mean_run(const row *r, size_t at, const double *p, const cell *g,
                               vd sum[2]) {
  v_down_enter();
  mean_add(r, at, p, g, sum);
  v_down_leave();
}

/* e -> p = e * inverse in place. */
static inline void probs_run(double *e, size_t n, double inverse) {
  for (size_t i = 0; i < n; i += V_LANES) v_store(e + i, v_mul(v_load(e + i), v_set(inverse)));
}

/* Leaves the lane sums of floor(p*g), in units of the grid, and p in the buffer. */
static vq row_mean_lanes(const batch *b, row *r, const cell *g, mmax_grid grid) {
  vd sum[2] = {v_set(grid.big), v_set(grid.big)};
  for (size_t at = r->span.from; at < r->span.to; at += V_CHUNK) {
    double *p = run_weights(b, r, at);
    probs_run(p, run_length(r, at), r->inverse);
    mean_run(r, at, p, g, sum);
  }
  return q_sub(q_count(q_count(q_zero(), sum[0]), sum[1]), q_set(2 * mmax_bits(grid.big)));
}

/* Probabilities of a run, as left by row_mean, or computed again. */
static double *run_probs(const batch *b, row *r, size_t at) {
  double *p = run_weights(b, r, at);
  if (!r->resident) probs_run(p, run_length(r, at), r->inverse);
  return p;
}

/* p -> p * (g - mean) in place, then the gradients. */
static void row_backward(const batch *b, row *r, const cell *g, double mean, moments *m, int sums,
                         cell *grad) {
  const vd center = v_set(mean);
  for (size_t at = r->span.from; at < r->span.to; at += V_CHUNK) {
    double *p = run_probs(b, r, at);
    for (size_t i = 0; i < run_length(r, at); i += V_LANES) {
      vd up = upstream_at(r, g, at + i, lanes_at(r, at + i));
      v_store(p + i, v_mul(v_load(p + i), v_sub(up, center)));
    }
    gradient_run(b, r, at, p, m, sums, grad);
  }
}

/* Largest |g|, range of x and mean gradient of each row of a group that has them. */
typedef struct group_stats {
  double top[V_GROUP], lo[V_GROUP], hi[V_GROUP], mean[V_GROUP];
} group_stats;

/* A share's largest |g| and range of x -> the row's; a share's upstream may have been not finite. */
static V_JOIN void join_extremes(const batch *b, row *r, group_stats *out) {
  mmax_note note = {.first = out->hi[0], .top = out->top[0], .fall = out->lo[0],
                    .flags = r->state == MMAX_ROW_NONFINITE};
  note = mmax_team_join(b->in->me, note);
  out->hi[0] = note.first;
  out->top[0] = note.top;
  out->lo[0] = note.fall;
  if (note.flags) r->state = MMAX_ROW_NONFINITE;
}

static V_JOIN uint64_t join_counts(const batch *b, uint64_t count) {
  mmax_note note = {.low = count};
  return mmax_team_join(b->in->me, note).low;
}

static void group_statistics(const batch *b, row *rows, size_t count, const cell *const *g,
                             group_stats *out) {
  vd top[V_GROUP], fall[V_GROUP], hi[V_GROUP];
  vq sum[V_GROUP];
  uint64_t total[V_GROUP];
  mmax_grid grid[V_GROUP];
  for (size_t r = 0; r < V_GROUP; r++) {
    extremes w = {v_set(0.0), v_set(0.0), v_set(0.0)};
    if (r < count && rows[r].state == MMAX_OK)
      if (rows[r].closed || !rows[r].resident || !open_range(&rows[r], g[r], &w))
        w = weight_range(b, &rows[r], g[r]);
    top[r] = w.top;
    hi[r] = w.hi;
    fall[r] = v_sub(v_set(-0.0), w.lo);
  }
  for (size_t r = 0; r < count; r += V_LANES) {
    v_store(out->top + r, v_max_rows(top + r));
    v_store(out->hi + r, v_max_rows(hi + r));
    v_store(out->lo + r, v_max_rows(fall + r));
  }
  if (b->in->me != NULL) join_extremes(b, &rows[0], out);
  for (size_t r = 0; r < V_GROUP; r++) {
    sum[r] = q_zero();
    if (r >= count || rows[r].state != MMAX_OK) continue;
    grid[r] = mmax_grid_for(out->top[r]);
    sum[r] = row_mean_lanes(b, &rows[r], g[r], grid[r]);
  }
  for (size_t r = 0; r < count; r += V_LANES) q_store(total + r, q_sum_rows(sum + r));
  for (size_t r = 0; r < count; r++) {
    out->lo[r] = -out->lo[r];
    if (rows[r].state != MMAX_OK) continue;
    if (b->in->me != NULL) total[r] = join_counts(b, total[r]);
    out->mean[r] = mmax_i64_to_double((int64_t)total[r]) * mmax_pow2(grid[r].unit);
  }
}

static void rows_backward(const mmax_params *params, const mmax_input *in, mmax_upstream upstream,
                          mmax_output grad, mmax_accumulator *acc, mmax_scratch scratch,
                          mmax_report *report) {
  double stack[V_CHUNK];
  batch b = batch_of(params, in, stack, scratch);
  row rows[V_GROUP];
  moments m;
  ledger sums;
  m.shape = gradient_shape(&b, acc);
  ledger_start(&sums);
  for (size_t first = 0; first < in->rows; first += b.group) {
    size_t count = group_open(&b, first, rows);
    group_modulate(&b, rows, count);
    group_weigh(&b, rows, count);
    const cell *g[V_GROUP];
    for (size_t r = 0; r < count; r++) {
      g[r] = (const cell *)upstream.grad_probs + (first + r) * upstream.stride;
      if (rows[r].state == MMAX_OK && !upstream_finite(&rows[r], g[r]))
        rows[r].state = MMAX_ROW_NONFINITE;
    }
    group_stats stats;
    group_statistics(&b, rows, count, g, &stats);
    for (size_t r = 0; r < count; r++) {
      cell *out = grad.data == NULL ? NULL : (cell *)grad.data + (first + r) * grad.stride;
      mmax_report_row(report, first + r, rows[r].state);
      if (rows[r].state != MMAX_OK) {
        gradient_special(&rows[r], out, acc);
        continue;
      }
      const range x = {stats.lo[r], stats.hi[r]};
      if (acc != NULL) moments_start(&m, params, x, stats.top[r]);
      row_backward(&b, &rows[r], g[r], stats.mean[r], &m, acc != NULL, out);
      if (acc != NULL) moments_finish(&m, params, &sums, acc);
    }
  }
  if (acc != NULL) ledger_flush(&sums, acc);
}

#endif
