/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding: operands, types, forms, and the program of a kernel with its calls inlined. */
#include <stdarg.h>
#include <stdlib.h>

#include "decode.h"

void reject(struct decoder *d, const char *format, ...)
{
    char reason[200];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    refuse(d->loader, d->raw ? d->raw->line : d->instance->function->line, "%s", reason);
}

void *grow_array(struct arena *a, void *array, int count, size_t element)
{
    if (count & (count - 1) || (count && count < 16))
        return array;
    void *bigger = arena_alloc(a, (count ? (size_t)count * 2 : 16) * element);
    if (count)
        memcpy(bigger, array, (size_t)count * element);
    return bigger;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct form *const *)a)->name, (*(const struct form *const *)b)->name);
}

static void add_forms(struct decoder *d, const struct form *table)
{
    for (; table->name; table++) {
        d->form = grow_array(d->arena, d->form, d->forms, sizeof *d->form);
        d->form[d->forms++] = table;
    }
}

static void index_forms(struct decoder *d)
{
    const struct form *ints = forms_int_base, *floats = forms_float_base;
#if defined __x86_64__
    __builtin_cpu_init();
    bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
              __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd");
    const char *forced = getenv("MMAX_PTX_HOST");       /* base, v3: run the tables for lesser hosts */
    if (forced && strcmp(forced, "base") == 0)
        v3 = v4 = false;
    else if (forced && strcmp(forced, "v3") == 0)
        v4 = false;
    if (v4)
        ints = forms_int_v4, floats = forms_float_v4;
    else if (v3)
        ints = forms_int_v3, floats = forms_float_v3;
#endif
    add_forms(d, ints);
    add_forms(d, floats);
    add_forms(d, forms_misc);
    qsort(d->form, (size_t)d->forms, sizeof *d->form, by_name);
}

const char *mmax_ptx_form(size_t index)
{
    const struct form *const tables[] = {forms_int_base, forms_float_base, forms_misc};
    for (int t = 0; t < 3; t++)
        for (const struct form *f = tables[t]; f->name; f++)
            if (!strchr(f->name, ':') && index-- == 0)
                return f->name;
    return NULL;
}

const struct form *find_form(const struct decoder *d, const char *name)
{
    const struct form key = {.name = name}, *k = &key;
    const struct form **hit = bsearch(&k, d->form, (size_t)d->forms, sizeof *d->form, by_name);
    return hit ? *hit : NULL;
}

struct insn *emit(struct decoder *d, op_fn *fn)
{
    struct program *p = d->program;
    p->code = grow_array(d->arena, p->code, p->count, sizeof *p->code);
    struct insn *i = &p->code[p->count++];
    *i = (struct insn){.fn = fn, .guard_off = -1, .target = -1};
    if (d->raw) {
        i->name = d->raw->name;
        i->line = d->raw->line;
        if (d->raw->guard >= 0) {
            i->guard_off = (int32_t)d->instance->off[d->raw->guard];
            i->guard_reg = d->instance->id[d->raw->guard];
            i->guard_negated = d->raw->guard_negated;
        }
    }
    return i;
}

void expect_operands(struct decoder *d, int least, int most)
{
    if (d->raw->operands < least || d->raw->operands > most)
        reject(d, "`%s` takes %d to %d operands, not %d", d->raw->name, least, most, d->raw->operands);
    for (int k = 0; k < d->raw->operands; k++)
        if (d->raw->operand[k].second != -1 && d->raw->operand[k].kind == O_INT)
            reject(d, "`|` follows a constant");
}

struct operand constant(struct decoder *d, unsigned size, uint64_t bits)
{
    struct program *p = d->program;
    if (size < 8)
        bits &= (UINT64_C(1) << 8 * size) - 1;
    for (int k = 0; k < p->constants; k++)
        if (p->constant[k].size == size && p->constant[k].bits == bits)
            return (struct operand){p->constant[k].off, 0};
    p->constant = grow_array(d->arena, p->constant, p->constants, sizeof *p->constant);
    p->constant[p->constants++] = (struct constant){p->file_bytes, (uint8_t)size, bits};
    p->file_bytes += 256;
    return (struct operand){p->constant[p->constants - 1].off, 0};
}

