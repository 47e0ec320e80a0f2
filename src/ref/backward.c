/* SPDX-License-Identifier: Apache-2.0 */
/* grad_sigma_i = p_i (g_i - sum_k p_k g_k), grad_logits_i = sigma'(x_i) grad_sigma_i, one row.
   specs/semantics.md#backward */
#include "gradient.h"
#include "kernels_ref.h"

/* MMAX_ROW_NONFINITE if an unmasked upstream gradient is not finite. */
static mmax_status upstream_state(const mmax_view *row, mmax_source g) {
  for (size_t i = 0; i < row->n; i++)
    if (mmax_live(row, i) && mmax_classify(mmax_element(g, i)) != MMAX_FINITE)
      return MMAX_ROW_NONFINITE;
  return MMAX_OK;
}

/* sum_k p_k g_k, exact on the row's grid, each term rounded down. */
static double mean_gradient(const mmax_params *params, const mmax_view *row, mmax_source g,
                            double row_max, double inverse, double g_max) {
  mmax_grid grid = mmax_grid_for(g_max);
  int64_t sum = 0;
  for (size_t i = 0; i < row->n; i++)
    if (mmax_live(row, i))
      sum += mmax_floor_step(mmax_weight(params, mmax_logit(row, i), row_max) * inverse,
                             mmax_widen(mmax_element(g, i)), grid.big);
  return mmax_i64_to_double(sum) * mmax_pow2(grid.unit);
}

mmax_status mmax_row_backward_ref(const mmax_params *params, const mmax_view *row, mmax_source g,
                                  mmax_sink grad, mmax_accumulator *acc) {
  mmax_status state = mmax_view_state(row);
  if (state == MMAX_OK) state = upstream_state(row, g);
  if (state != MMAX_OK) {
    float fill = state == MMAX_ROW_MASKED ? 0.0f : mmax_canonical_nan();
    if (mmax_wanted(grad)) mmax_view_fill(grad, row->n, fill);
    if (acc != NULL && state == MMAX_ROW_NONFINITE) acc->nonfinite_rows++;
    return state;
  }
  double row_max = mmax_modulated(params, mmax_logit(row, mmax_view_argmax(params, row)));
  double inverse = 1.0 / mmax_sum_total(mmax_view_sum(params, row, row_max), 0x1p-50);

  double g_max = 0.0;
  mmax_extent extent = {0.0, 0.0, 0.0, 0};
  for (size_t i = 0; i < row->n; i++) {
    if (!mmax_live(row, i) || !(mmax_weight(params, mmax_logit(row, i), row_max) > 0.0)) continue;
    double v = mmax_widen(mmax_logit(row, i));
    double magnitude = mmax_widen(mmax_element(g, i));
    if (magnitude < 0.0) magnitude = -magnitude;
    if (magnitude > g_max) g_max = magnitude;
    extent = mmax_extent_add(extent, v, mmax_affine(params, v));
  }
  double mean = mean_gradient(params, row, g, row_max, inverse, g_max);

  mmax_moments moments = mmax_moments_start(params, extent, g_max);
  for (size_t i = 0; i < row->n; i++) {
    double out = 0.0;
    if (mmax_live(row, i)) {
      double p = mmax_weight(params, mmax_logit(row, i), row_max) * inverse;
      double up = mmax_widen(mmax_element(g, i));
      out = mmax_moments_add(&moments, params, mmax_logit(row, i), p * (up - mean)) * params->scale;
    }
    if (mmax_wanted(grad)) mmax_put(grad, i, out);
  }
  if (acc != NULL) {
    mmax_moments_finish(&moments, params, acc);
    acc->rows++;
  }
  return MMAX_OK;
}
