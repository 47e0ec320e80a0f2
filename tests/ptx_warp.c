/* SPDX-License-Identifier: Apache-2.0 */
/* Claim: shuffles, votes, warp reductions, divergence, calls and clusters do what the ISA says, on every lane. */
#include <stdlib.h>
#include <string.h>

#include "ptx.h"

static size_t wrong, checks;
static uint32_t in[32];

static void expect(const char *what, int at, uint64_t got, uint64_t want)
{
    checks++;
    if (got != want && wrong++ < 10)
        printf("%s [%d]: got %llx want %llx\n", what, at, (unsigned long long)got, (unsigned long long)want);
}

static void run(const char *path, struct mmax_ptx_launch l, void *out, size_t bytes, void *extra, size_t extra_bytes)
{
    char error[MMAX_PTX_ERROR_SIZE];
    struct mmax_ptx_module *module = mmax_ptx_load(path, error);
    if (!module) {
        printf("FAIL ptx_warp %s\n", error);
        exit(1);
    }
    struct mmax_ptx_machine *m = mmax_ptx_machine_new();
    unsigned char params[64] = {0};
    uint64_t a = mmax_ptx_buffer(m, extra ? extra : in, extra ? extra_bytes : sizeof in, MMAX_PTX_INITIALISED, 0);
    uint64_t b = mmax_ptx_buffer(m, out, bytes, MMAX_PTX_WRITABLE, 0);
    memcpy(params, &a, 8);
    memcpy(params + 8, &b, 8);
    if (l.params) {
        memcpy(params + 16, l.params, l.params_size - 16);
    } else {
        l.params_size = 16;
    }
    l.params = params;
    if (mmax_ptx_launch(m, module, &l, error)) {
        printf("FAIL ptx_warp %s\n", error);
        exit(1);
    }
    for (size_t k = 0; k < mmax_ptx_report_count(m); k++, wrong++)
        mmax_ptx_report_print(stdout, path, mmax_ptx_report_at(m, k));
    mmax_ptx_machine_free(m);
    mmax_ptx_module_free(module);
}

/* The pseudo-code of shfl in the ISA, for one lane. */
static int shuffle_source(int mode, int lane, int b, int c, int *inside)
{
    int segment = c >> 8 & 31, clamp = c & 31;
    int max_lane = (lane & segment) | (clamp & ~segment), min_lane = lane & segment, j;
    if (mode == 0) {
        j = lane - b;
        *inside = j >= max_lane;
    } else {
        j = mode == 1 ? lane + b : mode == 2 ? lane ^ b : min_lane | (b & ~segment);
        *inside = j <= max_lane;
    }
    return *inside ? j : lane;
}

static void shuffles(void)
{
    static uint32_t out[128][4][32][2];
    run("tests/data/ptx/warp.ptx", (struct mmax_ptx_launch){.kernel = "shuffles", .grid = {128}, .block = {32}}, out, sizeof out, NULL, 0);
    for (int block = 0; block < 128; block++)
        for (int mode = 0; mode < 4; mode++)
            for (int lane = 0; lane < 32; lane++) {
                int inside, width = 32 >> (block >> 5), c = (32 - width) << 8 | (mode ? 31 : 0);
                int j = shuffle_source(mode, lane, block & 31, c, &inside);
                expect("shfl value", block * 128 + mode * 32 + lane, out[block][mode][lane][0], in[j]);
                expect("shfl predicate", block * 128 + mode * 32 + lane, out[block][mode][lane][1], (uint64_t)inside);
            }
}

static void divergence(void)
{
    static uint32_t out[32][4], steps[32], sum;
    run("tests/data/ptx/warp.ptx", (struct mmax_ptx_launch){.kernel = "diverge", .block = {32}}, out, sizeof out, NULL, 0);
    for (int l = 0; l < 32; l++) {
        for (uint32_t v = (in[l] & 0xfff) + 1; v != 1; steps[l]++)
            v = v & 1 ? 3 * v + 1 : v / 2;
        sum += steps[l];
    }
    for (int l = 0; l < 32; l++) {
        uint32_t same = 0;
        for (int k = 0; k < 32; k++)
            same |= (uint32_t)(steps[k] == steps[l]) << k;
        expect("steps", l, out[l][0], steps[l]);
        expect("sum", l, out[l][1], sum);
        expect("activemask", l, out[l][2], 0xffffffff);
        expect("match", l, out[l][3], same);
    }
}

