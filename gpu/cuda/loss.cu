/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-entropy and its gradients. Twin of loss.c, pulling.c, pulls.c and loss_gradient.c of src/ref. */
#include "gradient.cuh"
#include "launch.cuh"
#include "report.cuh"

namespace mmax {

struct loss_args {
  const int32_t *target;
  int32_t ignore_index;
  float smoothing;
  int64_t smoothed; /* smoothing > 0 */
  const float *grad_loss; /* NULL: 1 */
  float *loss;            /* may be NULL */
  void *grad;             /* may be NULL */
  int64_t grad_stride;
  row_moments *moments;  /* may be NULL; one per part of a row */
  mmax_accumulator *acc; /* may be NULL */
};

/* What a first walk knows of the row. */
struct overview {
  top_two top;
  double least; /* smallest sigma of an unmasked entry */
  int64_t unmasked;
  uint64_t target; /* the target's logit, as float32 bits; 0 if it is masked. By a reduction: no address depends on
                      a target, and no thread reads what another one overwrites in place. */
  __device__ static overview none() { return overview{top_two::none(), (double)-minus_inf(), 0, 0}; }
};
__device__ inline overview merge(const overview &a, const overview &b) {
  return overview{merge(a.top, b.top), smaller(a.least, b.least), a.unmasked + b.unmasked, a.target | b.target};
}
__device__ inline overview shuffled(const overview &v, int d) {
  return overview{shuffled(v.top, d), shuffled(v.least, d), shuffled(v.unmasked, d), shuffled((unsigned)v.target, d)};
}

/* rest: sum of the weights but the largest; below: sum of max - sigma over unmasked entries, exact on a grid set by
   the largest, which is max less the least sigma as rounding is monotone. */
struct sums {
  wide_sum rest, below;
  extent of;
  __device__ static sums none() { return sums{{0, 0}, {0, 0}, extent::none()}; }
};
__device__ inline sums merge(const sums &a, const sums &b) {
  return sums{merge(a.rest, b.rest), merge(a.below, b.below), merge(a.of, b.of)};
}
__device__ inline sums shuffled(const sums &v, int d) {
  return sums{shuffled(v.rest, d), shuffled(v.below, d), shuffled(v.of, d)};
}

struct loss_results {
  overview all;
  sums of;
};

template <class S, class G>
__device__ inline void loss_any(const batch &b, const loss_args &a, const split &s) {
  typedef typename S::cell cell_type;
  G group;
  const mmax_params &p = b.params;
#pragma unroll 1
  for (int64_t r = first_row<G>(); r < b.rows; r += row_step<G>()) {
    row<S> w = row_at<S, G>(b, r);
    int32_t y = a.target[r];
    bool ignored = y == a.ignore_index, bad = !ignored & ((y < 0) | (y >= w.n));
    int64_t target = y;
    overview all = pass<0>(group, s, r, &loss_results::all, [&](overview &mine) {
      walk<S, 4>(group, w, nothing(), nothing(), [&](int64_t i, entry e, float) {
        double sigma = sigma_or_minus_inf(p, e);
        bool here = (i == target) & e.unmasked;
        mine.top = top_add(mine.top, sigma, entry_flags(e) | select(here, has_target, 0u));
        mine.least = select(e.unmasked, smaller(mine.least, sigma), mine.least);
        mine.unmasked += e.unmasked;
        mine.target |= select(here, __float_as_uint(e.x), 0u);
      });
    });
    if (ends_at<0, G>(s)) continue;
    bool smoothed = a.smoothed != 0;
    rest_grid on = rest_grid_of(all.top.first, all.top.second);
    grid below = grid_for(larger(0.0, sub(on.max, all.least)));
    sums of = pass<1>(group, s, r, &loss_results::of, [&](sums &mine) {
      walk<S, 4>(group, w, nothing(), nothing(), [&](int64_t i, entry e, float) {
        double sigma = sigma_or_minus_inf(p, e), v = exp_nonpositive(sub(sigma, on.max));
        mine.rest = plus(mine.rest, rest_count(on, sigma, v));
        uint64_t q = (uint64_t)quantise(sub(on.max, sigma), below.big); /* for smoothing; a branch costs more */
        mine.below = plus(mine.below, select(e.unmasked, q, (uint64_t)0));
        bool carries = e.unmasked & (smoothed | (i == target) | (v > 0.0));
        mine.of = extent_add(mine.of, carries, (double)e.x, affine(p, e.x));
      });
    });
    if (ends_at<1, G>(s)) continue;

    float upstream = 1.0f;
    if (a.grad_loss != nullptr) upstream = a.grad_loss[r];
    mmax_status state = row_state((unsigned)all.top.flags);
    state = select((state == MMAX_OK) & !is_finite(upstream), MMAX_ROW_NONFINITE, state);
    state = select(bad, MMAX_ROW_NONFINITE, state);
    mmax_status reported = select(ignored | bad, MMAX_OK, state);
    state = select(ignored, MMAX_ROW_MASKED, state); /* zeros; reported apart */

    double smooth = (double)a.smoothing, keep = sub(1.0, smooth), uniform = 0.0;
    if (smoothed) uniform = __ddiv_rn(smooth, __ll2double_rn(all.unmasked));
    lse l = lse_of(on, of.rest);
    double loss = fma_rn(keep, sub(l.max, modulated(p, __uint_as_float((unsigned)all.target))), l.log);
    if (smoothed) loss = fma_rn(uniform, total(of.below, pow2(below.unit())), loss);
    unsigned cell = select((all.top.flags & has_target) != 0, float32::round(loss), 0x7f800000u);
    if (a.loss != nullptr && speaks(group)) a.loss[r] = __uint_as_float(finish<float32>(state, 0, cell));
    if (speaks(group)) {
      report_target(b, r, ignored, bad);
      report_row(b, r, reported);
    }
    if (a.grad == nullptr && a.moments == nullptr) continue;

    double inverse = __ddiv_rn(1.0, add(1.0, l.rest)), up = (double)upstream;
    moments m = moments_start(p, of.of, magnitude(up));
    output<cell_type> grad = {line_at((cell_type *)a.grad + r * a.grad_stride, w.lead, 16), a.grad != nullptr};
    walk<S, 1>(group, w, nothing(), grad, [&](int64_t i, entry e, float) {
      double v = weight(p, e, l.max), probability = mul(v, inverse);
      double sharp = select(v == 1.0, -mul(l.rest, inverse), sub(probability, 1.0));
      double at_target = select(smoothed, sub(probability, add(keep, uniform)), sharp);
      double d = select(i == target, at_target, sub(probability, uniform));
      double h = moments_add(m, p, e, mul(up, d));
      return finish<S>(state, 0, select(e.unmasked, S::round(mul(h, p.scale)), 0u));
    });
    if (a.moments != nullptr)
      moments_store(group, m, state == MMAX_OK, a.moments + r * parts<G>() + part<G>());
    if (speaks(group)) count_row(a.acc, state);
  }
}

} // namespace mmax

