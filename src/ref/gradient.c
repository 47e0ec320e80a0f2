/* SPDX-License-Identifier: Apache-2.0 */
#include "gradient.h"

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

void mmax_limbs_add(uint64_t limb[MMAX_ACC_LIMBS], int64_t value, int unit) {
  unsigned shift = (unsigned)(unit + 256);
  unsigned word = shift / 64, s = shift % 64;
  uint64_t sign = value < 0 ? UINT64_MAX : 0;
  uint64_t v = (uint64_t)value;
  uint64_t high = s == 0 ? sign : (v >> (64 - s)) | (sign << s);
  uint64_t carry = 0;
  for (unsigned i = word; i < MMAX_ACC_LIMBS; i++) {
    uint64_t add = i == word ? v << s : i == word + 1 ? high : sign;
    uint64_t sum = limb[i] + add;
    uint64_t overflow = sum < add;
    limb[i] = sum + carry;
    carry = overflow | (limb[i] < carry);
  }
}
