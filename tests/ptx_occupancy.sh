#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: occupancy as `ptx audit --cubin` prints it is what NVIDIA's cuda_occupancy.h computes, from the registers that
# ptxas -v prints; every CUDA kernel has at least a quarter of a multiprocessor's warps resident on sm_80, sm_90 and
# sm_120, the forward ones on sm_86 and sm_89 too.
set -eu
ptx=${PTX:-build/gpu/mmax-ptx}
nvcc=${NVCC:-$(command -v nvcc || true)}
[ -n "$nvcc" ] || { echo "skipped: no nvcc"; exit 78; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
include=$(dirname "$(dirname "$(readlink -f "$nvcc")")")/include
${CC:-cc} -std=c11 -O2 -DWITH_PEER -Igpu/ptx -isystem "$include" tests/ptx_occupancy.c gpu/ptx/occupancy.c -o "$dir/peer"
"$dir/peer" >"$dir/log" || { echo "FAIL ptx_occupancy"; cat "$dir/log"; exit 1; }
compared=$(sed -n 's/.*cuda_occupancy\.h=\([0-9]*\).*/\1/p' "$dir/log")
[ "$compared" -gt 100000 ]
kernels=0
for sm in 80 86 89 90 120; do
  from=80
  [ $sm -ne 90 ] && [ $sm -ne 120 ] || from=$sm
  for file in build/gpu/cuda/sm_$from/*.ptx; do
    case $sm.$file in 86.*/forward.ptx | 89.*/forward.ptx) ;; 86.* | 89.*) continue ;; esac # to keep it short
    "$nvcc" -arch=sm_$sm -cubin -Xptxas -v "$file" -o "$dir/a.cubin" 2>"$dir/ptxas"
    "$ptx" audit "$file" --cubin "$dir/a.cubin" >"$dir/audit" || [ $? -eq 1 ]
    sed -n 's/.*: \([a-z_0-9]*\): occupancy on sm_'$sm': \([0-9]*\) threads, \([0-9]*\) registers.* \([0-9]*\) of \([0-9]*\) warps, limited by \(.*\)/\1 \3 \2 \4 \5 \6/p' "$dir/audit" >"$dir/ours"
    awk -v q="'" '/Compiling entry function/ { split($0, part, q); name = part[2] } /Used [0-9]+ registers/ { print name, $5 }' "$dir/ptxas" |
      sort >"$dir/theirs"
    sed -n 's/.*: \([a-z_0-9]*\): [0-9]* SASS instructions, \([0-9]*\) registers,.*/\1 \2/p' "$dir/audit" | sort | cmp - "$dir/theirs" || { echo "FAIL ptx_occupancy: registers of $file on sm_$sm"; cat "$dir/ours"; exit 1; }
    awk -v sm=$sm '{ printf "  sm_%s %-28s %4d threads %3d registers %2d of %d warps, limited by %s %s\n", sm, $1, $3, $2, $4, $5, $6, $7 }
      $4 * 4 < $5 { bad = 1 } END { exit bad }' "$dir/ours" || { echo "FAIL ptx_occupancy: under a quarter of the warps"; exit 1; }
    kernels=$((kernels + $(wc -l <"$dir/theirs")))
  done
done
echo "PASS ptx_occupancy kernels=$kernels compared-with-cuda_occupancy.h=$compared"
