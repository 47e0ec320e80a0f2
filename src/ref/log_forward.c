/* SPDX-License-Identifier: Apache-2.0 */
/* log_probs_i = (sigma(x_i) - max sigma) - ln(1 + rest), one row. specs/semantics.md#log */
#include "kernels_ref.h"
#include "lse.h"

/* The log-probability of entry i; -inf if it is masked. */
/*@ requires  view:   \valid_read(row) && valid_view(row) && i < row->n;
    requires  out:    STORED_AS(log_probs.storage) && \valid(log_probs.WORDS + i);
    requires  params: \valid_read(params) && valid_params(params);
    requires  top:    bounded(lse.row_max, 1.0e195) && fin(lse.log) && 0.0 <= lse.log <= 26.0;
    terminates \true;
    exits     \false;
    assigns   log_probs.WORDS[i];
    ensures   masked: !unmasked{Pre}(row->logits.WORDS, row->mask, i) ==> MINUS_INF(log_probs.WORDS[i]);
    ensures   value:  unmasked{Pre}(row->logits.WORDS, row->mask, i) ==>
                        log_entry(log_of(modulated{Pre}(params, VALUE(\at(row->logits.WORDS[i], Pre))), lse.row_max, lse.log), log_probs.WORDS[i]);
*/
static void write_log(const mmax_params *params, const mmax_view *row, size_t i, mmax_lse lse,
                      mmax_sink log_probs) {
  if (!mmax_live(row, i)) {
    mmax_put_minus_inf(log_probs, i);
    return;
  }
  double s = mmax_modulated(params, mmax_logit(row, i));
  /*@ assert hint_s: s == modulated(params, VALUE(row->logits.WORDS[i])); */
  double below = mmax_sub(s, lse.row_max);
  /*@ assert hint_minus: below == minus(s, lse.row_max); */
  /*@ assert hint_below: -1.0e196 <= below <= 1.0e196; */
  double l = mmax_sub(below, lse.log);
  /*@ assert hint_less: l == minus(below, lse.log); */
  /*@ assert hint_l: l == log_of(modulated(params, VALUE(row->logits.WORDS[i])), lse.row_max, lse.log); */
  mmax_put(log_probs, i, l);
  /*@ assert hint_entry: log_entry(l, log_probs.WORDS[i]); */
}

