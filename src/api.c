/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions from rows to rows: forward, log and backward. */
#include "api_job.h"

/*@ requires  in:      in == \null || \valid_read(in);
    requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, probs[0 .. entries(in->rows, in->cols, probs_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   null:    in == \null ==> \result == MMAX_ERR_NULL;
    ensures   end:     in != \null ==> \forall mmax_job j; rows_job{Pre}(j, (mmax_rows *)in, MMAX_FORWARD) ==>
                         concluded{Pre, Post}({j \with .params = params, .out.data = of_floats(probs), .out.stride = probs_stride},
                           (mmax_exec *)exec, report, \result);
    ensures   silent:  \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> (probs == \null || floats_kept{Pre, Post}(probs, entries(\old(in->rows), \old(in->cols), probs_stride)));
*/
mmax_status mmax_forward(const mmax_params *params, const mmax_rows *in, float *probs,
                         size_t probs_stride, const mmax_exec *exec, mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  const mmax_job job = mmax_job_on(in, MMAX_FORWARD);
  void *out = untyped_result(probs);
  /*@ assert hint_views: job.storage == 0 && job.loss == \null && floats_at(out) == probs && (out == \null <==> probs == \null) &&
        job.in.rows == in->rows && job.in.cols == in->cols; */
  /*@ assert hint_ranges: halves_in(job.storage, out, job.in.rows, job.in.cols, probs_stride) == 0 &&
        floats_in(job.storage, out, job.in.rows, job.in.cols, probs_stride) == (probs == \null ? 0 : entries(in->rows, in->cols, probs_stride)); */
  return mmax_job_rows(job, params, out, probs_stride, NULL, exec, report);
}

/*@ requires  in:      in == \null || \valid_read(in);
    requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, probs[0 .. entries(in->rows, in->cols, probs_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   null:    in == \null ==> \result == MMAX_ERR_NULL;
    ensures   end:     in != \null ==> \forall mmax_job j; rows_job16{Pre}(j, (mmax_rows16 *)in, MMAX_FORWARD) ==>
                         concluded{Pre, Post}({j \with .params = params, .out.data = of_halves(probs), .out.stride = probs_stride},
                           (mmax_exec *)exec, report, \result);
    ensures   silent:  \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> (probs == \null || halves_kept{Pre, Post}(probs, entries(\old(in->rows), \old(in->cols), probs_stride)));
*/
mmax_status mmax_forward16(const mmax_params *params, const mmax_rows16 *in, uint16_t *probs,
                           size_t probs_stride, const mmax_exec *exec, mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  const mmax_job job = mmax_job_on16(in, MMAX_FORWARD);
  void *out = untyped_result16(probs);
  /*@ assert hint_views: job.storage != 0 && job.loss == \null && halves_at(out) == probs && (out == \null <==> probs == \null) &&
        job.in.rows == in->rows && job.in.cols == in->cols; */
  /*@ assert hint_ranges: floats_in(job.storage, out, job.in.rows, job.in.cols, probs_stride) == 0 &&
        halves_in(job.storage, out, job.in.rows, job.in.cols, probs_stride) == (probs == \null ? 0 : entries(in->rows, in->cols, probs_stride)); */
  return mmax_job_rows(job, params, out, probs_stride, NULL, exec, report);
}

/*@ requires  in:      in == \null || \valid_read(in);
    requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, log_probs[0 .. entries(in->rows, in->cols, log_probs_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   null:    in == \null ==> \result == MMAX_ERR_NULL;
    ensures   end:     in != \null ==> \forall mmax_job j; rows_job{Pre}(j, (mmax_rows *)in, MMAX_LOG_FORWARD) ==>
                         concluded{Pre, Post}({j \with .params = params, .out.data = of_floats(log_probs), .out.stride = log_probs_stride},
                           (mmax_exec *)exec, report, \result);
    ensures   silent:  \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> (log_probs == \null || floats_kept{Pre, Post}(log_probs, entries(\old(in->rows), \old(in->cols), log_probs_stride)));
*/
mmax_status mmax_log_forward(const mmax_params *params, const mmax_rows *in, float *log_probs,
                             size_t log_probs_stride, const mmax_exec *exec,
                             mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  const mmax_job job = mmax_job_on(in, MMAX_LOG_FORWARD);
  void *out = untyped_result(log_probs);
  /*@ assert hint_views: job.storage == 0 && job.loss == \null && floats_at(out) == log_probs && (out == \null <==> log_probs == \null) &&
        job.in.rows == in->rows && job.in.cols == in->cols; */
  /*@ assert hint_ranges: halves_in(job.storage, out, job.in.rows, job.in.cols, log_probs_stride) == 0 &&
        floats_in(job.storage, out, job.in.rows, job.in.cols, log_probs_stride) == (log_probs == \null ? 0 : entries(in->rows, in->cols, log_probs_stride)); */
  return mmax_job_rows(job, params, out, log_probs_stride, NULL, exec, report);
}

