#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: the predicted times in gpu/README.md follow from what the executor counts (tests/cuda_budget.c on the kept PTX) and
# gpu/rates.tsv. With the argument `write` (make gpu-predict) the table is written there instead.
set -eu
. tests/cuda_ptx.sh
build/tests/cuda_budget "$dir/kept" >"$dir/log" || { echo "FAIL ptx_predict: cuda_budget failed"; tail -n 5 "$dir/log"; exit 1; }
awk -f gpu/predict.awk gpu/rates.tsv "$dir/log" >"$dir/table"
if [ "${1-}" = write ]; then
  awk -v table="$dir/table" '/^<!-- predicted -->$/ { print; while ((getline line < table) > 0) print line; skip = 1; next }
    /^<!-- end -->$/ { skip = 0 } !skip' gpu/README.md >"$dir/README.md"
  cmp -s "$dir/README.md" gpu/README.md || cp "$dir/README.md" gpu/README.md
  cat "$dir/table"
  exit 0
fi
sed -n '/^<!-- predicted -->$/,/^<!-- end -->$/p' gpu/README.md | sed '1d;$d' >"$dir/stated"
diff "$dir/stated" "$dir/table" || { echo "FAIL ptx_predict: the table has changed; run make gpu-predict"; exit 1; }
# negative control: another rate gives another table
sed 's/^L4	0\.237/L4	0.337/' gpu/rates.tsv >"$dir/rates.tsv"
awk -f gpu/predict.awk "$dir/rates.tsv" "$dir/log" >"$dir/other"
! cmp -s "$dir/table" "$dir/other" || { echo "FAIL ptx_predict: the rates do not matter"; exit 1; }
echo "PASS ptx_predict kernels=$(($(wc -l <"$dir/table") - 2))"
