/* SPDX-License-Identifier: Apache-2.0 */
/* `multimax check`: the library against the oracle on a file, as text and JSON. */
#include <math.h>
#include <stdio.h>

#include "commands.h"
#include "compare.h"
#include "grads_json.h"
#include "output.h"

static void print_number(const char *label, double value) {
  (void)printf("  %-10s%a  (%.17g)\n", label, value, value);
}

/* Where an output is: "row 3, column 17", or the parameter. */
static void print_place(const struct witness *w) {
  if (w->row == SIZE_MAX)
    (void)printf("d/d%s", grad_name[w->col]);
  else if (w->col == SIZE_MAX)
    (void)printf("row %zu", w->row);
  else
    (void)printf("row %zu, column %zu", w->row, w->col);
}

static void print_witness(const struct witness *w) {
  (void)printf("%.6g ulp, bound %.6g, at ", w->ulp, w->bound);
  print_place(w);
  (void)putchar('\n');
  if (w->row != SIZE_MAX) print_number("logit", (double)w->logit);
  print_number("got", w->got);
  print_number("exact", w->exact.hi);
}

static void print_quantity(const struct quantity *q) {
  (void)printf("%s: %zu outputs, %zu not the nearest number, %zu outside the bound\n", q->name,
               q->outputs, q->misrounded, q->outside);
  if (q->unbounded > 0)
    (void)printf("  %zu have no bound: A of their row is too large for any promise\n",
                 q->unbounded);
  if (q->outputs == 0) return;
  (void)printf("  worst error ");
  print_witness(&q->worst);
  (void)printf("  closest to its bound: %.4g of it (%.6g of %.6g ulp) at ",
               q->tightest.ulp / q->tightest.bound, q->tightest.ulp, q->tightest.bound);
  print_place(&q->tightest);
  (void)printf("; largest bound %.6g ulp\n", q->largest_bound);
}

static void print_text(const struct comparison *c, const struct job *job) {
  char shape[SHAPE_TEXT_MAX];
  (void)printf("params %s, input %s (%s: %zu rows of %zu), function %s, backend %s\n",
               job->model.name, job->input, shape_text(&job->logits.shape, shape), job->rows.rows,
               job->rows.cols, job->function_text, job->backend_text);
  for (size_t k = 0; k < c->quantities; k++) print_quantity(&c->quantity[k]);
  (void)printf("condition A of a row: at most %.6g\n", c->condition);
  if (c->sums > 0)
    (void)printf("sums: worst |sum-1| %.6g, bound %.6g, at row %zu; %zu of %zu outside\n",
                 c->worst_sum, c->sum_bound, c->worst_sum_row, c->sums_outside, c->sums);
  (void)printf("special rows: %zu without an unmasked entry, %zu with NaN or +inf, %zu ignored: "
               "library and oracle %s\n",
               c->oracle.rows.masked_rows, c->oracle.rows.nonfinite_rows,
               c->oracle.rows.ignored_rows, comparison_agrees(c) ? "agree" : "DISAGREE");
  if (c->oracle.undecided_rows > 0)
    (void)printf("the oracle left %zu rows undecided, first row %zu\n", c->oracle.undecided_rows,
                 c->oracle.first_undecided);
  (void)printf("%s\n", comparison_within(c) ? "within the bound" : "OUTSIDE THE BOUND");
}

static json_t *witness_json(const struct witness *w) {
  json_t *json = json_object();
  if (w->row == SIZE_MAX)
    (void)json_object_set_new(json, "parameter", json_string(grad_name[w->col]));
  else
    (void)json_object_set_new(json, "row", json_integer((json_int_t)w->row));
  if (w->row != SIZE_MAX && w->col != SIZE_MAX)
    (void)json_object_set_new(json, "column", json_integer((json_int_t)w->col));
  if (w->row != SIZE_MAX) (void)json_object_set_new(json, "logit", json_hex((double)w->logit));
  (void)json_object_set_new(json, "got", json_hex(w->got));
  (void)json_object_set_new(json, "exact", json_hex(w->exact.hi));
  (void)json_object_set_new(json, "ulp", json_number(w->ulp));
  (void)json_object_set_new(json, "bound_ulp", json_number(w->bound));
  return json;
}

static json_t *quantity_json(const struct quantity *q) {
  json_t *json =
      json_pack("{s:s, s:I, s:I, s:I, s:I}", "name", q->name, "outputs", (json_int_t)q->outputs,
                "not_nearest", (json_int_t)q->misrounded, "outside", (json_int_t)q->outside,
                "unbounded", (json_int_t)q->unbounded);
  if (q->outputs == 0) return json;
  (void)json_object_set_new(json, "largest_bound_ulp", json_number(q->largest_bound));
  (void)json_object_set_new(json, "worst", witness_json(&q->worst));
  (void)json_object_set_new(json, "closest_to_bound", witness_json(&q->tightest));
  return json;
}

