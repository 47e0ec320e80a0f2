/* SPDX-License-Identifier: Apache-2.0 */
/* What library tests share: parameters of the learned layers and a verdict. */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include <stdio.h>
#include <stdlib.h>

#include "multimax.h"

/* Order-2 layers of the paper's Tables 7 and 8, read from tests/data/params:
   12 of DeiT-small, then 6 of the WikiText-103 decoder. Exits if unreadable. */
enum { LEARNED_LAYERS = 18 };

static inline void learned_layers(mmax_params out[LEARNED_LAYERS]) {
  static const char *const files[2] = {"tests/data/params/deit_small_table7.csv",
                                       "tests/data/params/wikitext103_table8.csv"};
  int count = 0;
  for (int f = 0; f < 2; f++) {
    FILE *in = fopen(files[f], "r");
    char line[512];
    if (in == NULL || fgets(line, sizeof line, in) == NULL) {
      printf("FAIL cannot read %s (run from the project's root)\n", files[f]);
      exit(1);
    }
    while (count < LEARNED_LAYERS && fgets(line, sizeof line, in) != NULL) {
      float t[4], k[4];
      int layer;
      if (sscanf(line, "%d,%f,%f,%f,%f,%f,%f,%f,%f", &layer, &t[0], &t[1], &t[2], &t[3], &k[0],
                 &k[1], &k[2], &k[3]) != 9 ||
          mmax_params_from_temperatures(&out[count], MMAX_ORDER_2, t, k) != MMAX_OK) {
        printf("FAIL bad row in %s: %s", files[f], line);
        exit(1);
      }
      count++;
    }
    fclose(in);
  }
  if (count != LEARNED_LAYERS) {
    printf("FAIL %d learned layers, want %d\n", count, LEARNED_LAYERS);
    exit(1);
  }
}

static inline mmax_rows rows_of(const float *logits, size_t rows, size_t cols) {
  mmax_rows in = {logits, NULL, rows, cols, cols, 0};
  return in;
}

/* Counts failures and says where; the first few only. */
static int checks, failures;
#define CHECK(condition)                                                        \
  do {                                                                          \
    checks++;                                                                   \
    if (!(condition) && failures++ < 10)                                        \
      printf("%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);          \
  } while (0)

static inline int verdict(const char *name) {
  printf("%s %s checks=%d failures=%d\n", failures == 0 && checks > 0 ? "PASS" : "FAIL", name,
         checks, failures);
  return failures == 0 && checks > 0 ? 0 : 1;
}

#endif
