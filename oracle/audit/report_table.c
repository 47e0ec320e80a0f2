/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal's report. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"

static void print_measure(FILE *stream, const struct observation *o, const char *unit) {
  char text[48];
  (void)snprintf(text, sizeof text, o->measure == 0 ? "-" : "%.4g %s", o->measure, unit);
  (void)fprintf(stream, " %-21s", text);
}

static void print_property(const struct audit *audit, enum property p, FILE *stream) {
  size_t group = 0, checked, failed;
  const struct cell *cell = verdicts_property(&audit->verdicts, p, &group, &checked, &failed);
  if (cell == NULL) {
    (void)fprintf(stream, "  %-19s %-9s\n", property_names[p], "-");
    return;
  }
  const struct observation *o = &cell->worst;
  (void)fprintf(stream, "  %-19s %-9s", property_names[p], severity_names[o->severity]);
  print_measure(stream, o, property_units[p]);
  (void)fprintf(stream, " %9zu", checked);
  if (failed > 0) (void)fprintf(stream, " %8zu", failed);
  else (void)fprintf(stream, " %8s", "-");
  (void)fprintf(stream, "  %s\n", o->measure == 0 ? "" : audit->suite.groups[group].name);
}

/* Characters of a replay command that a terminal still shows well. */
#define LONGEST_COMMAND 1000

static void print_finding(const struct audit *audit, enum property p, FILE *stream) {
  size_t group = 0, checked, failed;
  const struct cell *cell = verdicts_property(&audit->verdicts, p, &group, &checked, &failed);
  if (cell == NULL || cell->worst.severity == SEVERITY_PASS) return;
  const struct observation *o = &cell->worst;
  const struct audit_case *c = &audit->suite.cases[o->case_index];
  (void)fprintf(stream, "\n%s: %s (%s/%u, row %zu, entry %zu of %zu)\n    %s\n", severity_names[o->severity],
                property_names[p], audit->suite.groups[group].name, c->index, o->row, o->col, c->cols,
                property_questions[p]);
  if (o->message[0] != '\0') (void)fprintf(stream, "    %s\n", o->message);
  if (p != PROP_SURVIVES && p != PROP_SUPPORTED && p != PROP_NORMALISED && p != PROP_PARAMETER_GRADIENT)
    (void)fprintf(stream, "    logit %a, got %a (%.9g), %s %.17g\n", (double)o->input, (double)o->got, (double)o->got,
                  p >= PROP_REPRODUCIBLE && p <= PROP_STRIDED ? "was" : "exact", o->exact);
  if (o->bound > 0 && o->measure > 0) (void)fprintf(stream, "    %.6g %s, limit %.6g\n", o->measure, property_units[p], o->bound);
  (void)fprintf(stream, "    in groups:");
  for (size_t g = 0; g < audit->suite.group_count; g++) {
    const struct cell *other = &audit->verdicts.cells[(size_t)p * audit->verdicts.groups + g];
    if (other->checked > 0 && other->worst.severity > SEVERITY_PASS)
      (void)fprintf(stream, " %s(%s)", audit->suite.groups[g].name, severity_names[other->worst.severity]);
  }
  char *replay = audit->reduction[p].done ? replay_of_row(audit, &audit->reduction[p].row) : replay_of_case(audit, o->case_index);
  if (strlen(replay) > LONGEST_COMMAND) { /* a long row shrunk to a long row: it is in the JSON report */
    (void)fprintf(stream, "\n    reduced to %zu entries (--json has them)", audit->reduction[p].row.cols);
    free(replay);
    replay = replay_of_case(audit, o->case_index);
    (void)fprintf(stream, "\n    replay: %s\n", replay);
  } else {
    (void)fprintf(stream, "\n    %s: %s\n", audit->reduction[p].done ? "reduced" : "replay", replay);
  }
  free(replay);
}

void report_table(const struct audit *audit, FILE *stream) {
  (void)fprintf(stream, "subject   %s\n          %s\nsuite     %s, %s, %zu cases, profile %s\n\n", audit->command,
                audit->facts.name, audit->suite.name, audit->suite.format.name, audit->suite.case_count,
                profile_names[audit->profile]);
  (void)fprintf(stream, "  %-19s %-9s %-21s %9s %8s  %s\n", "property", "verdict", "worst", "checked", "failed", "group");
  for (int p = 0; p < PROPERTIES; p++) print_property(audit, (enum property)p, stream);
  for (int severity = SEVERITY_CRITICAL; severity > SEVERITY_PASS; severity--)
    for (int p = 0; p < PROPERTIES; p++) {
      size_t group = 0, checked, failed;
      const struct cell *cell = verdicts_property(&audit->verdicts, (enum property)p, &group, &checked, &failed);
      if (cell != NULL && (int)cell->worst.severity == severity) print_finding(audit, (enum property)p, stream);
    }
  if (audit->restarts > 0) (void)fprintf(stream, "\nthe subject was started again %u times\n", audit->restarts);
  (void)fprintf(stream, "\nverdict: %s (%.1f s)\n", severity_names[verdicts_worst(&audit->verdicts)], audit->seconds);
}

void report_entries(const struct audit *audit, FILE *stream) {
  const struct audit_case *c = &audit->suite.cases[0];
  struct verdicts scratch;
  struct fault fault;
  verdicts_init(&scratch, audit->suite.group_count);
  struct session s = {.command = audit->command, .limits = audit->limits, .profile = audit->profile,
                      .verdicts = &scratch, .suite = &audit->suite};
  float *out = audit_alloc(c->rows * c->cols, sizeof *out);
  double params[MMAX_NPARAMS];
  size_t params_count = 0;
  struct variant plain = {0, 0, 0, 1};
  if (session_open(&s, &fault) == 0) {
    if (session_call(&s, c, 0, &plain, c->logits, c->mask, c->upstream, c->rows, out, params, &params_count) == 0) {
      (void)fprintf(stream, "%5s %5s %18s %18s %24s %10s\n", "row", "entry", "logit", "got", "exact", "ulp");
      for (size_t k = 0; k < c->count; k++) {
        size_t at = c->at == NULL ? k : c->at[k];
        (void)fprintf(stream, "%5zu %5zu %18a %18a %24.17g %10.4g\n", at / c->cols, at % c->cols, (double)c->logits[at],
                      (double)out[at], c->exact[k].hi, format_ulp_error(s.facts.format, out[at], c->exact[k]));
      }
      for (size_t j = 0; j < params_count && c->op == WIRE_BACKWARD; j++)
        (void)fprintf(stream, "parameter gradient %zu: got %.17g, exact %.17g\n", j, params[j], c->grads.value[j].hi);
    } else {
      (void)fprintf(stream, "no answer: %s\n", s.child.why);
    }
    session_close(&s);
  }
  free(out);
  verdicts_free(&scratch);
}
