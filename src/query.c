/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the modulator does as a function on the reals: where it increases, its
 * limits, its Lipschitz constant. sigma' is linear between neighbouring knots,
 * so five pieces tell everything. Inside, FAR stands for infinity: arithmetic
 * is on finite numbers alone. proofs/coq/LipschitzFloat.v says how exact it is.
 */
#include "fpenv.h"
#include "multimax.h"
#include "ref/modulator.h"

#ifdef __FRAMAC__
#include "query.acsl"
#endif

#define FAR 0x1p1020
#define FAR_X 0x1p600 /* a logit beyond is taken as infinite */

/*@ requires  finite: fin(v);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  fin(\result) && 0.0 <= \result && (\result == v || \result == -v);
*/
static double magnitude(double v) { return v < 0.0 ? -v : v; }

/*@ requires  finite: fin(a) && fin(b);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == a || \result == b;
    ensures   finite: fin(\result);
*/
static double larger(double a, double b) { return a > b ? a : b; }
/*@ requires  finite: fin(a) && fin(b);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == a || \result == b;
    ensures   finite: fin(\result);
*/
static double smaller(double a, double b) { return a < b ? a : b; }

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   nan:    \result != 0 <==> \is_NaN(v);
*/
static int is_nan(double v) { return v != v; }

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   plus:   positive != 0 ==> \is_plus_infinity(\result);
    ensures   minus:  positive == 0 ==> \is_minus_infinity(\result);
*/
static double infinity_of(int positive) { return positive ? mmax_wide_inf() : mmax_wide_minus_inf(); }

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
*/
double mmax_sigma_derivative(const mmax_params *params, float x) {
  mmax_fpenv saved = mmax_fpenv_enter();
  double y = mmax_affine(params, mmax_widen(mmax_fpenv_pin32(x)));
  double slope = mmax_slope(params, mmax_hinges_at(params, y));
  double d = mmax_fpenv_pin(mmax_mul(slope, params->scale));
  mmax_fpenv_leave(saved);
  return d;
}

/* sigma'(y) = base + rate*y on (lo, hi), no knot inside; size_* with the magnitudes of the same
   terms, so that |rounding| <= 2^-49 * (size_base + size_rate*|y|). */
typedef struct piece {
  double lo, hi, base, rate, size_base, size_rate;
} piece;

/*@ requires  range:  bounded(sum, 3.0e77) && bounded(term, 2.4e77);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result == (acts != 0 ? rnd64(sum + term) : sum);
    ensures   most:   bounded(\result, 6.0e77);
    ensures   one:    bounded(sum, 1.0) && bounded(term, 3.5e38) ==> bounded(\result, 4.0e38);
    ensures   two:    bounded(sum, 4.0e38) && bounded(term, 3.5e38) ==> bounded(\result, 8.0e38);
    ensures   three:  bounded(sum, 8.0e38) ==> bounded(\result, 3.0e77);
    ensures   rate1:  bounded(sum, 0.0) && bounded(term, 7.0e38) ==> bounded(\result, 7.1e38);
    ensures   rate2:  bounded(sum, 7.1e38) && bounded(term, 7.0e38) ==> bounded(\result, 1.5e39);
*/
static double with(double sum, int acts, double term) { return acts ? mmax_add(sum, term) : sum; }

/*@ requires  range:  bounded(sum, 1.0) && bounded(t1, 3.5e38) && bounded(t2, 3.5e38) && bounded(t3, 2.4e77) && bounded(t4, 2.4e77);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  bounded(\result, 6.0e77);
*/
static double with4(double sum, int a1, double t1, int a2, double t2, int a3, double t3, int a4,
                    double t4) {
  return with(with(with(with(sum, a1, t1), a2, t2), a3, t3), a4, t4);
}

/*@ requires  range:  bounded(t1, 7.0e38) && bounded(t2, 7.0e38);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  bounded(\result, 1.5e39);
*/
static double with2(int a1, double t1, int a2, double t2) {
  return with(with(0.0, a1, t1), a2, t2);
}

/*@ requires  range:  bounded(rate, 7.0e38) && float_sized(knot);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  bounded(\result, 2.4e77);
*/
static double rate_at(double rate, double knot) { return mmax_mul(rate, knot); }

