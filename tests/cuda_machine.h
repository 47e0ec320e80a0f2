/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled CUDA kernels on the PTX executor: their arguments as gpu/cuda declares them, loading, launching. */
#ifndef CUDA_MACHINE_H
#define CUDA_MACHINE_H

#include <string.h>

#include "kernels.h"
#include "ptx.h"
#include "support.h"

/* Pointers are device addresses. */
typedef struct cuda_report {
  uint64_t masked_rows, first_masked, nonfinite_rows, first_nonfinite;
  uint64_t ignored_rows, bad_targets, first_bad_target;
} cuda_report;
typedef struct cuda_batch {
  mmax_params params;
  uint64_t logits, mask;
  int64_t rows, cols, stride, mask_stride;
  uint64_t report;
} cuda_batch;
typedef struct cuda_split {
  uint64_t results;
  int64_t pass;
} cuda_split;
typedef struct forward_args { /* kernels that keep a row in registers take no split */
  cuda_batch batch;
  uint64_t out;
  int64_t stride;
  cuda_split split;
} forward_args;
typedef struct backward_args {
  cuda_batch batch;
  uint64_t g;
  int64_t g_stride;
  uint64_t grad;
  int64_t grad_stride;
  uint64_t moments, acc;
  cuda_split split;
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
  cuda_split split;
} loss_args;
typedef struct accumulate_args {
  uint64_t sums;
  int64_t count;
  uint32_t terms, pad;
  uint64_t acc;
} accumulate_args;

/* Bytes of a row's parameter sums, and at most of what the passes leave per part of a row. */
enum { MOMENT_BYTES = MMAX_NPARAMS * 12, RESULT_BYTES = 104, WHOLE = -1 };

static struct mmax_ptx_module *modules[8];
static int module_count;
static uint64_t lane_instructions;

static inline int has_kernel(const struct mmax_ptx_module *m, const char *kernel) {
  for (int k = 0; k < mmax_ptx_kernel_count(m); k++)
    if (strcmp(mmax_ptx_kernel_name(m, k), kernel) == 0) return 1;
  return 0;
}
static inline struct mmax_ptx_module *module_of(const char *kernel) {
  for (int k = 0; k < module_count; k++)
    if (has_kernel(modules[k], kernel)) return modules[k];
  return NULL;
}
/* Whether blocks of the kernel can be clusters: those of older targets know nothing of them. */
static inline int knows_clusters(const char *kernel) {
  return module_of(kernel) != NULL && mmax_ptx_target(module_of(kernel)) >= 90 && strstr(kernel, "_block") != NULL;
}

/* Loads DIR/UNIT.ptx of every unit; exits with a message where one is refused. */
static inline void load_modules(const char *dir) {
  static const char *const units[] = {"forward", "log", "backward", "loss", "accumulate"};
  for (int k = 0; k < 5; k++) {
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

/* Width of the storage whose kernels bear the name. */
static inline mmax_storage storage_of(const char *kernel) {
  return strstr(kernel, "_bf16") ? MMAX_BFLOAT16 : strstr(kernel, "_f16") ? MMAX_FLOAT16 : MMAX_FLOAT32;
}
static inline int in_registers(const char *kernel) {
  return strstr(kernel, "forward") != NULL && strstr(kernel, "_any") == NULL;
}

/* 0 where the launch was refused or the executor had something to report. `parts` blocks in y are a cluster or not. */
static inline int launch_kernel(struct mmax_ptx_machine *m, const char *kernel, unsigned blocks, unsigned parts, int cluster,
                                unsigned width, unsigned height, const void *args, size_t size) {
  char error[MMAX_PTX_ERROR_SIZE] = "no such kernel";
  struct mmax_ptx_launch l = {.kernel = kernel, .grid = {blocks, parts, 1}, .block = {width, height, 1},
                              .cluster = {1, cluster ? parts : 1, 1}, .params = args, .params_size = size, .step_limit = 1 << 24};
  struct mmax_ptx_module *module = module_of(kernel);
  if (module == NULL || mmax_ptx_launch(m, module, &l, error) != 0) {
    printf("%s: %s\n", kernel, error);
    return 0;
  }
  size_t reports = mmax_ptx_report_count(m);
  for (size_t r = 0; r < reports && failures < 10; r++) mmax_ptx_report_print(stdout, kernel, mmax_ptx_report_at(m, r));
  lane_instructions += mmax_ptx_counts(m)->lane_instructions;
  return reports == 0;
}

/* All passes over the rows: one launch, or one each if several parts are no cluster. `split` lies at the end of args. */
static inline int launch_rows(struct mmax_ptx_machine *m, const char *kernel, size_t rows, unsigned most_blocks, unsigned parts,
                              int cluster, int passes, void *args, size_t size, cuda_split *split) {
  int warp = strstr(kernel, "_warp") != NULL, same = 1;
  size_t blocks = warp ? (rows + 3) / 4 : rows;
  if (most_blocks != 0 && blocks > most_blocks) blocks = most_blocks;
  if (in_registers(kernel)) size -= sizeof *split;
  if (parts <= 1 || cluster) {
    split->pass = WHOLE;
    return launch_kernel(m, kernel, (unsigned)blocks, cluster ? parts : 1, cluster, warp ? 32 : 256, warp ? 4 : 1, args, size);
  }
  for (int k = 0; k < passes && same; k++) {
    split->pass = k;
    same = launch_kernel(m, kernel, (unsigned)blocks, parts, 0, 256, 1, args, size);
  }
  return same;
}

static inline uint64_t readable(struct mmax_ptx_machine *m, const void *data, size_t bytes, unsigned skew) {
  return data == NULL ? 0 : mmax_ptx_buffer(m, (void *)(uintptr_t)data, bytes, MMAX_PTX_INITIALISED, skew);
}
static inline uint64_t writable(struct mmax_ptx_machine *m, void *data, size_t bytes, int initialised, unsigned skew) {
  return data == NULL ? 0 : mmax_ptx_buffer(m, data, bytes, MMAX_PTX_WRITABLE | (initialised ? MMAX_PTX_INITIALISED : 0), skew);
}

#endif
