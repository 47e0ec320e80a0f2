/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Static audit: instructions whose bits are not fixed by IEEE 754, and data (taint.c) that reaches branches and
 * addresses. Without data there, control flow and addresses are the same for all inputs of a shape, so one clean run of
 * that shape speaks for all of them.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "taint.h"

static void finding(struct mmax_ptx_audit *a, const struct insn *i, const char *rule, const char *format, ...)
{
    if (!(a->count & (a->count - 1)) && !(a->finding = realloc(a->finding, (a->count ? a->count * 2 : 1) * sizeof *a->finding)))
        abort();
    struct mmax_ptx_finding *f = &a->finding[a->count++];
    f->line = i->line;
    f->rule = rule;
    va_list args;
    va_start(args, format);
    vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
}

static void check_flow(struct taint *t, struct mmax_ptx_audit *a, const int *dominator, const uint64_t *before, int at)
{
    const struct insn *i = &t->program->code[at];
    uint64_t guard = i->guard_off >= 0 ? t->reg[i->guard_reg] : 0;
    bool memory = i->fn == op_load || i->fn == op_store || i->fn == op_atomic;
    if (i->kind != I_PLAIN) {
        uint64_t in = guard | (i->kind == I_BRANCH_TABLE ? t->reg[i->s[0].reg] : 0);
        if (in & DATA && chooses_values(t->program, dominator, before, at)) {
            a->data_selects++;
            return;
        }
        t->shape |= in;
        if (in & DATA)
            finding(a, i, "data-branch", "`%s` depends on data", i->name);
        if (i->kind == I_SYNC) {
            uint64_t mask = t->reg[i->s[i->ns - 1].reg];
            if (i->fn == op_shfl)
                mask |= t->reg[i->s[1].reg] | t->reg[i->s[2].reg];
            t->shape |= mask;
            if (mask & DATA)
                finding(a, i, "data-address", "lanes that `%s` reads depend on data", i->name);
        }
    } else if (memory) {
        uint64_t in = guard | t->reg[i->s[0].reg];
        t->shape |= in;
        if (in & DATA)
            finding(a, i, "data-address", "%s of `%s` depends on data", guard & DATA ? "execution" : "address", i->name);
    } else if (strncmp(i->name, "div.", 4) == 0 || strncmp(i->name, "rem.", 4) == 0) {
        if (!(i->flags & (F_F32 | F_F64)) && t->reg[i->s[1].reg] & DATA)
            finding(a, i, "data-divisor", "integer divisor of `%s` depends on data", i->name);
    }
}

static void check_rounding(struct mmax_ptx_audit *a, const struct insn *i)
{
    if (i->flags & F_APPROX)
        finding(a, i, "approx", "`%s` returns one of several values", i->name);
    if (i->flags & F_FTZ)
        finding(a, i, "ftz", "`%s` flushes denormals", i->name);
    if (i->flags & F_UNROUNDED)
        finding(a, i, "unrounded", "`%s` has no rounding modifier: ptxas may fuse it", i->name);
    if (i->flags & F_FLOAT_ATOMIC)
        finding(a, i, "float-atomic", "result of `%s` depends on the order of threads", i->name);
}

static void count(struct mmax_ptx_audit *a, const struct insn *i)
{
    bool d = i->flags & F_F64, s = i->flags & F_F32;
    a->f64_fma += d && i->flags & F_FMA;
    a->f64_mul += d && i->flags & F_MUL;
    a->f64_add += d && i->flags & F_ADD;
    a->f64_minmax += d && i->flags & F_MINMAX;
    a->f64_div += d && i->flags & F_DIV;
    a->f32_fma += s && i->flags & F_FMA;
    a->f32_mul += s && i->flags & F_MUL;
    a->f32_add += s && i->flags & F_ADD;
    a->barriers += i->kind == I_BARRIER || i->kind == I_CLUSTER_ARRIVE;
    a->shuffles += (i->flags & F_SHUFFLE) != 0;
    a->global_loads += i->fn == op_load && (i->space == S_GLOBAL || i->space == S_GENERIC);
    a->global_stores += i->fn == op_store && (i->space == S_GLOBAL || i->space == S_GENERIC);
}

/* Labels as "name+offset". */
static void describe_shape(const struct taint *t, struct mmax_ptx_audit *audit)
{
    const struct function *f = t->program->function;
    char *out = audit->shape;
    size_t left = sizeof audit->shape, used = 0;
    for (int k = 0; k < t->labels && used < left; k++) {
        if (!(t->shape >> k & 1))
            continue;
        const struct variable *v = NULL;
        for (int p = 0; p < f->formals; p++)
            if ((uint64_t)t->label_offset[k] >= f->formal[p]->address)
                v = f->formal[p];
        if (v)
            used += (size_t)snprintf(out + used, left - used, "%s%s+%lld", used ? " " : "", v->name,
                                     (long long)t->label_offset[k] - (long long)v->address);
    }
    if (used < left && t->shape & DATA)
        used += (size_t)snprintf(out + used, left - used, "%sDATA", used ? " " : "");
    if (used == 0)
        snprintf(out, left, "the launch geometry alone");
}

static int by_bits(const void *a, const void *b)
{
    const struct mmax_ptx_constant *x = a, *y = b;
    return x->size != y->size ? (x->size < y->size ? -1 : 1) : x->bits < y->bits ? -1 : x->bits > y->bits;
}

static void list_constants(struct mmax_ptx_audit *a, const struct program *p)
{
    a->constants = (size_t)p->float_count;
    if (!(a->constant = malloc((a->constants + 1) * sizeof *a->constant)))
        abort();
    if (a->constants)
        memcpy(a->constant, p->floats, a->constants * sizeof *a->constant);
    qsort(a->constant, a->constants, sizeof *a->constant, by_bits);
}

int mmax_ptx_audit(struct mmax_ptx_module *module, const char *kernel, struct mmax_ptx_audit *audit, char error[MMAX_PTX_ERROR_SIZE])
{
    struct loader l = loader_of(module, error);
    *audit = (struct mmax_ptx_audit){0};
    if (setjmp(l.jump))
        return 2;
    const struct program *p = program_of(module, kernel, &l);
    struct taint t = taint_of(p);
    int *dominator = post_dominators(p);
    uint64_t *before = written_before(p);
    for (int k = 0; k < p->count - 1; k++) {
        check_flow(&t, audit, dominator, before, k);
        check_rounding(audit, &p->code[k]);
        count(audit, &p->code[k]);
    }
    audit->instructions = (unsigned)p->count - 1;
    audit->registers = p->regs - 1;
    audit->shared_bytes = p->shared_bytes;
    describe_shape(&t, audit);
    list_constants(audit, p);
    free(dominator);
    free(before);
    taint_free(&t);
    return 0;
}

void mmax_ptx_audit_free(struct mmax_ptx_audit *audit)
{
    free(audit->finding);
    free(audit->constant);
    audit->finding = NULL;
    audit->constant = NULL;
    audit->constants = 0;
    audit->count = 0;
}
