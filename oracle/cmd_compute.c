/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `multimax eval` and `multimax oracle`: the same functions of the same files, by the
 * library or over the real numbers.
 */
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "exact.h"
#include "grads_json.h"
#include "job.h"
#include "output.h"

struct compute {
  struct job job;
  const char *command, *output, *grad_logits_path, *grad_params_path;
  int hex;
  float *result;      /* probabilities, logarithms, gradient of the logits, or losses */
  float *grad_logits; /* loss with --grad-logits                                      */
  double grads[MMAX_NPARAMS];
  mmax_report report;
};

static int wants_grads(const struct compute *c) { return c->grad_params_path != NULL; }

static int by_library(struct compute *c, struct fault *fault) {
  struct job *job = &c->job;
  const mmax_params *params = &job->model.params;
  mmax_exec exec = {.backend = job->backend, .threads = (unsigned)job->threads};
  mmax_accumulator accumulator, *acc = wants_grads(c) ? &accumulator : NULL;
  size_t stride = job->rows.stride;
  mmax_status status = MMAX_OK;
  mmax_accumulator_init(&accumulator);
  switch (job->function) {
  case JOB_FORWARD:
    status = mmax_forward(params, &job->rows, c->result, stride, &exec, &c->report);
    break;
  case JOB_LOG:
    status = mmax_log_forward(params, &job->rows, c->result, stride, &exec, &c->report);
    break;
  case JOB_BACKWARD:
    status = mmax_backward(params, &job->rows, job->grad_probs.data, stride, c->result, stride, acc,
                           &exec, &c->report);
    break;
  case JOB_LOSS:
    if (c->grad_logits == NULL && acc == NULL)
      status = mmax_cross_entropy(params, &job->rows, &job->targets, c->result, &exec, &c->report);
    else
      status = mmax_cross_entropy_backward(params, &job->rows, &job->targets, NULL, c->result,
                                           c->grad_logits, stride, acc, &exec, &c->report);
    break;
  }
  if (status >= 0 && acc != NULL) status = mmax_accumulator_finish(acc, params, c->grads);
  return status < 0 ? fault_set(fault, "%s: %s", job->input, mmax_status_text(status)) : 0;
}

static int by_oracle(struct compute *c, struct fault *fault) {
  struct job *job = &c->job;
  const mmax_params *params = &job->model.params;
  progress bar;
  exact_run run = {.threads = (unsigned)job->threads, .progress = &bar};
  exact_report report = {.undecided_rows = 0};
  exact_grads exact, *grads = wants_grads(c) ? &exact : NULL;
  size_t stride = job->rows.stride;
  exact_status status = EXACT_OK;
  progress_start(&bar, "oracle", job->rows.rows);
  switch (job->function) {
  case JOB_FORWARD:
    status = exact_forward(params, &job->rows, c->result, NULL, stride, &run, &report);
    break;
  case JOB_LOG:
    status = exact_log_forward(params, &job->rows, c->result, NULL, stride, &run, &report);
    break;
  case JOB_BACKWARD:
    status = exact_backward(params, &job->rows, job->grad_probs.data, stride, c->result, NULL,
                            stride, grads, &run, &report);
    break;
  case JOB_LOSS:
    status = exact_cross_entropy(params, &job->rows, &job->targets, NULL, c->result, NULL,
                                 c->grad_logits, NULL, stride, grads, &run, &report);
    break;
  }
  progress_finish(&bar);
  if (status == EXACT_UNDECIDED)
    return fault_set(fault, "%s: row %zu: %s", job->input, report.first_undecided,
                     exact_status_text(status));
  if (status < 0) return fault_set(fault, "%s: %s", job->input, exact_status_text(status));
  c->report = report.rows;
  for (int k = 0; k < MMAX_NPARAMS && grads != NULL; k++) c->grads[k] = exact.rounded[k];
  return 0;
}

static struct shape loss_shape(const struct shape *logits) {
  struct shape shape = {
      .ndim = logits->ndim > 1 ? logits->ndim - 1 : 1, .dim = {1}, .fortran = logits->fortran};
  if (logits->text)
    return (struct shape){.ndim = 2, .dim = {logits->rows, 1}, .rows = logits->rows, .cols = 1};
  for (unsigned d = 0; d + 1 < logits->ndim; d++) shape.dim[d] = logits->dim[d];
  shape_finish(&shape);
  return shape;
}

static int check_outputs(const struct compute *c, struct fault *fault) {
  enum job_function f = c->job.function;
  if (c->output == NULL) return fault_set(fault, "--output is required");
  if (c->grad_logits_path != NULL && f != JOB_LOSS)
    return fault_set(fault, "--grad-logits is for --function loss (backward writes --output)");
  if (c->grad_params_path != NULL && f != JOB_LOSS && f != JOB_BACKWARD)
    return fault_set(fault, "--grad-params is for --function backward and loss");
  return 0;
}

