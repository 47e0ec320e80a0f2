/* SPDX-License-Identifier: Apache-2.0 */
/* grad_sigma_i = p_i (g_i - sum_k p_k g_k), grad_logits_i = sigma'(x_i) grad_sigma_i, one row.
   specs/semantics.md#backward */
#include "gradient.h"
#include "kernels_ref.h"

/* MMAX_ROW_NONFINITE if an unmasked upstream gradient is not finite. */
static mmax_status upstream_state(const float *x, const uint8_t *mask, const float *g, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (mmax_unmasked(x, mask, i) && mmax_classify(g[i]) != MMAX_FINITE) return MMAX_ROW_NONFINITE;
  return MMAX_OK;
}

/* sum_k p_k g_k, exact on the row's grid, each term rounded down. */
static double mean_gradient(const mmax_params *params, const float *x, const uint8_t *mask,
                            const float *g, size_t n, double row_max, double inverse,
                            double g_max) {
  mmax_grid grid = mmax_grid_for(g_max);
  int64_t sum = 0;
  for (size_t i = 0; i < n; i++)
    if (mmax_unmasked(x, mask, i))
      sum += mmax_floor_step(mmax_weight(params, x[i], row_max) * inverse, mmax_widen(g[i]),
                             grid.big);
  return mmax_i64_to_double(sum) * mmax_pow2(grid.unit);
}

mmax_status mmax_row_backward_ref(const mmax_params *params, const float *x, const uint8_t *mask,
                                  size_t n, const float *g, float *grad, mmax_accumulator *acc) {
  mmax_status state = mmax_row_state(x, mask, n);
  if (state == MMAX_OK) state = upstream_state(x, mask, g, n);
  if (state != MMAX_OK) {
    float fill = state == MMAX_ROW_MASKED ? 0.0f : mmax_from_bits32(MMAX_NAN_BITS);
    if (grad != NULL) mmax_row_fill(grad, n, fill);
    if (acc != NULL && state == MMAX_ROW_NONFINITE) acc->nonfinite_rows++;
    return state;
  }
  double row_max = mmax_modulated(params, x[mmax_row_argmax(params, x, mask, n)]);
  double inverse = 1.0 / mmax_sum_total(mmax_row_sum(params, x, mask, n, row_max), 0x1p-50);

  double g_max = 0.0;
  mmax_extent extent = {0.0, 0.0, 0.0, 0};
  for (size_t i = 0; i < n; i++) {
    if (!mmax_unmasked(x, mask, i) || !(mmax_weight(params, x[i], row_max) > 0.0)) continue;
    double v = mmax_widen(x[i]), magnitude = mmax_widen(g[i]);
    if (magnitude < 0.0) magnitude = -magnitude;
    if (magnitude > g_max) g_max = magnitude;
    extent = mmax_extent_add(extent, v, mmax_affine(params, v));
  }
  double mean = mean_gradient(params, x, mask, g, n, row_max, inverse, g_max);

  mmax_moments moments = mmax_moments_start(params, extent, g_max);
  for (size_t i = 0; i < n; i++) {
    float out = 0.0f;
    if (mmax_unmasked(x, mask, i)) {
      double p = mmax_weight(params, x[i], row_max) * inverse;
      double h = mmax_moments_add(&moments, params, x[i], p * (mmax_widen(g[i]) - mean));
      out = mmax_narrow(h * params->scale);
    }
    if (grad != NULL) grad[i] = out;
  }
  if (acc != NULL) {
    mmax_moments_finish(&moments, params, acc);
    acc->rows++;
  }
  return MMAX_OK;
}
