/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MultiMax: softmax(sigma(t*x + b)), sigma a piecewise linear-quadratic
 * modulator of 8 numbers (Zhou et al., ICML 2024, Eq. 6). Plain softmax is
 * MultiMax without terms.
 *
 * float32, float16 or bfloat16 in, float64 inside, the same format out, rounded
 * once. Every output is a function of its row alone: no order of elements, rows,
 * threads or instruction set changes a bit. What each edge case returns is
 * written in specs/semantics.md, how far a result may be from the exact one in
 * specs/accuracy.md.
 *
 * No function allocates, prints, or keeps state. Functions that return a
 * mmax_status < 0 have written nothing.
 */
#ifndef MULTIMAX_H
#define MULTIMAX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __FRAMAC__
#include "accumulator.acsl"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define MMAX_VERSION_MAJOR 0
#define MMAX_VERSION_MINOR 1
#define MMAX_VERSION_PATCH 0

#if defined(__GNUC__)
#define MMAX_API __attribute__((visibility("default")))
#else
#define MMAX_API
#endif

/* Longest row: cols <= MMAX_MAX_COLS. */
#define MMAX_MAX_COLS 0x7fffffffu

typedef enum mmax_status {
  MMAX_OK = 0,
  /* Outputs written; some rows are special (see mmax_report). */
  MMAX_ROW_MASKED = 1,    /* a row has no unmasked entry: zeros            */
  MMAX_ROW_NONFINITE = 2, /* a row met NaN or +inf: canonical NaN          */
  /* Refused; no output was touched. */
  MMAX_ERR_NULL = -1,    /* a required pointer is NULL                     */
  MMAX_ERR_PARAMS = -2,  /* a parameter is not finite, or not in float32's
                            range, or a coefficient outside `terms` is not 0 */
  MMAX_ERR_SIZE = -3,    /* cols > MMAX_MAX_COLS, or the extent in bytes
                            overflows size_t                               */
  MMAX_ERR_STRIDE = -4,  /* a row stride is smaller than cols              */
  MMAX_ERR_ALIGN = -5,   /* a pointer is not aligned for its element type  */
  MMAX_ERR_OVERLAP = -6, /* buffers overlap other than exactly in place    */
  MMAX_ERR_TARGET = -7,  /* a target is neither a class nor ignore_index   */
  MMAX_ERR_SMOOTHING = -8, /* label smoothing outside [0, 1], or NaN       */
  MMAX_ERR_BACKEND = -9, /* the backend asked for is not available here    */
  MMAX_ERR_FENV = -10,   /* the floating-point environment cannot be set   */
  MMAX_ERR_FORMAT = -11, /* not an accumulator's byte form                 */
  MMAX_ERR_SCRATCH = -12, /* the scratch given is too small or misaligned  */
  MMAX_ERR_DEVICE = -13, /* the CUDA driver refused a launch               */
  MMAX_ERR_STORAGE = -14 /* mmax_rows16: neither float16 nor bfloat16      */
} mmax_status;

/* English name of the cause; never NULL. */
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   given:  \result != \null;
*/
MMAX_API const char *mmax_status_text(mmax_status status);

/* How an element of a matrix is stored: binary32, binary16, or the upper half
   of a binary32. */
typedef enum mmax_storage { MMAX_FLOAT32 = 0, MMAX_FLOAT16 = 1, MMAX_BFLOAT16 = 2 } mmax_storage;

/* ---- parameters --------------------------------------------------------- */

/* Which terms of Eq. 6 the model has; gradients of the others are 0. */
enum {
  MMAX_TERM_LOW1 = 1,   /* c1 * relu(k1 - y)    t_b1, b1 */
  MMAX_TERM_HIGH1 = 2,  /* c2 * relu(y - k2)    t_d1, d1 */
  MMAX_TERM_LOW2 = 4,   /* c3 * relu(k3 - y)^2  t_b2, b2 */
  MMAX_TERM_HIGH2 = 8,  /* c4 * relu(y - k4)^2  t_d2, d2 */
  MMAX_TERM_AFFINE = 16 /* y = scale * x + shift, else y = x */
};
enum {
  MMAX_ORDER_0 = 0, /* softmax */
  MMAX_MULTIMAX_L = MMAX_TERM_LOW1,
  MMAX_ORDER_1 = MMAX_TERM_LOW1 | MMAX_TERM_HIGH1,
  MMAX_ORDER_2 = MMAX_ORDER_1 | MMAX_TERM_LOW2 | MMAX_TERM_HIGH2
};

