/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of the probabilities. Twin of src/ref/backward.c. */
#include "gradient.cuh"
#include "launch.cuh"

namespace mmax {

struct backward_args {
  const float *g;
  int64_t g_stride;
  float *grad; /* may be NULL */
  int64_t grad_stride;
  row_moments *moments; /* may be NULL */
  mmax_accumulator *acc; /* may be NULL */
};

template <class G> __device__ inline void backward_any(const batch &b, const backward_args &a) {
  G group;
#pragma unroll 1
  for (int64_t r = first_row<G>(); r < (int64_t)b.rows.rows; r += row_step<G>()) {
    row w = row_at(b, r);
    const float *g = a.g + r * a.g_stride;
    unsigned flags = 0;
#pragma unroll 1
    for (int64_t i = group.rank(); i < w.n; i += G::threads)
      flags |= select(entry_at(w, i).unmasked & !is_finite(g[i]), has_nonfinite, 0u);
    flags = row_flags(group, w) | group.template reduce<op_or>(flags);
    mmax_status state = row_state(flags);
    double max = row_max(group, b, w), inverse = inverse_sum(group, b, w, max);

    double g_max = 0.0;
    extent e = extent_none();
#pragma unroll 1
    for (int64_t i = group.rank(); i < w.n; i += G::threads) {
      entry at = entry_at(w, i);
      bool carries = weight(b, at, max) > 0.0;
      g_max = select(carries, larger(g_max, magnitude((double)g[i])), g_max);
      e = extent_add(e, carries, (double)at.x, affine(b.params, at.x));
    }
    g_max = group.template reduce<op_max>(g_max);
    e = extent_reduce(group, e);

    grid mean_grid = grid_for(g_max);
    int64_t sum = 0;
#pragma unroll 1
    for (int64_t i = group.rank(); i < w.n; i += G::threads) {
      entry at = entry_at(w, i);
      int64_t q = floor_step(mul(weight(b, at, max), inverse), (double)g[i], mean_grid.big);
      sum += select(at.unmasked, q, (int64_t)0);
    }
    sum = group.template reduce<op_sum>(sum);
    double mean = mul(__ll2double_rn(sum), pow2(mean_grid.unit));

    moments m = moments_start(b.params, e, g_max);
#pragma unroll 1
    for (int64_t i = group.rank(); i < w.n; i += G::threads) {
      entry at = entry_at(w, i);
      double p = mul(weight(b, at, max), inverse);
      double h = moments_add(m, b.params, at, mul(p, sub((double)g[i], mean)));
      float out = select(at.unmasked, __double2float_rn(mul(h, b.params.scale)), 0.0f);
      if (a.grad != nullptr) a.grad[r * a.grad_stride + i] = finish(state, 0.0f, out);
    }
    if (a.moments != nullptr) moments_store(group, m, state == MMAX_OK, a.moments + r);
    if (group.rank() == 0) {
      report_row(b, r, state);
      count_row(a.acc, state);
    }
  }
}

} // namespace mmax

using namespace mmax;

extern "C" __global__ void __launch_bounds__(128) mmax_backward_warp(batch b, backward_args a) {
  backward_any<warp_group>(b, a);
}
extern "C" __global__ void __launch_bounds__(256) mmax_backward_block(batch b, backward_args a) {
  backward_any<block_group>(b, a);
}

mmax_status mmax_cuda_backward(const mmax_params *params, const mmax_rows *in, const float *g,
                               size_t g_stride, float *grad, size_t grad_stride,
                               mmax_accumulator *acc, void *workspace, mmax_cuda_report *report,
                               void *stream) {
  if (params == nullptr || in == nullptr) return MMAX_ERR_NULL;
  if (!is_empty(in) && (in->logits == nullptr || g == nullptr)) return MMAX_ERR_NULL;
  if (acc != nullptr && !is_empty(in) && workspace == nullptr) return MMAX_ERR_NULL;
  mmax_status status = mmax_params_check(params);
  if (status != MMAX_OK || is_empty(in)) return status;
  const mmax_buffer buffers[] = {float_buffer(in->logits, in->cols, in->stride, 0, 0),
                                 mask_buffer(in), float_buffer(g, in->cols, g_stride, 0, 0),
                                 float_buffer(grad, in->cols, grad_stride, 1, 1 | 4)};
  status = mmax_check_buffers(in->rows, buffers, 4);
  if (status != MMAX_OK) return status;
  if ((uintptr_t)workspace % 16 != 0) return MMAX_ERR_ALIGN;
  batch b = batch_of(params, in, report);
  backward_args a = {g,   (int64_t)g_stride,
                     grad, (int64_t)grad_stride,
                     acc == nullptr ? nullptr : (row_moments *)workspace, acc};
  status = launch(in->cols <= warp_cols, mmax_backward_warp, mmax_backward_block, in->rows, stream,
                  b, a);
  return status == MMAX_OK && acc != nullptr ? accumulate(a.moments, in->rows, params, acc, stream)
                                             : status;
}
