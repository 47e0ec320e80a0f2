# SPDX-License-Identifier: Apache-2.0
# Sourced: unpacks the kept PTX of the CUDA kernels into $dir/kept and sets `sets` to that and what nvcc made here.
nvcc=${NVCC:-$(command -v nvcc || true)}
ptx=${PTX:-build/gpu/mmax-ptx}
units="forward log backward loss accumulate"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/kept"
for unit in $units; do gzip -dc "tests/data/cuda/sm_90/$unit.ptx.gz" >"$dir/kept/$unit.ptx"; done
sets=$dir/kept
if [ -n "$nvcc" ]; then sets=$(echo build/gpu/cuda/sm_*); fi # the kept PTX is that of sm_90 (cuda_fixture)
# float64 operations of each kernel of a set, by kind: a fused or split one shows here
counted() {
  for unit in $units; do "$ptx" audit "$1/$unit.ptx" || [ $? -eq 1 ]; done |
    sed -n 's/^\(mmax_[a-z_0-9]*\): .*float64: \([0-9]* fma, [0-9]* mul, [0-9]* add, [0-9]* min\/max, [0-9]* div\).*/\1: \2/p'
}
