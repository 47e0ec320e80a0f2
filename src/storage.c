/* SPDX-License-Identifier: Apache-2.0 */
/* Single 16-bit values, whatever the caller's floating-point environment. */
#include "fpenv.h"
#include "ref/storage.h"

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   nan:     \is_NaN(v) ==> \result == nan_of(storage);
    ensures   plus:    \is_plus_infinity(v) ==> \result == infinity_of(storage);
    ensures   minus:   \is_minus_infinity(v) ==> \result == 32768 + infinity_of(storage);
    ensures   value:   fin(v) ==> narrowed(storage, v, \result);
    ensures   rounded: fin(v) ==> finite_pattern(storage, \result) ==>
                         pattern_value(storage, \result) == rnd_to(digits_of(storage), least_of(storage), v);
*/
uint16_t mmax_round16(mmax_storage storage, double v) {
  mmax_fpenv saved = mmax_fpenv_enter();
  double pinned = mmax_fpenv_pin(v);
  uint16_t bits = mmax_fpenv_pin16(mmax_narrow16(storage, pinned));
  mmax_fpenv_leave(saved);
  return bits;
}

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   nan:     nan_pattern(storage, bits) ==> \is_NaN(\result);
    ensures   plus:    bits == infinity_of(storage) ==> \is_plus_infinity(\result);
    ensures   minus:   bits == 32768 + infinity_of(storage) ==> \is_minus_infinity(\result);
    ensures   finite:  finite_pattern(storage, bits) ==> finf(\result) && \result == pattern_value(storage, bits);
*/
float mmax_widen16(mmax_storage storage, uint16_t bits) {
  mmax_fpenv saved = mmax_fpenv_enter();
  uint16_t pinned = mmax_fpenv_pin16(bits);
  float v = mmax_fpenv_pin32(mmax_widen_bits(storage, pinned));
  mmax_fpenv_leave(saved);
  return v;
}
