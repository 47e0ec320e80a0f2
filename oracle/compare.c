/* SPDX-License-Identifier: Apache-2.0 */
/* See compare.h. */
#include "compare.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "row_bound.h"
#include "slice.h"
#include "ulp.h"

#define SLICE_ENTRIES ((size_t)1 << 20)

/* ---- one output ---------------------------------------------------------- */

static void count_output(struct quantity *q, const struct witness *w, int same) {
  q->outputs++;
  if (!same) q->misrounded++;
  if (!(w->ulp <= w->bound) || isinf(w->ulp)) q->outside++;
  if (isinf(w->bound)) q->unbounded++;
  if (w->bound > q->largest_bound) q->largest_bound = w->bound;
  if (q->outputs == 1 || w->ulp > q->worst.ulp) q->worst = *w;
  if (q->outputs == 1 || w->ulp / w->bound > q->tightest.ulp / q->tightest.bound) q->tightest = *w;
}

static void count_float(struct quantity *q, float got, float nearest, struct witness *w) {
  w->got = (double)got;
  w->nearest = (double)nearest;
  w->ulp = ulp_error_float(got, w->exact);
  count_output(q, w, got == nearest || (isnan(got) && isnan(nearest)));
}

static int is_canonical(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return !isnan(value) || bits == 0x7fc00000u;
}

/* ---- rows ---------------------------------------------------------------- */

/* Neumaier's compensated sum: its own error is far below every bound. */
static double distance_from_one(const float *probs, size_t cols) {
  double sum = -1, lost = 0;
  for (size_t k = 0; k < cols; k++) {
    double v = (double)probs[k], next = sum + v;
    lost += fabs(sum) >= fabs(v) ? (sum - next) + v : (v - next) + sum;
    sum = next;
  }
  return fabs(sum + lost);
}

static void count_sum(struct comparison *c, const float *probs, size_t cols, size_t row) {
  double worst = distance_from_one(probs, cols), bound = mmax_bound_sum(cols);
  if (isnan(worst)) return; /* counted as a special row */
  if (c->sums == 0 || worst > c->worst_sum) {
    c->worst_sum = worst;
    c->worst_sum_row = row;
  }
  c->sums++;
  c->sum_bound = bound;
  if (!(worst <= bound)) c->sums_outside++;
}

static size_t count_unmasked(const float *logits, const uint8_t *mask, size_t cols) {
  size_t unmasked = 0;
  for (size_t k = 0; k < cols; k++)
    if ((mask == NULL || mask[k] == 0) && logits[k] != -INFINITY) unmasked++;
  return unmasked;
}

/* The bound of an unmasked entry, in ulp of its exact value. */
static double entry_bound(const struct job *job, const struct slice *s, const struct row_bound *b,
                          size_t at, float logit, double target_share) {
  switch (job->function) {
  case JOB_FORWARD: return bound_prob(b);
  case JOB_LOG: return bound_log(b, mmax_condition(b->params, logit), s->exact[at]);
  default: return bound_grad_logit(b, logit, s->probs[at].hi + target_share, s->exact[at]);
  }
}

/* One row's outputs; `b` and the targets' shares say how far each may be off. */
static void compare_entries(struct comparison *c, const struct job *job, const struct slice *s,
                            size_t r, const struct row_bound *b, const double share[2],
                            size_t target) {
  size_t cols = job->rows.cols, from = r * cols, row = s->first + r;
  const float *logits = s->rows.logits + from;
  const uint8_t *mask = s->rows.mask == NULL ? NULL : s->rows.mask + r * s->rows.mask_stride;
  struct quantity *q = &c->quantity[job->function == JOB_LOSS ? 1 : 0];
  for (size_t k = 0; k < cols; k++) {
    struct witness w = {.row = row, .col = k, .logit = logits[k], .exact = s->exact[from + k]};
    int free_entry = b != NULL && (mask == NULL || mask[k] == 0) && logits[k] != -INFINITY;
    w.bound = free_entry && isfinite(w.exact.hi)
                  ? entry_bound(job, s, b, from + k, logits[k], share[k == target])
                  : 0.5;
    count_float(q, s->got[from + k], s->nearest[from + k], &w);
    if (!is_canonical(s->got[from + k])) c->wrong_nan++;
  }
}

