/* SPDX-License-Identifier: Apache-2.0 */
/* The command: ptx run, audit, diff, forms, extract. */
#include <stdlib.h>
#include <string.h>

#include "cubin.h"
#include "extract.h"
#include "launch_args.h"

static const char usage_text[] =
    "usage: ptx run   FILE.ptx --kernel NAME LAUNCH       execute under the interpreter, with all checks\n"
    "       ptx diff  A.ptx B.ptx --kernel NAME LAUNCH    execute both and compare every output bit\n"
    "       ptx audit FILE.ptx [--kernel NAME] [--cubin FILE [--block X[,Y[,Z]]] [--shared BYTES]]\n"
    "                                                     static audit; with a cubin SASS operation counts, registers, spills\n"
    "                                                     and occupancy (of the declared block size, or the one given)\n"
    "       ptx forms FILE.ptx                            every instruction by spelling, those refused with the reason\n"
    "       ptx extract OBJECT FOLDER                     PTX and cubins out of an object, archive, library or program\n"
    "\n"
    "LAUNCH: --grid X[,Y[,Z]] --block X[,Y[,Z]] [--cluster X[,Y[,Z]]] [--shared BYTES] and, in the order of the\n"
    "kernel's parameters, --arg KIND=VALUE:\n"
    "  u32= s32= u64= s64= f32= f64=   a number            bytes=HEX  file=PATH   a parameter passed by value\n"
    "  in=PATH              device buffer, read-only        out=BYTES[:PATH]      device buffer, not initialised\n"
    "  inout=PATH[:PATH]    device buffer, read and written zero=BYTES[:PATH]     device buffer of zeros\n"
    "A path after the colon receives the buffer when the run is clean.\n"
    "  --skew BYTES         offset of the buffers that follow from a 256-byte boundary\n"
    "  --elements N         print counts per element        --step-limit N        warp instructions per warp\n"
    "  --nan64 BITS         float64 NaN results (the ISA leaves them open)\n"
    "  --allow KIND         print reports of this kind without counting them\n"
    "  --approx -1|0|1      member of the set that an .approx instruction may return\n"
    "\n"
    "exit status: 0 clean, 1 reports, findings or differences, 2 bad input (PTX outside the modelled subset included)\n"
    "Results are those of an interpreter of PTX, not of hardware.\n";

static int bad_usage(const char *what)
{
    fprintf(stderr, "ptx: %s; see ptx --help\n", what);
    return 2;
}

/* Prints all, returns how many count. */
static size_t print_reports(const struct mmax_ptx_machine *m, const char *file, unsigned allowed)
{
    size_t counted = 0;
    for (size_t k = 0; k < mmax_ptx_report_count(m); k++) {
        const struct mmax_ptx_report *r = mmax_ptx_report_at(m, k);
        mmax_ptx_report_print(stdout, file, r);
        counted += !(allowed >> r->kind & 1);
    }
    return counted;
}

static void print_counts(const struct mmax_ptx_counts *c, uint64_t elements)
{
    const struct { const char *name; uint64_t value; } rows[] = {
        {"warp instructions", c->warp_instructions}, {"lane instructions", c->lane_instructions},
        {"float64 operations", c->f64_operations}, {"global bytes loaded", c->global_load_bytes},
        {"global bytes stored", c->global_store_bytes}, {"global sectors loaded", c->global_load_sectors},
        {"global sectors stored", c->global_store_sectors}, {"global accesses", c->global_accesses},
        {"of 16 bytes or more", c->wide_accesses}, {"shared accesses", c->shared_accesses},
        {"barriers", c->barriers}, {"atomics", c->atomics}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        printf("%-22s %14llu", rows[k].name, (unsigned long long)rows[k].value);
        if (elements)
            printf(" %10.3f per element", (double)rows[k].value / (double)elements);
        putchar('\n');
    }
}

