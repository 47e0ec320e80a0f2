/* SPDX-License-Identifier: Apache-2.0 */
/* Validation of a call's arguments: the only place that looks for caller errors. */
#ifndef MMAX_CHECK_H
#define MMAX_CHECK_H

#include "multimax.h"

/* One buffer of a call: rows of `cols` elements, `stride` elements apart. */
typedef struct mmax_buffer {
  const void *data; /* NULL: not given, and allowed to be */
  size_t cols, stride;
  size_t size;      /* bytes per element; also its alignment */
  int output;
  int may_replace;  /* output: may be this very input (bit of the input's index) */
} mmax_buffer;

/* Bytes from the first to the last element; 0 if that overflows PTRDIFF_MAX. */
size_t mmax_extent_bytes(size_t rows, const mmax_buffer *b);

/* Sizes, strides, alignment and overlap of a call's buffers. */
mmax_status mmax_check_buffers(size_t rows, const mmax_buffer *buffers, int count);

/* Every target a class of [0, cols) or ignore_index; smoothing in [0, 1]. */
mmax_status mmax_check_targets(const mmax_targets *targets, size_t rows, size_t cols);

#endif
