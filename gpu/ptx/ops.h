/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forms: the full spelling of every arithmetic instruction that is modelled, its operand types and what executes it.
 * A spelling that is in no table is refused. ops_int.c and ops_float.c are compiled once per vector instruction set of
 * the host (the same C, the same bits) and suffixed; forms.c picks a set when a program is decoded.
 */
#ifndef MMAX_PTX_OPS_H
#define MMAX_PTX_OPS_H

#include "exec.h"

struct form {
    const char *name;       /* "add.rn.f64"; a name with ':' is internal ("setp:u32") */
    const char *signature;  /* "f64=f64,f64": destination, '=', sources */
    op_fn *fn;
    uint32_t flags;
    enum rounding rounding;
};

#ifndef MMAX_PTX_SUFFIX
#define MMAX_PTX_SUFFIX _base
#endif
#define PTX_JOIN_(a, b) a##b
#define PTX_JOIN(a, b) PTX_JOIN_(a, b)
#define MULTI(name) PTX_JOIN(name, MMAX_PTX_SUFFIX)

extern const struct form forms_int_base[], forms_int_v3[], forms_int_v4[];
extern const struct form forms_float_base[], forms_float_v3[], forms_float_v4[];
extern const struct form forms_misc[];

/* Comparisons of setp and set, kept in insn.aux. */
enum compare { CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE, CMP_EQU, CMP_NEU, CMP_LTU, CMP_LEU, CMP_GTU, CMP_GEU,
               CMP_NUM, CMP_NAN, CMP_COUNT };

#define DST(T, k) ((T *)(void *)(w->file + i->d[k].off))
#define SRC(T, k) ((const T *)(const void *)(w->file + i->s[k].off))

#if defined __clang__
#define PTX_INDEPENDENT
#else
#define PTX_INDEPENDENT _Pragma("GCC ivdep")
#endif

/* Runs `statement` for every active lane `l`. Lanes do not depend on each other, so the full-mask loop may be vectorised
   even where a destination is also a source. */
#define EACH_LANE(statement)                                        \
    do {                                                            \
        const uint32_t active = w->mask;                            \
        if (active == ALL_LANES) {                                  \
            PTX_INDEPENDENT for (int l = 0; l < LANES; l++) {  \
                statement;                                          \
            }                                                       \
        } else {                                                    \
            for (int l = 0; l < LANES; l++)                         \
                if (active >> l & 1) {                              \
                    statement;                                      \
                }                                                   \
        }                                                           \
    } while (0)

#define UNARY(name, D, A, expression)                               \
    static void name(struct warp *w, const struct insn *i)          \
    {                                                               \
        D *d = DST(D, 0);                                           \
        const A *pa = SRC(A, 0);                                    \
        EACH_LANE(const A a = pa[l]; d[l] = (D)(expression));       \
    }

#define BINARY(name, D, A, B, expression)                           \
    static void name(struct warp *w, const struct insn *i)          \
    {                                                               \
        D *d = DST(D, 0);                                           \
        const A *pa = SRC(A, 0);                                    \
        const B *pb = SRC(B, 1);                                    \
        EACH_LANE(const A a = pa[l]; const B b = pb[l]; d[l] = (D)(expression)); \
    }

#define TERNARY(name, D, A, B, C, expression)                       \
    static void name(struct warp *w, const struct insn *i)          \
    {                                                               \
        D *d = DST(D, 0);                                           \
        const A *pa = SRC(A, 0);                                    \
        const B *pb = SRC(B, 1);                                    \
        const C *pc = SRC(C, 2);                                    \
        EACH_LANE(const A a = pa[l]; const B b = pb[l]; const C c = pc[l]; d[l] = (D)(expression)); \
    }

/* A predicate destination: 32 truth values packed into one mask; lanes outside w->mask keep their bit. */
static inline uint32_t pack_mask(const unsigned char truth[LANES])
{
    uint32_t mask = 0;
    for (int k = 0; k < LANES / 8; k++) {
        uint64_t eight = 0;
        for (int b = 0; b < 8; b++)
            eight |= (uint64_t)truth[k * 8 + b] << (8 * b);
        mask |= (uint32_t)((eight * UINT64_C(0x0102040810204080)) >> 56) << (8 * k);
    }
    return mask;
}

static inline void set_predicate(struct warp *w, struct operand d, uint32_t truth)
{
    uint32_t *p = (uint32_t *)(void *)(w->file + d.off);
    *p = (*p & ~w->mask) | (truth & w->mask);
}

static inline uint32_t get_predicate(const struct warp *w, struct operand s)
{
    return *(const uint32_t *)(const void *)(w->file + s.off);
}

/* One lane of a register of 2, 4 or 8 bytes per lane, zero-extended and truncated. */
static inline uint64_t get_lane(const unsigned char *at, unsigned size, unsigned lane)
{
    return size == 4 ? ((const uint32_t *)(const void *)at)[lane]
         : size == 8 ? ((const uint64_t *)(const void *)at)[lane] : ((const uint16_t *)(const void *)at)[lane];
}

static inline void put_lane(unsigned char *at, unsigned size, unsigned lane, uint64_t value)
{
    if (size == 4)
        ((uint32_t *)(void *)at)[lane] = (uint32_t)value;
    else if (size == 8)
        ((uint64_t *)(void *)at)[lane] = value;
    else
        ((uint16_t *)(void *)at)[lane] = (uint16_t)value;
}

op_fn op_rounded, op_flushed;       /* rounding.c: wrappers round insn.inner */

#endif
