/* SPDX-License-Identifier: Apache-2.0 */
/* Loads, stores and atomics: where an address lies, alignment, initialisation, races, and traffic counts. */
#include <string.h>

#include "ops.h"

static struct region *inside(struct region *r, uint64_t address, uint64_t size, uint64_t *at)
{
    if (address - r->base >= r->size || size > r->size - (address - r->base))
        return NULL;
    *at = address - r->base;
    return r;
}

static struct region *global_at(struct mmax_ptx_machine *m, uint64_t address, uint64_t size, uint64_t *at)
{
    struct region *r = m->last ? inside(m->last, address, size, at) : NULL;
    for (int k = 0; !r && k < m->regions; k++)
        if ((r = inside(&m->region[k], address, size, at)))
            m->last = r;
    return r ? r : inside(&m->global_vars, address, size, at);
}

static struct region *shared_at(struct warp *w, enum space space, uint64_t address, uint64_t size, uint64_t *at, const char **why)
{
    struct cluster *c = w->block->cluster;
    struct block *owner = w->block;
    if (space == S_CLUSTER) {
        if (address / RANK_STEP >= c->blocks)
            return NULL;
        owner = &c->block[address / RANK_STEP];
        if (owner->live_threads == 0) {
            *why = "shared memory of a block that has exited";
            return NULL;
        }
    }
    return inside(&owner->shared, address, size, at);
}

struct region *region_at(struct warp *w, int lane, enum space space, uint64_t address, uint64_t size, uint64_t *at,
                         const char **why)
{
    struct mmax_ptx_machine *m = w->block->machine;
    *why = "no memory at this address";
    if (space == S_GENERIC) {
        uint64_t window = address & ~(WINDOW_SIZE - 1);
        space = window == SHARED_WINDOW ? S_CLUSTER : window == LOCAL_WINDOW ? S_LOCAL : window == CONST_WINDOW ? S_CONST
              : window == PARAM_WINDOW ? S_PARAM : S_GLOBAL;
        if (space != S_GLOBAL)
            address -= window;
    }
    switch (space) {
    case S_GLOBAL:
        return global_at(m, address, size, at);
    case S_SHARED:
    case S_CLUSTER:
        return shared_at(w, space, address, size, at, why);
    case S_CONST:
        return inside(&m->const_vars, address, size, at);
    case S_PARAM:
        return inside(&m->params, address, size, at);
    default: {
        uint64_t each = w->local.size / LANES;
        if (address >= each || size > each - address)
            return NULL;
        *at = each * (unsigned)lane + address;
        return &w->local;
    }
    }
}

static void addresses(const struct warp *w, const struct insn *i, uint64_t out[LANES])
{
    if (i->flags & F_WIDE_BASE) {
        const uint64_t *base = SRC(uint64_t, 0);
        for (int l = 0; l < LANES; l++)
            out[l] = base[l] + (uint64_t)i->imm;
    } else {
        const uint32_t *base = SRC(uint32_t, 0);
        for (int l = 0; l < LANES; l++)
            out[l] = base[l] + (uint64_t)i->imm;
    }
}

/* 32-byte sectors that the active lanes touch, each counted once. */
static unsigned count_sectors(const uint64_t a[LANES], uint32_t mask, unsigned size)
{
    uint64_t seen[LANES * 2];
    unsigned count = 0;
    for (; mask; mask &= mask - 1) {
        uint64_t at = a[__builtin_ctz(mask)];
        for (uint64_t s = at >> 5; s <= (at + size - 1) >> 5; s++) {
            unsigned k = count;
            while (k > 0 && seen[k - 1] != s)
                k--;
            if (k == 0)
                seen[count++] = s;
        }
    }
    return count;
}

