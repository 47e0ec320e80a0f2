/* SPDX-License-Identifier: Apache-2.0 */
/* Directed rounding and flush-to-zero wrappers, general cvt, moves that pack, and approximate functions as sets. */
#include <fenv.h>
#include <math.h>
#include <string.h>

#include "convert.h"
#include "ops.h"

static const int direction[] = {[R_NEAREST] = FE_TONEAREST, [R_ZERO] = FE_TOWARDZERO, [R_DOWN] = FE_DOWNWARD, [R_UP] = FE_UPWARD};

void op_rounded(struct warp *w, const struct insn *i)
{
    fesetround(direction[i->rounding]);
    i->inner(w, i);
    fesetround(FE_TONEAREST);
}

static uint32_t flush(uint32_t v)
{
    return (v & UINT32_C(0x7f800000)) == 0 ? v & UINT32_C(0x80000000) : v;
}

/* The register file begins with 256 bytes that take unused results and four scratch registers. */
void op_flushed(struct warp *w, const struct insn *i)
{
    struct insn inner = *i;
    for (int k = 0; k < i->ns; k++) {
        inner.s[k].off = 256u * (uint32_t)(k + 1);
        uint32_t *to = (uint32_t *)(void *)(w->file + inner.s[k].off);
        const uint32_t *from = SRC(uint32_t, k);
        for (int l = 0; l < LANES; l++)
            to[l] = flush(from[l]);
    }
    fesetround(direction[i->rounding]);
    i->inner(w, &inner);
    fesetround(FE_TONEAREST);
    if (i->type != T_F32)
        return;
    uint32_t *d = DST(uint32_t, 0);
    for (int l = 0; l < LANES; l++)
        if (w->mask >> l & 1)
            d[l] = flush(d[l]);
}

/* Two float32 in one register: inner on each half. */
static void op_pairs(struct warp *w, const struct insn *i)
{
    const bool flushes = i->flags & F_FTZ;
    uint32_t out[2][LANES];
    struct insn half = *i;
    half.d[0].off = 0;
    for (int h = 0; h < 2; h++) {
        for (int k = 0; k < i->ns; k++) {
            half.s[k].off = 256u * (uint32_t)(k + 1);
            uint32_t *to = (uint32_t *)(void *)(w->file + half.s[k].off);
            const uint32_t *from = SRC(uint32_t, k);
            for (int l = 0; l < LANES; l++)
                to[l] = flushes ? flush(from[2 * l + h]) : from[2 * l + h];
        }
        fesetround(direction[i->rounding]);
        i->inner(w, &half);
        fesetround(FE_TONEAREST);
        memcpy(out[h], w->file, sizeof out[h]);
    }
    uint32_t *d = DST(uint32_t, 0);
    for (int l = 0; l < LANES; l++)
        for (int h = 0; w->mask >> l & 1 && h < 2; h++)
            d[2 * l + h] = flushes ? flush(out[h][l]) : out[h][l];
}

/* cvt in general: type2 to type; aux is the register size of the source, imm that of the destination. */
static void op_convert(struct warp *w, const struct insn *i)
{
    const struct conversion c = {(enum type)i->type, (enum type)i->type2, i->rounding, i->saturate & 2, i->saturate & 1,
                                 i->flags & F_FTZ, w->block->machine->choices.nan64};
    const unsigned size = (unsigned)i->imm;
    for (int l = 0; l < LANES; l++) {
        if (!(w->mask >> l & 1))
            continue;
        uint64_t r = convert_bits(&c, get_lane(w->file + i->s[0].off, i->aux, (unsigned)l));
        if (type_is_signed(c.to) && type_size(c.to) < 8)        /* a wider register takes the sign-extended value */
            r = (uint64_t)((int64_t)(r << (64 - 8 * type_size(c.to))) >> (64 - 8 * type_size(c.to)));
        put_lane(w->file + i->d[0].off, size, (unsigned)l, r);
    }
}

