/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Races. Every granule of writable memory remembers the last plain read, plain write and atomic access. Two accesses
 * by different threads, at least one a write and not both atomic, race unless ordered by
 *   - an earlier launch,
 *   - a barrier of the whole block (block.clock counts them), or of the whole cluster,
 *   - a bar.warp.sync of the whole warp (warp.clock).
 * Lockstep execution orders nothing. Partial barriers order nothing either, which is conservative.
 */
#include <stdlib.h>

#include "exec.h"

/* The mark stands for several threads of one warp, block, cluster, or of the grid. */
enum { MANY_WARP = 1, MANY_BLOCK = 2, MANY_CLUSTER = 4, MANY_GRID = 8, CTA_SCOPE = 16 };

static bool in_cluster(const struct cluster *c, uint32_t serial)
{
    return serial - c->first_serial < c->blocks;
}

/* Did everything that the mark stands for happen before what thread `me` of warp `w` does now? */
static bool ordered(const struct mark *m, const struct warp *w, const struct region *r, unsigned me)
{
    const struct block *b = w->block;
    if (m->serial == 0 || m->serial < b->machine->launch_serial)
        return true;
    if (r->space == S_SHARED && !in_cluster(b->cluster, m->serial))
        return true;            /* left by the previous tenant of this memory */
    if (m->flags & MANY_GRID)
        return false;
    if (m->flags & MANY_CLUSTER)
        return in_cluster(b->cluster, m->serial) && m->clock < b->cluster->phase;
    if (m->serial != b->serial)
        return in_cluster(b->cluster, m->serial) && m->clock < b->cluster->block[m->serial - b->cluster->first_serial].cluster_clock;
    if (m->clock < b->clock)
        return true;
    if ((m->flags & MANY_BLOCK) || m->thread / LANES != me / LANES)
        return false;
    return m->warp_clock < w->clock || (!(m->flags & MANY_WARP) && m->thread == me);
}

static void note(struct mark *m, bool is_ordered, const struct warp *w, unsigned lane, unsigned me, bool cta)
{
    const struct block *b = w->block;
    uint32_t clock = b->clock + (w->cluster_arrived >> lane & 1);
    uint16_t flags = cta ? CTA_SCOPE : 0;
    if (!is_ordered) {
        flags |= m->flags;
        if (m->serial == b->serial)
            flags |= m->thread / LANES == me / LANES && m->warp_clock == w->clock ? MANY_WARP : MANY_BLOCK;
        else
            flags |= in_cluster(b->cluster, m->serial) ? MANY_CLUSTER : MANY_GRID;
        if (flags & MANY_CLUSTER)
            clock = b->cluster->phase;
    }
    *m = (struct mark){b->serial, clock, w->clock, (uint16_t)me, flags};
}

static void race(struct warp *w, const struct insn *i, int lane, struct region *r, uint64_t at, const struct mark *m,
                 const char *now, const char *then, bool same)
{
    bool shared = r->space == S_SHARED;
    report_lanes(w, i, same ? MMAX_PTX_RACE_SAME_VALUE : shared ? MMAX_PTX_RACE_SHARED : MMAX_PTX_RACE_GLOBAL, 1u << lane, r->base + at,
                 "%s not ordered after the %s by %s %u", now, then,
                 m->serial == w->block->serial ? "thread" : "another block's thread", m->thread);
}

/* Marks for granules of 2^granule bytes, from the coarser ones there may be. */
static struct mark *make_marks(const struct region *r, const struct mark *coarse, uint8_t granule)
{
    size_t count = (size_t)((r->size + (1u << granule) - 1) >> granule);
    struct mark *m = calloc(count + 1, sizeof *m);
    if (!m)
        abort();
    for (size_t k = 0; coarse && k < count; k++)
        m[k] = coarse[k >> (r->granule - granule)];
    return m;
}

/* `at` counts from the start of the region, which need not be aligned: an access that straddles granules refines them. */
static void prepare(struct region *r, uint64_t at, unsigned size, enum access access)
{
    const uint8_t fit = (at | size) % 4 == 0 ? 2 : (at | size) % 2 == 0 ? 1 : 0;
    bool used = r->mark[A_READ] || r->mark[A_WRITE] || r->mark[A_ATOMIC];
    if (!used)
        r->granule = fit;
    for (int k = 0; fit < r->granule && k < A_KINDS; k++)
        if (r->mark[k]) {
            struct mark *fine = make_marks(r, r->mark[k], fit);
            free(r->mark[k]);
            r->mark[k] = fine;
        }
    if (fit < r->granule)
        r->granule = fit;
    if (!r->mark[access])
        r->mark[access] = make_marks(r, NULL, r->granule);
}

void shadow_access(struct warp *w, const struct insn *i, int lane, struct region *r, uint64_t at, unsigned size,
                   enum access access)
{
    static const char *const names[A_KINDS] = {"read", "write", "atomic access"};
    const bool same = access == A_WRITE_SAME;
    if (same)
        access = A_WRITE;
    prepare(r, at, size, access);
    const unsigned me = (unsigned)(w->id * LANES + lane);
    const bool cta = i->flags & F_CTA_SCOPE;
    if (r->space == S_SHARED && r != &w->block->shared)
        w->block->cluster->block[r->base / RANK_STEP].visit =
            (struct visit){w->block->cluster->phase + (w->cluster_arrived >> lane & 1), w, i, lane, r->base + at};
    for (uint64_t g = at >> r->granule; g <= (at + size - 1) >> r->granule; g++) {
        bool before[A_KINDS] = {true, true, true};
        for (int k = 0; k < A_KINDS; k++) {
            if (!r->mark[k])
                continue;
            const struct mark *m = &r->mark[k][g];
            before[k] = ordered(m, w, r, me);
            bool harmless = access == (enum access)k && access != A_WRITE;
            if (access == A_ATOMIC && k == A_ATOMIC && m->serial != w->block->serial && (cta || (m->flags & CTA_SCOPE)))
                harmless = false;
            if (!before[k] && !harmless)
                race(w, i, lane, r, g << r->granule, m, names[access], names[k], same && k == A_WRITE);
        }
        if ((i->flags & F_NC) && r->mark[A_WRITE] && r->mark[A_WRITE][g].serial >= w->block->machine->launch_serial)
            report_lanes(w, i, MMAX_PTX_STALE_NC, 1u << lane, r->base + at, "non-coherent load of memory written in this launch");
        note(&r->mark[access][g], before[access], w, (unsigned)lane, me, cta);
    }
}
