/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trusted base, in five kinds: fused multiply-add, exponent fields, grid
 * steps, the class of a float, conversions. With mmax_sign16 (storage.h) the only
 * places that look at the bits of a number or change its format. What stands here
 * are the contracts that the proofs rest on; the bodies are in primitives_body.h
 * and each kind has a row in specs/soundness.md with the evidence for its contract.
 */
#ifndef MMAX_REF_PRIMITIVES_H
#define MMAX_REF_PRIMITIVES_H

#include <stddef.h>
#include <stdint.h>

#if defined(__FAST_MATH__)
#error "multimax needs IEEE-754 arithmetic: compile without -ffast-math"
#endif

#ifdef __FRAMAC__
#include "float.acsl"
#include "grid.acsl"
#endif

/* x*y + z, rounded once to nearest even. */
/*@ requires  finite: fin(x) && fin(y) && fin(z);
    requires  range:  in_range(x*y + z);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == rnd64(x*y + z);
*/
static inline double mmax_fma(double x, double y, double z);

/* 2^k. */
/*@ requires  range:  -1022 <= k <= 1023;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == p2(k);
*/
static inline double mmax_pow2(int k);

/* The E with v < 2^E <= 2v, for v > 0 normal. */
/*@ requires  normal: fin(v) && p2(-1022) <= v < p2(1023);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  -1021 <= \result <= 1023;
    ensures   above:  v < p2(\result) <= 2.0*v;
*/
static inline int mmax_exponent_above(double v);

/* t - big in units of big's grid. big = 6 * 2^E and |t - big| <= 2 * 2^E: t is
   in the binade [4,8) * 2^E (or its upper end), whose neighbours are one grid
   step, 2^(E-50), and one integer apart. */
/*@ requires  grid:   fin(t) && fin(big) && is_grid(big) && within(t - big, big);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  steps(\result, big) == t - big;
    ensures   range:  -2251799813685248 <= \result <= 2251799813685248;
*/
static inline int64_t mmax_steps(double t, double big);

enum mmax_class { MMAX_FINITE, MMAX_MINUS_INF, MMAX_NAN_OR_PLUS_INF };

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: \result == MMAX_FINITE <==> \is_finite(v);
    ensures   minus:  \result == MMAX_MINUS_INF <==> \is_minus_infinity(v);
    ensures   other:  \result == MMAX_NAN_OR_PLUS_INF <==> (\is_NaN(v) || \is_plus_infinity(v));
*/
static inline enum mmax_class mmax_classify(float v);

/* The quiet NaN 0x7fc00000: what every entry of a row with NaN or +inf becomes. */
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   nan:    \is_NaN(\result);
*/
static inline float mmax_canonical_nan(void);

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   minus:  \is_minus_infinity(\result);
*/
static inline float mmax_minus_inf(void);

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   plus:   \is_plus_infinity(\result);
*/
static inline float mmax_plus_inf(void);

/* The quiet NaN 0x7ff8000000000000, +inf and -inf in binary64. */
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   nan:    \is_NaN(\result);
*/
static inline double mmax_wide_nan(void);

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   plus:   \is_plus_infinity(\result);
*/
static inline double mmax_wide_inf(void);

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   minus:  \is_minus_infinity(\result);
*/
static inline double mmax_wide_minus_inf(void);

/*@ requires  finite: finf(v);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == v;
    ensures   range:  -3.4028235e38 <= \result <= 3.4028235e38;
*/
static inline double mmax_widen(float v);

/* Rounds to nearest even, to +-inf beyond the float range. */
/*@ requires  finite: fin(v);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  -3.4e38 <= v <= 3.4e38 ==> finf(\result) && \result == rnd32(v);
    ensures   number: !\is_NaN(\result);
*/
static inline float mmax_narrow(double v);

/* Both round to nearest even. */
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == rnd64(v);
*/
static inline double mmax_u64_to_double(uint64_t v);

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == rnd64(v);
*/
static inline double mmax_i64_to_double(int64_t v);

/* v is an integer. */
/*@ requires  integer_value: fin(v) && \exists integer k; -2147483648 <= k <= 2147483647 && v == k;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == v;
*/
static inline int mmax_double_to_int(double v);

#ifndef __FRAMAC__
#include "primitives_body.h"
#endif

#endif
