/* SPDX-License-Identifier: Apache-2.0 */
#include "lanes_avx2.h"
#include "cells_bf16.h"
#include "rows_loss.h"
#include "rows_forward.h"

const mmax_kernels mmax_kernels_avx2_bf16 = {rows_forward, rows_log, rows_backward,
                                             rows_cross_entropy, V_CHUNK};
