#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: the library's calls, host code included, launch kernels that give the reference's bits, under the executor, on a
# device of sm_80 and on one of sm_90; on that one also the golden hashes of the CPU, recorded as cuda_hardware.sh does.
set -eu
. tests/cuda_ptx.sh
[ -n "$nvcc" ] || { echo "skipped: no nvcc"; exit 78; }
. tests/cuda_device.sh
build_over "$dir/emulated" tests/cuda_emulated.c build/gpu/libptx.a build/libmultimax.a
MMAX_EMULATED_SM=80 "$dir/emulated/cuda_api"
MMAX_EMULATED_SM=90 run_over "$dir/emulated" "$dir/record" "an interpreter" || { echo "FAIL cuda_api"; exit 1; }
grep -v '^#' "$dir/record" >"$dir/hashes"
grep -v '^#' tests/golden_hashes.tsv | cmp - "$dir/hashes" || { echo "FAIL cuda_api: the record is not the table of the CPU"; exit 1; }
# what needs a GPU to run is compiled and linked
build_over "$dir/hardware" tests/cuda_hardware.c build/libmultimax.a -L"$cuda/lib64" -lcudart
${CC:-gcc} -std=c11 -O2 -Wall -Wextra -Werror -Isrc -Igpu/cuda -isystem "$cuda/include" -c src/examples/cuda_forward.c -o "$dir/compiled.o"
echo "PASS cuda_api devices=2 golden-hashes=576"
