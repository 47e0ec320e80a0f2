/* SPDX-License-Identifier: Apache-2.0 */
/*
 * float16 and bfloat16 as 16-bit patterns, by arithmetic on whole numbers. A
 * finite pattern without its sign counts grid steps: in the binade of 2^e the
 * step is 2^(e - digits), and the count goes on without a gap from the
 * subnormals through every binade, up to the pattern of infinity.
 * specs/semantics.md#storage
 */
#ifndef MMAX_REF_STORAGE_H
#define MMAX_REF_STORAGE_H

#include "../multimax.h"
#include "arith.h"

typedef struct mmax_format {
  int digits;        /* of the fraction                     */
  int least;         /* exponent of the smallest normal     */
  unsigned one;      /* 2^digits: patterns of a binade      */
  unsigned infinity; /* pattern of +infinity                */
} mmax_format;

#ifdef __FRAMAC__
#include "storage.acsl"
#endif

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   digits:   \result.digits == digits_of(storage);
    ensures   least:    \result.least == least_of(storage);
    ensures   one:      \result.one == binade_of(storage);
    ensures   infinity: \result.infinity == infinity_of(storage);
    ensures   format:   is_format(\result.digits, \result.least, \result.one, \result.infinity);
*/
static inline mmax_format mmax_format_of(mmax_storage storage) {
  const mmax_format float16 = {10, -14, 1024u, 0x7c00u}, bfloat16 = {7, -126, 128u, 0x7f80u};
  return storage == MMAX_FLOAT16 ? float16 : bfloat16;
}

/* 0x8000 if the sign of v is minus, that of a zero too. Looks at bits, so it is
   trusted as the functions of primitives.h are. */
/*@ requires  number: !\is_NaN(v);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   sign:   \result == 0 || \result == 0x8000;
    ensures   minus:  \is_minus_infinity(v) || (fin(v) && v < 0.0) ==> \result == 0x8000;
    ensures   plus:   \is_plus_infinity(v) || (fin(v) && v > 0.0) ==> \result == 0;
*/
static inline unsigned mmax_sign16(double v);
#ifndef __FRAMAC__
static inline unsigned mmax_sign16(double v) { return (unsigned)(mmax_bits(v) >> 63) << 15; }
#endif

/* The e with 2^e <= a < 2^(e+1), but at least f.least. */
/*@ requires  format: is_format(f.digits, f.least, f.one, f.infinity);
    requires  range:  fin(a) && 0.0 <= a < p2(2 - f.least);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   binade: in_binade(f.least, a, \result);
*/
static inline int mmax_binade(mmax_format f, double a) {
  double least = mmax_pow2(f.least), raised = a > least ? a : least;
  /*@ assert hint_order: p2(f.least) < p2(2 - f.least); */
  /*@ assert hint_normal: p2(-1022) <= p2(f.least) <= raised < p2(2 - f.least) <= p2(1023); */
  int above = mmax_exponent_above(raised);
  /*@ assert hint_half: p2(above) == 2.0*p2(above - 1); */
  /*@ assert hint_least: p2(f.least) < p2(above); */
  /*@ assert hint_below: p2(above - 1) < p2(2 - f.least); */
  /*@ assert hint_tight: f.least < above - 1 ==> p2(f.least) < p2(above - 1); */
  /*@ assert hint_range: f.least <= above - 1 <= 1 - f.least; */
  /*@ assert hint_raised: a <= raised; */
  return above - 1;
}

