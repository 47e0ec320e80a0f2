/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lane vocabulary, AVX2 + FMA + F16C: 4 doubles. What each operation means is written
 * in specs/lanes_model.h under the same name and tested by tests/unit_lanes.c.
 */
#ifndef MMAX_SIMD_LANES_AVX2_H
#define MMAX_SIMD_LANES_AVX2_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

enum { V_LANES = 4, F_LANES = 8 };
#define V_DOWN_INLINE 0 /* v_fma_down needs v_down_enter */

typedef __m256d vd; /* doubles                               */
typedef __m256i vq; /* 64-bit integers                       */
typedef __m256d vm; /* lane predicates: all bits set or none */
typedef __m256 vf;  /* twice as many floats                  */

/* count ones, then zeros, start at [8 - count] */
static const int32_t lanes_first[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
static inline __m128i first4(size_t count) {
  return _mm_loadu_si128((const __m128i *)(const void *)(lanes_first + 8 - count));
}

static inline vd v_set(double a) { return _mm256_set1_pd(a); }
static inline vd v_load(const double *p) { return _mm256_loadu_pd(p); }
static inline void v_store(double *p, vd a) { _mm256_storeu_pd(p, a); }
static inline vd v_widen(const float *p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
static inline vd v_widen_first(const float *p, size_t count) {
  return _mm256_cvtps_pd(_mm_maskload_ps(p, first4(count)));
}
static inline void v_narrow(float *p, vd a) { _mm_storeu_ps(p, _mm256_cvtpd_ps(a)); }
/* v_narrow at a multiple of V_LANES floats, past the caches if the processor can; others see it
   after lanes_streamed. */
static inline void v_stream(float *p, vd a) { _mm_stream_ps(p, _mm256_cvtpd_ps(a)); }
static inline void lanes_streamed(void) { _mm_sfence(); }
static inline void v_narrow_first(float *p, vd a, size_t count) {
  _mm_maskstore_ps(p, first4(count), _mm256_cvtpd_ps(a));
}

static inline vd v_add(vd a, vd b) { return _mm256_add_pd(a, b); }
static inline vd v_sub(vd a, vd b) { return _mm256_sub_pd(a, b); }
static inline vd v_mul(vd a, vd b) { return _mm256_mul_pd(a, b); }
static inline vd v_div(vd a, vd b) { return _mm256_div_pd(a, b); }
static inline vd v_fma(vd a, vd b, vd c) { return _mm256_fmadd_pd(a, b, c); }
static inline vd v_fnma(vd a, vd b, vd c) { return _mm256_fnmadd_pd(a, b, c); }
static inline vd v_max(vd a, vd b) { return _mm256_max_pd(a, b); }
static inline vd v_min(vd a, vd b) { return _mm256_min_pd(a, b); }
static inline vd v_abs(vd a) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a); }

/* Between enter and leave all arithmetic of this thread rounds down. */
static inline vd v_fma_down(vd a, vd b, vd c) { return _mm256_fmadd_pd(a, b, c); }
/* Where m: acc + a; else acc. acc > 0. */
static inline vd v_add_down_where(vm m, vd a, vd acc) {
  return _mm256_add_pd(acc, _mm256_and_pd(m, a));
}
static inline void v_down_enter(void) {
  const uint32_t down = 0x3f80;
  __asm__ volatile("ldmxcsr %0" : : "m"(down) : "memory");
}
/* a, computed before the next volatile statement and after the last. */
static inline vd v_pin(vd a) {
  __asm__ volatile("" : "+x"(a));
  return a;
}
static inline void v_down_leave(void) {
  const uint32_t nearest = 0x1f80;
  __asm__ volatile("ldmxcsr %0" : : "m"(nearest) : "memory");
}

static inline vm v_gt(vd a, vd b) { return _mm256_cmp_pd(a, b, _CMP_GT_OQ); }
static inline vm v_ge(vd a, vd b) { return _mm256_cmp_pd(a, b, _CMP_GE_OQ); }
static inline vd v_keep(vm m, vd a) { return _mm256_and_pd(m, a); }
static inline vd v_select(vm m, vd a, vd b) { return _mm256_blendv_pd(b, a, m); }
static inline vm v_and(vm a, vm b) { return _mm256_and_pd(a, b); }
static inline vm v_first(size_t count) {
  return _mm256_castsi256_pd(_mm256_cvtepi32_epi64(first4(count)));
}
static inline vm v_zero_bytes(const uint8_t *p) {
  uint32_t four = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
  __m256i wide = _mm256_cvtepu8_epi64(_mm_cvtsi32_si128((int)four));
  return _mm256_castsi256_pd(_mm256_cmpeq_epi64(wide, _mm256_setzero_si256()));
}
static inline unsigned v_bits(vm m) { return (unsigned)_mm256_movemask_pd(m); }