/* An entry is read before it is overwritten: the output may be the logits. */
/*@ requires  view:    \valid_read(row) && valid_view(row);
    requires  out:     STORED_AS(log_probs.storage) && \valid(log_probs.WORDS + (0 .. row->n - 1));
    requires  params:  \valid_read(params) && valid_params(params);
    requires  same:    log_probs.WORDS == row->logits.WORDS ||
                         \separated(log_probs.WORDS + (0 .. row->n - 1), row->logits.WORDS + (0 .. row->n - 1));
    requires  apart:   row->mask == \null || \separated(log_probs.WORDS + (0 .. row->n - 1), row->mask + (0 .. row->n - 1));
    requires  frame:   \separated(log_probs.WORDS + (0 .. row->n - 1), row);
    requires  top:     bounded(lse.row_max, 1.0e195) && fin(lse.log) && 0.0 <= lse.log <= 26.0;
    terminates \true;
    exits     \false;
    assigns   log_probs.WORDS[0 .. row->n - 1];
    ensures   masks:   masked_minus{Pre,Post}(row->logits.WORDS, row->mask, log_probs.WORDS, row->n);
    ensures   value:   logged{Pre,Post}(params, row->logits.WORDS, row->mask, log_probs.WORDS, lse.row_max, lse.log, row->n);
*/
static void write_logs(const mmax_params *params, const mmax_view *row, mmax_lse lse,
                       mmax_sink log_probs) {
  /*@ loop invariant range: 0 <= i <= row->n;
      loop invariant rest:  kept_from{Pre,Here}(row->logits.WORDS, i, row->n);
      loop invariant masks: masked_minus{Pre,Here}(row->logits.WORDS, row->mask, log_probs.WORDS, i);
      loop invariant value: logged{Pre,Here}(params, row->logits.WORDS, row->mask, log_probs.WORDS, lse.row_max, lse.log, i);
      loop assigns   i, log_probs.WORDS[0 .. row->n - 1];
      loop variant   row->n - i;
  */
  for (size_t i = 0; i < row->n; i++) {
    /*@ assert hint_entry: same_entry{Pre,Here}(row->logits.WORDS, i); */
    /*@ assert hint_taken: taken(row->logits.WORDS, row->mask, i) == taken{Pre}(row->logits.WORDS, row->mask, i); */
    /*@ assert hint_inside: log_probs.WORDS == row->logits.WORDS ==>
                              \forall integer k; i < k < row->n ==> \separated(log_probs.WORDS + i, row->logits.WORDS + k); */
    /*@ assert hint_outside: log_probs.WORDS != row->logits.WORDS ==>
                               \forall integer k; i < k < row->n ==> \separated(log_probs.WORDS + i, row->logits.WORDS + k); */
    write_log(params, row, i, lse, log_probs);
    /*@ assert hint_apart: \forall integer k; 0 <= k < i ==> log_probs.WORDS + k != log_probs.WORDS + i; */
    /*@ assert hint_minus: \forall integer k; 0 <= k < i ==>
                             MINUS_INF(\at(log_probs.WORDS[k], LoopCurrent)) ==> MINUS_INF(log_probs.WORDS[k]); */
    /*@ assert hint_nan: \forall integer k; 0 <= k < i ==>
                           NOT_A_NUMBER(log_probs.WORDS[k]) ==> NOT_A_NUMBER(\at(log_probs.WORDS[k], LoopCurrent)); */
    /*@ assert hint_finite: \forall integer k; 0 <= k < i ==>
                              FINITE(\at(log_probs.WORDS[k], LoopCurrent)) ==> FINITE(log_probs.WORDS[k]); */
    /*@ assert hint_equal: \forall integer k; 0 <= k < i ==>
                             SAME_VALUE(\at(log_probs.WORDS[k], LoopCurrent), log_probs.WORDS[k]); */
    /*@ assert hint_kept: kept{LoopCurrent,Here}(log_probs.WORDS, i); */
    /*@ assert hint_masked: !unmasked{Pre}(row->logits.WORDS, row->mask, i) ==> MINUS_INF(log_probs.WORDS[i]); */
    /*@ assert hint_value: unmasked{Pre}(row->logits.WORDS, row->mask, i) ==>
          log_entry(log_of(modulated{Pre}(params, VALUE(\at(row->logits.WORDS[\at(i, Here)], Pre))), lse.row_max, lse.log),
                    log_probs.WORDS[i]); */
    /*@ assert hint_after: kept_from{LoopCurrent,Here}(row->logits.WORDS, i + 1, row->n); */
    /*@ assert hint_rest: kept_from{Pre,Here}(row->logits.WORDS, i + 1, row->n); */
    /*@ assert hint_minus_entry: minus_entry{Pre,Here}(row->logits.WORDS, row->mask, log_probs.WORDS, i); */
    /*@ assert hint_logged_entry: logged_entry{Pre,Here}(params, row->logits.WORDS, row->mask, log_probs.WORDS, lse.row_max,
                                                         lse.log, i); */
    /*@ assert hint_masks: masked_minus{Pre,Here}(row->logits.WORDS, row->mask, log_probs.WORDS, i); */
    /*@ assert hint_values: logged{Pre,Here}(params, row->logits.WORDS, row->mask, log_probs.WORDS, lse.row_max, lse.log, i); */
    /*@ assert hint_masks_next: masked_minus{Pre,Here}(row->logits.WORDS, row->mask, log_probs.WORDS, i + 1); */
    /*@ assert hint_values_next: logged{Pre,Here}(params, row->logits.WORDS, row->mask, log_probs.WORDS, lse.row_max, lse.log,
                                                  i + 1); */
  }
}

mmax_status mmax_row_log_ref(const mmax_params *params, const mmax_view *row,
                             mmax_sink log_probs) {
  mmax_status state = mmax_view_state(row);
  if (state != MMAX_OK) {
    float fill = state == MMAX_ROW_MASKED ? mmax_minus_inf() : mmax_canonical_nan();
    mmax_view_fill(log_probs, row->n, fill);
    return state;
  }
  mmax_lse lse = mmax_row_lse(params, row);
  write_logs(params, row, lse, log_probs);
  return MMAX_OK;
}
