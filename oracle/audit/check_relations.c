/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same case sent in other ways: what must not change, does it? Outputs are
 * compared bit by bit; a difference within the accuracy limit is of less
 * weight than one beyond, except in the profile `ours`, which promises bits.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

/* One changed copy of a case's inputs. */
struct changed {
  size_t rows;
  float *logits, *upstream, *out;
  uint8_t *mask;
};

static struct changed changed_room(const struct audit_case *c, size_t rows, size_t cols) {
  struct changed d = {rows, audit_alloc(rows * cols, sizeof(float)), NULL, audit_alloc(rows * cols, sizeof(float)), NULL};
  if (c->upstream != NULL) d.upstream = audit_alloc(rows * cols, sizeof(float));
  if (c->mask != NULL) d.mask = audit_alloc(rows * cols, 1);
  return d;
}

static void changed_free(struct changed *d) {
  free(d->logits);
  free(d->upstream);
  free(d->out);
  free(d->mask);
}

static void copy_entry(struct changed *d, size_t to, const struct audit_case *c, size_t from) {
  d->logits[to] = c->logits[from];
  if (c->upstream != NULL) d->upstream[to] = c->upstream[from];
  if (c->mask != NULL) d->mask[to] = c->mask[from];
}

static int send(struct session *s, const struct audit_case *c, size_t index, const struct variant *v, struct changed *d) {
  return session_call(s, c, index, v, d->logits, d->mask, d->upstream, d->rows, d->out, NULL, NULL);
}

/* ulp between two results of the same quantity; the exact value is at hand where known. */
static double apart(const struct format *format, float a, float b, exact_value exact) {
  if (isnan(a) || isnan(b)) return isnan(a) && isnan(b) ? 0 : INFINITY;
  if (!isfinite(a) || !isfinite(b)) return a == b ? 0 : INFINITY;
  exact_value at = isfinite(exact.hi) ? exact : (exact_value){fmax(fabs((double)a), fabs((double)b)), 0};
  return fabs((double)a - (double)b) / format_ulp(format, at);
}

/* Limits are dear and rarely needed: those of the last row that needed them. */
struct row_limits {
  size_t row; /* SIZE_MAX: none yet */
  struct limits limits;
};

static const struct limits *limits_of(struct session *s, const struct audit_case *c, size_t row, struct row_limits *kept) {
  if (kept->row != row) limits_start(&kept->limits, s->profile, s->facts.format, c, row);
  kept->row = row;
  return &kept->limits;
}

/* Compares entry k of the base output with `other`; strict: any bit is major. */
static void compare(struct session *s, const struct audit_case *c, size_t index, enum property property,
                    size_t k, float base, float other, enum severity rounding, struct row_limits *rows) {
  struct observation o = {.severity = SEVERITY_PASS, .case_index = index, .row = k / c->cols, .col = k % c->cols,
                          .input = c->logits[k], .got = other, .exact = (double)base};
  int payload = s->profile == PROFILE_OURS;
  if (!same_bits(base, other, payload)) {
    const struct limits *l = limits_of(s, c, k / c->cols, rows);
    exact_value exact = c->at == NULL ? c->exact[k] : (exact_value){NAN, 0};
    double limit = c->op == WIRE_FORWARD ? 2 * limit_prob(l, exact.hi > 0 ? exact : (exact_value){1, 0})
                   : c->op == WIRE_LOG && isfinite(c->logits[k]) && isfinite(exact.hi) ? 2 * limit_log(l, c->logits[k], exact)
                   : c->probs != NULL && c->at == NULL && isfinite(exact.hi) && isfinite(c->logits[k])
                       ? 2 * limit_gradient(l, c->logits[k], c->probs[k].hi, exact) / format_ulp(l->format, exact)
                       : 16;
    o.measure = apart(s->facts.format, base, other, exact);
    o.bound = 0;
    enum severity graded = limits_grade(l, o.measure, limit, isnan(base) != isnan(other) ? INFINITY : fabs((double)base - (double)other));
    o.severity = graded == SEVERITY_PASS ? (payload && rounding < SEVERITY_MAJOR ? SEVERITY_MAJOR : rounding) : graded;
    if (isnan(base) && isnan(other)) o.severity = SEVERITY_MINOR;
    (void)snprintf(o.message, sizeof o.message, "%a became %a%s", (double)base, (double)other,
                   graded == SEVERITY_PASS ? "" : ", more than rounding explains");
  }
  verdicts_record(s->verdicts, property, c->group, &o);
}

