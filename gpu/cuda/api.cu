/* SPDX-License-Identifier: Apache-2.0 */
/* The public calls: the library's own argument checks, then one or two launches. */
#include <cuda_runtime.h>

#include "gradient.cuh"

extern "C" {
#include "check.h"
}

using namespace mmax;

/* Kernels of the other files, by their launch signatures. */
struct backward_args;
extern "C" {
__global__ void mmax_forward_warp_2(batch, float *, int64_t);
__global__ void mmax_forward_warp_8(batch, float *, int64_t);
__global__ void mmax_forward_warp_32(batch, float *, int64_t);
__global__ void mmax_forward_block_16(batch, float *, int64_t);
__global__ void mmax_forward_block_any(batch, float *, int64_t);
__global__ void mmax_log_warp(batch, float *, int64_t);
__global__ void mmax_log_block(batch, float *, int64_t);
__global__ void mmax_accumulate(const row_moments *, int64_t, unsigned, mmax_accumulator *);
}
