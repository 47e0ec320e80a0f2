/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of the probabilities. Twin of found.c, gradients.c and backward.c of src/ref. */
#include "gradient.cuh"
#include "launch.cuh"
#include "report.cuh"

namespace mmax {

struct backward_args {
  const void *g;
  int64_t g_stride;
  void *grad; /* may be NULL */
  int64_t grad_stride;
  row_moments *moments; /* may be NULL; one per part of a row */
  mmax_accumulator *acc; /* may be NULL */
};

/* Over the entries that carry weight: the weights' sum, the largest |g|, the extents. */
struct carried {
  wide_sum sum;
  double g_max;
  extent of;
  __device__ static carried none() { return carried{{0, 0}, 0.0, extent::none()}; }
};
__device__ inline carried merge(const carried &a, const carried &b) {
  return carried{merge(a.sum, b.sum), larger(a.g_max, b.g_max), merge(a.of, b.of)};
}
__device__ inline carried shuffled(const carried &v, int d) {
  return carried{shuffled(v.sum, d), shuffled(v.g_max, d), shuffled(v.of, d)};
}

struct backward_results {
  peak top;
  carried all;
  sum64 mean;
};

template <class S, class G>
__device__ inline void backward_any(const batch &b, const backward_args &a, const split &s) {
  typedef typename S::cell cell_type;
  G group;
  const mmax_params &p = b.params;
#pragma unroll 1
  for (int64_t r = first_row<G>(); r < b.rows; r += row_step<G>()) {
    row<S> w = row_at<S, G>(b, r);
    auto upstream = line_at((const cell_type *)a.g + r * a.g_stride, w.lead, 16);
    peak top = pass<0>(group, s, r, &backward_results::top, [&](peak &mine) {
      walk<S, 4>(group, w, upstream, nothing(), [&](int64_t, entry e, float g) {
        unsigned bad = select(e.unmasked & !is_finite(g), has_nonfinite, 0u);
        mine = merge(mine, peak{sigma_or_minus_inf(p, e), entry_flags(e) | bad});
      });
    });
    if (ends_at<0, G>(s)) continue;
    double max = top.max;
    carried all = pass<1>(group, s, r, &backward_results::all, [&](carried &mine) {
      walk<S, 4>(group, w, upstream, nothing(), [&](int64_t, entry e, float g) {
        double v = weight(p, e, max);
        bool carries = v > 0.0;
        mine.sum = plus(mine.sum, (uint64_t)quantise(v, 6.0));
        mine.g_max = select(carries, larger(mine.g_max, magnitude((double)g)), mine.g_max);
        mine.of = extent_add(mine.of, carries, (double)e.x, affine(p, e.x));
      });
    });
    if (ends_at<1, G>(s)) continue;
    double inverse = __ddiv_rn(1.0, total(all.sum, 0x1p-50));
    grid mean_grid = grid_for(all.g_max);
    sum64 sum = pass<2>(group, s, r, &backward_results::mean, [&](sum64 &mine) {
      walk<S, 4>(group, w, upstream, nothing(), [&](int64_t, entry e, float g) {
        int64_t q = floor_step(mul(weight(p, e, max), inverse), (double)g, mean_grid.big);
        mine.value += select(e.unmasked, q, (int64_t)0);
      });
    });
    if (ends_at<2, G>(s)) continue;
    double mean = mul(__ll2double_rn(sum.value), pow2(mean_grid.unit()));
    mmax_status state = row_state((unsigned)top.flags);
    moments m = moments_start(p, all.of, all.g_max);
    output<cell_type> grad = {line_at((cell_type *)a.grad + r * a.grad_stride, w.lead, 16), a.grad != nullptr};
    walk<S, 1>(group, w, upstream, grad, [&](int64_t, entry e, float g) {
      double probability = mul(weight(p, e, max), inverse);
      double h = moments_add(m, p, e, mul(probability, sub((double)g, mean)));
      return finish<S>(state, 0, select(e.unmasked, S::round(mul(h, p.scale)), 0u));
    });
    if (a.moments != nullptr)
      moments_store(group, m, state == MMAX_OK, a.moments + r * parts<G>() + part<G>());
    if (speaks(group)) {
      report_row(b, r, state);
      count_row(a.acc, state);
    }
  }
}

} // namespace mmax

using namespace mmax;

#define BACKWARD_KERNELS(S, suffix)                                                                 \
  extern "C" __global__ void __launch_bounds__(128)                                                 \
      mmax_backward_warp##suffix(batch b, backward_args a, split s) {                               \
    backward_any<S, warp_group>(b, a, s);                                                           \
  }                                                                                                 \
  extern "C" __global__ void __launch_bounds__(256)                                                 \
      mmax_backward_block##suffix(batch b, backward_args a, split s) {                              \
    backward_any<S, block_group>(b, a, s);                                                          \
  }

BACKWARD_KERNELS(float32, )
BACKWARD_KERNELS(float16, _f16)
BACKWARD_KERNELS(bfloat16, _bf16)

typedef void kernel(batch, backward_args, split);
static kernel *const by_warp[] = {mmax_backward_warp, mmax_backward_warp_f16, mmax_backward_warp_bf16};
static kernel *const by_block[] = {mmax_backward_block, mmax_backward_block_f16, mmax_backward_block_bf16};

template <class Rows>
static mmax_status backward(const mmax_params *params, const Rows *rows, const void *g, size_t g_stride, void *grad,
                            size_t grad_stride, mmax_accumulator *acc, const mmax_cuda_exec *how) {
  host_rows in;
  mmax_cuda_exec exec = exec_of(how);
  mmax_status status = check_rows(params, rows, g, exec, &in);
  if (status != MMAX_OK || is_empty(in)) return status;
  const mmax_buffer buffers[] = {matrix(in, in.logits, in.stride, 0, 0), mask_buffer(in),
                                 matrix(in, g, g_stride, 0, 0), matrix(in, grad, grad_stride, 1, 1 | 4)};
  status = mmax_check_buffers(in.rows, buffers, 4);
  if (status != MMAX_OK) return status;
  plan p;
  status = plan_of<backward_results>(in, exec, acc != nullptr, (const void *)by_block[in.storage], &p);
  if (status != MMAX_OK) return status;
  backward_args a = {g, (int64_t)g_stride, grad, (int64_t)grad_stride, p.moments, acc};
  return launch_with_sums(params, in, exec, p, 4, by_warp[in.storage], by_block[in.storage], a);
}

mmax_status mmax_cuda_backward(const mmax_params *params, const mmax_rows *in, const float *g, size_t g_stride,
                               float *grad, size_t grad_stride, mmax_accumulator *acc,
                               const mmax_cuda_exec *exec) {
  return backward(params, in, g, g_stride, grad, grad_stride, acc, exec);
}
mmax_status mmax_cuda_backward16(const mmax_params *params, const mmax_rows16 *in, const uint16_t *g,
                                 size_t g_stride, uint16_t *grad, size_t grad_stride, mmax_accumulator *acc,
                                 const mmax_cuda_exec *exec) {
  return backward(params, in, g, g_stride, grad, grad_stride, acc, exec);
}
