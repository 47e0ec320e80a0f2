/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sound subject with one fault at a time: audit_broken FAULT. `none` is the
 * control. --list prints name, property and group where the audit must find it.
 * One line per fault in the table below, one `if (fault == ...)` in the code.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "numbers.h"

enum fault {
  NONE,
  NO_SHIFT, SHIFT_MAX_X, SHIFT_SIGMA_MAX_X, MAX_FROM_ZERO, MAX_OF_FIRST_64, /* the shift */
  KNOT_CLOSED, EQUATION_5, NO_SQUARE, TEMPERATURE_FOR_COEFFICIENT, SIGMA_FLOAT, SIGMA_HALF, HIGH_TERM_LOST, /* sigma */
  SUM_HALF, SUM_FLOAT, SUM_UNORDERED, SUM_NOT_RESET, EXP_COARSE, EXP_FLUSH, INDEX_16_BIT, DROP_LAST, TAIL_OF_8, /* sums */
  FLUSH_OUTPUT, TRUNCATE_OUTPUT, HALF_OUTPUT, SCALE_OUTPUT, NEGATIVE_OUTPUT, ALL_NAN, ALL_ZERO, REVERSED, CLIP_SMALL, /* outputs */
  NAN_SKIPPED, INF_ONE_HOT, MINUS_INF_EPSILON, NAN_BY_ENTRY, /* special rows */
  MASK_THROUGH_SIGMA, MASK_LEAK, MASK_NAN_TIMES_ZERO, ALL_MASKED_UNIFORM, /* masks */
  SWAP_ROWS, BATCH_PATH, STALE, CACHED, THREAD_PATH, LANE_ERROR, STRIDE_IGNORED, IN_PLACE_CLOBBER, INPUT_DESTROYED, OVERRUN,
  LOG_OF_PROB, LOG_CLIPPED, /* logarithm */
  GRAD_NO_MEAN, GRAD_NO_SLOPE, GRAD_FLOAT_MEAN, GRAD_MASKED, GRAD_TRANSPOSED, /* gradients */
  PARAM_SIGN, PARAM_LAST_ROW, PARAM_KNOT_FACTOR,
  HANG, DIE, ABORT_LONG, GARBAGE, WRONG_SIZE, SHORT_ANSWER, FLOOD_MEMORY, FLOOD_OUTPUT, /* the process */
  FAULTS
};

