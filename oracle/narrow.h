/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a float32 or float16 implementation of Eq. 6 does, operation by
 * operation in the authors' order: x + t1 + t2 + t3 + t4, t3 = c3 * r3^2.
 * The library itself does not compute like this.
 */
#ifndef MULTIMAX_NARROW_H
#define MULTIMAX_NARROW_H

#include "multimax.h"

float narrow_sigma32(const mmax_params *params, float x);
/* Every operation rounded to float16; parameters too. x must be a float16. */
double narrow_sigma16(const mmax_params *params, double x);
/* The float16 nearest to x, ties to even. */
double narrow_round16(double x);

/* Nearest x left and right of 0 where the evaluation is inf or NaN; NaN if there is none. */
struct overflow_points {
  double left, right;
};
struct overflow_points narrow_overflow32(const mmax_params *params);
struct overflow_points narrow_overflow16(const mmax_params *params);

#endif
