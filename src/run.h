/* SPDX-License-Identifier: Apache-2.0 */
/* Running a validated batch: one call of a backend, or one per thread, on its share of the rows or,
   where there are fewer long rows than threads, on its share of every row. */
#ifndef MMAX_RUN_H
#define MMAX_RUN_H

#include "kernels.h"

typedef enum mmax_kind {
  MMAX_FORWARD,
  MMAX_LOG_FORWARD,
  MMAX_BACKWARD,
  MMAX_CROSS_ENTROPY
} mmax_kind;

typedef struct mmax_job {
  mmax_kind kind;
  const mmax_kernels *kernels;
  const mmax_params *params;
  mmax_storage storage;
  mmax_input in;
  mmax_upstream upstream;
  mmax_targets targets;
  const float *grad_loss;
  float *loss;
  mmax_output out; /* probs, log_probs or grad_logits */
  mmax_accumulator *acc;
  mmax_scratch scratch;
} mmax_job;

/* Rows [first, first+count) of the job on the calling thread. */
void mmax_job_run_rows(const mmax_job *job, size_t first, size_t count, mmax_scratch scratch,
                       mmax_accumulator *acc, mmax_report *report);

/* The whole job by a team of at most `size` threads; cols > kernels->split > 0. */
void mmax_job_run_team(const mmax_job *job, unsigned size, mmax_report *report);

#ifdef __FRAMAC__
#include "handed.acsl"
/*@ ghost unsigned mmax_runs; */ /* jobs that ran, modulo 2^32 */
/*@ ghost mmax_job mmax_ran; */ /* the last of them, as it reached a function of its table */
#endif

/* The whole job. Without threads in the build, or with threads <= 1: the calling thread. */
/*@ requires  job:    \valid_read(job);
    requires  report: \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, *job->acc, job->loss[0 .. job->in.rows - 1],
              floats_at(job->out.data)[0 .. floats_in(job->storage, job->out.data, job->in.rows, job->in.cols, job->out.stride) - 1],
              halves_at(job->out.data)[0 .. halves_in(job->storage, job->out.data, job->in.rows, job->in.cols, job->out.stride) - 1],
              ((char *)job->scratch.data)[0 .. job->scratch.bytes - 1];
    ensures   once:   mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   table:  mmax_ran.kernels == \old(job->kernels);
    ensures   batch:  handed(mmax_ran, \old(*job), 0, \old(job->in.rows), \old(job->acc));
*/
void mmax_job_run(const mmax_job *job, unsigned threads, mmax_report *report);

#endif