/*@ requires  params: valid_model(p) && is_cut(lo) && is_cut(hi);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   ends:   \result.lo == lo && \result.hi == hi && is_cut(\result.lo) && is_cut(\result.hi);
    ensures   base:   bounded(\result.base, 6.0e77) && bounded(\result.size_base, 6.0e77);
    ensures   rate:   bounded(\result.rate, 1.5e39) && bounded(\result.size_rate, 1.5e39);
*/
static piece piece_between(mmax_params p, double lo, double hi) {
  int low1 = hi <= p.knot[0], high1 = lo >= p.knot[1];
  int low2 = hi <= p.knot[2], high2 = lo >= p.knot[3];
  double c1 = p.coef[0], c2 = p.coef[1];
  double rate3 = mmax_twice(p.coef[2]), rate4 = mmax_twice(p.coef[3]);
  double at3 = rate_at(rate3, p.knot[2]), at4 = rate_at(rate4, p.knot[3]);
  piece q = {lo, hi, 0.0, 0.0, 0.0, 0.0};
  q.base = with4(1.0, low1, -c1, high1, c2, low2, -at3, high2, -at4);
  q.rate = with2(low2, rate3, high2, rate4);
  q.size_base = with4(1.0, low1, magnitude(c1), high1, magnitude(c2), low2, magnitude(at3), high2,
                      magnitude(at4));
  q.size_rate = with2(low2, magnitude(rate3), high2, magnitude(rate4));
  return q;
}

/* Into the ascending cut[0..n-1], whose first is below every knot. */
/*@ requires  room:   1 <= n <= 4 && \valid(cut + (0 .. n));
    requires  cuts:   are_cuts(cut, 0, n) && is_cut(knot);
    terminates \true;
    exits     \false;
    assigns   cut[1 .. n];
    ensures   cuts:   are_cuts(cut, 0, n + 1);
*/
static void insert(double *cut, size_t n, double knot) {
  size_t at = n;
  /*@ loop invariant at:    1 <= at <= n;
      loop invariant below: are_cuts(cut, 0, at);
      loop invariant above: are_cuts(cut, at + 1, n + 1);
      loop assigns at, cut[1 .. n];
      loop variant at;
  */
  for (; at > 1 && cut[at - 1] > knot; at--) cut[at] = cut[at - 1];
  cut[at] = knot;
}

/* Inserts a knot that matters; returns how many numbers there are. */
/*@ requires  room:   1 <= n <= 4 && \valid(cut + (0 .. n));
    requires  cuts:   are_cuts(cut, 0, n) && is_cut(knot) && fin(coef);
    terminates \true;
    exits     \false;
    assigns   cut[1 .. n];
    ensures   count:  n <= \result <= n + 1;
    ensures   cuts:   are_cuts(cut, 0, \result);
*/
static size_t put(double *cut, size_t n, double coef, double knot) {
  if (coef == 0.0) return n;
  insert(cut, n, knot);
  return n + 1;
}

/* The knots that matter, ascending, between -FAR and FAR; returns how many numbers. */
/*@ requires  params: valid_model(p);
    requires  room:   \valid(cut + (0 .. 5));
    terminates \true;
    exits     \false;
    assigns   cut[0 .. 5];
    ensures   count:  2 <= \result <= 6;
    ensures   cuts:   are_cuts(cut, 0, \result);
*/
static size_t cuts(mmax_params p, double cut[6]) {
  cut[0] = -FAR;
  size_t n1 = put(cut, 1, p.coef[0], p.knot[0]);
  size_t n2 = put(cut, n1, p.coef[1], p.knot[1]);
  size_t n3 = put(cut, n2, p.coef[2], p.knot[2]);
  size_t n4 = put(cut, n3, p.coef[3], p.knot[3]);
  cut[n4] = FAR;
  return n4 + 1;
}

