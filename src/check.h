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
/*@ requires  targets:   \valid_read(targets);
    requires  each:      \valid_read(targets->target + (0 .. rows - 1));
    terminates \true;
    exits     \false;
    assigns   \nothing;
    behavior target:
      assumes bad_target: !targets_valid((int32_t *)targets->target, targets->ignore_index, rows, cols);
      ensures status:    \result == MMAX_ERR_TARGET;
    behavior smoothing:
      assumes good:      targets_valid((int32_t *)targets->target, targets->ignore_index, rows, cols);
      assumes bad_value: !smoothing_valid(targets->smoothing);
      ensures status:    \result == MMAX_ERR_SMOOTHING;
    behavior ok:
      assumes good:      targets_valid((int32_t *)targets->target, targets->ignore_index, rows, cols);
      assumes good_value: smoothing_valid(targets->smoothing);
      ensures status:    \result == MMAX_OK;
    complete behaviors;
    disjoint behaviors;
*/
mmax_status mmax_check_targets(const mmax_targets *targets, size_t rows, size_t cols);

#endif
