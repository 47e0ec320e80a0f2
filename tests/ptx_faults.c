/* SPDX-License-Identifier: Apache-2.0 */
/* Claim: every seeded fault of tests/data/ptx/faults.tsv is caught by the check meant for it; the good PTX is clean. */
#include "ptx_forward.h"

enum { SHAPES = 5, OUTPUT_MAX = 4096 };

/* What one text did over all shapes. */
struct outcome {
    int refused;
    unsigned kinds;                     /* bit per kind of report */
    uint64_t digest[SHAPES];
    float output[SHAPES][OUTPUT_MAX];
    uint32_t counter;
    char rules[512], constants[2048];
    char error[MMAX_PTX_ERROR_SIZE];
};

static const int rows_of[SHAPES] = {3, 2, 5, 6, 1}, cols_of[SHAPES] = {197, 5, 33, 256, 300};

static void note_reports(struct outcome *o, struct mmax_ptx_machine *m, int shape)
{
    for (size_t k = 0; k < mmax_ptx_report_count(m); k++)
        o->kinds |= 1u << mmax_ptx_report_at(m, k)->kind;
    o->digest[shape] = mmax_ptx_counts(m)->f64_digest;
}

static void run_tile(struct outcome *o, struct mmax_ptx_module *module)
{
    static float in[512];
    struct mmax_ptx_machine *m = mmax_ptx_machine_new();
    fill_logits(in, 512, 7);
    uint64_t params[3] = {mmax_ptx_buffer(m, in, sizeof in, MMAX_PTX_INITIALISED, 0),
                          mmax_ptx_buffer(m, o->output[0], sizeof in, MMAX_PTX_WRITABLE, 0),
                          mmax_ptx_buffer(m, &o->counter, 4, MMAX_PTX_WRITABLE | MMAX_PTX_INITIALISED, 0)};
    struct mmax_ptx_launch l = {.kernel = "tile", .grid = {2}, .block = {64}, .params = params, .params_size = sizeof params,
                                .step_limit = 1 << 16};
    o->refused |= mmax_ptx_launch(m, module, &l, o->error);
    note_reports(o, m, 0);
    mmax_ptx_machine_free(m);
}

static void run_ring(struct outcome *o, struct mmax_ptx_module *module)
{
    static uint32_t in[256];
    struct mmax_ptx_machine *m = mmax_ptx_machine_new();
    for (uint32_t k = 0; k < 256; k++)
        in[k] = k * 2654435761u;
    uint64_t params[3] = {mmax_ptx_buffer(m, in, sizeof in, MMAX_PTX_INITIALISED, 0),
                          mmax_ptx_buffer(m, o->output[0], sizeof in, MMAX_PTX_WRITABLE, 0),
                          mmax_ptx_buffer(m, o->output[1], 4 * sizeof(uint64_t), MMAX_PTX_WRITABLE, 0)};
    struct mmax_ptx_launch l = {.kernel = "ring", .grid = {4}, .block = {64}, .params = params, .params_size = sizeof params,
                                .step_limit = 1 << 16};
    o->refused |= mmax_ptx_launch(m, module, &l, o->error);
    note_reports(o, m, 0);
    mmax_ptx_machine_free(m);
}

static void run_forward(struct outcome *o, struct mmax_ptx_module *module, const char *kernel)
{
    const struct mmax_ptx_choices choices = {.nan64 = UINT64_C(0x7fffffffffffffff), .digest = 1};
    for (int s = 0; s < SHAPES; s++) {
        int rows = rows_of[s], n = strcmp(kernel, "forward_warp") == 0 && cols_of[s] > 256 ? 40 : cols_of[s];
        static float x[OUTPUT_MAX];
        struct mmax_ptx_machine *m = mmax_ptx_machine_new();
        fill_logits(x, (size_t)(rows * n), 11);
        mmax_ptx_choose(m, &choices);
        o->refused |= forward_launch(m, module, kernel, x, o->output[s], rows, n, 0, o->error);
        note_reports(o, m, s);
        mmax_ptx_machine_free(m);
    }
}

static void run_text(struct outcome *o, const char *text, size_t length, const char *kernel)
{
    memset(o, 0, sizeof *o);
    struct mmax_ptx_module *module = mmax_ptx_load_text("fault", text, length, o->error);
    if (!module) {
        o->refused = 1;
        return;
    }
    struct mmax_ptx_audit audit;
    if (mmax_ptx_audit(module, kernel, &audit, o->error) == 0) {
        for (size_t k = 0; k < audit.count; k++)
            if (!strstr(o->rules, audit.finding[k].rule) && strlen(o->rules) < 400)
                strcat(strcat(o->rules, audit.finding[k].rule), " ");
        for (size_t k = 0, used = 0; k < audit.constants && used < sizeof o->constants; k++)
            used += (size_t)snprintf(o->constants + used, sizeof o->constants - used, "%llx ", (unsigned long long)audit.constant[k].bits);
        mmax_ptx_audit_free(&audit);
    }
    if (strcmp(kernel, "tile") == 0)
        run_tile(o, module);
    else if (strcmp(kernel, "ring") == 0)
        run_ring(o, module);
    else
        run_forward(o, module, kernel);
    mmax_ptx_module_free(module);
}

