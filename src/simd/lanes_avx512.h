/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lane vocabulary, AVX-512 (F, DQ, VL, BW): 8 doubles. What each operation
 * means is written in specs/lanes_model.h under the same name and tested by
 * tests/unit_lanes.c.
 */
#ifndef MMAX_SIMD_LANES_AVX512_H
#define MMAX_SIMD_LANES_AVX512_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

enum { V_LANES = 8, F_LANES = 16 };
#define V_DOWN_INLINE 1 /* one instruction rounds down, in any rounding mode */

typedef __m512d vd;  /* doubles         */
typedef __m512i vq;  /* 64-bit integers */
typedef __mmask8 vm; /* lane predicates */
typedef __m512 vf;   /* twice as many floats */

static inline vd v_set(double a) { return _mm512_set1_pd(a); }
static inline vd v_load(const double *p) { return _mm512_loadu_pd(p); }
static inline void v_store(double *p, vd a) { _mm512_storeu_pd(p, a); }
static inline vd v_widen(const float *p) { return _mm512_cvtps_pd(_mm256_loadu_ps(p)); }
static inline vd v_widen_first(const float *p, size_t count) {
  return _mm512_cvtps_pd(_mm256_maskz_loadu_ps((__mmask8)((1u << count) - 1), p));
}
static inline void v_narrow(float *p, vd a) { _mm256_storeu_ps(p, _mm512_cvtpd_ps(a)); }
/* v_narrow at a multiple of V_LANES floats, past the caches if the processor can; others see it
   after lanes_streamed. */
static inline void v_stream(float *p, vd a) { _mm256_stream_ps(p, _mm512_cvtpd_ps(a)); }
static inline void lanes_streamed(void) { _mm_sfence(); }
static inline void v_narrow_first(float *p, vd a, size_t count) {
  _mm256_mask_storeu_ps(p, (__mmask8)((1u << count) - 1), _mm512_cvtpd_ps(a));
}

