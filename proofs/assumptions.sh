#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The assumptions of specs/soundness.md (or of the file named), counted and named; fails unless their ids are A1, A2, ... in order
# and at most six are of kind primitive.
set -eu
rows=$(grep '^| A[0-9]' "${1:-specs/soundness.md}")
echo "assumptions: $(echo "$rows" | wc -l) (specs/soundness.md)"
echo "$rows" | awk -F'|' '{ printf "  %s%s\n", $2, $3 }'
echo "$rows" | awk -F'|' '$2 != " A" NR " " { print "assumptions: row " NR " is not A" NR > "/dev/stderr"; exit 1 }'
echo "$rows" | awk -F'|' '$4 ~ /primitive/ && ++n > 6 { print "assumptions: more than six primitives" > "/dev/stderr"; exit 1 }'
