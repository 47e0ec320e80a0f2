#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the tests named as arguments, $JOBS at a time. A test exits 0 (passed), 77
# (skipped), 78 (skipped: needs a GPU or its compiler, which Debian lacks), anything
# else: failed. With CI set, a
# skip is a failure unless it is 78. Last line: N passed, N failed[, N skipped].
set -u
jobs=${JOBS:-$(nproc)}
limit=${TEST_SECONDS:-900}
out=build/test-results
rm -rf "$out" && mkdir -p "$out"

# Debian's NumPy belongs to Debian's Python, which need not be the first on PATH.
if ! python3 -c 'import numpy' 2>/dev/null && /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
  mkdir -p build/tests/bin
  ln -sf /usr/bin/python3 build/tests/bin/python3
  PATH=$PWD/build/tests/bin:$PATH
  export PATH
fi

printf '%s\n' "$@" | xargs -P "$jobs" -I{} sh -c '. tests/run_one.sh; run_one "$1" "$2" "$3"' sh {} "$out" "$limit"

passed=0 failed=0 skipped=0
for status in "$out"/*.status; do
  [ -e "$status" ] || continue
  case $(cat "$status") in
  0) passed=$((passed + 1)) ;;
  77) if [ -n "${CI-}" ]; then failed=$((failed + 1)); echo "FAIL  $(basename "$status" .status): skipped in CI"; else skipped=$((skipped + 1)); fi ;;
  78) skipped=$((skipped + 1)) ;;
  *) failed=$((failed + 1)) ;;
  esac
done
if [ "$passed" -eq 0 ] && [ "$failed" -eq 0 ]; then echo "no test was run"; failed=1; fi
if [ "$skipped" -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"; else echo "$passed passed, $failed failed"; fi
[ "$failed" -eq 0 ]