static const struct {
  const char *name, *property, *group;
} table[FAULTS] = {
    [NONE] = {"none", "", ""},
    [NO_SHIFT] = {"no-shift", "finite", "wide"},
    [SHIFT_MAX_X] = {"shift-by-max-of-x", "finite", "half-overflow"},
    [SHIFT_SIGMA_MAX_X] = {"shift-by-sigma-of-max-x", "finite", "mask-values"},
    [MAX_FROM_ZERO] = {"max-starts-at-zero", "finite", "wide"},
    [MAX_OF_FIRST_64] = {"max-of-first-64-entries", "finite", "peaked"},
    [KNOT_CLOSED] = {"knot-inequality", "gradient", "knots-gradient"},
    [EQUATION_5] = {"crossed-knots-by-equation-5", "accuracy", "between-knots"},
    [NO_SQUARE] = {"second-order-not-squared", "accuracy", "layers"},
    [TEMPERATURE_FOR_COEFFICIENT] = {"temperature-taken-for-coefficient", "accuracy", "layers"},
    [SIGMA_FLOAT] = {"sigma-in-float32", "accuracy", "evaluation-order"},
    [SIGMA_HALF] = {"sigma-in-float16", "accuracy", "layers"},
    [HIGH_TERM_LOST] = {"high-term-lost", "accuracy", "turning"},
    [SUM_HALF] = {"sum-in-float16", "normalised", "long"},
    [SUM_FLOAT] = {"sum-in-float32", "normalised", "long"},
    [SUM_UNORDERED] = {"sum-nondeterministic", "reproducible", "long"},
    [SUM_NOT_RESET] = {"sum-not-reset-between-rows", "batch", "batch"},
    [EXP_COARSE] = {"exp-to-13-bits", "accuracy", "ordinary"},
    [EXP_FLUSH] = {"exp-cut-at-minus-20", "tiny-accuracy", "tiny"},
    [INDEX_16_BIT] = {"index-of-16-bits", "accuracy", "long"},
    [DROP_LAST] = {"last-entry-dropped", "accuracy", "last-entry"},
    [TAIL_OF_8] = {"tail-beyond-8-lanes-unmasked", "normalised", "last-entry"},
    [FLUSH_OUTPUT] = {"subnormals-flushed", "underflow", "subnormal-outputs"},
    [TRUNCATE_OUTPUT] = {"truncated-not-rounded", "accuracy", "ordinary"},
    [HALF_OUTPUT] = {"output-through-float16", "tiny-accuracy", "tiny"},
    [SCALE_OUTPUT] = {"scaled-by-1.001", "normalised", "ordinary"},
    [NEGATIVE_OUTPUT] = {"slightly-negative", "range", "tiny"},
    [ALL_NAN] = {"all-nan", "finite", "ordinary"},
    [ALL_ZERO] = {"all-zero", "normalised", "ordinary"},
    [REVERSED] = {"output-reversed", "order", "ordinary"},
    [CLIP_SMALL] = {"clipped-at-1e-7", "tiny-accuracy", "tiny"},
    [NAN_SKIPPED] = {"nan-skipped", "nonfinite", "nan"},
    [INF_ONE_HOT] = {"inf-made-one-hot", "nonfinite", "plus-infinity"},
    [MINUS_INF_EPSILON] = {"minus-inf-gets-weight", "minus-infinity", "minus-infinity"},
    [NAN_BY_ENTRY] = {"nan-only-in-its-entry", "nonfinite", "nan"},
    [MASK_THROUGH_SIGMA] = {"mask-through-sigma", "masked-zero", "masked"},
    [MASK_LEAK] = {"masked-entries-in-sum", "normalised", "masked"},
    [MASK_NAN_TIMES_ZERO] = {"mask-by-multiplication", "mask-inert", "masked-junk"},
    [ALL_MASKED_UNIFORM] = {"all-masked-made-uniform", "all-masked", "all-masked"},
    [SWAP_ROWS] = {"rows-swapped", "batch", "batch"},
    [BATCH_PATH] = {"other-arithmetic-in-batches", "batch", "batch"},
    [STALE] = {"stale-output", "stateless", "ordinary"},
    [CACHED] = {"cached-by-shape", "stateless", "ordinary"},
    [THREAD_PATH] = {"other-arithmetic-on-threads", "threads", "batch"},
    [LANE_ERROR] = {"one-lane-off", "permutation", "ordinary"},
    [STRIDE_IGNORED] = {"stride-ignored", "strided", "batch"},
    [IN_PLACE_CLOBBER] = {"in-place-clobbers", "in-place", "batch"},
    [INPUT_DESTROYED] = {"input-destroyed", "input-kept", "batch"},
    [OVERRUN] = {"writes-past-the-end", "memory-bounds", "ordinary"},
    [LOG_OF_PROB] = {"log-of-probability", "log-accuracy", "log"},
    [LOG_CLIPPED] = {"log-clipped", "log-accuracy", "log"},
    [GRAD_NO_MEAN] = {"gradient-without-mean", "gradient", "gradient"},
    [GRAD_NO_SLOPE] = {"gradient-without-slope", "gradient", "layers-gradient"},
    [GRAD_FLOAT_MEAN] = {"gradient-mean-in-float32", "gradient", "gradient-cancellation"},
    [GRAD_MASKED] = {"gradient-of-masked", "gradient-masked", "gradient-masked"},
    [GRAD_TRANSPOSED] = {"gradient-sign", "gradient", "gradient"},
    [PARAM_SIGN] = {"parameter-gradient-sign", "parameter-gradient", "layers-gradient"},
    [PARAM_LAST_ROW] = {"parameter-gradient-of-last-row", "parameter-gradient", "layers-gradient"},
    [PARAM_KNOT_FACTOR] = {"knot-gradient-factor", "parameter-gradient", "layers-gradient"},
    [HANG] = {"hang", "survives", "nan"},
    [DIE] = {"crash", "survives", "all-masked"},
    [ABORT_LONG] = {"abort-on-long-rows", "survives", "long"},
    [GARBAGE] = {"garbage", "survives", "nan"},
    [WRONG_SIZE] = {"wrong-size", "survives", "last-entry"},
    [SHORT_ANSWER] = {"short-answer", "survives", "nan"},
    [FLOOD_MEMORY] = {"memory-flood", "survives", "nan"},
    [FLOOD_OUTPUT] = {"output-flood", "survives", "nan"},
};

