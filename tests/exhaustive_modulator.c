/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigma and its slope, lane by lane, against the scalar reference for every
 * finite float32 and each of the 18 learned layers: 18 x 2^32 inputs in 4608
 * blocks of 2^24. LANES names the instruction set's header.
 *
 *   exhaustive_modulator --out FILE [--shard I/N] [--blocks K]   run what FILE does not hold yet
 *   exhaustive_modulator --check FILE...                         are all blocks there, all equal?
 *
 * FILE gets a line per block: layer, block, inputs, mismatches, hash of the
 * reference's bits. Shards write their own files; --check reads them together.
 * Stop it at any time: a started block is done again.
 */
#define _DEFAULT_SOURCE
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include LANES
#include "ref/modulator.h"
#include "simd/cells_f32.h"
#include "simd/rows_gradient.h"
#include "support.h"

enum { PER_LAYER = 256, BLOCKS = LEARNED_LAYERS * PER_LAYER, BATCH = 4096 };

typedef struct outcome {
  uint64_t inputs, mismatches, hash;
} outcome;

/* exhaustive_scalar.c: compiled as src/ref is, without vector instructions. */
void scalar_batch(const mmax_params *p, const float *x, double *s, double *d, size_t n);

static void lanes_batch(const mmax_params *p, const float *x, double *s, double *d) {
  const modulator m = modulator_of(p);
  const unsigned shape = V_LINEAR | V_QUADRATIC;
  for (int i = 0; i < BATCH; i += V_LANES) {
    vd v = v_widen(x + i);
    v_store(s + i, modulate(&m, shape, v));
    v_store(d + i, factors_of(&m, shape, v_set(1.0), v).h);
  }
}

static outcome run_block(const mmax_params *p, uint32_t block) {
  static float x[BATCH];
  static double want[2][BATCH], got[2][BATCH];
  outcome o = {0, 0, 0};
  for (uint32_t at = 0; at < 1u << 24; at += BATCH) {
    for (uint32_t i = 0; i < BATCH; i++) x[i] = mmax_from_bits32((block << 24) + at + i);
    scalar_batch(p, x, want[0], want[1], BATCH);
    lanes_batch(p, x, got[0], got[1]);
    for (int i = 0; i < BATCH; i++) {
      if (mmax_classify(x[i]) != MMAX_FINITE) continue;
      uint64_t a = mmax_bits(want[0][i]), b = mmax_bits(want[1][i]);
      o.inputs++;
      o.mismatches += (a != mmax_bits(got[0][i])) | (b != mmax_bits(got[1][i]));
      uint64_t h = (a * 0x9e3779b97f4a7c15u ^ b * 0xbf58476d1ce4e5b9u) + mmax_bits32(x[i]);
      o.hash += (h ^ h >> 31) * 0x94d049bb133111ebu; /* order-free */
    }
  }
  return o;
}

/* Marks the blocks a file holds; returns mismatches found in it, UINT64_MAX if it is malformed.
   length: of its whole lines. */
static uint64_t read_file(const char *name, uint8_t done[BLOCKS], int may_miss, off_t *length) {
  FILE *f = fopen(name, "r");
  if (f == NULL) return may_miss ? 0 : UINT64_MAX;
  uint64_t bad = 0;
  *length = 0;
  unsigned layer, block;
  outcome o;
  char line[200];
  while (fgets(line, sizeof line, f) != NULL) {
    if (strchr(line, '\n') == NULL) break; /* cut short by a stop: done again */
    if (sscanf(line, "%u %u %" SCNu64 " %" SCNu64 " %" SCNx64, &layer, &block, &o.inputs,
               &o.mismatches, &o.hash) != 5 ||
        layer >= LEARNED_LAYERS || block >= PER_LAYER) {
      bad = UINT64_MAX;
      break;
    }
    done[layer * PER_LAYER + block] = 1;
    bad += o.mismatches;
    *length += (off_t)strlen(line);
  }
  fclose(f);
  return bad;
}

