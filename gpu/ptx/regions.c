/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which branches merely choose between values? The region of a branch is what can run between it and its immediate
 * post-dominator. If it holds only arithmetic, runs forward only, and leaves no register written on one side alone,
 * then whichever way the lanes go, memory accesses, barriers and initialised registers are the same.
 */
#include <stdlib.h>
#include <string.h>

#include "taint.h"

static void *array(size_t count, size_t size)
{
    void *p = calloc(count + 1, size);
    if (!p)
        abort();
    return p;
}

/* Successors of instruction k; p->count stands for the end. Returns how many (at most two, tables apart). */
static int successors(const struct program *p, int k, int out[2])
{
    const struct insn *i = &p->code[k];
    int n = 0;
    bool may_fall = i->guard_off >= 0 || (i->kind != I_BRANCH && i->kind != I_BRANCH_TABLE && i->kind != I_EXIT && i->kind != I_TRAP);
    if (i->kind == I_BRANCH)
        out[n++] = i->target;
    else if (i->kind == I_EXIT || i->kind == I_TRAP)
        out[n++] = p->count;
    if (may_fall)
        out[n++] = k + 1;
    return n;
}

struct graph { const struct program *p; int *first, *next, *from, edges; };     /* predecessor lists */

static void add_edge(struct graph *g, int from, int to)
{
    g->from[g->edges] = from;
    g->next[g->edges] = g->first[to];
    g->first[to] = g->edges++;
}

static struct graph predecessors(const struct program *p)
{
    size_t tables = 0;
    for (int k = 0; k < p->count; k++)
        tables += p->code[k].kind == I_BRANCH_TABLE ? (size_t)p->code[k].imm : 0;
    struct graph g = {.p = p, .first = array((size_t)p->count + 1, sizeof(int))};
    g.next = array((size_t)p->count * 2 + tables, sizeof(int));
    g.from = array((size_t)p->count * 2 + tables, sizeof(int));
    for (int k = 0; k <= p->count; k++)
        g.first[k] = -1;
    for (int k = 0; k < p->count; k++) {
        int next[2], n = successors(p, k, next);
        while (n--)
            add_edge(&g, k, next[n]);
        for (int t = 0; p->code[k].kind == I_BRANCH_TABLE && t < (int)p->code[k].imm; t++)
            add_edge(&g, k, p->code[k].table[t]);
    }
    return g;
}

static int meet_of(const int *dominator, const int *order, int a, int b)
{
    while (a != b)
        if (order[a] < order[b])
            a = dominator[a];
        else
            b = dominator[b];
    return a;
}

/* Immediate post-dominators by the algorithm of Cooper, Harvey and Kennedy on the reversed graph; -1: none. */
int *post_dominators(const struct program *p)
{
    const int end = p->count;
    struct graph g = predecessors(p);
    int *dominator = array((size_t)end + 1, sizeof(int)), *order = array((size_t)end + 1, sizeof(int));
    int *by_order = array((size_t)end + 1, sizeof(int)), *stack = array((size_t)end + 1, sizeof(int)), *edge = array((size_t)end + 1, sizeof(int));
    int depth = 0, done = 0;
    for (int k = 0; k <= end; k++) {
        dominator[k] = order[k] = -1;
        edge[k] = g.first[k];
    }
    stack[depth++] = end;
    order[end] = -2;
    while (depth) {         /* postorder of the reversed graph */
        int k = stack[depth - 1], e = edge[k];
        if (e < 0) {
            order[k] = done;
            by_order[done++] = k;
            depth--;
            continue;
        }
        edge[k] = g.next[e];
        if (order[g.from[e]] == -1) {
            order[g.from[e]] = -2;
            stack[depth++] = g.from[e];
        }
    }
    dominator[end] = end;
    for (bool changed = true; changed;) {
        changed = false;
        for (int n = done - 2; n >= 0; n--) {
            int k = by_order[n], best = -1, next[2], count = successors(p, k, next);
            for (int s = 0; s < count; s++)
                if (dominator[next[s]] >= 0)
                    best = best < 0 ? next[s] : meet_of(dominator, order, best, next[s]);
            for (int t = 0; p->code[k].kind == I_BRANCH_TABLE && t < (int)p->code[k].imm; t++)
                if (dominator[p->code[k].table[t]] >= 0)
                    best = best < 0 ? p->code[k].table[t] : meet_of(dominator, order, best, p->code[k].table[t]);
            if (best != dominator[k]) {
                dominator[k] = best;
                changed = true;
            }
        }
    }
    free(g.first), free(g.next), free(g.from);
    free(order), free(by_order), free(stack), free(edge);
    return dominator;
}

static bool touches_memory(const struct insn *i)
{
    bool load = i->fn == op_load && i->space != S_PARAM && i->space != S_CONST;
    return load || i->fn == op_store || i->fn == op_atomic;
}