/*@ requires  in:      in == \null || \valid_read(in);
    requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, log_probs[0 .. entries(in->rows, in->cols, log_probs_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   null:    in == \null ==> \result == MMAX_ERR_NULL;
    ensures   end:     in != \null ==> \forall mmax_job j; rows_job16{Pre}(j, (mmax_rows16 *)in, MMAX_LOG_FORWARD) ==>
                         concluded{Pre, Post}({j \with .params = params, .out.data = of_halves(log_probs), .out.stride = log_probs_stride},
                           (mmax_exec *)exec, report, \result);
    ensures   silent:  \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> (log_probs == \null || halves_kept{Pre, Post}(log_probs, entries(\old(in->rows), \old(in->cols), log_probs_stride)));
*/
mmax_status mmax_log_forward16(const mmax_params *params, const mmax_rows16 *in,
                               uint16_t *log_probs, size_t log_probs_stride,
                               const mmax_exec *exec, mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  const mmax_job job = mmax_job_on16(in, MMAX_LOG_FORWARD);
  void *out = untyped_result16(log_probs);
  /*@ assert hint_views: job.storage != 0 && job.loss == \null && halves_at(out) == log_probs && (out == \null <==> log_probs == \null) &&
        job.in.rows == in->rows && job.in.cols == in->cols; */
  /*@ assert hint_ranges: floats_in(job.storage, out, job.in.rows, job.in.cols, log_probs_stride) == 0 &&
        halves_in(job.storage, out, job.in.rows, job.in.cols, log_probs_stride) == (log_probs == \null ? 0 : entries(in->rows, in->cols, log_probs_stride)); */
  return mmax_job_rows(job, params, out, log_probs_stride, NULL, exec, report);
}

/*@ requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    requires  apart:   report == \null || acc == \null || \separated(report, acc);
    requires  kind:    job.kind != MMAX_CROSS_ENTROPY && job.loss == \null;
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, *acc, job.loss[0 .. job.in.rows - 1],
              floats_at(grad_logits)[0 .. floats_in(job.storage, grad_logits, job.in.rows, job.in.cols, grad_logits_stride) - 1],
              halves_at(grad_logits)[0 .. halves_in(job.storage, grad_logits, job.in.rows, job.in.cols, grad_logits_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   end:     concluded{Pre, Post}({job \with .params = params, .acc = acc, .out.data = grad_logits, .out.stride = grad_logits_stride,
                           .upstream.grad_probs = grad_probs, .upstream.stride = grad_probs_stride},
                         (mmax_exec *)exec, report, \result);
    ensures   once:    ran(job, \result) ==> mmax_runs == (unsigned)(\old(mmax_runs) + 1);
    ensures   never:   !ran(job, \result) ==> mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && acc_kept{Pre, Post}(acc) &&
                         floats_kept{Pre, Post}(floats_at(grad_logits), floats_in(job.storage, grad_logits, job.in.rows, job.in.cols, grad_logits_stride)) &&
                         halves_kept{Pre, Post}(halves_at(grad_logits), halves_in(job.storage, grad_logits, job.in.rows, job.in.cols, grad_logits_stride));
*/
static mmax_status backward(mmax_job job, const mmax_params *params, const void *grad_probs,
                            size_t grad_probs_stride, void *grad_logits,
                            size_t grad_logits_stride, mmax_accumulator *acc,
                            const mmax_exec *exec, mmax_report *report) {
  job.upstream.grad_probs = grad_probs;
  job.upstream.stride = grad_probs_stride;
  return mmax_job_rows(job, params, grad_logits, grad_logits_stride, acc, exec, report);
}

