/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding of warp-wide instructions, barriers, branches and calls (which are inlined). */
#include "decode.h"

/* The member mask goes last in s[]; exec.c waits for its lanes. */
static struct insn *emit_sync(struct decoder *d, op_fn *fn)
{
    struct insn *i = emit(d, fn);
    i->kind = I_SYNC;
    return i;
}

static void second_destination(struct decoder *d, struct insn *i, const struct raw_operand *o, bool must)
{
    if (o->second >= 0) {
        struct raw_operand second = {.kind = O_REG, .reg = o->second};
        add_destination(i, destination(d, &second, T_PRED, 0));
    } else if (must && o->second == -1) {
        reject(d, "`%s` needs a destination pair d|p", d->raw->name);
    } else {
        add_destination(i, (struct operand){0, 0});
    }
}

void decode_shfl(struct decoder *d)
{
    static const char *const modes[] = {"up", "down", "bfly", "idx"};
    expect_operands(d, 5, 5);
    for (int k = 0; d->parts == 4 && part_is(d, 1, "sync") && part_is(d, 3, "b32") && k < 4; k++)
        if (part_is(d, 2, modes[k])) {
            struct insn *i = emit_sync(d, op_shfl);
            const struct raw_operand *o = d->raw->operand;
            i->aux = (uint8_t)k;
            i->flags = F_SHUFFLE;
            add_destination(i, destination(d, &o[0], T_B32, 0));
            second_destination(d, i, &o[0], false);
            add_source(i, source(d, &o[1], T_B32, 0));
            add_source(i, source(d, &o[2], T_B32, 0));
            add_source(i, source(d, &o[3], T_B32, 0));
            add_source(i, source(d, &o[4], T_B32, 0));
            return;
        }
    reject(d, "`%s` is not a form that is modelled", d->raw->name);
}

void decode_vote(struct decoder *d)
{
    static const char *const modes[] = {"all", "any", "uni", "ballot"};
    expect_operands(d, 3, 3);
    for (int k = 0; d->parts == 4 && part_is(d, 1, "sync") && k < 4; k++)
        if (part_is(d, 2, modes[k]) && part_is(d, 3, k == 3 ? "b32" : "pred")) {
            struct insn *i = emit_sync(d, op_vote);
            const struct raw_operand *o = d->raw->operand;
            i->aux = (uint8_t)k;
            i->saturate = o[1].negated;
            add_destination(i, destination(d, &o[0], k == 3 ? T_B32 : T_PRED, 0));
            add_source(i, source(d, &o[1], T_PRED, NEGATABLE));
            add_source(i, source(d, &o[2], T_B32, 0));
            return;
        }
    reject(d, "`%s` is not a form that is modelled", d->raw->name);
}

void decode_redux(struct decoder *d)
{
    static const char *const ops[] = {"add", "min", "max", "and", "or", "xor"};
    expect_operands(d, 3, 3);
    enum type t = part_type(d, d->parts - 1);
    bool nan = d->parts == 5 && part_is(d, 3, "NaN");
    for (int k = 1; t == T_F32 && (d->parts == 4 || nan) && part_is(d, 1, "sync") && k < 3; k++)
        if (part_is(d, 2, ops[k])) {        /* float32 on sm_100a: aux 6 min, 7 max, 8 more for .NaN */
            struct insn *i = emit_sync(d, op_redux);
            i->aux = (uint8_t)(5 + k + (nan ? 8 : 0));
            i->type = T_F32;
            add_destination(i, destination(d, &d->raw->operand[0], t, 0));
            add_source(i, source(d, &d->raw->operand[1], t, 0));
            add_source(i, source(d, &d->raw->operand[2], T_B32, 0));
            return;
        }
    for (int k = 0; d->parts == 4 && part_is(d, 1, "sync") && k < 6; k++)
        if (part_is(d, 2, ops[k]) && (k >= 3 ? t == T_B32 : t == T_U32 || t == T_S32)) {
            struct insn *i = emit_sync(d, op_redux);
            i->aux = (uint8_t)k;
            i->type = (uint8_t)t;
            add_destination(i, destination(d, &d->raw->operand[0], t, 0));
            add_source(i, source(d, &d->raw->operand[1], t, 0));
            add_source(i, source(d, &d->raw->operand[2], T_B32, 0));
            return;
        }
    reject(d, "`%s` is not a form that is modelled", d->raw->name);
}

