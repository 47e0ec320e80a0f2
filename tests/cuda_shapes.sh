#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claim: the forward kernels of all lengths from 1 to 2048 are executed, with every check, to the reference's bits.
set -eu
. tests/cuda_ptx.sh
build/tests/cuda_shapes "$dir/kept"