static enum fault fault;
static uint64_t calls;

/* ---- one row ------------------------------------------------------------ */

struct hinges {
  double r[4];
};

static struct hinges hinges_at(const mmax_params *p, double y) {
  struct hinges h = {{relu(p->knot[0] - y), relu(y - p->knot[1]), relu(p->knot[2] - y), relu(y - p->knot[3])}};
  return h;
}

static double sigma(const mmax_params *p, double x) {
  double y = p->scale * x + p->shift, c[4];
  struct hinges h = hinges_at(p, y);
  memcpy(c, p->coef, sizeof c);
  if (fault == TEMPERATURE_FOR_COEFFICIENT && p->terms != 0) c[0] = 1 - c[0];
  if (fault == EQUATION_5 && p->knot[0] > p->knot[1] && y > p->knot[1]) h.r[0] = 0;
  if (fault == HIGH_TERM_LOST) h.r[3] = 0;
  if (fault == NO_SQUARE) return y + c[0] * h.r[0] + c[1] * h.r[1] + c[2] * h.r[2] + c[3] * h.r[3];
  if (fault == SIGMA_FLOAT) {
    float f = (float)x, low = (float)h.r[2], high = (float)h.r[3];
    return (double)(f + (float)c[0] * (float)h.r[0] + (float)c[1] * (float)h.r[1] + (float)c[2] * (low * low) + (float)c[3] * (high * high));
  }
  if (fault == SIGMA_HALF && p->terms != 0)
    return half(half(half(x) + half(c[0] * half(h.r[0]))) + half(c[1] * half(h.r[1])) + half(c[2] * half(h.r[2] * h.r[2])) +
                half(c[3] * half(h.r[3] * h.r[3])));
  return fma(c[3] * h.r[3], h.r[3], fma(c[2] * h.r[2], h.r[2], fma(c[1], h.r[1], fma(c[0], h.r[0], y))));
}

static double slope(const mmax_params *p, double x) {
  double y = p->scale * x + p->shift;
  struct hinges h = hinges_at(p, y);
  int low = y < p->knot[0], high = y > p->knot[1];
  if (fault == GRAD_NO_SLOPE) return 1;
  if (fault == KNOT_CLOSED) low |= y == p->knot[0], high |= y == p->knot[1];
  return 1 - (low ? p->coef[0] : 0) + (high ? p->coef[1] : 0) - 2 * p->coef[2] * h.r[2] + 2 * p->coef[3] * h.r[3];
}

static int hidden(const float *x, const uint8_t *mask, size_t k) { return (mask != NULL && mask[k]) || x[k] == -INFINITY; }

static double weight(double z) {
  if (fault == EXP_COARSE) return z == 0 ? 1 : exp(z) * (1 + 0x1p-13 * sin(z * 100));
  if (fault == EXP_FLUSH && z < -20) return 0;
  return exp(z);
}

