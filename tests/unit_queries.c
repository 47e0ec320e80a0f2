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

static double lipschitz_of(unsigned terms, const float ts[4], const float ranges[4], double lo,
                           double hi) {
  mmax_params p;
  CHECK(mmax_params_from_ts(&p, terms, ts, ranges) == MMAX_OK);
  return mmax_lipschitz(&p, lo, hi);
}

/* Infinite, huge, tiny, reversed and NaN ends. */
static void lipschitz_ends(void) {
  const float ts[4] = {0.5f, -3.0f, 0.25f, 1e-38f}, ranges[4] = {-1.0f, 1.0f, -2.0f, 2.0f};
  const double huge = 1.7e308;
  /* softmax, first order: the slope of the unbounded pieces is constant */
  CHECK(close_to(lipschitz_of(0, ts, ranges, -INFINITY, INFINITY), 1.0));
  CHECK(close_to(lipschitz_of(MMAX_ORDER_1, ts, ranges, -INFINITY, 0.0), 1.0));
  CHECK(close_to(lipschitz_of(MMAX_ORDER_1, ts, ranges, -INFINITY, -4.0), 0.5));
  CHECK(close_to(lipschitz_of(MMAX_ORDER_1, ts, ranges, -huge, huge), 2.0));
  /* second order: unbounded where its piece is met, else as if the end were finite */
  CHECK(lipschitz_of(MMAX_ORDER_2, ts, ranges, -INFINITY, 0.0) == INFINITY);
  CHECK(close_to(lipschitz_of(MMAX_TERM_LOW2, ts, ranges, -4.0, INFINITY), 1.0));
  CHECK(close_to(lipschitz_of(MMAX_TERM_LOW2, ts, ranges, -12.0, INFINITY), 4.0));
  CHECK(lipschitz_of(MMAX_TERM_HIGH2, ts, ranges, 0.0, huge) >= 2e-38 * huge);
  CHECK(lipschitz_of(MMAX_ORDER_2, ts, ranges, 3.0, -5.0) ==
        lipschitz_of(MMAX_ORDER_2, ts, ranges, -5.0, 3.0));
  CHECK(isnan(lipschitz_of(MMAX_ORDER_1, ts, ranges, NAN, 3.0)));
  CHECK(isnan(lipschitz_of(MMAX_ORDER_1, ts, ranges, 3.0, NAN)));
  mmax_params p;
  CHECK(mmax_params_from_ts(&p, MMAX_ORDER_2, ts, ranges) == MMAX_OK);
  CHECK(mmax_params_set_affine(&p, 0.0f, 1.0f) == MMAX_OK);
  CHECK(mmax_lipschitz(&p, -INFINITY, INFINITY) == 0.0);
  CHECK(mmax_params_set_affine(&p, -2.0f, 1.0f) == MMAX_OK);
  CHECK(mmax_lipschitz(&p, 0.0, INFINITY) == INFINITY);
  CHECK(close_to(mmax_lipschitz(&p, -INFINITY, -1.0), INFINITY));
  /* below the normal range it is still rounded up: sup = 1.5, scale = 3 * 2^-1074 */
  p = (mmax_params){.coef = {0.0, 0.5}, .knot = {0.0, -1.0}, .scale = 0x3p-1074, .terms = 31};
  CHECK(mmax_params_check(&p) == MMAX_OK && mmax_lipschitz(&p, 0.0, 1.0) >= 0x5p-1074);
}

/* Every finite parameter that is accepted: no NaN, intervals in order and not empty, and the
   constant at least every slope met. */
static void extremes(uint64_t *seed) {
  static const double some[] = {0.0,     1.0,     -1.0,          3.4028234663852886e38,
                                -3.4e38, 0x1p-149, -0x1p-1074,   1e-310,
                                0.5,     1e20,    0x1.8p60,      -0x1p60};
  const uint64_t n = sizeof some / sizeof *some;
  for (int round = 0; round < 20000; round++) {
    mmax_params p = {.terms = 31};
    for (int i = 0; i < 4; i++) {
      p.coef[i] = some[random_u64(seed) % n];
      p.knot[i] = some[random_u64(seed) % n];
    }
    p.scale = some[random_u64(seed) % n];
    p.shift = some[random_u64(seed) % n];
    CHECK(mmax_params_check(&p) == MMAX_OK);
    mmax_interval v[MMAX_MAX_INTERVALS];
    size_t count = mmax_increasing_intervals(&p, v);
    for (size_t i = 0; i < count; i++) {
      CHECK(v[i].lo < v[i].hi); /* no NaN either */
      CHECK(i == 0 || v[i - 1].hi <= v[i].lo);
    }
    double lo = some[random_u64(seed) % n], hi = some[random_u64(seed) % n];
    double sup = mmax_lipschitz(&p, lo, hi), low, high;
    CHECK(sup >= 0.0);
    int at_knot = 0;
    for (int i = 0; i < 4; i++) at_knot |= fma(p.scale, lo, p.shift) == p.knot[i];
    if (!at_knot && lo == (double)(float)lo)
      CHECK(sup * (1.0 + 1e-9) >= fabs(mmax_sigma_derivative(&p, (float)lo)));
    mmax_limits(&p, &low, &high);
    CHECK(low == low && high == high);
  }
}

int main(void) {
  static mmax_params layers[LEARNED_LAYERS];
  uint64_t seed = 3;
  learned_layers(layers);
  learned(layers);
  sampled(&seed);
  lipschitz_ends();
  extremes(&seed);
  return verdict("unit_queries");
}
