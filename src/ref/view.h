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

typedef struct mmax_view {
  mmax_storage storage;
  const void *logits;
  const uint8_t *mask;
  size_t n;
} mmax_view;

/* Element i of a row of logits or upstream gradients. */
static inline float mmax_element(mmax_storage storage, const void *row, size_t i) {
  if (storage == MMAX_FLOAT32) return ((const float *)row)[i];
  return mmax_widen_bits(storage, ((const uint16_t *)row)[i]);
}

static inline float mmax_logit(const mmax_view *row, size_t i) {
  return mmax_element(row->storage, row->logits, i);
}

/* Takes part: neither masked nor -inf. */
static inline int mmax_live(const mmax_view *row, size_t i) {
  return (row->mask == NULL || row->mask[i] == 0) &&
         mmax_classify(mmax_logit(row, i)) == MMAX_FINITE;
}

/* Element i of a row of results: v, rounded once. */
static inline void mmax_put(mmax_storage storage, void *row, size_t i, double v) {
  if (storage == MMAX_FLOAT32)
    ((float *)row)[i] = mmax_narrow(v);
  else
    ((uint16_t *)row)[i] = mmax_narrow16(storage, v);
}

/* As in row.h. */
mmax_status mmax_view_state(const mmax_view *row);
size_t mmax_view_argmax(const mmax_params *params, const mmax_view *row);
mmax_sum mmax_view_sum(const mmax_params *params, const mmax_view *row, double row_max);

/* value: zero, -inf or NaN. */
void mmax_view_fill(mmax_storage storage, void *out, size_t n, float value);

#endif
