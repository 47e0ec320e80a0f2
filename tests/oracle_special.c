/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oracle at the edges: special rows and arguments, sigma beyond 1e195,
 * underflow, and results so near a tie that no precision tells the side.
 */
#include "exact.h"

#include <float.h>
#include <math.h>

#include "oracle_check.h"

enum { N = 4 };

static const mmax_params softmax = {{0}, {0}, 1.0, 0.0, MMAX_ORDER_0};

static exact_status forward(const mmax_params *params, const float *x, const uint8_t *mask,
                            size_t n, float *p, exact_value *v) {
  const mmax_rows in = {x, mask, 1, n, n, n};
  return exact_forward(params, &in, p, v, n, NULL, NULL);
}

static exact_status logs(const mmax_params *params, const float *x, const uint8_t *mask, size_t n,
                         float *p, exact_value *v) {
  const mmax_rows in = {x, mask, 1, n, n, n};
  return exact_log_forward(params, &in, p, v, n, NULL, NULL);
}

static uint32_t bits(float f) {
  uint32_t u;
  memcpy(&u, &f, sizeof u);
  return u;
}

static void check_rows(void) {
  float p[N];
  exact_value v[N];
  const uint8_t mask[N] = {0, 1, 0, 255};
  CHECK(forward(&softmax, (const float[]){1, NAN, 1, INFINITY}, mask, N, p, v) == EXACT_OK);
  CHECK(p[0] == 0.5f && p[1] == 0.0f && p[2] == 0.5f && p[3] == 0.0f && v[2].hi == 0.5);
  CHECK(logs(&softmax, (const float[]){1, NAN, 1, 7}, mask, N, p, v) == EXACT_OK);
  CHECK(p[1] == -INFINITY && v[1].hi == -(double)INFINITY && v[1].lo == 0 && p[0] == p[2]);
  CHECK(forward(&softmax, (const float[]){1, 2, NAN, 4}, mask, N, p, v) == EXACT_ROW_NONFINITE);
  for (int i = 0; i < N; i++) CHECK(bits(p[i]) == 0x7fc00000u && isnan(v[i].hi));
  CHECK(forward(&softmax, (const float[]){INFINITY, 2, 3, 4}, NULL, N, p, v) == EXACT_ROW_NONFINITE);
  CHECK(isnan(p[1]));
  CHECK(forward(&softmax, (const float[]){-INFINITY, 2, -INFINITY, 4}, mask, N, p, v) ==
        EXACT_ROW_MASKED);
  for (int i = 0; i < N; i++) CHECK(bits(p[i]) == 0 && v[i].hi == 0);
  CHECK(logs(&softmax, (const float[]){-INFINITY, 2, -INFINITY, 4}, mask, N, p, v) ==
        EXACT_ROW_MASKED);
  CHECK(p[0] == -INFINITY && p[3] == -INFINITY);
  CHECK(forward(&softmax, (const float[]){-3e38f}, NULL, 1, p, v) == EXACT_OK && p[0] == 1.0f);
  CHECK(logs(&softmax, (const float[]){-INFINITY, 5}, NULL, 2, p, v) == EXACT_OK && p[1] == 0.0f);
  p[0] = 42;
  CHECK(forward(&softmax, NULL, NULL, 0, p, v) == EXACT_OK && p[0] == 42);
  CHECK(forward(&softmax, (const float[]){-0.0f, 0.0f, 0x1p-149f}, NULL, 3, p, v) == EXACT_OK);
  CHECK(p[0] == p[1] && v[2].hi + v[2].lo > v[0].hi + v[0].lo - 1);
}

static void check_report(void) {
  const float x[8] = {1, 2, NAN, 0, -INFINITY, -INFINITY, INFINITY, 1};
  float p[8];
  exact_report report;
  const mmax_rows in = {x, NULL, 4, 2, 2, 0};
  const exact_run threads = {3, NULL};
  CHECK(exact_forward(&softmax, &in, p, NULL, 2, &threads, &report) == EXACT_ROW_NONFINITE);
  CHECK(report.rows.nonfinite_rows == 2 && report.rows.first_nonfinite == 1);
  CHECK(report.rows.masked_rows == 1 && report.rows.first_masked == 2);
  CHECK(report.undecided_rows == 0 && report.first_undecided == SIZE_MAX);
}

