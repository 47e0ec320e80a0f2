# SPDX-License-Identifier: Apache-2.0
# One test: its log, its exit status, one line. Sourced by run.sh.
run_one() {
  test=$1 out=$2 limit=$3
  name=$(basename "$test" .sh)
  case $test in *.sh) set -- sh "$test" ;; *) set -- "$test" ;; esac
  timeout "$limit" "$@" >"$out/$name.log" 2>&1 </dev/null
  code=$?
  echo "$code" >"$out/$name.status"
  last=$(tail -n 1 "$out/$name.log" | cut -c1-150)
  case $code in
  0) echo "ok    $name: $last" ;;
  77 | 78) echo "SKIP  $name: $last" ;;
  124) echo "FAIL  $name: no end after $limit s" ;;
  *) echo "FAIL  $name (exit $code, $out/$name.log):"; tail -n 15 "$out/$name.log" | sed 's/^/      /' ;;
  esac
}