static char *read_text(const char *path, size_t *length)
{
    FILE *in = fopen(path, "rb");
    char *text = malloc(1 << 18);
    if (!in || !text)
        return NULL;
    *length = fread(text, 1, (1 << 18) - 1, in);
    text[*length] = 0;
    fclose(in);
    return text;
}

static void unescape(char *s)
{
    char *to = s;
    for (; *s; s++)
        if (s[0] == '\\' && (s[1] == 't' || s[1] == 'n')) {
            *to++ = s[1] == 't' ? '\t' : '\n';
            s++;
        } else {
            *to++ = *s;
        }
    *to = 0;
}

/* The good text with one occurrence replaced; NULL when there is none. */
static char *substitute(const char *text, int occurrence, const char *find, const char *put, size_t *length)
{
    const char *at = text;
    for (int k = 0; k < occurrence; k++)
        if (!(at = strstr(k ? at + 1 : at, find)))
            return NULL;
    char *out = malloc(strlen(text) + strlen(put) + 1);
    size_t before = (size_t)(at - text);
    memcpy(out, text, before);
    strcpy(out + before, put);
    strcat(out + before, at + strlen(find));
    *length = strlen(out);
    return out;
}

static int caught(const struct outcome *good, const struct outcome *o, const char *check)
{
    if (strcmp(check, "refused") == 0)
        return o->refused;
    if (o->refused)
        return 0;
    if (strcmp(check, "values") == 0)
        return memcmp(good->output, o->output, sizeof o->output) != 0 || memcmp(good->digest, o->digest, sizeof o->digest) != 0 ||
               good->counter != o->counter;
    if (strcmp(check, "audit:constants") == 0)
        return strcmp(good->constants, o->constants) != 0;
    if (strncmp(check, "audit:", 6) == 0)
        return strstr(o->rules, check + 6) != NULL;
    for (int k = 0; k < MMAX_PTX_KIND_COUNT; k++)
        if (strcmp(check, mmax_ptx_kind_name((enum mmax_ptx_kind)k)) == 0)
            return o->kinds >> k & 1;
    return 0;
}

static void describe(const struct outcome *o)
{
    printf("  refused=%d audit=%s reports:", o->refused, o->rules);
    for (int k = 0; k < MMAX_PTX_KIND_COUNT; k++)
        if (o->kinds >> k & 1)
            printf(" %s", mmax_ptx_kind_name((enum mmax_ptx_kind)k));
    printf(" %s\n", o->error);
}

int main(void)
{
    static const char *const kernels[] = {"forward_block", "forward_warp", "tile", "ring"};
    enum { KERNELS = 4 };
    static struct outcome good[KERNELS], bad;
    char *text[KERNELS], *line = malloc(4096);
    size_t length[KERNELS], faults = 0, missed = 0, unclean = 0;
    for (int k = 0; k < KERNELS; k++) {
        text[k] = read_text(k == 3 ? "tests/data/ptx/ring.ptx" : k == 2 ? "tests/data/ptx/tile.ptx" : "gpu/ptx/testdata/forward.sm_80.ptx", &length[k]);
        run_text(&good[k], text[k], length[k], kernels[k]);
        if (good[k].refused || good[k].kinds || good[k].rules[0]) {
            printf("the good %s is not clean\n", kernels[k]);
            describe(&good[k]);
            unclean++;
        }
    }
    FILE *table = fopen("tests/data/ptx/faults.tsv", "r");
    while (table && fgets(line, 4096, table)) {
        char *field[6], *rest = line;
        line[strcspn(line, "\n")] = 0;
        if (line[0] == '#')
            continue;
        int n = 0;
        while (n < 6 && rest) {
            field[n++] = rest;
            rest = strchr(rest, '\t');
            if (rest)
                *rest++ = 0;
        }
        int k = 0;
        while (n == 6 && k < KERNELS && strcmp(kernels[k], field[1]) != 0)
            k++;
        if (n != 6 || k == KERNELS) {
            printf("bad row `%s`\n", field[0]);
            missed++;
            continue;
        }
        unescape(field[3]);
        unescape(field[4]);
        /* the file holds two kernels: search in the one that is named */
        char marker[64];
        snprintf(marker, sizeof marker, ".entry %s(", field[1]);
        const char *from = strncmp(field[3], ".maxntid", 8) == 0 || strncmp(field[3], ".reqnctapercluster", 18) == 0 ? text[k] : strstr(text[k], marker);
        size_t faulty_length = 0, head = (size_t)(from - text[k]);
        char *tail = substitute(from, atoi(field[2]), field[3], field[4], &faulty_length);
        faults++;
        if (!tail) {
            printf("MISSED %s: text not found\n", field[0]);
            missed++;
            continue;
        }
        char *faulty = malloc(head + faulty_length + 1);
        memcpy(faulty, text[k], head);
        memcpy(faulty + head, tail, faulty_length + 1);
        run_text(&bad, faulty, head + faulty_length, kernels[k]);
        if (!caught(&good[k], &bad, field[5])) {
            printf("MISSED %s: %s did not report\n", field[0], field[5]);
            describe(&bad);
            missed++;
        }
        free(tail);
        free(faulty);
    }
    if (table)
        fclose(table);
    for (int k = 0; k < KERNELS; k++)
        free(text[k]);
    free(line);
    int fail = missed || unclean || faults < 40;
    printf("%s ptx_faults faults=%zu missed=%zu unclean=%zu\n", fail ? "FAIL" : "PASS", faults, missed, unclean);
    return fail;
}
