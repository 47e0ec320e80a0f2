/* SPDX-License-Identifier: Apache-2.0 */
/* row.h for rows of 16-bit patterns: each entry is widened where it is looked at. */
#ifndef MMAX_REF_ROW16_H
#define MMAX_REF_ROW16_H

#include "row.h"
#include "storage.h"

#ifdef __FRAMAC__
#include "row16.acsl"
#endif

/* The class of an entry; MMAX_MINUS_INF if the mask hides it. */
/*@ requires  read:   \valid_read(x + i) && (mask == \null || \valid_read(mask + i));
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   finite: \result == MMAX_FINITE <==> unmasked16(storage, x, mask, i);
    ensures   bad:    \result == MMAX_NAN_OR_PLUS_INF <==> bad_entry16(storage, x, mask, i);
*/
static inline enum mmax_class mmax_class16(mmax_storage storage, const uint16_t *x,
                                           const uint8_t *mask, size_t i) {
  if (mask != NULL && mask[i] != 0) return MMAX_MINUS_INF;
  return mmax_classify(mmax_widen_bits(storage, x[i]));
}

/* sigma of a finite entry. */
/*@ requires  read:   \valid_read(x + i) && finite_pattern(storage, x[i]);
    requires  params: \valid_read(params) && valid_params(params);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  bounded(\result, 1.0e195) && \result == sigma16(params, storage, x, i);
*/
static inline double mmax_sigma16(const mmax_params *params, mmax_storage storage,
                                  const uint16_t *x, size_t i) {
  return mmax_modulated(params, mmax_widen_bits(storage, x[i]));
}

/* exp(sigma - row_max) of a finite entry, in [0, 1]. */
/*@ requires  read:   \valid_read(x + i) && finite_pattern(storage, x[i]);
    requires  params: \valid_read(params) && valid_params(params);
    requires  top:    bounded(row_max, 1.0e195) && sigma16(params, storage, x, i) <= row_max;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  fin(\result) && \result == weight16(params, storage, x, i, row_max);
    ensures   unit:   0.0 <= \result <= 1.0;
    ensures   top:    sigma16(params, storage, x, i) == row_max ==> \result == 1.0;
*/
static inline double mmax_weight16(const mmax_params *params, mmax_storage storage,
                                   const uint16_t *x, size_t i, double row_max) {
  float v = mmax_widen_bits(storage, x[i]);
  /*@ assert hint_value: sigma16(params, storage, x, i) == modulated(params, v); */
  /*@ assert hint_weight: weight16(params, storage, x, i, row_max) == weight(params, v, row_max); */
  return mmax_weight(params, v, row_max);
}

/* MMAX_OK, MMAX_ROW_MASKED or MMAX_ROW_NONFINITE. */
/*@ requires  row:       valid_row16(x, mask, n);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   status:    \result == MMAX_OK || \result == MMAX_ROW_MASKED || \result == MMAX_ROW_NONFINITE;
    ensures   nonfinite: \result == MMAX_ROW_NONFINITE <==> !none_bad16(storage, x, mask, n);
    ensures   masked:    \result == MMAX_ROW_MASKED <==> none_bad16(storage, x, mask, n) && all_masked16(storage, x, mask, n);
*/
mmax_status mmax_row16_state(mmax_storage storage, const uint16_t *x, const uint8_t *mask, size_t n);

/* Index of the first unmasked entry with the largest sigma; n if there is none. */
/*@ requires  row:    valid_row16(x, mask, n);
    requires  params: \valid_read(params) && valid_params(params);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   range:  \result <= n;
    ensures   none:   \result == n ==> all_masked16(storage, x, mask, n);
    ensures   member: \result < n ==> unmasked16(storage, x, mask, \result);
    ensures   top:    \result < n ==> is_top16(params, storage, x, mask, n, sigma16(params, storage, x, \result));
*/
size_t mmax_row16_argmax(const mmax_params *params, mmax_storage storage, const uint16_t *x,
                         const uint8_t *mask, size_t n);

/* Sum of the weights in units of 2^-50, exact. */
/*@ requires  row:    valid_row16(x, mask, n);
    requires  params: \valid_read(params) && valid_params(params);
    requires  top:    bounded(row_max, 1.0e195) && is_top16(params, storage, x, mask, n, row_max);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   exact:  sum_weight(\result) == count_sum16(params, storage, x, mask, row_max, n);
    ensures   most:   sum_count(\result) <= n*1125899906842624;
    ensures   least:  \forall integer i; 0 <= i < n ==> unmasked16(storage, x, mask, i) ==>
                        sigma16(params, storage, x, i) == row_max ==> sum_count(\result) >= 1125899906842624;
    ensures   error:  count_close(n, sum_weight(\result), weight_sum16(params, storage, x, mask, row_max, n));
*/
mmax_sum mmax_row16_sum(const mmax_params *params, mmax_storage storage, const uint16_t *x,
                        const uint8_t *mask, size_t n, double row_max);

/*@ requires  out:    \valid(out + (0 .. n-1));
    terminates \true;
    exits     \false;
    assigns   out[0 .. n-1];
    ensures   value:  \forall integer i; 0 <= i < n ==> out[i] == bits;
*/
void mmax_row16_fill(uint16_t *out, size_t n, uint16_t bits);

#endif
