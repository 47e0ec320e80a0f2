/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claim: per element a forward kernel that keeps its row in registers executes at most 32 float64 operations and
 * moves its bytes once; the others stay within what gpu/README.md says of them. Aligned rows are moved 16 bytes at a
 * time and in no more sectors than they have, rows that are not aligned so but for their ends. Counted by the
 * executor, at full rows.
 * usage: cuda_budget DIR
 */
#include "cuda_machine.h"
#include "random.h"

static const struct budget {
  const char *kernel;
  size_t rows, cols;
  double operations; /* at most, per element */
  double moves;      /* of an element: loads and stores */
} budgets[] = {{"mmax_forward_warp_2", 64, 64, 32.0, 2.0},       {"mmax_forward_warp_8", 16, 256, 32.0, 2.0},
               {"mmax_forward_warp_32", 8, 1024, 32.0, 2.0},     {"mmax_forward_block_16", 4, 4096, 32.0, 2.0},
               {"mmax_forward_block_32", 2, 8192, 32.0, 2.0},
               {"mmax_forward_block_any", 2, 16384, 65.0, 4.0},  {"mmax_log_warp", 8, 1024, 62.0, 4.0},
               {"mmax_log_block", 2, 16384, 62.0, 4.0},          {"mmax_backward_warp", 8, 1024, 124.0, 9.0},
               {"mmax_backward_block", 2, 16384, 124.0, 9.0},    {"mmax_loss_warp", 8, 1024, 110.0, 4.0},
               {"mmax_loss_block", 2, 16384, 110.0, 4.0}};
static const char *const suffixes[] = {"", "_f16", "_bf16"};

static uint64_t buffer(struct mmax_ptx_machine *m, void *data, size_t bytes) { return writable(m, data, bytes, 1, 0); }

/* Counts of one call on rows `stride` cells apart. */
static struct mmax_ptx_counts count(const char *kernel, const mmax_params *params, size_t rows, size_t cols, size_t stride,
                                    unsigned parts, int cluster) {
  mmax_storage storage = storage_of(kernel);
  size_t n = rows * stride, bytes = n * mmax_storage_bytes(storage);
  float *x = calloc(n, sizeof *x), *out = calloc(n, sizeof *out);
  int32_t *target = calloc(rows, sizeof *target);
  void *moments = malloc(rows * parts * MOMENT_BYTES), *results = malloc(rows * parts * RESULT_BYTES);
  if (x == NULL || out == NULL || target == NULL || moments == NULL || results == NULL) exit(1);
  uint64_t seed = 5;
  for (size_t i = 0; i < n; i++) {
    float v = (float)(2.0 * random_normal(&seed));
    if (storage == MMAX_FLOAT32) x[i] = v;
    else ((uint16_t *)x)[i] = mmax_round16(storage, (double)v);
  }
  struct mmax_ptx_machine *m = mmax_ptx_machine_new();
  mmax_accumulator acc;
  mmax_accumulator_init(&acc);
  cuda_batch batch = {*params, buffer(m, x, bytes), 0, (int64_t)rows, (int64_t)cols, (int64_t)stride, 0, 0};
  uint64_t to = buffer(m, out, bytes), at = buffer(m, moments, rows * parts * MOMENT_BYTES), sums = buffer(m, &acc, sizeof acc);
  cuda_split split = {buffer(m, results, rows * parts * RESULT_BYTES), WHOLE};
  int64_t s = (int64_t)stride;
  if (strstr(kernel, "backward")) {
    backward_args a = {batch, buffer(m, x, bytes), s, to, s, at, sums, split};
    CHECK(launch_rows(m, kernel, rows, 0, parts, cluster, 4, &a, sizeof a, &a.split));
  } else if (strstr(kernel, "loss")) {
    loss_args a = {batch, buffer(m, target, rows * 4), -100, 0.0f, 0, 0, 0, to, s, at, sums, split};
    CHECK(launch_rows(m, kernel, rows, 0, parts, cluster, 3, &a, sizeof a, &a.split));
  } else {
    forward_args a = {batch, to, s, split};
    CHECK(launch_rows(m, kernel, rows, 0, parts, cluster, 3, &a, sizeof a, &a.split));
  }
  struct mmax_ptx_counts c = *mmax_ptx_counts(m);
  mmax_ptx_machine_free(m);
  free(x);
  free(out);
  free(target);
  free(moments);
  free(results);
  return c;
}

