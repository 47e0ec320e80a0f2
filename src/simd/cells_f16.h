/* SPDX-License-Identifier: Apache-2.0 */
/* Matrices of float16: what the row kernels load, store and fill. Included after the lanes. */
#ifndef MMAX_SIMD_CELLS_H
#define MMAX_SIMD_CELLS_H

#include "../ref/storage.h"

typedef uint16_t cell;

static inline vd cell_widen(const cell *p) { return v_widen_f16(p); }
static inline vd cell_widen_first(const cell *p, size_t count) { return v_widen_f16_first(p, count); }
static inline void cell_narrow(cell *p, vd a) { v_narrow_f16(p, a); }
static inline void cell_stream(cell *p, vd a) { cell_narrow(p, a); }
static inline void cell_narrow_first(cell *p, vd a, size_t count) { v_narrow_f16_first(p, a, count); }
static inline vf cell_load(const cell *p) { return f_load_f16(p); }
static inline vf cell_load_first(const cell *p, size_t count, vf rest) {
  return f_load_f16_first(p, count, rest);
}
static inline float cell_value(cell a) { return mmax_widen_bits(MMAX_FLOAT16, a); }
static inline cell cell_of(float a) { return mmax_narrow16(MMAX_FLOAT16, (double)a); }

#endif
