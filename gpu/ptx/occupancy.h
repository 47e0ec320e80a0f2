/* SPDX-License-Identifier: Apache-2.0 */
/* How many warps of a kernel one multiprocessor holds at a time, from registers, shared memory and block size. */
#ifndef MMAX_PTX_OCCUPANCY_H
#define MMAX_PTX_OCCUPANCY_H

#include <stdbool.h>

enum occupancy_limit { LIMIT_WARPS, LIMIT_BLOCKS, LIMIT_REGISTERS, LIMIT_SHARED };

struct occupancy { unsigned blocks, warps, most_warps; enum occupancy_limit limit; };

/* sm: 75, 80, 86, 87, 89, 90, 100, 103, 110, 120, 121. registers: of a thread, as ptxas allocates them. shared: bytes of a
   block, static and dynamic. False if the target is not in the table. No block fits: blocks 0, limit says why. */
bool occupancy_of(unsigned sm, unsigned threads, unsigned registers, unsigned shared, struct occupancy *out);
const char *occupancy_limit_name(enum occupancy_limit limit);

#endif