static void votes(void)
{
    static uint32_t out[32][8], targets[4] = {11, 22, 33, 44};
    run("tests/data/ptx/warp.ptx", (struct mmax_ptx_launch){.kernel = "votes", .block = {32}}, out, sizeof out, NULL, 0);
    uint32_t ballot = 0, parity = 0;
    int32_t most = INT32_MIN;
    for (int l = 0; l < 32; l += 2) {
        ballot |= (uint32_t)((in[l] & 4) != 0) << l;
        parity ^= in[l];
        most = (int32_t)in[l] > most ? (int32_t)in[l] : most;
    }
    for (int l = 0; l < 32; l += 2) {
        const uint64_t want[8] = {ballot, ballot != 0, ballot == 0, (uint32_t)most, parity, l ? 0 : 100, targets[in[l] & 3], in[l]};
        for (int k = 0; k < 8; k++)
            expect("votes", l * 8 + k, out[l][k], want[k]);
    }
}

/* Device function, constant table and module variable of gpu/ptx/testdata/opcodes.cu. */
static void calls(void)
{
    static double x[32], y[32];
    static const double table[4] = {1.0, 0.5, 0x1.5555555555555p-3, -0x1p-1074};
    for (int sel = 0; sel < 8; sel++) {
        for (int l = 0; l < 32; l++)
            x[l] = 0.25 * l - 3;
        int32_t param = sel;
        run("gpu/ptx/testdata/opcodes.sm_80.ptx",
            (struct mmax_ptx_launch){.kernel = "calls", .block = {1}, .params = &param, .params_size = 20}, y, sizeof y, x, sizeof x);
        double s = 0;
        for (int i = 0; i < 4; i++)
            s = s * x[0] + table[i];        /* exact for x = -3 up to the last, tiny term */
        double want[8] = {s * 3, s + 5, s - x[0], s - 2.5, s + 2.5, s * 2.5, s * 2.5 + 1.5, 7};
        expect("calls", sel, y[0] > want[sel] - 1e-12 && y[0] < want[sel] + 1e-12, 1);
    }
}

static void clusters(void)
{
    static uint32_t a[1000];
    static uint64_t out[4];
    uint64_t sum = 0;
    for (int k = 0; k < 1000; k++)
        sum += a[k] = (uint32_t)k * 2654435761u;
    int32_t n = 1000;
    run("gpu/ptx/testdata/cluster.sm_90.ptx", (struct mmax_ptx_launch){.kernel = "cluster_sum", .grid = {4}, .block = {64},
        .cluster = {2}, .params = &n, .params_size = 20}, out, sizeof out, a, sizeof a);
    for (int k = 0; k < 4; k++)
        expect("cluster", k, out[k], sum);
}

