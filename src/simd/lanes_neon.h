/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lane vocabulary, AArch64 Advanced SIMD: 2 doubles. What each operation means
 * is written in specs/lanes_model.h under the same name and tested by
 * tests/unit_lanes.c. vmaxq would propagate NaN and order zeros: compare and
 * select instead.
 */
#ifndef MMAX_SIMD_LANES_NEON_H
#define MMAX_SIMD_LANES_NEON_H

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

enum { V_LANES = 2, F_LANES = 4 };
#define V_DOWN_INLINE 0 /* v_fma_down needs v_down_enter */

typedef float64x2_t vd; /* doubles                               */
typedef uint64x2_t vq;  /* 64-bit integers                       */
typedef uint64x2_t vm;  /* lane predicates: all bits set or none */
typedef float32x4_t vf; /* twice as many floats                  */

static inline vd v_set(double a) { return vdupq_n_f64(a); }
static inline vd v_load(const double *p) { return vld1q_f64(p); }
static inline void v_store(double *p, vd a) { vst1q_f64(p, a); }
static inline vd v_widen(const float *p) { return vcvt_f64_f32(vld1_f32(p)); }
static inline vd v_widen_first(const float *p, size_t count) {
  float two[2] = {count > 0 ? p[0] : 0.0f, count > 1 ? p[1] : 0.0f};
  return v_widen(two);
}
static inline void v_narrow(float *p, vd a) { vst1_f32(p, vcvt_f32_f64(a)); }
/* v_narrow at a multiple of V_LANES floats, past the caches if the processor can; others see it
   after lanes_streamed. */
static inline void v_stream(float *p, vd a) { v_narrow(p, a); }
static inline void lanes_streamed(void) {}
static inline void v_narrow_first(float *p, vd a, size_t count) {
  float two[2];
  v_narrow(two, a);
  for (size_t k = 0; k < count; k++) p[k] = two[k];
}

static inline vd v_add(vd a, vd b) { return vaddq_f64(a, b); }
static inline vd v_sub(vd a, vd b) { return vsubq_f64(a, b); }
static inline vd v_mul(vd a, vd b) { return vmulq_f64(a, b); }
static inline vd v_div(vd a, vd b) { return vdivq_f64(a, b); }
static inline vd v_fma(vd a, vd b, vd c) { return vfmaq_f64(c, a, b); }
static inline vd v_fnma(vd a, vd b, vd c) { return vfmsq_f64(c, a, b); }
static inline vd v_max(vd a, vd b) { return vbslq_f64(vcgtq_f64(a, b), a, b); }
static inline vd v_min(vd a, vd b) { return vbslq_f64(vcltq_f64(a, b), a, b); }
static inline vd v_abs(vd a) { return vabsq_f64(a); }

/* Between enter and leave all arithmetic of this thread rounds down. */
static inline vd v_fma_down(vd a, vd b, vd c) { return vfmaq_f64(c, a, b); }
/* Where m: acc + a; else acc. acc > 0. */
static inline vd v_add_down_where(vm m, vd a, vd acc) {
  return vaddq_f64(acc, vreinterpretq_f64_u64(vandq_u64(m, vreinterpretq_u64_f64(a))));
}
static inline void v_down_enter(void) {
  const uint64_t down = 2u << 22;
  __asm__ volatile("msr fpcr, %0" : : "r"(down) : "memory");
}
/* a, computed before the next volatile statement and after the last. */
static inline vd v_pin(vd a) {
  __asm__ volatile("" : "+w"(a));
  return a;
}
static inline void v_down_leave(void) {
  const uint64_t nearest = 0;
  __asm__ volatile("msr fpcr, %0" : : "r"(nearest) : "memory");
}

static inline vm v_gt(vd a, vd b) { return vcgtq_f64(a, b); }
static inline vm v_ge(vd a, vd b) { return vcgeq_f64(a, b); }
static inline vd v_keep(vm m, vd a) {
  return vreinterpretq_f64_u64(vandq_u64(m, vreinterpretq_u64_f64(a)));
}
static inline vd v_select(vm m, vd a, vd b) { return vbslq_f64(m, a, b); }
static inline vm v_and(vm a, vm b) { return vandq_u64(a, b); }
static inline vm v_first(size_t count) {
  const uint64_t two[2] = {count > 0 ? UINT64_MAX : 0, count > 1 ? UINT64_MAX : 0};
  return vld1q_u64(two);
}
static inline vm v_zero_bytes(const uint8_t *p) {
  const uint64_t two[2] = {p[0] == 0 ? UINT64_MAX : 0, p[1] == 0 ? UINT64_MAX : 0};
  return vld1q_u64(two);
}
static inline unsigned v_bits(vm m) {
  return (unsigned)((vgetq_lane_u64(m, 0) & 1) | (vgetq_lane_u64(m, 1) & 2));
}

/* keep ? p * 2^k : 0; s = 1.5 * 2^52 + k. */
static inline vd v_ldexp(vm keep, vd p, vd s, vd k) {
  (void)k;
  vq shifted = vshlq_n_u64(vreinterpretq_u64_f64(s), 52);
  return v_keep(keep, vreinterpretq_f64_u64(vaddq_u64(vreinterpretq_u64_f64(p), shifted)));
}

static inline vq q_zero(void) { return vdupq_n_u64(0); }
static inline vq q_set(uint64_t a) { return vdupq_n_u64(a); }
static inline vq q_add(vq a, vq b) { return vaddq_u64(a, b); }
static inline vq q_sub(vq a, vq b) { return vsubq_u64(a, b); }
static inline vq q_count(vq q, vd a) { return vaddq_u64(q, vreinterpretq_u64_f64(a)); }
static inline void q_store(uint64_t *p, vq a) { vst1q_u64(p, a); }
static inline vd q_double(vq a) { return vcvtq_f64_u64(a); }

