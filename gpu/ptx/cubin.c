/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cubin is an ELF file. Section .text.<kernel> holds 16-byte instructions; the low 9 bits of the first word name the
 * operation (3 more say where the operands are). ptxas turns every rounded add, mul and fma into exactly one
 * instruction, and expands reciprocal, quotient and root of float64 into known numbers of them.
 */
#include <stdlib.h>
#include <string.h>

#include "cubin.h"
#include "exec.h"
#include "launch_args.h"
#include "occupancy.h"

static const struct { const char *name; unsigned code; } sass[SASS_OPS] = {
    {"DFMA", 0x2b}, {"DMUL", 0x28}, {"DADD", 0x29}, {"FFMA", 0x23}, {"FMUL", 0x20}, {"FADD", 0x21}};

/* What one use adds inline, and what the slow path adds once per kernel. Measured on one, two and three uses with
   ptxas 13.0 for sm_80, sm_90 and sm_120, which agree. */
static const struct { const char *prefix; unsigned each[SASS_OPS], once[SASS_OPS]; } expansions[] = {
    {"rcp.rn.f64", {5, 0, 0, 0, 0, 0}, {13, 3, 0, 0, 0, 0}},
    {"div.rn.f64", {7, 1, 0, 1, 0, 0}, {10, 4, 0, 0, 0, 0}},
    {"sqrt.rn.f64", {5, 3, 0, 0, 0, 0}, {7, 4, 1, 0, 0, 0}}};

static uint64_t field(const unsigned char *p, int bytes)
{
    uint64_t v = 0;
    while (bytes--)
        v = v << 8 | p[bytes];
    return v;
}

static int bad(char *error, const char *what)
{
    snprintf(error, MMAX_PTX_ERROR_SIZE, "not a cubin: %s", what);
    return 2;
}

struct elf { const unsigned char *data, *table, *names; uint64_t each, sections, length; size_t size; char *error; };

static int open_elf(struct elf *e, const unsigned char *data, size_t size, char *error)
{
    if (size < 64 || memcmp(data, "\177ELF\2\1", 6) != 0 || field(data + 18, 2) != 190)
        return bad(error, "no 64-bit ELF header of machine CUDA");
    uint64_t at = field(data + 40, 8), each = field(data + 58, 2), number = field(data + 60, 2), names = field(data + 62, 2);
    if (each < 64 || names >= number || at > size || number > (size - at) / each)
        return bad(error, "section headers lie outside the file");
    const unsigned char *table = data + at;
    uint64_t text = field(table + names * each + 24, 8), length = field(table + names * each + 32, 8);
    if (text > size || length > size - text || length == 0 || data[text + length - 1] != 0)
        return bad(error, "section names lie outside the file");
    *e = (struct elf){data, table, data + text, each, number, length, size, error};
    return 0;
}

/* Header of section <prefix><name>, its contents at *at and *bytes; NULL with e->error if there is none. */
static const unsigned char *section_named(const struct elf *e, const char *prefix, const char *name, const unsigned char **at, uint64_t *bytes)
{
    const size_t head = strlen(prefix);
    for (uint64_t k = 0; k < e->sections; k++) {
        const unsigned char *section = e->table + k * e->each;
        uint64_t called = field(section, 4), offset = field(section + 24, 8);
        if (called >= e->length || strncmp((const char *)e->names + called, prefix, head) != 0 ||
            strcmp((const char *)e->names + called + head, name) != 0)
            continue;
        *bytes = field(section + 32, 8);
        if (offset > e->size || *bytes > e->size - offset) {
            bad(e->error, "a section lies outside the file");
            return NULL;
        }
        *at = e->data + offset;
        return section;
    }
    snprintf(e->error, MMAX_PTX_ERROR_SIZE, "no section %s%.200s", prefix, name);
    return NULL;
}

/* Section .nv.info is a list of records: format, attribute, two bytes that are a value or, in format 4, the length of what
   follows. Attribute 0x2f is a pair: index of a symbol, registers of a thread. */
static int register_count(const struct elf *e, uint64_t symbol, unsigned *registers)
{
    const unsigned char *at;
    uint64_t bytes;
    if (!section_named(e, ".nv.info", "", &at, &bytes))
        return 2;
    for (uint64_t k = 0; k + 4 <= bytes;) {
        const uint64_t payload = at[k] == 4 ? field(at + k + 2, 2) : 0;
        if (payload > bytes - k - 4)
            break;
        if (at[k] == 4 && at[k + 1] == 0x2f && payload == 8 && field(at + k + 4, 4) == symbol) {
            *registers = (unsigned)field(at + k + 8, 4);
            return 0;
        }
        k += 4 + payload;
    }
    return bad(e->error, "no register count");
}

int cubin_counts(const unsigned char *data, size_t size, const char *kernel, struct sass_counts *counts, char error[MMAX_PTX_ERROR_SIZE])
{
    struct elf e;
    const unsigned char *code;
    uint64_t bytes;
    *counts = (struct sass_counts){0};
    if (open_elf(&e, data, size, error))
        return 2;
    counts->sm = (unsigned)field(data + 48, 4) >> 8 & 0xff;
    const unsigned char *section = section_named(&e, ".text.", kernel, &code, &bytes);
    if (!section)
        return 2;
    if (bytes % 16)
        return bad(error, "code is not a sequence of 16-byte instructions");
    for (uint64_t i = 0; i < bytes; i += 16, counts->instructions++) {
        const uint64_t operation = field(code + i, 2) & 0x1ff;
        for (int op = 0; op < SASS_OPS; op++)
            counts->op[op] += operation == sass[op].code;
        counts->moves += operation == sass[SASS_DADD].code && code[i + 3] == 0xff;
        counts->local += operation == 0x183 || operation == 0x187;
    }
    return register_count(&e, field(section + 44, 4) & 0xffffff, &counts->registers);
}

