/* SPDX-License-Identifier: Apache-2.0 */
/* Claim: softmax as Triton 3.9 compiles it, and as torch.compile's Inductor 2.15 writes it for Triton, runs and is audited;
   approximate instructions run as sets of values, and every member keeps the outputs within the error derived below. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "ptx_forward.h"

enum { CELLS = 8 * 5024 };

/* stride: of the output, which Inductor pads for long rows. steps: rounded additions on the longest way into the row sum. */
static const struct subject {
    const char *file, *kernel;
    int rows, n, stride, threads, shared, steps, bf16;
    size_t same_value, approx;      /* reports and findings that must be there */
} subjects[] = {
    {"softmax_triton.sm_80.ptx", "softmax", 5, 200, 200, 128, 4096, 9, 0, 6, 4},
    {"softmax_triton.sm_100.ptx", "softmax", 5, 200, 200, 128, 4096, 9, 0, 6, 4},
    {"softmax_inductor.sm_90.ptx", "triton_per_fused_0", 64, 197, 197, 64, 8, 9, 0, 6, 8},
    {"softmax_inductor.sm_100.ptx", "triton_per_fused_0", 64, 197, 197, 64, 8, 9, 0, 6, 8},
    {"softmax_inductor_bf16.sm_90.ptx", "triton_per_fused_0", 64, 197, 197, 64, 8, 9, 1, 6, 8},
    {"softmax_inductor_long.sm_90.ptx", "triton_red_fused_0", 8, 5000, 5024, 512, 64, 32, 0, 6, 44}};

static float x[CELLS], y[CELLS];
static uint16_t narrow_x[CELLS], narrow_y[CELLS];
static float outputs[3][CELLS];

/* Largest relative error in units of its bound. With u = 2^-24 and z the largest |x - max|: the difference and its
   product with log2(e) round, log2(e) is off by u, exp2 by 2^-22 (libdevice's exp splits log2(e), and rounds two sums of
   size 1 instead, 2 u): e^z is off by 3 |z| u + 2 u + 2^-22 or less; the sum adds u for each step and its terms' error,
   the quotient 2^-22. The members at the ends add each set's width once more. */
static double worst(const struct subject *s, const float *out)
{
    double most = 0;
    for (int r = 0; r < s->rows; r++) {
        double max = -INFINITY, min = INFINITY, sum = 0, u = 0x1p-24;
        const float *row = x + r * s->n;
        for (int j = 0; j < s->n; j++) {
            max = fmax(max, row[j]);
            min = fmin(min, row[j]);
        }
        for (int j = 0; j < s->n; j++)
            sum += exp(row[j] - max);
        double bound = 2 * (3 * (max - min) * u + 2 * u + 2 * 0x1p-22) + s->steps * u + 2 * 0x1p-22;
        if (s->bf16)
            bound = (1 + bound) * (1 + 0x1p-8) - 1;
        for (int j = 0; j < s->n; j++)
            most = fmax(most, fabs(out[r * s->stride + j] * sum / exp(row[j] - max) - 1) / bound);
    }
    return most;
}

static float widened(uint16_t b)
{
    uint32_t bits = (uint32_t)b << 16;
    float f;
    memcpy(&f, &bits, 4);
    return f;
}

static int run(const struct subject *s, struct mmax_ptx_module *module, int approx, float *out, size_t *same_value, size_t *others)
{
    char error[MMAX_PTX_ERROR_SIZE];
    const size_t each = s->bf16 ? 2 : 4, in = (size_t)(s->rows * s->n), cells = (size_t)(s->rows * s->stride);
    struct mmax_ptx_machine *m = mmax_ptx_machine_new();
    const struct mmax_ptx_choices choices = {.nan64 = UINT64_C(0x7fffffffffffffff), .approx_ulps = approx};
    struct { uint64_t x, y; int32_t stride, n; uint64_t scratch[2]; } params = {
        mmax_ptx_buffer(m, s->bf16 ? (void *)narrow_x : x, in * each, MMAX_PTX_INITIALISED, 0),
        mmax_ptx_buffer(m, s->bf16 ? (void *)narrow_y : y, cells * each, MMAX_PTX_WRITABLE, 0), s->n, s->n, {0, 0}};
    struct mmax_ptx_launch l = {.kernel = s->kernel, .grid = {(unsigned)s->rows}, .block = {(unsigned)s->threads},
                                .dynamic_shared = (unsigned)s->shared, .params = &params, .params_size = sizeof params};
    mmax_ptx_choose(m, &choices);
    int status = mmax_ptx_launch(m, module, &l, error);
    if (status)
        printf("%s: %s\n", s->file, error);
    for (size_t k = 0; k < mmax_ptx_report_count(m); k++) {
        bool same = mmax_ptx_report_at(m, k)->kind == MMAX_PTX_RACE_SAME_VALUE;
        ++*(same ? same_value : others);
        if (!same)
            mmax_ptx_report_print(stdout, s->file, mmax_ptx_report_at(m, k));
    }
    mmax_ptx_machine_free(m);
    for (size_t k = 0; k < cells; k++)
        out[k] = s->bf16 ? widened(narrow_y[k]) : y[k];
    return status;
}

static int examine(const struct subject *s, double *error)
{
    char path[128], text[MMAX_PTX_ERROR_SIZE];
    size_t same_value = 0, others = 0, approx = 0, unrounded = 0, data = 0;
    int fail = 0;
    double most = 0;
    snprintf(path, sizeof path, "gpu/ptx/testdata/foreign/%s", s->file);
    struct mmax_ptx_module *module = mmax_ptx_load(path, text);
    struct mmax_ptx_audit a;
    if (!module || mmax_ptx_audit(module, s->kernel, &a, text)) {
        printf("%s\n", text);
        return 1;
    }
    for (size_t k = 0; k < a.count; k++) {
        approx += strcmp(a.finding[k].rule, "approx") == 0;
        unrounded += strcmp(a.finding[k].rule, "unrounded") == 0;
        data += strncmp(a.finding[k].rule, "data", 4) == 0;
    }
    mmax_ptx_audit_free(&a);
    fill_logits(x, (size_t)(s->rows * s->n), 5);
    for (int k = 0; s->bf16 && k < s->rows * s->n; k++) {
        memcpy(&narrow_x[k], (char *)&x[k] + 2, 2);
        x[k] = widened(narrow_x[k]);
    }
    for (int k = 0; k < 3; k++) {
        fail |= run(s, module, k - 1, outputs[k], &same_value, &others);
        most = fmax(most, worst(s, outputs[k]));
    }
    mmax_ptx_module_free(module);
    const bool moves = memcmp(outputs[0], outputs[2], (size_t)(s->rows * s->stride) * sizeof(float)) != 0;
    printf("%s: error/bound %.3f, %zu writes of equal values, %zu other reports; %zu approx, %zu unrounded, %zu data\n", s->file, most,
           same_value, others, approx, unrounded, data);
    *error = fmax(*error, most);
    /* shared-memory reductions let lanes write equal values to one address: reported as such, as nothing else */
    return fail || !(most <= 1) || others || same_value != s->same_value || approx != s->approx || !unrounded || data || !moves;
}

int main(void)
{
    int fail = 0;
    double error = 0;
    for (size_t k = 0; k < sizeof subjects / sizeof *subjects; k++)
        fail += examine(&subjects[k], &error);
    printf("%s ptx_foreign kernels=%zu failed=%d error/bound=%.2f\n", fail ? "FAIL" : "PASS", sizeof subjects / sizeof *subjects, fail, error);
    return fail != 0;
}
