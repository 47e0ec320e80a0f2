/* SPDX-License-Identifier: Apache-2.0 */
#include "lse.h"

#include "log.h"

/* Largest weight but the one at index `top`; 0 if there is no other. */
static double second_weight(const mmax_params *params, const float *x, const uint8_t *mask,
                            size_t n, size_t top, double row_max) {
  size_t at = n;
  double second = 0.0;
  for (size_t i = 0; i < n; i++) {
    if (i == top || !mmax_unmasked(x, mask, i)) continue;
    double s = mmax_modulated(params, x[i]);
    if (at == n || s > second) {
      second = s;
      at = i;
    }
  }
  return at == n ? 0.0 : mmax_exp(second - row_max);
}

mmax_lse mmax_row_lse(const mmax_params *params, const float *x, const uint8_t *mask, size_t n) {
  size_t top = mmax_row_argmax(params, x, mask, n);
  mmax_lse out = {mmax_modulated(params, x[top]), 0.0, 0.0};
  double second = second_weight(params, x, mask, n, top, out.row_max);
  if (second == 0.0) return out; /* every other weight is 0 */
  int e = mmax_exponent_above(second);
  double big = 6.0 * mmax_pow2(e);
  mmax_sum sum = {0, 0};
  for (size_t i = 0; i < n; i++)
    if (i != top && mmax_unmasked(x, mask, i))
      sum = mmax_sum_add(sum, (uint64_t)mmax_quantise(mmax_weight(params, x[i], out.row_max), big));
  out.rest = mmax_sum_total(sum, mmax_pow2(e - 50));
  out.log = mmax_log1p(out.rest);
  return out;
}
