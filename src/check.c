/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

/* a * b <= limit? */
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact:  \result != 0 <==> a * b <= limit;
*/
static int product_fits(size_t a, size_t b, size_t limit) {
  if (b == 0) return 1;
  /*@ assert hint_low: b * (limit / b) <= limit; */
  /*@ assert hint_high: limit < b * (limit / b) + b; */
  if (a <= limit / b) {
    /*@ assert hint_le: a * b <= (limit / b) * b; */
    return 1;
  }
  /*@ assert hint_gt: a * b >= (limit / b + 1) * b; */
  return 0;
}

/* (gaps * stride + cols) * size, or 0 beyond PTRDIFF_MAX. */
/*@ requires  size:   size == 1 || size == 2 || size == 4;
    requires  cols:   cols >= 1;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   fits:   times(gaps * stride + cols, size) <= 9223372036854775807 ==> \result == times(gaps * stride + cols, size);
    ensures   large:  times(gaps * stride + cols, size) > 9223372036854775807 ==> \result == 0;
*/
static size_t bytes_of(size_t gaps, size_t stride, size_t cols, size_t size) {
  const size_t limit = (size_t)PTRDIFF_MAX / size;
  /*@ assert hint_limit: times(limit, size) <= 9223372036854775807 < times(limit + 1, size) && limit < 18446744073709551615; */
  /*@ assert hint_gaps: 0 <= gaps * stride; */
  if (cols > limit || !product_fits(gaps, stride, limit - cols)) {
    /*@ assert hint_many: gaps * stride + cols > limit; */
    return 0;
  }
  /*@ assert hint_few: gaps * stride <= limit - cols; */
  const size_t between = gaps * stride;
  /*@ assert hint_between: between == gaps * stride; */
  const size_t elements = between + cols;
  /*@ assert hint_elements: elements == gaps * stride + cols && elements <= limit; */
  /*@ assert hint_bytes: times(elements, size) <= 9223372036854775807; */
  const size_t bytes = elements * size;
  /*@ assert hint_exact: bytes == times(elements, size); */
  return bytes;
}

size_t mmax_extent_bytes(size_t rows, const mmax_buffer *b) {
  const size_t gaps = rows - 1;
  /*@ assert hint_gaps: gaps == rows - 1; */
  /*@ assert hint_extent: extent((mmax_buffer *)b, rows) == times(gaps * b->stride + b->cols, b->size); */
  return bytes_of(gaps, b->stride, b->cols, b->size);
}

/*@ requires  buffer: \valid_read(b) && buffer_fine((mmax_buffer *)b) && rows >= 1;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact:  \result != 0 <==> bad_size((mmax_buffer *)b, rows);
*/
static int too_large(size_t rows, const mmax_buffer *b) {
  return b->data != NULL && (b->cols > MMAX_MAX_COLS || mmax_extent_bytes(rows, b) == 0);
}

/*@ requires  buffer: \valid_read(b);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact:  \result != 0 <==> bad_stride((mmax_buffer *)b, rows);
*/
static int rows_overlap(size_t rows, const mmax_buffer *b) {
  return b->data != NULL && rows > 1 && b->stride < b->cols && (b->output || b->stride != 0);
}

/*@ requires  buffer: \valid_read(b) && buffer_fine((mmax_buffer *)b);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact:  \result != 0 <==> misaligned((mmax_buffer *)b);
*/
static int is_misaligned(const mmax_buffer *b) { return (uintptr_t)b->data % b->size != 0; }

/* Do the bytes of a and b meet? Without sums of addresses, which could wrap around. */
/*@ requires  a:      \valid_read(a) && buffer_fine((mmax_buffer *)a) && rows >= 1 && !bad_size((mmax_buffer *)a, rows);
    requires  b:      \valid_read(b) && buffer_fine((mmax_buffer *)b) && !bad_size((mmax_buffer *)b, rows);
    requires  given:  a->data != \null && b->data != \null;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact:  \result != 0 <==> meet((mmax_buffer *)a, (mmax_buffer *)b, rows);
*/
static int overlap(size_t rows, const mmax_buffer *a, const mmax_buffer *b) {
  uintptr_t a0 = (uintptr_t)a->data, b0 = (uintptr_t)b->data;
  size_t a_bytes = mmax_extent_bytes(rows, a), b_bytes = mmax_extent_bytes(rows, b);
  /*@ assert hint_bytes: 0 < a_bytes == extent((mmax_buffer *)a, rows) && 0 < b_bytes == extent((mmax_buffer *)b, rows); */
  if (a0 < b0) return b0 - a0 < a_bytes;
  return a0 - b0 < b_bytes;
}

