/* SPDX-License-Identifier: Apache-2.0 */
/* grad_sigma_i = p_i (g_i - sum_k p_k g_k), grad_logits_i = sigma'(x_i) grad_sigma_i, one row.
   specs/semantics.md#backward */
#include "entry.h"
#include "kernels_ref.h"

/* What the passes over a row find before its gradients are written. */
typedef struct found {
  double row_max, inverse; /* of the weights                        */
  double g_max, mean;      /* of the upstream gradient              */
  mmax_extent extent;      /* of the entries that carry weight      */
} found;

#ifdef __FRAMAC__
#include "backward.acsl"
#include "floors.acsl"
#include "mean.acsl"
#include "weighed.acsl"
#include "entry.acsl"
#include "written.acsl"
#endif

/* MMAX_ROW_NONFINITE if an unmasked upstream gradient is not finite. */
/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  up:     valid_upstream(g.storage, g.f32, row->n);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   status: \result == MMAX_OK || \result == MMAX_ROW_NONFINITE;
    ensures   fine:   \result == MMAX_OK <==> upstream_fine(row->logits.f32, row->mask, g.f32, row->n);
*/
static mmax_status upstream_state(const mmax_view *row, mmax_source g) {
  /*@ loop invariant range: 0 <= i <= row->n;
      loop invariant fine:  upstream_fine(row->logits.f32, row->mask, g.f32, i);
      loop assigns   i;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++)
    if (mmax_live(row, i) && mmax_classify(mmax_element(g, i)) != MMAX_FINITE)
      return MMAX_ROW_NONFINITE;
  return MMAX_OK;
}

/* 1 / sum of the weights. */
/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  params: \valid_read(params) && valid_params(params);
    requires  top:    bounded(row_max, 1.0e195) && is_largest(params, row->logits.f32, row->mask, row->n, row_max);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  fin(\result) && 1.0e-12 <= \result <= 1.0;
    ensures   value:  is_inverse(params, row->logits.f32, row->mask, row_max, row->n, \result);
    ensures   mass:   times(weight_sum(params, row->logits.f32, row->mask, row_max, row->n), \result) <= 1.01;
*/
static double row_inverse(const mmax_params *params, const mmax_view *row, double row_max) {
  mmax_sum sum = mmax_view_sum(params, row, row_max);
  /*@ assert hint_least: sum_count(sum) >= 1125899906842624; */
  /*@ assert hint_most: sum.hi <= 131072; */
  double total = mmax_sum_weight(sum);
  /*@ assert hint_unit: inverse_ok(total); */
  double inverse = mmax_div(1.0, total);
  /*@ assert hint_mono: rnd64(0.0) <= rnd64(1.0/total) <= rnd64(1.0); */
  /*@ assert hint_error: err64(1.0/total, inverse); */
  /*@ assert hint_low: 1.0e-12 <= inverse; */
  /*@ assert hint_unit_range: unit_range(inverse); */
  /*@ assert hint_close: total_close(sum_weight(sum), total); */
  /*@ assert hint_count_sum: count_close(row->n, sum_weight(sum),
                                weight_sum(params, row->logits.f32, row->mask, row_max, row->n)); */
  /*@ assert hint_near_total: inverse_near(total, inverse); */
  /*@ assert hint_total: total_close(sum_weight(sum)*inverse, total*inverse); */
  /*@ assert hint_near: near_one(0x1.5p-51, sum_weight(sum)*inverse); */
  /*@ assert hint_count: count_close(row->n, sum_weight(sum)*inverse,
                                     weight_sum(params, row->logits.f32, row->mask, row_max, row->n)*inverse); */
  return inverse;
}

/* Largest |g| of the entries that carry weight. */
/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  up:     valid_upstream(g.storage, g.f32, row->n) && upstream_fine(row->logits.f32, row->mask, g.f32, row->n);
    requires  params: \valid_read(params) && valid_params(params);
    requires  top:    bounded(row_max, 1.0e195) && is_top(params, row->logits.f32, row->mask, row->n, row_max);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  fin(\result) && 0.0 <= \result <= 3.4028235e38 && magnitude_of_float(\result);
    ensures   most:   upstream_within(params, row->logits.f32, row->mask, g.f32, row_max, row->n, \result);
    ensures   value:  largest_up(params, row->logits.f32, row->mask, g.f32, row_max, row->n, \result);
*/
static double largest_upstream(const mmax_params *params, const mmax_view *row, mmax_source g,
                               double row_max) {
  double g_max = 0.0;
  /*@ loop invariant index: 0 <= i <= row->n;
      loop invariant range: fin(g_max) && 0.0 <= g_max <= 3.4028235e38 && magnitude_of_float(g_max);
      loop invariant most:  largest_up(params, row->logits.f32, row->mask, g.f32, row_max, i, g_max);
      loop assigns   i, g_max;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    if (!mmax_live(row, i) || !(mmax_weight(params, mmax_logit(row, i), row_max) > 0.0)) {
      /*@ assert hint_not: !weighed(params, row->logits.f32, row->mask, row_max, i); */
      /*@ assert hint_skip: upstream_within(params, row->logits.f32, row->mask, g.f32, row_max, i + 1, g_max); */
      /*@ assert hint_largest: largest_up(params, row->logits.f32, row->mask, g.f32, row_max, i + 1, g_max); */
      continue;
    }
    /*@ assert hint_some: weighed(params, row->logits.f32, row->mask, row_max, i); */
    double up = mmax_widen(mmax_element(g, i));
    /*@ assert hint_up: up == g.f32[i]; */
    /*@ assert hint_fmt: rnd32(up) == up; */
    double magnitude = up < 0.0 ? -up : up;
    /*@ assert hint_float: magnitude_of_float(magnitude); */
    /*@ assert hint_size: (up == magnitude || up == -magnitude) && 0.0 <= magnitude; */
    if (magnitude > g_max) g_max = magnitude;
    /*@ assert hint_within: g_max != magnitude ==> upstream_within(params, row->logits.f32, row->mask, g.f32, row_max, i + 1, g_max); */
    /*@ assert hint_largest: largest_up(params, row->logits.f32, row->mask, g.f32, row_max, i + 1, g_max); */
  }
  return g_max;
}

/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  params: \valid_read(params) && valid_params(params);
    requires  top:    bounded(row_max, 1.0e195) && is_top(params, row->logits.f32, row->mask, row->n, row_max);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  extent_fine(\result.lo, \result.hi, \result.largest);
    ensures   all:    weighed_within(params, row->logits.f32, row->mask, row_max, row->n, \result.lo, \result.hi, \result.largest);
