/* SPDX-License-Identifier: Apache-2.0 */
#include "gradient.h"

#include "limbs.h"
#include "shift.h"

#ifdef __FRAMAC__
#include "squares.acsl"
#endif

/* d + |c|. */
/*@ requires  range:  bounded(d, 4.0e38) && float_sized(c);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == sum_of(d, size_of(c));
    ensures   least:  0.0 <= d ==> 0.0 <= \result;
    ensures   first:  bounded(d, 1.0) ==> bounded(\result, 4.0e38);
    ensures   second: bounded(\result, 8.0e38);
*/
static double add_size(double d, double c) {
  double m = mmax_abs(c);
  return mmax_add(d, m);
}

/* 2|c|r. */
/*@ requires  range:  float_sized(c) && hinge_sized(r);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == product(product(2.0, size_of(c)), r);
    ensures   least:  0.0 <= \result;
    ensures   range:  bounded(\result, 2.0e116);
*/
static double square_slope(double c, double r) {
  double f = mmax_twice(mmax_abs(c));
  /*@ assert hint_f: f == product(2.0, size_of(c)); */
  return mmax_mul(f, r);
}

/* d + t, t of square_slope. */
/*@ requires  range:  bounded(d, 3.0e116) && bounded(t, 2.0e116);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == sum_of(d, t);
    ensures   least:  0.0 <= d ==> 0.0 <= t ==> 0.0 <= \result;
    ensures   first:  bounded(d, 8.0e38) ==> bounded(\result, 3.0e116);
    ensures   second: bounded(\result, 1.0e117);
*/
static double add_slope(double d, double t) { return mmax_add(d, t); }

/* Largest |sigma'| where the squared hinges are at most r3 and r4. */
/*@ requires  params: \valid_read(params) && valid_params(params);
    requires  hinges: hinge_sized(r3) && hinge_sized(r4);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == steepest(params, r3, r4);
    ensures   range:  bounded(\result, 1.0e117) && 0.0 <= \result;
*/
static double largest_slope(const mmax_params *params, double r3, double r4) {
  double d1 = add_size(1.0, params->coef[0]);
  double d2 = add_size(d1, params->coef[1]);
  double d3 = add_slope(d2, square_slope(params->coef[2], r3));
  return add_slope(d3, square_slope(params->coef[3], r4));
}

/* fl(g*r) of a gradient and a hinge. */
/*@ requires  range:  bounded(g, 1.0e39) && hinge_sized(r);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == product(g, r);
    ensures   range:  bounded(\result, 2.6e116);
*/
static double at_hinge(double g, double r) { return mmax_mul(g, r); }

/* fl(g*d) of a gradient and a slope. */
/*@ requires  range:  bounded(g, 1.0e39) && bounded(d, 1.0e117);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == product(g, d);
    ensures   range:  bounded(\result, 1.0e157);
*/
static double at_slope(double g, double d) { return mmax_mul(g, d); }

/* The bound of a product of two. */
/*@ requires  range:  bounded(a, 1.0e157) && bounded(b, 3.5e38) || bounded(a, 2.6e116) && bounded(b, 2.5e77);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == product(a, b);
    ensures   range:  bounded(\result, 1.0e196);
*/
static double bound_of(double a, double b) { return mmax_mul(a, b); }

/* Sum j is 0, on a grid for the bound. */
/*@ requires  index:  0 <= j < 10;
    requires  valid:  \valid(moments);
    requires  range:  fin(bound) && bound <= 1.0e200;
    terminates \true;
    exits     \false;
    assigns   moments->grid[j], moments->sum[j];
    ensures   start:  started(moments->grid[j].big, moments->grid[j].unit, moments->sum[j], bound);
*/
static void moment_start(mmax_moments *moments, int j, double bound) {
  mmax_grid grid = mmax_grid_for(bound);
  moments->grid[j].big = grid.big;
  moments->grid[j].unit = grid.unit;
  moments->sum[j] = 0;
}

