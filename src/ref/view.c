/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

mmax_status mmax_view_state(const mmax_view *row) {
  const mmax_source *x = &row->logits;
  if (x->storage == MMAX_FLOAT32) return mmax_row_state(x->f32, row->mask, row->n);
  return mmax_row16_state(x->storage, x->bits, row->mask, row->n);
}

size_t mmax_view_argmax(const mmax_params *params, const mmax_view *row) {
  const mmax_source *x = &row->logits;
  if (x->storage == MMAX_FLOAT32) return mmax_row_argmax(params, x->f32, row->mask, row->n);
  return mmax_row16_argmax(params, x->storage, x->bits, row->mask, row->n);
}

mmax_sum mmax_view_sum(const mmax_params *params, const mmax_view *row, double row_max) {
  const mmax_source *x = &row->logits;
  if (x->storage == MMAX_FLOAT32) return mmax_row_sum(params, x->f32, row->mask, row->n, row_max);
  return mmax_row16_sum(params, x->storage, x->bits, row->mask, row->n, row_max);
}

void mmax_view_fill(mmax_sink out, size_t n, float value) {
  if (out.storage == MMAX_FLOAT32)
    mmax_row_fill(out.f32, n, value);
  else
    mmax_row16_fill(out.bits, n, mmax_narrow16(out.storage, mmax_widen(value)));
}
