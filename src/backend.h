/* SPDX-License-Identifier: Apache-2.0 */
/* For proofs alone: functions that stand for those of a backend's table, one for each function and width of storage.
   What they are contracted to is all that the proofs of run.c know of a backend whose calling thread has no team. */
#ifndef MMAX_BACKEND_H
#define MMAX_BACKEND_H

#include "run.h"

/* Matrices of float32. */
/*@ requires  in:      \valid_read(in) && \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, ((char *)scratch.data)[0 .. scratch.bytes - 1],
              floats_at(probs.data)[0 .. (probs.data == \null ? 0 : entries(in->rows, in->cols, probs.stride)) - 1];
    ensures   once:    mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   batch:   mmax_ran.storage == 0 && mmax_ran.kind == MMAX_FORWARD && handed_rows(mmax_ran, (mmax_params *)params, \old(*in), probs);
*/
void mmax_backend_forward(const mmax_params *params, const mmax_input *in, mmax_output probs,
                          mmax_scratch scratch, mmax_report *report);

/*@ requires  in:      \valid_read(in) && \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, ((char *)scratch.data)[0 .. scratch.bytes - 1],
              floats_at(log_probs.data)[0 .. (log_probs.data == \null ? 0 : entries(in->rows, in->cols, log_probs.stride)) - 1];
    ensures   once:    mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   batch:   mmax_ran.storage == 0 && mmax_ran.kind == MMAX_LOG_FORWARD && handed_rows(mmax_ran, (mmax_params *)params, \old(*in), log_probs);
*/
void mmax_backend_log_forward(const mmax_params *params, const mmax_input *in,
                              mmax_output log_probs, mmax_scratch scratch, mmax_report *report);

/*@ requires  in:      \valid_read(in) && \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, *acc, ((char *)scratch.data)[0 .. scratch.bytes - 1],
              floats_at(grad.data)[0 .. (grad.data == \null ? 0 : entries(in->rows, in->cols, grad.stride)) - 1];
    ensures   once:    mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   batch:   mmax_ran.storage == 0 && mmax_ran.kind == MMAX_BACKWARD && handed_rows(mmax_ran, (mmax_params *)params, \old(*in), grad) &&
                         handed_upstream(mmax_ran, upstream, acc);
*/
void mmax_backend_backward(const mmax_params *params, const mmax_input *in, mmax_upstream upstream,
                           mmax_output grad, mmax_accumulator *acc, mmax_scratch scratch,
                           mmax_report *report);

/*@ requires  in:      \valid_read(in) && \valid(report) && \valid_read(targets);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, *acc, loss[0 .. (loss == \null ? 0 : in->rows) - 1], ((char *)scratch.data)[0 .. scratch.bytes - 1],
              floats_at(grad.data)[0 .. (grad.data == \null ? 0 : entries(in->rows, in->cols, grad.stride)) - 1];
    ensures   once:    mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   batch:   mmax_ran.storage == 0 && mmax_ran.kind == MMAX_CROSS_ENTROPY && handed_rows(mmax_ran, (mmax_params *)params, \old(*in), grad) &&
                         handed_targets{Pre}(mmax_ran, (mmax_targets *)targets, (float *)grad_loss, loss, acc);
*/
void mmax_backend_cross_entropy(const mmax_params *params, const mmax_input *in,
                                const mmax_targets *targets, const float *grad_loss, float *loss,
                                mmax_output grad, mmax_accumulator *acc, mmax_scratch scratch,
                                mmax_report *report);

/* Matrices of 16-bit patterns. */
/*@ requires  in:      \valid_read(in) && \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, ((char *)scratch.data)[0 .. scratch.bytes - 1],
              halves_at(probs.data)[0 .. (probs.data == \null ? 0 : entries(in->rows, in->cols, probs.stride)) - 1];
    ensures   once:    mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   batch:   mmax_ran.storage != 0 && mmax_ran.kind == MMAX_FORWARD && handed_rows(mmax_ran, (mmax_params *)params, \old(*in), probs);
*/
void mmax_backend_forward16(const mmax_params *params, const mmax_input *in, mmax_output probs,
                            mmax_scratch scratch, mmax_report *report);

/*@ requires  in:      \valid_read(in) && \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, ((char *)scratch.data)[0 .. scratch.bytes - 1],
              halves_at(log_probs.data)[0 .. (log_probs.data == \null ? 0 : entries(in->rows, in->cols, log_probs.stride)) - 1];
    ensures   once:    mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   batch:   mmax_ran.storage != 0 && mmax_ran.kind == MMAX_LOG_FORWARD && handed_rows(mmax_ran, (mmax_params *)params, \old(*in), log_probs);
*/
void mmax_backend_log_forward16(const mmax_params *params, const mmax_input *in,
                                mmax_output log_probs, mmax_scratch scratch, mmax_report *report);

/*@ requires  in:      \valid_read(in) && \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, *acc, ((char *)scratch.data)[0 .. scratch.bytes - 1],
              halves_at(grad.data)[0 .. (grad.data == \null ? 0 : entries(in->rows, in->cols, grad.stride)) - 1];
    ensures   once:    mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   batch:   mmax_ran.storage != 0 && mmax_ran.kind == MMAX_BACKWARD && handed_rows(mmax_ran, (mmax_params *)params, \old(*in), grad) &&
                         handed_upstream(mmax_ran, upstream, acc);
*/
void mmax_backend_backward16(const mmax_params *params, const mmax_input *in,
                             mmax_upstream upstream, mmax_output grad, mmax_accumulator *acc,
                             mmax_scratch scratch, mmax_report *report);

/*@ requires  in:      \valid_read(in) && \valid(report) && \valid_read(targets);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, *acc, loss[0 .. (loss == \null ? 0 : in->rows) - 1], ((char *)scratch.data)[0 .. scratch.bytes - 1],
              halves_at(grad.data)[0 .. (grad.data == \null ? 0 : entries(in->rows, in->cols, grad.stride)) - 1];
    ensures   once:    mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   batch:   mmax_ran.storage != 0 && mmax_ran.kind == MMAX_CROSS_ENTROPY && handed_rows(mmax_ran, (mmax_params *)params, \old(*in), grad) &&
                         handed_targets{Pre}(mmax_ran, (mmax_targets *)targets, (float *)grad_loss, loss, acc);
*/
void mmax_backend_cross_entropy16(const mmax_params *params, const mmax_input *in,
                                  const mmax_targets *targets, const float *grad_loss, float *loss,
                                  mmax_output grad, mmax_accumulator *acc, mmax_scratch scratch,
                                  mmax_report *report);

/*@ axiomatic Backend {
    // the elements before row `first` can be counted
    predicate counts_to(integer first, integer stride) = first*stride <= SIZE_MAX;
    // a table is that of a storage
    predicate is_backend{L}(mmax_kernels *k, integer storage) =
      k->forward == (storage == MMAX_FLOAT32 ? &mmax_backend_forward : &mmax_backend_forward16) &&
      k->log_forward == (storage == MMAX_FLOAT32 ? &mmax_backend_log_forward : &mmax_backend_log_forward16) &&
      k->backward == (storage == MMAX_FLOAT32 ? &mmax_backend_backward : &mmax_backend_backward16) &&
      k->cross_entropy == (storage == MMAX_FLOAT32 ? &mmax_backend_cross_entropy : &mmax_backend_cross_entropy16);
} */

#endif
