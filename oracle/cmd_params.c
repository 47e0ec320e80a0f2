/* SPDX-License-Identifier: Apache-2.0 */
/* `multimax params`: the analysis of a modulator, as text and JSON. */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "analysis.h"
#include "commands.h"
#include "decimal.h"
#include "options.h"
#include "output.h"

static void print_intervals(const char *label, const mmax_interval *list, size_t count) {
  (void)printf("%s", label);
  for (size_t k = 0; k < count; k++)
    (void)printf("%s(%.9g, %.9g)", k == 0 ? "" : " and ", list[k].lo, list[k].hi);
  (void)printf("%s\n", count == 0 ? "nowhere" : "");
}

static void print_point(const char *format, double value) {
  if (!isnan(value)) (void)printf(format, value);
}

static void print_numbers(const struct analysis *a) {
  static const char *const hinge[4] = {"(b1-y)+", "(y-d1)+", "(b2-y)+^2", "(y-d2)+^2"};
  static const char *const temperature[4] = {"t_b1", "t_d1", "t_b2", "t_d2"};
  static const char *const knot[4] = {"b1", "d1", "b2", "d2"};
  const mmax_params *p = &a->model->params;
  (void)printf("parameters %s\n  sigma(y) = y + sum of\n", a->model->name);
  for (int k = 0; k < 4; k++)
    if ((p->terms >> k & 1u) != 0)
      (void)printf("    %13.9g %-9s  c%d; %s = %.9g, %s = %.9g\n", p->coef[k], hinge[k], k + 1,
                   temperature[k], k % 2 == 0 ? 1 - p->coef[k] : 1 + p->coef[k], knot[k],
                   p->knot[k]);
  if ((p->terms & MMAX_ORDER_2) == 0) (void)printf("    nothing: plain softmax\n");
  if ((p->terms & MMAX_TERM_AFFINE) != 0)
    (void)printf("  y = %.9g x + %.9g\n", p->scale, p->shift);
  else
    (void)printf("  y = x\n");
}

static void print_function(const struct analysis *a) {
  const mmax_params *p = &a->model->params;
  (void)printf("\nshape\n  limits: sigma(-inf) = %g, sigma(+inf) = %g\n", a->at_minus_inf,
               a->at_plus_inf);
  print_intervals("  increases on: ", a->up, a->ups);
  print_intervals("  elsewhere:    ", a->down, a->downs);
  for (size_t k = 0; k < a->turnings; k++)
    (void)printf("  turning point: sigma(%.9g) = %.9g\n", a->turning[k],
                 mmax_sigma(p, (float)a->turning[k]));
  print_point("  take-over: below x = %.9g sigma exceeds sigma(0)\n", a->takeover_zero);
  if (!isnan(a->takeover_all))
    (void)printf(
        "  take-over: below x = %.9g sigma exceeds %.9g, its largest value on (%.6g, %.6g)\n",
        a->takeover_all, a->takeover_level, a->main.lo, isfinite(a->main.hi) ? a->main.hi : a->hi);
  print_point("  falls: above x = %.9g sigma is below sigma(0)\n", a->fall_zero);
  print_point("  vanishes: below x = %.9g a probability beside a logit of 0 is 0 in float32\n",
              a->vanish);
}

static void print_overflow(const char *label, struct overflow_points points) {
  (void)printf("  Eq. 6 evaluated in %s is not finite", label);
  if (isnan(points.left) && isnan(points.right)) (void)printf(": never");
  if (!isnan(points.left)) (void)printf(" for x <= %.9g", points.left);
  if (!isnan(points.left) && !isnan(points.right)) (void)printf(",");
  if (!isnan(points.right)) (void)printf(" for x >= %.9g", points.right);
  (void)putchar('\n');
}

