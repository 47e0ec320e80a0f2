/* SPDX-License-Identifier: Apache-2.0 */
/* The scalar side of exhaustive_modulator.c. */
#include "ref/modulator.h"

void scalar_batch(const mmax_params *p, const float *x, double *s, double *d, size_t n);

void scalar_batch(const mmax_params *p, const float *x, double *s, double *d, size_t n) {
  for (size_t i = 0; i < n; i++) {
    double y = mmax_affine(p, mmax_widen(x[i]));
    s[i] = mmax_modulate(p, y);
    d[i] = mmax_slope(p, mmax_hinges_at(p, y));
  }
}
