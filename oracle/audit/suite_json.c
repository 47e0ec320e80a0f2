/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suites as JSON (specs/suite-schema.json). Numbers travel as the hexadecimal
 * digits of their bits; rows of more than 64 entries as their recipe, with the
 * expectations of SAMPLES positions.
 */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../output.h"
#include "suite.h"

enum { EXPLICIT_MAX = 64, SAMPLES = 64 };


static json_t *hex_of(const void *values, size_t width, size_t count, size_t step) {
  char *text = audit_alloc(count * (2 * width + 1) + 1, 1), *at = text;
  for (size_t k = 0; k < count; k++) {
    uint64_t bits = 0;
    memcpy(&bits, (const char *)values + k * step, width);
    at += sprintf(at, k == 0 ? "%0*" PRIx64 : " %0*" PRIx64, (int)(2 * width), bits);
  }
  json_t *json = json_string(text);
  free(text);
  return json;
}

static json_t *hex_double(double v) { return hex_of(&v, 8, 1, 8); }

static json_t *recipe_json(const struct recipe *r) {
  return json_pack("{s:s, s:I, s:o, s:o}", "recipe", recipe_names[r->kind], "seed", (json_int_t)r->seed, "a",
                   hex_double(r->a), "b", hex_double(r->b));
}

static json_t *values_json(const float *values, size_t count, const struct recipe *r) {
  return r->kind != RECIPE_NONE && count > EXPLICIT_MAX ? recipe_json(r) : hex_of(values, 4, count, 4);
}

/* First, last and largest entry of every row, then evenly spread ones. */
static size_t sample_positions(const struct audit_case *c, size_t *at) {
  size_t cells = c->rows * c->cols, count = 0;
  unsigned char *chosen = audit_alloc(cells, 1);
  for (size_t r = 0; r < c->rows; r++) {
    size_t top = 0;
    for (size_t k = 0; k < c->cols; k++)
      if (c->exact[r * c->cols + k].hi > c->exact[r * c->cols + top].hi) top = k;
    chosen[r * c->cols] = chosen[r * c->cols + top] = chosen[(r + 1) * c->cols - 1] = 1;
  }
  for (size_t k = 0; k < SAMPLES; k++) chosen[(size_t)((double)cells * (double)k / SAMPLES + (double)(k % 7)) % cells] = 1;
  for (size_t k = 0; k < cells; k++)
    if (chosen[k]) at[count++] = k;
  free(chosen);
  return count;
}

static json_t *case_json(const struct audit_case *c) {
  const mmax_params *p = &c->params;
  size_t cells = c->rows * c->cols;
  json_t *json = json_pack("{s:s, s:s, s:I, s:I}", "op", wire_op_names[c->op], "model", c->model, "rows",
                           (json_int_t)c->rows, "cols", (json_int_t)c->cols);
  json_object_set_new(json, "terms", json_integer((json_int_t)p->terms));
  if (p->terms != 0) {
    json_object_set_new(json, "coef", hex_of(p->coef, 8, 4, 8));
    json_object_set_new(json, "knot", hex_of(p->knot, 8, 4, 8));
    json_object_set_new(json, "scale", hex_double(p->scale));
    json_object_set_new(json, "shift", hex_double(p->shift));
  }
  json_object_set_new(json, "logits", values_json(c->logits, cells, &c->recipe));
  if (c->upstream != NULL) json_object_set_new(json, "upstream", values_json(c->upstream, cells, &c->upstream_recipe));
  if (c->mask != NULL) {
    char *digits = audit_alloc(cells + 1, 1);
    for (size_t k = 0; k < cells; k++) digits[k] = c->mask[k] ? '1' : '0';
    json_object_set_new(json, "mask", json_string(digits));
    free(digits);
  }
  size_t *at = audit_alloc(cells, sizeof *at), count = cells;
  int sampled = c->at == NULL && cells > EXPLICIT_MAX && c->recipe.kind != RECIPE_NONE;
  if (sampled) count = sample_positions(c, at);
  else if (c->at != NULL) memcpy(at, c->at, (count = c->count) * sizeof *at);
  int listed = sampled || c->at != NULL;
  json_t *positions = json_array();
  exact_value *exact = audit_alloc(count, sizeof *exact), *probs = audit_alloc(count, sizeof *probs);
  for (size_t k = 0; k < count; k++) {
    size_t from = sampled ? at[k] : k;
    exact[k] = c->exact[from];
    if (c->probs != NULL) probs[k] = c->probs[from];
    if (listed) json_array_append_new(positions, json_integer((json_int_t)at[k]));
  }
  if (listed) json_object_set(json, "at", positions);
  json_decref(positions);
  json_object_set_new(json, "exact", hex_of(&exact[0].hi, 8, count, sizeof *exact));
  if (c->probs != NULL) json_object_set_new(json, "probs", hex_of(&probs[0].hi, 8, count, sizeof *probs));
  if (c->op == WIRE_BACKWARD && p->terms != 0)
    json_object_set_new(json, "grad_params", hex_of(&c->grads.value[0].hi, 8, MMAX_NPARAMS, sizeof c->grads.value[0]));
  free(at);
  free(exact);
  free(probs);
  return json;
}

