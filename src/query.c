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

#define FAR 0x1p1020
#define FAR_X 0x1p600 /* a logit beyond is taken as infinite */

static double magnitude(double v) { return v < 0.0 ? -v : v; }

static double infinity_of(int positive) { return positive ? mmax_wide_inf() : -mmax_wide_inf(); }

double mmax_sigma(const mmax_params *params, float x) {
  mmax_fpenv saved = mmax_fpenv_enter();
  double s = mmax_fpenv_pin(mmax_modulated(params, mmax_fpenv_pin32(x)));
  mmax_fpenv_leave(saved);
  return s;
}

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

static double with(double sum, int acts, double term) { return acts ? mmax_add(sum, term) : sum; }

static double with4(double sum, int a1, double t1, int a2, double t2, int a3, double t3, int a4,
                    double t4) {
  return with(with(with(with(sum, a1, t1), a2, t2), a3, t3), a4, t4);
}

static double with2(int a1, double t1, int a2, double t2) {
  return with(with(0.0, a1, t1), a2, t2);
}

static piece piece_between(const mmax_params *p, double lo, double hi) {
  int low1 = hi <= p->knot[0], high1 = lo >= p->knot[1];
  int low2 = hi <= p->knot[2], high2 = lo >= p->knot[3];
  double c1 = p->coef[0], c2 = p->coef[1];
  double rate3 = mmax_twice(p->coef[2]), rate4 = mmax_twice(p->coef[3]);
  double at3 = mmax_mul(rate3, p->knot[2]), at4 = mmax_mul(rate4, p->knot[3]);
  piece q = {lo, hi, 0.0, 0.0, 0.0, 0.0};
  q.base = with4(1.0, low1, -c1, high1, c2, low2, -at3, high2, -at4);
  q.rate = with2(low2, rate3, high2, rate4);
  q.size_base = with4(1.0, low1, magnitude(c1), high1, magnitude(c2), low2, magnitude(at3), high2,
                      magnitude(at4));
  q.size_rate = with2(low2, magnitude(rate3), high2, magnitude(rate4));
  return q;
}

/* Into the ascending cut[0..n-1], whose first is below every knot. */
static void insert(double *cut, size_t n, double knot) {
  size_t at = n;
  for (; at > 1 && cut[at - 1] > knot; at--) cut[at] = cut[at - 1];
  cut[at] = knot;
}

/* The knots that matter, ascending, between -FAR and FAR; returns how many numbers. */
static size_t cuts(const mmax_params *p, double cut[6]) {
  size_t n = 1;
  cut[0] = -FAR;
  for (int i = 0; i < 4; i++)
    if (p->coef[i] != 0.0) insert(cut, n++, p->knot[i]);
  cut[n] = FAR;
  return n + 1;
}

/* The pieces in ascending order of y; returns how many, at most 5. */
static size_t pieces(const mmax_params *p, piece out[5]) {
  double cut[6];
  size_t n = cuts(p, cut), count = 0;
  for (size_t i = 0; i + 1 < n; i++)
    if (cut[i] < cut[i + 1]) out[count++] = piece_between(p, cut[i], cut[i + 1]);
  return count;
}

/* a/b, b != 0; beyond 2^990 FAR with its sign. */
static double quotient(double a, double b) {
  if (mmax_mul(magnitude(a), 0x1p-990) >= magnitude(b)) return (a < 0.0) == (b < 0.0) ? FAR : -FAR;
  return mmax_div(a, b);
}

/* Where sign * sigma' > 0 on the piece; 0 if nowhere. */
static int positive_part(const piece *q, double sign, mmax_interval *out) {
  double base = sign * q->base, rate = sign * q->rate;
  *out = (mmax_interval){q->lo, q->hi};
  if (rate == 0.0) return base > 0.0;
  double root = quotient(-base, rate);
  if (rate > 0.0 && root > out->lo) out->lo = root;
  if (rate < 0.0 && root < out->hi) out->hi = root;
  return out->lo < out->hi;
}

/* The intervals of y where sign * sigma increases. */
static size_t increasing(const mmax_params *p, double sign,
                         mmax_interval out[MMAX_MAX_INTERVALS]) {
  piece parts[5];
  size_t n = pieces(p, parts), count = 0;
  for (size_t i = 0; i < n; i++) {
    mmax_interval found;
    if (!positive_part(&parts[i], sign, &found)) continue;
    if (count > 0 && out[count - 1].hi == found.lo)
      out[count - 1].hi = found.hi; /* continuous: increasing across the knot */
    else
      out[count++] = found;
  }
  return count;
}

