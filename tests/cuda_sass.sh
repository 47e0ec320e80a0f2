#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: ptxas spills nothing, and keeps every rounded float64 operation of every CUDA kernel: the counts are those of
# the PTX, but for DADD of the zero register, which move absolute values and negations. A fused product would lack a DMUL.
set -eu
. tests/cuda_ptx.sh
[ -n "$nvcc" ] || { echo "skipped: no nvcc"; exit 78; }
kernels=0
compare() { # cubin PTX
  "$ptx" audit "$1" --cubin "$2" >"$dir/log" || [ $? -eq 1 ]
  ! grep -q ': spill: ' "$dir/log" || return 1
  sed -n 's/.*: \(mmax_[a-z_0-9]*\): DFMA \([0-9]*\)\/\([0-9]*\) DMUL \([0-9]*\)\/\([0-9]*\) DADD \([0-9]*\)\/\([0-9]*\) .*/\1 \2 \3 \4 \5 \6 \7/p' \
    "$dir/log" >"$dir/counts"
  [ -s "$dir/counts" ] || return 1
  awk '$2 != $3 || $4 != $5 || $6 != $7 { print; bad = 1 } END { exit bad }' "$dir/counts"
}
for sm in 80 90 120; do
  for unit in $units; do
    "$nvcc" -arch=sm_$sm -cubin -Xptxas -v build/gpu/cuda/sm_$sm/$unit.ptx -o "$dir/a.cubin" 2>"$dir/ptxas"
    if grep 'bytes spill' "$dir/ptxas" | grep -v ' 0 bytes spill stores, 0 bytes spill loads'; then
      echo "FAIL cuda_sass: $unit spills on sm_$sm"
      exit 1
    fi
    compare build/gpu/cuda/sm_$sm/$unit.ptx "$dir/a.cubin" || { echo "FAIL cuda_sass $unit sm_$sm"; cat "$dir/log"; exit 1; }
    kernels=$((kernels + $(wc -l <"$dir/counts")))
  done
done
# negative controls: without .rn ptxas fuses; with few registers it spills
sed -e 's/mul\.rn\.f64/mul.f64/' -e 's/add\.rn\.f64/add.f64/' -e 's/sub\.rn\.f64/sub.f64/' build/gpu/cuda/sm_80/backward.ptx >"$dir/loose.ptx"
"$nvcc" -arch=sm_80 -cubin "$dir/loose.ptx" -o "$dir/a.cubin"
if compare build/gpu/cuda/sm_80/backward.ptx "$dir/a.cubin" >/dev/null; then echo "FAIL cuda_sass: fused operations passed"; exit 1; fi
sed '/^\.maxntid/d' build/gpu/cuda/sm_80/backward.ptx >"$dir/free.ptx"
"$nvcc" -arch=sm_80 -maxrregcount=32 -cubin "$dir/free.ptx" -o "$dir/a.cubin"
if compare build/gpu/cuda/sm_80/backward.ptx "$dir/a.cubin" >/dev/null; then echo "FAIL cuda_sass: spills passed"; exit 1; fi
echo "PASS cuda_sass kernels=$kernels spills=0"
