/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trusted base: the only places that look at the bits of a number, convert
 * between formats, or use the processor's fused multiply-add. Each has a row
 * in specs/soundness.md with the evidence that its contract is true.
 */
#ifndef MMAX_REF_PRIMITIVES_H
#define MMAX_REF_PRIMITIVES_H

#include <stddef.h>
#include <stdint.h>

#if defined(__FAST_MATH__)
#error "multimax needs IEEE-754 arithmetic: compile without -ffast-math"
#endif

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

/* x*y + z, rounded once to nearest even. */
#if defined(__FMA__) || defined(__aarch64__) || defined(__FRAMAC__)
static inline double mmax_fma(double x, double y, double z) { return __builtin_fma(x, y, z); }
#else
#include "fma_soft.h"
static inline double mmax_fma(double x, double y, double z) { return mmax_fma_soft(x, y, z); }
#endif

/* 2^k, -1022 <= k <= 1023. */
static inline double mmax_pow2(int k) { return mmax_from_bits((uint64_t)(k + 1023) << 52); }

/* The E with v < 2^E <= 2v, for v >= 0 normal (2^-1022 <= v < 2^1023). */
static inline int mmax_exponent_above(double v) { return (int)(mmax_bits(v) >> 52) - 1022; }

/* v rounded to a multiple of big*2^-52/4, as an integer count of that grid.
   big = 6 * 2^E and |v| < 2 * 2^E: v + big stays in the binade [4,8) * 2^E,
   whose neighbours are one apart as integers. Grid 2^(E-50). */
static inline int64_t mmax_quantise(double v, double big) {
  return (int64_t)(mmax_bits(v + big) - mmax_bits(big));
}

enum mmax_class { MMAX_FINITE, MMAX_MINUS_INF, MMAX_NAN_OR_PLUS_INF };

static inline enum mmax_class mmax_classify(float v) {
  uint32_t b = mmax_bits32(v);
  if ((b & 0x7f800000u) != 0x7f800000u) return MMAX_FINITE;
  return b == 0xff800000u ? MMAX_MINUS_INF : MMAX_NAN_OR_PLUS_INF;
}

/* Casts. narrow rounds to nearest even, to +-inf beyond the float range. */
static inline double mmax_widen(float v) { return (double)v; }
static inline float mmax_narrow(double v) { return (float)v; }
static inline double mmax_u64_to_double(uint64_t v) { return (double)v; }
static inline double mmax_i64_to_double(int64_t v) { return (double)v; }

#endif
