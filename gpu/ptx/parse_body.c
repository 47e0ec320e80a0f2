/* SPDX-License-Identifier: Apache-2.0 */
/* Function bodies: scopes, registers, labels, instructions and their operands. */
#include <ctype.h>
#include <string.h>

#include "parser.h"

/* The register `name` in a scope no further out than `outermost`, or -1. */
static int find_reg_within(const struct parser *p, const char *name, size_t length, int outermost)
{
    for (int i = p->ranges - 1; i >= 0; i--) {
        const struct reg_range *r = &p->range[i];
        if (!r->live || r->depth < outermost || length < r->length || memcmp(name, r->prefix, r->length) != 0)
            continue;
        if (r->count == 0) {
            if (length == r->length)
                return r->first;
            continue;
        }
        size_t digits = length - r->length;
        long n = 0;
        if (digits == 0 || digits > 7 || (digits > 1 && name[r->length] == '0'))
            continue;
        for (size_t k = r->length; k < length && n >= 0; k++)
            n = isdigit((unsigned char)name[k]) ? n * 10 + (name[k] - '0') : -1;
        if (n >= 0 && n < r->count)
            return r->first + (int)n;
    }
    return -1;
}

static int find_reg(const struct parser *p, const char *name, size_t length)
{
    return find_reg_within(p, name, length, 0);
}

static const struct variable *find_variable(const struct parser *p, const char *name, size_t length)
{
    for (int i = p->scopeds - 1; i >= 0; i--) {
        const struct variable *v = p->scoped[i].variable;
        if (p->scoped[i].live && strlen(v->name) == length && memcmp(v->name, name, length) == 0)
            return v;
    }
    return NULL;
}

static void add_range(struct parser *p, enum type type, int line)
{
    struct function *f = p->function;
    const char *name = expect_word(p);
    int count = 0;
    if (at_punct(p, '<')) {
        advance(p);
        uint64_t n = expect_int(p);
        if (n == 0 || n > 1u << 20)
            refuse(p->loader, line, "bad register count");
        count = (int)n;
        expect_punct(p, '>');
    }
    bool twice = count == 0 && find_reg_within(p, name, strlen(name), p->depth) >= 0;
    for (int i = 0; i < p->ranges; i++)
        twice |= p->range[i].live && p->range[i].depth == p->depth && strcmp(p->range[i].prefix, name) == 0;
    if (twice)
        refuse(p->loader, line, "register `%s` is declared twice in one scope", name);
    p->range = grow(p, p->range, p->ranges, sizeof *p->range);
    p->range[p->ranges++] = (struct reg_range){name, strlen(name), count, f->regs, p->depth, true};
    for (int i = 0; i < (count ? count : 1); i++) {
        f->reg = grow(p, f->reg, f->regs, sizeof *f->reg);
        f->reg[f->regs++] = (struct reg){name, type, line};
    }
}

static void parse_reg(struct parser *p)
{
    int line = p->token.line;
    advance(p);
    enum type type = p->token.kind == K_DOT ? type_named(p->token.start + 1, p->token.length - 1) : T_NONE;
    if (type == T_NONE || type == T_B8 || type == T_U8 || type == T_S8)
        refuse(p->loader, line, "register type `%.*s` is not modelled", (int)p->token.length, p->token.start);
    advance(p);
    for (;;) {
        add_range(p, type, line);
        if (!at_punct(p, ','))
            break;
        advance(p);
    }
    expect_punct(p, ';');
}

static void parse_local_variable(struct parser *p, enum space space)
{
    struct function *f = p->function;
    advance(p);
    struct variable *v = parse_variable(p, space, false);
    v->id = f->variables;
    f->variable = grow(p, f->variable, f->variables, sizeof *f->variable);
    f->variable[f->variables++] = v;
    p->scoped = grow(p, p->scoped, p->scopeds, sizeof *p->scoped);
    p->scoped[p->scopeds++] = (struct scoped_variable){v, p->depth, true};
}

static void parse_immediate(struct parser *p, struct raw_operand *o)
{
    bool minus = at_punct(p, '-');
    if (minus)
        advance(p);
    if (p->token.kind == K_INT)
        o->kind = O_INT;
    else if (!minus && (p->token.kind == K_F32 || p->token.kind == K_F64))
        o->kind = p->token.kind == K_F32 ? O_F32 : O_F64;
    else
        refuse(p->loader, p->token.line, "operand `%.*s` is not modelled", (int)p->token.length, p->token.start);
    if (minus && p->token.value > UINT64_C(1) << 63)
        refuse(p->loader, p->token.line, "integer constant does not fit 64 bits");
    o->value = minus ? 0 - p->token.value : p->token.value;
    advance(p);
}