/* other[k] belongs to base entry from[k] (NULL: k itself). */
static void compare_all(struct session *s, const struct audit_case *c, size_t index, enum property property,
                        const float *base, const float *other, const size_t *from, enum severity rounding) {
  struct row_limits kept = {.row = SIZE_MAX};
  for (size_t k = 0; k < c->rows * c->cols; k++)
    compare(s, c, index, property, from == NULL ? k : from[k], base[from == NULL ? k : from[k]], other[k], rounding, &kept);
}

/* Three different numbers: no other input has this answer by chance. */
static int is_telling(const float *out, size_t cells) {
  float a = out[0], b = out[0];
  for (size_t k = 1; k < cells; k++) {
    if (!isfinite(out[k])) continue;
    if (a == b) b = out[k];
    else if (out[k] != a && out[k] != b) return 1;
  }
  return 0;
}

static void same_answer(struct session *s, const struct audit_case *c, size_t index) {
  struct observation o = {.severity = SEVERITY_MAJOR, .measure = INFINITY, .case_index = index, .exact = NAN};
  (void)snprintf(o.message, sizeof o.message, "other logits of the same shape got the answer of the request before");
  verdicts_record(s->verdicts, PROP_STATELESS, c->group, &o);
}

static void repeat(struct session *s, const struct audit_case *c, size_t index, const float *out) {
  size_t cells = c->rows * c->cols;
  struct variant plain = {0, 0, 0, 1};
  struct changed same = changed_room(c, c->rows, c->cols), between = changed_room(c, c->rows, c->cols);
  for (size_t k = 0; k < cells; k++) {
    copy_entry(&same, k, c, k);
    copy_entry(&between, k, c, k);
    if (isfinite(between.logits[k])) between.logits[k] = -0.5f * c->logits[(k * 7 + 3) % cells] + (float)(k % 3);
    if (!isfinite(between.logits[k])) between.logits[k] = 0.25f * (float)(k % 5);
  }
  if (send(s, c, index, &plain, &same) == 0) {
    compare_all(s, c, index, PROP_REPRODUCIBLE, out, same.out, NULL, SEVERITY_MAJOR);
    float *first = audit_alloc(cells, sizeof *first);
    memcpy(first, same.out, cells * sizeof *first);
    if (send(s, c, index, &plain, &between) == 0) {
      if (is_telling(first, cells) && memcmp(first, between.out, cells * sizeof *first) == 0) same_answer(s, c, index);
      if (send(s, c, index, &plain, &same) == 0)
        compare_all(s, c, index, PROP_STATELESS, first, same.out, NULL, SEVERITY_MAJOR);
    }
    free(first);
  }
  changed_free(&same);
  changed_free(&between);
}

static void permute(struct session *s, const struct audit_case *c, size_t index, const float *out) {
  size_t cells = c->rows * c->cols;
  struct variant plain = {0, 0, 0, 1};
  struct changed d = changed_room(c, c->rows, c->cols);
  size_t *from = audit_alloc(cells, sizeof *from);
  uint64_t state = 88172645463325252u;
  for (size_t r = 0; r < c->rows; r++) {
    size_t *row = from + r * c->cols;
    for (size_t k = 0; k < c->cols; k++) row[k] = r * c->cols + k;
    for (size_t k = c->cols; k > 1; k--) { /* xorshift; Fisher-Yates */
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      size_t j = (size_t)(state % k), keep = row[k - 1];
      row[k - 1] = row[j];
      row[j] = keep;
    }
  }
  for (size_t k = 0; k < cells; k++) copy_entry(&d, k, c, from[k]);
  if (send(s, c, index, &plain, &d) == 0)
    compare_all(s, c, index, PROP_PERMUTATION, out, d.out, from, SEVERITY_INFO);
  free(from);
  changed_free(&d);
}

