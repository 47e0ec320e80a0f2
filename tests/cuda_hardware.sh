#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: tests/cuda_api.c on this machine's GPU. Exit status 78: there is none.
set -eu
if ! command -v nvidia-smi >/dev/null || ! nvidia-smi -L 2>/dev/null | grep -q GPU; then
  echo "skipped: no GPU here; the kernels were executed under an interpreter of PTX only (make test)"
  exit 78
fi
nvcc=${NVCC:-$(command -v nvcc || true)}
[ -n "$nvcc" ] || { echo "skipped: a GPU but no nvcc"; exit 78; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
nvidia-smi --query-gpu=name,driver_version,compute_cap --format=csv,noheader
cuda=$(dirname "$(dirname "$(readlink -f "$nvcc")")")
${CC:-gcc} -std=c11 -O2 -g -ffp-contract=off -Wall -Wextra -D_POSIX_C_SOURCE=200809L -Isrc -Itests -Igpu/cuda -I"$cuda/include" \
  tests/cuda_api.c tests/cuda_hardware.c build/gpu/libmultimax_cuda.a build/libmultimax.a -L"$cuda/lib64" -Wl,-rpath,"$cuda/lib64" \
  -lcudart -lstdc++ -pthread -lm -o "$dir/api"
"$dir/api"