/* a in units of 2^(e - digits), a below 2^(e+1). */
/*@ requires  format: is_format(f.digits, f.least, f.one, f.infinity);
    requires  range:  fin(a) && 0.0 <= a < p2(e + 1) && f.least <= e <= 1 - f.least;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  counts(a, e - f.digits, \result);
    ensures   range:  0 <= \result <= 2*f.one;
*/
static inline unsigned mmax_count(mmax_format f, double a, int e) {
  double power = mmax_pow2(e - f.digits + 50);
  /*@ assert hint_power: power == p2(e - f.digits + 50) && -200 <= e - f.digits + 50 <= 200; */
  /*@ assert hint_six: rnd64(6.0*p2(e - f.digits + 50)) == 6.0*p2(e - f.digits + 50); */
  /*@ assert hint_grid: is_grid(6.0*p2(e - f.digits + 50)); */
  double big = mmax_mul(6.0, power); /* steps of 2^(e - digits) */
  /*@ assert hint_big: big == 6.0*p2(e - f.digits + 50); */
  /*@ assert hint_half: f.digits == 10 ==> p2(e + 1) == 2048*p2(e - f.digits); */
  /*@ assert hint_byte: f.digits == 7 ==> p2(e + 1) == 256*p2(e - f.digits); */
  /*@ assert hint_order: p2(e + 1) <= p2(e - f.digits + 50); */
  int64_t q = mmax_quantise(a, big);
  /*@ assert hint_count: counts(a, e - f.digits, q); */
  /*@ assert hint_range_half: f.digits == 10 ==> 0 <= q <= 2048; */
  /*@ assert hint_range_byte: f.digits == 7 ==> 0 <= q <= 256; */
  return (unsigned)q;
}

/* The pattern of the magnitude nearest to a, ties to even; infinity from the
   middle between the largest finite value and the next power of two on. */
/*@ requires  format: is_format(f.digits, f.least, f.one, f.infinity);
    requires  range:  fin(a) && 0.0 <= a < p2(2 - f.least);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  rounds_to(f.digits, f.least, f.one, a, \result);
    ensures   range:  0 <= \result <= f.infinity;
*/
static inline unsigned mmax_round_magnitude(mmax_format f, double a) {
  int e = mmax_binade(f, a);
  unsigned q = mmax_count(f, a, e), binades = (unsigned)(e - f.least);
  /*@ assert hint_binades: binades == e - f.least <= 1 - 2*f.least; */
  /*@ assert hint_half: f.one == 1024 ==> binades*f.one == 1024*binades && binades <= 29 && f.infinity == 31744; */
  /*@ assert hint_byte: f.one == 128 ==> binades*f.one == 128*binades && binades <= 253 && f.infinity == 32640; */
  /*@ assert hint_which: f.one == 1024 || f.one == 128; */
  /*@ assert hint_places: 0 <= binades*f.one <= f.infinity - 2*f.one; */
  unsigned first = binades * f.one;
  /*@ assert hint_first: first == (e - f.least)*f.one; */
  /*@ assert hint_sum: first + q <= f.infinity; */
  /*@ assert hint_rounds: rounds_to(f.digits, f.least, f.one, a, first + q); */
  return first + q;
}

/* The same of the magnitude of v. */
/*@ requires  format: is_format(f.digits, f.least, f.one, f.infinity);
    requires  number: !\is_NaN(v);
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   plus:   fin(v) ==> v >= 0.0 ==> narrowed_magnitude(f.digits, f.least, f.one, f.infinity, v, \result);
    ensures   minus:  fin(v) ==> v <= 0.0 ==> narrowed_magnitude(f.digits, f.least, f.one, f.infinity, -v, \result);
    ensures   beyond: !fin(v) ==> \result == f.infinity;
    ensures   range:  0 <= \result <= f.infinity;
*/
static inline unsigned mmax_round_size(mmax_format f, double v) {
  double next = mmax_pow2(2 - f.least), low = -next; /* the next power of two */
  /*@ assert hint_low: fin(low) && low < 0.0 && low == -next; */
  if (v >= next || v <= low) return f.infinity;
  /*@ assert hint_finite: fin(v) && low < v < next; */
  return mmax_round_magnitude(f, v < 0.0 ? -v : v);
}

/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   nan:    \is_NaN(v) ==> \result == nan_of(storage);
    ensures   plus:   \is_plus_infinity(v) ==> \result == infinity_of(storage);
    ensures   minus:  \is_minus_infinity(v) ==> \result == 32768 + infinity_of(storage);
    ensures   value:  fin(v) ==> narrowed(storage, v, \result);
