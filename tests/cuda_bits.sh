#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: every CUDA kernel, executed from the PTX of every target, gives the reference's bits without a report: outputs,
# accumulators, row reports. Interpreter of PTX; not hardware.
set -eu
. tests/cuda_ptx.sh
cases=0 seed=1 ran= alike=0 clusters=0
plain() { cat "$1"/*.ptx | grep -v '^\.target'; }
for set in $sets; do
  # often two targets have the same text
  for other in $ran; do
    plain "$other" >"$dir/other"
    if plain "$set" | cmp -s - "$dir/other"; then alike=$((alike + 1)) && continue 2; fi
  done
  for kind in forward log backward loss; do
    build/tests/cuda_kernels "$set" $kind $seed ${ran:+some} >"$dir/log" || { echo "FAIL cuda_bits $set $kind"; cat "$dir/log"; exit 1; }
    cases=$((cases + $(sed -n 's/.*checks=\([0-9]*\).*/\1/p' "$dir/log")))
    clusters=$((clusters + $(sed -n 's/.*clusters=\([0-9]*\).*/\1/p' "$dir/log")))
  done
  ran="$ran $set"
  seed=$((seed + 1))
done
[ $clusters -gt 0 ] || { echo "FAIL cuda_bits: no clusters"; exit 1; }
echo "PASS cuda_bits targets=$(echo $sets | wc -w) of-the-same-text=$alike clusters=$clusters cases=$cases mismatches=0"
