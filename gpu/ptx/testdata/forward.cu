/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Provisional MultiMax forward kernels for testing the PTX executor: float32 in, float64 inside with
 * explicitly rounded operations only, integer row sums. forward_warp: one warp per row, row in
 * registers (n <= 256). forward_block: one block per row, any n, shared memory and barriers.
 */
#include <stdint.h>

struct terms { double coef[4]; double knot[4]; };

static __device__ double relu(double u) { return u > 0.0 ? u : 0.0; }

static __device__ double sigma(double x, const struct terms &t)
{
    double r1 = relu(__dsub_rn(t.knot[0], x)), r2 = relu(__dsub_rn(x, t.knot[1]));
    double r3 = relu(__dsub_rn(t.knot[2], x)), r4 = relu(__dsub_rn(x, t.knot[3]));
    double s = __fma_rn(t.coef[0], r1, x);
    s = __fma_rn(t.coef[1], r2, s);
    s = __fma_rn(__dmul_rn(t.coef[2], r3), r3, s);
    return __fma_rn(__dmul_rn(t.coef[3], r4), r4, s);
}

static __device__ double exp_nonpos(double z)
{
    z = z < -700.0 ? -700.0 : z;
    double s = __fma_rn(z, 0x1.71547652b82fep0, 0x1.8p52);
    double k = __dsub_rn(s, 0x1.8p52);
    double r = __fma_rn(-k, 0x1.62e42fefa39efp-1, z);
    double p = __fma_rn(r, 0x1.9f08a4a7663cfp-13, 0x1.6d8cf47c17972p-10);
    p = __fma_rn(r, p, 0x1.1112708f7a988p-7);
    p = __fma_rn(r, p, 0x1.55548dd80b105p-5);
    p = __fma_rn(r, p, 0x1.55555443653a9p-3);
    p = __fma_rn(r, p, 0x1.0000003a1b0ep-1);
    p = __fma_rn(r, p, 1.0);
    p = __fma_rn(r, p, 1.0);
    int64_t e = (__double_as_longlong(s) - __double_as_longlong(0x1.8p52)) << 52;
    return __dmul_rn(p, __longlong_as_double(0x3ff0000000000000LL + e));
}

static __device__ uint64_t quantise(double e)
{
    return (uint64_t)(__double_as_longlong(__dadd_rn(e, 6.0)) - __double_as_longlong(6.0));
}

static __device__ double warp_max(double v)
{
    for (int d = 16; d > 0; d >>= 1) {
        double o = __shfl_xor_sync(0xffffffffu, v, d);
        v = o > v ? o : v;
    }
    return v;
}

static __device__ uint64_t warp_sum(uint64_t v)
{
    for (int d = 16; d > 0; d >>= 1)
        v += __shfl_xor_sync(0xffffffffu, v, d);
    return v;
}

static __device__ double scale_of(uint64_t sum)
{
    return __ddiv_rn(1.0, __dmul_rn(__ull2double_rn(sum), 0x1p-50));
}

template <int PER>
static __device__ void row_in_registers(const float *x, float *p, int n, int lane, const struct terms &t)
{
    double v[PER], m = -INFINITY;
    uint64_t sum = 0;
#pragma unroll
    for (int i = 0; i < PER; i++) {
        int j = lane + 32 * i;
        v[i] = j < n ? sigma((double)x[j], t) : -INFINITY;
        m = v[i] > m ? v[i] : m;
    }
    m = warp_max(m);
#pragma unroll
    for (int i = 0; i < PER; i++) {
        double e = exp_nonpos(__dsub_rn(v[i], m));
        v[i] = lane + 32 * i < n ? e : 0.0;
        sum += quantise(v[i]);
    }
    double scale = scale_of(warp_sum(sum));
#pragma unroll
    for (int i = 0; i < PER; i++)
        if (lane + 32 * i < n)
            p[lane + 32 * i] = __double2float_rn(__dmul_rn(v[i], scale));
}

extern "C" __global__ void __launch_bounds__(128)
forward_warp(const float *__restrict__ logits, float *__restrict__ probs, int rows, int n, struct terms t)
{
    int row = (int)(blockIdx.x * 4 + threadIdx.y), lane = (int)threadIdx.x;
    if (row >= rows)
        return;
    const float *x = logits + (int64_t)row * n;
    float *p = probs + (int64_t)row * n;
    row_in_registers<8>(x, p, n, lane, t);
}

extern "C" __global__ void __launch_bounds__(128)
forward_block(const float *__restrict__ logits, float *__restrict__ probs, int n, struct terms t)
{
    __shared__ double maxima[4];
    __shared__ unsigned long long total;
    const float *x = logits + (int64_t)blockIdx.x * n;
    float *p = probs + (int64_t)blockIdx.x * n;
    int tid = (int)threadIdx.x;
    double m = -INFINITY;
    if (tid == 0)
        total = 0;
#pragma unroll 1
    for (int j = tid; j < n; j += 128) {
        double s = sigma((double)x[j], t);
        m = s > m ? s : m;
    }
    m = warp_max(m);
    if ((tid & 31) == 0)
        maxima[tid >> 5] = m;
    __syncthreads();
    for (int w = 0; w < 4; w++)
        m = maxima[w] > m ? maxima[w] : m;
    uint64_t sum = 0;
#pragma unroll 1
    for (int j = tid; j < n; j += 128)
        sum += quantise(exp_nonpos(__dsub_rn(sigma((double)x[j], t), m)));
    sum = warp_sum(sum);
    if ((tid & 31) == 0)
        atomicAdd(&total, (unsigned long long)sum);
    __syncthreads();
    double scale = scale_of(total);
#pragma unroll 1
    for (int j = tid; j < n; j += 128)
        p[j] = __double2float_rn(__dmul_rn(exp_nonpos(__dsub_rn(sigma((double)x[j], t), m)), scale));
}
