/* SPDX-License-Identifier: Apache-2.0 */
/* Survey of a file: every instruction by its full spelling, how often it stands there, and why it is refused if it is. */
#include <stdlib.h>
#include <string.h>

#include "exec.h"

struct survey_row { char *name, *reason; unsigned uses; };
struct survey { struct survey_row *row; int rows; };

static char *copy(const char *text)
{
    char *c = strdup(text);
    if (!c)
        abort();
    return c;
}

void survey_note(struct survey *s, const char *name, const char *reason)
{
    struct survey_row *r = NULL;
    for (int k = 0; k < s->rows && !r; k++)
        if (strcmp(s->row[k].name, name) == 0)
            r = &s->row[k];
    if (!r) {
        if (!(s->rows & (s->rows - 1)) && !(s->row = realloc(s->row, (s->rows ? (size_t)s->rows * 2 : 1) * sizeof *s->row)))
            abort();
        r = &s->row[s->rows++];
        *r = (struct survey_row){.name = copy(name)};
    }
    r->uses++;
    if (reason && !r->reason)
        r->reason = copy(reason);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct survey_row *)a)->name, ((const struct survey_row *)b)->name);
}

static int print(const struct survey *s, const char *path)
{
    int refused = 0;
    qsort(s->row, (size_t)s->rows, sizeof *s->row, by_name);
    for (int k = 0; k < s->rows; k++) {
        const struct survey_row *r = &s->row[k];
        printf("%s: %5u %s%s%s\n", path, r->uses, r->name, r->reason ? ": refused: " : "", r->reason ? r->reason : "");
        refused += r->reason != NULL;
    }
    printf("%s: %d spellings, %d refused\n", path, s->rows, refused);
    return refused != 0;
}

int mmax_ptx_survey(const char *path, char error[MMAX_PTX_ERROR_SIZE])
{
    struct survey s = {NULL, 0};
    struct mmax_ptx_module *m = module_surveyed(path, &s, error);
    int status = m ? print(&s, path) : 2;
    for (int k = 0; k < s.rows; k++) {
        free(s.row[k].name);
        free(s.row[k].reason);
    }
    free(s.row);
    mmax_ptx_module_free(m);
    return status;
}
