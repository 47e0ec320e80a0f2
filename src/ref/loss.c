/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-entropy of one row, -sum_k q_k log p_k with q = (1-a) e_target + a/unmasked, and its
   backward grad_sigma = w (p - q). specs/semantics.md#cross-entropy */
#include "gradient.h"
#include "kernels_ref.h"
#include "lse.h"

/* sum over unmasked entries of (row_max - sigma), exact on a grid set by the largest term. */
static double sum_below_max(const mmax_params *params, const mmax_view *row, double row_max) {
  double largest = 0.0;
  for (size_t i = 0; i < row->n; i++)
    if (mmax_live(row, i)) {
      double below = row_max - mmax_modulated(params, mmax_logit(row, i));
      if (below > largest) largest = below;
    }
  mmax_grid grid = mmax_grid_for(largest);
  mmax_sum sum = {0, 0};
  for (size_t i = 0; i < row->n; i++)
    if (mmax_live(row, i))
      sum = mmax_sum_add(
          sum,
          (uint64_t)mmax_quantise(row_max - mmax_modulated(params, mmax_logit(row, i)), grid.big));
  return mmax_sum_total(sum, mmax_pow2(grid.unit));
}

static size_t count_unmasked(const mmax_view *row) {
  size_t count = 0;
  for (size_t i = 0; i < row->n; i++)
    if (mmax_live(row, i)) count++;
  return count;
}

/* The loss is a sum of terms >= 0: nothing cancels. A masked target has probability 0. */
static float row_loss(const mmax_params *params, const mmax_view *row, size_t target,
                      double smoothing, const mmax_lse *lse) {
  if (!mmax_live(row, target)) return mmax_from_bits32(0x7f800000u); /* +inf */
  double below = lse->row_max - mmax_modulated(params, mmax_logit(row, target));
  double loss = mmax_fma(1.0 - smoothing, below, lse->log);
  if (smoothing > 0.0)
    loss = mmax_fma(smoothing / mmax_u64_to_double(count_unmasked(row)),
                    sum_below_max(params, row, lse->row_max), loss);
  return mmax_narrow(loss);
}

/* p_i - q_i. Without smoothing, p - 1 of the largest entry is -rest/(1+rest). */
static double residual(const mmax_lse *lse, double weight, double inverse, int is_target,
                       double smoothing, double uniform) {
  double p = weight * inverse;
  if (!is_target) return p - uniform;
  if (smoothing > 0.0) return p - ((1.0 - smoothing) + uniform);
  return weight == 1.0 ? -(lse->rest * inverse) : p - 1.0;
}

static void row_gradient(const mmax_params *params, const mmax_view *row, size_t target,
                         double smoothing, double w, const mmax_lse *lse, mmax_sink grad,
                         mmax_accumulator *acc) {
  double inverse = 1.0 / (1.0 + lse->rest);
  double uniform =
      smoothing > 0.0 ? smoothing / mmax_u64_to_double(count_unmasked(row)) : 0.0;
  mmax_extent extent = {0.0, 0.0, 0.0, 0};
  for (size_t i = 0; i < row->n; i++) {
    if (!mmax_live(row, i)) continue;
    if (!(smoothing > 0.0) && i != target &&
        !(mmax_weight(params, mmax_logit(row, i), lse->row_max) > 0.0))
      continue;
    double v = mmax_widen(mmax_logit(row, i));
    extent = mmax_extent_add(extent, v, mmax_affine(params, v));
  }
  mmax_moments moments;
  mmax_moments_start(&moments, params, extent, w < 0.0 ? -w : w);
  for (size_t i = 0; i < row->n; i++) {
    double out = 0.0;
    if (mmax_live(row, i)) {
      double e = mmax_weight(params, mmax_logit(row, i), lse->row_max);
      double d = residual(lse, e, inverse, i == target, smoothing, uniform);
      out = mmax_moments_add(&moments, params, mmax_logit(row, i), w * d) * params->scale;
    }
    if (mmax_wanted(grad)) mmax_put(grad, i, out);
  }
  if (acc != NULL) {
    mmax_moments_finish(&moments, params, acc);
    acc->rows++;
  }
}

mmax_status mmax_row_loss_ref(const mmax_params *params, const mmax_view *row, size_t target,
                              float smoothing, float grad_loss, float *loss, mmax_sink grad,
                              mmax_accumulator *acc) {
  mmax_status state = mmax_view_state(row);
  if (state == MMAX_OK && mmax_classify(grad_loss) != MMAX_FINITE) state = MMAX_ROW_NONFINITE;
  if (state != MMAX_OK) {
    float fill = state == MMAX_ROW_MASKED ? 0.0f : mmax_canonical_nan();
    if (loss != NULL) *loss = fill;
    if (mmax_wanted(grad)) mmax_view_fill(grad, row->n, fill);
    if (acc != NULL && state == MMAX_ROW_NONFINITE) acc->nonfinite_rows++;
    return state;
  }
  mmax_lse lse = mmax_row_lse(params, row);
  double a = mmax_widen(smoothing);
  if (loss != NULL) *loss = row_loss(params, row, target, a, &lse);
  if (mmax_wanted(grad) || acc != NULL)
    row_gradient(params, row, target, a, mmax_widen(grad_loss), &lse, grad, acc);
  return MMAX_OK;
}