/* cvt.rn.{f16x2,bf16x2}.f32: the first source goes to the upper half. */
static void op_convert_pair(struct warp *w, const struct insn *i)
{
    const struct conversion c = {i->type == T_F16X2 ? T_F16 : T_BF16, T_F32, i->rounding, false, false, i->flags & F_FTZ, 0};
    uint32_t *d = DST(uint32_t, 0);
    const uint32_t *hi = SRC(uint32_t, 0), *lo = SRC(uint32_t, 1);
    for (int l = 0; l < LANES; l++)
        if (w->mask >> l & 1)
            d[l] = (uint32_t)(convert_bits(&c, hi[l]) << 16 | convert_bits(&c, lo[l]));
}

/* mov.bN d, {a, b, ...}: aux is the size of an element in bytes, imm that of the whole. */
static void op_pack(struct warp *w, const struct insn *i)
{
    if (i->aux == 4 && i->nvec == 2) {
        uint64_t *d = DST(uint64_t, 0);
        const uint32_t *low = (const uint32_t *)(const void *)(w->file + i->vec[0].off);
        const uint32_t *high = (const uint32_t *)(const void *)(w->file + i->vec[1].off);
        EACH_LANE(d[l] = (uint64_t)high[l] << 32 | low[l]);
        return;
    }
    for (int l = 0; l < LANES; l++) {
        if (!(w->mask >> l & 1))
            continue;
        uint64_t v = 0;
        for (int k = 0; k < i->nvec; k++)
            v |= get_lane(w->file + i->vec[k].off, i->aux, (unsigned)l) << (8 * i->aux * k);
        put_lane(w->file + i->d[0].off, (unsigned)i->imm, (unsigned)l, v);
    }
}

static void op_unpack(struct warp *w, const struct insn *i)
{
    if (i->aux == 4 && i->nvec == 2) {
        uint32_t *low = (uint32_t *)(void *)(w->file + i->vec[0].off), *high = (uint32_t *)(void *)(w->file + i->vec[1].off);
        const uint64_t *a = SRC(uint64_t, 0);
        EACH_LANE(low[l] = (uint32_t)a[l]; high[l] = (uint32_t)(a[l] >> 32));
        return;
    }
    for (int l = 0; l < LANES; l++) {
        if (!(w->mask >> l & 1))
            continue;
        uint64_t v = get_lane(w->file + i->s[0].off, (unsigned)i->imm, (unsigned)l);
        for (int k = 0; k < i->nvec; k++, v >>= 8 * i->aux)
            put_lane(w->file + i->vec[k].off, i->aux, (unsigned)l, v);
    }
}

/* cvta and address moves. aux: register size; imm: what to add; type2: the window that the source must lie in when an
   address is taken out of the generic space, as its base >> 32. */
static void op_add_address(struct warp *w, const struct insn *i)
{
    for (int l = 0; l < LANES; l++) {
        if (!(w->mask >> l & 1))
            continue;
        uint64_t v = get_lane(w->file + i->s[0].off, i->aux, (unsigned)l);
        if (i->saturate && (v < (uint64_t)-i->imm || v - (uint64_t)-i->imm >= WINDOW_SIZE))
            report_lanes(w, i, MMAX_PTX_OUT_OF_BOUNDS, 1u << l, v, "generic address is not in the space that cvta.to names");
        v += (uint64_t)i->imm;
        put_lane(w->file + i->d[0].off, i->aux, (unsigned)l, v);
    }
}

/* isspacep: aux names the space. */
static void op_isspace(struct warp *w, const struct insn *i)
{
    const uint64_t *a = SRC(uint64_t, 0);
    uint32_t truth = 0;
    for (int l = 0; l < LANES; l++) {
        uint64_t at = a[l] & ~(WINDOW_SIZE - 1);
        enum space s = at == SHARED_WINDOW ? S_SHARED : at == LOCAL_WINDOW ? S_LOCAL : at == CONST_WINDOW ? S_CONST
                     : at == PARAM_WINDOW ? S_PARAM : S_GLOBAL;
        truth |= (uint32_t)(s == i->aux) << l;
    }
    set_predicate(w, i->d[0], truth);
}

