/* SPDX-License-Identifier: Apache-2.0 */
/* Where the values of a kernel come from: one label per kernel parameter offset, and DATA. */
#ifndef MMAX_PTX_TAINT_H
#define MMAX_PTX_TAINT_H

#include "ops.h"

#define DATA (UINT64_C(1) << 63)
enum { LABELS = 63 };

struct known { bool is; int definitions; uint64_t value; };

struct taint {
    const struct program *program;
    uint64_t *reg;              /* labels per register */
    uint64_t *local;            /* per byte of local memory at constant addresses */
    struct known *known;        /* registers that hold a constant, as the address of a parameter does */
    uint64_t local_any, shared, shape;
    int64_t label_offset[LABELS]; int labels;
};

/* Labels of every register, to a fixed point. */
struct taint taint_of(const struct program *p);
void taint_free(struct taint *t);

/* regions.c: per instruction, where all ways from it meet again, and which registers are written before it on every way
   (malloc); and whether a branch only chooses between values, so that it may depend on data without memory accesses,
   barriers or initialised registers doing so. */
int *post_dominators(const struct program *p);
uint64_t *written_before(const struct program *p);
bool chooses_values(const struct program *p, const int *dominator, const uint64_t *before, int branch);

#endif
