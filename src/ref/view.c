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

/* The pattern of a fill: zero, -inf or NaN. */
/*@ requires  storage: storage != MMAX_FLOAT32;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   nan:    \is_NaN(value) ==> \result == nan_of(storage);
    ensures   zero:   finf(value) && value == 0.0 ==> narrowed(storage, 0.0, \result);
    ensures   minus:  \is_minus_infinity(value) ==> \result == 32768 + infinity_of(storage);
*/
static uint16_t fill_pattern(mmax_storage storage, float value) {
  enum mmax_class kind = mmax_classify(value);
  if (kind == MMAX_FINITE) return mmax_narrow16(storage, mmax_widen(value));
  return mmax_narrow16(storage, kind == MMAX_MINUS_INF ? mmax_wide_minus_inf() : mmax_wide_nan());
}

void mmax_view_fill(mmax_sink out, size_t n, float value) {
  if (out.storage == MMAX_FLOAT32)
    mmax_row_fill(out.f32, n, value);
  else
    mmax_row16_fill(out.bits, n, fill_pattern(out.storage, value));
}
