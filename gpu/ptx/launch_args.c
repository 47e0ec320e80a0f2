/* SPDX-License-Identifier: Apache-2.0 */
/* Launch options of `ptx run` and `ptx diff`. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launch_args.h"

static int bad(const char *what, const char *text)
{
    fprintf(stderr, "ptx: %s: `%s`\n", what, text);
    return 2;
}

int read_whole(const char *path, unsigned char **data, size_t *size)
{
    FILE *in = fopen(path, "rb");
    size_t room = 1 << 16, length = 0, got;
    unsigned char *bytes = in ? malloc(room) : NULL;
    if (!bytes) {
        if (in)
            fclose(in);
        return bad("cannot be opened", path);
    }
    while ((got = fread(bytes + length, 1, room - length, in)) > 0)
        if ((length += got) == room) {
            unsigned char *bigger = realloc(bytes, room *= 2);
            if (!bigger)
                abort();
            bytes = bigger;
        }
    bool failed = ferror(in);
    fclose(in);
    if (failed) {
        free(bytes);
        return bad("cannot be read", path);
    }
    *data = bytes;
    *size = length;
    return 0;
}

static bool number(const char *text, uint64_t *value, bool is_signed)
{
    char *end;
    errno = 0;
    bool minus = *text == '-';
    *value = minus ? (uint64_t)strtoll(text, &end, 0) : strtoull(text, &end, 0);
    return !errno && end != text && *end == 0 && !(minus && !is_signed) && !isspace((unsigned char)*text);
}

static int triple(const char *text, unsigned out[3])
{
    char *end;
    const char *at = text;
    out[1] = out[2] = 1;
    for (int k = 0; k < 3; k++) {
        errno = 0;
        unsigned long v = strtoul(at, &end, 10);
        if (end == at || errno || v == 0 || v > 0x7fffffff || !isdigit((unsigned char)*at))
            return bad("expected X[,Y[,Z]]", text);
        out[k] = (unsigned)v;
        if (*end == 0)
            return 0;
        if (*end != ',')
            break;
        at = end + 1;
    }
    return bad("expected X[,Y[,Z]]", text);
}

static void set_value(struct launch_arg *a, const void *value, size_t size)
{
    a->data = malloc(size ? size : 1);
    if (!a->data)
        abort();
    memcpy(a->data, value, size);
    a->size = size;
}

static int hex_bytes(struct launch_arg *a, const char *hex)
{
    size_t n = strlen(hex);
    if (n == 0 || n % 2 || strspn(hex, "0123456789abcdefABCDEF") != n)
        return bad("expected an even number of hexadecimal digits", hex);
    a->size = n / 2;
    a->data = malloc(a->size);
    if (!a->data)
        abort();
    for (size_t k = 0; k < a->size; k++) {
        char two[3] = {hex[2 * k], hex[2 * k + 1], 0};
        a->data[k] = (unsigned char)strtoul(two, NULL, 16);
    }
    return 0;
}

/* BYTES[:FILE] or FILE[:FILE]: what comes before the colon in *first (malloc), the rest in a->save. */
static void split_save(struct launch_arg *a, const char *text, char **first)
{
    const char *colon = strchr(text, ':');
    *first = colon ? strndup(text, (size_t)(colon - text)) : strdup(text);
    a->save = colon ? strdup(colon + 1) : NULL;
    if (!*first || (colon && !a->save))
        abort();
}

static int buffer_arg(struct launch_arg *a, const char *kind, const char *text)
{
    char *first;
    int status = 0;
    split_save(a, text, &first);
    a->buffer = true;
    a->writable = strcmp(kind, "in") != 0;
    a->initialised = strcmp(kind, "out") != 0;
    if (strcmp(kind, "in") == 0 && a->save) {
        status = bad("an input is not saved", text);
    } else if (strcmp(kind, "in") == 0 || strcmp(kind, "inout") == 0) {
        status = read_whole(first, &a->data, &a->size);
    } else {
        uint64_t size;
        if (!number(first, &size, false) || size > UINT64_C(1) << 36)
            status = bad("expected a number of bytes", text);
        else if (!(a->data = calloc(size ? size : 1, 1)))
            status = bad("out of memory", text);
        else
            a->size = size;
    }
    free(first);
    return status;
}

static int scalar_arg(struct launch_arg *a, const char *kind, const char *text)
{
    uint64_t v = 0;
    char *end;
    if (kind[0] == 'f') {
        double d = strtod(text, &end);
        float f = strtof(text, NULL);
        if (end == text || *end)
            return bad("expected a number", text);
        if (kind[1] == '3')
            set_value(a, &f, 4);
        else
            set_value(a, &d, 8);
        return 0;
    }
    size_t size = kind[1] == '3' ? 4 : 8;
    if (!number(text, &v, kind[0] == 's'))
        return bad("expected an integer", text);
    int64_t s = (int64_t)v;
    if (size == 4 && (kind[0] == 's' ? s != (int32_t)s : v >> 32 != 0))
        return bad("does not fit 32 bits", text);
    set_value(a, &v, size);
    return 0;
}

