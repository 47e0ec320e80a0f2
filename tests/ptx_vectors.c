/* SPDX-License-Identifier: Apache-2.0 */
/* Claim: every arithmetic form gives the results of tests/data/ptx/vectors.tsv, for every vector instruction set of
   the host, with all lanes active and with every other lane masked off. */
#include <stdlib.h>
#include <string.h>

#include "ptx.h"

enum { GROUP_MAX = 1024, OPERANDS = 4 };

struct group {
    char form[48], signature[48];
    int operands, rows;
    uint64_t in[OPERANDS][GROUP_MAX], want[GROUP_MAX];
};

static const char *reg_type(const char *type)
{
    return strcmp(type, "f16") == 0 || strcmp(type, "bf16") == 0 ? "b16" : type;
}

static int bits_of(const char *type)
{
    return strcmp(type, "pred") == 0 ? 1 : atoi(type + strcspn(type, "0123456789"));
}

/* A kernel with one thread per row: load the operands, execute the form, store the result. */
static void write_kernel(char *text, size_t room, const struct group *g)
{
    char types[OPERANDS + 1][8];
    int n = 0;
    size_t used = 0;
    for (const char *p = g->signature; *p && n <= OPERANDS; n++) {
        size_t length = strcspn(p, "=,");
        snprintf(types[n], 8, "%.*s", (int)length, p);
        p += length + (p[length] != 0);
    }
#define PUT(...) used += (size_t)snprintf(text + used, used < room ? room - used : 0, __VA_ARGS__)
    PUT(".version 8.8\n.target sm_100\n.address_size 64\n.visible .entry k(.param .u64 i, .param .u64 o, .param .u32 n, .param .u32 m)\n{\n"
        ".reg .pred %%p, %%g;\n.reg .b16 %%h;\n.reg .b32 %%t, %%x, %%c;\n.reg .b64 %%in, %%out, %%a, %%v;\n");
    for (int k = 0; k < n; k++)
        PUT(".reg .%s %%d%d;\n", reg_type(types[k]), k);
    PUT("mov.u32 %%t, %%tid.x;\nmov.u32 %%x, %%ctaid.x;\nmad.lo.u32 %%t, %%x, 128, %%t;\nld.param.u32 %%x, [n];\n"
        "setp.ge.u32 %%p, %%t, %%x;\n@%%p exit;\nld.param.u64 %%in, [i];\nld.param.u64 %%out, [o];\n"
        "mul.wide.u32 %%a, %%t, 8;\nadd.u64 %%in, %%in, %%a;\nadd.u64 %%out, %%out, %%a;\n"
        "ld.param.u32 %%c, [m];\nand.b32 %%x, %%t, %%c;\nsetp.eq.u32 %%g, %%x, 0;\n");
    for (int k = 0; k < n; k++) {
        int bits = bits_of(types[k]);
        if (k)
            PUT("ld.global.u64 %%v, [%%in+%d];\n", (k - 1) * GROUP_MAX * 8);
        else
            PUT("mov.b64 %%v, 0;\n");
        if (bits == 1)
            PUT("setp.ne.u64 %%d%d, %%v, 0;\n", k);
        else if (bits == 64)
            PUT("mov.b64 %%d%d, %%v;\n", k);
        else
            PUT("cvt.u%d.u64 %s, %%v;\nmov.b%d %%d%d, %s;\n", bits, bits == 16 ? "%h" : "%x", bits, k, bits == 16 ? "%h" : "%x");
    }
    PUT("@%%g %s %%d0", g->form);
    for (int k = 1; k < n; k++)
        PUT(", %%d%d", k);
    int bits = bits_of(types[0]);
    if (bits == 1)
        PUT(";\nselp.b64 %%v, 1, 0, %%d0;\n");
    else if (bits == 64)
        PUT(";\nmov.b64 %%v, %%d0;\n");
    else
        PUT(";\nmov.b%d %s, %%d0;\ncvt.u64.u%d %%v, %s;\n", bits, bits == 16 ? "%h" : "%x", bits, bits == 16 ? "%h" : "%x");
    PUT("st.global.u64 [%%out], %%v;\nret;\n}\n");
#undef PUT
    if (used >= room)
        abort();
}

