/* SPDX-License-Identifier: Apache-2.0 */
/* Claim: every kind of run-time report names kernel, line, block, thread and, where memory is concerned, the address; it is
   made once per line, counts the lanes, and comes from the thread that is at fault and no other. */
#include <stdlib.h>
#include <string.h>

#include "ptx.h"

enum { NONE, IN, OUT, SHARED, ZERO };       /* what an address counts from */

/* Run by two blocks of 64 threads: %mine holds in thread 37 of block 1, %early in thread 3 of it. The line marked // here is the
   one to be named. */
static const struct { enum mmax_ptx_kind kind; unsigned thread; int from; unsigned offset; const char *body; } cases[] = {
    {MMAX_PTX_OUT_OF_BOUNDS, 37, IN, 256, "@%mine ld.global.u32 %r, [%in+256]; // here"},
    {MMAX_PTX_OUT_OF_BOUNDS, 37, IN, 254, "@%mine ld.global.u32 %r, [%in+254]; // here"},
    {MMAX_PTX_OUT_OF_BOUNDS, 37, ZERO, 0, "mov.u64 %a, 0;\n@%mine st.global.u32 [%a], %t; // here"},
    {MMAX_PTX_OUT_OF_BOUNDS, 37, SHARED, 64, "@%mine st.shared.u32 [stage+64], %t; // here"},
    {MMAX_PTX_OUT_OF_BOUNDS, 37, OUT, 260, "@%mine atom.global.add.u32 %r, [%out+260], 1; // here"},
    {MMAX_PTX_MISALIGNED, 37, IN, 2, "@%mine ld.global.u32 %r, [%in+2]; // here"},
    {MMAX_PTX_MISALIGNED, 37, IN, 8, "@%mine ld.global.v4.u32 {%r, %r, %r, %r}, [%in+8]; // here"},
    {MMAX_PTX_READ_ONLY, 37, IN, 4, "@%mine st.global.u32 [%in+4], %t; // here"},
    {MMAX_PTX_UNINIT_REGISTER, 37, NONE, 0, "@%mine add.u32 %r, %never, 1; // here"},
    {MMAX_PTX_UNINIT_REGISTER, 37, NONE, 0, "@%mine st.global.u32 [%out], %never; // here"},
    {MMAX_PTX_UNINIT_MEMORY, 37, OUT, 12, "@%mine ld.global.u32 %r, [%out+12]; // here"},
    {MMAX_PTX_UNINIT_MEMORY, 37, SHARED, 4, "@%mine ld.shared.u32 %r, [stage+4]; // here"},
    {MMAX_PTX_RACE_SHARED, 37, SHARED, 8, "@%early st.shared.u32 [stage+8], %t;\n@%mine ld.shared.u32 %r, [stage+8]; // here"},
    {MMAX_PTX_RACE_SHARED, 37, SHARED, 8, "@%early st.shared.u32 [stage+8], %t;\n@%mine st.shared.u32 [stage+8], %t; // here"},
    {MMAX_PTX_RACE_GLOBAL, 37, OUT, 16, "@%early st.global.u32 [%out+16], %t;\n@%mine ld.global.u32 %r, [%out+16]; // here"},
    {MMAX_PTX_RACE_GLOBAL, 37, OUT, 17, "@%early st.global.u8 [%out+17], %t;\n@%mine st.global.u8 [%out+17], %t; // here"},
    {MMAX_PTX_RACE_SAME_VALUE, 37, OUT, 8, "mov.u32 %r, 7;\n@%early st.global.u32 [%out+8], %r;\n@%mine st.global.u32 [%out+8], %r; // here"},
    {MMAX_PTX_STALE_NC, 37, OUT, 24, "@%mine st.global.u32 [%out+24], %t;\n@%mine ld.global.nc.u32 %r, [%out+24]; // here"},
    {MMAX_PTX_DIVERGENT_BARRIER, 37, NONE, 0, "@%mine bar.sync 0; // here"},
    {MMAX_PTX_SYNC_MASK, 37, NONE, 0, "@%mine vote.sync.any.pred %p, %mine, 1; // here"},
    {MMAX_PTX_SHUFFLE_SOURCE, 37, NONE, 0, "@%mine shfl.sync.idx.b32 %r, %t, 9, 31, 0x20; // here"},
    {MMAX_PTX_UNDEFINED, 37, NONE, 0, "mov.u32 %r, 0;\n@%mine div.u32 %r, %t, %r; // here"},
    {MMAX_PTX_UNDEFINED, 37, NONE, 0, "@%mine bra.uni $l; // here\nmov.u32 %r, 0;\n$l:"},
    {MMAX_PTX_STEP_LIMIT, 37, NONE, 0, "$l: @%mine bra $l; // here"},
    {MMAX_PTX_TRAP, 37, NONE, 0, "@%mine trap; // here"}};

