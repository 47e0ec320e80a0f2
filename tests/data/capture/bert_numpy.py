# SPDX-License-Identifier: Apache-2.0
"""The attention logits of a BERT encoder, computed from its weight file alone in float64 NumPy.

A second opinion on what the framework reports: it shares no code with it.
"""
import math

import numpy as np
from safetensors.numpy import load_file

HEADS, LAYER_NORM_EPS = 12, 1e-12
ERF = np.vectorize(math.erf)


def attention_logits(weight_file, token_ids):
    """One array [head, query, key] per layer: q.k / sqrt(head size), no mask."""
    w = {name: tensor.astype(np.float64) for name, tensor in load_file(weight_file).items() if tensor.dtype.kind == "f"}

    def linear(x, name):
        return x @ w[name + ".weight"].T + w[name + ".bias"]

    def layer_norm(x, name):
        x = x - x.mean(axis=-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + LAYER_NORM_EPS)
        return x * w[name + ".weight"] + w[name + ".bias"]

    def heads(x):
        return x.reshape(len(x), HEADS, -1).transpose(1, 0, 2)

    n = len(token_ids)
    x = w["embeddings.word_embeddings.weight"][token_ids] + w["embeddings.position_embeddings.weight"][:n]
    x = layer_norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    found, layer = [], 0
    while f"encoder.layer.{layer}.attention.self.query.weight" in w:
        at = f"encoder.layer.{layer}."
        q, k, v = (heads(linear(x, at + "attention.self." + part)) for part in ("query", "key", "value"))
        logits = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
        found.append(logits)
        e = np.exp(logits - logits.max(axis=-1, keepdims=True))
        mixed = (e / e.sum(axis=-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(n, -1)
        x = layer_norm(linear(mixed, at + "attention.output.dense") + x, at + "attention.output.LayerNorm")
        h = linear(x, at + "intermediate.dense")
        h = 0.5 * h * (1.0 + ERF(h / math.sqrt(2.0)))
        x = layer_norm(linear(h, at + "output.dense") + x, at + "output.LayerNorm")
        layer += 1
    return found