void decode_match(struct decoder *d)
{
    expect_operands(d, 3, 3);
    bool all = part_is(d, 1, "all");
    enum type t = part_type(d, d->parts - 1);
    if (d->parts != 4 || !part_is(d, 2, "sync") || (!all && !part_is(d, 1, "any")) || (t != T_B32 && t != T_B64))
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    struct insn *i = emit_sync(d, op_match);
    i->aux = all;
    i->type = (uint8_t)t;
    add_destination(i, destination(d, &d->raw->operand[0], T_B32, 0));
    second_destination(d, i, &d->raw->operand[0], false);
    add_source(i, source(d, &d->raw->operand[1], t, 0));
    add_source(i, source(d, &d->raw->operand[2], T_B32, 0));
}

void decode_elect(struct decoder *d)
{
    expect_operands(d, 2, 2);
    if (d->parts != 2 || !part_is(d, 1, "sync"))
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    struct insn *i = emit_sync(d, op_elect);
    add_destination(i, destination(d, &d->raw->operand[0], T_B32, 0));
    second_destination(d, i, &d->raw->operand[0], true);
    add_source(i, source(d, &d->raw->operand[1], T_B32, 0));
}

static void decode_cluster_barrier(struct decoder *d)
{
    bool arrive = part_is(d, 2, "arrive");
    if (!arrive && !part_is(d, 2, "wait"))
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    expect_operands(d, 0, 0);
    struct insn *i = emit(d, NULL);
    i->kind = arrive ? I_CLUSTER_ARRIVE : I_CLUSTER_WAIT;
    for (int at = 3; at < d->parts; at++)
        if (part_is(d, at, "aligned"))
            i->flags |= F_ALIGNED;
        else if (!(arrive && part_is(d, at, "release")) && !(!arrive && part_is(d, at, "acquire")))
            reject(d, "`.%s` of `%s` is not modelled", d->part[at], d->raw->name);
}

/* bar.sync, bar.red, barrier{.cta}.sync/.red, bar.warp.sync, barrier.cluster.*. Barrier numbers and thread counts must
   be constants. aux: number; imm: thread count or 0; type2: 0 sync, 1 popc, 2 and, 3 or. */
void decode_barrier(struct decoder *d)
{
    bool bar = part_is(d, 0, "bar");
    if (bar && part_is(d, 1, "warp") && part_is(d, 2, "sync") && d->parts == 3) {
        expect_operands(d, 1, 1);
        struct insn *i = emit_sync(d, op_warp_barrier);
        add_source(i, source(d, &d->raw->operand[0], T_B32, 0));
        return;
    }
    if (part_is(d, 1, "cluster") && !bar) {
        decode_cluster_barrier(d);
        return;
    }
    static const char *const reductions[] = {"popc", "and", "or"};
    int at = 1 + part_is(d, 1, "cta"), red = 0;
    struct insn *i = emit(d, NULL);
    i->kind = I_BARRIER;
    i->flags = bar ? F_ALIGNED : 0;
    const struct raw_operand *o = d->raw->operand;
    int n = d->raw->operands, first = 0;
    if (part_is(d, at, "red")) {
        for (int k = 0; k < 3; k++)
            if (part_is(d, at + 1, reductions[k]))
                red = k + 1;
        at += 2;
        if (part_is(d, at, "aligned"))
            i->flags |= F_ALIGNED, at++;
        if (!red || at != d->parts - 1 || part_type(d, at) != (red == 1 ? T_U32 : T_PRED))
            reject(d, "`%s` is not a form that is modelled", d->raw->name);
        expect_operands(d, 3, 4);
        add_destination(i, destination(d, &o[0], red == 1 ? T_U32 : T_PRED, 0));
        i->saturate = o[n - 1].negated;
        add_source(i, source(d, &o[n - 1], T_PRED, NEGATABLE));
        first = 1;
        n--;
    } else if (part_is(d, at, "sync")) {
        at++;
        if (part_is(d, at, "aligned"))
            i->flags |= F_ALIGNED, at++;
        if (at != d->parts)
            reject(d, "`%s` is not a form that is modelled", d->raw->name);
        expect_operands(d, 1, 2);
    } else {
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    }
    i->type2 = (uint8_t)red;
    if (o[first].kind != O_INT || o[first].value >= BARRIERS)
        reject(d, "barrier number must be a constant below %d", BARRIERS);
    i->aux = (uint8_t)o[first].value;
    if (n - first > 1) {
        if (o[first + 1].kind != O_INT || o[first + 1].value % LANES || o[first + 1].value == 0 || o[first + 1].value > 1024)
            reject(d, "thread count of a barrier must be a constant multiple of %d", LANES);
        i->imm = (int64_t)o[first + 1].value;
    }
}

static void add_fixup(struct decoder *d, int slot, const char *label)
{
    struct instance *x = d->instance;
    x->fixup = grow_array(d->arena, x->fixup, x->fixups, sizeof *x->fixup);
    x->fixup[x->fixups++] = (struct fixup){d->program->count - 1, slot, label, d->raw->line};
}

