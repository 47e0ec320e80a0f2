/* SPDX-License-Identifier: Apache-2.0 */
/* Warp-wide instructions. The scheduler calls them when all lanes of the member mask have met: w->mask is that set. */
#include <string.h>

#include "ops.h"

void op_shfl(struct warp *w, const struct insn *i)
{
    uint32_t in[LANES], *d = DST(uint32_t, 0), truth = 0;
    const uint32_t *pb = SRC(uint32_t, 1), *pc = SRC(uint32_t, 2);
    memcpy(in, SRC(uint32_t, 0), sizeof in);
    for (uint32_t m = w->mask; m; m &= m - 1) {
        const int lane = __builtin_ctz(m);
        const int b = (int)(pb[lane] & 31), c = (int)(pc[lane] & 31), segment = (int)(pc[lane] >> 8 & 31);
        const int low = lane & segment, high = low | (c & ~segment);
        int from;
        bool inside;
        switch (i->aux) {
        case 0: from = lane - b; inside = from >= high; break;
        case 1: from = lane + b; inside = from <= high; break;
        case 2: from = lane ^ b; inside = from <= high; break;
        default: from = low | (b & ~segment); inside = from <= high; break;
        }
        if (!inside)
            from = lane;
        else if (!(w->mask >> from & 1))
            report_lanes(w, i, MMAX_PTX_SHUFFLE_SOURCE, 1u << lane, 0, "reads lane %d, which does not take part", from);
        truth |= (uint32_t)inside << lane;
        d[lane] = in[from];
    }
    if (i->nd > 1)
        set_predicate(w, i->d[1], truth);
}

void op_vote(struct warp *w, const struct insn *i)
{
    uint32_t p = get_predicate(w, i->s[0]);
    uint32_t set = (i->saturate ? ~p : p) & w->mask, *d = DST(uint32_t, 0);
    if (i->aux == 3) {
        EACH_LANE(d[l] = set);
        return;
    }
    bool truth = i->aux == 0 ? set == w->mask : i->aux == 1 ? set != 0 : set == 0 || set == w->mask;
    set_predicate(w, i->d[0], truth ? ALL_LANES : 0);
}

/* Float32 minimum or maximum: a NaN loses (or wins, with .NaN), and -0 < +0. */
static uint32_t redux_float(const uint32_t *a, uint32_t mask, bool is_max, bool nan_wins)
{
    uint32_t r = UINT32_C(0x7fffffff);
    bool any_nan = false;
    for (; mask; mask &= mask - 1) {
        const uint32_t v = a[__builtin_ctz(mask)], m = v & UINT32_C(0x7fffffff);
        if (m > UINT32_C(0x7f800000)) {
            any_nan = true;
            continue;
        }
        /* the bits of floats order as integers once negative ones are complemented */
        const int64_t x = v >> 31 ? -1 - (int64_t)m : (int64_t)m, y = r >> 31 ? -1 - (int64_t)(r & UINT32_C(0x7fffffff)) : (int64_t)r;
        if (r == UINT32_C(0x7fffffff) || (is_max ? x > y : x < y))
            r = v;
    }
    return any_nan && nan_wins ? UINT32_C(0x7fffffff) : r;
}

void op_redux(struct warp *w, const struct insn *i)
{
    const uint32_t *a = SRC(uint32_t, 0);
    uint32_t *d = DST(uint32_t, 0), r = a[__builtin_ctz(w->mask)];
    bool is_signed = i->type == T_S32;
    if (i->type == T_F32) {
        r = redux_float(a, w->mask, (i->aux & 7) == 7, i->aux >> 3);
        EACH_LANE(d[l] = r);
        return;
    }
    for (uint32_t m = w->mask & (w->mask - 1); m; m &= m - 1) {
        uint32_t v = a[__builtin_ctz(m)];
        bool less = is_signed ? (int32_t)v < (int32_t)r : v < r;
        switch (i->aux) {
        case 0: r += v; break;
        case 1: r = less ? v : r; break;
        case 2: r = less ? r : v; break;
        case 3: r &= v; break;
        case 4: r |= v; break;
        default: r ^= v; break;
        }
    }
    EACH_LANE(d[l] = r);
}

void op_match(struct warp *w, const struct insn *i)
{
    uint64_t v[LANES] = {0};
    unsigned size = type_size((enum type)i->type);
    for (unsigned l = 0; l < LANES; l++)
        memcpy(&v[l], w->file + i->s[0].off + size * l, size);
    uint32_t result[LANES] = {0}, *d = DST(uint32_t, 0);
    bool all = true;
    for (unsigned l = 0; l < LANES; l++)
        for (unsigned k = 0; k < LANES; k++)
            if (w->mask >> l & w->mask >> k & 1) {
                result[l] |= (uint32_t)(v[l] == v[k]) << k;
                all = all && v[l] == v[k];
            }
    EACH_LANE(d[l] = i->aux ? (all ? w->mask : 0) : result[l]);
    if (i->nd > 1)
        set_predicate(w, i->d[1], all ? ALL_LANES : 0);
}

/* The lowest lane is elected; the ISA leaves the choice open. */
void op_elect(struct warp *w, const struct insn *i)
{
    uint32_t *d = DST(uint32_t, 0), leader = (uint32_t)__builtin_ctz(w->mask);
    EACH_LANE(d[l] = leader);
    set_predicate(w, i->d[1], UINT32_C(1) << leader);
}

/* Orders the memory accesses of the warp when every live lane takes part. */
void op_warp_barrier(struct warp *w, const struct insn *i)
{
    (void)i;
    if (w->mask == (w->lanes & ~w->exited))
        w->clock++;
}