/* Sums of c1, c2, k1, k2; g1, g2: the bounds of the first two. */
/*@ requires  valid:  \valid(moments);
    requires  range:  bounded(g, 1.0e39) && bounded(g1, 1.0e196) && bounded(g2, 1.0e196);
    terminates \true;
    exits     \false;
    assigns   moments->grid[0], moments->grid[1], moments->grid[4], moments->grid[5];
    assigns   moments->sum[0], moments->sum[1], moments->sum[4], moments->sum[5];
    ensures   sum0:   started(moments->grid[0].big, moments->grid[0].unit, moments->sum[0], g1);
    ensures   sum1:   started(moments->grid[1].big, moments->grid[1].unit, moments->sum[1], g2);
    ensures   sum4:   started(moments->grid[4].big, moments->grid[4].unit, moments->sum[4], g);
    ensures   sum5:   started(moments->grid[5].big, moments->grid[5].unit, moments->sum[5], g);
*/
static void start_first(mmax_moments *moments, double g, double g1, double g2) {
  moment_start(moments, 0, g1);
  moment_start(moments, 1, g2);
  moment_start(moments, 4, g);
  moment_start(moments, 5, g);
}

/* Sums of c3, c4, k3, k4. */
/*@ requires  valid:  \valid(moments);
    requires  range:  bounded(g3, 2.6e116) && bounded(g4, 2.6e116) && hinge_sized(r3) && hinge_sized(r4);
    terminates \true;
    exits     \false;
    assigns   moments->grid[2], moments->grid[3], moments->grid[6], moments->grid[7];
    assigns   moments->sum[2], moments->sum[3], moments->sum[6], moments->sum[7];
    ensures   sum2:   started(moments->grid[2].big, moments->grid[2].unit, moments->sum[2], product(g3, r3));
    ensures   sum3:   started(moments->grid[3].big, moments->grid[3].unit, moments->sum[3], product(g4, r4));
    ensures   sum6:   started(moments->grid[6].big, moments->grid[6].unit, moments->sum[6], g3);
    ensures   sum7:   started(moments->grid[7].big, moments->grid[7].unit, moments->sum[7], g4);
*/
static void start_second(mmax_moments *moments, double g3, double g4, double r3, double r4) {
  moment_start(moments, 2, bound_of(g3, r3));
  moment_start(moments, 3, bound_of(g4, r4));
  moment_start(moments, 6, g3);
  moment_start(moments, 7, g4);
}

/* Sums of scale and shift. */
/*@ requires  valid:  \valid(moments);
    requires  range:  bounded(h, 1.0e157) && bounded(x, 3.5e38);
    terminates \true;
    exits     \false;
    assigns   moments->grid[8], moments->grid[9], moments->sum[8], moments->sum[9];
    ensures   sum8:   started(moments->grid[8].big, moments->grid[8].unit, moments->sum[8], product(h, x));
    ensures   sum9:   started(moments->grid[9].big, moments->grid[9].unit, moments->sum[9], h);
*/
static void start_pre_map(mmax_moments *moments, double h, double x) {
  moment_start(moments, 8, bound_of(h, x));
  moment_start(moments, 9, h);
}

void mmax_moments_start(mmax_moments *moments, const mmax_params *params, mmax_extent extent,
                        double g_bound) {
  /* Largest value of each hinge over the row, and of |sigma'|. */
  double r1 = mmax_hinge(params->knot[0], extent.lo);
  double r2 = mmax_hinge(extent.hi, params->knot[1]);
  double r3 = mmax_hinge(params->knot[2], extent.lo);
  double r4 = mmax_hinge(extent.hi, params->knot[3]);
  /*@ assert hint_r1: r1 == low1(params, extent.lo); */
  /*@ assert hint_r2: r2 == high1(params, extent.hi); */
  /*@ assert hint_r3: r3 == low2(params, extent.lo); */
  /*@ assert hint_r4: r4 == high2(params, extent.hi); */
  double slope = largest_slope(params, r3, r4);
  double g = mmax_twice(g_bound);
  /*@ assert hint_g: g == product(2.0, g_bound); */
  double g1 = at_hinge(g, r1), g2 = at_hinge(g, r2), g3 = at_hinge(g, r3), g4 = at_hinge(g, r4);
  double h = at_slope(g, slope);
  start_first(moments, g, g1, g2);
  start_second(moments, g3, g4, r3, r4);
  start_pre_map(moments, h, extent.largest);
}

