/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of exact.h that take batches. */
#include "exact_batch.h"
#include "exact_forward.h"

const char *exact_status_text(exact_status status) {
  switch (status) {
    case EXACT_OK: return "ok";
    case EXACT_ROW_MASKED: return "a row has no unmasked entry";
    case EXACT_ROW_NONFINITE: return "a row has NaN or +inf in an unmasked entry";
    case EXACT_UNDECIDED: return "a rounding could not be decided within the precision limit";
    case EXACT_ERR_MEMORY: return "out of memory";
    case EXACT_ERR_PARAMS:
      return "a parameter is not finite, beyond float32, or not 0 although its term is absent";
    case EXACT_ERR_SIZE: return "rows are too long";
    case EXACT_ERR_TARGET: return "a target is neither a class nor the ignored index";
    case EXACT_ERR_SMOOTHING: return "label smoothing is not in [0, 1]";
    case EXACT_ERR_THREAD: return "a thread could not be started";
  }
  return "unknown status";
}

static void set_params(modulator *m, const void *arg) { modulator_set(m, arg); }

static exact_status check(const mmax_params *params, const mmax_rows *in) {
  if (in->cols > MMAX_MAX_COLS) return EXACT_ERR_SIZE;
  return params == NULL ? EXACT_OK : modulator_check(params);
}

static int empty(const mmax_rows *in) { return in->rows == 0 || in->cols == 0; }

/* A special row's outputs; the loss of a masked or non-finite row too. */
static exact_status special(worker *w, size_t r, exact_status status) {
  const batch *b = w->batch;
  float fill = status == EXACT_ROW_NONFINITE ? NAN : 0.0f;
  row_fill(b->in->cols, fill, batch_out(b, r), batch_values(b, r));
  row_fill(1, fill, b->loss ? b->loss + r : NULL, b->loss_values ? b->loss_values + r : NULL);
  return status;
}

/* ---- forward and log ---------------------------------------------------- */

static exact_status forward_row(worker *w, size_t r) {
  const batch *b = w->batch;
  exact_status status = row_load(&w->row, batch_logits(b, r), batch_mask(b, r), b->in->cols);
  if (status != EXACT_OK) return special(w, r, status);
  const row_output probs = {NULL, forward_entry, NULL, 0.0f};
  return row_settle(&w->row, &probs, batch_out(b, r), batch_values(b, r));
}

static exact_status log_row(worker *w, size_t r) {
  const batch *b = w->batch;
  exact_status status = row_load(&w->row, batch_logits(b, r), batch_mask(b, r), b->in->cols);
  if (status == EXACT_ROW_MASKED)
    row_fill(b->in->cols, -INFINITY, batch_out(b, r), batch_values(b, r));
  else if (status == EXACT_ROW_NONFINITE)
    special(w, r, status);
  if (status != EXACT_OK) return status;
  const row_output logs = {log_prepare, log_entry, &w->log, -INFINITY};
  return row_settle(&w->row, &logs, batch_out(b, r), batch_values(b, r));
}

static exact_status run_plain(batch_row each, void (*set_model)(modulator *, const void *),
                              const void *arg, const mmax_rows *in, float *out,
                              exact_value *values, size_t stride, const exact_run *run,
                              exact_report *report) {
  exact_report unused;
  batch b = {.each = each, .in = in, .out = out, .values = values, .stride = stride,
             .sum_bits = FIRST_BITS};
  if (report == NULL) report = &unused;
  report_start(report);
  if (empty(in)) return EXACT_OK;
  exact_status status = batch_run(&b, set_model, arg, run, report, NULL);
  return status != EXACT_OK ? status : report_status(report);
}

exact_status exact_forward(const mmax_params *params, const mmax_rows *in, float *probs,
                           exact_value *values, size_t stride, const exact_run *run,
                           exact_report *report) {
  exact_status status = check(params, in);
  if (status != EXACT_OK) return status;
  return run_plain(forward_row, set_params, params, in, probs, values, stride, run, report);
}

exact_status exact_log_forward(const mmax_params *params, const mmax_rows *in, float *log_probs,
                               exact_value *values, size_t stride, const exact_run *run,
                               exact_report *report) {
  exact_status status = check(params, in);
  if (status != EXACT_OK) return status;
  return run_plain(log_row, set_params, params, in, log_probs, values, stride, run, report);
}

