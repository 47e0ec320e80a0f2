# SPDX-License-Identifier: Apache-2.0
# What the tests of the command share. Sourced; run from the project's root.
set -u
multimax=${MULTIMAX:-build/multimax}
broken=${MULTIMAX_BROKEN:-build/tests/multimax-broken}
checks=0 failures=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

note() {
  failures=$((failures + 1))
  echo "  not so: $1"
}

# expect CODE COMMAND...: exit status; output in $dir/out and $dir/err
expect() {
  want=$1
  shift
  checks=$((checks + 1))
  code=0
  "$@" >"$dir/out" 2>"$dir/err" </dev/null || code=$?
  [ "$code" -eq "$want" ] && return 0
  note "exit $want of '$*', but $code: $(head -n 2 "$dir/err")"
  return 1
}

# refuse TEXT COMMAND...: exit 2, nothing on standard output, TEXT in one line on standard error
refuse() {
  text=$1
  shift
  expect 2 "$@" || return 0
  grep -qF -- "$text" "$dir/err" || note "'$text' in the message of '$*': $(cat "$dir/err")"
  [ "$(wc -l <"$dir/err")" -eq 1 ] || note "one line of message from '$*': $(cat "$dir/err")"
  [ ! -s "$dir/out" ] || note "no output of '$*'"
}

# equal WHAT GOT WANT
equal() {
  checks=$((checks + 1))
  [ "$2" = "$3" ] || note "$1: got '$2', want '$3'"
}

verdict() {
  if [ "$failures" -eq 0 ] && [ "$checks" -gt 0 ]; then word=PASS; else word=FAIL; fi
  echo "$word $1 checks=$checks failures=$failures"
  [ $word = PASS ]
}
