#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Rows split over threads on the NEON backend, cross-compiled and run under qemu (STEP=1: every case).
set -u
cc=aarch64-linux-gnu-gcc
case $(uname -m) in aarch64) echo "SKIP threads_neon: native here, diff_threads tests it"; exit 77 ;; esac
command -v $cc >/dev/null && command -v qemu-aarch64 >/dev/null ||
  { echo "SKIP threads_neon: needs $cc and qemu-aarch64"; exit 77; }
make -s CC=$cc B=build/neon-threads build/neon-threads/libmultimax.a || exit 1
$cc -static -std=c11 -O2 -ffp-contract=off -Wall -Wextra -Isrc -Itests tests/diff_threads.c \
  build/neon-threads/libmultimax.a -pthread -lm -o build/neon-threads/diff_threads || exit 1
qemu-aarch64 build/neon-threads/diff_threads 1 "${STEP:-13}" || exit 1
echo "PASS threads_neon"
