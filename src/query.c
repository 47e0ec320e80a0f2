/* SPDX-License-Identifier: Apache-2.0 */
/* What the modulator does as a function on the reals: value, slope, limits, Lipschitz constant. */
#include "fpenv.h"
#include "multimax.h"
#include "pieces.h"

#define FAR_X 0x1p600 /* a logit beyond is taken as infinite */

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   nan:    \result != 0 <==> \is_NaN(v);
*/
static int is_nan(double v) { return v != v; }

/*@ requires  params: \valid_read(params) && valid_params(params);
    requires  logit:  finf(x);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == modulated(params, x);
    ensures   range:  bounded(\result, 1.0e195);
*/
double mmax_sigma(const mmax_params *params, float x) {
  mmax_fpenv saved = mmax_fpenv_enter();
  double s = mmax_fpenv_pin(mmax_modulated(params, mmax_fpenv_pin32(x)));
  mmax_fpenv_leave(saved);
  return s;
}

/*@ requires  params: \valid_read(params) && valid_params(params);
    requires  logit:  finf(x);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == derivative_at(params, affine_hat(params, x));
*/
double mmax_sigma_derivative(const mmax_params *params, float x) {
  mmax_fpenv saved = mmax_fpenv_enter();
  double y = mmax_affine(params, mmax_widen(mmax_fpenv_pin32(x)));
  double slope = mmax_slope(params, mmax_hinges_at(params, y));
  double d = mmax_fpenv_pin(mmax_mul(slope, params->scale));
  /*@ assert hint_product: d == product(slope, params->scale); */
  mmax_fpenv_leave(saved);
  return d;
}

/* Limit of slope*u + quadratic*u^2 + ... as u, the distance beyond all knots, grows. */
/*@ requires  range:  fin(slope) && fin(quadratic) && float_sized(knot);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  stands_for(\result, outer_end(quadratic, slope, knot));
*/
static double limit(double slope, double quadratic, double knot) {
  if (quadratic != 0.0) return infinity_of(quadratic > 0.0);
  if (slope == 0.0) return knot; /* y - (y - knot) */
  return infinity_of(slope > 0.0);
}

/*@ requires  params: \valid_read(params) && valid_params(params);
    requires  out:    \valid(at_minus_inf) && \valid(at_plus_inf) && \separated(at_minus_inf, at_plus_inf);
    terminates \true;
    exits     \false;
    assigns   *at_minus_inf, *at_plus_inf;
    ensures   minus:  \old(params->scale) != 0.0 ==> stands_for(*at_minus_inf, minus_end(\old(*params)));
    ensures   plus:   \old(params->scale) != 0.0 ==> stands_for(*at_plus_inf, plus_end(\old(*params)));
    ensures   flat:   \old(params->scale) == 0.0 ==> *at_minus_inf == \old(modulated(params, 0.0)) && *at_plus_inf == \old(modulated(params, 0.0));
*/
void mmax_limits(const mmax_params *params, double *at_minus_inf, double *at_plus_inf) {
  mmax_fpenv saved = mmax_fpenv_enter();
  double scale = params->scale;
  double left = mmax_add(-1.0, params->coef[0]), right = mmax_add(1.0, params->coef[1]);
  /*@ assert hint_left: signs_agree(left, left_slope(params->coef[0])); */
  /*@ assert hint_right: signs_agree(right, right_slope(params->coef[1])); */
  double low = limit(left, params->coef[2], params->knot[0]), high = limit(right, params->coef[3], params->knot[1]);
  /*@ assert hint_low: stands_for(low, left_end(*params)); */
  /*@ assert hint_high: stands_for(high, right_end(*params)); */
  if (scale == 0.0) low = high = mmax_modulate(params, mmax_affine(params, 0.0));
  *at_minus_inf = scale < 0.0 ? high : low;
  *at_plus_inf = scale < 0.0 ? low : high;
  mmax_fpenv_leave(saved);
}

/* The y of an end of an interval of x: rounded once, so it passes no knot. */
/*@ requires  range:  float_sized(scale) && float_sized(shift) && bounded(x, 4.2e180);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  bounded(\result, 1.5e219);
    ensures   value:  \result == y_inside(scale, shift, x);
*/
static double y_near(double scale, double shift, double x) { return mmax_fma(scale, x, shift); }

/*@ requires  range:  float_sized(scale) && scale != 0.0 && float_sized(shift) && no_nan(x);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  far_or(\result, 1.5e219);
    ensures   value:  \forall real r; far_as(x, r) ==> \result == y_end(scale, shift, r);
*/
static double y_of(double scale, double shift, double x) {
  if (x > FAR_X) return scale < 0.0 ? -FAR : FAR;
  if (x < -FAR_X) return scale < 0.0 ? FAR : -FAR;
  /*@ assert hint_finite: bounded(x, 4.2e180); */
  return y_near(scale, shift, x);
}

/* |base + rate*y| and what its roundings may hide. */
/*@ requires  range:  bounded(base, 6.0e77) && bounded(rate, 1.5e39) && bounded(y, 1.5e219);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  bounded(\result, 2.5e258);
    ensures   value:  \result == line_of(base, rate, y);
*/
static double linear(double base, double rate, double y) {
  return mmax_add(base, mmax_mul(rate, y));
}

