/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all row kernels share: which entries take part, the row's maximum and
 * its exponential sum. Weights are recomputed instead of stored: the reference
 * needs no scratch memory.
 */
#ifndef MMAX_REF_ROW_H
#define MMAX_REF_ROW_H

#include "../multimax.h"
#include "exp.h"
#include "modulator.h"
#include "sum.h"

#ifdef __FRAMAC__
#include "row.acsl"
#include "words.h"
#endif

/* The class of an entry; MMAX_MINUS_INF if the mask hides it. */
/*@ requires  read:   \valid_read(x + i) && (mask == \null || \valid_read(mask + i));
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: \result == MMAX_FINITE <==> unmasked(x, mask, i);
    ensures   bad:    \result == MMAX_NAN_OR_PLUS_INF <==> bad_entry(x, mask, i);
*/
static inline enum mmax_class mmax_entry_class(const float *x, const uint8_t *mask, size_t i) {
  if (mask != NULL && mask[i] != 0) return MMAX_MINUS_INF;
  return mmax_classify(x[i]);
}

/* Takes part in the row. Rows with NaN or +inf were sorted out before, so a
   non-finite logit here is -inf: masked. */
/*@ requires  read:   \valid_read(x + i) && (mask == \null || \valid_read(mask + i));
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result != 0 <==> unmasked(x, mask, i);
    ensures   finite: \result != 0 ==> \is_finite(x[i]);
*/
static inline int mmax_unmasked(const float *x, const uint8_t *mask, size_t i) {
  return (mask == NULL || mask[i] == 0) && mmax_classify(x[i]) == MMAX_FINITE;
}

/* fl(s - m), m the largest of the row. */
/*@ requires  range:  bounded(s, 1.0e195) && bounded(m, 1.0e195) && s <= m;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  fin(\result) && \result == rnd64(s - m);
    ensures   sign:   \result <= 0.0;
    ensures   top:    s == m ==> \result == 0.0;
*/
static inline double mmax_below(double s, double m) {
  double d = mmax_sub(s, m);
  /*@ assert hint_mono: rnd64(s - m) <= rnd64(0.0); */
  return d;
}

/* exp(sigma(x) - row_max), in [0, 1]. */
/*@ requires  params: \valid_read(params) && valid_params(params);
    requires  range:  finf(x) && bounded(row_max, 1.0e195) && modulated(params, x) <= row_max;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  fin(\result) && \result == weight(params, x, row_max);
    ensures   unit:   0.0 <= \result <= 1.0;
    ensures   top:    modulated(params, x) == row_max ==> \result == 1.0;
*/
static inline double mmax_weight(const mmax_params *params, float x, double row_max) {
  double s = mmax_modulated(params, x);
  double d = mmax_below(s, row_max);
  /*@ assert hint_d: d == rnd64(modulated(params, x) - row_max); */
  return mmax_exp(d);
}

/* A weight in units of 2^-50. */
/*@ requires  range:  fin(e) && 0.0 <= e <= 1.0;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  \result*0x1p-50 == quant(e, 6.0);
    ensures   range:  0 <= \result <= 1125899906842624;
    ensures   error:  count_close(1.0, \result*0x1p-50, e);
    ensures   one:    e == 1.0 ==> \result == 1125899906842624;
*/
static inline uint64_t mmax_weight_count(double e) {
  const double six = 6.0;
  /*@ assert hint_six: fin(six) && six == 6.0 && is_grid(six); */
  /*@ assert hint_unit: quant_unit(e); */
  int64_t q = mmax_quantise(e, six);
  /*@ assert hint_count: steps(q, six) == q*0x1p-50; */
  return (uint64_t)q;
}

/* MMAX_OK, MMAX_ROW_MASKED or MMAX_ROW_NONFINITE. */
/*@ requires  row:       valid_row(x, mask, n);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   status:    \result == MMAX_OK || \result == MMAX_ROW_MASKED || \result == MMAX_ROW_NONFINITE;
    ensures   nonfinite: \result == MMAX_ROW_NONFINITE <==> !none_bad(x, mask, n);
    ensures   masked:    \result == MMAX_ROW_MASKED <==> none_bad(x, mask, n) && all_masked(x, mask, n);
*/
mmax_status mmax_row_state(const float *x, const uint8_t *mask, size_t n);

/* Index of the first unmasked entry with the largest sigma; n if there is none. */
/*@ requires  row:    valid_row(x, mask, n);
    requires  params: \valid_read(params) && valid_params(params);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  \result <= n;
    ensures   none:   \result == n ==> all_masked(x, mask, n);
    ensures   member: \result < n ==> unmasked(x, mask, \result) && \is_finite(x[\result]);
    ensures   top:    \result < n ==> is_top(params, x, mask, n, modulated(params, x[\result]));
*/
size_t mmax_row_argmax(const mmax_params *params, const float *x, const uint8_t *mask, size_t n);

/* Sum of the weights in units of 2^-50, exact. */
/*@ requires  row:    valid_row(x, mask, n);
    requires  params: \valid_read(params) && valid_params(params);
    requires  top:    bounded(row_max, 1.0e195) && is_top(params, x, mask, n, row_max);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact:  sum_weight(\result) == count_sum(params, x, mask, row_max, n);
    ensures   most:   sum_count(\result) <= n*1125899906842624;
    ensures   least:  \forall integer i; 0 <= i < n ==> unmasked(x, mask, i) ==>
                        modulated(params, x[i]) == row_max ==> sum_count(\result) >= 1125899906842624;
    ensures   error:  count_close(n, sum_weight(\result), weight_sum(params, x, mask, row_max, n));
*/
mmax_sum mmax_row_sum(const mmax_params *params, const float *x, const uint8_t *mask, size_t n,
                      double row_max);

/*@ requires  out:    \valid(out + (0 .. n-1));
    terminates \true;
    exits     \false;
    assigns   out[0 .. n-1];
    ensures   nan:    \is_NaN(value) ==> \forall integer i; 0 <= i < n ==> \is_NaN(out[i]);
    ensures   finite: \is_finite(value) ==> \forall integer i; 0 <= i < n ==> \is_finite(out[i]) && out[i] == value;
    ensures   minus:  \is_minus_infinity(value) ==> \forall integer i; 0 <= i < n ==> \is_minus_infinity(out[i]);
*/
void mmax_row_fill(float *out, size_t n, float value);

#endif
