/* SPDX-License-Identifier: Apache-2.0 */
/* See analysis.h. */
#include "analysis.h"

#include <float.h>
#include <math.h>

#include "float_order.h"

static double sigma(const struct analysis *a, double x) {
  return mmax_sigma(&a->model->params, (float)x);
}

/* The gaps between the increasing intervals, and the points where the two meet. */
static void find_intervals(struct analysis *a) {
  double from = -INFINITY;
  a->ups = mmax_increasing_intervals(&a->model->params, a->up);
  a->main = (mmax_interval){1, -1};
  for (size_t k = 0; k <= a->ups; k++) {
    double to = k < a->ups ? a->up[k].lo : INFINITY;
    if (from < to) {
      a->down[a->downs++] = (mmax_interval){from, to};
      if (isfinite(from)) a->turning[a->turnings++] = from;
      if (isfinite(to)) a->turning[a->turnings++] = to;
    }
    if (k == a->ups) break;
    from = a->up[k].hi;
    if (a->up[k].hi - a->up[k].lo > a->main.hi - a->main.lo) a->main = a->up[k];
  }
}

/* The float32 nearest to `end` at which sigma reaches `level`, or NaN: sigma moves away
   from `level` monotonically as x goes from `end` to `start`. above: reach from below. */
static double search(const struct analysis *a, float start, float end, double level, int above) {
  int64_t out = float_rank(end), in = float_rank(start);
  if ((sigma(a, (double)end) >= level) != above || end == start) return NAN;
  if ((sigma(a, (double)start) >= level) == above) return (double)start;
  while (out - in > 1 || in - out > 1) {
    int64_t middle = out + (in - out) / 2;
    if ((sigma(a, (double)float_of_rank(middle)) >= level) == above)
      out = middle;
    else
      in = middle;
  }
  return (double)float_of_rank(out);
}

static void find_takeover(struct analysis *a) {
  a->takeover_zero = a->takeover_all = a->takeover_level = NAN;
  a->fall_zero = a->vanish = NAN;
  if (a->ups == 0) return;
  double first = a->up[0].lo, last = a->up[a->ups - 1].hi;
  if (a->at_minus_inf == INFINITY && isfinite(first) && fabs(first) <= (double)FLT_MAX) {
    a->takeover_level = sigma(a, isfinite(a->main.hi) ? a->main.hi : a->hi);
    a->takeover_zero = search(a, (float)first, -FLT_MAX, sigma(a, 0), 1);
    a->takeover_all = search(a, (float)first, -FLT_MAX, a->takeover_level, 1);
  }
  if (a->at_plus_inf == -INFINITY && isfinite(last) && fabs(last) <= (double)FLT_MAX)
    a->fall_zero = search(a, (float)last, FLT_MAX, sigma(a, 0), 0);
  /* Below 2^-150 a probability rounds to 0; 150 ln 2 = 103.97.... */
  float left = a->main.lo < -(double)FLT_MAX ? -FLT_MAX : (float)a->main.lo;
  if (a->main.lo < 0 && a->main.hi >= 0)
    a->vanish = search(a, 0.0f, left, sigma(a, 0) - 103.97207708399179, 0);
}

static void find_masks(struct analysis *a) {
  static const float masks[ANALYSIS_MASKS] = {-1e4f, -65504.0f, -1e9f, -FLT_MAX};
  const mmax_params *params = &a->model->params;
  for (int k = 0; k < ANALYSIS_MASKS; k++) {
    float row[3] = {masks[k], 0.0f, 1.0f}, probs[3] = {NAN, NAN, NAN};
    mmax_rows rows = {.logits = row, .rows = 1, .cols = 3, .stride = 3};
    (void)mmax_forward(params, &rows, probs, 3, NULL, NULL);
    a->mask[k] = masks[k];
    a->mask_prob[k] = probs[0];
    a->mask_sigma32[k] = narrow_sigma32(params, masks[k]);
  }
  a->minus_inf_sigma32 = narrow_sigma32(params, -INFINITY);
}

void analyse(struct analysis *a, const struct model *model, double lo, double hi, size_t cols) {
  const mmax_params *params = &model->params;
  *a = (struct analysis){.model = model, .lo = lo, .hi = hi, .cols = cols};
  mmax_limits(params, &a->at_minus_inf, &a->at_plus_inf);
  find_intervals(a);
  find_takeover(a);
  find_masks(a);
  a->overflow32 = narrow_overflow32(params);
  a->overflow16 = narrow_overflow16(params);
  a->lipschitz = mmax_lipschitz(params, lo, hi);
  /* A is convex in x: a sum of absolute values and of convex hinges. */
  a->condition = fmax(mmax_condition(params, (float)lo), mmax_condition(params, (float)hi));
  a->bound_probs = mmax_bound_probs_ulp(a->condition, cols);
  a->bound_log = mmax_bound_log_ulp(a->condition, cols);
  a->bound_sum = mmax_bound_sum(cols);
  a->bound_gradient = mmax_bound_gradient(a->condition, cols);
  analysis_warn(a);
}
