/* SPDX-License-Identifier: Apache-2.0 */
/* Forward outputs against the oracle: every entry, every row's sum, order and ties. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

/* One row under examination. */
struct row_view {
  struct session *s;
  const struct audit_case *c;
  size_t case_index, row;
  const float *x, *out;
  const uint8_t *mask;
  struct limits limits;
  unsigned flags;
};

static struct observation seen(const struct row_view *v, size_t col, enum severity severity,
                               double measure, double bound, const char *message) {
  struct observation o = {.severity = severity, .measure = measure, .bound = bound,
                          .case_index = v->case_index, .row = v->row, .col = col,
                          .input = v->x[col], .got = v->out[col], .exact = NAN};
  (void)snprintf(o.message, sizeof o.message, "%s", message);
  return o;
}

static void record(const struct row_view *v, enum property property, size_t col, enum severity severity,
                   double measure, double bound, double exact, const char *message) {
  struct observation o = seen(v, col, severity, measure, bound, message);
  o.exact = exact;
  verdicts_record(v->s->verdicts, property, v->c->group, &o);
}

/* ---- special rows ------------------------------------------------------- */

/* Every entry NaN (canonical if asked), or else the first that is not. */
static size_t first_not_nan(const struct row_view *v, int canonical) {
  for (size_t k = 0; k < v->c->cols; k++)
    if (!isnan(v->out[k]) || (canonical && !same_bits(v->out[k], NAN, 1))) return k;
  return v->c->cols;
}

static size_t first_not_empty(const struct row_view *v) {
  for (size_t k = 0; k < v->c->cols; k++)
    if (!(v->out[k] == (v->c->op == WIRE_LOG ? -INFINITY : 0.0f))) return k;
  return v->c->cols;
}

static int special_row(const struct row_view *v, enum expectation expectation, enum property property) {
  size_t n = v->c->cols;
  size_t not_nan = first_not_nan(v, expectation == EXPECT_CANONICAL_NAN), not_empty = first_not_empty(v);
  int nan_fits = expectation == EXPECT_NAN || expectation == EXPECT_CANONICAL_NAN ||
                 expectation == EXPECT_NAN_OR_EMPTY || expectation == EXPECT_NAN_OR_VALUES;
  int empty_fits = expectation == EXPECT_EMPTY || expectation == EXPECT_NAN_OR_EMPTY;
  if (expectation == EXPECT_NAN_OR_VALUES && not_nan < n) return 0; /* judged by its values */
  int fits = (nan_fits && not_nan == n) || (empty_fits && not_empty == n);
  size_t at = nan_fits ? not_nan : not_empty;
  int payload = expectation == EXPECT_CANONICAL_NAN && first_not_nan(v, 0) == n;
  record(v, property, fits ? 0 : at, fits ? SEVERITY_PASS : payload ? SEVERITY_MINOR : SEVERITY_MAJOR,
         fits ? 0 : 1, 0, nan_fits ? NAN : v->c->op == WIRE_LOG ? -INFINITY : 0,
         fits      ? ""
         : payload ? "NaN, but not the canonical 0x7fc00000"
         : nan_fits ? "a plausible value where the row's result is NaN"
                    : "not the profile's answer to a row without entries");
  return 1;
}

/* What masked entries hold came through: nothing else needs to be said of the row. */
static int poisoned_row(const struct row_view *v) {
  size_t k = 0;
  while (k < v->c->cols && !isnan(v->out[k])) k++;
  int poisoned = k < v->c->cols;
  record(v, PROP_MASK_INERT, poisoned ? k : 0, poisoned ? SEVERITY_MAJOR : SEVERITY_PASS, poisoned, 0, NAN,
         poisoned ? "a masked NaN or infinity reached the output" : "");
  return poisoned;
}

/* ---- entries ------------------------------------------------------------ */

static void masked_entry(const struct row_view *v, size_t k) {
  int hidden = v->mask != NULL && v->mask[k] != 0;
  float want = v->c->op == WIRE_LOG ? -INFINITY : 0.0f;
  float got = v->out[k];
  enum severity severity = got == want                   ? SEVERITY_PASS
                           : !(fabsf(got) <= 0x1p-24f) ? SEVERITY_CRITICAL
                                                         : SEVERITY_MAJOR;
  record(v, hidden ? PROP_MASKED_ZERO : PROP_MINUS_INF, k, severity,
         got == want ? 0 : isnan(got) ? INFINITY : fabs((double)got), 0, (double)want,
         got == want ? "" : "a masked entry got weight");
}

