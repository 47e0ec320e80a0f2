# SPDX-License-Identifier: Apache-2.0
"""The subject's end of the audit protocol, version 1."""
import json
import sys

import numpy as np


class Refusal(Exception):
    """Raised by a subject that cannot do what a request asks."""


class Request:
    """One request: logits is a rows x cols view (strided if stride > cols), mask and upstream are arrays or None."""

    def __init__(self, words, stream):
        fields = dict(word.split("=", 1) for word in words)
        self.id = fields["id"]
        self.op = fields["op"]
        self.rows, self.cols, self.stride = (int(fields[k]) for k in ("rows", "cols", "stride"))
        self.threads = int(fields["threads"])
        self.echo = fields["echo"] == "1"
        self.terms = int(fields["terms"])
        self.coef = [float.fromhex(v) for v in fields["coef"].split(",")]
        self.knot = [float.fromhex(v) for v in fields["knot"].split(",")]
        self.scale, self.shift = float.fromhex(fields["scale"]), float.fromhex(fields["shift"])
        cells = self.rows * self.cols
        self.memory = np.frombuffer(_exactly(stream, 4 * self.rows * self.stride), "<f4").copy()
        self.logits = self.memory.reshape(self.rows, self.stride)[:, : self.cols]
        self.mask = self.upstream = None
        if fields["mask"] == "1":
            self.mask = np.frombuffer(_exactly(stream, cells), np.uint8).reshape(self.rows, self.cols) != 0
        if self.op == "backward":
            self.upstream = np.frombuffer(_exactly(stream, 4 * cells), "<f4").reshape(self.rows, self.cols).copy()


def _exactly(stream, count):
    data = stream.read(count)
    if len(data) != count:
        raise EOFError("the request ends early")
    return data


def serve(subject):
    """subject.hello: the greeting's fields; subject.run(request) -> (float32 array, None or 10 float64)."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints must not enter the protocol
    if source.readline() != b"multimax-audit 1\n":
        sys.exit("this program speaks the multimax audit protocol; see specs/audit-protocol.md")
    sink.write(json.dumps({"protocol": 1, **subject.hello}).encode() + b"\n")
    sink.flush()
    while line := source.readline().decode():
        words = line.split()
        if not words or words[0] != "run":
            break
        request = Request(words[1:], source)
        try:
            out, params = subject.run(request)
        except Refusal as why:
            sink.write(f"refuse id={request.id} {' '.join(str(why).split())[:200]}\n".encode())
            sink.flush()
            continue
        out = np.ascontiguousarray(out, "<f4")
        if out.shape != request.logits.shape:
            sys.exit(f"the function returned shape {out.shape} for {request.logits.shape}")
        echo = request.memory if request.echo else np.empty(0, "<f4")
        params = np.empty(0, "<f8") if params is None else np.asarray(params, "<f8")
        sink.write(f"ok id={request.id} out={out.size} echo={echo.size} params={params.size} guard=whole\n".encode())
        sink.write(out.tobytes() + echo.tobytes() + params.tobytes())
        sink.flush()
