/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cvt, one value at a time. Every finite source is sign * mantissa * 2^exponent with a 64-bit mantissa; the target is
 * reached by one rounding of that exact value, so no double rounding can occur.
 */
#include "convert.h"
#include "exec.h"

struct format { int precision, min_exponent, max_exponent; unsigned bits; };    /* value exponents of the lowest set bit */

static struct format format_of(enum type t)
{
    switch (t) {
    case T_F16: return (struct format){11, -24, 15, 16};
    case T_BF16: return (struct format){8, -133, 127, 16};
    case T_F32: return (struct format){24, -149, 127, 32};
    default: return (struct format){53, -1074, 1023, 64};
    }
}

struct exact { bool negative, nan, infinite; uint64_t mantissa; int exponent; };

static struct exact unpack_float(enum type t, uint64_t bits)
{
    struct format f = format_of(t);
    int fraction_bits = f.precision - 1;
    uint64_t fraction = bits & ((UINT64_C(1) << fraction_bits) - 1);
    unsigned top = (1u << (f.bits - (unsigned)f.precision)) - 1;
    unsigned e = (unsigned)(bits >> fraction_bits) & top;
    struct exact x = {.negative = bits >> (f.bits - 1) & 1, .nan = e == top && fraction, .infinite = e == top && !fraction};
    x.mantissa = e ? fraction | UINT64_C(1) << fraction_bits : fraction;
    x.exponent = f.min_exponent + (e ? (int)e - 1 : 0);
    return x;
}

/* Does a discarded part (half: its top bit, rest: anything below) round the magnitude up? */
static bool rounds_up(int rounding, bool negative, bool odd, bool half, bool rest)
{
    switch (rounding) {
    case R_NEAREST: return half && (rest || odd);
    case R_ZERO: return false;
    case R_DOWN: return negative && (half || rest);
    default: return !negative && (half || rest);
    }
}

/* mantissa / 2^shift, rounded; shift may exceed 64. */
static uint64_t shift_rounded(uint64_t m, int shift, int rounding, bool negative)
{
    if (shift <= 0)
        return m << -shift;
    uint64_t kept = shift >= 64 ? 0 : m >> shift;
    bool half = shift <= 64 && (m >> (shift - 1) & 1);
    bool rest = shift > 64 ? m != 0 : (m & ((UINT64_C(1) << (shift - 1)) - 1)) != 0;
    return kept + rounds_up(rounding, negative, kept & 1, half, rest);
}

static uint64_t canonical_nan(enum type t, uint64_t nan64)
{
    return t == T_F64 ? nan64 : t == T_F32 ? 0x7fffffff : 0x7fff;
}

static uint64_t pack_float(enum type t, struct exact x, int rounding)
{
    struct format f = format_of(t);
    int fraction_bits = f.precision - 1;
    uint64_t sign = (uint64_t)x.negative << (f.bits - 1);
    uint64_t infinity = ((UINT64_C(1) << (f.bits - (unsigned)f.precision)) - 1) << fraction_bits;
    if (x.infinite)
        return sign | infinity;
    if (x.mantissa == 0)
        return sign;
    int width = 64 - __builtin_clzll(x.mantissa);
    int lowest = x.exponent + width - f.precision;      /* exponent of the last bit kept */
    if (lowest < f.min_exponent)
        lowest = f.min_exponent;
    uint64_t m = shift_rounded(x.mantissa, lowest - x.exponent, rounding, x.negative);
    if (m >> f.precision) {
        m >>= 1;
        lowest++;
    }
    if (lowest + fraction_bits > f.max_exponent) {      /* overflow: infinity or the largest number */
        bool to_infinity = rounding == R_NEAREST || rounding == (x.negative ? R_DOWN : R_UP);
        return sign | (to_infinity ? infinity : infinity - 1);
    }
    uint64_t biased = m >> fraction_bits ? (uint64_t)(lowest - f.min_exponent + 1) : 0;
    return sign | biased << fraction_bits | (m & ((UINT64_C(1) << fraction_bits) - 1));
}

static struct exact unpack_integer(enum type t, uint64_t bits)
{
    unsigned width = 8 * type_size(t);
    uint64_t all = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
    bits &= all;
    bool negative = type_is_signed(t) && bits >> (width - 1) & 1;
    return (struct exact){.negative = negative, .mantissa = negative ? (0 - bits) & all : bits};
}

/* Clamps to the range of the target, as PTX does for float sources and for .sat. */
static uint64_t clamp_integer(enum type t, bool negative, uint64_t magnitude, bool huge)
{
    unsigned width = 8 * type_size(t);
    uint64_t all = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1, top = UINT64_C(1) << (width - 1);
    if (!type_is_signed(t))
        return negative ? 0 : huge || magnitude > all ? all : magnitude;
    if (negative)
        return huge || magnitude > top ? top : (0 - magnitude) & all;
    return huge || magnitude > top - 1 ? top - 1 : magnitude;
}

static uint64_t float_to_integer(const struct conversion *c, struct exact x)
{
    if (x.nan)
        return c->from != T_F64 && type_size(c->to) != 8 ? 0 : UINT64_C(1) << (8 * type_size(c->to) - 1);
    if (x.infinite)
        return clamp_integer(c->to, x.negative, 0, true);
    int width = x.mantissa ? 64 - __builtin_clzll(x.mantissa) : 0;
    if (x.exponent > 0 && x.exponent + width > 64)
        return clamp_integer(c->to, x.negative, 0, true);
    uint64_t m = shift_rounded(x.mantissa, -x.exponent, c->rounding, x.negative);
    return clamp_integer(c->to, x.negative, m, false);
}

static uint64_t integer_to_integer(const struct conversion *c, uint64_t bits)
{
    unsigned width = 8 * type_size(c->to);
    uint64_t all = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
    struct exact x = unpack_integer(c->from, bits);
    if (c->saturate)
        return clamp_integer(c->to, x.negative, x.mantissa, false);
    return (x.negative ? 0 - x.mantissa : x.mantissa) & all;
}

static uint64_t float_to_float(const struct conversion *c, struct exact x)
{
    if (c->saturate) {
        uint64_t one = pack_float(c->to, (struct exact){.mantissa = 1}, R_NEAREST);
        int width = x.mantissa ? 64 - __builtin_clzll(x.mantissa) : 0;
        if (x.nan || x.negative || (!x.infinite && x.mantissa == 0))
            return 0;
        if (x.infinite || x.exponent + width > 0)
            return one;
    }
    if (x.nan)
        return canonical_nan(c->to, c->nan64);
    if (c->to_integral && !x.infinite && x.exponent < 0) {
        x.mantissa = shift_rounded(x.mantissa, -x.exponent, c->rounding, x.negative);
        x.exponent = 0;
    }
    return pack_float(c->to, x, c->rounding);
}

uint64_t convert_bits(const struct conversion *c, uint64_t bits)
{
    if (!type_is_float(c->from)) {
        if (!type_is_float(c->to))
            return integer_to_integer(c, bits);
        return pack_float(c->to, unpack_integer(c->from, bits), c->rounding);
    }
    struct exact x = unpack_float(c->from, bits);
    if (c->flush && c->from == T_F32 && x.exponent == -149 && x.mantissa >> 23 == 0)
        x.mantissa = 0;
    if (!type_is_float(c->to))
        return float_to_integer(c, x);
    uint64_t r = float_to_float(c, x);
    if (c->flush && c->to == T_F32 && (r & 0x7f800000) == 0)
        r &= 0x80000000;
    return r;
}
