#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The ready adapters that need nothing but NumPy or a C compiler: a sound function has no finding of note, a wrong one has.
set -u
tool=${MULTIMAX:-build/multimax}
export PYTHONPATH=oracle/audit/adapters PYTHONDONTWRITEBYTECODE=1
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
expect() { # status subject suite
  "$tool" audit --subject "$2" --suite "$3" --no-reduce > "$work/out" 2> "$work/err"
  status=$?
  [ $status -eq "$1" ] || { cat "$work/out" "$work/err"; echo "FAIL audit_adapters: exit $status for $2, want $1"; exit 1; }
}
cat > "$work/f.c" <<'C'
#include <math.h>
#include <stddef.h>
static void row(const float *x, float *y, size_t n) {
  float m = x[0];
  double sum = 0;
  for (size_t k = 0; k < n; k++) m = x[k] > m || x[k] != x[k] ? x[k] : m;
  for (size_t k = 0; k < n; k++) sum += exp((double)x[k] - m);
  for (size_t k = 0; k < n; k++) y[k] = (float)(exp((double)x[k] - m) / sum);
}
int good(const float *x, float *y, int rows, int cols) {
  for (int r = 0; r < rows; r++) row(x + r * cols, y + r * cols, (size_t)cols);
  return 0;
}
void good_in_place(float *x, size_t n) { row(x, x, n); }
void bad(const float *x, float *y, size_t n) { row(x, y, n); y[n - 1] = 0; }
void wild(const float *x, float *y, size_t n) { row(x, y, n); y[n] = 1; }
C
subjects=0
if command -v "${CC:-gcc}" > /dev/null; then
  "${CC:-gcc}" -O1 -shared -fPIC "$work/f.c" -lm -o "$work/f.so" || { echo "FAIL audit_adapters: no library"; exit 1; }
  expect 0 "@library:$work/f.so:good:x,y,rows:int,cols:int" tests/audit-suites/softmax.json
  expect 1 "@library:$work/f.so:bad:x,y,cols" tests/audit-suites/softmax.json
  expect 1 "@library:$work/f.so:wild:x,y,cols" tests/audit-suites/softmax.json
  grep -q "critical: memory-bounds" "$work/out" || { echo "FAIL audit_adapters: the overrun is not named"; exit 1; }
  expect 2 "@library:$work/f.so:missing:x,y,cols" tests/audit-suites/softmax.json
  expect 2 "@library:$work/f.so:good:x,z" tests/audit-suites/softmax.json
  subjects=5
fi
if python3 -c 'import numpy' 2> /dev/null; then
  expect 0 "python3 -m multimax_audit numpy:multimax_audit.formulas.softmax" tests/audit-suites/softmax.json
  expect 1 "python3 -m multimax_audit numpy:multimax_audit.formulas.naive_softmax" tests/audit-suites/softmax.json
  expect 2 "python3 -m multimax_audit numpy:no.such.function" tests/audit-suites/softmax.json
  expect 2 "python3 -m multimax_audit nothing:at.all" tests/audit-suites/softmax.json
  subjects=$((subjects + 4))
fi
for kind in torch:torch.nn.functional.softmax jax:jax.nn.softmax onnx:softmax; do
  python3 -c "import ${kind%%:*}" 2> /dev/null || [ "${kind%%:*}" = onnx ] || continue
  [ "${kind%%:*}" != onnx ] || python3 -c "import onnx, onnxruntime" 2> /dev/null || continue
  "$tool" audit --subject "python3 -m multimax_audit $kind" --suite tests/audit-suites/softmax.json --no-reduce > "$work/out" 2>&1
  [ $? -le 1 ] && grep -q "^verdict:" "$work/out" || { cat "$work/out"; echo "FAIL audit_adapters: $kind"; exit 1; }
  subjects=$((subjects + 1))
done
[ "$subjects" -gt 0 ] || { echo "SKIP audit_adapters: neither a compiler nor NumPy"; exit 77; }
echo "PASS audit_adapters subjects=$subjects"
