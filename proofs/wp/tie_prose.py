#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The prose is the program: tie_prose.py LIBRARY [--control].

The formula lines of specs/semantics.md (Parameters, Modulator, exp, Grids, Forward) are read as text, evaluated in exact rational
arithmetic with fl(.) one correct rounding, and compared with the built library: sigma bit for bit, probabilities bit for bit.
With fl the identity the Modulator lines must equal the formula of Eq. 6 exactly. What is too small to reach a float32 is not seen, so the constants of
exp are compared as text.
--control: one sign or figure of the text changed at a time; each must be noticed. Exit 0: equal; 1: not.
"""
import ctypes
import os
import random
import re
import struct
import sys
from fractions import Fraction

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SEMANTICS = ROOT + "/specs/semantics.md"
NAMES = ["c1", "c2", "c3", "c4", "k1", "k2", "k3", "k4", "scale", "shift"]
CASES, ROWS = 3000, 60
FAULTS = [("fma(c1,r1,y)", "fma(-c1,r1,y)"), ("relu(fl(k3-y))", "relu(fl(y-k3))"), ("fma(fl(c4*r4),r4,s)", "fma(fl(c4*r4),r4,y)"),
          ("fma(scale, x, shift)", "fma(scale, x, -shift)"), ("c2 relu(y-k2)", "c2 relu(k2-y)"), ("c3 relu(k3-y)^2", "c3 relu(k3-y)"),
          ("0x1.71547652b82fep0", "0x1.71547652b82fp0"), ("-0x1.62e42fefa39efp-1", "-0x1.62e42fefa39ep-1"), ("z < -110", "z < -20"),
          ("exp(fl(s_i - m))", "exp(fl(s_i + m))"), ("fl(lo) * 2^-50", "fl(lo) * 2^-49"), ("fl(1/total)", "fl(2/total)"),
          ("fl(v + 6*2^E)", "fl(v + 12*2^E)"), ("float(fl(e_i * inverse))", "float(fl(e_i * total))")]


class Params(ctypes.Structure):
    _fields_ = [("coef", ctypes.c_double * 4), ("knot", ctypes.c_double * 4), ("scale", ctypes.c_double),
                ("shift", ctypes.c_double), ("terms", ctypes.c_uint)]


class Rows(ctypes.Structure):
    _fields_ = [("logits", ctypes.POINTER(ctypes.c_float)), ("mask", ctypes.c_void_p), ("rows", ctypes.c_size_t),
                ("cols", ctypes.c_size_t), ("stride", ctypes.c_size_t), ("mask_stride", ctypes.c_size_t)]


def fl(v):
    return Fraction(float(v))


def float32(v):
    """One rounding of an exact value to binary32, nearest even; v < 2^127."""
    if v == 0:
        return Fraction(0)
    e = max(len(bin(abs(v.numerator))) - len(bin(v.denominator)), -126)
    while abs(v) >= Fraction(2) ** (e + 1):
        e += 1
    while e > -126 and abs(v) < Fraction(2) ** e:
        e -= 1
    unit = Fraction(2) ** (e - 23)
    return round(v / unit) * unit


def relu(u):
    return u if u > 0 else Fraction(0)


def python(text):
    """A formula of the prose as a Python expression over exact numbers."""
    text = re.sub(r"-?0x[0-9a-f.]+p-?\d+", lambda m: "number(%r)" % m.group(0), text)
    text = re.sub(r"2\^\((.*?)\)", r"two(\1)", text)
    text = re.sub(r"2\^(-?\w+)", r"two(\1)", text)
    text = re.sub(r"\b(c[1-4]) relu", r"\1*relu", text).replace("^", "**").replace("float(", "float32(")
    return re.sub(r"\b([esp])_i\b", r"\1", text)


class Prose:
    """What the text says, as statements [(name, expression)] by section."""

    def __init__(self, text):
        self.sections = {m.group(1): m.group(2) for m in re.finditer(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.M | re.S)}
        self.modulator = self.statements("Modulator", ["y", "r1", "r2", "r3", "r4", "s", "s", "s", "s"])
        exp = self.sections["exp"]
        self.low = self.one(r"e = 0 if z < (-?\d+)", exp)
        self.k = self.one(r"k = (fma\(.*?\) - \S+),", exp)
        self.r = self.one(r"r = (fma\(.*?\)),", exp)
        self.eq6 = self.one(r"sigma\(y\) = (.*?),\s+y = scale\*x \+ shift", self.sections["Parameters"])
        self.sum = self.one(r"quantise\(v, E\): \(bits\((.*?)\) - bits\(6\*2\^E\)\), ", self.sections["Grids"])
        forward = self.sections["Forward"]
        self.e = self.one(r"e_i = (exp\(.*?\)\));", forward)
        self.total = self.one(r"total = (fl\(.*?\) \));", forward)
        self.inverse = self.one(r"inverse = (fl\(.*?\));", forward)
        self.p = self.one(r"p_i = (float\(.*\))", forward)
        if "relu(u) = u > 0 ? u : 0" not in self.sections["Modulator"]:
            raise ValueError("relu is not defined")
        source = open(ROOT + "/src/ref/exp.h").read()
        coefficients = re.findall(r"mmax_fma\(r, (\S+), (\S+)\);", source)
        # a last digit of these would not reach a float32: compare the text
        for call in (r"fma\((z, 0x\S+, 0x\S+?)\)", r"fma\((k, -0x\S+, z)\)"):
            if re.findall(call, exp) != re.findall("mmax_" + call, source):
                raise ValueError("exp has not the constants of src/ref/exp.h: %s" % re.findall(call, exp))
        self.horner = [coefficients[0][0]] + [c[1] for c in coefficients]

    @staticmethod
    def one(pattern, text):
        found = re.findall(pattern, text)
        if len(found) != 1:
            raise ValueError("the prose has %d of: %s" % (len(found), pattern))
        return python(found[0])

    def statements(self, section, names):
        lines = [l for l in self.sections[section].split("\n") if l.startswith("    ") and "slope" not in l]
        text = "  ".join(re.sub(r"\s+relu\(u\) =.*", "", l) for l in lines)
        found = [(n, python(x)) for n, x in re.findall(r"(\w+)\s*= (.*?)(?:;|\s{2,}|$)", text.strip() + "  ")]
        if [n for n, _ in found] != names:
            raise ValueError("%s defines %s" % (section, [n for n, _ in found]))
        return found


def evaluate(expression, **names):
    scope = {"fl": fl, "fma": lambda a, b, c: fl(a * b + c), "relu": relu, "two": lambda k: Fraction(2) ** int(k),
             "number": lambda t: Fraction(float.fromhex(t)), "float32": float32}
    scope.update(names)
    return eval(expression, {"__builtins__": {}}, scope)


def sigma(prose, values, x, **rounding):
    names = dict(values, x=x, **rounding)
    for name, expression in prose.modulator:
        names[name] = evaluate(expression, **names)
    return names["s"]


def exponential(prose, z):
    if z < Fraction(prose.low):
        return Fraction(0)
    k = evaluate(prose.k, z=z)
    r = evaluate(prose.r, k=k, z=z)
    p = Fraction(float.fromhex(prose.horner[0]))
    for c in prose.horner[1:]:
        p = fl(r * p + Fraction(float.fromhex(c)))
    return fl(p * Fraction(2) ** int(k))


def forward(prose, values, logits):
    s = [sigma(prose, values, x) for x in logits]
    m = max(s)
    e = [evaluate(prose.e, s=v, m=m, exp=lambda z: exponential(prose, z)) for v in s]
    count = sum((evaluate(prose.sum, v=v, E=0) - 6) * Fraction(2) ** 50 for v in e)
    if count.denominator != 1:
        raise ValueError("the quantised weights are not on the grid")
    total = evaluate(prose.total, hi=Fraction(int(count) >> 64), lo=Fraction(int(count) % 2 ** 64))
    inverse = evaluate(prose.inverse, total=total)
    return [evaluate(prose.p, e=v, inverse=inverse, total=total) for v in e]


def single(v):
    return struct.unpack("f", struct.pack("f", v))[0]


def draw(rng):
    values = {n: single(rng.gauss(0, rng.choice([0.1, 1, 10]))) for n in NAMES}
    if rng.random() < 0.5:
        values["scale"], values["shift"] = 1.0, 0.0
    x = single(rng.gauss(0, rng.choice([1e-30, 1, 20]))) if rng.random() < 0.8 else values[rng.choice(NAMES[4:8])]
    return values, x


def library_params(values):
    p = Params(terms=31, scale=values["scale"], shift=values["shift"])
    for i in range(4):
        p.coef[i], p.knot[i] = values["c%d" % (i + 1)], values["k%d" % (i + 1)]
    return p


def compare(prose, library, cases, rows):
    """None, or what differs first."""
    rng = random.Random(20)
    exact = {"fl": lambda v: v, "fma": lambda a, b, c: a * b + c}
    for _ in range(cases):
        values, x = draw(rng)
        exactly = {n: Fraction(v) for n, v in values.items()}
        y = exactly["scale"] * Fraction(x) + exactly["shift"]
        if sigma(prose, exactly, Fraction(x), **exact) != evaluate(prose.eq6, y=y, **exactly):
            return "Modulator without rounding is not the formula of Parameters at x = %r" % x
        got = library.mmax_sigma(ctypes.byref(library_params(values)), x)
        if sigma(prose, exactly, Fraction(x)) != Fraction(got):
            return "sigma of x = %r: library %s" % (x, got.hex())
    for k in range(rows):
        values, _ = draw(rng)
        n = rng.choice([1, 2, 3, 17, 40])
        logits = [single(rng.gauss(0, rng.choice([1, 8, 30]))) for _ in range(n)]
        data, out = (ctypes.c_float * n)(*logits), (ctypes.c_float * n)()
        batch = Rows(data, None, 1, n, n, 0)
        status = library.mmax_forward(ctypes.byref(library_params(values)), ctypes.byref(batch), out, n, None, None)
        if status != 0:
            return "mmax_forward returned %d" % status
        want = forward(prose, {a: Fraction(v) for a, v in values.items()}, [Fraction(v) for v in logits])
        for i in range(n):
            if want[i] != Fraction(out[i]):
                return "probability %d of row %d: library %s" % (i, k, out[i].hex())
    return None


def noticed(text, library):
    try:
        return compare(Prose(text), library, 300, 12)
    except (ValueError, ZeroDivisionError, OverflowError) as e:
        return str(e)


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: tie_prose.py LIBRARY [--control]")
    if not os.path.exists(sys.argv[1]):
        sys.exit("tie_prose: %s is missing: build the library first" % sys.argv[1])
    library = ctypes.CDLL(os.path.abspath(sys.argv[1]))
    library.mmax_sigma.restype = ctypes.c_double
    library.mmax_sigma.argtypes = [ctypes.c_void_p, ctypes.c_float]
    library.mmax_forward.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    text = open(SEMANTICS).read()
    if "--control" in sys.argv:
        missed = 0
        for old, new in FAULTS:
            if text.count(old) == 0:
                sys.exit("tie_prose: the text has no " + old)
            what = noticed(text.replace(old, new), library)
            print("%-30s %s" % (new, what or "MISSED"))
            missed += what is None
        print("%s tie_prose_control faults=%d missed=%d" % ("FAIL" if missed else "PASS", len(FAULTS), missed))
        return missed > 0
    what = compare(Prose(text), library, CASES, ROWS)
    if what:
        print(what)
    print("%s tie_prose sigma=%d rows=%d" % ("FAIL" if what else "PASS", CASES, ROWS))
    return what is not None


sys.exit(main())
