/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller's rounding mode, flush-to-zero and denormals-are-zero change no
 * bit, and come back, exception flags included. Control: the same row kernel,
 * called without the library's guard, must change under at least one of them.
 */
#include <fenv.h>
#include <string.h>

#include "random.h"
#include "ref/exp.h"
#include "support.h"

enum { ROWS = 40, N = 67 };

#if defined(__x86_64__)
#include <immintrin.h>
static void flush_denormals(int on) { _mm_setcsr(on ? _mm_getcsr() | 0x8040u : _mm_getcsr() & ~0x8040u); }
static int flushes(void) { return (_mm_getcsr() & 0x8040u) == 0x8040u; }
#elif defined(__aarch64__)
static void flush_denormals(int on) {
  uint64_t v;
  __asm__ volatile("mrs %0, fpcr" : "=r"(v));
  v = on ? v | 1u << 24 : v & ~(uint64_t)(1u << 24);
  __asm__ volatile("msr fpcr, %0" : : "r"(v));
}
static int flushes(void) {
  uint64_t v;
  __asm__ volatile("mrs %0, fpcr" : "=r"(v));
  return (v >> 24 & 1) != 0;
}
#endif

typedef struct results {
  float probs[ROWS * N], logs[ROWS * N], grad[ROWS * N], ce[ROWS * N], loss[ROWS];
  double params[MMAX_NPARAMS], sigma, slope, condition;
  mmax_params from_ts, from_temps;
} results;

static void compute(const mmax_params *p, const float *x, const float *g, const int32_t *y,
                    mmax_exec how, results *out) {
  mmax_rows in = rows_of(x, ROWS, N);
  mmax_targets t = {y, -100, 0.1f};
  mmax_accumulator acc;
  memset(out, 0, sizeof *out);
  mmax_accumulator_init(&acc);
  mmax_forward(p, &in, out->probs, N, &how, NULL);
  mmax_log_forward(p, &in, out->logs, N, &how, NULL);
  mmax_backward(p, &in, g, N, out->grad, N, &acc, &how, NULL);
  mmax_cross_entropy_backward(p, &in, &t, NULL, out->loss, out->ce, N, &acc, &how, NULL);
  mmax_accumulator_finish(&acc, p, out->params);
  const float temps[4] = {0.3f, 1.7f, 1e-42f, -0.1f}, knots[4] = {1e-41f, -3e-43f, 2.0f, 0.1f};
  mmax_params_from_ts(&out->from_ts, MMAX_ORDER_2, knots, temps);
  mmax_params_from_temperatures(&out->from_temps, MMAX_ORDER_2, temps, knots);
  mmax_params_set_affine(&out->from_temps, 1e-40f, -1e-44f);
  out->sigma = mmax_sigma(p, 0.7f);
  out->slope = mmax_sigma_derivative(p, 0.7f);
  out->condition = mmax_condition(p, 0.7f);
}

int main(void) {
  static mmax_params layers[LEARNED_LAYERS];
  static float x[ROWS * N], g[ROWS * N];
  static int32_t y[ROWS];
  static results want, got;
  static const int modes[4] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
  uint64_t seed = 11;
  learned_layers(layers);
  for (int i = 0; i < ROWS * N; i++) {
    x[i] = i % 5 == 0 ? random_finite(&seed) : (float)(3 * random_normal(&seed));
    if (i % 9 == 0) x[i] = (float)(1e-41 * random_normal(&seed));
    g[i] = (float)random_normal(&seed);
  }
  for (int i = 0; i < ROWS; i++) y[i] = (int32_t)(random_u64(&seed) % N);
  int control = 0;
  for (int b = MMAX_BACKEND_REF; b <= MMAX_BACKEND_PORTABLE; b++) {
    if (!mmax_backend_available((mmax_backend)b)) continue;
    for (unsigned threads = 1; threads <= 3; threads += 2) {
      mmax_exec how = {(mmax_backend)b, threads, NULL, 0};
      for (int l = 0; l < LEARNED_LAYERS; l += 5) {
        fesetround(FE_TONEAREST);
        flush_denormals(0);
        compute(&layers[l], x, g, y, how, &want);
        for (int m = 0; m < 4; m++)
          for (int flush = 0; flush < 2; flush++) {
            fesetround(modes[m]);
            flush_denormals(flush);
            feclearexcept(FE_ALL_EXCEPT);
            compute(&layers[l], x, g, y, how, &got);
            int flags = fetestexcept(FE_ALL_EXCEPT), mode = fegetround(), ftz = flushes();
            volatile double z = -0.625 - 0x1.23456789abcdep-4;
            double unguarded = mmax_exp(z);
            fesetround(FE_TONEAREST);
            flush_denormals(0);
            CHECK(memcmp(&want, &got, sizeof want) == 0);
            CHECK(flags == 0 && mode == modes[m] && ftz == flush);
            control += unguarded != mmax_exp(z);
          }
      }
    }
  }
  CHECK(control > 0);
  return verdict("edge_environment");
}
