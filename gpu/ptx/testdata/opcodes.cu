/* SPDX-License-Identifier: Apache-2.0 */
/* Every operation that the MultiMax kernels may draw on, in straight lines: fixture for the parser and type checker. */
#include <stdint.h>
#include <cuda_fp16.h>
#include <cuda_bf16.h>

extern "C" __global__ void conversions(const float *x, const double *d, __half *h, __nv_bfloat16 *b, float *y, double *z, int64_t *q)
{
    int i = threadIdx.x;
    h[i] = __float2half_rn(x[i]);
    b[i] = __float2bfloat16_rn(x[i]);
    y[i] = __half2float(h[i]) + __bfloat162float(b[i]);
    y[i + 32] = __double2float_rz(d[i]);
    y[i + 64] = __double2float_ru(d[i]);
    y[i + 96] = __double2float_rd(d[i]);
    q[i] = __double2ll_rn(d[i]);
    q[i + 32] = __double2ll_rz(d[i]);
    q[i + 64] = (int64_t)__double2uint_rz(d[i]) + __double2int_rn(d[i]);
    q[i + 96] = (int64_t)__double2ull_rd(d[i]);
    z[i] = __ll2double_rn(q[i]);
    z[i + 32] = __ull2double_rz((unsigned long long)q[i]);
    z[i + 64] = __int2double_rn((int)q[i]) + __uint2double_rn((unsigned)q[i]);
    z[i + 96] = rint(d[i]) + floor(d[i]) + ceil(d[i]) + trunc(d[i]);
    y[i + 128] = __ll2float_rn(q[i]) + __int2float_rz((int)q[i]);
    __half2 hh = __floats2half2_rn(x[i], x[i + 1]);
    y[i + 160] = __low2float(hh) + __high2float(hh);
    __nv_bfloat162 bb = __floats2bfloat162_rn(x[i], x[i + 1]);
    y[i + 192] = __low2float(bb) + __high2float(bb);
    h[i+32] = __double2half(d[i]);
    b[i+32] = __double2bfloat16(d[i]);
    z[i + 128] = fma((double)x[i], 2.0, (double)__half2float(h[i]));
    z[i + 160] = __drcp_rn(d[i]) + __dsqrt_rn(d[i]) + __ddiv_rn(d[i], d[i+1]) + fabs(d[i]) + fmax(d[i], 1.0) + fmin(d[i], 2.0) + copysign(d[i], -1.0);
    y[i + 224] = __frcp_rn(x[i]) + __fsqrt_rn(x[i]) + __fdiv_rn(x[i], 3.0f) + fmaxf(x[i], 1.0f) + fabsf(x[i]);
    z[i + 192] = isnan(d[i]) ? 1.0 : isinf(d[i]) ? 2.0 : signbit(d[i]) ? 3.0 : isfinite(x[i]) ? 4.0 : 5.0;
}

extern "C" __global__ void integers(const uint32_t *a, const uint64_t *c, uint32_t *r, uint64_t *s)
{
    int i = threadIdx.x;
    uint32_t u = a[i], v = a[i + 32];
    uint64_t p = c[i], q = c[i + 32];
    r[i] = __popc(u) + __clz(v) + __ffs(u) + __brev(v) + __byte_perm(u, v, 0x3421) + __umulhi(u, v) + (uint32_t)__mulhi((int)u, (int)v);
    r[i + 32] = min(u, v) + max((int)u, (int)v) + abs((int)u) + (u >> (v & 31)) + ((int)u >> 3) + __funnelshift_l(u, v, 7) + __sad((int)u, (int)v, 5u);
    r[i + 64] = u / (v | 1) + u % (v | 1) + (uint32_t)((int)u / ((int)v | 1)) + u / 7;
    r[i + 96] = (u & 0xff00) >> 8 | (v & 0xff) << 8 | (u ^ v) | ~u;
    s[i] = p * q + __umul64hi(p, q) + (uint64_t)__mul64hi((int64_t)p, (int64_t)q) + __popcll(p) + __clzll(q) + __brevll(p) + __ffsll(q);
    s[i + 32] = p / (q | 1) + p % (q | 1) + min(p, q) + (uint64_t)max((int64_t)p, (int64_t)q) + (p >> (q & 63)) + (uint64_t)((int64_t)p >> 5) + (p << 3);
    s[i + 64] = (uint64_t)u * v + (uint64_t)((int64_t)(int)u * (int)v) + (uint64_t)(int8_t)u + (uint16_t)v;
    unsigned __int128 w = (unsigned __int128)p * q + p;
    w += (unsigned __int128)q << 17;
    s[i + 96] = (uint64_t)w ^ (uint64_t)(w >> 64);
    int64_t hi = (int64_t)(w >> 64);
    s[i + 128] = (uint64_t)(((__int128)hi << 64 | (uint64_t)w) >> 9);
}