/* sigma(y) = y + c1 relu(k1-y) + c2 relu(y-k2) + c3 relu(k3-y)^2 + c4 relu(y-k4)^2 */
typedef struct mmax_params {
  double coef[4]; /* c1..c4 = 1-t_b1, t_d1-1, 1-t_b2, t_d2-1: the authors' ts */
  double knot[4]; /* k1..k4 = b1, d1, b2, d2: the authors' ranges             */
  double scale;   /* 1 without MMAX_TERM_AFFINE */
  double shift;   /* 0 without MMAX_TERM_AFFINE */
  unsigned terms; /* MMAX_TERM_* bits */
} mmax_params;

#ifdef __FRAMAC__
#include "api.acsl"
#endif

/* Plain softmax. */
/*@ requires  valid:    \valid(params);
    terminates \true;
    exits     \false;
    assigns   *params;
    ensures   accepted: accepted(params);
    ensures   softmax:  params->terms == 0;
*/
MMAX_API void mmax_params_softmax(mmax_params *params);
/* From the paper's temperatures t_b1, t_d1, t_b2, t_d2 and knots b1, d1, b2, d2.
   Entries of terms not in `terms` are ignored (and may be NULL arrays' tails:
   only the entries of present terms are read). */
MMAX_API mmax_status mmax_params_from_temperatures(mmax_params *params, unsigned terms,
                                                   const float temps[4], const float knots[4]);
/* From the authors' code: ts[4] and ranges[4] of SeLU / SegLU / multimax_ts. */
MMAX_API mmax_status mmax_params_from_ts(mmax_params *params, unsigned terms, const float ts[4],
                                         const float ranges[4]);
/* Adds the affine pre-map y = scale*x + shift (version 2 of the authors' code). */
MMAX_API mmax_status mmax_params_set_affine(mmax_params *params, float scale, float shift);
/* MMAX_OK, MMAX_ERR_NULL or MMAX_ERR_PARAMS. */
/*@ requires  valid:  params == \null || \valid_read(params);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    behavior null:
      assumes null:   params == \null;
      ensures status: \result == MMAX_ERR_NULL;
    behavior ok:
      assumes ok:     params != \null && accepted((mmax_params *)params);
      ensures status: \result == MMAX_OK;
    behavior refused:
      assumes bad:    params != \null && !accepted((mmax_params *)params);
      ensures status: \result == MMAX_ERR_PARAMS;
    complete behaviors;
    disjoint behaviors;
*/
MMAX_API mmax_status mmax_params_check(const mmax_params *params);

/* The queries below take parameters that mmax_params_check accepts; not checked. */
/* sigma and its derivative with respect to x at x (knots: relu'(0) = 0). x finite. */
MMAX_API double mmax_sigma(const mmax_params *params, float x);
MMAX_API double mmax_sigma_derivative(const mmax_params *params, float x);

/* Open intervals of x, in ascending order, none empty, where sigma(scale*x+shift) is
   increasing; at most MMAX_MAX_INTERVALS. Ends are rounded, beyond 2^990 to infinity; a slope of
   at most 2^-50 (1 + |c1| + |c2| + 2|c3|(|k3|+|y|) + 2|c4|(|k4|+|y|)) may count as any sign. */
#define MMAX_MAX_INTERVALS 5
typedef struct mmax_interval {
  double lo, hi; /* may be -inf, +inf */
} mmax_interval;
MMAX_API size_t mmax_increasing_intervals(const mmax_params *params,
                                          mmax_interval out[MMAX_MAX_INTERVALS]);
/* Limits of sigma at -inf and +inf: -inf, +inf, or the finite limit. */
MMAX_API void mmax_limits(const mmax_params *params, double *at_minus_inf, double *at_plus_inf);
/* sup |d sigma(scale*x+shift)/dx| off the knots over [lo, hi] or [hi, lo], rounded up; at a
   knot at an end both sides count. Ends may be infinite, beyond 2^600 they are taken as such;
   +inf where there is no bound; NaN when lo or hi is. */
MMAX_API double mmax_lipschitz(const mmax_params *params, double lo, double hi);

/* ---- accuracy (specs/accuracy.md) --------------------------------------- */

/* Condition size A of a logit: |y| + |terms|, plus what the affine rounding adds. */
MMAX_API double mmax_condition(const mmax_params *params, float x);
/* Bounds in ulp of float32 (error before rounding included), if A is at least the
   condition of every logit of the row that can reach the output, and n = cols; +inf where A
   is too large (A <= 2^48 never is). Every probability whose exact value is normal: */
