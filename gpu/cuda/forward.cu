/* SPDX-License-Identifier: Apache-2.0 */
/* Probabilities. Twin of src/ref/forward.c. */
#include "launch.cuh"
#include "report.cuh"

namespace mmax {

/* What follows is for rows of at most 65536 entries. */
__device__ inline bool inside(int n, int i) { return (i >= 0) & (i < n); }

/* The chunk of W entries at `start`, of which some may lie outside the row: as masked ones. W = 1 for short rows. */
template <class S, int W>
__device__ inline void load_cells(const line<const typename S::cell> &x, int n, int start, unsigned (&cell)[W]) {
  if (W > 1 && (x.wide & (start >= 0) & (start + W <= n))) {
    chunk<S> c = load_chunk<S>(x.at + start);
#pragma unroll
    for (int j = 0; j < W; j++, c.shift(0)) cell[j] = c.front();
  } else {
#pragma unroll
    for (int j = 0; j < W; j++) {
      cell[j] = S::minus_inf;
      if (inside(n, start + j)) cell[j] = x.at[start + j];
    }
  }
}

template <class S, int W>
__device__ inline uint64_t load_masks(const line<const uint8_t> &mask, int n, int start) {
  if (W > 1 && (mask.wide & (start >= 0) & (start + W <= n))) return load_mask<S>(mask.at + start);
  uint64_t bytes = 0;
#pragma unroll
  for (int j = 0; j < W; j++)
    if (inside(n, start + j)) bytes |= (uint64_t)mask.at[start + j] << 8 * j;
  return bytes;
}

template <class S, int W>
__device__ inline void store_cells(const line<typename S::cell> &out, int n, int start, const unsigned (&cell)[W]) {
  if (W > 1 && (out.wide & (start >= 0) & (start + W <= n))) {
    chunk<S> c = {};
#pragma unroll
    for (int j = 0; j < W; j++) c.shift(cell[j]);
    store_chunk<S>(out.at + start, c);
  } else {
#pragma unroll
    for (int j = 0; j < W; j++)
      if (inside(n, start + j)) out.at[start + j] = (typename S::cell)cell[j];
  }
}

/* The sum of a row's weights from the threads' parts of it: one limb where it fits, with the total of two. */
__device__ inline double weights_of(warp_group g, sum64 sum) {
  return mul(__ll2double_rn(g.reduce(sum).value), 0x1p-50);
}
__device__ inline double weights_of(block_group g, sum64 sum) {
  return total(row_reduce(g, wide_sum{0, (uint64_t)sum.value}), 0x1p-50);
}

/* The row's sigma, then its weights, in registers: PER entries a thread, W side by side. */
template <class S, class G, int PER, int W>
__device__ inline void forward_in_registers(const batch &b, void *probs, int64_t stride) {
  typedef typename S::cell cell_type;
  G g;
#pragma unroll 1
  for (int64_t r = first_row<G>(); r < b.rows; r += row_step<G>()) {
    row<S> w = row_at<S, G>(b, r);
    const int each = G::threads * PER;
    int n = (int)b.cols, lead = W == 1 ? 0 : w.lead;
    if (n + lead > (int)parts<G>() * each) lead = 0; /* then cell by cell */
    int first = (int)part<G>() * each + g.rank() * W - lead;
    w.x = line_at(w.x.at, lead, 16);
    w.mask = line_at(w.mask.at, lead, W);
    line<cell_type> out = line_at((cell_type *)probs + r * stride, lead, 16);
    double v[PER];
    unsigned flags = 0;
#pragma unroll
    for (int k = 0; k < PER; k += W) {
      int start = first + G::threads * k;
      unsigned cell[W];
      load_cells<S, W>(w.x, n, start, cell);
      uint64_t mask = 0;
      if (w.has_mask) mask = load_masks<S, W>(w.mask, n, start);
#pragma unroll
      for (int j = 0; j < W; j++) {
        entry e = entry_of<S>(cell[j], (unsigned)(mask >> 8 * j) & 0xffu);
        flags |= entry_flags(e);
        v[k + j] = sigma_or_minus_inf(b.params, e);
      }
    }
    double max = v[0];
#pragma unroll
    for (int k = 1; k < PER; k++) max = larger(max, v[k]);
    peak top = row_reduce(g, peak{max, flags});
    mmax_status state = row_state((unsigned)top.flags);
    __syncwarp(); /* else ptxas compiles what follows twice, once for a diverged warp */
    sum64 sum = {0};
#pragma unroll
    for (int k = 0; k < PER; k++) {
      /* -inf - max: the clamp gives 0, also where max is -inf and the difference NaN */
      v[k] = exp_nonpositive(sub(v[k], top.max));
      sum.value += quantise(v[k], 6.0);
    }
    double inverse = __ddiv_rn(1.0, weights_of(g, sum));
#pragma unroll
    for (int k = 0; k < PER; k += W) {
      unsigned cell[W];
#pragma unroll
      for (int j = 0; j < W; j++) cell[j] = finish<S>(state, 0, S::round(mul(v[k + j], inverse)));
      store_cells<S, W>(out, n, first + G::threads * k, cell);
    }
    if (speaks(g)) report_row(b, r, state);
  }
}

struct forward_results {
  peak top;
  wide_sum sum;
};

/* Rows too long for registers: weights are computed twice. */
template <class S, class G>
__device__ inline void forward_any(const batch &b, void *probs, int64_t stride, const split &s) {
  typedef typename S::cell cell_type;
  G g;
  const mmax_params &p = b.params;
#pragma unroll 1
  for (int64_t r = first_row<G>(); r < b.rows; r += row_step<G>()) {
    row<S> w = row_at<S, G>(b, r);
    peak top = pass<0>(g, s, r, &forward_results::top, [&](peak &mine) {
      walk<S, 4>(g, w, nothing(), nothing(), [&](int64_t, entry e, float) {
        mine = merge(mine, peak{sigma_or_minus_inf(p, e), entry_flags(e)});
      });
    });
    if (ends_at<0, G>(s)) continue;
    wide_sum sum = pass<1>(g, s, r, &forward_results::sum, [&](wide_sum &mine) {
      walk<S, 4>(g, w, nothing(), nothing(), [&](int64_t, entry e, float) {
        mine = plus(mine, (uint64_t)quantise(weight(p, e, top.max), 6.0));
      });
    });
    if (ends_at<1, G>(s)) continue;
    mmax_status state = row_state((unsigned)top.flags);
    double inverse = __ddiv_rn(1.0, total(sum, 0x1p-50));
    output<cell_type> out = {line_at((cell_type *)probs + r * stride, w.lead, 16), true};
    walk<S, 4>(g, w, nothing(), out, [&](int64_t, entry e, float) {
      return finish<S>(state, 0, S::round(mul(weight(p, e, top.max), inverse)));
    });
    if (speaks(g)) report_row(b, r, state);
  }
}

} // namespace mmax

