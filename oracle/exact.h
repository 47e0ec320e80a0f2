/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oracle: what the outputs of MultiMax are over the real numbers, rounded
 * once, correctly. Nothing here is shared with the library but the types of
 * multimax.h; masks, special rows and targets are those of specs/semantics.md,
 * without its float64 roundings.
 *
 * Method: sigma is an exact dyadic number (Eq. 6 of dyadic parameters), the
 * rest is interval arithmetic with MPFR at growing precision until both ends
 * of an enclosure round alike. Where that would never end, because a result is
 * rational, the result is computed exactly; oracle/exact_value.c says why no
 * other case exists. At EXACT_MAX_BITS an undecided entry is reported and set
 * to NaN: never a guess.
 *
 * All functions may be called from several threads at once.
 */
#ifndef EXACT_H
#define EXACT_H

#include <stddef.h>

#include "multimax.h"
#include "progress.h"

/* Highest working precision tried. */
#define EXACT_MAX_BITS 8192

/*
 * An exact result, for measuring errors: the real number is hi + lo but for at
 * most 2^-60 |hi| + 2^-220 where the output is a float32, and at most
 * 2^-100 |hi| + 2^-1074 where it is a float64. hi = NaN: the row is non-finite
 * or the entry undecided. hi = +-inf, lo = 0: the result is infinite (the
 * logarithm of a masked entry's probability, the loss of a masked target).
 */
typedef struct exact_value {
  double hi, lo;
} exact_value;

typedef enum exact_status {
  EXACT_OK = 0,
  EXACT_ROW_MASKED = 1,     /* a row has no unmasked entry                    */
  EXACT_ROW_NONFINITE = 2,  /* a row met NaN or +inf                          */
  EXACT_UNDECIDED = -1,     /* EXACT_MAX_BITS were not enough for some entry  */
  EXACT_ERR_MEMORY = -2,
  EXACT_ERR_PARAMS = -3,    /* not finite, beyond float32, or not 0 where absent */
  EXACT_ERR_SIZE = -4,      /* cols > MMAX_MAX_COLS                           */
  EXACT_ERR_TARGET = -5,    /* neither a class nor ignore_index               */
  EXACT_ERR_SMOOTHING = -6, /* outside [0, 1]                                 */
  EXACT_ERR_THREAD = -7     /* a thread could not be started                  */
} exact_status;

/* English name of the cause; never NULL. */
const char *exact_status_text(exact_status status);

/* How to run; changes time, never a result. NULL means one thread. */
typedef struct exact_run {
  unsigned threads;    /* 0 or 1: the calling thread                        */
  progress *progress;  /* told of every finished row; may be NULL           */
} exact_run;

typedef struct exact_report {
  mmax_report rows; /* as the library reports them; first_* SIZE_MAX if none */
  size_t undecided_rows, first_undecided;
} exact_report;

/* ---- modulator ---------------------------------------------------------- */

/* A real number as float64, float32 and exact value, each correctly rounded. */
typedef struct exact_scalar {
  double as_double;
  float as_float;
  exact_value value;
} exact_scalar;

/* sigma(scale*x + shift) and its derivative with respect to x; x finite. */
exact_status exact_sigma(const mmax_params *params, float x, exact_scalar *out);
exact_status exact_sigma_derivative(const mmax_params *params, float x, exact_scalar *out);

/* A(x) = |y| + |c1|r1 + |c2|r2 + |c3|r3^2 + |c4|r4^2, y = scale*x + shift, over
   the reals, rounded up; x finite. */
exact_status exact_condition(const mmax_params *params, float x, double *condition);
/* Largest A(x) among the unmasked entries with sigma >= max sigma - reach
   (INFINITY: all of them); 0 for a special row. */
exact_status exact_condition_row(const mmax_params *params, const float *logits,
                                 const uint8_t *mask, size_t cols, double reach,
                                 double *condition);

/* ---- rows ---------------------------------------------------------------
 * Outputs: element k of row r at r*stride + k, of floats and of values alike;
 * either may be NULL. probs may not be the logits. report and run may be NULL.
 * A negative status other than EXACT_UNDECIDED: outputs are unspecified. */

exact_status exact_forward(const mmax_params *params, const mmax_rows *in, float *probs,
                           exact_value *values, size_t stride, const exact_run *run,
                           exact_report *report);
exact_status exact_log_forward(const mmax_params *params, const mmax_rows *in, float *log_probs,
                               exact_value *values, size_t stride, const exact_run *run,
                               exact_report *report);
/* softmax(beta * x), beta finite: the paper's softmax with temperature 1/beta. */
exact_status exact_temperature(double beta, const mmax_rows *in, float *probs,
                               exact_value *values, size_t stride, const exact_run *run,
                               exact_report *report);

/* Parameter gradients of a batch: the exact sum over all its rows, each
   rounded once; the order is that of MMAX_NPARAMS, absent terms are 0. A row
   that is not finite makes all of them NaN. One that stays within 2^-8192 of a
   tie is undecided: rounded is NaN, the status EXACT_UNDECIDED, its value known. */
typedef struct exact_grads {
  double rounded[MMAX_NPARAMS];
  exact_value value[MMAX_NPARAMS];
} exact_grads;

/* grads may be NULL. An exact zero and what underflows to it is 0 or -0: the
   sign of a zero means nothing. */
exact_status exact_backward(const mmax_params *params, const mmax_rows *in,
                            const float *grad_probs, size_t grad_probs_stride,
                            float *grad_logits, exact_value *values, size_t stride,
                            exact_grads *grads, const exact_run *run, exact_report *report);

/* Loss of every row (loss, loss_values) and, where asked for, its gradients.
   grad_loss: upstream gradient per row, NULL for 1. Every output may be NULL. */
exact_status exact_cross_entropy(const mmax_params *params, const mmax_rows *in,
                                 const mmax_targets *targets, const float *grad_loss,
                                 float *loss, exact_value *loss_values, float *grad_logits,
                                 exact_value *values, size_t stride, exact_grads *grads,
                                 const exact_run *run, exact_report *report);

#endif
