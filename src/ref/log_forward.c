/* SPDX-License-Identifier: Apache-2.0 */
/* log_probs_i = (sigma(x_i) - max sigma) - ln(1 + rest), one row. specs/semantics.md#log */
#include "kernels_ref.h"
#include "lse.h"

mmax_status mmax_row_log_ref(const mmax_params *params, const mmax_view *row,
                             mmax_sink log_probs) {
  mmax_status state = mmax_view_state(row);
  if (state != MMAX_OK) {
    float fill = state == MMAX_ROW_MASKED ? mmax_minus_inf() : mmax_canonical_nan();
    mmax_view_fill(log_probs, row->n, fill);
    return state;
  }
  mmax_lse lse = mmax_row_lse(params, row);
  for (size_t i = 0; i < row->n; i++) {
    double l = mmax_minus_inf();
    if (mmax_live(row, i))
      l = (mmax_modulated(params, mmax_logit(row, i)) - lse.row_max) - lse.log;
    mmax_put(log_probs, i, l);
  }
  return MMAX_OK;
}
