/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

enum { PIECE = 256 }; /* 16-bit entries widened at a time */

/* Entries [at, at + count) as floats: the row's own, or widened into the buffer. */
/*@ requires  view:   \valid_read(row) && valid_view(row) && at < row->n;
    requires  out:    \valid(count) && \valid(buffer + (0 .. 255)) && \separated(count, row);
    terminates \true;
    exits     \false;
    assigns   *count;
    ensures   whole:  \result == row->logits.f32 + at && *count == row->n - at;
*/
static const float *piece(const mmax_view *row, size_t at, size_t *count, float buffer[PIECE]) {
  *count = row->n - at;
  if (row->logits.storage == MMAX_FLOAT32) return row->logits.f32 + at;
  if (*count > PIECE) *count = PIECE;
  for (size_t i = 0; i < *count; i++) buffer[i] = mmax_logit(row, at + i);
  return buffer;
}

/*@ requires  read:   \valid_read(row);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   null:   row->mask == \null ==> \result == \null;
    ensures   moved:  row->mask != \null ==> \result == row->mask + at;
*/
static const uint8_t *mask_from(const mmax_view *row, size_t at) {
  return row->mask == NULL ? NULL : row->mask + at;
}

mmax_status mmax_view_state(const mmax_view *row) {
  float buffer[PIECE];
  mmax_status state = MMAX_ROW_MASKED;
  size_t count;
  /*@ loop invariant range: at == 0 || at == row->n;
      loop invariant start: at == 0 ==> state == MMAX_ROW_MASKED;
      loop invariant done:  at == row->n ==> none_bad(row->logits.f32, row->mask, row->n) &&
                              (state == MMAX_OK || state == MMAX_ROW_MASKED) &&
                              (state == MMAX_ROW_MASKED <==> all_masked(row->logits.f32, row->mask, row->n));
      loop assigns   at, count, state;
      loop variant   row->n - at;
  */
  for (size_t at = 0; at < row->n; at += count) {
    const float *x = piece(row, at, &count, buffer);
    const uint8_t *mask = mask_from(row, at);
    /*@ assert hint_start: at == 0; */
    /*@ assert hint_whole: x == row->logits.f32 && mask == row->mask && count == row->n; */
    mmax_status part = mmax_row_state(x, mask, count);
    if (part == MMAX_ROW_NONFINITE) return part;
    if (part == MMAX_OK) state = part;
  }
  return state;
}

size_t mmax_view_argmax(const mmax_params *params, const mmax_view *row) {
  float buffer[PIECE];
  size_t top = row->n;
  double max = 0.0;
  size_t count;
  /*@ loop invariant range:  at == 0 || at == row->n;
      loop invariant start:  at == 0 ==> top == row->n;
      loop invariant none:   at == row->n ==> top <= row->n &&
                               (top == row->n ==> all_masked(row->logits.f32, row->mask, row->n));
      loop invariant member: at == row->n ==> top < row->n ==> unmasked(row->logits.f32, row->mask, top) &&
                               \is_finite(row->logits.f32[top]);
      loop invariant most:   at == row->n ==> top < row->n ==> is_top(params, row->logits.f32, row->mask, row->n,
                               modulated(params, row->logits.f32[top]));
      loop assigns   at, count, top, max;
      loop variant   row->n - at;
  */
  for (size_t at = 0; at < row->n; at += count) {
    const float *x = piece(row, at, &count, buffer);
    const uint8_t *mask = mask_from(row, at);
    /*@ assert hint_start: at == 0; */
    /*@ assert hint_whole: x == row->logits.f32 && mask == row->mask && count == row->n; */
    size_t part = mmax_row_argmax(params, x, mask, count);
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
  size_t count;
  /*@ loop invariant range: at == 0 || at == row->n;
      loop invariant start: at == 0 ==> sum.hi == 0 && sum.lo == 0;
      loop invariant exact: at == row->n ==>
                              sum_weight(sum) == count_sum(params, row->logits.f32, row->mask, row_max, row->n);
      loop invariant most:  at == row->n ==> sum_count(sum) <= row->n*1125899906842624;
      loop invariant least: at == row->n ==> \forall integer i; 0 <= i < row->n ==>
                              unmasked(row->logits.f32, row->mask, i) ==>
                              modulated(params, row->logits.f32[i]) == row_max ==> sum_count(sum) >= 1125899906842624;
      loop invariant error: at == row->n ==> count_close(row->n, sum_weight(sum),
                              weight_sum(params, row->logits.f32, row->mask, row_max, row->n));
      loop assigns   at, count, sum;
      loop variant   row->n - at;
  */
  for (size_t at = 0; at < row->n; at += count) {
    const float *x = piece(row, at, &count, buffer);
    const uint8_t *mask = mask_from(row, at);
    /*@ assert hint_start: at == 0; */
    /*@ assert hint_whole: x == row->logits.f32 && mask == row->mask && count == row->n; */
    mmax_sum part = mmax_row_sum(params, x, mask, count, row_max);
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