struct operand special(struct decoder *d, enum special_id id)
{
    struct program *p = d->program;
    for (int k = 0; k < p->specials; k++)
        if (p->special[k].id == id)
            return (struct operand){p->special[k].off, 0};
    p->special = grow_array(d->arena, p->special, p->specials, sizeof *p->special);
    p->special[p->specials++] = (struct special){id, p->file_bytes};
    p->file_bytes += 256;
    return (struct operand){p->special[p->specials - 1].off, 0};
}

static void note_float(struct decoder *d, unsigned size, uint64_t bits)
{
    struct program *p = d->program;
    for (int k = 0; k < p->float_count; k++)
        if (p->floats[k].size == size && p->floats[k].bits == bits)
            return;
    p->floats = grow_array(d->arena, p->floats, p->float_count, sizeof *p->floats);
    p->floats[p->float_count++] = (struct mmax_ptx_constant){bits, size};
}

static struct operand named_special(struct decoder *d, const char *name)
{
    static const char *const names[SP_COUNT] = {
        "%tid.x", "%tid.y", "%tid.z", "%ntid.x", "%ntid.y", "%ntid.z", "%ctaid.x", "%ctaid.y", "%ctaid.z", "%nctaid.x",
        "%nctaid.y", "%nctaid.z", "%laneid", "%lanemask_eq", "%lanemask_lt", "%lanemask_le", "%lanemask_gt",
        "%lanemask_ge", "%clusterid.x", "%clusterid.y", "%clusterid.z", "%nclusterid.x", "%nclusterid.y",
        "%nclusterid.z", "%cluster_ctaid.x", "%cluster_ctaid.y", "%cluster_ctaid.z", "%cluster_nctaid.x",
        "%cluster_nctaid.y", "%cluster_nctaid.z", "%cluster_ctarank", "%cluster_nctarank", "%dynamic_smem_size",
        "%total_smem_size", NULL};
    for (int id = 0; id < SP_COUNT; id++)
        if (names[id] && strcmp(names[id], name) == 0)
            return special(d, (enum special_id)id);
    reject(d, "register or special register `%s` is not known", name);
}

enum type reg_type(const struct decoder *d, const struct raw_operand *o)
{
    return o->kind == O_REG ? d->instance->function->reg[o->reg].type : T_NONE;
}

static struct operand register_operand(struct decoder *d, const struct raw_operand *o, enum type want, unsigned how)
{
    enum type have = reg_type(d, o);
    if (!(how & WIDE ? type_agrees_wide(want, have) : type_agrees(want, have)))
        reject(d, "operand `%s` has type .%s where .%s is wanted",
               d->program->reg_name[d->instance->id[o->reg]], type_name(have), type_name(want));
    return (struct operand){d->instance->off[o->reg], d->instance->id[o->reg]};
}

struct operand source(struct decoder *d, const struct raw_operand *o, enum type want, unsigned how)
{
    unsigned size = type_size(want);
    if (o->negated && !(how & NEGATABLE))
        reject(d, "a negated predicate operand is not modelled here");
    switch (o->kind) {
    case O_REG:
        return register_operand(d, o, want, how);
    case O_INT:
        if (want == T_PRED)
            return constant(d, 4, o->value ? ALL_LANES : 0);    /* a predicate is a mask of lanes */
        if (type_is_float(want))
            reject(d, "integer constant where .%s is wanted", type_name(want));
        if (size < 8 && o->value >> 8 * size && (int64_t)o->value < -(INT64_C(1) << (8 * size - 1)))
            reject(d, "constant does not fit .%s", type_name(want));
        if (size < 8 && (int64_t)o->value >= 0 && o->value >> 8 * size)
            reject(d, "constant does not fit .%s", type_name(want));
        return constant(d, size, o->value);
    case O_F32:
    case O_F64:
        if (size != (o->kind == O_F32 ? 4 : 8) || !(type_is_bits(want) || want == T_F32 || want == T_F64))
            reject(d, "float constant where .%s is wanted", type_name(want));
        note_float(d, size, o->value);
        return constant(d, size, o->value);
    case O_SPECIAL:
        if (!type_agrees(want, T_U32))
            reject(d, "special register `%s` where .%s is wanted", o->text, type_name(want));
        return named_special(d, o->text);
    default:
        reject(d, "operand form is not modelled for `%s`", d->raw->name);
    }
}

struct operand destination(struct decoder *d, const struct raw_operand *o, enum type want, unsigned how)
{
    if (o->kind == O_SINK)
        return (struct operand){0, 0};
    if (o->kind != O_REG || o->negated)
        reject(d, "destination is not a register");
    return register_operand(d, o, want, how);
}