/*@ requires  in:      in == \null || \valid_read(in);
    requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    requires  acc:     acc == \null || \valid(acc);
    requires  apart:   report == \null || acc == \null || \separated(report, acc);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, *acc, grad_logits[0 .. entries(in->rows, in->cols, grad_logits_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   null:    in == \null ==> \result == MMAX_ERR_NULL;
    ensures   end:     in != \null ==> \forall mmax_job j; rows_job{Pre}(j, (mmax_rows *)in, MMAX_BACKWARD) ==>
                         concluded{Pre, Post}({j \with .params = params, .acc = acc, .out.data = of_floats(grad_logits), .out.stride = grad_logits_stride,
                             .upstream.grad_probs = of_floats((float *)grad_probs), .upstream.stride = grad_probs_stride},
                           (mmax_exec *)exec, report, \result);
    ensures   silent:  \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> acc_kept{Pre, Post}(acc) && (grad_logits == \null || floats_kept{Pre, Post}(grad_logits, entries(\old(in->rows), \old(in->cols), grad_logits_stride)));
*/
mmax_status mmax_backward(const mmax_params *params, const mmax_rows *in, const float *grad_probs,
                          size_t grad_probs_stride, float *grad_logits, size_t grad_logits_stride,
                          mmax_accumulator *acc, const mmax_exec *exec, mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  const mmax_job job = mmax_job_on(in, MMAX_BACKWARD);
  const void *upstream = untyped_matrix(grad_probs);
  void *out = untyped_result(grad_logits);
  /*@ assert hint_views: job.storage == 0 && job.loss == \null && floats_at(out) == grad_logits && (out == \null <==> grad_logits == \null) &&
        job.in.rows == in->rows && job.in.cols == in->cols; */
  /*@ assert hint_ranges: halves_in(job.storage, out, job.in.rows, job.in.cols, grad_logits_stride) == 0 &&
        floats_in(job.storage, out, job.in.rows, job.in.cols, grad_logits_stride) == (grad_logits == \null ? 0 : entries(in->rows, in->cols, grad_logits_stride)); */
  return backward(job, params, upstream, grad_probs_stride, out, grad_logits_stride, acc, exec,
                  report);
}

/*@ requires  in:      in == \null || \valid_read(in);
    requires  params:  params == \null || \valid_read(params);
    requires  exec:    exec == \null || \valid_read(exec);
    requires  report:  report == \null || \valid(report);
    requires  acc:     acc == \null || \valid(acc);
    requires  apart:   report == \null || acc == \null || \separated(report, acc);
    terminates \true;
    exits     \false;
    assigns   *report, mmax_runs, mmax_ran, *acc, grad_logits[0 .. entries(in->rows, in->cols, grad_logits_stride) - 1],
              ((char *)exec->scratch)[0 .. exec->scratch_bytes - 1];
    ensures   null:    in == \null ==> \result == MMAX_ERR_NULL;
    ensures   end:     in != \null ==> \forall mmax_job j; rows_job16{Pre}(j, (mmax_rows16 *)in, MMAX_BACKWARD) ==>
                         concluded{Pre, Post}({j \with .params = params, .acc = acc, .out.data = of_halves(grad_logits), .out.stride = grad_logits_stride,
                             .upstream.grad_probs = of_halves((uint16_t *)grad_probs), .upstream.stride = grad_probs_stride},
                           (mmax_exec *)exec, report, \result);
    ensures   silent:  \result < 0 ==> (report == \null || report_kept{Pre, Post}(report)) && mmax_runs == \old(mmax_runs);
    ensures   kept:    \result < 0 ==> acc_kept{Pre, Post}(acc) && (grad_logits == \null || halves_kept{Pre, Post}(grad_logits, entries(\old(in->rows), \old(in->cols), grad_logits_stride)));
*/
mmax_status mmax_backward16(const mmax_params *params, const mmax_rows16 *in,
                            const uint16_t *grad_probs, size_t grad_probs_stride,
                            uint16_t *grad_logits, size_t grad_logits_stride,
                            mmax_accumulator *acc, const mmax_exec *exec, mmax_report *report) {
  if (in == NULL) return MMAX_ERR_NULL;
  const mmax_job job = mmax_job_on16(in, MMAX_BACKWARD);
  const void *upstream = untyped_matrix16(grad_probs);
  void *out = untyped_result16(grad_logits);
  /*@ assert hint_views: job.storage != 0 && job.loss == \null && halves_at(out) == grad_logits && (out == \null <==> grad_logits == \null) &&
        job.in.rows == in->rows && job.in.cols == in->cols; */
  /*@ assert hint_ranges: floats_in(job.storage, out, job.in.rows, job.in.cols, grad_logits_stride) == 0 &&
        halves_in(job.storage, out, job.in.rows, job.in.cols, grad_logits_stride) == (grad_logits == \null ? 0 : entries(in->rows, in->cols, grad_logits_stride)); */
  return backward(job, params, upstream, grad_probs_stride, out, grad_logits_stride, acc, exec,
                  report);
}
