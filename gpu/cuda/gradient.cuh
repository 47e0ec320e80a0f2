/* SPDX-License-Identifier: Apache-2.0 */
/* Order-free gradient sums of a row on round-down grids. Twin of src/ref/gradient.c. */
#ifndef MMAX_GPU_GRADIENT_CUH
#define MMAX_GPU_GRADIENT_CUH

#include "row.cuh"

namespace mmax {

/* Parameter sums of a row, or of a part of one, in the workspace: sum[j] * 2^unit[j]. */
struct row_moments {
  int64_t sum[MMAX_NPARAMS];
  int32_t unit[MMAX_NPARAMS];
};

struct grid {
  double big; /* 6 * 2^E */
  __device__ int unit() const { return (int)(bits(big) >> 52) - 1023 - 2 - 50; } /* E - 50 */
};

__device__ inline grid grid_for(double bound) {
  return grid{mul(6.0, pow2(exponent_above(larger(0x1p-207, bound))))};
}

/* Queues the addition of the sums to the accumulator (accumulate.cu). */
mmax_status accumulate(const row_moments *sums, size_t count, const mmax_params *params,
                       mmax_accumulator *acc, void *stream);

/* Smallest and largest y, largest |x| over the entries that carry weight. */
struct extent {
  double lo, hi, largest;
  __device__ static extent none() {
    return extent{(double)-minus_inf(), (double)minus_inf(), 0.0};
  }
};
__device__ inline extent merge(extent a, extent b) {
  return extent{smaller(a.lo, b.lo), larger(a.hi, b.hi), larger(a.largest, b.largest)};
}
__device__ inline extent shuffled(extent v, int d) {
  return extent{shuffled(v.lo, d), shuffled(v.hi, d), shuffled(v.largest, d)};
}
__device__ inline extent extent_add(extent e, bool carries, double x, double y) {
  return extent{select(carries, smaller(e.lo, y), e.lo), select(carries, larger(e.hi, y), e.hi),
                select(carries, larger(e.largest, magnitude(x)), e.largest)};
}

struct moments {
  grid of[MMAX_NPARAMS];
  int64_t sum[MMAX_NPARAMS];
};

__device__ inline moments moments_start(const mmax_params &p, extent e, double g_bound) {
  double r1 = relu(sub(p.knot[0], e.lo)), r2 = relu(sub(e.hi, p.knot[1]));
  double r3 = relu(sub(p.knot[2], e.lo)), r4 = relu(sub(e.hi, p.knot[3]));
  double d = add(add(1.0, magnitude(p.coef[0])), magnitude(p.coef[1]));
  d = add(d, mul(mul(2.0, magnitude(p.coef[2])), r3));
  d = add(d, mul(mul(2.0, magnitude(p.coef[3])), r4));
  double g = mul(2.0, g_bound);
  moments m = {{grid_for(mul(g, r1)), grid_for(mul(g, r2)), grid_for(mul(mul(g, r3), r3)),
                grid_for(mul(mul(g, r4), r4)), grid_for(g), grid_for(g), grid_for(mul(g, r3)),
                grid_for(mul(g, r4)), grid_for(mul(mul(g, d), e.largest)), grid_for(mul(g, d))},
               {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}};
  return m;
}

/* Adds one entry if it is unmasked; returns h. */
__device__ inline double moments_add(moments &m, const mmax_params &p, entry e, double g) {
  hinges r = hinges_at(p, affine(p, e.x));
  const int64_t none = 0;
  double h = mul(g, slope(p, r)), g3 = mul(g, r.low2), g4 = mul(g, r.high2);
  const int64_t step[MMAX_NPARAMS] = {floor_step(g, r.low1, m.of[0].big),
                                      floor_step(g, r.high1, m.of[1].big),
                                      floor_step(g3, r.low2, m.of[2].big),
                                      floor_step(g4, r.high2, m.of[3].big),
                                      select(positive(r.low1), floor_step(g, 1.0, m.of[4].big), none),
                                      select(positive(r.high1), floor_step(g, 1.0, m.of[5].big), none),
                                      floor_step(g3, 1.0, m.of[6].big),
                                      floor_step(g4, 1.0, m.of[7].big),
                                      floor_step(h, (double)e.x, m.of[8].big),
                                      floor_step(h, 1.0, m.of[9].big)};
#pragma unroll
  for (int j = 0; j < MMAX_NPARAMS; j++) m.sum[j] += select(e.unmasked, step[j], none);
  return h;
}

/* The sums to the workspace; zero sums for a row that adds nothing. */
template <class G>
__device__ inline void moments_store(G g, const moments &m, bool adds, row_moments *out) {
#pragma unroll
  for (int j = 0; j < MMAX_NPARAMS; j++) {
    int64_t sum = g.reduce(sum64{m.sum[j]}).value;
    if (g.rank() == 0) {
      out->sum[j] = select(adds, sum, (int64_t)0);
      out->unit[j] = select(adds, m.of[j].unit(), -256);
    }
  }
}

} // namespace mmax

#endif
