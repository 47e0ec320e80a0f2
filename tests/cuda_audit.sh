#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: no operation of the CUDA kernels leaves a bit open (.approx, .ftz, unrounded, float atomics), and no branch or
# address depends on data. What may depend on data is whether a row is counted: `red` under a guard, at an address the
# launch fixes. So one clean run of a shape with every kind of row speaks for all inputs of that shape.
set -eu
. tests/cuda_ptx.sh
kernels=0 counters=0
audit() {
  status=0
  "$ptx" audit "$1" >"$dir/log" || status=$?
  [ $status -le 1 ] || { echo "FAIL cuda_audit $1 is not modelled"; cat "$dir/log"; exit 1; }
  grep -E '^[^ ]+:[0-9]+: ' "$dir/log" >"$dir/findings" || true
  grep -vE ': data-address: [a-z_0-9]+: execution of `red\.global\.(add|min)\.u64` depends on data$' "$dir/findings" >"$dir/open" || true
}
for set in $sets; do
  for unit in $units; do
    audit "$set/$unit.ptx"
    [ ! -s "$dir/open" ] || { echo "FAIL cuda_audit $set/$unit.ptx"; cat "$dir/open"; exit 1; }
    counters=$((counters + $(wc -l <"$dir/findings")))
    kernels=$((kernels + $(grep -c ' instructions, ' "$dir/log")))
  done
done
[ "$kernels" -gt 0 ] && [ "$counters" -gt 0 ] || { echo "FAIL cuda_audit: nothing was audited"; exit 1; }
# negative controls
control() {
  sed "$2" "$dir/kept/forward.ptx" >"$dir/changed.ptx"
  ! cmp -s "$dir/kept/forward.ptx" "$dir/changed.ptx" || { echo "FAIL cuda_audit: control $1 changes nothing"; exit 1; }
  audit "$dir/changed.ptx"
  grep -q ": $1: " "$dir/open" || { echo "FAIL cuda_audit: control $1 passed"; exit 1; }
}
control unrounded 's/mul\.rn\.f64/mul.f64/'
control approx 's/cvt\.f64\.f32[ \t]*\(%[a-z0-9]*\), \(%[a-z0-9]*\);/ex2.approx.f32 \2, \2; cvt.f64.f32 \1, \2;/'
first='/entry mmax_forward_warp_2(/,/^}/'
label=$(sed -n "$first"'s/^\(\$L__[A-Za-z0-9_]*\):.*/\1/p' "$dir/kept/forward.ptx" | head -n 1)
control data-branch "${first}s/^\(\tsetp\.[a-z]*\.f64[ \t]*\)\(%p[0-9]*\)\(,.*;\)\$/\1\2\3 @\2 bra $label;/"
counted "$dir/kept" >"$dir/counted"
diff tests/data/cuda/operations.txt "$dir/counted" || { echo "FAIL cuda_audit: float64 operations have changed"; exit 1; }
echo "PASS cuda_audit kernels=$kernels guarded-counters=$counters controls=3"