static void print_text(const struct analysis *a) {
  print_numbers(a);
  print_function(a);
  (void)printf("\nelsewhere (this library overflows for no float32 logit)\n");
  print_overflow("float32", a->overflow32);
  print_overflow("float16", a->overflow16);
  (void)printf("  a finite mask value beside logits 0 and 1 gets probability");
  for (int k = 0; k < ANALYSIS_MASKS; k++)
    (void)printf("%s %.4g (%.6g)", k == 0 ? "" : ",", (double)a->mask_prob[k], (double)a->mask[k]);
  (void)printf("\n\non [%.6g, %.6g], rows of %zu\n", a->lo, a->hi, a->cols);
  (void)printf(
      "  Lipschitz: |sigma'| <= %s, probabilities change at most %s times the logits\n",
      decimal_above(a->lipschitz, 6).text, decimal_above(a->lipschitz / 2, 6).text);
  (void)printf("  condition A <= %s\n", decimal_above(a->condition, 6).text);
  (void)printf("  error of probabilities <= %s ulp, of their logarithms <= %s ulp from n 2^-97 in size\n",
               decimal_above(a->bound_probs, 6).text, decimal_above(a->bound_log, 6).text);
  (void)printf("  |sum of probabilities - 1| <= %s\n", decimal_above(a->bound_sum, 4).text);
  (void)printf("  gradients: kappa = %.4g (specs/accuracy.md)\n", a->bound_gradient);
  (void)printf("\n%zu warnings%s\n", a->warnings, a->warnings == 0 ? "" : ":");
  for (size_t k = 0; k < a->warnings; k++)
    (void)printf("  WARNING %s: %s\n", a->warning[k].code, a->warning[k].text);
}

static json_t *numbers_json(const double *values, size_t count) {
  json_t *array = json_array();
  for (size_t k = 0; k < count; k++) (void)json_array_append_new(array, json_number(values[k]));
  return array;
}

static json_t *intervals_json(const mmax_interval *list, size_t count) {
  json_t *array = json_array();
  for (size_t k = 0; k < count; k++)
    (void)json_array_append_new(
        array, json_pack("[o, o]", json_number(list[k].lo), json_number(list[k].hi)));
  return array;
}

/* null where there is no such point. */
static json_t *point_json(double value) { return isnan(value) ? json_null() : json_number(value); }

static json_t *masks_json(const struct analysis *a) {
  json_t *array = json_array();
  for (int k = 0; k < ANALYSIS_MASKS; k++)
    (void)json_array_append_new(
        array, json_pack("{s:o, s:o, s:o}", "value", json_number((double)a->mask[k]), "prob",
                         json_number((double)a->mask_prob[k]), "sigma_float32",
                         json_number((double)a->mask_sigma32[k])));
  return array;
}

static json_t *analysis_json(const struct analysis *a) {
  const mmax_params *p = &a->model->params;
  json_t *warnings = json_array(), *turning = json_array();
  for (size_t k = 0; k < a->warnings; k++)
    (void)json_array_append_new(warnings, json_pack("{s:s, s:o}", "code", a->warning[k].code,
                                                    "text", json_text(a->warning[k].text)));
  for (size_t k = 0; k < a->turnings; k++)
    (void)json_array_append_new(turning,
                                json_pack("[o, o]", json_number(a->turning[k]),
                                          json_number(mmax_sigma(p, (float)a->turning[k]))));
  json_t *range =
      json_pack("{s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "lo", json_number(a->lo), "hi",
                json_number(a->hi), "cols", (json_int_t)a->cols, "lipschitz_sigma",
                json_number(a->lipschitz), "condition", json_number(a->condition), "probs_ulp",
                json_number(a->bound_probs), "log_probs_ulp", json_number(a->bound_log), "sum",
                json_number(a->bound_sum), "gradient_kappa", json_number(a->bound_gradient));
  json_t *overflow = json_pack("{s:[o, o], s:[o, o]}", "float32", point_json(a->overflow32.left),
                               point_json(a->overflow32.right), "float16",
                               point_json(a->overflow16.left), point_json(a->overflow16.right));
  json_t *limits = json_pack("[o, o]", json_number(a->at_minus_inf), json_number(a->at_plus_inf));
  json_t *takeover =
      json_pack("{s:o, s:o, s:o}", "sigma_0_below", point_json(a->takeover_zero), "all_below",
                point_json(a->takeover_all), "level", point_json(a->takeover_level));
  return json_pack(
      "{s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
      "params", json_text(a->model->name), "coef", numbers_json(p->coef, 4), "knot",
      numbers_json(p->knot, 4), "terms", (int)p->terms, "scale", json_number(p->scale), "shift",
      json_number(p->shift), "limits", limits, "increasing", intervals_json(a->up, a->ups),
      "not_increasing", intervals_json(a->down, a->downs), "turning_points", turning, "takeover",
      takeover, "falls_above", point_json(a->fall_zero), "vanishes_below", point_json(a->vanish),
      "overflow", overflow, "finite_masks", masks_json(a), "on_range", range, "warnings", warnings);
}

