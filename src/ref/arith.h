/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of semantics.md, fl(x op y): one operator a function, so that
 * each result is stated once as a rounded real. Rounding onto a grid.
 */
#ifndef MMAX_REF_ARITH_H
#define MMAX_REF_ARITH_H

#include "primitives.h"

#ifdef __FRAMAC__
#include "rounded.acsl"
#endif

/*@ requires  finite: fin(x) && fin(y);
    requires  range:  in_range(x + y);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == rnd64(x + y);
*/
static inline double mmax_add(double x, double y) { return x + y; }

/*@ requires  finite: fin(x) && fin(y);
    requires  range:  in_range(x - y);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == rnd64(x - y);
*/
static inline double mmax_sub(double x, double y) { return x - y; }

/*@ requires  finite: fin(x) && fin(y);
    requires  range:  in_range(x * y);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == rnd64(x * y);
*/
static inline double mmax_mul(double x, double y) { return x * y; }

/*@ requires  finite: fin(x) && fin(y) && y != 0.0;
    requires  range:  in_range(x / y);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == rnd64(x / y);
*/
static inline double mmax_div(double x, double y) { return x / y; }

/*@ requires  finite: fin(u);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == relu(u);
*/
static inline double mmax_relu(double u) { return u > 0.0 ? u : 0.0; }

/*@ requires  finite: fin(v);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  fin(\result) && 0.0 <= \result && \result == size_of(v);
*/
static inline double mmax_abs(double v) { return v < 0.0 ? -v : v; }

/* v rounded to nearest even onto the grid of big = 6 * 2^E, |v| <= 2 * 2^E, in
   units of the grid, 2^(E-50). */
/*@ requires  grid:   fin(v) && fin(big) && is_grid(big) && within(v, big);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  steps(\result, big) == quant(v, big);
    ensures   error:  near(steps(\result, big), v, unit(big));
    ensures   range:  -2251799813685248 <= \result <= 2251799813685248;
*/
static inline int64_t mmax_quantise(double v, double big) {
  double t = mmax_add(v, big);
  /*@ assert hint_quant: quant(v, big) == t - big; */
  /*@ assert hint_within: within(quant(v, big), big); */
  /*@ assert hint_near: near(quant(v, big), v, unit(big)); */
  return mmax_steps(t, big);
}

#endif
