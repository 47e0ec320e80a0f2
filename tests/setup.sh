#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that a target needs and this machine lacks:
# as root with apt-get, else prints the one line to run and exits 2.
# Usage: sh tests/setup.sh build|test|prove|certify
set -eu
build="gcc make pkg-config libc6-dev libgmp-dev libmpfr-dev libjansson-dev libffi-dev"
test="$build libflint-arb-dev libflint-dev clang libclang-rt-14-dev valgrind cmake g++ binutils jq python3
  python3-numpy gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user chromium"
prove="frama-c-base ocaml-nox ocaml-findlib why3 z3 cvc5 cvc4 gappa coq libcoq-flocq libcoq-interval libcoq-coquelicot libcoq-gappa python3"
case ${1-} in
build) want=$build ;;
test) want=$test ;;
prove) want=$prove ;;
certify) want="$build jq $prove" ;;
*) echo "usage: sh tests/setup.sh build|test|prove|certify" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
  echo "setup: not a Debian system; needed are the equivalents of:" $want >&2
  exit 0 # the build then says what it misses
fi
missing=
for package in $want; do
  case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
  *" installed") ;;
  *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "setup: packages are missing; run:" >&2
  echo "  sudo apt-get update && sudo apt-get install --no-install-recommends$missing" >&2
  exit 2
fi
echo "setup: installing$missing"
mkdir -p build
if ! (apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing) >build/setup.log 2>&1; then
  tail -n 20 build/setup.log >&2
  echo "setup: apt-get failed (build/setup.log)" >&2
  exit 2
fi
