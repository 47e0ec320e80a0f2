/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modulator of Eq. 6 for one logit, with its derivative.
 *
 * sigma(y) = y + c1 relu(k1-y) + c2 relu(y-k2) + c3 relu(k3-y)^2 + c4 relu(y-k4)^2
 *
 * For any finite float32 logit and parameters nothing overflows: |sigma| < 1e195.
 */
#ifndef MMAX_REF_MODULATOR_H
#define MMAX_REF_MODULATOR_H

#include "../multimax.h"
#include "arith.h"

#ifdef __FRAMAC__
#include "modulator.acsl"
#endif

/* The four relu arguments at y; r > 0 decides the side of a knot exactly
   (Sterbenz and gradual underflow: fl(a-b) > 0 iff a > b). */
typedef struct mmax_hinges {
  double low1, high1, low2, high2;
} mmax_hinges;

/* Affine pre-map; y = x exactly for scale 1, shift 0. */
/*@ requires  params: \valid_read(params) && valid_params(params);
    requires  logit:  float_sized(x);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == affine_hat(params, x);
    ensures   range:  bounded(\result, 1.2e77);
*/
static inline double mmax_affine(const mmax_params *params, double x) {
  return mmax_fma(params->scale, x, params->shift);
}

/* relu(a - b). */
/*@ requires  range:  bounded(a, 1.2e77) && bounded(b, 1.2e77);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == hinge(a, b);
    ensures   range:  fin(\result) && 0.0 <= \result <= 2.5e77;
*/
static inline double mmax_hinge(double a, double b) { return mmax_relu(mmax_sub(a, b)); }

/*@ requires  params: \valid_read(params) && valid_params(params);
    requires  range:  bounded(y, 1.2e77);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   low1:   hinge_is(\result.low1, params->knot[0], y);
    ensures   high1:  hinge_is(\result.high1, y, params->knot[1]);
    ensures   low2:   hinge_is(\result.low2, params->knot[2], y);
    ensures   high2:  hinge_is(\result.high2, y, params->knot[3]);
*/
static inline mmax_hinges mmax_hinges_at(const mmax_params *params, double y) {
  mmax_hinges h = {mmax_hinge(params->knot[0], y), mmax_hinge(y, params->knot[1]),
                   mmax_hinge(params->knot[2], y), mmax_hinge(y, params->knot[3])};
  return h;
}

/* s + c*r. */
/*@ requires  range:  bounded(s, 1.0e117) && float_sized(c) && fin(r) && 0.0 <= r <= 2.5e77;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == add_linear(s, c, r);
    ensures   first:  bounded(s, 1.2e77) ==> bounded(\result, 1.0e116);
    ensures   second: bounded(s, 1.0e116) ==> bounded(\result, 2.0e116);
*/
static inline double mmax_add_linear(double s, double c, double r) { return mmax_fma(c, r, s); }

/* s + c*r^2. */
/*@ requires  range:  bounded(s, 1.0e194) && float_sized(c) && fin(r) && 0.0 <= r <= 2.5e77;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == add_square(s, c, r);
    ensures   first:  bounded(s, 2.0e116) ==> bounded(\result, 1.0e194);
    ensures   second: bounded(\result, 1.0e195);
*/
static inline double mmax_add_square(double s, double c, double r) {
  double q = mmax_mul(c, r);
  /*@ assert hint_q: bounded(q, 1.0e116) && q == rnd64(c*r); */
  /*@ assert hint_s: add_square(s, c, r) == square_of(s, q, r); */
  return mmax_fma(q, r, s);
}

/*@ requires  params: \valid_read(params) && valid_params(params);
    requires  range:  bounded(y, 1.2e77);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == sigma_hat(params, y);
    ensures   range:  bounded(\result, 1.0e195);
*/
static inline double mmax_modulate(const mmax_params *params, double y) {
  mmax_hinges h = mmax_hinges_at(params, y);
  double s1 = mmax_add_linear(y, params->coef[0], h.low1);
  double s2 = mmax_add_linear(s1, params->coef[1], h.high1);
  double s3 = mmax_add_square(s2, params->coef[2], h.low2);
  return mmax_add_square(s3, params->coef[3], h.high2);
}

/* d - c on the low side of a knot. */
/*@ requires  range:  bounded(d, 1.0) && float_sized(c) && hinge_sized(r);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == slope_low(d, r, c);
    ensures   range:  bounded(\result, 4.0e38);
*/
static inline double mmax_slope_low(double d, double r, double c) {
  return r > 0.0 ? mmax_sub(d, c) : d;
}

/* d + c on the high side of a knot. */
/*@ requires  range:  bounded(d, 4.0e38) && float_sized(c) && hinge_sized(r);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == slope_high(d, r, c);
    ensures   range:  bounded(\result, 8.0e38);
*/
static inline double mmax_slope_high(double d, double r, double c) {
  return r > 0.0 ? mmax_add(d, c) : d;
}

/* d + f*r. */
/*@ requires  range:  bounded(d, 3.0e116) && bounded(f, 7.0e38) && hinge_sized(r);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == slope_square(d, f, r);
    ensures   first:  bounded(d, 8.0e38) ==> bounded(\result, 3.0e116);
    ensures   second: bounded(\result, 1.0e117);
*/
static inline double mmax_slope_square(double d, double f, double r) { return mmax_fma(f, r, d); }

/*@ requires  range:  float_sized(c);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == rnd64(2.0*c);
    ensures   range:  bounded(\result, 7.0e38);
*/
static inline double mmax_twice(double c) { return mmax_mul(2.0, c); }

/*@ requires  range:  float_sized(c);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == rnd64(-2.0*c);
    ensures   range:  bounded(\result, 7.0e38);
*/
static inline double mmax_minus_twice(double c) { return mmax_mul(-2.0, c); }

/* d sigma / dy; at a knot the term's derivative is 0, as relu'(0) = 0. */
/*@ requires  params: \valid_read(params) && valid_params(params);
    requires  hinges: hinge_sized(h.low1) && hinge_sized(h.high1) && hinge_sized(h.low2) && hinge_sized(h.high2);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == slope_hat(params, h.low1, h.high1, h.low2, h.high2);
    ensures   range:  bounded(\result, 1.0e117);
*/
static inline double mmax_slope(const mmax_params *params, mmax_hinges h) {
  double d1 = mmax_slope_low(1.0, h.low1, params->coef[0]);
  double d2 = mmax_slope_high(d1, h.high1, params->coef[1]);
  double d3 = mmax_slope_square(d2, mmax_minus_twice(params->coef[2]), h.low2);
  return mmax_slope_square(d3, mmax_twice(params->coef[3]), h.high2);
}

/* sigma(scale*x + shift) of a logit. */
/*@ requires  params: \valid_read(params) && valid_params(params);
    requires  logit:  finf(x);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == modulated(params, x);
    ensures   range:  bounded(\result, 1.0e195);
*/
static inline double mmax_modulated(const mmax_params *params, float x) {
  return mmax_modulate(params, mmax_affine(params, mmax_widen(x)));
}

#endif