int suite_write(const struct suite *suite, const char *path, struct fault *fault) {
  json_t *groups = json_array();
  for (size_t g = 0; g < suite->group_count; g++) {
    json_t *flags = json_array(), *cases = json_array();
    for (unsigned k = 0; k < FLAGS; k++)
      if (suite->groups[g].flags >> k & 1u) json_array_append_new(flags, json_string(flag_names[k]));
    for (size_t k = 0; k < suite->case_count; k++)
      if (suite->cases[k].group == g) json_array_append_new(cases, case_json(&suite->cases[k]));
    json_array_append_new(groups, json_pack("{s:s, s:o, s:s, s:o}", "name", suite->groups[g].name, "flags", flags,
                                            "rationale", suite->groups[g].rationale, "cases", cases));
  }
  json_t *json = json_pack("{s:s, s:s, s:s, s:o}", "schema", "multimax-audit-suite-1", "name", suite->name, "format",
                           suite->format.name, "groups", groups);
  int result = output_json(path, json, fault);
  json_decref(json);
  return result;
}

/* ---- reading ------------------------------------------------------------ */

struct place {
  const char *path, *group;
  size_t index;
  struct fault *fault;
};

static int bad(const struct place *p, const char *what) {
  return fault_set(p->fault, "%s: group '%.40s', case %zu: %s", p->path, p->group, p->index, what);
}

/* Parses count numbers of `width` bytes into to, `step` bytes apart. */
static int from_hex(const json_t *json, void *to, size_t width, size_t count, size_t step) {
  const char *text = json_string_value(json);
  if (text == NULL || strlen(text) != (count == 0 ? 0 : count * (2 * width + 1) - 1)) return -1;
  for (size_t k = 0; k < count; k++, text += 2 * width + 1) {
    char *end, digits[17];
    memcpy(digits, text, 2 * width);
    digits[2 * width] = '\0';
    uint64_t bits = strtoull(digits, &end, 16);
    if (strspn(digits, "0123456789abcdef") != 2 * width) return -1;
    if (k + 1 < count && text[2 * width] != ' ') return -1;
    memcpy((char *)to + k * step, &bits, width);
  }
  return 0;
}

static int read_recipe(const json_t *json, struct recipe *r) {
  const char *name = json_string_value(json_object_get(json, "recipe"));
  r->seed = (uint64_t)json_integer_value(json_object_get(json, "seed"));
  if (name == NULL || from_hex(json_object_get(json, "a"), &r->a, 8, 1, 8) != 0 ||
      from_hex(json_object_get(json, "b"), &r->b, 8, 1, 8) != 0)
    return -1;
  for (int k = 1; k < RECIPES; k++)
    if (strcmp(recipe_names[k], name) == 0) {
      r->kind = (enum recipe_kind)k;
      return 0;
    }
  return -1;
}

static int read_values(struct audit_case *c, const json_t *json, float *values, int upstream) {
  struct recipe r;
  if (!json_is_object(json)) return from_hex(json, values, 4, c->rows * c->cols, 4);
  if (read_recipe(json, &r) != 0) return -1;
  if (upstream) case_fill_upstream(c, r);
  else case_fill(c, r);
  return 0;
}

static int read_params(mmax_params *p, const json_t *json) {
  mmax_params_softmax(p);
  p->terms = (unsigned)json_integer_value(json_object_get(json, "terms"));
  if (p->terms == 0) return 0;
  return from_hex(json_object_get(json, "coef"), p->coef, 8, 4, 8) |
         from_hex(json_object_get(json, "knot"), p->knot, 8, 4, 8) |
         from_hex(json_object_get(json, "scale"), &p->scale, 8, 1, 8) |
         from_hex(json_object_get(json, "shift"), &p->shift, 8, 1, 8) | (mmax_params_check(p) != MMAX_OK);
}

static int read_mask(struct audit_case *c, const json_t *json) {
  const char *digits = json_string_value(json);
  size_t cells = c->rows * c->cols;
  if (digits == NULL || strlen(digits) != cells || strspn(digits, "01") != cells) return -1;
  case_mask(c);
  for (size_t k = 0; k < cells; k++) c->mask[k] = digits[k] == '1';
  return 0;
}

static int read_positions(struct audit_case *c, const json_t *json) {
  size_t cells = c->rows * c->cols;
  c->count = json == NULL ? cells : json_array_size(json);
  if (json == NULL) return 0;
  if (!json_is_array(json) || c->count > cells) return -1;
  c->at = audit_alloc(c->count, sizeof *c->at);
  for (size_t k = 0; k < c->count; k++) {
    json_int_t at = json_integer_value(json_array_get(json, k));
    if (at < 0 || (size_t)at >= cells || (k > 0 && (size_t)at <= c->at[k - 1])) return -1;
    c->at[k] = (size_t)at;
  }
  return 0;
}

