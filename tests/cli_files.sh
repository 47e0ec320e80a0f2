#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Hostile and broken files: exit 2, one line naming the file and the place, no output file, quickly and in little memory.
. tests/cli_support.sh
ulimit -v 2000000 2>/dev/null # a header must not make the command allocate

x=tests/data/ppocr/attention1.npy
size=$(wc -c <$x)
try() { refuse "$1" "$multimax" eval --params "${3:-softmax}" --input "$2" --output "$dir/p.npy"; }
# npy NAME HEADER BYTES: version 1.0 with any header text
npy() {
  length=$(printf '%s' "$2" | wc -c)
  { printf '\223NUMPY\001\000'; printf "\\$(printf %03o $((length % 256)))\\$(printf %03o $((length / 256)))"; printf '%s' "$2"; head -c "$3" /dev/zero; } >"$dir/$1"
}
h="'descr': '<f4', 'fortran_order': False"

try "cannot open" "$dir/none.npy"
try "is a directory" "$dir"
for cut in 5 7 9 40 128 4096 $((size - 1)); do
  head -c $cut $x >"$dir/cut.npy"
  case $cut in
  5) place="line 1, column 1" ;; # too short to be told from text
  7) place="byte 6: truncated" ;;
  9) place="byte 8: truncated" ;;
  40) place="byte 8: the header claims" ;;
  *) place="ends at byte $cut" ;;
  esac
  try "$dir/cut.npy: " "$dir/cut.npy"
  grep -qF "$place" "$dir/err" || note "'$place' for $cut bytes: $(cat "$dir/err")"
done
{ cat $x; printf x; } >"$dir/long.npy"
try "byte $size: 1 bytes follow" "$dir/long.npy"
npy a.npy "{$h, 'shape': (4294967296, 4294967296, 4294967296), }" 64; try "product overflows" "$dir/a.npy"
npy a.npy "{$h, 'shape': (4611686018427387904,), }" 64; try "product overflows" "$dir/a.npy"
npy a.npy "{$h, 'shape': (1000000000000,), }" 64; try "promises 1000000000000 elements" "$dir/a.npy"
npy a.npy "{$h, 'shape': (99999999999999999999999,), }" 64; try "byte 61: dimension overflows" "$dir/a.npy"
npy a.npy "{$h, 'shape': (-1,), }" 64; try "byte 61: expected a dimension" "$dir/a.npy"
npy a.npy "{$h, 'shape': (1, 1, 1, 16), }" 64; try "more than 3 dimensions" "$dir/a.npy"
npy a.npy "{$h, 'shape': (), }" 4; try "0 dimensions" "$dir/a.npy"
npy a.npy "{$h, 'shape': (16,), " 64; try "quoted string" "$dir/a.npy"
npy a.npy "{$h, 'shape': (16,), } x" 64; try "text after the closing" "$dir/a.npy"
npy a.npy "{$h, 'shape': (16,), 'x': 1}" 64; try "unknown key" "$dir/a.npy"
npy a.npy "{$h}" 64; try "missing" "$dir/a.npy"
npy a.npy "{'descr': '<f8', 'fortran_order': False, 'shape': (8,), }" 64; try "astype('float32')" "$dir/a.npy"
npy a.npy "{'descr': '<c8', 'fortran_order': False, 'shape': (8,), }" 64; try "'<c8' is not supported" "$dir/a.npy"
npy a.npy "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (16,), }" 64; try "structured" "$dir/a.npy"
printf '\223NUMPY\011\000' >"$dir/a.npy"; try "byte 6: .npy version 9.0" "$dir/a.npy"
printf '\223NUMPY\002\000\377\377\377\377{}' >"$dir/a.npy"; try "claims 4294967295 bytes" "$dir/a.npy"
truncate -s 20G "$dir/sparse.npy" 2>/dev/null && try "larger than the limit" "$dir/sparse.npy"

