/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler. A warp is a set of groups of lanes, each with a program counter; the group with the smallest counter
 * runs until it branches, waits, or meets another group, which it then joins. A cluster (usually of one block) runs
 * warp by warp; a warp runs until all its lanes have exited or wait.
 */
#include <limits.h>

#include "ops.h"

void execute(struct warp *w, const struct insn *i, uint32_t lanes)
{
    w->mask = lanes;
    uint32_t good = w->init[i->s[0].reg] & w->init[i->s[1].reg] & w->init[i->s[2].reg] & w->init[i->s[3].reg];
    if (lanes & ~good)
        for (int k = 0; k < i->ns; k++)
            if (lanes & ~w->init[i->s[k].reg])
                report_lanes(w, i, MMAX_PTX_UNINIT_REGISTER, lanes & ~w->init[i->s[k].reg], 0,
                             "reads a register that nothing has written: %s", w->block->program->reg_name[i->s[k].reg]);
    if (i->nvec && (i->flags & (F_LOAD | F_STORE)) && i->fn != op_load && i->fn != op_store) {     /* packing moves */
        for (int k = 0; k < i->nvec; k++)
            if (i->flags & F_LOAD)
                w->init[i->vec[k].reg] |= lanes;
            else if (lanes & ~w->init[i->vec[k].reg])
                report_lanes(w, i, MMAX_PTX_UNINIT_REGISTER, lanes & ~w->init[i->vec[k].reg], 0,
                             "reads a register that nothing has written: %s", w->block->program->reg_name[i->vec[k].reg]);
    }
    i->fn(w, i);
    if ((i->flags & F_F64) && (i->flags & (F_FMA | F_MUL | F_ADD | F_DIV)) && w->block->machine->choices.digest) {
        const uint64_t *d = DST(uint64_t, 0);
        for (uint32_t m = lanes; m; m &= m - 1)
            w->block->machine->counts.f64_digest += mmax_ptx_digest_of(d[__builtin_ctz(m)]);
    }
    w->init[i->d[0].reg] |= lanes;
    w->init[i->d[1].reg] |= lanes;
}

static void add_group(struct warp *w, int pc, uint32_t mask, enum group_state state, int barrier)
{
    if (mask)
        w->group[w->groups++] = (struct group){.pc = pc, .mask = mask, .state = state, .barrier = (uint8_t)barrier};
}

/* Takes the running group with the smallest counter out of the warp, joined with all others at the same place. */
static bool take_group(struct warp *w, struct group *g)
{
    int best = -1;
    for (int k = 0; k < w->groups; k++)
        if (w->group[k].state == G_RUN && (best < 0 || w->group[k].pc < w->group[best].pc))
            best = k;
    if (best < 0)
        return false;
    *g = (struct group){.pc = w->group[best].pc, .state = G_RUN};
    for (int k = 0; k < w->groups;)
        if (w->group[k].pc == g->pc && (w->group[k].state == G_RUN || w->group[k].state == G_SYNC)) {
            g->mask |= w->group[k].mask;
            w->group[k] = w->group[--w->groups];
        } else {
            k++;
        }
    return true;
}

static int next_group_pc(const struct warp *w)
{
    int stop = INT_MAX;
    for (int k = 0; k < w->groups; k++)
        if ((w->group[k].state == G_RUN || w->group[k].state == G_SYNC) && w->group[k].pc < stop)
            stop = w->group[k].pc;
    return stop;
}

static void lanes_exit(struct warp *w, uint32_t lanes)
{
    struct block *b = w->block;
    const struct visit *v = &b->visit;
    w->exited |= lanes;
    b->live_threads -= (unsigned)__builtin_popcount(lanes);
    if (b->live_threads == 0 && v->phase >= b->cluster->phase)
        report_lanes(v->warp, v->insn, MMAX_PTX_OUT_OF_BOUNDS, 1u << v->lane, v->address,
                     "shared memory of a block that may have exited: no cluster barrier lies between");
    for (int k = 0; k < w->groups; k++)
        if (w->group[k].state == G_SYNC)    /* may have waited for the lanes that are gone */
            w->group[k].state = G_RUN;
}

