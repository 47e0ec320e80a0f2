/* SPDX-License-Identifier: Apache-2.0 */
/* Claim: softmax as Triton 3.9 compiles it runs and is audited; its approximate instructions run as sets of values. */
#include <math.h>
#include <string.h>

#include "ptx_forward.h"

enum { ROWS = 5, N = 200 };

static const char *const files[] = {"gpu/ptx/testdata/foreign/softmax_triton.sm_80.ptx",
                                    "gpu/ptx/testdata/foreign/softmax_triton.sm_100.ptx"};
static float x[ROWS * N], y[3][ROWS * N];

/* Largest relative error in units of its bound. With u = 2^-24 and z the largest |x - max|: the difference and its
   product with log2(e) round, log2(e) is off by u, exp2 by 2^-22: e^z is off by (3 |z| u + 2^-22) or less; the sum of 200
   in 9 rounded steps adds 9 u and its terms' error, the quotient 2^-22. The members at the ends add each set's width once more. */
static double worst(const float *out)
{
    double most = 0;
    for (int r = 0; r < ROWS; r++) {
        double max = -INFINITY, min = INFINITY, sum = 0, u = 0x1p-24;
        for (int j = 0; j < N; j++) {
            max = fmax(max, x[r * N + j]);
            min = fmin(min, x[r * N + j]);
        }
        for (int j = 0; j < N; j++)
            sum += exp(x[r * N + j] - max);
        double bound = 2 * (3 * (max - min) * u + 2 * 0x1p-22) + 9 * u + 2 * 0x1p-22;
        for (int j = 0; j < N; j++)
            most = fmax(most, fabs(out[r * N + j] * sum / exp(x[r * N + j] - max) - 1) / bound);
    }
    return most;
}

static int run(struct mmax_ptx_module *module, int approx, float *out, size_t *same_value, size_t *others)
{
    char error[MMAX_PTX_ERROR_SIZE];
    struct mmax_ptx_machine *m = mmax_ptx_machine_new();
    const struct mmax_ptx_choices choices = {.nan64 = UINT64_C(0x7fffffffffffffff), .approx_ulps = approx};
    struct { uint64_t x, y; int32_t stride, n; uint64_t scratch[2]; } params = {
        mmax_ptx_buffer(m, x, sizeof x, MMAX_PTX_INITIALISED, 0), mmax_ptx_buffer(m, out, sizeof x, MMAX_PTX_WRITABLE, 0), N, N, {0, 0}};
    struct mmax_ptx_launch l = {.kernel = "softmax", .grid = {ROWS}, .block = {128}, .dynamic_shared = 4096, .params = &params,
                                .params_size = sizeof params};
    mmax_ptx_choose(m, &choices);
    int status = mmax_ptx_launch(m, module, &l, error);
    if (status)
        printf("%s\n", error);
    for (size_t k = 0; k < mmax_ptx_report_count(m); k++)
        ++*(mmax_ptx_report_at(m, k)->kind == MMAX_PTX_RACE_SAME_VALUE ? same_value : others);
    mmax_ptx_machine_free(m);
    return status;
}

int main(void)
{
    size_t same_value = 0, others = 0, approx = 0, unrounded = 0, data = 0;
    int fail = 0;
    double error = 0;
    fill_logits(x, ROWS * N, 5);
    for (int f = 0; f < 2; f++) {
        char text[MMAX_PTX_ERROR_SIZE];
        struct mmax_ptx_module *module = mmax_ptx_load(files[f], text);
        struct mmax_ptx_audit a;
        if (!module || mmax_ptx_audit(module, "softmax", &a, text)) {
            printf("FAIL ptx_foreign %s\n", text);
            return 1;
        }
        for (size_t k = 0; k < a.count; k++) {
            approx += strcmp(a.finding[k].rule, "approx") == 0;
            unrounded += strcmp(a.finding[k].rule, "unrounded") == 0;
            data += strncmp(a.finding[k].rule, "data", 4) == 0;
        }
        mmax_ptx_audit_free(&a);
        for (int k = 0; k < 3; k++) {
            fail |= run(module, k - 1, y[k], &same_value, &others);
            error = fmax(error, worst(y[k]));
        }
        fail |= memcmp(y[0], y[2], sizeof y[0]) == 0;       /* the ends of the sets differ */
        mmax_ptx_module_free(module);
    }
    /* its shared-memory reduction lets lanes write equal values to one address: reported as such, as nothing else */
    fail |= error > 1 || others || same_value != 12 || approx != 8 || unrounded < 16 || data;
    printf("%s ptx_foreign error/bound=%.2f same_value=%zu other_reports=%zu approx=%zu unrounded=%zu data=%zu\n", fail ? "FAIL" : "PASS",
           error, same_value, others, approx, unrounded, data);
    return fail;
}
