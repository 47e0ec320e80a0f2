/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions of cross-entropy. */
#include "api_job.h"

#ifdef __FRAMAC__
#include "losses.acsl"
#endif

/* A loss has to be asked for, unless there are no rows. */
/*@ requires  params:  params == \null || \valid_read(params);
    requires  targets: \valid_read(targets) && classes_given((mmax_targets *)targets, job.in.rows, job.in.cols);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    requires  bare:    job.out.data == \null;
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, loss[0 .. job.in.rows - 1], ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   null:    loss == \null && !call_empty(job) ==> \result == MMAX_ERR_NULL;
    ensures   end:     loss != \null || call_empty(job) ==>
                         concluded{Pre, Post}({job \with .params = params, .acc = \null, .targets = \old(*targets), .loss = loss},
                           (mmax_exec *)exec, report, \result);
    ensures   once:    ran(job, \result) ==> mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   never:   !ran(job, \result) ==> mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && floats_kept{Pre, Post}(loss, job.in.rows);
*/
static mmax_status loss_alone(mmax_job job, const mmax_params *params, const mmax_targets *targets,
                              float *loss, const mmax_exec *exec, mmax_report *report) {
  if (loss == NULL && job.in.rows != 0 && job.in.cols != 0) return MMAX_ERR_NULL;
  job.targets = *targets;
  job.loss = loss;
  /*@ assert hint_none: floats_in(job.storage, job.out.data, job.in.rows, job.in.cols, job.out.stride) == 0 &&
        halves_in(job.storage, job.out.data, job.in.rows, job.in.cols, job.out.stride) == 0; */
  return mmax_job_conclude(job, params, NULL, exec, report);
}

/*@ requires  params:  params == \null || \valid_read(params);
    requires  targets: \valid_read(targets) && classes_given((mmax_targets *)targets, job.in.rows, job.in.cols);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    requires  apart:   report == \null || acc == \null || \separated(report, acc);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, *acc, loss[0 .. job.in.rows - 1],
              floats_at(grad_logits)[0 .. floats_in(job.storage, grad_logits, job.in.rows, job.in.cols, grad_logits_stride) - 1],
              halves_at(grad_logits)[0 .. halves_in(job.storage, grad_logits, job.in.rows, job.in.cols, grad_logits_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   end:     concluded{Pre, Post}({job \with .params = params, .acc = acc, .targets = \old(*targets), .grad_loss = grad_loss, .loss = loss,
                           .out.data = grad_logits, .out.stride = grad_logits_stride},
                         (mmax_exec *)exec, report, \result);
    ensures   once:    ran(job, \result) ==> mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   never:   !ran(job, \result) ==> mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && acc_kept{Pre, Post}(acc) &&
                         floats_kept{Pre, Post}(loss, job.in.rows) &&
                         floats_kept{Pre, Post}(floats_at(grad_logits), floats_in(job.storage, grad_logits, job.in.rows, job.in.cols, grad_logits_stride)) &&
                         halves_kept{Pre, Post}(halves_at(grad_logits), halves_in(job.storage, grad_logits, job.in.rows, job.in.cols, grad_logits_stride));
*/
static mmax_status loss_backward(mmax_job job, const mmax_params *params,
                                 const mmax_targets *targets, const float *grad_loss, float *loss,
                                 void *grad_logits, size_t grad_logits_stride,
                                 mmax_accumulator *acc, const mmax_exec *exec,
                                 mmax_report *report) {
  job.targets = *targets;
  job.grad_loss = grad_loss;
  job.loss = loss;
  return mmax_job_rows(job, params, grad_logits, grad_logits_stride, acc, exec, report);
}

