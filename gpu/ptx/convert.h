/* SPDX-License-Identifier: Apache-2.0 */
/* Conversion of one value between PTX types, in integers only: no host rounding mode takes part. */
#ifndef MMAX_PTX_CONVERT_H
#define MMAX_PTX_CONVERT_H

#include "module.h"

/* How the source is rounded: to nearest even, to zero, down, up. to_integral: the .rni .rzi .rmi .rpi forms. */
struct conversion { enum type to, from; int rounding; bool to_integral, saturate, flush; uint64_t nan64; };

uint64_t convert_bits(const struct conversion *c, uint64_t bits);

#endif