/* Sum j += floor(a*b), in units of its grid. */
/*@ requires  index:  0 <= j < 10;
    requires  valid:  \valid(moments);
    requires  finite: fin(a) && fin(b);
    requires  grid:   grid_fine(moments, j) && fits(moments, j, a*b);
    requires  room:   sized(moments, j);
    terminates \true;
    exits     \false;
    assigns   moments->sum[j];
    ensures   moved:  is_floor(moments->sum[j] - \old(moments->sum[j]), a*b, moments->grid[j].big);
*/
static void moment_add(mmax_moments *moments, int j, double a, double b) {
  moments->sum[j] += mmax_floor_step(a, b, moments->grid[j].big);
}

/* Sum j += floor(g) if r > 0. */
/*@ requires  index:  0 <= j < 10;
    requires  valid:  \valid(moments);
    requires  finite: fin(g) && fin(r);
    requires  grid:   grid_fine(moments, j) && fits(moments, j, g);
    requires  room:   sized(moments, j);
    terminates \true;
    exits     \false;
    assigns   moments->sum[j];
    ensures   moved:  is_floor(moments->sum[j] - \old(moments->sum[j]), chosen(r, g), moments->grid[j].big);
*/
static void moment_count(mmax_moments *moments, int j, double r, double g) {
  if (r > 0.0) moment_add(moments, j, g, 1.0);
}

/* Sums of c1, c2, k1, k2. */
/*@ requires  valid:  \valid(moments);
    requires  range:  fin(g) && hinge_sized(r1) && hinge_sized(r2);
    requires  grids:  grid_fine(moments, 0) && grid_fine(moments, 1) && grid_fine(moments, 4) && grid_fine(moments, 5);
    requires  fits:   first_fit(moments, g, r1, r2);
    requires  room:   sized(moments, 0) && sized(moments, 1) && sized(moments, 4) && sized(moments, 5);
    terminates \true;
    exits     \false;
    assigns   moments->sum[0], moments->sum[1], moments->sum[4], moments->sum[5];
    ensures   sum0:   is_floor(moments->sum[0] - \old(moments->sum[0]), g*r1, moments->grid[0].big);
    ensures   sum1:   is_floor(moments->sum[1] - \old(moments->sum[1]), g*r2, moments->grid[1].big);
    ensures   sum4:   is_floor(moments->sum[4] - \old(moments->sum[4]), chosen(r1, g), moments->grid[4].big);
    ensures   sum5:   is_floor(moments->sum[5] - \old(moments->sum[5]), chosen(r2, g), moments->grid[5].big);
*/
static void add_first(mmax_moments *moments, double g, double r1, double r2) {
  moment_add(moments, 0, g, r1);
  moment_add(moments, 1, g, r2);
  moment_count(moments, 4, r1, g);
  moment_count(moments, 5, r2, g);
}

/* Sums of c3, c4, k3, k4; g3 = fl(g*r3), g4 = fl(g*r4). */
/*@ requires  valid:  \valid(moments);
    requires  range:  fin(g3) && fin(g4) && hinge_sized(r3) && hinge_sized(r4);
    requires  grids:  grid_fine(moments, 2) && grid_fine(moments, 3) && grid_fine(moments, 6) && grid_fine(moments, 7);
    requires  fits:   second_fit(moments, g3, g4, r3, r4);
    requires  room:   sized(moments, 2) && sized(moments, 3) && sized(moments, 6) && sized(moments, 7);
    terminates \true;
    exits     \false;
    assigns   moments->sum[2], moments->sum[3], moments->sum[6], moments->sum[7];
    ensures   sum2:   is_floor(moments->sum[2] - \old(moments->sum[2]), g3*r3, moments->grid[2].big);
    ensures   sum3:   is_floor(moments->sum[3] - \old(moments->sum[3]), g4*r4, moments->grid[3].big);
    ensures   sum6:   is_floor(moments->sum[6] - \old(moments->sum[6]), g3, moments->grid[6].big);
    ensures   sum7:   is_floor(moments->sum[7] - \old(moments->sum[7]), g4, moments->grid[7].big);
*/
static void add_second(mmax_moments *moments, double g3, double g4, double r3, double r4) {
  moment_add(moments, 2, g3, r3);
  moment_add(moments, 3, g4, r4);
  moment_add(moments, 6, g3, 1.0);
  moment_add(moments, 7, g4, 1.0);
}

