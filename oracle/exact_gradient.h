/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gradients with respect to sigma, and from them to logits and parameters:
 *   backward:       gs_i = p_i (g_i - sum_k p_k g_k)
 *   cross-entropy:  gs_i = w (p_i - q_i)
 */
#ifndef EXACT_GRADIENT_H
#define EXACT_GRADIENT_H

#include "exact_row.h"

typedef struct gradient {
  const float *upstream; /* g, or NULL for cross-entropy       */
  size_t target;         /* cross-entropy only, from here on   */
  int target_unmasked;
  float smoothing, w;
  interval mean;   /* sum_k p_k g_k                                             */
  interval others; /* sum of the weights but the target's                       */
  interval gs;     /* of one entry                                              */
  interval a, b;
  mpfr_t exact, total, count; /* scratch; sum of g; unmasked entries            */
  mpfr_t reference[MMAX_NPARAMS];
} gradient;

void gradient_init(gradient *g);
void gradient_clear(gradient *g);

/* row_output of grad_logits: state is the gradient. Call gradient_load after
   every row_load. */
void gradient_load(gradient *g, const row *r);
void gradient_prepare(row *r, void *state);
void gradient_entry(row *r, void *state, size_t i, interval *out);

/* n q_i of cross-entropy, exact. */
void gradient_target_share(const gradient *g, const row *r, size_t i, mpfr_t out);
/* gs_i; with gradient_prepare done, of a row that is not uniform. */
void gradient_sigma(gradient *g, const row *r, size_t i, interval *out);
/* n^2 gs_i of a uniform row, exact, and the division by n^2. */
void gradient_uniform(const gradient *g, const row *r, size_t i, mpfr_t out);
void gradient_over_square(const gradient *g, mpfr_srcptr numerator, interval *out);

/*
 * From here on gradient_sharpen is tried. A row whose other weights are beyond
 * all precision below its largest has gradients indefinitely close to rational
 * limits, which may be ties; what tells them from their limit is a sign, which
 * is found without computing the difference (exact_sharpen.c).
 */
enum { SHARPEN_BITS = 1536 };
void gradient_sharpen(gradient *g, row *r, size_t i, mpfr_srcptr slope, interval *out);

/*
 * A parameter's gradient so far: exact + rounded. What is known exactly is kept
 * apart, so that rows whose other weights are beyond all precision leave an
 * enclosure that has the sign of the sum's distance from an exact number.
 */
typedef struct gradient_sum {
  interval rounded;
  mpfr_t exact;
} gradient_sum;

void gradient_sum_init(gradient_sum *sum, mpfr_prec_t bits);
void gradient_sum_clear(gradient_sum *sum);
void gradient_sum_add(gradient_sum *sum, const gradient_sum *more);
void gradient_sum_total(const gradient_sum *sum, interval *out);

/* Adds the row's part of the parameter gradients of `wanted` (bit j: number j)
   to sums, at precision bits. */
void gradient_add_parameters(gradient *g, row *r, mpfr_prec_t bits, unsigned wanted,
                             gradient_sum sums[MMAX_NPARAMS]);

#endif