*/
static mmax_extent weighed_extent(const mmax_params *params, const mmax_view *row,
                                  double row_max) {
  mmax_extent extent = {0.0, 0.0, 0.0, 0};
  /*@ loop invariant index: 0 <= i <= row->n;
      loop invariant range: extent_fine(extent.lo, extent.hi, extent.largest);
      loop invariant none:  extent.any == 0 ==> none_weighed(params, row->logits.f32, row->mask, row_max, i);
      loop invariant all:   weighed_within(params, row->logits.f32, row->mask, row_max, i, extent.lo, extent.hi, extent.largest);
      loop assigns   i, extent;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    if (!mmax_live(row, i) || !(mmax_weight(params, mmax_logit(row, i), row_max) > 0.0)) {
      /*@ assert hint_not: !weighed(params, row->logits.f32, row->mask, row_max, i); */
      /*@ assert hint_skip: weighed_within(params, row->logits.f32, row->mask, row_max, i + 1, extent.lo, extent.hi, extent.largest); */
      continue;
    }
    double v = mmax_widen(mmax_logit(row, i));
    /*@ assert hint_v: v == row->logits.f32[i]; */
    /*@ assert hint_some: weighed(params, row->logits.f32, row->mask, row_max, i); */
    /*@ ghost mmax_extent before = extent; */
    extent = mmax_extent_add(extent, v, mmax_affine(params, v));
    /*@ assert hint_entry: in_extent(row->logits.f32[i], affine_hat(params, row->logits.f32[i]), extent.lo, extent.hi, extent.largest); */
    /*@ assert hint_others: before.any == 0 || widened(before.lo, before.hi, before.largest, extent.lo, extent.hi, extent.largest); */
    /*@ assert hint_all: weighed_within(params, row->logits.f32, row->mask, row_max, i + 1, extent.lo, extent.hi, extent.largest); */
  }
  return extent;
}

/* p of a weight. */
/*@ requires  range:   fin(e) && weighs(e) && fin(inverse) && 1.0e-12 <= inverse <= 1.0;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   fin(\result) && \result == product(e, inverse);
    ensures   share:   near_share(\result, times(e, inverse));
    ensures   unit:    0.0 <= times(e, inverse) <= 1.0 && 0.0 <= \result <= 1.0;
    ensures   zero:    e == 0.0 ==> \result == 0.0;
*/
static double share_of(double e, double inverse) {
  /*@ assert hint_unit: product_unit(e, inverse); */
  /*@ assert hint_share: near_share(product(e, inverse), times(e, inverse)); */
  /*@ assert hint_mono: rnd64(0.0) <= rnd64(e*inverse) <= rnd64(1.0); */
  return mmax_mul(e, inverse);
}

/* What entry i adds to the mean: floor(p*g) on the grid of big, made for f->g_max. */
/*@ requires  view:   \valid_read(row) && valid_view(row) && i < row->n && \valid_read(f);
    requires  up:     valid_upstream(g.storage, g.f32, row->n) && upstream_fine(row->logits.f32, row->mask, g.f32, row->n);
    requires  params: \valid_read(params) && valid_params(params);
    requires  top:    bounded(f->row_max, 1.0e195) && is_top(params, row->logits.f32, row->mask, row->n, f->row_max);
    requires  inverse: fin(f->inverse) && 1.0e-12 <= f->inverse <= 1.0;
    requires  most:   fin(f->g_max) && 0.0 <= f->g_max <= 3.4028235e38 && magnitude_of_float(f->g_max) &&
                        upstream_within(params, row->logits.f32, row->mask, g.f32, f->row_max, row->n, f->g_max);
    requires  grid:   fin(big) && is_grid(big) && grid_over(big, f->g_max);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  -9000000000000000 <= \result <= 9000000000000000;
    ensures   value:  is_floor(\result, upstream_term(params, row->logits.f32, row->mask, g.f32, f->row_max, f->inverse, i), big);
    ensures   count:  counted(\result, mass_of(params, row->logits.f32, row->mask, f->row_max, f->inverse, i), 1.0);
    ensures   leans:  leans(\result, mass_of(params, row->logits.f32, row->mask, f->row_max, f->inverse, i), 1.0, f->g_max, big);
*/
static int64_t mean_count(const mmax_params *params, const mmax_view *row, mmax_source g, size_t i,
                          const found *f, double big) {
  if (!mmax_live(row, i)) {
    /*@ assert hint_masked: mass_of(params, row->logits.f32, row->mask, f->row_max, f->inverse, i) == 0.0; */
    /*@ assert hint_nothing: upstream_term(params, row->logits.f32, row->mask, g.f32, f->row_max, f->inverse, i) == 0.0; */
    /*@ assert hint_none: mean_part(0.0, 0.0, f->g_max) && is_floor(0, 0.0, big); */
    /*@ assert hint_zero: counted(0, 0.0, 1.0) && leans(0, 0.0, 1.0, f->g_max, big); */
    return 0;
  }
  double e = mmax_weight(params, mmax_logit(row, i), f->row_max);
  /*@ assert hint_e: e == weight(params, row->logits.f32[i], f->row_max); */
  /*@ assert hint_top: modulated(params, row->logits.f32[i]) <= f->row_max; */
  /*@ assert hint_weighs: weighs(weight(params, row->logits.f32[i], f->row_max)); */
  /*@ assert hint_term: term(params, row->logits.f32, row->mask, f->row_max, i) == e; */
  /*@ assert hint_e_same: same_product(term(params, row->logits.f32, row->mask, f->row_max, i), f->inverse, e, f->inverse); */
  /*@ assert hint_mass: mass_of(params, row->logits.f32, row->mask, f->row_max, f->inverse, i) == times(e, f->inverse); */
  double p = share_of(e, f->inverse);
  /*@ assert hint_p: p == product(weight(params, row->logits.f32[i], f->row_max), f->inverse); */
  double up = mmax_widen(mmax_element(g, i));
  /*@ assert hint_up: up == g.f32[i]; */
  /*@ assert hint_carries: e == 0.0 || weighed(params, row->logits.f32, row->mask, f->row_max, i); */
  /*@ assert hint_most: at_most(p, up, f->g_max); */
  /*@ assert hint_fit: mean_part(p*up, times(e, f->inverse), f->g_max) && within(p*up, big); */
  int64_t q = mmax_floor_step(p, up, big);
  /*@ assert hint_floor: is_floor(q, times(p, up), big); */
  /*@ assert hint_same: same_product(p, up, product(weight(params, row->logits.f32[i], f->row_max), f->inverse), g.f32[i]); */
  /*@ assert hint_value: upstream_term(params, row->logits.f32, row->mask, g.f32, f->row_max, f->inverse, i) == times(p, up); */
  /*@ assert hint_step: counted(q, times(e, f->inverse), 1.0) && leans(q, times(e, f->inverse), 1.0, f->g_max, big); */
  return q;
}

