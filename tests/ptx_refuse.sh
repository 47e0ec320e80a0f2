#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: what the executor does not model is refused: exit 2, with file, line, reason and the text of the line.
set -eu
ptx=${PTX:-build/gpu/mmax-ptx}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
rows=0 wrong=0
tab=$(printf '\t')
# one instruction in a kernel that declares a few registers of every type; it stands on line 16
write() {
  {
    printf '%s\n' '.version 8.0' '.target sm_80' '.address_size 64' '.global .f32 buffer;' '.visible .entry k(.param .u64 in)' '{' \
      '.reg .pred %p<4>;' '.reg .b16 %h<4>;' '.reg .b32 %r<4>;' '.reg .u64 %l<4>;' '.reg .f32 %f<4>;' '.reg .f64 %d<4>;' \
      '.shared .align 8 .b8 stage[64];' 'ret;' '// next'
    printf '%s\n' "$1" 'ret;' '}'
  } >"$dir/bad.ptx"
}
while IFS="$tab" read -r text reason; do
  rows=$((rows + 1))
  write "$text"
  status=0
  "$ptx" audit "$dir/bad.ptx" >"$dir/out" 2>"$dir/err" || status=$?
  if [ $status -ne 2 ] || ! grep -qF -- "$reason" "$dir/err" || ! grep -qF "bad.ptx:" "$dir/err" ||
    ! grep -qE 'bad.ptx:1[67]: ' "$dir/err"; then
    echo "status $status for: $text"
    echo "  wanted: $reason"
    sed 's/^/  got: /' "$dir/err"
    wrong=$((wrong + 1))
  fi
done <tests/data/ptx/refused.tsv
# the template itself is accepted: the refusals above are about the inserted line
write 'add.rn.f64 %d0, %d1, %d2;'
"$ptx" audit "$dir/bad.ptx" >/dev/null || { echo "the template is refused"; wrong=$((wrong + 1)); }

# the command: usage, unreadable files, launches that do not fit the kernel
expect() {
  want=$1
  shift
  status=0
  "$ptx" "$@" >"$dir/out" 2>"$dir/err" || status=$?
  rows=$((rows + 1))
  if [ $status -ne "$want" ]; then
    echo "status $status instead of $want: ptx $*"
    wrong=$((wrong + 1))
  fi
}
good=gpu/ptx/testdata/cluster.sm_90.ptx
printf 'abc' >"$dir/short"
: >"$dir/empty"
head -c 4000 /dev/zero >"$dir/zeros"
expect 0 --help
expect 2
expect 2 frobnicate
expect 2 run
expect 2 run "$good"
expect 2 run "$dir/missing.ptx" --kernel k
expect 2 run "$dir/empty" --kernel k
expect 2 run "$dir/zeros" --kernel k
expect 2 run "$dir/short" --kernel k
expect 2 run "$good" --kernel nowhere
expect 2 run "$good" --kernel cluster_sum --grid 2 --block 64
expect 0 run "$good" --kernel cluster_sum --grid 2 --block 64 --arg in="$dir/zeros" --arg out=16:"$dir/sum" --arg s32=1000
expect 1 run "$good" --kernel cluster_sum --grid 2 --block 64 --arg in="$dir/zeros" --arg out=16 --arg s32=1001
expect 2 run "$good" --kernel cluster_sum --grid 3 --block 64 --arg in="$dir/zeros" --arg out=16 --arg s32=1000
expect 2 run "$good" --kernel cluster_sum --grid 2 --block 2048 --arg in="$dir/zeros" --arg out=16 --arg s32=1000
expect 2 run "$good" --kernel cluster_sum --grid 2 --block 64 --arg in="$dir/zeros" --arg out=16 --arg u64=1000
expect 2 run "$good" --kernel cluster_sum --grid 2 --block 64 --arg in="$dir/missing" --arg out=16 --arg s32=1000
expect 2 run "$good" --kernel cluster_sum --grid 2,x --block 64
expect 2 run "$good" --kernel cluster_sum --grid 2 --shared -1
expect 0 diff "$good" "$good" --kernel cluster_sum --grid 2 --block 64 --arg in="$dir/zeros" --arg out=16 --arg s32=1000
sed 's/add.s64 \t%rd38/sub.s64 \t%rd38/' "$good" >"$dir/changed.ptx"
expect 0 audit "$good"
expect 2 audit "$good" --kernel nowhere
expect 2 audit "$good" --cubin "$dir/short"
# a survey goes on where a load stops: what another compiler's kernel needs, by opcode
foreign=gpu/ptx/testdata/foreign
for file in "$foreign"/softmax_inductor*.ptx "$foreign"/softmax_triton.sm_*.ptx "$good"; do
  expect 0 forms "$file"
  tail -n 1 "$dir/out" | grep -q ' 0 refused$' || { echo "forms: $file"; wrong=$((wrong + 1)); }
done
expect 2 audit "$foreign/softmax_triton_pipelined.sm_90.ptx"
expect 1 forms "$foreign/softmax_triton_pipelined.sm_90.ptx"
sed -n 's/.* \([0-9]* [a-z_.]*\): refused: .*softmax_triton_pipelined.sm_90.ptx:[0-9]*: .*/\1/p' "$dir/out" >"$dir/listed"
printf '8 cp.async.ca.shared.global\n4 cp.async.commit_group\n2 cp.async.wait_group\n' | diff - "$dir/listed" || wrong=$((wrong + 1))
write 'wgmma.fence.sync.aligned; mov.u32 %r0, %clock; fma.rn.bf16 %h0, %h1, %h2, %h3;'
expect 1 forms "$dir/bad.ptx"
grep -q ' 4 spellings, 3 refused$' "$dir/out" || { cat "$dir/out"; wrong=$((wrong + 1)); }
expect 2 forms "$dir/zeros"
expect 2 forms
[ "$(wc -c <"$dir/sum")" -eq 16 ] || { echo "output was not saved"; wrong=$((wrong + 1)); }
if [ $wrong -eq 0 ]; then echo "PASS ptx_refuse rows=$rows wrong=0"; else
  echo "FAIL ptx_refuse rows=$rows wrong=$wrong"
  exit 1
fi
