/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the compiled CUDA kernels under the PTX executor and compares every
 * output bit, parameter accumulator and report with the reference backend.
 */
#ifndef CUDA_KERNELS_H
#define CUDA_KERNELS_H

#include "cuda_machine.h"
#include "diff_rows.h"
#include "storage.h"

enum { OUTPUT_PATTERN = 0x5a };

/* How a call is made: changes no bit. */
typedef struct cuda_call {
  const char *kernel;
  unsigned blocks; /* most blocks of the grid; fewer than rows make blocks stride */
  unsigned parts;  /* blocks a row; 0: one */
  int cluster;     /* they are one, and make all passes in one launch */
  int in_place, no_grad, no_acc, no_loss, no_report;
  float *grad_loss; /* NULL: 1 */
  size_t out_stride;
} cuda_call;

/* A case in the kernel's storage. */
typedef struct cuda_rows {
  mmax_storage storage;
  size_t size;     /* of a cell */
  void *x, *g;
  mmax_input in;
} cuda_rows;

/* Finite values stay finite; some become any pattern. */
static inline uint16_t cell16(mmax_storage s, float v, uint64_t dice) {
  uint16_t bits = round_by_integers(s, (double)v), any = (uint16_t)dice;
  if (isnan(v)) return (uint16_t)(format_of(s).infinity | 1 | (dice & 0x80ff));
  if (isfinite(v) && dice >> 56 == 0 && is_finite16(s, any)) return any;
  return isfinite(v) && !is_finite16(s, bits) ? (uint16_t)(bits - 1) : bits;
}

static inline void *cells_of(mmax_storage s, const float *from, size_t n, uint64_t seed) {
  size_t size = mmax_storage_bytes(s);
  void *to = malloc(n * size + 1);
  if (to == NULL) exit(1);
  if (s == MMAX_FLOAT32) memcpy(to, from, n * size);
  else
    for (size_t i = 0; i < n; i++) ((uint16_t *)to)[i] = cell16(s, from[i], random_u64(&seed));
  return to;
}

static inline size_t extent_of(const mmax_rows *in, size_t stride) { return (in->rows - 1) * stride + in->cols; }

static inline cuda_rows rows_start(const diff_case *c, const cuda_call *call) {
  mmax_storage s = storage_of(call->kernel);
  size_t n = extent_of(&c->in, c->in.stride);
  void *x = cells_of(s, c->in.logits, n, c->seed), *g = cells_of(s, c->grad, n, c->seed + 1);
  mmax_input in = {.logits = x, .mask = c->in.mask, .rows = c->in.rows, .cols = c->in.cols, .stride = c->in.stride,
                   .mask_stride = c->in.mask_stride};
  return (cuda_rows){s, mmax_storage_bytes(s), x, g, in};
}
static inline void rows_end(cuda_rows *w) {
  free(w->x);
  free(w->g);
}

static inline const mmax_kernels *reference(mmax_storage s) { return mmax_kernels_for(MMAX_BACKEND_REF, s); }

/* An output of `bytes`: the output pattern, or what it replaces. */
static inline void *output_start(const void *replaced, size_t bytes) {
  void *to = malloc(bytes + 1);
  if (to == NULL) exit(1);
  if (replaced == NULL) memset(to, OUTPUT_PATTERN, bytes);
  else memcpy(to, replaced, bytes);
  return to;
}

/* Where matrix `which` of a call starts, in bytes past 256: all aligned, all alike, or each as it comes. */
static inline unsigned skew_of(const diff_case *c, int which, size_t size) {
  uint64_t how = c->seed >> 8, any = c->seed >> (12 + 4 * which);
  if (how % 3 == 0) return 0;
  return (unsigned)((how % 3 == 1 ? c->seed >> 12 : any) % (16 / size) * size);
}

