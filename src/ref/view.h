/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row in whatever storage: entries as floats, results from doubles. Whole-row
 * questions are answered by the functions of row.h or row16.h.
 */
#ifndef MMAX_REF_VIEW_H
#define MMAX_REF_VIEW_H

#include "row16.h"

/* A row to read, logits or upstream gradients: `f32` with MMAX_FLOAT32, else `bits`. */
typedef struct mmax_source {
  mmax_storage storage;
  const float *f32;
  const uint16_t *bits;
} mmax_source;

/* A row to write; both pointers NULL: not wanted. */
typedef struct mmax_sink {
  mmax_storage storage;
  float *f32;
  uint16_t *bits;
} mmax_sink;

typedef struct mmax_view {
  mmax_source logits;
  const uint8_t *mask;
  size_t n;
} mmax_view;

#ifdef __FRAMAC__
#include "lse.acsl"
#endif

/*@ requires  storage: STORED_AS(row.storage);
    requires  read:    \valid_read(row.WORDS + i);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   FINITE(row.WORDS[i]) ==> finf(\result) && \result == VALUE(row.WORDS[i]);
    ensures   class:   \is_finite(\result) ==> FINITE(row.WORDS[i]);
*/
static inline float mmax_element(mmax_source row, size_t i) {
  return row.storage == MMAX_FLOAT32 ? row.f32[i] : mmax_widen_bits(row.storage, row.bits[i]);
}

/*@ requires  view:   \valid_read(row) && valid_view(row) && i < row->n;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  FINITE(row->logits.WORDS[i]) ==> finf(\result) && \result == VALUE(row->logits.WORDS[i]);
    ensures   class:  \is_finite(\result) ==> FINITE(row->logits.WORDS[i]);
*/
static inline float mmax_logit(const mmax_view *row, size_t i) {
  return mmax_element(row->logits, i);
}

/* Takes part: neither masked nor -inf. */
/*@ requires  view:   \valid_read(row) && valid_view(row) && i < row->n;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result != 0 <==> unmasked(row->logits.WORDS, row->mask, i);
    ensures   finite: \result != 0 ==> FINITE(row->logits.WORDS[i]);
*/
static inline int mmax_live(const mmax_view *row, size_t i) {
  /*@ assert hint_view: valid_row(row->logits.WORDS, row->mask, row->n); */
  /*@ assert hint_mask: row->mask == \null || \valid_read(row->mask + i); */
  return (row->mask == NULL || row->mask[i] == 0) &&
         mmax_classify(mmax_logit(row, i)) == MMAX_FINITE;
}

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result != 0 <==> row.f32 != \null || row.bits != \null;
*/
static inline int mmax_wanted(mmax_sink row) { return row.f32 != NULL || row.bits != NULL; }

/* Element i: v, rounded once. */
/*@ requires  storage: STORED_AS(row.storage) && \valid(row.WORDS + i);
    requires  finite:  fin(v);
    terminates \true;
    exits     \false;
    assigns   row.WORDS[i];
    ensures   value:   WRITTEN(v, row.WORDS[i]);
*/
static inline void mmax_put(mmax_sink row, size_t i, double v) {
  if (row.storage == MMAX_FLOAT32)
    row.f32[i] = mmax_narrow(v);
  else
    row.bits[i] = mmax_narrow16(row.storage, v);
}

/* Element i: -inf. */
/*@ requires  storage: STORED_AS(row.storage) && \valid(row.WORDS + i);
    terminates \true;
    exits     \false;
    assigns   row.WORDS[i];
    ensures   minus:   MINUS_INF(row.WORDS[i]);
*/
static inline void mmax_put_minus_inf(mmax_sink row, size_t i) {
  if (row.storage == MMAX_FLOAT32)
    row.f32[i] = mmax_minus_inf();
  else
    row.bits[i] = (uint16_t)(0x8000u + mmax_format_of(row.storage).infinity);
}

/* As in row.h. */
/*@ requires  view:      \valid_read(row) && valid_view(row);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   status:    \result == MMAX_OK || \result == MMAX_ROW_MASKED || \result == MMAX_ROW_NONFINITE;
    ensures   nonfinite: \result == MMAX_ROW_NONFINITE <==> !none_bad(row->logits.WORDS, row->mask, row->n);
    ensures   masked:    \result == MMAX_ROW_MASKED <==> none_bad(row->logits.WORDS, row->mask, row->n) &&
                           all_masked(row->logits.WORDS, row->mask, row->n);
*/
mmax_status mmax_view_state(const mmax_view *row);
/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  params: \valid_read(params) && valid_params(params);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  \result <= row->n;
    ensures   none:   \result == row->n ==> all_masked(row->logits.WORDS, row->mask, row->n);
    ensures   member: \result < row->n ==> unmasked(row->logits.WORDS, row->mask, \result) &&
                        FINITE(row->logits.WORDS[\result]);
    ensures   top:    \result < row->n ==> is_top(params, row->logits.WORDS, row->mask, row->n,
                        modulated(params, VALUE(row->logits.WORDS[\result])));
*/
size_t mmax_view_argmax(const mmax_params *params, const mmax_view *row);
/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  params: \valid_read(params) && valid_params(params);
    requires  top:    bounded(row_max, 1.0e195) && is_top(params, row->logits.WORDS, row->mask, row->n, row_max);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact:  sum_weight(\result) == count_sum(params, row->logits.WORDS, row->mask, row_max, row->n);
    ensures   most:   sum_count(\result) <= row->n*1125899906842624;
    ensures   least:  \forall integer i; 0 <= i < row->n ==> unmasked(row->logits.WORDS, row->mask, i) ==>
                        modulated(params, VALUE(row->logits.WORDS[i])) == row_max ==> sum_count(\result) >= 1125899906842624;
    ensures   error:  count_close(row->n, sum_weight(\result),
                        weight_sum(params, row->logits.WORDS, row->mask, row_max, row->n));
*/
mmax_sum mmax_view_sum(const mmax_params *params, const mmax_view *row, double row_max);

/* value: zero, -inf or NaN. */
/*@ requires  out:    STORED_AS(out.storage) && \valid(out.WORDS + (0 .. n-1));
    terminates \true;
    exits     \false;
    assigns   out.WORDS[0 .. n-1];
    ensures   nan:    \is_NaN(value) ==> \forall integer i; 0 <= i < n ==> NOT_A_NUMBER(out.WORDS[i]);
    ensures   zero:   finf(value) && value == 0.0 ==> \forall integer i; 0 <= i < n ==> ZERO(out.WORDS[i]);
    ensures   minus:  \is_minus_infinity(value) ==> \forall integer i; 0 <= i < n ==> MINUS_INF(out.WORDS[i]);
*/
void mmax_view_fill(mmax_sink out, size_t n, float value);

#endif