/* Executes a .sync instruction for every set of lanes whose member mask is complete; the others wait. */
static void meet(struct warp *w, const struct insn *i, int pc, uint32_t lanes)
{
    const struct operand mask_operand = i->s[i->ns - 1];
    const uint32_t *masks = (const uint32_t *)(const void *)(w->file + mask_operand.off);
    while (lanes) {
        uint32_t wanted = masks[__builtin_ctz(lanes)], set = 0;
        for (uint32_t m = lanes; m; m &= m - 1)
            if (masks[__builtin_ctz(m)] == wanted)
                set |= m & -m;
        lanes &= ~set;
        if (wanted & w->lanes & ~w->exited & ~set) {
            add_group(w, pc, set, G_SYNC, 0);
        } else {
            report_lanes(w, i, MMAX_PTX_SYNC_MASK, set & ~wanted, 0, "executes with member mask 0x%08x, which does not name it", wanted);
            execute(w, i, set);
            add_group(w, pc + 1, set, G_RUN, 0);
        }
    }
}

static void check_aligned(struct warp *w, const struct insn *i, uint32_t lanes)
{
    uint32_t live = w->lanes & ~w->exited;
    if ((i->flags & F_ALIGNED) && lanes != live)
        report_lanes(w, i, MMAX_PTX_DIVERGENT_BARRIER, lanes, 0, "barrier reached by %d of the %d live lanes of the warp",
                     __builtin_popcount(lanes), __builtin_popcount(live));
}

static void arrive(struct warp *w, const struct insn *i, int pc, uint32_t lanes)
{
    struct barrier *b = &w->block->barrier[i->aux];
    check_aligned(w, i, lanes);
    if (b->used && b->line != i->line)
        report_lanes(w, i, MMAX_PTX_DIVERGENT_BARRIER, lanes, 0, "barrier %d is waited for at line %d at the same time", i->aux, b->line);
    if (b->used && b->expected != (uint32_t)i->imm)
        report_lanes(w, i, MMAX_PTX_UNDEFINED, lanes, 0, "barrier %d is used with different thread counts", i->aux);
    if (i->type2) {
        w->mask = lanes;
        uint32_t p = get_predicate(w, i->s[0]);
        if (lanes & ~w->init[i->s[0].reg])
            report_lanes(w, i, MMAX_PTX_UNINIT_REGISTER, lanes & ~w->init[i->s[0].reg], 0, "barrier reduces a register that nothing has written");
        b->count += (unsigned)__builtin_popcount((i->saturate ? ~p : p) & lanes);
    }
    b->arrived += (unsigned)__builtin_popcount(lanes);
    b->expected = (uint32_t)i->imm;
    b->line = i->line;
    b->used = true;
    w->block->machine->counts.barriers++;
    add_group(w, pc, lanes, G_BARRIER, i->aux);
}

static void deliver(struct warp *w, const struct insn *i, uint32_t lanes, const struct barrier *b)
{
    if (!i->type2)
        return;
    uint32_t *d = DST(uint32_t, 0);
    w->mask = lanes;
    w->init[i->d[0].reg] |= lanes;
    if (i->type2 == 1)
        EACH_LANE(d[l] = b->count);
    else
        set_predicate(w, i->d[0], (i->type2 == 2 ? b->count == b->arrived : b->count != 0) ? ALL_LANES : 0);
}

/* Lets the waiting groups of every complete barrier go on. */
static bool release_barriers(struct block *b)
{
    bool any = false;
    for (int id = 0; id < BARRIERS; id++) {
        struct barrier *r = &b->barrier[id];
        uint32_t needed = r->expected && r->expected < b->live_threads ? r->expected : b->live_threads;
        if (!r->used || r->arrived < needed)
            continue;
        if (r->arrived >= b->live_threads)
            b->clock++;
        for (int k = 0; k < b->warps; k++)
            for (int g = 0; g < b->warp[k].groups; g++) {
                struct group *waiting = &b->warp[k].group[g];
                if (waiting->state != G_BARRIER || waiting->barrier != id)
                    continue;
                deliver(&b->warp[k], &b->program->code[waiting->pc], waiting->mask, r);
                waiting->state = G_RUN;
                waiting->pc++;
            }
        *r = (struct barrier){0};
        any = true;
    }
    return any;
}

