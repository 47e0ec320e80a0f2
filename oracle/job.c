/* SPDX-License-Identifier: Apache-2.0 */
/* See job.h. */
#include "job.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct option job_option_params(struct job *job) {
  return (struct option){"--params", "SPEC", OPTION_TEXT, &job->params_text,
                         "softmax, deit-small:1..12, wikitext103:1..6, FILE.csv:ROW\n"
                         "or FILE.json (required)"};
}
struct option job_option_input(struct job *job) {
  return (struct option){"--input", "FILE", OPTION_TEXT, &job->input,
                         "logits: .npy of 1 to 3 dimensions, float32 (or float16), or text,\n"
                         "one row per line; - is standard input; rows run along the\n"
                         "last axis (required)"};
}
struct option job_option_mask(struct job *job) {
  return (struct option){"--mask", "FILE", OPTION_TEXT, &job->mask_path,
                         ".npy of bool or uint8, nonzero = masked: the logits' shape, or\n"
                         "one row for all; a logit of -inf is masked too"};
}
struct option job_option_function(struct job *job) {
  return (struct option){"--function", "NAME", OPTION_TEXT, &job->function_text,
                         "forward (probabilities, default), log (their logarithms),\n"
                         "backward (gradient of the logits), loss (cross-entropy)"};
}
struct option job_option_grad_probs(struct job *job) {
  return (struct option){"--grad-probs", "FILE", OPTION_TEXT, &job->grad_probs_path,
                         "backward: upstream gradient, of the logits' shape"};
}
struct option job_option_targets(struct job *job) {
  return (struct option){"--targets", "FILE", OPTION_TEXT, &job->targets_path,
                         "loss: class of every row, .npy of integers or text"};
}
struct option job_option_ignore_index(struct job *job) {
  return (struct option){"--ignore-index", "N", OPTION_WHOLE, &job->ignore_index,
                         "loss: target of rows to leave out (default -100)"};
}
struct option job_option_smoothing(struct job *job) {
  return (struct option){"--smoothing", "A", OPTION_NUMBER, &job->smoothing,
                         "loss: label smoothing in [0, 1] (default 0)"};
}
struct option job_option_backend(struct job *job) {
  return (struct option){
      "--backend", "NAME", OPTION_TEXT, &job->backend_text,
      "auto (default), ref, portable, avx2, avx512, neon: all give\nthe same bits"};
}
struct option job_option_threads(struct job *job) {
  return (struct option){"--threads", "N", OPTION_COUNT, &job->threads,
                         "default: one per processor; changes no bit"};
}

static int find_function(struct job *job, struct fault *fault) {
  static const char *const names[] = {"forward", "log", "backward", "loss"};
  for (int k = 0; k < 4; k++)
    if (strcmp(names[k], job->function_text) == 0) {
      job->function = (enum job_function)k;
      return 0;
    }
  return fault_set(fault, "--function %s: forward, log, backward or loss", job->function_text);
}

static int find_backend(struct job *job, struct fault *fault) {
  for (int k = MMAX_BACKEND_AUTO; k <= MMAX_BACKEND_PORTABLE; k++) {
    if (strcmp(mmax_backend_name((mmax_backend)k), job->backend_text) != 0) continue;
    if (!mmax_backend_available((mmax_backend)k))
      return fault_set(fault, "--backend %s: not available on this machine or in this build",
                       job->backend_text);
    job->backend = (mmax_backend)k;
    return 0;
  }
  return fault_set(fault, "--backend %s: auto, ref, portable, avx2, avx512 or neon",
                   job->backend_text);
}

/* Options that the chosen function lacks or would ignore. */
static int check_options(const struct job *job, struct fault *fault) {
  const struct {
    const char *name, *value;
    enum job_function function;
  } needed[] = {{"--grad-probs", job->grad_probs_path, JOB_BACKWARD},
                {"--targets", job->targets_path, JOB_LOSS}};
  if (job->params_text == NULL) return fault_set(fault, "--params is required");
  if (job->input == NULL) return fault_set(fault, "--input is required");
  for (size_t k = 0; k < sizeof needed / sizeof needed[0]; k++) {
    if (job->function == needed[k].function && needed[k].value == NULL)
      return fault_set(fault, "--function %s needs %s", job->function_text, needed[k].name);
    if (job->function != needed[k].function && needed[k].value != NULL)
      return fault_set(fault, "%s is of no use for --function %s", needed[k].name,
                       job->function_text);
  }
  if (job->function != JOB_LOSS && job->smoothing != 0)
    return fault_set(fault, "--smoothing is of no use for --function %s", job->function_text);
  return 0;
}

