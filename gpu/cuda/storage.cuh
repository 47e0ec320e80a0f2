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
  /* Devices before sm_90 have no such conversion: 1.5 * 2^45 times v's power of two, at least the smallest
     normal's, makes an ulp of the sum one of bfloat16. The float32 is then exact, or infinite. */
  __device__ static unsigned round(double v) {
    unsigned high = (unsigned)(bits(v) >> 32), least = (1023 - 126) << 20, most = (1023 + 129) << 20;
    unsigned power = min(max(high & 0x7ff00000u, least), most);
    double big = __hiloint2double((int)(power + (45 << 20) + 0x80000), 0);
    float rounded = __double2float_rn(sub(add(v, big), big));
    return (__float_as_uint(rounded) | (high & 0x80000000u)) >> 16; /* the sum loses the sign of a zero */
  }
};

} // namespace mmax

#endif
