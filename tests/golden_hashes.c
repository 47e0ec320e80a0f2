/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bits of every kernel and storage on fixed inputs are those of
 * tests/golden_hashes.tsv, whatever backend, compiler or machine. Inputs come
 * from integers alone, so they are the same everywhere. --print writes the
 * table of this library.
 */
#include <string.h>

#include "kernels.h"
#include "random.h"
#include "storage.h"
#include "support.h"

enum { ROWS = 5, MOST = 5000, LENGTHS = 8, SETS = 6, KERNELS = 4, STORAGES = 3 };
static const size_t lengths[LENGTHS] = {1, 7, 16, 64, 197, 256, 1024, 5000};
static const char *const kernel_name[KERNELS] = {"forward", "log", "backward", "loss"};
static const char *const storage_name[STORAGES] = {"", ".float16", ".bfloat16"};
static float x[ROWS * MOST], g[ROWS * MOST], out[ROWS * MOST], loss[ROWS];
static uint16_t x16[ROWS * MOST], g16[ROWS * MOST];
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

/* The same for 16 bits, rarely 2^5 times as large. */
static uint16_t plain16(mmax_storage storage, uint64_t *seed) {
  uint64_t u = random_u64(seed);
  double v = (double)((int32_t)(u & 0xffffff) - 0x800000) * 0x1p-20;
  return round_by_integers(storage, u >> 56 == 0 ? v * 0x1p5 : v);
}

static uint64_t hash_of(const mmax_kernels *k, mmax_storage storage, int kernel,
                        const mmax_params *p, size_t n) {
  const int wide = storage == MMAX_FLOAT32;
  uint64_t seed = n;
  for (size_t i = 0; i < ROWS * n; i++) {
    if (wide) x[i] = plain(&seed), g[i] = plain(&seed);
    else x16[i] = plain16(storage, &seed), g16[i] = plain16(storage, &seed);
    mask[i] = random_u64(&seed) % 4 == 0;
  }
  for (int r = 0; r < ROWS; r++) target[r] = (int32_t)(random_u64(&seed) % n);
  if (n == 197) { /* one row of NaN, one of masks */
    x[n + 5] = NAN;
    x16[n + 5] = format_of(storage).nan;
  }
  if (n == 64) memset(mask + 2 * n, 1, n);
  mmax_report report;
  mmax_report_start(&report);
  mmax_accumulator acc;
  mmax_accumulator_init(&acc);
  const mmax_input in = {.logits = wide ? (const void *)x : x16, .mask = n % 2 == 0 ? mask : NULL,
                         .rows = ROWS, .cols = n, .stride = n, .mask_stride = n};
  const mmax_output to = {out, n};
  const mmax_upstream up = {wide ? (const void *)g : g16, n};
  const mmax_targets t = {target, -1, n > 100 ? 0.0f : 0.125f};
  const mmax_scratch none = {NULL, 0};
  if (kernel == 0) k->forward(p, &in, to, none, &report);
  if (kernel == 1) k->log_forward(p, &in, to, none, &report);
  if (kernel == 2) k->backward(p, &in, up, to, &acc, none, &report);
  if (kernel == 3) k->cross_entropy(p, &in, &t, NULL, loss, to, &acc, none, &report);
  uint64_t h = fold(0xcbf29ce484222325u, out, ROWS * n * mmax_storage_bytes(storage));
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

static uint64_t wanted[STORAGES][KERNELS][SETS][LENGTHS];

static void read_table(void) {
  FILE *f = fopen("tests/golden_hashes.tsv", "r");
  char line[200], name[32];
  int set, entries = 0;
  size_t n;
  unsigned long long h;
  while (f != NULL && fgets(line, sizeof line, f) != NULL) {
    if (line[0] == '#' || sscanf(line, "%31s %d %zu %llx", name, &set, &n, &h) != 4) continue;
    for (int i = 0; i < STORAGES * KERNELS * LENGTHS; i++) {
      int s = i / (KERNELS * LENGTHS), k = i / LENGTHS % KERNELS, l = i % LENGTHS;
      char full[32];
      snprintf(full, sizeof full, "%s%s", kernel_name[k], storage_name[s]);
      if (strcmp(name, full) == 0 && lengths[l] == n && set >= 0 && set < SETS) {
        wanted[s][k][set][l] = h;
        entries++;
      }
    }
  }
  if (f != NULL) fclose(f);
  CHECK(entries == STORAGES * KERNELS * SETS * LENGTHS);
}

static void print_table(mmax_storage storage) {
  static const mmax_kernels *const reference[STORAGES] = {&mmax_kernels_ref, &mmax_kernels_ref_f16,
                                                          &mmax_kernels_ref_bf16};
  for (int k = 0; k < KERNELS; k++)
    for (int s = 0; s < SETS; s++)
      for (int l = 0; l < LENGTHS; l++) {
        mmax_params p = set_of(s);
        printf("%s%s\t%d\t%zu\t%016llx\n", kernel_name[k], storage_name[storage], s, lengths[l],
               (unsigned long long)hash_of(reference[storage], storage, k, &p, lengths[l]));
      }
}

static void check_table(mmax_storage storage, const mmax_kernels *kernels) {
  for (int k = 0; k < KERNELS; k++)
    for (int s = 0; s < SETS; s++)
      for (int l = 0; l < LENGTHS; l++) {
        mmax_params p = set_of(s);
        CHECK(hash_of(kernels, storage, k, &p, lengths[l]) == wanted[storage][k][s][l]);
      }
}

int main(int argc, char **argv) {
  int print = argc > 1 && strcmp(argv[1], "--print") == 0;
  if (print) printf("# kernel\tparameters\tn\tFNV-1a of the output bits (tests/golden_hashes.c)\n");
  else read_table();
  for (mmax_storage storage = MMAX_FLOAT32; storage <= MMAX_BFLOAT16; storage++) {
    if (print) print_table(storage);
    for (mmax_backend b = MMAX_BACKEND_REF; !print && b <= MMAX_BACKEND_NEON; b++)
      if (mmax_kernels_for(b, storage) != NULL) check_table(storage, mmax_kernels_for(b, storage));
  }
  return print ? 0 : verdict("golden_hashes");
}
