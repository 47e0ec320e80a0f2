#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Teams and batches over threads run clean under the thread sanitizer. Control:
# a meeting that does not wait is reported.
set -eu
[ "$(uname -m)" = x86_64 ] || { echo "SKIP build_threads: x86_64 backends"; exit 77; }
out=build/threads
rm -rf $out && mkdir -p $out
. tests/sources.sh
san="-fsanitize=thread -g -O1"
flags="-std=c11 -ffp-contract=off -Itests -DMMAX_PTHREADS -DMMAX_SIMD -pthread"
avx2="-mavx2 -mfma -mf16c"
avx512="-mavx512f -mavx512dq -mavx512vl -mavx512bw $avx2"

# The reference knows no teams: without instrumentation it stays fast.
for source in $library; do
  object=$out/$(echo "$source" | tr / _).o
  case $source in
    src/ref/portable.c) gcc $flags -Isrc -O2 -c "$source" -o "$object" ;;
    src/ref/*) gcc $flags -mfma -Isrc -O2 -c "$source" -o "$object" ;;
    *) gcc $flags -mfma $san -Isrc -c "$source" -o "$object" ;;
  esac
done
for isa in avx2 avx512; do
  for storage in "" _f16 _bf16; do
    gcc $flags $san $(eval "echo \$$isa") -Isrc -c src/simd/$isa$storage.c -o $out/$isa$storage.o
  done
done
gcc $flags -mfma $san -Isrc tests/diff_threads.c $out/*.o -lm -o $out/team

code=0
TSAN_OPTIONS=halt_on_error=1 $out/team 1 "${STEP:-9}" >$out/log 2>&1 || code=$?
[ $code -ne 77 ] || { tail -n 1 $out/log; exit 77; }
grep -q 'FATAL: ThreadSanitizer: unexpected memory mapping' $out/log &&
  { echo "SKIP build_threads: the sanitizer cannot run under this kernel"; exit 77; }
[ $code -eq 0 ] || { tail -n 40 $out/log; echo "FAIL build_threads: code $code"; exit 1; }

sed 's/while (c->meetings == meeting) pthread_cond_wait/if (0) pthread_cond_wait/' src/run.c >$out/run.c
cmp -s src/run.c $out/run.c && { echo "FAIL build_threads: no place for the control"; exit 1; }
gcc $flags -mfma $san -Isrc -c $out/run.c -o $out/src_run.c.o
gcc $flags -mfma $san -Isrc tests/diff_threads.c $out/*.o -lm -o $out/control
if TSAN_OPTIONS=halt_on_error=1 $out/control 1 40 >$out/control.log 2>&1 ||
  ! grep -q 'data race' $out/control.log; then
  echo "FAIL build_threads: the control was not reported"
  exit 1
fi
rm -f $out/*.o $out/run.c
echo "PASS build_threads $(grep -o 'checks=[0-9]*' $out/log) control=1"
