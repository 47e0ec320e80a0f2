#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/diff_threads can fail: it sees each join left out, or done wrongly, in a
# copy of the sources.  file | sed script | what
set -u
case $(uname -m) in x86_64) ;; *) echo "SKIP threads_mutants: the mutants are made from the AVX2 backend"; exit 77 ;; esac
grep -q ' avx2 ' /proc/cpuinfo || { echo "SKIP threads_mutants: no AVX2"; exit 77; }
cc=${CC:-gcc} dir=build/tests/threads_mutants seen=0 missed=0
rm -rf $dir && mkdir -p $dir
flags="-std=c11 -O1 -ffp-contract=off -mavx2 -mfma -DMMAX_PTHREADS -pthread"
while IFS='|' read -r file script what; do
  rm -rf $dir/src && cp -r src $dir/src || exit 1
  sed -i "$script" "$dir/src/$file"
  if cmp -s "src/$file" "$dir/src/$file"; then
    echo "no such place: $what"; missed=$((missed + 1)); continue
  fi
  cp build/libmultimax.a $dir/mutant.a
  for object in simd/avx2 run; do
    $cc $flags -I$dir/src -c "$dir/src/$object.c" -o "$dir/${object#*/}.o" || exit 1
  done
  ar r $dir/mutant.a $dir/avx2.o $dir/run.o &&
    $cc $flags -Isrc -Itests tests/diff_threads.c $dir/mutant.a -lm -o $dir/test || exit 1
  if timeout 100 $dir/test 1 5 >$dir/log 2>&1; then
    echo "not seen: $what"; missed=$((missed + 1))
  elif ! tail -n 1 $dir/log | grep -q '^FAIL'; then
    echo "ended without a verdict: $what"; missed=$((missed + 1))
  else
    seen=$((seen + 1))
  fi
done <<'MUTANTS'
team.h|s/a.second = less > a.second/a.second = 0 \&\& less > a.second/|second largest of two shares
team.h|s/a.top = b.top/a.top = 0 \&\& b.top/|largest upstream gradient of the first share alone
team.h|s/a.fall = b.fall/a.fall = 0 \&\& b.fall/|smallest logit of the first share alone
team.h|s/ + (a.low < b.low)//|carry of a sum
team.h|s/each + (k < more);/each;/|chunks left over fall to nobody
simd/rows_group.h|s/sum = join_sums(b, sum);//|sum of the weights
simd/rows_log.h|s/sum = join_sums(b, sum);//|sum of the log
simd/rows_backward.h|s/total.r. = join_counts(b, total.r.)//|mean of the upstream gradient
simd/rows_loss.h|s/join_range(b, &sigma, 0);/;/|range of sigma
simd/rows_loss.h|s/join_range(b, &x, 0);/;/|range of x
simd/rows_loss.h|s/? live : join_range(b, x, live)/? live : live/|number of live entries
run.c|s/hands.t..acc.rows = hands.t..acc.nonfinite_rows = 0;//|rows counted by every member
MUTANTS
rm -rf $dir
[ $missed -eq 0 ] && [ $seen -gt 0 ] && { echo "PASS threads_mutants seen=$seen"; exit 0; }
echo "FAIL threads_mutants seen=$seen missed=$missed"
exit 1