/* sum * 2^unit. */
/*@ requires  grid:   fin(grid.big) && is_grid(grid.big) && -256 <= grid.unit <= 639 && grid.big == 6.0*p2(grid.unit + 50);
    requires  range:  -1.0e39 <= times(rnd64(sum), unit(grid.big)) <= 1.0e39;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  fin(\result) && \result == product(rnd64(sum), unit(grid.big));
*/
static double sum_value(int64_t sum, mmax_grid grid) {
  /*@ assert hint_unit: unit(6.0*p2(grid.unit + 50)) == p2(grid.unit); */
  double count = mmax_i64_to_double(sum);
  double step = mmax_pow2(grid.unit);
  /*@ assert hint_step: step == unit(grid.big); */
  /*@ assert hint_count: count == rnd64(sum); */
  /*@ assert hint_rounded: product(count, step) == rnd64(count*step); */
  /*@ assert hint_same: same_product(count, step, rnd64(sum), unit(grid.big)); */
  /*@ assert hint_product: product(count, step) == product(rnd64(sum), unit(grid.big)); */
  return mmax_mul(count, step);
}

/* sum_k p_k g_k, exact on the row's grid, each term rounded down. */
/*@ requires  view:   \valid_read(row) && valid_view(row) && \valid_read(f);
    requires  up:     valid_upstream(g.storage, g.f32, row->n) && upstream_fine(row->logits.f32, row->mask, g.f32, row->n);
    requires  params: \valid_read(params) && valid_params(params);
    requires  top:    bounded(f->row_max, 1.0e195) && is_top(params, row->logits.f32, row->mask, row->n, f->row_max);
    requires  inverse: fin(f->inverse) && 1.0e-12 <= f->inverse <= 1.0;
    requires  most:   fin(f->g_max) && 0.0 <= f->g_max <= 3.4028235e38 && magnitude_of_float(f->g_max) &&
                        upstream_within(params, row->logits.f32, row->mask, g.f32, f->row_max, row->n, f->g_max);
    requires  mass:   times(weight_sum(params, row->logits.f32, row->mask, f->row_max, row->n), f->inverse) <= 1.01;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   around: fin(\result) && around(\result, f->g_max);
    ensures   value:  is_mean(params, row->logits.f32, row->mask, g.f32, f->row_max, f->inverse, row->n, f->g_max, \result);
*/
static double mean_gradient(const mmax_params *params, const mmax_view *row, mmax_source g,
                            const found *f) {
  mmax_grid grid = mmax_grid_for(f->g_max);
  int64_t sum = 0;
  /*@ assert hint_start: leans(0, 0.0, 0.0, f->g_max, grid.big) && counted(0, 0.0, 0.0); */
  /*@ assert hint_start_to: leans_to(0, 0.0, 0, f->g_max, grid.big) && counted_to(0, 0.0, 0) && floors(0, 0.0, 0, grid.big); */
  /*@ assert hint_mass_0: mass_to(params, row->logits.f32, row->mask, f->row_max, f->inverse, 0) == 0.0; */
  /*@ assert hint_mass: mass_to(params, row->logits.f32, row->mask, f->row_max, f->inverse, row->n) <= 1.01; */
  /*@ loop invariant range: 0 <= i <= row->n;
      loop invariant count: counted_to(sum, mass_to(params, row->logits.f32, row->mask, f->row_max, f->inverse, i), i);
      loop invariant leans: leans_to(sum, mass_to(params, row->logits.f32, row->mask, f->row_max, f->inverse, i), i, f->g_max, grid.big);
      loop invariant floor: floors(sum, upstream_sum(params, row->logits.f32, row->mask, g.f32, f->row_max, f->inverse, i), i, grid.big);
      loop assigns   i, sum;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    /*@ assert hint_below: weight_sum(params, row->logits.f32, row->mask, f->row_max, i) <=
                           weight_sum(params, row->logits.f32, row->mask, f->row_max, row->n); */
    /*@ assert hint_grows: mass_below(weight_sum(params, row->logits.f32, row->mask, f->row_max, i),
                                      weight_sum(params, row->logits.f32, row->mask, f->row_max, row->n), f->inverse); */
    /*@ assert hint_mass: mass_to(params, row->logits.f32, row->mask, f->row_max, f->inverse, i) <= 1.01; */
    /*@ assert hint_room: -4000000000000000000 <= sum <= 4000000000000000000; */
    int64_t q = mean_count(params, row, g, i, f, grid.big);
    /*@ assert hint_next: mass_to(params, row->logits.f32, row->mask, f->row_max, f->inverse, i + 1) ==
                          mass_to(params, row->logits.f32, row->mask, f->row_max, f->inverse, i) + mass_of(params, row->logits.f32, row->mask, f->row_max, f->inverse, i); */
    /*@ assert hint_next_up: upstream_sum(params, row->logits.f32, row->mask, g.f32, f->row_max, f->inverse, i + 1) ==
                          upstream_sum(params, row->logits.f32, row->mask, g.f32, f->row_max, f->inverse, i) + upstream_term(params, row->logits.f32, row->mask, g.f32, f->row_max, f->inverse, i); */
    /*@ assert hint_count: counted_to(sum + q, mass_to(params, row->logits.f32, row->mask, f->row_max, f->inverse, i + 1), i + 1); */
    /*@ assert hint_leans: leans_to(sum + q, mass_to(params, row->logits.f32, row->mask, f->row_max, f->inverse, i + 1), i + 1, f->g_max, grid.big); */
    /*@ assert hint_floor: floors(sum + q, upstream_sum(params, row->logits.f32, row->mask, g.f32, f->row_max, f->inverse, i + 1), i + 1, grid.big); */
    /*@ assert hint_index: (size_t)(i + 1) == i + 1; */
    sum += q;
  }
  /*@ assert hint_mean: is_mean(params, row->logits.f32, row->mask, g.f32, f->row_max, f->inverse, row->n, f->g_max,
                                product(rnd64(sum), unit(grid.big))); */
  /*@ assert hint_n: 0.0 <= row->n <= 2147483648.0; */
  /*@ assert hint_below: weight_sum(params, row->logits.f32, row->mask, f->row_max, 0) <=
                         weight_sum(params, row->logits.f32, row->mask, f->row_max, row->n); */
  /*@ assert hint_grows: mass_below(weight_sum(params, row->logits.f32, row->mask, f->row_max, 0),
                                    weight_sum(params, row->logits.f32, row->mask, f->row_max, row->n), f->inverse); */
  /*@ assert hint_mass_n: 0.0 <= mass_to(params, row->logits.f32, row->mask, f->row_max, f->inverse, row->n); */
  /*@ assert hint_sum: leans(sum, mass_to(params, row->logits.f32, row->mask, f->row_max, f->inverse, row->n), row->n, f->g_max, grid.big); */
  /*@ assert hint_value: around(product(rnd64(sum), unit(grid.big)), f->g_max) &&
                         around(times(rnd64(sum), unit(grid.big)), f->g_max); */
  return sum_value(sum, grid);
}

