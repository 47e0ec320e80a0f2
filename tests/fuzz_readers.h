/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readers as fuzz targets: each takes any bytes and must neither crash, leak nor leave a
 * fault without a sentence. tests/fuzz_*.c give them to libFuzzer, tests/fuzz_replay.c
 * runs them over tests/corpus.
 */
#ifndef FUZZ_READERS_H
#define FUZZ_READERS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "npy.h"
#include "tensor.h"

/* 1: accepted, 0: refused. Anything else ends the program. */
typedef int fuzz_reader(const uint8_t *data, size_t size);

static inline void fuzz_require(int condition) {
  if (!condition) abort();
}

/* Exactly sized, so that a sanitizer sees a read past the end. */
static inline struct bytes fuzz_bytes(const uint8_t *data, size_t size) {
  struct bytes bytes = {.name = "fuzz", .data = malloc(size == 0 ? 1 : size), .size = size};
  fuzz_require(bytes.data != NULL);
  if (size != 0) memcpy(bytes.data, data, size);
  return bytes;
}

/* Accepted, or refused with a sentence that names the file. */
static inline int fuzz_verdict(int result, const struct fault *fault) {
  if (result == 0) return 1;
  fuzz_require(result == -1 && strncmp(fault->text, "fuzz", 4) == 0);
  return 0;
}

static inline int fuzz_tensor(const uint8_t *data, size_t size) {
  struct bytes bytes = fuzz_bytes(data, size);
  struct fault fault;
  struct tensor tensor;
  int accepted = fuzz_verdict(tensor_parse(&tensor, &bytes, &fault), &fault);
  volatile float last;
  if (accepted) {
    size_t count = tensor.shape.rows * tensor.shape.cols;
    fuzz_require(count <= size);
    for (size_t k = 0; k < count; k++) last = tensor.data[k];
  } else {
    fuzz_require(tensor.data == NULL);
  }
  (void)last;
  tensor_free(&tensor);
  bytes_free(&bytes);
  return accepted;
}

/* The first two bytes choose the logits' shape that mask and targets must fit. */
static inline int fuzz_side(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  struct shape shape = {.ndim = 2, .dim = {data[0], data[1]}};
  struct bytes bytes = fuzz_bytes(data + 2, size - 2);
  struct fault fault;
  uint8_t *mask;
  int32_t *targets;
  size_t stride;
  shape_finish(&shape);
  int accepted = fuzz_verdict(mask_parse(&mask, &stride, &bytes, &shape, &fault), &fault);
  if (accepted) fuzz_require(stride == 0 || stride == shape.cols);
  free(mask);
  int whole = fuzz_verdict(targets_parse(&targets, &bytes, shape.rows, &fault), &fault);
  free(targets);
  bytes_free(&bytes);
  return accepted || whole;
}

/* The first byte is the row's name. An accepted model is valid. */
static inline int fuzz_csv(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  char row[2] = {(char)data[0], '\0'};
  struct bytes bytes = fuzz_bytes(data + 1, size - 1);
  struct fault fault;
  struct model model = {.scale = 1.0f};
  int accepted = fuzz_verdict(model_parse_csv(&model, &bytes, row, &fault), &fault);
  if (accepted) fuzz_require(mmax_params_check(&model.params) == MMAX_OK);
  bytes_free(&bytes);
  return accepted;
}

static inline int fuzz_json(const uint8_t *data, size_t size) {
  struct bytes bytes = fuzz_bytes(data, size);
  struct fault fault;
  struct model model = {.scale = 1.0f};
  int accepted = fuzz_verdict(model_parse_json(&model, &bytes, &fault), &fault);
  if (accepted) fuzz_require(mmax_params_check(&model.params) == MMAX_OK);
  bytes_free(&bytes);
  return accepted;
}

#endif
