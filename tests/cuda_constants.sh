#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: the float64 constants in the PTX of every target are those of src/ref.
set -eu
. tests/cuda_ptx.sh
for set in $sets; do build/tests/cuda_constants "$set" || exit 1; done
# negative control: one coefficient off by an ulp
sed 's/0d3F811127[0-9A-F]*/0d3F81112708F7A989/' "$dir/kept/forward.ptx" >"$dir/changed.ptx"
! cmp -s "$dir/kept/forward.ptx" "$dir/changed.ptx" || { echo "FAIL cuda_constants: control changes nothing"; exit 1; }
mv "$dir/changed.ptx" "$dir/kept/forward.ptx"
if build/tests/cuda_constants "$dir/kept" >/dev/null; then echo "FAIL cuda_constants: a changed coefficient passed"; exit 1; fi
echo "PASS cuda_constants targets=$(echo $sets | wc -w)"
