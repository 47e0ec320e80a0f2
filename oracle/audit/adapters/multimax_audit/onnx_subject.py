# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime on CPU: onnx:softmax (a model of one Softmax and one LogSoftmax node), onnx:FILE.onnx (one input, one
output), onnx:multimax (Eq. 6 as standard operators). Graph optimisations are on unless `plain` is given."""
import numpy as np
import onnxruntime

from . import find
from .protocol import Refusal


def _session(model, threads, plain):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if plain:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _model(nodes, inputs, initializers=()):
    from onnx import TensorProto, checker, helper
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph([helper.make_node(op, i, [o], **a) for op, i, o, a in nodes], "subject",
                              [value(n, s) for n, s in inputs], [value("p", [None, None])], list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    checker.check_model(model)
    return model.SerializeToString()


def _multimax_nodes(last):
    """p = last(mask + x + c1 relu(k1-x) + c2 relu(x-k2) + c3 relu(k3-x)^2 + c4 relu(x-k4)^2)"""
    nodes, total = [], "x"
    for j in range(4):
        pair = [f"k{j}", "x"] if j % 2 == 0 else ["x", f"k{j}"]
        nodes += [("Sub", pair, f"d{j}", {}), ("Relu", [f"d{j}"], f"r{j}", {})]
        hinge = f"r{j}"
        if j > 1:
            nodes.append(("Mul", [hinge, hinge], f"q{j}", {}))
            hinge = f"q{j}"
        nodes += [("Mul", [f"c{j}", hinge], f"t{j}", {}), ("Add", [total, f"t{j}"], f"s{j}", {})]
        total = f"s{j}"
    return nodes + [("Add", [total, "bias"], "z", {}), (last, ["z"], "p", {"axis": -1})]


class OnnxSubject:
    def __init__(self, text):
        name, options = find.options(text)
        self.plain = "plain" in options
        self.multimax = name == "multimax"
        self.models, self.sessions = {}, {}
        if self.multimax:
            inputs = [("x", [None, None]), ("bias", [None, None])] + [(f"{v}{j}", []) for v in "ck" for j in range(4)]
            self.models = {op: _model(_multimax_nodes(node), inputs) for op, node in (("forward", "Softmax"), ("log", "LogSoftmax"))}
        elif name == "softmax":
            self.models = {op: _model([(node, ["x"], "p", {"axis": -1})], [("x", [None, None])])
                           for op, node in (("forward", "Softmax"), ("log", "LogSoftmax"))}
        else:
            self.models = {"forward": name}
        self.hello = {
            "name": f"{text} (onnxruntime {onnxruntime.__version__}, CPU)",
            "formula": "multimax" if self.multimax else "softmax",
            "ops": list(self.models),
            "features": ["mask", "threads"],
        }

    def run(self, request):
        if request.terms & 16:
            raise Refusal("no affine pre-map")
        key = request.op, request.threads
        if key not in self.sessions:
            self.sessions[key] = _session(self.models[request.op], request.threads, self.plain)
        session = self.sessions[key]
        x = np.array(request.logits)
        low = np.float32("-inf")
        if self.multimax:
            feed = {"x": x, "bias": np.zeros_like(x) if request.mask is None else np.where(request.mask, low, np.float32(0))}
            feed.update({f"c{j}": np.array(request.coef[j], np.float32) for j in range(4)})
            feed.update({f"k{j}": np.array(request.knot[j], np.float32) for j in range(4)})
        else:
            feed = {session.get_inputs()[0].name: x if request.mask is None else np.where(request.mask, low, x)}
        return session.run(None, feed)[0], None
