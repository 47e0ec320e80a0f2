/* SPDX-License-Identifier: Apache-2.0 */
/* multimax audit: options, the order of events, exit status. */
#define _GNU_SOURCE
#include "audit_main.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../options.h"
#include "../output.h"
#include "audit.h"
#include "serve.h"

struct asked {
  const char *subject, *suite, *params, *profile, *only, *make_suite, *serve, *format;
  const char *json, *html, *junit, *fingerprint, *baseline, *fail_on;
  const char *op, *row, *mask, *upstream;
  double timeout, start_timeout;
  size_t memory, jobs;
  int no_reduce;
};

static const char details[] =
    "\nSubjects: any command that speaks the protocol of specs/audit-protocol.md, or\n"
    "  @ours[:BACKEND]  @oracle  @naive  @library:PATH:SYMBOL:x,y,cols\n"
    "  'python3 -m multimax_audit numpy:MODULE.FUNCTION' (oracle/audit/adapters)\n"
    "\nExamples:\n"
    "  multimax audit --subject @ours --suite multimax --params wikitext103:1\n"
    "  multimax audit --subject 'python3 -m multimax_audit torch:torch.nn.functional.softmax' \\\n"
    "      --suite softmax --json r.json --html r.html --junit r.xml\n"
    "  multimax audit --subject ./mine --row '0x1p+0 2 nan; 1 2 3'\n"
    "\nExit status: 0 nothing at --fail-on or above, 1 findings (or worse than the baseline),\n"
    "2 wrong usage or input, or the subject could not be started.\n";

static int parse(struct asked *a, int argc, char **argv, struct fault *fault) {
  const struct option options[] = {
      {"--subject", "COMMAND", OPTION_TEXT, &a->subject, "the program under audit, or a built-in one (@...)"},
      {"--suite", "NAME|FILE", OPTION_TEXT, &a->suite, "softmax (default), multimax, smoke, or a suite in JSON"},
      {"--params", "MODEL", OPTION_TEXT, &a->params, "the modulator of suite multimax: deit-small:1..12,\nwikitext103:1..6, FILE.csv:ROW, FILE.json"},
      {"--profile", "NAME", OPTION_TEXT, &a->profile, "what is promised: ieee-strict, pytorch-like (default), ours\n(default for @ours, @oracle)"},
      {"--only", "GROUP[/CASE]", OPTION_TEXT, &a->only, "one group, or one case with its entries"},
      {"--row", "NUMBERS", OPTION_TEXT, &a->row, "instead of a suite: these logits; ';' separates rows"},
      {"--op", "NAME", OPTION_TEXT, &a->op, "of --row: forward (default), log, backward"},
      {"--mask", "DIGITS", OPTION_TEXT, &a->mask, "of --row: one 0 or 1 per entry, 1 masks"},
      {"--upstream", "NUMBERS", OPTION_TEXT, &a->upstream, "of --row with backward"},
      {"--json", "FILE", OPTION_TEXT, &a->json, "report (specs/report-schema.json)"},
      {"--html", "FILE", OPTION_TEXT, &a->html, "report as one page with plots"},
      {"--junit", "FILE", OPTION_TEXT, &a->junit, "report as JUnit XML"},
      {"--fingerprint", "FILE", OPTION_TEXT, &a->fingerprint, "hash of the output bits of each group (FNV-1a:\nshows changes, no protection)"},
      {"--baseline", "FILE", OPTION_TEXT, &a->baseline, "an earlier --json report: any worsening fails"},
      {"--fail-on", "SEVERITY", OPTION_TEXT, &a->fail_on, "info, minor, major (default) or critical"},
      {"--jobs", "N", OPTION_COUNT, &a->jobs, "subject processes side by side (default: processors, at most 4)"},
      {"--timeout", "SECONDS", OPTION_NUMBER, &a->timeout, "per request (20)"},
      {"--start-timeout", "SECONDS", OPTION_NUMBER, &a->start_timeout, "until the greeting (120)"},
      {"--memory", "MIB", OPTION_COUNT, &a->memory, "limit of the subject's data (8192; 0: none)"},
      {"--no-reduce", NULL, OPTION_FLAG, &a->no_reduce, "do not shrink failing rows"},
      {"--make-suite", "FILE", OPTION_TEXT, &a->make_suite, "write the suite with the oracle's results, audit nothing"},
      {"--format", "NAME", OPTION_TEXT, &a->format, "of --make-suite: float32, bfloat16, float16"},
      {"--serve", "SPEC", OPTION_TEXT, &a->serve, "be the built-in subject SPEC on standard input and output"},
  };
  const struct usage usage = {"audit", "find what is wrong with a softmax or MultiMax", details, options,
                              sizeof options / sizeof options[0]};
  return options_parse(&usage, argc, argv, fault);
}

static int find_name(const char *text, const char *const *names, int count) {
  for (int k = 0; k < count; k++)
    if (strcmp(names[k], text) == 0) return k;
  return -1;
}

/* ---- where the cases come from ------------------------------------------ */