static const char details[] =
    "Prints the coefficients, the limits, where sigma increases, its turning points, from where "
    "on\n"
    "very negative logits take over, where float32 and float16 evaluations of Eq. 6 overflow, "
    "and,\n"
    "for a range of logits, the Lipschitz constant and the accuracy bounds. One warning per "
    "hazard.\n"
    "\n"
    "warning codes: takeover floor suppressed ceiling nonmonotone crossing1 crossing2 float16\n"
    "               nan-mask lowest-mask accuracy\n"
    "\n"
    "examples:\n"
    "  multimax params --params deit-small:1\n"
    "  multimax params --params mine.csv:3 --lo -30 --hi 30 --cols 4096 --json mine.json\n"
    "\n"
    "exit status: 0 done (warnings or not), 2 wrong usage or input\n";

int command_params(int argc, char **argv) {
  const char *params_text = NULL, *json_path = NULL;
  double lo = -10, hi = 10;
  size_t cols = 1024;
  struct fault fault;
  struct model model;
  struct analysis analysis;
  const struct option table[] = {
      {"--params", "SPEC", OPTION_TEXT, &params_text,
       "softmax, deit-small:1..12, wikitext103:1..6, FILE.csv:ROW\n"
       "or FILE.json (required)"},
      {"--lo", "X", OPTION_NUMBER, &lo, "smallest logit to expect (default -10)"},
      {"--hi", "X", OPTION_NUMBER, &hi, "largest logit to expect (default 10)"},
      {"--cols", "N", OPTION_COUNT, &cols, "length of a row, for the bounds (default 1024)"},
      {"--json", "FILE", OPTION_TEXT, &json_path,
       "also write it as JSON; - writes it to standard output instead\n"
       "of the text"},
  };
  const struct usage usage = {argv[0], "what to know before deploying a modulator's 8 numbers",
                              details, table, sizeof table / sizeof table[0]};
  int parsed = options_parse(&usage, argc, argv, &fault);
  if (parsed > 0) return EXIT_FINE;
  if (parsed < 0) return fault_report(argv[0], &fault);
  if (params_text == NULL)
    (void)fault_set(&fault, "--params is required");
  else if (!(lo <= hi) || !(fabs(lo) <= (double)FLT_MAX) || !(fabs(hi) <= (double)FLT_MAX))
    (void)fault_set(&fault, "--lo %g --hi %g: need finite float32 numbers, lo <= hi", lo, hi);
  else if (cols < 1 || cols > MMAX_MAX_COLS)
    (void)fault_set(&fault, "--cols %zu: from 1 to %u", cols, MMAX_MAX_COLS);
  else if (model_load(&model, params_text, &fault) == 0) {
    analyse(&analysis, &model, lo, hi, cols);
    if (json_path == NULL || json_path[0] != '-' || json_path[1] != '\0') print_text(&analysis);
    if (json_path == NULL) return EXIT_FINE;
    json_t *json = analysis_json(&analysis);
    int failed = output_json(json_path, json, &fault);
    json_decref(json);
    if (failed == 0) return EXIT_FINE;
  }
  return fault_report(argv[0], &fault);
}
