/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forward of a group of short rows without masks: the parameters stay in
 * registers over the whole group, and eight rows at a time share their
 * reductions and one division. A group with an entry that is not finite is left
 * to the general path.
 */
#ifndef MMAX_SIMD_ROWS_SHORT_H
#define MMAX_SIMD_ROWS_SHORT_H

#include "rows_group.h"

#define CACHE_LINE 64

/* Rows at a time, their longest length, and the entries of all: 16 KiB of the first-level cache. */
enum { V_SHORT = 16, V_SHORT_COLS = 256, V_SHORT_ENTRIES = 2048 };

/* One matrix of rows, `count` <= V_SHORT of them. */
typedef struct short_rows {
  const cell *x;
  cell *out;
  size_t stride, out_stride, n, count, pitch;
  double *buffer; /* count rows of pitch doubles */
  int stream;
} short_rows;

static int short_finite(const short_rows *a) {
  vf f = f_zero(), g = f_zero();
  for (size_t r = 0; r < a->count; r++) {
    const cell *x = a->x + r * a->stride;
    size_t i = 0;
    for (; i + 2 * F_LANES <= a->n; i += 2 * F_LANES) {
      f = f_probe(f, cell_load(x + i));
      g = f_probe(g, cell_load(x + i + F_LANES));
    }
    for (; i + F_LANES <= a->n; i += F_LANES) f = f_probe(f, cell_load(x + i));
    if (i < a->n) g = f_probe(g, cell_load_first(x + i, a->n - i, f_zero()));
  }
  return f_is_zero(f) & f_is_zero(g);
}

/* Vector i of a row as sigma, -inf beyond its end. */
V_INLINE vd short_sigma(const modulator *m, unsigned shape, const cell *x, size_t i, size_t n) {
  if (i + V_LANES <= n) return modulate(m, shape, cell_widen(x + i));
  return v_select(v_first(n - i), modulate(m, shape, cell_widen_first(x + i, n - i)), minus_inf());
}

V_INLINE vd short_max(const modulator *m, unsigned shape, const cell *x, size_t n, double *s) {
  vd a = minus_inf(), b = a;
  size_t i = 0;
  for (; i + 2 * V_LANES <= n; i += 2 * V_LANES) {
    vd u = modulate(m, shape, cell_widen(x + i)), v = modulate(m, shape, cell_widen(x + i + V_LANES));
    v_store(s + i, u);
    v_store(s + i + V_LANES, v);
    a = v_max(u, a);
    b = v_max(v, b);
  }
  for (; i < n; i += V_LANES) {
    vd u = short_sigma(m, shape, x, i, n);
    v_store(s + i, u);
    a = v_max(u, a);
  }
  return v_max(a, b);
}

V_INLINE vq short_weigh(double *s, size_t n, vd max) {
  const vd big = v_set(6.0);
  vq a = q_zero(), b = a;
  size_t i = 0, end = padded(n);
  for (; i + 2 * V_LANES <= end; i += 2 * V_LANES) {
    vd u = exp_lanes(v_sub(v_load(s + i), max));
    vd v = exp_lanes(v_sub(v_load(s + i + V_LANES), max));
    v_store(s + i, u);
    v_store(s + i + V_LANES, v);
    a = q_count(a, v_add(u, big));
    b = q_count(b, v_add(v, big));
  }
  for (; i < end; i += V_LANES) {
    vd u = exp_lanes(v_sub(v_load(s + i), max));
    v_store(s + i, u);
    a = q_count(a, v_add(u, big));
  }
  return q_add(a, b);
}

/* out[from .. to) = e * factor */
static inline void stream_edge(const double *e, size_t from, size_t to, vd f, cell *out) {
  for (size_t i = from; i < to; i += V_LANES)
    cell_narrow_first(out + i, v_mul(v_load(e + i), f), to - i < V_LANES ? to - i : V_LANES);
}

/* out = e * factor, whole cache lines past the caches; the ends may share theirs with other rows. */
static V_OUTLINE void stream_run(const double *e, size_t n, double factor, cell *out) {
  const vd f = v_set(factor);
  size_t from = (0 - (uintptr_t)out) % CACHE_LINE / sizeof(cell);
  if (from > n) from = n;
  size_t to = n - (n - from) * sizeof(cell) % CACHE_LINE / sizeof(cell);
  stream_edge(e, 0, from, f, out);
  for (size_t i = from; i < to; i += V_LANES) cell_stream(out + i, v_mul(v_load(e + i), f));
  stream_edge(e, to, n, f, out);
}

V_INLINE void short_scale(const double *e, size_t n, vd factor, cell *out) {
  size_t i = 0;
  for (; i + V_LANES <= n; i += V_LANES) cell_narrow(out + i, v_mul(v_load(e + i), factor));
  if (i < n) cell_narrow_first(out + i, v_mul(v_load(e + i), factor), n - i);
}

V_INLINE void short_forward_as(const mmax_params *params, unsigned shape, const short_rows *a) {
  const modulator m = modulator_of(params);
  vd first[V_SHORT];
  vq sum[V_SHORT];
  double max[V_SHORT], inverse[V_SHORT];
  size_t joint = (a->count + V_LANES - 1) / V_LANES * V_LANES;
  for (size_t r = 0; r < a->count; r++)
    first[r] = short_max(&m, shape, a->x + r * a->stride, a->n, a->buffer + r * a->pitch);
  for (size_t r = a->count; r < joint; r++) first[r] = minus_inf();
  for (size_t r = 0; r < joint; r += V_LANES) v_store(max + r, v_max_rows(first + r));
  for (size_t r = 0; r < a->count; r++)
    sum[r] = short_weigh(a->buffer + r * a->pitch, a->n, v_set(max[r]));
  for (size_t r = a->count; r < joint; r++) sum[r] = q_zero();
  const vq start = q_set(a->pitch * mmax_bits(6.0)); /* of all lanes and vectors of a row */
  for (size_t r = 0; r < joint; r += V_LANES) {
    vd total = v_mul(q_double(q_sub(q_sum_rows(sum + r), start)), v_set(0x1p-50));
    v_store(inverse + r, v_div(v_set(1.0), total));
  }
  if (a->stream)
    for (size_t r = 0; r < a->count; r++)
      stream_run(a->buffer + r * a->pitch, a->n, inverse[r], a->out + r * a->out_stride);
  else
    for (size_t r = 0; r < a->count; r++)
      short_scale(a->buffer + r * a->pitch, a->n, v_set(inverse[r]), a->out + r * a->out_stride);
}

static void short_forward(const mmax_params *params, unsigned shape, const short_rows *a) {
  switch (shape) {
  case 0: short_forward_as(params, 0, a); break;
  case 1: short_forward_as(params, 1, a); break;
  case 3: short_forward_as(params, 3, a); break;
  default: short_forward_as(params, 7, a); break;
  }
}

/* Rows done, from `first` on; 0: the general path must do the next group. */
static size_t short_try(const batch *b, mmax_output out, size_t first) {
  const mmax_input *in = b->in;
  size_t pitch = padded(in->cols), most = V_SHORT_ENTRIES / pitch;
  if (in->mask != NULL || in->cols > V_SHORT_COLS || b->closed) return 0;
  if (most > V_SHORT) most = V_SHORT;
  if (most > in->rows - first) most = in->rows - first;
  short_rows a = {(const cell *)in->logits + first * in->stride,
                  (cell *)out.data + first * out.stride, in->stride, out.stride, in->cols, most,
                  pitch, b->buffer, b->stream};
  if (!short_finite(&a)) return 0;
  short_forward(b->params, b->shape, &a);
  return most;
}

#endif
