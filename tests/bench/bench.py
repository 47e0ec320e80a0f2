#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times libmultimax against today's softmax: one process, one thread, rounds interleaved.

usage: bench.py OUT.json [--quick] [--suite forward|backward|loss|threads] [--backend auto|avx2]
Run by `make bench` in its own virtual environment. For AVX2 peers set ATEN_CPU_CAPABILITY=avx2.
"""
import argparse, ctypes, json, os, platform, statistics, subprocess, sys, time

# OpenMP's threads would go on spinning after torch's turn, on the cores that the next subject needs.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("KMP_BLOCKTIME", "0")
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
REGIMES = {"L1": 1 << 12, "L2": 1 << 16, "L3": 1 << 20, "DRAM": 1 << 24}
LENGTHS = [16, 64, 197, 256, 1024, 4096, 50257]
BACKENDS = {"auto": 0, "avx2": 2, "avx512": 3}
# DeiT-small layer 9 of the paper's Table 7: ts and ranges as the authors' code keeps them.
TS = [0.4203712, -0.3147975, -2.500835, -0.00880927]
RANGES = [2.675157, 0.68776745, 1.3239485, 1.5808712]

c_size, c_void = ctypes.c_size_t, ctypes.c_void_p


class Params(ctypes.Structure):
    _fields_ = [("coef", ctypes.c_double * 4), ("knot", ctypes.c_double * 4),
                ("scale", ctypes.c_double), ("shift", ctypes.c_double), ("terms", ctypes.c_uint)]


class Rows(ctypes.Structure):
    _fields_ = [("logits", c_void), ("mask", c_void), ("rows", c_size), ("cols", c_size),
                ("stride", c_size), ("mask_stride", c_size)]


class Exec(ctypes.Structure):
    _fields_ = [("backend", ctypes.c_int), ("threads", ctypes.c_uint), ("scratch", c_void),
                ("scratch_bytes", c_size)]


class Targets(ctypes.Structure):
    _fields_ = [("target", c_void), ("ignore_index", ctypes.c_int32), ("smoothing", ctypes.c_float)]


ACC_BYTES = 8 * (10 * 16 + 2)


class Library:
    """libmultimax through ctypes; arguments are built once, so that a call costs under 1 us."""

    def __init__(self, backend):
        self.lib = ctypes.CDLL(os.path.join(ROOT, "build", "libmultimax.so"))
        self.backend = BACKENDS[backend]
        self.keep = []

    def params(self, order):
        p = Params()
        f4 = ctypes.c_float * 4
        assert self.lib.mmax_params_from_ts(ctypes.byref(p), {0: 0, 1: 3, 2: 15}[order], f4(*TS), f4(*RANGES)) == 0
        return p

    def common(self, x, order, threads=1):
        self.lib.mmax_scratch_bytes.restype = c_size
        need = self.lib.mmax_scratch_bytes(c_size(x.shape[1])) * threads
        scratch = torch.empty(need + 64, dtype=torch.uint8)
        at = (scratch.data_ptr() + 63) // 64 * 64
        rows = Rows(x.data_ptr(), None, x.shape[0], x.shape[1], x.shape[1], 0)
        how = Exec(self.backend, threads, at, need)
        p = self.params(order)
        self.keep += [scratch, rows, how, p, x]
        return ctypes.byref(p), ctypes.byref(rows), ctypes.byref(how)

    def call(self, f, *args, result=None):
        def run():
            if f(*args) < 0:
                raise SystemExit("libmultimax refused the call")
            return result
        return run

    def forward(self, x, order, threads=1):
        y = torch.empty_like(x)
        self.keep.append(y)
        p, rows, how = self.common(x, order, threads)
        return self.call(self.lib.mmax_forward, p, rows, c_void(y.data_ptr()), c_size(x.shape[1]), how, None,
                         result=y)

    def backward(self, x, g, order):
        out, acc = torch.empty_like(x), torch.zeros(ACC_BYTES, dtype=torch.uint8)
        self.keep += [out, acc, g]
        p, rows, how = self.common(x, order)
        n = c_size(x.shape[1])
        return self.call(self.lib.mmax_backward, p, rows, c_void(g.data_ptr()), n, c_void(out.data_ptr()), n,
                         c_void(acc.data_ptr()), how, None)

    def loss(self, x, y, order):
        out, acc, loss = torch.empty_like(x), torch.zeros(ACC_BYTES, dtype=torch.uint8), torch.empty(x.shape[0])
        t = Targets(y.data_ptr(), -100, 0.0)
        self.keep += [out, acc, loss, y, t]
        p, rows, how = self.common(x, order)
        return self.call(self.lib.mmax_cross_entropy_backward, p, rows, ctypes.byref(t), None,
                         c_void(loss.data_ptr()), c_void(out.data_ptr()), c_size(x.shape[1]),
                         c_void(acc.data_ptr()), how, None)


def sigma(x, t, k):
    """Eq. 6 as an eager user writes it."""
    r = torch.relu
    return (x + t[0] * r(k[0] - x) + t[1] * r(x - k[1]) + t[2] * r(k[2] - x) ** 2 + t[3] * r(x - k[3]) ** 2)


def eager(x, t, k):
    return torch.softmax(sigma(x, t, k), -1)


def peers_c():
    path = os.path.join(ROOT, "build", "bench", "peers.so")
    if not os.path.exists(path):
        return None
    lib = ctypes.CDLL(path)
    for name in ("onednn_open", "xnnpack_open"):
        getattr(lib, name).restype = c_void
        getattr(lib, name).argtypes = [c_size, c_size, c_void, c_void]
    lib.onednn_run.argtypes = lib.xnnpack_run.argtypes = [c_void]
    lib.onednn_version.restype = ctypes.c_char_p
    return lib


def c_peer(lib, name, x):
    y = torch.empty_like(x)
    handle = getattr(lib, name + "_open")(x.shape[0], x.shape[1], x.data_ptr(), y.data_ptr())
    if not handle:
        return None
    run = getattr(lib, name + "_run")

    def call():
        if run(handle) != 0:
            raise SystemExit(name + " refused the call")
        return y
    call.keep = x
    return call


def onnx_softmax(x):
    """ONNX Runtime's Softmax with bound buffers; None if it is not installed."""
    try:
        import onnxruntime as ort
        from onnx import TensorProto, helper
    except ImportError:
        return None
    io = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None, None]) for n in "xy"]
    graph = helper.make_graph([helper.make_node("Softmax", ["x"], ["y"], axis=-1)], "g", io[:1], io[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    opt = ort.SessionOptions()
    opt.intra_op_num_threads = opt.inter_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), opt, providers=["CPUExecutionProvider"])
    y, bind = torch.empty_like(x), session.io_binding()
    import numpy
    bind.bind_input("x", "cpu", 0, numpy.float32, list(x.shape), x.data_ptr())
    bind.bind_output("y", "cpu", 0, numpy.float32, list(y.shape), y.data_ptr())

    def call():
        session.run_with_iobinding(bind)
        return y
    call.keep = x
    return call


