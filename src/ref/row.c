/* SPDX-License-Identifier: Apache-2.0 */
#include "row.h"

mmax_status mmax_row_state(const float *x, const uint8_t *mask, size_t n) {
  int any = 0;
  for (size_t i = 0; i < n; i++) {
    if (mask != NULL && mask[i] != 0) continue;
    enum mmax_class c = mmax_classify(x[i]);
    if (c == MMAX_NAN_OR_PLUS_INF) return MMAX_ROW_NONFINITE;
    if (c == MMAX_FINITE) any = 1;
  }
  return any ? MMAX_OK : MMAX_ROW_MASKED;
}

size_t mmax_row_argmax(const mmax_params *params, const float *x, const uint8_t *mask, size_t n) {
  size_t at = n;
  double max = 0.0;
  for (size_t i = 0; i < n; i++) {
    if (!mmax_unmasked(x, mask, i)) continue;
    double s = mmax_modulated(params, x[i]);
    if (at == n || s > max) {
      max = s;
      at = i;
    }
  }
  return at;
}

mmax_sum mmax_row_sum(const mmax_params *params, const float *x, const uint8_t *mask, size_t n,
                      double row_max) {
  mmax_sum sum = {0, 0};
  for (size_t i = 0; i < n; i++)
    if (mmax_unmasked(x, mask, i))
      sum = mmax_sum_add(sum, (uint64_t)mmax_quantise(mmax_weight(params, x[i], row_max), 6.0));
  return sum;
}

void mmax_row_fill(float *out, size_t n, float value) {
  for (size_t i = 0; i < n; i++) out[i] = value;
}
