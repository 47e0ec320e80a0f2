/* SPDX-License-Identifier: Apache-2.0 */
/* Rows with special values give what specs/semantics.md says, in all four kernels, per backend. */
#include <math.h>
#include <string.h>

#include "support.h"

enum { N = 5 };
static const float inf = INFINITY;
static mmax_params params;
static mmax_exec how;

static uint32_t bits(float v) {
  uint32_t b;
  memcpy(&b, &v, sizeof b);
  return b;
}

static int all_nan(const float *v, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (bits(v[i]) != 0x7fc00000u) return 0;
  return 1;
}

static int all_equal(const float *v, size_t n, float want) {
  for (size_t i = 0; i < n; i++)
    if (bits(v[i]) != bits(want)) return 0;
  return 1;
}

static void nonfinite_logits(float bad) {
  for (size_t at = 0; at < N; at++) {
    float x[N] = {1, -2, 0.5f, 3, -1}, p[N], g[N] = {1, 2, 3, 4, 5}, d[N], loss;
    int32_t y = 1;
    mmax_targets t = {&y, -100, 0.0f};
    x[at] = bad;
    mmax_rows in = rows_of(x, 1, N);
    mmax_report r;
    CHECK(mmax_forward(&params, &in, p, N, &how, &r) == MMAX_ROW_NONFINITE && all_nan(p, N));
    CHECK(r.nonfinite_rows == 1 && r.first_nonfinite == 0 && r.masked_rows == 0);
    CHECK(mmax_log_forward(&params, &in, p, N, &how, &r) == MMAX_ROW_NONFINITE && all_nan(p, N));
    mmax_accumulator acc;
    double grad[MMAX_NPARAMS];
    mmax_accumulator_init(&acc);
    CHECK(mmax_backward(&params, &in, g, N, d, N, &acc, &how, &r) == MMAX_ROW_NONFINITE);
    CHECK(all_nan(d, N) && acc.nonfinite_rows == 1);
    CHECK(mmax_accumulator_finish(&acc, &params, grad) == MMAX_OK && isnan(grad[0]));
    CHECK(mmax_cross_entropy_backward(&params, &in, &t, NULL, &loss, d, N, &acc, &how, &r) ==
          MMAX_ROW_NONFINITE);
    CHECK(all_nan(d, N) && all_nan(&loss, 1));
    /* masked, the same entry is harmless */
    uint8_t mask[N] = {0};
    mask[at] = 1;
    in.mask = mask;
    in.mask_stride = N;
    CHECK(mmax_forward(&params, &in, p, N, &how, &r) == MMAX_OK && bits(p[at]) == 0);
  }
}

static void masked_rows(void) {
  float x[2 * N] = {1, 2, 3, 4, 5, -inf, -inf, -inf, -inf, -inf}, p[2 * N], g[2 * N] = {1}, d[2 * N];
  float loss[2];
  int32_t y[2] = {0, 0};
  mmax_targets t = {y, -100, 0.25f};
  mmax_rows in = rows_of(x, 2, N);
  mmax_report r;
  CHECK(mmax_forward(&params, &in, p, N, &how, &r) == MMAX_ROW_MASKED);
  CHECK(all_equal(p + N, N, 0.0f) && r.masked_rows == 1 && r.first_masked == 1);
  CHECK(mmax_log_forward(&params, &in, p, N, &how, &r) == MMAX_ROW_MASKED);
  CHECK(all_equal(p + N, N, -inf));
  CHECK(mmax_backward(&params, &in, g, N, d, N, NULL, &how, &r) == MMAX_ROW_MASKED);
  CHECK(all_equal(d + N, N, 0.0f));
  CHECK(mmax_cross_entropy_backward(&params, &in, &t, NULL, loss, d, N, NULL, &how, &r) ==
        MMAX_ROW_MASKED);
  CHECK(all_equal(d + N, N, 0.0f) && bits(loss[1]) == 0);
}

/* An explicit mask, -inf, and leaving the entry out are the same thing. */
static void mask_is_absence(void) {
  float x[N] = {1, -2, 0.5f, 3, -1}, g[N] = {1, -2, 3, -4, 5}, nan_g[N] = {1, -2, NAN, -4, 5};
  float short_x[N - 1] = {1, -2, 3, -1}, short_g[N - 1] = {1, -2, -4, 5};
  uint8_t mask[N] = {0, 0, 255, 0, 0};
  float a[N], b[N], c[N - 1];
  mmax_rows explicit_mask = {x, mask, 1, N, N, N}, shorter = rows_of(short_x, 1, N - 1);
  float with_inf[N] = {1, -2, -inf, 3, -1};
  mmax_rows by_inf = rows_of(with_inf, 1, N);
  CHECK(mmax_forward(&params, &explicit_mask, a, N, &how, NULL) == MMAX_OK);
  CHECK(mmax_forward(&params, &by_inf, b, N, &how, NULL) == MMAX_OK);
  CHECK(mmax_forward(&params, &shorter, c, N - 1, &how, NULL) == MMAX_OK);
  CHECK(memcmp(a, b, sizeof a) == 0 && bits(a[2]) == 0);
  CHECK(bits(a[0]) == bits(c[0]) && bits(a[1]) == bits(c[1]) && bits(a[3]) == bits(c[2]) &&
        bits(a[4]) == bits(c[3]));
  mmax_accumulator m, s;
  mmax_accumulator_init(&m);
  mmax_accumulator_init(&s);
  CHECK(mmax_backward(&params, &explicit_mask, nan_g, N, a, N, &m, &how, NULL) == MMAX_OK);
  CHECK(mmax_backward(&params, &shorter, short_g, N - 1, c, N - 1, &s, &how, NULL) == MMAX_OK);
  CHECK(bits(a[2]) == 0 && bits(a[0]) == bits(c[0]) && bits(a[4]) == bits(c[3]));
  CHECK(memcmp(&m, &s, sizeof m) == 0);
  CHECK(mmax_backward(&params, &explicit_mask, g, N, b, N, NULL, &how, NULL) == MMAX_OK);
  CHECK(memcmp(a, b, sizeof a) == 0);
}