static int run_case(int c, unsigned *kinds)
{
    static uint32_t in[64], out[64];
    char text[4096], error[MMAX_PTX_ERROR_SIZE], line[512], want[256];
    snprintf(text, sizeof text, ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry subject(.param .u64 i, .param .u64 o)\n{\n"
             ".reg .pred %%mine, %%early, %%p;\n.reg .b32 %%t, %%r, %%b, %%never;\n.reg .b64 %%in, %%out, %%a;\n.shared .align 4 .b8 stage[64];\n"
             "ld.param.u64 %%in, [i];\nld.param.u64 %%out, [o];\nmov.u32 %%t, %%tid.x;\nmov.u32 %%b, %%ctaid.x;\n"
             "setp.eq.u32 %%p, %%b, 1;\nsetp.eq.and.u32 %%mine, %%t, 37, %%p;\nsetp.eq.and.u32 %%early, %%t, 3, %%p;\n%s\nret;\n}\n", cases[c].body);
    const char *mark = strstr(text, "// here");
    int number = 1;
    for (const char *p = text; p < mark; p++)
        number += *p == '\n';
    struct mmax_ptx_module *module = mmax_ptx_load_text("subject.ptx", text, strlen(text), error);
    if (!module) {
        printf("%s\n", error);
        return 1;
    }
    struct mmax_ptx_machine *m = mmax_ptx_machine_new();
    uint64_t base[5] = {0, mmax_ptx_buffer(m, in, sizeof in, MMAX_PTX_INITIALISED, 0), mmax_ptx_buffer(m, out, sizeof out, MMAX_PTX_WRITABLE, 0), 0x400, 0};
    uint64_t params[2] = {base[IN], base[OUT]};
    struct mmax_ptx_launch l = {.kernel = "subject", .grid = {2}, .block = {64}, .params = params, .params_size = sizeof params, .step_limit = 1000};
    int wrong = mmax_ptx_launch(m, module, &l, error) != 0;
    int length = snprintf(want, sizeof want, "subject.ptx:%d: %s: subject: block (1,0,0) thread (%u,0,0)", number, mmax_ptx_kind_name(cases[c].kind), cases[c].thread);
    if (cases[c].from != NONE)
        length += snprintf(want + length, sizeof want - (size_t)length, " address 0x%llx", (unsigned long long)(base[cases[c].from] + cases[c].offset));
    snprintf(want + length, sizeof want - (size_t)length, ": ");
    FILE *to = tmpfile();
    line[0] = 0;
    if (!to || mmax_ptx_report_count(m) != 1) {
        printf("case %d: %zu reports\n", c, mmax_ptx_report_count(m));
        wrong = 1;
    }
    for (size_t k = 0; to && k < mmax_ptx_report_count(m); k++) {
        const struct mmax_ptx_report *r = mmax_ptx_report_at(m, k);
        rewind(to);
        mmax_ptx_report_print(to, "subject.ptx", r);
        rewind(to);
        if (!fgets(line, sizeof line, to) || strncmp(line, want, strlen(want)) != 0 || strlen(line) < strlen(want) + 4 || r->count != 1) {
            printf("got    %swanted %s...\n", line, want);
            wrong = 1;
        }
        *kinds |= 1u << r->kind;
    }
    if (to)
        fclose(to);
    mmax_ptx_machine_free(m);
    mmax_ptx_module_free(module);
    return wrong;
}

int main(void)
{
    int count = (int)(sizeof cases / sizeof *cases), wrong = 0;
    unsigned kinds = 0;
    for (int c = 0; c < count; c++)
        wrong += run_case(c, &kinds);
    int all = kinds == (1u << MMAX_PTX_KIND_COUNT) - 1;
    printf("%s ptx_reports cases=%d wrong=%d kinds=%d of %d\n", wrong || !all ? "FAIL" : "PASS", count, wrong, __builtin_popcount(kinds), MMAX_PTX_KIND_COUNT);
    return wrong || !all;
}