/* Numbers of a text like "1 2; 3 4"; NULL with the fault set. */
static float *parse_rows(const char *option, const char *text, size_t *rows, size_t *cols, struct fault *fault) {
  size_t room = strlen(text) + 1, count = 0, width = 0, in_row = 0;
  float *values = audit_alloc(room, sizeof *values);
  *rows = 1;
  for (const char *c = text;;) {
    while (*c == ' ' || *c == ',' || *c == '\n') c++;
    if (*c == ';' || *c == '\0') {
      if (width == 0) width = in_row;
      if (in_row != width || in_row == 0) {
        free(values);
        (void)fault_set(fault, "%s: row %zu has %zu numbers, the first has %zu", option, *rows, in_row, width);
        return NULL;
      }
      if (*c == '\0') break;
      c++;
      in_row = 0;
      (*rows)++;
      continue;
    }
    char *end;
    values[count] = strtof(c, &end);
    if (end == c) {
      free(values);
      (void)fault_set(fault, "%s: '%.20s' is not a number", option, c);
      return NULL;
    }
    count++;
    in_row++;
    c = end;
  }
  *cols = width;
  return values;
}

static int suite_of_row(struct suite *suite, const struct asked *a, const struct model *model, const struct format *format,
                        struct fault *fault) {
  size_t rows, cols, g;
  int op = find_name(a->op, wire_op_names, WIRE_OPS);
  if (op < 0) return fault_set(fault, "--op %s: not forward, log or backward", a->op);
  float *values = parse_rows("--row", a->row, &rows, &cols, fault);
  if (values == NULL) return -1;
  memset(suite, 0, sizeof *suite);
  (void)snprintf(suite->name, sizeof suite->name, "row");
  suite->format = *format;
  g = suite_group(suite, "row", FLAG_RELATIONS | FLAG_DUPLICATE, "A row from the command line.");
  struct audit_case *c = suite_case(suite, g, (enum wire_op)op, model, rows, cols);
  params_round(&c->params, format);
  for (size_t k = 0; k < rows * cols; k++) {
    c->logits[k] = format_round(format, values[k]);
    if (fabsf(c->logits[k]) >= 1e15f) suite->groups[g].flags |= FLAG_OVERFLOW; /* judged as in the suites */
  }
  free(values);
  if (a->mask != NULL) {
    if (strlen(a->mask) != rows * cols || strspn(a->mask, "01") != rows * cols)
      return fault_set(fault, "--mask: want %zu digits 0 or 1", rows * cols);
    case_mask(c);
    for (size_t k = 0; k < rows * cols; k++) c->mask[k] = a->mask[k] == '1';
  }
  if (op == WIRE_BACKWARD) {
    size_t up_rows, up_cols;
    if (a->upstream == NULL) return fault_set(fault, "--op backward needs --upstream");
    values = parse_rows("--upstream", a->upstream, &up_rows, &up_cols, fault);
    if (values == NULL) return -1;
    int fits = up_rows == rows && up_cols == cols;
    for (size_t k = 0; fits && k < rows * cols; k++) c->upstream[k] = format_round(format, values[k]);
    free(values);
    if (!fits) return fault_set(fault, "--upstream: %zu x %zu numbers, the logits are %zu x %zu", up_rows, up_cols, rows, cols);
  }
  return 0;
}

static int keep_only(struct suite *suite, const char *only, struct fault *fault) {
  const char *slash = strchr(only, '/');
  size_t length = slash == NULL ? strlen(only) : (size_t)(slash - only), kept = 0;
  unsigned long index = slash == NULL ? 0 : strtoul(slash + 1, NULL, 10);
  for (size_t k = 0; k < suite->case_count; k++) {
    struct audit_case *c = &suite->cases[k];
    const char *group = suite->groups[c->group].name;
    int fits = strlen(group) == length && memcmp(group, only, length) == 0 && (slash == NULL || c->index == index);
    if (fits) suite->cases[kept++] = *c;
    else case_free(c);
  }
  suite->case_count = kept;
  return kept > 0 ? 0 : fault_set(fault, "--only %s: no such group or case in suite %s", only, suite->name);
}

static int load_suite(struct suite *suite, const struct asked *a, const struct format *format, struct fault *fault) {
  struct model model;
  size_t length = strlen(a->suite);
  if (model_load(&model, a->params, fault) != 0) return -1;
  int result;
  if (a->row != NULL) result = suite_of_row(suite, a, &model, format, fault);
  else if (length > 5 && strcmp(a->suite + length - 5, ".json") == 0) result = suite_read(suite, a->suite, fault);
  else result = suite_build(suite, a->suite, &model, format, fault);
  if (result == 0 && strcmp(suite->format.name, format->name) != 0)
    result = fault_set(fault, "suite %s is of %s, the subject computes in %s", suite->name, suite->format.name, format->name);
  return result == 0 && a->only != NULL ? keep_only(suite, a->only, fault) : result;
}

