/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Static audit: instructions whose bits are not fixed by IEEE 754, and a flow-insensitive taint analysis. Labels flow
 * from parameters (one per offset) and from memory ("data": global memory, atomics, float parameters) through registers,
 * local and shared memory to branches and addresses. Without data there, control flow and addresses are the same for
 * all inputs of a shape, so one clean run of that shape speaks for all of them.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ops.h"

#define DATA (UINT64_C(1) << 63)
enum { LABELS = 63 };

struct taint {
    const struct program *program;
    uint64_t *reg;              /* labels per register */
    uint64_t *local;            /* per byte of local memory at constant addresses */
    uint64_t local_any, shared, shape;
    int64_t label_offset[LABELS]; int labels;
    struct mmax_ptx_audit *audit;
};

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

static uint64_t parameter_label(struct taint *t, int64_t offset)
{
    for (int k = 0; k < t->labels; k++)
        if (t->label_offset[k] == offset)
            return UINT64_C(1) << k;
    if (t->labels == LABELS)
        return DATA;            /* out of labels: the careful answer */
    t->label_offset[t->labels] = offset;
    return UINT64_C(1) << t->labels++;
}

static bool constant_address(const struct insn *i)
{
    return i->s[0].reg == 0 && i->space == S_LOCAL;
}

static uint64_t loaded(struct taint *t, const struct insn *i, uint64_t address)
{
    unsigned size = type_size((enum type)i->type) * (i->nvec ? i->nvec : 1);
    uint64_t r = address;
    switch (i->space) {
    case S_PARAM:
        if (type_is_float((enum type)i->type) || i->s[0].reg)
            return r | DATA;
        return r | parameter_label(t, i->imm);
    case S_CONST:
        return r;
    case S_LOCAL:
        r |= t->local_any;
        if (constant_address(i))
            for (unsigned k = 0; k < size; k++)
                r |= i->imm + k < t->program->local_bytes ? t->local[i->imm + k] : 0;
        else
            for (unsigned k = 0; k < t->program->local_bytes; k++)
                r |= t->local[k];
        return r;
    case S_SHARED:
    case S_CLUSTER:
        return r | t->shared;
    default:
        return r | DATA;
    }
}

static void stored(struct taint *t, const struct insn *i, uint64_t value)
{
    unsigned size = type_size((enum type)i->type) * i->nvec;
    if (i->space == S_LOCAL && constant_address(i)) {
        for (unsigned k = 0; k < size; k++)
            if (i->imm + k < t->program->local_bytes)
                t->local[i->imm + k] |= value;
    } else if (i->space == S_LOCAL) {
        t->local_any |= value;
    } else if (i->space == S_SHARED || i->space == S_CLUSTER) {
        t->shared |= value;
    } else if (i->space == S_GENERIC) {
        t->local_any |= value;
        t->shared |= value;
    }
}

static void flow(struct taint *t, const struct insn *i)
{
    uint64_t in = i->guard_off >= 0 ? t->reg[i->guard_reg] : 0, value;
    for (int k = 0; k < i->ns; k++)
        in |= t->reg[i->s[k].reg];
    if (i->fn == op_load) {
        value = loaded(t, i, in);
        for (int k = 0; k < i->nvec; k++)
            t->reg[i->vec[k].reg] |= value;
    } else if (i->fn == op_store) {
        for (int k = 0; k < i->nvec; k++)
            in |= t->reg[i->vec[k].reg];
        stored(t, i, in);
    } else if (i->fn == op_atomic) {
        t->reg[i->d[0].reg] |= in | DATA;
        if (i->space != S_GLOBAL)
            t->shared |= in | DATA;
    } else {
        if (i->flags & F_STORE)
            for (int k = 0; k < i->nvec; k++)
                in |= t->reg[i->vec[k].reg];
        if (i->flags & F_LOAD)
            for (int k = 0; k < i->nvec; k++)
                t->reg[i->vec[k].reg] |= in;
        for (int k = 0; k < i->nd; k++)
            t->reg[i->d[k].reg] |= in;
    }
    t->reg[0] = 0;
}

static uint64_t total(const struct taint *t)
{
    uint64_t n = (uint64_t)__builtin_popcountll(t->local_any) + (uint64_t)__builtin_popcountll(t->shared);
    for (uint32_t k = 0; k < t->program->regs; k++)
        n += (uint64_t)__builtin_popcountll(t->reg[k]);
    for (uint32_t k = 0; k < t->program->local_bytes; k++)
        n += (uint64_t)__builtin_popcountll(t->local[k]);
    return n;
}

static void check_flow(struct taint *t, const struct insn *i)
{
    uint64_t guard = i->guard_off >= 0 ? t->reg[i->guard_reg] : 0;
    bool memory = i->fn == op_load || i->fn == op_store || i->fn == op_atomic;
    if (i->kind != I_PLAIN) {
        uint64_t in = guard | (i->kind == I_BRANCH_TABLE ? t->reg[i->s[0].reg] : 0);
        t->shape |= in;
        if (in & DATA)
            finding(t->audit, i, "data-branch", "`%s` depends on data", i->name);
        if (i->kind == I_SYNC) {
            uint64_t mask = t->reg[i->s[i->ns - 1].reg];
            if (i->fn == op_shfl)
                mask |= t->reg[i->s[1].reg] | t->reg[i->s[2].reg];
            t->shape |= mask;
            if (mask & DATA)
                finding(t->audit, i, "data-address", "lanes that `%s` reads depend on data", i->name);
        }
    } else if (memory) {
        uint64_t in = guard | t->reg[i->s[0].reg];
        t->shape |= in;
        if (in & DATA)
            finding(t->audit, i, "data-address", "%s of `%s` depends on data", guard & DATA ? "execution" : "address", i->name);
    } else if (strncmp(i->name, "div.", 4) == 0 || strncmp(i->name, "rem.", 4) == 0) {
        if (!(i->flags & (F_F32 | F_F64)) && t->reg[i->s[1].reg] & DATA)
            finding(t->audit, i, "data-divisor", "integer divisor of `%s` depends on data", i->name);
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
static void describe_shape(struct taint *t)
{
    const struct function *f = t->program->function;
    char *out = t->audit->shape;
    size_t left = sizeof t->audit->shape, used = 0;
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
    struct taint t = {.program = p, .audit = audit};
    t.reg = calloc(p->regs, sizeof *t.reg);
    t.local = calloc(p->local_bytes + 1, sizeof *t.local);
    if (!t.reg || !t.local)
        abort();
    for (uint64_t before = UINT64_MAX, now = 0; before != now;) {
        before = now;
        for (int k = 0; k < p->count; k++)
            flow(&t, &p->code[k]);
        now = total(&t);
    }
    for (int k = 0; k < p->count - 1; k++) {
        check_flow(&t, &p->code[k]);
        check_rounding(audit, &p->code[k]);
        count(audit, &p->code[k]);
    }
    audit->instructions = (unsigned)p->count - 1;
    audit->registers = p->regs - 1;
    audit->shared_bytes = p->shared_bytes;
    describe_shape(&t);
    list_constants(audit, p);
    free(t.reg);
    free(t.local);
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
