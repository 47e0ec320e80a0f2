/* SPDX-License-Identifier: Apache-2.0 */
/* The passes over a row before its gradients are written. */
#include "found.h"

#ifdef __FRAMAC__
#include "floor_steps.acsl"
#include "mean.acsl"
#include "extent_steps.acsl"
#endif

/* 1 / sum of the weights. */
/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  params: \valid_read(params) && valid_params(params);
    requires  top:    bounded(row_max, 1.0e195) && is_largest(params, row->logits.WORDS, row->mask, row->n, row_max);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  fin(\result) && 1.0e-12 <= \result <= 1.0;
    ensures   value:  is_inverse(params, row->logits.WORDS, row->mask, row_max, row->n, \result);
    ensures   mass:   times(weight_sum(params, row->logits.WORDS, row->mask, row_max, row->n), \result) <= 1.01;
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
                                weight_sum(params, row->logits.WORDS, row->mask, row_max, row->n)); */
  /*@ assert hint_near_total: inverse_near(total, inverse); */
  /*@ assert hint_total: total_close(sum_weight(sum)*inverse, total*inverse); */
  /*@ assert hint_near: near_one(0x1.5p-51, sum_weight(sum)*inverse); */
  /*@ assert hint_count: count_close(row->n, sum_weight(sum)*inverse,
                                     weight_sum(params, row->logits.WORDS, row->mask, row_max, row->n)*inverse); */
  return inverse;
}

/* Largest |g| of the entries that carry weight. */
/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  up:     valid_upstream(g.storage, g.WORDS, row->n) && upstream_fine(row->logits.WORDS, row->mask, g.WORDS, row->n);
    requires  params: \valid_read(params) && valid_params(params);
    requires  top:    bounded(row_max, 1.0e195) && is_top(params, row->logits.WORDS, row->mask, row->n, row_max);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  fin(\result) && 0.0 <= \result <= 3.4028235e38 && magnitude_of_float(\result);
    ensures   most:   upstream_within(params, row->logits.WORDS, row->mask, g.WORDS, row_max, row->n, \result);
    ensures   value:  largest_up(params, row->logits.WORDS, row->mask, g.WORDS, row_max, row->n, \result);
*/
static double largest_upstream(const mmax_params *params, const mmax_view *row, mmax_source g,
                               double row_max) {
  double g_max = 0.0;
  /*@ loop invariant index: 0 <= i <= row->n;
      loop invariant range: fin(g_max) && 0.0 <= g_max <= 3.4028235e38 && magnitude_of_float(g_max);
      loop invariant most:  largest_up(params, row->logits.WORDS, row->mask, g.WORDS, row_max, i, g_max);
      loop assigns   i, g_max;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    if (!mmax_live(row, i) || !(mmax_weight(params, mmax_logit(row, i), row_max) > 0.0)) {
      /*@ assert hint_not: !weighed(params, row->logits.WORDS, row->mask, row_max, i); */
      /*@ assert hint_skip: upstream_within(params, row->logits.WORDS, row->mask, g.WORDS, row_max, i + 1, g_max); */
      /*@ assert hint_largest: largest_up(params, row->logits.WORDS, row->mask, g.WORDS, row_max, i + 1, g_max); */
      continue;
    }
    /*@ assert hint_some: weighed(params, row->logits.WORDS, row->mask, row_max, i); */
    double up = mmax_widen(mmax_element(g, i));
    /*@ assert hint_up: up == VALUE(g.WORDS[i]); */
    /*@ assert hint_fmt: rnd32(up) == up; */
    double magnitude = up < 0.0 ? -up : up;
    /*@ assert hint_float: magnitude_of_float(magnitude); */
    /*@ assert hint_size: (up == magnitude || up == -magnitude) && 0.0 <= magnitude; */
    if (magnitude > g_max) g_max = magnitude;
    /*@ assert hint_within: g_max != magnitude ==> upstream_within(params, row->logits.WORDS, row->mask, g.WORDS, row_max, i + 1, g_max); */
    /*@ assert hint_largest: largest_up(params, row->logits.WORDS, row->mask, g.WORDS, row_max, i + 1, g_max); */
  }
  return g_max;
}