/* Sums of scale and shift. */
/*@ requires  valid:  \valid(moments);
    requires  range:  fin(h) && fin(x);
    requires  grids:  grid_fine(moments, 8) && grid_fine(moments, 9);
    requires  fits:   affine_fit(moments, h, x);
    requires  room:   sized(moments, 8) && sized(moments, 9);
    terminates \true;
    exits     \false;
    assigns   moments->sum[8], moments->sum[9];
    ensures   sum8:   is_floor(moments->sum[8] - \old(moments->sum[8]), h*x, moments->grid[8].big);
    ensures   sum9:   is_floor(moments->sum[9] - \old(moments->sum[9]), h, moments->grid[9].big);
*/
static void add_pre_map(mmax_moments *moments, double h, double x) {
  moment_add(moments, 8, h, x);
  moment_add(moments, 9, h, 1.0);
}

double mmax_moments_add(mmax_moments *moments, const mmax_params *params, float x, double g) {
  double v = mmax_widen(x);
  double y = mmax_affine(params, v);
  mmax_hinges r = mmax_hinges_at(params, y);
  double slope = mmax_slope(params, r);
  /*@ assert hint_slope: slope == slope_at(params, y); */
  double h = at_slope(g, slope);
  double g3 = at_hinge(g, r.low2), g4 = at_hinge(g, r.high2);
  /*@ assert hint_low: r.low2 == low2(params, y) && g3 == product(g, low2(params, y)); */
  /*@ assert hint_high: r.high2 == high2(params, y) && g4 == product(g, high2(params, y)); */
  /*@ assert hint_low_product: g3 == product(g, r.low2) && square_is(g3, g, r.low2); */
  /*@ assert hint_high_product: g4 == product(g, r.high2) && square_is(g4, g, r.high2); */
  /*@ assert hint_low_square: g3*r.low2 == square_term(g, r.low2); */
  /*@ assert hint_high_square: g4*r.high2 == square_term(g, r.high2); */
  /*@ assert hint_first: first_fit(moments, g, r.low1, r.high1); */
  /*@ assert hint_second: second_fit(moments, g3, g4, r.low2, r.high2); */
  /*@ assert hint_affine: affine_fit(moments, h, v); */
  add_first(moments, g, r.low1, r.high1);
  add_second(moments, g3, g4, r.low2, r.high2);
  add_pre_map(moments, h, v);
  /*@ assert hint_sum2: is_floor(moments->sum[2] - \at(moments->sum[2], Pre), square_term(g, r.low2), moments->grid[2].big); */
  /*@ assert hint_sum3: is_floor(moments->sum[3] - \at(moments->sum[3], Pre), square_term(g, r.high2), moments->grid[3].big); */
  return h;
}

/* The parameter term sum j belongs to: c1..c4, k1..k4, scale, shift. */
/*@ requires  index:  0 <= j < 10;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   term:   \result == term_of(j);
*/
static unsigned moment_term(int j) {
  if (j >= 8) return MMAX_TERM_AFFINE;
  switch (j % 4) {
    case 0: return MMAX_TERM_LOW1;
    case 1: return MMAX_TERM_HIGH1;
    case 2: return MMAX_TERM_LOW2;
    default: return MMAX_TERM_HIGH2;
  }
}

