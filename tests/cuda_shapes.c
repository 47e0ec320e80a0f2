/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claim: the forward kernel of every length from 1 to 2048, in each storage, gives the reference's bits and the
 * executor has nothing to report. No branch or address of these kernels depends on data (cuda_audit), so each clean
 * run speaks for all inputs of its shape. Also times 4096 rows of 197 with all checks.
 * usage: cuda_shapes DIR
 */
#include <time.h>

#include "cuda_kernels.h"

enum { LONGEST = 2048, ROWS = 2 };

/* As mmax_cuda_forward chooses. */
static const char *kernel_for(size_t n) {
  return n <= 64 ? "mmax_forward_warp_2" : n <= 256 ? "mmax_forward_warp_8" : n <= 1024 ? "mmax_forward_warp_32" : "mmax_forward_block_16";
}

static double seconds(void) { return (double)clock() / CLOCKS_PER_SEC; }

static void check_length(const mmax_params *params, size_t n, size_t rows, mmax_storage storage, uint64_t *seed) {
  static const char *const suffixes[] = {"", "_f16", "_bf16"};
  char name[64];
  snprintf(name, sizeof name, "%s%s", kernel_for(n), suffixes[storage]);
  float *x = malloc(rows * n * sizeof *x), *g = malloc(rows * n * sizeof *g), *grad_loss = malloc(rows * sizeof *grad_loss);
  int32_t *target = malloc(rows * sizeof *target);
  if (x == NULL || g == NULL || grad_loss == NULL || target == NULL) exit(1);
  diff_case c = {.params = *params, .in = {x, NULL, rows, n, n, 0}, .grad = g, .grad_loss = grad_loss, .target = target};
  diff_fill(&c, x, NULL, 0, seed);
  cuda_call call = {.kernel = name, .out_stride = n};
  CHECK(forward_same(&c, &call));
  free(x);
  free(g);
  free(grad_loss);
  free(target);
}

int main(int argc, char **argv) {
  mmax_params sets[PARAM_SETS];
  diff_params(sets);
  load_modules(argc > 1 ? argv[1] : "build/gpu/cuda/sm_80");
  uint64_t seed = 17;
  double start = seconds();
  for (size_t n = 1; n <= LONGEST; n++)
    for (mmax_storage s = MMAX_FLOAT32; s <= MMAX_BFLOAT16; s++) check_length(&sets[n % PARAM_SETS], n, ROWS, s, &seed);
  double all = seconds() - start;
  start = seconds();
  check_length(&sets[3], 197, 4096, MMAX_FLOAT32, &seed);
  double one = seconds() - start;
  printf("n = 1..%d in three storages: %.1f s; 4096 rows of 197, reference and comparison included: %.2f s\n", LONGEST, all, one);
  CHECK(all < 120.0 && one < 0.5); /* processor time */
  return verdict("cuda_shapes");
}
