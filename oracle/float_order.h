/* SPDX-License-Identifier: Apache-2.0 */
/* float32 numbers as consecutive integers, for searching among them. */
#ifndef MULTIMAX_FLOAT_ORDER_H
#define MULTIMAX_FLOAT_ORDER_H

#include <stdint.h>
#include <string.h>

/* Ascending in the number; both zeros are 0. Not for NaN. */
static inline int64_t float_rank(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  int64_t magnitude = (int64_t)(bits & 0x7fffffffu);
  return bits >> 31 != 0 ? -magnitude : magnitude;
}

static inline float float_of_rank(int64_t rank) {
  uint32_t bits = rank < 0 ? 0x80000000u | (uint32_t)-rank : (uint32_t)rank;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

#endif