/* m/n; beyond 2^990 FAR. */
/*@ requires  range:  bounded(m, 1.1e299) && 0.0 <= m && bounded(n, 1.5e39) && 0.0 < n;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  fin(\result) && (\result == 0x1p1020 || 0.0 <= \result <= 1.0e299);
*/
static double ratio(double m, double n) {
  double scaled = mmax_mul(m, 0x1p-990);
  if (scaled >= n) return FAR;
  /*@ assert hint_format: rnd64(n) == n; */
  /*@ assert hint_below:  m*0x1p-990 < n; */
  /*@ assert hint_most:   m <= 1.05e298*n; */
  /*@ assert hint_least:  ratio_least(m, n); */
  /*@ assert hint_ratio:  ratio_most(m, n, 1.05e298); */
  return mmax_div(m, n);
}

/* a/b, b != 0; beyond 2^990 FAR with its sign. */
/*@ requires  range:  bounded(a, 1.1e299) && bounded(b, 1.5e39) && b != 0.0;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  far_or(\result, 1.0e299);
*/
static double quotient(double a, double b) {
  double size = ratio(magnitude(a), magnitude(b));
  return (a < 0.0) == (b < 0.0) ? size : -size;
}

/*@ requires  finite: fin(v);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  fin(\result) && \result == (rising != 0 ? v : -v);
*/
static double directed(double v, int rising) { return rising ? v : -v; }

/* Where sigma' > 0 on the piece, or with rising 0 -sigma'; empty if nowhere. */
/*@ requires  piece:  is_cut(q.lo) && is_cut(q.hi) && bounded(q.base, 6.0e77) && bounded(q.rate, 1.5e39);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   ends:   far_or(\result.lo, 1.0e299) && far_or(\result.hi, 1.0e299);
*/
static mmax_interval positive_part(piece q, int rising) {
  double base = directed(q.base, rising), rate = directed(q.rate, rising);
  mmax_interval all = {q.lo, q.hi}, none = {q.hi, q.hi};
  if (rate == 0.0) return base > 0.0 ? all : none;
  double root = quotient(-base, rate);
  mmax_interval above = {larger(q.lo, root), q.hi}, below = {q.lo, smaller(q.hi, root)};
  return rate > 0.0 ? above : below;
}

/* Ascending, apart but for ends. */
typedef struct intervals {
  size_t n;
  mmax_interval v[MMAX_MAX_INTERVALS];
} intervals;

#ifdef __FRAMAC__
#include "intervals.acsl"
#endif

/* Appends an interval, or to the last one where the two meet at a knot: sigma is continuous. */
/*@ requires  room:   0 <= s.n <= 4 && are_ends(s);
    requires  ends:   far_or(found.lo, 1.0e299) && far_or(found.hi, 1.0e299);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   count:  0 <= \result.n <= s.n + 1;
    ensures   ends:   are_ends(\result);
*/
static intervals append(intervals s, mmax_interval found) {
  if (!(found.lo < found.hi)) return s;
  if (s.n > 0 && s.v[s.n - 1].hi == found.lo) {
    s.v[s.n - 1].hi = found.hi;
    return s;
  }
  s.v[s.n] = found;
  s.n++;
  return s;
}

/* The intervals of y where sigma increases, or with rising 0 -sigma. */
/*@ requires  params: valid_model(p);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   count:  0 <= \result.n <= 5;
    ensures   ends:   are_ends(\result);
*/
static intervals increasing(mmax_params p, int rising) {
  double cut[6];
  size_t n = cuts(p, cut);
  intervals found = {0};
  /*@ loop invariant i:      0 <= i < n;
      loop invariant count:  0 <= found.n <= i;
      loop invariant ends:   are_ends(found);
      loop assigns i, found;
      loop variant n - i;
  */
  for (size_t i = 0; i + 1 < n; i++)
    if (cut[i] < cut[i + 1])
      found = append(found, positive_part(piece_between(p, cut[i], cut[i + 1]), rising));
  return found;
}

/* The x of an end of an interval of y. */
/*@ requires  range:  float_sized(scale) && scale != 0.0 && float_sized(shift) && far_or(y, 1.0e299);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   kind:   no_nan(\result);
*/
static double x_of(double scale, double shift, double y) {
  double x = scale < 0.0 ? -y : y;
  if (y < FAR && y > -FAR) x = quotient(mmax_sub(y, shift), scale);
  return x < FAR && x > -FAR ? x : infinity_of(x > 0.0);
}

