/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bits of every kernel on fixed inputs are those of tests/golden_hashes.tsv,
 * whatever backend, compiler or machine. Inputs come from integers alone, so
 * they are the same everywhere. --print writes the table of this library.
 */
#include <string.h>

#include "kernels.h"
#include "random.h"
#include "support.h"

enum { ROWS = 5, MOST = 5000, LENGTHS = 8, SETS = 6, KERNELS = 4 };
static const size_t lengths[LENGTHS] = {1, 7, 16, 64, 197, 256, 1024, 5000};
static const char *const kernel_name[KERNELS] = {"forward", "log", "backward", "loss"};
static float x[ROWS * MOST], g[ROWS * MOST], out[ROWS * MOST], loss[ROWS];
static uint8_t mask[ROWS * MOST];
static int32_t target[ROWS];

/* A multiple of 2^-20 in [-8, 8); rarely 2^40 times as large. */
static float plain(uint64_t *seed) {
  uint64_t u = random_u64(seed);
  float v = (float)((int32_t)(u & 0xffffff) - 0x800000) * 0x1p-20f;
  return u >> 56 == 0 ? v * 0x1p40f : v;
}

static uint64_t fold(uint64_t h, const void *data, size_t bytes) {
  const uint8_t *p = data;
  for (size_t i = 0; i < bytes; i++) h = (h ^ p[i]) * 0x100000001b3u; /* FNV-1a */
  return h;
}

static uint64_t hash_of(const mmax_kernels *k, int kernel, const mmax_params *p, size_t n) {
  uint64_t seed = n;
  for (size_t i = 0; i < ROWS * n; i++) {
    x[i] = plain(&seed);
    g[i] = plain(&seed);
    mask[i] = random_u64(&seed) % 4 == 0;
  }
  for (int r = 0; r < ROWS; r++) target[r] = (int32_t)(random_u64(&seed) % n);
  if (n == 197) x[n + 5] = NAN; /* one row of NaN, one of masks */
  if (n == 64) memset(mask + 2 * n, 1, n);
  mmax_report report;
  mmax_report_start(&report);
  mmax_accumulator acc;
  mmax_accumulator_init(&acc);
  const mmax_input in = {x, n % 2 == 0 ? mask : NULL, ROWS, n, n, n};
  const mmax_output to = {out, n};
  const mmax_upstream up = {g, n};
  const mmax_targets t = {target, -1, n > 100 ? 0.0f : 0.125f};
  const mmax_scratch none = {NULL, 0};
  if (kernel == 0) k->forward(p, &in, to, none, &report);
  if (kernel == 1) k->log_forward(p, &in, to, none, &report);
  if (kernel == 2) k->backward(p, &in, up, to, &acc, none, &report);
  if (kernel == 3) k->cross_entropy(p, &in, &t, NULL, loss, to, &acc, none, &report);
  uint64_t h = fold(0xcbf29ce484222325u, out, ROWS * n * sizeof *out);
  if (kernel == 3) h = fold(h, loss, sizeof loss);
  if (kernel >= 2) {
    uint8_t bytes[MMAX_ACC_BYTES];
    mmax_accumulator_store(&acc, bytes);
    h = fold(h, bytes, sizeof bytes);
  }
  return h;
}

static mmax_params set_of(int set) {
  mmax_params p, layers[LEARNED_LAYERS];
  learned_layers(layers);
  mmax_params_softmax(&p);
  if (set == 1) p = layers[8];
  if (set == 2) p = layers[0];
  if (set == 3) p = layers[17];
  if (set == 4) {
    p = layers[4];
    p.coef[2] = p.coef[3] = 0.0;
    p.terms = MMAX_ORDER_1;
  }
  if (set == 5) {
    p = layers[11];
    mmax_params_set_affine(&p, -0.75f, 0.5f);
  }
  return p;
}

static uint64_t wanted[KERNELS][SETS][LENGTHS];

static void read_table(void) {
  FILE *f = fopen("tests/golden_hashes.tsv", "r");
  char line[200], name[32];
  int set, entries = 0;
  size_t n;
  unsigned long long h;
  while (f != NULL && fgets(line, sizeof line, f) != NULL) {
    if (line[0] == '#' || sscanf(line, "%31s %d %zu %llx", name, &set, &n, &h) != 4) continue;
    for (int k = 0; k < KERNELS; k++)
      for (int l = 0; l < LENGTHS; l++)
        if (strcmp(name, kernel_name[k]) == 0 && lengths[l] == n && set >= 0 && set < SETS) {
          wanted[k][set][l] = h;
          entries++;
        }
  }
  if (f != NULL) fclose(f);
  CHECK(entries == KERNELS * SETS * LENGTHS);
}

int main(int argc, char **argv) {
  int print = argc > 1 && strcmp(argv[1], "--print") == 0;
  if (print) printf("# kernel\tparameters\tn\tFNV-1a of the output bits (tests/golden_hashes.c)\n");
  else read_table();
  for (int k = 0; k < KERNELS; k++)
    for (int s = 0; s < SETS; s++)
      for (int l = 0; l < LENGTHS; l++) {
        mmax_params p = set_of(s);
        if (print)
          printf("%s\t%d\t%zu\t%016llx\n", kernel_name[k], s, lengths[l],
                 (unsigned long long)hash_of(&mmax_kernels_ref, k, &p, lengths[l]));
        else
          for (mmax_backend b = MMAX_BACKEND_REF; b <= MMAX_BACKEND_NEON; b++)
            if (mmax_kernels_for(b, MMAX_FLOAT32) != NULL)
              CHECK(hash_of(mmax_kernels_for(b, MMAX_FLOAT32), k, &p, lengths[l]) == wanted[k][s][l]);
      }
  return print ? 0 : verdict("golden_hashes");
}
