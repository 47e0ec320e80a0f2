/* SPDX-License-Identifier: Apache-2.0 */
/* See session.h: greeting, calls, and what befalls the process. */
#include "session.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int lists(const json_t *hello, const char *key, const char *word) {
  size_t k;
  json_t *item;
  json_array_foreach(json_object_get(hello, key), k, item)
    if (json_is_string(item) && strcmp(json_string_value(item), word) == 0) return 1;
  return 0;
}

static const char *text_of(const json_t *hello, const char *key, const char *otherwise) {
  const char *text = json_string_value(json_object_get(hello, key));
  return text == NULL ? otherwise : text;
}

int facts_parse(struct subject_facts *facts, const char *line, struct fault *fault) {
  static const char *const features[] = {"mask", "inplace", "stride", "threads", "echo"};
  json_error_t error;
  json_t *hello = json_loads(line, 0, &error);
  memset(facts, 0, sizeof *facts);
  int fine = json_is_object(hello) && json_integer_value(json_object_get(hello, "protocol")) == WIRE_VERSION;
  if (fine) {
    (void)snprintf(facts->name, sizeof facts->name, "%s", text_of(hello, "name", "unnamed"));
    facts->multimax = strcmp(text_of(hello, "formula", "softmax"), "multimax") == 0;
    facts->format = format_find(text_of(hello, "format", "float32"));
    for (unsigned k = 0; k < WIRE_OPS; k++)
      if (lists(hello, "ops", wire_op_names[k])) facts->ops |= 1u << k;
    for (unsigned k = 0; k < 5; k++)
      if (lists(hello, "features", features[k])) facts->features |= 1u << k;
  }
  json_decref(hello);
  if (!fine) return fault_set(fault, "the subject's greeting '%.80s' is not that of protocol %d", line, WIRE_VERSION);
  if (facts->format == NULL || facts->ops == 0)
    return fault_set(fault, "the subject's greeting '%.80s' names no op or an unknown format", line);
  return 0;
}

int session_open(struct session *s, struct fault *fault) {
  if (child_start(&s->child, s->command, &s->limits, fault) != 0) return -1;
  return facts_parse(&s->facts, s->child.hello, fault);
}

void session_close(struct session *s) { child_stop(&s->child); }

uint64_t hash_floats(uint64_t hash, const float *values, size_t count) {
  for (size_t k = 0; k < count; k++) {
    uint32_t bits = 0x7fc00000;
    if (!isnan(values[k])) memcpy(&bits, &values[k], sizeof bits);
    for (int byte = 0; byte < 4; byte++) hash = (hash ^ (bits >> (8 * byte) & 0xff)) * 0x100000001b3u;
  }
  return hash;
}

int same_bits(float a, float b, int nan_payload_matters) {
  if (isnan(a) && isnan(b) && !nan_payload_matters) return 1;
  return memcmp(&a, &b, sizeof a) == 0;
}

static void record_event(struct session *s, const struct audit_case *c, size_t case_index,
                         enum child_event event) {
  struct observation o = {.severity = event == CHILD_ANSWERED ? SEVERITY_PASS : SEVERITY_CRITICAL,
                          .measure = event == CHILD_ANSWERED ? 0 : 1,
                          .case_index = case_index};
  if (event != CHILD_ANSWERED)
    (void)snprintf(o.message, sizeof o.message, "%s: %.180s", child_event_names[event], s->child.why);
  verdicts_record(s->verdicts, PROP_SURVIVES, c->group, &o);
}

static void record_flag(struct session *s, const struct audit_case *c, size_t case_index,
                        enum property property, int broken, enum severity severity, const char *message) {
  struct observation o = {.severity = broken ? severity : SEVERITY_PASS, .measure = broken, .case_index = case_index};
  (void)snprintf(o.message, sizeof o.message, "%s", broken ? message : "");
  verdicts_record(s->verdicts, property, c->group, &o);
}

/* A dead child is started again, a few times. */
static int revive(struct session *s) {
  struct fault fault;
  if (s->child.pid != 0) return 0;
  if (s->restarts == s->restarts_allowed) return -1;
  s->restarts++;
  return child_start(&s->child, s->command, &s->limits, &fault);
}

static const char nan_padding_note[] = "the caller's logits (or the gap between rows) changed during the call";

int session_call(struct session *s, const struct audit_case *c, size_t case_index, const struct variant *v,
                 const float *logits, const uint8_t *mask, const float *upstream, size_t rows,
                 float *out, double grad_params[MMAX_NPARAMS], size_t *grad_params_count) {
  size_t stride = c->cols + v->stride_extra, sent = rows * stride;
  int echo = v->echo && !v->in_place && (s->facts.features & FEATURE_ECHO) != 0;
  struct wire_request request = {.id = ++s->next_id, .op = c->op, .rows = rows, .cols = c->cols,
                                 .stride = stride, .has_mask = mask != NULL, .in_place = v->in_place,
                                 .echo = echo, .threads = v->threads == 0 ? 1 : v->threads, .params = c->params};
  if (revive(s) != 0) {
    struct observation o = {.severity = SEVERITY_CRITICAL, .measure = 0.5, .case_index = case_index}; /* less than an event */
    (void)snprintf(o.message, sizeof o.message, "not asked: the subject was restarted too often");
    verdicts_record(s->verdicts, PROP_SURVIVES, c->group, &o);
    return -1;
  }
  float *packed = audit_alloc(sent, sizeof *packed), *after = audit_alloc(echo ? sent : 0, sizeof *after);
  for (size_t r = 0; r < rows; r++) {
    memcpy(packed + r * stride, logits + r * c->cols, c->cols * sizeof(float));
    for (size_t k = c->cols; k < stride; k++) packed[r * stride + k] = NAN;
  }
  struct child_answer answer = {.out = out, .echo = after, .out_expected = rows * c->cols, .echo_expected = echo ? sent : 0};
  enum child_event event = child_call(&s->child, &request, packed, mask, upstream, &answer);
  if (event == CHILD_REFUSED) {
    char message[160];
    (void)snprintf(message, sizeof message, "refused: %.120s", s->child.why);
    record_flag(s, c, case_index, PROP_SUPPORTED, 1, SEVERITY_INFO, message);
  } else {
    record_event(s, c, case_index, event);
  }
  if (event == CHILD_ANSWERED) {
    record_flag(s, c, case_index, PROP_SUPPORTED, 0, SEVERITY_PASS, "");
    record_flag(s, c, case_index, PROP_MEMORY_BOUNDS, answer.guard_broken, SEVERITY_CRITICAL,
                "wrote outside the buffers it was given");
    if (echo)
      record_flag(s, c, case_index, PROP_INPUT_KEPT, memcmp(after, packed, sent * sizeof(float)) != 0,
                  SEVERITY_MAJOR, nan_padding_note);
    if (grad_params != NULL) memcpy(grad_params, answer.params, sizeof answer.params);
    if (grad_params_count != NULL) *grad_params_count = answer.params_got;
  }
  free(packed);
  free(after);
  return event == CHILD_ANSWERED ? 0 : -1;
}
