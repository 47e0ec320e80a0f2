#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: the committed PTX fixtures are what nvcc 13.0 makes of the sources beside them, and the unit vectors what
# their generator prints.
set -eu
nvcc=${NVCC:-$(command -v nvcc || true)}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
if command -v python3 >/dev/null; then
  python3 gpu/ptx/testdata/vectors.py >"$dir/vectors.tsv"
  cmp "$dir/vectors.tsv" tests/data/ptx/vectors.tsv || { echo "FAIL ptx_fixtures vectors.tsv"; exit 1; }
fi
[ -n "$nvcc" ] || { echo "skipped: no nvcc"; exit 78; }
if ! "$nvcc" --version | grep -q 'release 13.0, V13.0.88'; then
  echo "skipped: nvcc is not 13.0.88, its PTX may differ"
  exit 78
fi
count=0
for file in gpu/ptx/testdata/*.sm_*.ptx; do
  base=${file%%.sm_*} sm=${file##*.sm_}
  "$nvcc" -O3 -std=c++17 -arch=compute_"${sm%.ptx}" -ptx "$base.cu" -o "$dir/new.ptx"
  cmp "$dir/new.ptx" "$file" || { echo "FAIL ptx_fixtures $file"; exit 1; }
  count=$((count + 1))
done
echo "PASS ptx_fixtures files=$count"
