/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the modulator does as a function on the reals: where it increases, its
 * limits, its Lipschitz constant. sigma' is linear between neighbouring knots,
 * so five pieces tell everything.
 */
#include "fpenv.h"
#include "multimax.h"
#include "ref/modulator.h"

#define INF mmax_wide_inf()

double mmax_sigma(const mmax_params *params, float x) {
  mmax_fpenv saved = mmax_fpenv_enter();
  volatile float pinned = x;
  double s = mmax_fpenv_pin(mmax_modulated(params, pinned));
  mmax_fpenv_leave(saved);
  return s;
}

double mmax_sigma_derivative(const mmax_params *params, float x) {
  mmax_fpenv saved = mmax_fpenv_enter();
  volatile float pinned = x;
  double y = mmax_affine(params, mmax_widen(pinned));
  double d = mmax_fpenv_pin(mmax_slope(params, mmax_hinges_at(params, y)) * params->scale);
  mmax_fpenv_leave(saved);
  return d;
}

/* sigma'(y) = base + rate*y on (lo, hi), no knot inside; |rounding| <= 2^-49 * size(y). */
typedef struct piece {
  double lo, hi, base, rate, size_base, size_rate;
} piece;

static double magnitude(double v) { return v < 0.0 ? -v : v; }

static piece piece_between(const mmax_params *p, double lo, double hi) {
  piece q = {lo, hi, 1.0, 0.0, 1.0, 0.0};
  if (hi <= p->knot[0]) q.base -= p->coef[0];
  if (lo >= p->knot[1]) q.base += p->coef[1];
  if (hi <= p->knot[2]) {
    q.base -= 2.0 * p->coef[2] * p->knot[2];
    q.rate += 2.0 * p->coef[2];
  }
  if (lo >= p->knot[3]) {
    q.base -= 2.0 * p->coef[3] * p->knot[3];
    q.rate += 2.0 * p->coef[3];
  }
  q.size_base = 1.0 + magnitude(p->coef[0]) + magnitude(p->coef[1]) +
                2.0 * magnitude(p->coef[2] * p->knot[2]) +
                2.0 * magnitude(p->coef[3] * p->knot[3]);
  q.size_rate = 2.0 * magnitude(p->coef[2]) + 2.0 * magnitude(p->coef[3]);
  return q;
}

/* The pieces in ascending order of y; returns how many, at most 5. */
static size_t pieces(const mmax_params *p, piece out[5]) {
  double cut[6];
  size_t n = 0;
  cut[n++] = -INF;
  for (int i = 0; i < 4; i++) /* insertion sort of the knots that matter */
    if (p->coef[i] != 0.0) {
      size_t at = n++;
      for (; cut[at - 1] > p->knot[i]; at--) cut[at] = cut[at - 1];
      cut[at] = p->knot[i];
    }
  cut[n++] = INF;
  size_t count = 0;
  for (size_t i = 0; i + 1 < n; i++)
    if (cut[i] < cut[i + 1]) out[count++] = piece_between(p, cut[i], cut[i + 1]);
  return count;
}

/* Where sign * sigma' > 0 on the piece; 0 if nowhere. */
static int positive_part(const piece *q, double sign, mmax_interval *out) {
  double base = sign * q->base, rate = sign * q->rate;
  *out = (mmax_interval){q->lo, q->hi};
  if (rate == 0.0) return base > 0.0;
  double root = -base / rate;
  if (rate > 0.0 && root > out->lo) out->lo = root;
  if (rate < 0.0 && root < out->hi) out->hi = root;
  return out->lo < out->hi;
}

size_t mmax_increasing_intervals(const mmax_params *params,
                                 mmax_interval out[MMAX_MAX_INTERVALS]) {
  if (params->scale == 0.0) return 0; /* constant */
  mmax_fpenv saved = mmax_fpenv_enter();
  double sign = params->scale > 0.0 ? 1.0 : -1.0;
  piece parts[5];
  size_t n = pieces(params, parts), count = 0;
  for (size_t i = 0; i < n; i++) {
    mmax_interval found;
    if (!positive_part(&parts[i], sign, &found)) continue;
    if (count > 0 && out[count - 1].hi == found.lo)
      out[count - 1].hi = found.hi; /* continuous: increasing across the knot */
    else
      out[count++] = found;
  }
  for (size_t i = 0; i < count; i++) { /* from y to x */
    double lo = (out[i].lo - params->shift) / params->scale;
    double hi = (out[i].hi - params->shift) / params->scale;
    out[i] = sign > 0.0 ? (mmax_interval){lo, hi} : (mmax_interval){hi, lo};
  }
  for (size_t i = 0; sign < 0.0 && i < count / 2; i++) {
    mmax_interval t = out[i];
    out[i] = out[count - 1 - i];
    out[count - 1 - i] = t;
  }
  mmax_fpenv_leave(saved);
  return count;
}

/* Limit of y + linear*y + quadratic*y^2 away from the knot, outward = +-1. */
static double limit(double slope, double quadratic, double knot, double outward) {
  if (quadratic != 0.0) return quadratic > 0.0 ? INF : -INF;
  if (slope == 0.0) return knot; /* y - (y - knot) */
  return slope * outward > 0.0 ? INF : -INF;
}

void mmax_limits(const mmax_params *params, double *at_minus_inf, double *at_plus_inf) {
  mmax_fpenv saved = mmax_fpenv_enter();
  double low = limit(1.0 - params->coef[0], params->coef[2], params->knot[0], -1.0);
  double high = limit(1.0 + params->coef[1], params->coef[3], params->knot[1], 1.0);
  if (params->scale == 0.0) low = high = mmax_sigma(params, 0.0f);
  *at_minus_inf = params->scale < 0.0 ? high : low;
  *at_plus_inf = params->scale < 0.0 ? low : high;
  mmax_fpenv_leave(saved);
}

static double slope_size(const piece *q, double y) {
  return magnitude(q->base + q->rate * y) + 0x1p-49 * (q->size_base + q->size_rate * magnitude(y));
}

double mmax_lipschitz(const mmax_params *params, double lo, double hi) {
  mmax_fpenv saved = mmax_fpenv_enter();
  double a = params->scale * lo + params->shift, b = params->scale * hi + params->shift;
  double slack = 0x1p-50 * (magnitude(params->shift) + magnitude(params->scale * lo) +
                            magnitude(params->scale * hi));
  double ylo = (a < b ? a : b) - slack, yhi = (a < b ? b : a) + slack;
  piece parts[5];
  size_t n = pieces(params, parts);
  double sup = 0.0;
  for (size_t i = 0; i < n; i++) {
    double from = parts[i].lo > ylo ? parts[i].lo : ylo;
    double to = parts[i].hi < yhi ? parts[i].hi : yhi;
    if (from > to) continue;
    double at_from = slope_size(&parts[i], from), at_to = slope_size(&parts[i], to);
    if (at_from > sup) sup = at_from;
    if (at_to > sup) sup = at_to;
  }
  double result = mmax_fpenv_pin(sup * magnitude(params->scale) * (1.0 + 0x1p-50));
  mmax_fpenv_leave(saved);
  return result;
}