def forward_subjects(lib, c, x, compiled, big):
    y = torch.empty_like(x)
    t, k = torch.tensor(TS), torch.tensor(RANGES)
    subjects = {
        "copy": lambda: y.copy_(x),
        "multimax order 2": lib.forward(x, 2),
        "multimax order 1": lib.forward(x, 1),
        "multimax softmax": lib.forward(x, 0),
        "torch softmax": lambda: torch.softmax(x, -1, out=y),
        "torch eager": lambda: eager(x, t, k),
    }
    if compiled is not None:
        subjects["torch compile"] = lambda: compiled(x, t, k)
    if torch.backends.mkldnn.is_available():
        xm = x.to_mkldnn()
        subjects["onednn softmax (torch's)"] = lambda: torch.softmax(xm, -1)
    if c is not None:
        for name in ("onednn", "xnnpack"):
            f = c_peer(c, name, x)
            if f is not None:
                subjects[name + " softmax (debian)"] = f
    f = onnx_softmax(x)
    if f is not None:
        subjects["onnxruntime softmax"] = f
    return subjects


def backward_subjects(lib, x, g, compiled):
    leaf = [x.clone().requires_grad_(), torch.tensor(TS, requires_grad=True), torch.tensor(RANGES, requires_grad=True)]
    out = eager(*leaf)
    subjects = {
        "multimax backward 2": lib.backward(x, g, 2),
        "multimax backward 1": lib.backward(x, g, 1),
        "multimax backward softmax": lib.backward(x, g, 0),
        "torch autograd eager": lambda: torch.autograd.grad(out, leaf, g, retain_graph=True),
    }
    if compiled is not None:
        def step():
            torch.autograd.grad(compiled(*leaf), leaf, g)
        subjects["torch compile forward+backward"] = step
        forward = lib.forward(x, 2)
        back = subjects["multimax backward 2"]
        subjects["multimax forward+backward 2"] = lambda: (forward(), back())
    return subjects