using namespace mmax;

extern "C" __global__ void mmax_start_report(mmax_cuda_report *report) {
  const unsigned long long none = ~0ull;
  *report = mmax_cuda_report{0, none, 0, none, 0, 0, none};
}

/* Last: threads of a block and, where registers would be spent for nothing, blocks a multiprocessor shall hold. */
#define IN_REGISTERS(name, S, group, per, width, ...)                                               \
  extern "C" __global__ void __launch_bounds__(__VA_ARGS__) name(batch b, void *probs, int64_t stride) { \
    forward_in_registers<S, group, per, width>(b, probs, stride);                                   \
  }
#define FORWARD_KERNELS(S, suffix)                                                                  \
  IN_REGISTERS(mmax_forward_warp_2##suffix, S, warp_group, 2, 1, 128, 16)                           \
  IN_REGISTERS(mmax_forward_warp_8##suffix, S, warp_group, 8, S::width, 128, 8)                     \
  IN_REGISTERS(mmax_forward_warp_32##suffix, S, warp_group, 32, S::width, 128, 4)                   \
  IN_REGISTERS(mmax_forward_block_16##suffix, S, block_group, 16, S::width, 256)                    \
  IN_REGISTERS(mmax_forward_block_32##suffix, S, block_group, 32, S::width, 256, 2)                 \
  extern "C" __global__ void __launch_bounds__(256, 4)                                              \
      mmax_forward_block_any##suffix(batch b, void *probs, int64_t stride, split s) {               \
    forward_any<S, block_group>(b, probs, stride, s);                                               \
  }

FORWARD_KERNELS(float32, )
FORWARD_KERNELS(float16, _f16)
FORWARD_KERNELS(bfloat16, _bf16)

typedef void registers_kernel(batch, void *, int64_t);
typedef void passes_kernel(batch, void *, int64_t, split);
static registers_kernel *const warp_2[] = {mmax_forward_warp_2, mmax_forward_warp_2_f16, mmax_forward_warp_2_bf16};
static registers_kernel *const warp_8[] = {mmax_forward_warp_8, mmax_forward_warp_8_f16, mmax_forward_warp_8_bf16};
static registers_kernel *const warp_32[] = {mmax_forward_warp_32, mmax_forward_warp_32_f16, mmax_forward_warp_32_bf16};
static registers_kernel *const block_16[] = {mmax_forward_block_16, mmax_forward_block_16_f16, mmax_forward_block_16_bf16};
static registers_kernel *const block_32[] = {mmax_forward_block_32, mmax_forward_block_32_f16, mmax_forward_block_32_bf16};
static passes_kernel *const block_any[] = {mmax_forward_block_any, mmax_forward_block_any_f16, mmax_forward_block_any_bf16};

template <class Rows>
static mmax_status forward(const mmax_params *params, const Rows *rows, void *probs, size_t stride,
                           const mmax_cuda_exec *how) {
  host_rows in;
  mmax_cuda_exec exec = exec_of(how);
  mmax_status status = check_outputs(params, rows, probs, stride, exec, &in);
  if (status != MMAX_OK || is_empty(in)) return status;
  batch b = batch_of(params, in, exec);
  unsigned parts = all_parts_of(in.cols, exec.blocks_per_row);
  if (parts == 1 && in.cols <= warp_cols) {
    registers_kernel *const *of = in.cols <= 64 ? warp_2 : in.cols <= 256 ? warp_8 : warp_32;
    return launch_warps(in, exec, of[in.storage], b, probs, (int64_t)stride);
  }
  registers_kernel *kernel = (in.cols <= parts * block_cols ? block_16 : block_32)[in.storage];
  if (in.cols <= parts * most_block_cols && (parts == 1 || fits_cluster((const void *)kernel, in, parts, exec)))
    return launch_blocks(in, exec, parts == 1 ? MMAX_CUDA_BLOCK : MMAX_CUDA_CLUSTER, parts, kernel, b, probs,
                         (int64_t)stride);
  plan p;
  passes_kernel *by_block = block_any[in.storage];
  status = plan_of<forward_results>(in, exec, false, (const void *)by_block, &p);
  if (status != MMAX_OK) return status;
  return launch(in, exec, p, 3, (passes_kernel *)nullptr, by_block, b, probs, (int64_t)stride);
}

mmax_status mmax_cuda_forward(const mmax_params *params, const mmax_rows *in, float *probs, size_t stride,
                              const mmax_cuda_exec *exec) {
  return forward(params, in, probs, stride, exec);
}
mmax_status mmax_cuda_forward16(const mmax_params *params, const mmax_rows16 *in, uint16_t *probs, size_t stride,
                                const mmax_cuda_exec *exec) {
  return forward(params, in, probs, stride, exec);
}

mmax_status mmax_cuda_report_start(mmax_cuda_report *device_report, void *stream) {
  if (device_report == nullptr) return MMAX_ERR_NULL;
  mmax_start_report<<<1, 1, 0, (cudaStream_t)stream>>>(device_report);
  return launched();
}
