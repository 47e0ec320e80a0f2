/* SPDX-License-Identifier: Apache-2.0 */
/* Host side of the calls: the library's argument checks on device pointers, and launch shapes. */
#ifndef MMAX_GPU_LAUNCH_CUH
#define MMAX_GPU_LAUNCH_CUH

#include <cuda_runtime.h>

#include "row.cuh"

extern "C" {
#include "check.h"
}

namespace mmax {

/* Rows up to this length are shared by a warp, longer ones by a block. */
const size_t warp_cols = 1024;
const unsigned max_blocks = 1u << 20;

static inline bool is_empty(const mmax_rows *in) { return in->rows == 0 || in->cols == 0; }

static inline mmax_buffer float_buffer(const void *data, size_t cols, size_t stride, int output,
                                       int may_replace) {
  mmax_buffer b = {data, cols, stride, sizeof(float), output, may_replace};
  return b;
}
static inline mmax_buffer mask_buffer(const mmax_rows *in) {
  mmax_buffer b = {in->mask, in->cols, in->mask_stride, 1, 0, 0};
  return b;
}

static inline batch batch_of(const mmax_params *params, const mmax_rows *in,
                             mmax_cuda_report *report) {
  batch b = {*params, *in, report};
  return b;
}

static inline unsigned blocks_for(size_t rows, size_t rows_per_block) {
  size_t blocks = (rows + rows_per_block - 1) / rows_per_block;
  return blocks < max_blocks ? (unsigned)blocks : max_blocks; /* the kernels stride over rows */
}

static inline mmax_status launched() {
  return cudaGetLastError() == cudaSuccess ? MMAX_OK : MMAX_ERR_DEVICE;
}

/* One warp a row, 4 rows a block; or one block of 256 a row. */
template <class... A, class... B>
static inline mmax_status launch(bool warp, void (*by_warp)(A...), void (*by_block)(A...),
                                 size_t rows, void *stream, B... args) {
  cudaStream_t s = (cudaStream_t)stream;
  if (warp)
    by_warp<<<blocks_for(rows, 4), dim3(32, 4), 0, s>>>(args...);
  else
    by_block<<<blocks_for(rows, 1), 256, 0, s>>>(args...);
  return launched();
}

} // namespace mmax

#endif
