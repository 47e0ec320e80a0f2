/* SPDX-License-Identifier: Apache-2.0 */
/* probs_i = exp(sigma(x_i) - max sigma) / sum, one row. specs/semantics.md#forward */
#include "kernels_ref.h"
#include "row.h"

mmax_status mmax_row_forward_ref(const mmax_params *params, const float *x, const uint8_t *mask,
                                 size_t n, float *probs) {
  mmax_status state = mmax_row_state(x, mask, n);
  if (state == MMAX_ROW_NONFINITE) {
    mmax_row_fill(probs, n, mmax_from_bits32(MMAX_NAN_BITS));
    return state;
  }
  if (state == MMAX_ROW_MASKED) {
    mmax_row_fill(probs, n, 0.0f);
    return state;
  }
  double row_max = mmax_modulated(params, x[mmax_row_argmax(params, x, mask, n)]);
  mmax_sum sum = mmax_row_sum(params, x, mask, n, row_max);
  double inverse = 1.0 / mmax_sum_total(sum, 0x1p-50);
  for (size_t i = 0; i < n; i++) {
    float p = 0.0f;
    if (mmax_unmasked(x, mask, i)) p = mmax_narrow(mmax_weight(params, x[i], row_max) * inverse);
    probs[i] = p;
  }
  return MMAX_OK;
}
