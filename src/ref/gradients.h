/* SPDX-License-Identifier: Apache-2.0 */
/* A row's gradients, written entry by entry, and its ten moment sums. */
#ifndef MMAX_REF_GRADIENTS_H
#define MMAX_REF_GRADIENTS_H

#include "found.h"

#ifdef __FRAMAC__
#include "entry.acsl"
#include "written.acsl"
#endif

/* An entry is read before it is overwritten: grad may be the logits or g. */
/*@ requires  view:    \valid_read(row) && valid_view(row) && \valid_read(f) && \valid(moments);
    requires  up:      valid_upstream(g.storage, g.WORDS, row->n) && upstream_fine(row->logits.WORDS, row->mask, g.WORDS, row->n);
    requires  sink:    STORED_AS(grad.storage) && grad.NO_WORDS == \null &&
                         (grad.WORDS == \null || \valid(grad.WORDS + (0 .. row->n - 1)));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  same:    grad.WORDS == row->logits.WORDS ||
                         \separated(grad.WORDS + (0 .. row->n - 1), row->logits.WORDS + (0 .. row->n - 1));
    requires  same_g:  grad.WORDS == g.WORDS || \separated(grad.WORDS + (0 .. row->n - 1), g.WORDS + (0 .. row->n - 1));
    requires  apart:   row->mask == \null || \separated(grad.WORDS + (0 .. row->n - 1), row->mask + (0 .. row->n - 1));
    requires  frame:   \separated(grad.WORDS + (0 .. row->n - 1), row) && \separated(grad.WORDS + (0 .. row->n - 1), f) &&
                         \separated(grad.WORDS + (0 .. row->n - 1), moments);
    requires  top:     bounded(f->row_max, 1.0e195) && is_top(params, row->logits.WORDS, row->mask, row->n, f->row_max);
    requires  found:   found_fine(f->inverse, f->g_max, f->mean, f->extent.lo, f->extent.hi, f->extent.largest);
    requires  most:    upstream_within(params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, row->n, f->g_max);
    requires  within:  weighed_within(params, row->logits.WORDS, row->mask, f->row_max, row->n, f->extent.lo, f->extent.hi, f->extent.largest);
    requires  mass:    mass_to(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, row->n) <= 1.01;
    requires  tops:    tops_fine(params, f->extent.lo, f->extent.hi);
    requires  grids:   all_over(moments, params, product(2.0, f->g_max), f->extent.lo, f->extent.hi, f->extent.largest);
    requires  start:   all_counted(moments, 0.0, 0);
    requires  zero:    all_zero(moments);
    terminates \true;
    exits     \false;
    assigns   grad.WORDS[0 .. row->n - 1], moments->sum[0 .. 9];
    ensures   masks:   grad.WORDS != \null ==> zeroed{Pre,Post}(row->logits.WORDS, row->mask, grad.WORDS, row->n);
    ensures   value:   grad.WORDS != \null ==> graded{Pre,Post}(params, row->logits.WORDS, row->mask, g.WORDS, grad.WORDS, f->row_max,
                         f->inverse, f->mean, row->n);
    ensures   sums:    all_sized(moments);
    ensures   floors:  all_param_floors{Pre,Post}(moments, params, row->logits.WORDS, row->mask, g.WORDS, f->row_max, f->inverse,
                         f->mean, row->n);
*/
void mmax_write_gradients(const mmax_params *params, const mmax_view *row, mmax_source g,
                          const mmax_found *f, mmax_moments *moments, mmax_sink grad);

#endif
