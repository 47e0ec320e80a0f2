/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-entropy and its gradients. Twin of src/ref/loss.c. */
#include "gradient.cuh"
#include "launch.cuh"

namespace mmax {

struct loss_args {
  const int32_t *target;
  int32_t ignore_index;
  float smoothing;
  int64_t smoothed; /* smoothing > 0 */
  const float *grad_loss; /* NULL: 1 */
  float *loss;            /* may be NULL */
  float *grad;            /* may be NULL */
  int64_t grad_stride;
  row_moments *moments;  /* may be NULL */
  mmax_accumulator *acc; /* may be NULL */
};

/* sum of max - sigma over unmasked entries, exact on a grid set by the largest. */
template <class G>
__device__ inline double sum_below_max(G g, const batch &b, const row &w, double max) {
  double largest = 0.0;
#pragma unroll 1
  for (int64_t i = g.rank(); i < w.n; i += G::threads) {
    entry e = entry_at(w, i);
    largest = select(e.unmasked, larger(largest, sub(max, modulated(b.params, e.x))), largest);
  }
  grid on = grid_for(g.template reduce<op_max>(largest));
  wide_sum sum = {0, 0};
#pragma unroll 1
  for (int64_t i = g.rank(); i < w.n; i += G::threads) {
    entry e = entry_at(w, i);
    uint64_t q = (uint64_t)quantise(sub(max, modulated(b.params, e.x)), on.big);
    sum = wide_add(sum, wide_sum{0, select(e.unmasked, q, (uint64_t)0)});
  }
  return total(g.template reduce<op_sum>(sum), pow2(on.unit));
}

template <class G> __device__ inline double count_unmasked(G g, const row &w) {
  int64_t count = 0;
#pragma unroll 1
  for (int64_t i = g.rank(); i < w.n; i += G::threads) count += entry_at(w, i).unmasked;
  return __ll2double_rn(g.template reduce<op_sum>(count));
}

/* The target's logit, -inf if it is masked. By a reduction: no address depends on a target,
   and no thread reads what another one overwrites in place. */
template <class G> __device__ inline float target_logit(G g, const row &w, int64_t target) {
  double x = (double)minus_inf();
#pragma unroll 1
  for (int64_t i = g.rank(); i < w.n; i += G::threads) {
    entry e = entry_at(w, i);
    x = select((i == target) & e.unmasked, (double)e.x, x);
  }
  return __double2float_rn(g.template reduce<op_max>(x));
}

__device__ inline void report_target(const batch &b, int64_t r, bool ignored, bool bad) {
  if (b.report == nullptr) return;
  count_if(ignored, &b.report->ignored_rows);
  count_if(bad, &b.report->bad_targets);
  least_if(bad, &b.report->first_bad_target, r);
}

template <class G> __device__ inline void loss_any(const batch &b, const loss_args &a) {
  G group;
#pragma unroll 1
  for (int64_t r = first_row<G>(); r < (int64_t)b.rows.rows; r += row_step<G>()) {
    row w = row_at(b, r);
    int32_t y = a.target[r];
    bool ignored = y == a.ignore_index, bad = !ignored & ((y < 0) | (y >= w.n));
    int64_t target = y;
    float upstream = 1.0f;
    if (a.grad_loss != nullptr) upstream = a.grad_loss[r];
    mmax_status state = row_state(row_flags(group, w));
    state = select((state == MMAX_OK) & !is_finite(upstream), MMAX_ROW_NONFINITE, state);
    state = select(bad, MMAX_ROW_NONFINITE, state);
    mmax_status reported = select(ignored | bad, MMAX_OK, state);
    state = select(ignored, MMAX_ROW_MASKED, state); /* zeros; reported apart */

    bool smoothed = a.smoothed != 0;
    double smooth = (double)a.smoothing, keep = sub(1.0, smooth), uniform = 0.0;
    if (smoothed) uniform = __ddiv_rn(smooth, count_unmasked(group, w));
    lse l = row_lse(group, b, w);
    double inverse = __ddiv_rn(1.0, add(1.0, l.rest)), up = (double)upstream;

    float x_target = target_logit(group, w, target);
    double loss = fma_rn(keep, sub(l.max, modulated(b.params, x_target)), l.log);
    if (smoothed) loss = fma_rn(uniform, sum_below_max(group, b, w, l.max), loss);
    float out_loss = select(is_minus_inf(x_target), -minus_inf(), __double2float_rn(loss));
    if (a.loss != nullptr && group.rank() == 0) a.loss[r] = finish(state, 0.0f, out_loss);
    if (group.rank() == 0) {
      report_target(b, r, ignored, bad);
      report_row(b, r, reported);
    }
    if (a.grad == nullptr && a.moments == nullptr) continue;

    extent e = extent_none();
#pragma unroll 1
    for (int64_t i = group.rank(); i < w.n; i += G::threads) {
      entry at = entry_at(w, i);
      bool carries = at.unmasked & (smoothed | (i == target) | (weight(b, at, l.max) > 0.0));
      e = extent_add(e, carries, (double)at.x, affine(b.params, at.x));
    }
    e = extent_reduce(group, e);
    moments m = moments_start(b.params, e, magnitude(up));
#pragma unroll 1
    for (int64_t i = group.rank(); i < w.n; i += G::threads) {
      entry at = entry_at(w, i);
      double v = weight(b, at, l.max), p = mul(v, inverse);
      double sharp = select(v == 1.0, -mul(l.rest, inverse), sub(p, 1.0));
      double at_target = select(smoothed, sub(p, add(keep, uniform)), sharp);
      double d = select(i == target, at_target, sub(p, uniform));
      double h = moments_add(m, b.params, at, mul(up, d));
      float out = select(at.unmasked, __double2float_rn(mul(h, b.params.scale)), 0.0f);
      if (a.grad != nullptr) a.grad[r * a.grad_stride + i] = finish(state, 0.0f, out);
    }
    if (a.moments != nullptr) moments_store(group, m, state == MMAX_OK, a.moments + r);
    if (group.rank() == 0) count_row(a.acc, state);
  }
}

} // namespace mmax