/* Weights e_k and their total; 0: no entry, -1: NaN. */
static int weights(const mmax_params *p, const float *x, const uint8_t *mask, size_t n, double *e, double *total, double *top) {
  struct exact_sum sum = {0};
  double running = 0, m = fault == MAX_FROM_ZERO ? 0 : -INFINITY, biggest_x = -INFINITY;
  size_t unmasked = 0;
  for (size_t k = 0; k < n; k++) {
    if (hidden(x, mask, k)) continue;
    unmasked++;
    if (fault == NAN_SKIPPED && isnan(x[k])) continue;
    if (!isfinite(x[k])) return -1;
    if (fault == MAX_OF_FIRST_64 && k >= 64) continue;
    m = fmax(m, sigma(p, x[k]));
    biggest_x = fmax(biggest_x, x[k]);
  }
  if (fault == SHIFT_MAX_X) m = biggest_x;
  if (fault == SHIFT_SIGMA_MAX_X) m = sigma(p, biggest_x);
  if (fault == NO_SHIFT) m = 0;
  if (unmasked == 0) return 0;
  size_t limit = fault == INDEX_16_BIT ? n % 65536 : fault == DROP_LAST && n > 1 ? n - 1 : n;
  for (size_t k = 0; k < n; k++) {
    e[k] = hidden(x, mask, k) ? 0 : fault == NAN_SKIPPED && isnan(x[k]) ? 0 : weight(sigma(p, x[k]) - m);
    if (fault == NO_SHIFT || (fault == MAX_OF_FIRST_64 && e[k] > 1)) e[k] = (double)(float)e[k];
    if (k >= limit) e[k] = 0;
    if (fault == LANE_ERROR && k % 8 == 3) e[k] *= 1 + 0x1p-20;
    double s = e[k];
    if (fault == MASK_LEAK && mask != NULL && mask[k] && isfinite(x[k])) s = fmin(weight(sigma(p, x[k]) - m), 1);
    if (fault == SUM_HALF) running = half(running + half(s));
    else if (fault == SUM_FLOAT) running = (double)((float)running + (float)s);
    else if (fault == SUM_UNORDERED) running = (double)(float)(running + s * (1 + 0x1p-23 * (double)((calls + k) % 3)));
    else if (!(s <= 1)) running += s;
    else exact_add(&sum, s);
  }
  *total = running + exact_total(&sum);
  if (fault == TAIL_OF_8 && n % 8 != 0) *total += (double)(8 - n % 8) * 0x1p-10;
  *top = m;
  return 1;
}

static float finish_probability(double p) {
  float out = (float)p;
  if (fault == FLUSH_OUTPUT && out < 0x1p-126f) return 0;
  if (fault == TRUNCATE_OUTPUT && (double)out > p) return nextafterf(out, 0);
  if (fault == HALF_OUTPUT) return (float)half(p);
  if (fault == SCALE_OUTPUT) return (float)(p * 1.001);
  if (fault == NEGATIVE_OUTPUT) return out < 1e-9f ? out - 1e-9f : out;
  if (fault == CLIP_SMALL) return fmaxf(out, 1e-7f);
  return out;
}

static float log_probability(const mmax_params *p, const float *x, size_t k, const double *e, size_t n, double total, double top) {
  double s = sigma(p, x[k]) - top, rest = 0;
  int skipped = 0;
  if (fault == LOG_OF_PROB) return logf((float)(e[k] / total));
  for (size_t j = 0; j < n; j++)
    if (e[j] == 1 && !skipped) skipped = 1;
    else rest += e[j];
  float out = (float)(s - log1p(rest));
  return fault == LOG_CLIPPED ? fmaxf(out, -100) : out;
}