static int make_suite(const struct asked *a, struct fault *fault) {
  struct suite suite;
  const struct format *format = format_find(a->format);
  if (format == NULL) return fault_set(fault, "--format %s: not float32, bfloat16 or float16", a->format);
  memset(&suite, 0, sizeof suite);
  int result = load_suite(&suite, a, format, fault);
  for (size_t k = 0; k < suite.case_count && result == 0; k++) result = case_decide(&suite.cases[k], 1, fault);
  if (result == 0) result = suite_write(&suite, a->make_suite, fault);
  suite_free(&suite);
  return result;
}

/* ---- one audit ---------------------------------------------------------- */

static int prepare(struct audit *audit, const struct asked *a, struct fault *fault) {
  struct session s = {.command = a->subject, .limits = audit->limits};
  if (session_open(&s, fault) != 0) return -1;
  session_close(&s);
  audit->facts = s.facts;
  if (audit->profile == PROFILE_OURS && s.facts.format->digits != 24)
    return fault_set(fault, "--profile ours: its bounds are of float32, the subject '%s' answers in %s", s.facts.name, s.facts.format->name);
  if (load_suite(&audit->suite, a, s.facts.format, fault) != 0) return -1;
  for (size_t k = 0; k < audit->suite.case_count; k++)
    if (audit->suite.cases[k].params.terms != 0 && !s.facts.multimax)
      return fault_set(fault, "suite %s has a modulator, the subject '%s' is a plain softmax", audit->suite.name, s.facts.name);
  return 0;
}

/* Exit status. */
static int report(const struct audit *audit, const struct asked *a, enum severity fail_on, struct fault *fault) {
  int status = verdicts_worst(&audit->verdicts) >= fail_on ? EXIT_OUTSIDE : EXIT_FINE;
  json_t *json = report_json(audit);
  int failed = 0;
  report_table(audit, stdout);
  if (audit->suite.case_count == 1 && audit->suite.cases[0].decided && audit->suite.cases[0].count <= 4096)
    report_entries(audit, stdout);
  if (a->json != NULL) failed |= output_json(a->json, json, fault);
  if (a->html != NULL) failed |= report_html(audit, a->html, fault);
  if (a->junit != NULL) failed |= report_junit(audit, fail_on, a->junit, fault);
  if (a->fingerprint != NULL) failed |= report_fingerprint(audit, a->fingerprint, fault);
  if (a->baseline != NULL && failed == 0) {
    int worse = baseline_compare(json, a->baseline, stdout, fault);
    failed |= worse < 0;
    if (worse >= 0) {
      /* Against a baseline only what got worse fails. */
      status = worse > 0 ? EXIT_OUTSIDE : EXIT_FINE;
      (void)printf("baseline: %d worse\n", worse);
    }
  }
  json_decref(json);
  return failed != 0 ? fault_report("audit", fault) : status;
}

static int run_audit(struct asked *a, struct fault *fault) {
  struct audit audit;
  memset(&audit, 0, sizeof audit);
  if (a->subject == NULL) return fault_set(fault, "--subject COMMAND is needed; see multimax audit --help"), fault_report("audit", fault);
  int own = strncmp(a->subject, "@ours", 5) == 0 || strcmp(a->subject, "@oracle") == 0;
  int profile = find_name(a->profile != NULL ? a->profile : own ? "ours" : "pytorch-like", profile_names, PROFILES);
  int fail_on = find_name(a->fail_on, severity_names, SEVERITIES);
  if (profile < 0) return fault_set(fault, "--profile %s: not ieee-strict, pytorch-like or ours", a->profile), fault_report("audit", fault);
  if (fail_on < SEVERITY_INFO) return fault_set(fault, "--fail-on %s: not info, minor, major or critical", a->fail_on), fault_report("audit", fault);
  audit.command = a->subject;
  audit.limits = (struct child_limits){a->start_timeout, a->timeout, a->memory};
  audit.profile = (enum profile)profile;
  audit.model_text = a->params;
  audit.suite_text = a->suite;
  audit.jobs = (unsigned)a->jobs;
  audit.reduce = !a->no_reduce;
  int status = EXIT_INPUT;
  if (prepare(&audit, a, fault) != 0 || audit_run(&audit, fault) != 0) (void)fault_report("audit", fault);
  else status = report(&audit, a, (enum severity)fail_on, fault);
  audit_free(&audit);
  return status;
}

int mmax_audit_main(int argc, char **argv) {
  struct fault fault;
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  struct asked a = {.suite = "softmax", .params = "softmax", .fail_on = "major", .op = "forward", .format = "float32",
                    .timeout = 20, .start_timeout = 120, .memory = 8192,
                    .jobs = processors < 1 ? 1 : processors > 4 ? 4 : (size_t)processors};
  int parsed = parse(&a, argc, argv, &fault);
  if (parsed != 0) return parsed > 0 ? EXIT_FINE : fault_report("audit", &fault);
  if (a.serve != NULL) return serve_builtin(a.serve);
  (void)signal(SIGPIPE, SIG_IGN);
  if (a.make_suite != NULL) return make_suite(&a, &fault) == 0 ? EXIT_FINE : fault_report("audit", &fault);
  return run_audit(&a, &fault);
}