def loss_subjects(lib, x, compiled):
    y = torch.randint(0, x.shape[1], (x.shape[0],))
    leaf = [x.clone().requires_grad_(), torch.tensor(TS, requires_grad=True), torch.tensor(RANGES, requires_grad=True)]

    def eager_step():
        torch.autograd.grad(torch.nn.functional.cross_entropy(sigma(*leaf), y, reduction="sum"), leaf)

    plain = x.clone().requires_grad_()

    def plain_step():
        torch.autograd.grad(torch.nn.functional.cross_entropy(plain, y, reduction="sum"), [plain])

    return {"multimax loss 2": lib.loss(x, y.to(torch.int32), 2),
            "multimax loss softmax": lib.loss(x, y.to(torch.int32), 0),
            "torch eager loss": eager_step, "torch plain loss": plain_step}


def exact(x, order):
    """MultiMax of an order in float64, of the parameters as the library has them."""
    t = torch.tensor(TS).double() * torch.tensor([order >= 1, order >= 1, order >= 2, order >= 2])
    return eager(x.double(), t, torch.tensor(RANGES).double())


def largest_error(subjects, x):
    """Largest error of each subject's outputs, in units in the last place of float32; copies left out."""
    order = {"multimax order 2": 2, "torch eager": 2, "torch compile": 2, "multimax order 1": 1}
    want = {k: exact(x, k) for k in (0, 1, 2)}
    errors = {}
    for name, f in subjects.items():
        if not name.startswith("copy"):
            y, w = f(), want[order.get(name, 0)]
            ulp = torch.exp2(torch.clamp(torch.floor(torch.log2(w)), min=-126) - 23)
            errors[name] = ((y.to_dense() if y.layout != torch.strided else y).double() - w).abs().div(ulp).max().item()
    return errors


def peak(backend):
    """Vector operations per ns of a core, and doubles in each; 0 where that is not measured."""
    lanes = 4 if backend == "avx2" else 8
    lib = ctypes.CDLL(os.path.join(ROOT, "build", "bench", "peak.so"))
    lib.peak_operations.restype = ctypes.c_double
    return {"operations": lib.peak_operations(lanes), "lanes": lanes}


def measure(subjects, elements, budget):
    """Interleaved rounds until the budget (seconds) is spent, the second of two calls timed; ns per element."""
    for f in subjects.values():
        f()
        f()
    times = {name: [] for name in subjects}
    end = time.perf_counter() + budget
    rounds = 0
    while rounds < 5 or (time.perf_counter() < end and rounds < 2000):
        rounds += 1
        for name, f in subjects.items():
            f()  # its data in the caches that hold them
            t = time.perf_counter_ns()
            f()
            times[name].append((time.perf_counter_ns() - t) / elements)
    return {n: {"min": min(v), "median": statistics.median(v), "rounds": rounds} for n, v in times.items()}


