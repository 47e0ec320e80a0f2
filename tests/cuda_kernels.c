/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claim: every CUDA kernel, executed from its PTX, gives the reference's bits
 * and the executor has nothing to report: bounds, initialisation, races, barriers.
 * usage: cuda_kernels DIR KIND [SEED [first|some|part]]; KIND: forward, log, backward, loss; first: stop at the first
 * difference; some: a third of the short lengths, a quarter of the long ones; part: as first, of the kernels that are there
 */
#include "cuda_loss.h"

typedef int same_check(const diff_case *, const cuda_call *);

static const struct kernel {
  const char *kind, *name; /* and that name with the suffixes of the other storages */
  size_t most;             /* columns of a warp or block */
  same_check *check;
} kernels[] = {{"forward", "mmax_forward_warp_2", 64, forward_same},
               {"forward", "mmax_forward_warp_8", 256, forward_same},
               {"forward", "mmax_forward_warp_32", 1024, forward_same},
               {"forward", "mmax_forward_block_16", 4096, forward_same},
               {"forward", "mmax_forward_block_32", 8192, forward_same},
               {"forward", "mmax_forward_block_any", SIZE_MAX, forward_same},
               {"log", "mmax_log_warp", SIZE_MAX, forward_same},
               {"log", "mmax_log_block", SIZE_MAX, forward_same},
               {"backward", "mmax_backward_warp", SIZE_MAX, backward_same},
               {"backward", "mmax_backward_block", SIZE_MAX, backward_same},
               {"loss", "mmax_loss_warp", SIZE_MAX, loss_same},
               {"loss", "mmax_loss_block", SIZE_MAX, loss_same}};
static const char *const suffixes[] = {"", "_f16", "_bf16"};

enum { MOST_ROWS = 300 };
static mmax_params sets[PARAM_SETS];
static int clusters; /* cases with one a row */

/* What diff_fill makes too seldom: rows that are not finite, gradients below the smallest grid. */
static void spoil(diff_case *c, float *x, uint64_t *seed) {
  static const float bad[] = {NAN, INFINITY, -NAN};
  size_t r = random_u64(seed) % c->in.rows, i = random_u64(seed) % c->in.cols, at = r * c->in.stride + i;
  switch (random_u64(seed) % 8) {
  case 0: x[at] = bad[random_u64(seed) % 3]; break;
  case 1: c->grad[at] = random_u64(seed) % 2 ? -INFINITY : bad[random_u64(seed) % 3]; break;
  case 2: c->grad_loss[r] = bad[random_u64(seed) % 3]; break;
  case 3:
    for (size_t k = 0; k < c->in.cols; k++) c->grad[r * c->in.stride + k] *= 0x1p-115f;
    c->grad_loss[r] *= 0x1p-115f;
    break;
  }
}

/* Most columns, those of a cluster of 8 blocks if the kernel can be one. */
static size_t reach(const struct kernel *k) {
  return knows_clusters(k->name) && k->most < SIZE_MAX / 8 ? 8 * k->most : k->most;
}

/* How many blocks share a row, and how. */
static void deal(const struct kernel *k, size_t n, uint64_t dice, cuda_call *call) {
  static const unsigned parts[] = {0, 0, 1, 2, 7};
  int clusters = knows_clusters(k->name);
  if (in_registers(k->name)) { /* as few blocks as hold the row, or more */
    unsigned least = (unsigned)((n + k->most - 1) / k->most);
    if (clusters) call->parts = dice & 1 ? least : least + (unsigned)(dice >> 1) % (9 - least);
    call->cluster = call->parts > 1;
  } else if (strstr(k->name, "_block") != NULL) {
    call->parts = n == 8200 ? 300 : parts[dice % 5]; /* more than a block has threads, and none of the first 257 empty */
    call->cluster = clusters && call->parts > 1 && call->parts <= 8 && dice >> 8 & 1;
  }
}

