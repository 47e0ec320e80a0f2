/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every lane operation of src/simd/lanes_*.h means, one lane at a time:
 * v_NAME applies model_NAME to each lane, q_NAME model_q_NAME, f_NAME
 * model_f_NAME. Executable: tests/unit_lanes.c compares each instruction set
 * with it, tests/unit_lanes_model.sh sees that none is missing. Round to
 * nearest, no flush to zero, unless said. Results that are NaN agree as a class;
 * selections agree in every bit. `lane` is the lane asked for, p[lane] its entry.
 */
#ifndef SPECS_LANES_MODEL_H
#define SPECS_LANES_MODEL_H

#include <fenv.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t as_bits(double a) {
  uint64_t b;
  memcpy(&b, &a, sizeof b);
  return b;
}
static inline double as_double(uint64_t b) {
  double a;
  memcpy(&a, &b, sizeof a);
  return a;
}
static inline uint32_t as_bits32(float a) {
  uint32_t b;
  memcpy(&b, &a, sizeof b);
  return b;
}
static inline float as_float(uint32_t b) {
  float a;
  memcpy(&a, &b, sizeof a);
  return a;
}

/* arithmetic: one rounding each */
static inline double model_set(double a) { return a; }
static inline double model_add(double a, double b) { return a + b; }
static inline double model_sub(double a, double b) { return a - b; }
static inline double model_mul(double a, double b) { return a * b; }
static inline double model_div(double a, double b) { return a / b; }
static inline double model_fma(double a, double b, double c) { return fma(a, b, c); }
static inline double model_fnma(double a, double b, double c) { return fma(-a, b, c); }

/* between enter and leave every rounding is down; only v_fma_down and v_add_down_where may stand there */
static inline void model_down_enter(void) { fesetround(FE_DOWNWARD); }
static inline void model_down_leave(void) { fesetround(FE_TONEAREST); }
static inline double model_fma_down(double a, double b, double c) {
  volatile double x = a, y = b, z = c;
  model_down_enter();
  volatile double r = fma(x, y, z);
  model_down_leave();
  return r;
}
static inline double model_add_down_where(int m, double a, double acc) { /* acc > 0 */
  return m ? model_fma_down(a, 1.0, acc) : acc;
}
static inline double model_pin(double a) { return a; }

/* selection: no rounding; the second operand where the comparison is false, as with NaN */
static inline double model_max(double a, double b) { return a > b ? a : b; }
static inline double model_min(double a, double b) { return a < b ? a : b; }
static inline double model_abs(double a) { return as_double(as_bits(a) & ~((uint64_t)1 << 63)); }
static inline int model_gt(double a, double b) { return a > b; }
static inline int model_ge(double a, double b) { return a >= b; }
static inline double model_keep(int m, double a) { return m ? a : 0.0; }
static inline double model_select(int m, double a, double b) { return m ? a : b; }
static inline int model_and(int a, int b) { return a && b; }
static inline int model_first(size_t count, size_t lane) { return lane < count; }
static inline int model_zero_bytes(const uint8_t *p, size_t lane) { return p[lane] == 0; }
static inline unsigned model_bits(const int *m, int lanes) { /* lane k in bit k */
  unsigned b = 0;
  for (int k = 0; k < lanes; k++) b |= (unsigned)(m[k] != 0) << k;
  return b;
}

/* p * 2^k where kept, k = s - 1.5 * 2^52; p and the product normal */
static inline double model_ldexp(int keep, double p, double s, double k) {
  (void)s;
  return keep ? ldexp(p, (int)k) : 0.0;
}

/* memory: no entry at or beyond `count` is touched; lanes beyond it are 0, or those of `rest` */
static inline double model_load(const double *p, size_t lane) { return p[lane]; }
static inline void model_store(double *p, double a, size_t lane) { p[lane] = a; }
static inline double model_widen(const float *p, size_t lane) { return (double)p[lane]; }
static inline double model_widen_first(const float *p, size_t count, size_t lane) {
  return lane < count ? model_widen(p, lane) : 0.0;
}
static inline void model_narrow(float *p, double a, size_t lane) { p[lane] = (float)a; }
static inline void model_stream(float *p, double a, size_t lane) { p[lane] = (float)a; }
static inline void model_lanes_streamed(void) {} /* other threads see the entries streamed before it */
static inline void model_narrow_first(float *p, double a, size_t count, size_t lane) {
  if (lane < count) model_narrow(p, a, lane);
}

/* 64-bit integers, modulo 2^64 */
static inline uint64_t model_q_zero(void) { return 0; }
static inline uint64_t model_q_set(uint64_t a) { return a; }
static inline uint64_t model_q_add(uint64_t a, uint64_t b) { return a + b; }
static inline uint64_t model_q_sub(uint64_t a, uint64_t b) { return a - b; }
static inline uint64_t model_q_count(uint64_t q, double a) { return q + as_bits(a); }
static inline double model_q_double(uint64_t a) { return (double)a; }
static inline void model_q_store(uint64_t *p, uint64_t a, size_t lane) { p[lane] = a; }