static void check_finite(const struct row_view *v, size_t k) {
  float got = v->out[k];
  int bad = v->c->op == WIRE_LOG ? isnan(got) || got == INFINITY : !isfinite(got);
  int overflow = (v->flags & FLAG_OVERFLOW) != 0 && v->limits.profile != PROFILE_OURS;
  record(v, PROP_FINITE, k, !bad ? SEVERITY_PASS : overflow ? SEVERITY_MINOR : SEVERITY_CRITICAL, bad, 0, NAN,
         bad ? "finite logits, but the output is not" : "");
}

static void check_range(const struct row_view *v, size_t k) {
  double got = (double)v->out[k], step = ldexp(1, 1 - v->limits.format->digits), excess = 0;
  if (isnan(got)) return;
  if (got < 0) excess = -got;
  if (got > 1) excess = got - 1;
  record(v, PROP_RANGE, k,
         excess == 0                  ? SEVERITY_PASS
         : got > 1 && excess <= step  ? SEVERITY_MINOR
         : excess > 0x1p-12           ? SEVERITY_CRITICAL
                                      : SEVERITY_MAJOR,
         excess, 0, NAN, excess == 0 ? "" : got < 0 ? "a negative probability" : "a probability above 1");
}

static void check_value(const struct row_view *v, size_t k, exact_value exact) {
  float got = v->out[k];
  double error = format_ulp_error(v->limits.format, got, exact);
  double absolute = isnan(got) ? INFINITY : fabs((double)got - exact.hi);
  if (v->c->op == WIRE_LOG) {
    double limit = limit_log(&v->limits, v->x[k], exact);
    if (!isfinite(limit)) return;
    enum severity severity = limits_grade(&v->limits, error, limit, absolute / fmax(1, fabs(exact.hi)));
    /* Within the absolute limit, yet without the digits a float32 near 0 could have. */
    int few_digits = severity == SEVERITY_PASS && error > 1000;
    record(v, PROP_LOG, k, few_digits ? SEVERITY_INFO : severity, error, limit, exact.hi,
           few_digits ? "near 0, where log(sum) leaves an absolute error only" : "");
    return;
  }
  double limit = limit_prob(&v->limits, exact);
  if (isnan(got) && (v->flags & FLAG_OVERFLOW) != 0 && v->limits.profile != PROFILE_OURS) return; /* `finite` has it */
  verdicts_error(v->s->verdicts, v->c->group, v->x[k], v->c->cols, error);
  if (!isfinite(limit)) return;
  double tiny = format_tiny(v->limits.format);
  enum property property = exact.hi < tiny ? PROP_UNDERFLOW : exact.hi < 0x1p-20 ? PROP_TINY : PROP_ACCURACY;
  enum severity severity = limits_grade(&v->limits, error, limit, absolute);
  int lost = severity == SEVERITY_PASS && error > 1024 && property != PROP_UNDERFLOW; /* 2^-14 of the result, float32 */
  if (lost) severity = SEVERITY_INFO;
  /* Flushing to zero loses what every format below float64 loses somewhere: minor, unless promised. */
  if (property == PROP_UNDERFLOW && severity == SEVERITY_MAJOR && v->limits.profile == PROFILE_PYTORCH)
    severity = SEVERITY_MINOR;
  record(v, property, k, severity, error, limit, exact.hi,
         severity == SEVERITY_PASS                     ? ""
         : lost                                        ? "float32 arithmetic explains it, the digits are lost all the same"
         : isnan(got)                                  ? "NaN"
         : got == 0 && property == PROP_UNDERFLOW      ? "flushed to zero"
         : got == 0                                    ? "zero where a normal probability is due"
                                                       : "");
}

/* ---- the row as a whole ------------------------------------------------- */

static void check_sum(const struct row_view *v) {
  double sum = 0, carry = 0; /* compensated, in float64 */
  for (size_t k = 0; k < v->c->cols; k++) {
    double y = (double)v->out[k] - carry, t = sum + y;
    carry = (t - sum) - y;
    sum = t;
  }
  double off = fabs(sum - 1), limit = limit_sum(&v->limits);
  int overflow = (v->flags & FLAG_OVERFLOW) != 0 && isnan(sum) && v->limits.profile != PROFILE_OURS;
  double gross = fmax(0x1p-7, 8 * format_unit(v->limits.format));
  enum severity severity = overflow ? SEVERITY_MINOR
                           : off <= limit ? SEVERITY_PASS
                           : !(off <= gross) ? SEVERITY_CRITICAL
                                             : limits_grade(&v->limits, off, limit, 0);
  char message[80] = "";
  if (severity > SEVERITY_PASS) (void)snprintf(message, sizeof message, "the probabilities sum to %.9g", isnan(sum) ? NAN : sum);
  record(v, PROP_NORMALISED, 0, severity, isnan(off) ? INFINITY : off, limit, 1, message);
}