def machine():
    def read(pattern, path="/proc/cpuinfo"):
        return next((l.split(":", 1)[1].strip() for l in open(path) if l.startswith(pattern)), "?")
    cc = subprocess.run(["strings", "-a", os.path.join(ROOT, "build", "libmultimax.so")], capture_output=True, text=True)
    compilers = sorted({l for l in cc.stdout.splitlines() if l.startswith(("GCC:", "Debian clang", "clang version"))})
    versions = {"torch": torch.__version__, "torch isa": torch.backends.cpu.get_cpu_capability(),
                "python": platform.python_version()}
    try:
        import onnxruntime
        versions["onnxruntime"] = onnxruntime.__version__
    except ImportError:
        pass
    return {"cpu": read("model name"), "cores": os.cpu_count(), "load": os.getloadavg()[0],
            "date": time.strftime("%Y-%m-%d"), "compilers of libmultimax": compilers, "versions": versions}


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("out")
    a.add_argument("--quick", action="store_true", help="L2 alone, short budgets")
    a.add_argument("--suite", action="append", choices=["forward", "backward", "loss", "threads"])
    a.add_argument("--backend", default="auto", choices=sorted(BACKENDS))
    a.add_argument("--budget", type=float, default=1.5, help="seconds per cell and suite")
    a.add_argument("--no-compile", action="store_true")
    o = a.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    lib, c = Library(o.backend), peers_c()
    if c is not None:
        ctypes.CDLL("libdnnl.so.2", mode=ctypes.RTLD_LOCAL)
    suites = o.suite or ["forward", "backward", "loss", "threads"]
    regimes = {"L2": REGIMES["L2"]} if o.quick else REGIMES
    compiled = None if o.no_compile else torch.compile(eager, dynamic=False)
    result = {"machine": machine(), "cells": []}
    result["machine"]["versions"]["onednn (debian)"] = c.onednn_version().decode() if c else "-"
    result["machine"]["backend"] = o.backend
    result["machine"]["peak"] = peak(o.backend)

    def cell(suite, regime, x, subjects):
        got = measure(subjects, x.numel(), o.budget)
        made = {"suite": suite, "regime": regime, "rows": x.shape[0], "n": x.shape[1], "ns": got}
        if suite == "forward" and regime == "L2":
            made["ulp"] = largest_error(subjects, x)
        result["cells"].append(made)
        best = "  ".join(f"{n}={v['min']:.3f}" for n, v in got.items())
        print(f"{suite} {regime} n={x.shape[1]}: {best}", flush=True)
        lib.keep.clear()

    for regime, elements in regimes.items():
        for n in LENGTHS:
            if n > elements and not (regime == "L2" and n == 50257):
                continue
            x = 2 * torch.randn(max(1, elements // n), n)
            torch._dynamo.reset()
            use = compiled if elements >= REGIMES["L2"] else None
            if "forward" in suites:
                cell("forward", regime, x, forward_subjects(lib, c, x, use, elements))
            if "backward" in suites and regime == "L2":
                cell("backward", regime, x, backward_subjects(lib, x, torch.randn_like(x), use))
            if "loss" in suites and regime in ("L2", "L3") and n >= 1024:
                cell("loss", regime, x, loss_subjects(lib, x, use))
            if "threads" in suites and regime == "DRAM" and 256 <= n <= 4096:
                torch.set_num_threads(2)
                y = torch.empty_like(x)
                cell("threads", regime, x, {"copy, 2 threads": lambda: y.copy_(x),
                                            "multimax order 2, 2 threads": lib.forward(x, 2, threads=2),
                                            "torch softmax, 2 threads": lambda: torch.softmax(x, -1, out=y)})
                torch.set_num_threads(1)
    if "threads" in suites and not o.quick:  # one long row, split
        torch.set_num_threads(2)
        x = 2 * torch.randn(1, REGIMES["L3"])
        cell("threads", "one row", x, {"multimax order 2": lib.forward(x, 2),
                                       "multimax order 2, 2 threads": lib.forward(x, 2, threads=2),
                                       "torch softmax, 2 threads": lambda: torch.softmax(x, -1)})
        torch.set_num_threads(1)
    with open(o.out + ".part", "w") as f:
        json.dump(result, f, indent=1)
    os.replace(o.out + ".part", o.out)


if __name__ == "__main__":
    main()
