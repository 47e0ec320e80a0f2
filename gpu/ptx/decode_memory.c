/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding of loads, stores, atomics and fences. */
#include "decode.h"

static bool space_part(const char *name, enum space *space)
{
    static const struct { const char *name; enum space space; } names[] = {
        {"global", S_GLOBAL}, {"shared", S_SHARED}, {"shared::cta", S_SHARED}, {"shared::cluster", S_CLUSTER},
        {"local", S_LOCAL}, {"const", S_CONST}, {"param", S_PARAM}, {"param::entry", S_PARAM}, {"param::func", S_PARAM}};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(names[k].name, name) == 0) {
            *space = names[k].space;
            return true;
        }
    return false;
}

static bool scope_part(const char *name, uint32_t *flags)
{
    if (strcmp(name, "cta") == 0) {
        *flags |= F_CTA_SCOPE;
        return true;
    }
    return strcmp(name, "gpu") == 0 || strcmp(name, "sys") == 0 || strcmp(name, "cluster") == 0;
}

/* Hints that do not change what is loaded or stored. */
static bool cache_part(const char *name)
{
    static const char *const names[] = {"ca", "cg", "cs", "lu", "cv", "wb", "wt", "weak",
        "L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last", "L1::no_allocate",
        "L2::64B", "L2::128B", "L2::256B", "L2::evict_first", "L2::evict_last", "L2::evict_normal"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(names[k], name) == 0)
            return true;
    return false;
}

static void decode_address(struct decoder *d, struct insn *i, const struct raw_operand *o, enum space *space)
{
    if (o->kind != O_ADDRESS)
        reject(d, "operand is not an address");
    if (o->symbol) {
        uint64_t offset = o->value;
        enum space lives;
        struct operand base = variable_base(d, i, o->symbol, &offset, &lives);
        bool same = lives == *space || (*space == S_PARAM && lives == S_LOCAL) || (*space == S_CLUSTER && lives == S_SHARED);
        if (!same)
            reject(d, "`%s` does not live in the space of this instruction", o->symbol->name);
        *space = lives == S_LOCAL ? S_LOCAL : *space;
        i->imm += (int64_t)offset;
        if (lives != S_SHARED)
            i->flags |= F_WIDE_BASE;
        add_source(i, base);
        return;
    }
    i->imm = (int64_t)o->value;
    if (o->reg < 0) {
        i->flags |= F_WIDE_BASE;
        add_source(i, constant(d, 8, 0));
        return;
    }
    struct raw_operand base = {.kind = O_REG, .reg = o->reg};
    enum type t = reg_type(d, &base);
    if (type_is_float(t) || t == T_PRED || type_size(t) < 4)
        reject(d, "address register has type .%s", type_name(t));
    if (type_size(t) == 4 && (*space == S_GLOBAL || *space == S_GENERIC))
        reject(d, "address register has 32 bits where this space has 64");
    if (type_size(t) == 8)
        i->flags |= F_WIDE_BASE;
    add_source(i, source(d, &base, t, 0));
}

/* What the name says after ld or st; `at` ends after the type. */
static unsigned memory_parts(struct decoder *d, struct insn *i, enum space *space)
{
    unsigned vector = 0;
    int at = 1;
    bool has_space = false;
    *space = S_GENERIC;
    for (; at < d->parts - 1; at++) {
        const char *part = d->part[at];
        if (strcmp(part, "volatile") == 0 || strcmp(part, "relaxed") == 0 || strcmp(part, "acquire") == 0 || strcmp(part, "release") == 0)
            i->flags |= F_STRONG;
        else if (strcmp(part, "nc") == 0)
            i->flags |= F_NC;
        else if (strcmp(part, "v2") == 0 || strcmp(part, "v4") == 0 || strcmp(part, "v8") == 0)
            vector = (unsigned)part[1] - '0';
        else if (strcmp(part, "L2::cache_hint") == 0)
            i->flags |= F_POLICY;
        else if (!has_space && space_part(part, space))
            has_space = true;
        else if (!((i->flags & F_STRONG) && scope_part(part, &i->flags)) && !cache_part(part))
            reject(d, "`.%s` of `%s` is not modelled", part, d->raw->name);
    }
    i->type = (uint8_t)part_type(d, at);
    if (i->type == T_PRED || i->type == T_F16 || i->type == T_BF16 || i->type == T_F16X2 || i->type == T_BF16X2)
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    if ((i->flags & F_NC) && *space != S_GLOBAL)
        reject(d, ".nc belongs to global memory");
    if (vector * type_size((enum type)i->type) > 32 || (vector == 8 && type_size((enum type)i->type) != 4))
        reject(d, "vector access is wider than 32 bytes");
    return vector;
}

static void memory_elements(struct decoder *d, struct insn *i, const struct raw_operand *o, unsigned vector, bool load)
{
    const struct raw_operand *item = o->kind == O_VECTOR ? o->item : o;
    unsigned n = o->kind == O_VECTOR ? (unsigned)o->items : 1;
    if (n != (vector ? vector : 1) || o->second != -1)
        reject(d, "`%s` needs %u elements", d->raw->name, vector ? vector : 1);
    i->vec = arena_alloc(d->arena, n * sizeof *i->vec);
    i->nvec = (uint8_t)n;
    i->aux = (uint8_t)type_size((enum type)i->type);
    for (unsigned k = 0; k < n; k++) {
        i->vec[k] = load ? destination(d, &item[k], (enum type)i->type, WIDE) : source(d, &item[k], (enum type)i->type, WIDE);
        enum type t = reg_type(d, &item[k]);
        unsigned size = t ? type_size(t) : k || item[k].kind == O_SINK ? i->aux : type_size((enum type)i->type);
        if (k && t && size != i->aux)
            reject(d, "elements of different sizes");
        i->aux = (uint8_t)size;
    }
}