extern "C" __global__ void warps(const uint32_t *a, uint32_t *r, unsigned long long *total, int *small)
{
    int i = threadIdx.x;
    uint32_t u = a[i];
    r[i] = __shfl_sync(0xffffffffu, u, 3) + __shfl_up_sync(0xffffffffu, u, 1) + __shfl_down_sync(0xffffffffu, u, 2) + __shfl_xor_sync(0xffffffffu, u, 4, 8);
    r[i + 32] = __ballot_sync(0xffffffffu, u & 1) + __any_sync(0xffffffffu, u == 3) + __all_sync(0xffffffffu, u != 3) + __activemask();
    if (u & 1)
        r[i + 64] = __activemask();
    __syncwarp();
#if __CUDA_ARCH__ >= 800
    r[i + 96] = __reduce_add_sync(0xffffffffu, u) + __reduce_max_sync(0xffffffffu, u) + (unsigned)__reduce_min_sync(0xffffffffu, (int)u) + __reduce_or_sync(0xffffffffu, u);
#endif
    atomicAdd(total, (unsigned long long)u);
    atomicMax(small, (int)u);
    atomicMin(small + 1, (int)u);
    atomicOr((unsigned *)small + 2, u);
    r[i + 128] = atomicExch((unsigned *)small + 3, u);
    r[i + 160] = atomicCAS((unsigned *)small + 4, 0u, u);
    __threadfence();
    r[i + 192] = __syncthreads_or(u & 1) + __syncthreads_count(u & 1);
    r[i + 224] = __match_any_sync(0xffffffffu, u);
}

extern "C" __global__ void vectors(const float4 *a, const float2 *b, float4 *c, double2 *d, const __restrict__ uint4 *e, uint4 *f, const short *s, const unsigned char *m, int *o)
{
    extern __shared__ float4 stage[];
    int i = threadIdx.x;
    stage[i] = a[i];
    __syncthreads();
    float4 v = stage[31 - i];
    float2 w = __ldg(b + i);
    v.x = __fadd_rn(v.x, w.x);
    v.y = __fmul_rn(v.y, w.y);
    v.z = __fmaf_rn(v.z, w.x, w.y);
    c[i] = v;
    d[i] = make_double2(v.x, v.w);
    __stcs(f + i, __ldcs(e + i));
    o[i] = s[i] + m[i] + __ldcg(o + 32 + i);
    __stwt(o + 64 + i, __ldcv(o + 32 + i));
    double acc[8];
    for (int k = 0; k < 8; k++) acc[k] = (double)k * v.x;
    d[32 + i] = make_double2(acc[i & 7], __hiloint2double(__double2hiint(acc[1]), __double2loint(acc[2])));
}

extern "C" __device__ __noinline__ double horner(double x, int k, const double *t)
{
    double s = 0;
    for (int i = 0; i < k; i++) s = __fma_rn(s, x, t[i]);
    return s;
}
__constant__ double table[4] = {1.0, 0.5, 0x1.5555555555555p-3, -0x1p-1074};
__device__ int counter = 7;
extern "C" __global__ void calls(const double *x, double *y, int sel)
{
    int i = threadIdx.x;
    y[i] = horner(x[i], 4, table);
    switch (sel) {
    case 0: y[i] *= 3; break;
    case 1: y[i] += 5; break;
    case 2: y[i] -= x[i]; break;
    case 3: y[i] = __dsub_rn(y[i], 2.5); break;
    case 4: y[i] = __dadd_rd(y[i], 2.5); break;
    case 5: y[i] = __dmul_ru(y[i], 2.5); break;
    case 6: y[i] = __fma_rz(y[i], 2.5, 1.5); break;
    default: y[i] = counter;
    }
    if (i == 0) counter = sel;
}
