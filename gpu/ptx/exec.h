/* SPDX-License-Identifier: Apache-2.0 */
/* Decoded programs and the running machine: what decode_*.c builds and exec.c, ops_*.c, memory.c, shadow.c use. */
#ifndef MMAX_PTX_EXEC_H
#define MMAX_PTX_EXEC_H

#include "module.h"

enum { LANES = 32, VECTOR_MAX = 8, BARRIERS = 16 };
#define ALL_LANES UINT32_C(0xffffffff)

struct warp;
struct insn;
typedef void op_fn(struct warp *w, const struct insn *i);

/* A register, constant or special register: 32 lanes at byte `off` of the warp's register file (a predicate is one
   32-bit mask). `reg` indexes the masks of initialised lanes; 0 stands for "always initialised". */
struct operand { uint32_t off, reg; };

enum insn_kind { I_PLAIN, I_BRANCH, I_BRANCH_TABLE, I_EXIT, I_TRAP, I_SYNC, I_BARRIER, I_CLUSTER_ARRIVE, I_CLUSTER_WAIT };

enum insn_flags {
    F_APPROX = 1, F_FTZ = 2, F_UNROUNDED = 4, F_FLOAT_ATOMIC = 8, F_LOAD = 16, F_STORE = 32, F_ATOMIC = 64,
    F_NC = 128,             /* ld.global.nc: memory must not change during the launch */
    F_STRONG = 256,         /* volatile, relaxed, acquire, release: does not race with its like */
    F_CTA_SCOPE = 512,      /* strong within the block only */
    F_F64 = 1024,           /* runs on the float64 units */
    F_ALIGNED = 2048,       /* barrier that the whole warp must execute together */
    F_WIDE_BASE = 4096,     /* address register has 64 bits */
    F_F32 = 8192, F_FMA = 16384, F_MUL = 32768, F_ADD = 65536, F_DIV = 131072, F_MINMAX = 262144,
    F_SHUFFLE = 524288, F_COMMUTES = 1 << 20,
    F_POLICY = 1 << 21      /* ld, st with an L2 cache policy as last operand */
};

enum rounding { R_NEAREST, R_ZERO, R_DOWN, R_UP };

struct insn {
    op_fn *fn;
    op_fn *inner;               /* what a wrapper (directed rounding, flush to zero) calls */
    struct operand d[2], s[4];
    struct operand *vec;        /* elements of vector loads, stores and packing moves */
    int32_t *table;             /* targets of brx.idx */
    int64_t imm;                /* address offset, symbol offset */
    const char *name;
    int32_t guard_off;          /* predicate in the register file, -1: none */
    uint32_t guard_reg;
    int32_t target;
    uint32_t flags;
    int line;
    uint8_t kind, nd, ns, nvec, space, type, type2, aux, rounding, guard_negated, saturate;
};

struct special { enum special_id { SP_TID_X, SP_TID_Y, SP_TID_Z, SP_NTID_X, SP_NTID_Y, SP_NTID_Z, SP_CTAID_X, SP_CTAID_Y,
    SP_CTAID_Z, SP_NCTAID_X, SP_NCTAID_Y, SP_NCTAID_Z, SP_LANEID, SP_LANEMASK_EQ, SP_LANEMASK_LT, SP_LANEMASK_LE,
    SP_LANEMASK_GT, SP_LANEMASK_GE, SP_CLUSTERID_X, SP_CLUSTERID_Y, SP_CLUSTERID_Z, SP_NCLUSTERID_X, SP_NCLUSTERID_Y,
    SP_NCLUSTERID_Z, SP_CLUSTER_CTAID_X, SP_CLUSTER_CTAID_Y, SP_CLUSTER_CTAID_Z, SP_CLUSTER_NCTAID_X,
    SP_CLUSTER_NCTAID_Y, SP_CLUSTER_NCTAID_Z, SP_CLUSTER_CTARANK, SP_CLUSTER_NCTARANK, SP_DYNAMIC_SMEM,
    SP_TOTAL_SMEM, SP_SHARED_BASE, SP_COUNT } id; uint32_t off; };

struct constant { uint32_t off; uint8_t size; uint64_t bits; };

struct program {
    struct function *function;
    struct mmax_ptx_module *module;
    struct insn *code; int count, room;
    struct constant *constant; int constants;
    struct special *special; int specials;
    struct mmax_ptx_constant *floats; int float_count;      /* float constants, each once */
    uint32_t file_bytes, regs;          /* regs: number of init masks, the first of which is always full */
    uint32_t shared_bytes, shared_align, dynamic_offset, local_bytes;
    const char **reg_name;              /* by init index, for reports */
    struct arena *arena;
};

/* Who touched a granule of memory last, by kind of access: shadow.c. */
enum access { A_READ, A_WRITE, A_ATOMIC, A_KINDS, A_WRITE_SAME };
struct mark { uint32_t serial; uint32_t clock; uint32_t warp_clock; uint16_t thread, flags; };

