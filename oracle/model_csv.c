/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters from a CSV file: a header line naming the columns, then one
 * modulator per line. Values are rounded once to float32.
 *
 *   tb1 td1 tb2 td2    temperatures of the paper       or   ts0..ts3 (also ts0_anything)
 *   b1 d1 b2 d2        knots                           or   range0..range3
 *   scale shift        optional affine pre-map
 *   layer              optional; if present, ROW is a value of this column, else the line after
 *                      the header is row 1
 *
 * Columns of the second order, or of all but the first term, may be missing:
 * the file then describes order 1 or MultiMax-l. Other columns are an error.
 */
#include <stdio.h>
#include <string.h>

#include "model.h"
#include "text.h"

/* 0..3 temperatures, 4..7 ts, 8..11 knots, 12 scale, 13 shift, 14 layer */
enum { SCALE = 12, SHIFT = 13, LAYER = 14, FIELDS = 15, COLUMNS_MAX = 64 };
static const char *const field_name[FIELDS] = {"tb1", "td1", "tb2",   "td2",   "ts0",
                                               "ts1", "ts2", "ts3",   "b1",    "d1",
                                               "b2",  "d2",  "scale", "shift", "layer"};
static const char *const range_name[4] = {"range0", "range1", "range2", "range3"};

struct cell {
  const char *text;
  size_t length, column; /* column: 1-based byte position in the line */
};

struct line {
  size_t number, cells;
  struct cell cell[COLUMNS_MAX];
};

static int is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* Splits the next line that is not empty: 1, 0 at the end of the file, -1 on a fault. */
static int next_line(struct line *line, const struct bytes *bytes, size_t *at,
                     struct fault *fault) {
  const char *data = (const char *)bytes->data;
  for (;;) {
    if (*at >= bytes->size) return 0;
    size_t start = *at, end = start;
    while (end < bytes->size && data[end] != '\n') end++;
    *at = end + 1;
    line->number++;
    line->cells = 0;
    for (size_t from = start; from <= end;) {
      size_t to = from;
      while (to < end && data[to] != ',') to++;
      size_t first = from, last = to;
      while (first < last && is_blank(data[first])) first++;
      while (last > first && is_blank(data[last - 1])) last--;
      if (line->cells == COLUMNS_MAX)
        return fault_set(fault, "%s: line %zu: more than %d columns", bytes->name, line->number,
                         COLUMNS_MAX);
      line->cell[line->cells++] =
          (struct cell){.text = data + first, .length = last - first, .column = first - start + 1};
      from = to + 1;
    }
    if (line->cells > 1 || line->cell[0].length > 0) return 1;
  }
}

static int same(const struct cell *cell, const char *name) {
  return cell->length == strlen(name) && memcmp(cell->text, name, cell->length) == 0;
}

static int field_of(const struct cell *cell) {
  for (int f = 0; f < FIELDS; f++) {
    size_t n = strlen(field_name[f]);
    if (same(cell, field_name[f])) return f;
    if (f >= 4 && f < 8 && cell->length > n && cell->text[n] == '_' &&
        memcmp(cell->text, field_name[f], n) == 0)
      return f;
  }
  for (int k = 0; k < 4; k++)
    if (same(cell, range_name[k])) return 8 + k;
  return -1;
}

static int bad_cell(const struct bytes *bytes, const struct line *line, const struct cell *cell,
                    const char *why, struct fault *fault) {
  int shown = cell->length > 40 ? 40 : (int)cell->length;
  return fault_set(fault, "%s: line %zu, column %zu: '%.*s' %s", bytes->name, line->number,
                   cell->column, shown, cell->text, why);
}

/* which[f] = index of field f's column, or -1. */
static int read_header(int which[FIELDS], const struct bytes *bytes, const struct line *line,
                       struct fault *fault) {
  for (int f = 0; f < FIELDS; f++) which[f] = -1;
  for (size_t k = 0; k < line->cells; k++) {
    int field = field_of(&line->cell[k]);
    if (field < 0)
      return bad_cell(bytes, line, &line->cell[k],
                      "is not a known column (layer, tb1, td1, tb2, td2 or ts0..ts3, b1, d1, b2, "
                      "d2, scale, shift)",
                      fault);
    if (which[field] >= 0) return bad_cell(bytes, line, &line->cell[k], "appears twice", fault);
    which[field] = (int)k;
  }
  return 0;
}

