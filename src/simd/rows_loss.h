/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-entropy and its backward, grad_sigma = w (p - q). specs/semantics.md#cross-entropy */
#ifndef MMAX_SIMD_ROWS_LOSS_H
#define MMAX_SIMD_ROWS_LOSS_H

#include "rows_backward.h"
#include "rows_log.h"

/* What one row's loss needs to know of the call and the target. */
typedef struct loss_row {
  double smoothing, uniform; /* a, a/K */
  double upstream;           /* w */
  size_t target;
  int target_live;
  float target_x;
} loss_row;

/* From the range of a share to that of the row; the sum of the counts. */
static V_JOIN size_t join_range(const batch *b, range *x, size_t count) {
  mmax_note note = {.first = x->hi, .fall = -x->lo, .low = count};
  note = mmax_team_join(b->in->me, note);
  x->lo = -note.fall;
  x->hi = note.first;
  return note.low;
}

/* Number of unmasked entries and the range of x over them. */
static size_t live_range(const batch *b, const row *r, range *x) {
  vd lo = v_set(__builtin_inf()), hi = minus_inf();
  size_t live = 0;
  for (size_t i = r->span.from; i < r->span.to; i += V_LANES) {
    size_t count = lanes_at(r, i);
    vd v = entries(r->x + i, r->mask == NULL ? NULL : r->mask + i, count);
    vm here = v_gt(v, minus_inf());
    live += (size_t)__builtin_popcount(v_bits(here));
    lo = v_min(v_select(here, v, v_set(__builtin_inf())), lo);
    hi = v_max(v, hi);
  }
  x->lo = lane_min(lo);
  x->hi = lane_max(hi);
  return b->in->me == NULL ? live : join_range(b, x, live);
}

/* sum over unmasked entries of (max - sigma), on a grid set by the largest. sigma is in the buffer. */
static double sum_below_max(const batch *b, row *r) {
  vd low = v_set(r->max);
  for (size_t at = r->span.from; at < r->span.to; at += V_CHUNK) {
    const double *s = run_sigma(b, r, at);
    for (size_t i = 0; i < run_length(r, at); i += V_LANES) {
      vd v = v_load(s + i);
      low = v_min(v_select(v_gt(v, minus_inf()), v, low), low);
    }
  }
  range sigma = {lane_min(low), r->max};
  if (b->in->me != NULL) join_range(b, &sigma, 0);
  mmax_grid grid = mmax_grid_for(r->max - sigma.lo);
  const vd big = v_set(grid.big), max = v_set(r->max);
  mmax_sum sum = {0, 0};
  for (size_t at = r->span.from; at < r->span.to; at += V_CHUNK) {
    const double *s = run_sigma(b, r, at);
    vq lanes = q_zero();
    for (size_t i = 0; i < run_length(r, at); i += V_LANES) {
      vd v = v_load(s + i);
      vd below = v_keep(v_gt(v, minus_inf()), v_sub(max, v));
      lanes = q_sub(q_count(lanes, v_add(below, big)), q_set(mmax_bits(grid.big)));
    }
    sum = sum_lanes(sum, lanes);
  }
  if (b->in->me != NULL) sum = join_sums(b, sum);
  return mmax_sum_total(sum, mmax_pow2(grid.unit));
}

/* The loss is a sum of terms >= 0. A masked target has probability 0. `below`: sum_below_max. */
static float row_loss(const batch *b, const row *r, const loss_row *l, double below) {
  if (!l->target_live) return mmax_from_bits32(0x7f800000u); /* +inf */
  double loss = mmax_fma(1.0 - l->smoothing, r->max - mmax_modulated(b->params, l->target_x), r->log);
  if (l->smoothing > 0.0) loss = mmax_fma(l->uniform, below, loss);
  return mmax_narrow(loss);
}

/* w * (p - q) at the target. */
static double target_gradient(const batch *b, const row *r, const loss_row *l, double inverse) {
  double weight = mmax_exp(mmax_modulated(b->params, l->target_x) - r->max), p = weight * inverse;
  double d = p - 1.0;
  if (l->smoothing > 0.0)
    d = p - ((1.0 - l->smoothing) + l->uniform);
  else if (weight == 1.0)
    d = -(r->rest * inverse);
  return l->upstream * d;
}

