/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row in whatever storage: entries as floats, results from doubles. Whole-row
 * questions are answered by the functions of row.h, on the row itself if it
 * holds floats, else on pieces widened one after another.
 */
#ifndef MMAX_REF_VIEW_H
#define MMAX_REF_VIEW_H

#include "row.h"
#include "storage.h"

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

static inline float mmax_element(mmax_source row, size_t i) {
  return row.storage == MMAX_FLOAT32 ? row.f32[i] : mmax_widen_bits(row.storage, row.bits[i]);
}

static inline float mmax_logit(const mmax_view *row, size_t i) {
  return mmax_element(row->logits, i);
}

/* Takes part: neither masked nor -inf. */
static inline int mmax_live(const mmax_view *row, size_t i) {
  return (row->mask == NULL || row->mask[i] == 0) &&
         mmax_classify(mmax_logit(row, i)) == MMAX_FINITE;
}

static inline int mmax_wanted(mmax_sink row) { return row.f32 != NULL || row.bits != NULL; }

/* Element i: v, rounded once. */
static inline void mmax_put(mmax_sink row, size_t i, double v) {
  if (row.storage == MMAX_FLOAT32)
    row.f32[i] = mmax_narrow(v);
  else
    row.bits[i] = mmax_narrow16(row.storage, v);
}

/* As in row.h. */
mmax_status mmax_view_state(const mmax_view *row);
size_t mmax_view_argmax(const mmax_params *params, const mmax_view *row);
mmax_sum mmax_view_sum(const mmax_params *params, const mmax_view *row, double row_max);

/* value: zero, -inf or NaN. */
void mmax_view_fill(mmax_sink out, size_t n, float value);

#endif