/* Gradient at sigma of an entry of weight e and upstream gradient up: p*(up - mean). */
/*@ requires  row:     \valid_read(row);
    requires  entry:   fin(e) && weighs(e) && bounded(up, 3.4028235e38);
    requires  found:   found_fine(row->inverse, row->g_max, row->mean, row->extent.lo, row->extent.hi, row->extent.largest);
    requires  carries: e == 0.0 || -row->g_max <= up <= row->g_max;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   \result == product(product(e, row->inverse), difference(up, row->mean));
    ensures   range:   bounded(\result, 1.0e39);
    ensures   zero:    e == 0.0 ==> \result == 0.0;
    ensures   share:   share(\result, times(e, row->inverse), product(2.0, row->g_max));
    ensures   part:    part_of(times(e, row->inverse), product(2.0, row->g_max));
*/
static double entry_gradient(const found *row, double e, double up) {
  double p = share_of(e, row->inverse);
  double d = mmax_sub(up, row->mean);
  /*@ assert hint_d: bounded(d, 7.2e38) && d == difference(up, row->mean); */
  /*@ assert hint_most: at_most(p, up, row->g_max); */
  /*@ assert hint_share: share(product(p, difference(up, row->mean)), times(e, row->inverse), product(2.0, row->g_max)); */
  /*@ assert hint_part: part_of(times(e, row->inverse), product(2.0, row->g_max)); */
  return mmax_at_share(p, d);
}

/* Adds an entry of weight e and upstream gradient up to the sums; returns its gradient at the logit. */
/*@ requires  valid:   \valid(moments) && \valid_read(row);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  entry:   finf(x) && fin(e) && weighs(e) && bounded(up, 3.4028235e38);
    requires  found:   found_fine(row->inverse, row->g_max, row->mean, row->extent.lo, row->extent.hi, row->extent.largest);
    requires  carries: e == 0.0 || (-row->g_max <= up <= row->g_max &&
                         in_extent(x, affine_hat(params, x), row->extent.lo, row->extent.hi, row->extent.largest));
    requires  tops:    tops_fine(params, row->extent.lo, row->extent.hi);
    requires  grids:   all_over(moments, params, product(2.0, row->g_max), row->extent.lo, row->extent.hi, row->extent.largest);
    requires  room:    all_sized(moments);
    terminates \true;
    exits     \false;
    assigns   moments->sum[0 .. 9];
    ensures   value:   \result == grad_of(params, x, product(e, row->inverse), up, row->mean);
    ensures   range:   bounded(\result, 1.0e197);
    ensures   sum0:    counted(moments->sum[0] - \old(moments->sum[0]), times(e, row->inverse), 1.0);
    ensures   sum1:    counted(moments->sum[1] - \old(moments->sum[1]), times(e, row->inverse), 1.0);
    ensures   sum2:    counted(moments->sum[2] - \old(moments->sum[2]), times(e, row->inverse), 1.0);
    ensures   sum3:    counted(moments->sum[3] - \old(moments->sum[3]), times(e, row->inverse), 1.0);
    ensures   sum4:    counted(moments->sum[4] - \old(moments->sum[4]), times(e, row->inverse), 1.0);
    ensures   sum5:    counted(moments->sum[5] - \old(moments->sum[5]), times(e, row->inverse), 1.0);
    ensures   sum6:    counted(moments->sum[6] - \old(moments->sum[6]), times(e, row->inverse), 1.0);
    ensures   sum7:    counted(moments->sum[7] - \old(moments->sum[7]), times(e, row->inverse), 1.0);
    ensures   sum8:    counted(moments->sum[8] - \old(moments->sum[8]), times(e, row->inverse), 1.0);
    ensures   sum9:    counted(moments->sum[9] - \old(moments->sum[9]), times(e, row->inverse), 1.0);
*/
static double add_entry(mmax_moments *moments, const mmax_params *params, const found *row, float x,
                        double e, double up) {
  double g = entry_gradient(row, e, up);
  /*@ assert hint_inside: g == 0.0 || in_extent(x, affine_hat(params, x), row->extent.lo, row->extent.hi, row->extent.largest); */
  /*@ assert hint_first: reaches_first(params, affine_hat(params, x), g, row->extent.lo, row->extent.hi); */
  /*@ assert hint_second: reaches_second(params, affine_hat(params, x), g, row->extent.lo, row->extent.hi); */
  /*@ assert hint_slope: reaches_slope(params, x, affine_hat(params, x), g, row->extent.lo, row->extent.hi, row->extent.largest); */
  /*@ assert hint_same: shares_same(moments, g, times(e, row->inverse)); */
  /*@ assert hint_shares_first: shares_first(moments, params, affine_hat(params, x), g, times(e, row->inverse)); */
  /*@ assert hint_shares_second: shares_second(moments, params, affine_hat(params, x), g, times(e, row->inverse)); */
  /*@ assert hint_shares_slope: shares_slope(moments, params, x, affine_hat(params, x), g, times(e, row->inverse)); */
  /*@ assert hint_grids: all_fine_grids(moments); */
  /*@ assert hint_fits: entry_fits(moments, params, x, affine_hat(params, x), g); */
  /*@ assert hint_chosen: shared(chosen(low1(params, affine_hat(params, x)), g), times(e, row->inverse), moments->grid[4].big) &&
                          shared(chosen(high1(params, affine_hat(params, x)), g), times(e, row->inverse), moments->grid[5].big); */
  double h = mmax_moments_add(moments, params, x, g);
  /*@ assert hint_h: h == product(g, slope_at(params, affine_hat(params, x))); */
  /*@ assert hint_floor: is_floor(moments->sum[9] - \at(moments->sum[9], Pre), h, moments->grid[9].big) &&
                         shared(h, times(e, row->inverse), moments->grid[9].big); */
  return mmax_at_scale(h, params->scale);
}