/* Appends the x of an interval of y unless nothing is left of it. */
/*@ requires  range:  float_sized(scale) && scale != 0.0 && float_sized(shift);
    requires  room:   0 <= x.n <= 4 && are_ordered(x);
    requires  ends:   far_or(y.lo, 1.0e299) && far_or(y.hi, 1.0e299);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   count:  x.n <= \result.n <= x.n + 1;
    ensures   order:  are_ordered(\result);
*/
static intervals append_x(double scale, double shift, mmax_interval y, intervals x) {
  double a = x_of(scale, shift, y.lo), b = x_of(scale, shift, y.hi);
  mmax_interval found = {scale > 0.0 ? a : b, scale > 0.0 ? b : a};
  if (!(found.lo < found.hi)) return x;
  x.v[x.n] = found;
  x.n++;
  return x;
}

/* From intervals of y to those of x; what rounds to nothing is left out. */
/*@ requires  range:  float_sized(scale) && scale != 0.0 && float_sized(shift);
    requires  ends:   0 <= y.n <= 5 && are_ends(y);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   count:  0 <= \result.n <= y.n;
    ensures   order:  are_ordered(\result);
*/
static intervals to_x(double scale, double shift, intervals y) {
  intervals x = {0};
  /*@ loop invariant i:      0 <= i <= y.n;
      loop invariant count:  0 <= x.n <= i;
      loop invariant order:  are_ordered(x);
      loop assigns i, x;
      loop variant y.n - i;
  */
  for (size_t i = 0; i < y.n; i++)
    x = append_x(scale, shift, y.v[scale > 0.0 ? i : y.n - 1 - i], x);
  return x;
}

/*@ requires  count:  0 <= x.n <= 5 && are_ordered(x);
    requires  room:   \valid(out + (0 .. 4));
    terminates \true;
    exits     \false;
    assigns   out[0 .. 4];
    ensures   count:  \result == x.n;
    ensures   order:  \forall integer i; 0 <= i < x.n ==> ordered(out[i].lo, out[i].hi);
*/
static size_t write_intervals(intervals x, mmax_interval *out) {
  /*@ loop invariant i:      0 <= i <= x.n;
      loop invariant order:  \forall integer k; 0 <= k < i ==> ordered(out[k].lo, out[k].hi);
      loop assigns i, out[0 .. 4];
      loop variant x.n - i;
  */
  for (size_t i = 0; i < x.n; i++) out[i] = x.v[i];
  return x.n;
}

/*@ requires  params: \valid_read(params) && valid_params(params);
    requires  room:   \valid(out + (0 .. 4));
    terminates \true;
    exits     \false;
    assigns   out[0 .. 4];
    ensures   count:  0 <= \result <= 5;
    ensures   order:  \forall integer i; 0 <= i < \result ==> \lt_double(out[i].lo, out[i].hi);
*/
size_t mmax_increasing_intervals(const mmax_params *params,
                                 mmax_interval out[MMAX_MAX_INTERVALS]) {
  mmax_fpenv saved = mmax_fpenv_enter();
  const mmax_params p = *params;
  size_t count = 0; /* scale 0: constant */
  if (p.scale != 0.0)
    count = write_intervals(to_x(p.scale, p.shift, increasing(p, p.scale > 0.0)), out);
  mmax_fpenv_leave(saved);
  return count;
}

/* Limit of y + linear*y + quadratic*y^2 away from the knot, outward = +-1. */
/*@ requires  range:  fin(slope) && fin(quadratic) && fin(knot);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   kind:   no_nan(\result);
*/
static double limit(double slope, double quadratic, double knot, int outward) {
  if (quadratic != 0.0) return infinity_of(quadratic > 0.0);
  if (slope == 0.0) return knot; /* y - (y - knot) */
  return infinity_of((slope > 0.0) == outward);
}

