/* SPDX-License-Identifier: Apache-2.0 */
/* The report as JSON (specs/report-schema.json), fingerprints, and the comparison of two reports. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bytes.h"
#include "../output.h"
#include "audit.h"

static json_t *hex_text(double v) {
  char text[48];
  (void)snprintf(text, sizeof text, "%a", v);
  return json_string(text);
}

static json_t *hash_text(uint64_t hash) {
  char text[32];
  (void)snprintf(text, sizeof text, "%016" PRIx64, hash);
  return json_string(text);
}

static json_t *cell_json(const struct audit *audit, enum property p, size_t g, const struct cell *cell) {
  const struct observation *o = &cell->worst;
  const struct audit_case *c = &audit->suite.cases[o->case_index];
  return json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:{s:I, s:I, s:I, s:o, s:o, s:o, s:s}}", "property", property_names[p],
                   "group", audit->suite.groups[g].name, "severity", severity_names[o->severity], "checked",
                   (json_int_t)cell->checked, "failed", (json_int_t)cell->failed, "worst", json_number(o->measure), "limit",
                   json_number(o->bound), "witness", "case", (json_int_t)c->index, "row", (json_int_t)o->row, "entry",
                   (json_int_t)o->col, "logit", hex_text((double)o->input), "got", hex_text((double)o->got), "exact",
                   hex_text(o->exact), "message", o->message);
}

static json_t *reduction_json(const struct audit *audit, const struct audit_case *c) {
  char *row = row_text(c->logits, c->rows, c->cols), *replay = replay_of_row(audit, c);
  json_t *json = json_pack("{s:I, s:I, s:s, s:s, s:s, s:s}", "rows", (json_int_t)c->rows, "cols", (json_int_t)c->cols, "op",
                           wire_op_names[c->op], "model", c->model, "logits", row, "replay", replay);
  free(row);
  free(replay);
  return json;
}

static json_t *property_json(const struct audit *audit, enum property p) {
  size_t group = 0, checked, failed;
  const struct cell *cell = verdicts_property(&audit->verdicts, p, &group, &checked, &failed);
  json_t *json = json_pack("{s:s, s:s, s:s, s:s}", "name", property_names[p], "question", property_questions[p], "unit",
                           property_units[p], "severity", cell == NULL ? "unchecked" : severity_names[cell->worst.severity]);
  json_object_set_new(json, "checked", json_integer((json_int_t)checked));
  json_object_set_new(json, "failed", json_integer((json_int_t)failed));
  if (cell == NULL) return json;
  json_object_set_new(json, "worst", cell_json(audit, p, group, cell));
  if (cell->worst.severity == SEVERITY_PASS) return json;
  char *replay = replay_of_case(audit, cell->worst.case_index);
  json_object_set_new(json, "replay", json_string(replay));
  free(replay);
  if (audit->reduction[p].done) json_object_set_new(json, "reduced", reduction_json(audit, &audit->reduction[p].row));
  return json;
}

static json_t *plots_json(const struct plots *plots) {
  json_t *ulp = json_array(), *size = json_array(), *length = json_array();
  for (int k = 0; k < ULP_BINS; k++) json_array_append_new(ulp, json_integer((json_int_t)plots->ulp[k]));
  for (int k = 0; k < SIZE_BINS; k++)
    json_array_append_new(size, plots->by_size[k] < 0 ? json_null() : json_number(plots->by_size[k]));
  for (int k = 0; k < LENGTH_BINS; k++)
    json_array_append_new(length, plots->by_length[k] < 0 ? json_null() : json_number(plots->by_length[k]));
  return json_pack("{s:o, s:o, s:o}", "outputs_by_ulp", ulp, "worst_ulp_by_log2_logit", size, "worst_ulp_by_log2_cols", length);
}

static json_t *group_json(const struct audit *audit, size_t g) {
  const struct group *group = &audit->suite.groups[g];
  size_t cases = 0;
  for (size_t k = 0; k < audit->suite.case_count; k++) cases += audit->suite.cases[k].group == g;
  double worst = audit->verdicts.worst_ulp[g];
  return json_pack("{s:s, s:s, s:I, s:o, s:o}", "name", group->name, "rationale", group->rationale, "cases", (json_int_t)cases,
                   "worst_ulp", worst < 0 ? json_null() : json_number(worst), "fingerprint", hash_text(audit->group_hash[g]));
}

json_t *report_json(const struct audit *audit) {
  json_t *properties = json_array(), *cells = json_array(), *groups = json_array();
  for (int p = 0; p < PROPERTIES; p++) {
    json_array_append_new(properties, property_json(audit, (enum property)p));
    for (size_t g = 0; g < audit->suite.group_count; g++) {
      const struct cell *cell = &audit->verdicts.cells[(size_t)p * audit->verdicts.groups + g];
      if (cell->checked > 0) json_array_append_new(cells, cell_json(audit, (enum property)p, g, cell));
    }
  }
  for (size_t g = 0; g < audit->suite.group_count; g++) json_array_append_new(groups, group_json(audit, g));
  char version[32];
  (void)snprintf(version, sizeof version, "%d.%d.%d", MMAX_VERSION_MAJOR, MMAX_VERSION_MINOR, MMAX_VERSION_PATCH);
  return json_pack("{s:s, s:s, s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:I}, s:s, s:s, s:f, s:I, s:o, s:o, s:o, s:o}", "schema",
                   "multimax-audit-report-1", "multimax", version, "subject", "command", audit->command, "name",
                   audit->facts.name, "format", audit->facts.format->name, "suite", "name", audit->suite.name, "params",
                   audit->model_text, "format", audit->suite.format.name, "cases", (json_int_t)audit->suite.case_count,
                   "profile", profile_names[audit->profile], "verdict", severity_names[verdicts_worst(&audit->verdicts)],
                   "seconds", audit->seconds, "restarts", (json_int_t)audit->restarts, "properties", properties, "groups",
                   groups, "cells", cells, "plots", plots_json(&audit->verdicts.plots));
}

int report_fingerprint(const struct audit *audit, const char *path, struct fault *fault) {
  struct output output;
  if (output_open(&output, path, fault) != 0) return -1;
  for (size_t g = 0; g < audit->suite.group_count; g++)
    (void)fprintf(output.stream, "%016" PRIx64 "  %s\n", audit->group_hash[g], audit->suite.groups[g].name);
  return output_commit(&output, fault);
}

/* ---- baseline ----------------------------------------------------------- */

