/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enclosures of real numbers: two MPFR numbers, lo <= hi, every operation
 * rounded outwards. A point is an exact MPFR number of any precision.
 */
#ifndef EXACT_INTERVAL_H
#define EXACT_INTERVAL_H

#include <mpfr.h>

#include "exact.h"

typedef struct interval {
  mpfr_t lo, hi;
} interval;

void interval_init(interval *a, mpfr_prec_t bits);
void interval_clear(interval *a);
/* Changes the precision; the value is lost. */
void interval_precision(interval *a, mpfr_prec_t bits);

void interval_set_point(interval *out, mpfr_srcptr point);
void interval_set_count(interval *out, unsigned long n);
/* e^z; one exponential: the ends are neighbours, or equal for z = 0. */
void interval_exp_point(interval *out, mpfr_srcptr z);
/* log(1 + a), a >= 0. */
void interval_log1p(interval *out, const interval *a);
void interval_add(interval *out, const interval *a, const interval *b);
/* out may be b. */
void interval_sub(interval *out, const interval *a, const interval *b);
void interval_point_sub(interval *out, mpfr_srcptr point, const interval *b);
/* out may be a. */
void interval_scale(interval *out, const interval *a, mpfr_srcptr point);
/* a >= 0; out is none of the operands. */
void interval_mul(interval *out, const interval *a, const interval *b);
/* b > 0; out may be a. */
void interval_div(interval *out, const interval *a, const interval *b);

/* ---- rounding (exact_value.c) ------------------------------------------- */

/* 1 and the correctly rounded result if the enclosure decides it, else 0. */
int interval_round_float(const interval *a, float *out);
int interval_round_double(const interval *a, double *out);
/* 1 and the value if the enclosure is as tight as exact_value promises for a
   float32 output or, for_float = 0, for a float64 output. */
int interval_value(const interval *a, int for_float, exact_value *out);
/* Of an exact number. */
exact_value point_value(mpfr_srcptr point);

#endif