/* mapa: the address of the same variable in another block of the cluster. */
static void op_mapa(struct warp *w, const struct insn *i)
{
    const uint32_t *rank = SRC(uint32_t, 1);
    for (int l = 0; l < LANES; l++) {
        if (!(w->mask >> l & 1))
            continue;
        uint64_t v = get_lane(w->file + i->s[0].off, i->aux, (unsigned)l), base = i->saturate ? SHARED_WINDOW : 0;
        if (v - base >= WINDOW_SIZE || rank[l] >= w->block->cluster->blocks)
            report_lanes(w, i, MMAX_PTX_OUT_OF_BOUNDS, 1u << l, v, "mapa of a block that the cluster lacks or of an address outside shared memory (rank %u)", rank[l]);
        v = base + (v - base) % RANK_STEP + (uint64_t)rank[l] * RANK_STEP;
        put_lane(w->file + i->d[0].off, i->aux, (unsigned)l, v);
    }
}

static void op_ctarank(struct warp *w, const struct insn *i)
{
    uint32_t *d = DST(uint32_t, 0);
    for (int l = 0; l < LANES; l++) {
        if (!(w->mask >> l & 1))
            continue;
        const uint64_t v = get_lane(w->file + i->s[0].off, i->aux, (unsigned)l), at = v - (i->saturate ? SHARED_WINDOW : 0);
        if (at >= WINDOW_SIZE || at / RANK_STEP >= w->block->cluster->blocks)
            report_lanes(w, i, MMAX_PTX_OUT_OF_BOUNDS, 1u << l, v, "getctarank of an address outside the cluster's shared memory");
        d[l] = (uint32_t)(at / RANK_STEP);
    }
}

static void op_activemask(struct warp *w, const struct insn *i)
{
    uint32_t *d = DST(uint32_t, 0);
    for (int l = 0; l < LANES; l++)
        if (w->mask >> l & 1)
            d[l] = w->mask;
}

/* set: all ones or 1.0f where the comparison (inner, a setp into the sink) holds. */
static void op_set(struct warp *w, const struct insn *i)
{
    struct insn compare = *i;
    compare.d[0].off = 0;
    i->inner(w, &compare);
    uint32_t truth = get_predicate(w, compare.d[0]), *d = DST(uint32_t, 0);
    for (int l = 0; l < LANES; l++)
        if (w->mask >> l & 1)
            d[l] = truth >> l & 1 ? (i->type == T_F32 ? UINT32_C(0x3f800000) : UINT32_MAX) : 0;
}

/* setp with a combining predicate (aux of imm: 1 and, 2 or, 3 xor) and, where wanted, a second destination. */
static void op_setp_combined(struct warp *w, const struct insn *i)
{
    struct insn compare = *i;
    compare.d[0].off = 0;
    i->inner(w, &compare);
    uint32_t t = get_predicate(w, compare.d[0]), c = i->ns == 3 ? get_predicate(w, i->s[2]) : 0;
    uint32_t first = i->imm == 1 ? t & c : i->imm == 2 ? t | c : i->imm == 3 ? t ^ c : t;
    uint32_t second = i->imm == 1 ? ~t & c : i->imm == 2 ? ~t | c : i->imm == 3 ? ~t ^ c : ~t;
    set_predicate(w, i->d[0], first);
    if (i->nd == 2)
        set_predicate(w, i->d[1], second);
}

/* Approximate functions are sets of values. The nominal member is the correctly rounded one (up to the host libm); the
   machine's choice moves it to either end of the documented error. relative and absolute: the ISA's bounds; special: an
   argument for which the ISA gives the value. */
static float approximate(double exact, double relative, double absolute, int special, int side)
{
    if (side == 0 || isinf(exact) || special)
        return (float)exact;
    return (float)(exact + side * (fabs(exact) * relative + absolute));
}

