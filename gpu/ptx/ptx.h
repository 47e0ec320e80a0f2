/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine that parses, type-checks and executes PTX on a CPU, bit for bit, and checks while it runs.
 * Every result obtained with it was "executed under an interpreter of PTX; not yet run on hardware".
 *
 *   module = mmax_ptx_load(...)            parse and type-check; any unknown form is an error
 *   machine = mmax_ptx_machine_new()       memory and reports
 *   mmax_ptx_buffer(...)                   device memory with bounds, initialisation and race checks
 *   mmax_ptx_launch(...)                   run one kernel; reports are appended to the machine
 *   mmax_ptx_audit(...)                    static audit of one kernel
 */
#ifndef MMAX_PTX_H
#define MMAX_PTX_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct mmax_ptx_module;
struct mmax_ptx_machine;

enum { MMAX_PTX_ERROR_SIZE = 512 };

/* NULL on failure; `error` then holds "file:line: reason: `source text`". */
struct mmax_ptx_module *mmax_ptx_load(const char *path, char error[MMAX_PTX_ERROR_SIZE]);
struct mmax_ptx_module *mmax_ptx_load_text(const char *name, const char *text, size_t length,
                                           char error[MMAX_PTX_ERROR_SIZE]);
void mmax_ptx_module_free(struct mmax_ptx_module *module);

/* 90 of `.target sm_90`. */
int mmax_ptx_target(const struct mmax_ptx_module *module);
int mmax_ptx_kernel_count(const struct mmax_ptx_module *module);
const char *mmax_ptx_kernel_name(const struct mmax_ptx_module *module, int kernel);

/* Spelling of the index-th arithmetic form that is modelled (moves, selections and logic included); NULL after the last.
   Forms made of parts (cvt, setp, ld, shfl, ...) are not listed. */
const char *mmax_ptx_form(size_t index);

/* Kinds of run-time report; mmax_ptx_kind_name gives the word that is printed. */
enum mmax_ptx_kind {
    MMAX_PTX_OUT_OF_BOUNDS,
    MMAX_PTX_MISALIGNED,
    MMAX_PTX_READ_ONLY,
    MMAX_PTX_UNINIT_REGISTER,
    MMAX_PTX_UNINIT_MEMORY,
    MMAX_PTX_RACE_SHARED,
    MMAX_PTX_RACE_GLOBAL,
    MMAX_PTX_RACE_SAME_VALUE,   /* unordered writes of equal values */
    MMAX_PTX_STALE_NC,
    MMAX_PTX_DIVERGENT_BARRIER,
    MMAX_PTX_SYNC_MASK,
    MMAX_PTX_SHUFFLE_SOURCE,
    MMAX_PTX_UNDEFINED,
    MMAX_PTX_STEP_LIMIT,
    MMAX_PTX_TRAP,
    MMAX_PTX_KIND_COUNT
};

const char *mmax_ptx_kind_name(enum mmax_ptx_kind kind);

/* One report per (kind, line); `count` says how many lanes met it, the rest describes the first. */
struct mmax_ptx_report {
    enum mmax_ptx_kind kind;
    char kernel[64];
    int line;
    unsigned block[3], thread[3];
    uint64_t address;
    uint64_t count;
    char text[160];
};

struct mmax_ptx_counts {
    uint64_t warp_instructions, lane_instructions;
    uint64_t f64_operations;            /* lane operations on the float64 units: add sub mul fma min max setp cvt */
    uint64_t global_load_bytes, global_store_bytes;
    uint64_t global_load_sectors, global_store_sectors;     /* 32 bytes each, per warp access */
    uint64_t global_accesses, wide_accesses;                /* warp accesses; those of 16 bytes per lane */
    uint64_t shared_accesses, barriers, atomics;
    uint64_t f64_digest;                /* see mmax_ptx_choices.digest */
};

/* What one float64 result adds to the digest (sums of these, so order and grid do not matter). */
static inline uint64_t mmax_ptx_digest_of(uint64_t bits)
{
    bits *= UINT64_C(0x9e3779b97f4a7c15);
    bits ^= bits >> 29;
    return bits * UINT64_C(0xbf58476d1ce4e5b9);
}

struct mmax_ptx_machine *mmax_ptx_machine_new(void);
void mmax_ptx_machine_free(struct mmax_ptx_machine *machine);

