/* SPDX-License-Identifier: Apache-2.0 */
/* See slice.h. */
#include "slice.h"

#include <stdlib.h>

void slice_free(struct slice *s) {
  free(s->got);
  free(s->nearest);
  free(s->exact);
  free(s->probs);
  free(s->loss);
  free(s->nearest_loss);
  free(s->exact_loss);
}

int slice_room(struct slice *s, const struct job *job, size_t rows, struct fault *fault) {
  size_t entries = rows * job->rows.cols;
  int grads = job->function == JOB_BACKWARD || job->function == JOB_LOSS;
  s->got = job_room(entries, sizeof *s->got, fault);
  s->nearest = job_room(entries, sizeof *s->nearest, fault);
  s->exact = job_room(entries, sizeof *s->exact, fault);
  if (grads) s->probs = job_room(entries, sizeof *s->probs, fault);
  if (job->function == JOB_LOSS) {
    s->loss = job_room(rows, sizeof *s->loss, fault);
    s->nearest_loss = job_room(rows, sizeof *s->nearest_loss, fault);
    s->exact_loss = job_room(rows, sizeof *s->exact_loss, fault);
  }
  int missing = s->got == NULL || s->nearest == NULL || s->exact == NULL ||
                (grads && s->probs == NULL) ||
                (job->function == JOB_LOSS &&
                 (s->loss == NULL || s->nearest_loss == NULL || s->exact_loss == NULL));
  return missing ? -1 : 0;
}

void slice_at(struct slice *s, const struct job *job, size_t first, size_t count) {
  s->first = first;
  s->count = count;
  s->rows = job_slice(job, first, count);
  if (job->function == JOB_LOSS) s->targets = job_slice_targets(job, first);
}

mmax_status slice_library(const struct job *job, struct slice *s, mmax_accumulator *acc,
                          mmax_report *report) {
  const mmax_params *params = &job->model.params;
  mmax_exec exec = {.backend = job->backend, .threads = (unsigned)job->threads};
  size_t stride = s->rows.stride;
  switch (job->function) {
  case JOB_FORWARD: return mmax_forward(params, &s->rows, s->got, stride, &exec, report);
  case JOB_LOG: return mmax_log_forward(params, &s->rows, s->got, stride, &exec, report);
  case JOB_BACKWARD:
    return mmax_backward(params, &s->rows, job->grad_probs.data, stride, s->got, stride, acc, &exec,
                         report);
  default:
    return mmax_cross_entropy_backward(params, &s->rows, &s->targets, NULL, s->loss, s->got, stride,
                                       acc, &exec, report);
  }
}

exact_status slice_oracle(const struct job *job, struct slice *s, exact_grads *grads, progress *bar,
                          exact_report *report) {
  const mmax_params *params = &job->model.params;
  exact_run run = {.threads = (unsigned)job->threads, .progress = bar};
  exact_run quiet = {.threads = (unsigned)job->threads, .progress = NULL};
  size_t stride = s->rows.stride;
  if (s->probs != NULL) {
    exact_status status = exact_forward(params, &s->rows, NULL, s->probs, stride, &quiet, report);
    if (status < 0) return status;
  }
  switch (job->function) {
  case JOB_FORWARD:
    return exact_forward(params, &s->rows, s->nearest, s->exact, stride, &run, report);
  case JOB_LOG:
    return exact_log_forward(params, &s->rows, s->nearest, s->exact, stride, &run, report);
  case JOB_BACKWARD:
    return exact_backward(params, &s->rows, job->grad_probs.data, stride, s->nearest, s->exact,
                          stride, grads, &run, report);
  default:
    return exact_cross_entropy(params, &s->rows, &s->targets, NULL, s->nearest_loss, s->exact_loss,
                               s->nearest, s->exact, stride, grads, &run, report);
  }
}