static int add_arg(struct launch_args *all, const char *text)
{
    static const char *const buffers[] = {"in", "out", "inout", "zero"};
    static const char *const scalars[] = {"u32", "s32", "u64", "s64", "f32", "f64"};
    const char *equals = strchr(text, '=');
    if (!equals || all->args == ARGS_MAX)
        return bad(equals ? "too many arguments" : "expected KIND=VALUE", text);
    struct launch_arg *a = &all->arg[all->args++];
    *a = (struct launch_arg){.text = text, .skew = all->skew};
    size_t n = (size_t)(equals - text);
    for (size_t k = 0; k < sizeof buffers / sizeof *buffers; k++)
        if (strlen(buffers[k]) == n && memcmp(buffers[k], text, n) == 0)
            return buffer_arg(a, buffers[k], equals + 1);
    for (size_t k = 0; k < sizeof scalars / sizeof *scalars; k++)
        if (strlen(scalars[k]) == n && memcmp(scalars[k], text, n) == 0)
            return scalar_arg(a, scalars[k], equals + 1);
    if (n == 5 && memcmp(text, "bytes", 5) == 0)
        return hex_bytes(a, equals + 1);
    if (n == 4 && memcmp(text, "file", 4) == 0)
        return read_whole(equals + 1, &a->data, &a->size);
    return bad("unknown kind of argument", text);
}

static int allow(struct launch_args *a, const char *kind)
{
    for (int k = 0; k < MMAX_PTX_KIND_COUNT; k++)
        if (strcmp(kind, mmax_ptx_kind_name((enum mmax_ptx_kind)k)) == 0) {
            a->allowed |= 1u << k;
            return 0;
        }
    return bad("unknown kind of report", kind);
}

int launch_option(struct launch_args *a, int argc, char **argv, int *at)
{
    static const char *const names[] = {"--grid", "--block", "--cluster", "--arg", "--shared", "--skew", "--step-limit",
                                        "--elements", "--nan64", "--approx", "--allow"};
    int which = -1;
    for (int k = 0; k < (int)(sizeof names / sizeof *names); k++)
        if (strcmp(argv[*at], names[k]) == 0)
            which = k;
    if (which < 0)
        return 0;
    if (*at + 1 >= argc)
        return bad("needs a value", argv[*at]);
    const char *value = argv[++*at];
    uint64_t v = 0;
    int status = 0;
    if (which < 3)
        status = triple(value, which == 0 ? a->grid : which == 1 ? a->block : a->cluster);
    else if (which == 3)
        status = add_arg(a, value);
    else if (which == 10)
        status = allow(a, value);
    else if (!number(value, &v, which == 9) || (which <= 5 && v > 1 << 20))
        status = bad("expected a number", value);
    else if (which == 9 && v + 1 > 2)
        status = bad("--approx takes -1, 0 or 1", value);
    else if (which == 4)
        a->shared = (unsigned)v;
    else if (which == 5)
        a->skew = (unsigned)v;
    else if (which == 6)
        a->step_limit = v;
    else if (which == 7)
        a->elements = v;
    else if (which == 8)
        a->choices.nan64 = v;
    else
        a->choices.approx_ulps = (int)(int64_t)v;
    return status ? 2 : 1;
}

int launch_run(const struct launch_args *a, struct mmax_ptx_module *module, const char *kernel,
               struct mmax_ptx_machine *machine, unsigned char *outputs[ARGS_MAX])
{
    unsigned char params[32768] = {0};
    size_t size = 0, end = 0;
    char error[MMAX_PTX_ERROR_SIZE];
    if (mmax_ptx_param_offset(module, kernel, a->args, &size) >= 0)
        return bad("the kernel has more parameters than --arg options", kernel);
    for (int k = 0; k < a->args; k++) {
        const struct launch_arg *x = &a->arg[k];
        long offset = mmax_ptx_param_offset(module, kernel, k, &size);
        if (offset < 0)
            return bad("the kernel has no parameter for", x->text);
        if (size != (x->buffer ? 8 : x->size) || (size_t)offset + size > sizeof params)
            return bad("size differs from that of the kernel's parameter", x->text);
        if (x->buffer) {
            if (!(outputs[k] = malloc(x->size + 1)))
                abort();
            memcpy(outputs[k], x->data, x->size);
            uint64_t address = mmax_ptx_buffer(machine, outputs[k], x->size, (x->writable ? MMAX_PTX_WRITABLE : 0) |
                                               (x->initialised ? MMAX_PTX_INITIALISED : 0), x->skew);
            memcpy(params + offset, &address, 8);
        } else {
            memcpy(params + offset, x->data, size);
        }
        end = (size_t)offset + size;
    }
    struct mmax_ptx_launch launch = {.kernel = kernel, .dynamic_shared = a->shared, .params = params, .params_size = end,
                                     .step_limit = a->step_limit};
    memcpy(launch.grid, a->grid, sizeof launch.grid);
    memcpy(launch.block, a->block, sizeof launch.block);
    memcpy(launch.cluster, a->cluster, sizeof launch.cluster);
    mmax_ptx_choose(machine, &a->choices);
    int status = mmax_ptx_launch(machine, module, &launch, error);
    if (status)
        fprintf(stderr, "ptx: %s\n", error);
    return status;
}

int launch_save(const struct launch_args *a, unsigned char *const outputs[ARGS_MAX])
{
    for (int k = 0; k < a->args; k++) {
        const struct launch_arg *x = &a->arg[k];
        if (!x->save)
            continue;
        char part[4096];
        if ((size_t)snprintf(part, sizeof part, "%s.part%ld", x->save, (long)getpid()) >= sizeof part)
            return bad("path is too long", x->save);
        FILE *out = fopen(part, "wb");
        bool good = out && fwrite(outputs[k], 1, x->size, out) == x->size;
        good = out && fclose(out) == 0 && good && rename(part, x->save) == 0;
        if (!good) {
            remove(part);
            return bad("cannot be written", x->save);
        }
    }
    return 0;
}

void launch_free(struct launch_args *a)
{
    for (int k = 0; k < a->args; k++) {
        free(a->arg[k].data);
        free(a->arg[k].save);
    }
}
