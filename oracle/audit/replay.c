/* SPDX-License-Identifier: Apache-2.0 */
/* The command lines that repeat a finding. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"

/* Growing text. */
struct text {
  char *data;
  size_t length, room;
};

static void put(struct text *t, const char *more) {
  size_t n = strlen(more);
  if (t->length + n + 1 > t->room) {
    size_t room = 2 * (t->length + n + 1);
    char *data = audit_alloc(room, 1);
    if (t->data != NULL) memcpy(data, t->data, t->length + 1);
    free(t->data);
    t->data = data;
    t->room = room;
  }
  memcpy(t->data + t->length, more, n + 1);
  t->length += n;
}

/* In single quotes for sh. */
static void put_quoted(struct text *t, const char *word) {
  put(t, "'");
  for (const char *c = word; *c != '\0'; c++) {
    char one[2] = {*c, '\0'};
    put(t, *c == '\'' ? "'\\''" : one);
  }
  put(t, "'");
}

char *row_text(const float *values, size_t rows, size_t cols) {
  struct text t = {0};
  char number[40];
  put(&t, "");
  for (size_t k = 0; k < rows * cols; k++) {
    (void)snprintf(number, sizeof number, "%s%a", k == 0 ? "" : k % cols == 0 ? "; " : " ", (double)values[k]);
    put(&t, number);
  }
  return t.data;
}

static struct text common(const struct audit *audit, const char *params) {
  struct text t = {0};
  put(&t, "multimax audit --subject ");
  put_quoted(&t, audit->command);
  put(&t, " --profile ");
  put(&t, profile_names[audit->profile]);
  if (params != NULL && strcmp(params, "softmax") != 0) {
    put(&t, " --params ");
    put_quoted(&t, params);
  }
  return t;
}

char *replay_of_case(const struct audit *audit, size_t case_index) {
  const struct audit_case *c = &audit->suite.cases[case_index];
  char index[32];
  struct text t = common(audit, audit->model_text);
  put(&t, " --suite ");
  put_quoted(&t, audit->suite_text);
  put(&t, " --only ");
  put(&t, audit->suite.groups[c->group].name);
  (void)snprintf(index, sizeof index, "/%u", c->index);
  put(&t, index);
  return t.data;
}

char *replay_of_row(const struct audit *audit, const struct audit_case *c) {
  struct text t = common(audit, c->model);
  char *row = row_text(c->logits, c->rows, c->cols);
  if (c->op != WIRE_FORWARD) {
    put(&t, " --op ");
    put(&t, wire_op_names[c->op]);
  }
  put(&t, " --row ");
  put_quoted(&t, row);
  free(row);
  if (c->mask != NULL) {
    put(&t, " --mask ");
    for (size_t k = 0; k < c->rows * c->cols; k++) put(&t, c->mask[k] ? "1" : "0");
  }
  if (c->upstream != NULL) {
    row = row_text(c->upstream, c->rows, c->cols);
    put(&t, " --upstream ");
    put_quoted(&t, row);
    free(row);
  }
  return t.data;
}