/* Block 0 reads the memory of block 1, which must then wait for it before it ends, whatever block runs first. */
static void visits(void)
{
    static const struct { const char *last; size_t reports; } cases[] = {
        {"barrier.cluster.arrive;\nbarrier.cluster.wait;\n", 0}, {"barrier.cluster.arrive;\n", 1}, {"bar.sync 0;\n", 1}, {"", 1}};
    for (int k = 0; k < 4; k++) {
        char text[2048], error[MMAX_PTX_ERROR_SIZE];
        snprintf(text, sizeof text, ".version 8.0\n.target sm_90\n.address_size 64\n.visible .entry visit(.param .u64 o)\n{\n.reg .b32 %%a, %%r;\n"
                 ".reg .b64 %%o;\n.reg .pred %%first, %%read;\n.shared .align 4 .b8 mine[4];\nld.param.u64 %%o, [o];\nmov.u32 %%a, mine;\nmov.u32 %%r, %%tid.x;\n"
                 "setp.eq.u32 %%first, %%r, 0;\nmov.u32 %%r, %%cluster_ctarank;\nsetp.eq.and.u32 %%read, %%r, 0, %%first;\n@%%first st.shared.u32 [%%a], %%r;\n"
                 "barrier.cluster.arrive;\nbarrier.cluster.wait;\nmapa.shared::cluster.u32 %%a, %%a, 1;\n@%%read ld.shared::cluster.u32 %%r, [%%a];\n%s"
                 "@%%read st.global.u32 [%%o], %%r;\nret;\n}\n", cases[k].last);
        struct mmax_ptx_module *module = mmax_ptx_load_text("visit", text, strlen(text), error);
        struct mmax_ptx_machine *m = mmax_ptx_machine_new();
        uint32_t out = 0;
        uint64_t param = mmax_ptx_buffer(m, &out, sizeof out, MMAX_PTX_WRITABLE, 0);
        struct mmax_ptx_launch l = {.kernel = "visit", .grid = {2}, .block = {64}, .cluster = {2}, .params = &param, .params_size = sizeof param};
        if (!module || mmax_ptx_launch(m, module, &l, error) != 0)
            printf("%s\n", error);
        size_t reports = mmax_ptx_report_count(m);
        expect("visit", k, out, 1);
        expect("reports of a visit", k, reports, cases[k].reports);
        if (reports)
            expect("kind of a visit", k, mmax_ptx_report_at(m, 0)->kind, MMAX_PTX_OUT_OF_BOUNDS);
        mmax_ptx_machine_free(m);
        mmax_ptx_module_free(module);
    }
}

/* tests/data/ptx/ring.ptx against the same steps on arrays. */
static void ring(void)
{
    static uint32_t a[256], mine[256], b[4][64];
    static struct { uint32_t values[256]; } got;
    static uint64_t sums[4], total;
    struct mmax_ptx_machine *m = mmax_ptx_machine_new();
    char error[MMAX_PTX_ERROR_SIZE];
    struct mmax_ptx_module *module = mmax_ptx_load("tests/data/ptx/ring.ptx", error);
    for (uint32_t k = 0; k < 256; k++)
        a[k] = k * 2654435761u;
    uint64_t params[3] = {mmax_ptx_buffer(m, a, sizeof a, MMAX_PTX_INITIALISED, 0), mmax_ptx_buffer(m, &got, sizeof got, MMAX_PTX_WRITABLE, 0),
                          mmax_ptx_buffer(m, sums, sizeof sums, MMAX_PTX_WRITABLE, 0)};
    struct mmax_ptx_launch l = {.kernel = "ring", .grid = {4}, .block = {64}, .params = params, .params_size = sizeof params};
    expect("ring", -1, !module || mmax_ptx_launch(m, module, &l, error) || mmax_ptx_report_count(m), 0);
    for (uint32_t block = 0; block < 4; block++) {
        const uint32_t peer = block ^ 1;
        for (uint32_t t = 0; t < 64; t++)
            b[block][t] = a[64 * peer + 63 - t];
    }
    for (uint32_t block = 0; block < 4; block++)
        for (uint32_t t = 0; t < 64; t++)
            mine[64 * (block ^ 1) + t] = b[block][t] + (block ^ 1) % 2;
    for (uint32_t block = 0; block < 4; block++) {
        if (block % 2 == 0)
            total = 0;
        for (uint32_t t = 0; t < 64; t++) {
            total += b[block][t];
            expect("ring", (int)(64 * block + t), got.values[64 * block + t], mine[64 * (block ^ 1) + 63 - t] ^ mine[64 * block + t]);
        }
        if (block % 2)
            expect("ring total", (int)block, sums[block] == total && sums[block - 1] == total, 1);
    }
    mmax_ptx_machine_free(m);
    mmax_ptx_module_free(module);
}

int main(void)
{
    for (uint32_t k = 0; k < 32; k++)
        in[k] = (k * 2654435761u) ^ 0x5bd1e995u;
    shuffles();
    divergence();
    votes();
    calls();
    clusters();
    visits();
    ring();
    printf("%s ptx_warp checks=%zu mismatches=%zu\n", wrong ? "FAIL" : "PASS", checks, wrong);
    return wrong != 0;
}
