/* SPDX-License-Identifier: Apache-2.0 */
/* Loading modules, device memory, and launching: limits, register files, special registers, one cluster at a time. */
#include <stdlib.h>
#include <string.h>

#include "ops.h"

struct loader loader_of(const struct mmax_ptx_module *module, char *error)
{
    return (struct loader){.name = module->name, .text = module->text, .length = module->length, .error = error};
}

static bool parse_all(struct mmax_ptx_module *m, struct survey *survey, char *error)
{
    struct loader l = loader_of(m, error);
    l.survey = survey;
    if (setjmp(l.jump))
        return false;
    if (memchr(m->text, 0, m->length))
        refuse(&l, 1, "not a text file");
    parse_module(m, &l);
    m->global_data = arena_alloc(&m->arena, m->global_size + 1);
    m->const_data = arena_alloc(&m->arena, m->const_size + 1);
    for (int k = 0; k < m->variables; k++) {
        const struct variable *v = m->variable[k];
        if (v->init)
            memcpy((v->space == S_GLOBAL ? m->global_data : m->const_data) + v->address, v->init, v->size);
    }
    for (struct function *f = m->functions; f; f = f->next)
        if (f->kernel && f->defined)
            program_of(m, f->name, &l);
    return true;
}

static struct mmax_ptx_module *load_text(const char *name, const char *text, size_t length, struct survey *survey, char *error)
{
    struct mmax_ptx_module *m = calloc(1, sizeof *m);
    if (!m)
        abort();
    m->name = strdup(name);
    m->text = malloc(length + 1);
    if (!m->name || !m->text)
        abort();
    memcpy(m->text, text, length);
    m->text[length] = 0;
    m->length = length;
    if (parse_all(m, survey, error))
        return m;
    mmax_ptx_module_free(m);
    return NULL;
}

struct mmax_ptx_module *mmax_ptx_load_text(const char *name, const char *text, size_t length, char error[MMAX_PTX_ERROR_SIZE])
{
    return load_text(name, text, length, NULL, error);
}

struct mmax_ptx_module *mmax_ptx_load(const char *path, char error[MMAX_PTX_ERROR_SIZE])
{
    return module_surveyed(path, NULL, error);
}

struct mmax_ptx_module *module_surveyed(const char *path, struct survey *survey, char *error)
{
    FILE *in = fopen(path, "rb");
    char *text = NULL;
    size_t length = 0, room = 0, got;
    if (!in) {
        snprintf(error, MMAX_PTX_ERROR_SIZE, "%s: cannot be opened", path);
        return NULL;
    }
    do {
        if (length == room && !(text = realloc(text, room = room ? room * 2 : 65536)))
            abort();
        got = fread(text + length, 1, room - length, in);
        length += got;
    } while (got && length < (size_t)256 << 20);
    bool failed = ferror(in) || length >= (size_t)256 << 20;
    fclose(in);
    struct mmax_ptx_module *m = NULL;
    if (failed)
        snprintf(error, MMAX_PTX_ERROR_SIZE, "%s: cannot be read", path);
    else
        m = load_text(path, text, length, survey, error);
    free(text);
    return m;
}

void mmax_ptx_module_free(struct mmax_ptx_module *module)
{
    if (!module)
        return;
    arena_free(&module->arena);
    free(module->name);
    free(module->text);
    free(module);
}

int mmax_ptx_target(const struct mmax_ptx_module *module)
{
    return (int)module->sm;
}

int mmax_ptx_kernel_count(const struct mmax_ptx_module *module)
{
    int n = 0;
    for (const struct function *f = module->functions; f; f = f->next)
        n += f->kernel && f->defined;
    return n;
}

const char *mmax_ptx_kernel_name(const struct mmax_ptx_module *module, int kernel)
{
    for (const struct function *f = module->functions; f; f = f->next)
        if (f->kernel && f->defined && kernel-- == 0)
            return f->name;
    return NULL;
}

long mmax_ptx_param_offset(const struct mmax_ptx_module *module, const char *kernel, int index, size_t *size)
{
    const struct function *f = find_function(module, kernel, strlen(kernel));
    if (!f || !f->kernel || index < 0 || index >= f->formals)
        return -1;
    *size = (size_t)f->formal[index]->size;
    return (long)f->formal[index]->address;
}

struct mmax_ptx_machine *mmax_ptx_machine_new(void)
{
    struct mmax_ptx_machine *m = calloc(1, sizeof *m);
    if (!m)
        abort();
    m->next_address = GLOBAL_BASE;
    m->next_serial = 1;
    m->choices.nan64 = UINT64_C(0x7fffffffffffffff);
    return m;
}

