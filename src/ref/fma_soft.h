/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x*y + z rounded once to nearest even, in integer arithmetic, for processors
 * without a fused multiply-add. Finite arguments; used only where the result
 * is finite. 192-bit fixed window: the 106-bit product and the addend are
 * aligned to it, what falls off below is kept as one sticky bit.
 */
#ifndef MMAX_REF_FMA_SOFT_H
#define MMAX_REF_FMA_SOFT_H

#include <stdint.h>

typedef struct mmax_wide {
  uint64_t w[3]; /* little-endian 192 bits */
} mmax_wide;

/* Value = mantissa * 2^exponent, mantissa < 2^53. */
typedef struct mmax_unpacked {
  uint64_t mantissa;
  int exponent, negative;
} mmax_unpacked;

static inline mmax_unpacked mmax_unpack(double v) {
  uint64_t b = mmax_bits(v);
  int e = (int)(b >> 52) & 0x7ff;
  uint64_t m = b & 0xfffffffffffffu;
  mmax_unpacked u = {e == 0 ? m : m | 0x10000000000000u, e == 0 ? -1074 : e - 1075,
                     (int)(b >> 63)};
  return u;
}

/* a * 2^shift, shift <= 191 - bits(a); shift < 0 shifts out to a sticky low bit. */
static inline mmax_wide mmax_wide_shift(uint64_t hi, uint64_t lo, int shift) {
  mmax_wide r = {{lo, hi, 0}};
  for (; shift >= 64; shift -= 64) {
    r.w[2] = r.w[1];
    r.w[1] = r.w[0];
    r.w[0] = 0;
  }
  for (; shift > 0; shift--) {
    r.w[2] = r.w[2] << 1 | r.w[1] >> 63;
    r.w[1] = r.w[1] << 1 | r.w[0] >> 63;
    r.w[0] <<= 1;
  }
  if (shift < -192) shift = -192;
  for (; shift < 0; shift++) {
    uint64_t sticky = r.w[0] & 1;
    r.w[0] = (r.w[0] >> 1 | r.w[1] << 63) | sticky;
    r.w[1] = r.w[1] >> 1 | r.w[2] << 63;
    r.w[2] >>= 1;
  }
  return r;
}

static inline int mmax_wide_less(mmax_wide a, mmax_wide b) {
  for (int i = 2; i > 0; i--)
    if (a.w[i] != b.w[i]) return a.w[i] < b.w[i];
  return a.w[0] < b.w[0];
}

static inline mmax_wide mmax_wide_add(mmax_wide a, mmax_wide b) {
  mmax_wide r;
  uint64_t carry = 0;
  for (int i = 0; i < 3; i++) {
    uint64_t s = a.w[i] + b.w[i];
    r.w[i] = s + carry;
    carry = (uint64_t)(s < a.w[i]) | (uint64_t)(r.w[i] < s);
  }
  return r;
}

static inline mmax_wide mmax_wide_sub(mmax_wide a, mmax_wide b) {
  mmax_wide r;
  uint64_t borrow = 0;
  for (int i = 0; i < 3; i++) {
    uint64_t d = a.w[i] - b.w[i];
    r.w[i] = d - borrow;
    borrow = (uint64_t)(a.w[i] < b.w[i]) | (uint64_t)(d < borrow);
  }
  return r;
}

/* Magnitude a * 2^exponent, rounded to nearest even. */
static inline double mmax_wide_round(mmax_wide a, int exponent, int negative) {
  int top = 191;
  while (top >= 0 && !(a.w[top / 64] >> (top % 64) & 1)) top--;
  uint64_t sign = (uint64_t)negative << 63;
  if (top < 0) return mmax_from_bits(sign);
  /* lowest bit kept: 53 bits, fewer for subnormals */
  int drop = top - 52;
  if (exponent + drop < -1074) drop = -1074 - exponent;
  mmax_wide kept = a;
  uint64_t half = 0, below = 0;
  for (int i = 0; i < drop; i++) {
    below |= half;
    half = kept.w[0] & 1;
    kept.w[0] = kept.w[0] >> 1 | kept.w[1] << 63;
    kept.w[1] = kept.w[1] >> 1 | kept.w[2] << 63;
    kept.w[2] >>= 1;
  }
  uint64_t m = kept.w[0];
  for (int i = 0; i > drop; i--) m <<= 1;
  int e = exponent + drop;
  m += half & (below | (m & 1));
  if (m >> 53) {
    m >>= 1;
    e++;
  }
  if (m >> 52) {
    if (e + 1075 >= 0x7ff) return mmax_from_bits(sign | 0x7ff0000000000000u);
    return mmax_from_bits(sign | (uint64_t)(e + 1075) << 52 | (m & 0xfffffffffffffu));
  }
  return mmax_from_bits(sign | m);
}

static inline double mmax_fma_soft(double x, double y, double z) {
  mmax_unpacked a = mmax_unpack(x), b = mmax_unpack(y), c = mmax_unpack(z);
  int negative = a.negative ^ b.negative;
  if (a.mantissa == 0 || b.mantissa == 0) {
    if (c.mantissa != 0) return z;
    return mmax_from_bits((uint64_t)(negative & c.negative) << 63);
  }
  /* 106-bit product in two words */
  uint64_t al = a.mantissa & 0xffffffffu, ah = a.mantissa >> 32;
  uint64_t bl = b.mantissa & 0xffffffffu, bh = b.mantissa >> 32;
  uint64_t mid = ah * bl + (al * bl >> 32), mid2 = al * bh + (mid & 0xffffffffu);
  uint64_t lo = mid2 << 32 | (al * bl & 0xffffffffu);
  uint64_t hi = ah * bh + (mid >> 32) + (mid2 >> 32);
  int ep = a.exponent + b.exponent;
  if (c.mantissa == 0) return mmax_wide_round(mmax_wide_shift(hi, lo, 0), ep, negative);
  /* The window's lowest bit. A larger exponent is brought down by at most 80
     bits (106 + 80 < 192); beyond that the other number is below its half ulp
     and only its sticky bit matters. */
  int low = ep < c.exponent ? ep : c.exponent;
  int high = ep < c.exponent ? c.exponent : ep;
  if (high - low > 80) low = high - 80;
  mmax_wide p = mmax_wide_shift(hi, lo, ep - low);
  mmax_wide q = mmax_wide_shift(0, c.mantissa, c.exponent - low);
  if (negative == c.negative) return mmax_wide_round(mmax_wide_add(p, q), low, negative);
  if (mmax_wide_less(p, q)) return mmax_wide_round(mmax_wide_sub(q, p), low, c.negative);
  mmax_wide d = mmax_wide_sub(p, q);
  if ((d.w[0] | d.w[1] | d.w[2]) == 0) return 0.0;
  return mmax_wide_round(d, low, negative);
}

#endif
