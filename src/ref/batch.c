/* SPDX-License-Identifier: Apache-2.0 */
/* The reference as a backend: its row kernels over the rows of a batch, a table for each storage. */
#include "../kernels.h"
#include "../untyped.h"
#include "kernels_ref.h"

#ifdef __FRAMAC__
#include "batch.acsl"
#include "batch_rows.acsl"
#include "batch_log.acsl"
#include "weighed.acsl"
#include "params_kept.acsl"
#include "param_kept.acsl"
#include "pull_kept.acsl"
#include "batch_backward.acsl"
#include "batch_sums.acsl"
#include "batch_loss.acsl"
#include "batch_losses.acsl"
#include "batch_loss_sums.acsl"
#endif

/* A row that starts at element `first` of a matrix. */
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   storage: \result.storage == storage;
    ensures   floats:  storage == MMAX_FLOAT32 ==> \result.f32 == floats_at((void *)data) + first && \result.bits == \null;
    ensures   halves:  storage != MMAX_FLOAT32 ==> \result.bits == halves_at((void *)data) + first && \result.f32 == \null;
*/
static mmax_source source_at(const void *data, mmax_storage storage, size_t first) {
  mmax_source row = {storage, NULL, NULL};
  if (storage == MMAX_FLOAT32)
    row.f32 = untyped_as_floats(data) + first;
  else
    row.bits = untyped_as_halves(data) + first;
  return row;
}

/*@ requires  in:      \valid_read(in) && r < in->rows && matrix_sized(in->rows, in->cols, in->stride);
    requires  mask:    in->mask == \null || matrix_sized(in->rows, in->cols, in->mask_stride);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   storage: \result.logits.storage == storage;
    ensures   floats:  storage == MMAX_FLOAT32 ==>
                         \result.logits.f32 == floats_at((void *)in->logits) + rows_before(r, in->stride) && \result.logits.bits == \null;
    ensures   halves:  storage != MMAX_FLOAT32 ==>
                         \result.logits.bits == halves_at((void *)in->logits) + rows_before(r, in->stride) && \result.logits.f32 == \null;
    ensures   mask:    \result.mask == mask_at((uint8_t *)in->mask, r, in->mask_stride) && \result.n == in->cols;
*/
static mmax_view view_of(const mmax_input *in, mmax_storage storage, size_t r) {
  /*@ assert hint_row: row_inside(r, in->rows, in->stride); */
  /*@ assert hint_first: (size_t)(r*in->stride) == rows_before(r, in->stride); */
  /*@ assert hint_mask: in->mask != \null ==> row_inside(r, in->rows, in->mask_stride); */
  /*@ assert hint_mask_first: in->mask != \null ==> (size_t)(r*in->mask_stride) == rows_before(r, in->mask_stride); */
  const mmax_view row = {source_at(in->logits, storage, r * in->stride),
                         in->mask == NULL ? NULL : in->mask + r * in->mask_stride, in->cols};
  return row;
}

/*@ requires  fits:    out.data == \null || 0 <= rows_before(r, out.stride) <= 18446744073709551615;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   storage: \result.storage == storage;
    ensures   none:    out.data == \null ==> \result.f32 == \null && \result.bits == \null;
    ensures   floats:  out.data != \null ==> storage == MMAX_FLOAT32 ==>
                         \result.f32 == floats_at(out.data) + rows_before(r, out.stride) && \result.bits == \null;
    ensures   halves:  out.data != \null ==> storage != MMAX_FLOAT32 ==>
                         \result.bits == halves_at(out.data) + rows_before(r, out.stride) && \result.f32 == \null;
*/
static mmax_sink sink_of(mmax_output out, mmax_storage storage, size_t r) {
  mmax_sink row = {storage, NULL, NULL};
  if (out.data == NULL) return row;
  /*@ assert hint_first: (size_t)(r*out.stride) == rows_before(r, out.stride); */
  if (storage == MMAX_FLOAT32)
    row.f32 = untyped_to_floats(out.data) + r * out.stride;
  else
    row.bits = untyped_to_halves(out.data) + r * out.stride;
  return row;
}

