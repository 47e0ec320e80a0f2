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
#include "gradient.acsl"
#endif

/* Smallest bound a grid is made for: units never go below 2^-256, the unit of mmax_accumulator. */
#define MMAX_GRID_MIN 0x1p-207

/* Grid for a sum of terms whose absolute values add up to at most bound:
   terms are counted in units of 2^unit, big = 6 * 2^(unit+50). */
typedef struct mmax_grid {
  double big;
  int unit;
} mmax_grid;

/*@ requires  range:  fin(bound) && bound <= 1.0e200;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   grid:   fin(\result.big) && is_grid(\result.big);
    ensures   over:   grid_over(\result.big, bound);
    ensures   unit:   -256 <= \result.unit <= 639 && \result.big == 6.0*p2(\result.unit + 50);
*/
static inline mmax_grid mmax_grid_for(double bound) {
  const double least = MMAX_GRID_MIN;
  double v = bound > least ? bound : least;
  /*@ assert hint_v: v >= bound && v >= 0x1p-207 && (v == bound || v == 0x1p-207); */
  /*@ assert hint_over: grid_over(12.0*v, v); */
  /*@ assert hint_normal: p2(-1022) <= v < p2(1023); */
  int e = mmax_exponent_above(v);
  /*@ assert hint_least: 0x1p-207 < p2(e) <= 2.0e200; */
  /*@ assert hint_e: -206 <= e <= 689; */
  /*@ assert hint_six: rnd64(6.0*p2(e)) == 6.0*p2(e) && is_grid(6.0*p2(e)) && 0.0 < p2(e) <= 1.0e280; */
  mmax_grid g = {mmax_mul(6.0, mmax_pow2(e)), e - 50};
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

#ifdef __FRAMAC__
#include "extent.acsl"
#endif

/* With the entry of logit x at y. */
/*@ requires  range:  bounded(x, 3.4028235e38) && bounded(y, 1.2e77);
    requires  extent: extent_fine(e.lo, e.hi, e.largest);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   extent: extent_fine(\result.lo, \result.hi, \result.largest) && \result.any != 0;
    ensures   entry:  \result.lo <= y <= \result.hi && -\result.largest <= x <= \result.largest;
    ensures   others: e.any != 0 ==> \result.lo <= e.lo && e.hi <= \result.hi && e.largest <= \result.largest;
    ensures   least:  (\result.lo == y || (e.any != 0 && \result.lo == e.lo)) &&
                        (\result.hi == y || (e.any != 0 && \result.hi == e.hi)) &&
                        (\result.largest == x || \result.largest == -x || (e.any != 0 && \result.largest == e.largest));
*/
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

#ifdef __FRAMAC__
#include "moments.acsl"
#include "shares.acsl"
#endif

/* g_bound: the |g| of the row add up to at most 2*g_bound. */
/*@ requires  valid:  \valid(moments);
    requires  params: \valid_read(params) && valid_params(params) && \separated(moments, params);
    requires  extent: bounded(extent.lo, 1.2e77) && bounded(extent.hi, 1.2e77) && fin(extent.largest) &&
                        0.0 <= extent.largest <= 3.4028235e38;
    requires  bound:  fin(g_bound) && 0.0 <= g_bound <= 3.4028235e38;
    terminates \true;
    exits     \false;
    assigns   *moments;
    ensures   sum0:   started(moments->grid[0].big, moments->grid[0].unit, moments->sum[0],
                        product(product(2.0, g_bound), low1{Pre}(params, extent.lo)));
    ensures   sum1:   started(moments->grid[1].big, moments->grid[1].unit, moments->sum[1],
                        product(product(2.0, g_bound), high1{Pre}(params, extent.hi)));
    ensures   sum2:   started(moments->grid[2].big, moments->grid[2].unit, moments->sum[2],
                        product(product(product(2.0, g_bound), low2{Pre}(params, extent.lo)), low2{Pre}(params, extent.lo)));
    ensures   sum3:   started(moments->grid[3].big, moments->grid[3].unit, moments->sum[3],
                        product(product(product(2.0, g_bound), high2{Pre}(params, extent.hi)), high2{Pre}(params, extent.hi)));
    ensures   sum4:   started(moments->grid[4].big, moments->grid[4].unit, moments->sum[4],
                        product(2.0, g_bound));
    ensures   sum5:   started(moments->grid[5].big, moments->grid[5].unit, moments->sum[5],
                        product(2.0, g_bound));
    ensures   sum6:   started(moments->grid[6].big, moments->grid[6].unit, moments->sum[6],
                        product(product(2.0, g_bound), low2{Pre}(params, extent.lo)));
    ensures   sum7:   started(moments->grid[7].big, moments->grid[7].unit, moments->sum[7],
                        product(product(2.0, g_bound), high2{Pre}(params, extent.hi)));
    ensures   sum8:   started(moments->grid[8].big, moments->grid[8].unit, moments->sum[8],
                        product(product(product(2.0, g_bound), steepest{Pre}(params, low2{Pre}(params, extent.lo), high2{Pre}(params, extent.hi))), extent.largest));
    ensures   sum9:   started(moments->grid[9].big, moments->grid[9].unit, moments->sum[9],
                        product(product(2.0, g_bound), steepest{Pre}(params, low2{Pre}(params, extent.lo), high2{Pre}(params, extent.hi))));
    ensures   tops:   low1{Pre}(params, extent.lo) <= 2.5e77 && high1{Pre}(params, extent.hi) <= 2.5e77 &&
                        low2{Pre}(params, extent.lo) <= 2.5e77 && high2{Pre}(params, extent.hi) <= 2.5e77;
    ensures   steep:  0.0 <= steepest{Pre}(params, low2{Pre}(params, extent.lo), high2{Pre}(params, extent.hi)) <= 1.0e117;
*/
void mmax_moments_start(mmax_moments *moments, const mmax_params *params, mmax_extent extent,
                        double g_bound);

/* Adds one entry; returns h. */
/*@ requires  valid:  \valid(moments);
    requires  params: \valid_read(params) && valid_params(params);
    requires  entry:  finf(x) && bounded(g, 1.0e39);
    requires  grids:  all_fine_grids(moments);
    requires  fits:   entry_fits(moments, params, x, affine_hat(params, x), g);
    requires  room:   all_sized(moments);
    terminates \true;
    exits     \false;
    assigns   moments->sum[0 .. 9];
    ensures   value:  \result == product(g, slope_at(params, affine_hat(params, x)));
    ensures   range:  bounded(\result, 1.0e157);
    ensures   sum0:   is_floor(moments->sum[0] - \old(moments->sum[0]),
                        g*low1(params, affine_hat(params, x)), moments->grid[0].big);
    ensures   sum1:   is_floor(moments->sum[1] - \old(moments->sum[1]),
                        g*high1(params, affine_hat(params, x)), moments->grid[1].big);
    ensures   sum2:   is_floor(moments->sum[2] - \old(moments->sum[2]),
                        square_term(g, low2(params, affine_hat(params, x))), moments->grid[2].big);
    ensures   sum3:   is_floor(moments->sum[3] - \old(moments->sum[3]),
                        square_term(g, high2(params, affine_hat(params, x))), moments->grid[3].big);
    ensures   sum4:   is_floor(moments->sum[4] - \old(moments->sum[4]),
                        chosen(low1(params, affine_hat(params, x)), g), moments->grid[4].big);
    ensures   sum5:   is_floor(moments->sum[5] - \old(moments->sum[5]),
                        chosen(high1(params, affine_hat(params, x)), g), moments->grid[5].big);
    ensures   sum6:   is_floor(moments->sum[6] - \old(moments->sum[6]),
                        product(g, low2(params, affine_hat(params, x))), moments->grid[6].big);
    ensures   sum7:   is_floor(moments->sum[7] - \old(moments->sum[7]),
                        product(g, high2(params, affine_hat(params, x))), moments->grid[7].big);
    ensures   sum8:   is_floor(moments->sum[8] - \old(moments->sum[8]),
                        product(g, slope_at(params, affine_hat(params, x)))*x, moments->grid[8].big);
    ensures   sum9:   is_floor(moments->sum[9] - \old(moments->sum[9]),
                        product(g, slope_at(params, affine_hat(params, x))), moments->grid[9].big);
*/
double mmax_moments_add(mmax_moments *moments, const mmax_params *params, float x, double g);

/* Adds the row's sums of the terms the model has. */
/*@ requires  read:   \valid_read(moments) && \valid_read(params);
    requires  acc:    \valid(acc) && \separated(acc, moments) && \separated(acc, params);
    requires  units:  \forall integer j; 0 <= j < 10 ==> -256 <= moments->grid[j].unit <= 639;
    requires  sums:   \forall integer j; 0 <= j < 10 ==> moments->sum[j] > -9223372036854775807 - 1;
    terminates \true;
    exits     \false;
    assigns   *acc;
    ensures   counts: acc->rows == \old(acc->rows) && acc->nonfinite_rows == \old(acc->nonfinite_rows);
    ensures   sums:   \forall integer j; 0 <= j < 10 ==> has_term(params, j) ==>
                        received{Pre, Post}(&acc->limb[j][0], moments->sum[j], moments->grid[j].unit);
    ensures   absent: \forall integer j; 0 <= j < 10 ==> !has_term(params, j) ==>
                        same_limbs{Pre, Post}(&acc->limb[j][0], 0, 16);
*/
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
