/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ulp measure, defined here and used everywhere.
 *
 * error = |computed - exact| / ulp(exact), the exact result NOT rounded, so a
 * correctly rounded result has an error of at most 0.5 and not always 0.
 *
 * ulp(v) is the spacing of the format in the binade of the exact v:
 *   2^(max(E, emin) - (p-1)), 2^E <= |v| < 2^(E+1), E at most emax,
 * with p, emin, emax = 24, -126, 127 for float32 and 53, -1022, 1023 for
 * float64. Hence
 *   - v = 2^k has the spacing above it; anything smaller, the finer one below;
 *   - subnormals and 0 have the constant spacing 2^-149 (2^-1074);
 *   - |v| >= 2^(emax+1) has the spacing of the last finite binade.
 * An infinite computed result stands for +-2^(emax+1), the number the format
 * would hold next, and every v beyond is clipped to it when compared with it:
 * the error of an overflow that rounding demands is at most 0.5, and inf for
 * 1.0 is wrong by about 2^151 ulp.
 * An exact result that is infinite (logarithm of 0): error 0 for the same
 * infinity, else infinite.
 * Both NaN: 0. One NaN: infinite. The sign of zero is not looked at.
 *
 * The result is accurate to 2^-30 ulp or 2^-50 of itself, whichever is larger,
 * for float32, and as accurate as exact_value for float64.
 */
#ifndef ULP_H
#define ULP_H

#include "exact.h"

double ulp_error_float(float computed, exact_value exact);
double ulp_error_double(double computed, exact_value exact);

/* The spacing ulp(v) itself; for float64 it may be subnormal. NaN for NaN and inf. */
double ulp_of_float(exact_value exact);
double ulp_of_double(exact_value exact);

#endif