/*@ requires  range:  bounded(slope, 2.5e258) && bounded(size, 2.5e258);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  bounded(\result, 3.0e258);
    ensures   value:  \result == slack_of(slope, size);
*/
static double with_slack(double slope, double size) {
  return mmax_add(mmax_abs(slope), mmax_mul(0x1p-49, size));
}

/* At least |sigma'(y)|; FAR where it has no bound. */
/*@ requires  base:   bounded(q.base, 6.0e77) && bounded(q.size_base, 6.0e77);
    requires  rate:   bounded(q.rate, 1.5e39) && bounded(q.size_rate, 1.5e39);
    requires  y:      far_or(y, 1.5e219);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  slope_sized(\result);
    ensures   value:  \result == slope_size_of(q.base, q.rate, q.size_base, q.size_rate, y);
*/
static double slope_size(piece q, double y) {
  if (q.rate == 0.0) return with_slack(q.base, q.size_base);
  if (y >= FAR || y <= -FAR) return FAR;
  return with_slack(linear(q.base, q.rate, y), linear(q.size_base, q.size_rate, mmax_abs(y)));
}

/* At least |sigma'| on [lo, hi] off the knots; pieces that touch it at an end count. */
/*@ requires  params: valid_model(p);
    requires  ends:   far_or(lo, 1.5e219) && far_or(hi, 1.5e219);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  slope_sized(\result);
    ensures   value:  is_largest(p, lo, hi, \result);
*/
static double largest_slope(mmax_params p, double lo, double hi) {
  cut_list cut = cuts(p);
  double sup = 0.0;
  /*@ loop invariant i:      0 <= i < cut.n;
      loop invariant sup:    slope_sized(sup) && 0.0 <= sup;
      loop invariant one:    sup == 0.0 || one_counts(p, lo, hi, sup);
      loop invariant all:    \forall real a, b, t; counts(p, lo, hi, a, b, t) ==> b <= cut.v[i] ==> t <= sup;
      loop assigns i, sup;
      loop variant cut.n - i;
  */
  for (size_t i = 0; i + 1 < cut.n; i++) {
    /*@ assert hint_here: cut.v[i] < cut.v[i + 1] ==> neighbours(p, cut.v[i], cut.v[i + 1]); */
    /*@ assert hint_next: next_piece(p, cut.v[i], cut.v[i + 1]); */
    double from = larger(cut.v[i], lo), to = smaller(cut.v[i + 1], hi);
    if (!(cut.v[i] < cut.v[i + 1] && from <= to)) continue;
    piece q = piece_between(p, cut.v[i], cut.v[i + 1]);
    double at_from = slope_size(q, from), at_to = slope_size(q, to);
    /*@ assert hint_from: counts(p, lo, hi, cut.v[i], cut.v[i + 1], at_from); */
    /*@ assert hint_to:   counts(p, lo, hi, cut.v[i], cut.v[i + 1], at_to); */
    sup = larger(sup, larger(at_from, at_to));
  }
  return sup;
}

/* At least sup*size, subnormal results too. */
/*@ requires  range:  bounded(sup, 3.0e258) && float_sized(size);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
    ensures   value:  \result == raised(sup, size);
*/
static double scaled_up(double sup, double size) {
  double product = mmax_mul(mmax_mul(sup, size), 0x1.0000000000004p0 /* 1 + 2^-50 */);
  return mmax_add(product, 0x1p-1073);
}

/*@ requires  params: \valid_read(params) && valid_params(params);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   nan:    \is_NaN(lo) || \is_NaN(hi) ==> \is_NaN(\result);
    ensures   kind:   no_nan(lo) && no_nan(hi) ==> no_nan(\result);
    ensures   value:  \forall real l, h; far_as(lo, l) ==> far_as(hi, h) ==> fin(\result) ==> is_lipschitz(*params, l, h, \result);
    ensures   none:   \forall real l, h; far_as(lo, l) ==> far_as(hi, h) ==> !fin(\result) ==>
                        \is_plus_infinity(\result) && is_unbounded(*params, l, h);
*/
double mmax_lipschitz(const mmax_params *params, double lo, double hi) {
  if (is_nan(lo) || is_nan(hi)) return mmax_wide_nan();
  if (params->scale == 0.0) return 0.0;
  mmax_fpenv saved = mmax_fpenv_enter();
  const mmax_params p = *params;
  double a = y_of(p.scale, p.shift, mmax_fpenv_pin(lo));
  double b = y_of(p.scale, p.shift, mmax_fpenv_pin(hi));
  double sup = largest_slope(p, smaller(a, b), larger(a, b));
  /*@ assert hint_ends: \forall real l, h; far_as(lo, l) ==> far_as(hi, h) ==> a == y_end(p.scale, p.shift, l) && b == y_end(p.scale, p.shift, h); */
  /*@ assert hint_sup:  \forall real l, h; far_as(lo, l) ==> far_as(hi, h) ==> is_sup(p, l, h, sup); */
  /*@ assert hint_same: p == *params; */
  double result = sup < FAR ? mmax_fpenv_pin(scaled_up(sup, mmax_abs(p.scale))) : mmax_wide_inf();
  mmax_fpenv_leave(saved);
  return result;
}
