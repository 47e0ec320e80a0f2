/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding of moves, conversions, comparisons and address arithmetic. */
#include "decode.h"

static op_fn *internal(struct decoder *d, const char *name)
{
    return find_form(d, name)->fn;
}

static void move_address(struct decoder *d, enum type type)
{
    const struct raw_operand *o = &d->raw->operand[1];
    if (type_size(type) < 4 || type_is_float(type))
        reject(d, "an address does not fit .%s", type_name(type));
    struct insn *i = emit(d, internal(d, "internal:add_address"));
    uint64_t offset = o->value;
    enum space space;
    add_destination(i, destination(d, &d->raw->operand[0], type, 0));
    struct operand base = variable_base(d, i, o->symbol, &offset, &space);
    i->imm += (int64_t)offset;
    if (type_size(type) == 4 && space != S_SHARED)
        reject(d, "the address of `%s` needs 64 bits", o->symbol->name);
    if (space == S_SHARED && type_size(type) == 8) {    /* the 32-bit base, zero-extended */
        i->fn = internal(d, "internal:convert");
        i->type = T_U64;
        i->type2 = T_U32;
        i->aux = 4;
        int64_t add = i->imm;
        i->imm = 8;
        add_source(i, base);
        struct operand to = i->d[0];
        bool relative = d->dynamics && d->dynamic[d->dynamics - 1] == (int)(i - d->program->code);
        struct insn *second = emit(d, internal(d, "internal:add_address"));
        if (relative)
            d->dynamic[d->dynamics - 1] = (int)(second - d->program->code);
        second->imm = add;
        second->aux = 8;
        add_destination(second, to);
        add_source(second, to);
        return;
    }
    i->aux = (uint8_t)type_size(type);
    add_source(i, base);
}

static void move_vector(struct decoder *d, enum type type)
{
    bool packs = d->raw->operand[1].kind == O_VECTOR;
    const struct raw_operand *list = &d->raw->operand[packs], *whole = &d->raw->operand[!packs];
    unsigned size = type_size(type), n = (unsigned)list->items;
    if (whole->kind == O_VECTOR || (n != 2 && n != 4) || size / n < 1 || (size / n == 1) || type_is_integer(type))
        reject(d, "packing move of this shape is not modelled");
    enum type part = size / n == 2 ? T_B16 : T_B32;
    struct insn *i = emit(d, internal(d, packs ? "internal:pack" : "internal:unpack"));
    i->aux = (uint8_t)(size / n);
    i->imm = size;
    i->vec = arena_alloc(d->arena, n * sizeof *i->vec);
    i->nvec = (uint8_t)n;
    if (packs)
        add_destination(i, destination(d, whole, type, 0));
    else
        add_source(i, source(d, whole, type, 0));
    for (unsigned k = 0; k < n; k++)
        i->vec[k] = packs ? source(d, &list->item[k], part, 0) : destination(d, &list->item[k], part, 0);
    i->flags = packs ? F_STORE : F_LOAD;    /* says whether vec is read or written */
}

void decode_mov(struct decoder *d)
{
    expect_operands(d, 2, 2);
    enum type type = part_type(d, 1);
    const struct form *f = find_form(d, d->raw->name);
    if (!f)
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    const struct raw_operand *from = &d->raw->operand[1];
    if (from->kind == O_SYMBOL) {
        move_address(d, type);
    } else if (from->kind == O_VECTOR || d->raw->operand[0].kind == O_VECTOR) {
        move_vector(d, type);
    } else {
        struct insn *i = emit(d, f->fn);
        i->type = (uint8_t)type;
        add_destination(i, destination(d, &d->raw->operand[0], type, 0));
        add_source(i, source(d, from, type, 0));
    }
}

static bool rounding_named(const char *name, struct insn *i, bool *integral)
{
    static const char *const modes[] = {"rn", "rz", "rm", "rp"};
    for (int r = 0; r < 4; r++)
        if (strncmp(name, modes[r], 2) == 0 && (name[2] == 0 || (name[2] == 'i' && name[3] == 0))) {
            i->rounding = (uint8_t)r;
            *integral = name[2] == 'i';
            return true;
        }
    return false;
}