static void run_case(const struct kernel *k, mmax_storage storage, size_t n, size_t rows, int set, uint64_t *seed) {
  char name[64];
  snprintf(name, sizeof name, "%s%s", k->name, suffixes[storage]);
  size_t stride = n + random_u64(seed) % 9;
  if (random_u64(seed) % 2) stride = (n + 7) / 8 * 8 + random_u64(seed) % 2 * 8; /* rows aligned alike */
  size_t total = rows * stride;
  float *x = malloc(total * sizeof *x), *g = malloc(total * sizeof *g);
  uint8_t *mask = calloc(total, 1);
  float grad_loss[MOST_ROWS];
  int32_t target[MOST_ROWS];
  if (x == NULL || g == NULL || mask == NULL) exit(1);
  for (size_t i = 0; i < total; i++) x[i] = g[i] = NAN;
  int masked = random_u64(seed) % 3 == 0;
  diff_case c = {sets[set],
                 {x, masked ? mask : NULL, rows, n, stride, random_u64(seed) % 4 ? stride : 0},
                 g, grad_loss, target, random_u64(seed) % 2 ? (float)random_unit(seed) : 0.0f, {NULL, 0}, 0};
  diff_fill(&c, x, mask, masked, seed);
  spoil(&c, x, seed);
  if (random_u64(seed) % 4 == 0) target[random_u64(seed) % rows] = random_u64(seed) % 2 ? -1 : (int32_t)n;
  c.seed = random_u64(seed);
  uint64_t how = random_u64(seed);
  cuda_call call = {.kernel = name, .in_place = how % 4 == 0, .grad_loss = how & 4 ? grad_loss : NULL, .out_stride = stride};
  if ((how >> 24) % 4 == 0) call.out_stride += 1 + (how >> 26) % 4;
  deal(k, n, how >> 32, &call);
  if ((how >> 3) % 4 == 0) call.blocks = 1 + (unsigned)(how >> 8) % 2;
  switch ((how >> 16) % 16) {
  case 0: call.no_grad = 1; break;
  case 1: call.no_acc = 1; break;
  case 2: call.no_loss = 1; break;
  case 3: call.no_grad = call.no_acc = 1; break;
  case 4: call.no_report = k->check == forward_same; break;
  }
  if (call.no_grad) call.in_place = 0;
  checks++;
  clusters += call.cluster;
  if (!k->check(&c, &call) && failures++ < 10)
    printf("%s differs: n=%zu rows=%zu set=%d stride=%zu masked=%d in_place=%d blocks=%u parts=%u cluster=%d smoothing=%a\n", name, n,
           rows, set, stride, masked, call.in_place, call.blocks, call.parts, call.cluster, (double)c.smoothing);
  free(x);
  free(g);
  free(mask);
}

static void run_kernel(const struct kernel *k, mmax_storage s, int first, size_t step, uint64_t *seed) {
  static const size_t longer[] = {511, 512, 513, 1023, 1024, 1025, 2048, 4095, 4096, 4097, 8192, 8200, 50257};
  static int set;
  static unsigned turn;
  int block = strstr(k->name, "block") != NULL;
  for (size_t n = 1; n <= 300 && n <= reach(k); n += step * (n > 70 ? 11 : block || s != MMAX_FLOAT32 ? 3 : 1))
    if (!(first && failures > 0)) run_case(k, s, n, 1 + random_u64(seed) % (block ? 2 : n < 70 ? 19 : 4), set++ % PARAM_SETS, seed);
  for (size_t n = 1; n < (block ? step > 1 ? 1 : 2 : 5) && !(first && failures > 0); n++) /* more rows than the accumulator has adders */
    run_case(k, s, n, block ? 70 : n == 1 ? MOST_ROWS : 60 + 50 * n, set++ % PARAM_SETS, seed);
  if (step > 1 && turn++ % 4 != 0) return; /* 4: no storage is always passed over */
  for (size_t l = 0; l < sizeof longer / sizeof *longer && longer[l] <= reach(k) && !(first && failures > 0); l++)
    run_case(k, s, longer[l], longer[l] < 1000 ? 3 : longer[l] < 5000 ? 2 : 1, set++ % PARAM_SETS, seed);
}

