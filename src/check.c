/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

size_t mmax_extent_bytes(size_t rows, const mmax_buffer *b) {
  size_t limit = (size_t)PTRDIFF_MAX / b->size;
  if (b->cols > limit) return 0;
  if (b->stride != 0 && rows - 1 > (limit - b->cols) / b->stride) return 0;
  return ((rows - 1) * b->stride + b->cols) * b->size;
}

static int overlap(size_t rows, const mmax_buffer *a, const mmax_buffer *b) {
  uintptr_t a0 = (uintptr_t)a->data, b0 = (uintptr_t)b->data;
  return a0 < b0 + mmax_extent_bytes(rows, b) && b0 < a0 + mmax_extent_bytes(rows, a);
}

mmax_status mmax_check_buffers(size_t rows, const mmax_buffer *buffers, int count) {
  for (int i = 0; i < count; i++)
    if (buffers[i].data != NULL &&
        (buffers[i].cols > MMAX_MAX_COLS || mmax_extent_bytes(rows, &buffers[i]) == 0))
      return MMAX_ERR_SIZE;
  for (int i = 0; i < count; i++)
    if (buffers[i].data != NULL && rows > 1 && buffers[i].stride < buffers[i].cols &&
        (buffers[i].output || buffers[i].stride != 0))
      return MMAX_ERR_STRIDE;
  for (int i = 0; i < count; i++)
    if ((uintptr_t)buffers[i].data % buffers[i].size != 0) return MMAX_ERR_ALIGN;
  for (int i = 0; i < count; i++)
    for (int j = 0; j < count; j++) {
      const mmax_buffer *out = &buffers[i], *other = &buffers[j];
      if (i == j || !out->output || out->data == NULL || other->data == NULL) continue;
      if (out->may_replace >> j & 1 && out->data == other->data && out->stride == other->stride)
        continue;
      if (overlap(rows, out, other)) return MMAX_ERR_OVERLAP;
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
