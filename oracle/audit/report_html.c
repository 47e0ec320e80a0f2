/* SPDX-License-Identifier: Apache-2.0 */
/* One self-contained page: no script, no network, plots as inline SVG. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../output.h"
#include "audit.h"
#include "markup.h"
#include "plot.h"

static const char style[] =
    "body{font:15px/1.45 system-ui,sans-serif;color:#1b1f24;background:#fff;margin:2em auto;max-width:1180px;padding:0 1em}"
    "h1{font-size:1.5em;margin-bottom:.2em}h2{font-size:1.15em;margin-top:2em}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25em .7em .25em 0;border-bottom:1px solid #e3e6ea;vertical-align:top}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}code,pre{font:12.5px/1.4 ui-monospace,monospace}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f5f6f8;padding:.6em .8em;border-radius:4px}"
    ".pass{color:#1a7f37}.info{color:#57606a}.minor{color:#9a6700}.major{color:#bc4c00;font-weight:600}.critical{color:#cf222e;font-weight:700}"
    ".unchecked{color:#8c959f}.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(480px,1fr));gap:1em}"
    "svg{width:100%;height:auto}.frame{fill:none;stroke:#8c959f}.grid{stroke:#e3e6ea}.bar{fill:#3b6fb6}.bad{fill:#cf222e}"
    ".curve{fill:none;stroke:#3b6fb6;stroke-width:2}.mark{stroke:#9a6700;stroke-dasharray:4 3}"
    "text{fill:#1b1f24;font:11px system-ui,sans-serif}text.title{font-size:13px;font-weight:600}text.tick{font-size:10px;fill:#57606a}";

static const char *label_ulp(size_t bin, char text[32]) {
  if (bin == 0) return "\xe2\x89\xa4\xc2\xbd";
  if (bin == ULP_BINS - 1) return "\xe2\x88\x9e";
  (void)snprintf(text, 32, bin > 8 ? "2^%.0f" : "%.0f", bin > 8 ? (double)bin - 1 : ldexp(1, (int)bin - 1));
  return text;
}

static const char *label_size(size_t bin, char text[32]) {
  (void)snprintf(text, 32, "2^%d", (int)bin - 32);
  return text;
}

static const char *label_length(size_t bin, char text[32]) {
  (void)snprintf(text, 32, "%.0f", ldexp(1, (int)bin));
  return text;
}

static void sigma_plot(FILE *f, const struct audit *audit) {
  enum { POINTS = 241 };
  struct model model;
  struct fault fault;
  double x[POINTS], y[POINTS], mark[4];
  size_t marks = 0;
  if (model_load(&model, audit->model_text, &fault) != 0) return;
  for (int k = 0; k < POINTS; k++) {
    exact_scalar value;
    x[k] = -12 + 24.0 * k / (POINTS - 1);
    if (exact_sigma(&model.params, (float)x[k], &value) < 0) return;
    y[k] = value.as_double;
  }
  for (unsigned k = 0; k < 4; k++)
    if (model.params.terms >> k & 1u) mark[marks++] = (model.params.knot[k] - model.params.shift) / model.params.scale;
  plot_curve(f, &(struct curve){"sigma", "Modulator; dashed: knots", "logit x", "sigma(x)", x, y, POINTS, mark, marks});
}

static void plots(FILE *f, const struct audit *audit) {
  const struct plots *p = &audit->verdicts.plots;
  double counts[ULP_BINS];
  for (int k = 0; k < ULP_BINS; k++) counts[k] = p->ulp[k] == 0 ? -1 : (double)p->ulp[k];
  (void)fprintf(f, "<h2>Plots</h2>\n<div class=\"plots\">\n");
  plot_bars(f, &(struct bars){"by-size", "Worst error by size of the logit", "|logit|, by power of two", "ulp", p->by_size, SIZE_BINS, label_size, 8, 0.1});
  plot_bars(f, &(struct bars){"histogram", "Probabilities by error", "error at most (ulp)", "outputs", counts, ULP_BINS, label_ulp, 3, 1});
  plot_bars(f, &(struct bars){"by-length", "Worst error by length of the row", "entries, at least", "ulp", p->by_length, LENGTH_BINS, label_length, 2, 0.1});
  sigma_plot(f, audit);
  (void)fprintf(f, "</div>\n<p>Red: infinite (NaN or infinity where a number is due). The smallest logits (first bar) include zero.</p>\n");
}

static void property_row(FILE *f, const struct audit *audit, enum property p) {
  size_t group = 0, checked, failed;
  const struct cell *cell = verdicts_property(&audit->verdicts, p, &group, &checked, &failed);
  const char *severity = cell == NULL ? "unchecked" : severity_names[cell->worst.severity];
  (void)fprintf(f, "<tr id=\"%s\"><td>%s</td><td class=\"%s\">%s</td><td>", property_names[p], property_names[p], severity, severity);
  markup_text(f, property_questions[p]);
  if (cell == NULL || cell->worst.measure == 0) (void)fprintf(f, "</td><td class=\"n\"></td><td></td>");
  else (void)fprintf(f, "</td><td class=\"n\">%.5g %s</td><td>%s</td>", cell->worst.measure, property_units[p], audit->suite.groups[group].name);
  (void)fprintf(f, "<td class=\"n\">%zu</td><td class=\"n\">%zu</td></tr>\n", checked, failed);
}

static void finding(FILE *f, const struct audit *audit, enum property p) {
  size_t group = 0, checked, failed;
  const struct cell *cell = verdicts_property(&audit->verdicts, p, &group, &checked, &failed);
  const struct observation *o = &cell->worst;
  char *replay = replay_of_case(audit, o->case_index);
  (void)fprintf(f, "<h3 class=\"%s\">%s: %s</h3>\n<p>", severity_names[o->severity], severity_names[o->severity], property_names[p]);
  markup_text(f, o->message);
  (void)fprintf(f, " Worst %.6g %s, limit %.6g, in %s/%u, row %zu, entry %zu: logit <code>%a</code>, got <code>%a</code>, exact <code>%a</code>.</p>\n<pre>",
                o->measure, property_units[p], o->bound, audit->suite.groups[group].name, audit->suite.cases[o->case_index].index,
                o->row, o->col, (double)o->input, (double)o->got, o->exact);
  markup_text(f, replay);
  free(replay);
  if (audit->reduction[p].done) {
    replay = replay_of_row(audit, &audit->reduction[p].row);
    (void)fprintf(f, "</pre>\n<p>Reduced:</p>\n<pre>");
    markup_text(f, replay);
    free(replay);
  }
  (void)fprintf(f, "</pre>\n");
}

static void group_row(FILE *f, const struct audit *audit, size_t g) {
  double worst = audit->verdicts.worst_ulp[g];
  (void)fprintf(f, "<tr><td>%s</td><td>", audit->suite.groups[g].name);
  markup_text(f, audit->suite.groups[g].rationale);
  (void)fprintf(f, "</td><td class=\"n\">");
  if (worst >= 0) (void)fprintf(f, "%.5g", worst);
  (void)fprintf(f, "</td><td><code>%016" PRIx64 "</code></td></tr>\n", audit->group_hash[g]);
}

int report_html(const struct audit *audit, const char *path, struct fault *fault) {
  struct output output;
  if (output_open(&output, path, fault) != 0) return -1;
  FILE *f = output.stream;
  const char *verdict = severity_names[verdicts_worst(&audit->verdicts)];
  (void)fprintf(f, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>multimax audit: ");
  markup_text(f, audit->facts.name);
  (void)fprintf(f, "</title><style>%s</style></head><body>\n<h1>", style);
  markup_text(f, audit->facts.name);
  (void)fprintf(f, "</h1>\n<p>Verdict: <span id=\"verdict\" class=\"%s\">%s</span>. Suite %s of %zu cases in %s, parameters %s, profile %s, %.1f s.</p>\n<pre>",
                verdict, verdict, audit->suite.name, audit->suite.case_count, audit->suite.format.name, audit->model_text,
                profile_names[audit->profile], audit->seconds);
  markup_text(f, audit->command);
  (void)fprintf(f, "</pre>\n<h2>Properties</h2>\n<table><tr><th>property</th><th>verdict</th><th>asks</th><th class=\"n\">worst</th><th>group</th>"
                   "<th class=\"n\">checked</th><th class=\"n\">failed</th></tr>\n");
  for (int p = 0; p < PROPERTIES; p++) property_row(f, audit, (enum property)p);
  (void)fprintf(f, "</table>\n");
  plots(f, audit);
  (void)fprintf(f, "<h2>Findings</h2>\n");
  for (int severity = SEVERITY_CRITICAL; severity > SEVERITY_PASS; severity--)
    for (int p = 0; p < PROPERTIES; p++) {
      size_t group = 0, checked, failed;
      const struct cell *cell = verdicts_property(&audit->verdicts, (enum property)p, &group, &checked, &failed);
      if (cell != NULL && (int)cell->worst.severity == severity) finding(f, audit, (enum property)p);
    }
  (void)fprintf(f, "<h2>Groups</h2>\n<table><tr><th>group</th><th>why</th><th class=\"n\">worst ulp</th><th>fingerprint</th></tr>\n");
  for (size_t g = 0; g < audit->suite.group_count; g++) group_row(f, audit, g);
  (void)fprintf(f, "</table>\n</body></html>\n");
  return output_commit(&output, fault);
}
