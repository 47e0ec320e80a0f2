# SPDX-License-Identifier: Apache-2.0
"""PyTorch: torch:FUNCTION[,compile][,dtype=bfloat16][,device=cuda], called as FUNCTION(x, dim=-1), gradients by autograd.

torch:authors is MultiMax as its authors publish it (SeLU, then softmax): five terms from left to right, the mask
added after the modulator. torch:authors-in-place adds the terms first and changes the caller's logits.
"""
import torch

from . import find
from .protocol import Refusal

relu = torch.nn.functional.relu


def modulated(x, ts, ranges):
    return (x + ts[0] * relu(ranges[0] - x) + ts[1] * relu(x - ranges[1])
            + ts[2] * relu(ranges[2] - x) ** 2 + ts[3] * relu(x - ranges[3]) ** 2)


def modulated_in_place(x, ts, ranges):
    terms = (ts[0] * relu(ranges[0] - x) + ts[1] * relu(x - ranges[1])
             + ts[2] * relu(ranges[2] - x) ** 2 + ts[3] * relu(x - ranges[3]) ** 2)
    x += terms
    return x


class TorchSubject:
    def __init__(self, text):
        name, options = find.options(text)
        self.dtype = getattr(torch, options.get("dtype", "float32"))
        self.device = options.get("device", "cpu")
        self.in_place = name == "authors-in-place"
        self.multimax = name.startswith("authors")
        dotted = "torch.softmax" if self.multimax else name
        softmax, log = find.function(dotted), find.log_of(dotted)
        self.modulator = modulated_in_place if self.in_place else modulated
        if self.multimax:
            forward = lambda x, ts, ranges, bias: softmax(self.modulator(x, ts, ranges) + bias, dim=-1)
            logarithm = lambda x, ts, ranges, bias: log(self.modulator(x, ts, ranges) + bias, dim=-1)
        else:
            forward = lambda x: softmax(x, dim=-1)
            logarithm = (lambda x: log(x, dim=-1)) if log else None
        if "compile" in options:
            forward = torch.compile(forward, dynamic=True)
            logarithm = torch.compile(logarithm, dynamic=True) if logarithm else None
        self.functions = {"forward": forward, "backward": forward, "log": logarithm}
        plain_cpu = self.device == "cpu" and self.dtype == torch.float32
        ops = ["forward"] + (["log"] if logarithm else []) + ([] if self.in_place else ["backward"])
        self.hello = {
            "name": f"{text} (torch {torch.__version__})",
            "formula": "multimax" if self.multimax else "softmax",
            "ops": ops,
            "format": str(self.dtype).split(".")[1],
            "features": ["mask"] + (["stride", "echo", "threads"] if plain_cpu else []),
        }

    def run(self, request):
        if request.terms & 16:
            raise Refusal("no affine pre-map")
        torch.set_num_threads(request.threads)
        to = dict(device=self.device, dtype=self.dtype)
        x = torch.from_numpy(request.logits).to(**to)
        backward = request.op == "backward"
        if backward:
            x = x.detach().clone().requires_grad_(True)
        arguments, parameters = [x], []
        if self.multimax:
            parameters = [torch.tensor(v, **to, requires_grad=backward) for v in (request.coef, request.knot)]
            bias = torch.zeros(request.rows, request.cols, **to)
            if request.mask is not None:
                bias = bias.masked_fill(torch.from_numpy(request.mask).to(self.device), float("-inf"))
            arguments += parameters + [bias]
        elif request.mask is not None:
            arguments = [x.masked_fill(torch.from_numpy(request.mask).to(self.device), float("-inf"))]
        out = self.functions[request.op](*arguments)
        if not backward:
            return out.detach().float().cpu().numpy(), None
        out.backward(torch.from_numpy(request.upstream).to(**to))
        grads = None
        if self.multimax:
            grads = [v for p in parameters for v in p.grad.double().tolist()] + [0.0, 0.0]
        return x.grad.float().cpu().numpy(), grads