static void check_arguments(void) {
  const float x[2] = {0, 1};
  float p[2];
  mmax_params bad = softmax;
  bad.coef[0] = 1; /* its term is absent */
  CHECK(forward(&bad, x, NULL, 2, p, NULL) == EXACT_ERR_PARAMS);
  bad.terms = MMAX_TERM_LOW1;
  CHECK(forward(&bad, x, NULL, 2, p, NULL) == EXACT_OK);
  bad.knot[0] = (double)NAN;
  CHECK(forward(&bad, x, NULL, 2, p, NULL) == EXACT_ERR_PARAMS);
  bad.knot[0] = 1e39;
  CHECK(forward(&bad, x, NULL, 2, p, NULL) == EXACT_ERR_PARAMS);
  const mmax_rows in = {x, NULL, 1, 2, 2, 0};
  CHECK(exact_temperature((double)INFINITY, &in, p, NULL, 2, NULL, NULL) == EXACT_ERR_PARAMS);
  CHECK(exact_temperature(0.0, &in, p, NULL, 2, NULL, NULL) == EXACT_OK && p[1] == 0.5f);
  CHECK(exact_temperature(-1e300, &in, p, NULL, 2, NULL, NULL) == EXACT_OK && p[0] == 1.0f);
  const int32_t bad_target[1] = {2}, target[1] = {1};
  mmax_targets t = {bad_target, -100, 0};
  CHECK(exact_cross_entropy(&softmax, &in, &t, NULL, p, NULL, NULL, NULL, 2, NULL, NULL, NULL) ==
        EXACT_ERR_TARGET);
  t.target = target;
  t.smoothing = 1.5f;
  CHECK(exact_cross_entropy(&softmax, &in, &t, NULL, p, NULL, NULL, NULL, 2, NULL, NULL, NULL) ==
        EXACT_ERR_SMOOTHING);
}

/* sigma(x) = x + 3e38 x^2 for x > 0: at FLT_MAX about 3.5e115, and 1e195 with an affine map. */
static void check_huge(void) {
  const mmax_params steep = {{0, 0, 0, (double)FLT_MAX}, {0}, (double)FLT_MAX, 0.0,
                             MMAX_TERM_HIGH2 | MMAX_TERM_AFFINE};
  const float top = FLT_MAX, next = nextafterf(FLT_MAX, 0);
  float p[2];
  exact_value v[2];
  exact_scalar s;
  exact_sigma(&steep, top, &s);
  CHECK(s.as_double > 1e190 && isinf(s.as_float));
  CHECK(forward(&steep, (const float[]){next, top}, NULL, 2, p, v) == EXACT_OK);
  CHECK(p[0] == 0.0f && p[1] == 1.0f && v[0].hi == 0.0);
  CHECK(logs(&steep, (const float[]){next, top}, NULL, 2, p, v) == EXACT_OK);
  CHECK(p[0] == -INFINITY && v[0].hi < -1e180 && isfinite(v[0].hi) && p[1] == 0.0f);
  CHECK(forward(&steep, (const float[]){top, top}, NULL, 2, p, v) == EXACT_OK && p[1] == 0.5f);
  /* 150 log 2 = 103.972... */
  CHECK(forward(&softmax, (const float[]){0, -103.98f}, NULL, 2, p, v) == EXACT_OK && p[1] == 0.0f);
  CHECK(v[1].hi > 0.0 && v[1].hi < 0x1p-150);
  CHECK(forward(&softmax, (const float[]){0, -103.97f}, NULL, 2, p, v) == EXACT_OK);
  CHECK(p[1] == 0x1p-149f);
}

/* log p = d - log(1 + e^d), d a tie: just below it, by e^(-2^24). */
static void check_log_ties(void) {
  float p[2], loss[1];
  logs(&softmax, (const float[]){0.5f, -16777215}, NULL, 2, p, NULL);
  CHECK(p[1] == -16777216.0f && p[0] == 0.0f); /* to even, too */
  logs(&softmax, (const float[]){0.5f, -16777214}, NULL, 2, p, NULL);
  CHECK(p[1] == -16777215.0f); /* to even would be -16777214 */
  const mmax_rows in = {(const float[]){0.5f, -16777214}, NULL, 1, 2, 2, 0};
  const int32_t target[1] = {1};
  const mmax_targets t = {target, -100, 0};
  exact_cross_entropy(&softmax, &in, &t, NULL, loss, NULL, NULL, NULL, 2, NULL, NULL, NULL);
  CHECK(loss[0] == 16777215.0f);
}

