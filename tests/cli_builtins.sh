#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The built-in parameters are the printed ones: compared with the tables' CSV files, bit for bit after rounding.
. tests/cli_support.sh
numbers='[.coef, .knot, .terms, .scale, .shift]'
show() { "$multimax" params --params "$1" --json - | jq -c "$numbers"; }

for table in deit-small:deit_small_table7 wikitext103:wikitext103_table8; do
  file=tests/data/params/${table#*:}.csv
  for layer in $(sed 1d $file | cut -d, -f1); do
    equal "${table%:*}:$layer" "$(show "${table%:*}:$layer")" "$(show "$file:$layer")"
    # independently of the readers: the float32 of 1-tb, td-1 and the knots, by awk from the printed decimals
    sed -n "/^$layer,/p" $file | awk -F, '{printf "%.6f %.6f %.6f %.6f %.6f %.6f %.6f %.6f\n", 1-$2, $3-1, 1-$4, $5-1, $6, $7, $8, $9}' >"$dir/want"
    show "${table%:*}:$layer" | jq -r '.[0] + .[1] | .[]' | awk '{printf "%s%.6f", NR == 1 ? "" : " ", $1} END {print ""}' >"$dir/got"
    awk 'NR == FNR {split($0, a); next} {for (k = 1; k <= 8; k++) if ($k - a[k] > 2e-6 || a[k] - $k > 2e-6) exit 1}' "$dir/want" "$dir/got" ||
      note "$layer: $(cat "$dir/got") is not $(cat "$dir/want")"
    equal "temperatures of $layer as ts" "$(show "$file:$layer" | jq -c '.[2]')" 15
  done
done
# The recovered float16 coefficients, given as ts: layer 1 is exact in both forms.
equal "ts form" "$(show tests/data/params/wikitext103_table8_ts_fp16.csv:1 | jq -c '.[0]')" "[0.353271484375,-0.201904296875,0.016754150390625,-0.03509521484375]"

# One modulator in every notation.
printf '{"temperatures": [2, 0.5], "knots": [0, "0x1p-1"], "scale": 2, "shift": -1}' >"$dir/a.json"
printf '{"ts": [-1, -0.5], "ranges": [0, 0.5], "order": 1, "scale": 2, "shift": -1, "name": "b"}' >"$dir/b.json"
printf 'layer,tb1,td1,b1,d1,scale,shift\nx,2,0.5,0,0.5,2,-1\n' >"$dir/a.csv"
printf 'ts0,ts1,range0,range1,scale,shift\r\n9,9,9,9,9,9\r\n-1,-.5,0,5e-1,2,-0x1p0\r\n' >"$dir/b.csv"
want='[[-1.0,-0.5,0.0,0.0],[0.0,0.5,0.0,0.0],19,2.0,-1.0]'
for form in a.json b.json a.csv:x b.csv:2; do
  equal "$form" "$(show "$dir/$form" | jq -c 'map(if type == "array" then map(. * 1.0) else . end) | tojson' | sed 's/^"//; s/"$//')" \
    "$(jq -cn "$want | tojson" | sed 's/^"//; s/"$//')"
done
printf '{"temperatures": [2], "knots": [0]}' >"$dir/l.json"
equal "MultiMax-l" "$(show "$dir/l.json" | jq '.[2]')" 1
printf '{}' >"$dir/s.json"
equal "softmax" "$(show "$dir/s.json")" "$(show softmax)"
printf '{"ts": [1, 2, 3, 4], "ranges": [1, 2, 3, 4], "order": "l"}' >"$dir/l.json"
equal "order drops later terms" "$(show "$dir/l.json" | jq -c '.[0] == [1,0,0,0]')" true
verdict cli_builtins
