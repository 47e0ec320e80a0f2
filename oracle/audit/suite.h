/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suites are data: groups with a sentence of rationale and flags, each of
 * cases, each a batch of rows with what the oracle says about it. Built-in
 * suites are built in memory; suite_json.c writes and reads them
 * (specs/suite-schema.json).
 */
#ifndef AUDIT_SUITE_H
#define AUDIT_SUITE_H

#include <stddef.h>
#include <stdint.h>

#include "../exact.h"
#include "../fault.h"
#include "../model.h"
#include "format.h"
#include "wire.h"

/* What is asked about a group's cases beyond their values. */
enum group_flag {
  FLAG_REPEAT = 1,      /* same request again, another in between: same bits     */
  FLAG_PERMUTE = 2,     /* a permuted row gives permuted output                  */
  FLAG_DUPLICATE = 4,   /* the row twice: half of each probability               */
  FLAG_BATCH = 8,       /* each row alone gives what it gave in the batch        */
  FLAG_STRIDE = 16,     /* rows apart in memory, NaN between them: same bits     */
  FLAG_INPLACE = 32,    /* output over input: same bits                          */
  FLAG_THREADS = 64,    /* two and three threads: same bits                      */
  FLAG_ECHO = 128,      /* the caller's logits are unchanged afterwards          */
  FLAG_OVERFLOW = 256,  /* float32 arithmetic overflows here; a NaN is minor, except
                           in the profile `ours`                                 */
  FLAG_MASKED_JUNK = 512 /* masked entries hold values that must not matter      */
};
enum { FLAGS = 10 };
extern const char *const flag_names[FLAGS]; /* by bit */

#define FLAG_RELATIONS                                                                         \
  (FLAG_REPEAT | FLAG_PERMUTE | FLAG_BATCH | FLAG_STRIDE | FLAG_INPLACE | FLAG_THREADS | FLAG_ECHO)

struct group {
  char name[40];
  char rationale[256];
  unsigned flags;
};

/* How a row was drawn; rows of more than 64 entries are stored so. */
enum recipe_kind { RECIPE_NONE, RECIPE_UNIFORM, RECIPE_NORMAL, RECIPE_CONSTANT, RECIPE_PEAK, RECIPE_LADDER, RECIPES };
extern const char *const recipe_names[RECIPES];
struct recipe {
  enum recipe_kind kind;
  uint64_t seed;
  double a, b; /* uniform: low, high; normal: mean, deviation; constant: value; peak: normal of
                  deviation 1 and one entry of a at position b; ladder: a - b*k */
};

struct audit_case {
  size_t group;
  unsigned index; /* within its group */
  enum wire_op op;
  char model[64];
  mmax_params params;
  size_t rows, cols;
  float *logits;   /* rows*cols, dense */
  uint8_t *mask;   /* rows*cols or NULL */
  float *upstream; /* of WIRE_BACKWARD */
  struct recipe recipe, upstream_recipe;
  /* Expectations. Position at[k] (all positions if NULL) has the exact value
     exact[k]; probs: the exact probabilities there, of WIRE_BACKWARD and
     WIRE_LOG. decided = 0: not computed yet. */
  int decided;
  size_t count, *at;
  exact_value *exact, *probs;
  exact_grads grads;
};

struct suite {
  char name[64];
  struct format format;
  struct group *groups;
  size_t group_count;
  struct audit_case *cases;
  size_t case_count, case_room;
};

/* Builders; all allocation failures end the program with a message. */
size_t suite_group(struct suite *suite, const char *name, unsigned flags, const char *rationale);
/* A new case with room for its rows (zeros) and, for WIRE_BACKWARD, upstream. */
struct audit_case *suite_case(struct suite *suite, size_t group, enum wire_op op,
                              const struct model *model, size_t rows, size_t cols);
void case_mask(struct audit_case *c); /* adds an all-zero mask */
/* Every row from the recipe, seeds following each other; rounded to the format later. */
void case_fill(struct audit_case *c, struct recipe recipe);
void case_fill_upstream(struct audit_case *c, struct recipe recipe);
void recipe_fill(const struct recipe *recipe, float *row, size_t n);
struct audit_case case_copy(const struct audit_case *c);
void case_free(struct audit_case *c);
void suite_free(struct suite *suite);
void *audit_alloc(size_t count, size_t size);

/* A built-in suite ("softmax", "multimax", "smoke"); inputs only. */
int suite_build(struct suite *suite, const char *name, const struct model *model,
                const struct format *format, struct fault *fault);
void suite_add_common(struct suite *suite, const struct model *model, int small);
void suite_add_special(struct suite *suite, const struct model *model);
void suite_add_modulator(struct suite *suite, const struct model *model);
void suite_add_gradient(struct suite *suite, const struct model *model);

/* Parameters rounded to a format narrower than float32. */
void params_round(mmax_params *params, const struct format *format);

/* Fills exact, probs, grads of one case. */
int case_decide(struct audit_case *c, unsigned threads, struct fault *fault);

int suite_write(const struct suite *suite, const char *path, struct fault *fault);
int suite_read(struct suite *suite, const char *path, struct fault *fault);

#endif
