/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads that share one row, a warp or a block, and their reductions.
 * Maxima and integer sums only: no order of threads can change a bit.
 */
#ifndef MMAX_GPU_GROUP_CUH
#define MMAX_GPU_GROUP_CUH

#include "element.cuh"

namespace mmax {

struct wide_sum { /* 128 bits */
  uint64_t hi, lo;
};

__device__ inline wide_sum wide_add(wide_sum a, wide_sum b) {
  uint64_t lo = a.lo + b.lo;
  return wide_sum{a.hi + b.hi + (lo < b.lo), lo};
}

__device__ inline double total(wide_sum s, double grid) {
  return add(mul(__ull2double_rn(s.hi), mul(grid, 0x1p64)), mul(__ull2double_rn(s.lo), grid));
}

/* Largest and second largest value, counted with multiplicity. */
struct top_two {
  double first, second;
};

__device__ inline double larger(double a, double b) { return b > a ? b : a; }
__device__ inline double smaller(double a, double b) { return b < a ? b : a; }

__device__ inline top_two top_merge(top_two a, top_two b) {
  return top_two{larger(a.first, b.first),
                 larger(smaller(a.first, b.first), larger(a.second, b.second))};
}

const unsigned all_lanes = 0xffffffffu;

__device__ inline double shuffled(double v, int d) { return __shfl_xor_sync(all_lanes, v, d); }
__device__ inline int64_t shuffled(int64_t v, int d) {
  return (int64_t)__shfl_xor_sync(all_lanes, (long long)v, d);
}
__device__ inline unsigned shuffled(unsigned v, int d) { return __shfl_xor_sync(all_lanes, v, d); }
__device__ inline wide_sum shuffled(wide_sum v, int d) {
  return wide_sum{(uint64_t)shuffled((int64_t)v.hi, d), (uint64_t)shuffled((int64_t)v.lo, d)};
}
__device__ inline top_two shuffled(top_two v, int d) {
  return top_two{shuffled(v.first, d), shuffled(v.second, d)};
}

struct op_max {
  __device__ static double of(double a, double b) { return larger(a, b); }
};
struct op_min {
  __device__ static double of(double a, double b) { return smaller(a, b); }
};
struct op_or {
  __device__ static unsigned of(unsigned a, unsigned b) { return a | b; }
};
struct op_sum {
  __device__ static int64_t of(int64_t a, int64_t b) { return a + b; }
  __device__ static wide_sum of(wide_sum a, wide_sum b) { return wide_add(a, b); }
};
struct op_top {
  __device__ static top_two of(top_two a, top_two b) { return top_merge(a, b); }
};

template <class Op, class T> __device__ inline T warp_reduce(T v) {
  for (int d = 16; d > 0; d >>= 1) v = Op::of(v, shuffled(v, d));
  return v;
}

/* One warp a row. */
struct warp_group {
  static const int threads = 32;
  __device__ int rank() const { return (int)threadIdx.x; }
  template <class Op, class T> __device__ T reduce(T v) const { return warp_reduce<Op>(v); }
};

/* One block of 256 threads a row; every thread gets the result. */
struct block_group {
  static const int threads = 256;
  static const int warps = threads / 32;
  __device__ int rank() const { return (int)threadIdx.x; }
  template <class Op, class T> __device__ T reduce(T v) const {
    __shared__ T part[warps];
    v = warp_reduce<Op>(v);
    __syncthreads(); /* an earlier reduction of this type has been read */
    if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = v;
    __syncthreads();
    v = part[0];
    for (int w = 1; w < warps; w++) v = Op::of(v, part[w]);
    return v;
  }
};

} // namespace mmax

#endif