static int read_case(struct suite *suite, size_t group, const json_t *json, const struct place *place) {
  struct model model = {.from_ts = 0};
  const char *op_name = json_string_value(json_object_get(json, "op"));
  const char *name = json_string_value(json_object_get(json, "model"));
  json_int_t rows = json_integer_value(json_object_get(json, "rows")), cols = json_integer_value(json_object_get(json, "cols"));
  int op = 0;
  while (op < WIRE_OPS && (op_name == NULL || strcmp(op_name, wire_op_names[op]) != 0)) op++;
  if (op == WIRE_OPS) return bad(place, "no such op");
  if (rows < 1 || cols < 1 || rows > 1 << 20 || cols > 1 << 24 || rows * cols > 1 << 26) return bad(place, "rows or cols out of range");
  if (read_params(&model.params, json) != 0) return bad(place, "bad terms, coef, knot, scale or shift");
  (void)snprintf(model.name, sizeof model.name, "%s", name == NULL ? "" : name);
  struct audit_case *c = suite_case(suite, group, (enum wire_op)op, &model, (size_t)rows, (size_t)cols);
  const json_t *mask = json_object_get(json, "mask");
  if (read_values(c, json_object_get(json, "logits"), c->logits, 0) != 0) return bad(place, "bad logits");
  if (c->upstream != NULL && read_values(c, json_object_get(json, "upstream"), c->upstream, 1) != 0) return bad(place, "bad upstream");
  if (mask != NULL && read_mask(c, mask) != 0) return bad(place, "bad mask");
  if (read_positions(c, json_object_get(json, "at")) != 0) return bad(place, "bad at");
  for (size_t k = 0; k < c->rows * c->cols; k++) {
    c->logits[k] = format_round(&suite->format, c->logits[k]);
    if (c->upstream != NULL) c->upstream[k] = format_round(&suite->format, c->upstream[k]);
  }
  c->exact = audit_alloc(c->count, sizeof *c->exact);
  if (from_hex(json_object_get(json, "exact"), &c->exact[0].hi, 8, c->count, sizeof *c->exact) != 0) return bad(place, "bad exact");
  if (c->op != WIRE_FORWARD) {
    c->probs = audit_alloc(c->count, sizeof *c->probs);
    if (from_hex(json_object_get(json, "probs"), &c->probs[0].hi, 8, c->count, sizeof *c->probs) != 0) return bad(place, "bad probs");
  }
  if (c->op == WIRE_BACKWARD && c->params.terms != 0 &&
      from_hex(json_object_get(json, "grad_params"), &c->grads.value[0].hi, 8, MMAX_NPARAMS, sizeof c->grads.value[0]) != 0)
    return bad(place, "bad grad_params");
  c->decided = 1;
  return 0;
}

int suite_read(struct suite *suite, const char *path, struct fault *fault) {
  struct bytes bytes;
  json_error_t error;
  memset(suite, 0, sizeof *suite);
  if (bytes_read(&bytes, path, (size_t)1 << 28, fault) != 0) return -1;
  json_t *json = json_loadb((const char *)bytes.data, bytes.size, JSON_REJECT_DUPLICATES, &error);
  bytes_free(&bytes);
  if (json == NULL) return fault_set(fault, "%s:%d:%d: %s", path, error.line, error.column, error.text);
  const char *schema = json_string_value(json_object_get(json, "schema"));
  const char *name = json_string_value(json_object_get(json, "name"));
  const char *format = json_string_value(json_object_get(json, "format"));
  const struct format *found = format == NULL ? NULL : format_find(format);
  int result = 0;
  if (schema == NULL || strcmp(schema, "multimax-audit-suite-1") != 0 || name == NULL || found == NULL)
    result = fault_set(fault, "%s: not a suite (schema multimax-audit-suite-1, name, format)", path);
  if (result == 0) {
    (void)snprintf(suite->name, sizeof suite->name, "%s", name);
    suite->format = *found;
  }
  size_t g, k;
  json_t *group, *item;
  json_array_foreach(json_object_get(json, "groups"), g, group) {
    const char *group_name = json_string_value(json_object_get(group, "name"));
    const char *rationale = json_string_value(json_object_get(group, "rationale"));
    unsigned flags = 0;
    if (result != 0) break;
    if (group_name == NULL || rationale == NULL) {
      result = fault_set(fault, "%s: group %zu has no name or rationale", path, g);
      break;
    }
    json_array_foreach(json_object_get(group, "flags"), k, item)
      for (unsigned f = 0; f < FLAGS; f++)
        if (json_is_string(item) && strcmp(json_string_value(item), flag_names[f]) == 0) flags |= 1u << f;
    size_t at = suite_group(suite, group_name, flags, rationale);
    json_array_foreach(json_object_get(group, "cases"), k, item) {
      struct place place = {path, group_name, k, fault};
      if (result == 0) result = read_case(suite, at, item, &place);
    }
  }
  if (result == 0 && suite->case_count == 0) result = fault_set(fault, "%s: no cases", path);
  if (result != 0) suite_free(suite);
  json_decref(json);
  return result;
}
