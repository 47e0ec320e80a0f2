/* SPDX-License-Identifier: Apache-2.0 */
#include "lanes_avx512.h"
#include "rows_forward.h"

const mmax_kernels mmax_kernels_avx512 = {.forward = rows_forward};
