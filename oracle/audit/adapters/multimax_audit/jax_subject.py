# SPDX-License-Identifier: Apache-2.0
"""JAX: jax:FUNCTION[,jit][,where][,dtype=bfloat16]; gradients by jax.vjp. `where` passes masks as FUNCTION's own where."""
import jax
import jax.numpy as jnp
import numpy as np

from . import find


class JaxSubject:
    def __init__(self, text):
        name, options = find.options(text)
        self.where = "where" in options
        self.dtype = getattr(jnp, options.get("dtype", "float32"))
        softmax, log = find.function(name), find.log_of(name)
        wrap = jax.jit if "jit" in options else (lambda f: f)
        self.functions = {"forward": wrap(lambda x, w: softmax(x, axis=-1, where=w)),
                          "log": wrap(lambda x, w: log(x, axis=-1, where=w)) if log else None}
        self.gradient = wrap(lambda x, w, g: jax.vjp(lambda v: softmax(v, axis=-1, where=w), x)[1](g)[0])
        self.hello = {
            "name": f"{text} (jax {jax.__version__}, {jax.default_backend()})",
            "formula": "softmax",
            "ops": ["forward", "backward"] + (["log"] if log else []),
            "format": options.get("dtype", "float32"),
            "features": ["mask"],
        }

    def run(self, request):
        x = np.array(request.logits)
        where = None
        if request.mask is not None:
            if self.where:
                where = jnp.asarray(~request.mask)
            else:
                x = np.where(request.mask, np.float32("-inf"), x)
        x = jnp.asarray(x, self.dtype)
        if request.op == "backward":
            out = self.gradient(x, where, jnp.asarray(request.upstream, self.dtype))
        else:
            out = self.functions[request.op](x, where)
        return np.asarray(out.astype(jnp.float32)), None
