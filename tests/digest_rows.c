/* SPDX-License-Identifier: Apache-2.0 */
/* Prints one FNV-1a digest over the output bits of all kernels and storages on a fixed workload:
   tests/build_compilers.sh compares compilers with it. */
#include <inttypes.h>
#include <string.h>

#include "random.h"
#include "support.h"

enum { ROWS = 24, MAX_N = 211 };

static uint64_t hash = 0xcbf29ce484222325u;

static void add(const void *data, size_t bytes) {
  const unsigned char *at = data;
  for (size_t i = 0; i < bytes; i++) hash = (hash ^ at[i]) * 0x100000001b3u;
}

/* The same rows stored in 16 bits. */
static void add16(mmax_storage storage, const mmax_params *p, const float *x, const float *g, size_t n,
                  const mmax_targets *t, const mmax_exec *how) {
  static uint16_t x16[ROWS * MAX_N], g16[ROWS * MAX_N], out[ROWS * MAX_N];
  for (size_t i = 0; i < ROWS * n; i++) {
    x16[i] = mmax_round16(storage, (double)x[i]);
    g16[i] = mmax_round16(storage, (double)g[i]);
  }
  const mmax_rows16 in = {storage, x16, NULL, ROWS, n, n, 0};
  mmax_forward16(p, &in, out, n, how, NULL);
  add(out, ROWS * n * sizeof *out);
  mmax_log_forward16(p, &in, out, n, how, NULL);
  add(out, ROWS * n * sizeof *out);
  mmax_backward16(p, &in, g16, n, out, n, NULL, how, NULL);
  add(out, ROWS * n * sizeof *out);
  mmax_cross_entropy_backward16(p, &in, t, g, NULL, out, n, NULL, how, NULL);
  add(out, ROWS * n * sizeof *out);
}

int main(void) {
  static mmax_params layers[LEARNED_LAYERS];
  static float x[ROWS * MAX_N], g[ROWS * MAX_N], out[ROWS * MAX_N];
  static const size_t lengths[4] = {1, 16, 64, MAX_N};
  uint64_t seed = 77;
  learned_layers(layers);
  for (int l = 0; l < LEARNED_LAYERS; l++)
    for (int k = 0; k < 4; k++)
      for (int backend = MMAX_BACKEND_REF; backend <= MMAX_BACKEND_PORTABLE; backend += 4) {
        size_t n = lengths[k];
        int32_t y[ROWS];
        float loss[ROWS];
        uint64_t row_seed = seed + (uint64_t)(l * 4 + k);
        for (size_t i = 0; i < ROWS * n; i++) {
          x[i] = random_u64(&row_seed) % 7 == 0 ? random_finite(&row_seed)
                                                : (float)(2 * random_normal(&row_seed));
          g[i] = (float)random_normal(&row_seed);
        }
        for (int r = 0; r < ROWS; r++) y[r] = (int32_t)(random_u64(&row_seed) % n);
        mmax_exec how = {(mmax_backend)backend, 1, NULL, 0};
        mmax_rows in = rows_of(x, ROWS, n);
        mmax_targets t = {y, -100, k % 2 ? 0.1f : 0.0f};
        mmax_accumulator acc;
        double grads[MMAX_NPARAMS];
        mmax_accumulator_init(&acc);
        mmax_forward(&layers[l], &in, out, n, &how, NULL);
        add(out, ROWS * n * sizeof(float));
        mmax_log_forward(&layers[l], &in, out, n, &how, NULL);
        add(out, ROWS * n * sizeof(float));
        mmax_backward(&layers[l], &in, g, n, out, n, &acc, &how, NULL);
        add(out, ROWS * n * sizeof(float));
        mmax_cross_entropy_backward(&layers[l], &in, &t, g, loss, out, n, &acc, &how, NULL);
        add(out, ROWS * n * sizeof(float));
        add(loss, sizeof loss);
        mmax_accumulator_finish(&acc, &layers[l], grads);
        add(grads, sizeof grads);
        add16(MMAX_FLOAT16, &layers[l], x, g, n, &t, &how);
        add16(MMAX_BFLOAT16, &layers[l], x, g, n, &t, &how);
      }
  printf("%016" PRIx64 "\n", hash);
  return 0;
}
