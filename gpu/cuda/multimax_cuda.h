/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The row functions of multimax.h on a CUDA device: the same arguments with
 * device pointers, the same bits. Usable from C.
 *
 * Calls are asynchronous on the stream: they allocate nothing and wait for
 * nothing. What is only known on the device, special rows and invalid targets,
 * is counted in a report in device memory that the caller starts with
 * mmax_cuda_report_start. Nothing is launched when a status < 0 is returned.
 * Not yet run on hardware; see gpu/README.md.
 */
#ifndef MULTIMAX_CUDA_H
#define MULTIMAX_CUDA_H

#include "multimax.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mmax_cuda_report {
  unsigned long long masked_rows, first_masked;
  unsigned long long nonfinite_rows, first_nonfinite;
  unsigned long long ignored_rows;
  unsigned long long bad_targets, first_bad_target; /* such a row's outputs are NaN */
} mmax_cuda_report;

/* Who shares a row. */
typedef enum mmax_cuda_path {
  MMAX_CUDA_NONE,    /* nothing was launched */
  MMAX_CUDA_WARP,    /* a warp */
  MMAX_CUDA_BLOCK,   /* a block */
  MMAX_CUDA_CLUSTER, /* a cluster of 2 to 8 blocks, through distributed shared memory: one launch */
  MMAX_CUDA_PASSES   /* several blocks, through the workspace: a launch per pass over the row */
} mmax_cuda_path;

typedef struct mmax_cuda_choice {
  mmax_cuda_path path;
  unsigned blocks_per_row;
} mmax_cuda_choice;

/* How to run; changes time, never a bit. NULL means all zeros.
   Several blocks share a row of more than 8192 entries if there are few rows, and on request. Up to 8 of them are a
   cluster, where the call's kernel was compiled for sm_90 or later (a library whose newest PTX is older has none) and
   the device finds room for one; probabilities of rows of up to 65536 entries then take one whatever the number of
   rows, as they stay in registers. Else they take passes. */
typedef struct mmax_cuda_exec {
  void *stream;             /* a cudaStream_t; NULL: the default stream */
  mmax_cuda_report *report; /* device memory, added to; may be NULL */
  void *workspace;          /* device memory, 16-byte aligned; may be NULL */
  size_t workspace_bytes;
  unsigned blocks_per_row;  /* at most 65535; 0: by the shape, as far as the workspace allows */
  int no_clusters;          /* not 0: passes where there could be a cluster */
  mmax_cuda_choice *choice; /* host memory, set by a call that returns MMAX_OK; may be NULL */
} mmax_cuda_exec;

/* Workspace that is enough for every call of that shape, whatever path it takes. Only accumulators
   and passes need one: without it, and without a request for several blocks, a call takes a block a row. */
size_t mmax_cuda_workspace_bytes(size_t rows, size_t cols, unsigned blocks_per_row);

/* MMAX_ERR_DEVICE: the driver refused a launch (cudaGetLastError tells why). */
mmax_status mmax_cuda_report_start(mmax_cuda_report *device_report, void *stream);

mmax_status mmax_cuda_forward(const mmax_params *params, const mmax_rows *in, float *probs,
                              size_t probs_stride, const mmax_cuda_exec *exec);
mmax_status mmax_cuda_forward16(const mmax_params *params, const mmax_rows16 *in, uint16_t *probs,
                                size_t probs_stride, const mmax_cuda_exec *exec);
mmax_status mmax_cuda_log_forward(const mmax_params *params, const mmax_rows *in, float *log_probs,
                                  size_t log_probs_stride, const mmax_cuda_exec *exec);
mmax_status mmax_cuda_log_forward16(const mmax_params *params, const mmax_rows16 *in,
                                    uint16_t *log_probs, size_t log_probs_stride,
                                    const mmax_cuda_exec *exec);

/* device_acc: an accumulator in device memory, added to; NULL for none. Else MMAX_ERR_SCRATCH
   without workspace. */
mmax_status mmax_cuda_backward(const mmax_params *params, const mmax_rows *in,
                               const float *grad_probs, size_t grad_probs_stride,
                               float *grad_logits, size_t grad_logits_stride,
                               mmax_accumulator *device_acc, const mmax_cuda_exec *exec);
mmax_status mmax_cuda_backward16(const mmax_params *params, const mmax_rows16 *in,
                                 const uint16_t *grad_probs, size_t grad_probs_stride,
                                 uint16_t *grad_logits, size_t grad_logits_stride,
                                 mmax_accumulator *device_acc, const mmax_cuda_exec *exec);

/* targets->target, grad_loss, loss: device memory, one per row. Each output may be NULL. */
mmax_status mmax_cuda_cross_entropy_backward(const mmax_params *params, const mmax_rows *in,
                                             const mmax_targets *targets, const float *grad_loss,
                                             float *loss, float *grad_logits,
                                             size_t grad_logits_stride,
                                             mmax_accumulator *device_acc,
                                             const mmax_cuda_exec *exec);
mmax_status mmax_cuda_cross_entropy_backward16(const mmax_params *params, const mmax_rows16 *in,
                                               const mmax_targets *targets, const float *grad_loss,
                                               float *loss, uint16_t *grad_logits,
                                               size_t grad_logits_stride,
                                               mmax_accumulator *device_acc,
                                               const mmax_cuda_exec *exec);

#ifdef __cplusplus
}
#endif
#endif
