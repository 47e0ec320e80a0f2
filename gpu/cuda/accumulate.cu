/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows' parameter sums into the exact accumulator: one block a parameter.
 * Each thread adds its rows to a 1024-bit integer of its own; the integers are
 * then added up. Twin of mmax_limbs_add in src/ref/gradient.c.
 */
#include "gradient.cuh"
#include "launch.cuh"

namespace mmax {

const int limbs = MMAX_ACC_LIMBS;
const int adders = 64;

/* value * 2^(unit+256) into a two's complement number; every limb is visited. */
__device__ inline void limbs_add(uint64_t (&into)[limbs], int64_t value, int unit) {
  unsigned shift = (unsigned)(unit + 256), word = shift / 64, s = shift % 64;
  uint64_t sign = value < 0 ? ~(uint64_t)0 : 0, v = (uint64_t)value;
  uint64_t low = v << s, high = s == 0 ? sign : (v >> (64 - s)) | (sign << s);
  uint64_t carry = 0;
#pragma unroll
  for (unsigned i = 0; i < limbs; i++) {
    uint64_t part = i < word ? 0 : i == word ? low : i == word + 1 ? high : sign;
    uint64_t sum = into[i] + part, overflow = sum < part ? 1 : 0;
    into[i] = sum + carry;
    carry = overflow | (into[i] < carry ? 1 : 0);
  }
}

} // namespace mmax

using namespace mmax;

extern "C" __global__ void __launch_bounds__(adders)
    mmax_accumulate(const row_moments *sums, int64_t count, unsigned terms, mmax_accumulator *acc) {
  __shared__ uint64_t part[adders][limbs + 1]; /* odd row length: no bank conflicts */
  int j = (int)blockIdx.x, t = (int)threadIdx.x;
  uint64_t mine[limbs] = {0};
  for (int64_t r = t; r < count; r += adders) limbs_add(mine, sums[r].sum[j], sums[r].unit[j]);
#pragma unroll
  for (int i = 0; i < limbs; i++) part[t][i] = mine[i];
  __syncthreads();
  if (t != 0) return;
  unsigned term = j < 8 ? 1u << (j % 4) : (unsigned)MMAX_TERM_AFFINE;
  if (!(terms & term)) return;
  for (int k = 0; k < adders; k++) {
    uint64_t carry = 0;
#pragma unroll 1
    for (int i = 0; i < limbs; i++) {
      uint64_t old = acc->limb[j][i], sum = old + part[k][i], overflow = sum < old ? 1 : 0;
      acc->limb[j][i] = sum + carry;
      carry = overflow | (sum + carry < carry ? 1 : 0);
    }
  }
}

namespace mmax {

mmax_status accumulate(const row_moments *sums, size_t count, const mmax_params *params,
                       mmax_accumulator *acc, void *stream) {
  mmax_accumulate<<<MMAX_NPARAMS, adders, 0, (cudaStream_t)stream>>>(sums, (int64_t)count,
                                                                     params->terms, acc);
  return launched();
}

} // namespace mmax

size_t mmax_cuda_workspace_bytes(size_t rows, size_t cols, unsigned blocks_per_row) {
  if (rows == 0 || cols == 0) return 0;
  return bytes_of(rows, parts_of(rows, cols, blocks_per_row), sizeof(row_moments) + most_results);
}