/* (0, 0, x), x -> -inf: gradient 0 is (g0 - g1)/4, here a tie between 1/4 and
   the next float, plus a vanishing multiple of -(g2 + 2^-24). */
static void check_gradient_ties(void) {
  static const float far[4] = {-100, -2000, -1e9f, -3e38f};
  for (int i = 0; i < 4; i++)
    for (int sign = -1; sign <= 1; sign += 2) {
      const float x[3] = {0, 0, far[i]}, g[3] = {1, -0x1p-24f, (float)sign};
      float out[3];
      const mmax_rows in = {x, NULL, 1, 3, 3, 0};
      CHECK(exact_backward(&softmax, &in, g, 3, out, NULL, 3, NULL, NULL, NULL) == EXACT_OK);
      CHECK(out[0] == (sign > 0 ? 0.25f : 0.25f + 0x1p-25f));
      if (sign > 0) CHECK(out[1] == -0.25f); /* -(1+e)/(2+e)^2 (1 + 2^-24): e cancels, e^2 decides */
    }
  /* without a third entry it is the tie: to even */
  float out[2];
  const mmax_rows in = {(const float[]){7, 7}, NULL, 1, 2, 2, 0};
  exact_backward(&softmax, &in, (const float[]){1, -0x1p-24f}, 2, out, NULL, 2, NULL, NULL, NULL);
  CHECK(out[0] == 0.25f);
  exact_backward(&softmax, &in, (const float[]){1 + 0x1p-23f, -0x1p-24f}, 2, out, NULL, 2, NULL,
                 NULL, NULL);
  CHECK(out[0] == 0.25f + 0x1p-24f);
}

/* w (p - 1) scale -> -(1 + 2^-23) 1.5, a tie, from above. */
static void check_loss_gradient_ties(void) {
  const mmax_params scaled = {{0}, {0}, 1.5, 0.0, MMAX_TERM_AFFINE};
  const int32_t target[1] = {1};
  const mmax_targets t = {target, -100, 0};
  static const float far[3] = {-2000, -1e9f, -3e38f};
  for (int i = 0; i < 3; i++) {
    float out[2];
    exact_grads grads;
    const float w = 1 + 0x1p-23f;
    const mmax_rows in = {(const float[]){0, far[i]}, NULL, 1, 2, 2, 0};
    CHECK(exact_cross_entropy(&scaled, &in, &t, &w, NULL, NULL, out, NULL, 2, &grads, NULL, NULL) ==
          EXACT_OK);
    CHECK(out[1] == -(1.5f + 0x1p-23f)); /* to even would be 1.5 + 2^-22 */
    CHECK(out[0] == 1.5f + 0x1p-23f);
    /* d/dscale = w (p0 x0 + (p1 - 1) x1) -> -w x1; d/dshift = 0 */
    CHECK(grads.rounded[8] == -(double)w * (double)far[i] && grads.rounded[9] == 0.0);
    CHECK(grads.rounded[0] == 0.0 && grads.rounded[7] == 0.0);
  }
}

static void check_gradient_rows(void) {
  const float x[8] = {0, 1, 2, -INFINITY, NAN, NAN, 1, 1};
  const int32_t target[4] = {0, 1, -100, 0};
  const float w[4] = {1, 1, NAN, 1};
  float out[8], loss[4];
  exact_grads grads;
  exact_report report;
  mmax_targets t = {target, -100, 1.0f};
  mmax_rows in = {x, NULL, 4, 2, 2, 0};
  CHECK(exact_cross_entropy(&softmax, &in, &t, w, loss, NULL, out, NULL, 2, &grads, NULL, &report) ==
        EXACT_OK);
  CHECK(report.rows.ignored_rows == 1 && loss[2] == 0.0f && out[4] == 0.0f && out[5] == 0.0f);
  CHECK(loss[1] == INFINITY && out[3] == 0.0f); /* masked target */
  CHECK(out[2] == 0.0f);                        /* p - q = 1 - 1 */
  CHECK(loss[3] == (float)log(2.0) && out[6] == 0.0f);
  t.smoothing = 0.0f;
  exact_cross_entropy(&softmax, &in, &t, w, loss, NULL, out, NULL, 2, &grads, NULL, &report);
  CHECK(out[2] == 1.0f && out[6] == -0.5f && out[7] == 0.5f);
  /* a non-finite upstream loss, a non-finite upstream gradient, a masked one */
  const float infinite = INFINITY;
  in.rows = 1;
  CHECK(exact_cross_entropy(&softmax, &in, &t, &infinite, loss, NULL, out, NULL, 2, &grads, NULL,
                            NULL) == EXACT_ROW_NONFINITE);
  CHECK(isnan(loss[0]) && isnan(out[1]) && isnan(grads.rounded[0]) && isnan(grads.value[9].hi));
  CHECK(exact_backward(&softmax, &in, (const float[]){1, NAN}, 2, out, NULL, 2, &grads, NULL,
                       NULL) == EXACT_ROW_NONFINITE);
  CHECK(isnan(out[0]) && isnan(grads.rounded[3]));
  in.logits = x + 2;
  CHECK(exact_backward(&softmax, &in, (const float[]){1, NAN}, 2, out, NULL, 2, &grads, NULL,
                       NULL) == EXACT_OK);
  CHECK(out[0] == 0.0f && out[1] == 0.0f && grads.rounded[0] == 0.0);
}