void decode_branch(struct decoder *d)
{
    bool table = part_is(d, 0, "brx"), uniform = part_is(d, d->parts - 1, "uni");
    if (d->parts != 1 + table + uniform || (table && !part_is(d, 1, "idx")))
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    expect_operands(d, 1 + table, 1 + table);
    const struct raw_operand *o = d->raw->operand;
    if (o[table].kind != O_LABEL)
        reject(d, "branch target is not a label");
    struct insn *i = emit(d, NULL);
    i->kind = table ? I_BRANCH_TABLE : I_BRANCH;
    i->flags = uniform ? F_ALIGNED : 0;
    if (!table) {
        add_fixup(d, -1, o[0].text);
        return;
    }
    add_source(i, source(d, &o[0], T_U32, 0));
    const struct function *f = d->instance->function;
    for (int k = 0; k < f->insns; k++)
        if (f->insn[k].targets && strcmp(f->insn[k].label, o[1].text) == 0) {
            i->table = arena_alloc(d->arena, sizeof *i->table * (size_t)f->insn[k].target_count);
            i->imm = f->insn[k].target_count;
            for (int t = 0; t < f->insn[k].target_count; t++)
                add_fixup(d, t, f->insn[k].targets[t]);
            return;
        }
    reject(d, "`%s` is not a .branchtargets list", o[1].text);
}

static void bind(struct decoder *d, struct instance *x, struct variable **formal, int formals, const struct raw_operand *list)
{
    int given = list ? list->items : 0;
    if (given != formals)
        reject(d, "call of `%s` with %d operands where %d are declared", x->function->name, given, formals);
    for (int k = 0; k < formals; k++) {
        const struct raw_operand *o = &list->item[k];
        if (o->kind != O_SYMBOL || o->value || o->symbol->space != S_FRAME)
            reject(d, "only .param variables may be passed to a function");
        if (o->symbol->size != formal[k]->size || o->symbol->align < formal[k]->align)
            reject(d, "`%s` does not have the size and alignment of parameter `%s`", o->symbol->name, formal[k]->name);
        x->frame[formal[k]->id] = d->instance->frame[o->symbol->id];
    }
}

void decode_call(struct decoder *d)
{
    if (d->parts != 1 + part_is(d, 1, "uni"))
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    expect_operands(d, 1, 3);
    const struct raw_operand *o = d->raw->operand;
    int n = d->raw->operands, at = o[0].kind == O_VECTOR;
    if (at >= n || o[at].kind != O_LABEL || n - at > 2 || (n - at == 2 && o[at + 1].kind != O_VECTOR))
        reject(d, "indirect calls are not modelled");
    struct function *f = find_function(d->module, o[at].text, strlen(o[at].text));
    if (!f || !f->defined || f->kernel)
        reject(d, "function `%s` is not defined in this file", o[at].text);
    int depth = 0;
    for (struct instance *c = d->instance; c; c = c->caller, depth++)
        if (c->function == f || depth > 30)
            reject(d, "recursion is not modelled (`%s`)", f->name);
    struct instance *x = arena_alloc(d->arena, sizeof *x);
    x->function = f;
    x->frame = arena_alloc(d->arena, sizeof *x->frame * ((size_t)f->variables + 1));
    bind(d, x, f->result, f->results, at ? &o[0] : NULL);
    bind(d, x, f->formal, f->formals, n - at == 2 ? &o[at + 1] : NULL);
    const struct raw_insn *raw = d->raw;
    int skip = -1;
    if (raw->guard >= 0) {      /* lanes that do not call jump over the body */
        struct insn *i = emit(d, NULL);
        i->kind = I_BRANCH;
        i->guard_negated = !i->guard_negated;
        skip = d->program->count - 1;
    }
    decode_body(d, x);
    d->raw = raw;
    if (skip >= 0)
        d->program->code[skip].target = d->program->count;
}

void decode_return(struct decoder *d)
{
    expect_operands(d, 0, 0);
    if (d->parts != 1 && !(d->parts == 2 && part_is(d, 0, "ret") && part_is(d, 1, "uni")))
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    struct insn *i = emit(d, NULL);
    i->kind = part_is(d, 0, "trap") ? I_TRAP : I_EXIT;
    if (part_is(d, 0, "ret") && d->instance->caller) {
        i->kind = I_BRANCH;
        struct instance *x = d->instance;
        x->end = grow_array(d->arena, x->end, x->ends, sizeof *x->end);
        x->end[x->ends++] = d->program->count - 1;
    }
}