/* .L2::cache_hint takes a policy last; it must have been written, and changes nothing. */
static void memory_policy(struct decoder *d, struct insn *i)
{
    const int wanted = i->flags & F_POLICY ? 3 : 2;
    expect_operands(d, wanted, wanted);
    if (i->flags & F_POLICY)
        add_source(i, source(d, &d->raw->operand[2], T_B64, 0));
}

/* createpolicy makes an opaque word that only .L2::cache_hint may take: 0 here. */
void decode_policy(struct decoder *d)
{
    static const char *const known[] = {"evict_first", "evict_last", "evict_normal", "evict_unchanged"};
    bool good = d->parts == 4 && part_is(d, 1, "fractional") && part_is(d, 3, "b64") && strncmp(d->part[2], "L2::", 4) == 0;
    int match = 0;
    for (size_t k = 0; good && k < sizeof known / sizeof *known; k++)
        match |= strcmp(d->part[2] + 4, known[k]) == 0;
    if (!match)
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    expect_operands(d, 1, 2);
    const struct raw_operand *o = d->raw->operand;
    if (d->raw->operands == 2 && o[1].kind != O_F64)
        source(d, &o[1], T_F32, 0);
    struct insn *i = emit(d, find_form(d, "mov.b64")->fn);
    i->type = T_B64;
    add_destination(i, destination(d, &o[0], T_B64, 0));
    add_source(i, constant(d, 8, 0));
}

void decode_load(struct decoder *d)
{
    expect_operands(d, 2, 3);
    struct insn *i = emit(d, op_load);
    enum space space;
    i->flags |= F_LOAD;
    unsigned vector = memory_parts(d, i, &space);
    decode_address(d, i, &d->raw->operand[1], &space);
    i->space = (uint8_t)space;
    memory_elements(d, i, &d->raw->operand[0], vector, true);
    memory_policy(d, i);
}

void decode_store(struct decoder *d)
{
    expect_operands(d, 2, 3);
    struct insn *i = emit(d, op_store);
    enum space space;
    i->flags |= F_STORE;
    unsigned vector = memory_parts(d, i, &space);
    if (space == S_CONST || (i->flags & F_NC))
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    decode_address(d, i, &d->raw->operand[0], &space);
    if (space == S_PARAM)
        reject(d, "kernel parameters cannot be stored to");
    i->space = (uint8_t)space;
    memory_elements(d, i, &d->raw->operand[1], vector, false);
    memory_policy(d, i);
}

void decode_atomic(struct decoder *d)
{
    static const char *const names[] = {"add", "min", "max", "and", "or", "xor", "exch", "cas", "inc", "dec"};
    bool returns = part_is(d, 0, "atom");
    struct insn *i = emit(d, op_atomic);
    enum space space = S_GENERIC;
    bool has_space = false;
    int op = -1, at = 1;
    for (; at < d->parts - 1; at++) {
        const char *part = d->part[at];
        for (int k = 0; op < 0 && k < 10; k++)
            if (strcmp(part, names[k]) == 0)
                op = k;
        if (op >= 0)
            break;
        if (!has_space && space_part(part, &space))
            has_space = true;
        else if (strcmp(part, "relaxed") != 0 && strcmp(part, "acquire") != 0 && strcmp(part, "release") != 0 &&
                 strcmp(part, "acq_rel") != 0 && !scope_part(part, &i->flags))
            reject(d, "`.%s` of `%s` is not modelled", part, d->raw->name);
    }
    enum type t = part_type(d, d->parts - 1);
    bool bits = op == 3 || op == 4 || op == 5 || op == 6 || op == 7;
    bool arithmetic = op == 0 || op == 1 || op == 2;
    bool is_float = (t == T_F32 || t == T_F64) && op == 0;
    bool good = bits ? t == T_B32 || t == T_B64
              : arithmetic ? t == T_U32 || t == T_S32 || t == T_U64 || (t == T_S64 && op != 0) || is_float : t == T_U32;
    if (op < 0 || at != d->parts - 2 || !good || (!returns && (op == 6 || op == 7)) ||
        (space != S_GENERIC && space != S_GLOBAL && space != S_SHARED && space != S_CLUSTER))
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    int sources = op == 7 ? 2 : 1;
    expect_operands(d, 1 + returns + sources, 1 + returns + sources);
    i->flags |= F_ATOMIC | (is_float ? F_FLOAT_ATOMIC : 0);
    i->type = (uint8_t)t;
    i->type2 = (uint8_t)op;
    i->aux = (uint8_t)type_size(t);
    const struct raw_operand *o = d->raw->operand;
    decode_address(d, i, &o[returns], &space);
    i->space = (uint8_t)space;
    add_destination(i, returns ? destination(d, &o[0], t, 0) : (struct operand){0, 0});
    for (int k = 0; k < sources; k++)
        add_source(i, source(d, &o[1 + returns + k], t, 0));
}

static void op_nothing(struct warp *w, const struct insn *i)
{
    (void)w;
    (void)i;
}

/* Fences order memory; the interpreter's memory is already in order, and its race rules ask for barriers. */
void decode_fence(struct decoder *d)
{
    static const char *const known[] = {"membar.cta", "membar.gl", "membar.sys", "fence.acq_rel.cta", "fence.acq_rel.cluster",
        "fence.acq_rel.gpu", "fence.acq_rel.sys", "fence.sc.cta", "fence.sc.cluster", "fence.sc.gpu", "fence.sc.sys"};
    expect_operands(d, 0, 0);
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (strcmp(known[k], d->raw->name) == 0) {
            emit(d, op_nothing);
            return;
        }
    reject(d, "`%s` is not a form that is modelled", d->raw->name);
}