static void compare_loss(struct comparison *c, const struct slice *s, size_t r,
                         const struct row_bound *b, size_t target) {
  float logit = target == SIZE_MAX ? 0 : s->rows.logits[r * s->rows.stride + target];
  struct witness w = {
      .row = s->first + r, .col = target, .logit = logit, .exact = s->exact_loss[r], .bound = 0.5};
  if (b != NULL && isfinite(w.exact.hi))
    w.bound = bound_log(b, mmax_condition(b->params, logit), w.exact);
  count_float(&c->quantity[0], s->loss[r], s->nearest_loss[r], &w);
  if (!is_canonical(s->loss[r])) c->wrong_nan++;
}

static void compare_row(struct comparison *c, const struct job *job, const struct slice *s,
                        size_t r, double allowed[MMAX_NPARAMS]) {
  size_t cols = job->rows.cols, row = s->first + r, target = SIZE_MAX;
  const float *logits = s->rows.logits + r * cols;
  const uint8_t *mask = s->rows.mask == NULL ? NULL : s->rows.mask + r * s->rows.mask_stride;
  const float *g = job->function == JOB_BACKWARD ? job->grad_probs.data + row * cols : NULL;
  size_t unmasked = 0;
  double share[2] = {0, 0}, smoothing = 0; /* what the target's distribution adds to p */
  struct row_bound b;
  if (job->function == JOB_LOSS) {
    if (job->target_data[row] == job->ignore_index) { /* its logits are not looked at */
      compare_loss(c, s, r, NULL, target);
      compare_entries(c, job, s, r, NULL, share, target);
      return;
    }
    target = (size_t)job->target_data[row];
    unmasked = count_unmasked(logits, mask, cols);
    smoothing = (double)job->targets.smoothing;
    share[0] = unmasked == 0 ? 0 : smoothing / (double)unmasked;
    share[1] = share[0] + 1 - smoothing;
  } else if (job->function == JOB_FORWARD) {
    unmasked = count_unmasked(logits, mask, cols);
  }
  row_bound_start(&b, &job->model.params, logits, mask, cols, g, g == NULL ? 1 : 0, smoothing > 0,
                  target);
  if (b.condition > c->condition) c->condition = b.condition;
  if (job->function == JOB_LOSS) compare_loss(c, s, r, &b, target);
  compare_entries(c, job, s, r, &b, share, target);
  if (job->function == JOB_FORWARD && unmasked > 0) count_sum(c, s->got + r * cols, cols, row);
  bound_grad_params_add(&b, job->function == JOB_LOSS ? 2 : 1, allowed);
}

/* ---- the batch ----------------------------------------------------------- */

static void merge_first(size_t *into, size_t from, size_t offset) {
  if (from != SIZE_MAX && from + offset < *into) *into = from + offset;
}

static void merge_report(mmax_report *into, const mmax_report *from, size_t offset) {
  into->masked_rows += from->masked_rows;
  into->nonfinite_rows += from->nonfinite_rows;
  into->ignored_rows += from->ignored_rows;
  merge_first(&into->first_masked, from->first_masked, offset);
  merge_first(&into->first_nonfinite, from->first_nonfinite, offset);
}

/* Parameter gradients, against the sum of what the rows may contribute. */
static int compare_grads(struct quantity *q, const struct job *job, const mmax_accumulator *acc,
                         const exact_grads *grads, const double allowed[MMAX_NPARAMS],
                         struct fault *fault) {
  double got[MMAX_NPARAMS];
  mmax_status status = mmax_accumulator_finish(acc, &job->model.params, got);
  if (status < 0) return fault_set(fault, "%s: %s", job->input, mmax_status_text(status));
  for (size_t j = 0; j < MMAX_NPARAMS; j++) {
    if ((job->model.params.terms >> (j < 8 ? j % 4 : 4) & 1u) == 0) continue;
    struct witness w = {.row = SIZE_MAX,
                        .col = j,
                        .got = got[j],
                        .nearest = grads->rounded[j],
                        .exact = grads->value[j]};
    w.ulp = ulp_error_double(got[j], w.exact);
    double ulp = ulp_of_double(w.exact);
    w.bound = isnan(ulp) ? 0.5 : 1.5 + allowed[j] / ulp;
    /* Beside an exact zero both counts of 2^-1074 may be beyond float64. */
    if (isinf(w.ulp) && fabs(got[j] - w.exact.hi) <= allowed[j]) w.ulp = w.bound = DBL_MAX;
    count_output(q, &w, got[j] == w.nearest || (isnan(got[j]) && isnan(w.nearest)));
  }
  return 0;
}