static void decode_cvt_pair(struct decoder *d, int at, struct insn *i)
{
    if (part_type(d, at + 1) != T_F32 || !i->saturate)
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    expect_operands(d, 3, 3);
    i->saturate = 0;
    i->fn = internal(d, "internal:convert_pair");
    i->flags |= F_F32;
    add_destination(i, destination(d, &d->raw->operand[0], T_B32, 0));
    add_source(i, source(d, &d->raw->operand[1], T_F32, 0));
    add_source(i, source(d, &d->raw->operand[2], T_F32, 0));
}

void decode_cvt(struct decoder *d)
{
    const struct form *fast = find_form(d, d->raw->name);
    struct insn *i = emit(d, internal(d, "internal:convert"));
    bool rounded = false, integral = false, sat = false;
    int at = 1;
    if (at < d->parts && rounding_named(d->part[at], i, &integral))
        rounded = true, at++;
    if (part_is(d, at, "ftz"))
        i->flags |= F_FTZ, at++;
    if (part_is(d, at, "sat"))
        sat = true, at++;
    enum type to = part_type(d, at), from = part_type(d, at + 1);
    if (d->parts != at + 2)
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    i->type = (uint8_t)to;
    i->type2 = (uint8_t)from;
    if (to == T_F16X2 || to == T_BF16X2) {
        i->saturate = rounded && !integral && !sat && i->rounding <= R_ZERO;
        decode_cvt_pair(d, at, i);
        return;
    }
    bool ff = type_is_float(to) && type_is_float(from), narrows = ff && type_size(to) < type_size(from);
    bool from_int = !type_is_float(from) && type_is_float(to), to_int = type_is_float(from) && !type_is_float(to);
    bool needs = narrows || from_int || to_int, wants_integral = to_int || (ff && to == from);
    if (type_is_bits(to) || type_is_bits(from) || to == T_PRED || from == T_PRED || from == T_F16X2 || from == T_BF16X2 ||
        (needs && !rounded) || (rounded && integral != wants_integral) || (rounded && !needs && !wants_integral) ||
        (ff && to != from && type_size(to) == type_size(from)) || ((i->flags & F_FTZ) && to != T_F32 && from != T_F32))
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    expect_operands(d, 2, 2);
    if (!rounded && ff && to == from && !sat && !(i->flags & F_FTZ) && to != T_F32 && to != T_F64)
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    i->saturate = (uint8_t)((sat ? 1 : 0) | (integral ? 2 : 0));
    i->flags |= to == T_F64 || from == T_F64 ? F_F64 : to == T_F32 || from == T_F32 ? F_F32 : 0;
    add_destination(i, destination(d, &d->raw->operand[0], to, WIDE));
    add_source(i, source(d, &d->raw->operand[1], from, WIDE));
    enum type td = reg_type(d, &d->raw->operand[0]), ts = reg_type(d, &d->raw->operand[1]);
    unsigned size_to = td ? type_size(td) : type_size(to), size_from = ts ? type_size(ts) : type_size(from);
    i->imm = size_to;
    i->aux = (uint8_t)size_from;
    if (fast && size_to == type_size(to) && size_from == type_size(from)) {
        i->fn = fast->fn;
        i->saturate = 0;
        wrap(i);
    }
}

static int64_t window_of(struct decoder *d, const char *name)
{
    if (strcmp(name, "global") == 0)
        return 0;
    if (strcmp(name, "shared") == 0 || strcmp(name, "shared::cta") == 0 || strcmp(name, "shared::cluster") == 0)
        return (int64_t)SHARED_WINDOW;
    if (strcmp(name, "local") == 0)
        return (int64_t)LOCAL_WINDOW;
    if (strcmp(name, "const") == 0)
        return (int64_t)CONST_WINDOW;
    if (strcmp(name, "param") == 0 || strcmp(name, "param::entry") == 0)
        return (int64_t)PARAM_WINDOW;
    reject(d, "state space `%s` is not modelled", name);
}