/* keep ? p * 2^k : 0; s = 1.5 * 2^52 + k. */
static inline vd v_ldexp(vm keep, vd p, vd s, vd k) {
  (void)k;
  vq shifted = _mm256_slli_epi64(_mm256_castpd_si256(s), 52);
  return v_keep(keep, _mm256_castsi256_pd(_mm256_add_epi64(_mm256_castpd_si256(p), shifted)));
}

static inline vq q_zero(void) { return _mm256_setzero_si256(); }
static inline vq q_set(uint64_t a) { return _mm256_set1_epi64x((long long)a); }
static inline vq q_add(vq a, vq b) { return _mm256_add_epi64(a, b); }
static inline vq q_sub(vq a, vq b) { return _mm256_sub_epi64(a, b); }
static inline vq q_count(vq q, vd a) { return q_add(q, _mm256_castpd_si256(a)); }
static inline void q_store(uint64_t *p, vq a) { _mm256_storeu_si256((__m256i *)(void *)p, a); }
/* Halves as 2^84 + high*2^32 and 2^52 + low; all exact but the last addition. */
static inline vd q_double(vq a) {
  vq high = _mm256_or_si256(_mm256_srli_epi64(a, 32), _mm256_castpd_si256(v_set(0x1p84)));
  vq low = _mm256_blend_epi32(_mm256_castpd_si256(v_set(0x1p52)), a, 0x55);
  return v_add(v_sub(_mm256_castsi256_pd(high), v_set(0x1p84 + 0x1p52)), _mm256_castsi256_pd(low));
}

/* Lane r = largest lane, or sum of the lanes, of a[r]. */
static inline vd v_max_rows(const vd a[4]) {
  vd b = v_max(_mm256_unpacklo_pd(a[0], a[1]), _mm256_unpackhi_pd(a[0], a[1]));
  vd c = v_max(_mm256_unpacklo_pd(a[2], a[3]), _mm256_unpackhi_pd(a[2], a[3]));
  return v_max(_mm256_permute2f128_pd(b, c, 0x20), _mm256_permute2f128_pd(b, c, 0x31));
}
static inline vq q_sum_rows(const vq a[4]) {
  vq b = q_add(_mm256_unpacklo_epi64(a[0], a[1]), _mm256_unpackhi_epi64(a[0], a[1]));
  vq c = q_add(_mm256_unpacklo_epi64(a[2], a[3]), _mm256_unpackhi_epi64(a[2], a[3]));
  return q_add(_mm256_permute2x128_si256(b, c, 0x20), _mm256_permute2x128_si256(b, c, 0x31));
}

static inline vf f_set(float a) { return _mm256_set1_ps(a); }
static inline vf f_load(const float *p) { return _mm256_loadu_ps(p); }
static inline vf f_load_first(const float *p, size_t count, vf rest) {
  __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)(lanes_first + 8 - count));
  return _mm256_blendv_ps(rest, _mm256_maskload_ps(p, first), _mm256_castsi256_ps(first));
}
static inline vf f_max(vf a, vf b) { return _mm256_max_ps(a, b); }
static inline vf f_min(vf a, vf b) { return _mm256_min_ps(a, b); }
static inline vf f_abs(vf a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
/* Lane k from lanes k and k + V_LANES. */
static inline vd f_max_halves(vf a) {
  return v_max(_mm256_cvtps_pd(_mm256_castps256_ps128(a)),
               _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1)));
}
static inline vd f_min_halves(vf a) {
  return v_min(_mm256_cvtps_pd(_mm256_castps256_ps128(a)),
               _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1)));
}

/* 0 in every lane while all floats seen are finite, else NaN for good. */
static inline vf f_zero(void) { return _mm256_setzero_ps(); }
static inline vf f_probe(vf acc, vf a) { return _mm256_fmadd_ps(a, _mm256_setzero_ps(), acc); }
static inline int f_is_zero(vf a) {
  return _mm256_movemask_ps(_mm256_cmp_ps(a, a, _CMP_UNORD_Q)) == 0;
}

/* float16: 11 significant bits. Rounded to odd for float32 first, so that the second rounding sees
   on which side of a tie it is; what float32 holds as subnormal is far below half of 2^-24. */
