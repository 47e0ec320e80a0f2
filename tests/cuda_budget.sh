#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: the CUDA kernels keep their budgets of float64 operations and bytes per element, for every target.
set -eu
. tests/cuda_ptx.sh
for set in $sets; do
  echo "${set##*/}"
  build/tests/cuda_budget "$set" || exit 1
done
echo "PASS cuda_budget targets=$(echo $sets | wc -w)"