struct region {
    uint64_t base, size;
    unsigned char *data, *init;         /* init: one byte per byte, NULL: everything is initialised */
    struct mark *mark[A_KINDS];         /* per granule; NULL while no access of the kind has been made */
    enum space space;
    uint8_t granule;                    /* log2 of the bytes that share one mark */
    bool writable;
};

enum group_state { G_RUN, G_SYNC, G_BARRIER, G_CLUSTER };
struct group { int32_t pc; uint32_t mask; enum group_state state; uint8_t barrier; };

struct warp {
    unsigned char *file;
    uint32_t *init;
    uint32_t mask;                      /* lanes of the instruction being executed */
    uint32_t lanes, exited, carry;
    int pc;
    struct block *block;
    int id, groups;
    struct group group[LANES];
    uint32_t clock;                     /* advanced by warp-wide bar.warp.sync */
    uint32_t cluster_arrived, cluster_ready;
    struct region local;                /* 32 threads' local memory, one after the other */
    uint64_t budget;                    /* instructions left before the step limit */
};

struct barrier { uint32_t arrived, expected, count; int line; bool used; };

/* The last access by another block of the cluster: in which phase of the cluster barrier, and by whom. */
struct visit { uint32_t phase; struct warp *warp; const struct insn *insn; int lane; uint64_t address; };

struct block {
    struct mmax_ptx_machine *machine;
    struct program *program;
    struct cluster *cluster;
    unsigned id[3], rank;
    uint32_t serial, clock, cluster_clock;
    uint32_t threads, live_threads;
    int warps;
    struct warp *warp;
    struct region shared;
    struct visit visit;
    struct barrier barrier[BARRIERS];
};

struct cluster {
    struct block *block; unsigned blocks;
    uint32_t first_serial, arrived, phase;
};

struct hit { uint64_t warps, lanes; };

struct mmax_ptx_machine {
    struct region *region; int regions;
    struct region global_vars, const_vars, params;
    struct mmax_ptx_module *vars_of;    /* module whose variables are mapped */
    struct region *last;                /* region of the last access */
    uint64_t next_address;
    uint32_t next_serial, launch_serial;
    struct mmax_ptx_report *report; size_t reports;
    struct mmax_ptx_counts counts;
    struct mmax_ptx_choices choices;
    struct hit *hit;
    const struct mmax_ptx_launch *launch;
    struct program *program;
    bool stop;
};

/* Windows of the generic address space. */
#define GLOBAL_BASE UINT64_C(0x7f0000000000)
#define MODULE_BASE UINT64_C(0x7e0000000000)
#define SHARED_WINDOW UINT64_C(0x600000000000)
#define LOCAL_WINDOW UINT64_C(0x500000000000)
#define CONST_WINDOW UINT64_C(0x400000000000)
#define PARAM_WINDOW UINT64_C(0x300000000000)
#define WINDOW_SIZE UINT64_C(0x100000000)
/* A block's own shared memory starts here; the next block of its cluster RANK_STEP above. The first kilobyte is not
   mapped, so that a null pointer is seen. */
#define SHARED_BASE UINT32_C(0x400)
#define RANK_STEP UINT32_C(0x1000000)

/* decode.c: NULL never; refusals jump through `loader`. */
struct program *program_of(struct mmax_ptx_module *module, const char *kernel, struct loader *loader);

/* machine.c: mmax_ptx_load; with a survey (survey.c) refused instructions are noted there and skipped. */
struct mmax_ptx_module *module_surveyed(const char *path, struct survey *survey, char *error);

/* report.c. `lanes`: who met it; the first is named. */
void report_lanes(struct warp *w, const struct insn *i, enum mmax_ptx_kind kind, uint32_t lanes, uint64_t address,
                  const char *format, ...) __attribute__((format(printf, 6, 7)));

/* memory.c */
op_fn op_load, op_store, op_atomic;
/* The region that holds all `size` bytes, and where in it; NULL if there is none (then *why says so). */
struct region *region_at(struct warp *w, int lane, enum space space, uint64_t address, uint64_t size, uint64_t *at,
                         const char **why);

/* shadow.c: record an access of `size` bytes at data offset `at` by `lane`; reports a race. A_WRITE_SAME is a write of
   the value that is there already. */
void shadow_access(struct warp *w, const struct insn *i, int lane, struct region *r, uint64_t at, unsigned size,
                   enum access access);

/* ops_warp.c: executed by the scheduler when the lanes of w->mask have met. */
op_fn op_shfl, op_vote, op_redux, op_match, op_warp_barrier, op_elect;

/* exec.c */
void run_cluster(struct cluster *c);
void execute(struct warp *w, const struct insn *i, uint32_t lanes);

#endif
