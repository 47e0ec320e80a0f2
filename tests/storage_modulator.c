/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigma of every finite float16 and bfloat16 logit, for all learned layers,
 * against the exact value: |error| <= gamma_5 A (specs/accuracy.md#modulator),
 * equal where no term is active; its slope, gamma_5 D, for every fourth layer
 * of each logit. Control: sigma of the neighbouring pattern leaves the bound.
 */
#include "exact.h"
#include "storage.h"
#include "support.h"

#define GAMMA5 0x1.4000001p-51
#define UNDERFLOW 0x1p-1000 /* gradual underflow: 5 * 2^-1075 (4 + r3 + r4) is below */

static double distance(double computed, exact_value v) { return fabs((computed - v.hi) - v.lo); }

/* Largest |sigma'| the roundings of the slope are relative to. */
static double slope_size(const mmax_params *p, double y) {
  return 1.0 + fabs(p->coef[0]) + fabs(p->coef[1]) +
         2.0 * fabs(p->coef[2]) * fmax(p->knot[2] - y, 0.0) +
         2.0 * fabs(p->coef[3]) * fmax(y - p->knot[3], 0.0);
}

static int no_term(const mmax_params *p, double y) {
  return y >= p->knot[0] && y <= p->knot[1] && y >= p->knot[2] && y <= p->knot[3];
}

typedef struct counts {
  size_t values, outside, slopes, slopes_outside, refused, inactive;
  double worst;
} counts;

static void one_slope(const mmax_params *p, float x, counts *c) {
  double slope = mmax_sigma_derivative(p, x);
  exact_scalar exact;
  CHECK(exact_sigma_derivative(p, x, &exact) == EXACT_OK);
  c->slopes++;
  c->slopes_outside += !(distance(slope, exact.value) <=
                         GAMMA5 * slope_size(p, (double)x) * (1.0 + 0x1p-40) + UNDERFLOW);
  if (no_term(p, (double)x)) CHECK(slope == 1.0);
}

static void one(const mmax_params *p, mmax_storage s, uint16_t bits, counts *c) {
  float x = mmax_widen16(s, bits);
  double sigma = mmax_sigma(p, x), allowed = GAMMA5 * mmax_condition(p, x) + UNDERFLOW;
  exact_scalar exact;
  CHECK(exact_sigma(p, x, &exact) == EXACT_OK);
  double error = distance(sigma, exact.value);
  c->values++;
  c->outside += !(error <= allowed);
  if (error / allowed > c->worst) c->worst = error / allowed;
  if (no_term(p, (double)x)) {
    c->inactive++;
    CHECK(sigma == (double)x);
  }
  if ((bits & 0x7fff) != 0)
    c->refused += !(distance(mmax_sigma(p, mmax_widen16(s, (uint16_t)(bits - 1))), exact.value) <= allowed);
}

int main(void) {
  mmax_params layers[LEARNED_LAYERS];
  learned_layers(layers);
  for (int k = 0; k < 2; k++) {
    mmax_storage s = storages[k];
    counts c = {0, 0, 0, 0, 0, 0, 0.0};
    for (int l = 0; l < LEARNED_LAYERS; l++)
      for (int b = 0; b < PATTERNS; b++)
        if (is_finite16(s, (uint16_t)b)) {
          one(&layers[l], s, (uint16_t)b, &c);
          if (b % 4 == l % 4) one_slope(&layers[l], mmax_widen16(s, (uint16_t)b), &c);
        }
    printf("%s: values=%zu outside=%zu worst/bound=%.4f slopes=%zu outside=%zu no term active=%zu "
           "neighbours refused=%zu\n", format_of(s).name, c.values, c.outside, c.worst, c.slopes,
           c.slopes_outside, c.inactive, c.refused);
    CHECK(c.outside == 0 && c.slopes_outside == 0 && c.inactive > 0);
    CHECK(2 * c.refused > c.values); /* where sigma is flat the neighbour's may be right */
  }
  return verdict("storage_modulator");
}