/* At a knot relu' = 0: x = k1 = k2 = 1, sigma' = 1; beside it the slopes of Eq. 6. */
static void check_knots(void) {
  const mmax_params p = {{-1, 2, 1, 3}, {1, 1, 1, 1}, 1.0, 0.0, MMAX_ORDER_2};
  exact_scalar s;
  exact_sigma_derivative(&p, 1.0f, &s);
  CHECK(s.as_double == 1.0);
  exact_sigma_derivative(&p, 0.5f, &s);
  CHECK(s.as_double == 1.0 + 1.0 - 2 * 0.5);
  exact_sigma_derivative(&p, 2.0f, &s);
  CHECK(s.as_double == 1.0 + 2.0 + 6 * 1.0);
  exact_sigma(&p, -1.0f, &s);
  CHECK(s.as_double == -1.0 - 2.0 + 4.0 && s.as_float == 1.0f && s.value.lo == 0.0);
  double a;
  CHECK(exact_condition(&p, -1.0f, &a) == EXACT_OK && a == 1.0 + 2.0 + 4.0);
  CHECK(exact_condition_row(&p, (const float[]){-1, 3}, NULL, 2, 1.0, &a) == EXACT_OK);
  CHECK(a == 3.0 + 4.0 + 12.0); /* sigma(3) = 19 only: sigma(-1) = 1 is out of reach */
  CHECK(exact_condition_row(&p, (const float[]){-9, 3}, (const uint8_t[]){0, 1}, 2, INFINITY, &a) ==
        EXACT_OK);
  CHECK(a == 9.0 + 10.0 + 100.0);
}

/* Threads change nothing. */
static void check_threads(void) {
  enum { ROWS = 40, COLS = 9 };
  static float x[ROWS * COLS], g[ROWS * COLS], out[2][ROWS * COLS];
  static exact_value v[2][ROWS * COLS];
  exact_grads grads[2];
  const mmax_params p = {{-1, 2, 0.125, -0.5}, {1, 0, -1, 2}, 0.75, 0.1, MMAX_ORDER_2 | MMAX_TERM_AFFINE};
  for (int i = 0; i < ROWS * COLS; i++) {
    x[i] = (float)sin(i * 7.0) * 5;
    g[i] = (float)cos(i * 3.0);
  }
  const mmax_rows in = {x, (const uint8_t[COLS]){0, 0, 1}, ROWS, COLS, COLS, 0};
  for (unsigned k = 0; k < 2; k++) {
    const exact_run run = {k == 0 ? 1 : 5, NULL};
    CHECK(exact_backward(&p, &in, g, COLS, out[k], v[k], COLS, &grads[k], &run, NULL) == EXACT_OK);
  }
  CHECK(memcmp(out[0], out[1], sizeof out[0]) == 0 && memcmp(v[0], v[1], sizeof v[0]) == 0);
  CHECK(memcmp(grads[0].rounded, grads[1].rounded, sizeof grads[0].rounded) == 0);
}

int main(void) {
  check_rows();
  check_report();
  check_arguments();
  check_huge();
  check_log_ties();
  check_gradient_ties();
  check_loss_gradient_ties();
  check_gradient_rows();
  check_knots();
  check_threads();
  return verdict_line("oracle_special");
}