/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  params: \valid_read(params) && valid_params(params);
    requires  top:    bounded(row_max, 1.0e195) && is_top(params, row->logits.WORDS, row->mask, row->n, row_max);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  extent_fine(\result.lo, \result.hi, \result.largest);
    ensures   all:    weighed_within(params, row->logits.WORDS, row->mask, row_max, row->n, \result.lo, \result.hi, \result.largest);
    ensures   ends:   extent_attained(params, row->logits.WORDS, row->mask, row_max, row->n, \result.lo, \result.hi, \result.largest);
*/
static mmax_extent weighed_extent(const mmax_params *params, const mmax_view *row,
                                  double row_max) {
  mmax_extent extent = {0.0, 0.0, 0.0, 0};
  /*@ loop invariant index: 0 <= i <= row->n;
      loop invariant range: extent_fine(extent.lo, extent.hi, extent.largest);
      loop invariant none:  extent.any == 0 ==> none_weighed(params, row->logits.WORDS, row->mask, row_max, i);
      loop invariant all:   weighed_within(params, row->logits.WORDS, row->mask, row_max, i, extent.lo, extent.hi, extent.largest);
      loop invariant zero:  extent.any == 0 ==> extent.lo == 0.0 && extent.hi == 0.0 && extent.largest == 0.0;
      loop invariant ends:  extent.any != 0 ==>
                              extent_ends(params, row->logits.WORDS, row->mask, row_max, i, extent.lo, extent.hi, extent.largest);
      loop assigns   i, extent;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    if (!mmax_live(row, i) || !(mmax_weight(params, mmax_logit(row, i), row_max) > 0.0)) {
      /*@ assert hint_not: !weighed(params, row->logits.WORDS, row->mask, row_max, i); */
      /*@ assert hint_skip: weighed_within(params, row->logits.WORDS, row->mask, row_max, i + 1, extent.lo, extent.hi, extent.largest); */
      /*@ assert hint_ends: extent.any != 0 ==>
            extent_ends(params, row->logits.WORDS, row->mask, row_max, i + 1, extent.lo, extent.hi, extent.largest); */
      continue;
    }
    double v = mmax_widen(mmax_logit(row, i));
    /*@ assert hint_v: v == VALUE(row->logits.WORDS[i]); */
    /*@ assert hint_some: weighed(params, row->logits.WORDS, row->mask, row_max, i); */
    /*@ ghost mmax_extent before = extent; */
    extent = mmax_extent_add(extent, v, mmax_affine(params, v));
    /*@ assert hint_entry: in_extent(VALUE(row->logits.WORDS[i]), affine_hat(params, VALUE(row->logits.WORDS[i])), extent.lo, extent.hi, extent.largest); */
    /*@ assert hint_others: before.any == 0 || widened(before.lo, before.hi, before.largest, extent.lo, extent.hi, extent.largest); */
    /*@ assert hint_all: weighed_within(params, row->logits.WORDS, row->mask, row_max, i + 1, extent.lo, extent.hi, extent.largest); */
    /*@ assert hint_low: low_next(params, row->logits.WORDS, row->mask, row_max, i, extent.lo); */
    /*@ assert hint_high: high_next(params, row->logits.WORDS, row->mask, row_max, i, extent.hi); */
    /*@ assert hint_far: far_next(params, row->logits.WORDS, row->mask, row_max, i, extent.largest); */
    /*@ assert hint_low_end: low_end(params, row->logits.WORDS, row->mask, row_max, i + 1, extent.lo); */
    /*@ assert hint_high_end: high_end(params, row->logits.WORDS, row->mask, row_max, i + 1, extent.hi); */
    /*@ assert hint_far_end: far_end(params, row->logits.WORDS, row->mask, row_max, i + 1, extent.largest); */
  }
  return extent;
}

