/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

enum { PIECE = 256 }; /* 16-bit entries widened at a time */

/* Entries [at, at + count) as floats: the row's own, or widened into the buffer. */
static const float *piece(const mmax_view *row, size_t at, size_t *count, float buffer[PIECE]) {
  *count = row->n - at;
  if (row->logits.storage == MMAX_FLOAT32) return row->logits.f32 + at;
  if (*count > PIECE) *count = PIECE;
  for (size_t i = 0; i < *count; i++) buffer[i] = mmax_logit(row, at + i);
  return buffer;
}

static const uint8_t *mask_from(const mmax_view *row, size_t at) {
  return row->mask == NULL ? NULL : row->mask + at;
}

mmax_status mmax_view_state(const mmax_view *row) {
  float buffer[PIECE];
  mmax_status state = MMAX_ROW_MASKED;
  for (size_t at = 0, count; at < row->n; at += count) {
    const float *x = piece(row, at, &count, buffer);
    mmax_status part = mmax_row_state(x, mask_from(row, at), count);
    if (part == MMAX_ROW_NONFINITE) return part;
    if (part == MMAX_OK) state = part;
  }
  return state;
}

size_t mmax_view_argmax(const mmax_params *params, const mmax_view *row) {
  float buffer[PIECE];
  size_t top = row->n;
  double max = 0.0;
  for (size_t at = 0, count; at < row->n; at += count) {
    const float *x = piece(row, at, &count, buffer);
    size_t part = mmax_row_argmax(params, x, mask_from(row, at), count);
    if (part == count) continue;
    double s = mmax_modulated(params, x[part]);
    if (top == row->n || s > max) {
      max = s;
      top = at + part;
    }
  }
  return top;
}

/* The sums of the pieces, exact, add up to the sum of the row. */
mmax_sum mmax_view_sum(const mmax_params *params, const mmax_view *row, double row_max) {
  float buffer[PIECE];
  mmax_sum sum = {0, 0};
  for (size_t at = 0, count; at < row->n; at += count) {
    const float *x = piece(row, at, &count, buffer);
    mmax_sum part = mmax_row_sum(params, x, mask_from(row, at), count, row_max);
    sum = mmax_sum_add(sum, part.lo);
    sum.hi += part.hi;
  }
  return sum;
}

void mmax_view_fill(mmax_sink out, size_t n, float value) {
  if (out.storage == MMAX_FLOAT32) {
    mmax_row_fill(out.f32, n, value);
    return;
  }
  uint16_t bits = mmax_narrow16(out.storage, mmax_widen(value));
  for (size_t i = 0; i < n; i++) out.bits[i] = bits;
}