static void region_free(struct region *r)
{
    free(r->init);
    for (int k = 0; k < A_KINDS; k++)
        free(r->mark[k]);
    *r = (struct region){0};
}

void mmax_ptx_machine_free(struct mmax_ptx_machine *machine)
{
    if (!machine)
        return;
    for (int k = 0; k < machine->regions; k++)
        region_free(&machine->region[k]);
    region_free(&machine->global_vars);
    free(machine->region);
    free(machine->report);
    free(machine->hit);
    free(machine);
}

void mmax_ptx_choose(struct mmax_ptx_machine *machine, const struct mmax_ptx_choices *choices)
{
    machine->choices = *choices;
}

const struct mmax_ptx_counts *mmax_ptx_counts(const struct mmax_ptx_machine *machine)
{
    return &machine->counts;
}

uint64_t mmax_ptx_buffer(struct mmax_ptx_machine *machine, void *data, size_t size, unsigned flags, unsigned skew)
{
    struct region *bigger = realloc(machine->region, ((size_t)machine->regions + 1) * sizeof *bigger);
    if (!bigger)
        return 0;
    machine->region = bigger;
    machine->last = NULL;
    struct region r = {.base = machine->next_address + skew, .size = size, .data = data, .space = S_GLOBAL,
                       .writable = flags & MMAX_PTX_WRITABLE};
    if (!(flags & MMAX_PTX_INITIALISED) && !(r.init = calloc(size + 1, 1)))
        return 0;
    machine->region[machine->regions++] = r;
    machine->next_address += ((size + skew + 255) & ~UINT64_C(255)) + (1 << 20);
    return r.base;
}

static bool limit(const struct program *p, char *error, bool broken, const char *text)
{
    if (broken)
        snprintf(error, MMAX_PTX_ERROR_SIZE, "%.120s:%d: %.64s: launch refused: %s", p->module->name, p->function->line, p->function->name, text);
    return broken;
}

static unsigned shared_limit(int sm)
{
    switch (sm) {
    case 75: return 64u << 10;
    case 80: case 87: return 163u << 10;
    case 86: case 89: case 120: case 121: return 99u << 10;
    default: return sm >= 90 ? 227u << 10 : 48u << 10;
    }
}

static bool launch_refused(const struct program *p, const struct mmax_ptx_launch *l, const unsigned grid[3],
                           const unsigned block[3], const unsigned cluster[3], char *error)
{
    const struct function *f = p->function;
    uint64_t threads = (uint64_t)block[0] * block[1] * block[2], blocks = cluster[0] * cluster[1] * cluster[2];
    uint64_t most = f->max_threads[0] ? (uint64_t)f->max_threads[0] * f->max_threads[1] * f->max_threads[2] : 1024;
    bool required = f->required_threads[0] && memcmp(f->required_threads, block, sizeof f->required_threads) != 0;
    bool fixed = f->cluster[0] && memcmp(f->cluster, cluster, sizeof f->cluster) != 0;
    return limit(p, error, block[0] > 1024 || block[1] > 1024 || block[2] > 64 || threads > 1024, "block is larger than 1024 threads (or its z than 64)") ||
           limit(p, error, grid[0] > 0x7fffffff || grid[1] > 65535 || grid[2] > 65535, "grid is larger than 2^31-1 x 65535 x 65535") ||
           limit(p, error, threads > most, "more threads than .maxntid allows") ||
           limit(p, error, required, "block is not the one .reqntid asks for") ||
           limit(p, error, fixed, "cluster is not the one .reqnctapercluster asks for") ||
           limit(p, error, blocks > 1 && p->module->sm < 90, "clusters need sm_90") ||
           limit(p, error, blocks > 8, "more than 8 blocks in a cluster") ||
           limit(p, error, grid[0] % cluster[0] || grid[1] % cluster[1] || grid[2] % cluster[2], "grid is not a multiple of the cluster") ||
           limit(p, error, p->dynamic_offset + (uint64_t)l->dynamic_shared > shared_limit(p->module->sm), "more shared memory than the target has") ||
           limit(p, error, l->params_size != f->params_size, "parameter block has another size than the kernel declares") ||
           limit(p, error, f->params_size > 32764, "more than 32764 bytes of parameters");
}