/* Terms present: each needs its value and its knot, and the earlier terms. */
static int find_terms(struct model *model, const int which[FIELDS], const struct bytes *bytes,
                      struct fault *fault) {
  model->from_ts = which[4] >= 0;
  const int *value = model->from_ts ? which + 4 : which,
            *other = model->from_ts ? which : which + 4;
  unsigned terms = 0;
  for (int k = 0; k < 4; k++) {
    if (other[k] >= 0)
      return fault_set(fault, "%s: line 1: temperatures and ts are mixed", bytes->name);
    if ((value[k] >= 0) != (which[8 + k] >= 0))
      return fault_set(fault, "%s: line 1: column %s is missing", bytes->name,
                       value[k] >= 0 ? field_name[8 + k]
                                     : field_name[(model->from_ts ? 4 : 0) + k]);
    if (value[k] >= 0) terms |= 1u << k;
  }
  if (terms != MMAX_MULTIMAX_L && terms != MMAX_ORDER_1 && terms != MMAX_ORDER_2)
    return fault_set(fault,
                     "%s: line 1: columns for no order: tb1,b1 or tb1,td1,b1,d1 or all eight",
                     bytes->name);
  if ((which[SCALE] >= 0) != (which[SHIFT] >= 0))
    return fault_set(fault, "%s: line 1: scale and shift come together", bytes->name);
  model->terms = which[SCALE] >= 0 ? terms | MMAX_TERM_AFFINE : terms;
  return 0;
}

static int read_number(float *value, int column, const struct bytes *bytes, const struct line *line,
                       struct fault *fault) {
  const char *why;
  if (column < 0) return 0;
  const struct cell *cell = &line->cell[column];
  if (number_parse(value, cell->text, cell->length, &why) != 0)
    return bad_cell(bytes, line, cell, why, fault);
  return 0;
}

static int read_row(struct model *model, const int which[FIELDS], const struct bytes *bytes,
                    const struct line *line, struct fault *fault) {
  char where[256];
  const int *value = model->from_ts ? which + 4 : which;
  for (int k = 0; k < 4; k++)
    if (read_number(&model->value[k], value[k], bytes, line, fault) != 0 ||
        read_number(&model->knot[k], which[8 + k], bytes, line, fault) != 0)
      return -1;
  if (read_number(&model->scale, which[SCALE], bytes, line, fault) != 0 ||
      read_number(&model->shift, which[SHIFT], bytes, line, fault) != 0)
    return -1;
  (void)snprintf(where, sizeof where, "%.200s: line %zu", bytes->name, line->number);
  return model_finish(model, where, fault);
}

int model_parse_csv(struct model *model, const struct bytes *bytes, const char *row,
                    struct fault *fault) {
  struct line line = {.number = 0};
  size_t at = 0, columns, row_number = 0;
  int which[FIELDS], more = next_line(&line, bytes, &at, fault);
  if (more < 0) return -1;
  if (more == 0) return fault_set(fault, "%s: line 1: no header", bytes->name);
  if (read_header(which, bytes, &line, fault) != 0) return -1;
  if (find_terms(model, which, bytes, fault) != 0) return -1;
  columns = line.cells;
  while ((more = next_line(&line, bytes, &at, fault)) > 0) {
    char number[24];
    (void)snprintf(number, sizeof number, "%zu", ++row_number);
    if (line.cells != columns)
      return fault_set(fault, "%s: line %zu: %zu columns, but the header has %zu", bytes->name,
                       line.number, line.cells, columns);
    if (which[LAYER] >= 0 ? same(&line.cell[which[LAYER]], row) : strcmp(number, row) == 0)
      return read_row(model, which, bytes, &line, fault);
  }
  if (more < 0) return -1;
  return fault_set(fault, "%s: no row '%s' (%zu rows%s)", bytes->name, row, row_number,
                   which[LAYER] >= 0 ? ", chosen by the column layer" : "");
}
