/* SPDX-License-Identifier: Apache-2.0 */
/* One audit: what was asked, what was found, and the reports made of it. */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include <jansson.h>

#include "../model.h"
#include "session.h"

struct reduction {
  int done;
  struct audit_case row; /* the shortest and simplest that still fails */
};

struct audit {
  /* asked */
  const char *command;
  struct child_limits limits;
  enum profile profile;
  const char *model_text, *suite_text; /* --params, --suite */
  unsigned jobs;
  int reduce;
  /* found */
  struct subject_facts facts;
  struct suite suite;
  struct verdicts verdicts;
  uint64_t *group_hash;
  unsigned restarts;
  double seconds;
  struct reduction reduction[PROPERTIES];
};

/* Runs every case of audit->suite. 0, or -1: the oracle or the first start failed. */
int audit_run(struct audit *audit, struct fault *fault);
void audit_free(struct audit *audit);

/* Shrinks the case of the property's worst cell. */
void audit_reduce(struct audit *audit, enum property property, size_t group);

/* The command that repeats a finding: of the suite's case, or of a reduced row. */
char *replay_of_case(const struct audit *audit, size_t case_index);
char *replay_of_row(const struct audit *audit, const struct audit_case *c);
/* "0x1p+0 nan; 0x1.8p+1 inf": rows separated by semicolons. */
char *row_text(const float *values, size_t rows, size_t cols);

void report_table(const struct audit *audit, FILE *stream);
/* Entries of the first case, next to their exact values. */
void report_entries(const struct audit *audit, FILE *stream);
json_t *report_json(const struct audit *audit);
int report_junit(const struct audit *audit, enum severity fail_on, const char *path, struct fault *fault);
int report_html(const struct audit *audit, const char *path, struct fault *fault);
int report_fingerprint(const struct audit *audit, const char *path, struct fault *fault);

/* Prints every worsening since the report in `path`; their number, or -1. */
int baseline_compare(const json_t *report, const char *path, FILE *stream, struct fault *fault);

#endif
