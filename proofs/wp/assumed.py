# SPDX-License-Identifier: Apache-2.0
"""Which assumptions of specs/soundness.md a unit rests on: those of the primitives that its functions call, and of its tools."""
import glob
import os
import re

PRIMITIVES = {"A1": "fma", "A2": "pow2|exponent_above", "A3": "steps", "A4": "classify|sign16|canonical_nan|minus_inf|plus_inf|wide_nan|wide_inf|wide_minus_inf",
              "A5": "widen|narrow|u64_to_double|i64_to_double|double_to_int", "A13": r"fpenv_\w+", "A15": "job_run"}
UNTYPED = r"\buntyped_\w+\("  # A14
MACHINE = r"\bfeatures\("  # A15


def body(text, function):
    """The definition of a function: from its last `name(` that is followed by a body to the brace in column 0 or on the line."""
    m = None
    # src/ref/batch_table.h writes OF(forward) for forward_f32
    name = r"(?:\b%s|\bOF\(%s\))" % (re.escape(function), re.escape(re.sub("_(f32|f16|bf16)$", "", function)))
    for m in re.finditer(name + r"\([^;{]*\)\s*\{(?:[^\n]*\}$|.*?^\})", text, flags=re.M | re.S):
        pass
    return m.group(0) if m else ""


def assumed(root, source, functions, theorems):
    """Ids, in order. Every unit: A11 and A12; what speaks of floats: A6 and A7."""
    paths = [os.path.join(root, source)] + sorted(glob.glob(root + "/src/**/*.h", recursive=True))
    texts = [open(p).read() for p in paths]
    bodies = "".join(next(filter(None, (body(t, f) for t in texts))) for f in functions.split(","))
    bodies = re.sub(r"/\*.*?\*/", "", bodies, flags=re.S)
    found = {a for a, names in PRIMITIVES.items() if re.search(r"\bmmax_(%s)\(" % names, bodies)} | {"A11", "A12"}
    found |= {"A14"} if re.search(UNTYPED, bodies) else set()
    found |= {"A15"} if re.search(MACHINE, bodies) else set()
    if "T2" in theorems.split() or re.search(r"\b(double|float)\b", bodies):
        found |= {"A6", "A7"}
    return sorted(found, key=lambda a: int(a[1:]))