void add_source(struct insn *i, struct operand o) { i->s[i->ns++] = o; }
void add_destination(struct insn *i, struct operand o) { i->d[i->nd++] = o; }

void wrap(struct insn *i)
{
    if (!(i->flags & F_FTZ) && i->rounding == R_NEAREST)
        return;
    i->inner = i->fn;
    i->fn = i->flags & F_FTZ ? op_flushed : op_rounded;
}

bool part_is(const struct decoder *d, int index, const char *text)
{
    return index < d->parts && strcmp(d->part[index], text) == 0;
}

enum type part_type(struct decoder *d, int index)
{
    enum type t = index < d->parts ? type_named(d->part[index], strlen(d->part[index])) : T_NONE;
    if (t == T_NONE)
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    return t;
}

static void split_name(struct decoder *d)
{
    d->parts = 0;
    for (const char *p = d->raw->name; *p;) {
        size_t n = strcspn(p, ".");
        if (d->parts == 14 || n >= sizeof d->part[0])
            reject(d, "`%s` is not a form that is modelled", d->raw->name);
        memcpy(d->part[d->parts], p, n);
        d->part[d->parts++][n] = 0;
        p += n + (p[n] == '.');
    }
}

static enum type signature_type(const char **at)
{
    size_t n = strcspn(*at, ",=");
    enum type t = type_named(*at, n);
    *at += n + ((*at)[n] != 0);
    return t;
}

/* A register of the program that the text does not name. */
static struct operand scratch_register(struct decoder *d, unsigned size)
{
    struct program *p = d->program;
    p->reg_name = grow_array(d->arena, p->reg_name, (int)p->regs, sizeof *p->reg_name);
    p->reg_name[p->regs] = "intermediate result";
    struct operand o = {p->file_bytes, p->regs++};
    p->file_bytes += LANES * size;
    return o;
}

/* min or max of three float32 (sm_100 on): that of the first two, then with the third. */
static void decode_minmax3(struct decoder *d, const struct form *f)
{
    const struct operand between = scratch_register(d, 4);
    for (int step = 0; step < 2; step++) {
        struct insn *i = emit(d, f->fn);
        i->flags = f->flags;
        i->rounding = (uint8_t)f->rounding;
        i->type = T_F32;
        add_destination(i, step ? destination(d, &d->raw->operand[0], T_F32, 0) : between);
        add_source(i, step ? between : source(d, &d->raw->operand[1], T_F32, 0));
        add_source(i, source(d, &d->raw->operand[2 + step], T_F32, 0));
        wrap(i);
    }
}

static void decode_form(struct decoder *d, const struct form *f)
{
    if (d->raw->operands == 4 && f->flags & F_MINMAX && strcmp(f->signature, "f32=f32,f32") == 0 && d->module->sm >= 100) {
        decode_minmax3(d, f);
        return;
    }
    const char *at = f->signature;
    int wanted = 1;
    for (const char *c = at; *c; c++)
        wanted += *c == ',' || (*c == '=' && c[1]);
    expect_operands(d, wanted, wanted);
    struct insn *i = emit(d, f->fn);
    i->flags = f->flags;
    i->rounding = (uint8_t)f->rounding;
    i->type = (uint8_t)signature_type(&at);
    for (int k = 0; k < wanted; k++)
        if (d->raw->operand[k].second != -1)
            reject(d, "`|` is not modelled for `%s`", d->raw->name);
    add_destination(i, destination(d, &d->raw->operand[0], (enum type)i->type, 0));
    for (int k = 1; k < wanted; k++)
        add_source(i, source(d, &d->raw->operand[k], signature_type(&at), 0));
    wrap(i);
}

/* add, sub, mul, fma of two float32 in one register: the scalar form on each half. */
static void decode_pairs(struct decoder *d)
{
    char scalar[64];
    snprintf(scalar, sizeof scalar, "%.*s", (int)strlen(d->raw->name) - 2, d->raw->name);
    const struct form *f = find_form(d, scalar);
    if (!f || !(f->flags & (F_ADD | F_MUL | F_FMA)) || d->module->sm < 100)
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    const int wanted = f->flags & F_FMA ? 4 : 3;
    expect_operands(d, wanted, wanted);
    struct insn *i = emit(d, find_form(d, "internal:pairs")->fn);
    i->inner = f->fn;
    i->flags = f->flags;
    i->rounding = (uint8_t)f->rounding;
    i->type = T_B64;
    add_destination(i, destination(d, &d->raw->operand[0], T_B64, 0));
    for (int k = 1; k < wanted; k++)
        add_source(i, source(d, &d->raw->operand[k], T_B64, 0));
}