*/
static inline uint16_t mmax_narrow16(mmax_storage storage, double v) {
  mmax_format f = mmax_format_of(storage);
  if (v != v) return (uint16_t)(f.infinity + f.one / 2u);
  unsigned sign = mmax_sign16(v), pattern = mmax_round_size(f, v);
  /*@ assert hint_sign: fin(v) ==> (sign == 0 && v >= 0.0) || (sign == 32768 && v <= 0.0); */
  /*@ assert hint_plus: fin(v) ==> v >= 0.0 ==> narrowed_size(storage, v, pattern); */
  /*@ assert hint_minus: fin(v) ==> v <= 0.0 ==> narrowed_size(storage, -v, pattern); */
  return (uint16_t)(sign + pattern);
}

/* count * 2^unit. */
/*@ requires  exact:  count_exact(count, unit) && -200 <= unit <= 200;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  fin(\result) && \result == count*p2(unit);
*/
static inline double mmax_scaled(unsigned count, int unit) {
  double c = mmax_u64_to_double(count), power = mmax_pow2(unit);
  /*@ assert hint_count: c == count; */
  /*@ assert hint_product: rounded_product(c, power) == rounded_product(count, p2(unit)); */
  return mmax_mul(c, power);
}

/* The value of the pattern of a finite magnitude. */
/*@ requires  format: is_format(f.digits, f.least, f.one, f.infinity);
    requires  finite: pattern < f.infinity;
    terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   value:  fin(\result) && \result == magnitude_of(f.one, f.least - f.digits, pattern);
    ensures   range:  0.0 <= \result <= 3.4e38;
    ensures   exact:  rnd32(\result) == \result;
*/
static inline double mmax_magnitude(mmax_format f, unsigned pattern) {
  unsigned binade = pattern / f.one, rest = pattern % f.one;
  int unit = f.least - f.digits;
  /*@ assert hint_half: f.one == 1024 ==> pattern == 1024*binade + rest && rest < 1024 && unit == -24 && binade <= 30; */
  /*@ assert hint_byte: f.one == 128 ==> pattern == 128*binade + rest && rest < 128 && unit == -133 && binade <= 254; */
  /*@ assert hint_parts: binade == pattern / f.one && rest == pattern % f.one; */
  /*@ assert hint_first: binade == 0 ==> count_exact(pattern, unit); */
  if (binade == 0) return mmax_scaled(pattern, unit);
  unit = unit + (int)binade - 1;
  /*@ assert hint_other: count_exact(rest + f.one, unit); */
  unsigned count = rest + f.one;
  /*@ assert hint_count: count == pattern % f.one + f.one && unit == f.least - f.digits + pattern / f.one - 1; */
  return mmax_scaled(count, unit);
}

/* Exact; every NaN becomes the canonical one. */
/*@ terminates \true;
    exits     \false;
    assigns   \nothing;
    ensures   nan:    nan_pattern(storage, bits) ==> \is_NaN(\result);
    ensures   plus:   bits == infinity_of(storage) ==> \is_plus_infinity(\result);
    ensures   minus:  bits == 32768 + infinity_of(storage) ==> \is_minus_infinity(\result);
    ensures   finite: finite_pattern(storage, bits) ==> finf(\result) && \result == pattern_value(storage, bits);
*/
static inline float mmax_widen_bits(mmax_storage storage, uint16_t bits) {
  mmax_format f = mmax_format_of(storage);
  unsigned pattern = bits % 0x8000u;
  /*@ assert hint_pattern: pattern == (bits < 32768 ? bits : bits - 32768); */
  if (pattern > f.infinity) return mmax_canonical_nan();
  if (pattern == f.infinity) return bits > pattern ? mmax_minus_inf() : mmax_plus_inf();
  float magnitude = mmax_narrow(mmax_magnitude(f, pattern));
  return bits > pattern ? -magnitude : magnitude;
}

#endif
