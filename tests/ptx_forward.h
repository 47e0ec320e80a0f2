/* SPDX-License-Identifier: Apache-2.0 */
/* The scalar twin of gpu/ptx/testdata/forward.cu, and launches of it, for the tests of the PTX executor. */
#ifndef PTX_FORWARD_H
#define PTX_FORWARD_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ptx.h"

struct terms { double coef[4], knot[4]; };

/* The parameters of the two forward kernels, laid out as their PTX declares them. */
struct warp_params { uint64_t logits, probs; int32_t rows, n; struct terms t; };
struct block_params { uint64_t logits, probs; int32_t n, pad; struct terms t; };

static const struct terms forward_terms = {{-0.8347933, 1.815388, 0.0135087, -0.31559443}, {1.185235, -1.208543, -2.1076407, 1.9158255}};

static inline uint64_t double_bits(double v) { uint64_t b; memcpy(&b, &v, 8); return b; }
static inline double bits_double(uint64_t b) { double v; memcpy(&v, &b, 8); return v; }
static inline double twin_relu(double u) { return u > 0 ? u : 0; }

static inline double twin_sigma(double x, const struct terms *t)
{
    double r1 = twin_relu(t->knot[0] - x), r2 = twin_relu(x - t->knot[1]), r3 = twin_relu(t->knot[2] - x), r4 = twin_relu(x - t->knot[3]);
    double s = fma(t->coef[0], r1, x);
    s = fma(t->coef[1], r2, s);
    s = fma(t->coef[2] * r3, r3, s);
    return fma(t->coef[3] * r4, r4, s);
}

static inline double twin_exp(double z)
{
    z = z < -700.0 ? -700.0 : z;
    double s = fma(z, 0x1.71547652b82fep0, 0x1.8p52), k = s - 0x1.8p52;
    double r = fma(-k, 0x1.62e42fefa39efp-1, z);
    double p = fma(r, 0x1.9f08a4a7663cfp-13, 0x1.6d8cf47c17972p-10);
    p = fma(r, p, 0x1.1112708f7a988p-7);
    p = fma(r, p, 0x1.55548dd80b105p-5);
    p = fma(r, p, 0x1.55555443653a9p-3);
    p = fma(r, p, 0x1.0000003a1b0ep-1);
    p = fma(r, p, 1.0);
    p = fma(r, p, 1.0);
    uint64_t e = (double_bits(s) - double_bits(0x1.8p52)) << 52;
    return p * bits_double(UINT64_C(0x3ff0000000000000) + e);
}

static inline void twin_row(const float *x, float *p, int n, const struct terms *t)
{
    double m = -INFINITY;
    uint64_t sum = 0;
    for (int j = 0; j < n; j++)
        m = fmax(m, twin_sigma((double)x[j], t));
    for (int j = 0; j < n; j++)
        sum += double_bits(twin_exp(twin_sigma((double)x[j], t) - m) + 6.0) - double_bits(6.0);
    double scale = 1.0 / ((double)sum * 0x1p-50);
    for (int j = 0; j < n; j++)
        p[j] = (float)(twin_exp(twin_sigma((double)x[j], t) - m) * scale);
}

/* Normal-looking logits from a seed, the same on every machine. */
static inline void fill_logits(float *x, size_t count, uint64_t seed)
{
    for (size_t k = 0; k < count; k++) {
        double v = 0;
        for (int j = 0; j < 4; j++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            v += (double)(int32_t)(seed >> 32) * 0x1p-31;
        }
        x[k] = (float)(2 * v);
    }
}

/* Runs a forward kernel over `rows` rows; 0, or 2 when the launch is refused (text in error). */
static inline int forward_launch(struct mmax_ptx_machine *m, struct mmax_ptx_module *module, const char *kernel, float *x, float *p,
                                 int rows, int n, unsigned skew, char error[MMAX_PTX_ERROR_SIZE])
{
    size_t bytes = (size_t)rows * (size_t)n * sizeof *x;
    uint64_t in = mmax_ptx_buffer(m, x, bytes, MMAX_PTX_INITIALISED, skew), out = mmax_ptx_buffer(m, p, bytes, MMAX_PTX_WRITABLE, skew);
    struct warp_params w = {in, out, rows, n, forward_terms};
    struct block_params b = {in, out, n, 0, forward_terms};
    int by_warp = strcmp(kernel, "forward_warp") == 0;
    struct mmax_ptx_launch l = {.kernel = kernel, .step_limit = 1 << 22};
    l.grid[0] = by_warp ? (unsigned)(rows + 3) / 4 : (unsigned)rows;
    l.block[0] = by_warp ? 32 : 128;
    l.block[1] = by_warp ? 4 : 1;
    l.params = by_warp ? (const void *)&w : (const void *)&b;
    l.params_size = by_warp ? sizeof w : sizeof b;
    return mmax_ptx_launch(m, module, &l, error);
}

#endif
