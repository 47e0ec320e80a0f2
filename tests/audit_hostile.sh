#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Programs that are no subjects at all end the audit with status 2 and a reason, in time.
# (Subjects that misbehave later are among the faults of audit_faults.py.)
set -u
tool=${MULTIMAX:-build/multimax}
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
count=0
refused() { # words command [option]
  start=$(date +%s)
  "$tool" audit --subject "$2" --suite smoke --start-timeout 2 --memory 256 ${3-} > "$work/out" 2> "$work/err"
  status=$? took=$(($(date +%s) - start))
  if [ $status -ne 2 ] || ! grep -q "$1" "$work/err" || [ $took -gt 20 ]; then
    echo "FAIL audit_hostile: '$2': exit $status after $took s: $(head -c 300 "$work/err")"; exit 1
  fi
  count=$((count + 1))
}
refused "could not be run" /no/such/program
refused "ended before its greeting" "exit 3"
refused "exit status 3" "exit 3"
refused "no greeting within" "sleep 60"
refused "no greeting within" "trap '' TERM INT; sleep 60 & wait"
refused "garbage" "cat /dev/zero"
refused "is not that of protocol" yes
refused "is not that of protocol" cat
refused "standard error ends: no licence" "echo no licence >&2; exit 1"
refused "names no op" "echo '{\"protocol\": 1}'; cat > /dev/null"
half="echo '{\"protocol\": 1, \"name\": \"half\", \"ops\": [\"forward\"], \"format\": \"float16\"}'; cat > /dev/null"
refused "bounds are of float32, the subject 'half' answers in float16" "$half" "--profile=ours"
echo "PASS audit_hostile programs=$count"
