/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigma and its slope, lane by lane, against the scalar reference for every
 * finite 16-bit cell and each of the 18 learned layers. LANES names the
 * instruction set's header, CELLS that of the storage, STORAGE its name.
 */
#include LANES
#include CELLS
#include "ref/modulator.h"
#include "simd/rows_gradient.h"
#include "support.h"

enum { CELLS_IN_ALL = 65536 };

/* exhaustive_scalar.c: compiled as src/ref is, without vector instructions. */
void scalar_batch(const mmax_params *p, const float *x, double *s, double *d, size_t n);

int main(void) {
  static cell x[CELLS_IN_ALL];
  static float wide[CELLS_IN_ALL];
  static double want[2][CELLS_IN_ALL], got[2][CELLS_IN_ALL];
  if (mmax_kernels_for(V_LANES == 8 ? MMAX_BACKEND_AVX512 : V_LANES == 4 ? MMAX_BACKEND_AVX2 : MMAX_BACKEND_NEON,
                       STORAGE) == NULL) {
    printf("SKIP exhaustive_cells: this processor has not got %s\n", LANES);
    return 77;
  }
  mmax_params layers[LEARNED_LAYERS];
  learned_layers(layers);
  int finite = 0;
  for (int i = 0; i < CELLS_IN_ALL; i++) {
    x[i] = (cell)i;
    wide[i] = mmax_widen16(STORAGE, (uint16_t)i);
    finite += mmax_classify(wide[i]) == MMAX_FINITE;
  }
  CHECK(finite == (STORAGE == MMAX_FLOAT16 ? 2 * 0x7c00 : 2 * 0x7f80));
  for (int l = 0; l < LEARNED_LAYERS; l++) {
    const modulator m = modulator_of(&layers[l]);
    const unsigned shape = V_LINEAR | V_QUADRATIC;
    scalar_batch(&layers[l], wide, want[0], want[1], CELLS_IN_ALL);
    for (int i = 0; i < CELLS_IN_ALL; i += V_LANES) {
      vd v = cell_widen(x + i);
      v_store(got[0] + i, modulate(&m, shape, v));
      v_store(got[1] + i, factors_of(&m, shape, v_set(1.0), v).h);
    }
    for (int i = 0; i < CELLS_IN_ALL; i++) {
      if (mmax_classify(wide[i]) != MMAX_FINITE) continue;
      CHECK(mmax_bits(want[0][i]) == mmax_bits(got[0][i]));
      CHECK(mmax_bits(want[1][i]) == mmax_bits(got[1][i]));
    }
  }
  return verdict("exhaustive_cells " LANES " " CELLS);
}
