/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a backend must provide: for each storage a table of four functions over
 * a validated batch. The arguments obey specs/semantics.md#api-errors; the
 * floating-point environment is round-to-nearest with subnormals. Every output
 * bit equals the reference's (src/ref). The report arrives started and is added
 * to; row numbers in it count from the first row of the batch.
 *
 * Matrices are untyped: the table says what their elements are, and a kernel
 * casts once, where it takes a row. Strides count elements.
 */
#ifndef MMAX_KERNELS_H
#define MMAX_KERNELS_H

#include "multimax.h"
#include "team.h"

/* Memory a backend may use as it likes; 64-byte aligned, or bytes == 0. */
typedef struct mmax_scratch {
  void *data;
  size_t bytes;
} mmax_scratch;

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   float32: storage == MMAX_FLOAT32 ==> \result == 4;
    ensures   other:   storage != MMAX_FLOAT32 ==> \result == 2;
*/
static inline size_t mmax_storage_bytes(mmax_storage storage) {
  return storage == MMAX_FLOAT32 ? sizeof(float) : sizeof(uint16_t);
}

/* mmax_rows or mmax_rows16, whose storage the table knows. A member of a team
   works on its share of each row; the members share the scratch. */
typedef struct mmax_input {
  const void *logits;
  const uint8_t *mask;
  size_t rows, cols;
  size_t stride, mask_stride;
  mmax_member *me; /* the calling thread's place in a team, or NULL */
} mmax_input;

static inline mmax_input mmax_input_of(const mmax_rows *in) {
  mmax_input a = {in->logits, in->mask, in->rows, in->cols, in->stride, in->mask_stride, NULL};
  return a;
}

static inline mmax_input mmax_input_of16(const mmax_rows16 *in) {
  mmax_input a = {in->logits, in->mask, in->rows, in->cols, in->stride, in->mask_stride, NULL};
  return a;
}

typedef struct mmax_upstream {
  const void *grad_probs;
  size_t stride;
} mmax_upstream;

/* A matrix of results; data may be NULL where the kernel allows it. */
typedef struct mmax_output {
  void *data;
  size_t stride;
} mmax_output;

typedef struct mmax_kernels {
  void (*forward)(const mmax_params *params, const mmax_input *in, mmax_output probs,
                  mmax_scratch scratch, mmax_report *report);
  void (*log_forward)(const mmax_params *params, const mmax_input *in, mmax_output log_probs,
                      mmax_scratch scratch, mmax_report *report);
  /* grad.data and acc may be NULL. */
  void (*backward)(const mmax_params *params, const mmax_input *in, mmax_upstream upstream,
                   mmax_output grad, mmax_accumulator *acc, mmax_scratch scratch,
                   mmax_report *report);
  /* Targets are valid. grad_loss, loss, grad.data and acc may be NULL. */
  void (*cross_entropy)(const mmax_params *params, const mmax_input *in,
                        const mmax_targets *targets, const float *grad_loss, float *loss,
                        mmax_output grad, mmax_accumulator *acc, mmax_scratch scratch,
                        mmax_report *report);
  /* A team may compute rows longer than this; 0: these kernels know no teams. Every member reports
     all rows and counts them in its accumulator, which holds the sums of its shares. */
  size_t split;
} mmax_kernels;

/* The reference with the processor's fma, and with fma in integer arithmetic:
   the same sources compiled twice, the same bits. */
extern const mmax_kernels mmax_kernels_ref, mmax_kernels_ref_f16, mmax_kernels_ref_bf16;
extern const mmax_kernels mmax_kernels_portable, mmax_kernels_portable_f16,
    mmax_kernels_portable_bf16;
#if defined(__x86_64__) || defined(__FRAMAC__)
extern const mmax_kernels mmax_kernels_avx2, mmax_kernels_avx2_f16, mmax_kernels_avx2_bf16;
extern const mmax_kernels mmax_kernels_avx512, mmax_kernels_avx512_f16, mmax_kernels_avx512_bf16;
#elif defined(__aarch64__)
extern const mmax_kernels mmax_kernels_neon, mmax_kernels_neon_f16, mmax_kernels_neon_bf16;
#endif

#ifdef __FRAMAC__
/*@ axiomatic Backends {
    // what the processor offers and the operating system saves: 2 fma, 4 AVX2, 8 AVX-512
    logic integer machine reads \nothing;
    // this machine can run the backend, in the build for x86-64
    predicate available(integer backend) =
      backend == MMAX_BACKEND_AUTO || backend == MMAX_BACKEND_REF || backend == MMAX_BACKEND_PORTABLE ||
      (backend == MMAX_BACKEND_AVX2 && (machine & 4) != 0) || (backend == MMAX_BACKEND_AVX512 && (machine & 8) != 0);
} */