/*@ requires  params: \valid_read(params) && valid_params(params);
    requires  out:    \valid(at_minus_inf) && \valid(at_plus_inf);
    terminates \true;
    exits     \false;
    assigns   *at_minus_inf, *at_plus_inf;
    ensures   kind:   no_nan(*at_minus_inf) && no_nan(*at_plus_inf);
*/
void mmax_limits(const mmax_params *params, double *at_minus_inf, double *at_plus_inf) {
  mmax_fpenv saved = mmax_fpenv_enter();
  double scale = params->scale;
  double low = limit(mmax_sub(1.0, params->coef[0]), params->coef[2], params->knot[0], 0);
  double high = limit(mmax_add(1.0, params->coef[1]), params->coef[3], params->knot[1], 1);
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
*/
static double y_near(double scale, double shift, double x) { return mmax_fma(scale, x, shift); }

/*@ requires  range:  float_sized(scale) && float_sized(shift) && no_nan(x);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  far_or(\result, 1.5e219);
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
*/
static double linear(double base, double rate, double y) {
  return mmax_add(base, mmax_mul(rate, y));
}

/*@ requires  range:  bounded(slope, 2.5e258) && bounded(size, 2.5e258);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  bounded(\result, 3.0e258);
*/
static double with_slack(double slope, double size) {
  return mmax_add(magnitude(slope), mmax_mul(0x1p-49, size));
}

/* At least |sigma'(y)|; FAR where it has no bound. */
/*@ requires  base:   bounded(q.base, 6.0e77) && bounded(q.size_base, 6.0e77);
    requires  rate:   bounded(q.rate, 1.5e39) && bounded(q.size_rate, 1.5e39);
    requires  y:      far_or(y, 1.5e219);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  slope_sized(\result);
*/
static double slope_size(piece q, double y) {
  if (q.rate == 0.0) return with_slack(q.base, q.size_base);
  if (y >= FAR || y <= -FAR) return FAR;
  return with_slack(linear(q.base, q.rate, y), linear(q.size_base, q.size_rate, magnitude(y)));
}

/* At least |sigma'| on [lo, hi] off the knots; pieces that touch it at an end count. */
/*@ requires  params: valid_model(p);
    requires  ends:   far_or(lo, 1.5e219) && far_or(hi, 1.5e219);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  slope_sized(\result);
*/
static double largest_slope(mmax_params p, double lo, double hi) {
  double cut[6];
  size_t n = cuts(p, cut);
  double sup = 0.0;
  /*@ loop invariant i:      0 <= i < n;
      loop invariant sup:    slope_sized(sup);
      loop assigns i, sup;
      loop variant n - i;
  */
  for (size_t i = 0; i + 1 < n; i++) {
    double from = larger(cut[i], lo), to = smaller(cut[i + 1], hi);
    if (!(cut[i] < cut[i + 1] && from <= to)) continue;
    piece q = piece_between(p, cut[i], cut[i + 1]);
    sup = larger(sup, larger(slope_size(q, from), slope_size(q, to)));
  }
  return sup;
}

/* At least sup*size, subnormal results too. */
/*@ requires  range:  bounded(sup, 3.0e258) && float_sized(size);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: fin(\result);
*/
static double scaled_up(double sup, double size) {
  double product = mmax_mul(mmax_mul(sup, size), 1.0 + 0x1p-50);
  return mmax_add(product, 0x1p-1073);
}

/*@ requires  params: \valid_read(params) && valid_params(params);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   nan:    \is_NaN(lo) || \is_NaN(hi) ==> \is_NaN(\result);
    ensures   kind:   no_nan(lo) && no_nan(hi) ==> no_nan(\result);
*/
double mmax_lipschitz(const mmax_params *params, double lo, double hi) {
  if (is_nan(lo) || is_nan(hi)) return mmax_wide_nan();
  if (params->scale == 0.0) return 0.0;
  mmax_fpenv saved = mmax_fpenv_enter();
  const mmax_params p = *params;
  double a = y_of(p.scale, p.shift, mmax_fpenv_pin(lo));
  double b = y_of(p.scale, p.shift, mmax_fpenv_pin(hi));
  double sup = largest_slope(p, smaller(a, b), larger(a, b));
  double result = sup < FAR ? mmax_fpenv_pin(scaled_up(sup, magnitude(p.scale))) : mmax_wide_inf();
  mmax_fpenv_leave(saved);
  return result;
}
