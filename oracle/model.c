/* SPDX-License-Identifier: Apache-2.0 */
/* See model.h. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int model_terms_of_order(char order, unsigned *terms) {
  switch (order) {
  case '0': *terms = MMAX_ORDER_0; return 0;
  case '1': *terms = MMAX_ORDER_1; return 0;
  case '2': *terms = MMAX_ORDER_2; return 0;
  case 'l': *terms = MMAX_MULTIMAX_L; return 0;
  default: return -1;
  }
}

int model_finish(struct model *model, const char *where, struct fault *fault) {
  unsigned terms = model->terms & ~(unsigned)MMAX_TERM_AFFINE;
  mmax_status status =
      model->from_ts
          ? mmax_params_from_ts(&model->params, terms, model->value, model->knot)
          : mmax_params_from_temperatures(&model->params, terms, model->value, model->knot);
  if (status == MMAX_OK && (model->terms & MMAX_TERM_AFFINE) != 0)
    status = mmax_params_set_affine(&model->params, model->scale, model->shift);
  if (status == MMAX_OK) status = mmax_params_check(&model->params);
  if (status == MMAX_OK) return 0;
  return fault_set(fault, "%s: %s", where, mmax_status_text(status));
}

static int load_builtin(struct model *model, const char *specification, size_t table_length,
                        struct fault *fault) {
  unsigned largest = 0;
  char *end;
  const char *digits = specification + table_length + 1;
  unsigned long layer = strtoul(digits, &end, 10);
  int plain = *digits >= '0' && *digits <= '9' && *end == '\0';
  for (size_t k = 0; k < builtin_count; k++) {
    const struct builtin *b = &builtins[k];
    if (strlen(b->table) != table_length || memcmp(b->table, specification, table_length) != 0)
      continue;
    largest = b->layer;
    if (!plain || b->layer != layer) continue;
    model->terms = MMAX_ORDER_2;
    memcpy(model->value, b->value, sizeof model->value);
    memcpy(model->knot, b->value + 4, sizeof model->knot);
    return model_finish(model, specification, fault);
  }
  return fault_set(fault, "%s: %.*s has layers 1 to %u", specification, (int)table_length,
                   specification, largest);
}

static int is_builtin_table(const char *text, size_t length) {
  for (size_t k = 0; k < builtin_count; k++)
    if (strlen(builtins[k].table) == length && memcmp(builtins[k].table, text, length) == 0)
      return 1;
  return 0;
}

static int ends_with(const char *text, size_t length, const char *ending) {
  size_t n = strlen(ending);
  return length > n && memcmp(text + length - n, ending, n) == 0;
}

static int load_csv(struct model *model, const char *specification, size_t path_length,
                    struct fault *fault) {
  struct bytes bytes;
  char *path = malloc(path_length + 1);
  if (path == NULL) return fault_set(fault, "out of memory");
  memcpy(path, specification, path_length);
  path[path_length] = '\0';
  int result = bytes_read(&bytes, path, BYTES_LIMIT_PARAMS, fault);
  if (result == 0) {
    result = model_parse_csv(model, &bytes, specification + path_length + 1, fault);
    bytes_free(&bytes);
  }
  free(path);
  return result;
}

int model_load(struct model *model, const char *specification, struct fault *fault) {
  const char *colon = strrchr(specification, ':');
  size_t length = strlen(specification);
  size_t head = colon == NULL ? length : (size_t)(colon - specification);
  *model = (struct model){.scale = 1.0f};
  (void)snprintf(model->name, sizeof model->name, "%s", specification);
  if (strcmp(specification, "softmax") == 0) return model_finish(model, specification, fault);
  if (is_builtin_table(specification, head)) {
    if (colon != NULL) return load_builtin(model, specification, head, fault);
    return fault_set(fault, "%s: which layer? write %s:1", specification, specification);
  }
  if (ends_with(specification, length, ".json")) {
    struct bytes bytes;
    if (bytes_read(&bytes, specification, BYTES_LIMIT_PARAMS, fault) != 0) return -1;
    int result = model_parse_json(model, &bytes, fault);
    bytes_free(&bytes);
    return result;
  }
  if (colon != NULL && ends_with(specification, head, ".csv"))
    return load_csv(model, specification, head, fault);
  if (ends_with(specification, length, ".csv"))
    return fault_set(fault, "%s: which row? write %s:1", specification, specification);
  return fault_set(fault,
                   "parameters '%s' are none of softmax, deit-small:1..12, wikitext103:1..6, "
                   "FILE.csv:ROW, FILE.json",
                   specification);
}
