/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log-probabilities and losses smaller than n 2^-97 (specs/accuracy.md#log) keep mmax_bound_log_ulp plus half an ulp plus n 2^-158, which is
 * what the weights that are clamped to 0 may add up to; from n 2^-97 on the bound alone. Rows in which nearly all weights are clamped;
 * float32 and bfloat16 log-probabilities, losses with and without smoothing, float16; every backend. Control: the bound alone, and the
 * bound without n 2^-158, are left by these rows (in bfloat16 the bound alone), so that no less may be promised.
 */
#include <math.h>

#include "exact.h"
#include "support.h"
#include "ulp.h"

/* Logits of a row: 0, then -87 or another `second`, then `more` of -98, then `rest` up to n. */
typedef struct shape {
  float second, rest;
  size_t more, n;
  int lost;   /* the control: float32 leaves the bound without n 2^-158 */
  int lost16; /* the control: bfloat16 leaves the bound alone           */
  const char *what;
} shape;

static const shape shapes[] = {
    {-87.0f, -110.5f, 0, 1 << 20, 1, 0, "normal"},
    {-87.0f, -110.5f, 94, 1 << 20, 1, 1, "just above a middle of bfloat16"},
    {-87.0f, -110.00001f, 0, 1 << 18, 1, 0, "as heavy as clamped weights are"},
    {-88.0f, -110.5f, 0, 1 << 16, 1, 0, "subnormal"},
    {-110.5f, -110.5f, 0, 1 << 16, 1, 0, "all but one clamped"},
    {-70.0f, -110.5f, 0, 1 << 16, 0, 0, "above n 2^-134"},
    {-50.0f, -110.5f, 0, 1 << 16, 0, 0, "above n 2^-97"},
};
enum { SHAPES = sizeof shapes / sizeof *shapes, MOST = 1 << 20 };

static float x[MOST], out[MOST];
static uint16_t x16[MOST], out16[MOST];
static mmax_params softmax;
static const int32_t first = 0;

/* One output: its error, and what the bound allows alone, with half an ulp, and with n 2^-158 too. */
typedef struct found {
  double error, alone, half, whole, ulp;
} found;

static found found_of(double got, exact_value v, double ulp, double bound, double floor) {
  const double half = (bound + 0.5) * ulp;
  return (found){fabs((got - v.hi) - v.lo), bound * ulp, half, half + floor, ulp};
}

/* Below 2^-126: B'/(1-B'), 2^-149 and n 2^-158. */
static found found32(double got, exact_value v, double bound, double floor) {
  found f = found_of(got, v, ulp_of_float(v), bound, floor);
  if (fabs(v.hi) < 0x1p-126) {
    f.half = (bound - 0.5) * 0x1p-24 * fabs(v.hi) + 0x1p-149;
    f.whole = f.half + floor;
  }
  return f;
}

static void judge(const char *kind, const shape *s, mmax_backend backend, exact_value v, found f, int lost, int lost_half) {
  CHECK(f.error <= (fabs(v.hi) < (double)s->n * 0x1p-97 ? f.whole : f.alone));
  CHECK((f.error > f.alone) == lost);
  CHECK((f.error > f.half) == lost_half);
  if (backend <= MMAX_BACKEND_REF)
    printf("  %-8s %s: error %.6g ulp; bound alone %.6g, and 1/2 %.6g, and n 2^-158 %.6g\n", kind,
           mmax_backend_name(backend), f.error / f.ulp, f.alone / f.ulp, f.half / f.ulp, f.whole / f.ulp);
}

static void in_bfloat16(const shape *s, const mmax_exec *how, exact_value v, double bound) {
  const mmax_rows16 in = {MMAX_BFLOAT16, x16, NULL, 1, s->n, s->n, 0};
  for (size_t k = 0; k < s->n; k++) x16[k] = mmax_round16(MMAX_BFLOAT16, (double)x[k]);
  if (mmax_widen16(MMAX_BFLOAT16, x16[s->n - 1]) != s->rest) return; /* not a logit of this format */
  CHECK(mmax_log_forward16(&softmax, &in, out16, s->n, how, NULL) == MMAX_OK);
  /* the exponents of float32, 16 bits fewer */
  found f = found_of((double)mmax_widen16(MMAX_BFLOAT16, out16[0]), v, 0x1p16 * ulp_of_float(v),
                     mmax_bound16_ulp(MMAX_BFLOAT16, bound), (double)s->n * 0x1p-158);
  judge("bfloat16", s, how->backend, v, f, s->lost16, 0);
}

/* 0, and its bound kept: the smallest number is 2^-24. */
static void in_float16(const shape *s, const mmax_exec *how, exact_value v) {
  const mmax_rows16 in = {MMAX_FLOAT16, x16, NULL, 1, s->n, s->n, 0};
  for (size_t k = 0; k < s->n; k++) x16[k] = mmax_round16(MMAX_FLOAT16, (double)x[k]);
  CHECK(mmax_log_forward16(&softmax, &in, out16, s->n, how, NULL) == MMAX_OK);
  CHECK((out16[0] & 0x7fff) == 0 && fabs(v.hi) < 0x1p-66);
}

/* The loss with the first entry for its target is minus that entry's log-probability. */
static exact_value exact_loss(const mmax_rows *in, float smoothing) {
  const mmax_targets t = {&first, -100, smoothing};
  exact_value v;
  CHECK(exact_cross_entropy(&softmax, in, &t, NULL, NULL, &v, NULL, NULL, in->cols, NULL, NULL, NULL) == EXACT_OK);
  return v;
}

static void run(const shape *s) {
  const mmax_rows in = rows_of(x, 1, s->n);
  double condition = 0.0;
  for (size_t k = 0; k < s->n; k++) {
    x[k] = k == 0 ? 0.0f : k == 1 ? s->second : k < 2 + s->more ? -98.0f : s->rest;
    condition = fmax(condition, mmax_condition(&softmax, x[k]));
  }
  const double bound = mmax_bound_log_ulp(condition, s->n), floor = (double)s->n * 0x1p-158;
  const float smoothing[2] = {0.0f, 0x1p-149f};
  const exact_value loss[2] = {exact_loss(&in, smoothing[0]), exact_loss(&in, smoothing[1])};
  const exact_value log_p = {-loss[0].hi, -loss[0].lo};
  printf("%s: n = %zu, A = %.9g, ln p = %.9g\n", s->what, s->n, condition, log_p.hi);
  for (int b = MMAX_BACKEND_AUTO; b <= MMAX_BACKEND_PORTABLE; b++) {
    const mmax_exec how = {(mmax_backend)b, 1, NULL, 0};
    if (b != MMAX_BACKEND_AUTO && !mmax_backend_available(how.backend)) continue;
    CHECK(mmax_log_forward(&softmax, &in, out, s->n, &how, NULL) == MMAX_OK);
    judge("float32", s, how.backend, log_p, found32((double)out[0], log_p, bound, floor), s->lost, s->lost);
    for (int k = 0; k < 2; k++) {
      const mmax_targets t = {&first, -100, smoothing[k]};
      float got;
      CHECK(mmax_cross_entropy(&softmax, &in, &t, &got, &how, NULL) == MMAX_OK);
      judge(k ? "smoothed" : "loss", s, how.backend, loss[k], found32((double)got, loss[k], bound, floor), s->lost, s->lost);
    }
    in_bfloat16(s, &how, log_p, bound);
    in_float16(s, &how, log_p);
  }
}

/* Figures that README.md, multimax.h and specs/accuracy.md state. */
static void stated(void) {
  const size_t most = MMAX_MAX_COLS;
  CHECK(mmax_bound_log_ulp(0x1p20, 1 << 20) <= 0.5370 && mmax_bound_probs_ulp(0x1p20, 1 << 20) <= 0.5292);
  CHECK(mmax_bound16_ulp(MMAX_FLOAT16, mmax_bound_log_ulp(0x1p20, 1 << 20)) <= 0.5000046);
  CHECK(mmax_bound16_ulp(MMAX_BFLOAT16, mmax_bound_log_ulp(0x1p20, 1 << 20)) <= 0.5000006);
  CHECK(isfinite(mmax_bound_log_ulp(0x1p48, most)) && isfinite(mmax_bound_gradient(0x1p48, most)));
  CHECK(mmax_bound_log_ulp(0x1p47, most) <= 1.0 + 0x1p24 / 3.0); /* B' <= 1/4 */
  CHECK(mmax_bound_sum(most) < 0x1p-19);
}

int main(void) {
  mmax_params_softmax(&softmax);
  stated();
  for (int k = 0; k < SHAPES; k++) run(&shapes[k]);
  return verdict("accuracy_near_zero");
}
