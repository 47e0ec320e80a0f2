/* SPDX-License-Identifier: Apache-2.0 */
/* Second tier: operation counts of the machine code that ptxas made, against those of the PTX. */
#ifndef MMAX_PTX_CUBIN_H
#define MMAX_PTX_CUBIN_H

#include "ptx.h"

enum sass_op { SASS_DFMA, SASS_DMUL, SASS_DADD, SASS_FFMA, SASS_FMUL, SASS_FADD, SASS_OPS };
/* moves: of the DADD, those whose first operand is the zero register, -0 then, which move an absolute value or a negation and
   round nothing; local: loads and stores of local memory. */
struct sass_counts { unsigned op[SASS_OPS], moves, instructions, registers, local, sm; };
struct cubin_launch { unsigned threads, dynamic_shared; };      /* of a block; threads 0: what the kernel declares */

/* Counts in section .text.<kernel> of a cubin; 0, or 2 with `error`. */
int cubin_counts(const unsigned char *data, size_t size, const char *kernel, struct sass_counts *counts, char error[MMAX_PTX_ERROR_SIZE]);
/* Prints occupancy and the comparison for one kernel and adds to *findings where the counts differ from what the PTX asks
   for. 0, or 2 (printed). */
int cubin_compare(struct mmax_ptx_module *module, const char *kernel, const char *path, const struct cubin_launch *launch, size_t *findings);

#endif
