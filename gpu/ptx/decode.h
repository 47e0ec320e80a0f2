/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by decode.c and its parts: turning raw instructions into checked, pre-resolved ones. */
#ifndef MMAX_PTX_DECODE_H
#define MMAX_PTX_DECODE_H

#include <string.h>

#include "ops.h"

struct fixup { int insn, slot; const char *label; int line; };     /* slot -1: insn.target, else an entry of insn.table */

/* One copy of a function body: the kernel's own, or one inlined call. */
struct instance {
    struct function *function;
    uint32_t *off, *id;             /* per register */
    uint64_t *frame;                /* per variable: offset in the thread's local memory */
    int32_t *label;                 /* per raw instruction: where a label points */
    struct fixup *fixup; int fixups;
    int *end; int ends;             /* branches to the end of an inlined body */
    struct instance *caller;
};

struct shared_slot { const struct variable *variable; uint32_t offset; };

struct decoder {
    struct loader *loader;
    struct mmax_ptx_module *module;
    struct arena *arena;
    struct program *program;
    struct instance *instance;
    const struct raw_insn *raw;
    const struct form **form; int forms;
    struct shared_slot *shared; int shareds;
    int *dynamic; int dynamics;     /* instructions whose imm is relative to dynamic shared memory */
    char part[14][24]; int parts;   /* the name split at dots */
};

_Noreturn void reject(struct decoder *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
const struct form *find_form(const struct decoder *d, const char *name);
struct insn *emit(struct decoder *d, op_fn *fn);
void expect_operands(struct decoder *d, int least, int most);
void *grow_array(struct arena *a, void *array, int count, size_t element);

enum { WIDE = 1, NEGATABLE = 2 };
struct operand source(struct decoder *d, const struct raw_operand *o, enum type want, unsigned how);
struct operand destination(struct decoder *d, const struct raw_operand *o, enum type want, unsigned how);
struct operand constant(struct decoder *d, unsigned size, uint64_t bits);
struct operand special(struct decoder *d, enum special_id id);
enum type reg_type(const struct decoder *d, const struct raw_operand *o);   /* T_NONE unless a register */
void add_source(struct insn *i, struct operand o);
void add_destination(struct insn *i, struct operand o);
bool part_is(const struct decoder *d, int index, const char *text);
enum type part_type(struct decoder *d, int index);      /* rejects what is not a type */
/* Puts rounding and flush wrappers around insn.fn as its flags ask. */
void wrap(struct insn *i);
/* Where a variable lives: the base operand and *offset. */
struct operand variable_base(struct decoder *d, struct insn *i, const struct variable *v, uint64_t *offset, enum space *space);

void decode_mov(struct decoder *d);
void decode_cvt(struct decoder *d);
void decode_cvta(struct decoder *d);
void decode_setp(struct decoder *d);
void decode_set(struct decoder *d);
void decode_testp(struct decoder *d);
void decode_isspacep(struct decoder *d);
void decode_mapa(struct decoder *d);
void decode_ctarank(struct decoder *d);
void decode_load(struct decoder *d);
void decode_store(struct decoder *d);
void decode_atomic(struct decoder *d);
void decode_fence(struct decoder *d);
void decode_policy(struct decoder *d);
void decode_shfl(struct decoder *d);
void decode_vote(struct decoder *d);
void decode_redux(struct decoder *d);
void decode_match(struct decoder *d);
void decode_elect(struct decoder *d);
void decode_barrier(struct decoder *d);
void decode_branch(struct decoder *d);
void decode_call(struct decoder *d);
void decode_return(struct decoder *d);
void decode_body(struct decoder *d, struct instance *x);

#endif
