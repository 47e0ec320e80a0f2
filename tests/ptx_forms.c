/* SPDX-License-Identifier: Apache-2.0 */
/* Claim: every arithmetic form that is modelled has unit vectors in tests/data/ptx/vectors.tsv, or is checked here: carry
   chains against 128-bit integers, approximate functions at the middle and both ends of their sets and at special values. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ptx.h"

enum { N = 64 };
static size_t wrong, checks;

static void expect(int good, const char *what, double x)
{
    checks++;
    if (!good && wrong++ < 10)
        printf("%s at %a\n", what, x);
}

/* Runs `body` once per element on %a, %b of type `type` from in[]; %d goes to out[]. */
static int run(const char *type, const char *body, int side, const void *in, void *out)
{
    char text[2048], error[MMAX_PTX_ERROR_SIZE];
    int size = type[1] == '6' || strcmp(type, "b64") == 0 ? 8 : 4;
    snprintf(text, sizeof text, ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 i, .param .u64 o)\n{\n"
             ".reg .b64 %%in, %%out, %%x, %%lo<4>;\n.reg .b32 %%t, %%w<8>;\n.reg .%s %%a, %%b, %%d;\nld.param.u64 %%in, [i];\nld.param.u64 %%out, [o];\n"
             "mov.u32 %%t, %%tid.x;\nmul.wide.u32 %%x, %%t, %d;\nadd.u64 %%in, %%in, %%x;\nmul.wide.u32 %%x, %%t, %d;\nadd.u64 %%out, %%out, %%x;\n"
             "ld.global.%s %%a, [%%in];\nld.global.%s %%b, [%%in+%d];\n%s\nst.global.%s [%%out], %%d;\nret;\n}\n",
             type, 2 * size, size, type, type, size, body, type);
    struct mmax_ptx_module *module = mmax_ptx_load_text(body, text, strlen(text), error);
    if (!module) {
        printf("%s\n", error);
        return 1;
    }
    struct mmax_ptx_machine *m = mmax_ptx_machine_new();
    const struct mmax_ptx_choices choices = {.nan64 = UINT64_C(0x7fffffffffffffff), .approx_ulps = side};
    mmax_ptx_choose(m, &choices);
    uint64_t params[2] = {mmax_ptx_buffer(m, (void *)(uintptr_t)in, (size_t)(2 * size * N), MMAX_PTX_INITIALISED, 0),
                          mmax_ptx_buffer(m, out, (size_t)(size * N), MMAX_PTX_WRITABLE, 0)};
    struct mmax_ptx_launch l = {.kernel = "k", .block = {N}, .params = params, .params_size = sizeof params};
    int bad = mmax_ptx_launch(m, module, &l, error) || mmax_ptx_report_count(m);
    mmax_ptx_machine_free(m);
    mmax_ptx_module_free(module);
    return bad;
}

/* a and b as two words each: their sum or difference plus a carry that a first instruction sets or clears. */
static void carries(void)
{
    static const uint64_t some[] = {0, 1, UINT64_MAX, UINT64_C(0x100000000), UINT64_C(0xffffffff), UINT64_C(0x8000000000000000),
                                    UINT64_C(0xfffffffeffffffff), UINT64_C(0x7fffffffffffffff)};
    static const char *const types[] = {"u32", "s32", "b32"};
    uint64_t in[2 * N], out[N];
    for (int k = 0; k < N; k++) {
        in[2 * k] = some[k % 8];
        in[2 * k + 1] = some[k / 8];
    }
    for (int t = 0; t < 3; t++)
        for (int sub = 0; sub < 2; sub++)
            for (int set = 0; set < 2; set++) {
                char body[512];
                const char *op = sub ? "sub" : "add", *y = types[t];
                /* %w5 ends as low words, %w6 as high words */
                snprintf(body, sizeof body, "mov.b64 {%%w0, %%w1}, %%a; mov.b64 {%%w2, %%w3}, %%b; mov.b32 %%w4, %d; "
                         "%s.cc.%s %%w4, %%w4, %d; %sc.cc.%s %%w5, %%w0, %%w2; %sc.%s %%w6, %%w1, %%w3; mov.b64 %%d, {%%w5, %%w6};",
                         sub ? 0 : -1, op, y, set, op, y, op, y);
                checks++;
                wrong += (size_t)run("b64", body, 0, in, out);
                for (int k = 0; k < N; k++) {
                    const uint64_t a = in[2 * k], b = in[2 * k + 1], c = (uint64_t)set;
                    expect(out[k] == (sub ? a - b - c : a + b + c), body, k);
                }
                /* 64-bit halves of 128: the high half of (a:b) + (b:a) + carry */
                snprintf(body, sizeof body, "mov.b64 %%lo0, %d; %s.cc.%c64 %%lo0, %%lo0, %d; %sc.cc.%c64 %%lo1, %%a, %%b; %sc.%c64 %%d, %%b, %%a;",
                         sub ? 0 : -1, op, y[0], set, op, y[0], op, y[0]);
                checks++;
                wrong += (size_t)run("b64", body, 0, in, out);
                for (int k = 0; k < N; k++) {
                    const unsigned __int128 a = (unsigned __int128)in[2 * k + 1] << 64 | in[2 * k];
                    const unsigned __int128 b = (unsigned __int128)in[2 * k] << 64 | in[2 * k + 1];
                    const unsigned __int128 r = sub ? a - b - (unsigned)set : a + b + (unsigned)set;
                    expect(out[k] == (uint64_t)(r >> 64), body, k);
                }
            }
}

