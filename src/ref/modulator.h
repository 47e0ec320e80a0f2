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

/* d sigma / dy; at a knot the term's derivative is 0, as relu'(0) = 0. */
static inline double mmax_slope(const mmax_params *params, mmax_hinges h) {
  double d = 1.0;
  if (h.low1 > 0.0) d = mmax_sub(d, params->coef[0]);
  if (h.high1 > 0.0) d = mmax_add(d, params->coef[1]);
  d = mmax_fma(mmax_mul(-2.0, params->coef[2]), h.low2, d);
  d = mmax_fma(mmax_mul(2.0, params->coef[3]), h.high2, d);
  return d;
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
