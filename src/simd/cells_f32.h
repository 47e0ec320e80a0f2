/* SPDX-License-Identifier: Apache-2.0 */
/* Matrices of float32: what the row kernels load, store and fill. Included after the lanes. */
#ifndef MMAX_SIMD_CELLS_H
#define MMAX_SIMD_CELLS_H

typedef float cell;

static inline vd cell_widen(const cell *p) { return v_widen(p); }
static inline vd cell_widen_first(const cell *p, size_t count) { return v_widen_first(p, count); }
static inline void cell_narrow(cell *p, vd a) { v_narrow(p, a); }
static inline void cell_stream(cell *p, vd a) { v_stream(p, a); }
static inline void cell_narrow_first(cell *p, vd a, size_t count) { v_narrow_first(p, a, count); }
static inline vf cell_load(const cell *p) { return f_load(p); }
static inline vf cell_load_first(const cell *p, size_t count, vf rest) {
  return f_load_first(p, count, rest);
}
static inline float cell_value(cell a) { return a; }
static inline cell cell_of(float a) { return a; }

#endif
