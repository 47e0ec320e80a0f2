#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `multimax params` against what exact rational analysis of the 18 learned layers says: row_properties.csv (coefficients,
# limits, intervals) and the table below (take-over and overflow points), derived without this project's code; the
# float16 points are those of NumPy's float16.
. tests/cli_support.sh
properties=tests/data/params/row_properties.csv

# close A B DIGITS: equal words, or numbers within 10^-DIGITS relative
close() { awk -v a="$1" -v b="$2" -v d="$3" 'BEGIN {exit !(a == b || (a + 0 != 0 && (a - b) ^ 2 <= (a * 10 ^ -d) ^ 2))}'; }
near() { # WHAT GOT WANT DIGITS, lists of the same length
  checks=$((checks + 1))
  good=1
  [ "$(echo $2 | wc -w)" -eq "$(echo $3 | wc -w)" ] || good=0
  rest=$3
  for got in $2; do close "$got" "${rest%% *}" "$4" || good=0; rest=${rest#* }; done
  [ $good -eq 1 ] || note "$1: got '$2', want '$3'"
}

# table layer | sigma(x) > sigma(0) below | beats the increasing range below | float16 left, right | sigma at turning points
cat >"$dir/points" <<'T'
7 1 -141.158 -147.466 -258.25 258 -67.1584 13.8667
7 2 -137.458 -141.319 -256.5 258 -67.8131 7.85783
7 3 - - -253 257 4.57788
7 4 - - -253.5 257 7.36876
7 5 - - -254.125 257.25 4.97093
7 6 - - -188 257 6.04976
7 7 - - -177.75 257.25 3.70956
7 8 - - -205.375 257.75 6.43081
7 9 - - -160.5 257.75 14.6238
7 10 - - -159.125 257.5 6.84587
7 11 - - -144.75 259 31.6409
7 12 - - -171.375 258.25 0.842907 0.395139 2.34341
8 1 -37.6392 -43.3936 -255.625 255.875 -5.75739 4.24405
8 2 -41.2501 -48.317 -255.75 255.875 -6.93808 5.71024
8 3 -80.4157 -91.623 -255.875 255.875 -17.1536 10.892
8 4 - - -256.25 256.25
8 5 -69.2029 -81.2828 -255.75 256.25 -15.9398
8 6 -74.1409 -84.1568 -256.25 255.875 -21.4461
T
# left float32 overflow of the rows with |c3| > 1; the others -1.84467e19, right 1.84467e19 for all
left32() {
  case $1.$2 in 7.6) echo -1.36791e19 ;; 7.7) echo -1.29128e19 ;; 7.8) echo -1.49311e19 ;; 7.9) echo -1.16648e19 ;;
  7.10) echo -1.15375e19 ;; 7.11) echo -1.04879e19 ;; 7.12) echo -1.24159e19 ;; *) echo -1.84467e19 ;; esac
}
lipschitz="3.65 2.07 24.5 22.4 22.1 42.9 46.8 36.2 57.2 56.4 67.0 48.6 .735 .781 .994 1.42 1.69 1.47"

