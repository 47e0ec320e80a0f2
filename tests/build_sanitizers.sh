#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Edge and order tests run clean under address and undefined-behaviour
# sanitizers, and the edges under Valgrind. Control: a read past a row is seen
# by both.
set -eu
out=build/sanitizers
mkdir -p $out
fma=
[ "$(uname -m)" = x86_64 ] && fma=-mfma
. tests/sources.sh
san="-fsanitize=address,undefined -fno-sanitize-recover=all -g -O1"
flags="-std=c11 $fma -ffp-contract=off -Isrc -Itests -DMMAX_PTHREADS -pthread"
for test in edge_rows edge_arguments edge_environment edge_storage storage_rows property_order; do
  gcc $flags $san tests/$test.c $library -lm -o $out/$test
  some=
  [ $test = storage_rows ] && some=40
  $out/$test $some >$out/$test.log 2>&1 || { tail -n 20 $out/$test.log; echo "FAIL build_sanitizers: $test"; exit 1; }
done
gcc $flags -g -O1 tests/edge_rows.c $library -lm -o $out/plain
valgrind -q --error-exitcode=9 $out/plain >$out/valgrind.log 2>&1 || { tail -n 20 $out/valgrind.log; echo "FAIL build_sanitizers: valgrind"; exit 1; }

cat >$out/control.c <<'EOF'
#include <stdlib.h>
#include "ref/kernels_ref.h"
int main(void) {
  mmax_params p;
  mmax_params_softmax(&p);
  float *x = malloc(4 * sizeof *x), y[5];
  for (int i = 0; i < 4; i++) x[i] = 1.0f;
  return mmax_row_forward_ref(&p, x, NULL, 5, y) < 0;
}
EOF
gcc $flags $san $out/control.c $library -lm -o $out/control
gcc $flags -g -O1 $out/control.c $library -lm -o $out/control-plain
if $out/control >/dev/null 2>&1 || valgrind -q --error-exitcode=9 $out/control-plain >/dev/null 2>&1; then
  echo "FAIL build_sanitizers: the control was not noticed"
  exit 1
fi
echo "PASS build_sanitizers asan+ubsan=6 valgrind=1"
