/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigma and its derivatives as exact dyadic numbers.
 *
 * A sum or product of floating-point numbers is a floating-point number of
 * some longer precision. MPFR's inexact flag says whether NARROW_BITS held it,
 * as they do for most learned parameters; WIDE_BITS hold it always:
 * parameters are multiples of 2^-1074 up to 2^128 and x of 2^-149 up to 2^128,
 * so y is a multiple of 2^-1223 below 2^257, c r^2 one of 2^-3520 below 2^644,
 * sigma 4170 bits at most; the longest product elsewhere, an upstream factor
 * of 457 bits times a derivative of 3886 bits, is 4343 bits.
 */
#ifndef EXACT_MODULATOR_H
#define EXACT_MODULATOR_H

#include <mpfr.h>

#include "exact.h"

enum { NARROW_BITS = 256, WIDE_BITS = 4608 };

typedef struct modulated {
  mpfr_t x, y, r[4], sigma;
  mpfr_t inner, slope;         /* dsigma/dy, dsigma/dx                           */
  mpfr_t weight[MMAX_NPARAMS]; /* dsigma/dparameter, 0 for absent terms          */
  mpfr_t t;
} modulated;

typedef struct modulator {
  mpfr_t coef[4], knot[4], scale, shift;
  unsigned terms;
  modulated narrow, wide;
} modulator;

void modulator_init(modulator *m);
void modulator_clear(modulator *m);
exact_status modulator_check(const mmax_params *params);
void modulator_set(modulator *m, const mmax_params *params);

/* Everything up to sigma at a finite x, exact; valid until the next call. */
modulated *modulator_sigma(modulator *m, float x);
/* The derivatives too. */
modulated *modulator_derivatives(modulator *m, float x);

#endif
