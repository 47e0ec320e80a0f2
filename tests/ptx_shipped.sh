#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: what the built CUDA objects carry, for every architecture, is what was audited: the PTX taken out of them is the text
# that nvcc prints, every form of it is modelled, and the machine code beside it has every rounded operation and no spill.
set -eu
. tests/cuda_ptx.sh
[ -n "$nvcc" ] || { echo "skipped: no nvcc"; exit 78; }
texts=0 cubins=0
plain() { sed -e 's,//.*,,' -e 's/[[:space:]][[:space:]]*/ /g' -e 's/^ //' -e 's/ $//' "$1" | grep -v '^$'; }
for unit in $units; do
  mkdir "$dir/of_$unit"
  object=build/gpu/cuda/$unit.o
  "$ptx" extract "$object" "$dir/of_$unit" >"$dir/list" 2>&1 || { echo "FAIL ptx_shipped"; cat "$dir/list"; exit 1; }
  for file in "$dir/of_$unit"/*.ptx; do
    sm=${file##*.sm_}
    sm=${sm%.ptx}
    "$nvcc" -O3 -std=c++17 -Isrc -Igpu/cuda -arch=compute_$sm -ptx gpu/cuda/$unit.cu -o "$dir/printed.ptx"
    plain "$file" >"$dir/shipped"
    plain "$dir/printed.ptx" | cmp - "$dir/shipped" || { echo "FAIL ptx_shipped: $unit of sm_$sm is another text"; exit 1; }
    "$ptx" forms "$file" >"$dir/log" || { echo "FAIL ptx_shipped: $unit of sm_$sm is not modelled"; cat "$dir/log"; exit 1; }
    texts=$((texts + 1))
  done
  for file in "$dir/of_$unit"/*.cubin; do
    sm=${file##*.sm_}
    sm=${sm%.cubin}
    "$ptx" audit build/gpu/cuda/sm_$sm/$unit.ptx --cubin "$file" >"$dir/log" || [ $? -eq 1 ]
    ! grep ': spill: ' "$dir/log" || { echo "FAIL ptx_shipped: $unit spills on sm_$sm"; exit 1; }
    # DFMA a/b DMUL c/d DADD e/f: tests/cuda_sass.sh says what ptxas may add; it may leave out nothing
    sed -n 's/.*: DFMA \([0-9]*\)\/\([0-9]*\) DMUL \([0-9]*\)\/\([0-9]*\) DADD \([0-9]*\)\/\([0-9]*\) .*/\1 \2 \3 \4 \5 \6/p' "$dir/log" >"$dir/counts"
    [ -s "$dir/counts" ] && awk '$1 < $2 || $3 != $4 || $5 < $6 { bad = 1 } END { exit bad }' "$dir/counts" ||
      { echo "FAIL ptx_shipped: $unit on sm_$sm"; cat "$dir/log"; exit 1; }
    cubins=$((cubins + 1))
  done
done
[ $texts -gt 0 ] && [ $cubins -gt 0 ]
# negative controls: nothing inside, a cut object, compressed payloads
unit=${units##* }
if "$ptx" extract gpu/cuda/$unit.cu "$dir" 2>/dev/null; then echo "FAIL ptx_shipped: a source passed"; exit 1; fi
at=$(grep -abo -F '.version' "$object" | head -n 1 | cut -d: -f1)
head -c $((at + 100)) "$object" >"$dir/cut.o"
if "$ptx" extract "$dir/cut.o" "$dir" >/dev/null 2>"$dir/log"; then echo "FAIL ptx_shipped: a cut object passed"; exit 1; fi
"$nvcc" -O3 -std=c++17 -Isrc -Igpu/cuda -gencode arch=compute_90,code=compute_90 -c gpu/cuda/$unit.cu -o "$dir/packed.o"
if "$ptx" extract "$dir/packed.o" "$dir" >/dev/null 2>"$dir/log" || ! grep -q 'is compressed: build with --no-compress' "$dir/log"; then
  echo "FAIL ptx_shipped: a compressed object passed"
  exit 1
fi
echo "PASS ptx_shipped units=$(echo $units | wc -w) texts=$texts cubins=$cubins"