static void count_access(struct warp *w, const struct region *r, const uint64_t a[LANES], unsigned size, bool load, bool contiguous)
{
    struct mmax_ptx_counts *c = &w->block->machine->counts;
    if (r->space == S_SHARED) {
        c->shared_accesses++;
    } else if (r->space == S_GLOBAL) {
        uint64_t bytes = (uint64_t)size * (w->mask == ALL_LANES ? LANES : (unsigned)__builtin_popcount(w->mask));
        uint64_t sectors = contiguous ? ((a[0] + LANES * size - 1) >> 5) - (a[0] >> 5) + 1 : count_sectors(a, w->mask, size);
        *(load ? &c->global_load_bytes : &c->global_store_bytes) += bytes;
        *(load ? &c->global_load_sectors : &c->global_store_sectors) += sectors;
        c->global_accesses++;
        c->wide_accesses += size >= 16;
    }
}

static bool initialised(const struct region *r, uint64_t at, uint64_t size)
{
    return !r->init || memchr(r->init + at, 0, (size_t)size) == NULL;
}

static bool stores_same(const struct warp *w, const struct insn *i, int lane, const struct region *r, uint64_t at, unsigned element)
{
    if (!initialised(r, at, element * i->nvec))
        return false;
    for (unsigned k = 0; k < i->nvec; k++) {
        uint64_t v = get_lane(w->file + i->vec[k].off, i->aux, (unsigned)lane);
        if (memcmp(r->data + at + k * element, &v, element) != 0)
            return false;
    }
    return true;
}

/* The place of one lane's access, or NULL after a report. */
static struct region *place(struct warp *w, const struct insn *i, int lane, uint64_t address, unsigned size, bool store, uint64_t *at)
{
    const char *why;
    struct region *r = region_at(w, lane, (enum space)i->space, address, size, at, &why);
    if (!r) {
        report_lanes(w, i, MMAX_PTX_OUT_OF_BOUNDS, 1u << lane, address, "%s of %u bytes: %s", store ? "store" : "load", size, why);
        return NULL;
    }
    if (address & (size - 1)) {
        report_lanes(w, i, MMAX_PTX_MISALIGNED, 1u << lane, address, "%s of %u bytes at an address that is not a multiple of it",
                     store ? "store" : "load", size);
        return NULL;
    }
    if (store && !r->writable) {
        report_lanes(w, i, MMAX_PTX_READ_ONLY, 1u << lane, address, "store to memory that may not change");
        return NULL;
    }
    return r;
}

static uint64_t extended(uint64_t v, const struct insn *i, unsigned size)
{
    if (i->aux == size || size == 8)
        return v;
    unsigned spare = 64 - 8 * size;
    return type_is_signed((enum type)i->type) ? (uint64_t)((int64_t)(v << spare) >> spare) : v;
}

static uint64_t read_bytes(const unsigned char *from, unsigned size)
{
    uint64_t v = 0;
    if (size == 4) {
        uint32_t u;
        memcpy(&u, from, 4);
        return u;
    }
    memcpy(&v, from, size);
    return v;
}

static void load_element(struct warp *w, const struct insn *i, unsigned size, int lane, const unsigned char *from)
{
    for (unsigned k = 0; k < i->nvec; k++)
        put_lane(w->file + i->vec[k].off, i->aux, (unsigned)lane, extended(read_bytes(from + size * k, size), i, size));
}

/* All active lanes read one address: parameters, constants, and broadcasts. */
static bool load_uniform(struct warp *w, const struct insn *i, const uint64_t a[LANES], unsigned element, unsigned size)
{
    const uint64_t first = a[__builtin_ctz(w->mask)];
    uint64_t at;
    const char *why;
    if (i->space == S_LOCAL || (first & (size - 1)))
        return false;
    for (uint32_t m = w->mask; m; m &= m - 1)
        if (a[__builtin_ctz(m)] != first)
            return false;
    struct region *r = region_at(w, 0, (enum space)i->space, first, size, &at, &why);
    if (!r || r->writable || !initialised(r, at, size))
        return false;
    count_access(w, r, a, size, true, false);
    for (unsigned k = 0; k < i->nvec; k++) {
        const uint64_t v = extended(read_bytes(r->data + at + element * k, element), i, element);
        unsigned char *to = w->file + i->vec[k].off;
        for (unsigned l = 0; l < LANES; l++)
            if (w->mask >> l & 1)
                put_lane(to, i->aux, l, v);
    }
    return true;
}

