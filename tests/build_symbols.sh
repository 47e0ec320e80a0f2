#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shared library exports what multimax.h declares, versioned, and nothing else.
set -eu
grep -o 'mmax_[a-z0-9_]*(' src/multimax.h | tr -d '(' | sort -u >build/declared.txt
nm -D --defined-only build/libmultimax.so.0 | awk '$2 == "T" {print $3}' | sed 's/@@.*//' | sort -u >build/exported.txt
diff build/declared.txt build/exported.txt || { echo "FAIL build_symbols"; exit 1; }
nm -D --defined-only build/libmultimax.so.0 | grep -q 'mmax_forward@@MULTIMAX_0' || { echo "FAIL build_symbols: no version"; exit 1; }
echo "PASS build_symbols exported=$(wc -l <build/exported.txt)"
