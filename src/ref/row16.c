/* SPDX-License-Identifier: Apache-2.0 */
#include "row16.h"

mmax_status mmax_row16_state(mmax_storage storage, const uint16_t *x, const uint8_t *mask,
                             size_t n) {
  int any = 0;
  /*@ loop invariant range: 0 <= i <= n;
      loop invariant fine:  none_bad16(storage, x, mask, i);
      loop invariant none:  any == 0 ==> all_masked16(storage, x, mask, i);
      loop invariant some:  any != 0 ==> \exists integer k; 0 <= k < i && unmasked16(storage, x, mask, k);
      loop assigns   i, any;
      loop variant   n - i;
  */
  for (size_t i = 0; i < n; i++) {
    enum mmax_class c = mmax_class16(storage, x, mask, i);
    if (c == MMAX_NAN_OR_PLUS_INF) return MMAX_ROW_NONFINITE;
    if (c == MMAX_FINITE) any = 1;
  }
  return any ? MMAX_OK : MMAX_ROW_MASKED;
}

size_t mmax_row16_argmax(const mmax_params *params, mmax_storage storage, const uint16_t *x,
                         const uint8_t *mask, size_t n) {
  size_t at = n;
  double max = 0.0;
  /*@ loop invariant range:  0 <= i <= n && (at < i || at == n);
      loop invariant none:   at == n ==> all_masked16(storage, x, mask, i);
      loop invariant member: at < n ==> unmasked16(storage, x, mask, at);
      loop invariant max:    at < n ==> fin(max) && max == sigma16(params, storage, x, at);
      loop invariant top:    at < n ==> is_top16(params, storage, x, mask, i, max);
      loop assigns   i, at, max;
      loop variant   n - i;
  */
  for (size_t i = 0; i < n; i++) {
    if (mmax_class16(storage, x, mask, i) != MMAX_FINITE) continue;
    double s = mmax_sigma16(params, storage, x, i);
    if (at == n || s > max) {
      max = s;
      at = i;
    }
  }
  return at;
}

mmax_sum mmax_row16_sum(const mmax_params *params, mmax_storage storage, const uint16_t *x,
                        const uint8_t *mask, size_t n, double row_max) {
  mmax_sum sum = {0, 0};
  /*@ loop invariant range: 0 <= i <= n;
      loop invariant exact: sum_weight(sum) == count_sum16(params, storage, x, mask, row_max, i);
      loop invariant most:  0 <= sum_count(sum) <= i*1125899906842624;
      loop invariant least: \forall integer k; 0 <= k < i ==> unmasked16(storage, x, mask, k) ==>
                              sigma16(params, storage, x, k) == row_max ==> sum_count(sum) >= 1125899906842624;
      loop invariant error: count_close(i, sum_weight(sum), weight_sum16(params, storage, x, mask, row_max, i));
      loop assigns   i, sum;
      loop variant   n - i;
  */
  for (size_t i = 0; i < n; i++) {
    /*@ assert hint_room: sum.hi <= 131072; */
    if (mmax_class16(storage, x, mask, i) == MMAX_FINITE) {
      /*@ assert hint_top: sigma16(params, storage, x, i) <= row_max; */
      double e = mmax_weight16(params, storage, x, i, row_max);
      uint64_t q = mmax_weight_count(e);
      /*@ assert hint_count: count_sum16(params, storage, x, mask, row_max, i + 1) ==
                             count_sum16(params, storage, x, mask, row_max, i) + q*0x1p-50; */
      /*@ assert hint_weight: weight_sum16(params, storage, x, mask, row_max, i + 1) ==
                              weight_sum16(params, storage, x, mask, row_max, i) + e; */
      /*@ assert hint_step: count_close(i + 1.0, sum_weight(sum) + q*0x1p-50,
                                        weight_sum16(params, storage, x, mask, row_max, i) + e); */
      /*@ assert hint_value: (sum_count(sum) + q)*0x1p-50 == sum_weight(sum) + q*0x1p-50; */
      sum = mmax_sum_add(sum, q);
    } else {
      /*@ assert hint_skip_count: count_sum16(params, storage, x, mask, row_max, i + 1) ==
                                  count_sum16(params, storage, x, mask, row_max, i); */
      /*@ assert hint_skip_weight: weight_sum16(params, storage, x, mask, row_max, i + 1) ==
                                   weight_sum16(params, storage, x, mask, row_max, i); */
      /*@ assert hint_skip: count_close(i + 1.0, sum_weight(sum), weight_sum16(params, storage, x, mask, row_max, i)); */
    }
  }
  return sum;
}

void mmax_row16_fill(uint16_t *out, size_t n, uint16_t bits) {
  /*@ loop invariant range:  0 <= i <= n;
      loop invariant value:  \forall integer k; 0 <= k < i ==> out[k] == bits;
      loop assigns   i, out[0 .. n-1];
      loop variant   n - i;
  */
  for (size_t i = 0; i < n; i++) out[i] = bits;
}
