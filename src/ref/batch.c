/* SPDX-License-Identifier: Apache-2.0 */
/* The reference as a backend: its row kernels over the rows of a batch, a table for each storage. */
#include "../kernels.h"
#include "kernels_ref.h"

/* A row that starts at element `first` of a matrix. */
static mmax_source source_at(const void *data, mmax_storage storage, size_t first) {
  mmax_source row = {storage, NULL, NULL};
  if (storage == MMAX_FLOAT32)
    row.f32 = (const float *)data + first;
  else
    row.bits = (const uint16_t *)data + first;
  return row;
}

static mmax_view view_of(const mmax_input *in, mmax_storage storage, size_t r) {
  const mmax_view row = {source_at(in->logits, storage, r * in->stride),
                         in->mask == NULL ? NULL : in->mask + r * in->mask_stride, in->cols};
  return row;
}

static mmax_sink sink_of(mmax_output out, mmax_storage storage, size_t r) {
  mmax_sink row = {storage, NULL, NULL};
  if (out.data == NULL) return row;
  if (storage == MMAX_FLOAT32)
    row.f32 = (float *)out.data + r * out.stride;
  else
    row.bits = (uint16_t *)out.data + r * out.stride;
  return row;
}

static mmax_status forward_row(const mmax_params *params, const mmax_view *row, mmax_sink probs) {
  if (row->logits.storage == MMAX_FLOAT32)
    return mmax_row_forward_ref(params, row->logits.f32, row->mask, row->n, probs.f32);
  return mmax_row_forward16_ref(params, row, probs);
}

/* Row r of a cross-entropy call; ignored rows are not looked at. */
static void loss_row(const mmax_params *params, const mmax_view *row, const mmax_targets *targets,
                     size_t r, const float *grad_loss, float *loss, mmax_sink grad,
                     mmax_accumulator *acc, mmax_report *report) {
  float *loss_at = loss == NULL ? NULL : loss + r;
  if (targets->target[r] == targets->ignore_index) {
    if (loss_at != NULL) *loss_at = 0.0f;
    if (mmax_wanted(grad)) mmax_view_fill(grad, row->n, 0.0f);
    report->ignored_rows++;
    return;
  }
  mmax_report_row(report, r,
                  mmax_row_loss_ref(params, row, (size_t)targets->target[r], targets->smoothing,
                                    grad_loss == NULL ? 1.0f : grad_loss[r], loss_at, grad, acc));
}

#define STORAGE MMAX_FLOAT32
#define TABLE mmax_kernels_ref
#define OF(name) name##_f32
#include "batch_rows.h"

#define STORAGE MMAX_FLOAT16
#define TABLE mmax_kernels_ref_f16
#define OF(name) name##_f16
#include "batch_rows.h"

#define STORAGE MMAX_BFLOAT16
#define TABLE mmax_kernels_ref_bf16
#define OF(name) name##_bf16
#include "batch_rows.h"