/*@ requires  in:      in == \null || \valid_read(in);
    requires  targets: targets == \null || \valid_read(targets);
    requires  classes: in != \null && targets != \null ==> classes_given((mmax_targets *)targets, in->rows, in->cols);
    requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, loss[0 .. in->rows - 1], ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   null:    in == \null || targets == \null || (loss == \null && \old(in->rows) != 0 && \old(in->cols) != 0) ==> \result == MMAX_ERR_NULL;
    ensures   end:     in != \null && targets != \null && (loss != \null || \old(in->rows) == 0 || \old(in->cols) == 0) ==>
                         \forall mmax_job j; rows_job{Pre}(j, (mmax_rows *)in, MMAX_CROSS_ENTROPY) ==>
                           concluded{Pre, Post}({j \with .params = params, .targets = \old(*targets), .loss = loss}, (mmax_exec *)exec, report, \result);
    ensures   silent:  \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> (loss == \null || floats_kept{Pre, Post}(loss, \old(in->rows)));
*/
mmax_status mmax_cross_entropy(const mmax_params *params, const mmax_rows *in,
                               const mmax_targets *targets, float *loss, const mmax_exec *exec,
                               mmax_report *report) {
  if (in == NULL || targets == NULL) return MMAX_ERR_NULL;
  const mmax_job job = mmax_job_on(in, MMAX_CROSS_ENTROPY);
  /*@ assert hint_views: job.out.data == \null && job.in.rows == in->rows && job.in.cols == in->cols; */
  return loss_alone(job, params, targets, loss, exec, report);
}

/*@ requires  in:      in == \null || \valid_read(in);
    requires  targets: targets == \null || \valid_read(targets);
    requires  classes: in != \null && targets != \null ==> classes_given((mmax_targets *)targets, in->rows, in->cols);
    requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, loss[0 .. in->rows - 1], ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   null:    in == \null || targets == \null || (loss == \null && \old(in->rows) != 0 && \old(in->cols) != 0) ==> \result == MMAX_ERR_NULL;
    ensures   end:     in != \null && targets != \null && (loss != \null || \old(in->rows) == 0 || \old(in->cols) == 0) ==>
                         \forall mmax_job j; rows_job16{Pre}(j, (mmax_rows16 *)in, MMAX_CROSS_ENTROPY) ==>
                           concluded{Pre, Post}({j \with .params = params, .targets = \old(*targets), .loss = loss}, (mmax_exec *)exec, report, \result);
    ensures   silent:  \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> (loss == \null || floats_kept{Pre, Post}(loss, \old(in->rows)));
*/
mmax_status mmax_cross_entropy16(const mmax_params *params, const mmax_rows16 *in,
                                 const mmax_targets *targets, float *loss, const mmax_exec *exec,
                                 mmax_report *report) {
  if (in == NULL || targets == NULL) return MMAX_ERR_NULL;
  const mmax_job job = mmax_job_on16(in, MMAX_CROSS_ENTROPY);
  /*@ assert hint_views: job.out.data == \null && job.in.rows == in->rows && job.in.cols == in->cols; */
  return loss_alone(job, params, targets, loss, exec, report);
}

