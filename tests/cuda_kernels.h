/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the compiled CUDA kernels under the PTX executor and compares every
 * output bit, parameter accumulator and report with the reference backend.
 */
#ifndef CUDA_KERNELS_H
#define CUDA_KERNELS_H

#include "diff.h"
#include "ptx.h"

/* The kernels' arguments, laid out as gpu/cuda declares them; pointers are device addresses. */
typedef struct cuda_report {
  uint64_t masked_rows, first_masked, nonfinite_rows, first_nonfinite;
  uint64_t ignored_rows, bad_targets, first_bad_target;
} cuda_report;
typedef struct cuda_batch {
  mmax_params params;
  mmax_rows rows;
  uint64_t report;
} cuda_batch;
typedef struct forward_args {
  cuda_batch batch;
  uint64_t out;
  int64_t stride;
} forward_args;
typedef struct backward_args {
  cuda_batch batch;
  uint64_t g;
  int64_t g_stride;
  uint64_t grad;
  int64_t grad_stride;
  uint64_t moments, acc;
} backward_args;
typedef struct loss_args {
  cuda_batch batch;
  uint64_t target;
  int32_t ignore_index;
  float smoothing;
  int64_t smoothed;
  uint64_t grad_loss, loss, grad;
  int64_t grad_stride;
  uint64_t moments, acc;
} loss_args;
typedef struct accumulate_args {
  uint64_t rows;
  int64_t count;
  uint32_t terms, pad;
  uint64_t acc;
} accumulate_args;

enum { MOMENT_BYTES = MMAX_NPARAMS * 12, OUTPUT_PATTERN = 0x5a };

/* How a call is made: changes no bit. */
typedef struct cuda_call {
  const char *kernel;
  unsigned blocks; /* most blocks of the grid; fewer than rows make blocks stride */
  int in_place, no_grad, no_acc, no_loss, no_report;
  float *grad_loss; /* NULL: 1 */
} cuda_call;

static struct mmax_ptx_module *modules[8];
static int module_count;
static uint64_t lane_instructions;

static inline int has_kernel(const struct mmax_ptx_module *m, const char *kernel) {
  for (int k = 0; k < mmax_ptx_kernel_count(m); k++)
    if (strcmp(mmax_ptx_kernel_name(m, k), kernel) == 0) return 1;
  return 0;
}

/* Loads DIR/UNIT.ptx of every unit; exits with a message where one is refused. */
static inline void load_modules(const char *dir) {
  static const char *const units[] = {"forward", "backward", "loss", "accumulate"};
  for (int k = 0; k < 4; k++) {
    char path[512], error[MMAX_PTX_ERROR_SIZE];
    snprintf(path, sizeof path, "%s/%s.ptx", dir, units[k]);
    modules[module_count] = mmax_ptx_load(path, error);
    if (modules[module_count] == NULL) {
      printf("FAIL %s\n", error);
      exit(1);
    }
    module_count++;
  }
}

/* 0 where the launch was refused or the executor had something to report. */
static inline int launch_kernel(struct mmax_ptx_machine *m, const char *kernel, unsigned blocks,
                                unsigned width, unsigned height, const void *args, size_t size) {
  char error[MMAX_PTX_ERROR_SIZE] = "no such kernel";
  for (int k = 0; k < module_count; k++) {
    if (!has_kernel(modules[k], kernel)) continue;
    struct mmax_ptx_launch l = {.kernel = kernel, .grid = {blocks, 1, 1}, .block = {width, height, 1},
                                .params = args, .params_size = size, .step_limit = 1 << 24};
    int status = mmax_ptx_launch(m, modules[k], &l, error);
    size_t reports = mmax_ptx_report_count(m);
    for (size_t r = 0; r < reports && failures < 10; r++)
      mmax_ptx_report_print(stdout, kernel, mmax_ptx_report_at(m, r));
    lane_instructions += mmax_ptx_counts(m)->lane_instructions;
    if (status == 0) return reports == 0;
    break;
  }
  printf("%s: %s\n", kernel, error);
  return 0;
}

static inline int launch_rows(struct mmax_ptx_machine *m, const cuda_call *call, size_t rows,
                              const void *args, size_t size) {
  int warp = strstr(call->kernel, "_warp") != NULL;
  size_t blocks = warp ? (rows + 3) / 4 : rows;
  if (call->blocks != 0 && blocks > call->blocks) blocks = call->blocks;
  return launch_kernel(m, call->kernel, (unsigned)blocks, warp ? 32 : 256, warp ? 4 : 1, args, size);
}

static inline size_t extent_of(const mmax_rows *in) { return (in->rows - 1) * in->stride + in->cols; }

static inline uint64_t readable(struct mmax_ptx_machine *m, const void *data, size_t bytes, unsigned skew) {
  return data == NULL ? 0 : mmax_ptx_buffer(m, (void *)(uintptr_t)data, bytes, MMAX_PTX_INITIALISED, skew);
}
static inline uint64_t writable(struct mmax_ptx_machine *m, void *data, size_t bytes, unsigned flags, unsigned skew) {
  return data == NULL ? 0 : mmax_ptx_buffer(m, data, bytes, MMAX_PTX_WRITABLE | flags, skew);
}

