/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many vector operations on doubles one core executes per nanosecond: the
 * roof of the roofline. The best of fused multiply-adds alone and of these with
 * as many maxima, since some processors have pipes of their own for each.
 */
#include <time.h>

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#if defined(__x86_64__)
#include <immintrin.h>

enum { CHAINS = 12, STEPS = 20000 };

#define FMA(k) "vfmadd213pd %13, %12, %" #k "\n\t"
#define MAX(k) "vmaxpd %12, %" #k ", %" #k "\n\t"
#define ALL_FMA FMA(0) FMA(1) FMA(2) FMA(3) FMA(4) FMA(5) FMA(6) FMA(7) FMA(8) FMA(9) FMA(10) FMA(11)
#define HALF_MAX FMA(0) MAX(1) FMA(2) MAX(3) FMA(4) MAX(5) FMA(6) MAX(7) FMA(8) MAX(9) FMA(10) MAX(11)
#define STEP(operations)                                                                   \
  __asm__ volatile(operations                                                              \
                   : "+v"(a0), "+v"(a1), "+v"(a2), "+v"(a3), "+v"(a4), "+v"(a5), "+v"(a6), \
                     "+v"(a7), "+v"(a8), "+v"(a9), "+v"(b0), "+v"(b1)                      \
                   : "v"(c), "v"(d))
#define LOOP(name, isa, vec, set)                                                          \
  __attribute__((target(isa))) static double name(int mixed) {                             \
    vec c = set(0.999), d = set(1e-3), a0 = c, a1 = c, a2 = c, a3 = c, a4 = c, a5 = c;     \
    vec a6 = c, a7 = c, a8 = c, a9 = c, b0 = c, b1 = c;                                    \
    double start = seconds();                                                              \
    if (mixed)                                                                             \
      for (int i = 0; i < STEPS; i++) STEP(HALF_MAX);                                      \
    else                                                                                   \
      for (int i = 0; i < STEPS; i++) STEP(ALL_FMA);                                       \
    return (double)STEPS * CHAINS / (seconds() - start) * 1e-9;                            \
  }
LOOP(run512, "avx512f", __m512d, _mm512_set1_pd)
LOOP(run256, "avx2,fma", __m256d, _mm256_set1_pd)

/* lanes: 8 or 4 doubles. 0 if this processor cannot. */
double peak_operations(int lanes) {
  if (lanes == 8 ? !__builtin_cpu_supports("avx512f") : !__builtin_cpu_supports("fma")) return 0.0;
  double best = 0.0;
  for (int round = 0; round < 60; round++) {
    double v = lanes == 8 ? run512(round & 1) : run256(round & 1);
    if (v > best) best = v;
  }
  return best;
}
#else
double peak_operations(int lanes) {
  (void)lanes;
  (void)seconds;
  return 0.0;
}
#endif
