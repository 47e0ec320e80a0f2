/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The row kernels of the reference: the definition of every output bit.
 * x: logits[n]; mask: mask[n] or NULL; 1 <= n <= 2^31-1; params valid
 * (mmax_params_check). Outputs may be x itself. Return MMAX_OK,
 * MMAX_ROW_MASKED or MMAX_ROW_NONFINITE.
 */
#ifndef MMAX_REF_KERNELS_REF_H
#define MMAX_REF_KERNELS_REF_H

#include "../multimax.h"

mmax_status mmax_row_forward_ref(const mmax_params *params, const float *x, const uint8_t *mask,
                                 size_t n, float *probs);

mmax_status mmax_row_log_ref(const mmax_params *params, const float *x, const uint8_t *mask,
                             size_t n, float *log_probs);

/* g: upstream gradient[n]; grad may be x, g or NULL; acc may be NULL. */
mmax_status mmax_row_backward_ref(const mmax_params *params, const float *x, const uint8_t *mask,
                                  size_t n, const float *g, float *grad, mmax_accumulator *acc);

/* target < n; smoothing in [0,1]. loss, grad and acc may be NULL. */
mmax_status mmax_row_loss_ref(const mmax_params *params, const float *x, const uint8_t *mask,
                              size_t n, size_t target, float smoothing, float grad_loss,
                              float *loss, float *grad, mmax_accumulator *acc);

#endif
