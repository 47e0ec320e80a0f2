/* SPDX-License-Identifier: Apache-2.0 */
/* See text.h. The command never calls setlocale, so strtof reads the C locale. */
#include "text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_MAX 1200 /* longer than any exact decimal of a float32 or float64 */

int number_parse(float *value, const char *text, size_t length, const char **why) {
  char copy[TOKEN_MAX + 1], *end;
  *why = "is not a number";
  if (length == 0 || strchr(" \t\r\n\v\f", text[0]) != NULL) return -1;
  if (length > TOKEN_MAX) {
    *why = "is too long for a number";
    return -1;
  }
  memcpy(copy, text, length);
  copy[length] = '\0';
  errno = 0;
  float v = strtof(copy, &end);
  if (end != copy + length) return -1;
  if (errno == ERANGE && isinf(v)) {
    *why = "is beyond the range of float32";
    return -1;
  }
  *value = v;
  return 0;
}

struct scanner {
  const struct bytes *bytes;
  size_t at, line, line_start;
};

struct token {
  const char *text;
  size_t length, column;
};

static int is_separator(unsigned char c) {
  return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '\r';
}

/* The next token of this line: 1, or 0 at its end (the newline is left). */
static int next_token(struct scanner *s, struct token *token) {
  const unsigned char *data = s->bytes->data;
  size_t size = s->bytes->size;
  while (s->at < size && is_separator(data[s->at])) s->at++;
  if (s->at < size && data[s->at] == '#')
    while (s->at < size && data[s->at] != '\n') s->at++;
  if (s->at == size || data[s->at] == '\n') return 0;
  size_t start = s->at;
  while (s->at < size && !is_separator(data[s->at]) && data[s->at] != '\n' && data[s->at] != '#')
    s->at++;
  *token = (struct token){.text = (const char *)data + start,
                          .length = s->at - start,
                          .column = start - s->line_start + 1};
  return 1;
}

static void next_line(struct scanner *s) {
  if (s->at < s->bytes->size) s->at++;
  s->line++;
  s->line_start = s->at;
}

static int bad_token(const struct scanner *s, const struct token *token, const char *why,
                     struct fault *fault) {
  int shown = token->length > 40 ? 40 : (int)token->length;
  return fault_set(fault, "%s: line %zu, column %zu: '%.*s' %s", s->bytes->name, s->line,
                   token->column, shown, token->text, why);
}

/* Numbers of all lines, the first non-empty line fixing the number of columns. */
static int parse_rows(struct scanner *s, float *data, struct shape *shape, struct fault *fault) {
  size_t count = 0, rows = 0, cols = 0;
  for (s->line = 1; s->at < s->bytes->size; next_line(s)) {
    struct token token;
    size_t in_line = 0;
    while (next_token(s, &token)) {
      const char *why;
      if (number_parse(&data[count], token.text, token.length, &why) != 0)
        return bad_token(s, &token, why, fault);
      if (rows > 0 && in_line == cols)
        return bad_token(s, &token, "is one number more than the first row has", fault);
      count++;
      in_line++;
    }
    if (in_line == 0) continue;
    if (rows > 0 && in_line < cols)
      return fault_set(fault, "%s: line %zu: %zu numbers, but the first row has %zu",
                       s->bytes->name, s->line, in_line, cols);
    cols = in_line;
    rows++;
  }
  if (rows == 0) return fault_set(fault, "%s: no numbers found", s->bytes->name);
  *shape = (struct shape){.ndim = 2, .dim = {rows, cols}, .text = 1};
  shape_finish(shape);
  return 0;
}

int text_parse(struct tensor *out, const struct bytes *bytes, struct fault *fault) {
  struct scanner scanner = {.bytes = bytes};
  *out = (struct tensor){.data = NULL};
  /* Every number takes a byte and a separator. */
  float *data = calloc(bytes->size / 2 + 1, sizeof *data);
  if (data == NULL) return fault_set(fault, "%s: out of memory", bytes->name);
  if (parse_rows(&scanner, data, &out->shape, fault) != 0) {
    free(data);
    return -1;
  }
  out->data = data;
  return 0;
}

static int parse_target(int32_t *value, const struct token *token) {
  char copy[24], *end;
  if (token->length >= sizeof copy) return -1;
  memcpy(copy, token->text, token->length);
  copy[token->length] = '\0';
  errno = 0;
  long v = strtol(copy, &end, 10);
  if (end != copy + token->length || errno != 0 || v < INT32_MIN || v > INT32_MAX) return -1;
  *value = (int32_t)v;
  return 0;
}

int text_targets(int32_t **targets, const struct bytes *bytes, size_t rows, struct fault *fault) {
  struct scanner s = {.bytes = bytes};
  struct token token;
  size_t count = 0;
  *targets = NULL;
  /* Not more than the file can hold, whatever the logits' shape is. */
  if (rows > bytes->size / 2 + 1)
    return fault_set(fault, "%s: fewer than %zu targets", bytes->name, rows);
  int32_t *data = calloc(rows + 1, sizeof *data);
  if (data == NULL) return fault_set(fault, "%s: out of memory", bytes->name);
  for (s.line = 1; s.at < bytes->size; next_line(&s))
    while (next_token(&s, &token)) {
      const char *why = count == rows ? "is one target more than the input has rows"
                                      : "is not a whole number of 32 bits";
      if (count == rows || parse_target(&data[count], &token) != 0) {
        free(data);
        return bad_token(&s, &token, why, fault);
      }
      count++;
    }
  if (count < rows) {
    free(data);
    return fault_set(fault, "%s: %zu targets for %zu rows", bytes->name, count, rows);
  }
  *targets = data;
  return 0;
}