static int run_command(const char *file, const char *kernel, const struct launch_args *a)
{
    char error[MMAX_PTX_ERROR_SIZE];
    unsigned char *outputs[ARGS_MAX] = {NULL};
    struct mmax_ptx_module *module = mmax_ptx_load(file, error);
    if (!module) {
        fprintf(stderr, "ptx: %s\n", error);
        return 2;
    }
    struct mmax_ptx_machine *m = mmax_ptx_machine_new();
    int status = launch_run(a, module, kernel, m, outputs);
    if (!status) {
        size_t reports = print_reports(m, file, a->allowed);
        print_counts(mmax_ptx_counts(m), a->elements);
        printf("%s: %s: %zu reports, executed under an interpreter of PTX\n", file, kernel, reports);
        status = reports ? 1 : launch_save(a, outputs);
    }
    for (int k = 0; k < a->args; k++)
        free(outputs[k]);
    mmax_ptx_machine_free(m);
    mmax_ptx_module_free(module);
    return status;
}

static int compare_outputs(const struct launch_args *a, unsigned char *const one[], unsigned char *const two[])
{
    int differing = 0;
    for (int k = 0; k < a->args; k++) {
        if (!a->arg[k].buffer || !a->arg[k].writable)
            continue;
        size_t first = 0, count = 0;
        for (size_t b = 0; b < a->arg[k].size; b++)
            if (one[k][b] != two[k][b] && count++ == 0)
                first = b;
        if (count)
            printf("argument %d (%s): %zu bytes differ, the first at %zu\n", k, a->arg[k].text, count, first);
        differing += count != 0;
    }
    return differing;
}

static int diff_command(const char *const files[2], const char *kernel, const struct launch_args *a)
{
    char error[MMAX_PTX_ERROR_SIZE];
    unsigned char *outputs[2][ARGS_MAX] = {{NULL}};
    int status = 0;
    size_t reports = 0;
    for (int f = 0; f < 2 && !status; f++) {
        struct mmax_ptx_module *module = mmax_ptx_load(files[f], error);
        if (!module) {
            fprintf(stderr, "ptx: %s\n", error);
            status = 2;
            break;
        }
        struct mmax_ptx_machine *m = mmax_ptx_machine_new();
        status = launch_run(a, module, kernel, m, outputs[f]);
        if (!status)
            reports += print_reports(m, files[f], a->allowed);
        mmax_ptx_machine_free(m);
        mmax_ptx_module_free(module);
    }
    if (!status) {
        int differing = compare_outputs(a, outputs[0], outputs[1]);
        printf("%s: %d outputs differ, %zu reports, executed under an interpreter of PTX\n", kernel, differing, reports);
        status = differing || reports ? 1 : 0;
    }
    for (int f = 0; f < 2; f++)
        for (int k = 0; k < a->args; k++)
            free(outputs[f][k]);
    return status;
}

static int audit_kernel(struct mmax_ptx_module *module, const char *file, const char *kernel, size_t *findings)
{
    struct mmax_ptx_audit audit;
    char error[MMAX_PTX_ERROR_SIZE];
    if (mmax_ptx_audit(module, kernel, &audit, error)) {
        fprintf(stderr, "ptx: %s\n", error);
        return 2;
    }
    for (size_t k = 0; k < audit.count; k++)
        printf("%s:%d: %s: %s: %s\n", file, audit.finding[k].line, audit.finding[k].rule, kernel, audit.finding[k].text);
    printf("%s: %u instructions, %u registers, %u bytes shared; float64: %u fma, %u mul, %u add, %u min/max, %u div/rcp/sqrt; "
           "float32: %u fma, %u mul, %u add; %u barriers, %u shuffles, %u global loads, %u global stores\n",
           kernel, audit.instructions, audit.registers, audit.shared_bytes, audit.f64_fma, audit.f64_mul, audit.f64_add,
           audit.f64_minmax, audit.f64_div, audit.f32_fma, audit.f32_mul, audit.f32_add, audit.barriers, audit.shuffles,
           audit.global_loads, audit.global_stores);
    printf("%s: branches and addresses depend on: %s; %u branches on data only choose between values\n", kernel, audit.shape, audit.data_selects);
    printf("%s: float constants:", kernel);
    for (size_t k = 0; k < audit.constants; k++)
        printf(audit.constant[k].size == 8 ? " 0d%016llX" : " 0f%08llX", (unsigned long long)audit.constant[k].bits);
    putchar('\n');
    *findings += audit.count;
    mmax_ptx_audit_free(&audit);
    return 0;
}

