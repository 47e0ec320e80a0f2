#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The NEON backend, cross-compiled and run under qemu: lane operations against their meaning,
# then every kernel against the reference (every n to 69, each STEP-th one beyond; STEP=1: all).
set -u
cc=aarch64-linux-gnu-gcc
case $(uname -m) in aarch64) echo "SKIP diff_neon: native here, diff_* test it"; exit 77 ;; esac
command -v $cc >/dev/null && command -v qemu-aarch64 >/dev/null ||
  { echo "SKIP diff_neon: needs $cc and qemu-aarch64"; exit 77; }
make -s CC=$cc B=build/neon THREADS=0 build/neon/libmultimax.a || exit 1
mkdir -p build/neon/tests
flags="-static -std=c11 -O2 -ffp-contract=off -Wall -Wextra -Isrc -Itests"
for t in unit_lanes unit_lanes16; do
  $cc $flags -DLANES='"simd/lanes_neon.h"' tests/$t.c -lm -o build/neon/tests/$t || exit 1
  qemu-aarch64 build/neon/tests/$t || exit 1
done
for t in forward log backward loss; do
  $cc $flags tests/diff_$t.c build/neon/libmultimax.a -lm -o build/neon/tests/diff_$t || exit 1
  qemu-aarch64 build/neon/tests/diff_$t 1 "${STEP:-40}" || exit 1
done
for f in f16 bf16; do
  storage=MMAX_$(echo $f | sed 's/bf16/BFLOAT16/;s/^f16/FLOAT16/')
  $cc $flags -Wno-unused-function -DLANES='"simd/lanes_neon.h"' -DCELLS="\"simd/cells_$f.h\"" -DSTORAGE="$storage" \
    tests/exhaustive_cells.c tests/exhaustive_scalar.c build/neon/libmultimax.a -lm -o build/neon/tests/cells_$f || exit 1
  qemu-aarch64 build/neon/tests/cells_$f || exit 1
done
$cc $flags tests/golden_hashes.c build/neon/libmultimax.a -lm -o build/neon/tests/golden_hashes || exit 1
qemu-aarch64 build/neon/tests/golden_hashes || exit 1
echo "PASS diff_neon"