static int severity_rank(const json_t *cell) {
  const char *name = json_string_value(json_object_get(cell, "severity"));
  for (int k = 0; name != NULL && k < SEVERITIES; k++)
    if (strcmp(severity_names[k], name) == 0) return k;
  return -1;
}

static double measure_of(const json_t *cell) {
  const json_t *worst = json_object_get(cell, "worst");
  return json_is_number(worst) ? json_number_value(worst) : INFINITY;
}

static const json_t *find(const json_t *array, const char *key, const char *value, const char *key2, const char *value2) {
  size_t k;
  json_t *item;
  json_array_foreach((json_t *)(uintptr_t)array, k, item) {
    const char *a = json_string_value(json_object_get(item, key));
    const char *b = key2 == NULL ? "" : json_string_value(json_object_get(item, key2));
    if (a != NULL && b != NULL && strcmp(a, value) == 0 && (key2 == NULL || strcmp(b, value2) == 0)) return item;
  }
  return NULL;
}

static int worsened(const json_t *before, const json_t *now, const char *property, const char *group, FILE *stream) {
  if (now == NULL) return fprintf(stream, "worse: %s in %s is no longer checked\n", property, group), 1;
  int was = severity_rank(before), is = severity_rank(now);
  if (is > was) return fprintf(stream, "worse: %s in %s is %s, was %s\n", property, group, severity_names[is],
                               was < 0 ? "?" : severity_names[was]), 1;
  if (measure_of(now) > measure_of(before))
    return fprintf(stream, "worse: %s in %s is %.6g, was %.6g\n", property, group, measure_of(now), measure_of(before)), 1;
  json_int_t checked = json_integer_value(json_object_get(now, "checked")), checked_before = json_integer_value(json_object_get(before, "checked"));
  if (checked < checked_before)
    return fprintf(stream, "worse: %s in %s had %" JSON_INTEGER_FORMAT " checks, now %" JSON_INTEGER_FORMAT "\n", property, group,
                   checked_before, checked), 1;
  json_int_t failed = json_integer_value(json_object_get(now, "failed")), failed_before = json_integer_value(json_object_get(before, "failed"));
  if (failed > failed_before)
    return fprintf(stream, "worse: %s in %s fails %" JSON_INTEGER_FORMAT " times, was %" JSON_INTEGER_FORMAT "\n", property, group,
                   failed, failed_before), 1;
  return 0;
}

int baseline_compare(const json_t *report, const char *path, FILE *stream, struct fault *fault) {
  struct bytes bytes;
  json_error_t error;
  if (bytes_read(&bytes, path, (size_t)1 << 28, fault) != 0) return -1;
  json_t *before = json_loadb((const char *)bytes.data, bytes.size, 0, &error);
  bytes_free(&bytes);
  if (before == NULL) return fault_set(fault, "%s:%d:%d: %s", path, error.line, error.column, error.text);
  const json_t *old_suite = json_object_get(before, "suite"), *suite = json_object_get(report, "suite");
  if (!json_equal(old_suite, suite) || !json_equal(json_object_get(before, "profile"), json_object_get(report, "profile"))) {
    json_decref(before);
    return fault_set(fault, "%s: not a report of the same suite, parameters and profile", path);
  }
  int worse = 0;
  size_t k;
  json_t *cell, *group;
  json_array_foreach(json_object_get(before, "cells"), k, cell) {
    const char *property = json_string_value(json_object_get(cell, "property")), *name = json_string_value(json_object_get(cell, "group"));
    if (property == NULL || name == NULL) continue;
    worse += worsened(cell, find(json_object_get(report, "cells"), "property", property, "group", name), property, name, stream);
  }
  json_array_foreach(json_object_get(report, "cells"), k, cell) {
    const char *property = json_string_value(json_object_get(cell, "property")), *name = json_string_value(json_object_get(cell, "group"));
    if (severity_rank(cell) < SEVERITY_MINOR) continue;
    if (find(json_object_get(before, "cells"), "property", property, "group", name) == NULL)
      worse += fprintf(stream, "worse: %s in %s is new\n", property, name) > 0;
  }
  json_array_foreach(json_object_get(before, "groups"), k, group) {
    const char *name = json_string_value(json_object_get(group, "name"));
    const json_t *now = name == NULL ? NULL : find(json_object_get(report, "groups"), "name", name, NULL, NULL);
    if (now != NULL && !json_equal(json_object_get(now, "fingerprint"), json_object_get(group, "fingerprint")))
      (void)fprintf(stream, "note: bits changed in %s\n", name);
  }
  json_decref(before);
  return worse;
}