static void parse_name(struct parser *p, struct raw_operand *o)
{
    const char *start = p->token.start;
    size_t length = p->token.length;
    advance(p);
    if (length == 1 && *start == '_') {
        o->kind = O_SINK;
        return;
    }
    if ((o->reg = find_reg(p, start, length)) >= 0) {
        o->kind = O_REG;
    } else if ((o->symbol = find_variable(p, start, length)) != NULL) {
        o->kind = O_SYMBOL;
    } else if (*start == '%') {
        if (p->token.kind == K_DOT && p->token.start == start + length) {
            length += p->token.length;
            advance(p);
        }
        o->kind = O_SPECIAL;
        o->text = intern(p, start, length);
    } else if (length == 7 && memcmp(start, "WARP_SZ", 7) == 0) {
        o->kind = O_INT;
        o->value = 32;
    } else {
        o->kind = O_LABEL;
        o->text = intern(p, start, length);
    }
}

static void parse_offset(struct parser *p, struct raw_operand *o)
{
    while (at_punct(p, '+') || at_punct(p, '-')) {
        bool minus = at_punct(p, '-');
        advance(p);
        if (at_punct(p, '-')) {
            minus = !minus;
            advance(p);
        }
        uint64_t v = expect_int(p);
        o->value += minus ? 0 - v : v;
    }
}

static struct raw_operand parse_operand(struct parser *p);

static void parse_list(struct parser *p, struct raw_operand *o, char close)
{
    o->kind = O_VECTOR;
    advance(p);
    while (!at_punct(p, close)) {
        if (o->items)
            expect_punct(p, ',');
        struct raw_operand item = parse_operand(p);
        if (item.kind == O_VECTOR || item.kind == O_ADDRESS)
            refuse(p->loader, p->token.line, "nested operand lists are not PTX");
        o->item = grow(p, o->item, o->items, sizeof *o->item);
        o->item[o->items++] = item;
    }
    advance(p);
}

static void parse_address(struct parser *p, struct raw_operand *o)
{
    advance(p);
    struct raw_operand base = {.reg = -1};
    if (p->token.kind == K_INT)
        base.value = expect_int(p);
    else if (p->token.kind == K_WORD)
        parse_name(p, &base);
    else
        refuse(p->loader, p->token.line, "address form is not modelled");
    if (p->token.kind == K_WORD || base.kind == O_SPECIAL || base.kind == O_LABEL || base.kind == O_SINK)
        refuse(p->loader, p->token.line, "address base is not a register or variable");
    parse_offset(p, &base);
    expect_punct(p, ']');
    *o = base;
    o->kind = O_ADDRESS;
}

static struct raw_operand parse_operand(struct parser *p)
{
    struct raw_operand o = {.reg = -1, .second = -1};
    if (at_punct(p, '!')) {
        o.negated = true;
        advance(p);
    }
    if (at_punct(p, '{')) {
        parse_list(p, &o, '}');
    } else if (at_punct(p, '(')) {
        parse_list(p, &o, ')');
    } else if (at_punct(p, '[')) {
        parse_address(p, &o);
    } else if (p->token.kind == K_WORD) {
        bool negated = o.negated;
        parse_name(p, &o);
        o.negated = negated;
        if (o.kind == O_SYMBOL)
            parse_offset(p, &o);
    } else {
        parse_immediate(p, &o);
    }
    if (o.negated && o.kind != O_REG)
        refuse(p->loader, p->token.line, "`!` stands before something that is not a register");
    if (at_punct(p, '|')) {
        advance(p);
        struct raw_operand second = {.reg = -1};
        parse_name(p, &second);
        if (second.kind != O_REG && second.kind != O_SINK)
            refuse(p->loader, p->token.line, "expected a register after `|`");
        o.second = second.kind == O_REG ? second.reg : -2;
    }
    return o;
}

static struct raw_insn *add_insn(struct parser *p)
{
    struct function *f = p->function;
    f->insn = grow(p, f->insn, f->insns, sizeof *f->insn);
    struct raw_insn *i = &f->insn[f->insns++];
    *i = (struct raw_insn){.line = p->token.line, .guard = -1};
    return i;
}

static void parse_targets(struct parser *p, struct raw_insn *i)
{
    advance(p);
    for (;;) {
        const char *name = expect_word(p);
        i->targets = grow(p, i->targets, i->target_count, sizeof *i->targets);
        i->targets[i->target_count++] = name;
        if (!at_punct(p, ','))
            break;
        advance(p);
    }
    expect_punct(p, ';');
}

