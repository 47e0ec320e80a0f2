/* SPDX-License-Identifier: Apache-2.0 */
/* Host side of the calls: the library's argument checks on device pointers, workspace, and launch shapes. */
#ifndef MMAX_GPU_LAUNCH_CUH
#define MMAX_GPU_LAUNCH_CUH

#include <cuda_runtime.h>

#include "gradient.cuh"

extern "C" {
#include "check.h"
}

namespace mmax {

/* Rows up to this length are shared by a warp; up to the next one their weights fit into a block's registers. */
const size_t warp_cols = 1024, block_cols = 4096;
const unsigned max_blocks = 1u << 20, max_parts = 65535;

/* A batch of either storage. */
struct host_rows {
  mmax_storage storage;
  const void *logits;
  const uint8_t *mask;
  size_t rows, cols, stride, mask_stride;
};
static inline host_rows rows_of(const mmax_rows *in) {
  return host_rows{MMAX_FLOAT32, in->logits, in->mask, in->rows, in->cols, in->stride, in->mask_stride};
}
static inline host_rows rows_of(const mmax_rows16 *in) {
  return host_rows{in->storage, in->logits, in->mask, in->rows, in->cols, in->stride, in->mask_stride};
}
static inline bool known(const mmax_rows *) { return true; }
static inline bool known(const mmax_rows16 *in) {
  return in->storage == MMAX_FLOAT16 || in->storage == MMAX_BFLOAT16;
}
static inline bool is_empty(const host_rows &in) { return in.rows == 0 || in.cols == 0; }

static inline mmax_buffer matrix(const host_rows &in, const void *data, size_t stride, int output, int may_replace) {
  mmax_buffer b = {data, in.cols, stride, in.storage == MMAX_FLOAT32 ? sizeof(float) : sizeof(uint16_t), output, may_replace};
  return b;
}
static inline mmax_buffer column(const void *data, int output) {
  mmax_buffer b = {data, 1, 1, sizeof(float), output, 0};
  return b;
}
static inline mmax_buffer mask_buffer(const host_rows &in) {
  mmax_buffer b = {in.mask, in.cols, in.mask_stride, 1, 0, 0};
  return b;
}

static inline mmax_cuda_exec exec_of(const mmax_cuda_exec *exec) { return exec == nullptr ? mmax_cuda_exec{} : *exec; }

static inline batch batch_of(const mmax_params *params, const host_rows &in, const mmax_cuda_exec &exec) {
  return batch{*params,           in.logits,                in.mask,    (int64_t)in.rows, (int64_t)in.cols,
               (int64_t)in.stride, (int64_t)in.mask_stride, exec.report};
}

/* The checks of calls that turn logits into one matrix. */
template <class Rows>
static inline mmax_status check_outputs(const mmax_params *params, const Rows *rows, const void *out, size_t stride,
                                        host_rows *in) {
  if (params == nullptr || rows == nullptr) return MMAX_ERR_NULL;
  *in = rows_of(rows);
  if (!is_empty(*in) && (in->logits == nullptr || out == nullptr)) return MMAX_ERR_NULL;
  mmax_status status = mmax_params_check(params);
  if (status == MMAX_OK && !known(rows)) status = MMAX_ERR_STORAGE;
  if (status != MMAX_OK || is_empty(*in)) return status;
  const mmax_buffer buffers[] = {matrix(*in, in->logits, in->stride, 0, 0), mask_buffer(*in),
                                 matrix(*in, out, stride, 1, 1)};
  return mmax_check_buffers(in->rows, buffers, 3);
}

/* Into how many parts rows are cut, and where the workspace keeps what. */
struct plan {
  unsigned parts;
  row_moments *moments; /* NULL: no accumulator */
  void *results;
};

/* Bytes that the passes of any kernel leave per part. */
const size_t most_results = 104;

/* A part has at least 8192 entries, and the grid about as many blocks as run at once on a large device. */
static inline unsigned parts_of(size_t rows, size_t cols, unsigned blocks_per_row) {
  if (blocks_per_row != 0) return blocks_per_row < max_parts ? blocks_per_row : max_parts;
  size_t most = (cols + 8191) / 8192, room = rows < 1024 ? 1024 / rows : 1;
  return (unsigned)(most < room ? most : room);
}

/* SIZE_MAX where it overflows. */
static inline size_t bytes_of(size_t rows, unsigned parts, size_t each) {
  return each != 0 && rows > SIZE_MAX / each / parts ? SIZE_MAX : rows * parts * each;
}

/* MMAX_OK or MMAX_ERR_SCRATCH. */
template <class Results>
static inline mmax_status plan_of(const host_rows &in, const mmax_cuda_exec &exec, bool sums, plan *out) {
  static_assert(sizeof(Results) <= most_results, "mmax_cuda_workspace_bytes promises enough");
  size_t results = sizeof(Results);
  size_t moments = sums ? sizeof(row_moments) : 0;
  size_t given = exec.workspace == nullptr ? 0 : exec.workspace_bytes;
  unsigned parts = parts_of(in.rows, in.cols, exec.blocks_per_row);
  if ((uintptr_t)exec.workspace % 16 != 0) return MMAX_ERR_SCRATCH;
  if (parts > 1 && exec.blocks_per_row == 0 && bytes_of(in.rows, parts, moments + results) > given) parts = 1;
  if (bytes_of(in.rows, parts, moments + (parts > 1 ? results : 0)) > given) return MMAX_ERR_SCRATCH;
  *out = plan{parts, sums ? (row_moments *)exec.workspace : nullptr,
              (char *)exec.workspace + in.rows * parts * moments};
  return MMAX_OK;
}

static inline unsigned blocks_for(size_t rows, size_t rows_per_block) {
  size_t blocks = (rows + rows_per_block - 1) / rows_per_block;
  return blocks < max_blocks ? (unsigned)blocks : max_blocks; /* the kernels stride over rows */
}

static inline mmax_status launched() {
  return cudaGetLastError() == cudaSuccess ? MMAX_OK : MMAX_ERR_DEVICE;
}

/* One warp a row, 4 rows a block; one block of 256 a row; or a launch per pass with several blocks a row. */
template <class... A, class... B>
static inline mmax_status launch(const host_rows &in, const mmax_cuda_exec &exec, const plan &p, int passes,
                                 void (*by_warp)(A...), void (*by_block)(A...), B... args) {
  cudaStream_t s = (cudaStream_t)exec.stream;
  mmax_status status = MMAX_OK;
  if (p.parts > 1) {
    for (int k = 0; k < passes && status == MMAX_OK; k++) {
      by_block<<<dim3(blocks_for(in.rows, 1), p.parts), block_group::threads, 0, s>>>(args..., split{p.results, k});
      status = launched();
    }
    return status;
  }
  if (in.cols <= warp_cols && by_warp != nullptr)
    by_warp<<<blocks_for(in.rows, 4), dim3(32, 4), 0, s>>>(args..., split{nullptr, whole});
  else
    by_block<<<blocks_for(in.rows, 1), block_group::threads, 0, s>>>(args..., split{nullptr, whole});
  return launched();
}

} // namespace mmax

#endif
