/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claim: per element a forward kernel that keeps its row in registers executes at most 32 float64 operations and
 * moves 8 bytes; the others stay within what gpu/README.md says of them. Counted by the executor, at full rows.
 */
#include "cuda_kernels.h"

static const struct budget {
  const char *kernel;
  size_t rows, cols;
  double operations, bytes; /* at most, per element */
} budgets[] = {{"mmax_forward_warp_2", 64, 64, 32.0, 8.0},     {"mmax_forward_warp_8", 16, 256, 32.0, 8.0},
               {"mmax_forward_warp_32", 8, 1024, 32.0, 8.0},   {"mmax_forward_block_16", 4, 4096, 32.0, 8.0},
               {"mmax_forward_block_any", 2, 16384, 68.0, 20.0}, {"mmax_log_warp", 8, 1024, 66.0, 20.0},
               {"mmax_log_block", 2, 16384, 66.0, 20.0},       {"mmax_backward_warp", 8, 1024, 160.0, 46.0},
               {"mmax_backward_block", 2, 16384, 160.0, 46.0}, {"mmax_loss_warp", 8, 1024, 135.0, 28.0},
               {"mmax_loss_block", 2, 16384, 135.0, 28.0}};

static uint64_t buffer(struct mmax_ptx_machine *m, void *data, size_t bytes) {
  return mmax_ptx_buffer(m, data, bytes, MMAX_PTX_INITIALISED | MMAX_PTX_WRITABLE, 0);
}

int main(int argc, char **argv) {
  mmax_params layers[LEARNED_LAYERS];
  learned_layers(layers);
  load_modules(argc > 1 ? argv[1] : "build/gpu/cuda/sm_80");
  for (size_t k = 0; k < sizeof budgets / sizeof *budgets; k++) {
    const struct budget *b = &budgets[k];
    size_t n = b->rows * b->cols, bytes = n * sizeof(float);
    float *x = calloc(n, sizeof *x), *out = calloc(n, sizeof *out);
    int32_t *target = calloc(b->rows, sizeof *target);
    void *moments = malloc(b->rows * MOMENT_BYTES);
    if (x == NULL || out == NULL || target == NULL || moments == NULL) return 1;
    uint64_t seed = 5;
    for (size_t i = 0; i < n; i++) x[i] = (float)(2.0 * random_normal(&seed));
    struct mmax_ptx_machine *m = mmax_ptx_machine_new();
    mmax_accumulator acc;
    mmax_accumulator_init(&acc);
    cuda_call call = {b->kernel, 0, 0, 0, 0, 0, 0, NULL};
    cuda_batch batch = {layers[3], rows_of((const float *)(uintptr_t)buffer(m, x, bytes), b->rows, b->cols), 0};
    uint64_t to = buffer(m, out, bytes), at = buffer(m, moments, b->rows * MOMENT_BYTES), sums = buffer(m, &acc, sizeof acc);
    int64_t stride = (int64_t)b->cols;
    if (strstr(b->kernel, "backward")) {
      backward_args a = {batch, buffer(m, x, bytes), stride, to, stride, at, sums};
      CHECK(launch_rows(m, &call, b->rows, &a, sizeof a));
    } else if (strstr(b->kernel, "loss")) {
      loss_args a = {batch, buffer(m, target, b->rows * 4), -100, 0.0f, 0, 0, 0, to, stride, at, sums};
      CHECK(launch_rows(m, &call, b->rows, &a, sizeof a));
    } else {
      forward_args a = {batch, to, stride};
      CHECK(launch_rows(m, &call, b->rows, &a, sizeof a));
    }
    const struct mmax_ptx_counts *c = mmax_ptx_counts(m);
    double operations = (double)c->f64_operations / (double)n;
    double moved = (double)(c->global_load_bytes + c->global_store_bytes) / (double)n;
    printf("%-24s %6.1f float64 operations, %5.1f bytes, %6.1f lane instructions per element\n", b->kernel, operations, moved,
           (double)c->lane_instructions / (double)n);
    CHECK(operations > 10.0 && operations <= b->operations);
    CHECK(moved >= 8.0 && moved <= b->bytes * 1.05);
    mmax_ptx_machine_free(m);
    free(x);
    free(out);
    free(target);
    free(moments);
  }
  return verdict("cuda_budget");
}
