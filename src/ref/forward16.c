/* SPDX-License-Identifier: Apache-2.0 */
/* forward.c for rows of 16 bits: the same float64 values, rounded once to the row's own format. */
#include "kernels_ref.h"

mmax_status mmax_row_forward16_ref(const mmax_params *params, const mmax_view *row,
                                   mmax_sink probs) {
  mmax_status state = mmax_view_state(row);
  if (state != MMAX_OK) {
    float fill = state == MMAX_ROW_MASKED ? 0.0f : mmax_canonical_nan();
    mmax_view_fill(probs, row->n, fill);
    return state;
  }
  double row_max = mmax_modulated(params, mmax_logit(row, mmax_view_argmax(params, row)));
  double inverse = mmax_div(1.0, mmax_sum_weight(mmax_view_sum(params, row, row_max)));
  for (size_t i = 0; i < row->n; i++) {
    double p = 0.0;
    if (mmax_live(row, i)) p = mmax_mul(mmax_weight(params, mmax_logit(row, i), row_max), inverse);
    mmax_put(probs, i, p);
  }
  return MMAX_OK;
}
