/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The row functions of multimax.h on a CUDA device: the same arguments with
 * device pointers, the same bits. Usable from C.
 *
 * Calls are asynchronous on `stream` (a cudaStream_t): they allocate nothing and
 * wait for nothing. What is only known on the device, special rows and invalid
 * targets, is counted in a report in device memory that the caller starts with
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

/* MMAX_ERR_DEVICE: the driver refused a launch (cudaGetLastError tells why). */
mmax_status mmax_cuda_report_start(mmax_cuda_report *device_report, void *stream);

mmax_status mmax_cuda_forward(const mmax_params *params, const mmax_rows *in, float *probs,
                              size_t probs_stride, mmax_cuda_report *device_report, void *stream);
mmax_status mmax_cuda_log_forward(const mmax_params *params, const mmax_rows *in,
                                  float *log_probs, size_t log_probs_stride,
                                  mmax_cuda_report *device_report, void *stream);

/* Bytes of device memory, 16-byte aligned, that the gradients of `rows` rows need when
   device_acc is given. */
size_t mmax_cuda_workspace_bytes(size_t rows);

/* device_acc: an accumulator in device memory, added to; NULL for none (then no workspace). */
mmax_status mmax_cuda_backward(const mmax_params *params, const mmax_rows *in,
                               const float *grad_probs, size_t grad_probs_stride,
                               float *grad_logits, size_t grad_logits_stride,
                               mmax_accumulator *device_acc, void *workspace,
                               mmax_cuda_report *device_report, void *stream);

/* targets->target, grad_loss, loss: device memory, one per row. */
mmax_status mmax_cuda_cross_entropy_backward(const mmax_params *params, const mmax_rows *in,
                                             const mmax_targets *targets, const float *grad_loss,
                                             float *loss, float *grad_logits,
                                             size_t grad_logits_stride,
                                             mmax_accumulator *device_acc, void *workspace,
                                             mmax_cuda_report *device_report, void *stream);

#ifdef __cplusplus
}
#endif
#endif