/* Mismatches of a group under one mask; -1 when it cannot run. */
static int run_group(const struct group *g, unsigned skip)
{
    char text[8192], error[MMAX_PTX_ERROR_SIZE];
    static uint64_t out[GROUP_MAX];
    write_kernel(text, sizeof text, g);
    struct mmax_ptx_module *module = mmax_ptx_load_text(g->form, text, strlen(text), error);
    if (!module) {
        printf("%s\n", error);
        return -1;
    }
    struct mmax_ptx_machine *m = mmax_ptx_machine_new();
    struct { uint64_t in, out; uint32_t rows, skip; } params = {
        mmax_ptx_buffer(m, (void *)(uintptr_t)g->in, sizeof g->in, MMAX_PTX_INITIALISED, 0),
        mmax_ptx_buffer(m, out, (size_t)g->rows * 8, MMAX_PTX_WRITABLE, 0), (uint32_t)g->rows, skip};
    struct mmax_ptx_launch l = {.kernel = "k", .grid = {(unsigned)(g->rows + 127) / 128}, .block = {128}, .params = &params,
                                .params_size = sizeof params};
    int status = mmax_ptx_launch(m, module, &l, error), wrong = 0;
    if (status)
        printf("%s: %s\n", g->form, error);
    for (size_t k = 0; k < mmax_ptx_report_count(m); k++)
        mmax_ptx_report_print(stdout, g->form, mmax_ptx_report_at(m, k));
    for (int k = 0; k < g->rows && !status; k++) {
        uint64_t want = (unsigned)k & skip ? 0 : g->want[k];
        if (out[k] != want && wrong++ < 3)
            printf("%s(%llx, %llx, %llx): got %llx want %llx\n", g->form, (unsigned long long)g->in[0][k], (unsigned long long)g->in[1][k],
                   (unsigned long long)g->in[2][k], (unsigned long long)out[k], (unsigned long long)want);
    }
    int reports = (int)mmax_ptx_report_count(m);
    mmax_ptx_machine_free(m);
    mmax_ptx_module_free(module);
    return status || reports ? -1 : wrong;
}

/* The next group of rows with one form; 0 at the end. A row is read ahead. */
static int next_group(FILE *in, struct group *g, char *ahead)
{
    g->rows = 0;
    for (;;) {
        if (!*ahead && !fgets(ahead, 512, in))
            return g->rows;
        char form[48], signature[48], field[5][24];
        if (ahead[0] == '#') {
            *ahead = 0;
            continue;
        }
        if (sscanf(ahead, "%47s %47s %23s %23s %23s %23s %23s", form, signature, field[0], field[1], field[2], field[3], field[4]) != 7) {
            printf("bad row: %s", ahead);
            exit(1);
        }
        if (g->rows && (strcmp(form, g->form) != 0 || strcmp(signature, g->signature) != 0 || g->rows == GROUP_MAX))
            return g->rows;
        strcpy(g->form, form);
        strcpy(g->signature, signature);
        for (int k = 0; k < OPERANDS; k++)
            g->in[k][g->rows] = strtoull(field[k], NULL, 16);
        g->want[g->rows++] = strtoull(field[4], NULL, 16);
        *ahead = 0;
    }
}

int main(void)
{
    static const char *const hosts[] = {"base", "v3", "v4"};
    static struct group g;
    size_t rows = 0, groups = 0, mismatches = 0, failed = 0;
    for (int h = 0; h < 3; h++) {
        setenv("MMAX_PTX_HOST", hosts[h], 1);
        FILE *in = fopen("tests/data/ptx/vectors.tsv", "r");
        char ahead[512] = "";
        while (in && next_group(in, &g, ahead)) {
            for (unsigned skip = 0; skip < 2; skip++) {
                int wrong = run_group(&g, skip);
                if (wrong < 0)
                    failed++;
                else
                    mismatches += (size_t)wrong;
            }
            rows += (size_t)g.rows;
            groups++;
        }
        if (in)
            fclose(in);
    }
    /* negative control: a wrong expectation must be noticed */
    g = (struct group){.form = "add.u32", .signature = "u32=u32,u32", .rows = 1, .in = {{2}, {2}}, .want = {5}};
    int control = run_group(&g, 0) == 1;
    int fail = mismatches || failed || rows < 10000 || !control;
    printf("%s ptx_vectors rows=%zu groups=%zu mismatches=%zu failed=%zu control=%d\n", fail ? "FAIL" : "PASS", rows, groups, mismatches,
           failed, control);
    return fail;
}