while read -r table layer zero all left16 right16 turning; do
  case $table in 7) name=deit-small:$layer ;; 8) name=wikitext103:$layer ;; esac
  expect 0 "$multimax" params --params $name --json "$dir/r.json" || continue
  ask() { jq -r "$1" "$dir/r.json" | tr '\n' ' ' | sed 's/ $//'; }
  line=$(grep "^$table,$layer," $properties)
  field() { echo "$line" | cut -d, -f$1; }
  near "$name coefficients" "$(ask '.coef[]')" "$(echo "$line" | cut -d, -f3-6 | tr , ' ')" 15
  equal "$name limits" "$(ask '.limits[]')" "$(field 7 | tr -d +) $(field 8 | tr -d +)"
  near "$name increases on" "$(ask '.increasing[][]')" "$(field 10 | tr -d '[]+' | tr ';' ' ')" 9
  near "$name elsewhere" "$(ask '.not_increasing[][]')" "$(field 9 | sed 's/^none$//' | tr -d '[]+' | tr ';' ' ')" 9
  near "$name turning points" "$(ask '.turning_points[][1]')" "$turning" 5
  near "$name take-over" "$(ask '[.takeover.sigma_0_below, .takeover.all_below] | map(. // "-")[]')" "$zero $all" 5
  near "$name float16 overflow" "$(ask '.overflow.float16[]')" "$left16 $right16" 9
  near "$name float32 overflow" "$(ask '.overflow.float32[]')" "$(left32 $table $layer) 1.84467e19" 5
  near "$name Lipschitz" "$(ask '.on_range.lipschitz_sigma')" "${lipschitz%% *}" 2
  lipschitz=${lipschitz#* }
  # what the text prints as a bound is not below it
  expect 0 "$multimax" params --params $name
  equal "$name printed bounds" "$(sed -n "s/.*|sigma'| <= \([^ ]*\),.*/\1/p; s/.*condition A <= //p; s/.*probabilities <= \([^ ]*\) ulp.*/\1/p" "$dir/out" | tr '\n' ' ' |
    awk -v want="$(ask '.on_range | .lipschitz_sigma, .condition, .probs_ulp')" '{split(want, w, " "); for (i = 1; i <= 3; i++) printf "%d", ($i >= w[i] && $i <= w[i] * 1.00001)}')" 111
  # -1e4 as a mask value takes everything exactly where sigma(-inf) = +inf
  equal "$name mask of -1e4" "$(ask '.finite_masks[0].prob == (if .limits[0] == "inf" then 1 else 0 end)')" true
  equal "$name accuracy" "$(ask '.on_range | .probs_ulp < 0.54 and .condition < 400')" true
  # one warning per hazard, and none without it
  set -- $(sed -n "/^$layer,/p" tests/data/params/$([ $table = 7 ] && echo deit_small_table7 || echo wikitext103_table8).csv | tr , ' ')
  want="$(awk -v b1=$6 -v d1=$7 -v b2=$8 -v d2=$9 'BEGIN {if (b1 > d1) printf "crossing1 "; if (b2 > d2) printf "crossing2 "}')"
  equal "$name crossing knots" "$(ask '.warnings[].code | select(startswith("crossing"))')" "${want% }"
  equal "$name take-over warning" "$(ask '[.warnings[].code] | index("takeover") != null')" "$(ask '.limits[0] == "inf"')"
  equal "$name suppression warning" "$(ask '[.warnings[].code] | index("suppressed") != null')" "$(ask '.limits[1] == "-inf"')"
  equal "$name order warning" "$(ask '[.warnings[].code] | index("nonmonotone") != null')" \
    "$(ask 'any(.not_increasing[]; def n: if . == "inf" then 1e300 elif . == "-inf" then -1e300 else . end; (.[0] | n) < 10 and (.[1] | n) > -10)')"
done <"$dir/points"

# Softmax has no hazard; masks and limits of first-order and affine modulators.
expect 0 "$multimax" params --params softmax --json -
equal "softmax" "$(jq -c '[.limits, .warnings, .turning_points, .overflow.float32, .takeover.all_below]' "$dir/out")" '[["-inf","inf"],[],[],[null,null],null]'
printf '{"temperatures": [0, 0], "knots": [-1, 2]}' >"$dir/p.json" # flat outside [-1, 2]
expect 0 "$multimax" params --params "$dir/p.json" --json -
equal "clamp" "$(jq -c '[.limits, .increasing, [.warnings[].code]]' "$dir/out")" '[[-1,2],[[-1,2]],["floor","ceiling","nonmonotone","nan-mask"]]'
printf '{"temperatures": [2], "knots": [0], "scale": -2, "shift": 1}' >"$dir/p.json" # decreasing
expect 0 "$multimax" params --params "$dir/p.json" --json -
equal "decreasing" "$(jq -c '[.limits, .increasing, .not_increasing]' "$dir/out")" '[["inf","-inf"],[],[["-inf","inf"]]]'
verdict cli_params
