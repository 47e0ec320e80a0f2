/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a logit, probability or gradient is stored: widened exactly on loading, rounded once from float64 on storing,
 * to nearest even, with subnormals. Twin of src/ref/storage.h. Cells travel as the low bits of an unsigned.
 */
#ifndef MMAX_GPU_STORAGE_CUH
#define MMAX_GPU_STORAGE_CUH

#include "element.cuh"

namespace mmax {

struct float32 {
  typedef uint32_t cell;
  static const int width = 4; /* cells in 16 bytes */
  static const unsigned nan = 0x7fc00000u, minus_inf = 0xff800000u;
  __device__ static float widen(unsigned cell) { return __uint_as_float(cell); }
  __device__ static unsigned round(double v) { return __float_as_uint(__double2float_rn(v)); }
};

struct float16 {
  typedef uint16_t cell;
  static const int width = 8;
  static const unsigned nan = 0x7e00u, minus_inf = 0xfc00u;
  __device__ static float widen(unsigned cell) {
    float v;
    asm("cvt.f32.f16 %0, %1;" : "=f"(v) : "h"((uint16_t)cell));
    return v;
  }
  __device__ static unsigned round(double v) {
    uint16_t cell;
    asm("cvt.rn.f16.f64 %0, %1;" : "=h"(cell) : "d"(v));
    return cell;
  }
};

struct bfloat16 {
  typedef uint16_t cell;
  static const int width = 8;
  static const unsigned nan = 0x7fc0u, minus_inf = 0xff80u;
  __device__ static float widen(unsigned cell) { return __uint_as_float(cell << 16); }
  /* Devices before sm_90 have no such conversion. As in the reference: one sum with 2^45 times v's power of two, at
     least the smallest normal's, counts steps of bfloat16, and patterns go on from binade to binade. */
  __device__ static unsigned round(double v) {
    const unsigned least = (1023 - 126) << 20, beyond = (1023 + 128) << 20;
    unsigned high = (unsigned)__double2hiint(v), above = high & 0x7fffffffu;
    unsigned power = max(high & 0x7ff00000u, least);
    double big = __hiloint2double((int)(power + (45 << 20)), 0);
    double size = __hiloint2double((int)above, __double2loint(v)); /* in integers, on every compiler */
    unsigned steps = (unsigned)__double2loint(add(size, big));
    unsigned cell = select(above < beyond, ((power - least) >> 13) + steps, 0x7f80u);
    return cell | (high >> 16 & 0x8000u);
  }
};

} // namespace mmax

#endif