static void forward(const struct serve_call *call, const float *x, const uint8_t *mask, float *out, double *carried) {
  const mmax_params *p = &call->request.params;
  size_t n = call->request.cols;
  double *e = calloc(n + 1, sizeof *e), total = 1, top = 0;
  int state = weights(p, x, mask, n, e, &total, &top), logs = call->request.op == WIRE_LOG;
  if (fault == SUM_NOT_RESET && state > 0) total = *carried += total;
  for (size_t k = 0; k < n; k++) {
    int off = hidden(x, mask, k);
    if (fault == ALL_ZERO) out[k] = 0;
    else if (fault == ALL_NAN) out[k] = canonical_nan();
    else if (state < 0) out[k] = fault == INF_ONE_HOT && x[k] == INFINITY ? 1 : fault == INF_ONE_HOT ? 0
                               : fault == NAN_BY_ENTRY && isfinite(x[k])    ? 0.25f : canonical_nan();
    else if (state == 0) out[k] = fault == ALL_MASKED_UNIFORM ? 1.0f / (float)n : logs ? -INFINITY : 0;
    else if (logs) out[k] = off ? -INFINITY : log_probability(p, x, k, e, n, total, top);
    else if (off && fault == MASK_THROUGH_SIGMA && mask != NULL && mask[k]) out[k] = sigma(p, -1e4) > top ? 1 : 0;
    else if (off && fault == MINUS_INF_EPSILON && x[k] == -INFINITY) out[k] = 1e-10f;
    else if (off) out[k] = fault == MASK_NAN_TIMES_ZERO ? x[k] * 0 : 0;
    else out[k] = finish_probability(e[k] / total);
  }
  if (fault == MASK_NAN_TIMES_ZERO && mask != NULL && state > 0) {
    float poison = 0;
    for (size_t k = 0; k < n; k++) poison += mask[k] ? x[k] * 0 : 0;
    for (size_t k = 0; k < n; k++) out[k] += poison;
  }
  for (size_t k = 0; fault == REVERSED && state > 0 && k < n / 2; k++) {
    float keep = out[k];
    out[k] = out[n - 1 - k];
    out[n - 1 - k] = keep;
  }
  free(e);
}

static void backward(struct serve_call *call, const float *x, const uint8_t *mask, const float *g, float *out, int last_row) {
  const mmax_params *p = &call->request.params;
  size_t n = call->request.cols;
  double *e = calloc(n + 1, sizeof *e), total = 1, top = 0, mean = 0, *d = call->grad_params;
  int state = weights(p, x, mask, n, e, &total, &top);
  for (size_t k = 0; k < n && state > 0; k++) {
    if (hidden(x, mask, k)) continue;
    mean = fma(e[k] / total, g[k], mean);
    if (fault == GRAD_FLOAT_MEAN) mean = (double)(float)mean;
  }
  if (fault == GRAD_NO_MEAN) mean = 0;
  for (size_t k = 0; k < n; k++) {
    out[k] = state < 0 ? canonical_nan() : fault == GRAD_MASKED && state > 0 ? -(float)mean * 0.01f - 1e-3f : 0;
    if (state <= 0 || hidden(x, mask, k)) continue;
    double gs = e[k] / total * (g[k] - mean), y = p->scale * x[k] + p->shift, h = gs * slope(p, x[k]);
    struct hinges r = hinges_at(p, y);
    if (fault == GRAD_TRANSPOSED) h = -h;
    out[k] = (float)(h * p->scale);
    if (fault == PARAM_LAST_ROW && !last_row) continue;
    const double of_entry[MMAX_NPARAMS] = {gs * r.r[0], gs * r.r[1], gs * r.r[2] * r.r[2], gs * r.r[3] * r.r[3],
                                           r.r[0] > 0 ? p->coef[0] * gs : 0, r.r[1] > 0 ? -p->coef[1] * gs : 0,
                                           2 * p->coef[2] * gs * r.r[2], -2 * p->coef[3] * gs * r.r[3], h * x[k], h};
    for (int j = 0; j < MMAX_NPARAMS; j++) d[j] += of_entry[j] * (fault == PARAM_KNOT_FACTOR && j == 6 ? 0.5 : 1);
  }
  free(e);
}

/* ---- the call ----------------------------------------------------------- */

