/* SPDX-License-Identifier: Apache-2.0 */
/* What the passes over a row find before the gradient of its loss is written. specs/semantics.md#cross-entropy */
#ifndef MMAX_REF_PULLING_H
#define MMAX_REF_PULLING_H

#include "loss.h"

/* What the gradient of a row needs besides its entries. */
typedef struct mmax_pulling {
  double row_max, rest, inverse; /* of the weights                      */
  double smoothing, uniform;     /* a, and what each entry has of it    */
  double w, most;                /* of the row's gradient; |w|          */
  size_t target;
  mmax_extent extent; /* of the entries that take part */
} mmax_pulling;

#ifdef __FRAMAC__
#include "pull_start.acsl"
#include "weighed.acsl"
#include "entry.acsl"
#include "written.acsl"
#include "params_kept.acsl"
#include "rest_mass.acsl"
#include "pull_share.acsl"
#include "pulled.acsl"
#endif

/* What the passes over a row with an unmasked entry find. */
/*@ requires  view:    \valid_read(row) && valid_view(row);
    requires  params:  \valid_read(params) && valid_params(params);
    requires  some:    !all_masked(row->logits.WORDS, row->mask, row->n);
    requires  rest:    is_rest(params, row->logits.WORDS, row->mask, row->n, lse.row_max, lse.rest);
    requires  top:     bounded(lse.row_max, 1.0e195) && is_top(params, row->logits.WORDS, row->mask, row->n, lse.row_max);
    requires  range:   fin(lse.rest) && 0.0 <= lse.rest <= 34359738368.0 && fin(smoothing) && 0.0 <= smoothing <= 1.0 &&
                         magnitude_of_float(smoothing) && bounded(w, 3.4028235e38);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   given:   \result.row_max == lse.row_max && fin(\result.row_max) && \result.rest == lse.rest && \result.target == target &&
                         \result.smoothing == smoothing && \result.w == w;
    ensures   inverse: \result.inverse == over(1.0, sum_of(1.0, lse.rest));
    ensures   uniform: \result.uniform == uniform_of(smoothing, unmasked_count(row->logits.WORDS, row->mask, row->n));
    ensures   weights: weights_fine(\result.rest, \result.inverse);
    ensures   part:    smoothing_fine(\result.smoothing, \result.uniform);
    ensures   factor:  factor_fine(\result.w, \result.most);
    ensures   extent:  extent_fine(\result.extent.lo, \result.extent.hi, \result.extent.largest);
    ensures   within:  pulls_within(params, row->logits.WORDS, row->mask, \result.row_max, \result.target, \result.smoothing, row->n,
                         \result.extent.lo, \result.extent.hi, \result.extent.largest);
    ensures   most:    \result.most == size_of(w);
    ensures   ends:    pulls_attained(params, row->logits.WORDS, row->mask, \result.row_max, \result.target, \result.smoothing, row->n,
                         \result.extent.lo, \result.extent.hi, \result.extent.largest);
    ensures   mass:    mass_fits(params, row->logits.WORDS, row->mask, \result.row_max, \result.inverse, row->n);
    ensures   even:    even_to(row->logits.WORDS, row->mask, \result.uniform, \result.smoothing, row->n);
*/
mmax_pulling mmax_find_pulling(const mmax_params *params, const mmax_view *row, size_t target,
                               double smoothing, double w, mmax_lse lse);

#endif
