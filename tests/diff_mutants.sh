#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tests of the SIMD backends can fail: each defect below, put into a copy of
# the sources, is seen by the test named with it.  test | file | sed script | what
# TEST/TABLE: the table of kernels that is compiled again, else avx2.
set -u
case $(uname -m) in x86_64) ;; *) echo "SKIP diff_mutants: the mutants are made from the AVX2 backend"; exit 77 ;; esac
grep -q ' avx2 ' /proc/cpuinfo || { echo "SKIP diff_mutants: no AVX2"; exit 77; }
cc=${CC:-gcc} dir=build/tests/mutants seen=0 missed=0 lib=build/libmultimax.a
rm -rf $dir
flags="-std=c11 -O1 -ffp-contract=off -mavx2 -mfma -mf16c"
mkdir -p $dir
for test in forward log backward loss; do
  $cc $flags -Isrc -Itests -c tests/diff_$test.c -o $dir/$test.o || exit 1
done
while IFS='|' read -r test file script what; do
  table=avx2
  case $test in */*) table=${test#*/} test=${test%/*} ;; esac
  rm -rf $dir/src $dir/mutant.a
  cp -r src $dir/src || exit 1
  sed -i "$script" "$dir/src/simd/$file"
  if cmp -s "src/simd/$file" "$dir/src/simd/$file"; then
    echo "no such place: $what"; missed=$((missed + 1)); continue
  fi
  if [ "${test#lanes}" != "$test" ]; then
    $cc $flags -I$dir/src -Isrc -Itests -DLANES='"simd/lanes_avx2.h"' "tests/unit_$test.c" -lm -o $dir/test || exit 1
  elif [ "$test" = cells ]; then
    $cc $flags -I$dir/src -Isrc -Itests -DLANES='"simd/lanes_avx2.h"' -DCELLS='"simd/cells_f16.h"' -DSTORAGE=MMAX_FLOAT16 \
      tests/exhaustive_cells.c tests/exhaustive_scalar.c $lib -lm -pthread -o $dir/test || exit 1
  else
    cp $lib $dir/mutant.a && $cc $flags -c "$dir/src/simd/$table.c" -o "$dir/$table.o" &&
      ar r $dir/mutant.a "$dir/$table.o" &&
      $cc "$dir/$test.o" $dir/mutant.a -lm -pthread -o $dir/test || exit 1
  fi
  if $dir/test 1 25 >$dir/log 2>&1; then
    echo "not seen by $test: $what"; missed=$((missed + 1))
  elif ! tail -n 1 $dir/log | grep -q '^FAIL'; then
    echo "$test did not end with a verdict: $what"; missed=$((missed + 1))
  else
    seen=$((seen + 1))
  fi
done <<'MUTANTS'
lanes|lanes_avx2.h|s/_mm256_max_pd(a, b)/_mm256_max_pd(b, a)/|operands of a maximum swapped (no row can show it)
lanes|lanes_avx2.h|s/_mm256_fmadd_pd(a, b, c); }/_mm256_add_pd(_mm256_mul_pd(a, b), c); }/|multiply-add not fused
lanes|lanes_avx2.h|s/_CMP_GE_OQ/_CMP_GT_OQ/|>= became >
lanes|lanes_avx2.h|s/f_min(vf a, vf b) { return _mm256_min_ps(a, b)/f_min(vf a, vf b) { return _mm256_min_ps(b, a)/|operands of a minimum of floats swapped
lanes16|lanes_avx2.h|s/_mm256_or_si256(b, sticky)/b/|float16 rounded twice
lanes16|lanes_avx2.h|s/0x1.8p45/0x1.8p44/|bfloat16 with one bit too many
lanes16|lanes_avx2.h|s/0x1.8p45/0x1p45/|1.5 became 1 in the rounding of bfloat16
lanes16|lanes_avx2.h|s/v_set(0x1p-126))/v_set(0x1p-125))/|subnormal bfloat16 on a grid twice as coarse
lanes16|lanes_avx2.h|s/v_min(v_max(v_abs(a), v_set(0x1p-126)), v_set(0x1p200))/v_max(v_abs(a), v_set(0x1p-126))/|infinity becomes NaN
lanes16|lanes_avx2.h|s/  r = _mm256_or_pd(r, .*//|bfloat16 zero without its sign
lanes16|lanes_avx2.h|s/k < count; k++) p\[k\]/k + 1 < count; k++) p[k]/|last lane dropped in a partial 16-bit store
backward|lanes_avx2.h|s/return _mm256_fnmadd_pd(a, b, c)/return _mm256_sub_pd(c, _mm256_mul_pd(a, b))/|one multiply-add of exp not fused
forward|lanes_avx2.h|s/return _mm256_cvtps_pd(_mm_loadu_ps(p))/return _mm256_permute4x64_pd(_mm256_cvtps_pd(_mm_loadu_ps(p)), 0xd8)/|two lanes swapped on load
forward|lanes_avx2.h|s/p\[0\] . (uint32_t)p\[1\] << 8/p[0]/|one mask byte dropped
forward|rows_shape.h|s/u = tops_add(u, closed_step/u = tops_add(t, closed_step/|maximum misses vectors of a masked row
backward|rows_exp.h|s/0x1.0000003a1b0ep-1/0x1.0000003a1b0fp-1/|last bit of one coefficient (the exact parameter sums show it)
forward|rows_exp.h|s/big, 0, 1); }/2.0 * big, 0, 1); }/;s/weigh_as(s, n, max, 6.0, 0, 1)/weigh_as(s, n, max, 12.0, 0, 1)/|a grid twice as coarse
log|rows_log.h|s/if (r->second == r->max)/if (0)/|one of equal maxima counted twice
log|rows_shape.h|s/v_max(v_min(s, t.first), t.second)/v_max(s, t.second)/|second largest forgets the first
backward|lanes_avx2.h|s/down = 0x3f80/down = 0x1f80/|parameter sums rounded to nearest
backward|rows_gradient.h|s/if (closed) out = v_keep(live, out);//|masked gradients keep a sign
backward|rows_gradient.h|s/s == 0 ? sign : sign << s/s == 0 ? 0 : sign << s/|a negative sum loses its sign
backward|rows_gradient.h|s/finer > ROOM/finer > 200/|rows of unlike sizes summed at one grid
backward|rows_backward.h|s/out->lo\[r\] = -out->lo\[r\]/out->lo[r] = 0.0/|range of the row
loss|rows_loss.h|s/if (l->target_live \&\& t < x.lo) x.lo = t;//|range misses the target
loss|rows_loss.h|s/else if (weight == 1.0)/else if (0)/|p - 1 of the largest entry cancels
cells|rows_gradient.h|s/v_keep(v_gt(f.r1, zero), m->c1)/v_keep(v_ge(f.r1, zero), m->c1)/|slope beyond its knot
cells|cells_f16.h|s/v_widen_f16(p)/v_widen_bf16(p)/|cells of the other format
forward/avx2_f16|lanes_avx2.h|s/k < count; k++) p\[k\]/k + 1 < count; k++) p[k]/|last lane dropped in a partial 16-bit store
forward/avx2_bf16|lanes_avx2.h|s/0x1.8p45/0x1.8p46/|one operation of the rounding to bfloat16 changed
backward/avx2_bf16|lanes_avx2.h|s/  r = _mm256_or_pd(r, .*//|bfloat16 gradient of zero without its sign
log/avx2_f16|lanes_avx2.h|s/_mm256_or_si256(b, sticky)/b/|float16 rounded twice
log/avx2_bf16|lanes_avx2.h|s/v_min(v_max(v_abs(a), v_set(0x1p-126)), v_set(0x1p200))/v_max(v_abs(a), v_set(0x1p-126))/|log of a masked entry is NaN
forward/avx2_f16|cells_f16.h|s/mmax_narrow16(MMAX_FLOAT16/mmax_narrow16(MMAX_BFLOAT16/|NaN of the other format
backward/avx2_bf16|cells_bf16.h|s/first(p, count, rest)/first(p, count, f_zero())/|range of a short row takes in a zero
loss/avx2_bf16|rows_loss.h|s/r->mask == NULL .. r->mask\[i\] == 0/1/|loss of a masked target
MUTANTS
rm -rf $dir
[ $missed -eq 0 ] && [ $seen -gt 0 ] && { echo "PASS diff_mutants seen=$seen"; exit 0; }
echo "FAIL diff_mutants seen=$seen missed=$missed"
exit 1
