/* SPDX-License-Identifier: Apache-2.0 */
/* JUnit XML: one test case per property; a property nothing could be asked about is skipped. */
#include <stdio.h>
#include <stdlib.h>

#include "../output.h"
#include "audit.h"
#include "markup.h"

static void write_case(FILE *f, const struct audit *audit, enum property p, enum severity fail_on) {
  size_t group = 0, checked, failed;
  const struct cell *cell = verdicts_property(&audit->verdicts, p, &group, &checked, &failed);
  (void)fprintf(f, "  <testcase classname=\"multimax.audit\" name=\"%s\"", property_names[p]);
  if (cell == NULL) {
    (void)fprintf(f, "><skipped message=\"nothing of this suite could be asked\"/></testcase>\n");
    return;
  }
  if (cell->worst.severity < fail_on) {
    (void)fprintf(f, "/>\n");
    return;
  }
  char *replay = audit->reduction[p].done ? replay_of_row(audit, &audit->reduction[p].row)
                                          : replay_of_case(audit, cell->worst.case_index);
  (void)fprintf(f, ">\n    <failure type=\"%s\" message=\"", severity_names[cell->worst.severity]);
  markup_text(f, property_questions[p]);
  (void)fprintf(f, "\">worst %.6g %s (limit %.6g) in group %s. ", cell->worst.measure, property_units[p], cell->worst.bound,
                audit->suite.groups[group].name);
  markup_text(f, cell->worst.message);
  (void)fprintf(f, "\nlogit %a, got %a, exact %a\nreplay: ", (double)cell->worst.input, (double)cell->worst.got, cell->worst.exact);
  markup_text(f, replay);
  (void)fprintf(f, "\n    </failure>\n  </testcase>\n");
  free(replay);
}

int report_junit(const struct audit *audit, enum severity fail_on, const char *path, struct fault *fault) {
  struct output output;
  int failures = 0, skipped = 0;
  if (output_open(&output, path, fault) != 0) return -1;
  for (int p = 0; p < PROPERTIES; p++) {
    size_t group = 0, checked, failed;
    const struct cell *cell = verdicts_property(&audit->verdicts, (enum property)p, &group, &checked, &failed);
    failures += cell != NULL && cell->worst.severity >= fail_on;
    skipped += cell == NULL;
  }
  (void)fprintf(output.stream,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"multimax audit: ");
  markup_text(output.stream, audit->facts.name);
  (void)fprintf(output.stream, "\" tests=\"%d\" failures=\"%d\" skipped=\"%d\" errors=\"0\" time=\"%.3f\">\n", PROPERTIES,
                failures, skipped, audit->seconds);
  for (int p = 0; p < PROPERTIES; p++) write_case(output.stream, audit, (enum property)p, fail_on);
  (void)fprintf(output.stream, "</testsuite>\n");
  return output_commit(&output, fault);
}
