/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What eval, oracle and check have in common: options, input arrays, and one
 * description of the batch they work on.
 */
#ifndef MULTIMAX_JOB_H
#define MULTIMAX_JOB_H

#include "model.h"
#include "options.h"
#include "tensor.h"

enum job_function { JOB_FORWARD, JOB_LOG, JOB_BACKWARD, JOB_LOSS };

struct job {
  /* options */
  const char *params_text, *input, *mask_path, *function_text, *grad_probs_path, *targets_path;
  const char *backend_text;
  size_t threads;
  int ignore_index;
  double smoothing;
  /* loaded */
  enum job_function function;
  mmax_backend backend;
  struct model model;
  struct tensor logits, grad_probs; /* grad_probs.data: NULL unless backward */
  uint8_t *mask;
  int32_t *target_data;
  mmax_targets targets;
  mmax_rows rows;
};

#define JOB_DEFAULTS                                                                               \
  (struct job) { .function_text = "forward", .backend_text = "auto", .ignore_index = -100 }

/* Rows of an option table that fill a struct job; a table lists the ones it offers. */
struct option job_option_params(struct job *job);
struct option job_option_input(struct job *job);
struct option job_option_mask(struct job *job);
struct option job_option_function(struct job *job);
struct option job_option_grad_probs(struct job *job);
struct option job_option_targets(struct job *job);
struct option job_option_ignore_index(struct job *job);
struct option job_option_smoothing(struct job *job);
struct option job_option_backend(struct job *job);
struct option job_option_threads(struct job *job);

/* Reads and checks everything the options name. job_free afterwards in any case. */
int job_load(struct job *job, struct fault *fault);
void job_free(struct job *job);

/* Rows first .. first+count-1 of the batch. */
mmax_rows job_slice(const struct job *job, size_t first, size_t count);
mmax_targets job_slice_targets(const struct job *job, size_t first);

/* Notes on stderr about masked, non-finite and ignored rows; nothing if there are none. */
void job_note_rows(const char *command, const mmax_report *report);

/* Room for count elements of `size` bytes, or a fault. */
void *job_room(size_t count, size_t size, struct fault *fault);

#endif
