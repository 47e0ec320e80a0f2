/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by parse.c (module level) and parse_body.c (function bodies). */
#ifndef MMAX_PTX_PARSER_H
#define MMAX_PTX_PARSER_H

#include "module.h"

/* `.reg .b32 %r<7>` is one entry: prefix, count 7, registers first .. first+6. A plain name has count 0. */
struct reg_range { const char *prefix; size_t length; int count, first, depth; bool live; };
struct scoped_variable { struct variable *variable; int depth; bool live; };

struct parser {
    struct lexer lexer;
    struct token token;             /* the one looked at */
    struct loader *loader;
    struct mmax_ptx_module *module;
    struct function *function;
    struct reg_range *range; int ranges;
    struct scoped_variable *scoped; int scopeds;
    int depth;
};

void advance(struct parser *p);
bool at_punct(const struct parser *p, char c);
bool at_dot(const struct parser *p, const char *name);
void expect_punct(struct parser *p, char c);
uint64_t expect_int(struct parser *p);
const char *expect_word(struct parser *p);
const char *intern(struct parser *p, const char *start, size_t length);
void skip_line(struct parser *p);
/* Grows an arena array by one element when count is a power of two; returns the (moved) array. */
void *grow(struct parser *p, void *array, int count, size_t element);

/* After the state-space token: alignment, type, name, size, initial value, semicolon (not for formals). */
struct variable *parse_variable(struct parser *p, enum space space, bool formal);
void parse_body(struct parser *p);

#endif
