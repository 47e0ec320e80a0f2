/* SPDX-License-Identifier: Apache-2.0 */
/* What the public row functions share: their batch as a job. */
#ifndef MMAX_API_JOB_H
#define MMAX_API_JOB_H

#include "submit.h"
#include "untyped.h"

/* A batch of float32. */
/*@ requires  in:      \valid_read(in);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   job:     rows_job{Pre}(\result, (mmax_rows *)in, kind);
*/
static inline mmax_job mmax_job_on(const mmax_rows *in, mmax_kind kind) {
  mmax_input rows = {untyped_matrix(in->logits), in->mask, in->rows, in->cols, in->stride,
                     in->mask_stride, NULL};
  mmax_job job = {.kind = kind, .storage = MMAX_FLOAT32, .in = rows};
  return job;
}

/* MMAX_FLOAT32 has no business here: its matrices are not uint16_t. */
/*@ requires  in:      \valid_read(in);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   job:     rows_job16{Pre}(\result, (mmax_rows16 *)in, kind);
*/
static inline mmax_job mmax_job_on16(const mmax_rows16 *in, mmax_kind kind) {
  const mmax_storage none = (mmax_storage)3;
  mmax_input rows = {untyped_matrix16(in->logits), in->mask, in->rows, in->cols, in->stride,
                     in->mask_stride, NULL};
  mmax_job job = {.kind = kind, .in = rows};
  job.storage = in->storage == MMAX_FLOAT32 ? none : in->storage;
  return job;
}

/* The job with parameters and sums. */
/*@ requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    requires  apart:   report == \null || acc == \null || \separated(report, acc);
    requires  targets: targets_given(job);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, *acc, job.loss[0 .. job.in.rows - 1],
              floats_at(job.out.data)[0 .. floats_in(job.storage, job.out.data, job.in.rows, job.in.cols, job.out.stride) - 1],
              halves_at(job.out.data)[0 .. halves_in(job.storage, job.out.data, job.in.rows, job.in.cols, job.out.stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   end:     concluded{Pre, Post}({job \with .params = params, .acc = acc},
                         (mmax_exec *)exec, report, \result);
    ensures   once:    ran(job, \result) ==> mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   never:   !ran(job, \result) ==> mmax_runs == \old(mmax_runs);
*/
static inline mmax_status mmax_job_conclude(mmax_job job, const mmax_params *params,
                                            mmax_accumulator *acc, const mmax_exec *exec,
                                            mmax_report *report) {
  job.params = params;
  job.acc = acc;
  return mmax_job_submit(&job, exec, report);
}

/*@ requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    requires  apart:   report == \null || acc == \null || \separated(report, acc);
    requires  targets: targets_given(job);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, *acc, job.loss[0 .. job.in.rows - 1],
              floats_at(out)[0 .. floats_in(job.storage, out, job.in.rows, job.in.cols, out_stride) - 1],
              halves_at(out)[0 .. halves_in(job.storage, out, job.in.rows, job.in.cols, out_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   end:     concluded{Pre, Post}({job \with .params = params, .acc = acc, .out.data = out, .out.stride = out_stride},
                         (mmax_exec *)exec, report, \result);
    ensures   once:    ran(job, \result) ==> mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   never:   !ran(job, \result) ==> mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && acc_kept{Pre, Post}(acc) &&
                         floats_kept{Pre, Post}(job.loss, job.in.rows) &&
                         floats_kept{Pre, Post}(floats_at(out), floats_in(job.storage, out, job.in.rows, job.in.cols, out_stride)) &&
                         halves_kept{Pre, Post}(halves_at(out), halves_in(job.storage, out, job.in.rows, job.in.cols, out_stride));
*/
static inline mmax_status mmax_job_rows(mmax_job job, const mmax_params *params, void *out,
                                        size_t out_stride, mmax_accumulator *acc,
                                        const mmax_exec *exec, mmax_report *report) {
  job.out.data = out;
  job.out.stride = out_stride;
  return mmax_job_conclude(job, params, acc, exec, report);
}

#endif