/* across lanes: lane r of the result from all lanes of row r, a its first */
static inline double model_max_rows(const double *a, int lanes) { /* no NaN */
  double m = a[0];
  for (int k = 1; k < lanes; k++) m = model_max(a[k], m);
  return m;
}
static inline uint64_t model_q_sum_rows(const uint64_t *a, int lanes) {
  uint64_t s = 0;
  for (int k = 0; k < lanes; k++) s += a[k];
  return s;
}

/* floats, two vectors of doubles at a time */
static inline float model_f_zero(void) { return 0.0f; }
static inline float model_f_set(float a) { return a; }
static inline float model_f_load(const float *p, size_t lane) { return p[lane]; }
static inline float model_f_load_first(const float *p, size_t count, float rest, size_t lane) {
  return lane < count ? p[lane] : rest;
}
static inline float model_f_max(float a, float b) { return a > b ? a : b; }
static inline float model_f_min(float a, float b) { return a < b ? a : b; }
static inline float model_f_abs(float a) { return as_float(as_bits32(a) & 0x7fffffffu); }
static inline double model_f_max_halves(const float *a, size_t lane, size_t lanes) {
  return model_max((double)a[lane], (double)a[lane + lanes]);
}
static inline double model_f_min_halves(const float *a, size_t lane, size_t lanes) {
  return model_min((double)a[lane], (double)a[lane + lanes]);
}
static inline float model_f_probe(float acc, float a) { return fmaf(a, 0.0f, acc); } /* acc: 0 or NaN */
static inline int model_f_is_zero(const float *a, size_t floats) { /* all are zeros or NaN */
  for (size_t k = 0; k < floats; k++)
    if (a[k] != a[k]) return 0;
  return 1;
}

/* 16-bit formats of IEEE-754 shape with `digits` significant bits. Widening is exact; narrowing
   rounds once to nearest even, beyond the largest finite value to infinity; it is not given NaN. */
static inline double cell_value(uint16_t cell, int digits) {
  int width = digits - 1, bias = (1 << (14 - width)) - 1;
  int mantissa = cell & ((1 << width) - 1), exponent = (cell & 0x7fff) >> width;
  double sign = cell & 0x8000 ? -1.0 : 1.0;
  if (exponent == 2 * bias + 1) return mantissa != 0 ? (double)NAN : sign * (double)INFINITY;
  if (exponent == 0) return sign * ldexp(mantissa, 1 - bias - width);
  return sign * ldexp((1 << width) + mantissa, exponent - bias - width);
}
static inline uint16_t cell_nearest(double a, int digits) {
  int width = digits - 1, bias = (1 << (14 - width)) - 1, infinity = (2 * bias + 1) << width;
  int sign = signbit(a) ? 0x8000 : 0, exponent;
  if (a == 0.0) return (uint16_t)sign;
  if (isinf(a)) return (uint16_t)(sign | infinity);
  frexp(a, &exponent); /* |a| < 2^exponent <= 2|a| */
  int unit = exponent - digits < 1 - bias - width ? 1 - bias - width : exponent - digits;
  double units = rint(ldexp(fabs(a), -unit)); /* <= 2^digits */
  if (unit > bias - width) return (uint16_t)(sign | infinity);
  int cell = ((unit + width + bias - 1) << width) + (int)units; /* a carry moves the exponent on */
  return (uint16_t)(sign | (cell < infinity ? cell : infinity));
}
static inline double model_widen_f16(const uint16_t *p, size_t lane) { return cell_value(p[lane], 11); }
static inline double model_widen_f16_first(const uint16_t *p, size_t count, size_t lane) {
  return lane < count ? model_widen_f16(p, lane) : 0.0;
}
static inline void model_narrow_f16(uint16_t *p, double a, size_t lane) { p[lane] = cell_nearest(a, 11); }
static inline void model_narrow_f16_first(uint16_t *p, double a, size_t count, size_t lane) {
  if (lane < count) model_narrow_f16(p, a, lane);
}
static inline float model_f_load_f16(const uint16_t *p, size_t lane) { return (float)cell_value(p[lane], 11); }
static inline float model_f_load_f16_first(const uint16_t *p, size_t count, float rest, size_t lane) {
  return lane < count ? model_f_load_f16(p, lane) : rest;
}
static inline double model_widen_bf16(const uint16_t *p, size_t lane) { return cell_value(p[lane], 8); }
static inline double model_widen_bf16_first(const uint16_t *p, size_t count, size_t lane) {
  return lane < count ? model_widen_bf16(p, lane) : 0.0;
}
static inline void model_narrow_bf16(uint16_t *p, double a, size_t lane) { p[lane] = cell_nearest(a, 8); }
static inline void model_narrow_bf16_first(uint16_t *p, double a, size_t count, size_t lane) {
  if (lane < count) model_narrow_bf16(p, a, lane);
}
static inline float model_f_load_bf16(const uint16_t *p, size_t lane) { return (float)cell_value(p[lane], 8); }
static inline float model_f_load_bf16_first(const uint16_t *p, size_t count, float rest, size_t lane) {
  return lane < count ? model_f_load_bf16(p, lane) : rest;
}

#endif