/* What entry i adds to the mean: floor(p*g) on the grid of big, made for f->g_max. */
/*@ requires  view:   \valid_read(row) && valid_view(row) && i < row->n && \valid_read(f);
    requires  up:     valid_upstream(g.storage, g.WORDS, row->n) && upstream_fine(row->logits.WORDS, row->mask, g.WORDS, row->n);
    requires  params: \valid_read(params) && valid_params(params);
    requires  top:    bounded(f->row_max, 1.0e195) && is_top(params, row->logits.WORDS, row->mask, row->n, f->row_max);
    requires  inverse: fin(f->inverse) && 1.0e-12 <= f->inverse <= 1.0;
    requires  most:   fin(f->g_max) && 0.0 <= f->g_max <= 3.4028235e38 && magnitude_of_float(f->g_max) &&
                        upstream_within(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, row->n, f->g_max);
    requires  grid:   fin(big) && is_grid(big) && grid_over(big, f->g_max);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  -9000000000000000 <= \result <= 9000000000000000;
    ensures   value:  is_floor(\result, upstream_term(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse, i), big);
    ensures   count:  counted(\result, mass_of(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i), 1.0);
    ensures   leans:  leans(\result, mass_of(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i), 1.0, f->g_max, big);
*/
static int64_t mean_count(const mmax_params *params, const mmax_view *row, mmax_source g, size_t i,
                          const mmax_found *f, double big) {
  if (!mmax_live(row, i)) {
    /*@ assert hint_masked: mass_of(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i) == 0.0; */
    /*@ assert hint_nothing: upstream_term(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse, i) == 0.0; */
    /*@ assert hint_none: mean_part(0.0, 0.0, f->g_max) && is_floor(0, 0.0, big); */
    /*@ assert hint_zero: counted(0, 0.0, 1.0) && leans(0, 0.0, 1.0, f->g_max, big); */
    return 0;
  }
  double e = mmax_weight(params, mmax_logit(row, i), f->row_max);
  /*@ assert hint_e: e == weight(params, VALUE(row->logits.WORDS[i]), f->row_max); */
  /*@ assert hint_top: modulated(params, VALUE(row->logits.WORDS[i])) <= f->row_max; */
  /*@ assert hint_weighs: weighs(weight(params, VALUE(row->logits.WORDS[i]), f->row_max)); */
  /*@ assert hint_term: term(params, row->logits.WORDS, row->mask, f->row_max, i) == e; */
  /*@ assert hint_e_same: same_product(term(params, row->logits.WORDS, row->mask, f->row_max, i), f->inverse, e, f->inverse); */
  /*@ assert hint_mass: mass_of(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i) == times(e, f->inverse); */
  double p = mmax_share_of(e, f->inverse);
  /*@ assert hint_p: p == product(weight(params, VALUE(row->logits.WORDS[i]), f->row_max), f->inverse); */
  double up = mmax_widen(mmax_element(g, i));
  /*@ assert hint_up: up == VALUE(g.WORDS[i]); */
  /*@ assert hint_carries: e == 0.0 || weighed(params, row->logits.WORDS, row->mask, f->row_max, i); */
  /*@ assert hint_most: at_most(p, up, f->g_max); */
  /*@ assert hint_fit: mean_part(p*up, times(e, f->inverse), f->g_max) && within(p*up, big); */
  int64_t q = mmax_floor_step(p, up, big);
  /*@ assert hint_floor: is_floor(q, times(p, up), big); */
  /*@ assert hint_taken: taken(row->logits.WORDS, row->mask, i) == 1; */
  /*@ assert hint_same: same_product(p, up, product(weight(params, VALUE(row->logits.WORDS[i]), f->row_max), f->inverse), VALUE(g.WORDS[i])); */
  /*@ assert hint_value: upstream_term(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse, i) == times(p, up); */
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
    requires  up:     valid_upstream(g.storage, g.WORDS, row->n) && upstream_fine(row->logits.WORDS, row->mask, g.WORDS, row->n);
    requires  params: \valid_read(params) && valid_params(params);
    requires  top:    bounded(f->row_max, 1.0e195) && is_top(params, row->logits.WORDS, row->mask, row->n, f->row_max);
    requires  inverse: fin(f->inverse) && 1.0e-12 <= f->inverse <= 1.0;
    requires  most:   fin(f->g_max) && 0.0 <= f->g_max <= 3.4028235e38 && magnitude_of_float(f->g_max) &&
                        upstream_within(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, row->n, f->g_max);
    requires  mass:   times(weight_sum(params, row->logits.WORDS, row->mask, f->row_max, row->n), f->inverse) <= 1.01;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   around: fin(\result) && around(\result, f->g_max);
    ensures   value:  is_mean(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse, row->n, f->g_max, \result);
*/
static double mean_gradient(const mmax_params *params, const mmax_view *row, mmax_source g,
                            const mmax_found *f) {
  mmax_grid grid = mmax_grid_for(f->g_max);
  int64_t sum = 0;
  /*@ assert hint_start: leans(0, 0.0, 0.0, f->g_max, grid.big) && counted(0, 0.0, 0.0); */
  /*@ assert hint_start_to: leans_to(0, 0.0, 0, f->g_max, grid.big) && counted_to(0, 0.0, 0) && floors(0, 0.0, 0, grid.big); */
  /*@ assert hint_mass_0: mass_to(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, 0) == 0.0; */
  /*@ assert hint_mass: mass_to(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, row->n) <= 1.01; */
  /*@ loop invariant range: 0 <= i <= row->n;
      loop invariant count: counted_to(sum, mass_to(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i), i);
      loop invariant leans: leans_to(sum, mass_to(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i), i, f->g_max, grid.big);
      loop invariant floor: floors(sum, upstream_sum(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse, i), i, grid.big);
      loop assigns   i, sum;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    /*@ assert hint_below: weight_sum(params, row->logits.WORDS, row->mask, f->row_max, i) <=
                           weight_sum(params, row->logits.WORDS, row->mask, f->row_max, row->n); */
    /*@ assert hint_grows: mass_below(weight_sum(params, row->logits.WORDS, row->mask, f->row_max, i),
                                      weight_sum(params, row->logits.WORDS, row->mask, f->row_max, row->n), f->inverse); */
    /*@ assert hint_mass: mass_to(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i) <= 1.01; */
    /*@ assert hint_room: -4000000000000000000 <= sum <= 4000000000000000000; */
    int64_t q = mean_count(params, row, g, i, f, grid.big);
    /*@ assert hint_next: mass_to(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i + 1) ==
                          mass_to(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i) + mass_of(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i); */
    /*@ assert hint_next_up: upstream_sum(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse, i + 1) ==
                          upstream_sum(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse, i) + upstream_term(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse, i); */
    /*@ assert hint_adds: count_adds(sum + q, sum, q) &&
          mass_adds(mass_to(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i + 1),
                    mass_to(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i),
                    mass_of(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i)); */
    /*@ assert hint_count: counted_to(sum + q, mass_to(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i + 1), i + 1); */
    /*@ assert hint_leans: leans_to(sum + q, mass_to(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, i + 1), i + 1, f->g_max, grid.big); */
    /*@ assert hint_floor: floors(sum + q, upstream_sum(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse, i + 1), i + 1, grid.big); */
    /*@ assert hint_index: (size_t)(i + 1) == i + 1; */
    sum += q;
  }
  /*@ assert hint_mean: is_mean(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse, row->n, f->g_max,
                                product(rnd64(sum), unit(grid.big))); */
  /*@ assert hint_n: 0.0 <= row->n <= 2147483648.0; */
  /*@ assert hint_below: weight_sum(params, row->logits.WORDS, row->mask, f->row_max, 0) <=
                         weight_sum(params, row->logits.WORDS, row->mask, f->row_max, row->n); */
  /*@ assert hint_grows: mass_below(weight_sum(params, row->logits.WORDS, row->mask, f->row_max, 0),
                                    weight_sum(params, row->logits.WORDS, row->mask, f->row_max, row->n), f->inverse); */
  /*@ assert hint_mass_n: 0.0 <= mass_to(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, row->n); */
  /*@ assert hint_sum: leans(sum, mass_to(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, row->n), row->n, f->g_max, grid.big); */
  /*@ assert hint_value: around(product(rnd64(sum), unit(grid.big)), f->g_max) &&
                         around(times(rnd64(sum), unit(grid.big)), f->g_max); */
  return sum_value(sum, grid);
}

mmax_found mmax_row_find(const mmax_params *params, const mmax_view *row, mmax_source g) {
  mmax_found f = {0.0, 0.0, 0.0, 0.0, {0.0, 0.0, 0.0, 0}};
  size_t top = mmax_view_argmax(params, row);
  /*@ assert hint_some: top < row->n; */
  f.row_max = mmax_modulated(params, mmax_logit(row, top));
  /*@ assert hint_row_max: f.row_max == modulated(params, VALUE(row->logits.WORDS[top])); */
  /*@ assert hint_top: is_top(params, row->logits.WORDS, row->mask, row->n, f.row_max); */
  /*@ assert hint_largest: is_largest(params, row->logits.WORDS, row->mask, row->n, f.row_max); */
  f.inverse = row_inverse(params, row, f.row_max);
  /*@ assert hint_mass: mass_to(params, row->logits.WORDS, row->mask, f.row_max, f.inverse, row->n) <= 1.01; */
  f.g_max = largest_upstream(params, row, g, f.row_max);
  f.extent = weighed_extent(params, row, f.row_max);
  f.mean = mean_gradient(params, row, g, &f);
  return f;
}
