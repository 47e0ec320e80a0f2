#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: ptxas keeps every rounded float64 operation of the PTX (counts in the cubin), and spills nothing.
set -eu
ptx=${PTX:-build/gpu/mmax-ptx}
nvcc=${NVCC:-$(command -v nvcc || true)}
[ -n "$nvcc" ] || { echo "skipped: no nvcc"; exit 78; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
count=0
for sm in 80 90 100 120; do
  for from in 80 120; do
    [ $from -le $sm ] || continue
    file=gpu/ptx/testdata/forward.sm_$from.ptx
    "$nvcc" -arch=sm_$sm -cubin $file -o "$dir/a.cubin"
    "$ptx" audit $file --cubin "$dir/a.cubin" >"$dir/log" || { echo "FAIL ptx_sass $file sm_$sm"; cat "$dir/log"; exit 1; }
    count=$((count + 1))
  done
done
# negative control: without .rn ptxas fuses the product into the sum, and the counts say so
sed -e 's/mul.rn.f64/mul.f64/' -e 's/add.rn.f64/add.f64/' gpu/ptx/testdata/forward.sm_80.ptx >"$dir/loose.ptx"
"$nvcc" -arch=sm_80 -cubin "$dir/loose.ptx" -o "$dir/loose.cubin"
if "$ptx" audit gpu/ptx/testdata/forward.sm_80.ptx --cubin "$dir/loose.cubin" >"$dir/log" || ! grep -q ': sass: ' "$dir/log"; then
  echo "FAIL ptx_sass: fused operations passed"
  exit 1
fi
# negative control: a register limit that forces spills
sed '/^\.maxntid/d' gpu/ptx/testdata/forward.sm_80.ptx >"$dir/free.ptx"      # else .maxntid overrides the limit
"$nvcc" -arch=sm_80 -maxrregcount=24 -cubin "$dir/free.ptx" -o "$dir/spilled.cubin"
if "$ptx" audit gpu/ptx/testdata/forward.sm_80.ptx --cubin "$dir/spilled.cubin" >"$dir/log" || ! grep -q ': spill: ' "$dir/log"; then
  echo "FAIL ptx_sass: spills passed"
  exit 1
fi
echo "PASS ptx_sass cubins=$count"
