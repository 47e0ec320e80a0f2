#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `multimax check`: exit 0 on real logits, the reported witness is true, and exit 1 for every planted defect
# (tests/cli_broken.c). All 18 layers on all files: make certify.
. tests/cli_support.sh
a=tests/data/ppocr/attention1.npy g=tests/data/ppocr/attention2.npy

within() { expect 0 "$multimax" check "$@" --json "$dir/r.json" && equal "json of $*" "$(jq .within_bound "$dir/r.json")" true; }
for layer in softmax deit-small:1 deit-small:11 wikitext103:6; do
  within --params $layer --input $a
done
grep -q "^within the bound" "$dir/out" || note "a verdict in the text"
equal "outputs" "$(jq '.quantities[0].outputs' "$dir/r.json")" $((8 * 40 * 118))
equal "worst below bound" "$(jq '.quantities[0] | .worst.ulp > 0.4 and .worst.ulp <= .worst.bound_ulp and .largest_bound_ulp < 0.54' "$dir/r.json")" true
equal "no output without a bound" "$(jq '.quantities[0].unbounded' "$dir/r.json")" 0
within --params deit-small:2 --input $a --function log
within --params deit-small:7 --input $a --function backward --grad-probs $g
equal "parameter gradients compared" "$(jq '.quantities[1].outputs' "$dir/r.json")" 8
seq 0 319 | awk '{print $1 % 7 == 0 ? -100 : $1 % 118}' >"$dir/y.txt"
within --params wikitext103:5 --input $a --function loss --targets "$dir/y.txt" --smoothing 0.1
equal "ignored rows" "$(jq '.special_rows.ignored' "$dir/r.json")" 46
# The witness: the logit, what eval gives there, what the oracle gives there.
within --params deit-small:11 --input $a
for engine in eval oracle; do
  expect 0 "$multimax" $engine --params deit-small:11 --input $a --output "$dir/$engine.txt" --hex
done
row=$(jq '.quantities[0].worst.row' "$dir/r.json") column=$(jq '.quantities[0].worst.column' "$dir/r.json")
entry() { sed -n "$((row + 1))p" "$1" | cut -d' ' -f$((column + 1)); }
equal "witness got" "$(jq -r '.quantities[0].worst.got.hex' "$dir/r.json")" "$(entry "$dir/eval.txt")"
distance=$(jq -r '.quantities[0].worst | (.got.value - .exact.value) / .exact.value | fabs' "$dir/r.json")
equal "witness distance about half an ulp" "$(jq -n "$distance > 1e-8 and $distance < 1e-7")" true
equal "entries that differ" "$(paste -d'\n' "$dir/eval.txt" "$dir/oracle.txt" | awk 'NR % 2 {split($0, a); next} {for (k = 1; k <= NF; k++) if ($k != a[k]) n++} END {print n + 0}')" \
  "$(jq '.quantities[0].not_nearest' "$dir/r.json")"

# Special rows agree, text input, affine, masks.
printf 'nan 1 2\n-inf -inf -inf\n1 2 3\n-inf 88 1e38\n-1e9 0 1\n' >"$dir/x.txt"
printf '0\n1\n-100\n0\n2\n' >"$dir/t.txt"
printf '{"temperatures": [1.5, 0.5], "knots": [0.5, -1], "scale": 1.7, "shift": -0.3}' >"$dir/p.json"
for params in deit-small:1 "$dir/p.json" softmax; do
  for function in forward log "loss --targets $dir/t.txt" "backward --grad-probs $dir/g.txt"; do
    printf '1 2 3\n1 2 3\nnan 0 0\n1 -2 3\n3e38 -3e38 1e-45\n' >"$dir/g.txt"
    within --params $params --input "$dir/x.txt" --function $function
  done
done
within --params deit-small:1 --input "$dir/x.txt"
# -1e9 has taken over the last row, with A = 1.4e16; in the row before, 1e38 cannot reach the output
equal "a row beyond every promise is said to be so" "$(jq '.quantities[0].unbounded' "$dir/r.json")" 3
equal "special rows" "$(jq -c '.special_rows | [.masked, .nonfinite, .agree]' "$dir/r.json")" "[1,1,true]"

# Negative controls.
outside() { # DEFECT, what the JSON must show, options
  defect=$1 filter=$2
  shift 2
  expect 1 env BROKEN=$defect "$broken" check "$@" --json "$dir/r.json" || return 0
  equal "$defect: $*" "$(jq "(.within_bound | not) and ($filter)" "$dir/r.json")" true
  expect 0 env BROKEN=none "$broken" check "$@"
}
outside entry '.quantities[0] | .outside == 1 and .worst.ulp > 1 and .worst.row == 319 and .worst.column == 117' --params deit-small:11 --input $a
outside scale '.sums.outside == 320 and .quantities[0].outside > 30000' --params deit-small:11 --input $a
outside nan-bits '.special_rows.agree | not' --params softmax --input "$dir/x.txt"
outside plausible '.quantities[0].outside == 3' --params softmax --input "$dir/x.txt"
outside report '.special_rows.agree | not' --params softmax --input "$dir/x.txt"
outside first '.special_rows.agree | not' --params softmax --input "$dir/x.txt"
outside entry '.quantities[0].outside == 1' --params deit-small:11 --input $a --function log
outside entry '.quantities[0].outside == 1' --params deit-small:4 --input $a --function backward --grad-probs $g
outside sign '.quantities[1] | .outside == 1 and .worst.parameter == "k3"' --params deit-small:4 --input $a --function backward --grad-probs $g
outside sign '.quantities[2].outside == 1' --params deit-small:4 --input $a --function loss --targets "$dir/y.txt"
outside entry '.quantities[0].outside == 1' --params deit-small:4 --input $a --function loss --targets "$dir/y.txt"
outside ignored '.quantities[0] | .outside == 1 and .worst.row == 0' --params deit-small:4 --input $a --function loss --targets "$dir/y.txt"
verdict cli_check
