#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The installed library serves pkg-config, CMake, C and C++, shared and static;
# the examples compile against it and agree; uninstall leaves no file behind.
set -eu
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
prefix=$root/opt
make --no-print-directory install PREFIX="$prefix" >/dev/null
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib

for example in attention_row half_rows train_step; do
  cc -std=c11 -Wall -Wextra -Werror $(pkg-config --cflags multimax) src/examples/$example.c \
    $(pkg-config --libs multimax) -o "$root/$example-shared"
  cc -std=c11 -Wall -Wextra -Werror $(pkg-config --cflags multimax) src/examples/$example.c \
    "$prefix/lib/libmultimax.a" $(pkg-config --static --libs-only-other multimax) -pthread -o "$root/$example-static"
  "$root/$example-shared" >"$root/shared.txt"
  "$root/$example-static" >"$root/static.txt"
  cmp "$root/shared.txt" "$root/static.txt"
  [ -s "$root/shared.txt" ]
done

printf '#include <multimax.h>\nint main() { mmax_params p; mmax_params_softmax(&p); return mmax_params_check(&p); }\n' >"$root/cpp.cc"
c++ -Wall -Wextra -Werror $(pkg-config --cflags multimax) "$root/cpp.cc" $(pkg-config --libs multimax) -o "$root/cpp"
"$root/cpp"

mkdir "$root/cmake"
cat >"$root/cmake/CMakeLists.txt" <<EOF
cmake_minimum_required(VERSION 3.10)
project(consumer C)
find_package(multimax 0.1 REQUIRED)
add_executable(shared $PWD/src/examples/train_step.c)
target_link_libraries(shared multimax::multimax)
add_executable(static $PWD/src/examples/train_step.c)
target_link_libraries(static multimax::static)
EOF
cmake -S "$root/cmake" -B "$root/cmake/build" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
cmake --build "$root/cmake/build" >/dev/null
"$root/cmake/build/shared" | cmp - "$root/shared.txt"
"$root/cmake/build/static" | cmp - "$root/shared.txt"
if cmake -S "$root/cmake" -B "$root/cmake/other" -DCMAKE_PREFIX_PATH="$prefix" -Dmultimax_FIND_VERSION=2 >/dev/null 2>&1 &&
  sed -i 's/multimax 0.1/multimax 9.0/' "$root/cmake/CMakeLists.txt" &&
  cmake -S "$root/cmake" -B "$root/cmake/other" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null 2>&1; then
  echo "FAIL build_install: version 9.0 was found"
  exit 1
fi

"$prefix/bin/multimax" --version >/dev/null
make --no-print-directory uninstall PREFIX="$prefix" >/dev/null
left=$(find "$prefix" ! -type d)
[ -z "$left" ] || { echo "FAIL build_install: left behind: $left"; exit 1; }
echo "PASS build_install examples=3 consumers=pkg-config,static,c++,cmake"
