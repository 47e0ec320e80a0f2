/* SPDX-License-Identifier: Apache-2.0 */
#include "lanes_avx512.h"
#include "cells_f32.h"
#include "rows_loss.h"
#include "rows_forward.h"

const mmax_kernels mmax_kernels_avx512 = {rows_forward, rows_log, rows_backward,
                                          rows_cross_entropy, V_CHUNK};
