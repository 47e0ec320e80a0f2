/* SPDX-License-Identifier: Apache-2.0 */
/* Module level of a PTX file: directives, variables, kernels and functions. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"

void *arena_alloc(struct arena *a, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    if (!a->head || a->head->size - a->head->used < size) {
        size_t room = size > 65536 ? size : 65536;
        struct arena_block *b = calloc(1, sizeof *b + 16 + room);
        if (!b)
            abort();
        *b = (struct arena_block){a->head, 0, room};
        a->head = b;
    }
    void *p = (char *)a->head + ((sizeof(struct arena_block) + 15) & ~(size_t)15) + a->head->used;
    a->head->used += size;
    return p;
}

void arena_free(struct arena *a)
{
    while (a->head) {
        struct arena_block *next = a->head->next;
        free(a->head);
        a->head = next;
    }
}

void refuse(struct loader *l, int line, const char *format, ...)
{
    char reason[256];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    const char *p = l->text, *end = l->text + l->length;
    for (int n = 1; n < line && p < end; n += *p++ == '\n')
        ;
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    int width = 0;
    while (p + width < end && p[width] != '\n' && p[width] != '\r' && width < 120)
        width++;
    snprintf(l->error, MMAX_PTX_ERROR_SIZE, "%.120s:%d: %s: `%.*s`", l->name, line, reason, width, p);
    longjmp(l->jump, 1);
}

void advance(struct parser *p)
{
    p->token = lex_next(&p->lexer);
}

bool at_punct(const struct parser *p, char c)
{
    return p->token.kind == K_PUNCT && p->token.value == (uint64_t)c;
}

bool at_dot(const struct parser *p, const char *name)
{
    return p->token.kind == K_DOT && p->token.length == strlen(name) + 1 &&
           memcmp(p->token.start + 1, name, p->token.length - 1) == 0;
}

void expect_punct(struct parser *p, char c)
{
    if (!at_punct(p, c))
        refuse(p->loader, p->token.line, "expected `%c` before `%.*s`", c, (int)p->token.length, p->token.start);
    advance(p);
}

uint64_t expect_int(struct parser *p)
{
    if (p->token.kind != K_INT)
        refuse(p->loader, p->token.line, "expected an integer, found `%.*s`", (int)p->token.length, p->token.start);
    uint64_t v = p->token.value;
    advance(p);
    return v;
}

const char *intern(struct parser *p, const char *start, size_t length)
{
    char *s = arena_alloc(&p->module->arena, length + 1);
    memcpy(s, start, length);
    return s;
}

const char *expect_word(struct parser *p)
{
    if (p->token.kind != K_WORD)
        refuse(p->loader, p->token.line, "expected a name, found `%.*s`", (int)p->token.length, p->token.start);
    const char *s = intern(p, p->token.start, p->token.length);
    advance(p);
    return s;
}

void skip_line(struct parser *p)
{
    const char *at = p->token.start;
    while (at < p->lexer.end && *at != '\n')
        at++;
    p->lexer.at = at;
    p->lexer.line = p->token.line;
    advance(p);
}

void *grow(struct parser *p, void *array, int count, size_t element)
{
    if (count & (count - 1) || (count && count < 8))
        return array;
    void *bigger = arena_alloc(&p->module->arena, (count ? (size_t)count * 2 : 8) * element);
    if (count)
        memcpy(bigger, array, (size_t)count * element);
    return bigger;
}

static void parse_initial(struct parser *p, struct variable *v)
{
    unsigned size = type_size(v->element);
    unsigned char *bytes = arena_alloc(&p->module->arena, v->size ? v->size : 1);
    bool braces = at_punct(p, '{');
    if (braces)
        advance(p);
    for (uint64_t at = 0;; at += size) {
        bool minus = at_punct(p, '-');
        if (minus)
            advance(p);
        if (p->token.kind != K_INT && p->token.kind != K_F32 && p->token.kind != K_F64)
            refuse(p->loader, p->token.line, "initial values of this form are not modelled");
        if (at + size > v->size)
            refuse(p->loader, p->token.line, "more initial values than `%s` holds", v->name);
        uint64_t value = minus ? 0 - p->token.value : p->token.value;
        memcpy(bytes + at, &value, size);
        advance(p);
        if (!braces || !at_punct(p, ','))
            break;
        advance(p);
    }
    if (braces)
        expect_punct(p, '}');
    v->init = bytes;
}

struct variable *parse_variable(struct parser *p, enum space space, bool formal)
{
    struct variable *v = arena_alloc(&p->module->arena, sizeof *v);
    v->space = space;
    v->in_module = p->function == NULL;
    uint64_t vector = 1;
    for (; p->token.kind == K_DOT; advance(p)) {
        if (at_dot(p, "align")) {
            advance(p);
            if (p->token.kind != K_INT || p->token.value == 0 || p->token.value > 1024 || (p->token.value & (p->token.value - 1)))
                refuse(p->loader, p->token.line, "bad alignment");
            if (v->element == T_NONE)
                v->align = p->token.value;  /* after .ptr it speaks of the pointee */
        } else if (at_dot(p, "v2") || at_dot(p, "v4")) {
            vector = at_dot(p, "v2") ? 2 : 4;
        } else if (formal && (at_dot(p, "ptr") || at_dot(p, "global") || at_dot(p, "const") || at_dot(p, "shared") || at_dot(p, "local"))) {
            continue;
        } else {
            enum type t = type_named(p->token.start + 1, p->token.length - 1);
            if (t == T_NONE || t == T_PRED || v->element != T_NONE)
                refuse(p->loader, p->token.line, "`%.*s` is not modelled in a declaration", (int)p->token.length, p->token.start);
            v->element = t;
        }
    }
    if (v->element == T_NONE)
        refuse(p->loader, p->token.line, "declaration without a type");
    v->name = expect_word(p);
    v->size = type_size(v->element) * vector;
    if (!v->align)
        v->align = v->size;
    while (at_punct(p, '[')) {
        advance(p);
        if (at_punct(p, ']')) {
            v->external = true;
            v->size = 0;
        } else {
            uint64_t n = expect_int(p);
            if (n > (UINT64_C(1) << 32) / (v->size ? v->size : 1))
                refuse(p->loader, p->token.line, "array is too large");
            v->size *= n;
        }
        expect_punct(p, ']');
    }
    if (v->external && space != S_SHARED)
        refuse(p->loader, p->token.line, "only shared memory may be declared without a size");
    if (at_punct(p, '=')) {
        if (space != S_GLOBAL && space != S_CONST)
            refuse(p->loader, p->token.line, "only .global and .const variables take initial values");
        advance(p);
        parse_initial(p, v);
    }
    if (!formal)
        expect_punct(p, ';');
    return v;
}