/* Gradient at the logit of entry i, added to the sums; 0 if it is masked. */
/*@ requires  view:    \valid_read(row) && valid_view(row) && i < row->n && \valid_read(f) && \valid(moments);
    requires  up:      valid_upstream(g.storage, g.f32, row->n);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  found:   bounded(f->row_max, 1.0e195) &&
                         found_fine(f->inverse, f->g_max, f->mean, f->extent.lo, f->extent.hi, f->extent.largest);
    requires  entry:   entry_known(params, row->logits.f32, row->mask, g.f32, f->row_max, f->g_max, f->extent.lo, f->extent.hi,
                         f->extent.largest, i);
    requires  tops:    tops_fine(params, f->extent.lo, f->extent.hi);
    requires  grids:   all_over(moments, params, product(2.0, f->g_max), f->extent.lo, f->extent.hi, f->extent.largest);
    requires  room:    all_sized(moments);
    terminates \true;
    exits     \false;
    assigns   moments->sum[0 .. 9];
    ensures   value:   unmasked(row->logits.f32, row->mask, i) ==> \result == grad_of(params, row->logits.f32[i],
                         product(weight(params, row->logits.f32[i], f->row_max), f->inverse), g.f32[i], f->mean);
    ensures   masked:  !unmasked(row->logits.f32, row->mask, i) ==> \result == 0.0;
    ensures   range:   bounded(\result, 1.0e197);
    ensures   sums:    all_moved{Pre,Post}(moments, mass_of(params, row->logits.f32, row->mask, f->row_max, f->inverse, i));
*/
static double gradient_at(const mmax_params *params, const mmax_view *row, mmax_source g, size_t i,
                          const found *f, mmax_moments *moments) {
  if (!mmax_live(row, i)) {
    /*@ assert hint_masked: mass_of(params, row->logits.f32, row->mask, f->row_max, f->inverse, i) == 0.0; */
    /*@ assert hint_still: all_moved{Pre,Here}(moments, 0.0); */
    return 0.0;
  }
  float x = mmax_logit(row, i);
  double e = mmax_weight(params, x, f->row_max);
  /*@ assert hint_e: e == weight(params, row->logits.f32[i], f->row_max); */
  /*@ assert hint_weighs: weighs(weight(params, row->logits.f32[i], f->row_max)); */
  double up = mmax_widen(mmax_element(g, i));
  /*@ assert hint_up: up == g.f32[i]; */
  /*@ assert hint_term: term(params, row->logits.f32, row->mask, f->row_max, i) == e; */
  /*@ assert hint_same: same_product(term(params, row->logits.f32, row->mask, f->row_max, i), f->inverse, e, f->inverse); */
  /*@ assert hint_mass: mass_of(params, row->logits.f32, row->mask, f->row_max, f->inverse, i) == times(e, f->inverse); */
  double h = add_entry(moments, params, f, x, e, up);
  /*@ assert hint_0: moved_by(\at(moments->sum[0], Pre), moments->sum[0], times(e, f->inverse)); */
  /*@ assert hint_1: moved_by(\at(moments->sum[1], Pre), moments->sum[1], times(e, f->inverse)); */
  /*@ assert hint_2: moved_by(\at(moments->sum[2], Pre), moments->sum[2], times(e, f->inverse)); */
  /*@ assert hint_3: moved_by(\at(moments->sum[3], Pre), moments->sum[3], times(e, f->inverse)); */
  /*@ assert hint_4: moved_by(\at(moments->sum[4], Pre), moments->sum[4], times(e, f->inverse)); */
  /*@ assert hint_5: moved_by(\at(moments->sum[5], Pre), moments->sum[5], times(e, f->inverse)); */
  /*@ assert hint_6: moved_by(\at(moments->sum[6], Pre), moments->sum[6], times(e, f->inverse)); */
  /*@ assert hint_7: moved_by(\at(moments->sum[7], Pre), moments->sum[7], times(e, f->inverse)); */
  /*@ assert hint_8: moved_by(\at(moments->sum[8], Pre), moments->sum[8], times(e, f->inverse)); */
  /*@ assert hint_9: moved_by(\at(moments->sum[9], Pre), moments->sum[9], times(e, f->inverse)); */
  /*@ assert hint_low: moved_low{Pre,Here}(moments, times(e, f->inverse)); */
  /*@ assert hint_mid: moved_mid{Pre,Here}(moments, times(e, f->inverse)); */
  /*@ assert hint_high: moved_high{Pre,Here}(moments, times(e, f->inverse)); */
  /*@ assert hint_last: moved_last{Pre,Here}(moments, times(e, f->inverse)); */
  /*@ assert hint_moved: all_moved{Pre,Here}(moments, times(e, f->inverse)); */
  return h;
}

/* Writes entry i of the gradient, if it is wanted. */
/*@ requires  view:    \valid_read(row) && valid_view(row) && i < row->n && \valid_read(f) && \valid(moments);
    requires  up:      valid_upstream(g.storage, g.f32, row->n);
    requires  sink:    grad.storage == MMAX_FLOAT32 && grad.bits == \null && (grad.f32 == \null || \valid(grad.f32 + i));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  found:   bounded(f->row_max, 1.0e195) &&
                         found_fine(f->inverse, f->g_max, f->mean, f->extent.lo, f->extent.hi, f->extent.largest);
    requires  entry:   entry_known(params, row->logits.f32, row->mask, g.f32, f->row_max, f->g_max, f->extent.lo, f->extent.hi,
                         f->extent.largest, i);
    requires  tops:    tops_fine(params, f->extent.lo, f->extent.hi);
    requires  grids:   all_over(moments, params, product(2.0, f->g_max), f->extent.lo, f->extent.hi, f->extent.largest);
    requires  room:    all_sized(moments);
    terminates \true;
    exits     \false;
    assigns   moments->sum[0 .. 9], grad.f32[i];
    ensures   masked:  grad.f32 != \null ==> !unmasked{Pre}(row->logits.f32, row->mask, i) ==>
                         \is_finite(grad.f32[i]) && grad.f32[i] == 0.0;
    ensures   value:   grad.f32 != \null ==> unmasked{Pre}(row->logits.f32, row->mask, i) ==>
                         grad_entry(grad_of{Pre}(params, \at(row->logits.f32[i], Pre),
                           product(weight{Pre}(params, \at(row->logits.f32[i], Pre), f->row_max), f->inverse), \at(g.f32[i], Pre),
                           f->mean), grad.f32[i]);
    ensures   sums:    all_moved{Pre,Post}(moments, mass_of{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, i));
    ensures   kept:    kept{Pre,Post}(grad.f32, i);
*/
static void write_gradient(const mmax_params *params, const mmax_view *row, mmax_source g, size_t i,
                           const found *f, mmax_moments *moments, mmax_sink grad) {
  double out = gradient_at(params, row, g, i, f, moments);
  /*@ assert hint_value: unmasked{Pre}(row->logits.f32, row->mask, i) ==> out == grad_of{Pre}(params, \at(row->logits.f32[i], Pre),
        product(weight{Pre}(params, \at(row->logits.f32[i], Pre), f->row_max), f->inverse), \at(g.f32[i], Pre), f->mean); */
  if (mmax_wanted(grad)) {
    mmax_put(grad, i, out);
    /*@ assert hint_finite: \forall integer k; 0 <= k < i ==> \is_finite(\at(grad.f32[k], Pre)) ==> \is_finite(grad.f32[k]); */
    /*@ assert hint_equal: \forall integer k; 0 <= k < i ==> (real)\at(grad.f32[k], Pre) == (real)grad.f32[k]; */
    /*@ assert hint_kept: kept{Pre,Here}(grad.f32, i); */
    /*@ assert hint_entry: grad_entry(out, grad.f32[i]); */
    /*@ assert hint_zero: grad_entry(0.0, grad.f32[i]) ==> \is_finite(grad.f32[i]) && grad.f32[i] == 0.0; */
  }
}

