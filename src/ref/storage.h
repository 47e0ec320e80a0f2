/* SPDX-License-Identifier: Apache-2.0 */
/*
 * float16 and bfloat16 as 16-bit patterns, by arithmetic on whole numbers. A
 * finite pattern without its sign counts grid steps: in the binade of 2^e the
 * step is 2^(e - digits), and the count goes on without a gap from the
 * subnormals through every binade, up to the pattern of infinity.
 * specs/semantics.md#storage
 */
#ifndef MMAX_REF_STORAGE_H
#define MMAX_REF_STORAGE_H

#include "../multimax.h"
#include "arith.h"

typedef struct mmax_format {
  int digits;        /* of the fraction                     */
  int least;         /* exponent of the smallest normal     */
  unsigned one;      /* 2^digits: patterns of a binade      */
  unsigned infinity; /* pattern of +infinity                */
} mmax_format;

static inline mmax_format mmax_format_of(mmax_storage storage) {
  const mmax_format float16 = {10, -14, 1024u, 0x7c00u}, bfloat16 = {7, -126, 128u, 0x7f80u};
  return storage == MMAX_FLOAT16 ? float16 : bfloat16;
}

/* 0x8000 if the sign of v is minus, that of a zero too. Looks at bits, so it is
   trusted as the functions of primitives.h are. */
/*@ requires  finite: fin(v);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   sign:   \result == 0 || \result == 0x8000;
    ensures   minus:  v < 0.0 ==> \result == 0x8000;
    ensures   plus:   v > 0.0 ==> \result == 0;
*/
static inline unsigned mmax_sign16(double v);
#ifndef __FRAMAC__
static inline unsigned mmax_sign16(double v) { return (unsigned)(mmax_bits(v) >> 63) << 15; }
#endif

/* The pattern of the magnitude nearest to a >= 0, ties to even; infinity from
   the middle between the largest finite value and the next power of two on. */
static inline unsigned mmax_round_magnitude(mmax_format f, double a) {
  double least = mmax_pow2(f.least);
  if (!(a < mmax_pow2(2 - f.least))) return f.infinity; /* the next power of two */
  int e = mmax_exponent_above(a > least ? a : least) - 1;
  double big = mmax_mul(6.0, mmax_pow2(e - f.digits + 50)); /* steps of 2^(e - digits) */
  return (unsigned)(e - f.least) * f.one + (unsigned)mmax_quantise(a, big);
}

static inline uint16_t mmax_narrow16(mmax_storage storage, double v) {
  mmax_format f = mmax_format_of(storage);
  if (v != v) return (uint16_t)(f.infinity + f.one / 2u);
  return (uint16_t)(mmax_sign16(v) + mmax_round_magnitude(f, v < 0.0 ? -v : v));
}

/* The value of the pattern of a finite magnitude. */
static inline double mmax_magnitude(mmax_format f, unsigned pattern) {
  unsigned binade = pattern / f.one, count = pattern;
  int unit = f.least - f.digits;
  if (binade > 0) {
    count = pattern % f.one + f.one;
    unit = unit + (int)binade - 1;
  }
  return mmax_mul(mmax_u64_to_double(count), mmax_pow2(unit));
}

/* Exact; every NaN becomes the canonical one. */
static inline float mmax_widen_bits(mmax_storage storage, uint16_t bits) {
  mmax_format f = mmax_format_of(storage);
  unsigned pattern = bits % 0x8000u;
  if (pattern > f.infinity) return mmax_canonical_nan();
  if (pattern == f.infinity) return bits > pattern ? mmax_minus_inf() : -mmax_minus_inf();
  float magnitude = mmax_narrow(mmax_magnitude(f, pattern));
  return bits > pattern ? -magnitude : magnitude;
}

#endif
