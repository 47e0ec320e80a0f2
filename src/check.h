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

#ifdef __FRAMAC__
#include "check.acsl"
#endif

/* Bytes from the first to the last element; 0 if that overflows PTRDIFF_MAX. */
/*@ requires  buffer: \valid_read(b) && buffer_fine((mmax_buffer *)b) && rows >= 1;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   fits:   extent((mmax_buffer *)b, rows) <= 9223372036854775807 ==> \result == extent((mmax_buffer *)b, rows);
    ensures   large:  extent((mmax_buffer *)b, rows) > 9223372036854775807 ==> \result == 0;
*/
size_t mmax_extent_bytes(size_t rows, const mmax_buffer *b);

/* Sizes, strides, alignment and overlap of a call's buffers, in this order. */
/*@ requires  count:     0 <= count <= 31 && rows >= 1;
    requires  buffers:   \valid_read(buffers + (0 .. count - 1)) && all_fine((mmax_buffer *)buffers, count);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    behavior size:
      assumes size:      !sizes_ok((mmax_buffer *)buffers, rows, count);
      ensures status:    \result == MMAX_ERR_SIZE;
    behavior stride:
      assumes sizes:     sizes_ok((mmax_buffer *)buffers, rows, count);
      assumes stride:    !strides_ok((mmax_buffer *)buffers, rows, count);
      ensures status:    \result == MMAX_ERR_STRIDE;
    behavior align:
      assumes strides:   sizes_ok((mmax_buffer *)buffers, rows, count) && strides_ok((mmax_buffer *)buffers, rows, count);
      assumes align:     !aligned((mmax_buffer *)buffers, count);
      ensures status:    \result == MMAX_ERR_ALIGN;
    behavior overlap:
      assumes aligned:   sizes_ok((mmax_buffer *)buffers, rows, count) && strides_ok((mmax_buffer *)buffers, rows, count) &&
                         aligned((mmax_buffer *)buffers, count);
      assumes overlap:   !all_apart((mmax_buffer *)buffers, rows, count, count);
      ensures status:    \result == MMAX_ERR_OVERLAP;
    behavior ok:
      assumes good:      sizes_ok((mmax_buffer *)buffers, rows, count) && strides_ok((mmax_buffer *)buffers, rows, count) &&
                         aligned((mmax_buffer *)buffers, count) && all_apart((mmax_buffer *)buffers, rows, count, count);
      ensures status:    \result == MMAX_OK;
    complete behaviors;
    disjoint behaviors;
*/
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
