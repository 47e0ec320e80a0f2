/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of primitives.h; only that file includes this one. */
#ifndef MMAX_REF_PRIMITIVES_BODY_H
#define MMAX_REF_PRIMITIVES_BODY_H

static inline uint64_t mmax_bits(double v) {
  union {
    double value;
    uint64_t bits;
  } u = {v};
  return u.bits;
}

static inline double mmax_from_bits(uint64_t bits) {
  union {
    uint64_t bits;
    double value;
  } u = {bits};
  return u.value;
}

static inline uint32_t mmax_bits32(float v) {
  union {
    float value;
    uint32_t bits;
  } u = {v};
  return u.bits;
}

static inline float mmax_from_bits32(uint32_t bits) {
  union {
    uint32_t bits;
    float value;
  } u = {bits};
  return u.value;
}

#if defined(__FMA__) || defined(__aarch64__)
static inline double mmax_fma(double x, double y, double z) { return __builtin_fma(x, y, z); }
#else
#include "fma_soft.h"
static inline double mmax_fma(double x, double y, double z) { return mmax_fma_soft(x, y, z); }
#endif

static inline double mmax_pow2(int k) { return mmax_from_bits((uint64_t)(k + 1023) << 52); }

static inline int mmax_exponent_above(double v) { return (int)(mmax_bits(v) >> 52) - 1022; }

static inline int64_t mmax_steps(double t, double big) {
  return (int64_t)(mmax_bits(t) - mmax_bits(big));
}

static inline enum mmax_class mmax_classify(float v) {
  uint32_t b = mmax_bits32(v);
  if ((b & 0x7f800000u) != 0x7f800000u) return MMAX_FINITE;
  return b == 0xff800000u ? MMAX_MINUS_INF : MMAX_NAN_OR_PLUS_INF;
}

/* Canonical quiet NaN. */
#define MMAX_NAN_BITS 0x7fc00000u

static inline float mmax_canonical_nan(void) { return mmax_from_bits32(MMAX_NAN_BITS); }
static inline float mmax_minus_inf(void) { return mmax_from_bits32(0xff800000u); }
static inline float mmax_plus_inf(void) { return mmax_from_bits32(0x7f800000u); }
static inline double mmax_wide_nan(void) { return mmax_from_bits(0x7ff8000000000000u); }
static inline double mmax_wide_inf(void) { return mmax_from_bits(0x7ff0000000000000u); }
static inline double mmax_wide_minus_inf(void) { return mmax_from_bits(0xfff0000000000000u); }

static inline double mmax_widen(float v) { return (double)v; }
static inline float mmax_narrow(double v) { return (float)v; }
static inline double mmax_u64_to_double(uint64_t v) { return (double)v; }
static inline double mmax_i64_to_double(int64_t v) { return (double)v; }
static inline int mmax_double_to_int(double v) { return (int)v; }

#endif
