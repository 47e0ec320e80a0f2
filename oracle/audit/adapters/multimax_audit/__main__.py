# SPDX-License-Identifier: Apache-2.0
"""python3 -m multimax_audit SPEC: one subject on standard input and output.

numpy:MODULE.FUNCTION   a callable f(x, axis=-1), e.g. numpy:scipy.special.softmax
numpy:multimax          the modulator and softmax in NumPy
torch:MODULE.FUNCTION   a callable f(x, dim=-1); options ,compile ,dtype=bfloat16 ,device=cuda
torch:authors           the authors' eager formula; torch:authors-in-place their second version
jax:MODULE.FUNCTION     a callable f(x, axis=-1, where=None); options ,jit ,where ,dtype=bfloat16
onnx:softmax            ONNX Runtime; onnx:multimax, onnx:FILE.onnx; option ,plain
"""
import importlib
import sys

from . import protocol

KINDS = {"numpy": "NumpySubject", "torch": "TorchSubject", "jax": "JaxSubject", "onnx": "OnnxSubject"}


def main():
    kind, _, text = sys.argv[1].partition(":") if len(sys.argv) == 2 else ("", "", "")
    if kind not in KINDS or not text:
        sys.exit(__doc__)
    try:
        module = importlib.import_module(f".{kind}_subject", __package__)
        subject = getattr(module, KINDS[kind])(text)
    except (ImportError, AttributeError, ValueError) as why:
        sys.exit(f"{kind}:{text}: {why}")
    protocol.serve(subject)


main()
