/* SPDX-License-Identifier: Apache-2.0 */
/* Claim: the executor runs compiled kernels to the bits of their scalar twin, with no report, at every shape. */
#include "ptx_forward.h"

static int check(const char *path, const char *kernel, int rows, int n, unsigned skew, size_t *mismatches, size_t *reports)
{
    char error[MMAX_PTX_ERROR_SIZE];
    struct mmax_ptx_module *module = mmax_ptx_load(path, error);
    if (!module) {
        printf("FAIL ptx_forward %s\n", error);
        return 1;
    }
    size_t count = (size_t)rows * (size_t)n;
    float *x = malloc(count * sizeof *x), *p = malloc(count * sizeof *p), *want = malloc(count * sizeof *want);
    fill_logits(x, count, (uint64_t)n);
    for (int r = 0; r < rows; r++)
        twin_row(x + (size_t)r * (size_t)n, want + (size_t)r * (size_t)n, n, &forward_terms);
    struct mmax_ptx_machine *m = mmax_ptx_machine_new();
    int status = forward_launch(m, module, kernel, x, p, rows, n, skew, error);
    if (status)
        printf("FAIL ptx_forward %s n=%d: %s\n", kernel, n, error);
    for (size_t k = 0; !status && k < count; k++)
        if (memcmp(p + k, want + k, sizeof *p) != 0 && (*mismatches)++ == 0)
            printf("%s n=%d element %zu: got %a want %a\n", kernel, n, k, (double)p[k], (double)want[k]);
    for (size_t k = 0; k < mmax_ptx_report_count(m); k++)
        mmax_ptx_report_print(stdout, path, mmax_ptx_report_at(m, k));
    *reports += mmax_ptx_report_count(m);
    mmax_ptx_machine_free(m);
    mmax_ptx_module_free(module);
    free(x);
    free(p);
    free(want);
    return status;
}

int main(void)
{
    static const char *const files[] = {"gpu/ptx/testdata/forward.sm_80.ptx", "gpu/ptx/testdata/forward.sm_120.ptx"};
    size_t mismatches = 0, reports = 0, shapes = 0;
    for (int f = 0; f < 2; f++) {
        for (int n = 1; n <= 256; n++, shapes++)
            if (check(files[f], "forward_warp", 1 + n % 7, n, (unsigned)n % 4 * 4, &mismatches, &reports))
                return 1;
        for (int n = 1; n <= 2048; n = n < 140 ? n + 1 : n + 61, shapes++)
            if (check(files[f], "forward_block", 1 + n % 3, n, (unsigned)n % 4 * 4, &mismatches, &reports))
                return 1;
    }
    printf("%s ptx_forward shapes=%zu mismatches=%zu reports=%zu\n", mismatches || reports ? "FAIL" : "PASS", shapes, mismatches, reports);
    return mismatches || reports ? 1 : 0;
}
