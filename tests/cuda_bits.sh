#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: every CUDA kernel, executed from the PTX of every target, gives the reference's bits without a report: outputs,
# accumulators, row reports. Interpreter of PTX; not hardware.
set -eu
. tests/cuda_ptx.sh
cases=0 seed=1
for set in $sets; do
  for kind in forward log backward loss; do
    build/tests/cuda_kernels "$set" $kind $seed >"$dir/log" || { echo "FAIL cuda_bits $set $kind"; cat "$dir/log"; exit 1; }
    cases=$((cases + $(sed -n 's/.*checks=\([0-9]*\).*/\1/p' "$dir/log")))
  done
  seed=$((seed + 1))
done
echo "PASS cuda_bits targets=$(echo $sets | wc -w) cases=$cases mismatches=0"
