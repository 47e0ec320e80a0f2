#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: cuda_api.c and the golden hashes of the CPU on this machine's GPU, recorded with its name and driver in
# build/gpu/hardware.tsv (to be kept as tests/data/cuda/hardware/NAME.tsv). Exit status 78: there is none.
set -eu
if ! command -v nvidia-smi >/dev/null || ! nvidia-smi -L 2>/dev/null | grep -q GPU; then
  echo "skipped: no GPU here; the kernels were executed under an interpreter of PTX only (make test)"
  exit 78
fi
nvcc=${NVCC:-$(command -v nvcc || true)}
[ -n "$nvcc" ] || { echo "skipped: a GPU but no nvcc"; exit 78; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
. tests/cuda_device.sh
build_over "$dir" tests/cuda_hardware.c build/libmultimax.a -L"$cuda/lib64" -Wl,-rpath,"$cuda/lib64" -lcudart
driver=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader | head -n 1)
run_over "$dir" build/gpu/hardware.tsv "driver $driver" || { echo "FAIL cuda_hardware"; exit 1; }
echo "PASS cuda_hardware: $(head -n 1 build/gpu/hardware.tsv | cut -c3-)"
echo "recorded in build/gpu/hardware.tsv"
