/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Float32 and float64 instructions, by the host's correctly rounded operations (fma from the C library or the
 * instruction). Denormals are kept. A float32 NaN result is the canonical 0x7fffffff; for float64 the ISA leaves the
 * payload open and the machine's choice is used. The rounding direction is that of the host when called: see rounding.c.
 */
#include <math.h>
#include <string.h>

#include "ops.h"

static inline uint32_t bits32(float v) { uint32_t b; memcpy(&b, &v, 4); return b; }
static inline uint64_t bits64(double v) { uint64_t b; memcpy(&b, &v, 8); return b; }
static inline float float32(uint32_t b) { float v; memcpy(&v, &b, 4); return v; }
static inline double float64(uint64_t b) { double v; memcpy(&v, &b, 8); return v; }

#define CANON32(v) ((v) != (v) ? UINT32_C(0x7fffffff) : bits32(v))
#define CANON64(v) ((v) != (v) ? nan : bits64(v))

#define FLOAT_OP(name, T, U, CANON, sources, expression)                    \
    static void name(struct warp *w, const struct insn *i)                  \
    {                                                                       \
        U *d = DST(U, 0);                                                   \
        const T *pa = SRC(T, 0), *pb = SRC(T, 1), *pc = SRC(T, 2);          \
        const uint64_t nan = w->block->machine->choices.nan64;              \
        (void)pb; (void)pc; (void)nan;                                      \
        EACH_LANE(sources; const T r = (expression); d[l] = CANON(r));      \
    }
#define ONE(T) const T a = pa[l]
#define TWO(T) const T a = pa[l]; const T b = pb[l]
#define THREE(T) const T a = pa[l]; const T b = pb[l]; const T c = pc[l]

FLOAT_OP(add_f32, float, uint32_t, CANON32, TWO(float), a + b)
FLOAT_OP(sub_f32, float, uint32_t, CANON32, TWO(float), a - b)
FLOAT_OP(mul_f32, float, uint32_t, CANON32, TWO(float), a * b)
FLOAT_OP(div_f32, float, uint32_t, CANON32, TWO(float), a / b)
FLOAT_OP(fma_f32, float, uint32_t, CANON32, THREE(float), fmaf(a, b, c))
FLOAT_OP(rcp_f32, float, uint32_t, CANON32, ONE(float), 1.0f / a)
FLOAT_OP(sqrt_f32, float, uint32_t, CANON32, ONE(float), sqrtf(a))
FLOAT_OP(add_f64, double, uint64_t, CANON64, TWO(double), a + b)
FLOAT_OP(sub_f64, double, uint64_t, CANON64, TWO(double), a - b)
FLOAT_OP(mul_f64, double, uint64_t, CANON64, TWO(double), a * b)
FLOAT_OP(div_f64, double, uint64_t, CANON64, TWO(double), a / b)
FLOAT_OP(fma_f64, double, uint64_t, CANON64, THREE(double), fma(a, b, c))
FLOAT_OP(rcp_f64, double, uint64_t, CANON64, ONE(double), 1.0 / a)
FLOAT_OP(sqrt_f64, double, uint64_t, CANON64, ONE(double), sqrt(a))

/* min and max: a NaN loses against a number, and -0 < +0. For equal operands "and" keeps a sign that both have (max),
   "or" one that either has (min). */
