#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: the library's calls, host code included, launch kernels that give the reference's bits, under the executor.
set -eu
. tests/cuda_ptx.sh
[ -n "$nvcc" ] || { echo "skipped: no nvcc"; exit 78; }
${CC:-gcc} -std=c11 -O2 -g -ffp-contract=off -Wall -Wextra -Werror -D_POSIX_C_SOURCE=200809L -Isrc -Itests -Igpu/ptx -Igpu/cuda \
  tests/cuda_api.c tests/cuda_emulated.c build/gpu/libmultimax_cuda.a build/gpu/libptx.a build/libmultimax.a -lstdc++ -pthread -lm -o "$dir/api"
# what needs a GPU to run is compiled
for file in src/examples/cuda_forward.c tests/cuda_hardware.c; do
  ${CC:-gcc} -std=c11 -O2 -Wall -Wextra -Werror -Isrc -Itests -Igpu/cuda -I"$(dirname "$(dirname "$(readlink -f "$nvcc")")")/include" \
    -c "$file" -o "$dir/compiled.o"
done
"$dir/api"
