/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows split over the threads of a team have the reference's bits: all four
 * kernels, every storage, 1 to 64 threads, more threads than chunks too; special
 * entries in the share of one thread alone; in place; with and without scratch.
 * The report and the accumulator count every row once.
 */
#include "diff_rows.h"
#include "run.h"

static const unsigned sizes[] = {1, 2, 3, 7, 64};

enum { MOST_ROWS = 3 };

/* Of the four kernels in the order of mmax_kind. */
typedef struct results {
  void *out[4];
  float loss[MOST_ROWS];
  mmax_report report[4];
  mmax_accumulator acc[4];
} results;

/* What a row may have that the others need not: one entry, in one share. */
static void plant(const diff_case *c, float *x, float *g, uint64_t *seed) {
  for (size_t r = 0; r < c->in.rows; r++) {
    float *row = x + r * c->in.stride, *up = g + r * c->in.stride;
    size_t at = random_u64(seed) % c->in.cols, far = random_u64(seed) % c->in.cols;
    switch (random_u64(seed) % 12) {
    case 0: row[at] = NAN; break;
    case 1: row[at] = INFINITY; break;
    case 2: up[at] = NAN; break;
    case 3: /* one entry left, in place of all */
      for (size_t i = 0; i < c->in.cols; i++) row[i] = i == at ? 1.5f : -INFINITY;
      break;
    case 4: /* one-hot: no other weight counts */
      for (size_t i = 0; i < c->in.cols; i++) row[i] = i == at ? 1e4f : -0.25f;
      break;
    case 5: row[at] = row[far] = 50.0f; break; /* two largest */
    case 6: row[at] = -1e30f; break;           /* the range of x and of max - sigma */
    case 7: up[at] = 1e20f; break;             /* the grid of the mean */
    case 8: /* all the largest: sums beyond 64 bits */
      for (size_t i = 0; i < c->in.cols; i++) row[i] = -3.0f;
      break;
    default: break;
    }
  }
}

typedef struct shared_case {
  diff_case c; /* c.in.logits, c.grad: float32 */
  mmax_storage storage;
  void *x, *g; /* the same in the storage */
  size_t total, bytes;
} shared_case;

/* size 0: mmax_job_run with `threads`, else a team. */
static void compute(const shared_case *a, const mmax_kernels *kernels, unsigned size,
                    unsigned threads, results *to) {
  const diff_case *c = &a->c;
  memset(to->loss, 0, sizeof to->loss);
  for (int k = 0; k < 4; k++) {
    mmax_job job = {.kind = (mmax_kind)k, .kernels = kernels, .params = &c->params,
                    .storage = a->storage, .in = mmax_input_of(&c->in)};
    memcpy(to->out[k], a->x, a->bytes);
    job.in.logits = c->seed >> k & 1 ? to->out[k] : a->x; /* in place or not */
    job.upstream = (mmax_upstream){a->g, c->in.stride};
    job.targets = (mmax_targets){c->target, -100, c->smoothing};
    job.grad_loss = c->seed & 32 ? c->grad_loss : NULL;
    job.loss = c->seed & 128 ? to->loss : NULL;
    job.out = (mmax_output){to->out[k], c->in.stride};
    mmax_accumulator_init(&to->acc[k]);
    job.acc = k < 2 || (c->seed & 64) ? NULL : &to->acc[k];
    job.scratch = c->scratch;
    if (size > 0)
      mmax_job_run_team(&job, size, &to->report[k]);
    else
      mmax_job_run(&job, threads, &to->report[k]);
  }
}

static int same_results(const shared_case *a, const results *want, const results *got) {
  int same = memcmp(want->loss, got->loss, sizeof want->loss) == 0 &&
             memcmp(want->report, got->report, sizeof want->report) == 0 &&
             memcmp(want->acc, got->acc, sizeof want->acc) == 0;
  for (int k = 0; k < 4; k++) same &= memcmp(want->out[k], got->out[k], a->bytes) == 0;
  return same;
}

