/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oracle gives the vectors that are rational by construction. y = x log 2
 * with whole x makes e^y a power of two; the float64 nearest log 2 moves a
 * result by less than 2^-49 of itself, too little to change its float32.
 */
#include "exact.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_check.h"

enum { N = 3 };

static const double log2_nearest = 0.693147180559945309417232121458;
static const double log1_5_nearest = 0.405465108108164381978013115464;

/* softmax(sigma) of x log 2 is weights / their sum. */
static void check_vector(const mmax_params *plain, size_t n, const float *x,
                         const double *weight) {
  mmax_params params = *plain;
  params.terms |= MMAX_TERM_AFFINE;
  params.scale = log2_nearest;
  params.shift = 0.0;
  float p[N];
  exact_value v[N];
  double sum = 0;
  const mmax_rows in = {x, NULL, 1, n, n, 0};
  CHECK(exact_forward(&params, &in, p, v, n, NULL, NULL) == EXACT_OK);
  for (size_t i = 0; i < n; i++) sum += weight[i];
  for (size_t i = 0; i < n; i++) {
    double want = weight[i] / sum;
    CHECK(same(p[i], (float)want));
    CHECK(fabs((v[i].hi - want) + v[i].lo) <= 0x1p-49 * want);
  }
}

static void check_vectors(void) {
  const mmax_params softmax = {{0}, {0}, 1.0, 0.0, MMAX_ORDER_0};
  /* t_b = 2, b = log(3/2) */
  const mmax_params low = {{-1.0}, {log1_5_nearest}, 1.0, 0.0, MMAX_MULTIMAX_L};
  /* t_b = 2, t_d = 1/2, b = d = 0 */
  const mmax_params both = {{-1.0, -0.5}, {0}, 1.0, 0.0, MMAX_ORDER_1};
  /* order 2: c3 = 1/log 2 turns 2^x into 2^(x + x^2) at x < 0 */
  const mmax_params squared = {{0, 0, 1 / log2_nearest}, {0}, 1.0, 0.0, MMAX_ORDER_2};
  check_vector(&softmax, 3, (const float[]){0, 1, 2}, (const double[]){1, 2, 4});
  check_vector(&low, 3, (const float[]){0, 1, 2}, (const double[]){1, 3, 6});
  check_vector(&softmax, 3, (const float[]){-2, 2, 4}, (const double[]){1, 16, 64});
  check_vector(&both, 3, (const float[]){-2, 2, 4}, (const double[]){1, 32, 64});
  check_vector(&softmax, 2, (const float[]){-1, 4}, (const double[]){1, 32});
  check_vector(&both, 2, (const float[]){-1, 4}, (const double[]){1, 16});
  check_vector(&squared, 3, (const float[]){-2, -1, 2}, (const double[]){4, 1, 4});
}

/* Not shift invariant: b = d = 0, t_b = 2, t_d = 1 on (1, 0) and (0, -1). */
static void check_shift(void) {
  const mmax_params params = {{-1.0, 0}, {0}, 1.0, 0.0, MMAX_ORDER_1};
  float p[4];
  const mmax_rows in = {(const float[]){1, 0, 0, -1}, NULL, 2, 2, 2, 0};
  exact_forward(&params, &in, p, NULL, 2, NULL, NULL);
  CHECK(same(p[0], (float)(1 / (1 + exp(-1.0)))));
  CHECK(same(p[2], (float)(1 / (1 + exp(-2.0)))));
}

/* 1/n and log(1/n) of equal logits. */
static void check_equal(void) {
  const mmax_params softmax = {{0}, {0}, 1.0, 0.0, MMAX_ORDER_0};
  float x[100], p[100];
  for (size_t i = 0; i < 100; i++) x[i] = 3.25f;
  for (size_t n = 1; n <= 100; n++) {
    const mmax_rows in = {x, NULL, 1, n, n, 0};
    exact_forward(&softmax, &in, p, NULL, n, NULL, NULL);
    CHECK(same(p[0], 1.0f / (float)n) && same(p[n - 1], p[0]));
    exact_log_forward(&softmax, &in, p, NULL, n, NULL, NULL);
    CHECK(same(p[0], n == 1 ? 0.0f : (float)-log((double)n)));
  }
}

/* sigma(-1e4), sigma(-1e9), sigma(-10), sigma(0), sigma(10) of the learned
   layers, from exact rational arithmetic, printed to 17 digits. */
static void check_sigma(void) {
  static const float at[5] = {-1e4f, -1e9f, -10, 0, 10};
  FILE *params_file = NULL, *want_file = fopen("tests/data/params/row_properties.csv", "r");
  char line[512], want_line[1024];
  int rows = 0;
  for (int f = 0; f < 2; f++) {
    params_file = fopen(f == 0 ? "tests/data/params/deit_small_table7.csv"
                               : "tests/data/params/wikitext103_table8.csv", "r");
    if (params_file == NULL || want_file == NULL) {
      CHECK(!"the parameter files of tests/data: run this in the project's root");
      return;
    }
    while (fgets(line, sizeof line, params_file) != NULL) {
      float t[4], k[4];
      if (sscanf(line, "%*d,%f,%f,%f,%f,%f,%f,%f,%f", &t[0], &t[1], &t[2], &t[3], &k[0], &k[1],
                 &k[2], &k[3]) != 8)
        continue;
      while (fgets(want_line, sizeof want_line, want_file) != NULL && want_line[0] == 't') {}
      mmax_params p = {{0}, {0}, 1.0, 0.0, MMAX_ORDER_2};
      const char *field = want_line;
      for (int skip = 0; skip < 2; skip++) field = strchr(field, ',') + 1;
      for (int j = 0; j < 4; j++) {
        p.coef[j] = j % 2 == 0 ? 1.0 - (double)t[j] : (double)t[j] - 1.0;
        p.knot[j] = (double)k[j];
        CHECK(p.coef[j] == strtod(field, NULL));
        field = strchr(field, ',') + 1;
      }
      for (int skip = 0; skip < 4; skip++) field = strchr(field, ',') + 1;
      for (int i = 0; i < 5; i++) {
        exact_scalar s;
        exact_sigma(&p, at[i], &s);
        CHECK(s.as_double == strtod(field, NULL));
        if (i < 4) field = strchr(field, ',') + 1;
      }
      rows++;
    }
    fclose(params_file);
  }
  fclose(want_file);
  CHECK(rows == 18);
}

int main(void) {
  check_vectors();
  check_shift();
  check_equal();
  check_sigma();
  return verdict_line("oracle_exact_vectors");
}