using namespace mmax;

extern "C" __global__ void __launch_bounds__(128) mmax_loss_warp(batch b, loss_args a) {
  loss_any<warp_group>(b, a);
}
extern "C" __global__ void __launch_bounds__(256, 2) mmax_loss_block(batch b, loss_args a) {
  loss_any<block_group>(b, a);
}

mmax_status mmax_cuda_cross_entropy_backward(const mmax_params *params, const mmax_rows *in,
                                             const mmax_targets *targets, const float *grad_loss,
                                             float *loss, float *grad, size_t grad_stride,
                                             mmax_accumulator *acc, void *workspace,
                                             mmax_cuda_report *report, void *stream) {
  if (params == nullptr || in == nullptr || targets == nullptr) return MMAX_ERR_NULL;
  if (!is_empty(in) && (in->logits == nullptr || targets->target == nullptr)) return MMAX_ERR_NULL;
  if (acc != nullptr && !is_empty(in) && workspace == nullptr) return MMAX_ERR_NULL;
  mmax_status status = mmax_params_check(params);
  if (status != MMAX_OK || is_empty(in)) return status;
  const mmax_buffer buffers[] = {float_buffer(in->logits, in->cols, in->stride, 0, 0),
                                 mask_buffer(in),
                                 float_buffer(targets->target, 1, 1, 0, 0),
                                 float_buffer(grad_loss, 1, 1, 0, 0),
                                 float_buffer(loss, 1, 1, 1, 0),
                                 float_buffer(grad, in->cols, grad_stride, 1, 1)};
  status = mmax_check_buffers(in->rows, buffers, 6);
  if (status != MMAX_OK) return status;
  if (!(targets->smoothing >= 0.0f && targets->smoothing <= 1.0f)) return MMAX_ERR_SMOOTHING;
  if ((uintptr_t)workspace % 16 != 0) return MMAX_ERR_ALIGN;
  batch b = batch_of(params, in, report);
  loss_args a = {targets->target,
                 targets->ignore_index,
                 targets->smoothing,
                 targets->smoothing > 0.0f,
                 grad_loss,
                 loss,
                 grad,
                 (int64_t)grad_stride,
                 acc == nullptr ? nullptr : (row_moments *)workspace,
                 acc};
  status = launch(in->cols <= warp_cols, mmax_loss_warp, mmax_loss_block, in->rows, stream, b, a);
  return status == MMAX_OK && acc != nullptr ? accumulate(a.moments, in->rows, params, acc, stream)
                                             : status;
}
