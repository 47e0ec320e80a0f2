#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the theory of _CoqProject with coq_makefile, as many files at a time as there are processors: build.sh OUT_DIR.
# Sources are copied, so no .vo lands in the source tree; a file is compiled again when it or one that it needs changed.
set -eu
src=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: build.sh OUT_DIR}
command -v coqc >/dev/null 2>&1 || { echo "prove-coq: coqc not found (apt-get install coq libcoq-flocq libcoq-interval libcoq-coquelicot libcoq-gappa gappa)" >&2; exit 1; }
mkdir -p "$out"
for f in _CoqProject $(grep '\.v$' "$src/_CoqProject"); do
  cmp -s "$src/$f" "$out/$f" || cp "$src/$f" "$out/$f"
done
cd "$out"
coq_makefile -f _CoqProject -o Makefile
MAKEFLAGS= make --no-print-directory -j"$(nproc)" TIMED=1