/* softmax of (x, x) is half of softmax(x), twice. */
static void duplicate(struct session *s, const struct audit_case *c, size_t index, const float *out) {
  struct variant plain = {0, 0, 0, 1};
  struct audit_case twice = *c;
  twice.cols = 2 * c->cols;
  struct changed d = changed_room(c, c->rows, twice.cols);
  for (size_t k = 0; k < c->rows * twice.cols; k++)
    copy_entry(&d, k, c, k / twice.cols * c->cols + k % twice.cols % c->cols);
  if (send(s, &twice, index, &plain, &d) == 0) {
    struct row_limits kept = {.row = SIZE_MAX};
    for (size_t k = 0; k < c->rows * twice.cols; k++) {
      size_t from = k / twice.cols * c->cols + k % twice.cols % c->cols;
      float half = out[from] * 0.5f;
      if (half < 0x1p-125f) continue; /* halving a subnormal rounds */
      compare(s, c, index, PROP_DUPLICATION, from, out[from], 2 * d.out[k], SEVERITY_INFO, &kept);
    }
  }
  changed_free(&d);
}

static void rows_alone(struct session *s, const struct audit_case *c, size_t index, const float *out) {
  struct variant plain = {0, 0, 0, 1};
  float *all = audit_alloc(c->rows * c->cols, sizeof *all);
  int answered = c->rows > 1;
  for (size_t r = 0; r < c->rows && answered; r++)
    answered = session_call(s, c, index, &plain, c->logits + r * c->cols, c->mask == NULL ? NULL : c->mask + r * c->cols,
                            c->upstream == NULL ? NULL : c->upstream + r * c->cols, 1, all + r * c->cols, NULL, NULL) == 0;
  if (answered) compare_all(s, c, index, PROP_BATCH, out, all, NULL, SEVERITY_MINOR);
  free(all);
}

static void variant(struct session *s, const struct audit_case *c, size_t index, const float *out,
                    const struct variant *v, enum property property, enum severity rounding) {
  struct changed d = changed_room(c, c->rows, c->cols);
  for (size_t k = 0; k < c->rows * c->cols; k++) copy_entry(&d, k, c, k);
  if (send(s, c, index, v, &d) == 0) compare_all(s, c, index, property, out, d.out, NULL, rounding);
  changed_free(&d);
}

void check_relations(struct session *s, const struct audit_case *c, size_t index, const float *out) {
  unsigned flags = s->suite->groups[c->group].flags, can = s->facts.features;
  if (flags & FLAG_REPEAT) repeat(s, c, index, out);
  if (flags & FLAG_PERMUTE) permute(s, c, index, out);
  if (flags & FLAG_DUPLICATE && c->op == WIRE_FORWARD && c->mask == NULL) duplicate(s, c, index, out);
  if (flags & FLAG_BATCH) rows_alone(s, c, index, out);
  if (flags & FLAG_STRIDE && can & FEATURE_STRIDE)
    variant(s, c, index, out, &(struct variant){5, 0, (can & FEATURE_ECHO) != 0, 1}, PROP_STRIDED, SEVERITY_INFO);
  if (flags & FLAG_INPLACE && can & FEATURE_INPLACE)
    variant(s, c, index, out, &(struct variant){0, 1, 0, 1}, PROP_IN_PLACE, SEVERITY_INFO);
  for (unsigned threads = 2; threads <= 3 && flags & FLAG_THREADS && can & FEATURE_THREADS; threads++)
    variant(s, c, index, out, &(struct variant){0, 0, 0, threads}, PROP_THREADS, SEVERITY_MINOR);
}
