/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cubin is an ELF file. Section .text.<kernel> holds 16-byte instructions; the low 9 bits of the first word name the
 * operation (3 more say where the operands are). ptxas turns every rounded add, mul and fma into exactly one
 * instruction, and expands reciprocal, quotient and root of float64 into known numbers of them.
 */
#include <stdlib.h>
#include <string.h>

#include "cubin.h"
#include "launch_args.h"
#include "module.h"

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

int cubin_counts(const unsigned char *data, size_t size, const char *kernel, struct sass_counts *counts, char error[MMAX_PTX_ERROR_SIZE])
{
    *counts = (struct sass_counts){0};
    if (size < 64 || memcmp(data, "\177ELF\2\1", 6) != 0 || field(data + 18, 2) != 190)
        return bad(error, "no 64-bit ELF header of machine CUDA");
    uint64_t at = field(data + 40, 8), each = field(data + 58, 2), number = field(data + 60, 2), names = field(data + 62, 2);
    if (each < 64 || names >= number || at > size || number > (size - at) / each)
        return bad(error, "section headers lie outside the file");
    const unsigned char *table = data + at + names * each;
    uint64_t text = field(table + 24, 8), length = field(table + 32, 8);
    if (text > size || length > size - text || length == 0 || data[text + length - 1] != 0)
        return bad(error, "section names lie outside the file");
    for (uint64_t k = 0; k < number; k++) {
        const unsigned char *section = data + at + k * each;
        uint64_t name = field(section, 4), offset = field(section + 24, 8), bytes = field(section + 32, 8);
        if (name >= length || strncmp((const char *)data + text + name, ".text.", 6) != 0 ||
            strcmp((const char *)data + text + name + 6, kernel) != 0)
            continue;
        if (offset > size || bytes > size - offset || bytes % 16)
            return bad(error, "code lies outside the file");
        counts->registers = (unsigned)field(section + 44, 4) >> 24;
        for (uint64_t i = 0; i < bytes; i += 16, counts->instructions++) {
            const uint64_t code = field(data + offset + i, 2) & 0x1ff;
            for (int op = 0; op < SASS_OPS; op++)
                counts->op[op] += code == sass[op].code;
            counts->local += code == 0x183 || code == 0x187;
        }
        return 0;
    }
    snprintf(error, MMAX_PTX_ERROR_SIZE, "no section .text.%.200s", kernel);
    return 2;
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

int cubin_compare(struct mmax_ptx_module *module, const char *kernel, const char *path, size_t *findings)
{
    unsigned char *data;
    size_t size;
    struct sass_counts got, want;
    char error[MMAX_PTX_ERROR_SIZE];
    bool f32_known;
    if (read_whole(path, &data, &size))
        return 2;
    int status = cubin_counts(data, size, kernel, &got, error);
    unsigned sm = size >= 64 ? (unsigned)field(data + 48, 4) >> 8 & 0xff : 0;
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
    if (got.local && !declares_local) {
        printf("%s: spill: %s: %u accesses to local memory, the PTX has none\n", path, kernel, got.local);
        ++*findings;
    }
    if (!expected_counts(f, &want, &f32_known)) {
        printf("%s: %s: calls or expansions of unknown size, SASS is not compared\n", path, kernel);
        return 0;
    }
    f32_known &= sm < 100;      /* later targets pack pairs of float32 operations */
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
