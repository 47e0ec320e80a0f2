/* SPDX-License-Identifier: Apache-2.0 */
/* Types of PTX and when an operand agrees with an instruction ("Operand Type Information" of the PTX ISA). */
#include <string.h>

#include "module.h"

enum class { C_NONE, C_PRED, C_BITS, C_UNSIGNED, C_SIGNED, C_FLOAT };

static const struct { const char *name; unsigned char size, class; } types[T_COUNT] = {
    [T_NONE] = {"none", 0, C_NONE},     [T_PRED] = {"pred", 0, C_PRED},
    [T_B8] = {"b8", 1, C_BITS},         [T_B16] = {"b16", 2, C_BITS},
    [T_B32] = {"b32", 4, C_BITS},       [T_B64] = {"b64", 8, C_BITS},
    [T_U8] = {"u8", 1, C_UNSIGNED},     [T_U16] = {"u16", 2, C_UNSIGNED},
    [T_U32] = {"u32", 4, C_UNSIGNED},   [T_U64] = {"u64", 8, C_UNSIGNED},
    [T_S8] = {"s8", 1, C_SIGNED},       [T_S16] = {"s16", 2, C_SIGNED},
    [T_S32] = {"s32", 4, C_SIGNED},     [T_S64] = {"s64", 8, C_SIGNED},
    [T_F16] = {"f16", 2, C_FLOAT},      [T_BF16] = {"bf16", 2, C_FLOAT},
    [T_F16X2] = {"f16x2", 4, C_FLOAT},  [T_BF16X2] = {"bf16x2", 4, C_FLOAT},
    [T_F32] = {"f32", 4, C_FLOAT},      [T_F64] = {"f64", 8, C_FLOAT},
};

unsigned type_size(enum type t) { return types[t].size; }
const char *type_name(enum type t) { return types[t].name; }
bool type_is_float(enum type t) { return types[t].class == C_FLOAT; }
bool type_is_integer(enum type t) { return types[t].class == C_UNSIGNED || types[t].class == C_SIGNED; }
bool type_is_signed(enum type t) { return types[t].class == C_SIGNED; }
bool type_is_bits(enum type t) { return types[t].class == C_BITS; }

enum type type_named(const char *name, size_t length)
{
    for (int t = T_PRED; t < T_COUNT; t++)
        if (strlen(types[t].name) == length && memcmp(types[t].name, name, length) == 0)
            return (enum type)t;
    return T_NONE;
}

bool type_agrees(enum type want, enum type reg)
{
    if (want == reg)
        return true;
    if (types[want].size != types[reg].size || want == T_PRED || reg == T_PRED)
        return false;
    return type_is_bits(want) || type_is_bits(reg) || (type_is_integer(want) && type_is_integer(reg));
}

bool type_agrees_wide(enum type want, enum type reg)
{
    if (type_agrees(want, reg))
        return true;
    return types[want].size < types[reg].size && !type_is_float(want) && !type_is_float(reg) && want != T_PRED;
}
