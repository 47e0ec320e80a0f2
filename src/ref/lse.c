/* SPDX-License-Identifier: Apache-2.0 */
#include "lse.h"

#include "log.h"

/* Largest weight but the one at index `top`; 0 if there is no other. */
static double second_weight(const mmax_params *params, const mmax_view *row, size_t top,
                            double row_max) {
  size_t at = row->n;
  double second = 0.0;
  for (size_t i = 0; i < row->n; i++) {
    if (i == top || !mmax_live(row, i)) continue;
    double s = mmax_modulated(params, mmax_logit(row, i));
    if (at == row->n || s > second) {
      second = s;
      at = i;
    }
  }
  return at == row->n ? 0.0 : mmax_exp(second - row_max);
}

mmax_lse mmax_row_lse(const mmax_params *params, const mmax_view *row) {
  size_t top = mmax_view_argmax(params, row);
  mmax_lse out = {mmax_modulated(params, mmax_logit(row, top)), 0.0, 0.0};
  double second = second_weight(params, row, top, out.row_max);
  if (second == 0.0) return out; /* every other weight is 0 */
  int e = mmax_exponent_above(second);
  double big = 6.0 * mmax_pow2(e);
  mmax_sum sum = {0, 0};
  for (size_t i = 0; i < row->n; i++)
    if (i != top && mmax_live(row, i))
      sum = mmax_sum_add(
          sum, (uint64_t)mmax_quantise(mmax_weight(params, mmax_logit(row, i), out.row_max), big));
  out.rest = mmax_sum_total(sum, mmax_pow2(e - 50));
  out.log = mmax_log1p(out.rest);
  return out;
}