static void one_entry_and_ties(void) {
  float x = -3.25f, p, d, g = 7, loss;
  int32_t y = 0;
  mmax_targets t = {&y, -100, 0.5f};
  mmax_rows in = rows_of(&x, 1, 1);
  CHECK(mmax_forward(&params, &in, &p, 1, &how, NULL) == MMAX_OK && bits(p) == bits(1.0f));
  CHECK(mmax_log_forward(&params, &in, &p, 1, &how, NULL) == MMAX_OK && p == 0.0f);
  CHECK(mmax_backward(&params, &in, &g, 1, &d, 1, NULL, &how, NULL) == MMAX_OK && d == 0.0f);
  CHECK(mmax_cross_entropy_backward(&params, &in, &t, NULL, &loss, &d, 1, NULL, &how, NULL) ==
        MMAX_OK);
  CHECK(loss == 0.0f && d == 0.0f);
  float tied[8] = {2, -1, 2, 0.0f, -0.0f, -1, 2, 1e-45f}, q[8];
  in = rows_of(tied, 1, 8);
  CHECK(mmax_forward(&params, &in, q, 8, &how, NULL) == MMAX_OK);
  CHECK(bits(q[0]) == bits(q[2]) && bits(q[0]) == bits(q[6]) && bits(q[1]) == bits(q[5]));
  CHECK(bits(q[3]) == bits(q[4]));
  float same[4] = {-1e30f, -1e30f, -1e30f, -1e30f};
  in = rows_of(same, 1, 4);
  CHECK(mmax_forward(&params, &in, q, 4, &how, NULL) == MMAX_OK && all_equal(q, 4, 0.25f));
}

static void extremes(void) {
  const float big = 0x1.fffffep127f, tiny = 1e-45f;
  float x[6] = {big, -big, tiny, -tiny, 0.0f, -0.0f}, p[6];
  float g[6] = {big, -big, tiny, big, -big, 1.0f};
  mmax_rows in = rows_of(x, 1, 6);
  CHECK(mmax_forward(&params, &in, p, 6, &how, NULL) == MMAX_OK);
  for (int i = 0; i < 6; i++) CHECK(p[i] >= 0.0f && p[i] <= 1.0f);
  CHECK(mmax_backward(&params, &in, g, 6, p, 6, NULL, &how, NULL) == MMAX_OK);
  for (int i = 0; i < 6; i++) CHECK(!isnan(p[i]));
  float g_bad[6] = {0, 0, 0, inf, 0, 0};
  CHECK(mmax_backward(&params, &in, g_bad, 6, p, 6, NULL, &how, NULL) == MMAX_ROW_NONFINITE);
  CHECK(all_nan(p, 6));
}

static void targets(void) {
  float x[3 * N] = {1, -inf, 3, 4, 5, 1, NAN, 3, 4, 5, 9, 8, 7, 6, 5}, loss[3], d[3 * N];
  int32_t y[3] = {1, -7, 0};
  float w[3] = {1.0f, NAN, -2.0f};
  mmax_targets t = {y, -7, 0.0f};
  mmax_rows in = rows_of(x, 3, N);
  mmax_report r;
  CHECK(mmax_cross_entropy_backward(&params, &in, &t, w, loss, d, N, NULL, &how, &r) == MMAX_OK);
  CHECK(loss[0] == inf && bits(loss[1]) == 0 && loss[2] >= 0.0f && r.ignored_rows == 1);
  CHECK(bits(d[1]) == 0 && all_equal(d + N, N, 0.0f));
  w[2] = inf;
  CHECK(mmax_cross_entropy_backward(&params, &in, &t, w, loss, d, N, NULL, &how, &r) ==
        MMAX_ROW_NONFINITE);
  CHECK(r.first_nonfinite == 2 && all_nan(d + 2 * N, N) && all_nan(loss + 2, 1));
}

int main(void) {
  mmax_params layers[LEARNED_LAYERS];
  learned_layers(layers);
  for (int b = MMAX_BACKEND_REF; b <= MMAX_BACKEND_PORTABLE; b++) {
    if (!mmax_backend_available((mmax_backend)b)) continue;
    how = (mmax_exec){(mmax_backend)b, 1, NULL, 0};
    for (int l = -1; l < LEARNED_LAYERS; l++) {
      if (l < 0) mmax_params_softmax(&params);
      else params = layers[l];
      nonfinite_logits(NAN);
      nonfinite_logits(inf);
      masked_rows();
      mask_is_absence();
      one_entry_and_ties();
      extremes();
      targets();
    }
  }
  return verdict("edge_rows");
}
