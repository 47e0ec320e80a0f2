/* SPDX-License-Identifier: Apache-2.0 */
/* A call described as a job: every argument checked, the floating-point environment set, run,
   restored. Nothing is written before all checks have passed. */
#ifndef MMAX_SUBMIT_H
#define MMAX_SUBMIT_H

#include "check.h"
#include "fpenv.h"
#include "run.h"

#ifdef __FRAMAC__
#include "job.acsl"
#include "call.acsl"
#include "answer.acsl"
#endif

enum { MMAX_JOB_BUFFERS = 7 };

/*@ requires  job:    \valid_read(job);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact:  \result != 0 <==> job_empty((mmax_job *)job);
*/
static inline int mmax_job_is_empty(const mmax_job *job) {
  return job->in.rows == 0 || job->in.cols == 0;
}

/* Every argument, in the order of semantics.md#api-errors. */
/*@ requires  job:     \valid_read(job);
    requires  params:  job->params == \null || \valid_read(job->params);
    requires  buffers: \valid(buffers + (0 .. 6));
    requires  apart:   \separated(buffers + (0 .. 6), job) && \separated(buffers + (0 .. 6), job->params);
    requires  targets: job->kind == MMAX_CROSS_ENTROPY && job_open((mmax_job *)job) ==>
                         \valid_read(job->targets.target + (0 .. job->in.rows - 1)) &&
                         \separated(buffers + (0 .. 6), job->targets.target + (0 .. job->in.rows - 1));
    terminates \true;
    exits     \false;
    assigns   buffers[0 .. 6];
    ensures   answer:  call_checked{Pre}(\old(*job), \result);
*/
mmax_status mmax_job_check(const mmax_job *job, mmax_buffer buffers[MMAX_JOB_BUFFERS]);

/* Checks; backend, scratch and environment; then the run. */
/*@ requires  job:     \valid(job);
    requires  params:  job->params == \null || \valid_read(job->params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    requires  apart:   \separated(job, exec) && \separated(job, report) && \separated(job, job->acc) && \separated(job, job->params) &&
                         (report == \null || job->acc == \null || \separated(report, job->acc));
    requires  targets: targets_readable(*job);
    terminates \true;
    exits     \false;
    assigns   job->kernels, job->scratch, *report, mmax_runs, mmax_ran, *job->acc, job->loss[0 .. job->in.rows - 1],
              floats_at(job->out.data)[0 .. floats_in(job->storage, job->out.data, job->in.rows, job->in.cols, job->out.stride) - 1],
              halves_at(job->out.data)[0 .. halves_in(job->storage, job->out.data, job->in.rows, job->in.cols, job->out.stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   end:     concluded{Pre, Post}(\old(*job), (mmax_exec *)exec, report, \result);
    ensures   once:    ran(\old(*job), \result) ==> mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   never:   !ran(\old(*job), \result) ==> mmax_runs == \old(mmax_runs);
*/
mmax_status mmax_job_submit(mmax_job *job, const mmax_exec *exec, mmax_report *report);

#endif
