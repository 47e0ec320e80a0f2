#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The SIMD backends have the reference's bits whichever compiler and -O level made them.
set -u
[ "$(uname -m)" = x86_64 ] || { echo "SKIP diff_levels: x86_64 backends"; exit 77; }
lib=build/libmultimax.a out=build/tests/levels runs=0
avx2="-mavx2 -mfma -mf16c"
avx512="-mavx512f -mavx512dq -mavx512vl -mavx512bw $avx2"
rm -rf $out && mkdir -p $out
for way in "gcc -O0" "clang-19 -O0" "clang-19 -O3" ${ALL_LEVELS:+"gcc -O1" "gcc -O2" "clang-19 -O1" "clang-19 -O2"}; do
  command -v "${way%% *}" >/dev/null || { echo "no ${way%% *}"; continue; }
  cp $lib $out/lib.a
  for table in avx2 avx2_f16 avx2_bf16 avx512 avx512_f16 avx512_bf16; do
    flags=$(eval "echo \$${table%_*f16}")
    $way -std=c11 -ffp-contract=off $flags -Isrc -c src/simd/$table.c -o $out/$table.o || exit 1
    ar r $out/lib.a $out/$table.o || exit 1
  done
  for t in forward log backward loss; do
    gcc -std=c11 -O1 -ffp-contract=off $avx2 -Isrc -Itests tests/diff_$t.c $out/lib.a -lm -pthread -o $out/test || exit 1
    $out/test 1 "${STEP:-60}" >$out/log || { cat $out/log; echo "FAIL diff_levels: $way, $t"; exit 1; }
    runs=$((runs + 1))
  done
done
rm -rf $out
[ $runs -gt 0 ] && echo "PASS diff_levels runs=$runs" && exit 0
echo "SKIP diff_levels: no compiler"; exit 77
