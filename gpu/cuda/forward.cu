/* SPDX-License-Identifier: Apache-2.0 */
/* Probabilities and log-probabilities. Twin of src/ref/forward.c and log_forward.c. */
#include "launch.cuh"

namespace mmax {

/* The row's sigma, then its weights, in registers: PER entries a thread. */
template <class G, int PER>
__device__ inline void forward_in_registers(const batch &b, float *probs, int64_t stride) {
  G g;
#pragma unroll 1
  for (int64_t r = first_row<G>(); r < (int64_t)b.rows.rows; r += row_step<G>()) {
    row w = row_at(b, r);
    double v[PER];
    unsigned flags = 0;
#pragma unroll
    for (int k = 0; k < PER; k++) {
      int64_t i = g.rank() + (int64_t)G::threads * k;
      v[k] = (double)minus_inf();
      if (i < w.n) {
        entry e = entry_at(w, i);
        flags |= entry_flags(e);
        v[k] = sigma_or_minus_inf(b, e);
      }
    }
    double max = v[0];
#pragma unroll
    for (int k = 1; k < PER; k++) max = larger(max, v[k]);
    max = g.template reduce<op_max>(max);
    mmax_status state = row_state(g.template reduce<op_or>(flags));
    __syncwarp(); /* else ptxas compiles what follows twice, once for a diverged warp */
    int64_t sum = 0; /* at most 4096 * 2^50: one limb, and its total is that of two */
#pragma unroll
    for (int k = 0; k < PER; k++) {
      /* -inf - max: the clamp gives 0, also where max is -inf and the difference NaN */
      v[k] = exp_nonpositive(sub(v[k], max));
      sum += quantise(v[k], 6.0);
    }
    double total = mul(__ll2double_rn(g.template reduce<op_sum>(sum)), 0x1p-50);
    double inverse = __ddiv_rn(1.0, total);
    float *out = probs + r * stride;
#pragma unroll
    for (int k = 0; k < PER; k++) {
      int64_t i = g.rank() + (int64_t)G::threads * k;
      if (i < w.n) out[i] = finish(state, 0.0f, __double2float_rn(mul(v[k], inverse)));
    }
    if (g.rank() == 0) report_row(b, r, state);
  }
}

/* Rows too long for registers: weights are computed twice. */
template <class G> __device__ inline void forward_any(const batch &b, float *probs, int64_t stride) {
  G g;
#pragma unroll 1
  for (int64_t r = first_row<G>(); r < (int64_t)b.rows.rows; r += row_step<G>()) {
    row w = row_at(b, r);
    mmax_status state = row_state(row_flags(g, w));
    double max = row_max(g, b, w), inverse = inverse_sum(g, b, w, max);
#pragma unroll 1
    for (int64_t i = g.rank(); i < w.n; i += G::threads) {
      float p = __double2float_rn(mul(weight(b, entry_at(w, i), max), inverse));
      probs[r * stride + i] = finish(state, 0.0f, p);
    }
    if (g.rank() == 0) report_row(b, r, state);
  }
}

template <class G> __device__ inline void log_any(const batch &b, float *log_probs, int64_t stride) {
  G g;
#pragma unroll 1
  for (int64_t r = first_row<G>(); r < (int64_t)b.rows.rows; r += row_step<G>()) {
    row w = row_at(b, r);
    mmax_status state = row_state(row_flags(g, w));
    lse l = row_lse(g, b, w);
#pragma unroll 1
    for (int64_t i = g.rank(); i < w.n; i += G::threads) {
      entry e = entry_at(w, i);
      float v = __double2float_rn(sub(sub(modulated(b.params, e.x), l.max), l.log));
      log_probs[r * stride + i] = finish(state, minus_inf(), select(e.unmasked, v, minus_inf()));
    }
    if (g.rank() == 0) report_row(b, r, state);
  }
}

} // namespace mmax

using namespace mmax;

#define FORWARD_KERNEL(name, group, per)                                                       \
  extern "C" __global__ void __launch_bounds__(group::threads == 32 ? 128 : group::threads)    \
      name(batch b, float *probs, int64_t stride) {                                            \
    forward_in_registers<group, per>(b, probs, stride);                                        \
  }

FORWARD_KERNEL(mmax_forward_warp_2, warp_group, 2)
FORWARD_KERNEL(mmax_forward_warp_8, warp_group, 8)
FORWARD_KERNEL(mmax_forward_warp_32, warp_group, 32)
FORWARD_KERNEL(mmax_forward_block_16, block_group, 16)

extern "C" __global__ void __launch_bounds__(256, 4)
    mmax_forward_block_any(batch b, float *probs, int64_t stride) {
  forward_any<block_group>(b, probs, stride);
}
extern "C" __global__ void __launch_bounds__(128, 8)
    mmax_log_warp(batch b, float *log_probs, int64_t stride) {
  log_any<warp_group>(b, log_probs, stride);
}
extern "C" __global__ void __launch_bounds__(256, 4)
    mmax_log_block(batch b, float *log_probs, int64_t stride) {
  log_any<block_group>(b, log_probs, stride);
}

static mmax_status checked(const mmax_params *params, const mmax_rows *in, float *out,
                           size_t stride) {
  if (params == nullptr || in == nullptr) return MMAX_ERR_NULL;
  if (!is_empty(in) && (in->logits == nullptr || out == nullptr)) return MMAX_ERR_NULL;
  mmax_status status = mmax_params_check(params);
  if (status != MMAX_OK || is_empty(in)) return status;
  const mmax_buffer buffers[] = {float_buffer(in->logits, in->cols, in->stride, 0, 0),
                                 mask_buffer(in), float_buffer(out, in->cols, stride, 1, 1)};
  return mmax_check_buffers(in->rows, buffers, 3);
}

mmax_status mmax_cuda_forward(const mmax_params *params, const mmax_rows *in, float *probs,
                              size_t stride, mmax_cuda_report *report, void *stream) {
  mmax_status status = checked(params, in, probs, stride);
  if (status != MMAX_OK || is_empty(in)) return status;
  batch b = batch_of(params, in, report);
  auto by_warp = in->cols <= 64    ? mmax_forward_warp_2
                 : in->cols <= 256 ? mmax_forward_warp_8
                                   : mmax_forward_warp_32;
  auto by_block = in->cols <= 4096 ? mmax_forward_block_16 : mmax_forward_block_any;
  return launch(in->cols <= warp_cols, by_warp, by_block, in->rows, stream, b, probs,
                (int64_t)stride);
}

mmax_status mmax_cuda_log_forward(const mmax_params *params, const mmax_rows *in,
                                  float *log_probs, size_t stride, mmax_cuda_report *report,
                                  void *stream) {
  mmax_status status = checked(params, in, log_probs, stride);
  if (status != MMAX_OK || is_empty(in)) return status;
  batch b = batch_of(params, in, report);
  return launch(in->cols <= warp_cols, mmax_log_warp, mmax_log_block, in->rows, stream, b,
                log_probs, (int64_t)stride);
}

extern "C" __global__ void mmax_start_report(mmax_cuda_report *report) {
  const unsigned long long none = ~0ull;
  *report = mmax_cuda_report{0, none, 0, none, 0, 0, none};
}

mmax_status mmax_cuda_report_start(mmax_cuda_report *device_report, void *stream) {
  if (device_report == nullptr) return MMAX_ERR_NULL;
  mmax_start_report<<<1, 1, 0, (cudaStream_t)stream>>>(device_report);
  return launched();
}
