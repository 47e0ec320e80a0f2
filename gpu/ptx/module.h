/* SPDX-License-Identifier: Apache-2.0 */
/* A parsed PTX module: what lex.c and parse.c build and decode.c reads. Everything lives in one arena. */
#ifndef MMAX_PTX_MODULE_H
#define MMAX_PTX_MODULE_H

#include <setjmp.h>
#include <stdbool.h>

#include "ptx.h"

enum type {
    T_NONE, T_PRED, T_B8, T_B16, T_B32, T_B64, T_U8, T_U16, T_U32, T_U64, T_S8, T_S16, T_S32, T_S64,
    T_F16, T_BF16, T_F16X2, T_BF16X2, T_F32, T_F64, T_COUNT
};

enum space { S_GENERIC, S_GLOBAL, S_SHARED, S_CLUSTER, S_LOCAL, S_CONST, S_PARAM, S_FRAME, S_COUNT };

unsigned type_size(enum type t);                            /* bytes; 0 for predicates */
enum type type_named(const char *name, size_t length);      /* T_NONE if unknown; name without the dot */
const char *type_name(enum type t);
bool type_is_float(enum type t);
bool type_is_integer(enum type t);                          /* signed or unsigned, not bits */
bool type_is_signed(enum type t);
bool type_is_bits(enum type t);
/* May an operand register of type `reg` stand where the instruction says `want`? */
bool type_agrees(enum type want, enum type reg);
/* The looser rule of ld, st and cvt: an integer may sit in a wider register. */
bool type_agrees_wide(enum type want, enum type reg);

struct arena_block { struct arena_block *next; size_t used, size; };
struct arena { struct arena_block *head; };
void *arena_alloc(struct arena *a, size_t size);            /* zeroed; never NULL (aborts when memory is out) */
void arena_free(struct arena *a);

struct survey;
struct loader {
    jmp_buf jump;
    struct survey *survey;      /* not NULL: refused instructions are noted and skipped */
    const char *name;           /* file name for messages */
    const char *text;
    size_t length;
    char *error;
};
/* Stops the load with "file:line: reason: `source line`". */
_Noreturn void refuse(struct loader *l, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* survey.c: one instruction by full spelling; reason NULL when it is modelled. Pointers are kept. */
void survey_note(struct survey *s, const char *name, const char *reason);

enum token_kind { K_END, K_WORD, K_DOT, K_INT, K_F32, K_F64, K_STRING, K_PUNCT };
struct token { enum token_kind kind; const char *start; size_t length; int line; uint64_t value; };
struct lexer { struct loader *loader; const char *at, *end; int line; };
struct token lex_next(struct lexer *x);

struct variable {
    const char *name;
    enum space space;
    enum type element;
    uint64_t size, align;
    const unsigned char *init;      /* NULL: uninitialised (shared, local) or zero (global, const) */
    bool external;                  /* dynamic shared memory */
    uint64_t address;               /* of module variables in global and const space */
    int id;                         /* index in its function, or in the module */
    bool in_module;
};

enum operand_kind { O_REG, O_INT, O_F32, O_F64, O_SPECIAL, O_SYMBOL, O_LABEL, O_ADDRESS, O_VECTOR, O_SINK };
struct raw_operand {
    enum operand_kind kind;
    bool negated;                   /* !p */
    int reg;                        /* O_REG; O_ADDRESS with a register base, else -1 */
    uint64_t value;                 /* immediate; offset of an address or symbol */
    const char *text;               /* special register, label or function name */
    const struct variable *symbol;  /* O_SYMBOL; O_ADDRESS with a variable base */
    struct raw_operand *item;       /* O_VECTOR, pairs d|p, and call lists */
    int items;
    int second;                     /* register after '|', -1: none, -2: sink */
};

struct raw_insn {
    const char *name;               /* full spelling: "ld.global.nc.f32" */
    int line;
    int guard;                      /* register or -1 */
    bool guard_negated;
    int operands;
    struct raw_operand *operand;
    const char *label;              /* label definition when name is NULL */
    const char **targets;           /* .branchtargets */
    int target_count;
};

struct reg { const char *name; enum type type; int line; };

struct function {
    const char *name;
    bool kernel, defined;
    int line;
    struct variable **formal; int formals;      /* inputs */
    struct variable **result; int results;
    struct variable **variable; int variables;  /* all, formals and results first */
    struct reg *reg; int regs;
    struct raw_insn *insn; int insns;
    unsigned max_threads[3], required_threads[3], cluster[3], params_size;
    struct program *program;                    /* decoded on first use */
    struct function *next;
};

struct mmax_ptx_module {
    struct arena arena;
    char *name, *text;
    size_t length;
    char target[16];
    int version, sm;
    struct variable **variable; int variables;
    struct function *functions;
    unsigned char *global_data, *const_data;
    uint64_t global_size, const_size;
};

void parse_module(struct mmax_ptx_module *module, struct loader *loader);
struct function *find_function(const struct mmax_ptx_module *module, const char *name, size_t length);
struct loader loader_of(const struct mmax_ptx_module *module, char *error);

#endif