static bool writes(const struct insn *i, uint32_t reg)
{
    for (int k = 0; k < i->nd; k++)
        if (i->d[k].reg == reg)
            return true;
    for (int k = 0; k < i->nvec && (i->flags & F_LOAD); k++)
        if (i->vec[k].reg == reg)
            return true;
    return false;
}

static bool reads(const struct insn *i, uint32_t reg)
{
    for (int k = 0; k < i->ns; k++)
        if (i->s[k].reg == reg)
            return true;
    for (int k = 0; k < i->nvec && !(i->flags & F_LOAD); k++)
        if (i->vec[k].reg == reg)
            return true;
    return i->guard_off >= 0 && i->guard_reg == reg;
}

/* Per instruction a set of registers (bits) that every way from the entry has written. Guarded writes do not count. */
uint64_t *written_before(const struct program *p)
{
    const size_t words = (p->regs + 63) / 64;
    uint64_t *in = array(((size_t)p->count + 1) * words, sizeof *in), *out = array(words, sizeof *out);
    memset(in + words, 0xff, (size_t)p->count * words * sizeof *in);
    for (bool changed = true; changed;) {
        changed = false;
        for (int k = 0; k < p->count; k++) {
            const struct insn *i = &p->code[k];
            memcpy(out, in + (size_t)k * words, words * sizeof *out);
            for (int n = 0; n < i->nd && i->guard_off < 0; n++)
                out[i->d[n].reg / 64] |= UINT64_C(1) << i->d[n].reg % 64;
            for (int n = 0; n < i->nvec && i->guard_off < 0 && (i->flags & F_LOAD); n++)
                out[i->vec[n].reg / 64] |= UINT64_C(1) << i->vec[n].reg % 64;
            int next[2], count = successors(p, k, next), targets = i->kind == I_BRANCH_TABLE ? (int)i->imm : 0;
            for (int t = 0; t < count + targets; t++) {
                uint64_t *to = in + (size_t)(t < count ? next[t] : i->table[t - count]) * words;
                for (size_t word = 0; word < words; word++) {
                    changed |= (to[word] & ~out[word]) != 0;
                    to[word] &= out[word];
                }
            }
        }
    }
    free(out);
    return in;
}

/* Is register `reg`, written somewhere in the region, written on every way to each of its readers? */
static bool always_written(const struct program *p, const uint64_t *before, const bool *in_region, int branch, int join, uint32_t reg)
{
    if (before[(size_t)branch * ((p->regs + 63) / 64) + reg / 64] >> reg % 64 & 1)
        return true;
    bool *have = array((size_t)(join - branch) + 1, sizeof *have), good = true;
    for (int k = branch + 1; k <= join; k++)
        have[k - branch] = true;
    for (int k = branch; k < join && good; k++) {       /* edges go forward: one pass in order */
        if (k != branch && !in_region[k])
            continue;
        good = k == branch || have[k - branch] || !reads(&p->code[k], reg);
        bool after = k != branch && (have[k - branch] || (writes(&p->code[k], reg) && p->code[k].guard_off < 0));
        int next[2], n = successors(p, k, next);
        while (n--)
            have[next[n] - branch] &= after;
    }
    bool at_join = have[join - branch];
    free(have);
    for (int k = 0; k < p->count && good && !at_join; k++)
        good = in_region[k] || k == branch || !reads(&p->code[k], reg);
    return good;
}

/* Does the branch at `branch` only choose between values? */
bool chooses_values(const struct program *p, const int *dominator, const uint64_t *before, int branch)
{
    const int join = dominator[branch];
    if (p->code[branch].kind != I_BRANCH || join <= branch || join >= p->count)
        return false;
    bool *in_region = array((size_t)p->count, sizeof *in_region), pure = true;
    int *stack = array((size_t)p->count * 2, sizeof *stack), depth = 0;
    stack[depth++] = branch;
    while (depth && pure) {
        int k = stack[--depth], next[2], n = successors(p, k, next);
        while (n--) {
            pure &= next[n] > k && next[n] <= join;
            if (!pure || next[n] == join || in_region[next[n]])
                continue;
            const struct insn *i = &p->code[next[n]];
            pure &= (i->kind == I_PLAIN || i->kind == I_BRANCH) && !touches_memory(i);
            in_region[next[n]] = true;
            stack[depth++] = next[n];
        }
    }
    for (int k = branch + 1; k < join && pure; k++)
        if (in_region[k]) {
            const struct insn *i = &p->code[k];
            for (int n = 0; n < i->nd && pure; n++)
                pure = !i->d[n].reg || always_written(p, before, in_region, branch, join, i->d[n].reg);
            for (int n = 0; n < i->nvec && pure && (i->flags & F_LOAD); n++)
                pure = !i->vec[n].reg || always_written(p, before, in_region, branch, join, i->vec[n].reg);
        }
    free(in_region);
    free(stack);
    return pure;
}