static inline cuda_batch batch_of(struct mmax_ptx_machine *m, const diff_case *c, cuda_report *report) {
  size_t bytes = (c->in.rows - 1) * c->in.mask_stride + c->in.cols;
  return (cuda_batch){c->params,
                      0,
                      readable(m, c->in.mask, bytes, skew_of(c, 9, 1)),
                      (int64_t)c->in.rows,
                      (int64_t)c->in.cols,
                      (int64_t)c->in.stride,
                      (int64_t)c->in.mask_stride,
                      report == NULL ? 0 : writable(m, report, sizeof *report, 1, 0)};
}

static inline cuda_report report_start(void) {
  return (cuda_report){0, UINT64_MAX, 0, UINT64_MAX, 0, 0, UINT64_MAX};
}

static inline int same_report(const mmax_report *want, const cuda_report *got) {
  int same = want->masked_rows == got->masked_rows && want->first_masked == got->first_masked &&
             want->nonfinite_rows == got->nonfinite_rows &&
             want->first_nonfinite == got->first_nonfinite && want->ignored_rows == got->ignored_rows;
  if (!same && failures < 10) printf("the reports differ\n");
  return same;
}

static inline int same_accumulator(const mmax_accumulator *want, const mmax_accumulator *got) {
  int same = memcmp(want, got, sizeof *want) == 0;
  if (!same && failures < 10) printf("the accumulators differ\n");
  return same;
}

/* Same bytes; prints the first cell that differs. */
static inline int same_cells(const void *want, const void *got, size_t bytes, size_t size) {
  const unsigned char *p = want, *q = got;
  size_t at = 0;
  while (at < bytes && p[at] == q[at]) at++;
  if (at == bytes) return 1;
  uint32_t a = 0, b = 0;
  memcpy(&a, p + at / size * size, size);
  memcpy(&b, q + at / size * size, size);
  if (failures < 10) printf("entry %zu: want %08x got %08x\n", at / size, (unsigned)a, (unsigned)b);
  return 0;
}

/* Memory for what the passes leave; nothing of it is initialised. */
typedef struct cuda_workspace {
  void *moments, *results;
  size_t moment_bytes, result_bytes;
} cuda_workspace;
static inline cuda_workspace workspace_of(const diff_case *c, const cuda_call *call) {
  size_t parts = c->in.rows * (call->parts == 0 ? 1 : call->parts);
  cuda_workspace w = {malloc(parts * MOMENT_BYTES), malloc(parts * RESULT_BYTES), parts * MOMENT_BYTES, parts * RESULT_BYTES};
  if (w.moments == NULL || w.results == NULL) exit(1);
  return w;
}
static inline uint64_t results_at(struct mmax_ptx_machine *m, cuda_workspace *w) {
  return writable(m, w->results, w->result_bytes, 0, 0);
}
static inline void workspace_end(cuda_workspace *w) {
  free(w->moments);
  free(w->results);
}

static inline int forward_same(const diff_case *c, const cuda_call *call) {
  cuda_rows rows = rows_start(c, call);
  size_t stride = call->in_place ? c->in.stride : call->out_stride;
  size_t out_bytes = extent_of(&c->in, stride) * rows.size, in_bytes = extent_of(&c->in, c->in.stride) * rows.size;
  int logs = strstr(call->kernel, "log") != NULL;
  void *want = output_start(call->in_place ? rows.x : NULL, out_bytes), *got = output_start(want, out_bytes);
  mmax_report report;
  mmax_report_start(&report);
  cuda_report device_report = report_start();
  mmax_scratch none = {NULL, 0};
  const mmax_kernels *ref = reference(rows.storage);
  (logs ? ref->log_forward : ref->forward)(&c->params, &rows.in, (mmax_output){want, stride}, none, &report);
  struct mmax_ptx_machine *m = mmax_ptx_machine_new();
  cuda_workspace workspace = workspace_of(c, call);
  forward_args a = {batch_of(m, c, call->no_report ? NULL : &device_report), 0, (int64_t)stride, {results_at(m, &workspace), WHOLE}};
  a.out = writable(m, got, out_bytes, call->in_place, skew_of(c, 0, rows.size));
  a.batch.logits = call->in_place ? a.out : readable(m, rows.x, in_bytes, skew_of(c, 1, rows.size));
  int same = launch_rows(m, call->kernel, c->in.rows, call->blocks, call->parts, call->cluster, 3, &a, sizeof a, &a.split);
  mmax_ptx_machine_free(m);
  same = same_cells(want, got, out_bytes, rows.size) && same;
  same = (call->no_report || same_report(&report, &device_report)) && same;
  free(want);
  free(got);
  workspace_end(&workspace);
  rows_end(&rows);
  return same;
}

