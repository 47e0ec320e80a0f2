#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Usage: every sub-command explains itself, names what it does not know, and exits as documented.
. tests/cli_support.sh

expect 0 "$multimax" --version
equal version "$(cat "$dir/out")" "multimax $(sed -n 's/^VERSION *:= *//p' Makefile)"
expect 0 "$multimax" --help
cp "$dir/out" "$dir/overview"
expect 2 "$multimax"
equal "overview without a command" "$(cat "$dir/err")" "$(cat "$dir/overview")"
refuse "unknown command 'frobnicate'" "$multimax" frobnicate
refuse "unknown option '--frobnicate'" "$multimax" --frobnicate

for command in eval oracle check params; do
  grep -q "^  $command " "$dir/overview" || note "$command in the overview"
  expect 0 "$multimax" $command --help
  grep -q "usage: multimax $command" "$dir/out" || note "usage in $command --help"
  grep -q "exit status: 0" "$dir/out" || note "exit status in $command --help"
  # every example of the help starts with a known command and uses known options
  options=$(sed -n 's/^  \(--[a-z-]*\).*/\1/p' "$dir/out")
  grep -o ' --[a-z-]*' "$dir/out" | sort -u | while read -r used; do
    echo "$options" | grep -qx -- "$used" || echo "$used"
  done >"$dir/unknown"
  equal "options in the examples of $command" "$(cat "$dir/unknown")" ""
  for option in $options; do
    case $option in
    --help) ;;
    --hex) refuse "takes no value" "$multimax" $command $option=1 ;;
    *) refuse "$option needs a value" "$multimax" $command $option ;;
    esac
    grep -q -- "$(echo "$option" | sed 's/-/\\\\-/g')" oracle/multimax.1 || note "$option in the manual page"
  done
  refuse "unknown option '--inptu'" "$multimax" $command --inptu x
  refuse "unexpected argument 'x.npy'" "$multimax" $command x.npy
  refuse "--params is required" "$multimax" $command
done

x=tests/data/ppocr/attention1.npy
refuse "--input is required" "$multimax" eval --params softmax
refuse "--output is required" "$multimax" eval --params softmax --input $x
refuse "--threads: '-1'" "$multimax" eval --params softmax --input $x --threads -1
refuse "--threads: '1x'" "$multimax" eval --params softmax --input $x --threads 1x
refuse "--threads 1025" "$multimax" eval --params softmax --input $x --output - --threads 1025
refuse "--backend sse2: auto, ref" "$multimax" eval --params softmax --input $x --output - --backend sse2
refuse "--function sum: forward, log" "$multimax" eval --params softmax --input $x --output - --function sum
refuse "needs --grad-probs" "$multimax" eval --params softmax --input $x --output - --function backward
refuse "needs --targets" "$multimax" eval --params softmax --input $x --output - --function loss
refuse "--targets is of no use" "$multimax" eval --params softmax --input $x --output - --targets t.npy
refuse "--grad-params is for" "$multimax" eval --params softmax --input $x --output - --grad-params g.json
refuse "--grad-logits is for" "$multimax" eval --params softmax --input $x --output - --grad-logits g.npy
refuse "--smoothing: 'nought'" "$multimax" check --params softmax --input $x --smoothing nought
refuse "--smoothing 1.5: must be in [0, 1]" "$multimax" check --params softmax --input $x --function loss \
  --targets $x --smoothing 1.5
refuse "unknown option '--backend'" "$multimax" oracle --params softmax --backend ref
refuse "--lo 5 --hi 1" "$multimax" params --params softmax --lo 5 --hi 1
refuse "--lo nan" "$multimax" params --params softmax --lo nan
refuse "--cols 0" "$multimax" params --params softmax --cols 0
verdict cli_usage