MMAX_API double mmax_bound_probs_ulp(double condition, size_t n);
/* Every log-probability and loss whose exact value v has |v| >= n 2^-97. Nearer to 0, where
   exp(v) is 1 in every format, weights below 2^-158, which count as 0, show in v: 1/2 ulp
   more plus n 2^-158, for normal v and A <= 2^47. n 2^-158 is below an ulp from
   |v| >= n 2^-134 on. Subnormal v: specs/accuracy.md#log. */
MMAX_API double mmax_bound_log_ulp(double condition, size_t n);
/* The same bound in ulp of a 16-bit format, from the one above in ulp of float32: of every
   probability, and of every log-probability v with |v| >= n 2^-97 that stays, error included,
   in the format's range; subnormal ones too. Nearer to 0 as above, of subnormal v too. */
MMAX_API double mmax_bound16_ulp(mmax_storage storage, double bound_ulp);
/* |sum - 1| is at most this, of the exact sum of a row's float32 probabilities; not of masked
   and non-finite rows. Probabilities of 16 bits have a wider bound: specs/accuracy.md#storage. */
MMAX_API double mmax_bound_sum(size_t n);
/* kappa of the gradient bounds: |grad_logits - exact| <=
   2^-24 |exact| + 2^-149 + (1 + 2^-24) * kappa * p_i * max|g| * S(x_i), S the size of the slope at
   the computed argument, where |exact| and this together are at most 3.3e38; with a pre-map,
   where p_i <= 2^-157, and in 16 bits: specs/accuracy.md. +inf where A is too large. */
MMAX_API double mmax_bound_gradient(double condition, size_t n);

/* ---- rows --------------------------------------------------------------- */

/* A batch of rows of float32 logits. Element k of row r: logits[r*stride + k].
   Masked (mask byte != 0, or a logit of -inf): probability 0, gradient 0, and
   no influence on anything. mask may be NULL; mask_stride 0 repeats one mask. */
typedef struct mmax_rows {
  const float *logits;
  const uint8_t *mask;
  size_t rows, cols;
  size_t stride, mask_stride;
} mmax_rows;

/* The same batch stored in 16 bits, MMAX_FLOAT16 or MMAX_BFLOAT16. The functions
   with 16 in their name differ from those without in the storage of matrices
   alone: logits and upstream gradients are widened exactly, each result is
   rounded once from its float64 value (specs/semantics.md#storage). Losses stay
   float32. */
typedef struct mmax_rows16 {
  mmax_storage storage;
  const uint16_t *logits;
  const uint8_t *mask;
  size_t rows, cols;
  size_t stride, mask_stride;
} mmax_rows16;

/* v in the 16-bit format, rounded to nearest even; beyond its largest finite
   value infinity, every NaN 0x7e00 (float16) or 0x7fc0 (bfloat16). And back,
   exactly. storage: one of the two, not checked. */
MMAX_API uint16_t mmax_round16(mmax_storage storage, double v);
MMAX_API float mmax_widen16(mmax_storage storage, uint16_t bits);

/* Rows that were special; first_* is SIZE_MAX when there is none. */
typedef struct mmax_report {
  size_t masked_rows, first_masked;       /* nothing unmasked                */
  size_t nonfinite_rows, first_nonfinite; /* NaN or +inf in an unmasked slot */
  size_t ignored_rows;                    /* cross-entropy: ignore_index     */
} mmax_report;

typedef enum mmax_backend {
  MMAX_BACKEND_AUTO = 0,
  MMAX_BACKEND_REF = 1, /* the proven scalar reference */
  MMAX_BACKEND_AVX2 = 2,
  MMAX_BACKEND_AVX512 = 3,
  MMAX_BACKEND_NEON = 4,
  MMAX_BACKEND_PORTABLE = 5 /* the reference without the processor's fma */
} mmax_backend;

/* How to run; changes time, never a bit. NULL means all defaults. */
typedef struct mmax_exec {
  mmax_backend backend;
  unsigned threads;     /* 0 or 1: the calling thread; at most 64 are started. They
                           share out the rows; SIMD backends with fewer rows than
                           threads split rows of 65536 entries and more */
  void *scratch;        /* optional; 64-byte aligned */
  size_t scratch_bytes; /* mmax_scratch_bytes(cols) per thread is enough */
} mmax_exec;

MMAX_API const char *mmax_backend_name(mmax_backend backend);
MMAX_API int mmax_backend_available(mmax_backend backend);

/* probs[r*stride + k] = multimax(row r)_k. probs may be logits itself with the
   same stride. report may be NULL. */
