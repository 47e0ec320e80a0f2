/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every lane operation of src/simd/lanes_*.h means, one lane at a time:
 * v_NAME applies model_NAME to each lane. Executable: tests/unit_lanes.c
 * compares each instruction set with it. Round to nearest, no flush to zero,
 * unless said. Results that are NaN agree as a class; selections agree in every bit.
 */
#ifndef SPECS_LANES_MODEL_H
#define SPECS_LANES_MODEL_H

#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t model_bits(double a) {
  uint64_t b;
  memcpy(&b, &a, sizeof b);
  return b;
}
static inline double model_from(uint64_t b) {
  double a;
  memcpy(&a, &b, sizeof a);
  return a;
}

/* arithmetic: one rounding each */
static inline double model_add(double a, double b) { return a + b; }
static inline double model_sub(double a, double b) { return a - b; }
static inline double model_mul(double a, double b) { return a * b; }
static inline double model_div(double a, double b) { return a / b; }
static inline double model_fma(double a, double b, double c) { return fma(a, b, c); }
static inline double model_fnma(double a, double b, double c) { return fma(-a, b, c); }
static inline double model_widen(float a) { return (double)a; }
static inline float model_narrow(double a) { return (float)a; }

/* a*b + c rounded down; between v_down_enter and v_down_leave */
static inline double model_fma_down(double a, double b, double c) {
  volatile double x = a, y = b, z = c;
  fesetround(FE_DOWNWARD);
  volatile double r = fma(x, y, z);
  fesetround(FE_TONEAREST);
  return r;
}

/* selection: no rounding; the second operand where the comparison is false, as with NaN */
static inline double model_max(double a, double b) { return a > b ? a : b; }
static inline double model_min(double a, double b) { return a < b ? a : b; }
static inline double model_abs(double a) { return model_from(model_bits(a) & ~((uint64_t)1 << 63)); }
static inline int model_gt(double a, double b) { return a > b; }
static inline int model_ge(double a, double b) { return a >= b; }
static inline double model_keep(int m, double a) { return m ? a : 0.0; }
static inline double model_select(int m, double a, double b) { return m ? a : b; }
static inline int model_and(int a, int b) { return a && b; }
static inline int model_first(unsigned lane, unsigned count) { return lane < count; }
static inline int model_zero_bytes(uint8_t a) { return a == 0; }

/* p * 2^k where kept, k = s - 1.5 * 2^52; p and the product normal */
static inline double model_ldexp(int keep, double p, double s, double k) {
  (void)s;
  return keep ? ldexp(p, (int)k) : 0.0;
}

/* 64-bit integers, modulo 2^64 */
static inline uint64_t model_q_add(uint64_t a, uint64_t b) { return a + b; }
static inline uint64_t model_q_sub(uint64_t a, uint64_t b) { return a - b; }
static inline uint64_t model_q_count(uint64_t q, double a) { return q + model_bits(a); }
static inline double model_q_double(uint64_t a) { return (double)a; }

/* across lanes: lane r of the result from all lanes of row r */
static inline double model_max_row(const double *a, int lanes) { /* no NaN */
  double m = a[0];
  for (int k = 1; k < lanes; k++) m = model_max(a[k], m);
  return m;
}
static inline uint64_t model_q_sum_row(const uint64_t *a, int lanes) {
  uint64_t s = 0;
  for (int k = 0; k < lanes; k++) s += a[k];
  return s;
}

/* f_is_zero after f_probe of the floats */
static inline int model_all_finite(const float *a, int count) {
  for (int k = 0; k < count; k++)
    if (!isfinite(a[k])) return 0;
  return 1;
}

#endif