static int load_targets(struct job *job, struct fault *fault) {
  if (targets_read(&job->target_data, job->targets_path, job->logits.shape.rows, fault) != 0)
    return -1;
  for (size_t r = 0; r < job->logits.shape.rows; r++) {
    int32_t t = job->target_data[r];
    if (job->logits.shape.cols != 0 && t != job->ignore_index &&
        (t < 0 || (size_t)t >= job->logits.shape.cols))
      return fault_set(fault, "%s: target %d of row %zu is neither a class (0..%zu) nor %d",
                       job->targets_path, (int)t, r, job->logits.shape.cols - 1, job->ignore_index);
  }
  job->targets = (mmax_targets){.target = job->target_data,
                                .ignore_index = job->ignore_index,
                                .smoothing = (float)job->smoothing};
  return 0;
}

int job_load(struct job *job, struct fault *fault) {
  size_t mask_stride = 0;
  if (find_function(job, fault) != 0 || check_options(job, fault) != 0 ||
      find_backend(job, fault) != 0)
    return -1;
  if (!(job->smoothing >= 0 && job->smoothing <= 1))
    return fault_set(fault, "--smoothing %g: must be in [0, 1]", job->smoothing);
  if (job->threads > 1024) return fault_set(fault, "--threads %zu: at most 1024", job->threads);
  if (job->threads == 0) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    job->threads = processors < 1 ? 1 : processors > 1024 ? 1024 : (size_t)processors;
  }
  if (model_load(&job->model, job->params_text, fault) != 0) return -1;
  if (tensor_read(&job->logits, job->input, fault) != 0) return -1;
  const struct shape *shape = &job->logits.shape;
  if (shape->cols > MMAX_MAX_COLS)
    return fault_set(fault, "%s: rows of %zu entries; at most %u are supported", job->input,
                     shape->cols, MMAX_MAX_COLS);
  if (job->mask_path != NULL &&
      mask_read(&job->mask, &mask_stride, job->mask_path, shape, fault) != 0)
    return -1;
  if (job->grad_probs_path != NULL) {
    if (tensor_read(&job->grad_probs, job->grad_probs_path, fault) != 0) return -1;
    if (shape_equal(&job->grad_probs.shape, job->grad_probs_path, shape, job->input, fault) != 0)
      return -1;
  }
  if (job->targets_path != NULL && load_targets(job, fault) != 0) return -1;
  job->rows = (mmax_rows){.logits = job->logits.data,
                          .mask = job->mask,
                          .rows = shape->rows,
                          .cols = shape->cols,
                          .stride = shape->cols,
                          .mask_stride = mask_stride};
  return 0;
}

void job_free(struct job *job) {
  tensor_free(&job->logits);
  tensor_free(&job->grad_probs);
  free(job->mask);
  free(job->target_data);
}

mmax_rows job_slice(const struct job *job, size_t first, size_t count) {
  mmax_rows slice = job->rows;
  slice.logits += first * slice.stride;
  if (slice.mask != NULL) slice.mask += first * slice.mask_stride;
  slice.rows = count;
  return slice;
}

mmax_targets job_slice_targets(const struct job *job, size_t first) {
  mmax_targets slice = job->targets;
  slice.target += first;
  return slice;
}

void job_note_rows(const char *command, const mmax_report *report) {
  if (report->masked_rows > 0)
    (void)fprintf(stderr, "multimax %s: note: %zu rows without an unmasked entry, first row %zu\n",
                  command, report->masked_rows, report->first_masked);
  if (report->nonfinite_rows > 0)
    (void)fprintf(stderr,
                  "multimax %s: note: %zu rows hold NaN or +inf and became NaN, first row %zu\n",
                  command, report->nonfinite_rows, report->first_nonfinite);
  if (report->ignored_rows > 0)
    (void)fprintf(stderr, "multimax %s: note: %zu rows ignored\n", command, report->ignored_rows);
}

void *job_room(size_t count, size_t size, struct fault *fault) {
  void *room = calloc(count == 0 ? 1 : count, size);
  if (room == NULL) (void)fault_set(fault, "out of memory for %zu elements", count);
  return room;
}