struct ranked {
  float x, p;
  double exact;
  size_t col;
};

static int by_exact(const void *a, const void *b) {
  const struct ranked *r = a, *q = b;
  if (r->exact != q->exact) return r->exact < q->exact ? -1 : 1;
  return r->x != q->x ? (r->x < q->x ? -1 : 1) : r->col < q->col ? -1 : r->col > q->col;
}

static int by_logit(const void *a, const void *b) {
  const struct ranked *r = a, *q = b;
  if (r->x != q->x) return r->x < q->x ? -1 : 1;
  return r->col < q->col ? -1 : r->col > q->col;
}

static double ulps_between(const struct limits *l, float a, float b) {
  exact_value at = {fabs((double)a), 0};
  return fabs((double)a - (double)b) / format_ulp(l->format, at);
}

static void compare_neighbours(const struct row_view *v, enum property property, const struct ranked *low,
                               const struct ranked *high, int wrong) {
  char message[120] = "";
  if (isnan(low->p) || isnan(high->p)) return; /* `finite` has it */
  double apart = wrong ? ulps_between(&v->limits, low->p, high->p) : 0;
  exact_value middle = {high->exact, 0};
  double limit = v->c->op == WIRE_LOG ? limit_log(&v->limits, high->x, middle) : limit_prob(&v->limits, middle);
  int rounding = apart <= 2 * limit;
  enum severity severity = !wrong ? SEVERITY_PASS
                           : !rounding ? SEVERITY_MAJOR
                           : property == PROP_ORDER ? SEVERITY_INFO
                           : v->limits.profile == PROFILE_OURS ? SEVERITY_MAJOR : SEVERITY_MINOR;
  if (wrong) (void)snprintf(message, sizeof message, "entry %zu (logit %a) has %a, entry %zu (logit %a) has %a",
                            low->col, (double)low->x, (double)low->p, high->col, (double)high->x, (double)high->p);
  record(v, property, high->col, severity, apart, property == PROP_TIES ? 0 : 2 * limit, high->exact, message);
}

static void check_order(const struct row_view *v) {
  struct ranked *r = audit_alloc(v->c->cols, sizeof *r);
  size_t n = 0;
  for (size_t k = 0; k < v->c->count; k++) {
    size_t at = v->c->at == NULL ? k : v->c->at[k];
    if (at / v->c->cols != v->row) continue;
    size_t col = at % v->c->cols;
    if (!is_masked(v->x, v->mask, col))
      r[n++] = (struct ranked){v->x[col], v->out[col], v->c->exact[k].hi, col};
  }
  qsort(r, n, sizeof *r, by_logit);
  for (size_t k = 1; k < n; k++)
    if (r[k].x == r[k - 1].x)
      compare_neighbours(v, PROP_TIES, &r[k - 1], &r[k], !same_bits(r[k].p, r[k - 1].p, 0));
  qsort(r, n, sizeof *r, by_exact);
  for (size_t k = 1; k < n; k++)
    if (r[k].exact > r[k - 1].exact) compare_neighbours(v, PROP_ORDER, &r[k - 1], &r[k], r[k].p < r[k - 1].p);
  free(r);
}

void check_rows(struct session *s, const struct audit_case *c, size_t case_index, const float *out) {
  size_t next = 0;
  for (size_t row = 0; row < c->rows; row++) {
    struct row_view v = {s, c, case_index, row, c->logits + row * c->cols, out + row * c->cols,
                         c->mask == NULL ? NULL : c->mask + row * c->cols, {0}, s->suite->groups[c->group].flags};
    enum property property;
    enum expectation expectation = profile_row(s->profile, &c->params, v.x, v.mask, c->cols, &property);
    int special = expectation != EXPECT_VALUES && special_row(&v, expectation, property);
    if (!special && property == PROP_MASK_INERT) special = poisoned_row(&v);
    if (!special) limits_start(&v.limits, s->profile, s->facts.format, c, row);
    for (; next < c->count; next++) {
      size_t at = c->at == NULL ? next : c->at[next];
      if (at / c->cols != row) break;
      size_t col = at % c->cols;
      if (special) continue;
      if (is_masked(v.x, v.mask, col)) {
        masked_entry(&v, col);
        continue;
      }
      check_finite(&v, col);
      if (c->op == WIRE_FORWARD) check_range(&v, col);
      check_value(&v, col, c->exact[next]);
    }
    if (special) continue;
    if (c->op == WIRE_FORWARD) check_sum(&v);
    check_order(&v);
  }
}