static uint32_t special_value(const struct warp *w, enum special_id id, unsigned lane, const unsigned grid[3],
                              const unsigned size[3], const unsigned cluster[3])
{
    const struct block *b = w->block;
    unsigned t = (unsigned)w->id * LANES + lane, axis = (unsigned)(id - SP_TID_X) % 3;
    switch (id) {
    case SP_TID_X: return t % size[0];
    case SP_TID_Y: return t / size[0] % size[1];
    case SP_TID_Z: return t / size[0] / size[1];
    case SP_NTID_X: case SP_NTID_Y: case SP_NTID_Z: return size[axis];
    case SP_CTAID_X: case SP_CTAID_Y: case SP_CTAID_Z: return b->id[axis];
    case SP_NCTAID_X: case SP_NCTAID_Y: case SP_NCTAID_Z: return grid[axis];
    case SP_LANEID: return lane;
    case SP_LANEMASK_EQ: return 1u << lane;
    case SP_LANEMASK_LT: return (1u << lane) - 1;
    case SP_LANEMASK_LE: return (2u << lane) - 1;
    case SP_LANEMASK_GT: return ~((2u << lane) - 1);
    case SP_LANEMASK_GE: return ~((1u << lane) - 1);
    case SP_CLUSTERID_X: case SP_CLUSTERID_Y: case SP_CLUSTERID_Z:
        return b->id[id - SP_CLUSTERID_X] / cluster[id - SP_CLUSTERID_X];
    case SP_NCLUSTERID_X: case SP_NCLUSTERID_Y: case SP_NCLUSTERID_Z:
        return grid[id - SP_NCLUSTERID_X] / cluster[id - SP_NCLUSTERID_X];
    case SP_CLUSTER_CTAID_X: case SP_CLUSTER_CTAID_Y: case SP_CLUSTER_CTAID_Z:
        return b->id[id - SP_CLUSTER_CTAID_X] % cluster[id - SP_CLUSTER_CTAID_X];
    case SP_CLUSTER_NCTAID_X: case SP_CLUSTER_NCTAID_Y: case SP_CLUSTER_NCTAID_Z: return cluster[id - SP_CLUSTER_NCTAID_X];
    case SP_CLUSTER_CTARANK: return b->rank;
    case SP_CLUSTER_NCTARANK: return b->cluster->blocks;
    case SP_DYNAMIC_SMEM: return b->machine->launch->dynamic_shared;
    case SP_TOTAL_SMEM: return (uint32_t)b->shared.size;
    default: return (uint32_t)b->shared.base;
    }
}

/* Everything that differs between blocks: special registers, fresh registers, local and shared memory. */
static void reset_block(struct block *b, const unsigned id[3], const unsigned grid[3], const unsigned size[3], const unsigned cluster[3])
{
    const struct program *p = b->program;
    memcpy(b->id, id, sizeof b->id);
    b->serial = b->machine->next_serial++;
    b->clock = b->cluster_clock = 1;
    b->live_threads = b->threads;
    memset(b->barrier, 0, sizeof b->barrier);
    if (b->shared.size)
        memset(b->shared.init, 0, b->shared.size);
    for (int n = 0; n < b->warps; n++) {
        struct warp *w = &b->warp[n];
        unsigned left = b->threads - (unsigned)n * LANES;
        w->lanes = left >= LANES ? ALL_LANES : (1u << left) - 1;
        w->exited = w->carry = w->cluster_arrived = w->cluster_ready = 0;
        w->clock = 1;
        w->groups = 1;
        w->group[0] = (struct group){.pc = 0, .mask = w->lanes, .state = G_RUN};
        w->budget = b->machine->launch->step_limit ? b->machine->launch->step_limit : UINT64_C(1) << 32;
        memset(w->init, 0, p->regs * sizeof *w->init);
        w->init[0] = ALL_LANES;
        if (w->local.size)
            memset(w->local.init, 0, w->local.size);
        for (int k = 0; k < p->specials; k++)
            for (unsigned l = 0; l < LANES; l++)
                ((uint32_t *)(void *)(w->file + p->special[k].off))[l] = special_value(w, p->special[k].id, l, grid, size, cluster);
    }
}

static void *zeroed(size_t size)
{
    void *p = aligned_alloc(64, (size + 127) & ~(size_t)63);
    if (!p)
        abort();
    return memset(p, 0, size);
}