static void check(const shared_case *a, results *want, results *got) {
  compute(a, mmax_kernels_for(MMAX_BACKEND_REF, a->storage), 0, 1, want);
  for (mmax_backend k = MMAX_BACKEND_AVX2; k <= MMAX_BACKEND_NEON; k++) {
    const mmax_kernels *subject = mmax_kernels_for(k, a->storage);
    if (subject == NULL || subject->split == 0) continue;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
      for (int team = 0; team < 2; team++) {
        checks++;
        compute(a, subject, team ? sizes[i] : 0, sizes[i], got);
        if (same_results(a, want, got) || failures++ >= 10) continue;
        printf("%s differs, storage %d: n=%zu rows=%zu masked=%d scratch=%zu, %s of %u threads\n",
               mmax_backend_name(k), (int)a->storage, a->c.in.cols, a->c.in.rows,
               a->c.in.mask != NULL, a->c.scratch.bytes, team ? "team" : "call", sizes[i]);
      }
  }
}

/* The float32 rows in the storage. */
static void convert(mmax_storage storage, const float *from, void *to, size_t n) {
  if (storage == MMAX_FLOAT32) memcpy(to, from, n * sizeof *from);
  for (size_t i = 0; storage != MMAX_FLOAT32 && i < n; i++)
    ((uint16_t *)to)[i] = mmax_round16(storage, (double)from[i]);
}

static void check_length(const mmax_params *params, size_t n, int use_scratch, uint64_t *seed) {
  size_t rows = 1 + random_u64(seed) % MOST_ROWS, stride = n + random_u64(seed) % 9;
  size_t total = rows * stride, bytes = use_scratch ? mmax_scratch_bytes(n) : 0;
  float *x = malloc(total * sizeof *x), *g = malloc(total * sizeof *g), grad_loss[MOST_ROWS];
  uint8_t *mask = calloc(total, 1);
  int32_t target[MOST_ROWS];
  void *scratch = use_scratch ? aligned_alloc(64, bytes) : NULL;
  int masked = random_u64(seed) % 3 == 0;
  shared_case a = {.c = {*params,
                         {x, masked ? mask : NULL, rows, n, stride, random_u64(seed) % 4 ? stride : 0},
                         g, grad_loss, target, random_u64(seed) % 2 ? (float)random_unit(seed) : 0.0f,
                         {scratch, bytes}, 0},
                   .x = malloc(total * sizeof *x), .g = malloc(total * sizeof *g), .total = total};
  results want, got;
  for (int k = 0; k < 4; k++) {
    want.out[k] = malloc(total * sizeof(float));
    got.out[k] = malloc(total * sizeof(float));
    if (want.out[k] == NULL || got.out[k] == NULL) exit(1);
  }
  if (x == NULL || g == NULL || mask == NULL || a.x == NULL || a.g == NULL || (use_scratch && scratch == NULL)) exit(1);
  for (size_t i = 0; i < total; i++) x[i] = g[i] = 0.0f;
  diff_fill(&a.c, x, mask, masked, seed);
  plant(&a.c, x, g, seed);
  a.c.seed = random_u64(seed);
  a.storage = (mmax_storage)(random_u64(seed) % 4 % 3); /* float32 half of the time */
  a.bytes = total * mmax_storage_bytes(a.storage);
  convert(a.storage, x, a.x, total);
  convert(a.storage, g, a.g, total);
  check(&a, &want, &got);
  for (int k = 0; k < 4; k++) {
    free(want.out[k]);
    free(got.out[k]);
  }
  free(x);
  free(g);
  free(mask);
  free(scratch);
  free(a.x);
  free(a.g);
}

int main(int argc, char **argv) {
  static const size_t lengths[] = {4097, 8191, 8192, 12289, 40000, 50257, 131077, 300000,
                                   (1u << 20) + 3};
  uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
  size_t step = argc > 2 ? strtoull(argv[2], NULL, 0) : 1; /* every step-th case of the shorter */
  printf("seed %llu step %zu\n", (unsigned long long)seed, step);
  mmax_params sets[PARAM_SETS];
  diff_params(sets);
  for (size_t l = 0, k = 0; l < sizeof lengths / sizeof *lengths; l++) {
    size_t cases = lengths[l] < 20000 ? 26 : lengths[l] < 60000 ? 12 : lengths[l] < 200000 ? 3 : 1;
    if (step > 1 && lengths[l] > 60000) break;
    for (size_t j = 0; j < cases; j++, k++)
      if (k % step == 0)
        check_length(&sets[k * 11 % PARAM_SETS], lengths[l], (int)(random_u64(&seed) % 2), &seed);
  }
  if (checks == 0) {
    printf("SKIP diff_threads: no SIMD backend on this machine\n");
    return 77;
  }
  return verdict("diff_threads");
}