static inline cuda_batch batch_of(struct mmax_ptx_machine *m, const diff_case *c, cuda_report *report) {
  size_t bytes = (c->in.rows - 1) * c->in.mask_stride + c->in.cols;
  cuda_batch b = {c->params, c->in, writable(m, report, sizeof *report, MMAX_PTX_INITIALISED, 0)};
  b.rows.mask = (const uint8_t *)(uintptr_t)readable(m, c->in.mask, bytes, (unsigned)(c->seed % 5));
  return b;
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
  size_t at = diff_first(want, got, sizeof *want);
  if (at < sizeof *want && failures < 10) printf("the accumulators differ at byte %zu\n", at);
  return at == sizeof *want;
}

/* A copy of n floats, or n of the output pattern. */
static inline float *copy_of(const float *from, size_t n) {
  float *to = malloc(n * sizeof *to + 1);
  if (to == NULL) exit(1);
  if (from == NULL) memset(to, OUTPUT_PATTERN, n * sizeof *to);
  else memcpy(to, from, n * sizeof *to);
  return to;
}

static inline unsigned skew_of(const diff_case *c, int which) { return (unsigned)(c->seed >> which * 2) % 4 * 4; }

static inline int forward_same(const diff_case *c, const cuda_call *call) {
  size_t n = extent_of(&c->in);
  int logs = strstr(call->kernel, "log") != NULL;
  float *want = copy_of(call->in_place ? c->in.logits : NULL, n), *got = copy_of(want, n);
  mmax_report report;
  mmax_report_start(&report);
  cuda_report device_report = report_start();
  mmax_scratch none = {NULL, 0};
  mmax_input in = mmax_input_of(&c->in);
  (logs ? mmax_kernels_ref.log_forward : mmax_kernels_ref.forward)(&c->params, &in, (mmax_output){want, c->in.stride}, none, &report);
  struct mmax_ptx_machine *m = mmax_ptx_machine_new();
  forward_args a = {batch_of(m, c, call->no_report ? NULL : &device_report), 0, (int64_t)c->in.stride};
  a.out = writable(m, got, n * sizeof *got, call->in_place ? MMAX_PTX_INITIALISED : 0, skew_of(c, 0));
  a.batch.rows.logits = (const float *)(uintptr_t)(call->in_place ? a.out : readable(m, c->in.logits, n * sizeof *got, skew_of(c, 1)));
  int same = launch_rows(m, call, c->in.rows, &a, sizeof a);
  mmax_ptx_machine_free(m);
  same = diff_same(want, got, n) && same;
  same = (call->no_report || same_report(&report, &device_report)) && same;
  free(want);
  free(got);
  return same;
}

static inline int accumulate_same(struct mmax_ptx_machine *m, const diff_case *c, uint64_t moments, uint64_t acc) {
  accumulate_args a = {moments, (int64_t)c->in.rows, c->params.terms, 0, acc};
  return launch_kernel(m, "mmax_accumulate", MMAX_NPARAMS, 64, 1, &a, sizeof a);
}

/* Any state of an accumulator: additions must keep what is there. */
static inline void accumulator_fill(mmax_accumulator *acc, uint64_t seed) {
  mmax_accumulator_init(acc);
  if (seed & 1)
    for (int j = 0; j < MMAX_NPARAMS; j++)
      for (int i = 0; i < MMAX_ACC_LIMBS; i++) acc->limb[j][i] = seed & 2 ? UINT64_MAX : random_u64(&seed);
}

static inline int backward_same(const diff_case *c, const cuda_call *call) {
  size_t n = extent_of(&c->in);
  float *want = copy_of(call->in_place ? c->grad : NULL, n), *got = copy_of(want, n);
  mmax_accumulator want_acc, got_acc;
  accumulator_fill(&want_acc, c->seed);
  got_acc = want_acc;
  mmax_report report;
  mmax_report_start(&report);
  cuda_report device_report = report_start();
  mmax_scratch none = {NULL, 0};
  mmax_input in = mmax_input_of(&c->in);
  mmax_kernels_ref.backward(&c->params, &in, (mmax_upstream){c->grad, c->in.stride},
                            (mmax_output){call->no_grad ? NULL : want, c->in.stride},
                            call->no_acc ? NULL : &want_acc, none, &report);
  struct mmax_ptx_machine *m = mmax_ptx_machine_new();
  void *moments = malloc(c->in.rows * MOMENT_BYTES);
  if (moments == NULL) exit(1);
  backward_args a = {batch_of(m, c, &device_report), 0, (int64_t)c->in.stride, 0, (int64_t)c->in.stride, 0, 0};
  a.batch.rows.logits = (const float *)(uintptr_t)readable(m, c->in.logits, n * sizeof *got, skew_of(c, 1));
  if (!call->no_grad) a.grad = writable(m, got, n * sizeof *got, call->in_place ? MMAX_PTX_INITIALISED : 0, skew_of(c, 0));
  a.g = call->in_place && !call->no_grad ? a.grad : readable(m, c->grad, n * sizeof *got, skew_of(c, 2));
  if (!call->no_acc) {
    a.moments = writable(m, moments, c->in.rows * MOMENT_BYTES, 0, 0);
    a.acc = writable(m, &got_acc, sizeof got_acc, MMAX_PTX_INITIALISED, 0);
  }
  int same = launch_rows(m, call, c->in.rows, &a, sizeof a);
  if (same && !call->no_acc) same = accumulate_same(m, c, a.moments, a.acc);
  mmax_ptx_machine_free(m);
  same = diff_same(want, got, n) && same;
  same = same_accumulator(&want_acc, &got_acc) && same;
  same = same_report(&report, &device_report) && same;
  free(want);
  free(got);
  free(moments);
  return same;
}

