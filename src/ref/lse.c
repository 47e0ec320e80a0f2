/* SPDX-License-Identifier: Apache-2.0 */
#include "lse.h"

#include "log.h"

/* Largest weight but the one at index `top`; 0 if there is no other. */
/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  params: \valid_read(params) && valid_params(params);
    requires  max:    bounded(row_max, 1.0e195) && is_top(params, row->logits.WORDS, row->mask, row->n, row_max);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  fin(\result) && 0.0 <= \result <= 1.0 && (\result == 0.0 || \result >= 0x1p-160);
    ensures   near:   others_near(params, row->logits.WORDS, row->mask, row->n, top, row_max, \result);
    ensures   second: second_at(params, row->logits.WORDS, row->mask, row->n, top, row_max, \result);
*/
static double second_weight(const mmax_params *params, const mmax_view *row, size_t top,
                            double row_max) {
  size_t at = row->n;
  double second = 0.0;
  /*@ loop invariant range:  0 <= i <= row->n && (at < i || at == row->n);
      loop invariant none:   at == row->n ==> others_masked(row->logits.WORDS, row->mask, i, top);
      loop invariant second: at < row->n ==> bounded(second, 1.0e195) && second <= row_max;
      loop invariant found:  at < row->n ==> at != top && unmasked(row->logits.WORDS, row->mask, at) &&
                               second == modulated(params, VALUE(row->logits.WORDS[at]));
      loop invariant below:  at < row->n ==> others_below(params, row->logits.WORDS, row->mask, i, top, second);
      loop assigns   i, at, second;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    if (i != top && mmax_live(row, i)) {
      double s = mmax_modulated(params, mmax_logit(row, i));
      if (at == row->n || s > second) {
        second = s;
        at = i;
      }
      /*@ assert hint_below: s <= second; */
      /*@ assert hint_this: other_below(params, row->logits.WORDS, row->mask, i, top, second); */
    } else {
      /*@ assert hint_masked: i != top ==> !unmasked(row->logits.WORDS, row->mask, i); */
      /*@ assert hint_other: other_below(params, row->logits.WORDS, row->mask, i, top, second); */
    }
    /*@ assert hint_none: at == row->n ==> others_masked(row->logits.WORDS, row->mask, i + 1, top); */
    /*@ assert hint_next: at < row->n ==> others_below(params, row->logits.WORDS, row->mask, i + 1, top, second); */
  }
  if (at == row->n) return 0.0;
  double e = mmax_exp(mmax_below(second, row_max));
  /*@ assert hint_e: e == weight_of(second, row_max); */
  /*@ assert hint_weight: e == weight(params, VALUE(row->logits.WORDS[at]), row_max); */
  /*@ assert hint_others: others_near(params, row->logits.WORDS, row->mask, row->n, top, row_max, e); */
  return e;
}

/* Sum of the weights but the one at index `top`, in units of the grid of big. */
/*@ requires  view:   \valid_read(row) && valid_view(row);
    requires  params: \valid_read(params) && valid_params(params);
    requires  max:    bounded(row_max, 1.0e195) && is_top(params, row->logits.WORDS, row->mask, row->n, row_max);
    requires  grid:   fin(big) && is_grid(big);
    requires  within: others_within(params, row->logits.WORDS, row->mask, row->n, top, row_max, big);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   most:   \result.hi <= 262144;
    ensures   exact:  steps(sum_count(\result), big) ==
                        other_sum(params, row->logits.WORDS, row->mask, row_max, top, big, row->n);
*/
static mmax_sum sum_of_others(const mmax_params *params, const mmax_view *row, size_t top,
                              double row_max, double big) {
  mmax_sum sum = {0, 0};
  /*@ loop invariant range: 0 <= i <= row->n;
      loop invariant most:  0 <= sum_count(sum) <= i*2251799813685248;
      loop invariant exact: steps(sum_count(sum), big) ==
                              other_sum(params, row->logits.WORDS, row->mask, row_max, top, big, i);
      loop assigns   i, sum;
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    /*@ assert hint_room: sum.hi <= 262144; */
    if (i == top || !mmax_live(row, i)) {
      /*@ assert hint_skip: other_sum(params, row->logits.WORDS, row->mask, row_max, top, big, i + 1) ==
                            other_sum(params, row->logits.WORDS, row->mask, row_max, top, big, i); */
      continue;
    }
    double e = mmax_weight(params, mmax_logit(row, i), row_max);
    /*@ assert hint_weight: e == weight(params, VALUE(row->logits.WORDS[i]), row_max); */
    /*@ assert hint_next: other_sum(params, row->logits.WORDS, row->mask, row_max, top, big, i + 1) ==
                          other_sum(params, row->logits.WORDS, row->mask, row_max, top, big, i) + quant(e, big); */
    /*@ assert hint_within: within(e, big); */
    /*@ assert hint_positive: 0.0 <= quant(e, big); */
    int64_t q = mmax_quantise(e, big);
    /*@ assert hint_steps: 0.0 <= steps(q, big); */
    /*@ assert hint_q: q >= 0; */
    mmax_sum next = mmax_sum_add(sum, (uint64_t)q);
    /*@ assert hint_count: sum_count(next) == sum_count(sum) + q; */
    /*@ assert hint_sum: steps(sum_count(next), big) == steps(sum_count(sum), big) + steps(q, big); */
    sum = next;
  }
  return sum;
}

mmax_lse mmax_row_lse(const mmax_params *params, const mmax_view *row) {
  size_t top = mmax_view_argmax(params, row);
  /*@ assert hint_some: top < row->n; */
  mmax_lse out = {mmax_modulated(params, mmax_logit(row, top)), 0.0, 0.0};
  /*@ assert hint_top: top_at(params, row->logits.WORDS, row->mask, row->n, top, out.row_max); */
  double second = second_weight(params, row, top, out.row_max);
  if (second == 0.0) return out; /* every other weight is 0 */
  /*@ assert hint_normal: p2(-1022) <= second < p2(1023); */
  int e = mmax_exponent_above(second);
  /*@ assert hint_e: -160 <= e <= 1; */
  /*@ assert hint_grid: rnd64(6.0*p2(e)) == 6.0*p2(e) && is_grid(6.0*p2(e)); */
  double big = mmax_mul(6.0, mmax_pow2(e));
  /*@ assert hint_big: 4.5*second <= big; */
  /*@ assert hint_within: others_within(params, row->logits.WORDS, row->mask, row->n, top, out.row_max, big); */
  mmax_sum sum = sum_of_others(params, row, top, out.row_max, big);
  int unit = e - 50;
  /*@ assert hint_unit: 0x1p-210 <= p2(unit) <= 0x1p-49; */
  /*@ assert hint_same: unit(big) == p2(unit); */
  /*@ assert hint_scaled: steps(sum_count(sum), big) == scaled(sum_count(sum), unit(big)); */
  /*@ assert hint_unit_scaled: steps(sum_count(sum), big) == scaled(sum_count(sum), p2(unit)); */
  /*@ assert hint_steps: steps(sum_count(sum), big) == sum_count(sum)*p2(unit); */
  out.rest = mmax_sum_total(sum, mmax_pow2(unit));
  /*@ assert hint_close: rest_close(sum_count(sum)*p2(unit), out.rest); */
  /*@ assert hint_above: grid_above(second, big); */
  /*@ assert hint_rest: rest_of(params, row->logits.WORDS, row->mask, row->n, top, out.row_max, second, out.rest); */
  out.log = mmax_log1p(out.rest);
  return out;
}
