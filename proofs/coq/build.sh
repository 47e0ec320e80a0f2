#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the theory in the order of _CoqProject: build.sh OUT_DIR. Sources are copied, so no .vo lands in the source tree.
# A file is compiled again when it or any file before it changed.
set -eu
src=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: build.sh OUT_DIR}
command -v coqc >/dev/null 2>&1 || { echo "prove-coq: coqc not found (apt-get install coq libcoq-flocq libcoq-interval libcoq-coquelicot libcoq-gappa gappa)" >&2; exit 1; }
mkdir -p "$out"
stale=no
for f in $(grep '\.v$' "$src/_CoqProject"); do
  if [ $stale = no ] && [ -f "$out/${f}o" ] && cmp -s "$src/$f" "$out/$f"; then continue; fi
  stale=yes
  cp "$src/$f" "$out/$f"
  rm -f "$out/${f}o"
  start=$(date +%s.%N)
  (cd "$out" && coqc -w -ambiguous-paths -R . MultiMax "$f")
  printf 'coqc %-20s %5.1f s\n' "$f" "$(echo "$(date +%s.%N) $start" | awk '{print $1 - $2}')"
done
