/* SPDX-License-Identifier: Apache-2.0 */
/* The gradient of a row's loss, written entry by entry, and its ten moment sums. */
#ifndef MMAX_REF_PULLS_H
#define MMAX_REF_PULLS_H

#include "pulling.h"

/* An entry is read before it is overwritten: grad may be the logits. */
/*@ requires  view:    \valid_read(row) && valid_view(row) && \valid_read(f) && \valid(moments);
    requires  sink:    STORED_AS(grad.storage) && grad.NO_WORDS == \null &&
                         (grad.WORDS == \null || \valid(grad.WORDS + (0 .. row->n - 1)));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  same:    grad.WORDS == row->logits.WORDS ||
                         \separated(grad.WORDS + (0 .. row->n - 1), row->logits.WORDS + (0 .. row->n - 1));
    requires  apart:   row->mask == \null || \separated(grad.WORDS + (0 .. row->n - 1), row->mask + (0 .. row->n - 1));
    requires  frame:   \separated(grad.WORDS + (0 .. row->n - 1), row) && \separated(grad.WORDS + (0 .. row->n - 1), f) &&
                         \separated(grad.WORDS + (0 .. row->n - 1), moments);
    requires  top:     bounded(f->row_max, 1.0e195) && is_top(params, row->logits.WORDS, row->mask, row->n, f->row_max);
    requires  found:   weights_fine(f->rest, f->inverse) && smoothing_fine(f->smoothing, f->uniform) && factor_fine(f->w, f->most) &&
                         extent_fine(f->extent.lo, f->extent.hi, f->extent.largest);
    requires  within:  pulls_within(params, row->logits.WORDS, row->mask, f->row_max, f->target, f->smoothing, row->n, f->extent.lo, f->extent.hi, f->extent.largest);
    requires  mass:    mass_to(params, row->logits.WORDS, row->mask, f->row_max, f->inverse, row->n) <= 1.01;
    requires  even:    even_to(row->logits.WORDS, row->mask, f->uniform, f->smoothing, row->n);
    requires  tops:    tops_fine(params, f->extent.lo, f->extent.hi);
    requires  grids:   all_over(moments, params, product(2.0, f->most), f->extent.lo, f->extent.hi, f->extent.largest);
    requires  start:   all_counted(moments, 0.0, 0);
    requires  zero:    all_zero(moments);
    terminates \true;
    exits     \false;
    assigns   grad.WORDS[0 .. row->n - 1], moments->sum[0 .. 9];
    ensures   masks:   grad.WORDS != \null ==> zeroed{Pre,Post}(row->logits.WORDS, row->mask, grad.WORDS, row->n);
    ensures   value:   grad.WORDS != \null ==> pulled{Pre,Post}(params, row->logits.WORDS, row->mask, grad.WORDS, row->n, f->target, f->smoothing, f->w, f->row_max,
                           f->rest, f->inverse, f->uniform);
    ensures   sums:    all_sized(moments);
    ensures   floors:  all_pull_floors{Pre,Post}(moments, params, row->logits.WORDS, row->mask, f->target, f->smoothing, f->w, f->row_max, f->rest, f->inverse, f->uniform,
                         row->n);
*/
void mmax_write_pulls(const mmax_params *params, const mmax_view *row, const mmax_pulling *f,
                      mmax_moments *moments, mmax_sink grad);

#endif
