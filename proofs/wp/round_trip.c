/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from the contracts of multimax.h alone: bytes give back the accumulator that was stored. Not part of the library. */
#include "multimax.h"

/*@ requires  from:   \valid_read(from);
    requires  into:   \valid(into);
    requires  bytes:  \valid(bytes + (0 .. 1303));
    requires  apart:  \separated(from, into, bytes + (0 .. 1303));
    terminates \true;
    exits     \false;
    assigns   *into, bytes[0 .. 1303];
    ensures   ok:     \result == MMAX_OK;
    ensures   limbs:  \forall integer j, i; 0 <= j < 10 ==> 0 <= i < 16 ==> into->limb[j][i] == from->limb[j][i];
    ensures   rows:   into->rows == from->rows && into->nonfinite_rows == from->nonfinite_rows;
*/
mmax_status round_trip(const mmax_accumulator *from, mmax_accumulator *into, uint8_t *bytes) {
  mmax_accumulator_store(from, bytes);
  /*@ assert hint_head: is_head(bytes); */
  return mmax_accumulator_load(into, bytes);
}
