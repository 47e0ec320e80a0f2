/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-entropy and its gradients. Twin of src/ref/loss.c. */
#include "gradient.cuh"
#include "launch.cuh"

namespace mmax {

struct loss_args {
  const int32_t *target;
  int32_t ignore_index;
  float smoothing;
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
  for (int64_t i = g.rank(); i < w.n; i += G::threads) {
    double below = sub(max, modulated(b.params, w.x[i]));
    largest = unmasked(w, i) ? larger(largest, below) : largest;
  }
  grid on = grid_for(g.template reduce<op_max>(largest));
  wide_sum sum = {0, 0};
  for (int64_t i = g.rank(); i < w.n; i += G::threads) {
    uint64_t q = (uint64_t)quantise(sub(max, modulated(b.params, w.x[i])), on.big);
    sum = wide_add(sum, wide_sum{0, unmasked(w, i) ? q : 0});
  }
  return total(g.template reduce<op_sum>(sum), pow2(on.unit));
}

template <class G> __device__ inline double count_unmasked(G g, const row &w) {
  int64_t count = 0;
  for (int64_t i = g.rank(); i < w.n; i += G::threads) count += unmasked(w, i) ? 1 : 0;
  return __ll2double_rn(g.template reduce<op_sum>(count));
}

__device__ inline void report_target(const batch &b, int64_t r, bool ignored, bool bad) {
  if (b.report == nullptr) return;
  if (ignored) atomicAdd(&b.report->ignored_rows, 1ull);
  if (bad) {
    atomicAdd(&b.report->bad_targets, 1ull);
    atomicMin(&b.report->first_bad_target, (unsigned long long)r);
  }
}

template <class G> __device__ inline void loss_any(const batch &b, const loss_args &a) {
  G group;
  for (int64_t r = first_row<G>(); r < (int64_t)b.rows.rows; r += row_step<G>()) {
    row w = row_at(b, r);
    int32_t y = a.target[r];
    bool ignored = y == a.ignore_index, bad = !ignored && (y < 0 || y >= w.n);
    int64_t target = ignored || bad ? 0 : y;
    float upstream = a.grad_loss == nullptr ? 1.0f : a.grad_loss[r];
    mmax_status state = row_state(row_flags(group, w));
    state = state == MMAX_OK && !is_finite(upstream) ? MMAX_ROW_NONFINITE : state;
    state = bad ? MMAX_ROW_NONFINITE : state;
    state = ignored ? MMAX_ROW_MASKED : state; /* zeros; reported apart */

    lse l = row_lse(group, b, w);
    double smooth = (double)a.smoothing, count = count_unmasked(group, w);
    bool smoothed = smooth > 0.0;
    double uniform = smoothed ? __ddiv_rn(smooth, count) : 0.0;
    double keep = sub(1.0, smooth);

    double loss = fma_rn(keep, sub(l.max, modulated(b.params, w.x[target])), l.log);
    double below = smoothed ? sum_below_max(group, b, w, l.max) : 0.0;
    loss = smoothed ? fma_rn(uniform, below, loss) : loss;
    float out_loss = unmasked(w, target) ? __double2float_rn(loss) : -minus_inf();
    out_loss = state == MMAX_ROW_NONFINITE ? canonical_nan() : state == MMAX_ROW_MASKED ? 0.0f : out_loss;
    if (a.loss != nullptr && group.rank() == 0) a.loss[r] = out_loss;
    if (group.rank() == 0) {
      report_target(b, r, ignored, bad);
      if (!ignored && !bad) report_row(b, r, state);
    }
    if (a.grad == nullptr && a.moments == nullptr) continue;

    double inverse = __ddiv_rn(1.0, add(1.0, l.rest)), up = (double)upstream;
    extent e = extent_none();
    for (int64_t i = group.rank(); i < w.n; i += G::threads) {
      bool carries = unmasked(w, i) && (smoothed || i == target || weight(b, w, i, l.max) > 0.0);
      e = extent_add(e, carries, (double)w.x[i], affine(b.params, w.x[i]));
    }
    e = extent_reduce(group, e);
    moments m = moments_start(b.params, e, fabs(up));
    for (int64_t i = group.rank(); i < w.n; i += G::threads) {
      bool part = unmasked(w, i);
      double v = weight(b, w, i, l.max), p = mul(v, inverse);
      double at_target = smoothed ? sub(p, add(keep, uniform))
                                  : v == 1.0 ? -mul(l.rest, inverse) : sub(p, 1.0);
      double d = i == target ? at_target : sub(p, uniform);
      double h = moments_add(m, b.params, w.x[i], mul(up, d), part);
      float out = part ? __double2float_rn(mul(h, b.params.scale)) : 0.0f;
      out = state == MMAX_ROW_NONFINITE ? canonical_nan() : state == MMAX_ROW_MASKED ? 0.0f : out;
      if (a.grad != nullptr) a.grad[r * a.grad_stride + i] = out;
    }
    if (a.moments != nullptr) moments_store(group, m, state == MMAX_OK, a.moments + r);
    if (group.rank() == 0 && a.acc != nullptr && state != MMAX_ROW_MASKED)
      atomicAdd((unsigned long long *)(state == MMAX_OK ? &a.acc->rows : &a.acc->nonfinite_rows),
                1ull);
  }
}

} // namespace mmax

using namespace mmax;

extern "C" __global__ void __launch_bounds__(128) mmax_loss_warp(batch b, loss_args a) {
  loss_any<warp_group>(b, a);
}
extern "C" __global__ void __launch_bounds__(256) mmax_loss_block(batch b, loss_args a) {
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
