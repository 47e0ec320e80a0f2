/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits, increasing intervals and Lipschitz bounds of the 18 learned layers
 * equal the exact rational analysis in tests/data/params/row_properties.csv,
 * and hold up against sampling for random parameters. Control: a shifted knot.
 */
#include <math.h>
#include <string.h>

#include "random.h"
#include "support.h"

/* "[lo hi];[lo hi]" or "none" -> intervals; returns how many. */
static size_t parse(const char *text, mmax_interval *out) {
  size_t count = 0;
  for (; (text = strchr(text, '[')) != NULL; text++) {
    char *end;
    out[count].lo = strtod(text + 1, &end);
    out[count].hi = strtod(end, NULL);
    count++;
  }
  return count;
}

/* The table has 12 digits. */
static int close_to(double a, double b) {
  return a == b || fabs(a - b) <= 1e-11 * (fabs(a) > fabs(b) ? fabs(a) : fabs(b));
}

static int same_intervals(const mmax_params *p, const mmax_interval *want, size_t count) {
  mmax_interval got[MMAX_MAX_INTERVALS];
  if (mmax_increasing_intervals(p, got) != count) return 0;
  for (size_t i = 0; i < count; i++)
    if (!close_to(got[i].lo, want[i].lo) || !close_to(got[i].hi, want[i].hi)) return 0;
  return 1;
}

static void learned(const mmax_params layers[LEARNED_LAYERS]) {
  FILE *in = fopen("tests/data/params/row_properties.csv", "r");
  char line[1024];
  CHECK(in != NULL && fgets(line, sizeof line, in) != NULL);
  if (in == NULL) return;
  int layer = 0, control = 0;
  for (; fgets(line, sizeof line, in) != NULL; layer++) {
    char *field[16], *save = NULL;
    int fields = 0;
    for (char *t = strtok_r(line, ",\n", &save); t != NULL && fields < 16;
         t = strtok_r(NULL, ",\n", &save))
      field[fields++] = t;
    CHECK(fields >= 15 && layer < LEARNED_LAYERS);
    if (fields < 15 || layer >= LEARNED_LAYERS) break;
    mmax_params p = layers[layer];
    for (int i = 0; i < 4; i++) CHECK(p.coef[i] == strtod(field[2 + i], NULL));
    double low, high;
    mmax_limits(&p, &low, &high);
    CHECK(low == strtod(field[6], NULL) && high == strtod(field[7], NULL));
    mmax_interval want[8];
    size_t count = parse(field[9], want);
    CHECK(same_intervals(&p, want, count));
    CHECK(close_to(mmax_sigma(&p, -1e4f), strtod(field[10], NULL)));
    CHECK(close_to(mmax_sigma(&p, 0.0f), strtod(field[13], NULL)));
    CHECK(close_to(mmax_sigma(&p, 10.0f), strtod(field[14], NULL)));
    p.knot[2] += 0.001;
    p.knot[3] -= 0.001;
    control += !same_intervals(&p, want, count);
  }
  fclose(in);
  CHECK(layer == LEARNED_LAYERS && control >= 17); /* 8.4 increases everywhere */
}

static int inside(const mmax_interval *v, size_t count, double x) {
  for (size_t i = 0; i < count; i++)
    if (x > v[i].lo && x < v[i].hi) return 1;
  return 0;
}

static void sampled(uint64_t *seed) {
  for (int round = 0; round < 3000; round++) {
    mmax_params p;
    float ts[4], ranges[4];
    for (int i = 0; i < 4; i++) {
      ts[i] = (float)(0.25 * (double)(int)(random_u64(seed) % 13) - 1.5);
      ranges[i] = (float)(0.5 * (double)(int)(random_u64(seed) % 9) - 2.0);
    }
    mmax_params_from_ts(&p, (unsigned)(random_u64(seed) % 16), ts, ranges);
    if (round % 3 == 0)
      CHECK(mmax_params_set_affine(&p, (float)(round % 5) - 2.0f, 0.25f) == MMAX_OK);
    mmax_interval v[MMAX_MAX_INTERVALS];
    size_t count = mmax_increasing_intervals(&p, v);
    double sup = mmax_lipschitz(&p, -6.0, 6.0);
    for (int i = 0; i < 200; i++) {
      float x = (float)random_between(seed, -6.0, 6.0), y = x + 0x1p-10f;
      double slope = mmax_sigma_derivative(&p, x);
      if (fabs(slope) > 1e-9) CHECK((slope > 0.0) == inside(v, count, (double)x));
      CHECK(fabs(slope) <= sup);
      if (inside(v, count, (double)x) && inside(v, count, (double)y))
        for (size_t k = 0; k < count; k++)
          if ((double)x > v[k].lo && (double)y < v[k].hi)
            CHECK(mmax_sigma(&p, y) > mmax_sigma(&p, x));
    }
  }
}

int main(void) {
  static mmax_params layers[LEARNED_LAYERS];
  uint64_t seed = 3;
  learned_layers(layers);
  learned(layers);
  sampled(&seed);
  return verdict("unit_queries");
}
