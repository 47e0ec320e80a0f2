/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order-free gradient sums of one row. Every term is rounded DOWN to a
 * power-of-two grid fixed by the row's data alone, then summed as an integer:
 * exact, so any order gives the same sum. Down, because the same integer then
 * comes from one fma in round-down mode per term (specs/semantics.md#grids).
 */
#ifndef MMAX_REF_GRADIENT_H
#define MMAX_REF_GRADIENT_H

#include "row.h"

#ifdef __FRAMAC__
#include "shift.acsl"
#endif

/* Smallest bound a grid is made for: units never go below 2^-256, the unit of mmax_accumulator. */
#define MMAX_GRID_MIN 0x1p-207

/* Grid for a sum of terms whose absolute values add up to at most bound:
   terms are counted in units of 2^unit, big = 6 * 2^(unit+50). */
typedef struct mmax_grid {
  double big;
  int unit;
} mmax_grid;

static inline mmax_grid mmax_grid_for(double bound) {
  int e = mmax_exponent_above(bound > MMAX_GRID_MIN ? bound : MMAX_GRID_MIN);
  mmax_grid g = {6.0 * mmax_pow2(e), e - 50};
  return g;
}

/* floor(a*b / 2^unit), for |a*b| < 2^(unit+51). */
/*@ requires  finite: fin(a) && fin(b) && fin(big);
    requires  grid:   is_grid(big) && within(a*b, big);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   below:  steps(\result, big) <= a*b;
    ensures   above:  a*b < steps(\result + 1, big);
    ensures   range:  -2251799813685249 <= \result <= 2251799813685248;
*/
static inline int64_t mmax_floor_step(double a, double b, double big) {
  /*@ assert hint_big: 0.0 < big <= 1.0e280; */
  /*@ assert hint_unit: 0.0 < unit(big); */
  double t = mmax_fma(a, b, big);
  /*@ assert hint_quant: quant(a*b, big) == t - big; */
  /*@ assert hint_within: within(quant(a*b, big), big); */
  /*@ assert hint_near: near(quant(a*b, big), a*b, unit(big)); */
  int64_t q = mmax_steps(t, big);
  /*@ assert hint_steps: steps(q, big) == t - big; */
  double nearest = mmax_sub(t, big); /* exact */
  /*@ assert hint_exact: nearest == steps(q, big); */
  /*@ assert hint_q: near(steps(q, big), a*b, unit(big)); */
  /* Was the nearest grid point above the product? (The fma may underflow to 0
     only where nearest is 0; then the factors' signs decide.) */
  if (nearest == 0.0) {
    /*@ assert hint_zero: q == 0 && steps(0, big) == 0.0; */
    /*@ assert hint_up: steps(1, big) == unit(big) && steps(-1, big) == -unit(big); */
    /*@ assert hint_sign: opposite(a, b) <==> a*b < 0.0; */
    /*@ assert hint_above0: a*b < steps(1, big); */
    if ((a < 0.0 && b > 0.0) || (a > 0.0 && b < 0.0)) {
      /*@ assert hint_minus: a*b < steps(-1 + 1, big); */
      return -1;
    }
    return q;
  }
  /*@ assert hint_nonzero: q != 0; */
  double back = -nearest;
  /*@ assert hint_back: fin(back) && back == -steps(q, big); */
  /*@ assert hint_difference: a*b + back == a*b - steps(q, big); */
  double residual = mmax_fma(a, b, back);
  /*@ assert hint_residual: residual == rnd64(a*b - steps(q, big)); */
  /*@ assert hint_down: residual_sign(big, a, b, q); */
  /*@ assert hint_next: steps(q + 1, big) == steps(q, big) + unit(big) && steps(q - 1, big) == steps(q, big) - unit(big); */
  /*@ assert hint_above: a*b < steps(q + 1, big); */
  if (residual < 0.0) {
    /*@ assert hint_less: a*b < steps((q - 1) + 1, big); */
    return q - 1;
  }
  return q;
}

/* Range of the entries that carry weight, after the affine pre-map. */
typedef struct mmax_extent {
  double lo, hi;  /* of y = scale*x + shift */
  double largest; /* |x|                    */
  int any;
} mmax_extent;

static inline mmax_extent mmax_extent_add(mmax_extent e, double x, double y) {
  double magnitude = x < 0.0 ? -x : x;
  if (!e.any || y < e.lo) e.lo = y;
  if (!e.any || y > e.hi) e.hi = y;
  if (!e.any || magnitude > e.largest) e.largest = magnitude;
  e.any = 1;
  return e;
}

/* Sums over the row of g*r1, g*r2, g*r3^2, g*r4^2, g*[r1>0], g*[r2>0], g*r3,
   g*r4, h*x, h; g = gradient at sigma, h = g * sigma'(y). */
typedef struct mmax_moments {
  mmax_grid grid[MMAX_NPARAMS];
  int64_t sum[MMAX_NPARAMS];
} mmax_moments;

/* g_bound: the |g| of the row add up to at most 2*g_bound. */
mmax_moments mmax_moments_start(const mmax_params *params, mmax_extent extent, double g_bound);

/* Adds one entry; returns h. */
double mmax_moments_add(mmax_moments *moments, const mmax_params *params, float x, double g);

/* Adds the row's sums of the terms the model has. */
void mmax_moments_finish(const mmax_moments *moments, const mmax_params *params,
                         mmax_accumulator *acc);

/* value * 2^(unit), added exactly to a 1024-bit fixed-point number in units of 2^-256. */
/*@ requires  limbs:  \valid(limb + (0 .. 15));
    requires  unit:   -256 <= unit <= 639;
    requires  value:  value > -9223372036854775807 - 1;
    terminates \true;
    exits     \false;
    assigns   limb[0 .. 15];
    ensures   sum:    same1024(limbs(limb, 16), limbs{Pre}(limb, 16) + scaled(value, unit + 256));
    ensures   exact:  in1024(value1024{Pre}(limb) + scaled(value, unit + 256)) ==>
                        value1024(limb) == value1024{Pre}(limb) + scaled(value, unit + 256);
*/
void mmax_limbs_add(uint64_t limb[MMAX_ACC_LIMBS], int64_t value, int unit);

#endif