printf '1 2\n3 x\n' >"$dir/a.txt"; try "a.txt: line 2, column 3: 'x' is not a number" "$dir/a.txt"
printf '1 2\n3\n' >"$dir/a.txt"; try "a.txt: line 2: 1 numbers, but the first row has 2" "$dir/a.txt"
printf '1 2\n\n3 4 5\n' >"$dir/a.txt"; try "line 3, column 5: '5' is one number more" "$dir/a.txt"
printf '1 1e39\n' >"$dir/a.txt"; try "line 1, column 3: '1e39' is beyond" "$dir/a.txt"
printf '1 \0332\n' >"$dir/a.txt"; try "'?2' is not a number" "$dir/a.txt"
: >"$dir/a.txt"; try "no numbers found" "$dir/a.txt"
head -c 100000 /dev/zero | tr '\0' '7' >"$dir/a.txt"; try "too long for a number" "$dir/a.txt"

json() { printf '%s' "$1" >"$dir/a.json"; try "$2" $x "$dir/a.json"; }
json '{"ts":[1,' "line 1, column 9 (byte 9)"
json '[]' "not a JSON object"
json '{"ts":[1],"ranges":[1],"tss":2}' '"tss" is not a known key'
json '{"order":1,"order":2}' "duplicate"
json '{"ts":[1e39],"ranges":[1]}' "beyond float32"
json '{"ts":["1x"],"ranges":[1]}' '"ts" is not a number'
json '{"ts":[1,2],"ranges":[1]}' "2 ts but 1 ranges"
json '{"ts":[1,2,3],"ranges":[1,2,3]}' "needs more values"
json '{"ts":[1],"knots":[1]}' "not both"
json '{"order":3}' '"order" is none of'
head -c 1100000 /dev/zero | tr '\0' '[' >"$dir/a.json"; try "limit of 1048576" $x "$dir/a.json"
head -c 100000 /dev/zero | tr '\0' '[' >"$dir/a.json"; try "a.json: line 1" $x "$dir/a.json"

csv() { printf "$1" >"$dir/a.csv"; try "$2" $x "$dir/a.csv:${3:-1}"; }
csv '' "line 1: no header"
csv 'tb1,b1\n2,x\n' "line 2, column 3: 'x' is not a number"
csv 'tb1,b1\n2\n' "line 2: 1 columns, but the header has 2"
csv 'tb1,b1\n2,1\n' "no row '2' (1 rows)" 2
csv 'layer,tb1,b1\n7,2,1\n' "no row '1' (1 rows, chosen by the column layer)"
csv 'tb1,b1,x\n2,1,1\n' "line 1, column 8: 'x' is not a known column"
csv 'tb1,b1,b1\n2,1,1\n' "'b1' appears twice"
csv 'tb1,td1,b1\n2,1,1\n' "column d1 is missing"
csv 'tb1,ts0,b1\n2,1,1\n' "mixed"
csv 'tb1,b1\nnan,1\n' "line 2: "
csv 'tb1,b1\n-3.5e38,1\n' "beyond the range"
try "which row?" $x tests/data/params/deit_small_table7.csv
try "deit-small has layers 1 to 12" $x deit-small:13
try "deit-small has layers 1 to 12" $x deit-small:1x
try "which layer?" $x wikitext103
try "are none of" $x deit-large:1

[ ! -e "$dir/p.npy" ] || note "no output was written"
# An existing result survives a failed run, and no temporary file stays behind.
echo keep >"$dir/p.npy"
try "is a directory" "$dir"
equal "old result" "$(cat "$dir/p.npy")" keep
refuse "cannot create" "$multimax" eval --params softmax --input $x --output "$dir/none/p.npy"
expect 0 "$multimax" eval --params softmax --input $x --output "$dir/p.npy"
equal "temporary files" "$(ls "$dir" | grep -c 'p.npy\.')" 0
if [ -w /dev/full ]; then refuse "No space left" "$multimax" eval --params softmax --input $x --output /dev/full; fi
verdict cli_files