#define MIN_MAX(T, U, sfx, bits, CANON_NAN)                                 \
    static inline U max_##sfx##_of(T a, T b, U nan)                         \
    {                                                                       \
        U x = bits(a), y = bits(b), r = a > b ? x : a < b ? y : x & y;      \
        return a != a ? (b != b ? nan : y) : b != b ? x : r;                \
    }                                                                       \
    static inline U min_##sfx##_of(T a, T b, U nan)                         \
    {                                                                       \
        U x = bits(a), y = bits(b), r = a < b ? x : a > b ? y : x | y;      \
        return a != a ? (b != b ? nan : y) : b != b ? x : r;                \
    }                                                                       \
    static void max_##sfx(struct warp *w, const struct insn *i)             \
    {                                                                       \
        U *d = DST(U, 0);                                                   \
        const T *pa = SRC(T, 0), *pb = SRC(T, 1);                           \
        const U nan = CANON_NAN;                                            \
        EACH_LANE(d[l] = max_##sfx##_of(pa[l], pb[l], nan));                \
    }                                                                       \
    static void min_##sfx(struct warp *w, const struct insn *i)             \
    {                                                                       \
        U *d = DST(U, 0);                                                   \
        const T *pa = SRC(T, 0), *pb = SRC(T, 1);                           \
        const U nan = CANON_NAN;                                            \
        EACH_LANE(d[l] = min_##sfx##_of(pa[l], pb[l], nan));                \
    }
MIN_MAX(float, uint32_t, f32, bits32, UINT32_C(0x7fffffff))
MIN_MAX(double, uint64_t, f64, bits64, w->block->machine->choices.nan64)

/* The .NaN variants return the canonical NaN when either operand is one. */
static void max_nan_f32(struct warp *w, const struct insn *i)
{
    uint32_t *d = DST(uint32_t, 0);
    const float *pa = SRC(float, 0), *pb = SRC(float, 1);
    EACH_LANE(const float a = pa[l]; const float b = pb[l];
              d[l] = a != a || b != b ? UINT32_C(0x7fffffff) : max_f32_of(a, b, 0));
}

static void min_nan_f32(struct warp *w, const struct insn *i)
{
    uint32_t *d = DST(uint32_t, 0);
    const float *pa = SRC(float, 0), *pb = SRC(float, 1);
    EACH_LANE(const float a = pa[l]; const float b = pb[l];
              d[l] = a != a || b != b ? UINT32_C(0x7fffffff) : min_f32_of(a, b, 0));
}

/* abs and neg work on the sign bit; the ISA leaves the sign of a NaN open, so float32 NaNs are made canonical. */
FLOAT_OP(abs_f32, float, uint32_t, CANON32, ONE(float), float32(bits32(a) & UINT32_C(0x7fffffff)))
FLOAT_OP(neg_f32, float, uint32_t, CANON32, ONE(float), float32(bits32(a) ^ UINT32_C(0x80000000)))
FLOAT_OP(abs_f64, double, uint64_t, CANON64, ONE(double), float64(bits64(a) & ~(UINT64_C(1) << 63)))
FLOAT_OP(neg_f64, double, uint64_t, CANON64, ONE(double), float64(bits64(a) ^ UINT64_C(1) << 63))
BINARY(copysign_f32, uint32_t, uint32_t, uint32_t, (b & UINT32_C(0x7fffffff)) | (a & UINT32_C(0x80000000)))
BINARY(copysign_f64, uint64_t, uint64_t, uint64_t, (b & ~(UINT64_C(1) << 63)) | (a & UINT64_C(1) << 63))

UNARY(widen, uint64_t, float, a != a ? w->block->machine->choices.nan64 : bits64((double)a))
UNARY(narrow, uint32_t, double, a != a ? UINT32_C(0x7fffffff) : bits32((float)a))

#define COMPARE_LOOP(expression)                                            \
    for (int l = 0; l < LANES; l++)                                         \
        truth[l] = (expression);                                            \
    break
#define UNORDERED (a[l] != a[l] || b[l] != b[l])

#define COMPARE(T, name)                                                    \
    static void name(struct warp *w, const struct insn *i)                  \
    {                                                                       \
        const T *a = SRC(T, 0), *b = SRC(T, 1);                             \
        unsigned char truth[LANES];                                         \
        switch (i->aux) {                                                   \
        case CMP_EQ: COMPARE_LOOP(a[l] == b[l]);                            \
        case CMP_NE: COMPARE_LOOP(a[l] < b[l] || a[l] > b[l]);              \
        case CMP_LT: COMPARE_LOOP(a[l] < b[l]);                             \
        case CMP_LE: COMPARE_LOOP(a[l] <= b[l]);                            \
        case CMP_GT: COMPARE_LOOP(a[l] > b[l]);                             \
        case CMP_GE: COMPARE_LOOP(a[l] >= b[l]);                            \
        case CMP_EQU: COMPARE_LOOP(a[l] == b[l] || UNORDERED);              \
        case CMP_NEU: COMPARE_LOOP(a[l] != b[l]);                           \
        case CMP_LTU: COMPARE_LOOP(!(a[l] >= b[l]));                        \
        case CMP_LEU: COMPARE_LOOP(!(a[l] > b[l]));                         \
        case CMP_GTU: COMPARE_LOOP(!(a[l] <= b[l]));                        \
        case CMP_GEU: COMPARE_LOOP(!(a[l] < b[l]));                         \
        case CMP_NUM: COMPARE_LOOP(!UNORDERED);                             \
        default: COMPARE_LOOP(UNORDERED);                                   \
        }                                                                   \
        set_predicate(w, i->d[0], pack_mask(truth));                        \
    }
COMPARE(float, setp_f32)
COMPARE(double, setp_f64)

/* testp, by class of the bits: aux 0 finite, 1 infinite, 2 number, 3 notanumber, 4 normal, 5 subnormal. */
#define TESTP(name, U, exponent_mask, all)                                  \
    static void name(struct warp *w, const struct insn *i)                  \
    {                                                                       \
        const U *a = SRC(U, 0);                                             \
        unsigned char truth[LANES];                                         \
        for (int l = 0; l < LANES; l++) {                                   \
            const U v = a[l] & (all), e = v & (exponent_mask);              \
            const bool classes[6] = {e != (exponent_mask), v == (exponent_mask), v <= (exponent_mask),  \
                v > (exponent_mask), e != 0 && e != (exponent_mask), e == 0 && v != 0};    \
            truth[l] = classes[i->aux % 6];                                 \
        }                                                                   \
        set_predicate(w, i->d[0], pack_mask(truth));                        \
    }
TESTP(testp_f32, uint32_t, UINT32_C(0x7f800000), UINT32_C(0x7fffffff))
TESTP(testp_f64, uint64_t, UINT64_C(0x7ff0000000000000), UINT64_C(0x7fffffffffffffff))

#define ROUNDED(op, t, signature, fn, flags)                                \
    {op ".rn." t, signature, fn, flags, R_NEAREST}, {op ".rz." t, signature, fn, flags, R_ZERO},    \
    {op ".rm." t, signature, fn, flags, R_DOWN}, {op ".rp." t, signature, fn, flags, R_UP}
#define ROUNDED_FTZ(op, signature, fn, flags)                               \
    {op ".rn.ftz.f32", signature, fn, (flags) | F_FTZ, R_NEAREST},          \
    {op ".rz.ftz.f32", signature, fn, (flags) | F_FTZ, R_ZERO},             \
    {op ".rm.ftz.f32", signature, fn, (flags) | F_FTZ, R_DOWN},             \
    {op ".rp.ftz.f32", signature, fn, (flags) | F_FTZ, R_UP}
/* Without a rounding modifier the result is the rounded one, but ptxas may fuse it away: the audit refuses that. */
#define LOOSE(op, fn, kind)                                                 \
    {op ".f32", "f32=f32,f32", fn##_f32, F_F32 | F_UNROUNDED | kind, 0},    \
    {op ".ftz.f32", "f32=f32,f32", fn##_f32, F_F32 | F_FTZ | F_UNROUNDED | kind, 0},    \
    {op ".f64", "f64=f64,f64", fn##_f64, F_F64 | F_UNROUNDED | kind, 0}
#define BOTH(op, fn32, fn64, sig32, sig64, kind)                            \
    {op ".f32", sig32, fn32, F_F32 | kind, 0}, {op ".ftz.f32", sig32, fn32, F_F32 | F_FTZ | kind, 0},   \
    {op ".f64", sig64, fn64, F_F64 | kind, 0}

const struct form MULTI(forms_float)[] = {
    ROUNDED("add", "f32", "f32=f32,f32", add_f32, F_F32 | F_ADD), ROUNDED("add", "f64", "f64=f64,f64", add_f64, F_F64 | F_ADD),
    ROUNDED("sub", "f32", "f32=f32,f32", sub_f32, F_F32 | F_ADD), ROUNDED("sub", "f64", "f64=f64,f64", sub_f64, F_F64 | F_ADD),
    ROUNDED("mul", "f32", "f32=f32,f32", mul_f32, F_F32 | F_MUL), ROUNDED("mul", "f64", "f64=f64,f64", mul_f64, F_F64 | F_MUL),
    ROUNDED("div", "f32", "f32=f32,f32", div_f32, F_F32 | F_DIV), ROUNDED("div", "f64", "f64=f64,f64", div_f64, F_F64 | F_DIV),
    ROUNDED("fma", "f32", "f32=f32,f32,f32", fma_f32, F_F32 | F_FMA), ROUNDED("fma", "f64", "f64=f64,f64,f64", fma_f64, F_F64 | F_FMA),
    ROUNDED("rcp", "f32", "f32=f32", rcp_f32, F_F32 | F_DIV), ROUNDED("rcp", "f64", "f64=f64", rcp_f64, F_F64 | F_DIV),
    ROUNDED("sqrt", "f32", "f32=f32", sqrt_f32, F_F32 | F_DIV), ROUNDED("sqrt", "f64", "f64=f64", sqrt_f64, F_F64 | F_DIV),
    ROUNDED_FTZ("add", "f32=f32,f32", add_f32, F_F32 | F_ADD), ROUNDED_FTZ("sub", "f32=f32,f32", sub_f32, F_F32 | F_ADD),
    ROUNDED_FTZ("mul", "f32=f32,f32", mul_f32, F_F32 | F_MUL), ROUNDED_FTZ("fma", "f32=f32,f32,f32", fma_f32, F_F32 | F_FMA),
    ROUNDED_FTZ("div", "f32=f32,f32", div_f32, F_F32 | F_DIV), ROUNDED_FTZ("rcp", "f32=f32", rcp_f32, F_F32 | F_DIV),
    ROUNDED_FTZ("sqrt", "f32=f32", sqrt_f32, F_F32 | F_DIV),
    LOOSE("add", add, F_ADD), LOOSE("sub", sub, F_ADD), LOOSE("mul", mul, F_MUL),
    BOTH("min", min_f32, min_f64, "f32=f32,f32", "f64=f64,f64", F_MINMAX),
    BOTH("max", max_f32, max_f64, "f32=f32,f32", "f64=f64,f64", F_MINMAX),
    {"min.NaN.f32", "f32=f32,f32", min_nan_f32, F_F32 | F_MINMAX, 0}, {"max.NaN.f32", "f32=f32,f32", max_nan_f32, F_F32 | F_MINMAX, 0},
    BOTH("abs", abs_f32, abs_f64, "f32=f32", "f64=f64", 0), BOTH("neg", neg_f32, neg_f64, "f32=f32", "f64=f64", 0),
    {"copysign.f32", "f32=f32,f32", copysign_f32, F_F32, 0}, {"copysign.f64", "f64=f64,f64", copysign_f64, F_F64, 0},
    {"setp:f32", "pred=f32,f32", setp_f32, F_F32, 0}, {"setp:f64", "pred=f64,f64", setp_f64, F_F64, 0},
    {"testp:f32", "pred=f32", testp_f32, F_F32, 0}, {"testp:f64", "pred=f64", testp_f64, F_F64, 0},
    {"cvt.f64.f32", "f64=f32", widen, F_F64, 0},
    {"cvt.rn.f32.f64", "f32=f64", narrow, F_F64, R_NEAREST}, {"cvt.rz.f32.f64", "f32=f64", narrow, F_F64, R_ZERO},
    {"cvt.rm.f32.f64", "f32=f64", narrow, F_F64, R_DOWN}, {"cvt.rp.f32.f64", "f32=f64", narrow, F_F64, R_UP},
    {NULL, NULL, NULL, 0, 0},
};
