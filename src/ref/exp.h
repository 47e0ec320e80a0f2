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

#include "arith.h"

#ifdef __FRAMAC__
#include "exp.acsl"
#endif

/* Below this a weight is 0: exp(-110) < 2^-158 reaches no float32 probability, and of logarithms only
   those nearer to 0 than n 2^-97 (specs/accuracy.md#log). */
#define MMAX_EXP_MIN (-110.0)

/* round(z * log2 e): the magic constant leaves an integer in the low bits. */
/*@ requires  range:  fin(z) && -110.0 <= z <= 0.0;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == exp_k(z);
    ensures   whole:  whole(\result);
*/
static inline double mmax_exp_k(double z) {
  double s = mmax_fma(z, 0x1.71547652b82fep0, 0x1.8p52); /* log2 e */
  /*@ assert hint_s: 1.0e15 <= s <= 1.0e16; */
  double k = mmax_sub(s, 0x1.8p52);
  /*@ assert hint_k: k == exp_k(z); */
  /*@ assert hint_whole: whole(exp_k(z)); */
  return k;
}

/* z - k*ln2, one rounding. */
/*@ requires  range:  fin(z) && -110.0 <= z <= 0.0 && fin(k) && -159.0 <= k <= 0.0;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == exp_reduce(k, z);
*/
static inline double mmax_exp_reduce(double k, double z) {
  return mmax_fma(k, -0x1.62e42fefa39efp-1, z); /* ln 2 */
}

/*@ requires  range:  fin(r) && -0.3466 <= r <= 0.3466;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == exp_poly(r);
    ensures   range:  0.5 <= \result <= 1.5;
*/
static inline double mmax_exp_poly(double r) {
  double p6 = mmax_fma(r, 0x1.9f08a4a7663cfp-13, 0x1.6d8cf47c17972p-10);
  /*@ assert hint_6: 0.001 <= p6 <= 0.002; */
  double p5 = mmax_fma(r, p6, 0x1.1112708f7a988p-7);
  /*@ assert hint_5: 0.007 <= p5 <= 0.01; */
  double p4 = mmax_fma(r, p5, 0x1.55548dd80b105p-5);
  /*@ assert hint_4: 0.038 <= p4 <= 0.046; */
  double p3 = mmax_fma(r, p4, 0x1.55555443653a9p-3);
  /*@ assert hint_3: 0.15 <= p3 <= 0.184; */
  double p2 = mmax_fma(r, p3, 0x1.0000003a1b0ep-1);
  /*@ assert hint_2: 0.43 <= p2 <= 0.57; */
  double p1 = mmax_fma(r, p2, 1.0);
  /*@ assert hint_1: 0.8 <= p1 <= 1.2; */
  double p0 = mmax_fma(r, p1, 1.0);
  /*@ assert hint_0: 0.58 <= p0 <= 1.42; */
  return p0;
}

/*@ requires  range:    fin(z) && z <= 0.0;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite:   fin(\result);
    ensures   value:    \result == exp_fn(z);
    ensures   unit:     0.0 <= \result <= 1.0;
    ensures   one:      z == 0.0 ==> \result == 1.0;
    ensures   zero:     z < -110.0 ==> \result == 0.0;
    ensures   positive: z >= -110.0 ==> \result >= 0x1p-160;
    ensures   accurate: z >= -110.0 ==> exp_close(\result, z);
*/
static inline double mmax_exp(double z) {
  if (!(z >= MMAX_EXP_MIN)) return 0.0;
  /*@ assert hint_domain: exp_domain(z); */
  double k = mmax_exp_k(z);
  double r = mmax_exp_reduce(k, z);
  /*@ assert hint_r: r == exp_r(z); */
  double p = mmax_exp_poly(r);
  double scale = mmax_pow2(mmax_double_to_int(k));
  /*@ assert hint_scale: scale == p2(exp_k(z)); */
  /*@ assert hint_unit: 0.0 < scale <= 1.0; */
  double e = mmax_mul(p, scale); /* exact: a power of two, no underflow */
  /*@ assert hint_e: e == exp_hat(z); */
  /*@ assert hint_range: 0x1p-160 <= exp_hat(z) <= 1.0; */
  /*@ assert hint_close: exp_close(exp_hat(z), z); */
  return e;
}

#endif
