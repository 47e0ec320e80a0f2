#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# This library, every backend this machine has: no finding in any suite, and the same bits in every group. The full
# suites (rows to 2^20) run once. Time is asked too: a full audit of a NumPy-speed subject ends within 60 s.
set -u
tool=${MULTIMAX:-build/multimax}
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
ran=0
audit() { # subject params suite
  "$tool" audit --subject "$1" --suite "$3" --params "$2" --fail-on info --fingerprint "$work/bits" > "$work/out" 2> "$work/err" || {
    grep -Ev ' pass | -  ' "$work/out" | head -n 40; cat "$work/err"; echo "FAIL audit_ours: $1 $2 $3"; exit 1; }
  ran=$((ran + 1))
}
for params in softmax deit-small:1 deit-small:11 deit-small:12 wikitext103:4 wikitext103:6; do
  audit @ours:ref "$params" smoke
  cp "$work/bits" "$work/want"
  for backend in portable avx2 avx512 neon; do
    echo | "$tool" audit --serve "ours:$backend" > /dev/null 2> "$work/err"
    grep -q "not available" "$work/err" && continue
    audit "@ours:$backend" "$params" smoke
    cmp "$work/want" "$work/bits" || { echo "FAIL audit_ours: bits of $backend differ from ref for $params"; exit 1; }
  done
done
audit @ours softmax softmax
start=$(date +%s)
audit @ours wikitext103:1 multimax
took=$(($(date +%s) - start))
cases=$(sed -n 's/.* \([0-9]*\) cases.*/\1/p' "$work/out")
echo "PASS audit_ours audits=$ran full_suite_cases=$cases full_suite_seconds=$took"
