#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Row softmax as torch.compile's backend (Inductor) compiles it, without a GPU.

usage: softmax_inductor.py CAPABILITY ROWS COLUMNS [DTYPE]    prints the PTX of each kernel, comments first

Made with torch 2.15.0 and triton 3.9.0. The graph is traced on fake CUDA tensors with Inductor's own decompositions,
lowered and scheduled by Inductor; its Triton kernels are compiled by Triton in Inductor's first configuration. The
capability of the device that is not there is given below; Dynamo and the launcher take no part.
"""
import importlib.util
import os
import re
import sys
import tempfile
import types

scratch = tempfile.TemporaryDirectory()
os.environ["TORCHINDUCTOR_CACHE_DIR"] = os.environ["TRITON_CACHE_DIR"] = scratch.name

import torch  # noqa: E402
import torch._inductor.scheduler  # noqa: E402
import torch.utils._triton  # noqa: E402
import triton  # noqa: E402
from torch._dynamo.device_interface import CudaInterface  # noqa: E402
from torch._inductor.debug import DebugContext  # noqa: E402
from torch._inductor.decomposition import select_decomp_table  # noqa: E402
from torch._inductor.graph import GraphLowering  # noqa: E402
from torch._inductor.runtime import triton_helpers  # noqa: E402
from torch._inductor.virtualized import V  # noqa: E402
from torch._subclasses.fake_tensor import FakeTensorMode  # noqa: E402
from torch.fx.experimental.proxy_tensor import make_fx  # noqa: E402
from triton.backends.compiler import GPUTarget  # noqa: E402

capability, rows, columns = map(int, sys.argv[1:4])
dtype = getattr(torch, sys.argv[4] if len(sys.argv) > 4 else "float32")
target = GPUTarget("cuda", capability, 32)


def pretend_device():
    properties = types.SimpleNamespace(
        major=capability // 10, minor=capability % 10, multi_processor_count=132, warp_size=32, regs_per_multiprocessor=65536,
        max_threads_per_multi_processor=2048, max_threads_per_block=1024)
    for interface in CudaInterface, CudaInterface.Worker, torch.cuda:
        interface.get_device_properties = staticmethod(lambda device=None: properties)
    CudaInterface.get_compute_capability = staticmethod(lambda device=None: capability)
    torch.cuda.get_device_capability = lambda device=None: divmod(capability, 10)
    torch._inductor.scheduler.has_triton = torch.utils._triton.has_triton = lambda: True
    triton.runtime.driver.set_active(types.SimpleNamespace(get_current_target=lambda: target))
    triton_helpers.set_driver_to_gpu = lambda: None


def triton_sources():
    """(name, text) of the Triton kernels that Inductor writes for a softmax over rows."""
    with FakeTensorMode() as mode:
        x = torch.empty(rows, columns, dtype=dtype, device="cuda:0")
        module = make_fx(lambda t: (torch.softmax(t, 1),), decomposition_table=select_decomp_table())(x)
        graph = GraphLowering(module, example_inputs=[x])
        with V.set_graph_handler(graph), V.set_fake_mode(mode), V.set_debug_handler(DebugContext()):
            graph.run(x)
            code = graph.codegen()[0]
    return re.findall(r"async_compile\.triton\('(\w+)', '''(.*?)'''", getattr(code, "value", code), re.DOTALL)


def compile_kernel(name, text):
    path = os.path.join(scratch.name, name + ".py")
    with open(path, "w") as out:
        out.write(text)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tuner = getattr(module, name)
    config, meta = tuner.configs[0], tuner.triton_meta
    source = triton.compiler.ASTSource(fn=tuner.fn, signature=meta["signature"], constexprs={**meta["constants"], **config.kwargs},
                                       attrs=meta["configs"][0])
    options = {"num_warps": config.num_warps, "num_stages": config.num_stages, "enable_fp_fusion": meta["enable_fp_fusion"]}
    compiled = triton.compile(source, target=target, options=options)
    print(f"// Inductor of torch {torch.__version__}, triton {triton.__version__}: softmax of {rows} x {columns} {dtype}, sm_{capability}, {config},"
          f" {compiled.metadata.shared} bytes of shared memory")
    lines = compiled.asm["ptx"].split("\n")
    ptx = [line for line in lines if not line.lstrip().startswith((".loc", ".file"))]
    if any(".section" in line for line in ptx):     # debug sections come last
        ptx = ptx[:next(k for k, line in enumerate(ptx) if ".section" in line)]
    print("\n".join(ptx).rstrip())


pretend_device()
for kernel in triton_sources():
    compile_kernel(*kernel)
