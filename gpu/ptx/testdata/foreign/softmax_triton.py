#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Row softmax as Triton compiles it, without a GPU: prints PTX for the compute capability given (80, 90, 100)."""
import sys

import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget


@triton.jit
def softmax(x, y, stride, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    at = tl.arange(0, BLOCK)
    v = tl.load(x + row * stride + at, mask=at < n, other=-float("inf"))
    v = tl.exp(v - tl.max(v, axis=0))
    tl.store(y + row * stride + at, v / tl.sum(v, axis=0), mask=at < n)


source = triton.compiler.ASTSource(fn=softmax, signature={"x": "*fp32", "y": "*fp32", "stride": "i32", "n": "i32", "BLOCK": "constexpr"},
                                   constexprs={"BLOCK": 256})
print(triton.compile(source, target=GPUTarget("cuda", int(sys.argv[1]), 32), options={"num_warps": 4}).asm["ptx"], end="")
