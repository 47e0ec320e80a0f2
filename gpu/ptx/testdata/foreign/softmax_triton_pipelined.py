#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Row softmax in Triton with its loads pipelined over rows: prints PTX for the compute capability given. Made with triton
3.9.0. Its cp.async instructions are not modelled: a subject of `ptx forms`."""
import sys

import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget


@triton.jit
def softmax(x, y, stride, rows, n, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    for row in tl.range(tl.program_id(0), rows, tl.num_programs(0), num_stages=4):
        v = tl.load(x + row * stride + at, mask=at < n, other=-float("inf"))
        v = tl.exp(v - tl.max(v, axis=0))
        tl.store(y + row * stride + at, v / tl.sum(v, axis=0), mask=at < n)


source = triton.compiler.ASTSource(
    fn=softmax, signature={"x": "*fp32", "y": "*fp32", "stride": "i32", "rows": "i32", "n": "i32", "BLOCK": "constexpr"},
    constexprs={"BLOCK": 256}, attrs={(k,): [["tt.divisibility", 16]] for k in range(3)})
ptx = triton.compile(source, target=GPUTarget("cuda", int(sys.argv[1]), 32), options={"num_warps": 4}).asm["ptx"]
lines = [line for line in ptx.split("\n") if not line.lstrip().startswith((".loc", ".file"))]
print("\n".join(lines[:next((k for k, line in enumerate(lines) if ".section" in line), len(lines))]).rstrip())
