/* SPDX-License-Identifier: Apache-2.0 */
/* A row sum over a cluster of two blocks through distributed shared memory: fixture for cluster support. */
#include <cooperative_groups.h>
namespace cg = cooperative_groups;

extern "C" __global__ void __cluster_dims__(2, 1, 1) cluster_sum(const unsigned *a, unsigned long long *out, int n)
{
    __shared__ unsigned long long part;
    cg::cluster_group cluster = cg::this_cluster();
    unsigned rank = cluster.block_rank();
    if (threadIdx.x == 0)
        part = 0;
    __syncthreads();
    unsigned long long s = 0;
    for (int i = (int)(rank * blockDim.x + threadIdx.x); i < n; i += (int)(2 * blockDim.x))
        s += a[i];
    atomicAdd(&part, s);
    cluster.sync();
    unsigned long long other = *cluster.map_shared_rank(&part, rank ^ 1u);
    cluster.sync();
    if (threadIdx.x == 0)
        out[blockIdx.x] = part + other;
}