#define APPROX(name, expression, relative, absolute, special)               \
    static void name(struct warp *w, const struct insn *i)                  \
    {                                                                       \
        const int side = w->block->machine->choices.approx_ulps;            \
        const float *pa = SRC(float, 0), *pb = SRC(float, 1);               \
        uint32_t *d = DST(uint32_t, 0);                                     \
        for (int l = 0; l < LANES; l++)                                     \
            if (w->mask >> l & 1) {                                         \
                const double a = pa[l], b = i->ns > 1 ? pb[l] : 0;          \
                (void)b;                                                    \
                float r = approximate(expression, relative, absolute, special, side);\
                memcpy(d + l, &r, 4);                                       \
                if (r != r)                                                 \
                    d[l] = UINT32_C(0x7fffffff);                            \
            }                                                               \
    }
APPROX(ex2_approx, exp2(a), 0x1p-22, 0, a == 0 || isinf(a))
APPROX(lg2_approx, log2(a), 0x1p-22, a > 0.5 && a < 2 ? 0x1p-22 : 0, 0)
APPROX(rcp_approx, 1.0 / a, 0x1p-23, 0, isinf(a))
APPROX(sqrt_approx, sqrt(a), 0x1p-22, 0, a == 0)
APPROX(rsqrt_approx, 1.0 / sqrt(a), 0x1.2p-23, 0, isinf(a))
APPROX(div_approx, a / b, 0x1p-22, 0, a == 0 || isinf(b))
APPROX(tanh_approx, tanh(a), 0x1p-11, 0, a == 0 || isinf(a))
/* 2^-20.5 up to 2 pi, 2^-14.7 up to 100 pi; beyond, the ISA gives no bound. */
APPROX(sin_approx, sin(a), 0, fabs(a) <= 0x1.921fb4p+2 ? 0x1.7p-21 : 0x1.4p-15, a == 0)
APPROX(cos_approx, cos(a), 0, fabs(a) <= 0x1.921fb4p+2 ? 0x1.7p-21 : 0x1.4p-15, a == 0)

#define APPROX_ROWS(op, signature, fn)                                      \
    {op ".f32", signature, fn, F_F32 | F_APPROX, 0}, {op ".ftz.f32", signature, fn, F_F32 | F_APPROX | F_FTZ, 0}

const struct form forms_misc[] = {
    APPROX_ROWS("ex2.approx", "f32=f32", ex2_approx), APPROX_ROWS("lg2.approx", "f32=f32", lg2_approx),
    APPROX_ROWS("rcp.approx", "f32=f32", rcp_approx), APPROX_ROWS("sqrt.approx", "f32=f32", sqrt_approx),
    APPROX_ROWS("rsqrt.approx", "f32=f32", rsqrt_approx), APPROX_ROWS("div.approx", "f32=f32,f32", div_approx),
    APPROX_ROWS("div.full", "f32=f32,f32", div_approx), APPROX_ROWS("sin.approx", "f32=f32", sin_approx),
    APPROX_ROWS("cos.approx", "f32=f32", cos_approx), {"tanh.approx.f32", "f32=f32", tanh_approx, F_F32 | F_APPROX, 0},
    {"activemask.b32", "b32=", op_activemask, 0, 0},
    {"internal:convert", "", op_convert, 0, 0}, {"internal:convert_pair", "", op_convert_pair, 0, 0},
    {"internal:pack", "", op_pack, 0, 0}, {"internal:pairs", "", op_pairs, 0, 0}, {"internal:unpack", "", op_unpack, 0, 0},
    {"internal:add_address", "", op_add_address, 0, 0}, {"internal:isspace", "", op_isspace, 0, 0},
    {"internal:mapa", "", op_mapa, 0, 0}, {"internal:ctarank", "", op_ctarank, 0, 0}, {"internal:set", "", op_set, 0, 0}, {"internal:setp_combined", "", op_setp_combined, 0, 0},
    {NULL, NULL, NULL, 0, 0},
};
