/* SPDX-License-Identifier: Apache-2.0 */
/* mmax_moments_start with all that the loops over a row need of it, in a file of its own: among more lemmas it takes long to prove. */
#ifndef MMAX_REF_SUMS_START_H
#define MMAX_REF_SUMS_START_H

#include "gradient.h"
#include "kernels_ref.h"

#ifdef __FRAMAC__
#include "pull_start.acsl"
#include "weighed.acsl"
#include "entry.acsl"
#include "written.acsl"
#include "params_kept.acsl"
#include "received.acsl"
#endif

/* The ten sums and grids, each as a row begins them, as one: in a function of its own the memory is a plain one. */
/*@ ghost
  /@ requires  read:    \valid_read(moments) && \valid_read(params);
     requires  none0:   moments->sum[0] == 0 && -256 <= moments->grid[0].unit <= 639 &&
                          moments->grid[0].big == 6.0*p2(moments->grid[0].unit + 50);
     requires  none1:   moments->sum[1] == 0 && -256 <= moments->grid[1].unit <= 639 &&
                          moments->grid[1].big == 6.0*p2(moments->grid[1].unit + 50);
     requires  none2:   moments->sum[2] == 0 && -256 <= moments->grid[2].unit <= 639 &&
                          moments->grid[2].big == 6.0*p2(moments->grid[2].unit + 50);
     requires  none3:   moments->sum[3] == 0 && -256 <= moments->grid[3].unit <= 639 &&
                          moments->grid[3].big == 6.0*p2(moments->grid[3].unit + 50);
     requires  none4:   moments->sum[4] == 0 && -256 <= moments->grid[4].unit <= 639 &&
                          moments->grid[4].big == 6.0*p2(moments->grid[4].unit + 50);
     requires  none5:   moments->sum[5] == 0 && -256 <= moments->grid[5].unit <= 639 &&
                          moments->grid[5].big == 6.0*p2(moments->grid[5].unit + 50);
     requires  none6:   moments->sum[6] == 0 && -256 <= moments->grid[6].unit <= 639 &&
                          moments->grid[6].big == 6.0*p2(moments->grid[6].unit + 50);
     requires  none7:   moments->sum[7] == 0 && -256 <= moments->grid[7].unit <= 639 &&
                          moments->grid[7].big == 6.0*p2(moments->grid[7].unit + 50);
     requires  none8:   moments->sum[8] == 0 && -256 <= moments->grid[8].unit <= 639 &&
                          moments->grid[8].big == 6.0*p2(moments->grid[8].unit + 50);
     requires  none9:   moments->sum[9] == 0 && -256 <= moments->grid[9].unit <= 639 &&
                          moments->grid[9].big == 6.0*p2(moments->grid[9].unit + 50);
     requires  grids:   all_over(moments, params, product(2.0, g_max), lo, hi, largest);
     terminates \true;
     exits     \false;
     assigns   \nothing;
     ensures   units:   all_units(moments);
     ensures   zero:    all_zero(moments);
     ensures   made:    all_made{Here,Here}(moments, params, product(2.0, g_max), lo, hi, largest);
  @/
  static inline void gather_sums(const mmax_moments *moments, const mmax_params *params, double g_max, double lo, double hi, double largest) {
    /@ assert hint_made0: made(moments, 0, moment_bound(params, 0, product(2.0, g_max), lo, hi, largest)); @/
    /@ assert hint_made1: made(moments, 1, moment_bound(params, 1, product(2.0, g_max), lo, hi, largest)); @/
    /@ assert hint_made2: made(moments, 2, moment_bound(params, 2, product(2.0, g_max), lo, hi, largest)); @/
    /@ assert hint_made3: made(moments, 3, moment_bound(params, 3, product(2.0, g_max), lo, hi, largest)); @/
    /@ assert hint_made4: made(moments, 4, moment_bound(params, 4, product(2.0, g_max), lo, hi, largest)); @/
    /@ assert hint_made5: made(moments, 5, moment_bound(params, 5, product(2.0, g_max), lo, hi, largest)); @/
    /@ assert hint_made6: made(moments, 6, moment_bound(params, 6, product(2.0, g_max), lo, hi, largest)); @/
    /@ assert hint_made7: made(moments, 7, moment_bound(params, 7, product(2.0, g_max), lo, hi, largest)); @/
    /@ assert hint_made8: made(moments, 8, moment_bound(params, 8, product(2.0, g_max), lo, hi, largest)); @/
    /@ assert hint_made9: made(moments, 9, moment_bound(params, 9, product(2.0, g_max), lo, hi, largest)); @/
    /@ assert hint_none0: none_at(moments, 0); @/
    /@ assert hint_none1: none_at(moments, 1); @/
    /@ assert hint_none2: none_at(moments, 2); @/
    /@ assert hint_none3: none_at(moments, 3); @/
    /@ assert hint_none4: none_at(moments, 4); @/
    /@ assert hint_none5: none_at(moments, 5); @/
    /@ assert hint_none6: none_at(moments, 6); @/
    /@ assert hint_none7: none_at(moments, 7); @/
    /@ assert hint_none8: none_at(moments, 8); @/
    /@ assert hint_none9: none_at(moments, 9); @/
    /@ assert hint_none: none_each(moments); @/
    ;
  }
*/

/* Begins the sums of gradients at sigma that add up to at most 2*g_max. */
/*@ requires  valid:   \valid(moments) && \separated(moments, params) && \valid_read(params) && valid_params(params);
    requires  extent:  extent_fine(extent.lo, extent.hi, extent.largest) && fin(g_max) && 0.0 <= g_max <= 3.4028235e38;
    terminates \true;
    exits     \false;
    assigns   *moments;
    ensures   tops:    tops_fine(params, extent.lo, extent.hi);
    ensures   grids:   all_over(moments, params, product(2.0, g_max), extent.lo, extent.hi, extent.largest);
    ensures   start:   all_counted(moments, 0.0, 0);
    ensures   units:   all_units(moments);
    ensures   zero:    all_zero(moments);
    ensures   made:    all_made{Here,Here}(moments, params, product(2.0, g_max), extent.lo, extent.hi, extent.largest);
*/
static inline void mmax_sums_start(mmax_moments *moments, const mmax_params *params,
                                   mmax_extent extent, double g_max) {
  mmax_moments_start(moments, params, extent, g_max);
  /*@ assert hint_high_sums: counted_high(moments, 0.0, 0); */
  /*@ assert hint_last_sums: counted_last(moments, 0.0, 0); */
  /*@ assert hint_unit0: -256 <= moments->grid[0].unit <= 639; */
  /*@ assert hint_unit1: -256 <= moments->grid[1].unit <= 639; */
  /*@ assert hint_unit2: -256 <= moments->grid[2].unit <= 639; */
  /*@ assert hint_unit3: -256 <= moments->grid[3].unit <= 639; */
  /*@ ghost gather_sums(moments, params, g_max, extent.lo, extent.hi, extent.largest); */
}

#endif