/* relative and absolute: the errors that the ISA documents. */
static const struct approximate { const char *name; double relative, absolute; int ftz; } functions[] = {
    {"ex2", 0x1p-22, 0, 1}, {"lg2", 0x1p-22, 0x1p-22, 1}, {"rcp", 0x1p-23, 0, 1}, {"sqrt", 0x1p-22, 0, 1}, {"rsqrt", 0x1.2p-23, 0, 1},
    {"sin", 0, 0x1.7p-21, 1}, {"cos", 0, 0x1.7p-21, 1}, {"tanh", 0x1p-11, 0, 0}, {"div", 0x1p-22, 0, 1}};

static double exact(const char *name, double a, double b)
{
    return strcmp(name, "ex2") == 0 ? exp2(a) : strcmp(name, "lg2") == 0 ? log2(a) : strcmp(name, "rcp") == 0 ? 1 / a
         : strcmp(name, "sqrt") == 0 ? sqrt(a) : strcmp(name, "rsqrt") == 0 ? 1 / sqrt(a) : strcmp(name, "sin") == 0 ? sin(a)
         : strcmp(name, "cos") == 0 ? cos(a) : strcmp(name, "tanh") == 0 ? tanh(a) : a / b;
}

static float flushed(float x) { return fabsf(x) < 0x1p-126f ? copysignf(0, x) : x; }

static void approximations(void)
{
    float in[2 * N] = {0, 1, -0.0f, 1, 1, 1, INFINITY, 2, -INFINITY, 2, NAN, 1, 1, INFINITY, 1, 0, 0x1p-140f, 1, 2, 4}, out[3][N];
    for (int k = 10; k < N; k++) {
        in[2 * k] = ldexpf((float)(k * 37 % 64 + 1) / 17, k % 7 - 4) * (k % 2 ? -1 : 1);
        in[2 * k + 1] = (float)(k % 5) - 2.5f;
    }
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++)
        for (int form = 0; form < 4; form++) {
            const struct approximate *p = &functions[f];
            const int ftz = form & 1, div = strcmp(p->name, "div") == 0;
            char body[64];
            if ((ftz && !p->ftz) || (form > 1 && !div))
                continue;
            snprintf(body, sizeof body, "%s.%s%s.f32 %%d, %%a%s;", p->name, form > 1 ? "full" : "approx", ftz ? ".ftz" : "", div ? ", %b" : "");
            for (int side = -1; side <= 1; side++) {
                checks++;
                wrong += (size_t)run("f32", body, side, in, out[side + 1]);
            }
            int moved = 0;
            for (int k = 0; k < N; k++) {
                const float a = ftz ? flushed(in[2 * k]) : in[2 * k];
                const double want = exact(p->name, a, in[2 * k + 1]);
                const float nearest = ftz ? flushed((float)want) : (float)want;
                const int far = p->relative == 0 && fabsf(a) > 0x1.921fb4p+2f;      /* sin and cos: another bound */
                const double room = fabs(want) * p->relative + (far ? 0x1.4p-15 : p->absolute) + fabs(want) * 0x1p-24 + 0x1p-150;
                uint32_t bits;
                memcpy(&bits, &out[1][k], 4);
                expect(want != want ? bits == 0x7fffffff : out[1][k] == nearest, body, a);
                for (int s = 0; s < 3 && want == want && !isinf(nearest); s++)
                    expect(fabs(out[s][k] - want) <= room || (ftz && fabs(want) < 0x1p-125), body, a);
                moved += want == want && out[0][k] < nearest && nearest < out[2][k];
                expect(!(want == want && out[0][k] > out[2][k]), body, a);
            }
            expect(moved > N / 3, body, moved);
        }
}

static int in_vectors(const char *table, const char *name)
{
    char line[64];
    snprintf(line, sizeof line, "\n%s\t", name);
    return strstr(table, line) != NULL;
}

static size_t without_test(void)
{
    static char table[1 << 20];
    size_t untested = 0, length = 0;
    FILE *in = fopen("tests/data/ptx/vectors.tsv", "rb");
    if (in) {
        length = fread(table, 1, sizeof table - 1, in);
        fclose(in);
    }
    table[length] = 0;
    const char *name;
    for (size_t k = 0; (name = mmax_ptx_form(k)) != NULL; k++) {
        int here = strstr(name, ".approx") || strstr(name, ".full") || strncmp(name, "addc", 4) == 0 || strncmp(name, "subc", 4) == 0 ||
                   strstr(name, ".cc.") || strcmp(name, "activemask.b32") == 0;     /* the last: tests/ptx_warp.c */
        if (!here && !in_vectors(table, name)) {
            printf("%s has no vectors\n", name);
            untested++;
        }
        checks++;
    }
    return untested;
}

int main(void)
{
    size_t untested = without_test();
    carries();
    approximations();
    int fail = wrong || untested || checks < 1000 || mmax_ptx_form(0) == NULL;
    printf("%s ptx_forms checks=%zu wrong=%zu untested=%zu\n", fail ? "FAIL" : "PASS", checks, wrong, untested);
    return fail;
}