static double moved(const struct mmax_ptx_counts *c) { return (double)(c->global_load_bytes + c->global_store_bytes); }
/* Share of the row accesses that are 16 bytes wide; what is not the row's is at most 64 accesses a row. */
static double wide(const struct mmax_ptx_counts *c, size_t groups) {
  double narrow = (double)(c->global_accesses - c->wide_accesses) - 64.0 * (double)groups;
  return (double)c->wide_accesses / ((double)c->wide_accesses + (narrow > 0.0 ? narrow : 0.0));
}

int main(int argc, char **argv) {
  mmax_params layers[LEARNED_LAYERS];
  learned_layers(layers);
  load_modules(argc > 1 ? argv[1] : "build/gpu/cuda/sm_90");
  for (size_t k = 0; k < sizeof budgets / sizeof *budgets; k++)
    for (mmax_storage storage = MMAX_FLOAT32; storage <= MMAX_BFLOAT16; storage++) {
      const struct budget *b = &budgets[k];
      char kernel[64];
      snprintf(kernel, sizeof kernel, "%s%s", b->kernel, suffixes[storage]);
      struct mmax_ptx_counts c = count(kernel, &layers[3], b->rows, b->cols, b->cols, 1, 0);
      double n = (double)(b->rows * b->cols), size = (double)mmax_storage_bytes(storage);
      double operations = (double)c.f64_operations / n;
      double sectors = (double)(c.global_load_sectors + c.global_store_sectors) * 32.0 / moved(&c);
      printf("%-28s %6.1f float64 operations, %5.1f bytes, %6.1f lane instructions per element; %3.0f%% of accesses wide, "
             "%.2f sectors per 32 bytes\n",
             kernel, operations, moved(&c) / n, (double)c.lane_instructions / n, 100.0 * wide(&c, b->rows), sectors);
      CHECK(operations > 10.0 && operations <= b->operations);
      CHECK(moved(&c) / n >= 2.0 * size && moved(&c) / n <= b->moves * size * 1.05 + 0.3);
      CHECK(sectors < 1.08);
      if (strstr(kernel, "warp_2") != NULL) continue; /* 64 entries: one or two accesses of a whole warp */
      CHECK(wide(&c, b->rows) == 1.0);
      /* rows at every alignment: all but their ends */
      struct mmax_ptx_counts odd = count(kernel, &layers[3], b->rows, b->cols - 8, b->cols - 7, 1, 0);
      CHECK(wide(&odd, b->rows) > 0.0);
      CHECK(b->cols < 1024 || (double)odd.global_load_sectors < 1.35 * (double)c.global_load_sectors);
      if (knows_clusters(kernel)) { /* the same budgets over 4 blocks, and nothing through global memory */
        size_t cols = 4 * b->cols;
        struct mmax_ptx_counts of_cluster = count(kernel, &layers[3], b->rows, cols, cols, 4, 1);
        double of_4 = (double)(b->rows * cols), f64 = (double)of_cluster.f64_operations / of_4, bytes = moved(&of_cluster) / of_4;
        printf("%-28s a cluster of 4: %.1f operations of float64, %.1f bytes per element\n", kernel, f64, bytes);
        CHECK(f64 <= b->operations && bytes <= b->moves * size * 1.05 + 0.3);
        CHECK(wide(&of_cluster, b->rows * 4) == 1.0);
      }
      if (in_registers(kernel) || strstr(kernel, "_block") == NULL) continue;
      struct mmax_ptx_counts cut = count(kernel, &layers[3], b->rows, b->cols, b->cols, 4, 0);
      CHECK(wide(&cut, b->rows * 16) > 0.9 && moved(&cut) <= 1.2 * moved(&c));
    }
  return verdict("cuda_budget");
}
