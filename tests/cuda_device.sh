# SPDX-License-Identifier: Apache-2.0
# Sourced: builds cuda_api and cuda_golden over a device, and runs them with a record of the hashes. Needs $nvcc and $dir.
cuda=$(dirname "$(dirname "$(readlink -f "$nvcc")")")
build_over() { # FOLDER SOURCE LIBRARIES...: the device's source, and what it is linked with
  mkdir -p "$1"
  into=$1 source=$2
  shift 2
  for program in cuda_api cuda_golden; do
    ${CC:-gcc} -std=c11 -O2 -g -ffp-contract=off -Wall -Wextra -Werror -D_POSIX_C_SOURCE=200809L -Isrc -Itests -Igpu/ptx -Igpu/cuda \
      -isystem "$cuda/include" tests/$program.c "$source" build/gpu/libmultimax_cuda.a "$@" -lstdc++ -pthread -lm -o "$into/$program"
  done
}
run_over() { # FOLDER RECORD WHAT: the record is written when everything has passed
  "$1/cuda_api" && "$1/cuda_golden" "$1/record" "$3" || return 1
  [ "$(grep -vc '^#' "$1/record")" -eq 576 ] && grep -q '^# device: .*; ' "$1/record" || { echo "FAIL the record is not whole"; return 1; }
  mkdir -p "$(dirname "$2")"
  mv "$1/record" "$2"
}