/* An entry is read before it is overwritten: grad may be the logits or g. */
/*@ requires  view:    \valid_read(row) && valid_view(row) && \valid_read(f) && \valid(moments);
    requires  up:      valid_upstream(g.storage, g.f32, row->n) && upstream_fine(row->logits.f32, row->mask, g.f32, row->n);
    requires  sink:    grad.storage == MMAX_FLOAT32 && grad.bits == \null &&
                         (grad.f32 == \null || \valid(grad.f32 + (0 .. row->n - 1)));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  same:    grad.f32 == row->logits.f32 ||
                         \separated(grad.f32 + (0 .. row->n - 1), row->logits.f32 + (0 .. row->n - 1));
    requires  same_g:  grad.f32 == g.f32 || \separated(grad.f32 + (0 .. row->n - 1), g.f32 + (0 .. row->n - 1));
    requires  apart:   row->mask == \null || \separated(grad.f32 + (0 .. row->n - 1), row->mask + (0 .. row->n - 1));
    requires  frame:   \separated(grad.f32 + (0 .. row->n - 1), row) && \separated(grad.f32 + (0 .. row->n - 1), f) &&
                         \separated(grad.f32 + (0 .. row->n - 1), moments);
    requires  top:     bounded(f->row_max, 1.0e195) && is_top(params, row->logits.f32, row->mask, row->n, f->row_max);
    requires  found:   found_fine(f->inverse, f->g_max, f->mean, f->extent.lo, f->extent.hi, f->extent.largest);
    requires  most:    upstream_within(params, row->logits.f32, row->mask, g.f32, f->row_max, row->n, f->g_max);
    requires  within:  weighed_within(params, row->logits.f32, row->mask, f->row_max, row->n, f->extent.lo, f->extent.hi, f->extent.largest);
    requires  mass:    mass_to(params, row->logits.f32, row->mask, f->row_max, f->inverse, row->n) <= 1.01;
    requires  tops:    tops_fine(params, f->extent.lo, f->extent.hi);
    requires  grids:   all_over(moments, params, product(2.0, f->g_max), f->extent.lo, f->extent.hi, f->extent.largest);
    requires  start:   all_counted(moments, 0.0, 0);
    terminates \true;
    exits     \false;
    assigns   grad.f32[0 .. row->n - 1], moments->sum[0 .. 9];
    ensures   masks:   grad.f32 != \null ==> zeroed{Pre,Post}(row->logits.f32, row->mask, grad.f32, row->n);
    ensures   value:   grad.f32 != \null ==> graded{Pre,Post}(params, row->logits.f32, row->mask, g.f32, grad.f32, f->row_max,
                         f->inverse, f->mean, row->n);
    ensures   sums:    all_sized(moments);
*/
static void write_gradients(const mmax_params *params, const mmax_view *row, mmax_source g,
                            const found *f, mmax_moments *moments, mmax_sink grad) {
  /*@ assert hint_mass_0: mass_to(params, row->logits.f32, row->mask, f->row_max, f->inverse, 0) == 0.0; */
  /*@ loop invariant range: 0 <= i <= row->n;
      loop invariant rest:  kept_from{Pre,Here}(row->logits.f32, i, row->n);
      loop invariant rest_g: kept_from{Pre,Here}(g.f32, i, row->n);
      loop invariant masks: grad.f32 != \null ==> zeroed{Pre,Here}(row->logits.f32, row->mask, grad.f32, i);
      loop invariant value: grad.f32 != \null ==> graded{Pre,Here}(params, row->logits.f32, row->mask, g.f32, grad.f32, f->row_max,
                              f->inverse, f->mean, i);
      loop invariant sums:  all_counted(moments, mass_to{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, i), i);
      loop assigns   i, grad.f32[0 .. row->n - 1], moments->sum[0 .. 9];
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    /*@ assert hint_sink: grad.f32 == \null || \valid(grad.f32 + i); */
    /*@ assert hint_inside: grad.f32 == row->logits.f32 ==>
                              \forall integer k; i < k < row->n ==> \separated(grad.f32 + i, row->logits.f32 + k); */
    /*@ assert hint_outside: grad.f32 != row->logits.f32 ==>
                               \forall integer k; i < k < row->n ==> \separated(grad.f32 + i, row->logits.f32 + k); */
    /*@ assert hint_inside_g: grad.f32 == g.f32 ==> \forall integer k; i < k < row->n ==> \separated(grad.f32 + i, g.f32 + k); */
    /*@ assert hint_outside_g: grad.f32 != g.f32 ==> \forall integer k; i < k < row->n ==> \separated(grad.f32 + i, g.f32 + k); */
    /*@ assert hint_entry: same_entry{Pre,Here}(row->logits.f32, i); */
    /*@ assert hint_entry_g: same_entry{Pre,Here}(g.f32, i); */
    /*@ assert hint_taken: taken(row->logits.f32, row->mask, i) == taken{Pre}(row->logits.f32, row->mask, i); */
    /*@ assert hint_term: term(params, row->logits.f32, row->mask, f->row_max, i) ==
                          term{Pre}(params, row->logits.f32, row->mask, f->row_max, i); */
    /*@ assert hint_share: same_product(term(params, row->logits.f32, row->mask, f->row_max, i), f->inverse,
                                        term{Pre}(params, row->logits.f32, row->mask, f->row_max, i), f->inverse); */
    /*@ assert hint_part: mass_of(params, row->logits.f32, row->mask, f->row_max, f->inverse, i) ==
                          mass_of{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, i); */
    /*@ assert hint_fine_0: known_fine{Pre}(params, row->logits.f32, row->mask, g.f32, f->row_max, i); */
    /*@ assert hint_range_0: known_range{Pre}(params, row->logits.f32, row->mask, g.f32, f->row_max, f->g_max, f->extent.lo,
                                              f->extent.hi, f->extent.largest, i); */
    /*@ assert hint_known_0: entry_known{Pre}(params, row->logits.f32, row->mask, g.f32, f->row_max, f->g_max, f->extent.lo,
                                              f->extent.hi, f->extent.largest, i); */
    /*@ assert hint_x: (real)row->logits.f32[i] == (real)\at(row->logits.f32[\at(i, Here)], Pre); */
    /*@ assert hint_g: (real)g.f32[i] == (real)\at(g.f32[\at(i, Here)], Pre) &&
                       (\is_finite(\at(g.f32[\at(i, Here)], Pre)) ==> \is_finite(g.f32[i])); */
    /*@ assert hint_known: entry_known(params, row->logits.f32, row->mask, g.f32, f->row_max, f->g_max, f->extent.lo, f->extent.hi,
                                       f->extent.largest, i); */
    /*@ assert hint_below: weight_sum{Pre}(params, row->logits.f32, row->mask, f->row_max, i) <=
                           weight_sum{Pre}(params, row->logits.f32, row->mask, f->row_max, row->n); */
    /*@ assert hint_grows: mass_below(weight_sum{Pre}(params, row->logits.f32, row->mask, f->row_max, i),
                                      weight_sum{Pre}(params, row->logits.f32, row->mask, f->row_max, row->n), f->inverse); */
    /*@ assert hint_mass: mass_to{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, i) <= 1.01; */
    /*@ assert hint_room: all_sized(moments); */
    write_gradient(params, row, g, i, f, moments, grad);
    /*@ assert hint_next: mass_to{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, i + 1) ==
                          mass_to{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, i) +
                          mass_of{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, i); */
    /*@ assert hint_sums: all_counted(moments, mass_to{Pre}(params, row->logits.f32, row->mask, f->row_max, f->inverse, i + 1), i + 1); */
    /*@ assert hint_kept: kept{LoopCurrent,Here}(grad.f32, i); */
    /*@ assert hint_after: kept_from{LoopCurrent,Here}(row->logits.f32, i + 1, row->n); */
    /*@ assert hint_after_g: kept_from{LoopCurrent,Here}(g.f32, i + 1, row->n); */
    /*@ assert hint_rest: kept_from{Pre,Here}(row->logits.f32, i + 1, row->n); */
    /*@ assert hint_rest_g: kept_from{Pre,Here}(g.f32, i + 1, row->n); */
    /*@ assert hint_zero_entry: grad.f32 != \null ==> zero_entry{Pre,Here}(row->logits.f32, row->mask, grad.f32, i); */
    /*@ assert hint_graded_entry: grad.f32 != \null ==> graded_entry{Pre,Here}(params, row->logits.f32, row->mask, g.f32, grad.f32,
                                    f->row_max, f->inverse, f->mean, i); */
    /*@ assert hint_masks: grad.f32 != \null ==> zeroed{Pre,Here}(row->logits.f32, row->mask, grad.f32, i); */
    /*@ assert hint_values: grad.f32 != \null ==> graded{Pre,Here}(params, row->logits.f32, row->mask, g.f32, grad.f32, f->row_max,
                              f->inverse, f->mean, i); */
    /*@ assert hint_masks_next: grad.f32 != \null ==> zeroed{Pre,Here}(row->logits.f32, row->mask, grad.f32, i + 1); */
    /*@ assert hint_values_next: grad.f32 != \null ==> graded{Pre,Here}(params, row->logits.f32, row->mask, g.f32, grad.f32,
                                   f->row_max, f->inverse, f->mean, i + 1); */
  }
}

