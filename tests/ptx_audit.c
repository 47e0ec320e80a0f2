/* SPDX-License-Identifier: Apache-2.0 */
/* Claim: the audit reports what depends on data and what is not fixed by IEEE 754, and accepts branches on data that
   only choose between values. */
#include <string.h>

#include "ptx.h"

/* Body of a kernel that has loaded %x (float32 data) and set %data from it; %out is a store address. `rules`: what must
   be found, in order; `selects`: branches accepted. */
static const struct { const char *name, *body, *rules; unsigned selects; } cases[] = {
    {"straight", "mov.f32 %y, %x;", "", 0},
    {"select by selp", "selp.f32 %y, %x, 0f00000000, %data;", "", 0},
    {"choose by branch", "mov.f32 %y, 0f00000000;\n@%data bra $l;\nmov.f32 %y, %x;\n$l:", "", 1},
    {"choose both ways", "@%data bra $l;\nmov.f32 %y, %x;\nbra $m;\n$l: mov.f32 %y, 0f3F800000;\n$m:", "", 1},
    {"nested choice", "mov.f32 %y, %x;\n@%data bra $l;\nadd.rn.f32 %y, %y, %x;\nsetp.lt.f32 %q, %y, %x;\n@%q bra $l;\nmov.f32 %y, %x;\n$l:", "", 2},
    {"written on one side", "@%data bra $l;\nmov.f32 %y, %x;\n$l:", "data-branch", 0},
    {"written on one side under a guard", "@%data bra $l;\nmov.f32 %y, %x;\nbra $m;\n$l: @%p mov.f32 %y, 0f3F800000;\n$m:", "data-branch", 0},
    {"read before the side that writes", "@%data bra $l;\nmov.f32 %y, %x;\n$l: add.rn.f32 %z, %x, %y;\nmov.f32 %y, %z;", "data-branch", 0},
    {"store inside", "mov.f32 %y, %x;\n@%data bra $l;\nst.global.f32 [%out], %x;\n$l:", "data-branch", 0},
    {"load inside", "mov.f32 %y, %x;\n@%data bra $l;\nld.global.f32 %y, [%in];\n$l:", "data-branch", 0},
    {"shared memory inside", "mov.f32 %y, %x;\n@%data bra $l;\nst.shared.f32 [buffer], %x;\n$l:", "data-branch", 0},
    {"barrier inside", "mov.f32 %y, %x;\n@%data bra $l;\nbar.sync 0;\n$l:", "data-branch", 0},
    {"shuffle inside", "mov.b32 %r, 0;\nmov.f32 %y, %x;\n@%data bra $l;\nshfl.sync.idx.b32 %r, %r, 0, 31, -1;\n$l:", "data-branch", 0},
    {"exit inside", "mov.f32 %y, %x;\n@%data exit;", "data-branch", 0},
    {"exit in the region", "mov.f32 %y, %x;\n@%data bra $l;\n@%p exit;\n$l:", "data-branch", 0},
    {"loop", "mov.f32 %y, %x;\n$l: add.rn.f32 %y, %y, %y;\nsetp.lt.f32 %q, %y, 0f42000000;\n@%q bra $l;", "data-branch", 0},
    {"loop inside", "mov.f32 %y, %x;\n@%data bra $m;\n$l: add.rn.f32 %y, %y, %y;\nsetp.lt.u32 %q, %n, 3;\n@%q bra $l;\n$m:", "data-branch", 0},
    {"guarded store", "mov.f32 %y, %x;\n@%data st.global.f32 [%out], %x;", "data-address", 0},
    {"index from data", "mov.b32 %r, %x;\nmul.wide.u32 %a, %r, 4;\nadd.u64 %a, %a, %in;\nld.global.f32 %y, [%a];", "data-address", 0},
    {"through shared memory", "st.shared.f32 [buffer], %x;\nld.shared.u32 %r, [buffer+4];\nmul.wide.u32 %a, %r, 4;\nadd.u64 %a, %a, %in;\nld.global.f32 %y, [%a];", "data-address", 0},
    {"through local memory", "st.local.f32 [slot], %x;\nld.local.u32 %r, [slot];\nmul.wide.u32 %a, %r, 4;\nadd.u64 %a, %a, %in;\nld.global.f32 %y, [%a];", "data-address", 0},
    {"beside it in local memory", "st.local.f32 [slot], %x;\nst.local.u32 [slot+4], %n;\nld.local.u32 %r, [slot+4];\nmul.wide.u32 %a, %r, 4;\nadd.u64 %a, %a, %in;\nld.global.f32 %y, [%a];", "", 0},
    {"lane from data", "mov.b32 %r, %x;\nshfl.sync.idx.b32 %r, %r, %r, 31, -1;\nmov.b32 %y, %r;", "data-address", 0},
    {"shuffled data", "mov.b32 %r, %x;\nshfl.sync.bfly.b32 %r, %r, 1, 31, -1;\nmov.b32 %y, %r;\nsetp.eq.u32 %q, %r, 0;\n@%q st.global.f32 [%out], %y;", "data-address", 0},
    {"atomic result", "mov.f32 %y, %x;\natom.global.add.u32 %r, [%out], 1;\nsetp.eq.u32 %q, %r, 0;\n@%q st.global.f32 [%out], %y;", "data-address", 0},
    {"divisor", "mov.b32 %r, %x;\ndiv.u32 %r, %n, %r;\nmov.b32 %y, %r;", "data-divisor", 0},
    {"float parameter", "ld.param.f32 %y, [scale];\nsetp.lt.f32 %q, %y, 0f00000000;\n@%q st.global.f32 [%out], %y;", "data-address", 0},
    {"integer of a structure", "mov.b64 %a, pair;\nld.param.u32 %r, [%a+4];\nmov.f32 %y, %x;\nsetp.lt.u32 %q, %r, 4;\n@%q st.global.f32 [%out], %y;", "", 0},
    {"shape", "mov.f32 %y, %x;\nsetp.lt.u32 %q, %n, 7;\n@%q st.global.f32 [%out], %y;", "", 0},
    {"approx", "ex2.approx.f32 %y, %x;", "approx", 0},
    {"approx and ftz", "ex2.approx.ftz.f32 %y, %x;", "approx ftz", 0},
    {"unrounded", "add.f32 %y, %x, %x;\nmul.f32 %y, %y, %x;\nsub.f32 %y, %y, %x;", "unrounded unrounded unrounded", 0},
    {"float atomic", "mov.f32 %y, %x;\nred.global.add.f32 [%out], %x;", "float-atomic", 0},
};

