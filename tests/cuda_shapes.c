/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claim: the forward kernel of every length from 1 to 2048, in each storage, gives the reference's bits and the
 * executor has nothing to report. No branch or address of these kernels depends on data (cuda_audit), so each clean
 * run speaks for all inputs of its shape. Also rows 2^31 entries apart, and the time of 4096 rows of 197 with all checks.
 * usage: cuda_shapes DIR [far]; far: the rows far apart alone
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#include <sys/mman.h>
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

/* Rows and masks further apart than 32 bits reach, of which the executor and the reference see two. */
static void check_far(const mmax_params *params, const char *kernel, size_t n, uint64_t *seed) {
  const size_t stride = ((size_t)1 << 31) + 5, bytes = (stride + n) * sizeof(float);
  float *x = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  uint8_t *mask = mmap(NULL, 2 * stride + n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  float *want = malloc(2 * n * sizeof *want), *got = malloc(2 * n * sizeof *got);
  if (x == MAP_FAILED || mask == MAP_FAILED || want == NULL || got == NULL) exit(1);
  for (size_t i = 0; i < n; i++) {
    x[i] = (float)random_normal(seed);
    x[stride + i] = (float)random_normal(seed);
    mask[2 * stride + i] = random_u64(seed) % 3 == 0;
  }
  const mmax_input in = {.logits = x, .mask = mask, .rows = 2, .cols = n, .stride = stride, .mask_stride = 2 * stride};
  const mmax_scratch none = {NULL, 0};
  mmax_report report;
  mmax_report_start(&report);
  reference(MMAX_FLOAT32)->forward(params, &in, (mmax_output){want, n}, none, &report);
  struct mmax_ptx_machine *m = mmax_ptx_machine_new();
  forward_args a = {{*params, readable(m, x, bytes, 0), readable(m, mask, 2 * stride + n, 0), 2, (int64_t)n, (int64_t)stride,
                     2 * (int64_t)stride, 0}, writable(m, got, 2 * n * sizeof *got, 0, 0), (int64_t)n, {0, WHOLE}};
  CHECK(launch_rows(m, kernel, 2, 0, 1, 0, 3, &a, sizeof a, &a.split));
  CHECK(same_cells(want, got, 2 * n * sizeof *got, sizeof *got));
  mmax_ptx_machine_free(m);
  munmap(x, bytes);
  munmap(mask, 2 * stride + n);
  free(want);
  free(got);
}

static void check_lengths(const mmax_params *sets, uint64_t *seed) {
  double start = seconds();
  for (size_t n = 1; n <= LONGEST; n++)
    for (mmax_storage s = MMAX_FLOAT32; s <= MMAX_BFLOAT16; s++) check_length(&sets[n % PARAM_SETS], n, ROWS, s, seed);
  double all = seconds() - start;
  start = seconds();
  check_length(&sets[3], 197, 4096, MMAX_FLOAT32, seed);
  double one = seconds() - start;
  printf("n = 1..%d in three storages: %.1f s; 4096 rows of 197, reference and comparison included: %.2f s\n", LONGEST, all, one);
  CHECK(all < 120.0 && one < 0.5); /* processor time */
}

int main(int argc, char **argv) {
  mmax_params sets[PARAM_SETS];
  diff_params(sets);
  load_modules(argc > 1 ? argv[1] : "build/gpu/cuda/sm_90");
  uint64_t seed = 17;
  if (argc < 3) check_lengths(sets, &seed);
  check_far(&sets[7], "mmax_forward_warp_8", 250, &seed);
  check_far(&sets[8], "mmax_forward_block_any", 5000, &seed);
  return verdict("cuda_shapes");
}