/*@ requires  view:    \valid_read(row) && 1 <= row->n;
    requires  row:     STORED_AS(row->logits.storage) && valid_row(row->logits.WORDS, row->mask, row->n);
    requires  out:     STORED_AS(probs.storage) && row_writable(probs.WORDS, row->n);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  place:   probs.WORDS == row->logits.WORDS || rows_apart(probs.WORDS, row->logits.WORDS, row->n);
    requires  apart:   row_mask_apart(probs.WORDS, row->mask, row->n);
    requires  frame:   \separated(probs.WORDS + (0 .. row->n - 1), row);
    terminates \true;
    exits     \false;
    assigns   probs.WORDS[0 .. row->n - 1];
    ensures   state:   state_of{Pre}(row->logits.WORDS, row->mask, row->n, \result);
    ensures   written: forward_row_is{Pre,Post}((mmax_params *)params, row->logits.WORDS, row->mask, probs.WORDS, row->n);
*/
static mmax_status forward_row(const mmax_params *params, const mmax_view *row, mmax_sink probs) {
  if (row->logits.storage != MMAX_FLOAT32) return mmax_row_forward16_ref(params, row, probs);
  return mmax_row_forward_ref(params, row->logits.f32, row->mask, row->n, probs.f32);
}

/* Row r of a batch. */
/*@ requires  in:      \valid_read(in) && r < in->rows && input_readable((mmax_input *)in);
    requires  stored:  STORED_AS(storage);
    requires  out:     output_fits(probs, (mmax_input *)in);
    requires  params:  \valid_read(params) && valid_params(params);
    terminates \true;
    exits     \false;
    assigns   out_of(probs, r)[0 .. in->cols - 1];
    ensures   state:   row_has{Pre}((mmax_input *)in, r, \result);
    ensures   written: forward_done{Pre,Post}((mmax_params *)params, (mmax_input *)in, probs, r);
    ensures   before:  outs_same{Pre,Post}(probs, \old(in->cols), r);
    ensures   rest:    rows_same{Pre,Post}(logits_of{Pre}((mmax_input *)in), \old(in->stride), \old(in->cols), r + 1, \old(in->rows));
*/
static mmax_status forward_at(const mmax_params *params, const mmax_input *in,
                              mmax_storage storage, mmax_output probs, size_t r) {
  /*@ assert hint_inside: row_inside(r, in->rows, in->stride) && row_inside(r, in->rows, probs.stride); */
  /*@ assert hint_mask: in->mask != \null ==> row_inside(r, in->rows, in->mask_stride); */
  /*@ assert hint_target: row_writable(out_of(probs, r), in->cols); */
  const mmax_view row = view_of(in, storage, r);
  const mmax_sink out = sink_of(probs, storage, r);
  /*@ assert hint_place: row.logits.WORDS == row_of{Pre}((mmax_input *)in, r) && row.mask == mask_of{Pre}((mmax_input *)in, r) &&
        out.WORDS == out_of(probs, r) && row.n == \at(in->cols, Pre); */
  /*@ assert hint_row: row_readable(row.logits.WORDS, row.n); */
  /*@ assert hint_row_mask: row_of_mask((uint8_t *)row.mask, row.n); */
  /*@ assert hint_out: row_writable(out.WORDS, row.n); */
  /*@ assert hint_mask_apart: row_mask_apart(out.WORDS, (uint8_t *)row.mask, row.n); */
  /*@ assert hint_apart: out.WORDS == row.logits.WORDS || rows_apart(out.WORDS, (mmax_word *)row.logits.WORDS, row.n); */
  /*@ assert hint_behind: \forall integer k; 0 <= k < r ==> rows_apart(out.WORDS, out_of(probs, k), row.n); */
  /*@ assert hint_before: \forall integer k, i; 0 <= k < r ==> 0 <= i < row.n ==> entry_apart(out.WORDS, out_of(probs, k) + i, row.n); */
  /*@ assert hint_ahead: \forall integer k; r < k < in->rows ==> rows_apart(out.WORDS, row_of{Pre}((mmax_input *)in, k), row.n); */
  /*@ assert hint_rest: \forall integer k, i; r < k < in->rows ==> 0 <= i < row.n ==> entry_apart(out.WORDS, row_of{Pre}((mmax_input *)in, k) + i, row.n); */
  /*@ assert hint_frame: \separated(out.WORDS + (0 .. row.n - 1), &row); */
  return forward_row(params, &row, out);
}