MMAX_API mmax_status mmax_forward(const mmax_params *params, const mmax_rows *in, float *probs,
                                  size_t probs_stride, const mmax_exec *exec,
                                  mmax_report *report);
/* Natural logarithm of the probabilities; masked entries are -inf. */
MMAX_API mmax_status mmax_log_forward(const mmax_params *params, const mmax_rows *in,
                                      float *log_probs, size_t log_probs_stride,
                                      const mmax_exec *exec, mmax_report *report);
MMAX_API mmax_status mmax_forward16(const mmax_params *params, const mmax_rows16 *in,
                                    uint16_t *probs, size_t probs_stride, const mmax_exec *exec,
                                    mmax_report *report);
MMAX_API mmax_status mmax_log_forward16(const mmax_params *params, const mmax_rows16 *in,
                                        uint16_t *log_probs, size_t log_probs_stride,
                                        const mmax_exec *exec, mmax_report *report);

/* ---- gradients ---------------------------------------------------------- */

/* Order of parameter gradients: d/dc1..c4, d/dk1..k4, d/dscale, d/dshift, all
   with respect to the coefficients c (not the temperatures: dt_b = -dc1, dt_d = dc2, ...). */
#define MMAX_NPARAMS 10

/* Exact accumulator of parameter gradients: fixed point, so the result does
   not depend on the order of rows, threads or machines. Treat as opaque. */
#define MMAX_ACC_LIMBS 16
typedef struct mmax_accumulator {
  uint64_t limb[MMAX_NPARAMS][MMAX_ACC_LIMBS]; /* two's complement, units 2^-256 */
  uint64_t rows;                               /* rows added                     */
  uint64_t nonfinite_rows;                     /* of them, with a NaN result     */
} mmax_accumulator;

/*@ requires  valid:  \valid(acc);
    terminates \true;
    exits     \false;
    assigns   *acc;
    ensures   zero:   \forall integer j, i; 0 <= j < 10 ==> 0 <= i < 16 ==> acc->limb[j][i] == 0;
    ensures   rows:   acc->rows == 0 && acc->nonfinite_rows == 0;
*/
MMAX_API void mmax_accumulator_init(mmax_accumulator *acc);
/*@ requires  into:   into == \null || \valid(into);
    requires  from:   from == \null || \valid_read(from);
    requires  alias:  into == from || \separated(into, from);
    terminates \true;
    exits     \false;
    assigns   *into;
    behavior null:
      assumes null:   into == \null || from == \null;
      assigns \nothing;
      ensures status: \result == MMAX_ERR_NULL;
    behavior ok:
      assumes ok:     into != \null && from != \null;
      assigns *into;
      ensures status: \result == MMAX_OK;
      ensures exact:  \forall integer j; 0 <= j < 10 ==> merged{Pre, Post}(&into->limb[j][0], (uint64_t *)&from->limb[j][0]);
      ensures rows:   into->rows == (uint64_t)\old(into->rows + from->rows);
      ensures bad:    into->nonfinite_rows == (uint64_t)\old(into->nonfinite_rows + from->nonfinite_rows);
    complete behaviors;
    disjoint behaviors;
*/
MMAX_API mmax_status mmax_accumulator_merge(mmax_accumulator *into, const mmax_accumulator *from);
/* The gradients, each the exact sum rounded once to float64, then multiplied by
   its parameter factor; NaN if any row was non-finite. */
MMAX_API mmax_status mmax_accumulator_finish(const mmax_accumulator *acc,
                                             const mmax_params *params,
                                             double grad_params[MMAX_NPARAMS]);
/* Portable little-endian byte form, the same on every machine. */
#define MMAX_ACC_BYTES (8 + 16 + 8 * MMAX_NPARAMS * MMAX_ACC_LIMBS)
/*@ requires  acc:    acc == \null || \valid_read(acc);
    requires  bytes:  bytes == \null || \valid(bytes + (0 .. 1303));
    requires  apart:  \separated(acc, bytes + (0 .. 1303));
    terminates \true;
    exits     \false;
    assigns   bytes[0 .. 1303];
    behavior null:
      assumes null:   acc == \null || bytes == \null;
      assigns \nothing;
      ensures status: \result == MMAX_ERR_NULL;
    behavior ok:
      assumes ok:     acc != \null && bytes != \null;
      assigns bytes[0 .. 1303];
      ensures status: \result == MMAX_OK;
      ensures head:   is_head(bytes);
      ensures rows:   little64(bytes + 8) == acc->rows && little64(bytes + 16) == acc->nonfinite_rows;
      ensures limbs:  \forall integer j, i; 0 <= j < 10 ==> 0 <= i < 16 ==> limb64(bytes, j, i) == acc->limb[j][i];
    complete behaviors;
    disjoint behaviors;
*/
MMAX_API mmax_status mmax_accumulator_store(const mmax_accumulator *acc,
                                            uint8_t bytes[MMAX_ACC_BYTES]);
