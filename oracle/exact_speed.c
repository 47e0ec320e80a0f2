/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Throughput of the oracle: forward outputs per second at n = 197 with the
 * learned second-order parameters of DeiT-small's layers 1 and 11 (Table 7),
 * logits normal with standard deviation 2. Usage: oracle-speed [THREADS [ROWS]]
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "exact.h"

enum { COLS = 197 };

static const mmax_params layers[2] = {
    {{1.0 - 1.8347933f, 2.815388f - 1.0, 1.0 - 0.9864913f, 0.68440557f - 1.0},
     {1.185235f, -1.208543f, -2.1076407f, 1.9158255f}, 1.0, 0.0, MMAX_ORDER_2},
    {{1.0 - 0.38645744f, 0.6951747f - 1.0, 1.0 - 4.0935583f, 0.9958999f - 1.0},
     {1.6583583f, 0.29572898f, 0.77263904f, 2.9975116f}, 1.0, 0.0, MMAX_ORDER_2}};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint64_t state = 1;

static double uniform(void) { /* in (0, 1] */
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (double)((state >> 11) + 1) * 0x1p-53;
}

int main(int argc, char **argv) {
  unsigned threads = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 2;
  size_t rows = argc > 2 ? strtoul(argv[2], NULL, 10) : 2000;
  float *x = malloc(rows * COLS * sizeof *x), *p = malloc(rows * COLS * sizeof *p);
  exact_value *v = malloc(rows * COLS * sizeof *v);
  if (x == NULL || p == NULL || v == NULL) return 1;
  for (size_t i = 0; i < rows * COLS; i++)
    x[i] = (float)(2.0 * sqrt(-2.0 * log(uniform())) * cos(6.283185307179586 * uniform()));
  const mmax_rows in = {x, NULL, rows, COLS, COLS, 0};
  progress bar;
  const exact_run run = {threads, &bar};
  for (int layer = 0; layer < 2; layer++)
    for (int values = 0; values < 2; values++) {
      progress_start(&bar, "forward", rows);
      double start = now();
      exact_status status =
          exact_forward(&layers[layer], &in, p, values ? v : NULL, COLS, &run, NULL);
      double seconds = now() - start;
      progress_finish(&bar);
      if (status != EXACT_OK) return 1;
      printf("layer %d, %s: %.0f outputs/s, %u threads, n=%d, rows=%zu\n", layer ? 11 : 1,
             values ? "with exact values" : "rounded results only",
             (double)(rows * COLS) / seconds, threads, COLS, rows);
    }
  free(x);
  free(p);
  free(v);
  return 0;
}