static void cluster_arrive(struct warp *w, const struct insn *i, uint32_t lanes)
{
    check_aligned(w, i, lanes);
    if (lanes & (w->cluster_arrived | w->cluster_ready))
        report_lanes(w, i, MMAX_PTX_DIVERGENT_BARRIER, lanes & (w->cluster_arrived | w->cluster_ready), 0,
                     "arrives at the cluster barrier twice without waiting");
    w->block->cluster->arrived += (unsigned)__builtin_popcount(lanes & ~w->cluster_arrived);
    w->cluster_arrived |= lanes;
    w->block->machine->counts.barriers++;
}

static void cluster_wait(struct warp *w, const struct insn *i, int pc, uint32_t lanes)
{
    check_aligned(w, i, lanes);
    uint32_t stray = lanes & ~(w->cluster_arrived | w->cluster_ready);
    if (stray)
        report_lanes(w, i, MMAX_PTX_DIVERGENT_BARRIER, stray, 0, "waits at the cluster barrier without having arrived");
    add_group(w, pc + 1, lanes & (w->cluster_ready | stray), G_RUN, 0);
    add_group(w, pc, lanes & w->cluster_arrived, G_CLUSTER, 0);
    w->cluster_ready &= ~lanes;
}

static bool release_cluster(struct cluster *c)
{
    uint32_t live = 0;
    for (unsigned k = 0; k < c->blocks; k++)
        live += c->block[k].live_threads;
    if (c->arrived == 0 || c->arrived < live)
        return false;
    c->arrived = 0;
    c->phase++;
    for (unsigned k = 0; k < c->blocks; k++) {
        struct block *b = &c->block[k];
        b->cluster_clock = ++b->clock;
        for (int n = 0; n < b->warps; n++) {
            struct warp *w = &b->warp[n];
            w->cluster_ready |= w->cluster_arrived;
            w->cluster_arrived = 0;
            for (int g = 0; g < w->groups; g++)
                if (w->group[g].state == G_CLUSTER)
                    w->group[g].state = G_RUN;
        }
    }
    return true;
}

static void branch_table(struct warp *w, const struct insn *i, uint32_t lanes)
{
    const uint32_t *index = SRC(uint32_t, 0);
    if (lanes & ~w->init[i->s[0].reg])
        report_lanes(w, i, MMAX_PTX_UNINIT_REGISTER, lanes & ~w->init[i->s[0].reg], 0, "branches on a register that nothing has written");
    while (lanes) {
        uint32_t at = index[__builtin_ctz(lanes)], set = 0;
        for (uint32_t m = lanes; m; m &= m - 1)
            if (index[__builtin_ctz(m)] == at)
                set |= m & -m;
        lanes &= ~set;
        if (at >= (uint64_t)i->imm) {
            report_lanes(w, i, MMAX_PTX_UNDEFINED, set, 0, "index %u of a table of %lld targets", at, (long long)i->imm);
            at = 0;
        }
        add_group(w, i->table[at], set, G_RUN, 0);
    }
}

/* Instructions that change the set of running lanes; the group has been taken out of the warp. */
static void control(struct warp *w, const struct insn *i, int pc, uint32_t mask, uint32_t lanes)
{
    if (i->kind != I_BRANCH)
        add_group(w, pc + 1, mask & ~lanes, G_RUN, 0);
    if (!lanes && i->kind != I_BRANCH)
        return;
    switch (i->kind) {
    case I_BRANCH:
        if (i->flags & F_ALIGNED)
            report_lanes(w, i, MMAX_PTX_UNDEFINED, lanes, 0, "branch marked uniform diverges");
        add_group(w, i->target, lanes, G_RUN, 0);
        add_group(w, pc + 1, mask & ~lanes, G_RUN, 0);
        break;
    case I_BRANCH_TABLE:
        branch_table(w, i, lanes);
        break;
    case I_EXIT:
        lanes_exit(w, lanes);
        break;
    case I_SYNC:
        meet(w, i, pc, lanes);
        break;
    case I_BARRIER:
        arrive(w, i, pc, lanes);
        break;
    case I_CLUSTER_ARRIVE:
        cluster_arrive(w, i, lanes);
        add_group(w, pc + 1, lanes, G_RUN, 0);
        break;
    case I_CLUSTER_WAIT:
        cluster_wait(w, i, pc, lanes);
        break;
    default:
        report_lanes(w, i, MMAX_PTX_TRAP, lanes, 0, "%s", i->name);
        w->block->machine->stop = true;
        lanes_exit(w, lanes);
        break;
    }
}