static inline uint64_t four_cells(const uint16_t *p, size_t count) {
  uint64_t four = 0;
  for (size_t k = 0; k < count && k < 4; k++) four |= (uint64_t)p[k] << (16 * k);
  return four;
}
static inline void store_cells(uint16_t *p, __m128i a, size_t count) {
  uint64_t four = (uint64_t)_mm_cvtsi128_si64(a);
  for (size_t k = 0; k < count; k++) p[k] = (uint16_t)(four >> (16 * k));
}
static inline __m128i eight_cells(const uint16_t *p, size_t count) {
  return _mm_set_epi64x((long long)(count > 4 ? four_cells(p + 4, count - 4) : 0),
                        (long long)four_cells(p, count));
}
static inline __m128i f16_of(vd a) {
  const vq low = _mm256_set1_epi64x((1 << 29) - 1), b = _mm256_castpd_si256(a);
  vq sticky = _mm256_add_epi64(_mm256_and_si256(b, low), low);
  vq odd = _mm256_andnot_si256(low, _mm256_or_si256(b, sticky));
  return _mm_cvtps_ph(_mm256_cvtpd_ps(_mm256_castsi256_pd(odd)), _MM_FROUND_TO_NEAREST_INT);
}
static inline vd v_widen_f16(const uint16_t *p) {
  return _mm256_cvtps_pd(_mm_cvtph_ps(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}
static inline vd v_widen_f16_first(const uint16_t *p, size_t count) {
  return _mm256_cvtps_pd(_mm_cvtph_ps(_mm_cvtsi64_si128((long long)four_cells(p, count))));
}
static inline void v_narrow_f16(uint16_t *p, vd a) {
  _mm_storel_epi64((__m128i *)(void *)p, f16_of(a));
}
static inline void v_narrow_f16_first(uint16_t *p, vd a, size_t count) {
  store_cells(p, f16_of(a), count);
}
static inline vf f_load_f16(const uint16_t *p) {
  return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p));
}
static inline vf f_load_f16_first(const uint16_t *p, size_t count, vf rest) {
  __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)(lanes_first + 8 - count));
  return _mm256_blendv_ps(rest, _mm256_cvtph_ps(eight_cells(p, count)), _mm256_castsi256_ps(first));
}

/* bfloat16: the upper half of a float32, 8 significant bits. Adding and taking away 1.5*2^45 times
   the binade's power of two rounds to them; at least that of 2^-126, as subnormals have its grid. */
static inline __m128i bf16_of(vd a) {
  const vd big = v_set(0x1.8p45), sign = v_set(-0.0);
  vd size = v_min(v_max(v_abs(a), v_set(0x1p-126)), v_set(0x1p200));
  vd binade = _mm256_and_pd(size, v_set(__builtin_inf()));
  vd r = v_fnma(binade, big, v_fma(binade, big, a));
  r = _mm256_or_pd(r, _mm256_and_pd(a, sign)); /* of a zero */
  const __m128i upper = _mm_setr_epi8(2, 3, 6, 7, 10, 11, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1);
  return _mm_shuffle_epi8(_mm_castps_si128(_mm256_cvtpd_ps(r)), upper);
}
static inline __m128 low_bf16(__m128i low) {
  return _mm_castsi128_ps(_mm_unpacklo_epi16(_mm_setzero_si128(), low));
}
static inline vd v_widen_bf16(const uint16_t *p) {
  return _mm256_cvtps_pd(low_bf16(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}
static inline vd v_widen_bf16_first(const uint16_t *p, size_t count) {
  return _mm256_cvtps_pd(low_bf16(_mm_cvtsi64_si128((long long)four_cells(p, count))));
}
static inline void v_narrow_bf16(uint16_t *p, vd a) {
  _mm_storel_epi64((__m128i *)(void *)p, bf16_of(a));
}
static inline void v_narrow_bf16_first(uint16_t *p, vd a, size_t count) {
  store_cells(p, bf16_of(a), count);
}
static inline vf floats_of_bf16(__m128i cells) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(cells), 16));
}
static inline vf f_load_bf16(const uint16_t *p) {
  return floats_of_bf16(_mm_loadu_si128((const __m128i *)(const void *)p));
}
static inline vf f_load_bf16_first(const uint16_t *p, size_t count, vf rest) {
  __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)(lanes_first + 8 - count));
  return _mm256_blendv_ps(rest, floats_of_bf16(eight_cells(p, count)), _mm256_castsi256_ps(first));
}

#endif
