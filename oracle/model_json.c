/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters from a JSON object:
 *
 *   {"temperatures": [tb1, td1, tb2, td2], "knots":  [b1, d1, b2, d2]}
 *   {"ts":           [ts0, ts1, ts2, ts3], "ranges": [r0, r1, r2, r3]}
 *   optional: "order": 0, 1, 2 or "l" (default: from the number of values: 0, 2, 4 or 1)
 *             "scale", "shift": the affine pre-map;  "name": any text
 *
 * A value is a number (read as float64, then rounded to float32) or a string
 * such as "0x1.5p-3" (rounded once). Unknown and repeated keys are refused.
 */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "model.h"
#include "text.h"

static int bad(const struct bytes *bytes, const char *key, const char *why, struct fault *fault) {
  return fault_set(fault, "%s: \"%.40s\" %s", bytes->name, key, why);
}

static int read_value(float *value, const json_t *json, const char *key, const struct bytes *bytes,
                      struct fault *fault) {
  const char *why = "is not a number";
  if (json_is_number(json)) {
    double wide = json_number_value(json);
    /* Half an ulp beyond FLT_MAX is where rounding to float32 overflows. */
    if (!(fabs(wide) < 0x1.ffffffp127)) return bad(bytes, key, "is beyond float32", fault);
    *value = (float)wide;
    return 0;
  }
  if (json_is_string(json) &&
      number_parse(value, json_string_value(json), json_string_length(json), &why) == 0)
    return 0;
  return bad(bytes, key, why, fault);
}

static int read_values(float value[4], size_t *count, const json_t *object, const char *key,
                       const struct bytes *bytes, struct fault *fault) {
  const json_t *array = json_object_get(object, key);
  *count = 0;
  if (array == NULL) return 0;
  if (!json_is_array(array) || json_array_size(array) > 4)
    return bad(bytes, key, "is not an array of at most 4 numbers", fault);
  for (size_t k = 0; k < json_array_size(array); k++)
    if (read_value(&value[k], json_array_get(array, k), key, bytes, fault) != 0) return -1;
  *count = json_array_size(array);
  return 0;
}

static int read_order(struct model *model, const json_t *order, size_t count,
                      const struct bytes *bytes, struct fault *fault) {
  static const size_t needed[] = {['0'] = 0, ['1'] = 2, ['2'] = 4, ['l'] = 1};
  char letter = count == 0 ? '0' : count == 1 ? 'l' : count == 2 ? '1' : '2';
  if (json_is_integer(order) && json_integer_value(order) >= 0 && json_integer_value(order) <= 2)
    letter = (char)('0' + json_integer_value(order));
  else if (json_is_string(order) && strcmp(json_string_value(order), "l") == 0)
    letter = 'l';
  else if (order != NULL)
    return bad(bytes, "order", "is none of 0, 1, 2, \"l\"", fault);
  if (count < needed[(unsigned char)letter] || (count == 3 && order == NULL))
    return bad(bytes, "order", "needs more values (order l: 1, order 1: 2, order 2: 4)", fault);
  (void)model_terms_of_order(letter, &model->terms);
  return 0;
}

static int check_keys(const json_t *object, const struct bytes *bytes, struct fault *fault) {
  static const char *const known[] = {"temperatures", "knots", "ts",    "ranges",
                                      "order",        "scale", "shift", "name"};
  for (void *at = json_object_iter((json_t *)object); at != NULL;
       at = json_object_iter_next((json_t *)object, at)) {
    size_t k = 0, n = sizeof known / sizeof known[0];
    while (k < n && strcmp(known[k], json_object_iter_key(at)) != 0) k++;
    if (k == n) return bad(bytes, json_object_iter_key(at), "is not a known key", fault);
  }
  return 0;
}

static int read_object(struct model *model, const json_t *object, const struct bytes *bytes,
                       struct fault *fault) {
  size_t values, knots;
  const json_t *scale = json_object_get(object, "scale"), *shift = json_object_get(object, "shift");
  if (!json_is_object(object)) return fault_set(fault, "%s: not a JSON object", bytes->name);
  if (check_keys(object, bytes, fault) != 0) return -1;
  int ts = json_object_get(object, "ts") != NULL || json_object_get(object, "ranges") != NULL;
  if (ts &&
      (json_object_get(object, "temperatures") != NULL || json_object_get(object, "knots") != NULL))
    return fault_set(fault, "%s: give temperatures and knots, or ts and ranges, not both",
                     bytes->name);
  model->from_ts = ts;
  if (read_values(model->value, &values, object, ts ? "ts" : "temperatures", bytes, fault) != 0 ||
      read_values(model->knot, &knots, object, ts ? "ranges" : "knots", bytes, fault) != 0)
    return -1;
  if (values != knots)
    return fault_set(fault, "%s: %zu %s but %zu %s", bytes->name, values,
                     ts ? "ts" : "temperatures", knots, ts ? "ranges" : "knots");
  if (read_order(model, json_object_get(object, "order"), values, bytes, fault) != 0) return -1;
  if (scale != NULL && read_value(&model->scale, scale, "scale", bytes, fault) != 0) return -1;
  if (shift != NULL && read_value(&model->shift, shift, "shift", bytes, fault) != 0) return -1;
  if (scale != NULL || shift != NULL) model->terms |= MMAX_TERM_AFFINE;
  return model_finish(model, bytes->name, fault);
}

int model_parse_json(struct model *model, const struct bytes *bytes, struct fault *fault) {
  json_error_t error;
  json_t *object =
      json_loadb((const char *)bytes->data, bytes->size, JSON_REJECT_DUPLICATES, &error);
  if (object == NULL)
    return fault_set(fault, "%s: line %d, column %d (byte %d): %s", bytes->name, error.line,
                     error.column, error.position, error.text);
  int result = read_object(model, object, bytes, fault);
  json_decref(object);
  return result;
}