static void decode_insn(struct decoder *d)
{
    static const struct { const char *name; void (*decode)(struct decoder *); } special_forms[] = {
        {"ld", decode_load}, {"st", decode_store}, {"atom", decode_atomic}, {"red", decode_atomic},
        {"cvt", decode_cvt}, {"cvta", decode_cvta}, {"setp", decode_setp}, {"set", decode_set}, {"testp", decode_testp},
        {"isspacep", decode_isspacep}, {"mapa", decode_mapa}, {"getctarank", decode_ctarank}, {"membar", decode_fence}, {"fence", decode_fence},
        {"createpolicy", decode_policy},
        {"shfl", decode_shfl}, {"vote", decode_vote}, {"redux", decode_redux}, {"match", decode_match},
        {"elect", decode_elect}, {"bar", decode_barrier}, {"barrier", decode_barrier}, {"bra", decode_branch},
        {"brx", decode_branch}, {"call", decode_call}, {"ret", decode_return}, {"exit", decode_return},
        {"trap", decode_return}, {"mov", decode_mov}};
    split_name(d);
    for (size_t k = 0; k < sizeof special_forms / sizeof *special_forms; k++)
        if (strcmp(d->part[0], special_forms[k].name) == 0) {
            special_forms[k].decode(d);
            return;
        }
    if (part_is(d, d->parts - 1, "f32x2")) {
        decode_pairs(d);
        return;
    }
    const struct form *f = strchr(d->raw->name, ':') ? NULL : find_form(d, d->raw->name);
    if (!f)
        reject(d, "`%s` is not a form that is modelled", d->raw->name);
    decode_form(d, f);
}

static void survey_insn(struct decoder *d)
{
    const int before = d->program->count;
    jmp_buf outer;
    memcpy(&outer, &d->loader->jump, sizeof outer);
    if (setjmp(d->loader->jump) == 0) {
        decode_insn(d);
        survey_note(d->loader->survey, d->raw->name, NULL);
    } else {
        d->program->count = before;
        survey_note(d->loader->survey, d->raw->name, d->loader->error);
    }
    memcpy(&d->loader->jump, &outer, sizeof outer);
}

struct operand variable_base(struct decoder *d, struct insn *i, const struct variable *v, uint64_t *offset, enum space *space)
{
    struct program *p = d->program;
    *space = v->space;
    switch (v->space) {
    case S_SHARED: {
        for (int k = 0; k < d->shareds; k++)
            if (d->shared[k].variable == v) {
                *offset += d->shared[k].offset;
                return special(d, SP_SHARED_BASE);
            }
        if (v->align > p->shared_align)
            p->shared_align = (uint32_t)v->align;
        if (v->external) {
            d->dynamic = grow_array(d->arena, d->dynamic, d->dynamics, sizeof *d->dynamic);
            d->dynamic[d->dynamics++] = (int)(i - p->code);
            return special(d, SP_SHARED_BASE);
        }
        uint64_t at = (p->shared_bytes + v->align - 1) & ~(v->align - 1);
        if (at + v->size > 1u << 20)
            reject(d, "more than 1 MiB of shared memory");
        p->shared_bytes = (uint32_t)(at + v->size);
        d->shared = grow_array(d->arena, d->shared, d->shareds, sizeof *d->shared);
        d->shared[d->shareds++] = (struct shared_slot){v, (uint32_t)at};
        *offset += at;
        return special(d, SP_SHARED_BASE);
    }
    case S_GLOBAL:
        *offset += MODULE_BASE + v->address;
        break;
    case S_CONST:
    case S_PARAM:
        *offset += v->address;
        break;
    default:
        *space = S_LOCAL;
        *offset += d->instance->frame[v->id];
        break;
    }
    return constant(d, 8, 0);
}

static void place_variables(struct decoder *d, struct instance *x)
{
    struct program *p = d->program;
    for (int k = 0; k < x->function->variables; k++) {
        const struct variable *v = x->function->variable[k];
        bool bound = v->space == S_FRAME && k < x->function->formals + x->function->results;
        if (bound || (v->space != S_LOCAL && v->space != S_FRAME))
            continue;
        uint64_t at = (p->local_bytes + v->align - 1) & ~(v->align - 1);
        if (at + v->size > 512 << 10)
            reject(d, "more than 512 KiB of local memory per thread");
        x->frame[k] = at;
        p->local_bytes = (uint32_t)(at + v->size);
    }
}

