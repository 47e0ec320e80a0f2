/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device twin of src/ref, line by line, in explicitly rounded operations: the
 * compiler has no freedom to fuse, reorder or flush. Names are those of the
 * reference without the prefix. Branches are selects over values computed on both
 * sides, so that what a thread executes and addresses depends on shapes alone.
 */
#ifndef MMAX_GPU_ELEMENT_CUH
#define MMAX_GPU_ELEMENT_CUH

#include <stdint.h>

#include "multimax.h"

namespace mmax {

__device__ inline double add(double a, double b) { return __dadd_rn(a, b); }
__device__ inline double sub(double a, double b) { return __dsub_rn(a, b); }
__device__ inline double mul(double a, double b) { return __dmul_rn(a, b); }
__device__ inline double fma_rn(double a, double b, double c) { return __fma_rn(a, b, c); }
__device__ inline int64_t bits(double v) { return __double_as_longlong(v); }

/* Both values are computed: a `?:` over calls would be compiled to a branch. */
template <class T> __device__ inline T select(bool which, T yes, T no) { return which ? yes : no; }

__device__ inline double pow2(int k) { return __longlong_as_double((int64_t)(k + 1023) << 52); }
__device__ inline int exponent_above(double v) { return (int)(bits(v) >> 52) - 1022; }
__device__ inline int64_t quantise(double v, double big) { return bits(add(v, big)) - bits(big); }

/* floor(a*b / grid): one fma in round-down mode stays in big's binade. */
__device__ inline int64_t floor_step(double a, double b, double big) {
  return bits(__fma_rd(a, b, big)) - bits(big);
}

__device__ inline bool is_finite(float v) {
  return (__float_as_uint(v) & 0x7f800000u) != 0x7f800000u;
}
__device__ inline bool is_minus_inf(float v) { return __float_as_uint(v) == 0xff800000u; }
__device__ inline float minus_inf() { return __uint_as_float(0xff800000u); }

struct hinges {
  double low1, high1, low2, high2;
};

/* u > 0 ? u : 0 in integer operations: those on float64 are the scarce ones. */
__device__ inline double relu(double u) {
  return __longlong_as_double(bits(u) & ~(bits(u) >> 63));
}
__device__ inline double magnitude(double v) {
  return __longlong_as_double(bits(v) & 0x7fffffffffffffff);
}
__device__ inline bool positive(double relu) { return bits(relu) != 0; }

__device__ inline double affine(const mmax_params &p, float x) {
  return fma_rn(p.scale, (double)x, p.shift);
}

__device__ inline hinges hinges_at(const mmax_params &p, double y) {
  return hinges{relu(sub(p.knot[0], y)), relu(sub(y, p.knot[1])), relu(sub(p.knot[2], y)),
                relu(sub(y, p.knot[3]))};
}

__device__ inline double modulate(const mmax_params &p, double y) {
  hinges h = hinges_at(p, y);
  double s = fma_rn(p.coef[0], h.low1, y);
  s = fma_rn(p.coef[1], h.high1, s);
  s = fma_rn(mul(p.coef[2], h.low2), h.low2, s);
  s = fma_rn(mul(p.coef[3], h.high2), h.high2, s);
  return s;
}

__device__ inline double slope(const mmax_params &p, hinges h) {
  double d = 1.0;
  d = select(positive(h.low1), sub(d, p.coef[0]), d);
  d = select(positive(h.high1), add(d, p.coef[1]), d);
  d = fma_rn(mul(-2.0, p.coef[2]), h.low2, d);
  d = fma_rn(mul(2.0, p.coef[3]), h.high2, d);
  return d;
}

__device__ inline double modulated(const mmax_params &p, float x) {
  return modulate(p, affine(p, x));
}

__device__ inline double exp_nonpositive(double z) {
  double s = fma_rn(z, 0x1.71547652b82fep0, 0x1.8p52);
  double k = sub(s, 0x1.8p52);
  double r = fma_rn(k, -0x1.62e42fefa39efp-1, z);
  double p = fma_rn(r, 0x1.9f08a4a7663cfp-13, 0x1.6d8cf47c17972p-10);
  p = fma_rn(r, p, 0x1.1112708f7a988p-7);
  p = fma_rn(r, p, 0x1.55548dd80b105p-5);
  p = fma_rn(r, p, 0x1.55555443653a9p-3);
  p = fma_rn(r, p, 0x1.0000003a1b0ep-1);
  p = fma_rn(r, p, 1.0);
  p = fma_rn(r, p, 1.0);
  /* the low bits of s hold k; below the clamp they are anything and unused */
  double power = __longlong_as_double((bits(s) + 1023) << 52);
  /* z < -110, as integers: z is negative or zero; a NaN comes from rows that are special anyway */
  bool below = (uint64_t)bits(z) > (uint64_t)bits(-110.0);
  return select(below, 0.0, mul(p, power));
}

__device__ inline double log1p_nonnegative(double t) {
  double d = add(1.0, t), k = 0.0;
  for (int i = 0; i < 33; i++) { /* 1 + t < 2^32: as often as the reference's loop at most */
    bool above = d > 0x1.6ap0;
    d = select(above, mul(d, 0.5), d);
    k = select(above, add(k, 1.0), k);
  }
  bool near_one = !(t > 0x1.a8p-2);
  double f = select(near_one, t, sub(d, 1.0));
  k = select(near_one, 0.0, k);
  double w = __ddiv_rn(f, add(2.0, f));
  double w2 = mul(w, w);
  double h = fma_rn(w2, 1.0 / 17.0, 1.0 / 15.0);
  h = fma_rn(w2, h, 1.0 / 13.0);
  h = fma_rn(w2, h, 1.0 / 11.0);
  h = fma_rn(w2, h, 1.0 / 9.0);
  h = fma_rn(w2, h, 1.0 / 7.0);
  h = fma_rn(w2, h, 1.0 / 5.0);
  h = fma_rn(w2, h, 1.0 / 3.0);
  double twice = mul(2.0, w);
  double small = fma_rn(mul(twice, w2), h, twice);
  return fma_rn(k, 0x1.62e42fefa39efp-1, small);
}

} // namespace mmax

#endif
