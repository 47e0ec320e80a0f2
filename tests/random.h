/* SPDX-License-Identifier: Apache-2.0 */
/* Repeatable random numbers for tests (SplitMix64); the seed is printed by the test. */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t random_u64(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

/* Uniform in [0, 1). */
static inline double random_unit(uint64_t *state) {
  return (double)(random_u64(state) >> 11) * 0x1p-53;
}

static inline double random_between(uint64_t *state, double lo, double hi) {
  return lo + (hi - lo) * random_unit(state);
}

static inline double random_normal(uint64_t *state) {
  return sqrt(-2.0 * log(1.0 - random_unit(state))) * cos(6.283185307179586 * random_unit(state));
}

/* Any float: half raw bit patterns, half ordinary values of many sizes; maybe special. */
static inline float random_float(uint64_t *state) {
  if (random_u64(state) & 1) {
    uint32_t bits = (uint32_t)random_u64(state);
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
  }
  return (float)(random_normal(state) * exp(random_between(state, -20.0, 20.0)));
}

static inline float random_finite(uint64_t *state) {
  float v;
  do v = random_float(state);
  while (!isfinite(v));
  return v;
}

#endif
