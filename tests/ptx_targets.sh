#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: one source through nvcc for sm_75 to sm_120 and through NVRTC executes to the same bits without a report.
set -eu
ptx=${PTX:-build/gpu/mmax-ptx}
nvcc=${NVCC:-$(command -v nvcc || true)}
[ -n "$nvcc" ] || { echo "skipped: no nvcc"; exit 78; }
src=gpu/ptx/testdata
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cuda=$(dirname "$(dirname "$(readlink -f "$nvcc")")")
# logits of 9 rows of 197: some 32-bit patterns that are ordinary floats
awk 'BEGIN { for (k = 0; k < 9 * 197; k++) printf "%c%c%c%c", 1 + k % 127, 1 + (k * 7) % 127, 1 + (k * 31) % 127, 63 + k % 3 }' >"$dir/x"
bytes=$((9 * 197 * 4))
[ "$(wc -c <"$dir/x")" -eq $bytes ] || { echo "FAIL ptx_targets: bad input file"; exit 1; }
terms=bytes=
for v in bfeab5fb8e2c3c9a 3ffd0bd44998d046 3f8baa6f7c7d5e3a bfd432ad7ea9e9e7 3ff2f6b851eb851f bff3562b6ae7d567 c000dc73abc94712 3ffea787e7c06e1a; do
  for i in 15 13 11 9 7 5 3 1; do terms=$terms$(echo $v | cut -c$i-$((i + 1))); done
done
count=0
compare() {
  "$ptx" diff "$src/forward.sm_80.ptx" "$1" --kernel forward_warp --grid 3 --block 32,4 --arg in="$dir/x" --arg out=$bytes \
    --arg s32=9 --arg s32=197 --arg "$terms" >"$dir/log" || { echo "FAIL ptx_targets $2 forward_warp"; cat "$dir/log"; exit 1; }
  "$ptx" diff "$src/forward.sm_80.ptx" "$1" --kernel forward_block --grid 9 --block 128 --arg in="$dir/x" --arg out=$bytes \
    --arg s32=197 --arg "$terms" >"$dir/log" || { echo "FAIL ptx_targets $2 forward_block"; cat "$dir/log"; exit 1; }
  "$ptx" audit "$1" >"$dir/log" || { echo "FAIL ptx_targets $2 audit"; cat "$dir/log"; exit 1; }
  count=$((count + 1))
}
for sm in 75 80 86 89 90 100 120; do
  "$nvcc" -O3 -std=c++17 -arch=compute_$sm -ptx $src/forward.cu -o "$dir/$sm.ptx"
  compare "$dir/$sm.ptx" "nvcc compute_$sm"
done
nvrtc="without NVRTC"
if ${CC:-cc} $src/nvrtc_ptx.c -ldl -o "$dir/nvrtc_ptx" 2>"$dir/log" && [ -e "$cuda/lib64/libnvrtc.so" ]; then
  for sm in 80 90 120; do
    MMAX_NVRTC="$cuda/lib64/libnvrtc.so" "$dir/nvrtc_ptx" $src/forward.cu --gpu-architecture=compute_$sm >"$dir/nvrtc$sm.ptx"
    compare "$dir/nvrtc$sm.ptx" "NVRTC compute_$sm"
  done
  nvrtc="with NVRTC"
fi
# negative control: one changed rounding is a difference
sed 's/cvt.rn.f32.f64/cvt.rz.f32.f64/' "$dir/90.ptx" >"$dir/changed.ptx"
if "$ptx" diff "$src/forward.sm_80.ptx" "$dir/changed.ptx" --kernel forward_warp --grid 3 --block 32,4 --arg in="$dir/x" \
  --arg out=$bytes --arg s32=9 --arg s32=197 --arg "$terms" >"$dir/log"; then
  echo "FAIL ptx_targets: a changed rounding passed"
  exit 1
fi
echo "PASS ptx_targets forms=$count $nvrtc"
