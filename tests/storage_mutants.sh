#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tests of 16-bit storage can fail: each defect below, put into a copy of
# the sources, is seen by the test named with it.  test | file | sed script | what
set -u
cc=${CC:-gcc} dir=build/tests/storage-mutants seen=0 missed=0 lib=build/libmultimax.a
fma=
[ "$(uname -m)" = x86_64 ] && fma=-mfma
flags="-std=c11 -O1 $fma -ffp-contract=off -Itests -DMMAX_PTHREADS -pthread"
rm -rf $dir
while IFS='|' read -r test file script what; do
  rm -rf $dir/src $dir/mutant.a
  mkdir -p $dir && cp -r src $dir/src || exit 1
  sed -i "$script" "$dir/src/$file"
  if cmp -s "src/$file" "$dir/src/$file"; then
    echo "no such place: $what"; missed=$((missed + 1)); continue
  fi
  cp $lib $dir/mutant.a
  case $file in # what to compile again
    *.c) units=${file%.c} ;;
    kernels.h) units="job_check run ref/batch" ;;
    api_job.h) units="api api_loss" ;;
    *) units="storage ref/row16 ref/view ref/forward16" ;;
  esac
  for unit in $units; do
    $cc $flags -fPIC -c "$dir/src/$unit.c" -o "$dir/$(basename $unit).o" &&
      ar r $dir/mutant.a "$dir/$(basename $unit).o" 2>/dev/null || exit 1
  done
  $cc $flags -I$dir/src "tests/$test.c" $dir/mutant.a -lmpfr -lgmp -lm -o $dir/test || exit 1
  if timeout 60 $dir/test 60 >$dir/log 2>&1; then
    echo "not seen by $test: $what"; missed=$((missed + 1))
  elif ! tail -n 1 $dir/log | grep -q '^FAIL'; then
    echo "$test did not end with a verdict: $what"; missed=$((missed + 1))
  else
    seen=$((seen + 1))
  fi
done <<'MUTANTS'
unit_storage|ref/storage.h|s/f.digits + 50/f.digits + 49/|twice as fine a grid
unit_storage|ref/storage.h|s/a > least ? a : least/a/|subnormals rounded like normal numbers
unit_storage|ref/storage.h|s/mmax_pow2(2 - f.least)/mmax_pow2(1 - f.least)/|the last binade overflows
unit_storage|ref/storage.h|s/sign = mmax_sign16(v)/sign = (v < 0.0 ? 0x8000u : 0u)/|a zero loses its sign
unit_storage|ref/storage.h|s/= mmax_quantise(a, big)/= (int64_t)(a * mmax_pow2(f.digits - e) + 0.5)/|ties away from zero
unit_storage|ref/storage.h|s/pattern > f.infinity/pattern > f.infinity + 1u/|one NaN taken for a number
unit_storage|ref/storage.h|s/mmax_round_magnitude(f, v < 0.0 ? -v : v)/mmax_round_magnitude(f, (float)(v < 0.0 ? -v : v))/|rounded twice, through float32
storage_rows|ref/row16.h|s/mask != NULL \&\& mask\[i\] != 0/mask != NULL/|every entry masked where there is a mask
storage_rows|ref/row16.c|s/sum = mmax_sum_add(sum, q);/sum.lo = q;/|the weight of the last entry only
edge_storage|ref/row16.c|s/if (c == MMAX_NAN_OR_PLUS_INF) return MMAX_ROW_NONFINITE;//|NaN not noticed
edge_storage|ref/forward16.c|s/mmax_narrow16(storage, mmax_wide_nan())/mmax_narrow16(storage, 0.0)/|zeros for NaN
edge_storage|kernels.h|s/storage == MMAX_FLOAT32 ? sizeof(float) : sizeof(uint16_t)/sizeof(float)/|overlap and alignment as if for float32
edge_storage|api_job.h|s/in->storage == MMAX_FLOAT32 ? none : in->storage/in->storage/|float32 taken as 16 bits
storage_rows|run.c|s/untyped_as_halves(data) + first \* stride/untyped_as_halves(data) + 2 * first * stride/|threads start at the wrong row
MUTANTS
rm -rf $dir
[ $missed -eq 0 ] && [ $seen -gt 0 ] && { echo "PASS storage_mutants seen=$seen"; exit 0; }
echo "FAIL storage_mutants seen=$seen missed=$missed"
exit 1