static int compare_slice(struct comparison *c, const struct job *job, struct slice *s,
                         mmax_accumulator *acc, exact_grads *grads, progress *bar,
                         double allowed[MMAX_NPARAMS], struct fault *fault) {
  mmax_report library;
  exact_report oracle;
  mmax_status status = slice_library(job, s, acc, &library);
  if (status < 0) return fault_set(fault, "%s: %s", job->input, mmax_status_text(status));
  exact_status exact = slice_oracle(job, s, grads, bar, &oracle);
  if (exact < 0 && exact != EXACT_UNDECIDED)
    return fault_set(fault, "%s: %s", job->input, exact_status_text(exact));
  merge_report(&c->library, &library, s->first);
  merge_report(&c->oracle.rows, &oracle.rows, s->first);
  c->oracle.undecided_rows += oracle.undecided_rows;
  merge_first(&c->oracle.first_undecided, oracle.first_undecided, s->first);
  for (size_t r = 0; r < s->count; r++) compare_row(c, job, s, r, allowed);
  return 0;
}

static void name_quantities(struct comparison *c, enum job_function function) {
  static const char *const names[4][QUANTITIES_MAX + 1] = {
      [JOB_FORWARD] = {"probs"},
      [JOB_LOG] = {"log_probs"},
      [JOB_BACKWARD] = {"grad_logits", "grad_params"},
      [JOB_LOSS] = {"loss", "grad_logits", "grad_params"}};
  for (; names[function][c->quantities] != NULL; c->quantities++)
    c->quantity[c->quantities].name = names[function][c->quantities];
}

int compare(struct comparison *out, const struct job *job, struct fault *fault) {
  size_t rows = job->rows.rows, cols = job->rows.cols, step = rows;
  double allowed[MMAX_NPARAMS] = {0};
  struct slice slice = {.first = 0};
  mmax_accumulator acc;
  exact_grads grads;
  progress bar;
  *out = (struct comparison){.quantities = 0};
  out->library.first_masked = out->library.first_nonfinite = SIZE_MAX;
  out->oracle.rows = out->library;
  out->oracle.first_undecided = SIZE_MAX;
  name_quantities(out, job->function);
  int has_grads = out->quantities > 1;
  mmax_accumulator_init(&acc);
  if (!has_grads && cols != 0 && step > SLICE_ENTRIES / cols) step = SLICE_ENTRIES / cols + 1;
  int result = slice_room(&slice, job, step, fault);
  progress_start(&bar, "check", rows);
  for (size_t first = 0; first < rows && cols != 0 && result == 0; first += slice.count) {
    slice_at(&slice, job, first, rows - first < step ? rows - first : step);
    result = compare_slice(out, job, &slice, &acc, &grads, &bar, allowed, fault);
  }
  progress_finish(&bar);
  if (result == 0 && has_grads && rows != 0 && cols != 0)
    result = compare_grads(&out->quantity[out->quantities - 1], job, &acc, &grads, allowed, fault);
  slice_free(&slice);
  return result;
}

int comparison_agrees(const struct comparison *c) {
  const mmax_report *a = &c->library, *b = &c->oracle.rows;
  return a->masked_rows == b->masked_rows && a->nonfinite_rows == b->nonfinite_rows &&
         a->ignored_rows == b->ignored_rows && a->first_masked == b->first_masked &&
         a->first_nonfinite == b->first_nonfinite && c->wrong_nan == 0;
}

int comparison_within(const struct comparison *c) {
  for (size_t k = 0; k < c->quantities; k++)
    if (c->quantity[k].outside != 0) return 0;
  return c->sums_outside == 0 && c->oracle.undecided_rows == 0 && comparison_agrees(c);
}
