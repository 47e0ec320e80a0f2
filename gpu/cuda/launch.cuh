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

/* Rows up to this length are shared by a warp; so many entries, or the next number, fit into a block's registers. */
const size_t warp_cols = 1024, block_cols = 4096, most_block_cols = 8192;
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

static inline void chose(const mmax_cuda_exec &exec, mmax_cuda_path path, unsigned parts) {
  if (exec.choice != nullptr) *exec.choice = mmax_cuda_choice{path, parts};
}

/* The checks of every call but those of buffers; `needed`: another pointer that rows need. */
template <class Rows>
static inline mmax_status check_rows(const mmax_params *params, const Rows *rows, const void *needed,
                                     const mmax_cuda_exec &exec, host_rows *in) {
  if (params == nullptr || rows == nullptr) return MMAX_ERR_NULL;
  *in = rows_of(rows);
  if (!is_empty(*in) && (in->logits == nullptr || needed == nullptr)) return MMAX_ERR_NULL;
  mmax_status status = mmax_params_check(params);
  if (status == MMAX_OK && !known(rows)) status = MMAX_ERR_STORAGE;
  if (status == MMAX_OK && is_empty(*in)) chose(exec, MMAX_CUDA_NONE, 0);
  return status;
}

/* All checks of calls that turn logits into one matrix. */
template <class Rows>
static inline mmax_status check_outputs(const mmax_params *params, const Rows *rows, const void *out, size_t stride,
                                        const mmax_cuda_exec &exec, host_rows *in) {
  mmax_status status = check_rows(params, rows, out, exec, in);
  if (status != MMAX_OK || is_empty(*in)) return status;
  const mmax_buffer buffers[] = {matrix(*in, in->logits, in->stride, 0, 0), mask_buffer(*in),
                                 matrix(*in, out, stride, 1, 1)};
  return mmax_check_buffers(in->rows, buffers, 3);
}

/* Into how many parts rows are cut, who works on them, and where the workspace keeps what. */
struct plan {
  mmax_cuda_path path;
  unsigned parts;
  row_moments *moments; /* NULL: no accumulator */
  void *results;
};

/* Bytes that the passes of any kernel leave per part. */
const size_t most_results = 104;

/* Parts of 8192 entries but for the last, or as requested. */
static inline unsigned all_parts_of(size_t cols, unsigned blocks_per_row) {
  size_t parts = blocks_per_row != 0 ? blocks_per_row : (cols + most_block_cols - 1) / most_block_cols;
  return parts < max_parts ? (unsigned)parts : max_parts;
}
/* Fewer where the grid would have more blocks than run at once on a large device. */
static inline unsigned parts_of(size_t rows, size_t cols, unsigned blocks_per_row) {
  unsigned most = all_parts_of(cols, blocks_per_row), room = rows < 1024 ? 1024 / (unsigned)rows : 1;
  return blocks_per_row != 0 || most < room ? most : room;
}

static inline unsigned blocks_for(size_t rows, size_t rows_per_block) {
  size_t blocks = (rows + rows_per_block - 1) / rows_per_block;
  return blocks < max_blocks ? (unsigned)blocks : max_blocks; /* the kernels stride over rows */
}

/* SIZE_MAX where it overflows. */
static inline size_t bytes_of(size_t rows, unsigned parts, size_t each) {
  return each != 0 && rows > SIZE_MAX / each / parts ? SIZE_MAX : rows * parts * each;
}

static inline cudaLaunchAttribute cluster_of(unsigned parts) {
  cudaLaunchAttribute a = {};
  a.id = cudaLaunchAttributeClusterDimension;
  a.val.clusterDim = {1, parts, 1};
  return a;
}
/* `parts` blocks a row; `cluster`: they are one, or NULL. */
static inline cudaLaunchConfig_t config_of(const host_rows &in, unsigned parts, cudaLaunchAttribute *cluster,
                                           const mmax_cuda_exec &exec) {
  cudaLaunchConfig_t c = {};
  c.gridDim = dim3(blocks_for(in.rows, 1), parts);
  c.blockDim = dim3(block_group::threads);
  c.stream = (cudaStream_t)exec.stream;
  c.attrs = cluster;
  c.numAttrs = cluster == nullptr ? 0 : 1;
  return c;
}

