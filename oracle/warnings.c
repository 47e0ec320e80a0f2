/* SPDX-License-Identifier: Apache-2.0 */
/* One warning per hazard of a modulator; codes are part of the interface. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "analysis.h"

static void warn(struct analysis *a, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void warn(struct analysis *a, const char *code, const char *format, ...) {
  struct warning *w = &a->warning[a->warnings++];
  va_list arguments;
  va_start(arguments, format);
  w->code = code;
  (void)vsnprintf(w->text, sizeof w->text, format, arguments);
  va_end(arguments);
}

static void warn_limits(struct analysis *a) {
  if (a->at_minus_inf == INFINITY) {
    if (isnan(a->takeover_all))
      warn(a, "takeover", "sigma(-inf) = +inf: very negative logits get the largest probability");
    else
      warn(a, "takeover",
           "sigma(-inf) = +inf: a logit below %.6g beats every logit of the increasing range; "
           "finite mask values take over, so mask with a mask or -inf, never with -1e4 or -1e9",
           a->takeover_all);
  } else if (a->at_minus_inf != -INFINITY) {
    warn(a, "floor", "sigma(-inf) = %.6g: no logit can be pushed to probability 0",
         a->at_minus_inf);
  }
  if (a->at_plus_inf == -INFINITY)
    warn(a, "suppressed",
         "sigma(+inf) = -inf: logits right of %.6g lose probability as they grow, and the largest "
         "logit need not have the largest probability",
         a->ups > 0 ? a->up[a->ups - 1].hi : -INFINITY);
  else if (a->at_plus_inf != INFINITY)
    warn(a, "ceiling", "sigma(+inf) = %.6g: large logits are not told apart", a->at_plus_inf);
}

static void warn_shape(struct analysis *a) {
  const mmax_params *p = &a->model->params;
  for (size_t k = 0; k < a->downs; k++) {
    double lo = fmax(a->down[k].lo, a->lo), hi = fmin(a->down[k].hi, a->hi);
    if (lo >= hi) continue;
    warn(a, "nonmonotone",
         "sigma does not increase on (%.6g, %.6g), inside the range [%.6g, %.6g] of logits: the "
         "order of probabilities is not that of logits there",
         lo, hi, a->lo, a->hi);
    break; /* one warning; the report lists all intervals */
  }
  for (int pair = 0; pair < 2; pair++) {
    unsigned both = pair == 0 ? MMAX_ORDER_1 : MMAX_ORDER_2 & ~(unsigned)MMAX_ORDER_1;
    if ((p->terms & both) == both && p->knot[2 * pair] > p->knot[2 * pair + 1])
      warn(a, pair == 0 ? "crossing1" : "crossing2",
           "knots cross, b%d = %.9g > d%d = %.9g: both terms act between them; Eq. 6 is the "
           "definition, an implementation by cases (Eq. 5) gives other results",
           pair + 1, p->knot[2 * pair], pair + 1, p->knot[2 * pair + 1]);
  }
}

static void warn_formats(struct analysis *a) {
  double nearest = fmin(fabs(a->overflow16.left), fabs(a->overflow16.right));
  if (!isnan(nearest) && nearest <= 65504)
    warn(a, "float16",
         "evaluated in float16, Eq. 6 overflows from |x| = %.6g on: use float32 or this library",
         nearest);
  if (isnan(a->minus_inf_sigma32))
    warn(a, "nan-mask",
         "evaluated in float32, sigma(-inf) is NaN: masks must not pass through sigma (this "
         "library leaves masked entries out)");
  for (int k = 0; k < ANALYSIS_MASKS; k++) {
    float got = a->mask_sigma32[k];
    if (isfinite(got) || got == -INFINITY) continue;
    warn(a, "lowest-mask", "evaluated in float32, sigma(%.6g) is %s: that mask value spoils a row",
         (double)a->mask[k], isnan(got) ? "NaN" : "+inf");
    break;
  }
}

void analysis_warn(struct analysis *a) {
  warn_limits(a);
  warn_shape(a);
  warn_formats(a);
  if (!(a->bound_probs <= 1))
    warn(a, "accuracy",
         "on [%.6g, %.6g] with %zu entries the bound is %.4g ulp, more than 1: A = %.4g", a->lo,
         a->hi, a->cols, a->bound_probs, a->condition);
}
