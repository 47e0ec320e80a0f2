# SPDX-License-Identifier: Apache-2.0
"""Functions by their dotted name."""
import importlib


def function(dotted):
    """`package.module.name`: the longest importable prefix is the module."""
    parts = dotted.split(".")
    for end in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for name in parts[end:]:
            found = getattr(found, name)
        return found
    raise ModuleNotFoundError(f"no module for {dotted}")


def log_of(dotted):
    """The logarithm that belongs to a softmax: its name with log_ before softmax; None if there is none."""
    head, _, name = dotted.rpartition(".")
    if "softmax" not in name or "log_softmax" in name:
        return None
    try:
        return function(head + "." + name.replace("softmax", "log_softmax"))
    except (AttributeError, ModuleNotFoundError):
        return None


def options(text):
    """'name,key=value,flag' -> name, {key: value, flag: True}"""
    name, *rest = text.split(",")
    return name, {k: v if eq else True for k, eq, v in (item.partition("=") for item in rest)}
