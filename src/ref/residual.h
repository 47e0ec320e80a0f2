/* SPDX-License-Identifier: Apache-2.0 */
/* p - q of an entry, and its gradient at sigma, w*(p - q). specs/semantics.md#cross-entropy */
#ifndef MMAX_REF_RESIDUAL_H
#define MMAX_REF_RESIDUAL_H

#include "entry.h"
#include "pulling.h"

/* p_i - q_i. Without smoothing, p - 1 of the largest entry is -rest/(1+rest). */
/*@ requires  weight:  fin(e) && weighs(e) && fin(inverse) && 1.0e-12 <= inverse <= 1.0;
    requires  rest:    fin(rest) && 0.0 <= rest && times(rest, inverse) <= 1.001;
    requires  uniform: fin(uniform) && 0.0 <= uniform <= 1.0 && (smoothing > 0.0 ==> not_tiny(uniform));
    requires  range:   fin(smoothing) && 0.0 <= smoothing <= 1.0;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   fin(\result) && \result == residual_of(e, rest, inverse, is_target, smoothing, uniform);
    ensures   parts:   between_shares(\result, times(e, inverse), own_part(uniform, is_target, smoothing));
*/
static inline double mmax_residual(double e, double rest, double inverse, int is_target, double smoothing,
                                   double uniform) {
  /*@ assert hint_unit: product_unit(e, inverse); */
  /*@ assert hint_share: near_share(product(e, inverse), times(e, inverse)); */
  double p = mmax_mul(e, inverse);
  /*@ assert hint_p: p == product(e, inverse) && 0.0 <= p <= 1.01; */
  /*@ assert hint_p_fmt: fmt(p); */
  if (!is_target) {
    double d = mmax_sub(p, uniform);
    /*@ assert hint_d: d == minus(p, uniform); */
    /*@ ghost double minus_uniform = -uniform; */
    /*@ assert hint_uniform_minus: fin(minus_uniform) && minus_uniform == -uniform && fmt(minus_uniform); */
    /*@ assert hint_uniform_fmt: fmt_both(uniform); */
    /*@ assert hint_between: -uniform <= d <= p; */
    return d;
  }
  if (smoothing > 0.0) {
    double keep = mmax_sub(1.0, smoothing);
    /*@ assert hint_keep: keep == kept_part(smoothing) && unit_range(keep); */
    double q = mmax_add(keep, uniform);
    /*@ assert hint_q: q == sum_of(keep, uniform); */
    /*@ assert hint_q_near: err64(keep + uniform, q); */
    /*@ assert hint_q_least: rnd64(0.0) <= rnd64(keep + uniform); */
    double d = mmax_sub(p, q);
    /*@ assert hint_smooth: d == minus(p, q); */
    /*@ ghost double minus_q = -q; */
    /*@ assert hint_q_minus: fin(minus_q) && minus_q == -q && fmt(minus_q); */
    /*@ assert hint_q_fmt: fmt_both(q); */
    /*@ assert hint_smooth_between: -q <= d <= p; */
    return d;
  }
  if (e == 1.0) {
    /*@ assert hint_rest: 0.0 <= times(rest, inverse); */
    double other = mmax_mul(rest, inverse);
    /*@ assert hint_other: other == product(rest, inverse) && err64(times(rest, inverse), other); */
    /*@ assert hint_other_least: rnd64(0.0) <= other; */
    return -other;
  }
  double d = mmax_sub(p, 1.0);
  /*@ assert hint_one: d == minus(p, 1.0); */
  /*@ ghost double minus_one = -1.0; */
  /*@ assert hint_one_minus: fin(minus_one) && minus_one == -1.0 && fmt(minus_one); */
  /*@ assert hint_one_fmt: fmt_both(1.0); */
  /*@ assert hint_one_between: -1.0 <= d <= p; */
  return d;
}

/* Gradient at sigma of an entry of weight e: w*(p - q). */
/*@ requires  row:     \valid_read(row);
    requires  entry:   fin(e) && weighs(e) && 0 <= is_target <= 1;
    requires  found:   weights_fine(row->rest, row->inverse) && smoothing_fine(row->smoothing, row->uniform) && factor_fine(row->w, row->most) &&
                         extent_fine(row->extent.lo, row->extent.hi, row->extent.largest);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   \result == product(row->w, residual_of(e, row->rest, row->inverse, is_target, row->smoothing, row->uniform));
    ensures   range:   bounded(\result, 1.0e39);
    ensures   nothing: e == 0.0 ==> is_target == 0 ==> row->smoothing == 0.0 ==> \result == 0.0;
    ensures   share:   share(\result, pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), product(2.0, row->most));
    ensures   part:    part_of(pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), product(2.0, row->most));
*/
static inline double mmax_entry_pull(const mmax_pulling *row, double e, int is_target) {
  /*@ assert hint_mass: product_unit(e, row->inverse) && 0.0 <= times(e, row->inverse) <= 1.0; */
  /*@ assert hint_own: 0.0 <= own_part(row->uniform, is_target, row->smoothing) <= 1.009; */
  double d = mmax_residual(e, row->rest, row->inverse, is_target, row->smoothing, row->uniform);
  /*@ assert hint_d: bounded(d, 1.1); */
  /*@ assert hint_none: e == 0.0 ==> is_target == 0 ==> row->smoothing == 0.0 ==> d == 0.0; */
  /*@ assert hint_share: share(product(row->w, d), pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), product(2.0, row->most)); */
  /*@ assert hint_part: part_of(pull_share(e, row->inverse, row->uniform, is_target, row->smoothing), product(2.0, row->most)); */
  return mmax_at_residual(row->w, d);
}

#endif
