/* SPDX-License-Identifier: Apache-2.0 */
/* What the row kernels share: a row's entries, its state, maximum and sums. Twin of src/ref/row.c and lse.c. */
#ifndef MMAX_GPU_ROW_CUH
#define MMAX_GPU_ROW_CUH

#include "group.cuh"
#include "multimax_cuda.h"

namespace mmax {

/* A batch as the kernels see it; a copy of the caller's mmax_rows. */
struct batch {
  mmax_params params;
  mmax_rows rows;
  mmax_cuda_report *report; /* may be NULL */
};

struct row {
  const float *x;
  const uint8_t *mask; /* NULL: nothing masked */
  int64_t n, index;
};

__device__ inline row row_at(const batch &b, int64_t r) {
  return row{b.rows.logits + r * (int64_t)b.rows.stride,
             b.rows.mask == nullptr ? nullptr : b.rows.mask + r * (int64_t)b.rows.mask_stride,
             (int64_t)b.rows.cols, r};
}

__device__ inline bool unmasked(const row &w, int64_t i) {
  bool masked = w.mask != nullptr && w.mask[i] != 0;
  return !masked && !is_minus_inf(w.x[i]);
}

const unsigned has_entry = 1, has_nonfinite = 2;

/* Bits has_entry, has_nonfinite over the row; NaN and +inf count where unmasked. */
template <class G> __device__ inline unsigned row_flags(G g, const row &w) {
  unsigned flags = 0;
  for (int64_t i = g.rank(); i < w.n; i += G::threads)
    flags |= unmasked(w, i) ? (is_finite(w.x[i]) ? has_entry : has_entry | has_nonfinite) : 0u;
  return g.template reduce<op_or>(flags);
}

__device__ inline mmax_status row_state(unsigned flags) {
  return flags & has_nonfinite ? MMAX_ROW_NONFINITE : flags & has_entry ? MMAX_OK : MMAX_ROW_MASKED;
}

/* sigma of an unmasked entry, -inf of a masked one: loses every maximum. */
__device__ inline double sigma_or_minus_inf(const batch &b, const row &w, int64_t i) {
  return unmasked(w, i) ? modulated(b.params, w.x[i]) : (double)minus_inf();
}

template <class G> __device__ inline double row_max(G g, const batch &b, const row &w) {
  double m = (double)minus_inf();
  for (int64_t i = g.rank(); i < w.n; i += G::threads) m = larger(m, sigma_or_minus_inf(b, w, i));
  return g.template reduce<op_max>(m);
}

__device__ inline double weight(const batch &b, const row &w, int64_t i, double max) {
  return unmasked(w, i) ? exp_nonpositive(sub(modulated(b.params, w.x[i]), max)) : 0.0;
}

template <class G>
__device__ inline double inverse_sum(G g, const batch &b, const row &w, double max) {
  wide_sum sum = {0, 0};
  for (int64_t i = g.rank(); i < w.n; i += G::threads)
    sum = wide_add(sum, wide_sum{0, (uint64_t)quantise(weight(b, w, i, max), 6.0)});
  return __ddiv_rn(1.0, total(g.template reduce<op_sum>(sum), 0x1p-50));
}

struct lse {
  double max, rest, log;
};

/* Sum of all weights but one largest, on the grid of the second largest. The
   separated entry is one whose sigma is the maximum: the k others equal to it are counted. */
template <class G> __device__ inline lse row_lse(G g, const batch &b, const row &w) {
  top_two top = {(double)minus_inf(), (double)minus_inf()};
  for (int64_t i = g.rank(); i < w.n; i += G::threads)
    top = top_merge(top, top_two{sigma_or_minus_inf(b, w, i), (double)minus_inf()});
  top = g.template reduce<op_top>(top);
  double second = exp_nonpositive(sub(top.second, top.first));
  bool alone = !(second > 0.0); /* also when there is no second: exp of NaN or -inf */
  int e = exponent_above(alone ? 1.0 : second);
  double big = mul(6.0, pow2(e));
  wide_sum sum = {0, 0};
  for (int64_t i = g.rank(); i < w.n; i += G::threads) {
    double s = sigma_or_minus_inf(b, w, i);
    double v = s < top.first ? exp_nonpositive(sub(s, top.first)) : 0.0;
    uint64_t q = (uint64_t)quantise(v, big);
    /* the largest: its own weight is 1 */
    q = s == top.first && top.second == top.first ? (uint64_t)quantise(1.0, big) : q;
    sum = wide_add(sum, wide_sum{0, alone ? 0 : q});
  }
  sum = g.template reduce<op_sum>(sum);
  uint64_t one = top.second == top.first && !alone ? (uint64_t)quantise(1.0, big) : 0;
  sum.hi -= sum.lo < one ? 1 : 0;
  sum.lo -= one;
  lse out;
  out.max = top.first;
  out.rest = total(sum, pow2(e - 50));
  out.log = log1p_nonnegative(out.rest);
  return out;
}

/* Counts special rows; the first of each kind by an integer minimum. */
__device__ inline void report_row(const batch &b, int64_t r, mmax_status state) {
  if (b.report == nullptr || state == MMAX_OK) return;
  unsigned long long *count = state == MMAX_ROW_MASKED ? &b.report->masked_rows : &b.report->nonfinite_rows;
  unsigned long long *first = state == MMAX_ROW_MASKED ? &b.report->first_masked : &b.report->first_nonfinite;
  atomicAdd(count, 1ull);
  atomicMin(first, (unsigned long long)r);
}

/* Rows are dealt out to groups: warps in blocks of 4, or whole blocks. */
template <class G> __device__ inline int64_t first_row() {
  return G::threads == 32 ? (int64_t)blockIdx.x * blockDim.y + threadIdx.y : (int64_t)blockIdx.x;
}
template <class G> __device__ inline int64_t row_step() {
  return G::threads == 32 ? (int64_t)gridDim.x * blockDim.y : (int64_t)gridDim.x;
}

} // namespace mmax

#endif
