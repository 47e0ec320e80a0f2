/* SPDX-License-Identifier: Apache-2.0 */
/* The reference once more, under other names, compiled for the baseline
   processor: mmax_fma is then the integer one. */
#define mmax_kernels_ref mmax_kernels_portable
#define mmax_kernels_ref_f16 mmax_kernels_portable_f16
#define mmax_kernels_ref_bf16 mmax_kernels_portable_bf16
#define mmax_row_state mmax_row_state_portable
#define mmax_row_argmax mmax_row_argmax_portable
#define mmax_row_sum mmax_row_sum_portable
#define mmax_row_fill mmax_row_fill_portable
#define mmax_row16_state mmax_row16_state_portable
#define mmax_row16_argmax mmax_row16_argmax_portable
#define mmax_row16_sum mmax_row16_sum_portable
#define mmax_row16_fill mmax_row16_fill_portable
#define mmax_view_state mmax_view_state_portable
#define mmax_view_argmax mmax_view_argmax_portable
#define mmax_view_sum mmax_view_sum_portable
#define mmax_view_fill mmax_view_fill_portable
#define mmax_row_lse mmax_row_lse_portable
#define mmax_moments_start mmax_moments_start_portable
#define mmax_moments_add mmax_moments_add_portable
#define mmax_moments_finish mmax_moments_finish_portable
#define mmax_limbs_add mmax_limbs_add_portable
#define mmax_row_find mmax_row_find_portable
#define mmax_write_gradients mmax_write_gradients_portable
#define mmax_row_forward_ref mmax_row_forward_portable
#define mmax_row_forward16_ref mmax_row_forward16_portable
#define mmax_row_log_ref mmax_row_log_portable
#define mmax_row_backward_ref mmax_row_backward_portable
#define mmax_find_pulling mmax_find_pulling_portable
#define mmax_write_pulls mmax_write_pulls_portable
#define mmax_row_loss_ref mmax_row_loss_portable
#define mmax_row_loss_gradient mmax_row_loss_gradient_portable

#include "row.c"
#include "forward.c"
#include "row16.c"
#include "view.c"
#include "forward16.c"
#include "lse.c"
#include "log_forward.c"
#include "gradient.c"
#include "found.c"
#include "gradients.c"
#include "backward.c"
#include "loss.c"
#include "pulling.c"
#include "pulls.c"
#include "loss_gradient.c"
#include "batch.c"
