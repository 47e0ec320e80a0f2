/* SPDX-License-Identifier: Apache-2.0 */
/* Log-probabilities. Twin of src/ref/log_forward.c. */
#include "launch.cuh"
#include "report.cuh"

namespace mmax {

struct log_results {
  top_two top;
  wide_sum sum;
};

template <class S, class G>
__device__ inline void log_any(const batch &b, void *log_probs, int64_t stride, const split &s) {
  typedef typename S::cell cell_type;
  G g;
  const mmax_params &p = b.params;
#pragma unroll 1
  for (int64_t r = first_row<G>(); r < b.rows; r += row_step<G>()) {
    row<S> w = row_at<S, G>(b, r);
    top_two top = pass<0>(g, s, r, &log_results::top, [&](top_two &mine) {
      walk<S, 4>(g, w, nothing(), nothing(), [&](int64_t, entry e, float) {
        mine = top_add(mine, sigma_or_minus_inf(p, e), entry_flags(e));
      });
    });
    if (ends_at<0, G>(s)) continue;
    rest_grid on = rest_grid_of(top.first, top.second);
    wide_sum sum = pass<1>(g, s, r, &log_results::sum, [&](wide_sum &mine) {
      walk<S, 4>(g, w, nothing(), nothing(), [&](int64_t, entry e, float) {
        double sigma = sigma_or_minus_inf(p, e);
        mine = plus(mine, rest_count(on, sigma, exp_nonpositive(sub(sigma, on.max))));
      });
    });
    if (ends_at<1, G>(s)) continue;
    mmax_status state = row_state((unsigned)top.flags);
    lse l = lse_of(on, sum);
    output<cell_type> out = {line_at((cell_type *)log_probs + r * stride, w.lead, 16), true};
    walk<S, 4>(g, w, nothing(), out, [&](int64_t, entry e, float) {
      unsigned v = S::round(sub(sub(modulated(p, e.x), l.max), l.log));
      return finish<S>(state, S::minus_inf, select(e.unmasked, v, (unsigned)S::minus_inf));
    });
    if (speaks(g)) report_row(b, r, state);
  }
}

} // namespace mmax

using namespace mmax;

#define LOG_KERNELS(S, suffix)                                                                      \
  extern "C" __global__ void __launch_bounds__(128, 6)                                              \
      mmax_log_warp##suffix(batch b, void *log_probs, int64_t stride, split s) {                    \
    log_any<S, warp_group>(b, log_probs, stride, s);                                                \
  }                                                                                                 \
  extern "C" __global__ void __launch_bounds__(256, 3)                                              \
      mmax_log_block##suffix(batch b, void *log_probs, int64_t stride, split s) {                   \
    log_any<S, block_group>(b, log_probs, stride, s);                                               \
  }

LOG_KERNELS(float32, )
LOG_KERNELS(float16, _f16)
LOG_KERNELS(bfloat16, _bf16)

typedef void kernel(batch, void *, int64_t, split);
static kernel *const by_warp[] = {mmax_log_warp, mmax_log_warp_f16, mmax_log_warp_bf16};
static kernel *const by_block[] = {mmax_log_block, mmax_log_block_f16, mmax_log_block_bf16};

template <class Rows>
static mmax_status log_forward(const mmax_params *params, const Rows *rows, void *log_probs, size_t stride,
                               const mmax_cuda_exec *how) {
  host_rows in;
  mmax_cuda_exec exec = exec_of(how);
  mmax_status status = check_outputs(params, rows, log_probs, stride, exec, &in);
  if (status != MMAX_OK || is_empty(in)) return status;
  plan p;
  status = plan_of<log_results>(in, exec, false, (const void *)by_block[in.storage], &p);
  if (status != MMAX_OK) return status;
  return launch(in, exec, p, 3, by_warp[in.storage], by_block[in.storage], batch_of(params, in, exec), log_probs,
                (int64_t)stride);
}

mmax_status mmax_cuda_log_forward(const mmax_params *params, const mmax_rows *in, float *log_probs, size_t stride,
                                  const mmax_cuda_exec *exec) {
  return log_forward(params, in, log_probs, stride, exec);
}
mmax_status mmax_cuda_log_forward16(const mmax_params *params, const mmax_rows16 *in, uint16_t *log_probs,
                                    size_t stride, const mmax_cuda_exec *exec) {
  return log_forward(params, in, log_probs, stride, exec);
}