static int write_results(const struct compute *c, struct fault *fault) {
  const struct shape *logits = &c->job.logits.shape;
  struct shape shape = c->job.function == JOB_LOSS ? loss_shape(logits) : *logits;
  if (output_tensor(c->output, &shape, c->result, c->hex, fault) != 0) return -1;
  if (c->grad_logits != NULL &&
      output_tensor(c->grad_logits_path, logits, c->grad_logits, c->hex, fault) != 0)
    return -1;
  if (!wants_grads(c)) return 0;
  json_t *json = grads_json(c->job.params_text, c->grads);
  int result = output_json(c->grad_params_path, json, fault);
  json_decref(json);
  return result;
}

static int compute(struct compute *c, struct fault *fault,
                   int (*engine)(struct compute *, struct fault *)) {
  if (job_load(&c->job, fault) != 0 || check_outputs(c, fault) != 0) return -1;
  size_t rows = c->job.logits.shape.rows, entries = rows * c->job.logits.shape.cols;
  c->result = job_room(c->job.function == JOB_LOSS ? rows : entries, sizeof(float), fault);
  if (c->result == NULL) return -1;
  if (c->grad_logits_path != NULL) {
    c->grad_logits = job_room(entries, sizeof(float), fault);
    if (c->grad_logits == NULL) return -1;
  }
  if (engine(c, fault) != 0) return -1;
  job_note_rows(c->command, &c->report);
  return write_results(c, fault);
}

static int run_compute(int argc, char **argv, const char *summary, const char *details,
                       int (*engine)(struct compute *, struct fault *)) {
  struct compute c = {.job = JOB_DEFAULTS, .command = argv[0]};
  struct fault fault;
  const struct option table[] = {
      job_option_params(&c.job),
      job_option_input(&c.job),
      {"--output", "FILE", OPTION_TEXT, &c.output,
       "result: .npy (float32, the input's shape and order; loss: one\n"
       "number per row), otherwise text; - is standard output (required)"},
      job_option_function(&c.job),
      job_option_mask(&c.job),
      job_option_grad_probs(&c.job),
      job_option_targets(&c.job),
      job_option_ignore_index(&c.job),
      job_option_smoothing(&c.job),
      {"--grad-logits", "FILE", OPTION_TEXT, &c.grad_logits_path,
       "loss: also write the gradient of the logits"},
      {"--grad-params", "FILE", OPTION_TEXT, &c.grad_params_path,
       "backward, loss: also write the parameter gradients, summed\n"
       "over all rows, as JSON (float64)"},
      {"--hex", NULL, OPTION_FLAG, &c.hex, "text output as C99 hexadecimal: every bit is shown"},
      job_option_threads(&c.job),
      job_option_backend(&c.job), /* last: only the library has backends */
  };
  size_t count = sizeof table / sizeof table[0] - (engine == by_library ? 0 : 1);
  const struct usage usage = {argv[0], summary, details, table, count};
  int parsed = options_parse(&usage, argc, argv, &fault);
  if (parsed > 0) return EXIT_FINE;
  int failed = parsed < 0 || compute(&c, &fault, engine) != 0;
  job_free(&c.job);
  free(c.result);
  free(c.grad_logits);
  return failed ? fault_report(argv[0], &fault) : EXIT_FINE;
}

int command_eval(int argc, char **argv) {
  return run_compute(
      argc, argv, "run the library on logits from a file",
      "A row without an unmasked entry gives zeros, a row with NaN or +inf gives NaN; both are\n"
      "noted on standard error and are no error (exit 0).\n"
      "\n"
      "examples:\n"
      "  multimax eval --params deit-small:11 --input x.npy --output p.npy\n"
      "  echo '0 1 2.5' | multimax eval --params softmax --input - --output - --hex\n"
      "  multimax eval --params p.json --function loss --targets y.npy --input x.npy \\\n"
      "      --output loss.npy --grad-logits dx.npy --grad-params dp.json\n"
      "\n"
      "exit status: 0 done, 2 wrong usage or input (nothing half-written)\n",
      by_library);
}

int command_oracle(int argc, char **argv) {
  return run_compute(
      argc, argv, "the same functions over the real numbers, correctly rounded",
      "Every output is the float32 (parameter gradients: float64) nearest to the exact real\n"
      "result. Special rows are treated as by eval.\n"
      "\n"
      "examples:\n"
      "  multimax oracle --params deit-small:11 --input x.npy --output p.npy\n"
      "  multimax oracle --params softmax --function log --input x.txt --output -\n"
      "\n"
      "exit status: 0 done, 2 wrong usage or input (nothing half-written)\n",
      by_oracle);
}
