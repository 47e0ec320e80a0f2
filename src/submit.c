/* SPDX-License-Identifier: Apache-2.0 */
/* From a job to its status: checks, backend, scratch, environment, run. */
#include "submit.h"

/* Backend and scratch of a job. */
/*@ requires  job:     \valid(job) && storage_known(job);
    requires  exec:    \valid_read(exec) && \separated(job, exec);
    terminates \true;
    exits     \false;
    assigns   job->kernels, job->scratch;
    ensures   backend: \result == MMAX_ERR_BACKEND <==> !available(\old(exec->backend));
    ensures   scratch: \result == MMAX_ERR_SCRATCH <==> available(\old(exec->backend)) && !exec_scratch{Pre}((mmax_exec *)exec);
    ensures   other:   \result == MMAX_ERR_BACKEND || \result == MMAX_ERR_SCRATCH || \result == MMAX_OK;
    ensures   table:   \result == MMAX_OK ==> of_backend((mmax_kernels *)job->kernels, \old(exec->backend), \old(job->storage));
    ensures   call:    same_call(*job, \old(*job));
    ensures   given:   \result == MMAX_OK ==> job->scratch.data == \old(exec->scratch) && job->scratch.bytes == \old(exec->scratch_bytes);
*/
static mmax_status equip(mmax_job *job, const mmax_exec *exec) {
  job->kernels = mmax_kernels_for(exec->backend, job->storage);
  /*@ assert hint_same: exec->scratch == \at(exec->scratch, Pre) && exec->scratch_bytes == \at(exec->scratch_bytes, Pre); */
  if (job->kernels == NULL) return MMAX_ERR_BACKEND;
  /*@ assert hint_exact: exec_scratch{Pre}((mmax_exec *)exec) <==>
        ((uintptr_t)exec->scratch % 64 == 0 && (exec->scratch != \null || exec->scratch_bytes == 0)); */
  const uintptr_t at = (uintptr_t)exec->scratch;
  if (at % 64 != 0 || (exec->scratch == NULL && exec->scratch_bytes != 0)) return MMAX_ERR_SCRATCH;
  job->scratch.data = exec->scratch;
  job->scratch.bytes = exec->scratch_bytes;
  return MMAX_OK;
}

/* What the rows were, as a status. */
/*@ requires  found:   \valid_read(found);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   status:  reported((mmax_report *)found, \result);
*/
static mmax_status status_of(const mmax_report *found) {
  if (found->nonfinite_rows > 0) return MMAX_ROW_NONFINITE;
  return found->masked_rows > 0 ? MMAX_ROW_MASKED : MMAX_OK;
}

mmax_status mmax_job_submit(mmax_job *job, const mmax_exec *exec, mmax_report *report) {
  mmax_buffer buffers[MMAX_JOB_BUFFERS];
  mmax_status status = mmax_job_check(job, buffers);
  /*@ assert hint_checked: outputs_kept{Pre, Here}(\at(*job, Pre)) && (report == \null || report_kept{Pre, Here}(report)); */
  if (status != MMAX_OK) return status;
  /*@ assert hint_limbs: \forall integer p, i; 0 <= p < 10 ==> 0 <= i < 16 ==>
        \separated(&\at(job->acc, Pre)->limb[p][i], &job->scratch) && (report == \null || \separated(&\at(job->acc, Pre)->limb[p][i], report)); */
  /*@ assert hint_rows: \separated(&\at(job->acc, Pre)->rows, &job->scratch) && \separated(&\at(job->acc, Pre)->nonfinite_rows, &job->scratch) &&
        (report == \null || (\separated(&\at(job->acc, Pre)->rows, report) && \separated(&\at(job->acc, Pre)->nonfinite_rows, report))); */
  /*@ assert hint_fields: \separated(&report->masked_rows, &job->scratch) && \separated(&report->first_masked, &job->scratch) &&
        \separated(&report->nonfinite_rows, &job->scratch) && \separated(&report->first_nonfinite, &job->scratch) &&
        \separated(&report->ignored_rows, &job->scratch); */
  if (mmax_job_is_empty(job)) {
    if (report != NULL) mmax_report_start(report);
    /*@ assert hint_started: report == \null || report_empty(report); */
    /*@ assert hint_acc_empty: acc_kept{Pre, Here}(\at(job->acc, Pre)); */
    /*@ assert hint_empty: outputs_kept{Pre, Here}(\at(*job, Pre)); */
    return MMAX_OK;
  }
  /*@ assert hint_open: call_checked{Pre}(\at(*job, Pre), 0) && !call_empty(\at(*job, Pre)); */
  const mmax_exec defaults = {MMAX_BACKEND_AUTO, 1, NULL, 0};
  if (exec == NULL) exec = &defaults;
  /*@ assert hint_exec: exec->backend == exec_backend{Pre}(\at((mmax_exec *)exec, Pre)) &&
        (exec_scratch((mmax_exec *)exec) <==> exec_scratch{Pre}(\at((mmax_exec *)exec, Pre))); */
  status = equip(job, exec);
  /*@ assert hint_acc: acc_kept{Pre, Here}(\at(job->acc, Pre)); */
  /*@ assert hint_equipped: outputs_kept{Pre, Here}(\at(*job, Pre)); */
  /*@ assert hint_unreported: report == \null || report_kept{Pre, Here}(report); */
  if (status != MMAX_OK) {
    /*@ assert hint_refused: answered{Pre}(\at(*job, Pre), \at((mmax_exec *)exec, Pre), status); */
    return status;
  }
  /*@ assert hint_same: job->in.rows == \at(job->in.rows, Pre) && job->in.cols == \at(job->in.cols, Pre) && job->out.stride == \at(job->out.stride, Pre) &&
        job->out.data == \at(job->out.data, Pre) && job->loss == \at(job->loss, Pre) && job->acc == \at(job->acc, Pre); */
  /*@ assert hint_scratch: job->scratch.bytes == 0 ||
        (job->scratch.data == \at(exec->scratch, Pre) && job->scratch.bytes == \at(exec->scratch_bytes, Pre)); */

  mmax_report found;
  mmax_fpenv saved = mmax_fpenv_enter();
  int nearest = mmax_fpenv_is_nearest();
  if (nearest) mmax_job_run(job, exec->threads, &found);
  mmax_fpenv_leave(saved);
  if (!nearest) return MMAX_ERR_FENV;
  /*@ assert hint_handed: handed(mmax_ran, \at(*job, Pre), 0, \at(job->in.rows, Pre), \at(job->acc, Pre)); */
  /*@ assert hint_table: of_backend((mmax_kernels *)mmax_ran.kernels, exec_backend{Pre}(\at((mmax_exec *)exec, Pre)), \at(job->storage, Pre)); */

  if (report != NULL) *report = found;
  /*@ assert hint_report: report == \null || (report->nonfinite_rows == found.nonfinite_rows && report->masked_rows == found.masked_rows); */
  return status_of(&found);
}