/* e -> w * (p - q) in place. */
static void residual_run(const batch *b, const row *r, const loss_row *l, size_t at, double *e,
                         double inverse) {
  const vd inv = v_set(inverse), w = v_set(l->upstream), u = v_set(l->uniform);
  for (size_t i = 0; i < run_length(r, at); i += V_LANES) {
    vd g = v_mul(w, v_sub(v_mul(v_load(e + i), inv), u));
    if (l->uniform > 0.0) {
      size_t j = at + i, count = lanes_at(r, j);
      vd x = entries(r->x + j, r->mask == NULL ? NULL : r->mask + j, count);
      g = v_keep(v_gt(x, minus_inf()), g);
    }
    v_store(e + i, g);
  }
  if (l->target_live && l->target >= at && l->target - at < run_length(r, at))
    e[l->target - at] = target_gradient(b, r, l, inverse);
}

static void row_loss_gradient(const batch *b, row *r, const loss_row *l, range x, cell *grad,
                              ledger *sums, mmax_accumulator *acc) {
  double inverse = 1.0 / (1.0 + r->rest);
  moments m;
  m.shape = gradient_shape(b, acc);
  if (acc != NULL) {
    if (!(l->smoothing > 0.0)) {
      extremes w = weight_range(b, r, NULL);
      x.lo = lane_min(w.lo);
      x.hi = lane_max(w.hi);
      if (b->in->me != NULL) join_range(b, &x, 0);
      double t = mmax_widen(l->target_x);
      if (l->target_live && t < x.lo) x.lo = t;
      if (l->target_live && t > x.hi) x.hi = t;
    }
    moments_start(&m, b->params, x, size_of(l->upstream));
  }
  for (size_t at = r->span.from; at < r->span.to; at += V_CHUNK) {
    double *e = run_weights(b, r, at);
    residual_run(b, r, l, at, e, inverse);
    gradient_run(b, r, at, e, &m, acc != NULL, grad);
  }
  if (acc != NULL) moments_finish(&m, b->params, sums, acc);
}

/* The row's sigma is in the buffer, its state MMAX_OK. *loss is written by one member. */
static void row_cross_entropy(const batch *b, row *r, loss_row *l, float *loss, cell *grad,
                              ledger *sums, mmax_accumulator *acc) {
  int gradient = grad != NULL || acc != NULL;
  range x = {0.0, 0.0};
  double below = 0.0;
  if (l->smoothing > 0.0) {
    l->uniform = l->smoothing / mmax_u64_to_double(live_range(b, r, &x));
    if (loss != NULL) below = sum_below_max(b, r);
  }
  row_lse(b, r, gradient);
  if (loss != NULL && leads(b)) *loss = row_loss(b, r, l, below);
  if (gradient) row_loss_gradient(b, r, l, x, grad, sums, acc);
}

/* Takes part: neither masked nor -inf. */
static int is_live(const row *r, size_t i) {
  return (r->mask == NULL || r->mask[i] == 0) && mmax_classify(cell_value(r->x[i])) == MMAX_FINITE;
}

static void rows_cross_entropy(const mmax_params *params, const mmax_input *in,
                               const mmax_targets *targets, const float *grad_loss, float *loss,
                               mmax_output grad, mmax_accumulator *acc, mmax_scratch scratch,
                               mmax_report *report) {
  double stack[V_CHUNK];
  batch b = batch_of(params, in, stack, scratch);
  ledger sums;
  b.group = 1;
  ledger_start(&sums);
  for (size_t k = 0; k < in->rows; k++) {
    cell *out = grad.data == NULL ? NULL : (cell *)grad.data + k * grad.stride;
    float *row_out = loss == NULL ? NULL : loss + k;
    if (targets->target[k] == targets->ignore_index) {
      if (row_out != NULL && leads(&b)) *row_out = 0.0f;
      if (out != NULL) fill(out + b.span.from, b.span.to - b.span.from, 0.0f);
      report->ignored_rows++;
      continue;
    }
    row r = {0};
    group_open(&b, k, &r);
    size_t t = (size_t)targets->target[k];
    /* read before the first join: after it the target's owner may replace it */
    int target_live = is_live(&r, t);
    float target_x = cell_value(r.x[t]);
    group_modulate_two(&b, &r, 1);
    float w = grad_loss == NULL ? 1.0f : grad_loss[k];
    if (r.state == MMAX_OK && mmax_classify(w) != MMAX_FINITE) r.state = MMAX_ROW_NONFINITE;
    if (r.state == MMAX_OK) {
      loss_row l = {mmax_widen(targets->smoothing), 0.0, mmax_widen(w), t, target_live, target_x};
      row_cross_entropy(&b, &r, &l, row_out, out, &sums, acc);
    } else {
      if (row_out != NULL && leads(&b))
        *row_out = r.state == MMAX_ROW_MASKED ? 0.0f : mmax_from_bits32(MMAX_NAN_BITS);
      gradient_special(&r, out, acc);
    }
    mmax_report_row(report, k, r.state);
  }
  if (acc != NULL) ledger_flush(&sums, acc);
}

#endif
