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
#include "primitives.h"

/* The four relu arguments at y; r > 0 decides the side of a knot exactly
   (Sterbenz and gradual underflow: fl(a-b) > 0 iff a > b). */
typedef struct mmax_hinges {
  double low1, high1, low2, high2;
} mmax_hinges;

static inline double mmax_relu(double u) { return u > 0.0 ? u : 0.0; }

/* Affine pre-map; y = x exactly for scale 1, shift 0. */
static inline double mmax_affine(const mmax_params *params, double x) {
  return mmax_fma(params->scale, x, params->shift);
}

static inline mmax_hinges mmax_hinges_at(const mmax_params *params, double y) {
  mmax_hinges h = {mmax_relu(params->knot[0] - y), mmax_relu(y - params->knot[1]),
                   mmax_relu(params->knot[2] - y), mmax_relu(y - params->knot[3])};
  return h;
}

static inline double mmax_modulate(const mmax_params *params, double y) {
  mmax_hinges h = mmax_hinges_at(params, y);
  double s = mmax_fma(params->coef[0], h.low1, y);
  s = mmax_fma(params->coef[1], h.high1, s);
  s = mmax_fma(params->coef[2] * h.low2, h.low2, s);
  s = mmax_fma(params->coef[3] * h.high2, h.high2, s);
  return s;
}

/* d sigma / dy; at a knot the term's derivative is 0, as relu'(0) = 0. */
static inline double mmax_slope(const mmax_params *params, mmax_hinges h) {
  double d = 1.0;
  if (h.low1 > 0.0) d = d - params->coef[0];
  if (h.high1 > 0.0) d = d + params->coef[1];
  d = mmax_fma(-2.0 * params->coef[2], h.low2, d);
  d = mmax_fma(2.0 * params->coef[3], h.high2, d);
  return d;
}

/* sigma(scale*x + shift) of a logit. */
static inline double mmax_modulated(const mmax_params *params, float x) {
  return mmax_modulate(params, mmax_affine(params, mmax_widen(x)));
}

#endif
