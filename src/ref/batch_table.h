/* SPDX-License-Identifier: Apache-2.0 */
/* The table for one storage, and its functions: the loops, told that storage. batch.c includes
   this once for each, with STORAGE, TABLE and OF(name), a function's name for that storage. */
#define HOW mmax_scratch scratch
#include "batch_contracts.h"

static void OF(forward)(const mmax_params *params, const mmax_input *in, mmax_output probs,
                        mmax_scratch scratch, mmax_report *report) {
  (void)scratch;
  forward_all(params, in, probs, STORAGE, report);
}

static void OF(log_forward)(const mmax_params *params, const mmax_input *in,
                            mmax_output log_probs, mmax_scratch scratch, mmax_report *report) {
  (void)scratch;
  log_forward_all(params, in, log_probs, STORAGE, report);
}

static void OF(backward)(const mmax_params *params, const mmax_input *in, mmax_upstream upstream,
                         mmax_output grad, mmax_accumulator *acc, mmax_scratch scratch,
                         mmax_report *report) {
  (void)scratch;
  backward_all(params, in, upstream, grad, acc, STORAGE, report);
}

static void OF(cross_entropy)(const mmax_params *params, const mmax_input *in,
                              const mmax_targets *targets, const float *grad_loss, float *loss,
                              mmax_output grad, mmax_accumulator *acc, mmax_scratch scratch,
                              mmax_report *report) {
  (void)scratch;
  cross_entropy_all(params, in, targets, grad_loss, loss, grad, acc, STORAGE, report);
}

const mmax_kernels TABLE = {OF(forward), OF(log_forward), OF(backward), OF(cross_entropy), 0};
#undef STORAGE
#undef TABLE
#undef OF
#undef HOW
