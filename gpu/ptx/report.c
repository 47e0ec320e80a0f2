/* SPDX-License-Identifier: Apache-2.0 */
/* Run-time reports: one per kind and line, with the first thread that met it. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "exec.h"

enum { REPORTS_MAX = 64 };

static const char *const kinds[MMAX_PTX_KIND_COUNT] = {
    [MMAX_PTX_OUT_OF_BOUNDS] = "out-of-bounds", [MMAX_PTX_MISALIGNED] = "misaligned",
    [MMAX_PTX_READ_ONLY] = "read-only", [MMAX_PTX_UNINIT_REGISTER] = "uninitialised-register",
    [MMAX_PTX_UNINIT_MEMORY] = "uninitialised-memory", [MMAX_PTX_RACE_SHARED] = "race-shared",
    [MMAX_PTX_RACE_GLOBAL] = "race-global", [MMAX_PTX_RACE_SAME_VALUE] = "race-same-value", [MMAX_PTX_STALE_NC] = "stale-nc",
    [MMAX_PTX_DIVERGENT_BARRIER] = "divergent-barrier", [MMAX_PTX_SYNC_MASK] = "sync-mask",
    [MMAX_PTX_SHUFFLE_SOURCE] = "shuffle-source", [MMAX_PTX_UNDEFINED] = "undefined",
    [MMAX_PTX_STEP_LIMIT] = "step-limit", [MMAX_PTX_TRAP] = "trap"};

const char *mmax_ptx_kind_name(enum mmax_ptx_kind kind)
{
    return kind < MMAX_PTX_KIND_COUNT ? kinds[kind] : "unknown";
}

void report_lanes(struct warp *w, const struct insn *i, enum mmax_ptx_kind kind, uint32_t lanes, uint64_t address,
                  const char *format, ...)
{
    struct mmax_ptx_machine *m = w->block->machine;
    const char *kernel = w->block->program->function->name;
    if (!lanes)
        return;
    for (size_t k = 0; k < m->reports; k++)
        if (m->report[k].kind == kind && m->report[k].line == i->line && strncmp(m->report[k].kernel, kernel, 63) == 0) {
            m->report[k].count += (unsigned)__builtin_popcount(lanes);
            return;
        }
    if (m->reports == REPORTS_MAX) {
        m->stop = true;
        return;
    }
    if (!m->report && !(m->report = calloc(REPORTS_MAX, sizeof *m->report)))
        abort();
    struct mmax_ptx_report *r = &m->report[m->reports++];
    unsigned lane = (unsigned)__builtin_ctz(lanes), thread = (unsigned)w->id * LANES + lane;
    const unsigned *size = m->launch->block;
    unsigned x = size[0] ? size[0] : 1, y = size[1] ? size[1] : 1;
    *r = (struct mmax_ptx_report){.kind = kind, .line = i->line, .address = address,
                                  .count = (unsigned)__builtin_popcount(lanes),
                                  .thread = {thread % x, thread / x % y, thread / x / y}};
    memcpy(r->block, w->block->id, sizeof r->block);
    snprintf(r->kernel, sizeof r->kernel, "%s", kernel);
    va_list args;
    va_start(args, format);
    vsnprintf(r->text, sizeof r->text, format, args);
    va_end(args);
}

size_t mmax_ptx_report_count(const struct mmax_ptx_machine *machine) { return machine->reports; }

const struct mmax_ptx_report *mmax_ptx_report_at(const struct mmax_ptx_machine *machine, size_t index)
{
    return &machine->report[index];
}

/* Kinds that are about an access to memory; the address may be 0. */
static bool has_address(enum mmax_ptx_kind kind)
{
    return kind <= MMAX_PTX_STALE_NC && kind != MMAX_PTX_UNINIT_REGISTER;
}

void mmax_ptx_report_print(FILE *out, const char *file, const struct mmax_ptx_report *r)
{
    fprintf(out, "%s:%d: %s: %s: block (%u,%u,%u) thread (%u,%u,%u)", file, r->line, mmax_ptx_kind_name(r->kind), r->kernel,
            r->block[0], r->block[1], r->block[2], r->thread[0], r->thread[1], r->thread[2]);
    if (has_address(r->kind))
        fprintf(out, " address 0x%llx", (unsigned long long)r->address);
    fprintf(out, ": %s", r->text);
    if (r->count > 1)
        fprintf(out, " (%llu lanes)", (unsigned long long)r->count);
    fputc('\n', out);
}
