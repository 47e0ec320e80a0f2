/* SPDX-License-Identifier: Apache-2.0 */
/* Claim: occupancy follows from the limits that NVIDIA publishes per compute capability; cases worked out by hand. With
   -DWITH_PEER also: the same as NVIDIA's cuda_occupancy.h over registers, block sizes and shared memory. */
#include <stdio.h>

#include "occupancy.h"

static const struct { unsigned sm, threads, registers, shared, blocks, warps; enum occupancy_limit limit; } cases[] = {
    {80, 256, 32, 0, 8, 64, LIMIT_WARPS},
    {80, 256, 40, 0, 6, 48, LIMIT_REGISTERS},           /* 1280 a warp, 12 in a quarter of 16384 */
    {80, 256, 64, 0, 4, 32, LIMIT_REGISTERS},
    {80, 256, 65, 0, 3, 24, LIMIT_REGISTERS},           /* rounded up to 72 */
    {80, 32, 16, 0, 32, 32, LIMIT_BLOCKS},
    {80, 33, 16, 0, 32, 64, LIMIT_WARPS},               /* two warps a block */
    {80, 1024, 64, 0, 1, 32, LIMIT_REGISTERS},
    {80, 1024, 65, 0, 0, 0, LIMIT_REGISTERS},           /* does not launch */
    {80, 1025, 16, 0, 0, 0, LIMIT_WARPS},
    {80, 32, 255, 0, 8, 8, LIMIT_REGISTERS},
    {80, 32, 256, 0, 0, 0, LIMIT_REGISTERS},
    {80, 128, 32, 163 << 10, 1, 4, LIMIT_SHARED},
    {80, 128, 32, (163 << 10) + 1, 0, 0, LIMIT_SHARED},
    {86, 128, 32, 0, 12, 48, LIMIT_WARPS},
    {86, 32, 32, 0, 16, 16, LIMIT_BLOCKS},
    {89, 32, 32, 0, 24, 24, LIMIT_BLOCKS},
    {90, 128, 32, 48 << 10, 4, 16, LIMIT_SHARED},       /* 49 KiB of 228 */
    {90, 256, 128, 0, 2, 16, LIMIT_REGISTERS},
    {120, 256, 40, 0, 6, 48, LIMIT_WARPS},
    {120, 128, 32, 99 << 10, 1, 4, LIMIT_SHARED},
    {120, 128, 32, 100 << 10, 0, 0, LIMIT_SHARED},
    {75, 128, 32, 48 << 10, 1, 4, LIMIT_SHARED},
    {75, 64, 32, 0, 16, 32, LIMIT_WARPS}};

#ifdef WITH_PEER
#include <cuda_occupancy.h>

static int peer_blocks(unsigned sm, unsigned warps, unsigned shared_per_sm, unsigned threads, unsigned registers, unsigned shared)
{
    const unsigned kept = sm >= 80 ? 1024 : 0;
    cudaOccDeviceProp device = {.computeMajor = (int)sm / 10, .computeMinor = (int)sm % 10, .maxThreadsPerBlock = 1024,
                                .maxThreadsPerMultiprocessor = (int)warps * 32, .regsPerBlock = 65536, .regsPerMultiprocessor = 65536,
                                .warpSize = 32, .sharedMemPerBlock = 48 << 10, .sharedMemPerMultiprocessor = shared_per_sm,
                                .numSms = 1, .sharedMemPerBlockOptin = shared_per_sm - kept, .reservedSharedMemPerBlock = kept};
    cudaOccFuncAttributes kernel = {.maxThreadsPerBlock = 1024, .numRegs = (int)registers, .shmemLimitConfig = FUNC_SHMEM_LIMIT_OPTIN,
                                    .maxDynamicSharedSizeBytes = shared, .numBlockBarriers = 1};
    cudaOccDeviceState state = {.carveoutConfig = SHAREDMEM_CARVEOUT_MAX_SHARED};
    cudaOccResult result;
    return cudaOccMaxActiveBlocksPerMultiprocessor(&result, &device, &kernel, &state, (int)threads, shared) == CUDA_OCC_SUCCESS
         ? result.activeBlocksPerMultiprocessor : -1;
}

/* Warps and shared memory of a multiprocessor are what the device reports: taken from the programming guide here, too. */
static const struct { unsigned sm, warps, shared; } devices[] = {
    {75, 32, 64 << 10}, {80, 64, 164 << 10}, {86, 48, 100 << 10}, {87, 48, 164 << 10}, {89, 48, 100 << 10}, {90, 64, 228 << 10},
    {100, 64, 228 << 10}, {103, 64, 228 << 10}, {110, 48, 228 << 10}, {120, 48, 100 << 10}, {121, 48, 100 << 10}};

static unsigned compare(unsigned *checks)
{
    unsigned wrong = 0;
    for (size_t d = 0; d < sizeof devices / sizeof *devices; d++)
        for (unsigned threads = 1; threads <= 1024; threads += threads < 33 ? 31 : 32)
            for (unsigned registers = 1; registers <= 255; registers += 2)
                for (unsigned shared = 0; shared <= devices[d].shared; shared += shared < 4096 ? 777 : 7777) {
                    struct occupancy o;
                    bool known = occupancy_of(devices[d].sm, threads, registers, shared, &o);
                    int want = peer_blocks(devices[d].sm, devices[d].warps, devices[d].shared, threads, registers, shared);
                    ++*checks;
                    if ((!known || (int)o.blocks != want) && wrong++ < 10)
                        printf("sm_%u threads=%u registers=%u shared=%u: %u blocks, NVIDIA %d\n", devices[d].sm, threads, registers, shared,
                               o.blocks, want);
                }
    return wrong;
}
#endif

int main(void)
{
    unsigned wrong = 0, checks = sizeof cases / sizeof *cases, compared = 0;
    struct occupancy o;
    for (unsigned k = 0; k < checks; k++)
        if (!occupancy_of(cases[k].sm, cases[k].threads, cases[k].registers, cases[k].shared, &o) || o.blocks != cases[k].blocks ||
            o.warps != cases[k].warps || o.limit != cases[k].limit) {
            printf("case %u: %u blocks, %u warps, %s\n", k, o.blocks, o.warps, occupancy_limit_name(o.limit));
            wrong++;
        }
    if (occupancy_of(81, 32, 32, 0, &o) || occupancy_of(80, 0, 32, 0, &o))
        wrong++;
#ifdef WITH_PEER
    wrong += compare(&compared);
#endif
    printf("%s ptx_occupancy cases=%u compared-with-cuda_occupancy.h=%u wrong=%u\n", wrong ? "FAIL" : "PASS", checks, compared, wrong);
    return wrong != 0;
}
