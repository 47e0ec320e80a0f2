# SPDX-License-Identifier: Apache-2.0
"""NumPy callables: numpy:MODULE.FUNCTION, called as FUNCTION(x, axis=-1); numpy:multimax, the modulator in NumPy."""
import numpy as np

from . import find, formulas
from .protocol import Refusal


class NumpySubject:
    def __init__(self, text):
        name, options = find.options(text)
        self.multimax = name == "multimax"
        dotted = "multimax_audit.formulas.softmax" if self.multimax else name
        self.forward, self.log = find.function(dotted), find.log_of(dotted)
        package = dotted.split(".")[0]
        version = getattr(__import__(package), "__version__", "")
        self.hello = {
            "name": f"{name} {version} (numpy {np.__version__})".replace("  ", " "),
            "formula": "multimax" if self.multimax else "softmax",
            "ops": ["forward"] + (["log"] if self.log else []),
            "features": ["mask", "stride", "echo"],
        }
        del options

    def run(self, request):
        function = self.log if request.op == "log" else self.forward
        x = request.logits
        if request.terms & 16:
            raise Refusal("no affine pre-map")
        with np.errstate(all="ignore"):
            if self.multimax and request.terms:
                x = formulas.modulate(x, request.coef, request.knot)
            if request.mask is not None:
                x = np.where(request.mask, np.float32("-inf"), x)
            return np.asarray(function(x, axis=-1), np.float32), None