static void run_group(struct warp *w, struct group g)
{
    struct mmax_ptx_machine *m = w->block->machine;
    const struct insn *code = w->block->program->code;
    struct hit *hit = m->hit;
    const int stop = next_group_pc(w);
    int pc = g.pc;
    do {
        const struct insn *i = &code[pc];
        uint32_t lanes = g.mask;
        if (i->guard_off >= 0) {
            uint32_t p = *(const uint32_t *)(const void *)(w->file + i->guard_off);
            if (lanes & ~w->init[i->guard_reg])
                report_lanes(w, i, MMAX_PTX_UNINIT_REGISTER, lanes & ~w->init[i->guard_reg], 0,
                             "guarded by a predicate that nothing has written: %s", w->block->program->reg_name[i->guard_reg]);
            lanes &= i->guard_negated ? ~p : p;
        }
        hit[pc].warps++;
        hit[pc].lanes += lanes == ALL_LANES ? LANES : (unsigned)__builtin_popcount(lanes);
        if (--w->budget == 0) {
            report_lanes(w, i, MMAX_PTX_STEP_LIMIT, g.mask, 0, "the warp has executed more instructions than the step limit");
            m->stop = true;
            return;
        }
        if (i->kind == I_PLAIN) {
            if (lanes)
                execute(w, i, lanes);
            pc++;
        } else if (i->kind == I_BRANCH && (lanes == 0 || lanes == g.mask)) {
            pc = lanes ? i->target : pc + 1;
        } else {
            control(w, i, pc, g.mask, lanes);
            return;
        }
    } while (pc < stop && !m->stop);
    add_group(w, pc, g.mask, G_RUN, 0);
}

static void report_deadlock(struct cluster *c)
{
    for (unsigned k = 0; k < c->blocks; k++)
        for (int n = 0; n < c->block[k].warps; n++) {
            struct warp *w = &c->block[k].warp[n];
            for (int g = 0; g < w->groups; g++) {
                const struct group *x = &w->group[g];
                const struct insn *i = &c->block[k].program->code[x->pc];
                if (x->state == G_SYNC) {
                    const uint32_t *masks = (const uint32_t *)(const void *)(w->file + i->s[i->ns - 1].off);
                    uint32_t wanted = masks[__builtin_ctz(x->mask)];
                    report_lanes(w, i, MMAX_PTX_SYNC_MASK, x->mask, 0, "member mask 0x%08x names lanes 0x%08x that never come", wanted,
                                 wanted & w->lanes & ~w->exited & ~x->mask);
                } else {
                    report_lanes(w, i, MMAX_PTX_DIVERGENT_BARRIER, x->mask, 0, "waits at a barrier that other threads never reach");
                }
            }
        }
}

void run_cluster(struct cluster *c)
{
    struct mmax_ptx_machine *m = c->block[0].machine;
    for (;;) {
        bool progress = false, waiting = false;
        for (unsigned k = 0; k < c->blocks; k++)
            for (int n = 0; n < c->block[k].warps; n++) {
                struct warp *w = &c->block[k].warp[n];
                struct group g;
                while (!m->stop && take_group(w, &g)) {
                    run_group(w, g);
                    progress = true;
                }
                waiting |= w->groups != 0;
            }
        if (m->stop || !waiting)
            return;
        for (unsigned k = 0; k < c->blocks; k++)
            progress |= release_barriers(&c->block[k]);
        progress |= release_cluster(c);
        if (!progress) {
            report_deadlock(c);
            return;
        }
    }
}