/* No cell becomes another pattern on its way into the storage. */
static int exact_cells(mmax_storage s, const diff_case *c) {
  size_t n = c->in.rows * c->in.cols;
  uint16_t *cells = cells_of(s, c->in.logits, n, c->seed);
  int exact = 1;
  for (size_t i = 0; i < n; i++) exact &= cells[i] == mmax_round16(s, (double)c->in.logits[i]);
  free(cells);
  return exact;
}

/* Pairs of logits whose probabilities come out otherwise when they are rounded to float32 first: one in some 2^14
   (float16) or 2^17 (bfloat16) outputs, so they are looked for. */
static void rounded_twice(mmax_storage s, uint64_t *seed) {
  enum { TRIED = 1 << 14, WANTED = 8 };
  static uint16_t x[2 * TRIED], once[2 * TRIED], found[2 * WANTED];
  static float wide[2 * TRIED], twice[2 * TRIED];
  const mmax_scratch none = {NULL, 0};
  const mmax_input in16 = {.logits = x, .rows = TRIED, .cols = 2, .stride = 2}, in32 = {.logits = wide, .rows = TRIED, .cols = 2, .stride = 2};
  mmax_report report;
  size_t count = 0;
  for (int round = 0; round < 64 && count < WANTED; round++) {
    for (size_t i = 0; i < 2 * TRIED; i++) {
      x[i] = mmax_round16(s, 2.0 * random_normal(seed));
      wide[i] = mmax_widen16(s, x[i]);
    }
    reference(s)->forward(&sets[3], &in16, (mmax_output){once, 2}, none, &report);
    reference(MMAX_FLOAT32)->forward(&sets[3], &in32, (mmax_output){twice, 2}, none, &report);
    for (size_t i = 0; i < 2 * TRIED && count < WANTED; i++)
      if (once[i] != mmax_round16(s, (double)twice[i])) memcpy(found + 2 * count++, x + i / 2 * 2, 4);
  }
  char name[64];
  snprintf(name, sizeof name, "mmax_forward_warp_2%s", suffixes[s]);
  float logits[2 * WANTED], g[2 * WANTED] = {0};
  for (size_t i = 0; i < 2 * count; i++) logits[i] = mmax_widen16(s, found[i]);
  diff_case c = {.params = sets[3], .in = {logits, NULL, count, 2, 2, 0}, .grad = g};
  while (c.seed == 0 || !exact_cells(s, &c)) c.seed = random_u64(seed);
  cuda_call call = {.kernel = name, .out_stride = 2};
  CHECK(count > 0 && forward_same(&c, &call));
}

static int is_there(const char *kernel, mmax_storage s) {
  char name[64];
  snprintf(name, sizeof name, "%s%s", kernel, suffixes[s]);
  return module_of(name) != NULL;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    printf("FAIL usage: cuda_kernels DIR KIND [SEED]\n");
    return 2;
  }
  uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;
  int part = argc > 4 && strcmp(argv[4], "part") == 0, first = part || (argc > 4 && strcmp(argv[4], "first") == 0);
  size_t step = argc > 4 && strcmp(argv[4], "some") == 0 ? 3 : 1;
  load_modules(argv[1]);
  diff_params(sets);
  for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
    if (strcmp(kernels[k].kind, argv[2]) != 0) continue;
    for (mmax_storage s = MMAX_FLOAT32; s <= MMAX_BFLOAT16; s++)
      if (!part || is_there(kernels[k].name, s)) run_kernel(&kernels[k], s, first, step, &seed);
  }
  for (mmax_storage s = MMAX_FLOAT16; s <= MMAX_BFLOAT16 && strcmp(argv[2], "forward") == 0; s++)
    if (!part || is_there("mmax_forward_warp_2", s)) rounded_twice(s, &seed);
  char name[64];
  snprintf(name, sizeof name, "cuda_kernels %s lane-instructions=%.0fM clusters=%d", argv[2], (double)lane_instructions * 1e-6, clusters);
  return verdict(name);
}
