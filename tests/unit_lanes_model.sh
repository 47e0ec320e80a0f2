#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every operation in a lanes header has its meaning in specs/lanes_model.h and is used by a lane test,
# and the headers offer the same ones. Operations: v_, q_, f_, and whatever else the rows or cells use.
# Control: an operation that is not there is missed.
set -u
functions() { sed -n 's/^static inline .*[ *]\([a-z][a-z0-9_]*\)(.*) {.*/\1/p' "$1" | sort -u; }
ops() {
  for f in $(functions "$1"); do
    case $f in [vqf]_*) echo "$f" ;; *) ! grep -qw "$f" src/simd/rows_*.h src/simd/cells_*.h || echo "$f" ;; esac
  done
}
missing() { # header
  for op in $(ops "$1"); do
    grep -q " model_${op#v_}(" specs/lanes_model.h || echo "$1: $op has no meaning in specs/lanes_model.h"
    grep -qw "$op" tests/unit_lanes.c tests/unit_lanes16.c || echo "$1: $op is in no test of lanes"
  done
}
out=build/tests/lanes_model
mkdir -p $out
count=0
for header in src/simd/lanes_*.h; do
  ops "$header" >"$out/$(basename "$header" .h)"
  missing "$header"
  count=$((count + $(ops "$header" | wc -l)))
done >$out/log
for header in avx512 neon; do diff $out/lanes_avx2 $out/lanes_$header; done >>$out/log
if [ -s $out/log ]; then cat $out/log; echo "FAIL unit_lanes_model"; exit 1; fi
{ cat src/simd/lanes_avx2.h; echo 'static inline vd v_absent(vd a) { return a; }'; } >$out/control.h
[ "$(missing $out/control.h | wc -l)" -eq 2 ] || { echo "FAIL unit_lanes_model: control"; exit 1; }
[ "$count" -gt 0 ] || { echo "FAIL unit_lanes_model: no operation found"; exit 1; }
echo "PASS unit_lanes_model operations=$(wc -l <$out/lanes_avx2) headers=3"