/*@ requires  in:      in == \null || \valid_read(in);
    requires  targets: targets == \null || \valid_read(targets);
    requires  classes: in != \null && targets != \null ==> classes_given((mmax_targets *)targets, in->rows, in->cols);
    requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    requires  acc:     acc == \null || \valid(acc);
    requires  apart:   report == \null || acc == \null || \separated(report, acc);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, *acc, loss[0 .. in->rows - 1], grad_logits[0 .. entries(in->rows, in->cols, grad_logits_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   null:    in == \null || targets == \null ==> \result == MMAX_ERR_NULL;
    ensures   end:     in != \null && targets != \null ==> \forall mmax_job j; rows_job{Pre}(j, (mmax_rows *)in, MMAX_CROSS_ENTROPY) ==>
                         concluded{Pre, Post}({j \with .params = params, .acc = acc, .targets = \old(*targets), .grad_loss = grad_loss, .loss = loss,
                             .out.data = of_floats(grad_logits), .out.stride = grad_logits_stride},
                           (mmax_exec *)exec, report, \result);
    ensures   silent:  \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> acc_kept{Pre, Post}(acc) && (loss == \null || floats_kept{Pre, Post}(loss, \old(in->rows))) &&
                         (grad_logits == \null || floats_kept{Pre, Post}(grad_logits, entries(\old(in->rows), \old(in->cols), grad_logits_stride)));
*/
mmax_status mmax_cross_entropy_backward(const mmax_params *params, const mmax_rows *in,
                                        const mmax_targets *targets, const float *grad_loss,
                                        float *loss, float *grad_logits,
                                        size_t grad_logits_stride, mmax_accumulator *acc,
                                        const mmax_exec *exec, mmax_report *report) {
  if (in == NULL || targets == NULL) return MMAX_ERR_NULL;
  const mmax_job job = mmax_job_on(in, MMAX_CROSS_ENTROPY);
  void *out = untyped_result(grad_logits);
  /*@ assert hint_views: job.storage == 0 && floats_at(out) == grad_logits && (out == \null <==> grad_logits == \null) &&
        job.in.rows == in->rows && job.in.cols == in->cols; */
  /*@ assert hint_ranges: halves_in(job.storage, out, job.in.rows, job.in.cols, grad_logits_stride) == 0 &&
        floats_in(job.storage, out, job.in.rows, job.in.cols, grad_logits_stride) == (grad_logits == \null ? 0 : entries(in->rows, in->cols, grad_logits_stride)); */
  return loss_backward(job, params, targets, grad_loss, loss, out, grad_logits_stride, acc, exec,
                       report);
}

/*@ requires  in:      in == \null || \valid_read(in);
    requires  targets: targets == \null || \valid_read(targets);
    requires  classes: in != \null && targets != \null ==> classes_given((mmax_targets *)targets, in->rows, in->cols);
    requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    requires  acc:     acc == \null || \valid(acc);
    requires  apart:   report == \null || acc == \null || \separated(report, acc);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, *acc, loss[0 .. in->rows - 1], grad_logits[0 .. entries(in->rows, in->cols, grad_logits_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   null:    in == \null || targets == \null ==> \result == MMAX_ERR_NULL;
    ensures   end:     in != \null && targets != \null ==> \forall mmax_job j; rows_job16{Pre}(j, (mmax_rows16 *)in, MMAX_CROSS_ENTROPY) ==>
                         concluded{Pre, Post}({j \with .params = params, .acc = acc, .targets = \old(*targets), .grad_loss = grad_loss, .loss = loss,
                             .out.data = of_halves(grad_logits), .out.stride = grad_logits_stride},
                           (mmax_exec *)exec, report, \result);
    ensures   silent:  \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> acc_kept{Pre, Post}(acc) && (loss == \null || floats_kept{Pre, Post}(loss, \old(in->rows))) &&
                         (grad_logits == \null || halves_kept{Pre, Post}(grad_logits, entries(\old(in->rows), \old(in->cols), grad_logits_stride)));
*/
mmax_status mmax_cross_entropy_backward16(const mmax_params *params, const mmax_rows16 *in,
                                          const mmax_targets *targets, const float *grad_loss,
                                          float *loss, uint16_t *grad_logits,
                                          size_t grad_logits_stride, mmax_accumulator *acc,
                                          const mmax_exec *exec, mmax_report *report) {
  if (in == NULL || targets == NULL) return MMAX_ERR_NULL;
  const mmax_job job = mmax_job_on16(in, MMAX_CROSS_ENTROPY);
  void *out = untyped_result16(grad_logits);
  /*@ assert hint_views: job.storage != 0 && halves_at(out) == grad_logits && (out == \null <==> grad_logits == \null) &&
        job.in.rows == in->rows && job.in.cols == in->cols; */
  /*@ assert hint_ranges: floats_in(job.storage, out, job.in.rows, job.in.cols, grad_logits_stride) == 0 &&
        halves_in(job.storage, out, job.in.rows, job.in.cols, grad_logits_stride) == (grad_logits == \null ? 0 : entries(in->rows, in->cols, grad_logits_stride)); */
  return loss_backward(job, params, targets, grad_loss, loss, out, grad_logits_stride, acc, exec,
                       report);
}