/* Do all 32 lanes access neighbouring memory of one region, aligned? Then `at` is where lane 0 begins. */
static struct region *whole_warp(struct warp *w, const struct insn *i, const uint64_t a[LANES], unsigned size, bool store, uint64_t *at)
{
    if (w->mask != ALL_LANES || i->space == S_LOCAL || (a[0] & (size - 1)))
        return NULL;
    uint64_t stray = 0;
    for (unsigned l = 0; l < LANES; l++)
        stray |= a[l] ^ (a[0] + l * size);
    const char *why;
    struct region *r = stray ? NULL : region_at(w, 0, (enum space)i->space, a[0], (uint64_t)LANES * size, at, &why);
    return r && r->space != S_LOCAL && (!store || r->writable) ? r : NULL;
}

void op_load(struct warp *w, const struct insn *i)
{
    uint64_t a[LANES], at = 0;
    unsigned element = type_size((enum type)i->type), size = element * i->nvec;
    bool counted = false;
    addresses(w, i, a);
    struct region *r = whole_warp(w, i, a, size, false, &at);
    if (r && initialised(r, at, LANES * size)) {
        count_access(w, r, a, size, true, true);
        if (r->writable)
            for (int l = 0; l < LANES; l++)
                shadow_access(w, i, l, r, at + (unsigned)l * size, size, i->flags & F_STRONG ? A_ATOMIC : A_READ);
        if (i->nvec == 1 && i->aux == element)
            memcpy(w->file + i->vec[0].off, r->data + at, LANES * size);
        else
            for (int l = 0; l < LANES; l++)
                load_element(w, i, element, l, r->data + at + (unsigned)l * size);
    } else if (!load_uniform(w, i, a, element, size)) {
        for (uint32_t m = w->mask; m; m &= m - 1) {
            int l = __builtin_ctz(m);
            static const unsigned char nothing[64];
            r = place(w, i, l, a[l], size, false, &at);
            if (r && !counted)
                count_access(w, r, a, size, true, false), counted = true;
            if (r && !initialised(r, at, size))
                report_lanes(w, i, MMAX_PTX_UNINIT_MEMORY, 1u << l, a[l], "load of memory that nothing has written");
            if (r && r->writable && r->space != S_LOCAL)
                shadow_access(w, i, l, r, at, size, i->flags & F_STRONG ? A_ATOMIC : A_READ);
            load_element(w, i, element, l, r ? r->data + at : nothing);
        }
    }
    for (int k = 0; k < i->nvec; k++)
        w->init[i->vec[k].reg] |= w->mask;
}

static void store_lane(struct warp *w, const struct insn *i, int lane, struct region *r, uint64_t at, unsigned element)
{
    for (unsigned k = 0; k < i->nvec; k++) {
        uint64_t v = get_lane(w->file + i->vec[k].off, i->aux, (unsigned)lane);
        if (element == 4)
            memcpy(r->data + at + 4 * k, &v, 4);
        else
            memcpy(r->data + at + k * element, &v, element);
    }
}

