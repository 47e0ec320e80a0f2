#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# src/ builds without a C library: freestanding, no header but the language's,
# and no undefined symbol but the four memory functions GCC asks of any
# freestanding environment. Control: a call of malloc is noticed.
set -eu
out=build/freestanding
rm -rf $out && mkdir -p $out
allowed='memcpy|memmove|memset|memcmp'
. tests/sources.sh
for source in $library; do
  gcc -std=c11 -pedantic -O2 -ffreestanding -ffp-contract=off -Wall -Wextra -Wconversion -Werror -mfma \
    -c "$source" -o "$out/$(echo "$source" | tr / _).o"
done
foreign=$(ld -r -o $out/all.o $out/src_*.o && nm -u $out/all.o | awk '{print $2}' | grep -Evx "$allowed" || true)
[ -z "$foreign" ] || { echo "FAIL build_freestanding: needs $foreign"; exit 1; }
headers=$(grep -h '#include <' $library src/*.h src/ref/*.h | sort -u | grep -Ev '<(stddef|stdint|cpuid|pthread|immintrin|arm_neon)\.h>' || true)
[ -z "$headers" ] || { echo "FAIL build_freestanding: includes $headers"; exit 1; }
printf 'void *malloc(unsigned long); void *f(void) { return malloc(8); }\n' >$out/control.c
gcc -c $out/control.c -o $out/control.o
nm -u $out/control.o | awk '{print $2}' | grep -Evqx "$allowed" || { echo "FAIL build_freestanding: control passed"; exit 1; }
echo "PASS build_freestanding files=$(echo $library | wc -w) foreign_symbols=0"
