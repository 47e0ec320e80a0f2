/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads that share a row, a warp, a block or a cluster of blocks, and their reductions.
 * Maxima and integer sums only: no order of threads can change a bit.
 * What is reduced has none(), merge() and shuffled().
 */
#ifndef MMAX_GPU_GROUP_CUH
#define MMAX_GPU_GROUP_CUH

#include "element.cuh"

namespace mmax {

const unsigned all_lanes = 0xffffffffu;

__device__ inline double shuffled(double v, int d) { return __shfl_xor_sync(all_lanes, v, d); }
__device__ inline int64_t shuffled(int64_t v, int d) {
  return (int64_t)__shfl_xor_sync(all_lanes, (long long)v, d);
}
__device__ inline uint64_t shuffled(uint64_t v, int d) { return (uint64_t)shuffled((int64_t)v, d); }
__device__ inline unsigned shuffled(unsigned v, int d) { return __shfl_xor_sync(all_lanes, v, d); }

__device__ inline double larger(double a, double b) { return b > a ? b : a; }
__device__ inline double smaller(double a, double b) { return b < a ? b : a; }

struct sum64 {
  int64_t value;
  __device__ static sum64 none() { return sum64{0}; }
};
__device__ inline sum64 merge(sum64 a, sum64 b) { return sum64{a.value + b.value}; }
__device__ inline sum64 shuffled(sum64 v, int d) { return sum64{shuffled(v.value, d)}; }

struct wide_sum { /* 128 bits */
  uint64_t hi, lo;
  __device__ static wide_sum none() { return wide_sum{0, 0}; }
};
__device__ inline wide_sum merge(wide_sum a, wide_sum b) {
  uint64_t lo = a.lo + b.lo;
  return wide_sum{a.hi + b.hi + (lo < b.lo), lo};
}
__device__ inline wide_sum shuffled(wide_sum v, int d) {
  return wide_sum{shuffled(v.hi, d), shuffled(v.lo, d)};
}
__device__ inline wide_sum plus(wide_sum a, uint64_t b) { return merge(a, wide_sum{0, b}); }

__device__ inline double total(wide_sum s, double grid) {
  return add(mul(__ull2double_rn(s.hi), mul(grid, 0x1p64)), mul(__ull2double_rn(s.lo), grid));
}

template <class T> __device__ inline T warp_reduce(T v, int lanes) {
  for (int d = lanes / 2; d > 0; d >>= 1) v = merge(v, shuffled(v, d));
  return v;
}

/* One warp a row. */
struct warp_group {
  static const int threads = 32;
  static const bool splits = false;
  __device__ int rank() const { return (int)threadIdx.x; }
  template <class T> __device__ T reduce(T v) const { return warp_reduce(v, 32); }
};

/* One block of 256 threads a row, or a part of one; every thread gets the result. */
struct block_group {
  static const int threads = 256;
  static const bool splits = true;
  static const int warps = threads / 32;
  __device__ int rank() const { return (int)threadIdx.x; }
  template <class T> __device__ T reduce(T v) const {
    __shared__ T part[warps];
    v = warp_reduce(v, 32);
    __syncthreads(); /* an earlier reduction of this type has been read */
    if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = v;
    __syncthreads();
    return warp_reduce(part[threadIdx.x % warps], warps);
  }
};

const int most_in_cluster = 8;
__device__ inline int blocks_in_cluster() {
#if __CUDA_ARCH__ >= 900
  return (int)__clusterSizeInBlocks();
#else
  return 1;
#endif
}

/* Of the blocks of a cluster, the threads of each holding the same v; every thread gets the result. */
template <class T> __device__ inline T cluster_reduce(T v) {
#if __CUDA_ARCH__ >= 900
  __shared__ T mine;
  int rank = (int)threadIdx.x % most_in_cluster, blocks = blocks_in_cluster();
  auto its = (const T *)__cluster_map_shared_rank(&mine, (unsigned)min(rank, blocks - 1));
  if (threadIdx.x == 0) mine = v;
  __cluster_barrier_arrive();
  __cluster_barrier_wait();
  v = T::none();
  if (rank < blocks) v = *its;
  __cluster_barrier_arrive(); /* none goes on, or ends, before all have read */
  __cluster_barrier_wait();
  v = warp_reduce(v, most_in_cluster);
#endif
  return v;
}

} // namespace mmax

#endif
