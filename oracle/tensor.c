/* SPDX-License-Identifier: Apache-2.0 */
/* See tensor.h. */
#include "tensor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npy.h"
#include "text.h"

void shape_finish(struct shape *shape) {
  shape->cols = shape->dim[shape->ndim - 1];
  shape->rows = 1;
  for (unsigned d = 0; d + 1 < shape->ndim; d++) shape->rows *= shape->dim[d];
}

const char *shape_text(const struct shape *shape, char text[SHAPE_TEXT_MAX]) {
  text[0] = '\0';
  for (unsigned d = 0; d < shape->ndim; d++) {
    size_t used = strlen(text);
    (void)snprintf(text + used, SHAPE_TEXT_MAX - used, d == 0 ? "%zu" : " x %zu", shape->dim[d]);
  }
  return text;
}

int shape_equal(const struct shape *a, const char *a_name, const struct shape *b,
                const char *b_name, struct fault *fault) {
  char a_text[SHAPE_TEXT_MAX], b_text[SHAPE_TEXT_MAX];
  if (a->ndim == b->ndim && memcmp(a->dim, b->dim, a->ndim * sizeof a->dim[0]) == 0) return 0;
  return fault_set(fault, "%s has shape %s, but %s has shape %s", a_name, shape_text(a, a_text),
                   b_name, shape_text(b, b_text));
}

static float float_of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* Every float16 is a float32; a NaN keeps its sign and payload. */
static float widen_half(uint32_t half) {
  uint32_t sign = (half & 0x8000u) << 16, exponent = half >> 10 & 31u, fraction = half & 0x3ffu;
  if (exponent == 31u) return float_of_bits(sign | 0x7f800000u | fraction << 13);
  if (exponent != 0u) return float_of_bits(sign | (exponent + 112u) << 23 | fraction << 13);
  float value = (float)fraction * 0x1p-24f;
  return sign != 0u ? -value : value;
}

static void shape_of_npy(struct shape *shape, const struct npy *npy) {
  *shape = (struct shape){.ndim = npy->ndim, .fortran = npy->fortran};
  memcpy(shape->dim, npy->dim, sizeof shape->dim);
  shape_finish(shape);
}

/* Room for `count` elements; never a NULL pointer for a size of 0. */
static void *room_for(size_t count, size_t width) { return calloc(count == 0 ? 1 : count, width); }

int tensor_parse(struct tensor *out, const struct bytes *bytes, struct fault *fault) {
  *out = (struct tensor){.data = NULL};
  if (!npy_is(bytes)) return text_parse(out, bytes, fault);
  struct npy npy;
  if (npy_header(&npy, bytes, fault) != 0) return -1;
  if (npy.kind != 'f' || (npy.width != 4 && npy.width != 2))
    return fault_set(fault,
                     "%s: element type %c%u: logits and gradients are float32 (or float16); "
                     "convert with x.astype('float32')",
                     bytes->name, npy.kind, npy.width);
  float *data = room_for(npy.count, sizeof *data);
  if (data == NULL) return fault_set(fault, "%s: out of memory", bytes->name);
  for (size_t k = 0; k < npy.count; k++) {
    uint32_t bits = (uint32_t)npy_element(&npy, bytes, k);
    data[k] = npy.width == 2 ? widen_half(bits) : float_of_bits(bits);
  }
  out->data = data;
  shape_of_npy(&out->shape, &npy);
  return 0;
}

int tensor_read(struct tensor *out, const char *path, struct fault *fault) {
  struct bytes bytes;
  *out = (struct tensor){.data = NULL};
  if (bytes_read(&bytes, path, BYTES_LIMIT, fault) != 0) return -1;
  int result = tensor_parse(out, &bytes, fault);
  bytes_free(&bytes);
  return result;
}

void tensor_free(struct tensor *tensor) {
  free(tensor->data);
  tensor->data = NULL;
}

