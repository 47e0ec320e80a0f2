/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flow-insensitive taint. Labels flow from parameters (one per offset) and from memory (DATA: global memory, atomics,
 * float parameters) through registers, local and shared memory.
 */
#include <stdlib.h>
#include <string.h>

#include "taint.h"

static bool value_of(const struct taint *t, struct operand o, uint64_t *value)
{
    *value = t->known[o.reg].value;
    if (o.reg)
        return t->known[o.reg].is;
    for (int k = 0; k < t->program->constants; k++)
        if (t->program->constant[k].off == o.off) {
            *value = t->program->constant[k].bits;
            return true;
        }
    return false;
}

/* Registers written once, by a move or sum of constants. */
static void find_constants(struct taint *t)
{
    const struct program *p = t->program;
    for (int k = 0; k < p->count; k++) {
        const struct insn *i = &p->code[k];
        for (int n = 0; n < i->nd; n++)
            t->known[i->d[n].reg].definitions += t->known[i->d[n].reg].definitions < 2;
        for (int n = 0; n < i->nvec && (i->flags & F_LOAD); n++)
            t->known[i->vec[n].reg].definitions = 2;
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (int k = 0; k < p->count; k++) {
            const struct insn *i = &p->code[k];
            struct known *d = &t->known[i->d[0].reg];
            bool move = strncmp(i->name, "mov.", 4) == 0 && i->ns == 1;
            bool sum = (strcmp(i->name, "add.s64") == 0 || strcmp(i->name, "add.u64") == 0) && i->ns == 2;
            uint64_t a, b = 0;
            if (i->kind != I_PLAIN || i->nd != 1 || i->nvec || d->is || d->definitions != 1 || i->guard_off >= 0 || !i->d[0].reg ||
                !(move || sum) || !value_of(t, i->s[0], &a) || (sum && !value_of(t, i->s[1], &b)))
                continue;
            d->is = changed = true;
            d->value = a + b + (uint64_t)i->imm;
        }
    }
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
    uint64_t r = address, base;
    switch (i->space) {
    case S_PARAM:
        if (type_is_float((enum type)i->type) || !value_of(t, i->s[0], &base))
            return r | DATA;
        return r | parameter_label(t, (int64_t)base + i->imm);
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

struct taint taint_of(const struct program *p)
{
    struct taint t = {.program = p};
    t.reg = calloc(p->regs, sizeof *t.reg);
    t.local = calloc(p->local_bytes + 1, sizeof *t.local);
    t.known = calloc(p->regs, sizeof *t.known);
    if (!t.reg || !t.local || !t.known)
        abort();
    find_constants(&t);
    for (uint64_t before = UINT64_MAX, now = 0; before != now;) {
        before = now;
        for (int k = 0; k < p->count; k++)
            flow(&t, &p->code[k]);
        now = total(&t);
    }
    return t;
}

void taint_free(struct taint *t)
{
    free(t->reg);
    free(t->local);
    free(t->known);
}