/* cvta.space.u64 d, a or d, variable; cvta.to.space.u64 d, a. */
void decode_cvta(struct decoder *d)
{
    bool to = part_is(d, 1, "to");
    if (d->parts != 3 + to || part_type(d, 2 + to) != T_U64)
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    expect_operands(d, 2, 2);
    int64_t window = window_of(d, d->part[1 + to]);
    const struct raw_operand *from = &d->raw->operand[1];
    if (from->kind == O_SYMBOL) {
        if (to)
            reject(d, "cvta.to of a variable is not modelled");
        move_address(d, T_U64);
        struct operand dst = destination(d, &d->raw->operand[0], T_U64, 0);
        struct insn *i = emit(d, internal(d, "internal:add_address"));
        i->aux = 8;
        i->imm = window;
        add_destination(i, dst);
        add_source(i, dst);
        return;
    }
    struct insn *i = emit(d, internal(d, "internal:add_address"));
    i->aux = 8;
    i->imm = to ? -window : window;
    i->saturate = to && window;
    add_destination(i, destination(d, &d->raw->operand[0], T_U64, 0));
    add_source(i, source(d, from, T_U64, 0));
    if (window == 0) {      /* global addresses are generic addresses */
        i->fn = find_form(d, "mov.u64")->fn;
        i->type = T_U64;
    }
}

static int compare_named(struct decoder *d, const char *name, enum type t)
{
    static const char *const names[CMP_COUNT] = {"eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu",
                                                 "geu", "num", "nan"};
    static const struct { const char *name; enum compare compare; } unsigned_names[] = {
        {"lo", CMP_LT}, {"ls", CMP_LE}, {"hi", CMP_GT}, {"hs", CMP_GE}};
    bool is_float = type_is_float(t), is_unsigned = !is_float && !type_is_signed(t) && !type_is_bits(t);
    for (int c = 0; c < CMP_COUNT; c++)
        if (strcmp(names[c], name) == 0 && (c <= CMP_NE || (c <= CMP_GE && !type_is_bits(t)) || is_float))
            return c;
    for (int k = 0; k < 4; k++)
        if (is_unsigned && strcmp(unsigned_names[k].name, name) == 0)
            return (int)unsigned_names[k].compare;
    reject(d, "comparison `%s` is not modelled for .%s", name, type_name(t));
}

static const struct form *compare_form(struct decoder *d, enum type t)
{
    char name[32];
    snprintf(name, sizeof name, "setp:%s", type_name(t));
    const struct form *f = find_form(d, name);
    if (!f)
        reject(d, "comparison of .%s is not modelled", type_name(t));
    return f;
}

void decode_setp(struct decoder *d)
{
    int at = 2, combine = part_is(d, 2, "and") ? 1 : part_is(d, 2, "or") ? 2 : part_is(d, 2, "xor") ? 3 : 0;
    at += combine != 0;
    bool ftz = part_is(d, at, "ftz");
    at += ftz;
    enum type t = part_type(d, at);
    if (d->parts != at + 1 || (ftz && t != T_F32))
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    const struct form *f = compare_form(d, t);
    expect_operands(d, combine ? 4 : 3, combine ? 4 : 3);
    struct insn *i = emit(d, f->fn);
    const struct raw_operand *o = d->raw->operand;
    i->aux = (uint8_t)compare_named(d, d->part[1], t);
    i->type = T_PRED;
    i->type2 = (uint8_t)t;
    i->flags = f->flags | (ftz ? F_FTZ : 0);
    add_destination(i, destination(d, &o[0], T_PRED, 0));
    bool pair = o[0].second != -1;
    if (o[0].second >= 0) {
        struct raw_operand second = {.kind = O_REG, .reg = o[0].second};
        add_destination(i, destination(d, &second, T_PRED, 0));
    }
    add_source(i, source(d, &o[1], t, 0));
    add_source(i, source(d, &o[2], t, 0));
    if (ftz && (combine || pair))
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    if (combine)
        add_source(i, source(d, &o[3], T_PRED, 0));
    if (combine || pair) {
        i->inner = i->fn;
        i->fn = internal(d, "internal:setp_combined");
        i->imm = combine;
    }
    wrap(i);
}

