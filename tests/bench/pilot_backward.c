/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What order-free parameter gradients cost: the backward inner loops (dot
 * product, then eight parameter sums) with
 *   sum:     plain double sums (not order-free),
 *   nearest: fma onto 6*2^E, integer add,
 *   floor:   round-down accumulators (AVX-512: embedded rounding; AVX2: a second
 *            loop over stored factors in round-down mode),
 *   correct: floor by nearest fma and an exact correction (AVX2).
 * Weights are given. Prints ns per element, minimum and median of interleaved rounds.
 */
#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum variant { SUM, NEAREST, FLOOR, CORRECT };
static const char *const variant_name[] = {"sum", "nearest", "floor", "correct"};
enum { TERMS = 8, CHUNK = 128 };

typedef struct row {
  const float *x, *g;
  const double *e;
  float *out;
  size_t n;
  double inverse, coef[4], knot[4];
} row;

static inline __m512d relu8(__m512d u) { return _mm512_max_pd(u, _mm512_setzero_pd()); }

static inline void step8(enum variant v, __m512d *acc, __m512i *count, __m512d a, __m512d b) {
  if (v == SUM) *acc = _mm512_fmadd_pd(a, b, *acc);
  if (v == FLOOR)
    *acc = _mm512_fmadd_round_pd(a, b, *acc, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  if (v == NEAREST)
    *count = _mm512_add_epi64(
        *count, _mm512_castpd_si512(_mm512_fmadd_pd(a, b, _mm512_set1_pd(6.0))));
}

static inline double finish8(enum variant v, __m512d acc, __m512i count) {
  if (v == SUM) return _mm512_reduce_add_pd(acc);
  if (v == FLOOR) count = _mm512_castpd_si512(acc);
  return (double)(_mm512_reduce_add_epi64(count) & 0xffffffffffff) * 0x1p-50;
}

static inline __attribute__((always_inline)) void row512(const row *r, enum variant v,
                                                         double sums[TERMS]) {
  const __m512d inverse = _mm512_set1_pd(r->inverse), one = _mm512_set1_pd(1.0);
  const __m512d start = v == FLOOR ? _mm512_set1_pd(6.0) : _mm512_setzero_pd();
  __m512d dot[2] = {start, start};
  __m512i dots[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
  size_t i = 0;
  for (; i + 16 <= r->n; i += 16)
    for (size_t k = 0; k < 2; k++)
      step8(v, &dot[k], &dots[k],
            _mm512_mul_pd(_mm512_loadu_pd(r->e + i + 8 * k), inverse),
            _mm512_cvtps_pd(_mm256_loadu_ps(r->g + i + 8 * k)));
  const __m512d mean = _mm512_set1_pd(1e-3 * (finish8(v, dot[0], dots[0]) + finish8(v, dot[1], dots[1])));
  __m512d c[4], k[4], acc[TERMS];
  __m512i count[TERMS];
  for (int j = 0; j < 4; j++) c[j] = _mm512_set1_pd(r->coef[j]), k[j] = _mm512_set1_pd(r->knot[j]);
  for (int j = 0; j < TERMS; j++) acc[j] = start, count[j] = _mm512_setzero_si512();
  for (i = 0; i + 8 <= r->n; i += 8) {
    __m512d y = _mm512_cvtps_pd(_mm256_loadu_ps(r->x + i));
    __m512d g = _mm512_cvtps_pd(_mm256_loadu_ps(r->g + i));
    __m512d p = _mm512_mul_pd(_mm512_loadu_pd(r->e + i), inverse);
    __m512d gs = _mm512_mul_pd(p, _mm512_sub_pd(g, mean));
    __m512d u1 = _mm512_sub_pd(k[0], y), u2 = _mm512_sub_pd(y, k[1]);
    __mmask8 m1 = _mm512_cmp_pd_mask(u1, _mm512_setzero_pd(), _CMP_GT_OQ);
    __mmask8 m2 = _mm512_cmp_pd_mask(u2, _mm512_setzero_pd(), _CMP_GT_OQ);
    __m512d r1 = _mm512_maskz_mov_pd(m1, u1), r2 = _mm512_maskz_mov_pd(m2, u2);
    __m512d r3 = relu8(_mm512_sub_pd(k[2], y)), r4 = relu8(_mm512_sub_pd(y, k[3]));
    __m512d d = _mm512_mask_sub_pd(one, m1, one, c[0]);
    d = _mm512_mask_add_pd(d, m2, d, c[1]);
    d = _mm512_fmadd_pd(c[2], r3, d);
    d = _mm512_fmadd_pd(c[3], r4, d);
    __m512d g3 = _mm512_mul_pd(gs, r3), g4 = _mm512_mul_pd(gs, r4);
    _mm256_storeu_ps(r->out + i, _mm512_cvtpd_ps(_mm512_mul_pd(gs, d)));
    step8(v, &acc[0], &count[0], gs, r1);
    step8(v, &acc[1], &count[1], gs, r2);
    step8(v, &acc[2], &count[2], g3, r3);
    step8(v, &acc[3], &count[3], g4, r4);
    step8(v, &acc[4], &count[4], _mm512_maskz_mov_pd(m1, gs), one);
    step8(v, &acc[5], &count[5], _mm512_maskz_mov_pd(m2, gs), one);
    step8(v, &acc[6], &count[6], g3, one);
    step8(v, &acc[7], &count[7], g4, one);
  }
  for (int j = 0; j < TERMS; j++) sums[j] += finish8(v, acc[j], count[j]);
}

/* ---- AVX2 ---- */
static inline __m256d relu4(__m256d u) { return _mm256_max_pd(u, _mm256_setzero_pd()); }

static inline void step4(enum variant v, __m256d *acc, __m256i *count, __m256d a, __m256d b) {
  const __m256d big = _mm256_set1_pd(6.0);
  if (v == SUM || v == FLOOR) *acc = _mm256_fmadd_pd(a, b, *acc);
  if (v == NEAREST || v == CORRECT) {
    __m256d t = _mm256_fmadd_pd(a, b, big);
    *count = _mm256_add_epi64(*count, _mm256_castpd_si256(t));
    if (v == CORRECT) {
      __m256d below = _mm256_fmsub_pd(a, b, _mm256_sub_pd(t, big));
      below = _mm256_cmp_pd(below, _mm256_setzero_pd(), _CMP_LT_OQ);
      *count = _mm256_add_epi64(*count, _mm256_castpd_si256(below));
    }
  }
}

static inline double finish4(enum variant v, __m256d acc, __m256i count) {
  double a[4];
  long long q[4];
  _mm256_storeu_pd(a, acc);
  _mm256_storeu_si256((__m256i *)q, count);
  if (v == SUM) return a[0] + a[1] + a[2] + a[3];
  if (v == FLOOR) memcpy(q, a, sizeof q);
  return (double)((q[0] + q[1] + q[2] + q[3]) & 0xffffffffffff) * 0x1p-50;
}

static inline void rounding_down(void) {
  unsigned csr = 0x3f80;
  __asm__ volatile("ldmxcsr %0" ::"m"(csr) : "memory");
}
static inline void rounding_nearest(void) {
  unsigned csr = 0x1f80;
  __asm__ volatile("ldmxcsr %0" ::"m"(csr) : "memory");
}

static inline __attribute__((always_inline)) void row256(const row *r, enum variant v,
                                                         double sums[TERMS]) {
  const __m256d inverse = _mm256_set1_pd(r->inverse), one = _mm256_set1_pd(1.0), zero = _mm256_setzero_pd();
  const __m256d start = v == FLOOR ? _mm256_set1_pd(6.0) : zero;
  __m256d c[4], k[4], acc[TERMS], dot[2] = {start, start};
  __m256i count[TERMS], dots[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
  static double chunk[7][CHUNK], kept[TERMS][4];
  if (v == FLOOR) {
    for (size_t at = 0; at + 4 <= r->n; at += CHUNK) {
      size_t m = r->n - at < CHUNK ? r->n - at : CHUNK;
      for (size_t i = 0; i + 4 <= m; i += 4)
        _mm256_storeu_pd(chunk[0] + i, _mm256_mul_pd(_mm256_loadu_pd(r->e + at + i), inverse));
      rounding_down();
      for (size_t i = 0; i + 4 <= m; i += 4)
        step4(v, &dot[i / 4 % 2], &dots[0], _mm256_loadu_pd(chunk[0] + i),
              _mm256_cvtps_pd(_mm_loadu_ps(r->g + at + i)));
      _mm256_storeu_pd(kept[0], dot[0]);
      _mm256_storeu_pd(kept[1], dot[1]);
      rounding_nearest();
      dot[0] = _mm256_loadu_pd(kept[0]);
      dot[1] = _mm256_loadu_pd(kept[1]);
    }
  } else {
    for (size_t i = 0; i + 8 <= r->n; i += 8)
      for (size_t j = 0; j < 2; j++)
        step4(v, &dot[j], &dots[j], _mm256_mul_pd(_mm256_loadu_pd(r->e + i + 4 * j), inverse),
              _mm256_cvtps_pd(_mm_loadu_ps(r->g + i + 4 * j)));
  }
  const __m256d mean = _mm256_set1_pd(1e-3 * (finish4(v, dot[0], dots[0]) + finish4(v, dot[1], dots[1])));
  for (int j = 0; j < 4; j++) c[j] = _mm256_set1_pd(r->coef[j]), k[j] = _mm256_set1_pd(r->knot[j]);
  for (int j = 0; j < TERMS; j++) acc[j] = start, count[j] = _mm256_setzero_si256();
  for (int j = 0; j < TERMS; j++) _mm256_storeu_pd(kept[j], start);
  for (size_t at = 0; at + 4 <= r->n; at += CHUNK) {
    size_t m = r->n - at < CHUNK ? r->n - at : CHUNK;
    for (size_t i = 0; i + 4 <= m; i += 4) {
      __m256d y = _mm256_cvtps_pd(_mm_loadu_ps(r->x + at + i));
      __m256d g = _mm256_cvtps_pd(_mm_loadu_ps(r->g + at + i));
      __m256d p = _mm256_mul_pd(_mm256_loadu_pd(r->e + at + i), inverse);
      __m256d gs = _mm256_mul_pd(p, _mm256_sub_pd(g, mean));
      __m256d u1 = _mm256_sub_pd(k[0], y), u2 = _mm256_sub_pd(y, k[1]);
      __m256d m1 = _mm256_cmp_pd(u1, zero, _CMP_GT_OQ), m2 = _mm256_cmp_pd(u2, zero, _CMP_GT_OQ);
      __m256d r1 = _mm256_and_pd(m1, u1), r2 = _mm256_and_pd(m2, u2);
      __m256d r3 = relu4(_mm256_sub_pd(k[2], y)), r4 = relu4(_mm256_sub_pd(y, k[3]));
      __m256d d = _mm256_sub_pd(one, _mm256_and_pd(m1, c[0]));
      d = _mm256_add_pd(d, _mm256_and_pd(m2, c[1]));
      d = _mm256_fmadd_pd(c[2], r3, d);
      d = _mm256_fmadd_pd(c[3], r4, d);
      __m256d g3 = _mm256_mul_pd(gs, r3), g4 = _mm256_mul_pd(gs, r4);
      _mm_storeu_ps(r->out + at + i, _mm256_cvtpd_ps(_mm256_mul_pd(gs, d)));
      if (v == FLOOR) {
        _mm256_storeu_pd(chunk[0] + i, gs);
        _mm256_storeu_pd(chunk[1] + i, g3);
        _mm256_storeu_pd(chunk[2] + i, g4);
        _mm256_storeu_pd(chunk[3] + i, r1);
        _mm256_storeu_pd(chunk[4] + i, r2);
        _mm256_storeu_pd(chunk[5] + i, r3);
        _mm256_storeu_pd(chunk[6] + i, r4);
      } else {
        step4(v, &acc[0], &count[0], gs, r1);
        step4(v, &acc[1], &count[1], gs, r2);
        step4(v, &acc[2], &count[2], g3, r3);
        step4(v, &acc[3], &count[3], g4, r4);
        step4(v, &acc[4], &count[4], _mm256_and_pd(m1, gs), one);
        step4(v, &acc[5], &count[5], _mm256_and_pd(m2, gs), one);
        step4(v, &acc[6], &count[6], g3, one);
        step4(v, &acc[7], &count[7], g4, one);
      }
    }
    if (v == FLOOR) {
      rounding_down();
      for (int j = 0; j < TERMS; j++) acc[j] = _mm256_loadu_pd(kept[j]);
      for (size_t i = 0; i + 4 <= m; i += 4) {
        __m256d gs = _mm256_loadu_pd(chunk[0] + i), g3 = _mm256_loadu_pd(chunk[1] + i),
                g4 = _mm256_loadu_pd(chunk[2] + i), r1 = _mm256_loadu_pd(chunk[3] + i),
                r2 = _mm256_loadu_pd(chunk[4] + i);
        acc[0] = _mm256_fmadd_pd(gs, r1, acc[0]);
        acc[1] = _mm256_fmadd_pd(gs, r2, acc[1]);
        acc[2] = _mm256_fmadd_pd(g3, _mm256_loadu_pd(chunk[5] + i), acc[2]);
        acc[3] = _mm256_fmadd_pd(g4, _mm256_loadu_pd(chunk[6] + i), acc[3]);
        acc[4] = _mm256_add_pd(acc[4], _mm256_and_pd(gs, _mm256_cmp_pd(r1, zero, _CMP_GT_OQ)));
        acc[5] = _mm256_add_pd(acc[5], _mm256_and_pd(gs, _mm256_cmp_pd(r2, zero, _CMP_GT_OQ)));
        acc[6] = _mm256_add_pd(acc[6], g3);
        acc[7] = _mm256_add_pd(acc[7], g4);
      }
      for (int j = 0; j < TERMS; j++) _mm256_storeu_pd(kept[j], acc[j]);
      rounding_nearest();
    }
  }
  if (v == FLOOR)
    for (int j = 0; j < TERMS; j++) acc[j] = _mm256_loadu_pd(kept[j]);
  for (int j = 0; j < TERMS; j++) sums[j] += finish4(v, acc[j], count[j]);
}

typedef void (*row_fn)(const row *, double[TERMS]);
#define PILOT(width, v) \
  static __attribute__((noinline)) void row##width##_##v(const row *r, double s[TERMS]) { row##width(r, v, s); }
PILOT(512, SUM) PILOT(512, NEAREST) PILOT(512, FLOOR)
PILOT(256, SUM) PILOT(256, NEAREST) PILOT(256, FLOOR) PILOT(256, CORRECT)

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(void) {
  static const struct {
    const char *isa;
    enum variant v;
    row_fn fn;
  } subject[] = {{"avx512", SUM, row512_SUM},         {"avx512", NEAREST, row512_NEAREST},
                 {"avx512", FLOOR, row512_FLOOR},     {"avx2", SUM, row256_SUM},
                 {"avx2", NEAREST, row256_NEAREST},   {"avx2", FLOOR, row256_FLOOR},
                 {"avx2", CORRECT, row256_CORRECT}};
  enum { SUBJECTS = 7, ROUNDS = 301, TOTAL = 65536 };
  static float x[TOTAL], g[TOTAL], out[TOTAL];
  static double e[4096], time[SUBJECTS][ROUNDS], sums[SUBJECTS][TERMS];
  srand(1);
  for (int i = 0; i < TOTAL; i++) {
    x[i] = (float)rand() / (float)RAND_MAX * 8.0f - 4.0f;
    g[i] = (float)rand() / (float)RAND_MAX - 0.5f;
  }
  for (int i = 0; i < 4096; i++) e[i] = (double)rand() / RAND_MAX;
  const size_t lengths[] = {197, 1024};
  for (int l = 0; l < 2; l++) {
    size_t n = lengths[l], rows = TOTAL / n;
    for (int round = 0; round < ROUNDS; round++)
      for (int s = 0; s < SUBJECTS; s++) {
        double start = now();
        for (size_t r = 0; r < rows; r++) {
          row a = {x + r * n, g + r * n, e, out + r * n, n, 1e-3, {.9, -.3, .2, -.1}, {-.5, 1., -1.5, 2.}};
          subject[s].fn(&a, sums[s]);
        }
        time[s][round] = (now() - start) / (double)(rows * n);
      }
    for (int s = 0; s < SUBJECTS; s++) {
      qsort(time[s], ROUNDS, sizeof(double), ascending);
      printf("n=%zu %-7s %-8s min %.3f median %.3f ns/element  vs sum %.2f\n", n, subject[s].isa,
             variant_name[subject[s].v], time[s][0], time[s][ROUNDS / 2],
             time[s][0] / time[s < 3 ? 0 : 3][0]);
    }
  }
  return 0;
}
