/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ln(1 + t) for 0 <= t < 2^32 with small RELATIVE error, down to the tiniest t.
 *
 * 1 + t = 2^k * (1 + f), f in [-0.293, 0.4143];  w = f/(2+f), |w| <= 0.1717;
 * ln(1+f) = 2w (1 + w^2/3 + w^4/5 + ... + w^16/17) + a tail below 2^-49.
 * Without the sum 1 + t when t < 0.4142, so nothing is lost there.
 */
#ifndef MMAX_REF_LOG_H
#define MMAX_REF_LOG_H

#include "primitives.h"

static inline double mmax_log1p(double t) {
  double f = t, k = 0.0;
  if (t > 0x1.a8p-2) { /* sqrt(2) - 1, nearly */
    double d = 1.0 + t;
    while (d > 0x1.6ap0) {
      d = d * 0.5;
      k = k + 1.0;
    }
    f = d - 1.0;
  }
  double w = f / (2.0 + f);
  double w2 = w * w;
  double h = mmax_fma(w2, 1.0 / 17.0, 1.0 / 15.0);
  h = mmax_fma(w2, h, 1.0 / 13.0);
  h = mmax_fma(w2, h, 1.0 / 11.0);
  h = mmax_fma(w2, h, 1.0 / 9.0);
  h = mmax_fma(w2, h, 1.0 / 7.0);
  h = mmax_fma(w2, h, 1.0 / 5.0);
  h = mmax_fma(w2, h, 1.0 / 3.0);
  double twice = 2.0 * w;
  double small = mmax_fma(twice * w2, h, twice);
  return mmax_fma(k, 0x1.62e42fefa39efp-1, small);
}

#endif
