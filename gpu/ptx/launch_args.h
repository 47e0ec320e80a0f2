/* SPDX-License-Identifier: Apache-2.0 */
/* A launch described on the command line: geometry and one --arg per kernel parameter. */
#ifndef MMAX_PTX_LAUNCH_ARGS_H
#define MMAX_PTX_LAUNCH_ARGS_H

#include <stdbool.h>

#include "ptx.h"

enum { ARGS_MAX = 64 };

struct launch_arg {
    const char *text;           /* as given */
    unsigned skew;
    unsigned char *data;        /* buffer or value bytes */
    size_t size;
    bool buffer, writable, initialised;
    char *save;                 /* where a buffer goes after the run, or NULL */
};

struct launch_args {
    struct launch_arg arg[ARGS_MAX]; int args;
    unsigned grid[3], block[3], cluster[3], shared, skew;
    uint64_t step_limit, elements;
    struct mmax_ptx_choices choices;
    unsigned allowed;           /* bit per kind of report that is printed but does not count */
};

/* Takes option argv[*at] (and its value) if it is one of a launch; 1 taken, 0 not ours, 2 error (printed). */
int launch_option(struct launch_args *a, int argc, char **argv, int *at);
/* Runs the kernel; 0 or 2 (printed). Buffers are fresh copies, so that the same arguments can run again. */
int launch_run(const struct launch_args *a, struct mmax_ptx_module *module, const char *kernel,
               struct mmax_ptx_machine *machine, unsigned char *outputs[ARGS_MAX]);
int launch_save(const struct launch_args *a, unsigned char *const outputs[ARGS_MAX]);
void launch_free(struct launch_args *a);
int read_whole(const char *path, unsigned char **data, size_t *size);      /* 0 or 2 (printed) */

#endif