/* What the passes over a row with an unmasked entry find. */
/*@ requires  view:    \valid_read(row) && valid_view(row);
    requires  some:    !all_masked(row->logits.f32, row->mask, row->n);
    requires  up:      valid_upstream(g.storage, g.f32, row->n) && upstream_fine(row->logits.f32, row->mask, g.f32, row->n);
    requires  params:  \valid_read(params) && valid_params(params);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   top:     bounded(\result.row_max, 1.0e195) && is_largest(params, row->logits.f32, row->mask, row->n, \result.row_max) &&
                         is_top(params, row->logits.f32, row->mask, row->n, \result.row_max);
    ensures   inverse: is_inverse(params, row->logits.f32, row->mask, \result.row_max, row->n, \result.inverse);
    ensures   mass:    mass_to(params, row->logits.f32, row->mask, \result.row_max, \result.inverse, row->n) <= 1.01;
    ensures   up:      largest_up(params, row->logits.f32, row->mask, g.f32, \result.row_max, row->n, \result.g_max) &&
                         upstream_within(params, row->logits.f32, row->mask, g.f32, \result.row_max, row->n, \result.g_max);
    ensures   within:  weighed_within(params, row->logits.f32, row->mask, \result.row_max, row->n, \result.extent.lo,
                         \result.extent.hi, \result.extent.largest);
    ensures   mean:    is_mean(params, row->logits.f32, row->mask, g.f32, \result.row_max, \result.inverse, row->n, \result.g_max,
                         \result.mean);
    ensures   fine:    found_fine(\result.inverse, \result.g_max, \result.mean, \result.extent.lo, \result.extent.hi,
                         \result.extent.largest);
*/
static found find(const mmax_params *params, const mmax_view *row, mmax_source g) {
  found f = {0.0, 0.0, 0.0, 0.0, {0.0, 0.0, 0.0, 0}};
  size_t top = mmax_view_argmax(params, row);
  /*@ assert hint_some: top < row->n; */
  f.row_max = mmax_modulated(params, mmax_logit(row, top));
  /*@ assert hint_row_max: f.row_max == modulated(params, row->logits.f32[top]); */
  /*@ assert hint_top: is_top(params, row->logits.f32, row->mask, row->n, f.row_max); */
  /*@ assert hint_largest: is_largest(params, row->logits.f32, row->mask, row->n, f.row_max); */
  f.inverse = row_inverse(params, row, f.row_max);
  /*@ assert hint_mass: mass_to(params, row->logits.f32, row->mask, f.row_max, f.inverse, row->n) <= 1.01; */
  f.g_max = largest_upstream(params, row, g, f.row_max);
  f.extent = weighed_extent(params, row, f.row_max);
  f.mean = mean_gradient(params, row, g, &f);
  return f;
}