int mask_parse(uint8_t **mask, size_t *stride, const struct bytes *bytes,
               const struct shape *logits, struct fault *fault) {
  struct npy npy;
  struct shape shape;
  *mask = NULL;
  if (npy_header(&npy, bytes, fault) != 0) return -1;
  if (npy.width != 1 || (npy.kind != 'b' && npy.kind != 'u'))
    return fault_set(fault, "%s: element type %c%u: a mask is bool or uint8 (nonzero = masked)",
                     bytes->name, npy.kind, npy.width);
  shape_of_npy(&shape, &npy);
  int one_row = shape.ndim == 1 && shape.cols == logits->cols;
  if (!one_row && shape_equal(&shape, bytes->name, logits, "the input", fault) != 0) return -1;
  uint8_t *data = room_for(npy.count, 1);
  if (data == NULL) return fault_set(fault, "%s: out of memory", bytes->name);
  for (size_t k = 0; k < npy.count; k++) data[k] = (uint8_t)npy_element(&npy, bytes, k);
  *mask = data;
  *stride = one_row ? 0 : logits->cols;
  return 0;
}

int mask_read(uint8_t **mask, size_t *stride, const char *path, const struct shape *logits,
              struct fault *fault) {
  struct bytes bytes;
  *mask = NULL;
  if (bytes_read(&bytes, path, BYTES_LIMIT, fault) != 0) return -1;
  int result = mask_parse(mask, stride, &bytes, logits, fault);
  bytes_free(&bytes);
  return result;
}

/* Sign-extends the raw element; 0 if it does not fit int32. */
static int to_int32(const struct npy *npy, uint64_t raw, int32_t *value) {
  if (npy->kind == 'i') {
    unsigned shift = 64 - 8 * npy->width;
    uint64_t sign = (uint64_t)1 << 63;
    uint64_t high = raw << shift;
    /* Arithmetic shift right, written without relying on the implementation. */
    raw = high >> shift;
    if ((high & sign) != 0 && shift != 0) raw |= ~(uint64_t)0 << (64 - shift);
    if ((raw & sign) != 0) {
      uint64_t magnitude = ~raw + 1;
      if (magnitude > (uint64_t)1 << 31) return 0;
      *value = (int32_t)(-(int64_t)magnitude);
      return 1;
    }
  }
  if (raw > INT32_MAX) return 0;
  *value = (int32_t)raw;
  return 1;
}

int targets_parse(int32_t **targets, const struct bytes *bytes, size_t rows, struct fault *fault) {
  *targets = NULL;
  if (!npy_is(bytes)) return text_targets(targets, bytes, rows, fault);
  struct npy npy;
  if (npy_header(&npy, bytes, fault) != 0) return -1;
  if (npy.kind != 'i' && npy.kind != 'u')
    return fault_set(fault, "%s: element type %c%u: targets are whole numbers", bytes->name,
                     npy.kind, npy.width);
  if (npy.count != rows)
    return fault_set(fault, "%s: %zu targets for %zu rows", bytes->name, npy.count, rows);
  int32_t *data = room_for(rows, sizeof *data);
  if (data == NULL) return fault_set(fault, "%s: out of memory", bytes->name);
  for (size_t k = 0; k < rows; k++)
    if (!to_int32(&npy, npy_element(&npy, bytes, k), &data[k])) {
      free(data);
      return fault_set(fault, "%s: target %zu (byte %zu) does not fit 32 bits", bytes->name, k,
                       npy.offset + k * npy.width);
    }
  *targets = data;
  return 0;
}

int targets_read(int32_t **targets, const char *path, size_t rows, struct fault *fault) {
  struct bytes bytes;
  *targets = NULL;
  if (bytes_read(&bytes, path, BYTES_LIMIT, fault) != 0) return -1;
  int result = targets_parse(targets, &bytes, rows, fault);
  bytes_free(&bytes);
  return result;
}