/* Entry j of the accumulator += the row's sum j. */
/*@ requires  index:  0 <= j < 10;
    requires  acc:    \valid(acc);
    requires  unit:   -256 <= unit <= 639;
    requires  value:  value > -9223372036854775807 - 1;
    terminates \true;
    exits     \false;
    assigns   acc->limb[j][0 .. 15];
    ensures   sum:    received{Pre, Post}(&acc->limb[j][0], value, unit);
    ensures   before: \forall integer k, i; 0 <= k < j ==> 0 <= i < 16 ==> acc->limb[k][i] == \old(acc->limb[k][i]);
    ensures   after:  \forall integer k, i; j < k < 10 ==> 0 <= i < 16 ==> acc->limb[k][i] == \old(acc->limb[k][i]);
*/
static void acc_receive(mmax_accumulator *acc, int j, int64_t value, int unit) {
  mmax_limbs_add(acc->limb[j], value, unit);
}

void mmax_moments_finish(const mmax_moments *moments, const mmax_params *params,
                         mmax_accumulator *acc) {
  /*@ loop invariant range:  0 <= j <= 10;
      loop invariant sums:   \forall integer k; 0 <= k < j ==> has_term(params, k) ==>
                               received{Pre, Here}(&acc->limb[k][0], moments->sum[k], moments->grid[k].unit);
      loop invariant absent: \forall integer k, i; 0 <= k < j ==> !has_term(params, k) ==> 0 <= i < 16 ==>
                               acc->limb[k][i] == \at(acc->limb[k][i], Pre);
      loop invariant rest:   \forall integer k, i; j <= k < 10 ==> 0 <= i < 16 ==>
                               acc->limb[k][i] == \at(acc->limb[k][i], Pre);
      loop invariant counts: acc->rows == \at(acc->rows, Pre) && acc->nonfinite_rows == \at(acc->nonfinite_rows, Pre);
      loop assigns   j, *acc;
      loop variant   10 - j;
  */
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    /*@ assert hint_old: limbs(&acc->limb[j][0], 16) == limbs{Pre}(&acc->limb[\at(j, Here)][0], 16); */
    if (params->terms & moment_term(j)) {
      /*@ assert hint_term: has_term(params, j); */
      acc_receive(acc, j, moments->sum[j], moments->grid[j].unit);
      /*@ assert hint_this: received{Pre, Here}(&acc->limb[j][0], moments->sum[j], moments->grid[j].unit); */
      /*@ assert hint_limbs: \forall integer k; 0 <= k < j ==>
            limbs(&acc->limb[k][0], 16) == limbs{LoopCurrent}(&acc->limb[k][0], 16); */
    }
  }
}

/* limb += (lo + 2^64 hi) * 2^(64 word). */
/*@ requires  limbs:  \valid(limb + (0 .. 15));
    requires  word:   0 <= word <= 13;
    terminates \true;
    exits     \false;
    assigns   limb[0 .. 15];
    ensures   sum:    same1024(limbs(limb, 16), limbs{Pre}(limb, 16) + placed(16, word, lo, hi));
*/
static void limbs_plus(uint64_t limb[MMAX_ACC_LIMBS], int word, uint64_t lo, uint64_t hi) {
  uint64_t carry = 0;
  /*@ assert hint_start: limbs(limb, word) + digit(word, 0) == limbs{Pre}(limb, word) + placed(word, word, lo, hi); */
  /*@ loop invariant range: word <= i <= 16 && carry <= 1;
      loop invariant rest:  same_limbs{Pre, Here}(limb, i, 16);
      loop invariant sum:   limbs(limb, i) + digit(i, carry) == limbs{Pre}(limb, i) + placed(i, word, lo, hi);
      loop assigns   i, carry, limb[0 .. 15];
      loop variant   16 - i;
  */
  for (int i = word; i < MMAX_ACC_LIMBS; i++) {
    uint64_t add = i == word ? lo : i == word + 1 ? hi : 0;
    /*@ assert hint_add: placed(i + 1, word, lo, hi) == placed(i, word, lo, hi) + digit(i, add); */
    mmax_limb sum = mmax_limb_add(limb[i], add, carry);
    /*@ assert hint_digit: digit(i, limb[i]) + digit(i, add) + digit(i, carry) ==
                           digit(i, sum.value) + digit(i + 1, sum.carry); */
    /*@ assert hint_same: limb[i] == \at(limb[\at(i, Here)], Pre); */
    /*@ assert hint_old: limbs{Pre}(limb, i + 1) == limbs{Pre}(limb, i) + digit(i, \at(limb[\at(i, Here)], Pre)); */
    mmax_limb_put(limb, i, sum.value);
    carry = sum.carry;
  }
}

