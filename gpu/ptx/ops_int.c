/* SPDX-License-Identifier: Apache-2.0 */
/* Integer, logic and select instructions. All arithmetic is on unsigned types; signed results are the same bits. */
#include "ops.h"

typedef uint16_t u16; typedef uint32_t u32; typedef uint64_t u64;
typedef int16_t s16; typedef int32_t s32; typedef int64_t s64;
typedef __int128 s128; typedef unsigned __int128 u128;

#define ADD_SUB(T)                                      \
    BINARY(add_##T, T, T, T, a + b)                     \
    BINARY(sub_##T, T, T, T, a - b)                     \
    BINARY(and_##T, T, T, T, a & b)                     \
    BINARY(or_##T, T, T, T, a | b)                      \
    BINARY(xor_##T, T, T, T, a ^ b)                     \
    UNARY(not_##T, T, T, ~a)                            \
    UNARY(neg_##T, T, T, 0u - a)                        \
    UNARY(mov_##T, T, T, a)                             \
    BINARY(shl_##T, T, T, u32, b >= 8 * sizeof(T) ? 0 : (u64)a << b)  \
    BINARY(shr_##T, T, T, u32, b >= 8 * sizeof(T) ? 0 : (u64)a >> b)
ADD_SUB(u16)
ADD_SUB(u32)
ADD_SUB(u64)

#define SIGNED(T)                                       \
    BINARY(sar_##T, T, T, u32, a >> (b >= 8 * sizeof(T) ? 8 * sizeof(T) - 1 : b))
SIGNED(s16)
SIGNED(s32)
SIGNED(s64)
UNARY(abs_s16, u16, s16, a < 0 ? 0u - (u16)a : (u16)a)
UNARY(abs_s32, u32, s32, a < 0 ? 0u - (u32)a : (u32)a)
UNARY(abs_s64, u64, s64, a < 0 ? 0u - (u64)a : (u64)a)

#define MIN_MAX(T)                                      \
    BINARY(min_##T, T, T, T, a < b ? a : b)             \
    BINARY(max_##T, T, T, T, a > b ? a : b)
MIN_MAX(u16) MIN_MAX(u32) MIN_MAX(u64) MIN_MAX(s16) MIN_MAX(s32) MIN_MAX(s64)

/* A zero divisor is reported (the ISA leaves the result open) and gives all ones. MIN / -1 wraps. */
#define DIVIDE(name, T, guard, quotient)                                    \
    static void name(struct warp *w, const struct insn *i)                  \
    {                                                                       \
        T *d = DST(T, 0);                                                   \
        const T *pa = SRC(T, 0), *pb = SRC(T, 1);                           \
        uint32_t zero = 0;                                                  \
        for (int l = 0; l < LANES; l++)                                     \
            if (w->mask >> l & 1) {                                         \
                const T a = pa[l], b = pb[l];                               \
                zero |= (uint32_t)(b == 0) << l;                            \
                d[l] = b == 0 ? (T)-1 : (guard) ? (T)(0u - (u64)a) : (T)(quotient); \
            }                                                               \
        if (zero)                                                           \
            report_lanes(w, i, MMAX_PTX_UNDEFINED, zero, 0, "division by zero");    \
    }
#define DIVIDE_U(T) DIVIDE(div_##T, T, false, a / b) DIVIDE(rem_##T, T, false, a % b)
#define DIVIDE_S(T) DIVIDE(div_##T, T, b == -1, a / b) DIVIDE(rem_##T, T, false, b == -1 ? 0 : a % b)
DIVIDE_U(u16) DIVIDE_U(u32) DIVIDE_U(u64) DIVIDE_S(s16) DIVIDE_S(s32) DIVIDE_S(s64)

BINARY(mul_lo_16, u16, u16, u16, (u32)a * b)
BINARY(mul_lo_32, u32, u32, u32, a * b)
BINARY(mul_lo_64, u64, u64, u64, a * b)
BINARY(mul_hi_u16, u16, u16, u16, (u32)a * b >> 16)
BINARY(mul_hi_s16, s16, s16, s16, (s32)a * b >> 16)
BINARY(mul_hi_u32, u32, u32, u32, (u64)a * b >> 32)
BINARY(mul_hi_s32, s32, s32, s32, (s64)a * b >> 32)
BINARY(mul_hi_u64, u64, u64, u64, (u128)a * b >> 64)
BINARY(mul_hi_s64, s64, s64, s64, (s128)a * b >> 64)
BINARY(mul_wide_u16, u32, u16, u16, (u32)a * b)
BINARY(mul_wide_s16, s32, s16, s16, (s32)a * b)
BINARY(mul_wide_u32, u64, u32, u32, (u64)a * b)
BINARY(mul_wide_s32, s64, s32, s32, (s64)a * b)
TERNARY(mad_lo_16, u16, u16, u16, u16, (u32)a * b + c)
TERNARY(mad_lo_32, u32, u32, u32, u32, a * b + c)
TERNARY(mad_lo_64, u64, u64, u64, u64, a * b + c)
TERNARY(mad_hi_u32, u32, u32, u32, u32, ((u64)a * b >> 32) + c)
TERNARY(mad_hi_s32, u32, s32, s32, u32, (u32)((s64)a * b >> 32) + c)
TERNARY(mad_hi_u64, u64, u64, u64, u64, (u64)((u128)a * b >> 64) + c)
TERNARY(mad_hi_s64, u64, s64, s64, u64, (u64)((s128)a * b >> 64) + c)
TERNARY(mad_wide_u16, u32, u16, u16, u32, (u32)a * b + c)
TERNARY(mad_wide_s16, u32, s16, s16, u32, (u32)((s32)a * b) + c)
TERNARY(mad_wide_u32, u64, u32, u32, u64, (u64)a * b + c)
TERNARY(mad_wide_s32, u64, s32, s32, u64, (u64)((s64)a * b) + c)
TERNARY(sad_u32, u32, u32, u32, u32, (a < b ? b - a : a - b) + c)
TERNARY(sad_s32, u32, s32, s32, u32, (a < b ? (u32)b - (u32)a : (u32)a - (u32)b) + c)

/* Extended precision: the carry flag is one bit per lane. A borrow is kept inverted, as sub adds the complement. */
#define CARRY(name, T, invert, carry_in, carry_out)                         \
    static void name(struct warp *w, const struct insn *i)                  \
    {                                                                       \
        T *d = DST(T, 0);                                                   \
        const T *pa = SRC(T, 0), *pb = SRC(T, 1);                           \
        uint32_t carry = 0;                                                 \
        for (int l = 0; l < LANES; l++) {                                   \
            u64 in = carry_in;                                              \
            T b = (T)(invert pb[l]);                                        \
            u128 sum = (u128)pa[l] + b + in;                                \
            if (w->mask >> l & 1)                                           \
                d[l] = (T)sum;                                              \
            carry |= (uint32_t)(sum >> (8 * sizeof(T)) & 1) << l;           \
        }                                                                   \
        if (carry_out)                                                      \
            w->carry = (w->carry & ~w->mask) | (carry & w->mask);           \
    }
CARRY(add_cc_32, u32, +, 0, true)
CARRY(addc_32, u32, +, w->carry >> l & 1, false)
CARRY(addc_cc_32, u32, +, w->carry >> l & 1, true)
CARRY(sub_cc_32, u32, ~, 1, true)
CARRY(subc_32, u32, ~, w->carry >> l & 1, false)
CARRY(subc_cc_32, u32, ~, w->carry >> l & 1, true)
CARRY(add_cc_64, u64, +, 0, true)
CARRY(addc_64, u64, +, w->carry >> l & 1, false)
CARRY(addc_cc_64, u64, +, w->carry >> l & 1, true)
CARRY(sub_cc_64, u64, ~, 1, true)
CARRY(subc_64, u64, ~, w->carry >> l & 1, false)
CARRY(subc_cc_64, u64, ~, w->carry >> l & 1, true)

static u64 reverse(u64 v, unsigned bits)
{
    u64 r = 0;
    for (unsigned k = 0; k < bits; k++)
        r |= (v >> k & 1) << (bits - 1 - k);
    return r;
}

/* Position of the most significant bit that differs from the sign; all ones when there is none. */
static u32 find_msb(u64 v, bool is_signed, unsigned bits, bool shift_amount)
{
    u64 all = bits == 64 ? ~(u64)0 : ((u64)1 << bits) - 1;
    if (is_signed && v >> (bits - 1) & 1)
        v = ~v & all;
    if (v == 0)
        return ~0u;
    u32 at = 63u - (u32)__builtin_clzll(v);
    return shift_amount ? bits - 1 - at : at;
}

static u64 bit_field(u64 a, u32 position, u32 length, bool is_signed, u32 bits)
{
    u32 p = position & 255, n = length & 255, last = p + n < bits ? p + n : bits;
    u64 sign = is_signed && n ? a >> (last - 1) & 1 : 0, r = 0;
    for (u32 k = 0; k < bits; k++)
        r |= (k < n && p + k < bits ? a >> (p + k) & 1 : sign) << k;
    return r;
}

static u64 bit_insert(u64 a, u64 b, u32 position, u32 length, u32 bits)
{
    u32 p = position & 255, n = length & 255;
    for (u32 k = 0; k < n && p + k < bits; k++)
        b = (b & ~((u64)1 << (p + k))) | (a >> k & 1) << (p + k);
    return b;
}

static u32 permute(u32 a, u32 b, u32 selector)
{
    u64 bytes = (u64)b << 32 | a;
    u32 r = 0;
    for (int k = 0; k < 4; k++) {
        u32 s = selector >> (4 * k) & 15, byte = (u32)(bytes >> (8 * (s & 7))) & 255;
        r |= (s & 8 ? (byte & 128 ? 255u : 0u) : byte) << (8 * k);
    }
    return r;
}

static u32 logic3(u32 a, u32 b, u32 c, u32 table)
{
    u32 r = 0;
    for (u32 k = 0; k < 8; k++)
        if (table >> k & 1)
            r |= (k & 4 ? a : ~a) & (k & 2 ? b : ~b) & (k & 1 ? c : ~c);
    return r;
}

UNARY(popc_32, u32, u32, __builtin_popcount(a))
UNARY(popc_64, u32, u64, __builtin_popcountll(a))
UNARY(clz_32, u32, u32, a ? __builtin_clz(a) : 32)
UNARY(clz_64, u32, u64, a ? __builtin_clzll(a) : 64)
UNARY(brev_32, u32, u32, reverse(a, 32))
UNARY(brev_64, u64, u64, reverse(a, 64))
UNARY(bfind_u32, u32, u32, find_msb(a, false, 32, false))
UNARY(bfind_s32, u32, u32, find_msb(a, true, 32, false))
UNARY(bfind_u64, u32, u64, find_msb(a, false, 64, false))
UNARY(bfind_s64, u32, u64, find_msb(a, true, 64, false))
UNARY(bfind_shift_u32, u32, u32, find_msb(a, false, 32, true))
UNARY(bfind_shift_s32, u32, u32, find_msb(a, true, 32, true))
UNARY(bfind_shift_u64, u32, u64, find_msb(a, false, 64, true))
UNARY(bfind_shift_s64, u32, u64, find_msb(a, true, 64, true))
UNARY(cnot_32, u32, u32, a == 0)
TERNARY(bfe_u32, u32, u32, u32, u32, bit_field(a, b, c, false, 32))
TERNARY(bfe_s32, u32, u32, u32, u32, bit_field(a, b, c, true, 32))
TERNARY(bfe_u64, u64, u64, u32, u32, bit_field(a, b, c, false, 64))
TERNARY(bfe_s64, u64, u64, u32, u32, bit_field(a, b, c, true, 64))
TERNARY(prmt_b32, u32, u32, u32, u32, permute(a, b, c))
TERNARY(shf_l_wrap, u32, u32, u32, u32, (((u64)b << 32 | a) << (c & 31)) >> 32)
TERNARY(shf_r_wrap, u32, u32, u32, u32, ((u64)b << 32 | a) >> (c & 31))
TERNARY(shf_l_clamp, u32, u32, u32, u32, c >= 32 ? a : (((u64)b << 32 | a) << c) >> 32)
TERNARY(shf_r_clamp, u32, u32, u32, u32, c >= 32 ? b : ((u64)b << 32 | a) >> c)

#define FOURTH(name, T, expression)                                         \
    static void name(struct warp *w, const struct insn *i)                  \
    {                                                                       \
        T *d = DST(T, 0);                                                   \
        const T *pa = SRC(T, 0), *pb = SRC(T, 1);                           \
        const u32 *pc = SRC(u32, 2), *pe = SRC(u32, 3);                     \
        EACH_LANE(const T a = pa[l]; const T b = pb[l]; const u32 c = pc[l]; const u32 e = pe[l]; \
                  d[l] = (T)(expression));                                  \
    }
FOURTH(bfi_b32, u32, bit_insert(a, b, c, e, 32))
FOURTH(bfi_b64, u64, bit_insert(a, b, c, e, 64))
FOURTH(lop3_b32, u32, logic3(a, b, c, e))

#define SELECT(T)                                                           \
    static void selp_##T(struct warp *w, const struct insn *i)              \
    {                                                                       \
        T *d = DST(T, 0);                                                   \
        const T *pa = SRC(T, 0), *pb = SRC(T, 1);                           \
        const uint32_t choose = get_predicate(w, i->s[2]);                  \
        EACH_LANE(d[l] = choose >> l & 1 ? pa[l] : pb[l]);                  \
    }
SELECT(u16) SELECT(u32) SELECT(u64)

#define PREDICATE(name, expression)                                         \
    static void name(struct warp *w, const struct insn *i)                  \
    {                                                                       \
        const uint32_t a = get_predicate(w, i->s[0]), b = get_predicate(w, i->s[1]); \
        (void)b;                                                            \
        set_predicate(w, i->d[0], expression);                              \
    }
PREDICATE(and_pred, a & b)
PREDICATE(or_pred, a | b)
PREDICATE(xor_pred, a ^ b)
PREDICATE(not_pred, ~a)
PREDICATE(mov_pred, a)

#define COMPARE_LOOP(op)                                                    \
    for (int l = 0; l < LANES; l++)                                         \
        truth[l] = a[l] op b[l];                                            \
    break

#define COMPARE(T)                                                          \
    static void setp_##T(struct warp *w, const struct insn *i)              \
    {                                                                       \
        const T *a = SRC(T, 0), *b = SRC(T, 1);                             \
        unsigned char truth[LANES];                                         \
        switch (i->aux) {                                                   \
        case CMP_EQ: COMPARE_LOOP(==);                                      \
        case CMP_NE: COMPARE_LOOP(!=);                                      \
        case CMP_LT: COMPARE_LOOP(<);                                       \
        case CMP_LE: COMPARE_LOOP(<=);                                      \
        case CMP_GT: COMPARE_LOOP(>);                                       \
        default: COMPARE_LOOP(>=);                                          \
        }                                                                   \
        set_predicate(w, i->d[0], pack_mask(truth));                        \
    }
COMPARE(u16) COMPARE(u32) COMPARE(u64) COMPARE(s16) COMPARE(s32) COMPARE(s64)

#define ROW2(op, t, fn) {op "." t, t "=" t "," t, fn, 0, R_NEAREST}
#define ROWS_US(op, f16, f32, f64)                                          \
    ROW2(op, "u16", f16), ROW2(op, "s16", f16), ROW2(op, "u32", f32), ROW2(op, "s32", f32), ROW2(op, "u64", f64), ROW2(op, "s64", f64)
#define ROWS_EACH(op, p)                                                    \
    ROW2(op, "u16", p##u16), ROW2(op, "s16", p##s16), ROW2(op, "u32", p##u32), ROW2(op, "s32", p##s32), ROW2(op, "u64", p##u64), ROW2(op, "s64", p##s64)
#define ROWS_B(op, p)                                                       \
    ROW2(op, "b16", p##u16), ROW2(op, "b32", p##u32), ROW2(op, "b64", p##u64)
#define ROWS_CC(op, p)                                                      \
    ROW2(op, "u32", p##32), ROW2(op, "s32", p##32), ROW2(op, "u64", p##64), ROW2(op, "s64", p##64), ROW2(op, "b32", p##32), ROW2(op, "b64", p##64)
#define ROW_SHIFT(op, t, fn) {op "." t, t "=" t ",u32", fn, 0, R_NEAREST}
#define ROW_MOV(t, fn) {"mov." t, t "=" t, fn, 0, R_NEAREST}
#define ROW_SELP(t, fn) {"selp." t, t "=" t "," t ",pred", fn, 0, R_NEAREST}

const struct form MULTI(forms_int)[] = {
    ROWS_US("add", add_u16, add_u32, add_u64), ROWS_US("sub", sub_u16, sub_u32, sub_u64),
    ROWS_CC("add.cc", add_cc_), ROWS_CC("addc", addc_), ROWS_CC("addc.cc", addc_cc_),
    ROWS_CC("sub.cc", sub_cc_), ROWS_CC("subc", subc_), ROWS_CC("subc.cc", subc_cc_),
    ROWS_US("mul.lo", mul_lo_16, mul_lo_32, mul_lo_64), ROWS_EACH("mul.hi", mul_hi_),
    {"mul.wide.u16", "u32=u16,u16", mul_wide_u16, 0, 0}, {"mul.wide.s16", "s32=s16,s16", mul_wide_s16, 0, 0},
    {"mul.wide.u32", "u64=u32,u32", mul_wide_u32, 0, 0}, {"mul.wide.s32", "s64=s32,s32", mul_wide_s32, 0, 0},
    {"mad.lo.u16", "u16=u16,u16,u16", mad_lo_16, 0, 0}, {"mad.lo.s16", "s16=s16,s16,s16", mad_lo_16, 0, 0},
    {"mad.lo.u32", "u32=u32,u32,u32", mad_lo_32, 0, 0}, {"mad.lo.s32", "s32=s32,s32,s32", mad_lo_32, 0, 0},
    {"mad.lo.u64", "u64=u64,u64,u64", mad_lo_64, 0, 0}, {"mad.lo.s64", "s64=s64,s64,s64", mad_lo_64, 0, 0},
    {"mad.hi.u32", "u32=u32,u32,u32", mad_hi_u32, 0, 0}, {"mad.hi.s32", "s32=s32,s32,s32", mad_hi_s32, 0, 0},
    {"mad.hi.u64", "u64=u64,u64,u64", mad_hi_u64, 0, 0}, {"mad.hi.s64", "s64=s64,s64,s64", mad_hi_s64, 0, 0},
    {"mad.wide.u16", "u32=u16,u16,u32", mad_wide_u16, 0, 0}, {"mad.wide.s16", "s32=s16,s16,s32", mad_wide_s16, 0, 0},
    {"mad.wide.u32", "u64=u32,u32,u64", mad_wide_u32, 0, 0}, {"mad.wide.s32", "s64=s32,s32,s64", mad_wide_s32, 0, 0},
    {"sad.u32", "u32=u32,u32,u32", sad_u32, 0, 0}, {"sad.s32", "s32=s32,s32,s32", sad_s32, 0, 0},
    ROWS_EACH("div", div_), ROWS_EACH("rem", rem_), ROWS_EACH("min", min_), ROWS_EACH("max", max_),
    {"abs.s16", "s16=s16", abs_s16, 0, 0}, {"abs.s32", "s32=s32", abs_s32, 0, 0}, {"abs.s64", "s64=s64", abs_s64, 0, 0},
    {"neg.s16", "s16=s16", neg_u16, 0, 0}, {"neg.s32", "s32=s32", neg_u32, 0, 0}, {"neg.s64", "s64=s64", neg_u64, 0, 0},
    ROWS_B("and", and_), ROWS_B("or", or_), ROWS_B("xor", xor_),
    ROW2("and", "pred", and_pred), ROW2("or", "pred", or_pred), ROW2("xor", "pred", xor_pred),
    {"not.b16", "b16=b16", not_u16, 0, 0}, {"not.b32", "b32=b32", not_u32, 0, 0}, {"not.b64", "b64=b64", not_u64, 0, 0},
    {"not.pred", "pred=pred", not_pred, 0, 0}, {"mov.pred", "pred=pred", mov_pred, 0, 0},
    {"cnot.b32", "b32=b32", cnot_32, 0, 0},
    ROW_SHIFT("shl", "b16", shl_u16), ROW_SHIFT("shl", "b32", shl_u32), ROW_SHIFT("shl", "b64", shl_u64),
    ROW_SHIFT("shr", "b16", shr_u16), ROW_SHIFT("shr", "b32", shr_u32), ROW_SHIFT("shr", "b64", shr_u64),
    ROW_SHIFT("shr", "u16", shr_u16), ROW_SHIFT("shr", "u32", shr_u32), ROW_SHIFT("shr", "u64", shr_u64),
    ROW_SHIFT("shr", "s16", sar_s16), ROW_SHIFT("shr", "s32", sar_s32), ROW_SHIFT("shr", "s64", sar_s64),
    {"shf.l.wrap.b32", "b32=b32,b32,u32", shf_l_wrap, 0, 0}, {"shf.r.wrap.b32", "b32=b32,b32,u32", shf_r_wrap, 0, 0},
    {"shf.l.clamp.b32", "b32=b32,b32,u32", shf_l_clamp, 0, 0}, {"shf.r.clamp.b32", "b32=b32,b32,u32", shf_r_clamp, 0, 0},
    {"popc.b32", "u32=b32", popc_32, 0, 0}, {"popc.b64", "u32=b64", popc_64, 0, 0},
    {"clz.b32", "u32=b32", clz_32, 0, 0}, {"clz.b64", "u32=b64", clz_64, 0, 0},
    {"brev.b32", "b32=b32", brev_32, 0, 0}, {"brev.b64", "b64=b64", brev_64, 0, 0},
    {"bfind.u32", "u32=u32", bfind_u32, 0, 0}, {"bfind.s32", "u32=s32", bfind_s32, 0, 0},
    {"bfind.u64", "u32=u64", bfind_u64, 0, 0}, {"bfind.s64", "u32=s64", bfind_s64, 0, 0},
    {"bfind.shiftamt.u32", "u32=u32", bfind_shift_u32, 0, 0}, {"bfind.shiftamt.s32", "u32=s32", bfind_shift_s32, 0, 0},
    {"bfind.shiftamt.u64", "u32=u64", bfind_shift_u64, 0, 0}, {"bfind.shiftamt.s64", "u32=s64", bfind_shift_s64, 0, 0},
    {"bfe.u32", "u32=u32,u32,u32", bfe_u32, 0, 0}, {"bfe.s32", "s32=s32,u32,u32", bfe_s32, 0, 0},
    {"bfe.u64", "u64=u64,u32,u32", bfe_u64, 0, 0}, {"bfe.s64", "s64=s64,u32,u32", bfe_s64, 0, 0},
    {"bfi.b32", "b32=b32,b32,u32,u32", bfi_b32, 0, 0}, {"bfi.b64", "b64=b64,b64,u32,u32", bfi_b64, 0, 0},
    {"lop3.b32", "b32=b32,b32,b32,u32", lop3_b32, 0, 0}, {"prmt.b32", "b32=b32,b32,b32", prmt_b32, 0, 0},
    ROW_MOV("b16", mov_u16), ROW_MOV("u16", mov_u16), ROW_MOV("s16", mov_u16),
    ROW_MOV("b32", mov_u32), ROW_MOV("u32", mov_u32), ROW_MOV("s32", mov_u32), ROW_MOV("f32", mov_u32),
    ROW_MOV("b64", mov_u64), ROW_MOV("u64", mov_u64), ROW_MOV("s64", mov_u64), ROW_MOV("f64", mov_u64),
    ROW_SELP("b16", selp_u16), ROW_SELP("u16", selp_u16), ROW_SELP("s16", selp_u16),
    ROW_SELP("b32", selp_u32), ROW_SELP("u32", selp_u32), ROW_SELP("s32", selp_u32), ROW_SELP("f32", selp_u32),
    ROW_SELP("b64", selp_u64), ROW_SELP("u64", selp_u64), ROW_SELP("s64", selp_u64), ROW_SELP("f64", selp_u64),
    {"setp:u16", "pred=u16,u16", setp_u16, 0, 0}, {"setp:s16", "pred=s16,s16", setp_s16, 0, 0}, {"setp:b16", "pred=b16,b16", setp_u16, 0, 0},
    {"setp:u32", "pred=u32,u32", setp_u32, 0, 0}, {"setp:s32", "pred=s32,s32", setp_s32, 0, 0}, {"setp:b32", "pred=b32,b32", setp_u32, 0, 0},
    {"setp:u64", "pred=u64,u64", setp_u64, 0, 0}, {"setp:s64", "pred=s64,s64", setp_s64, 0, 0}, {"setp:b64", "pred=b64,b64", setp_u64, 0, 0},
    {NULL, NULL, NULL, 0, 0},
};