exact_status exact_temperature(double beta, const mmax_rows *in, float *probs,
                               exact_value *values, size_t stride, const exact_run *run,
                               exact_report *report) {
  const mmax_params scaled = {.scale = beta, .terms = MMAX_TERM_AFFINE};
  exact_status status = check(NULL, in);
  if (status == EXACT_OK && !isfinite(beta)) status = EXACT_ERR_PARAMS;
  if (status != EXACT_OK) return status;
  return run_plain(forward_row, set_params, &scaled, in, probs, values, stride, run, report);
}

/* ---- gradients ---------------------------------------------------------- */

/* EXACT_ROW_NONFINITE if an unmasked upstream gradient is not finite. */
static exact_status load_backward(worker *w, size_t r) {
  const batch *b = w->batch;
  exact_status status = row_load(&w->row, batch_logits(b, r), batch_mask(b, r), b->in->cols);
  if (status != EXACT_OK) return status;
  w->gradient.upstream = b->grad_probs + r * b->grad_probs_stride;
  for (size_t i = 0; i < b->in->cols; i++)
    if (!w->row.skip[i] && !isfinite(w->gradient.upstream[i])) return EXACT_ROW_NONFINITE;
  gradient_load(&w->gradient, &w->row);
  return EXACT_OK;
}

static exact_status load_loss(worker *w, size_t r) {
  const batch *b = w->batch;
  exact_status status = row_load(&w->row, batch_logits(b, r), batch_mask(b, r), b->in->cols);
  if (status != EXACT_OK) return status;
  gradient *g = &w->gradient;
  g->upstream = NULL;
  g->w = b->grad_loss == NULL ? 1.0f : b->grad_loss[r];
  if (!isfinite(g->w)) return EXACT_ROW_NONFINITE;
  g->smoothing = b->targets->smoothing;
  g->target = (size_t)b->targets->target[r];
  g->target_unmasked = !w->row.skip[g->target];
  gradient_load(g, &w->row);
  return EXACT_OK;
}

static exact_status load(worker *w, size_t r) {
  return w->batch->targets == NULL ? load_backward(w, r) : load_loss(w, r);
}

static int ignored(const batch *b, size_t r) {
  return b->targets != NULL && b->targets->target[r] == b->targets->ignore_index;
}

static exact_status settle_loss(worker *w, size_t r) {
  const batch *b = w->batch;
  float *out = b->loss != NULL ? b->loss + r : NULL;
  exact_value *value = b->loss_values != NULL ? b->loss_values + r : NULL;
  if (out == NULL && value == NULL) return EXACT_OK;
  if (!w->gradient.target_unmasked) {
    row_fill(1, INFINITY, out, value);
    return EXACT_OK;
  }
  w->loss.target = w->gradient.target;
  w->loss.smoothing = w->gradient.smoothing;
  const row_output kind = {loss_prepare, loss_entry, &w->loss, 0.0f};
  return row_settle_one(&w->row, &kind, w->loss.target, out, value);
}

static exact_status gradient_row(worker *w, size_t r) {
  const batch *b = w->batch;
  if (ignored(b, r)) {
    special(w, r, EXACT_OK);
    w->report.rows.ignored_rows++;
    return EXACT_OK;
  }
  exact_status status = load(w, r);
  if (status != EXACT_OK) return special(w, r, status);
  if (b->targets != NULL) status = settle_loss(w, r);
  if (b->out == NULL && b->values == NULL) return status;
  const row_output kind = {gradient_prepare, gradient_entry, &w->gradient, 0.0f};
  exact_status settled = row_settle(&w->row, &kind, batch_out(b, r), batch_values(b, r));
  return settled != EXACT_OK ? settled : status;
}

/* A row's part of the parameter gradients; its report is not looked at. */
static exact_status parameter_row(worker *w, size_t r) {
  const batch *b = w->batch;
  if (!ignored(b, r) && load(w, r) == EXACT_OK)
    gradient_add_parameters(&w->gradient, &w->row, b->sum_bits, b->wanted, w->sums);
  return EXACT_OK;
}

static unsigned decide(const gradient_sum sums[MMAX_NPARAMS], mpfr_prec_t bits, unsigned wanted,
                       exact_grads *grads) {
  unsigned left = 0;
  interval total;
  interval_init(&total, bits);
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    if (!(wanted & (1u << j))) continue;
    gradient_sum_total(&sums[j], &total);
    int known = interval_value(&total, 0, &grads->value[j]);
    if (!known) grads->value[j].hi = grads->value[j].lo = (double)NAN;
    if (!interval_round_double(&total, &grads->rounded[j]) || !known) left |= 1u << j;
  }
  interval_clear(&total);
  return left;
}

