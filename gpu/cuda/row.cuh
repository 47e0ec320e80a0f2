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

struct entry {
  float x;
  bool unmasked;
};

__device__ inline entry entry_at(const row &w, int64_t i) {
  float x = w.x[i];
  unsigned byte = 0;
  if (w.mask != nullptr) byte = w.mask[i];
  bool unmasked = (byte == 0) & !is_minus_inf(x);
  return entry{x, unmasked};
}

const unsigned has_entry = 1, has_nonfinite = 2;

__device__ inline unsigned entry_flags(entry e) {
  return select(e.unmasked, select(is_finite(e.x), has_entry, has_entry | has_nonfinite), 0u);
}

/* Bits has_entry, has_nonfinite over the row; NaN and +inf count where unmasked. */
template <class G> __device__ inline unsigned row_flags(G g, const row &w) {
  unsigned flags = 0;
#pragma unroll 1
  for (int64_t i = g.rank(); i < w.n; i += G::threads)
    flags |= entry_flags(entry_at(w, i));
  return g.template reduce<op_or>(flags);
}

__device__ inline mmax_status row_state(unsigned flags) {
  mmax_status state = select((flags & has_entry) != 0, MMAX_OK, MMAX_ROW_MASKED);
  return select((flags & has_nonfinite) != 0, MMAX_ROW_NONFINITE, state);
}

/* sigma of an unmasked entry, -inf of a masked one: loses every maximum. */
__device__ inline double sigma_or_minus_inf(const batch &b, entry e) {
  return select(e.unmasked, modulated(b.params, e.x), (double)minus_inf());
}

template <class G> __device__ inline double row_max(G g, const batch &b, const row &w) {
  double m = (double)minus_inf();
#pragma unroll 1
  for (int64_t i = g.rank(); i < w.n; i += G::threads) 
    m = larger(m, sigma_or_minus_inf(b, entry_at(w, i)));
  return g.template reduce<op_max>(m);
}

__device__ inline double weight(const batch &b, entry e, double max) {
  return select(e.unmasked, exp_nonpositive(sub(modulated(b.params, e.x), max)), 0.0);
}

template <class G>
__device__ inline double inverse_sum(G g, const batch &b, const row &w, double max) {
  wide_sum sum = {0, 0};
#pragma unroll 1
  for (int64_t i = g.rank(); i < w.n; i += G::threads)
    sum = wide_add(sum, wide_sum{0, (uint64_t)quantise(weight(b, entry_at(w, i), max), 6.0)});
  return __ddiv_rn(1.0, total(g.template reduce<op_sum>(sum), 0x1p-50));
}

struct lse {
  double max, rest, log;
};

/* Sum of all weights but one largest, on the grid of the second largest. The
   separated entry is one whose sigma is the maximum: the k others equal to it are counted. */
template <class G> __device__ inline lse row_lse(G g, const batch &b, const row &w) {
  top_two top = {(double)minus_inf(), (double)minus_inf()};
#pragma unroll 1
  for (int64_t i = g.rank(); i < w.n; i += G::threads)
    top = top_merge(top, top_two{sigma_or_minus_inf(b, entry_at(w, i)), (double)minus_inf()});
  top = g.template reduce<op_top>(top);
  double second = exp_nonpositive(sub(top.second, top.first));
  bool alone = !(second > 0.0); /* also when there is no second: exp of -inf */
  bool tie = (top.second == top.first) & !alone;
  int e = exponent_above(select(alone, 1.0, second));
  double big = mul(6.0, pow2(e));
  wide_sum sum = {0, 0};
#pragma unroll 1
  for (int64_t i = g.rank(); i < w.n; i += G::threads) {
    double s = sigma_or_minus_inf(b, entry_at(w, i));
    double v = exp_nonpositive(sub(s, top.first));
    /* of the largest only those count that have an equal; one of them is taken out below */
    bool counts = !alone & ((s < top.first) | tie);
    sum = wide_add(sum, wide_sum{0, select(counts, (uint64_t)quantise(v, big), (uint64_t)0)});
  }
  sum = g.template reduce<op_sum>(sum);
  uint64_t one = select(tie, (uint64_t)quantise(1.0, big), (uint64_t)0);
  sum.hi -= sum.lo < one;
  sum.lo -= one;
  lse out;
  out.max = top.first;
  out.rest = total(sum, pow2(e - 50));
  out.log = log1p_nonnegative(out.rest);
  return out;
}

/* Adds 1 where `when`. One guarded instruction at an address that the launch fixes: no branch depends on data. */
__device__ inline void count_if(bool when, void *counter) {
  asm volatile("{ .reg .pred p; setp.ne.u32 p, %0, 0; @p red.global.add.u64 [%1], 1; }" ::"r"(
                   (unsigned)when),
               "l"(__cvta_generic_to_global(counter))
               : "memory");
}
__device__ inline void least_if(bool when, void *least, int64_t row) {
  asm volatile("{ .reg .pred p; setp.ne.u32 p, %0, 0; @p red.global.min.u64 [%1], %2; }" ::"r"(
                   (unsigned)when),
               "l"(__cvta_generic_to_global(least)), "l"(row)
               : "memory");
}

/* Counts special rows; the first of each kind by an integer minimum. */
__device__ inline void report_row(const batch &b, int64_t r, mmax_status state) {
  if (b.report == nullptr) return;
  count_if(state == MMAX_ROW_MASKED, &b.report->masked_rows);
  least_if(state == MMAX_ROW_MASKED, &b.report->first_masked, r);
  count_if(state == MMAX_ROW_NONFINITE, &b.report->nonfinite_rows);
  least_if(state == MMAX_ROW_NONFINITE, &b.report->first_nonfinite, r);
}

/* Counts a row of the accumulator, which may be NULL. */
__device__ inline void count_row(mmax_accumulator *acc, mmax_status state) {
  if (acc == nullptr) return;
  count_if(state == MMAX_OK, &acc->rows);
  count_if(state == MMAX_ROW_NONFINITE, &acc->nonfinite_rows);
}

/* What a special row's outputs are: NaN, or the value for a row with nothing unmasked. */
__device__ inline float finish(mmax_status state, float masked_row, float value) {
  float v = select(state == MMAX_ROW_MASKED, masked_row, value);
  return select(state == MMAX_ROW_NONFINITE, canonical_nan(), v);
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