static bool names_op(const char *name, const char *op, const char *type)
{
    size_t n = strlen(op), m = strlen(name), t = strlen(type);
    return strncmp(name, op, n) == 0 && name[n] == '.' && m > t && strcmp(name + m - t, type) == 0;
}

/* What ptxas should make of the kernel's own body; false if that cannot be told (calls, other float32 expansions). */
static bool expected_counts(const struct function *f, struct sass_counts *want, bool *f32_known)
{
    static const struct { const char *op, *type; enum sass_op sass; } simple[] = {
        {"fma", ".f64", SASS_DFMA}, {"mul", ".f64", SASS_DMUL}, {"add", ".f64", SASS_DADD}, {"sub", ".f64", SASS_DADD},
        {"fma", ".f32", SASS_FFMA}, {"mul", ".f32", SASS_FMUL}, {"add", ".f32", SASS_FADD}, {"sub", ".f32", SASS_FADD}};
    unsigned uses[3] = {0};
    *want = (struct sass_counts){0};
    *f32_known = true;
    for (int k = 0; k < f->insns; k++) {
        const char *name = f->insn[k].name;
        if (!name)
            continue;
        if (strncmp(name, "call", 4) == 0)
            return false;
        for (size_t s = 0; s < sizeof simple / sizeof *simple; s++)
            want->op[simple[s].sass] += names_op(name, simple[s].op, simple[s].type);
        bool expands = names_op(name, "rcp", ".f64") || names_op(name, "div", ".f64") || names_op(name, "sqrt", ".f64");
        for (int e = 0; e < 3; e++)
            if (strcmp(name, expansions[e].prefix) == 0) {
                uses[e]++;
                expands = false;
            }
        if (expands)
            return false;
        if (names_op(name, "rcp", ".f32") || names_op(name, "div", ".f32") || names_op(name, "sqrt", ".f32"))
            *f32_known = false;
    }
    for (int e = 0; e < 3; e++)
        for (int op = 0; op < SASS_OPS; op++)
            want->op[op] += uses[e] * expansions[e].each[op] + (uses[e] ? expansions[e].once[op] : 0);
    return true;
}

/* The block: the one given, else what the kernel requires or allows. */
static void print_occupancy(const struct function *f, const char *path, const struct sass_counts *c, unsigned static_shared,
                            const struct cubin_launch *launch)
{
    const unsigned *declared = f->required_threads[0] ? f->required_threads : f->max_threads;
    const unsigned threads = launch->threads ? launch->threads : declared[0] * declared[1] * declared[2];
    const unsigned shared = static_shared + launch->dynamic_shared;
    struct occupancy o;
    if (!threads)
        printf("%s: %s: occupancy unknown: no .maxntid or .reqntid, give --block\n", path, f->name);
    else if (!occupancy_of(c->sm, threads, c->registers, shared, &o))
        printf("%s: %s: occupancy unknown: sm_%u is not in the table\n", path, f->name, c->sm);
    else
        printf("%s: %s: occupancy on sm_%u: %u threads, %u registers, %u bytes shared: %u blocks, %u of %u warps, limited by %s\n", path,
               f->name, c->sm, threads, c->registers, shared, o.blocks, o.warps, o.most_warps, occupancy_limit_name(o.limit));
}

int cubin_compare(struct mmax_ptx_module *module, const char *kernel, const char *path, const struct cubin_launch *launch, size_t *findings)
{
    unsigned char *data;
    size_t size;
    struct sass_counts got, want;
    char error[MMAX_PTX_ERROR_SIZE];
    bool f32_known;
    if (read_whole(path, &data, &size))
        return 2;
    int status = cubin_counts(data, size, kernel, &got, error);
    free(data);
    if (status) {
        fprintf(stderr, "ptx: %s: %s\n", path, error);
        return 2;
    }
    const struct function *f = find_function(module, kernel, strlen(kernel));
    bool declares_local = false;
    for (int k = 0; k < f->variables; k++)
        declares_local |= f->variable[k]->space == S_LOCAL;
    printf("%s: %s: %u SASS instructions, %u registers, %u accesses to local memory\n", path, kernel, got.instructions, got.registers, got.local);
    print_occupancy(f, path, &got, f->program ? f->program->shared_bytes : 0, launch);
    if (got.local && !declares_local) {
        printf("%s: spill: %s: %u accesses to local memory, the PTX has none\n", path, kernel, got.local);
        ++*findings;
    }
    if (!expected_counts(f, &want, &f32_known)) {
        printf("%s: %s: calls or expansions of unknown size, SASS is not compared\n", path, kernel);
        return 0;
    }
    f32_known &= got.sm < 100;      /* later targets pack pairs of float32 operations */
    if (got.op[SASS_DADD] > want.op[SASS_DADD]) {       /* then by moves alone */
        const unsigned more = got.op[SASS_DADD] - want.op[SASS_DADD];
        got.op[SASS_DADD] -= more < got.moves ? more : got.moves;
    }
    printf("%s: %s:", path, kernel);
    for (int op = 0; op < SASS_OPS; op++)
        if (op < SASS_FFMA || f32_known)
            printf(" %s %u/%u", sass[op].name, got.op[op], want.op[op]);
    printf(" (SASS/PTX)\n");
    for (int op = 0; op < SASS_OPS; op++)
        if ((op < SASS_FFMA || f32_known) && got.op[op] != want.op[op]) {
            printf("%s: sass: %s: %u %s where the PTX asks for %u\n", path, kernel, got.op[op], sass[op].name, want.op[op]);
            ++*findings;
        }
    return 0;
}
