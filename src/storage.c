/* SPDX-License-Identifier: Apache-2.0 */
/* Single 16-bit values, whatever the caller's floating-point environment. */
#include "fpenv.h"
#include "ref/storage.h"

uint16_t mmax_round16(mmax_storage storage, double v) {
  mmax_fpenv saved = mmax_fpenv_enter();
  volatile double pinned = v;
  volatile uint16_t bits = mmax_narrow16(storage, pinned);
  mmax_fpenv_leave(saved);
  return bits;
}

float mmax_widen16(mmax_storage storage, uint16_t bits) {
  mmax_fpenv saved = mmax_fpenv_enter();
  volatile uint16_t pinned = bits;
  volatile float v = mmax_widen_bits(storage, pinned);
  mmax_fpenv_leave(saved);
  return v;
}