void decode_set(struct decoder *d)
{
    enum type to = part_type(d, 2), t = part_type(d, 3);
    if (d->parts != 4 || (to != T_U32 && to != T_S32 && to != T_F32))
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    const struct form *f = compare_form(d, t);
    expect_operands(d, 3, 3);
    struct insn *i = emit(d, internal(d, "internal:set"));
    i->inner = f->fn;
    i->aux = (uint8_t)compare_named(d, d->part[1], t);
    i->type = (uint8_t)to;
    i->flags = f->flags;
    add_destination(i, destination(d, &d->raw->operand[0], to, 0));
    add_source(i, source(d, &d->raw->operand[1], t, 0));
    add_source(i, source(d, &d->raw->operand[2], t, 0));
}

void decode_testp(struct decoder *d)
{
    static const char *const names[] = {"finite", "infinite", "number", "notanumber", "normal", "subnormal"};
    enum type t = part_type(d, 2);
    char form[32];
    snprintf(form, sizeof form, "testp:%s", type_name(t));
    const struct form *f = find_form(d, form);
    expect_operands(d, 2, 2);
    for (int k = 0; f && d->parts == 3 && k < 6; k++)
        if (part_is(d, 1, names[k])) {
            struct insn *i = emit(d, f->fn);
            i->aux = (uint8_t)k;
            i->type = T_PRED;
            i->flags = f->flags;
            add_destination(i, destination(d, &d->raw->operand[0], T_PRED, 0));
            add_source(i, source(d, &d->raw->operand[1], t, 0));
            return;
        }
    reject(d, "`%s` is not a form that is modelled", d->raw->name);
}

void decode_isspacep(struct decoder *d)
{
    static const struct { const char *name; enum space space; } spaces[] = {
        {"global", S_GLOBAL}, {"shared", S_SHARED}, {"local", S_LOCAL}, {"const", S_CONST}, {"param", S_PARAM}};
    expect_operands(d, 2, 2);
    for (size_t k = 0; d->parts == 2 && k < sizeof spaces / sizeof *spaces; k++)
        if (part_is(d, 1, spaces[k].name)) {
            struct insn *i = emit(d, internal(d, "internal:isspace"));
            i->aux = (uint8_t)spaces[k].space;
            add_destination(i, destination(d, &d->raw->operand[0], T_PRED, 0));
            add_source(i, source(d, &d->raw->operand[1], T_B64, 0));
            return;
        }
    reject(d, "`%s` is not a form that is modelled", d->raw->name);
}

/* mapa.u64 of a generic address, mapa.shared::cluster.u32 or .u64 of a shared one. */
void decode_mapa(struct decoder *d)
{
    bool shared = part_is(d, 1, "shared::cluster");
    enum type t = part_type(d, 1 + shared);
    if (d->parts != 2 + shared || (t != T_U64 && !(shared && t == T_U32)))
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    expect_operands(d, 3, 3);
    if (d->raw->operand[1].kind == O_SYMBOL)
        reject(d, "mapa of a variable name is not modelled; move its address to a register");
    struct insn *i = emit(d, internal(d, "internal:mapa"));
    i->aux = (uint8_t)type_size(t);
    i->saturate = !shared;
    add_destination(i, destination(d, &d->raw->operand[0], t, 0));
    add_source(i, source(d, &d->raw->operand[1], t, 0));
    add_source(i, source(d, &d->raw->operand[2], T_U32, 0));
}

/* getctarank: which block of the cluster an address of shared memory belongs to. */
void decode_ctarank(struct decoder *d)
{
    bool shared = part_is(d, 1, "shared::cluster");
    enum type t = part_type(d, 1 + shared);
    if (d->parts != 2 + shared || (t != T_U64 && !(shared && t == T_U32)))
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    expect_operands(d, 2, 2);
    if (d->raw->operand[1].kind == O_SYMBOL)
        reject(d, "getctarank of a variable name is not modelled; move its address to a register");
    struct insn *i = emit(d, internal(d, "internal:ctarank"));
    i->aux = (uint8_t)type_size(t);
    i->saturate = !shared;
    add_destination(i, destination(d, &d->raw->operand[0], T_U32, 0));
    add_source(i, source(d, &d->raw->operand[1], t, 0));
}
