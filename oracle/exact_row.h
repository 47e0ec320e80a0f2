/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row: which entries count, their exact sigma, and at a chosen precision
 * enclosures of the weights e_i = exp(sigma_i - max) and of their sums.
 */
#ifndef EXACT_ROW_H
#define EXACT_ROW_H

#include <math.h>

#include "exact_interval.h"
#include "exact_modulator.h"

static inline int exact_masked(const float *logits, const uint8_t *mask, size_t i) {
  return (mask != NULL && mask[i] != 0) || (isinf(logits[i]) && logits[i] < 0);
}

enum { FIRST_BITS = 96 };

typedef struct row {
  modulator *modulator;
  size_t capacity;
  const float *logits;
  size_t cols, unmasked;
  size_t top;      /* an entry with the largest sigma                        */
  int uniform;     /* all unmasked sigma are equal: every result is rational */
  uint8_t *skip;   /* masked                                                 */
  uint8_t *settled;
  mpfr_t *sigma;   /* exact                                                  */
  mpfr_prec_t bits;
  interval *e;
  interval sum, rest; /* of all weights; of all but that of `top`            */
  mpfr_t z;        /* exact scratch                                          */
  interval t;
} row;

exact_status row_init(row *r, modulator *m, size_t capacity);
void row_clear(row *r);
/* EXACT_OK, EXACT_ROW_MASKED or EXACT_ROW_NONFINITE. */
exact_status row_load(row *r, const float *logits, const uint8_t *mask, size_t cols);
void row_weigh(row *r, mpfr_prec_t bits);
/* The next precision after bits; 0 after EXACT_MAX_BITS. */
mpfr_prec_t next_bits(mpfr_prec_t bits);

/* What a kind of output needs: a hook after every row_weigh (may be NULL) and
   an enclosure of unmasked entry i at the row's precision. */
typedef struct row_output {
  void (*prepare)(row *r, void *state);
  void (*entry)(row *r, void *state, size_t i, interval *out);
  void *state;
  float masked; /* output of masked entries */
} row_output;

/* Raises the precision until every entry is settled. EXACT_OK or
   EXACT_UNDECIDED, with NaN in the entries that are not. out, values: may be NULL. */
exact_status row_settle(row *r, const row_output *kind, float *out, exact_value *values);
/* The same for one number; state and i are passed on to kind->entry. */
exact_status row_settle_one(row *r, const row_output *kind, size_t i, float *out,
                            exact_value *value);
/* The whole row of a special one. */
void row_fill(size_t cols, float fill, float *out, exact_value *values);

#endif
