#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: the kept PTX of the CUDA kernels is what nvcc 13.0 makes of gpu/cuda, and what an object carries (comments apart).
set -eu
. tests/cuda_ptx.sh
[ -n "$nvcc" ] || { echo "skipped: no nvcc"; exit 78; }
if ! "$nvcc" --version | grep -q 'release 13.0, V13.0.88'; then
  echo "skipped: nvcc is not 13.0.88, its PTX may differ"
  exit 78
fi
for unit in $units; do
  cmp "$dir/kept/$unit.ptx" build/gpu/cuda/sm_90/$unit.ptx || {
    echo "FAIL cuda_fixture: gzip -9nc build/gpu/cuda/sm_90/$unit.ptx >tests/data/cuda/sm_90/$unit.ptx.gz"
    exit 1
  }
done
# the bytes that ship: PTX inside an object, found by its text
"$nvcc" -O3 -std=c++17 -Isrc -Igpu/cuda --no-compress -gencode arch=compute_90,code=compute_90 -c gpu/cuda/accumulate.cu -o "$dir/a.o"
tr -d '\000' <"$dir/a.o" | grep -a -A400 '^.version' >"$dir/shipped.ptx"
plain() { sed -n '/^\.version/,/^}/p' "$1" | sed -e 's,//.*,,' -e 's/[[:space:]][[:space:]]*/ /g' -e 's/^ //' -e 's/ $//' | grep -v '^$'; }
plain "$dir/shipped.ptx" >"$dir/shipped"
plain build/gpu/cuda/sm_90/accumulate.ptx >"$dir/printed"
[ "$(wc -l <"$dir/shipped")" -gt 100 ] && cmp "$dir/shipped" "$dir/printed" ||
  { echo "FAIL cuda_fixture: the object carries other PTX than nvcc -ptx prints"; exit 1; }
echo "PASS cuda_fixture units=5"