static json_t *comparison_json(const struct comparison *c, const struct job *job) {
  json_t *quantities = json_array(), *shape = json_array();
  const mmax_report *rows = &c->oracle.rows;
  for (unsigned d = 0; d < job->logits.shape.ndim; d++)
    (void)json_array_append_new(shape, json_integer((json_int_t)job->logits.shape.dim[d]));
  for (size_t k = 0; k < c->quantities; k++)
    (void)json_array_append_new(quantities, quantity_json(&c->quantity[k]));
  json_t *json =
      json_pack("{s:b, s:o, s:o, s:o, s:I, s:I, s:s, s:s, s:o, s:o, s:{s:I, s:I, s:I, s:I, s:b}}",
                "within_bound", comparison_within(c), "params", json_text(job->model.name), "input",
                json_text(job->input), "shape", shape, "rows", (json_int_t)job->rows.rows, "cols",
                (json_int_t)job->rows.cols, "function", job->function_text, "backend",
                job->backend_text, "quantities", quantities, "condition", json_number(c->condition),
                "special_rows", "masked", (json_int_t)rows->masked_rows, "nonfinite",
                (json_int_t)rows->nonfinite_rows, "ignored", (json_int_t)rows->ignored_rows,
                "undecided", (json_int_t)c->oracle.undecided_rows, "agree", comparison_agrees(c));
  if (c->sums > 0)
    (void)json_object_set_new(
        json, "sums",
        json_pack("{s:o, s:o, s:I, s:I, s:I}", "worst", json_number(c->worst_sum), "bound",
                  json_number(c->sum_bound), "worst_row", (json_int_t)c->worst_sum_row, "rows",
                  (json_int_t)c->sums, "outside", (json_int_t)c->sums_outside));
  return json;
}

static const char details[] =
    "Every output of the library is compared with the exact real number. Errors are in ulp, the\n"
    "spacing of float32 (parameter gradients: float64) at the exact value, before rounding: the\n"
    "nearest float32 is within 0.5. The bound of every output is computed a priori from the row's\n"
    "condition A and its length (specs/accuracy.md); also checked: |sum of probabilities - 1|,\n"
    "and that both sides name the same special rows (all masked, NaN or +inf).\n"
    "backward and loss also check the parameter gradients; loss its fused gradient.\n"
    "\n"
    "examples:\n"
    "  multimax check --params deit-small:11 --input x.npy\n"
    "  multimax check --params wikitext103:4 --input x.npy --function log --json report.json\n"
    "  multimax check --params p.json --input x.npy --function loss --targets y.txt\n"
    "\n"
    "exit status: 0 within the bound, 1 outside, 2 wrong usage or input\n";

int command_check(int argc, char **argv) {
  struct job job = JOB_DEFAULTS;
  struct comparison comparison;
  struct fault fault;
  const char *json_path = NULL;
  const struct option table[] = {
      job_option_params(&job),
      job_option_input(&job),
      job_option_function(&job),
      job_option_mask(&job),
      job_option_grad_probs(&job),
      job_option_targets(&job),
      job_option_ignore_index(&job),
      job_option_smoothing(&job),
      {"--json", "FILE", OPTION_TEXT, &json_path,
       "also write the report as JSON; - writes it to standard output\n"
       "instead of the text"},
      job_option_threads(&job),
      job_option_backend(&job),
  };
  const struct usage usage = {argv[0], "compare the library with the oracle and with its bounds",
                              details, table, sizeof table / sizeof table[0]};
  int parsed = options_parse(&usage, argc, argv, &fault), within = 0;
  if (parsed > 0) return EXIT_FINE;
  int failed = parsed < 0 || job_load(&job, &fault) != 0 || compare(&comparison, &job, &fault) != 0;
  if (!failed) {
    within = comparison_within(&comparison);
    if (json_path == NULL || json_path[0] != '-' || json_path[1] != '\0')
      print_text(&comparison, &job);
    if (json_path != NULL) {
      json_t *json = comparison_json(&comparison, &job);
      failed = output_json(json_path, json, &fault) != 0;
      json_decref(json);
    }
  }
  job_free(&job);
  if (failed) return fault_report(argv[0], &fault);
  return within ? EXIT_FINE : EXIT_OUTSIDE;
}
