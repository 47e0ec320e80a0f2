#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: the CUDA kernels compiled by nvcc for sm_75 to sm_120, and by NVRTC, execute to the reference's bits without a report.
# MMAX_NVRTC: libraries to use beside the toolkit's, separated by colons (a wheel's libnvrtc.so.12 or .13). Texts that differ
# in .version and .target alone are executed once, here or in cuda_bits.sh.
set -eu
. tests/cuda_ptx.sh
[ -n "$nvcc" ] || { echo "skipped: no nvcc"; exit 78; }
cuda=$(dirname "$(dirname "$(readlink -f "$nvcc")")")
forms=0 runs=0
text_of() { sed -e 's,//.*,,' -e '/^\.version/d' -e '/^\.target/d' "$1" | cksum; }
# cuda_bits.sh has executed these
for set in $sets; do
  for unit in $units; do echo "$unit $(text_of "$set/$unit.ptx")"; done
done >"$dir/seen"
# directory with one PTX per unit, name for messages
execute() {
  forms=$((forms + 1))
  new=
  for unit in $units; do
    text="$unit $(text_of "$1/$unit.ptx")"
    grep -qx "$text" "$dir/seen" || { new="$new $unit"; echo "$text" >>"$dir/seen"; }
  done
  for kind in forward log backward loss; do
    case $kind in log) uses="log forward" ;; forward) uses=forward ;; *) uses="$kind accumulate" ;; esac
    for unit in $uses; do
      case " $new " in *" $unit "*) ;; *) continue ;; esac
      runs=$((runs + 1))
      build/tests/cuda_kernels "$1" $kind $runs some >"$dir/log" || { echo "FAIL ptx_kernels $2 $kind"; cat "$dir/log"; exit 1; }
      grep -Eq 'checks=[1-9][0-9]+ failures=0' "$dir/log" || { echo "FAIL ptx_kernels $2 $kind ran too little"; cat "$dir/log"; exit 1; }
      break
    done
  done
}
for sm in 75 80 86 89 90 100 120; do
  if [ -d build/gpu/cuda/sm_$sm ]; then # built and executed: cuda_bits.sh
    forms=$((forms + 1))
    continue
  fi
  mkdir "$dir/$sm"
  for unit in $units; do
    "$nvcc" -O3 -std=c++17 -Isrc -Igpu/cuda -arch=compute_$sm -ptx "gpu/cuda/$unit.cu" -o "$dir/$sm/$unit.ptx"
  done
  execute "$dir/$sm" "nvcc compute_$sm"
done
# NVRTC compiles device code only
mkdir "$dir/device"
for file in gpu/cuda/*.cu gpu/cuda/*.cuh gpu/cuda/*.h; do
  awk -f gpu/ptx/testdata/device_only.awk "$file" >"$dir/device/${file##*/}"
done
${CC:-cc} gpu/ptx/testdata/nvrtc_ptx.c -ldl -o "$dir/nvrtc_ptx"
libraries=0
for library in "$cuda"/lib64/libnvrtc.so $(echo "${MMAX_NVRTC-}" | tr : ' '); do
  [ -e "$library" ] || continue
  libraries=$((libraries + 1))
  for sm in 80 120; do
    mkdir "$dir/nvrtc$libraries.$sm"
    for unit in $units; do
      MMAX_NVRTC=$library "$dir/nvrtc_ptx" "$dir/device/$unit.cu" --gpu-architecture=compute_$sm -std=c++17 -default-device \
        --include-path=src --include-path="$dir/device" >"$dir/nvrtc$libraries.$sm/$unit.ptx" 2>"$dir/log" ||
        { echo "FAIL ptx_kernels: $library does not compile $unit for sm_$sm"; cat "$dir/log"; exit 1; }
    done
    execute "$dir/nvrtc$libraries.$sm" "$library compute_$sm"
  done
done
# negative control: one rounding changed in one text
mkdir "$dir/changed"
for unit in $units; do sed 's/cvt\.rn\.f32\.f64/cvt.rz.f32.f64/' "$dir/89/$unit.ptx" >"$dir/changed/$unit.ptx"; done
if build/tests/cuda_kernels "$dir/changed" forward 1 first >/dev/null; then echo "FAIL ptx_kernels: a changed rounding passed"; exit 1; fi
echo "PASS ptx_kernels compilers-and-targets=$forms nvrtc-libraries=$libraries runs=$runs mismatches=0"