/* Faults of the process itself; most wait for a particular input. */
static void misbehave(const struct serve_call *call) {
  const struct wire_request *r = &call->request;
  int has_nan = isnan(call->logits[0]), all_masked = call->mask != NULL;
  for (size_t k = 0; k < r->rows * r->cols && all_masked; k++) all_masked = call->mask[k] != 0;
  if (fault == HANG && has_nan) for (;;) (void)pause();
  if (fault == DIE && all_masked) (void)raise(SIGSEGV);
  if (fault == ABORT_LONG && r->cols > 60000) abort();
  if (fault == GARBAGE && has_nan) (void)printf("warning: logits look strange\n");
  if (fault == SHORT_ANSWER && has_nan) {
    (void)printf("ok id=%llu out=%zu echo=0 params=0 guard=whole\n1234", (unsigned long long)r->id, r->rows * r->cols);
    (void)fflush(stdout);
    _exit(0);
  }
  if (fault == WRONG_SIZE && r->cols % 8 == 7) (void)printf("ok id=%llu out=%zu echo=0 params=0 guard=whole\n", (unsigned long long)r->id, r->cols + 1);
  if (fault == FLOOD_MEMORY && has_nan)
    for (;;) {
      char *block = malloc((size_t)1 << 22);
      if (block == NULL) abort();
      memset(block, 1, (size_t)1 << 22);
    }
  if (fault == FLOOD_OUTPUT && has_nan)
    for (;;) (void)fputs("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", stdout);
}

static int broken(void *context, struct serve_call *call) {
  static float *memory, *previous;
  static size_t memory_cells, previous_cells;
  const struct wire_request *r = &call->request;
  size_t cells = r->rows * r->cols, stride = fault == STRIDE_IGNORED ? r->cols : r->stride;
  double carried = 0;
  (void)context;
  calls++;
  misbehave(call);
  float *fresh = calloc(cells + 1, sizeof *fresh);
  for (size_t row = 0; row < r->rows; row++) {
    size_t from = fault == SWAP_ROWS && r->rows > 1 ? (row ^ 1u) % r->rows : row;
    const float *x = call->logits + from * stride;
    const uint8_t *mask = call->mask == NULL ? NULL : call->mask + from * r->cols;
    if (r->op == WIRE_BACKWARD) backward(call, x, mask, call->upstream + from * r->cols, fresh + row * r->cols, row + 1 == r->rows);
    else forward(call, x, mask, fresh + row * r->cols, &carried);
  }
  if (r->op == WIRE_BACKWARD) call->grad_params_count = MMAX_NPARAMS;
  for (int j = 0; j < MMAX_NPARAMS && fault == PARAM_SIGN; j++) call->grad_params[j] = -call->grad_params[j];
  int path = (fault == BATCH_PATH && r->rows > 4) || (fault == THREAD_PATH && r->threads > 1) || (fault == IN_PLACE_CLOBBER && r->in_place);
  for (size_t k = 0; k < cells && path; k++) fresh[k] *= 1 + 0x1p-12f;
  float *answer = fresh;
  if (fault == STALE && memory != NULL && memory_cells == cells) answer = memory;
  if (fault == CACHED && previous != NULL && previous_cells == cells) answer = previous;
  memcpy(call->out, answer, cells * sizeof *answer);
  if (fault == INPUT_DESTROYED && !r->in_place) call->logits[0] += 1;
  if (fault == OVERRUN && cells % 8 != 0) call->out[cells] = 0;
  if (fault == CACHED && answer == previous) {
    free(fresh);
    return 0;
  }
  free(memory);
  memory = fresh;
  memory_cells = cells;
  previous = memory;
  previous_cells = cells;
  return 0;
}

int main(int argc, char **argv) {
  char hello[256];
  if (argc == 2 && strcmp(argv[1], "--list") == 0) {
    for (int k = 0; k < FAULTS; k++) (void)printf("%s %s %s\n", table[k].name, table[k].property, table[k].group);
    return 0;
  }
  int chosen = 0;
  while (argc == 2 && chosen < FAULTS && strcmp(argv[1], table[chosen].name) != 0) chosen++;
  if (argc != 2 || chosen == FAULTS) {
    (void)fprintf(stderr, "usage: audit_broken FAULT | --list\n");
    return 2;
  }
  fault = (enum fault)chosen;
  (void)snprintf(hello, sizeof hello,
                 "{\"protocol\": 1, \"name\": \"fault: %s\", \"formula\": \"multimax\", \"ops\": [\"forward\", \"log\", "
                 "\"backward\"], \"features\": [\"mask\", \"inplace\", \"stride\", \"threads\", \"echo\"]}", argv[1]);
  struct serve_subject subject = {hello, broken, NULL};
  return serve_loop(&subject);
}
