#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The assumptions of specs/soundness.md, counted and named.
set -eu
rows=$(grep '^| A[0-9]' specs/soundness.md)
echo "assumptions: $(echo "$rows" | wc -l) (specs/soundness.md)"
echo "$rows" | awk -F'|' '{ printf "  %s%s\n", $2, $3 }'