/* Whether `kernel`, as this device runs it, knows clusters, and there is room for one of `parts` blocks. */
static inline bool fits_cluster(const void *kernel, const host_rows &in, unsigned parts, const mmax_cuda_exec &exec) {
  if (parts < 2 || parts > most_in_cluster || exec.no_clusters != 0) return false;
  cudaFuncAttributes of;
  cudaLaunchAttribute cluster = cluster_of(parts);
  cudaLaunchConfig_t config = config_of(in, parts, &cluster, exec);
  int clusters = 0;
  if (cudaFuncGetAttributes(&of, kernel) == cudaSuccess && of.ptxVersion >= 90 &&
      cudaOccupancyMaxActiveClusters(&clusters, kernel, &config) == cudaSuccess)
    return clusters > 0;
  (void)cudaGetLastError(); /* that there are none is no failure of the call */
  return false;
}

/* MMAX_OK or MMAX_ERR_SCRATCH. */
template <class Results>
static inline mmax_status plan_of(const host_rows &in, const mmax_cuda_exec &exec, bool sums, const void *by_block,
                                  plan *out) {
  static_assert(sizeof(Results) <= most_results, "mmax_cuda_workspace_bytes promises enough");
  size_t results = sizeof(Results);
  size_t moments = sums ? sizeof(row_moments) : 0;
  size_t given = exec.workspace == nullptr ? 0 : exec.workspace_bytes;
  unsigned parts = parts_of(in.rows, in.cols, exec.blocks_per_row);
  bool cluster = fits_cluster(by_block, in, parts, exec);
  if ((uintptr_t)exec.workspace % 16 != 0) return MMAX_ERR_SCRATCH;
  size_t each = moments + (parts == 1 || cluster ? 0 : results);
  if (parts > 1 && exec.blocks_per_row == 0 && bytes_of(in.rows, parts, each) > given) parts = 1, each = moments;
  if (bytes_of(in.rows, parts, each) > given) return MMAX_ERR_SCRATCH;
  mmax_cuda_path path = parts == 1 ? MMAX_CUDA_BLOCK : cluster ? MMAX_CUDA_CLUSTER : MMAX_CUDA_PASSES;
  *out = plan{path, parts, sums ? (row_moments *)exec.workspace : nullptr,
              (char *)exec.workspace + in.rows * parts * moments};
  return MMAX_OK;
}

static inline mmax_status launched() {
  return cudaGetLastError() == cudaSuccess ? MMAX_OK : MMAX_ERR_DEVICE;
}

template <class... A, class... B>
static inline mmax_status launch_warps(const host_rows &in, const mmax_cuda_exec &exec, void (*kernel)(A...), B... args) {
  kernel<<<blocks_for(in.rows, 4), dim3(32, 4), 0, (cudaStream_t)exec.stream>>>(args...);
  chose(exec, MMAX_CUDA_WARP, 1);
  return launched();
}

template <class... A, class... B>
static inline mmax_status launch_blocks(const host_rows &in, const mmax_cuda_exec &exec, mmax_cuda_path path,
                                        unsigned parts, void (*kernel)(A...), B... args) {
  cudaLaunchAttribute cluster = cluster_of(parts);
  cudaLaunchConfig_t config = config_of(in, parts, path == MMAX_CUDA_CLUSTER ? &cluster : nullptr, exec);
  if (cudaLaunchKernelEx(&config, kernel, args...) == cudaSuccess) chose(exec, path, parts);
  return launched();
}

/* All passes over the rows, which are shared as planned, or by warps if they are short. */
template <class... A, class... B>
static inline mmax_status launch(const host_rows &in, const mmax_cuda_exec &exec, const plan &p, int passes,
                                 void (*by_warp)(A...), void (*by_block)(A...), B... args) {
  if (p.path == MMAX_CUDA_BLOCK && in.cols <= warp_cols && by_warp != nullptr)
    return launch_warps(in, exec, by_warp, args..., split{nullptr, whole});
  if (p.path != MMAX_CUDA_PASSES)
    return launch_blocks(in, exec, p.path, p.parts, by_block, args..., split{nullptr, whole});
  mmax_status status = MMAX_OK;
  for (int k = 0; k < passes && status == MMAX_OK; k++)
    status = launch_blocks(in, exec, p.path, p.parts, by_block, args..., split{p.results, k});
  return status;
}

/* The same, then the parameter sums. */
template <class Kernel, class Args>
static inline mmax_status launch_with_sums(const mmax_params *params, const host_rows &in, const mmax_cuda_exec &exec,
                                           const plan &p, int passes, Kernel *by_warp, Kernel *by_block, const Args &a) {
  mmax_status status = launch(in, exec, p, passes, by_warp, by_block, batch_of(params, in, exec), a);
  return status == MMAX_OK && a.acc != nullptr ? accumulate(p.moments, in.rows * p.parts, params, a.acc, exec.stream)
                                               : status;
}

} // namespace mmax

#endif
