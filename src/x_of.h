/* SPDX-License-Identifier: Apache-2.0 */
/* Quotients, with FAR for infinity, and the x of an end of an interval of y. proofs/coq/IntervalFloat.v says how exact it is. */
#ifndef MMAX_X_OF_H
#define MMAX_X_OF_H

#include "pieces.h"

#ifdef __FRAMAC__
#include "x_of.acsl"
#endif

/* m/n; beyond 2^990 FAR. */
/*@ requires  range:  bounded(m, 1.1e299) && 0.0 <= m && bounded(n, 1.5e39) && 0.0 < n;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  fin(\result) && (\result == 0x1p1020 || 0.0 <= \result <= 1.0e299);
    ensures   value:  \result == ratio_of(m, n);
*/
static inline double ratio(double m, double n) {
  double scaled = mmax_mul(m, 0x1p-990);
  if (scaled >= n) return FAR;
  /*@ assert hint_format: rnd64(n) == n; */
  /*@ assert hint_below:  m*0x1p-990 < n; */
  /*@ assert hint_most:   m <= 1.05e298*n; */
  /*@ assert hint_least:  ratio_least(m, n); */
  /*@ assert hint_ratio:  ratio_most(m, n, 1.05e298); */
  return mmax_div(m, n);
}

/* a/b, b != 0; beyond 2^990 FAR with its sign. */
/*@ requires  range:  bounded(a, 1.1e299) && bounded(b, 1.5e39) && b != 0.0;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  far_or(\result, 1.0e299);
    ensures   value:  \result == quotient_of(a, b);
*/
static inline double quotient(double a, double b) {
  double size = ratio(mmax_abs(a), mmax_abs(b));
  return (a < 0.0) == (b < 0.0) ? size : -size;
}

/* The x of an end of an interval of y. */
/*@ requires  range:  float_sized(scale) && scale != 0.0 && float_sized(shift) && far_or(y, 1.0e299);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  stands_for(\result, x_at(scale, shift, y));
*/
static inline double x_of(double scale, double shift, double y) {
  double x = scale < 0.0 ? -y : y;
  if (y < FAR && y > -FAR) x = quotient(mmax_sub(y, shift), scale);
  return x < FAR && x > -FAR ? x : infinity_of(x > 0.0);
}

#endif
