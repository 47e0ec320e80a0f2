/* SPDX-License-Identifier: Apache-2.0 */
/* Counts of special rows, in device memory. */
#ifndef MMAX_GPU_REPORT_CUH
#define MMAX_GPU_REPORT_CUH

#include "row.cuh"

namespace mmax {

/* Adds 1 where `when`. One guarded instruction at an address that the launch fixes: no branch depends on data. */
__device__ inline void count_if(bool when, void *counter) {
  asm volatile("{ .reg .pred p; setp.ne.u32 p, %0, 0; @p red.global.add.u64 [%1], 1; }" ::"r"(
                   (unsigned)when),
               "l"(__cvta_generic_to_global(counter))
               : "memory");
}
__device__ inline void least_if(bool when, void *least, int64_t row) {
  asm volatile("{ .reg .pred p; setp.ne.u32 p, %0, 0; @p red.global.min.u64 [%1], %2; }" ::"r"(
                   (unsigned)when),
               "l"(__cvta_generic_to_global(least)), "l"(row)
               : "memory");
}

/* Counts special rows; the first of each kind by an integer minimum. */
__device__ inline void report_row(const batch &b, int64_t r, mmax_status state) {
  if (b.report == nullptr) return;
  count_if(state == MMAX_ROW_MASKED, &b.report->masked_rows);
  least_if(state == MMAX_ROW_MASKED, &b.report->first_masked, r);
  count_if(state == MMAX_ROW_NONFINITE, &b.report->nonfinite_rows);
  least_if(state == MMAX_ROW_NONFINITE, &b.report->first_nonfinite, r);
}

__device__ inline void report_target(const batch &b, int64_t r, bool ignored, bool bad) {
  if (b.report == nullptr) return;
  count_if(ignored, &b.report->ignored_rows);
  count_if(bad, &b.report->bad_targets);
  least_if(bad, &b.report->first_bad_target, r);
}

/* Counts a row of the accumulator, which may be NULL. */
__device__ inline void count_row(mmax_accumulator *acc, mmax_status state) {
  if (acc == nullptr) return;
  count_if(state == MMAX_OK, &acc->rows);
  count_if(state == MMAX_ROW_NONFINITE, &acc->nonfinite_rows);
}

} // namespace mmax

#endif
