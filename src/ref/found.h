/* SPDX-License-Identifier: Apache-2.0 */
/* What the passes over a row find before its gradients are written. specs/semantics.md#backward */
#ifndef MMAX_REF_FOUND_H
#define MMAX_REF_FOUND_H

#include "gradient.h"
#include "kernels_ref.h"

typedef struct mmax_found {
  double row_max, inverse; /* of the weights                        */
  double g_max, mean;      /* of the upstream gradient              */
  mmax_extent extent;      /* of the entries that carry weight      */
} mmax_found;

#ifdef __FRAMAC__
#include "weighed.acsl"
#endif

/* p of a weight. */
/*@ requires  range:   fin(e) && weighs(e) && fin(inverse) && 1.0e-12 <= inverse <= 1.0;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:   fin(\result) && \result == product(e, inverse);
    ensures   share:   near_share(\result, times(e, inverse));
    ensures   unit:    0.0 <= times(e, inverse) <= 1.0 && 0.0 <= \result <= 1.0;
    ensures   zero:    e == 0.0 ==> \result == 0.0;
*/
static inline double mmax_share_of(double e, double inverse) {
  /*@ assert hint_unit: product_unit(e, inverse); */
  /*@ assert hint_share: near_share(product(e, inverse), times(e, inverse)); */
  /*@ assert hint_mono: rnd64(0.0) <= rnd64(e*inverse) <= rnd64(1.0); */
  return mmax_mul(e, inverse);
}

/* What the passes over a row with an unmasked entry find. */
/*@ requires  view:    \valid_read(row) && valid_view(row);
    requires  some:    !all_masked(row->logits.WORDS, row->mask, row->n);
    requires  up:      valid_upstream(g.storage, g.WORDS, row->n) && upstream_fine(row->logits.WORDS, row->mask, g.WORDS, row->n);
    requires  params:  \valid_read(params) && valid_params(params);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   top:     bounded(\result.row_max, 1.0e195) && is_largest(params, row->logits.WORDS, row->mask, row->n, \result.row_max) &&
                         is_top(params, row->logits.WORDS, row->mask, row->n, \result.row_max);
    ensures   inverse: is_inverse(params, row->logits.WORDS, row->mask, \result.row_max, row->n, \result.inverse);
    ensures   mass:    mass_to(params, row->logits.WORDS, row->mask, \result.row_max, \result.inverse, row->n) <= 1.01;
    ensures   up:      largest_up(params, row->logits.WORDS, row->mask, g.WORDS, \result.row_max, row->n, \result.g_max) &&
                         upstream_within(params, row->logits.WORDS, row->mask, g.WORDS, \result.row_max, row->n, \result.g_max);
    ensures   within:  weighed_within(params, row->logits.WORDS, row->mask, \result.row_max, row->n, \result.extent.lo,
                         \result.extent.hi, \result.extent.largest);
    ensures   ends:    extent_attained(params, row->logits.WORDS, row->mask, \result.row_max, row->n, \result.extent.lo,
                         \result.extent.hi, \result.extent.largest);
    ensures   mean:    is_mean(params, row->logits.WORDS, row->mask, g.WORDS, \result.row_max, \result.inverse, row->n, \result.g_max,
                         \result.mean);
    ensures   fine:    found_fine(\result.inverse, \result.g_max, \result.mean, \result.extent.lo, \result.extent.hi,
                         \result.extent.largest);
*/
mmax_found mmax_row_find(const mmax_params *params, const mmax_view *row, mmax_source g);

#endif