static int audit_command(const char *file, const char *kernel, const char *cubin, const struct launch_args *a)
{
    char error[MMAX_PTX_ERROR_SIZE];
    struct mmax_ptx_module *module = mmax_ptx_load(file, error);
    if (!module) {
        fprintf(stderr, "ptx: %s\n", error);
        return 2;
    }
    const struct cubin_launch launch = {a->block[0] * a->block[1] * a->block[2], a->shared};
    int status = 0;
    size_t findings = 0;
    for (int k = 0; k < mmax_ptx_kernel_count(module) && !status; k++) {
        const char *name = mmax_ptx_kernel_name(module, k);
        if (kernel && strcmp(kernel, name) != 0)
            continue;
        status = audit_kernel(module, file, name, &findings);
        if (!status && cubin)
            status = cubin_compare(module, name, cubin, &launch, &findings);
    }
    bool known = !kernel;
    for (int k = 0; kernel && k < mmax_ptx_kernel_count(module); k++)
        known |= strcmp(kernel, mmax_ptx_kernel_name(module, k)) == 0;
    if (!known) {
        fprintf(stderr, "ptx: %s: no kernel `%s`\n", file, kernel);
        status = 2;
    }
    if (!status)
        printf("%s: %zu findings\n", file, findings);
    mmax_ptx_module_free(module);
    return status ? status : findings != 0;
}

static int forms_command(const char *file)
{
    char error[MMAX_PTX_ERROR_SIZE];
    int status = mmax_ptx_survey(file, error);
    if (status == 2)
        fprintf(stderr, "ptx: %s\n", error);
    return status;
}

int mmax_ptx_main(int argc, char **argv)
{
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)) {
        fputs(usage_text, stdout);
        return 0;
    }
    const char *verb = argc >= 2 ? argv[1] : "", *files[2] = {NULL, NULL}, *kernel = NULL, *cubin = NULL;
    bool run = strcmp(verb, "run") == 0, diff = strcmp(verb, "diff") == 0, audit = strcmp(verb, "audit") == 0;
    if (strcmp(verb, "forms") == 0)
        return argc == 3 && argv[2][0] != '-' ? forms_command(argv[2]) : bad_usage("forms takes one file");
    if (strcmp(verb, "extract") == 0)
        return argc == 4 ? extract_file(argv[2], argv[3]) : bad_usage("extract takes a file and a folder");
    if (!run && !diff && !audit)
        return bad_usage("expected run, audit, diff, forms or extract");
    struct launch_args a = {.choices.nan64 = UINT64_C(0x7fffffffffffffff)};
    int status = 0, count = 0;
    for (int k = 2; k < argc && !status; k++) {
        if (strcmp(argv[k], "--help") == 0) {
            fputs(usage_text, stdout);
            launch_free(&a);
            return 0;
        }
        bool ours = !audit || strcmp(argv[k], "--block") == 0 || strcmp(argv[k], "--shared") == 0;
        int taken = ours ? launch_option(&a, argc, argv, &k) : 0;
        if (taken == 2)
            status = 2;
        else if (taken)
            continue;
        else if (strcmp(argv[k], "--kernel") == 0 && k + 1 < argc)
            kernel = argv[++k];
        else if (audit && strcmp(argv[k], "--cubin") == 0 && k + 1 < argc)
            cubin = argv[++k];
        else if (argv[k][0] == '-')
            status = bad_usage(argv[k]);
        else if (count < 1 + diff)
            files[count++] = argv[k];
        else
            status = bad_usage("too many files");
    }
    if (!status && count != 1 + diff)
        status = bad_usage("a PTX file is missing");
    if (!status && !audit && !kernel)
        status = bad_usage("--kernel is missing");
    if (!status)
        status = run ? run_command(files[0], kernel, &a) : diff ? diff_command(files, kernel, &a) : audit_command(files[0], kernel, cubin, &a);
    launch_free(&a);
    return status;
}
