/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of PTX text. Words keep their leading % or $; ".name" is one token, "::" included. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"

static bool word_char(int c)
{
    return isalnum(c) || c == '_' || c == '$' || c == '%';
}

static void skip_blank(struct lexer *x)
{
    while (x->at < x->end) {
        const char *p = x->at;
        size_t left = (size_t)(x->end - p);
        if (*p == '\n') {
            x->line++;
            x->at++;
        } else if (isspace((unsigned char)*p)) {
            x->at++;
        } else if (left >= 2 && p[0] == '/' && p[1] == '/') {
            while (x->at < x->end && *x->at != '\n')
                x->at++;
        } else if (left >= 2 && p[0] == '/' && p[1] == '*') {
            int line = x->line;
            for (x->at += 2; x->at + 1 < x->end && !(x->at[0] == '*' && x->at[1] == '/'); x->at++)
                x->line += *x->at == '\n';
            if (x->at + 1 >= x->end)
                refuse(x->loader, line, "comment is not closed");
            x->at += 2;
        } else {
            return;
        }
    }
}

static uint64_t hex_digits(struct lexer *x, const char *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        int c = p + i < x->end ? (unsigned char)p[i] : 0;
        if (!isxdigit(c))
            refuse(x->loader, x->line, "a float constant needs %zu hexadecimal digits", n);
        v = v << 4 | (uint64_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
    }
    return v;
}

/* A decimal fraction is a float64 constant, rounded to nearest. */
static bool fraction(struct lexer *x, struct token *t)
{
    char text[64], *end;
    size_t n = 0, left = (size_t)(x->end - t->start);
    while (n < left && n < sizeof text - 1 && (isdigit((unsigned char)t->start[n]) || t->start[n] == '.'))
        n++;
    if (!memchr(t->start, '.', n))
        return false;
    if (n + 2 < left && n < sizeof text - 8 && tolower((unsigned char)t->start[n]) == 'e')
        for (n += 2; n < left && n < sizeof text - 1 && isdigit((unsigned char)t->start[n]); n++)
            ;
    memcpy(text, t->start, n);
    text[n] = 0;
    double v = strtod(text, &end);
    if (end != text + n || (n < left && word_char((unsigned char)t->start[n])))
        refuse(x->loader, x->line, "bad number");
    t->kind = K_F64;
    memcpy(&t->value, &v, sizeof v);
    x->at = t->start + n;
    return true;
}

static void integer(struct lexer *x, struct token *t)
{
    const char *p = t->start;
    unsigned base = 10;
    if (p[0] == '0' && p + 1 < x->end && (p[1] == 'x' || p[1] == 'X'))
        base = 16, p += 2;
    else if (p[0] == '0' && p + 1 < x->end && (p[1] == 'b' || p[1] == 'B'))
        base = 2, p += 2;
    else if (p[0] == '0')
        base = 8;
    const char *first = p;
    uint64_t v = 0;
    for (; p < x->end && isalnum((unsigned char)*p); p++) {
        int c = tolower((unsigned char)*p);
        unsigned digit = isdigit(c) ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
        if (digit >= base)
            break;
        if (v > (UINT64_MAX - digit) / base)
            refuse(x->loader, x->line, "integer constant does not fit 64 bits");
        v = v * base + digit;
    }
    if (p == first)
        refuse(x->loader, x->line, "bad integer constant");
    if (p < x->end && *p == 'U')
        p++;
    if (p < x->end && word_char((unsigned char)*p))
        refuse(x->loader, x->line, "bad number");
    t->kind = K_INT;
    t->value = v;
    x->at = p;
}

struct token lex_next(struct lexer *x)
{
    skip_blank(x);
    struct token t = {.kind = K_END, .start = x->at, .line = x->line};
    if (x->at >= x->end)
        return t;
    int c = (unsigned char)*x->at;
    int after = x->at + 1 < x->end ? (unsigned char)x->at[1] : 0;
    if (c == '0' && (after == 'f' || after == 'F' || after == 'd' || after == 'D')) {
        bool single = tolower(after) == 'f';
        t.kind = single ? K_F32 : K_F64;
        t.value = hex_digits(x, x->at + 2, single ? 8 : 16);
        x->at += single ? 10 : 18;
        if (x->at < x->end && word_char((unsigned char)*x->at))
            refuse(x->loader, x->line, "float constant is too long");
    } else if (isdigit(c)) {
        if (!fraction(x, &t))
            integer(x, &t);
    } else if (c == '.' && (isalnum(after) || after == '_')) {
        t.kind = K_DOT;
        for (x->at++; x->at < x->end; x->at++)
            if (!word_char((unsigned char)*x->at)) {
                if (x->at + 2 < x->end && x->at[0] == ':' && x->at[1] == ':' && word_char((unsigned char)x->at[2]))
                    x->at++;
                else
                    break;
            }
    } else if (word_char(c)) {
        t.kind = K_WORD;
        while (x->at < x->end && word_char((unsigned char)*x->at))
            x->at++;
    } else if (c == '"') {
        t.kind = K_STRING;
        for (x->at++; x->at < x->end && *x->at != '"' && *x->at != '\n'; x->at++)
            ;
        if (x->at >= x->end || *x->at != '"')
            refuse(x->loader, x->line, "string is not closed");
        x->at++;
    } else if (strchr("{}()[]<>;:,=+-!|@*", c)) {
        t.kind = K_PUNCT;
        t.value = (uint64_t)c;
        x->at++;
    } else {
        refuse(x->loader, x->line, "character 0x%02x is not PTX", (unsigned)c);
    }
    t.length = (size_t)(x->at - t.start);
    return t;
}
