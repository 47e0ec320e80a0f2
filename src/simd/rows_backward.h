/* SPDX-License-Identifier: Apache-2.0 */
/* grad_sigma_i = p_i (g_i - sum_k p_k g_k), then logits and parameters. specs/semantics.md#backward */
#ifndef MMAX_SIMD_ROWS_BACKWARD_H
#define MMAX_SIMD_ROWS_BACKWARD_H

#include "rows_gradient.h"

/* Up to V_LANES upstream gradients; 0 in masked entries. */
V_INLINE vd upstream_at(const row *r, const float *g, size_t i, size_t count) {
  vd v = count == V_LANES ? v_widen(g + i) : v_widen_first(g + i, count);
  if (!r->closed) return v;
  vd x = entries(r->x + i, r->mask == NULL ? NULL : r->mask + i, count);
  return v_keep(v_gt(x, minus_inf()), v);
}

V_INLINE size_t lanes_at(const row *r, size_t i) { return r->n - i < V_LANES ? r->n - i : V_LANES; }

static int upstream_finite(const row *r, const float *g) {
  if (!r->closed) return all_finite(g, r->n);
  vm fine = v_first(V_LANES);
  for (size_t i = 0; i < r->n; i += V_LANES)
    fine = v_and(fine, v_gt(v_set(__builtin_inf()), v_abs(upstream_at(r, g, i, lanes_at(r, i)))));
  return v_bits(fine) == v_bits(v_first(V_LANES));
}

/* Range of x over the entries with weight; with g, the largest |g| among them. */
static double weight_range(const batch *b, row *r, const float *g, range *x) {
  vd top = v_set(0.0), lo = v_set(__builtin_inf()), hi = minus_inf();
  for (size_t at = 0; at < r->n; at += V_CHUNK) {
    const double *e = run_weights(b, r, at);
    for (size_t i = at; i < at + run_length(r, at); i += V_LANES) {
      size_t count = lanes_at(r, i);
      vm some = v_gt(v_load(e + (i - at)), v_set(0.0));
      vd xv = count == V_LANES ? v_widen(r->x + i) : v_widen_first(r->x + i, count);
      lo = v_min(v_select(some, xv, v_set(__builtin_inf())), lo);
      hi = v_max(v_select(some, xv, minus_inf()), hi);
      if (g == NULL) continue;
      vd gv = count == V_LANES ? v_widen(g + i) : v_widen_first(g + i, count);
      top = v_max(v_keep(some, v_abs(gv)), top);
    }
  }
  x->lo = lane_min(lo);
  x->hi = lane_max(hi);
  return lane_max(top);
}

/* Adds floor(p*g) of a run to round-down accumulators. */
V_INLINE void mean_add(const row *r, size_t at, const double *p, const float *g, vd sum[2]) {
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
static V_OUTLINE void mean_run(const row *r, size_t at, const double *p, const float *g,
                               vd sum[2]) {
  v_down_enter();
  mean_add(r, at, p, g, sum);
  v_down_leave();
}

/* e -> p = e * inverse in place. */
static inline void probs_run(double *e, size_t n, double inverse) {
  for (size_t i = 0; i < n; i += V_LANES) v_store(e + i, v_mul(v_load(e + i), v_set(inverse)));
}

static double row_mean(const batch *b, row *r, const float *g, double bound) {
  mmax_grid grid = mmax_grid_for(bound);
  vd sum[2] = {v_set(grid.big), v_set(grid.big)};
  for (size_t at = 0; at < r->n; at += V_CHUNK) {
    double *p = run_weights(b, r, at);
    probs_run(p, run_length(r, at), r->inverse);
    mean_run(r, at, p, g, sum);
  }
  vq twice = q_sub(q_count(q_count(q_zero(), sum[0]), sum[1]), q_set(2 * mmax_bits(grid.big)));
  return mmax_i64_to_double((int64_t)lane_sum(twice)) * mmax_pow2(grid.unit);
}

/* Probabilities of a run, as left by row_mean, or computed again. */
static double *run_probs(const batch *b, row *r, size_t at) {
  double *p = run_weights(b, r, at);
  if (!r->resident) probs_run(p, run_length(r, at), r->inverse);
  return p;
}

static void row_backward(const batch *b, row *r, const float *g, float *grad,
                         mmax_accumulator *acc) {
  range x;
  double bound = weight_range(b, r, g, &x), mean = row_mean(b, r, g, bound);
  moments m;
  m.shape = gradient_shape(b, acc);
  if (acc != NULL) moments_start(&m, b->params, x, bound);
  const vd center = v_set(mean);
  for (size_t at = 0; at < r->n; at += V_CHUNK) {
    double *p = run_probs(b, r, at);
    for (size_t i = 0; i < run_length(r, at); i += V_LANES) {
      vd up = upstream_at(r, g, at + i, lanes_at(r, at + i));
      v_store(p + i, v_mul(v_load(p + i), v_sub(up, center)));
    }
    gradient_run(b, r, at, p, &m, acc != NULL, grad);
  }
  if (acc != NULL) moments_finish(&m, b->params, acc);
}

static void rows_backward(const mmax_params *params, const mmax_rows *in, mmax_upstream upstream,
                          mmax_output grad, mmax_accumulator *acc, mmax_scratch scratch,
                          mmax_report *report) {
  double stack[V_CHUNK];
  batch b = batch_of(params, in, stack, scratch);
  row rows[V_GROUP];
  for (size_t first = 0; first < in->rows; first += b.group) {
    size_t count = group_open(&b, first, rows);
    group_modulate(&b, rows, count);
    group_weigh(&b, rows, count);
    for (size_t r = 0; r < count; r++) {
      const float *g = upstream.grad_probs + (first + r) * upstream.stride;
      float *out = grad.data == NULL ? NULL : grad.data + (first + r) * grad.stride;
      if (rows[r].state == MMAX_OK && !upstream_finite(&rows[r], g))
        rows[r].state = MMAX_ROW_NONFINITE;
      if (rows[r].state == MMAX_OK)
        row_backward(&b, &rows[r], g, out, acc);
      else
        gradient_special(&rows[r], out, acc);
      mmax_report_row(report, first + r, rows[r].state);
    }
  }
}

#endif