void op_store(struct warp *w, const struct insn *i)
{
    uint64_t a[LANES], at = 0;
    unsigned element = type_size((enum type)i->type), size = element * i->nvec;
    bool counted = false;
    for (int k = 0; k < i->nvec; k++) {
        uint32_t missing = w->mask & ~w->init[i->vec[k].reg];
        if (missing)
            report_lanes(w, i, MMAX_PTX_UNINIT_REGISTER, missing, 0, "store of a register that nothing has written: %s",
                         w->block->program->reg_name[i->vec[k].reg]);
    }
    addresses(w, i, a);
    enum access access = i->flags & F_STRONG ? A_ATOMIC : A_WRITE;
    struct region *r = whole_warp(w, i, a, size, true, &at);
    if (r) {
        count_access(w, r, a, size, false, true);
        for (int l = 0; l < LANES; l++)
            shadow_access(w, i, l, r, at + (unsigned)l * size, size, access);
        for (int l = 0; l < LANES; l++)
            store_lane(w, i, l, r, at + (unsigned)l * size, element);
        if (r->init)
            memset(r->init + at, 1, LANES * size);
        return;
    }
    for (uint32_t m = w->mask; m; m &= m - 1) {
        int l = __builtin_ctz(m);
        if (!(r = place(w, i, l, a[l], size, true, &at)))
            continue;
        if (!counted)
            count_access(w, r, a, size, false, false), counted = true;
        if (r->space != S_LOCAL)
            shadow_access(w, i, l, r, at, size, access == A_WRITE && stores_same(w, i, l, r, at, element) ? A_WRITE_SAME : access);
        store_lane(w, i, l, r, at, element);
        if (r->init)
            memset(r->init + at, 1, size);
    }
}

static double as_double(uint64_t v) { double d; memcpy(&d, &v, 8); return d; }
static uint64_t of_double(double d) { uint64_t v; memcpy(&v, &d, 8); return v; }
static float as_float(uint64_t v) { uint32_t u = (uint32_t)v; float f; memcpy(&f, &u, 4); return f; }
static uint64_t of_float(float f) { uint32_t u; memcpy(&u, &f, 4); return f != f ? 0x7fffffff : u; }

static uint64_t atomic_result(const struct insn *i, uint64_t old, uint64_t b, uint64_t c)
{
    enum type t = (enum type)i->type;
    int64_t so = t == T_S32 ? (int32_t)old : (int64_t)old, sb = t == T_S32 ? (int32_t)b : (int64_t)b;
    switch (i->type2) {
    case 0: return t == T_F64 ? of_double(as_double(old) + as_double(b)) : t == T_F32 ? of_float(as_float(old) + as_float(b)) : old + b;
    case 1: return type_is_signed(t) ? (uint64_t)(so < sb ? so : sb) : old < b ? old : b;
    case 2: return type_is_signed(t) ? (uint64_t)(so > sb ? so : sb) : old > b ? old : b;
    case 3: return old & b;
    case 4: return old | b;
    case 5: return old ^ b;
    case 6: return b;
    case 7: return old == b ? c : old;
    case 8: return old >= b ? 0 : old + 1;
    default: return old == 0 || old > b ? b : old - 1;
    }
}

/* Lanes act one after the other, in lane order: one of the orders that hardware may take. */
void op_atomic(struct warp *w, const struct insn *i)
{
    uint64_t a[LANES], at = 0;
    unsigned size = i->aux;
    bool counted = false;
    addresses(w, i, a);
    w->block->machine->counts.atomics++;
    for (uint32_t m = w->mask; m; m &= m - 1) {
        int l = __builtin_ctz(m);
        uint64_t old = 0, b = 0, c = 0;
        struct region *r = place(w, i, l, a[l], size, true, &at);
        if (r && r->space == S_LOCAL) {
            report_lanes(w, i, MMAX_PTX_OUT_OF_BOUNDS, 1u << l, a[l], "atomic on local memory");
            r = NULL;
        }
        memcpy(&b, w->file + i->s[1].off + size * (unsigned)l, size);
        if (i->ns > 2)
            memcpy(&c, w->file + i->s[2].off + size * (unsigned)l, size);
        if (r) {
            if (!counted)
                count_access(w, r, a, size, false, false), counted = true;
            if (!initialised(r, at, size))
                report_lanes(w, i, MMAX_PTX_UNINIT_MEMORY, 1u << l, a[l], "atomic on memory that nothing has written");
            shadow_access(w, i, l, r, at, size, A_ATOMIC);
            memcpy(&old, r->data + at, size);
            uint64_t value = atomic_result(i, old, b, c);
            memcpy(r->data + at, &value, size);
            if (r->init)
                memset(r->init + at, 1, size);
        }
        memcpy(w->file + i->d[0].off + size * (unsigned)l, &old, size);
    }
}