static void parse_instruction(struct parser *p)
{
    struct raw_insn *i = add_insn(p);
    if (at_punct(p, '@')) {
        advance(p);
        if (at_punct(p, '!')) {
            i->guard_negated = true;
            advance(p);
        }
        if (p->token.kind != K_WORD || (i->guard = find_reg(p, p->token.start, p->token.length)) < 0)
            refuse(p->loader, p->token.line, "guard is not a register");
        if (p->function->reg[i->guard].type != T_PRED)
            refuse(p->loader, p->token.line, "guard is not a predicate");
        advance(p);
    }
    if (p->token.kind != K_WORD)
        refuse(p->loader, p->token.line, "expected an instruction, found `%.*s`", (int)p->token.length, p->token.start);
    const char *start = p->token.start, *end = start + p->token.length;
    i->line = p->token.line;
    advance(p);
    if (i->guard < 0 && at_punct(p, ':')) {
        for (int k = 0; k < p->function->insns - 1; k++) {
            const char *old = p->function->insn[k].label;
            if (old && strlen(old) == (size_t)(end - start) && memcmp(old, start, strlen(old)) == 0)
                refuse(p->loader, i->line, "label is defined twice");
        }
        i->label = intern(p, start, (size_t)(end - start));
        advance(p);
        if (at_dot(p, "branchtargets"))
            parse_targets(p, i);
        return;
    }
    while (p->token.kind == K_DOT && p->token.start == end) {
        end += p->token.length;
        advance(p);
    }
    i->name = intern(p, start, (size_t)(end - start));
    while (!at_punct(p, ';')) {
        if (i->operands)
            expect_punct(p, ',');
        struct raw_operand o = parse_operand(p);
        i->operand = grow(p, i->operand, i->operands, sizeof *i->operand);
        i->operand[i->operands++] = o;
    }
    advance(p);
}

/* Under a survey an instruction whose operands cannot be read is noted and skipped. */
static void survey_instruction(struct parser *p)
{
    struct function *f = p->function;
    const int before = f->insns;
    const char *start = p->token.start;
    const int line = p->token.line;
    jmp_buf outer;
    memcpy(&outer, &p->loader->jump, sizeof outer);
    if (setjmp(p->loader->jump) == 0) {
        parse_instruction(p);
    } else {
        const char *name = f->insns > before && f->insn[before].name ? f->insn[before].name : "unreadable text";
        survey_note(p->loader->survey, name, p->loader->error);
        f->insns = before;
        p->lexer.line = line;
        for (p->lexer.at = start; p->lexer.at < p->lexer.end && *p->lexer.at != ';'; p->lexer.at++)
            p->lexer.line += *p->lexer.at == '\n';
        memcpy(&p->loader->jump, &outer, sizeof outer);
        advance(p);
        return;
    }
    memcpy(&p->loader->jump, &outer, sizeof outer);
}

static void close_scope(struct parser *p)
{
    for (int i = 0; i < p->ranges; i++)
        if (p->range[i].depth == p->depth)
            p->range[i].live = false;
    for (int i = 0; i < p->scopeds; i++)
        if (p->scoped[i].depth == p->depth)
            p->scoped[i].live = false;
    p->depth--;
}

void parse_body(struct parser *p)
{
    struct function *f = p->function;
    int outer_ranges = p->ranges, outer_scopeds = p->scopeds;
    p->depth = 1;
    for (int i = 0; i < f->variables; i++) {
        p->scoped = grow(p, p->scoped, p->scopeds, sizeof *p->scoped);
        p->scoped[p->scopeds++] = (struct scoped_variable){f->variable[i], 1, true};
    }
    expect_punct(p, '{');
    while (p->depth) {
        if (p->token.kind == K_END) {
            refuse(p->loader, f->line, "body of `%s` is not closed", f->name);
        } else if (at_punct(p, '{')) {
            p->depth++;
            advance(p);
        } else if (at_punct(p, '}')) {
            close_scope(p);
            advance(p);
        } else if (at_punct(p, ';')) {
            advance(p);
        } else if (at_dot(p, "reg")) {
            parse_reg(p);
        } else if (at_dot(p, "local")) {
            parse_local_variable(p, S_LOCAL);
        } else if (at_dot(p, "shared")) {
            parse_local_variable(p, S_SHARED);
        } else if (at_dot(p, "param")) {
            parse_local_variable(p, S_FRAME);
        } else if (at_dot(p, "pragma") || at_dot(p, "loc") || at_dot(p, "file")) {
            skip_line(p);
        } else if (p->token.kind == K_DOT) {
            refuse(p->loader, p->token.line, "`%.*s` is not modelled here", (int)p->token.length, p->token.start);
        } else if (p->loader->survey) {
            survey_instruction(p);
        } else {
            parse_instruction(p);
        }
    }
    p->ranges = outer_ranges;
    p->scopeds = outer_scopeds;
}