struct function *find_function(const struct mmax_ptx_module *module, const char *name, size_t length)
{
    for (struct function *f = module->functions; f; f = f->next)
        if (strlen(f->name) == length && memcmp(f->name, name, length) == 0)
            return f;
    return NULL;
}

static struct variable **parse_formals(struct parser *p, int *count)
{
    struct function *f = p->function;
    struct variable **list = NULL;
    *count = 0;
    expect_punct(p, '(');
    while (!at_punct(p, ')')) {
        if (*count)
            expect_punct(p, ',');
        if (!at_dot(p, "param"))
            refuse(p->loader, p->token.line, "only .param parameters are modelled");
        advance(p);
        struct variable *v = parse_variable(p, f->kernel ? S_PARAM : S_FRAME, true);
        v->id = f->variables;
        if (f->kernel) {
            f->params_size = (f->params_size + (unsigned)v->align - 1) & ~((unsigned)v->align - 1);
            v->address = f->params_size;
            f->params_size += (unsigned)v->size;
        }
        f->variable = grow(p, f->variable, f->variables, sizeof *f->variable);
        f->variable[f->variables++] = v;
        list = grow(p, list, *count, sizeof *list);
        list[(*count)++] = v;
    }
    expect_punct(p, ')');
    return list;
}

static void parse_triple(struct parser *p, unsigned out[3])
{
    advance(p);
    out[1] = out[2] = 1;
    for (int i = 0; i < 3; i++) {
        uint64_t n = expect_int(p);
        if (n == 0 || n > 1u << 20)
            refuse(p->loader, p->token.line, "bad launch bound");
        out[i] = (unsigned)n;
        if (!at_punct(p, ','))
            return;
        advance(p);
    }
}

