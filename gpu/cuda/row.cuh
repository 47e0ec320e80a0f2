/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the row kernels share. A row is worked on in passes; each ends in a reduction that no order can change, so a
 * row may be one group's, all passes in one launch, or be cut into parts, a block each. Then either the blocks are a
 * cluster (sm_90), whose results meet in shared memory in one launch too, or there is a launch per pass, and they
 * meet in the workspace. Twin of src/ref/row.c and lse.c.
 */
#ifndef MMAX_GPU_ROW_CUH
#define MMAX_GPU_ROW_CUH

#include <type_traits>

#include "group.cuh"
#include "multimax_cuda.h"
#include "walk.cuh"

namespace mmax {

/* A batch as the kernels see it. */
struct batch {
  mmax_params params;
  const void *logits;
  const uint8_t *mask;
  int64_t rows, cols, stride, mask_stride;
  mmax_cuda_report *report; /* may be NULL */
};

/* Pass number `pass` of every part; or `whole`: all passes, the parts of a row being a cluster. */
struct split {
  void *results;
  int64_t pass;
};
const int64_t whole = -1;

/* Rows are dealt out to groups: warps in blocks of 4, or whole blocks, gridDim.y of them a row. */
template <class G> __device__ inline int64_t first_row() {
  return G::splits ? (int64_t)blockIdx.x : (int64_t)blockIdx.x * blockDim.y + threadIdx.y;
}
template <class G> __device__ inline int64_t row_step() {
  return G::splits ? (int64_t)gridDim.x : (int64_t)gridDim.x * blockDim.y;
}
template <class G> __device__ inline int64_t parts() { return G::splits ? (int64_t)gridDim.y : 1; }
template <class G> __device__ inline int64_t part() { return G::splits ? (int64_t)blockIdx.y : 0; }
/* The thread that reports on the row. */
template <class G> __device__ inline bool speaks(G g) { return (g.rank() == 0) & (part<G>() == 0); }

/* Row r, or this block's part of it. Short rows are not worth chunks: most threads would have none. */
template <class S, class G> __device__ inline row<S> row_at(const batch &b, int64_t r) {
  const int64_t W = S::width;
  auto x = (const typename S::cell *)b.logits + r * b.stride;
  int lead = lead_of<S>(x);
  int64_t lo = 0, hi = b.cols;
  if (parts<G>() > 1) {
    int64_t chunks = (b.cols + lead + W - 1) / W, each = (chunks + parts<G>() - 1) / parts<G>();
    lo = part<G>() * each * W - lead;
    hi = lo + each * W;
    lo = lo < 0 ? 0 : lo < b.cols ? lo : b.cols;
    hi = hi < b.cols ? hi : b.cols;
    hi = hi < lo ? lo : hi;
  }
  return row<S>{line_at(x, lead, 16), line_at(b.mask + r * b.mask_stride, lead, S::width), b.mask != nullptr,
                hi - lo > G::threads * W, b.cols, lo, hi, lead};
}

/* Of all threads in this launch that share the row. */
template <class T, class G> __device__ inline T row_reduce(G g, T v) {
  v = g.reduce(v);
  if (G::splits && blocks_in_cluster() > 1) v = cluster_reduce(v);
  return v;
}

/* The row's result of pass K: computed, or put together from the parts of an earlier launch. */
template <int K, class Results, class T, class G, class F>
__device__ inline T pass(G g, const split &s, int64_t row, T Results::*member, F compute) {
  T v = T::none();
  if constexpr (!G::splits) {
    compute(v);
    return g.reduce(v);
  } else {
    Results *of_row = (Results *)s.results + row * parts<G>();
    if (s.pass == whole || s.pass == K) {
      compute(v);
    } else {
#pragma unroll 1
      for (int64_t p = g.rank(); p < parts<G>(); p += G::threads) v = merge(v, of_row[p].*member);
    }
    v = row_reduce(g, v);
    if (s.pass == K && g.rank() == 0) of_row[part<G>()].*member = v;
    return v;
  }
}
/* Nothing is left to do in this launch. */
template <int K, class G> __device__ inline bool ends_at(const split &s) {
  return G::splits && s.pass == K;
}

const unsigned has_entry = 1, has_nonfinite = 2, has_target = 4;

__device__ inline unsigned entry_flags(entry e) {
  return select(e.unmasked, select(is_finite(e.x), has_entry, has_entry | has_nonfinite), 0u);
}

__device__ inline mmax_status row_state(unsigned flags) {
  mmax_status state = select((flags & has_entry) != 0, MMAX_OK, MMAX_ROW_MASKED);
  return select((flags & has_nonfinite) != 0, MMAX_ROW_NONFINITE, state);
}

/* sigma of an unmasked entry, -inf of a masked one: loses every maximum. */
__device__ inline double sigma_or_minus_inf(const mmax_params &p, entry e) {
  return select(e.unmasked, modulated(p, e.x), (double)minus_inf());
}

__device__ inline double weight(const mmax_params &p, entry e, double max) {
  return select(e.unmasked, exp_nonpositive(sub(modulated(p, e.x), max)), 0.0);
}

struct peak {
  double max;
  uint64_t flags;
  __device__ static peak none() { return peak{(double)minus_inf(), 0}; }
};
__device__ inline peak merge(peak a, peak b) {
  return peak{larger(a.max, b.max), a.flags | b.flags};
}
__device__ inline peak shuffled(peak v, int d) {
  return peak{shuffled(v.max, d), shuffled((unsigned)v.flags, d)};
}

/* Largest and second largest sigma, counted with multiplicity. */
struct top_two {
  double first, second;
  uint64_t flags;
  __device__ static top_two none() {
    return top_two{(double)minus_inf(), (double)minus_inf(), 0};
  }
};
__device__ inline top_two merge(top_two a, top_two b) {
  return top_two{larger(a.first, b.first),
                 larger(smaller(a.first, b.first), larger(a.second, b.second)), a.flags | b.flags};
}
__device__ inline top_two shuffled(top_two v, int d) {
  return top_two{shuffled(v.first, d), shuffled(v.second, d), shuffled((unsigned)v.flags, d)};
}
__device__ inline top_two top_add(top_two t, double sigma, unsigned flags) {
  return top_two{larger(t.first, sigma), larger(t.second, smaller(t.first, sigma)), t.flags | flags};
}

/* Sum of all weights but one largest, on the grid of the second largest. The
   separated entry is one whose sigma is the maximum: the k others equal to it are counted. */
struct rest_grid {
  double max, big;
  int exponent;
  bool alone, tie;
};
__device__ inline rest_grid rest_grid_of(double first, double second) {
  double w = exp_nonpositive(sub(second, first));
  bool alone = !(w > 0.0); /* also when there is no second: exp of -inf */
  bool tie = (second == first) & !alone;
  int e = exponent_above(select(alone, 1.0, w));
  return rest_grid{first, mul(6.0, pow2(e)), e, alone, tie};
}
/* Of the largest only those count that have an equal; one of them is taken out at the end. */
__device__ inline uint64_t rest_count(const rest_grid &on, double sigma, double weight) {
  bool counts = !on.alone & ((sigma < on.max) | on.tie);
  return select(counts, (uint64_t)quantise(weight, on.big), (uint64_t)0);
}

struct lse {
  double max, rest, log;
};
__device__ inline lse lse_of(const rest_grid &on, wide_sum sum) {
  uint64_t one = select(on.tie, (uint64_t)quantise(1.0, on.big), (uint64_t)0);
  sum.hi -= sum.lo < one;
  sum.lo -= one;
  double rest = total(sum, pow2(on.exponent - 50));
  return lse{on.max, rest, log1p_nonnegative(rest)};
}

/* What a row's outputs are: NaN, the value for a row with nothing unmasked, or `cell`. */
template <class S> __device__ inline unsigned finish(mmax_status state, unsigned masked_row, unsigned cell) {
  return select(state == MMAX_ROW_NONFINITE, (unsigned)S::nan,
                select(state == MMAX_ROW_MASKED, masked_row, cell));
}

} // namespace mmax

#endif
