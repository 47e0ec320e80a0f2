#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: every fault of tests/data/cuda/faults.tsv in the CUDA source is seen by the check meant for it, and as what it is. Checks:
# the comparison of cuda_bits (forward, log, backward, loss), cuda_constants (constants), cuda_audit's counts of float64
# operations (operations), cuda_shapes' rows far apart (far). Of the changed unit one storage is compiled, without host code.
set -eu
. tests/cuda_ptx.sh
[ -n "$nvcc" ] || { echo "skipped: no nvcc"; exit 78; }
caught=0 missed=0
mkdir "$dir/device"
for file in gpu/cuda/*.cu gpu/cuda/*.cuh gpu/cuda/*.h; do awk -f gpu/ptx/testdata/device_only.awk "$file" >"$dir/device/${file##*/}"; done
grep -v '^#' tests/data/cuda/faults.tsv >"$dir/faults"
while IFS="$(printf '\t')" read -r name file unit storage check seen expression; do
  rm -rf "$dir/source" "$dir/ptx"
  cp -r "$dir/device" "$dir/source"
  cp -r "$dir/kept" "$dir/ptx"
  sed -i "$expression" "$dir/source/$file"
  ! cmp -s "$dir/device/$file" "$dir/source/$file" || { echo "FAIL cuda_faults: $name changes nothing"; exit 1; }
  sed -i "/^[A-Z]*_KERNELS(/{/($storage,/!d}" "$dir/source/$unit.cu"
  "$nvcc" -O3 -std=c++17 -w -Isrc -I"$dir/source" -arch=compute_90 -ptx "$dir/source/$unit.cu" -o "$dir/ptx/$unit.ptx" ||
    { echo "FAIL cuda_faults: $name is no program"; exit 1; }
  status=0
  case $check in
  constants) build/tests/cuda_constants "$dir/ptx" >"$dir/log" || status=$? ;;
  operations) counted "$dir/ptx" >"$dir/counted" && diff tests/data/cuda/operations.txt "$dir/counted" | grep '^>' >"$dir/log" && status=1 ;;
  far) build/tests/cuda_shapes "$dir/ptx" far >"$dir/log" || status=$? ;;
  *) build/tests/cuda_kernels "$dir/ptx" "$check" 1 part >"$dir/log" 2>&1 || status=$? ;;
  esac
  if [ $status -eq 1 ] && grep -qE "$seen" "$dir/log"; then
    caught=$((caught + 1))
  else
    missed=$((missed + 1))
    echo "missed: $name (status $status, to be seen by $check as $seen)"
    head -n 12 "$dir/log"
  fi
done <"$dir/faults"
[ $missed -eq 0 ] && [ $caught -ge 10 ] || { echo "FAIL cuda_faults caught=$caught missed=$missed"; exit 1; }
echo "PASS cuda_faults caught=$caught missed=0"