static void make_block(struct block *b, struct mmax_ptx_machine *m, struct program *p, struct cluster *c, unsigned rank, unsigned threads)
{
    *b = (struct block){.machine = m, .program = p, .cluster = c, .rank = rank, .threads = threads,
                        .warps = (int)((threads + LANES - 1) / LANES)};
    uint64_t shared = p->dynamic_offset + (uint64_t)m->launch->dynamic_shared;
    b->shared = (struct region){.base = SHARED_BASE + rank * RANK_STEP, .size = shared, .space = S_SHARED, .writable = true};
    b->shared.data = zeroed(shared);
    b->shared.init = zeroed(shared);
    b->warp = zeroed((size_t)b->warps * sizeof *b->warp);
    for (int n = 0; n < b->warps; n++) {
        struct warp *w = &b->warp[n];
        w->block = b;
        w->id = n;
        w->file = zeroed(p->file_bytes);
        w->init = zeroed(p->regs * sizeof *w->init);
        w->local = (struct region){.size = (uint64_t)p->local_bytes * LANES, .space = S_LOCAL, .writable = true};
        w->local.data = zeroed(w->local.size);
        w->local.init = zeroed(w->local.size);
        for (int k = 0; k < p->constants; k++) {
            const struct constant *v = &p->constant[k];
            for (unsigned l = 0; l < LANES; l++)
                memcpy(w->file + v->off + (size_t)v->size * l, &v->bits, v->size);
        }
    }
}

static void free_block(struct block *b)
{
    for (int n = 0; n < b->warps; n++) {
        free(b->warp[n].file);
        free(b->warp[n].init);
        free(b->warp[n].local.data);
        region_free(&b->warp[n].local);
    }
    free(b->warp);
    free(b->shared.data);
    region_free(&b->shared);
}

static void add_counts(struct mmax_ptx_machine *m, const struct program *p)
{
    for (int k = 0; k < p->count; k++) {
        m->counts.warp_instructions += m->hit[k].warps;
        m->counts.lane_instructions += m->hit[k].lanes;
        if (p->code[k].flags & F_F64)
            m->counts.f64_operations += m->hit[k].lanes;
    }
}

static void run_grid(struct mmax_ptx_machine *m, struct cluster *c, const unsigned grid[3], const unsigned size[3], const unsigned shape[3])
{
    unsigned at[3];
    for (at[2] = 0; at[2] < grid[2]; at[2] += shape[2])
        for (at[1] = 0; at[1] < grid[1]; at[1] += shape[1])
            for (at[0] = 0; at[0] < grid[0] && !m->stop; at[0] += shape[0]) {
                c->first_serial = m->next_serial;
                c->arrived = 0;
                c->phase = 1;
                for (unsigned k = 0; k < c->blocks; k++) {
                    unsigned id[3] = {at[0] + k % shape[0], at[1] + k / shape[0] % shape[1], at[2] + k / shape[0] / shape[1]};
                    reset_block(&c->block[k], id, grid, size, shape);
                }
                run_cluster(c);
            }
}

int mmax_ptx_launch(struct mmax_ptx_machine *machine, struct mmax_ptx_module *module, const struct mmax_ptx_launch *launch,
                    char error[MMAX_PTX_ERROR_SIZE])
{
    unsigned grid[3], size[3], shape[3];
    struct loader l = loader_of(module, error);
    if (setjmp(l.jump))
        return 2;
    struct program *p = program_of(module, launch->kernel, &l);
    for (int k = 0; k < 3; k++) {
        grid[k] = launch->grid[k] ? launch->grid[k] : 1;
        size[k] = launch->block[k] ? launch->block[k] : 1;
        shape[k] = launch->cluster[k] ? launch->cluster[k] : 1;
    }
    if (!launch->cluster[0] && p->function->cluster[0])
        memcpy(shape, p->function->cluster, sizeof shape);
    if (launch_refused(p, launch, grid, size, shape, error))
        return 2;
    struct mmax_ptx_machine *m = machine;
    m->launch = launch;
    m->launch_serial = m->next_serial;
    m->stop = false;
    m->last = NULL;
    if (m->vars_of != module) {
        region_free(&m->global_vars);
        m->vars_of = module;
        m->global_vars = (struct region){.base = MODULE_BASE, .size = module->global_size, .data = module->global_data,
                                         .space = S_GLOBAL, .writable = true};
    }
    m->const_vars = (struct region){.size = module->const_size, .data = module->const_data, .space = S_CONST};
    unsigned char *params = zeroed(launch->params_size + 1);
    memcpy(params, launch->params, launch->params_size);
    m->params = (struct region){.size = launch->params_size, .data = params, .space = S_PARAM};
    free(m->hit);
    m->hit = zeroed((size_t)p->count * sizeof *m->hit);
    struct cluster c = {.blocks = shape[0] * shape[1] * shape[2]};
    c.block = zeroed(c.blocks * sizeof *c.block);
    for (unsigned k = 0; k < c.blocks; k++)
        make_block(&c.block[k], m, p, &c, k, size[0] * size[1] * size[2]);
    run_grid(m, &c, grid, size, shape);
    add_counts(m, p);
    for (unsigned k = 0; k < c.blocks; k++)
        free_block(&c.block[k]);
    free(c.block);
    free(params);
    return 0;
}
