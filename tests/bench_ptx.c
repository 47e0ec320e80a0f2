/* SPDX-License-Identifier: Apache-2.0 */
/* Claim: 4096 x 197 forward runs under the executor with all checks in under 0.5 s on one core. */
#include <time.h>

#include "ptx_forward.h"

int main(void)
{
    enum { ROWS = 4096, N = 197 };
    char error[MMAX_PTX_ERROR_SIZE];
    struct mmax_ptx_module *module = mmax_ptx_load("gpu/ptx/testdata/forward.sm_80.ptx", error);
    if (!module) {
        printf("FAIL bench_ptx %s\n", error);
        return 1;
    }
    float *x = malloc(sizeof *x * ROWS * N), *p = malloc(sizeof *p * ROWS * N);
    fill_logits(x, (size_t)ROWS * N, 1);
    double best = 1e9, lanes = 0, warps = 0;
    size_t reports = 0;
    for (int round = 0; round < 5; round++) {
        struct timespec a, b;
        struct mmax_ptx_machine *m = mmax_ptx_machine_new();
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
        int status = forward_launch(m, module, "forward_warp", x, p, ROWS, N, 0, error);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
        double s = (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
        best = s < best ? s : best;
        lanes = (double)mmax_ptx_counts(m)->lane_instructions;
        warps = (double)mmax_ptx_counts(m)->warp_instructions;
        reports += mmax_ptx_report_count(m) + (size_t)status;
        mmax_ptx_machine_free(m);
    }
    mmax_ptx_module_free(module);
    free(x);
    free(p);
    int bad = best >= 0.5 || reports;
    printf("%s bench_ptx seconds=%.3f lane_instructions_per_second=%.3g ns_per_warp_instruction=%.1f reports=%zu\n",
           bad ? "FAIL" : "PASS", best, lanes / best, 1e9 * best / warps, reports);
    return bad;
}