static int run_case(int c)
{
    char text[4096], error[MMAX_PTX_ERROR_SIZE], rules[256] = "";
    snprintf(text, sizeof text,
             ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 i, .param .u64 o, .param .u32 count, "
             ".param .f32 scale, .param .align 4 .b8 pair[8])\n{\n.reg .pred %%p, %%q, %%data;\n.reg .b32 %%r, %%n;\n.reg .b64 %%in, %%out, %%a;\n"
             ".reg .f32 %%x, %%y, %%z;\n.shared .align 8 .b8 buffer[64];\n.local .align 8 .b8 slot[8];\n"
             "ld.param.u64 %%in, [i];\nld.param.u64 %%out, [o];\nld.param.u32 %%n, [count];\nld.global.f32 %%x, [%%in];\n"
             "setp.lt.f32 %%data, %%x, 0f00000000;\nsetp.eq.u32 %%p, %%n, 1;\n%s\nst.global.f32 [%%out], %%y;\nret;\n}\n", cases[c].body);
    struct mmax_ptx_module *m = mmax_ptx_load_text(cases[c].name, text, strlen(text), error);
    struct mmax_ptx_audit a;
    if (!m || mmax_ptx_audit(m, "k", &a, error)) {
        printf("%s\n", error);
        mmax_ptx_module_free(m);
        return 1;
    }
    for (size_t k = 0; k < a.count && strlen(rules) < 200; k++)
        strcat(strcat(rules, k ? " " : ""), a.finding[k].rule);
    int wrong = strcmp(rules, cases[c].rules) != 0 || a.data_selects != cases[c].selects;
    if (wrong)
        printf("%s: found `%s`, %u choices; wanted `%s`, %u\n", cases[c].name, rules, a.data_selects, cases[c].rules, cases[c].selects);
    mmax_ptx_audit_free(&a);
    mmax_ptx_module_free(m);
    return wrong;
}

int main(void)
{
    int count = (int)(sizeof cases / sizeof *cases), wrong = 0;
    for (int c = 0; c < count; c++)
        wrong += run_case(c);
    printf("%s ptx_audit cases=%d wrong=%d\n", wrong ? "FAIL" : "PASS", count, wrong);
    return wrong != 0;
}
