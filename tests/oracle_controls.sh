#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Negative control: a truth with a perturbed coefficient, a weak inequality at
# the knots or terms cut off at crossing knots (Eq. 5) must be seen as wrong.
caught=0 missed=0
for test in oracle_arb_forward oracle_arb_gradient; do
  for mutation in coefficient knot crossing; do
    last=$(build/tests/$test "$mutation" | tail -n 1)
    case $last in
    FAIL*disagreements=[1-9]*) caught=$((caught + 1)) ;;
    *) missed=$((missed + 1)); echo "not caught: $test $mutation: $last" ;;
    esac
  done
done
if [ "$missed" -eq 0 ] && [ "$caught" -eq 6 ]; then verdict=PASS; else verdict=FAIL; fi
echo "$verdict oracle_controls caught=$caught missed=$missed"
[ $verdict = PASS ]
