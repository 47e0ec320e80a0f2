/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits: CUDA C++ Programming Guide, appendix Compute Capabilities, table "Technical Specifications per Compute
 * Capability". Allocation: registers go to warps in steps of 256, a quarter of the file belongs to each of four
 * schedulers, and the launch check counts warps in fours; shared memory goes to blocks in steps of 128 bytes (256
 * before sm_80), and from sm_80 on the system keeps 1 KiB of every block's share.
 * tests/ptx_occupancy.sh compares all of it with NVIDIA's cuda_occupancy.h.
 */
#include "occupancy.h"

#include <stddef.h>

static const struct limits { unsigned sm, warps, blocks, shared; } table[] = {
    {75, 32, 16, 64 << 10}, {80, 64, 32, 164 << 10}, {86, 48, 16, 100 << 10}, {87, 48, 16, 164 << 10},
    {89, 48, 24, 100 << 10}, {90, 64, 32, 228 << 10}, {100, 64, 32, 228 << 10}, {103, 64, 32, 228 << 10},
    {110, 48, 24, 228 << 10}, {120, 48, 24, 100 << 10}, {121, 48, 24, 100 << 10}};

enum { WARP = 32, REGISTERS = 65536, REGISTER_STEP = 256, SCHEDULERS = 4, MOST_REGISTERS = 255, MOST_THREADS = 1024 };

static unsigned rounded_up(unsigned x, unsigned step)
{
    return (x + step - 1) / step * step;
}

static unsigned blocks_by_registers(unsigned warps, unsigned registers)
{
    const unsigned each = rounded_up(registers * WARP, REGISTER_STEP);
    if (registers > MOST_REGISTERS || each * rounded_up(warps, SCHEDULERS) > REGISTERS)
        return 0;
    return REGISTERS / SCHEDULERS / each * SCHEDULERS / warps;
}

static unsigned blocks_by_shared(const struct limits *l, unsigned shared)
{
    const unsigned kept = l->sm >= 80 ? 1024 : 0, most = l->shared - kept;
    if (shared > most)
        return 0;
    const unsigned each = rounded_up(shared + kept, l->sm >= 80 ? 128 : 256);
    return each ? l->shared / each : l->blocks;
}

static void at_most(struct occupancy *o, unsigned blocks, enum occupancy_limit limit)
{
    if (blocks < o->blocks) {
        o->blocks = blocks;
        o->limit = limit;
    }
}

bool occupancy_of(unsigned sm, unsigned threads, unsigned registers, unsigned shared, struct occupancy *out)
{
    const struct limits *l = NULL;
    for (size_t k = 0; k < sizeof table / sizeof *table; k++)
        if (table[k].sm == sm)
            l = &table[k];
    if (!l || threads == 0)
        return false;
    const unsigned warps = (threads + WARP - 1) / WARP;
    *out = (struct occupancy){.blocks = threads > MOST_THREADS ? 0 : l->warps / warps, .most_warps = l->warps, .limit = LIMIT_WARPS};
    at_most(out, l->blocks, LIMIT_BLOCKS);
    at_most(out, blocks_by_registers(warps, registers ? registers : 1), LIMIT_REGISTERS);
    at_most(out, blocks_by_shared(l, shared), LIMIT_SHARED);
    out->warps = out->blocks * warps;
    return true;
}

const char *occupancy_limit_name(enum occupancy_limit limit)
{
    static const char *const names[] = {"warps", "blocks", "registers", "shared memory"};
    return names[limit];
}
