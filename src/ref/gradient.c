/* SPDX-License-Identifier: Apache-2.0 */
#include "gradient.h"

#include "limbs.h"
#include "shift.h"

static double magnitude(double v) { return v < 0.0 ? -v : v; }

mmax_moments mmax_moments_start(const mmax_params *params, mmax_extent extent, double g_bound) {
  /* Largest value of each hinge over the row, and of |sigma'|. */
  double r1 = mmax_relu(params->knot[0] - extent.lo);
  double r2 = mmax_relu(extent.hi - params->knot[1]);
  double r3 = mmax_relu(params->knot[2] - extent.lo);
  double r4 = mmax_relu(extent.hi - params->knot[3]);
  double slope = 1.0 + magnitude(params->coef[0]) + magnitude(params->coef[1]) +
                 2.0 * magnitude(params->coef[2]) * r3 + 2.0 * magnitude(params->coef[3]) * r4;
  double g = 2.0 * g_bound;
  mmax_moments m = {{mmax_grid_for(g * r1), mmax_grid_for(g * r2), mmax_grid_for(g * r3 * r3),
                     mmax_grid_for(g * r4 * r4), mmax_grid_for(g), mmax_grid_for(g),
                     mmax_grid_for(g * r3), mmax_grid_for(g * r4),
                     mmax_grid_for(g * slope * extent.largest), mmax_grid_for(g * slope)},
                    {0}};
  return m;
}

double mmax_moments_add(mmax_moments *moments, const mmax_params *params, float x, double g) {
  double y = mmax_affine(params, mmax_widen(x));
  mmax_hinges r = mmax_hinges_at(params, y);
  double h = g * mmax_slope(params, r);
  double g3 = g * r.low2, g4 = g * r.high2;
  const mmax_grid *grid = moments->grid;
  int64_t *sum = moments->sum;
  sum[0] += mmax_floor_step(g, r.low1, grid[0].big);
  sum[1] += mmax_floor_step(g, r.high1, grid[1].big);
  sum[2] += mmax_floor_step(g3, r.low2, grid[2].big);
  sum[3] += mmax_floor_step(g4, r.high2, grid[3].big);
  if (r.low1 > 0.0) sum[4] += mmax_floor_step(g, 1.0, grid[4].big);
  if (r.high1 > 0.0) sum[5] += mmax_floor_step(g, 1.0, grid[5].big);
  sum[6] += mmax_floor_step(g3, 1.0, grid[6].big);
  sum[7] += mmax_floor_step(g4, 1.0, grid[7].big);
  sum[8] += mmax_floor_step(h, mmax_widen(x), grid[8].big);
  sum[9] += mmax_floor_step(h, 1.0, grid[9].big);
  return h;
}

/* The parameter terms each moment belongs to: c1..c4, k1..k4, scale, shift. */
static const unsigned moment_term[MMAX_NPARAMS] = {
    MMAX_TERM_LOW1,  MMAX_TERM_HIGH1, MMAX_TERM_LOW2,  MMAX_TERM_HIGH2,  MMAX_TERM_LOW1,
    MMAX_TERM_HIGH1, MMAX_TERM_LOW2,  MMAX_TERM_HIGH2, MMAX_TERM_AFFINE, MMAX_TERM_AFFINE};

void mmax_moments_finish(const mmax_moments *moments, const mmax_params *params,
                         mmax_accumulator *acc) {
  for (int j = 0; j < MMAX_NPARAMS; j++)
    if (params->terms & moment_term[j])
      mmax_limbs_add(acc->limb[j], moments->sum[j], moments->grid[j].unit);
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
