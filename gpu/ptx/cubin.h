/* SPDX-License-Identifier: Apache-2.0 */
/* Second tier: operation counts of the machine code that ptxas made, against those of the PTX. */
#ifndef MMAX_PTX_CUBIN_H
#define MMAX_PTX_CUBIN_H

#include "ptx.h"

struct sass_counts { unsigned dfma, dmul, dadd, ffma, fmul, fadd, mufu, instructions; };

/* Counts in .text.<kernel> of a cubin; 0, or 2 with `error`. */
int cubin_counts(const unsigned char *data, size_t size, const char *kernel, struct sass_counts *counts, char error[MMAX_PTX_ERROR_SIZE]);
/* Prints the comparison; adds to *findings where the machine code has fewer operations than the PTX. 0 or 2. */
int cubin_compare(struct mmax_ptx_module *module, const char *kernel, const char *path, size_t *findings);

#endif