/* limb -= (lo + 2^64 hi) * 2^(64 word). */
/*@ requires  limbs:  \valid(limb + (0 .. 15));
    requires  word:   0 <= word <= 13;
    terminates \true;
    exits     \false;
    assigns   limb[0 .. 15];
    ensures   sum:    same1024(limbs(limb, 16), limbs{Pre}(limb, 16) - placed(16, word, lo, hi));
*/
static void limbs_minus(uint64_t limb[MMAX_ACC_LIMBS], int word, uint64_t lo, uint64_t hi) {
  uint64_t carry = 0;
  /*@ assert hint_start: limbs(limb, word) - digit(word, 0) == limbs{Pre}(limb, word) - placed(word, word, lo, hi); */
  /*@ loop invariant range: word <= i <= 16 && carry <= 1;
      loop invariant rest:  same_limbs{Pre, Here}(limb, i, 16);
      loop invariant sum:   limbs(limb, i) - digit(i, carry) == limbs{Pre}(limb, i) - placed(i, word, lo, hi);
      loop assigns   i, carry, limb[0 .. 15];
      loop variant   16 - i;
  */
  for (int i = word; i < MMAX_ACC_LIMBS; i++) {
    uint64_t add = i == word ? lo : i == word + 1 ? hi : 0;
    /*@ assert hint_add: placed(i + 1, word, lo, hi) == placed(i, word, lo, hi) + digit(i, add); */
    mmax_limb sum = mmax_limb_sub(limb[i], add, carry);
    /*@ assert hint_digit: digit(i, limb[i]) - digit(i, add) - digit(i, carry) ==
                           digit(i, sum.value) - digit(i + 1, sum.carry); */
    /*@ assert hint_same: limb[i] == \at(limb[\at(i, Here)], Pre); */
    /*@ assert hint_old: limbs{Pre}(limb, i + 1) == limbs{Pre}(limb, i) + digit(i, \at(limb[\at(i, Here)], Pre)); */
    mmax_limb_put(limb, i, sum.value);
    carry = sum.carry;
  }
}

void mmax_limbs_add(uint64_t limb[MMAX_ACC_LIMBS], int64_t value, int unit) {
  int shift = unit + 256;
  int word = shift / 64, s = shift % 64;
  uint64_t magnitude = (uint64_t)(value < 0 ? -value : value);
  /*@ assert hint_split: shift == s + 64 * word && 0 <= s <= 63 && 0 <= word <= 13; */
  mmax_pair v = mmax_shift_wide(magnitude, (unsigned)s);
  /*@ assert hint_wide: is_wide(v.lo, v.hi, scaled(magnitude, s)); */
  /*@ assert hint_place: placed(16, word, v.lo, v.hi) == digit(word, scaled(magnitude, s)); */
  /*@ assert hint_small: 0 <= scaled(magnitude, s) < (1 << 127); */
  /*@ assert hint_range: small1024(digit(word, scaled(magnitude, s))); */
  /*@ assert hint_shift: scaled(magnitude, shift) == digit(word, scaled(magnitude, s)); */
  /*@ assert hint_value: scaled(value, shift) == (value < 0 ? -scaled(magnitude, shift) : scaled(magnitude, shift)); */
  if (value < 0)
    limbs_minus(limb, word, v.lo, v.hi);
  else
    limbs_plus(limb, word, v.lo, v.hi);
  /*@ assert hint_sum: same1024(limbs(limb, 16), limbs{Pre}(limb, 16) + scaled(value, shift)); */
  /*@ assert hint_in: in1024(scaled(value, shift)); */
  /*@ assert hint_old: 0 <= limbs{Pre}(limb, 16) < digit(16, 1); */
  /*@ assert hint_new: 0 <= limbs(limb, 16) < digit(16, 1); */
}