enum {
    MMAX_PTX_WRITABLE = 1,      /* otherwise a store is reported */
    MMAX_PTX_INITIALISED = 2    /* otherwise a load before a store is reported */
};

/* Bytes of device memory over the caller's `data` (kept, not copied). Returns its device address, which is `skew`
   bytes past a 256-byte boundary; 0 when out of memory. Buffers are separated by unmapped gaps. */
uint64_t mmax_ptx_buffer(struct mmax_ptx_machine *machine, void *data, size_t size, unsigned flags, unsigned skew);

struct mmax_ptx_launch {
    const char *kernel;
    unsigned grid[3], block[3], cluster[3];     /* zeros count as ones */
    unsigned dynamic_shared;
    const void *params;                         /* the parameter block, laid out as the PTX declares */
    size_t params_size;
    uint64_t step_limit;                        /* warp instructions per block; 0: the default, 2^32 */
};

/* 0 done (look at the reports), 2 the launch is refused (text in `error`). */
int mmax_ptx_launch(struct mmax_ptx_machine *machine, struct mmax_ptx_module *module,
                    const struct mmax_ptx_launch *launch, char error[MMAX_PTX_ERROR_SIZE]);

/* Offset of parameter `index` in the parameter block, its size in *size; -1 if there is none. */
long mmax_ptx_param_offset(const struct mmax_ptx_module *module, const char *kernel, int index, size_t *size);

size_t mmax_ptx_report_count(const struct mmax_ptx_machine *machine);
const struct mmax_ptx_report *mmax_ptx_report_at(const struct mmax_ptx_machine *machine, size_t index);
void mmax_ptx_report_print(FILE *out, const char *file, const struct mmax_ptx_report *report);
const struct mmax_ptx_counts *mmax_ptx_counts(const struct mmax_ptx_machine *machine);

/* Results of an operation that the ISA leaves open. Running with other choices and comparing shows that the
   outputs do not depend on them. */
struct mmax_ptx_choices {
    uint64_t nan64;         /* bits of a float64 NaN result; default 0x7fffffffffffffff */
    int digest;             /* not 0: add every float64 sum, product, fma, quotient and root to counts.f64_digest, so that
                               intermediate results can be compared with those of a scalar twin */
    int approx_ulps;        /* error added to .approx results in units of their documented bound: -1, 0, 1 */
};
void mmax_ptx_choose(struct mmax_ptx_machine *machine, const struct mmax_ptx_choices *choices);

/* Static audit. A finding is a reason why one clean run per shape would not speak for all inputs, or why the
   bits may differ between compilers. */
struct mmax_ptx_finding {
    int line;
    const char *rule;       /* approx, ftz, unrounded, float-atomic, data-branch, data-address */
    char text[160];
};

/* A float constant of the kernel: 8 bytes (0d...) or 4 (0f...). */
struct mmax_ptx_constant { uint64_t bits; unsigned size; };

struct mmax_ptx_audit {
    size_t count;
    struct mmax_ptx_finding *finding;
    size_t constants;           /* each once, sorted by size and bits: to be compared with those of the source */
    struct mmax_ptx_constant *constant;
    char shape[1024];       /* parameters on which branches and addresses depend, as "name+offset ..." */
    unsigned instructions;
    unsigned data_selects;      /* branches on data that only choose between values: no finding */
    unsigned f64_fma, f64_mul, f64_add, f64_minmax, f64_div, f32_fma, f32_mul, f32_add, barriers, shuffles;
    unsigned global_loads, global_stores, shared_bytes, registers;
};

int mmax_ptx_audit(struct mmax_ptx_module *module, const char *kernel, struct mmax_ptx_audit *audit,
                   char error[MMAX_PTX_ERROR_SIZE]);
void mmax_ptx_audit_free(struct mmax_ptx_audit *audit);

/* Prints every instruction of a file by its spelling, with the reason where it is refused. 0: all are modelled, 1: some are
   refused, 2: not PTX (text in `error`). */
int mmax_ptx_survey(const char *path, char error[MMAX_PTX_ERROR_SIZE]);

/* The command `ptx run|audit|diff|forms`; returns its exit status: 0 clean, 1 findings, 2 bad input. */
int mmax_ptx_main(int argc, char **argv);

#endif