static void fill_grads(exact_grads *grads, unsigned which, double fill) {
  for (int j = 0; j < MMAX_NPARAMS; j++)
    if (which & (1u << j)) grads->rounded[j] = grads->value[j].hi = grads->value[j].lo = fill;
}

static unsigned present(unsigned terms) {
  unsigned low = terms & MMAX_ORDER_2;
  return low | low << 4 | (terms & MMAX_TERM_AFFINE ? 3u << 8 : 0);
}

/* Sums over the batch at growing precision until all are decided. */
static exact_status parameters(batch *b, const mmax_params *params, const exact_run *run,
                               exact_grads *grads) {
  gradient_sum sums[MMAX_NPARAMS];
  exact_report unused;
  exact_status status = EXACT_OK;
  exact_run quiet = {run != NULL ? run->threads : 1, NULL};
  b->each = parameter_row;
  b->wanted = present(params->terms);
  for (mpfr_prec_t bits = 2 * FIRST_BITS; bits != 0 && b->wanted != 0 && status == EXACT_OK;
       bits = next_bits(bits)) {
    b->sum_bits = bits;
    for (int j = 0; j < MMAX_NPARAMS; j++) gradient_sum_init(&sums[j], bits);
    status = batch_run(b, set_params, params, &quiet, &unused, sums);
    if (status == EXACT_OK) b->wanted = decide(sums, bits, b->wanted, grads);
    for (int j = 0; j < MMAX_NPARAMS; j++) gradient_sum_clear(&sums[j]);
  }
  if (status != EXACT_OK || b->wanted == 0) return status;
  for (int j = 0; j < MMAX_NPARAMS; j++) /* the value may be known beside a tie */
    if (b->wanted & (1u << j)) grads->rounded[j] = (double)NAN;
  return EXACT_UNDECIDED;
}

static exact_status run_gradients(batch *b, const mmax_params *params, exact_grads *grads,
                                  const exact_run *run, exact_report *report) {
  exact_report local;
  if (report == NULL) report = &local;
  report_start(report);
  if (grads != NULL) fill_grads(grads, ~0u, 0.0);
  if (empty(b->in)) return EXACT_OK;
  b->each = gradient_row;
  b->sum_bits = FIRST_BITS;
  exact_status status = batch_run(b, set_params, params, run, report, NULL);
  if (status != EXACT_OK) return status;
  if (grads != NULL && report->rows.nonfinite_rows > 0)
    fill_grads(grads, ~0u, (double)NAN);
  else if (grads != NULL)
    status = parameters(b, params, run, grads);
  return status != EXACT_OK ? status : report_status(report);
}

exact_status exact_backward(const mmax_params *params, const mmax_rows *in,
                            const float *grad_probs, size_t grad_probs_stride,
                            float *grad_logits, exact_value *values, size_t stride,
                            exact_grads *grads, const exact_run *run, exact_report *report) {
  exact_status status = check(params, in);
  if (status != EXACT_OK) return status;
  batch b = {.in = in, .out = grad_logits, .values = values, .stride = stride,
             .grad_probs = grad_probs, .grad_probs_stride = grad_probs_stride};
  return run_gradients(&b, params, grads, run, report);
}

static exact_status check_targets(const mmax_rows *in, const mmax_targets *targets) {
  if (!(targets->smoothing >= 0.0f && targets->smoothing <= 1.0f)) return EXACT_ERR_SMOOTHING;
  for (size_t r = 0; r < in->rows && in->cols > 0; r++) {
    int32_t t = targets->target[r];
    if (t != targets->ignore_index && (t < 0 || (size_t)t >= in->cols)) return EXACT_ERR_TARGET;
  }
  return EXACT_OK;
}

exact_status exact_cross_entropy(const mmax_params *params, const mmax_rows *in,
                                 const mmax_targets *targets, const float *grad_loss,
                                 float *loss, exact_value *loss_values, float *grad_logits,
                                 exact_value *values, size_t stride, exact_grads *grads,
                                 const exact_run *run, exact_report *report) {
  exact_status status = check(params, in);
  if (status == EXACT_OK) status = check_targets(in, targets);
  if (status != EXACT_OK) return status;
  batch b = {.in = in, .out = grad_logits, .values = values, .stride = stride,
             .targets = targets, .grad_loss = grad_loss, .loss = loss,
             .loss_values = loss_values};
  return run_gradients(&b, params, grads, run, report);
}
