/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exp(z) for z <= 0, relative error below 2^-34; 1 at 0; 0 below -110.
 *
 * z = k*ln2 + r with k = round(z*log2 e), |r| <= 0.3466, and
 * exp(z) = p(r) * 2^k, p the degree-7 minimax polynomial with p(0) = p'(0) = 1
 * (specs/accuracy.md#exp gives the recipe of the coefficients).
 */
#ifndef MMAX_REF_EXP_H
#define MMAX_REF_EXP_H

#include "primitives.h"

/* Below this a weight is 0: exp(-110) < 2^-158 cannot reach a float32. */
#define MMAX_EXP_MIN (-110.0)

static inline double mmax_exp(double z) {
  if (!(z >= MMAX_EXP_MIN)) return 0.0;
  double s = mmax_fma(z, 0x1.71547652b82fep0, 0x1.8p52); /* log2 e; magic: k in the low bits */
  double k = s - 0x1.8p52;
  double r = mmax_fma(-k, 0x1.62e42fefa39efp-1, z); /* ln 2 */
  double p = mmax_fma(r, 0x1.9f08a4a7663cfp-13, 0x1.6d8cf47c17972p-10);
  p = mmax_fma(r, p, 0x1.1112708f7a988p-7);
  p = mmax_fma(r, p, 0x1.55548dd80b105p-5);
  p = mmax_fma(r, p, 0x1.55555443653a9p-3);
  p = mmax_fma(r, p, 0x1.0000003a1b0ep-1);
  p = mmax_fma(r, p, 1.0);
  p = mmax_fma(r, p, 1.0);
  return p * mmax_pow2((int)k); /* exact: a power of two, no underflow */
}

#endif
