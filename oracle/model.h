/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which modulator: a built-in name, a row of a CSV file or a JSON file, as the
 * ten float32 numbers the library is built from. All conversion to
 * coefficients happens in the library (mmax_params_from_*).
 *
 *   softmax                  no terms
 *   deit-small:1..12         Table 7 of the paper
 *   wikitext103:1..6         Table 8
 *   FILE.csv:ROW             model_csv.c
 *   FILE.json                model_json.c
 */
#ifndef MULTIMAX_MODEL_H
#define MULTIMAX_MODEL_H

#include "bytes.h"
#include "multimax.h"

struct model {
  char name[128]; /* the specification, for reports */
  int from_ts;    /* value[] holds the authors' ts; else the paper's temperatures */
  unsigned terms; /* MMAX_TERM_* */
  float value[4], knot[4];
  float scale, shift;
  mmax_params params;
};

int model_load(struct model *model, const char *specification, struct fault *fault);

/* Parsers of files already in memory (also the fuzz targets' entry points). */
int model_parse_csv(struct model *model, const struct bytes *bytes, const char *row,
                    struct fault *fault);
int model_parse_json(struct model *model, const struct bytes *bytes, struct fault *fault);

/* Order 0, 1, 2 (or 'l' for MultiMax-l) to terms; 0 on success. */
int model_terms_of_order(char order, unsigned *terms);
/* Fills params from the rest and checks them. */
int model_finish(struct model *model, const char *where, struct fault *fault);

struct builtin {
  const char *table;
  unsigned layer;
  float value[8]; /* tb1 td1 tb2 td2 b1 d1 b2 d2 */
};
extern const struct builtin builtins[];
extern const size_t builtin_count;

#endif