/*@ requires  count:   0 <= i < count <= 31 && 0 <= j < count && rows >= 1;
    requires  buffers: \valid_read(buffers + (0 .. count - 1)) && all_fine((mmax_buffer *)buffers, count);
    requires  sizes:   sizes_ok((mmax_buffer *)buffers, rows, count);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact:   \result != 0 <==> clash((mmax_buffer *)buffers, i, j, rows);
*/
static int clashes(size_t rows, const mmax_buffer *buffers, int count, int i, int j) {
  const mmax_buffer *out = buffers + i, *other = buffers + j;
  (void)count;
  if (i == j || !out->output || out->data == NULL || other->data == NULL) return 0;
  if ((out->may_replace >> j & 1) != 0 && out->data == other->data && out->stride == other->stride)
    return 0;
  /*@ assert hint_i: buffer_fine((mmax_buffer *)buffers + i) && !bad_size((mmax_buffer *)buffers + i, rows); */
  /*@ assert hint_j: buffer_fine((mmax_buffer *)buffers + j) && !bad_size((mmax_buffer *)buffers + j, rows); */
  return overlap(rows, out, other);
}

mmax_status mmax_check_buffers(size_t rows, const mmax_buffer *buffers, int count) {
  /*@ loop invariant range: 0 <= i <= count;
      loop invariant good:  sizes_ok((mmax_buffer *)buffers, rows, i);
      loop assigns   i;
      loop variant   count - i;
  */
  for (int i = 0; i < count; i++) {
    /*@ assert hint_fine: buffer_fine((mmax_buffer *)buffers + i); */
    if (too_large(rows, &buffers[i])) {
      /*@ assert hint_any: !sizes_ok((mmax_buffer *)buffers, rows, count); */
      return MMAX_ERR_SIZE;
    }
  }
  /*@ loop invariant range: 0 <= i <= count;
      loop invariant good:  strides_ok((mmax_buffer *)buffers, rows, i);
      loop assigns   i;
      loop variant   count - i;
  */
  for (int i = 0; i < count; i++)
    if (rows_overlap(rows, &buffers[i])) {
      /*@ assert hint_any: !strides_ok((mmax_buffer *)buffers, rows, count); */
      return MMAX_ERR_STRIDE;
    }
  /*@ loop invariant range: 0 <= i <= count;
      loop invariant good:  aligned((mmax_buffer *)buffers, i);
      loop assigns   i;
      loop variant   count - i;
  */
  for (int i = 0; i < count; i++) {
    /*@ assert hint_fine: buffer_fine((mmax_buffer *)buffers + i); */
    if (is_misaligned(&buffers[i])) {
      /*@ assert hint_any: !aligned((mmax_buffer *)buffers, count); */
      return MMAX_ERR_ALIGN;
    }
  }
  /*@ loop invariant range: 0 <= i <= count;
      loop invariant good:  all_apart((mmax_buffer *)buffers, rows, i, count);
      loop assigns   i;
      loop variant   count - i;
  */
  for (int i = 0; i < count; i++) {
    /*@ loop invariant range: 0 <= j <= count;
        loop invariant good:  apart_from((mmax_buffer *)buffers, i, rows, j);
        loop assigns   j;
        loop variant   count - j;
    */
    for (int j = 0; j < count; j++)
      if (clashes(rows, buffers, count, i, j)) {
        /*@ assert hint_pair: !apart_from((mmax_buffer *)buffers, i, rows, count); */
        /*@ assert hint_any: !all_apart((mmax_buffer *)buffers, rows, count, count); */
        return MMAX_ERR_OVERLAP;
      }
  }
  return MMAX_OK;
}

mmax_status mmax_check_targets(const mmax_targets *targets, size_t rows, size_t cols) {
  /*@ loop invariant range: 0 <= r <= rows;
      loop invariant good:  targets_valid((int32_t *)targets->target, targets->ignore_index, r, cols);
      loop assigns   r;
      loop variant   rows - r;
  */
  for (size_t r = 0; r < rows; r++) {
    int32_t t = targets->target[r];
    if (t != targets->ignore_index && (t < 0 || (size_t)t >= cols)) return MMAX_ERR_TARGET;
    /*@ assert hint_this: target_valid(targets->target[r], targets->ignore_index, cols); */
    /*@ assert hint_next: targets_valid((int32_t *)targets->target, targets->ignore_index, r + 1, cols); */
  }
  if (!(targets->smoothing >= 0.0f && targets->smoothing <= 1.0f)) return MMAX_ERR_SMOOTHING;
  return MMAX_OK;
}