static inline vd v_add(vd a, vd b) { return _mm512_add_pd(a, b); }
static inline vd v_sub(vd a, vd b) { return _mm512_sub_pd(a, b); }
static inline vd v_mul(vd a, vd b) { return _mm512_mul_pd(a, b); }
static inline vd v_div(vd a, vd b) { return _mm512_div_pd(a, b); }
static inline vd v_fma(vd a, vd b, vd c) { return _mm512_fmadd_pd(a, b, c); }
static inline vd v_fnma(vd a, vd b, vd c) { return _mm512_fnmadd_pd(a, b, c); }
static inline vd v_fma_down(vd a, vd b, vd c) {
  return _mm512_fmadd_round_pd(a, b, c, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
static inline void v_down_enter(void) {}
/* a, computed before the next volatile statement and after the last. */
static inline vd v_pin(vd a) {
  __asm__ volatile("" : "+v"(a));
  return a;
}
static inline void v_down_leave(void) {}
/* Where m: acc + a rounded down, in any rounding mode; else acc. */
static inline vd v_add_down_where(vm m, vd a, vd acc) {
  return _mm512_mask_add_round_pd(acc, m, acc, a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
static inline vd v_max(vd a, vd b) { return _mm512_max_pd(a, b); }
static inline vd v_min(vd a, vd b) { return _mm512_min_pd(a, b); }
static inline vd v_abs(vd a) { return _mm512_abs_pd(a); }

static inline vm v_gt(vd a, vd b) { return _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ); }
static inline vm v_ge(vd a, vd b) { return _mm512_cmp_pd_mask(a, b, _CMP_GE_OQ); }
static inline vd v_keep(vm m, vd a) { return _mm512_maskz_mov_pd(m, a); }
static inline vd v_select(vm m, vd a, vd b) { return _mm512_mask_mov_pd(b, m, a); }
static inline vm v_and(vm a, vm b) { return a & b; }
static inline vm v_first(size_t count) { return (vm)((1u << count) - 1); }
static inline vm v_zero_bytes(const uint8_t *p) {
  return (vm)_mm_testn_epi8_mask(_mm_loadl_epi64((const __m128i *)(const void *)p),
                                 _mm_loadl_epi64((const __m128i *)(const void *)p));
}
static inline unsigned v_bits(vm m) { return m; }

/* keep ? p * 2^k : 0; s = 1.5 * 2^52 + k. */
static inline vd v_ldexp(vm keep, vd p, vd s, vd k) {
  (void)s;
  return _mm512_maskz_scalef_pd(keep, p, k);
}

static inline vq q_zero(void) { return _mm512_setzero_si512(); }
static inline vq q_count(vq q, vd a) { return _mm512_add_epi64(q, _mm512_castpd_si512(a)); }
static inline vq q_add(vq a, vq b) { return _mm512_add_epi64(a, b); }
static inline vq q_set(uint64_t a) { return _mm512_set1_epi64((long long)a); }
static inline vq q_sub(vq a, vq b) { return _mm512_sub_epi64(a, b); }
static inline void q_store(uint64_t *p, vq a) { _mm512_storeu_si512(p, a); }
static inline vd q_double(vq a) { return _mm512_cvtepu64_pd(a); }

/* Lane r = largest lane, or sum of the lanes, of a[r]. */
static inline vd v_max_rows(const vd a[8]) {
  vd b[4], c[2];
  for (int i = 0; i < 4; i++)
    b[i] = v_max(_mm512_unpacklo_pd(a[2 * i], a[2 * i + 1]),
                 _mm512_unpackhi_pd(a[2 * i], a[2 * i + 1]));
  for (int i = 0; i < 2; i++) {
    vd lo = _mm512_permutex2var_pd(b[2 * i], _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13), b[2 * i + 1]);
    vd hi = _mm512_permutex2var_pd(b[2 * i], _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15), b[2 * i + 1]);
    c[i] = v_max(lo, hi);
  }
  return v_max(_mm512_shuffle_f64x2(c[0], c[1], 0x44), _mm512_shuffle_f64x2(c[0], c[1], 0xee));
}
static inline vq q_sum_rows(const vq a[8]) {
  vq b[4], c[2];
  for (int i = 0; i < 4; i++)
    b[i] = q_add(_mm512_unpacklo_epi64(a[2 * i], a[2 * i + 1]),
                 _mm512_unpackhi_epi64(a[2 * i], a[2 * i + 1]));
  for (int i = 0; i < 2; i++) {
    vq lo = _mm512_permutex2var_epi64(b[2 * i], _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13), b[2 * i + 1]);
    vq hi = _mm512_permutex2var_epi64(b[2 * i], _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15), b[2 * i + 1]);
    c[i] = q_add(lo, hi);
  }
  vq lo = _mm512_shuffle_i64x2(c[0], c[1], 0x44), hi = _mm512_shuffle_i64x2(c[0], c[1], 0xee);
  return q_add(lo, hi);
}

static inline vf f_set(float a) { return _mm512_set1_ps(a); }
static inline vf f_load(const float *p) { return _mm512_loadu_ps(p); }
static inline vf f_load_first(const float *p, size_t count, vf rest) {
  return _mm512_mask_loadu_ps(rest, (__mmask16)((1u << count) - 1), p);
}
static inline vf f_max(vf a, vf b) { return _mm512_max_ps(a, b); }
static inline vf f_min(vf a, vf b) { return _mm512_min_ps(a, b); }
static inline vf f_abs(vf a) { return _mm512_abs_ps(a); }
/* Lane k from lanes k and k + V_LANES. */
static inline vd f_max_halves(vf a) {
  return v_max(_mm512_cvtps_pd(_mm512_castps512_ps256(a)),
               _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1)));
}
static inline vd f_min_halves(vf a) {
  return v_min(_mm512_cvtps_pd(_mm512_castps512_ps256(a)),
               _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1)));
}

/* 0 in every lane while all floats seen are finite, else NaN for good. */
static inline vf f_zero(void) { return _mm512_setzero_ps(); }
static inline vf f_probe(vf acc, vf a) { return _mm512_fmadd_ps(a, _mm512_setzero_ps(), acc); }
static inline int f_is_zero(vf a) {
  return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q) == 0;
}

/* float16: 11 significant bits. Rounded to odd for float32 first, so that the second rounding sees
   on which side of a tie it is; what float32 holds as subnormal is far below half of 2^-24. */