static void parse_function(struct parser *p, bool kernel)
{
    struct function *f = arena_alloc(&p->module->arena, sizeof *f);
    f->kernel = kernel;
    f->line = p->token.line;
    p->function = f;
    advance(p);
    if (!kernel && at_punct(p, '('))
        f->result = parse_formals(p, &f->results);
    f->name = expect_word(p);
    if (at_punct(p, '('))
        f->formal = parse_formals(p, &f->formals);
    for (;;) {
        if (at_dot(p, "maxntid"))
            parse_triple(p, f->max_threads);
        else if (at_dot(p, "reqntid"))
            parse_triple(p, f->required_threads);
        else if (at_dot(p, "reqnctapercluster"))
            parse_triple(p, f->cluster);
        else if (at_dot(p, "minnctapersm") || at_dot(p, "maxnreg") || at_dot(p, "maxclusterrank"))
            advance(p), expect_int(p);
        else if (at_dot(p, "explicitcluster") || at_dot(p, "noreturn"))
            advance(p);
        else
            break;
    }
    struct function *known = find_function(p->module, f->name, strlen(f->name));
    if (at_punct(p, ';')) {
        advance(p);
    } else {
        f->defined = true;
        parse_body(p);
    }
    p->function = NULL;
    if (known && known->defined && f->defined)
        refuse(p->loader, f->line, "`%s` is defined twice", f->name);
    if (known && !f->defined)
        return;
    if (known)      /* a declaration came first: the definition takes its name away */
        known->name = "";
    struct function **last = &p->module->functions;
    while (*last)
        last = &(*last)->next;
    *last = f;
}

static void skip_section(struct parser *p)
{
    while (!at_punct(p, '{'))
        if (p->token.kind == K_END)
            refuse(p->loader, p->token.line, "section is not closed");
        else
            advance(p);
    while (p->lexer.at < p->lexer.end && *p->lexer.at != '}')
        p->lexer.line += *p->lexer.at++ == '\n';
    advance(p);
    expect_punct(p, '}');
}

static void parse_target(struct parser *p)
{
    advance(p);
    const char *name = expect_word(p);
    if (strncmp(name, "sm_", 3) != 0)
        refuse(p->loader, p->token.line, "unknown target `%s`", name);
    p->module->sm = atoi(name + 3);
    snprintf(p->module->target, sizeof p->module->target, "%.15s", name);
    while (at_punct(p, ',')) {
        advance(p);
        const char *option = expect_word(p);
        if (strcmp(option, "debug") != 0)
            refuse(p->loader, p->token.line, "target option `%s` is not modelled", option);
    }
}

static void parse_module_variable(struct parser *p, enum space space)
{
    struct mmax_ptx_module *m = p->module;
    advance(p);
    struct variable *v = parse_variable(p, space, false);
    v->id = m->variables;
    uint64_t *end = space == S_GLOBAL ? &m->global_size : &m->const_size;
    if (space != S_SHARED) {
        *end = (*end + v->align - 1) & ~(v->align - 1);
        v->address = *end;
        *end += v->size;
    }
    m->variable = grow(p, m->variable, m->variables, sizeof *m->variable);
    m->variable[m->variables++] = v;
    p->scoped = grow(p, p->scoped, p->scopeds, sizeof *p->scoped);
    p->scoped[p->scopeds++] = (struct scoped_variable){v, 0, true};
}

void parse_module(struct mmax_ptx_module *module, struct loader *loader)
{
    struct parser p = {.loader = loader, .module = module,
                       .lexer = {loader, loader->text, loader->text + loader->length, 1}};
    bool version = false;
    advance(&p);
    while (p.token.kind != K_END) {
        if (at_dot(&p, "version")) {
            module->version = atoi(p.lexer.at);
            version = true;
            skip_line(&p);
        } else if (at_dot(&p, "target")) {
            parse_target(&p);
        } else if (at_dot(&p, "address_size")) {
            advance(&p);
            if (expect_int(&p) != 64)
                refuse(loader, p.token.line, "only 64-bit addresses are modelled");
        } else if (at_dot(&p, "file")) {
            skip_line(&p);
        } else if (at_dot(&p, "section")) {
            skip_section(&p);
        } else if (at_dot(&p, "visible") || at_dot(&p, "weak") || at_dot(&p, "extern")) {
            advance(&p);
        } else if (at_dot(&p, "entry") || at_dot(&p, "func")) {
            parse_function(&p, at_dot(&p, "entry"));
        } else if (at_dot(&p, "global")) {
            parse_module_variable(&p, S_GLOBAL);
        } else if (at_dot(&p, "const")) {
            parse_module_variable(&p, S_CONST);
        } else if (at_dot(&p, "shared")) {
            parse_module_variable(&p, S_SHARED);
        } else {
            refuse(loader, p.token.line, "`%.*s` is not modelled here", (int)p.token.length, p.token.start);
        }
    }
    if (!version || !module->sm)
        refuse(loader, 1, "not PTX: .version and .target are missing");
}
