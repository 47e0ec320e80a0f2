# SPDX-License-Identifier: Apache-2.0
"""Softmax and MultiMax as one writes them in NumPy, in the dtype of the input."""
import numpy as np


def softmax(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    z = x - np.max(x, axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


def naive_softmax(x, axis=-1):
    e = np.exp(x)
    return e / np.sum(e, axis=axis, keepdims=True)


def modulate(x, ts, ranges):
    """The authors' formula, evaluated from left to right."""
    relu = lambda v: np.maximum(v, v.dtype.type(0))
    ts, ranges = (np.asarray(v, x.dtype) for v in (ts, ranges))
    return (x + ts[0] * relu(ranges[0] - x) + ts[1] * relu(x - ranges[1])
            + ts[2] * relu(ranges[2] - x) ** 2 + ts[3] * relu(x - ranges[3]) ** 2)