/*@ requires  acc:    acc == \null || \valid(acc);
    requires  bytes:  bytes == \null || \valid_read(bytes + (0 .. 1303));
    requires  apart:  \separated(acc, bytes + (0 .. 1303));
    terminates \true;
    exits     \false;
    assigns   *acc;
    behavior null:
      assumes null:   acc == \null || bytes == \null;
      assigns \nothing;
      ensures status: \result == MMAX_ERR_NULL;
    behavior format:
      assumes format: acc != \null && bytes != \null && !is_head((uint8_t *)bytes);
      assigns \nothing;
      ensures status: \result == MMAX_ERR_FORMAT;
    behavior ok:
      assumes ok:     acc != \null && bytes != \null && is_head((uint8_t *)bytes);
      assigns *acc;
      ensures status: \result == MMAX_OK;
      ensures rows:   acc->rows == little64((uint8_t *)bytes + 8) && acc->nonfinite_rows == little64((uint8_t *)bytes + 16);
      ensures limbs:  \forall integer j, i; 0 <= j < 10 ==> 0 <= i < 16 ==>
                        acc->limb[j][i] == limb64((uint8_t *)bytes, j, i);
    complete behaviors;
    disjoint behaviors;
*/
MMAX_API mmax_status mmax_accumulator_load(mmax_accumulator *acc,
                                           const uint8_t bytes[MMAX_ACC_BYTES]);

/* Backward of mmax_forward. grad_probs: upstream gradient, same shape as the
   logits. grad_logits (may be grad_probs or logits itself, or NULL) and acc (may be NULL,
   added to) receive the results. */
MMAX_API mmax_status mmax_backward(const mmax_params *params, const mmax_rows *in,
                                   const float *grad_probs, size_t grad_probs_stride,
                                   float *grad_logits, size_t grad_logits_stride,
                                   mmax_accumulator *acc, const mmax_exec *exec,
                                   mmax_report *report);
MMAX_API mmax_status mmax_backward16(const mmax_params *params, const mmax_rows16 *in,
                                     const uint16_t *grad_probs, size_t grad_probs_stride,
                                     uint16_t *grad_logits, size_t grad_logits_stride,
                                     mmax_accumulator *acc, const mmax_exec *exec,
                                     mmax_report *report);

/* ---- cross-entropy ------------------------------------------------------ */

typedef struct mmax_targets {
  const int32_t *target; /* class of each row, or ignore_index */
  int32_t ignore_index;  /* e.g. -100 */
  float smoothing;       /* label smoothing in [0, 1]: q = (1-a) e_y + a / unmasked */
} mmax_targets;

/* loss[r] = -sum_k q_k log multimax(row r)_k; 0 for ignored rows. */
MMAX_API mmax_status mmax_cross_entropy(const mmax_params *params, const mmax_rows *in,
                                        const mmax_targets *targets, float *loss,
                                        const mmax_exec *exec, mmax_report *report);
/* Loss and its backward in one call; probabilities are never stored.
   grad_loss: upstream gradient per row, NULL for 1. loss, grad_logits (may be
   logits itself) and acc may each be NULL. */
MMAX_API mmax_status mmax_cross_entropy_backward(const mmax_params *params, const mmax_rows *in,
                                                 const mmax_targets *targets,
                                                 const float *grad_loss, float *loss,
                                                 float *grad_logits, size_t grad_logits_stride,
                                                 mmax_accumulator *acc, const mmax_exec *exec,
                                                 mmax_report *report);

MMAX_API mmax_status mmax_cross_entropy16(const mmax_params *params, const mmax_rows16 *in,
                                          const mmax_targets *targets, float *loss,
                                          const mmax_exec *exec, mmax_report *report);
MMAX_API mmax_status mmax_cross_entropy_backward16(
    const mmax_params *params, const mmax_rows16 *in, const mmax_targets *targets,
    const float *grad_loss, float *loss, uint16_t *grad_logits, size_t grad_logits_stride,
    mmax_accumulator *acc, const mmax_exec *exec, mmax_report *report);

/* Scratch that lets a SIMD backend keep a row of float64 instead of computing it twice. */
MMAX_API size_t mmax_scratch_bytes(size_t cols);

#ifdef __cplusplus
}
#endif
#endif