/* The same of the log kernel. */
/*@ requires  in:      \valid_read(in) && r < in->rows && input_readable((mmax_input *)in);
    requires  stored:  STORED_AS(storage);
    requires  out:     output_fits(log_probs, (mmax_input *)in);
    requires  params:  \valid_read(params) && valid_params(params);
    terminates \true;
    exits     \false;
    assigns   out_of(log_probs, r)[0 .. in->cols - 1];
    ensures   state:   row_has{Pre}((mmax_input *)in, r, \result);
    ensures   written: log_done{Pre,Post}((mmax_params *)params, (mmax_input *)in, log_probs, r);
    ensures   before:  outs_same{Pre,Post}(log_probs, \old(in->cols), r);
    ensures   rest:    rows_same{Pre,Post}(logits_of{Pre}((mmax_input *)in), \old(in->stride), \old(in->cols), r + 1, \old(in->rows));
*/
static mmax_status log_at(const mmax_params *params, const mmax_input *in,
                              mmax_storage storage, mmax_output log_probs, size_t r) {
  /*@ assert hint_inside: row_inside(r, in->rows, in->stride) && row_inside(r, in->rows, log_probs.stride); */
  /*@ assert hint_mask: in->mask != \null ==> row_inside(r, in->rows, in->mask_stride); */
  /*@ assert hint_target: row_writable(out_of(log_probs, r), in->cols); */
  const mmax_view row = view_of(in, storage, r);
  const mmax_sink out = sink_of(log_probs, storage, r);
  /*@ assert hint_place: row.logits.WORDS == row_of{Pre}((mmax_input *)in, r) && row.mask == mask_of{Pre}((mmax_input *)in, r) &&
        out.WORDS == out_of(log_probs, r) && row.n == \at(in->cols, Pre); */
  /*@ assert hint_row: row_readable(row.logits.WORDS, row.n); */
  /*@ assert hint_row_mask: row_of_mask((uint8_t *)row.mask, row.n); */
  /*@ assert hint_out: row_writable(out.WORDS, row.n); */
  /*@ assert hint_mask_apart: row_mask_apart(out.WORDS, (uint8_t *)row.mask, row.n); */
  /*@ assert hint_apart: out.WORDS == row.logits.WORDS || rows_apart(out.WORDS, (mmax_word *)row.logits.WORDS, row.n); */
  /*@ assert hint_behind: \forall integer k; 0 <= k < r ==> rows_apart(out.WORDS, out_of(log_probs, k), row.n); */
  /*@ assert hint_before: \forall integer k, i; 0 <= k < r ==> 0 <= i < row.n ==> entry_apart(out.WORDS, out_of(log_probs, k) + i, row.n); */
  /*@ assert hint_ahead: \forall integer k; r < k < in->rows ==> rows_apart(out.WORDS, row_of{Pre}((mmax_input *)in, k), row.n); */
  /*@ assert hint_rest: \forall integer k, i; r < k < in->rows ==> 0 <= i < row.n ==> entry_apart(out.WORDS, row_of{Pre}((mmax_input *)in, k) + i, row.n); */
  /*@ assert hint_frame: \separated(out.WORDS + (0 .. row.n - 1), &row); */
  return mmax_row_log_ref(params, &row, out);
}

#include "batch_gradients.h"
#include "batch_rows.h"

#define STORAGE MMAX_FLOAT32
#define TABLE mmax_kernels_ref
#define OF(name) name##_f32
#include "batch_table.h"

#define STORAGE MMAX_FLOAT16
#define TABLE mmax_kernels_ref_f16
#define OF(name) name##_f16
#include "batch_table.h"

#define STORAGE MMAX_BFLOAT16
#define TABLE mmax_kernels_ref_bf16
#define OF(name) name##_bf16
#include "batch_table.h"
