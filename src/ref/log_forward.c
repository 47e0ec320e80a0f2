/* SPDX-License-Identifier: Apache-2.0 */
/* log_probs_i = (sigma(x_i) - max sigma) - ln(1 + rest), one row. specs/semantics.md#log */
#include "kernels_ref.h"
#include "lse.h"

mmax_status mmax_row_log_ref(const mmax_params *params, const float *x, const uint8_t *mask,
                             size_t n, float *log_probs) {
  const float minus_inf = mmax_from_bits32(0xff800000u);
  mmax_status state = mmax_row_state(x, mask, n);
  if (state == MMAX_ROW_NONFINITE) {
    mmax_row_fill(log_probs, n, mmax_from_bits32(MMAX_NAN_BITS));
    return state;
  }
  if (state == MMAX_ROW_MASKED) {
    mmax_row_fill(log_probs, n, minus_inf);
    return state;
  }
  mmax_lse lse = mmax_row_lse(params, x, mask, n);
  for (size_t i = 0; i < n; i++) {
    float l = minus_inf;
    if (mmax_unmasked(x, mask, i))
      l = mmax_narrow((mmax_modulated(params, x[i]) - lse.row_max) - lse.log);
    log_probs[i] = l;
  }
  return MMAX_OK;
}