using namespace mmax;

#define LOSS_KERNELS(S, suffix)                                                                     \
  extern "C" __global__ void __launch_bounds__(128)                                                 \
      mmax_loss_warp##suffix(batch b, loss_args a, split s) {                                       \
    loss_any<S, warp_group>(b, a, s);                                                               \
  }                                                                                                 \
  extern "C" __global__ void __launch_bounds__(256, 2)                                              \
      mmax_loss_block##suffix(batch b, loss_args a, split s) {                                      \
    loss_any<S, block_group>(b, a, s);                                                              \
  }

LOSS_KERNELS(float32, )
LOSS_KERNELS(float16, _f16)
LOSS_KERNELS(bfloat16, _bf16)

typedef void kernel(batch, loss_args, split);
static kernel *const by_warp[] = {mmax_loss_warp, mmax_loss_warp_f16, mmax_loss_warp_bf16};
static kernel *const by_block[] = {mmax_loss_block, mmax_loss_block_f16, mmax_loss_block_bf16};

template <class Rows>
static mmax_status cross_entropy(const mmax_params *params, const Rows *rows, const mmax_targets *targets,
                                 const float *grad_loss, float *loss, void *grad, size_t grad_stride,
                                 mmax_accumulator *acc, const mmax_cuda_exec *how) {
  if (targets == nullptr) return MMAX_ERR_NULL;
  host_rows in;
  mmax_cuda_exec exec = exec_of(how);
  mmax_status status = check_rows(params, rows, targets->target, exec, &in);
  if (status != MMAX_OK || is_empty(in)) return status;
  const mmax_buffer buffers[] = {matrix(in, in.logits, in.stride, 0, 0),
                                 mask_buffer(in),
                                 column(targets->target, 0),
                                 column(grad_loss, 0),
                                 column(loss, 1),
                                 matrix(in, grad, grad_stride, 1, 1)};
  status = mmax_check_buffers(in.rows, buffers, 6);
  if (status != MMAX_OK) return status;
  if (!(targets->smoothing >= 0.0f && targets->smoothing <= 1.0f)) return MMAX_ERR_SMOOTHING;
  plan p;
  status = plan_of<loss_results>(in, exec, acc != nullptr, (const void *)by_block[in.storage], &p);
  if (status != MMAX_OK) return status;
  loss_args a = {targets->target, targets->ignore_index, targets->smoothing, targets->smoothing > 0.0f,
                 grad_loss,       loss,                  grad,               (int64_t)grad_stride,
                 p.moments,       acc};
  return launch_with_sums(params, in, exec, p, 3, by_warp[in.storage], by_block[in.storage], a);
}

mmax_status mmax_cuda_cross_entropy_backward(const mmax_params *params, const mmax_rows *in,
                                             const mmax_targets *targets, const float *grad_loss, float *loss,
                                             float *grad, size_t grad_stride, mmax_accumulator *acc,
                                             const mmax_cuda_exec *exec) {
  return cross_entropy(params, in, targets, grad_loss, loss, grad, grad_stride, acc, exec);
}
mmax_status mmax_cuda_cross_entropy_backward16(const mmax_params *params, const mmax_rows16 *in,
                                               const mmax_targets *targets, const float *grad_loss, float *loss,
                                               uint16_t *grad, size_t grad_stride, mmax_accumulator *acc,
                                               const mmax_cuda_exec *exec) {
  return cross_entropy(params, in, targets, grad_loss, loss, grad, grad_stride, acc, exec);
}