/* The reference row by row, as a row whose target is no class is the device's own affair: NaN, and counted. */
static inline void loss_reference(const diff_case *c, const cuda_call *call, float *loss, float *grad,
                                  mmax_accumulator *acc, mmax_report *report, cuda_report *bad) {
  mmax_scratch none = {NULL, 0};
  mmax_report_start(report);
  for (size_t r = 0; r < c->in.rows; r++) {
    mmax_input one = {c->in.logits + r * c->in.stride, c->in.mask == NULL ? NULL : c->in.mask + r * c->in.mask_stride,
                     1, c->in.cols, c->in.stride, 0};
    mmax_targets targets = {c->target + r, -100, c->smoothing};
    int32_t t = c->target[r];
    if (t != -100 && (t < 0 || (size_t)t >= c->in.cols)) {
      if (bad->bad_targets++ == 0) bad->first_bad_target = r;
      uint32_t nan_bits = 0x7fc00000u;
      if (loss != NULL) memcpy(loss + r, &nan_bits, 4);
      for (size_t i = 0; grad != NULL && i < c->in.cols; i++) memcpy(grad + r * c->in.stride + i, &nan_bits, 4);
      if (acc != NULL) acc->nonfinite_rows++;
      continue;
    }
    mmax_report part;
    mmax_report_start(&part);
    mmax_kernels_ref.cross_entropy(&c->params, &one, &targets, call->grad_loss == NULL ? NULL : call->grad_loss + r,
                                   loss == NULL ? NULL : loss + r,
                                   (mmax_output){grad == NULL ? NULL : grad + r * c->in.stride, c->in.stride}, acc, none, &part);
    mmax_report_append(report, &part, r);
  }
}

static inline int loss_same(const diff_case *c, const cuda_call *call) {
  size_t n = extent_of(&c->in), rows = c->in.rows;
  float *want = copy_of(call->in_place ? c->in.logits : NULL, n), *got = copy_of(want, n);
  float *want_loss = copy_of(NULL, rows), *got_loss = copy_of(NULL, rows);
  mmax_accumulator want_acc, got_acc;
  accumulator_fill(&want_acc, c->seed);
  got_acc = want_acc;
  mmax_report report;
  cuda_report device_report = report_start(), bad = report_start();
  loss_reference(c, call, call->no_loss ? NULL : want_loss, call->no_grad ? NULL : want,
                 call->no_acc ? NULL : &want_acc, &report, &bad);
  struct mmax_ptx_machine *m = mmax_ptx_machine_new();
  void *moments = malloc(rows * MOMENT_BYTES);
  if (moments == NULL) exit(1);
  loss_args a = {batch_of(m, c, &device_report), 0, -100, c->smoothing, c->smoothing > 0.0f, 0, 0, 0,
                 (int64_t)c->in.stride, 0, 0};
  a.target = readable(m, c->target, rows * 4, 0);
  a.grad_loss = readable(m, call->grad_loss, rows * 4, 0);
  if (!call->no_loss) a.loss = writable(m, got_loss, rows * 4, 0, 0);
  if (!call->no_grad) a.grad = writable(m, got, n * sizeof *got, call->in_place ? MMAX_PTX_INITIALISED : 0, skew_of(c, 0));
  a.batch.rows.logits = (const float *)(uintptr_t)(call->in_place && !call->no_grad ? a.grad : readable(m, c->in.logits, n * sizeof *got, skew_of(c, 1)));
  if (!call->no_acc) {
    a.moments = writable(m, moments, rows * MOMENT_BYTES, 0, 0);
    a.acc = writable(m, &got_acc, sizeof got_acc, MMAX_PTX_INITIALISED, 0);
  }
  int same = launch_rows(m, call, rows, &a, sizeof a);
  if (same && !call->no_acc) same = accumulate_same(m, c, a.moments, a.acc);
  mmax_ptx_machine_free(m);
  same = diff_same(want, got, n) && same;
  same = diff_same(want_loss, got_loss, rows) && same;
  same = same_accumulator(&want_acc, &got_acc) && same;
  same = same_report(&report, &device_report) && same;
  same = bad.bad_targets == device_report.bad_targets && bad.first_bad_target == device_report.first_bad_target && same;
  free(want);
  free(got);
  free(want_loss);
  free(got_loss);
  free(moments);
  return same;
}

#endif