static int count_done(const uint8_t done[BLOCKS]) {
  int n = 0;
  for (int i = 0; i < BLOCKS; i++) n += done[i];
  return n;
}

static int check_files(int count, char **names) {
  static uint8_t done[BLOCKS];
  for (int i = 0; i < count; i++) {
    off_t length;
    uint64_t bad = read_file(names[i], done, 0, &length);
    if (bad == UINT64_MAX) {
      fprintf(stderr, "exhaustive_modulator: %s: cannot read it, or a malformed line\n", names[i]);
      return 2;
    }
    if (bad > 0) {
      printf("FAIL exhaustive_modulator %s mismatches=%" PRIu64 "\n", names[i], bad);
      return 1;
    }
  }
  int n = count_done(done);
  printf("%s exhaustive_modulator blocks=%d/%d mismatches=0\n", n == BLOCKS ? "PASS" : "INCOMPLETE",
         n, BLOCKS);
  return n == BLOCKS ? 0 : 1;
}

static void progress(int done, int todo, time_t start) {
  if (!isatty(2)) return;
  double left = done == 0 ? 0.0 : difftime(time(NULL), start) / done * (todo - done);
  fprintf(stderr, "\r[%-40.*s] %d/%d blocks, %.0f s left ", 40 * done / (todo > 0 ? todo : 1),
          "########################################", done, todo, left);
}

static int usage(void) {
  fprintf(stderr, "usage: exhaustive_modulator --out FILE [--shard I/N] [--blocks K]\n"
                  "       exhaustive_modulator --check FILE...\n");
  return 2;
}

int main(int argc, char **argv) {
  const char *out = NULL;
  unsigned shard = 0, shards = 1, most = BLOCKS;
  if (argc > 2 && strcmp(argv[1], "--check") == 0) return check_files(argc - 2, argv + 2);
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 >= argc) return usage();
    if (strcmp(argv[i], "--out") == 0) out = argv[i + 1];
    else if (strcmp(argv[i], "--blocks") == 0 && sscanf(argv[i + 1], "%u", &most) == 1) continue;
    else if (strcmp(argv[i], "--shard") != 0 ||
             sscanf(argv[i + 1], "%u/%u", &shard, &shards) != 2 || shard >= shards)
      return usage();
  }
  if (out == NULL) return usage();
  mmax_params layers[LEARNED_LAYERS];
  learned_layers(layers);
  static uint8_t done[BLOCKS];
  off_t whole = 0;
  if (read_file(out, done, 1, &whole) == UINT64_MAX) {
    fprintf(stderr, "exhaustive_modulator: %s: malformed line\n", out);
    return 2;
  }
  FILE *f = fopen(out, "a");
  if (f == NULL || ftruncate(fileno(f), whole) != 0) {
    fprintf(stderr, "exhaustive_modulator: cannot write %s\n", out);
    return 2;
  }
  uint64_t bad = 0;
  int todo = 0, finished = 0;
  for (unsigned b = shard; b < BLOCKS; b += shards) todo += !done[b];
  if ((unsigned)todo > most) todo = (int)most;
  time_t start = time(NULL);
  for (unsigned b = shard; b < BLOCKS && finished < todo; b += shards) {
    if (done[b]) continue;
    outcome o = run_block(&layers[b / PER_LAYER], b % PER_LAYER);
    fprintf(f, "%u\t%u\t%" PRIu64 "\t%" PRIu64 "\t%016" PRIx64 "\n", b / PER_LAYER, b % PER_LAYER,
            o.inputs, o.mismatches, o.hash);
    fflush(f);
    bad += o.mismatches;
    progress(++finished, todo, start);
  }
  if (fclose(f) != 0) return 2;
  if (isatty(2)) fputc('\n', stderr);
  printf("%s exhaustive_modulator %s shard=%u/%u blocks=%d mismatches=%" PRIu64 "\n",
         bad == 0 ? "PASS" : "FAIL", LANES, shard, shards, finished, bad);
  return bad == 0 ? 0 : 1;
}
