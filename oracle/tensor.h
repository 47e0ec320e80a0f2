/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arrays of 1 to 3 dimensions as rows along the last axis: what the command
 * reads and writes. Kept in C order in memory; `fortran` remembers the order of
 * the file so that an output is laid out as its input was.
 */
#ifndef MULTIMAX_TENSOR_H
#define MULTIMAX_TENSOR_H

#include <stdint.h>

#include "bytes.h"

struct shape {
  unsigned ndim;
  size_t dim[3];
  size_t rows, cols; /* cols = last dimension, rows = product of the others */
  int fortran;
  int text; /* came from a text file */
};

struct tensor {
  struct shape shape;
  float *data; /* rows * cols, C order */
};

/* .npy (float32; float16 is widened exactly) or text (text.h), told apart by content. */
int tensor_read(struct tensor *out, const char *path, struct fault *fault);
int tensor_parse(struct tensor *out, const struct bytes *bytes, struct fault *fault);
void tensor_free(struct tensor *tensor);

/* Masks: .npy of bool or uint8, of the logits' shape or one row for all (then *stride = 0). */
int mask_read(uint8_t **mask, size_t *stride, const char *path, const struct shape *logits,
              struct fault *fault);
int mask_parse(uint8_t **mask, size_t *stride, const struct bytes *bytes,
               const struct shape *logits, struct fault *fault);

/* Targets: .npy of int8..int64 or uint8..uint32, or text, one whole number per row. */
int targets_read(int32_t **targets, const char *path, size_t rows, struct fault *fault);
int targets_parse(int32_t **targets, const struct bytes *bytes, size_t rows, struct fault *fault);

/* Fails with both shapes named unless they are equal. */
int shape_equal(const struct shape *a, const char *a_name, const struct shape *b,
                const char *b_name, struct fault *fault);
/* Fills rows and cols from ndim and dim. */
void shape_finish(struct shape *shape);
/* "12 x 32 x 239" */
#define SHAPE_TEXT_MAX 80
const char *shape_text(const struct shape *shape, char text[SHAPE_TEXT_MAX]);

#endif