/* The x of an end of an interval of y. */
static double x_of(const mmax_params *p, double y) {
  double x = y;
  if (y < FAR && y > -FAR)
    x = quotient(mmax_sub(y, p->shift), p->scale);
  else if (p->scale < 0.0)
    x = -y;
  return x < FAR && x > -FAR ? x : infinity_of(x > 0.0);
}

size_t mmax_increasing_intervals(const mmax_params *params,
                                 mmax_interval out[MMAX_MAX_INTERVALS]) {
  if (params->scale == 0.0) return 0; /* constant */
  mmax_fpenv saved = mmax_fpenv_enter();
  int rising = params->scale > 0.0;
  mmax_interval found[MMAX_MAX_INTERVALS];
  size_t n = increasing(params, rising ? 1.0 : -1.0, found), count = 0;
  for (size_t i = 0; i < n; i++) {
    mmax_interval y = found[rising ? i : n - 1 - i];
    double lo = x_of(params, rising ? y.lo : y.hi), hi = x_of(params, rising ? y.hi : y.lo);
    if (lo < hi) out[count++] = (mmax_interval){lo, hi}; /* else nothing is left of it in x */
  }
  mmax_fpenv_leave(saved);
  return count;
}

/* Limit of y + linear*y + quadratic*y^2 away from the knot, outward = +-1. */
static double limit(double slope, double quadratic, double knot, int outward) {
  if (quadratic != 0.0) return infinity_of(quadratic > 0.0);
  if (slope == 0.0) return knot; /* y - (y - knot) */
  return infinity_of((slope > 0.0) == outward);
}

void mmax_limits(const mmax_params *params, double *at_minus_inf, double *at_plus_inf) {
  mmax_fpenv saved = mmax_fpenv_enter();
  double low = limit(mmax_sub(1.0, params->coef[0]), params->coef[2], params->knot[0], 0);
  double high = limit(mmax_add(1.0, params->coef[1]), params->coef[3], params->knot[1], 1);
  if (params->scale == 0.0) low = high = mmax_modulate(params, mmax_affine(params, 0.0));
  *at_minus_inf = params->scale < 0.0 ? high : low;
  *at_plus_inf = params->scale < 0.0 ? low : high;
  mmax_fpenv_leave(saved);
}

/* The y of an end of an interval of x: rounded once, so it passes no knot. */
static double y_of(const mmax_params *p, double x) {
  if (x > FAR_X || x < -FAR_X) return (x < 0.0) == (p->scale < 0.0) ? FAR : -FAR;
  return mmax_fma(p->scale, x, p->shift);
}

/* At least |sigma'(y)|; FAR where it has no bound. */
static double slope_size(const piece *q, double y) {
  if (q->rate == 0.0) return mmax_add(magnitude(q->base), mmax_mul(0x1p-49, q->size_base));
  if (y >= FAR || y <= -FAR) return FAR;
  double slope = mmax_add(q->base, mmax_mul(q->rate, y));
  double size = mmax_add(q->size_base, mmax_mul(q->size_rate, magnitude(y)));
  return mmax_add(magnitude(slope), mmax_mul(0x1p-49, size));
}

static double larger(double a, double b) { return a > b ? a : b; }
static double smaller(double a, double b) { return a < b ? a : b; }

/* At least |sigma'| on [lo, hi] off the knots; pieces that touch it at an end count. */
static double largest_slope(const mmax_params *p, double lo, double hi) {
  piece parts[5];
  size_t n = pieces(p, parts);
  double sup = 0.0;
  for (size_t i = 0; i < n; i++) {
    double from = larger(parts[i].lo, lo), to = smaller(parts[i].hi, hi);
    if (from > to) continue;
    sup = larger(sup, larger(slope_size(&parts[i], from), slope_size(&parts[i], to)));
  }
  return sup;
}

/* At least sup*|scale|, subnormal results too. */
static double scaled_up(double sup, double scale) {
  double product = mmax_mul(mmax_mul(sup, magnitude(scale)), 1.0 + 0x1p-50);
  return mmax_add(product, 0x1p-1073);
}

double mmax_lipschitz(const mmax_params *params, double lo, double hi) {
  if (!(lo == lo && hi == hi)) return mmax_wide_nan();
  if (params->scale == 0.0) return 0.0;
  mmax_fpenv saved = mmax_fpenv_enter();
  double a = y_of(params, mmax_fpenv_pin(lo)), b = y_of(params, mmax_fpenv_pin(hi));
  double sup = largest_slope(params, smaller(a, b), larger(a, b));
  double result = sup < FAR ? mmax_fpenv_pin(scaled_up(sup, params->scale)) : mmax_wide_inf();
  mmax_fpenv_leave(saved);
  return result;
}