/* Lane r = largest lane, or sum of the lanes, of a[r]. */
static inline vd v_max_rows(const vd a[2]) {
  return v_max(vzip1q_f64(a[0], a[1]), vzip2q_f64(a[0], a[1]));
}
static inline vq q_sum_rows(const vq a[2]) {
  return q_add(vzip1q_u64(a[0], a[1]), vzip2q_u64(a[0], a[1]));
}

static inline vf f_set(float a) { return vdupq_n_f32(a); }
static inline vf f_load(const float *p) { return vld1q_f32(p); }
static inline vf f_load_first(const float *p, size_t count, vf rest) {
  float four[4];
  vst1q_f32(four, rest);
  for (size_t k = 0; k < count; k++) four[k] = p[k];
  return vld1q_f32(four);
}
static inline vf f_max(vf a, vf b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
static inline vf f_min(vf a, vf b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
static inline vf f_abs(vf a) { return vabsq_f32(a); }
/* Lane k from lanes k and k + V_LANES. */
static inline vd f_max_halves(vf a) {
  return v_max(vcvt_f64_f32(vget_low_f32(a)), vcvt_high_f64_f32(a));
}
static inline vd f_min_halves(vf a) {
  return v_min(vcvt_f64_f32(vget_low_f32(a)), vcvt_high_f64_f32(a));
}

/* 0 in every lane while all floats seen are finite, else NaN for good. */
static inline vf f_zero(void) { return vdupq_n_f32(0.0f); }
static inline vf f_probe(vf acc, vf a) { return vfmaq_f32(acc, a, vdupq_n_f32(0.0f)); }
static inline int f_is_zero(vf a) { return vminvq_u32(vceqq_f32(a, a)) == UINT32_MAX; }

/* float16: 11 significant bits. Rounded to odd for float32 first, so that the second rounding sees
   on which side of a tie it is. */
static inline uint16x4_t two_cells(const uint16_t *p, size_t count) {
  uint32_t two = count > 0 ? p[0] : 0;
  if (count > 1) two |= (uint32_t)p[1] << 16;
  return vreinterpret_u16_u32(vdup_n_u32(two));
}
static inline void store_cells(uint16_t *p, uint16x4_t a, size_t count) {
  uint16_t four[4];
  vst1_u16(four, a);
  for (size_t k = 0; k < count; k++) p[k] = four[k];
}
static inline uint16x4_t four_cells(const uint16_t *p, size_t count) {
  uint16_t four[4] = {0};
  for (size_t k = 0; k < count; k++) four[k] = p[k];
  return vld1_u16(four);
}
static inline vf first_floats(size_t count, vf a, vf rest) {
  static const uint32_t lanes_first[8] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, 0, 0, 0, 0};
  return vbslq_f32(vld1q_u32(lanes_first + 4 - count), a, rest);
}
static inline uint16x4_t f16_of(vd a) {
  float32x2_t odd = vcvtx_f32_f64(a);
  return vreinterpret_u16_f16(vcvt_f16_f32(vcombine_f32(odd, odd)));
}
static inline vf floats_of_f16(uint16x4_t cells) { return vcvt_f32_f16(vreinterpret_f16_u16(cells)); }
static inline vd v_widen_f16(const uint16_t *p) {
  return vcvt_f64_f32(vget_low_f32(floats_of_f16(two_cells(p, 2))));
}
static inline vd v_widen_f16_first(const uint16_t *p, size_t count) {
  return vcvt_f64_f32(vget_low_f32(floats_of_f16(two_cells(p, count))));
}
static inline void v_narrow_f16(uint16_t *p, vd a) { store_cells(p, f16_of(a), 2); }
static inline void v_narrow_f16_first(uint16_t *p, vd a, size_t count) {
  store_cells(p, f16_of(a), count);
}
static inline vf f_load_f16(const uint16_t *p) { return floats_of_f16(vld1_u16(p)); }
static inline vf f_load_f16_first(const uint16_t *p, size_t count, vf rest) {
  return first_floats(count, floats_of_f16(four_cells(p, count)), rest);
}

/* bfloat16: the upper half of a float32, 8 significant bits; the same two roundings. */
static inline uint16x4_t bf16_of(vd a) {
  uint32x2_t odd = vreinterpret_u32_f32(vcvtx_f32_f64(a));
  uint32x2_t even = vand_u32(vshr_n_u32(odd, 16), vdup_n_u32(1));
  uint32x2_t up = vadd_u32(odd, vadd_u32(even, vdup_n_u32(0x7fff)));
  return vshrn_n_u32(vcombine_u32(up, up), 16);
}
static inline vf floats_of_bf16(uint16x4_t cells) {
  return vreinterpretq_f32_u32(vshll_n_u16(cells, 16));
}
static inline vd v_widen_bf16(const uint16_t *p) {
  return vcvt_f64_f32(vget_low_f32(floats_of_bf16(two_cells(p, 2))));
}
static inline vd v_widen_bf16_first(const uint16_t *p, size_t count) {
  return vcvt_f64_f32(vget_low_f32(floats_of_bf16(two_cells(p, count))));
}
static inline void v_narrow_bf16(uint16_t *p, vd a) { store_cells(p, bf16_of(a), 2); }
static inline void v_narrow_bf16_first(uint16_t *p, vd a, size_t count) {
  store_cells(p, bf16_of(a), count);
}
static inline vf f_load_bf16(const uint16_t *p) { return floats_of_bf16(vld1_u16(p)); }
static inline vf f_load_bf16_first(const uint16_t *p, size_t count, vf rest) {
  return first_floats(count, floats_of_bf16(four_cells(p, count)), rest);
}

#endif
