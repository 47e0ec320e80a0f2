/* SPDX-License-Identifier: Apache-2.0 */
/* See suite.h: building cases, and the oracle's word on them. */
#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const flag_names[FLAGS] = {"repeat",   "permute", "duplicate", "batch",    "stride",
                                       "in-place", "threads", "echo",      "overflow", "masked-junk"};

void *audit_alloc(size_t count, size_t size) {
  void *p = calloc(count == 0 ? 1 : count, size);
  if (p == NULL) {
    (void)fprintf(stderr, "multimax audit: out of memory\n");
    exit(EXIT_INPUT);
  }
  return p;
}

size_t suite_group(struct suite *suite, const char *name, unsigned flags, const char *rationale) {
  size_t room = suite->group_count + 1;
  struct group *groups = realloc(suite->groups, room * sizeof *groups);
  if (groups == NULL) groups = audit_alloc(SIZE_MAX / 2, 1); /* ends the program */
  suite->groups = groups;
  struct group *g = &groups[suite->group_count];
  (void)snprintf(g->name, sizeof g->name, "%s", name);
  (void)snprintf(g->rationale, sizeof g->rationale, "%s", rationale);
  g->flags = flags;
  return suite->group_count++;
}

struct audit_case *suite_case(struct suite *suite, size_t group, enum wire_op op,
                              const struct model *model, size_t rows, size_t cols) {
  if (suite->case_count == suite->case_room) {
    size_t room = suite->case_room == 0 ? 64 : 2 * suite->case_room;
    struct audit_case *cases = audit_alloc(room, sizeof *cases);
    if (suite->case_count > 0) memcpy(cases, suite->cases, suite->case_count * sizeof *cases);
    free(suite->cases);
    suite->cases = cases;
    suite->case_room = room;
  }
  struct audit_case *c = &suite->cases[suite->case_count];
  memset(c, 0, sizeof *c);
  for (size_t k = 0; k < suite->case_count; k++) c->index += suite->cases[k].group == group;
  suite->case_count++;
  c->group = group;
  c->op = op;
  (void)snprintf(c->model, sizeof c->model, "%.63s", model->name);
  c->params = model->params;
  c->rows = rows;
  c->cols = cols;
  c->logits = audit_alloc(rows * cols, sizeof(float));
  if (op == WIRE_BACKWARD) c->upstream = audit_alloc(rows * cols, sizeof(float));
  return c;
}

void case_mask(struct audit_case *c) {
  if (c->mask == NULL) c->mask = audit_alloc(c->rows * c->cols, 1);
}

static void *duplicate(const void *from, size_t bytes) {
  if (from == NULL) return NULL;
  void *to = audit_alloc(bytes, 1);
  memcpy(to, from, bytes);
  return to;
}

struct audit_case case_copy(const struct audit_case *c) {
  struct audit_case d = *c;
  size_t cells = c->rows * c->cols;
  d.logits = duplicate(c->logits, cells * sizeof(float));
  d.mask = duplicate(c->mask, cells);
  d.upstream = duplicate(c->upstream, cells * sizeof(float));
  d.at = duplicate(c->at, c->count * sizeof *c->at);
  d.exact = duplicate(c->exact, c->count * sizeof *c->exact);
  d.probs = duplicate(c->probs, c->count * sizeof *c->probs);
  return d;
}

void case_free(struct audit_case *c) {
  free(c->logits);
  free(c->mask);
  free(c->upstream);
  free(c->at);
  free(c->exact);
  free(c->probs);
}

void suite_free(struct suite *suite) {
  for (size_t k = 0; k < suite->case_count; k++) case_free(&suite->cases[k]);
  free(suite->cases);
  free(suite->groups);
  memset(suite, 0, sizeof *suite);
}

/* ---- built-in suites ---------------------------------------------------- */

void params_round(mmax_params *p, const struct format *format) {
  if (format->digits == 24) return; /* parameters are float32 differences already */
  for (int j = 0; j < 4; j++) {
    p->coef[j] = (double)format_round(format, (float)p->coef[j]);
    p->knot[j] = (double)format_round(format, (float)p->knot[j]);
  }
  p->scale = (double)format_round(format, (float)p->scale);
  p->shift = (double)format_round(format, (float)p->shift);
}

int suite_build(struct suite *suite, const char *name, const struct model *model,
                const struct format *format, struct fault *fault) {
  struct model plain;
  if (model_load(&plain, "softmax", fault) != 0) return -1;
  memset(suite, 0, sizeof *suite);
  (void)snprintf(suite->name, sizeof suite->name, "%s", name);
  suite->format = *format;
  int small = strcmp(name, "smoke") == 0;
  struct model rounded = *model; /* a model of this format has parameters of this format */
  params_round(&rounded.params, format);
  model = strcmp(name, "softmax") == 0 ? &plain : &rounded;
  if (small || strcmp(name, "softmax") == 0 || strcmp(name, "multimax") == 0) {
    suite_add_common(suite, model, small);
    suite_add_special(suite, model);
    if (model->terms != 0 || strcmp(name, "multimax") == 0) suite_add_modulator(suite, model);
    suite_add_gradient(suite, model);
  } else {
    return fault_set(fault, "--suite %s: neither softmax, multimax, smoke nor a .json file", name);
  }
  for (size_t k = 0; k < suite->case_count; k++) {
    struct audit_case *c = &suite->cases[k];
    params_round(&c->params, format);
    for (size_t j = 0; j < c->rows * c->cols; j++) {
      c->logits[j] = format_round(format, c->logits[j]);
      if (c->upstream != NULL) c->upstream[j] = format_round(format, c->upstream[j]);
    }
  }
  return 0;
}

/* ---- expectations ------------------------------------------------------- */

int case_decide(struct audit_case *c, unsigned threads, struct fault *fault) {
  if (c->decided) return 0;
  mmax_rows in = {c->logits, c->mask, c->rows, c->cols, c->cols, c->cols};
  exact_run run = {threads, NULL};
  exact_status status;
  c->count = c->rows * c->cols;
  c->exact = audit_alloc(c->count, sizeof *c->exact);
  if (c->op != WIRE_FORWARD) c->probs = audit_alloc(c->count, sizeof *c->probs);
  exact_value *probs = c->op == WIRE_FORWARD ? c->exact : c->probs;
  status = exact_forward(&c->params, &in, NULL, probs, c->cols, &run, NULL);
  if (status >= 0 && c->op == WIRE_LOG)
    status = exact_log_forward(&c->params, &in, NULL, c->exact, c->cols, &run, NULL);
  if (status >= 0 && c->op == WIRE_BACKWARD)
    status = exact_backward(&c->params, &in, c->upstream, c->cols, NULL, c->exact, c->cols,
                            &c->grads, &run, NULL);
  if (status < 0) return fault_set(fault, "the oracle: %s", exact_status_text(status));
  c->decided = 1;
  return 0;
}