/*@ axiomatic Tables {
    // the table k of a storage
    predicate is_table(mmax_kernels *k, integer storage, mmax_kernels *f32, mmax_kernels *f16, mmax_kernels *bf16) =
      k == (storage == MMAX_FLOAT32 ? f32 : storage == MMAX_FLOAT16 ? f16 : bf16);
    predicate of_portable(mmax_kernels *k, integer storage) = is_table(k, storage, (mmax_kernels *)&mmax_kernels_portable,
      (mmax_kernels *)&mmax_kernels_portable_f16, (mmax_kernels *)&mmax_kernels_portable_bf16);
    predicate of_reference(mmax_kernels *k, integer storage) =
      (machine & 2) != 0 ? is_table(k, storage, (mmax_kernels *)&mmax_kernels_ref,
        (mmax_kernels *)&mmax_kernels_ref_f16, (mmax_kernels *)&mmax_kernels_ref_bf16) : of_portable(k, storage);
    predicate of_avx2(mmax_kernels *k, integer storage) = is_table(k, storage, (mmax_kernels *)&mmax_kernels_avx2,
      (mmax_kernels *)&mmax_kernels_avx2_f16, (mmax_kernels *)&mmax_kernels_avx2_bf16);
    predicate of_avx512(mmax_kernels *k, integer storage) = is_table(k, storage, (mmax_kernels *)&mmax_kernels_avx512,
      (mmax_kernels *)&mmax_kernels_avx512_f16, (mmax_kernels *)&mmax_kernels_avx512_bf16);
    // that of a backend, NULL where this machine cannot run it; the fastest for AUTO
    predicate of_backend(mmax_kernels *k, integer backend, integer storage) =
      !available(backend) ? k == \null :
      backend == MMAX_BACKEND_AVX512 || (backend == MMAX_BACKEND_AUTO && (machine & 8) != 0) ? of_avx512(k, storage) :
      backend == MMAX_BACKEND_AVX2 || (backend == MMAX_BACKEND_AUTO && (machine & 4) != 0) ? of_avx2(k, storage) :
      backend == MMAX_BACKEND_PORTABLE ? of_portable(k, storage) : of_reference(k, storage);
} */
#endif

/* NULL if this machine cannot run it. AUTO gives the fastest that it can. */
/*@ requires  storage: storage == MMAX_FLOAT32 || storage == MMAX_FLOAT16 || storage == MMAX_BFLOAT16;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   given:   \result != \null <==> available(backend);
    ensures   table:   of_backend((mmax_kernels *)\result, backend, storage);
*/
const mmax_kernels *mmax_kernels_for(mmax_backend backend, mmax_storage storage);

/*@ requires  valid:  \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report;
    ensures   none:   report->masked_rows == 0 && report->nonfinite_rows == 0 && report->ignored_rows == 0;
    ensures   first:  report->first_masked == SIZE_MAX && report->first_nonfinite == SIZE_MAX;
*/
static inline void mmax_report_start(mmax_report *report) {
  report->masked_rows = report->nonfinite_rows = report->ignored_rows = 0;
  report->first_masked = report->first_nonfinite = SIZE_MAX;
}

/* One more row; `row` is its number. */
/*@ requires  valid:  \valid(report);
    terminates \true;
    exits     \false;
    assigns   *report;
    ensures   masked: report->masked_rows ==
                        (state == MMAX_ROW_MASKED ? (size_t)(\old(report->masked_rows) + 1) : \old(report->masked_rows));
    ensures   bad:    report->nonfinite_rows ==
                        (state == MMAX_ROW_NONFINITE ? (size_t)(\old(report->nonfinite_rows) + 1) : \old(report->nonfinite_rows));
    ensures   first:  report->first_masked ==
                        (state == MMAX_ROW_MASKED && \old(report->masked_rows) == 0 ? row : \old(report->first_masked));
    ensures   first_bad: report->first_nonfinite ==
                        (state == MMAX_ROW_NONFINITE && \old(report->nonfinite_rows) == 0 ? row : \old(report->first_nonfinite));
    ensures   ignored: report->ignored_rows == \old(report->ignored_rows);
*/
static inline void mmax_report_row(mmax_report *report, size_t row, mmax_status state) {
  if (state == MMAX_ROW_MASKED && report->masked_rows++ == 0) report->first_masked = row;
  if (state == MMAX_ROW_NONFINITE && report->nonfinite_rows++ == 0) report->first_nonfinite = row;
}

/* Adds the report of rows [first, ...) to that of the rows before them. */
/*@ requires  valid:  \valid(report) && \valid_read(part) && \separated(report, part);
    terminates \true;
    exits     \false;
    assigns   *report;
    ensures   masked: report->masked_rows == (size_t)(\old(report->masked_rows) + part->masked_rows);
    ensures   bad:    report->nonfinite_rows == (size_t)(\old(report->nonfinite_rows) + part->nonfinite_rows);
    ensures   ignored: report->ignored_rows == (size_t)(\old(report->ignored_rows) + part->ignored_rows);
    ensures   first:  report->first_masked ==
                        (\old(report->masked_rows) == 0 && part->masked_rows > 0 ? (size_t)(first + part->first_masked) :
                          \old(report->first_masked));
    ensures   first_bad: report->first_nonfinite ==
                        (\old(report->nonfinite_rows) == 0 && part->nonfinite_rows > 0 ? (size_t)(first + part->first_nonfinite) :
                          \old(report->first_nonfinite));
*/
static inline void mmax_report_append(mmax_report *report, const mmax_report *part, size_t first) {
  if (report->masked_rows == 0 && part->masked_rows > 0)
    report->first_masked = first + part->first_masked;
  if (report->nonfinite_rows == 0 && part->nonfinite_rows > 0)
    report->first_nonfinite = first + part->first_nonfinite;
  report->masked_rows += part->masked_rows;
  report->nonfinite_rows += part->nonfinite_rows;
  report->ignored_rows += part->ignored_rows;
}

#endif