/* The gradients of a row, and its sums into moments. */
/*@ requires  valid:   \valid(moments) && \separated(moments, params) && \valid_read(params) && valid_params(params);
    requires  extent:  extent_fine(extent.lo, extent.hi, extent.largest) && fin(g_max) && 0.0 <= g_max <= 3.4028235e38;
    terminates \true;
    exits     \false;
    assigns   *moments;
    ensures   tops:    tops_fine(params, extent.lo, extent.hi);
    ensures   grids:   all_over(moments, params, product(2.0, g_max), extent.lo, extent.hi, extent.largest);
    ensures   start:   all_counted(moments, 0.0, 0);
    ensures   unit0:   -256 <= moments->grid[0].unit <= 639;
    ensures   unit1:   -256 <= moments->grid[1].unit <= 639;
    ensures   unit2:   -256 <= moments->grid[2].unit <= 639;
    ensures   unit3:   -256 <= moments->grid[3].unit <= 639;
    ensures   unit4:   -256 <= moments->grid[4].unit <= 639;
    ensures   unit5:   -256 <= moments->grid[5].unit <= 639;
    ensures   unit6:   -256 <= moments->grid[6].unit <= 639;
    ensures   unit7:   -256 <= moments->grid[7].unit <= 639;
    ensures   unit8:   -256 <= moments->grid[8].unit <= 639;
    ensures   unit9:   -256 <= moments->grid[9].unit <= 639;
*/
static void start(mmax_moments *moments, const mmax_params *params, mmax_extent extent,
                  double g_max) {
  mmax_moments_start(moments, params, extent, g_max);
  /*@ assert hint_zero: counted_to(0, 0.0, 0); */
  /*@ assert hint_knots: params->knot[0] == \at(params->knot[0], Pre) && params->knot[1] == \at(params->knot[1], Pre) &&
                         params->knot[2] == \at(params->knot[2], Pre) && params->knot[3] == \at(params->knot[3], Pre); */
  /*@ assert hint_coefs: params->coef[0] == \at(params->coef[0], Pre) && params->coef[1] == \at(params->coef[1], Pre) &&
                         params->coef[2] == \at(params->coef[2], Pre) && params->coef[3] == \at(params->coef[3], Pre); */
  /*@ assert hint_low: low1(params, extent.lo) == low1{Pre}(params, extent.lo) && low2(params, extent.lo) == low2{Pre}(params, extent.lo); */
  /*@ assert hint_high: high1(params, extent.hi) == high1{Pre}(params, extent.hi) && high2(params, extent.hi) == high2{Pre}(params, extent.hi); */
  /*@ assert hint_steep: steepest(params, low2(params, extent.lo), high2(params, extent.hi)) ==
                         steepest{Pre}(params, low2{Pre}(params, extent.lo), high2{Pre}(params, extent.hi)); */
  /*@ assert hint_tops: tops_fine(params, extent.lo, extent.hi); */
  /*@ assert hint_even: over(moments, 4, product(2.0, g_max)) && over(moments, 5, product(2.0, g_max)); */
  /*@ assert hint_first: over(moments, 0, product(product(2.0, g_max), low1(params, extent.lo))) &&
                         over(moments, 1, product(product(2.0, g_max), high1(params, extent.hi))); */
  /*@ assert hint_sum0: moments->sum[0] == 0 && counted_to(moments->sum[0], 0.0, 0); */
  /*@ assert hint_sum1: moments->sum[1] == 0 && counted_to(moments->sum[1], 0.0, 0); */
  /*@ assert hint_sum2: moments->sum[2] == 0 && counted_to(moments->sum[2], 0.0, 0); */
  /*@ assert hint_sum3: moments->sum[3] == 0 && counted_to(moments->sum[3], 0.0, 0); */
  /*@ assert hint_sum4: moments->sum[4] == 0 && counted_to(moments->sum[4], 0.0, 0); */
  /*@ assert hint_sum5: moments->sum[5] == 0 && counted_to(moments->sum[5], 0.0, 0); */
  /*@ assert hint_sum6: moments->sum[6] == 0 && counted_to(moments->sum[6], 0.0, 0); */
  /*@ assert hint_sum7: moments->sum[7] == 0 && counted_to(moments->sum[7], 0.0, 0); */
  /*@ assert hint_sum8: moments->sum[8] == 0 && counted_to(moments->sum[8], 0.0, 0); */
  /*@ assert hint_sum9: moments->sum[9] == 0 && counted_to(moments->sum[9], 0.0, 0); */
  /*@ assert hint_sums: counted_low(moments, 0.0, 0) && counted_mid(moments, 0.0, 0) && counted_high(moments, 0.0, 0) &&
                        counted_last(moments, 0.0, 0); */
  /*@ assert hint_unit0: -256 <= moments->grid[0].unit <= 639; */
  /*@ assert hint_unit1: -256 <= moments->grid[1].unit <= 639; */
  /*@ assert hint_unit2: -256 <= moments->grid[2].unit <= 639; */
  /*@ assert hint_unit3: -256 <= moments->grid[3].unit <= 639; */
  /*@ assert hint_unit4: -256 <= moments->grid[4].unit <= 639; */
  /*@ assert hint_unit5: -256 <= moments->grid[5].unit <= 639; */
  /*@ assert hint_unit6: -256 <= moments->grid[6].unit <= 639; */
  /*@ assert hint_unit7: -256 <= moments->grid[7].unit <= 639; */
  /*@ assert hint_unit8: -256 <= moments->grid[8].unit <= 639; */
  /*@ assert hint_unit9: -256 <= moments->grid[9].unit <= 639; */
}

/* The gradients of a row with an unmasked entry. */
/*@ requires  view:    \valid_read(row) && valid_view(row);
    requires  some:    !all_masked(row->logits.f32, row->mask, row->n);
    requires  up:      valid_upstream(g.storage, g.f32, row->n) && upstream_fine(row->logits.f32, row->mask, g.f32, row->n);
    requires  sink:    grad.storage == MMAX_FLOAT32 && grad.bits == \null &&
                         (grad.f32 == \null || \valid(grad.f32 + (0 .. row->n - 1)));
    requires  acc:     acc == \null || \valid(acc) && \separated(acc, row) && \separated(acc, params) &&
                         \separated(acc, grad.f32 + (0 .. row->n - 1));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  same:    grad.f32 == row->logits.f32 ||
                         \separated(grad.f32 + (0 .. row->n - 1), row->logits.f32 + (0 .. row->n - 1));
    requires  same_g:  grad.f32 == g.f32 || \separated(grad.f32 + (0 .. row->n - 1), g.f32 + (0 .. row->n - 1));
    requires  apart:   row->mask == \null || \separated(grad.f32 + (0 .. row->n - 1), row->mask + (0 .. row->n - 1));
    requires  frame:   \separated(grad.f32 + (0 .. row->n - 1), row);
    terminates \true;
    exits     \false;
    assigns   grad.f32[0 .. row->n - 1], *acc;
    ensures   masks:   grad.f32 != \null ==> zeroed{Pre,Post}(row->logits.f32, row->mask, grad.f32, row->n);
    ensures   value:   grad.f32 != \null ==>
                         is_backward{Pre,Post}(params, row->logits.f32, row->mask, g.f32, grad.f32, row->n);
    ensures   rows:    acc != \null ==> acc->rows == (uint64_t)(\old(acc->rows) + 1) &&
                         acc->nonfinite_rows == \old(acc->nonfinite_rows);
*/
static void backward_row(const mmax_params *params, const mmax_view *row, mmax_source g,
                         mmax_sink grad, mmax_accumulator *acc) {
  found f = find(params, row, g);
  mmax_moments moments;
  start(&moments, params, f.extent, f.g_max);
  write_gradients(params, row, g, &f, &moments, grad);
  /*@ assert hint_value: grad.f32 != \null ==>
        is_backward{Pre,Here}(params, row->logits.f32, row->mask, g.f32, grad.f32, row->n); */
  if (acc != NULL) {
    mmax_moments_finish(&moments, params, acc);
    acc->rows++;
  }
}

mmax_status mmax_row_backward_ref(const mmax_params *params, const mmax_view *row, mmax_source g,
                                  mmax_sink grad, mmax_accumulator *acc) {
  mmax_status state = mmax_view_state(row);
  if (state == MMAX_OK) state = upstream_state(row, g);
  if (state != MMAX_OK) {
    float fill = state == MMAX_ROW_MASKED ? 0.0f : mmax_canonical_nan();
    if (mmax_wanted(grad)) mmax_view_fill(grad, row->n, fill);
    if (acc != NULL && state == MMAX_ROW_NONFINITE) acc->nonfinite_rows++;
    return state;
  }
  backward_row(params, row, g, grad, acc);
  return MMAX_OK;
}