static inline int accumulate_same(struct mmax_ptx_machine *m, const diff_case *c, const cuda_call *call, uint64_t moments, uint64_t acc) {
  accumulate_args a = {moments, (int64_t)c->in.rows * (call->parts == 0 ? 1 : call->parts), c->params.terms, 0, acc};
  return launch_kernel(m, "mmax_accumulate", MMAX_NPARAMS, 1, 0, 64, 1, &a, sizeof a);
}

/* Any state of an accumulator: additions must keep what is there. */
static inline void accumulator_fill(mmax_accumulator *acc, uint64_t seed) {
  mmax_accumulator_init(acc);
  if (seed & 1)
    for (int j = 0; j < MMAX_NPARAMS; j++)
      for (int i = 0; i < MMAX_ACC_LIMBS; i++) acc->limb[j][i] = seed & 2 ? UINT64_MAX : random_u64(&seed);
}

static inline int backward_same(const diff_case *c, const cuda_call *call) {
  cuda_rows rows = rows_start(c, call);
  size_t stride = call->in_place ? c->in.stride : call->out_stride;
  size_t out_bytes = extent_of(&c->in, stride) * rows.size, in_bytes = extent_of(&c->in, c->in.stride) * rows.size;
  void *want = output_start(call->in_place ? rows.g : NULL, out_bytes), *got = output_start(want, out_bytes);
  mmax_accumulator want_acc, got_acc;
  accumulator_fill(&want_acc, c->seed);
  got_acc = want_acc;
  mmax_report report;
  mmax_report_start(&report);
  cuda_report device_report = report_start();
  mmax_scratch none = {NULL, 0};
  reference(rows.storage)->backward(&c->params, &rows.in, (mmax_upstream){rows.g, c->in.stride},
                                    (mmax_output){call->no_grad ? NULL : want, stride}, call->no_acc ? NULL : &want_acc, none,
                                    &report);
  struct mmax_ptx_machine *m = mmax_ptx_machine_new();
  cuda_workspace workspace = workspace_of(c, call);
  backward_args a = {batch_of(m, c, &device_report), 0, (int64_t)c->in.stride, 0, (int64_t)stride, 0, 0, {results_at(m, &workspace), WHOLE}};
  a.batch.logits = readable(m, rows.x, in_bytes, skew_of(c, 1, rows.size));
  if (!call->no_grad) a.grad = writable(m, got, out_bytes, call->in_place, skew_of(c, 0, rows.size));
  a.g = call->in_place && !call->no_grad ? a.grad : readable(m, rows.g, in_bytes, skew_of(c, 2, rows.size));
  if (!call->no_acc) {
    a.moments = writable(m, workspace.moments, workspace.moment_bytes, 0, 0);
    a.acc = writable(m, &got_acc, sizeof got_acc, 1, 0);
  }
  int same = launch_rows(m, call->kernel, c->in.rows, call->blocks, call->parts, call->cluster, 4, &a, sizeof a, &a.split);
  if (same && !call->no_acc) same = accumulate_same(m, c, call, a.moments, a.acc);
  mmax_ptx_machine_free(m);
  same = same_cells(want, got, out_bytes, rows.size) && same;
  same = same_accumulator(&want_acc, &got_acc) && same;
  same = same_report(&report, &device_report) && same;
  free(want);
  free(got);
  workspace_end(&workspace);
  rows_end(&rows);
  return same;
}

#endif
