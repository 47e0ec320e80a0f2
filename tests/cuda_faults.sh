#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: every fault of tests/data/cuda/faults.tsv in the CUDA source is seen by the comparison of cuda_bits, by
# cuda_constants, by cuda_audit's counts of float64 operations or by cuda_shapes.
set -eu
. tests/cuda_ptx.sh
[ -n "$nvcc" ] || { echo "skipped: no nvcc"; exit 78; }
caught=0 missed=0
grep -v '^#' tests/data/cuda/faults.tsv >"$dir/faults"
while IFS="$(printf '\t')" read -r name file unit kind expression; do
  rm -rf "$dir/source" "$dir/ptx"
  cp -r gpu/cuda "$dir/source"
  cp -r "$dir/kept" "$dir/ptx"
  sed -i "$expression" "$dir/source/$file"
  ! cmp -s "gpu/cuda/$file" "$dir/source/$file" || { echo "FAIL cuda_faults: $name changes nothing"; exit 1; }
  "$nvcc" -O3 -std=c++17 -w -Isrc -I"$dir/source" -arch=compute_80 -ptx "$dir/source/$unit.cu" -o "$dir/ptx/$unit.ptx" ||
    { echo "FAIL cuda_faults: $name is no program"; exit 1; }
  status=0
  build/tests/cuda_kernels "$dir/ptx" "$kind" 1 first >"$dir/log" 2>&1 || status=$?
  if [ $status -eq 0 ]; then build/tests/cuda_constants "$dir/ptx" >"$dir/log" || status=$?; fi
  if [ $status -eq 0 ]; then counted "$dir/ptx" >"$dir/counted"; diff tests/data/cuda/operations.txt "$dir/counted" >"$dir/log" || status=$?; fi
  if [ $status -eq 0 ]; then build/tests/cuda_shapes "$dir/ptx" >"$dir/log" || status=$?; fi
  if [ $status -eq 1 ]; then caught=$((caught + 1)); else missed=$((missed + 1)); echo "missed: $name (status $status)"; fi
  echo "$name: $(grep -m1 -oE 'race-[a-z]*|out-of-bounds|uninit[a-z-]*|entry [0-9]+: .*|the [a-z]+ differ.*|.* lacks .*|^> .*' "$dir/log" || tail -n 1 "$dir/log")"
done <"$dir/faults"
[ $missed -eq 0 ] && [ $caught -ge 10 ] || { echo "FAIL cuda_faults caught=$caught missed=$missed"; exit 1; }
echo "PASS cuda_faults caught=$caught missed=0"