static inline __mmask8 first8(size_t count) { return (__mmask8)((1u << count) - 1); }
static inline __mmask16 first16(size_t count) { return (__mmask16)((1u << count) - 1); }
static inline __m128i f16_of(vd a) {
  const vq low = _mm512_set1_epi64((1 << 29) - 1), b = _mm512_castpd_si512(a);
  vq sticky = _mm512_add_epi64(_mm512_and_si512(b, low), low);
  vq odd = _mm512_ternarylogic_epi64(b, sticky, low, 0x54); /* (b | sticky) & ~low */
  return _mm256_cvtps_ph(_mm512_cvtpd_ps(_mm512_castsi512_pd(odd)), _MM_FROUND_TO_NEAREST_INT);
}
static inline vd v_widen_f16(const uint16_t *p) {
  return _mm512_cvtps_pd(_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p)));
}
static inline vd v_widen_f16_first(const uint16_t *p, size_t count) {
  return _mm512_cvtps_pd(_mm256_cvtph_ps(_mm_maskz_loadu_epi16(first8(count), p)));
}
static inline void v_narrow_f16(uint16_t *p, vd a) {
  _mm_storeu_si128((__m128i *)(void *)p, f16_of(a));
}
static inline void v_narrow_f16_first(uint16_t *p, vd a, size_t count) {
  _mm_mask_storeu_epi16(p, first8(count), f16_of(a));
}
static inline vf f_load_f16(const uint16_t *p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
}
static inline vf f_load_f16_first(const uint16_t *p, size_t count, vf rest) {
  return _mm512_mask_cvtph_ps(rest, first16(count), _mm256_maskz_loadu_epi16(first16(count), p));
}

/* bfloat16: the upper half of a float32, 8 significant bits. Adding and taking away 1.5*2^45 times
   the binade's power of two rounds to them; at least that of 2^-126, as subnormals have its grid. */
static inline __m128i bf16_of(vd a) {
  const vd big = v_set(0x1.8p45);
  vd size = _mm512_range_pd(a, v_set(0x1p-126), 0xb); /* larger absolute value */
  size = v_min(size, v_set(0x1p200));
  vd binade = _mm512_and_pd(size, v_set(__builtin_inf()));
  vd r = v_fnma(binade, big, v_fma(binade, big, a));
  vq signed_r = _mm512_ternarylogic_epi64(_mm512_castpd_si512(r), _mm512_castpd_si512(a),
                                          _mm512_castpd_si512(v_set(-0.0)), 0xf8); /* of a zero */
  __m256i floats = _mm256_castps_si256(_mm512_cvtpd_ps(_mm512_castsi512_pd(signed_r)));
  const __m256i upper = _mm256_setr_epi16(1, 3, 5, 7, 9, 11, 13, 15, 1, 3, 5, 7, 9, 11, 13, 15);
  return _mm256_castsi256_si128(_mm256_permutexvar_epi16(upper, floats));
}
static inline vd widen_bf16(__m128i cells) {
  return _mm512_cvtps_pd(_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(cells), 16)));
}
static inline vd v_widen_bf16(const uint16_t *p) {
  return widen_bf16(_mm_loadu_si128((const __m128i *)(const void *)p));
}
static inline vd v_widen_bf16_first(const uint16_t *p, size_t count) {
  return widen_bf16(_mm_maskz_loadu_epi16(first8(count), p));
}
static inline void v_narrow_bf16(uint16_t *p, vd a) {
  _mm_storeu_si128((__m128i *)(void *)p, bf16_of(a));
}
static inline void v_narrow_bf16_first(uint16_t *p, vd a, size_t count) {
  _mm_mask_storeu_epi16(p, first8(count), bf16_of(a));
}
static inline __m512i floats_of_bf16(__m256i cells) {
  return _mm512_slli_epi32(_mm512_cvtepu16_epi32(cells), 16);
}
static inline vf f_load_bf16(const uint16_t *p) {
  return _mm512_castsi512_ps(
      floats_of_bf16(_mm256_loadu_si256((const __m256i *)(const void *)p)));
}
static inline vf f_load_bf16_first(const uint16_t *p, size_t count, vf rest) {
  __m512i floats = floats_of_bf16(_mm256_maskz_loadu_epi16(first16(count), p));
  return _mm512_mask_mov_ps(rest, first16(count), _mm512_castsi512_ps(floats));
}

#endif