static void place_registers(struct decoder *d, struct instance *x)
{
    struct program *p = d->program;
    struct function *f = x->function;
    for (int k = 0; k < f->regs; k++) {
        p->reg_name = grow_array(d->arena, p->reg_name, (int)p->regs, sizeof *p->reg_name);
        const char *name = f->reg[k].name;
        int n = k;
        while (n > 0 && f->reg[n - 1].name == name)
            n--;
        if (k > n || (k + 1 < f->regs && f->reg[k + 1].name == name)) {
            char *full = arena_alloc(d->arena, strlen(name) + 12);
            snprintf(full, strlen(name) + 12, "%s%d", name, k - n);
            name = full;
        }
        p->reg_name[p->regs] = name;
        x->id[k] = p->regs++;
        x->off[k] = p->file_bytes;
        unsigned size = type_size(f->reg[k].type);
        p->file_bytes += size ? LANES * size : 64;
    }
}

static int find_label(const struct function *f, const char *name)
{
    for (int k = 0; k < f->insns; k++)
        if (f->insn[k].label && strcmp(f->insn[k].label, name) == 0)
            return k;
    return -1;
}

void decode_body(struct decoder *d, struct instance *x)
{
    struct instance *outer = d->instance;
    struct function *f = x->function;
    d->instance = x;
    x->caller = outer;
    x->off = arena_alloc(d->arena, sizeof *x->off * ((size_t)f->regs + 1));
    x->id = arena_alloc(d->arena, sizeof *x->id * ((size_t)f->regs + 1));
    x->label = arena_alloc(d->arena, sizeof *x->label * ((size_t)f->insns + 1));
    place_registers(d, x);
    place_variables(d, x);
    for (int k = 0; k < f->insns; k++) {
        d->raw = &f->insn[k];
        if (d->raw->label)
            x->label[k] = d->program->count;
        else if (d->loader->survey)
            survey_insn(d);
        else
            decode_insn(d);
        if (d->program->count > 1 << 20)
            reject(d, "program is too long");
    }
    for (int k = 0; k < x->fixups; k++) {
        int at = find_label(f, x->fixup[k].label);
        if (at < 0)
            refuse(d->loader, x->fixup[k].line, "label `%s` is not defined", x->fixup[k].label);
        struct insn *i = &d->program->code[x->fixup[k].insn];
        *(x->fixup[k].slot < 0 ? &i->target : &i->table[x->fixup[k].slot]) = x->label[at];
    }
    for (int k = 0; k < x->ends; k++)
        d->program->code[x->end[k]].target = d->program->count;
    d->instance = outer;
}

struct program *program_of(struct mmax_ptx_module *module, const char *kernel, struct loader *loader)
{
    struct function *f = find_function(module, kernel, strlen(kernel));
    if (!f || !f->kernel || !f->defined)
        refuse(loader, 1, "no kernel `%s`", kernel);
    if (f->program)
        return f->program;
    struct program *p = arena_alloc(&module->arena, sizeof *p);
    struct decoder d = {.loader = loader, .module = module, .arena = &module->arena, .program = p};
    p->function = f;
    p->module = module;
    p->file_bytes = 256 * 5;        /* unused results, four scratch registers: ops_misc.c */
    p->regs = 1;
    p->reg_name = grow_array(d.arena, NULL, 0, sizeof *p->reg_name);
    p->reg_name[0] = "constant";
    p->shared_align = 16;
    index_forms(&d);
    struct instance x = {.function = f};
    x.frame = arena_alloc(d.arena, sizeof *x.frame * ((size_t)f->variables + 1));
    decode_body(&d, &x);
    d.raw = NULL;
    d.instance = &x;
    struct insn *last = emit(&d, NULL);
    last->kind = I_TRAP;
    last->name = "end of the kernel without ret";
    last->line = f->line;
    p->dynamic_offset = (p->shared_bytes + p->shared_align - 1) & ~(p->shared_align - 1);
    for (int k = 0; k < d.dynamics; k++)
        p->code[d.dynamic[k]].imm += p->dynamic_offset;
    f->program = p;
    return p;
}
