#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The committed suites are what the generator and the oracle make today, byte by byte.
# Control: one changed bit in an expected value is seen by the comparison and by an audit.
set -u
tool=${MULTIMAX:-build/multimax}
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
compared=0
for pair in softmax:softmax wikitext103-1:wikitext103:1; do
  name=${pair%%:*} params=${pair#*:}
  "$tool" audit --make-suite "$work/$name.json" --suite smoke --params "$params" || { echo "FAIL audit_suites: cannot make $name"; exit 1; }
  cmp "$work/$name.json" "tests/audit-suites/$name.json" || { echo "FAIL audit_suites: $name differs"; exit 1; }
  compared=$((compared + 1))
done
# Another exponent in every expected value of one group.
sed '/"name": "constant"/,/"name": "peaked"/s/"exact": "3fe/"exact": "3fd/; /"name": "constant"/,/"name": "peaked"/s/"exact": "3fb/"exact": "3fa/' \
  "$work/softmax.json" > "$work/changed.json"
cmp -s "$work/softmax.json" "$work/changed.json" && { echo "FAIL audit_suites: the control changed nothing"; exit 1; }
"$tool" audit --subject @ours --suite "$work/softmax.json" > "$work/out" || { cat "$work/out"; echo "FAIL audit_suites: own library"; exit 1; }
"$tool" audit --subject @ours --suite "$work/changed.json" > "$work/out" && { echo "FAIL audit_suites: a changed expectation went unseen"; exit 1; }
# A damaged file is refused with its place.
sed 's/"logits": "3f/"logits": "zz/' "$work/softmax.json" > "$work/damaged.json"
"$tool" audit --subject @ours --suite "$work/damaged.json" 2> "$work/err" && { echo "FAIL audit_suites: damaged file accepted"; exit 1; }
[ $? -eq 2 ] || { echo "FAIL audit_suites: exit status of a damaged file"; exit 1; }
grep -q "bad logits" "$work/err" || { cat "$work/err"; echo "FAIL audit_suites: message"; exit 1; }
echo "PASS audit_suites suites=$compared"
