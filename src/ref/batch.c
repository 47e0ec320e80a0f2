/* SPDX-License-Identifier: Apache-2.0 */
/* The reference as a backend: its row kernels over the rows of a batch, a table for each storage. */
#include "../kernels.h"
#include "kernels_ref.h"

/* Element `first` of a matrix. */
static const void *element_at(const void *data, mmax_storage storage, size_t first) {
  return (const unsigned char *)data + first * mmax_storage_bytes(storage);
}

static mmax_view view_of(const mmax_input *in, mmax_storage storage, size_t r) {
  const mmax_view row = {storage, element_at(in->logits, storage, r * in->stride),
                         in->mask == NULL ? NULL : in->mask + r * in->mask_stride, in->cols};
  return row;
}

static void *output_row(mmax_output out, mmax_storage storage, size_t r) {
  if (out.data == NULL) return NULL;
  return (unsigned char *)out.data + r * out.stride * mmax_storage_bytes(storage);
}

static mmax_status forward_row(const mmax_params *params, const mmax_view *row, void *probs) {
  if (row->storage == MMAX_FLOAT32)
    return mmax_row_forward_ref(params, row->logits, row->mask, row->n, probs);
  return mmax_row_forward16_ref(params, row, probs);
}

/* Row r of a cross-entropy call; ignored rows are not looked at. */
static void loss_row(const mmax_params *params, const mmax_view *row, const mmax_targets *targets,
                     size_t r, const float *grad_loss, float *loss, void *grad,
                     mmax_accumulator *acc, mmax_report *report) {
  float *loss_at = loss == NULL ? NULL : loss + r;
  if (targets->target[r] == targets->ignore_index) {
    if (loss_at != NULL) *loss_at = 0.0f;
    if (grad != NULL) mmax_view_fill(row->storage, grad, row->n, 0.0f);
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
