#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the theorems of T7h and T7i speak of is what src/query.c computes: tie_queries.py LIBRARY [--control].

Coq extracts `lipschitz_hat` and `intervals_hat` (PieceFloat.v, IntervalFloat.v, QueryFloat.v), with all they are made of down to the
operations of real numbers and `round`, as a JSON tree. The tree is evaluated in exact rational arithmetic and compared with
mmax_lipschitz and mmax_increasing_intervals of the built library bit for bit.
--control: one figure or operation of the definitions changed at a time; each must be noticed. Exit 0: equal; 1: not.
"""
import ctypes
import json
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
from fractions import Fraction

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COQ = ROOT + "/build/proofs/coq"
OUTSIDE = ["R", "IZR", "Rplus", "Rminus", "Rmult", "Rdiv", "Ropp", "Rabs", "Rmin", "Rmax", "Rlt_dec", "Rle_dec", "Req_EM_T", "bpow",
           "round", "FLT_exp", "Znearest", "radix2"]
HEAD = """From Coq Require Import Reals ZArith List Extraction.
From Flocq Require Import Core.
From MultiMax Require Import Float64 Modulator %s.
Import ListNotations.
Open Scope R_scope.
"""
TAIL = "Extraction Language JSON.\n" + "".join('Extract Inlined Constant %s => "%s".\n' % (n, n) for n in OUTSIDE) + \
    'Extraction "queries.json" y_of largest_slope lipschitz_hat intervals_hat.\n'
FILES = ["PieceFloat", "IntervalFloat", "QueryFloat"]
WANTED = ["FAR", "with_hat", "leb", "piece", "piece_hat", "slope_size_hat", "insert", "put", "cuts", "pairs", "pieces", "larger_slope",
          "largest_slope", "y_of", "scaled_up", "lipschitz_hat", "is_neg", "ratio", "quotient", "positive_part", "parts", "merge", "increasing",
          "x_of", "end_of", "interval_of", "intervals_hat"]
FAULTS = [("leb hi (k1 P)", "leb lo (k1 P)"), ("high1 (c2 P)) low2 (- at3)) high2 (- at4))", "high1 (c2 P)) low2 at3) high2 (- at4))"),
          ("mul 2 (c3 P)", "c3 P"), ("(pow2 (-49))", "(pow2 (-48))"), ("if Rlt_dec k a then", "if Rlt_dec a k then"),
          ("put (c4 P) (k4 P)", "put (c3 P) (k4 P)"), ("if Rlt_dec to from", "if Rle_dec to from"), ("fma scale x shift", "add (mul scale x) shift"),
          ("1 + pow2 (-50)", "1 + pow2 (-51)"), ("pow2 (-1073)", "pow2 (-1074)"), ("mul m (pow2 (-990))", "mul m (pow2 (-960))"),
          ("rnd (m / n)", "rnd_down (m / n)"), ("Rmax (p_lo q) root", "root"), ("Rmin (p_hi q) root", "root"), ("if Rlt_dec 0 b then", "if Rle_dec 0 b then"),
          ("(a, snd found) :: t", "(a, h) :: t"), ("quotient (sub y shift) scale", "quotient y scale"), ("then - y else y", "then y else y"),
          ("if is_neg scale then (b, a)", "if is_neg scale then (a, b)"), ("rev (increasing P 1)", "increasing P 1"), ("increasing P (-1)", "increasing P 1")]
CASES = 2000


class Params(ctypes.Structure):
    _fields_ = [("coef", ctypes.c_double * 4), ("knot", ctypes.c_double * 4), ("scale", ctypes.c_double), ("shift", ctypes.c_double), ("terms", ctypes.c_uint)]


class Interval(ctypes.Structure):
    _fields_ = [("lo", ctypes.c_double), ("hi", ctypes.c_double)]


# ---- the tree as Python closures; a constructor is a tuple of its name and arguments

def number(z):
    """The int of a Z or positive."""
    name, args = z[0], z[1:]
    return {"Z0": lambda: 0, "Zpos": lambda: number(args[0]), "Zneg": lambda: -number(args[0]), "XH": lambda: 1,
            "XO": lambda: 2 * number(args[0]), "XI": lambda: 2 * number(args[0]) + 1}[name]()


def decided(truth):
    return ("Left",) if truth else ("Right",)


def nearest_even(choice):
    if [choice(z)[0] for z in (("Z0",), ("Zpos", ("XH",)))] != ["False", "True"]:
        sys.exit("tie_queries: ties do not go to even")
    return "nearest even"


def rounded(radix, exponents, mode, value):
    if radix != "radix2" or exponents != (-1074, 53):
        sys.exit("tie_queries: not binary64")
    down = Fraction(float(value))
    if mode != "nearest even" and down > value:  # the mode of a fault
        down = Fraction(prev_float(float(value)))
    return down


def prev_float(v):
    bits = struct.unpack("q", struct.pack("d", v))[0]
    return struct.unpack("d", struct.pack("q", bits - 1 if bits > 0 else bits + 1))[0]


def curried(n, f, *got):
    return f(*got) if len(got) == n else lambda a: curried(n, f, *got, a)


GIVEN = {"IZR": curried(1, lambda z: Fraction(number(z))), "Rplus": curried(2, lambda a, b: a + b), "Rminus": curried(2, lambda a, b: a - b),
         "Rmult": curried(2, lambda a, b: a * b), "Rdiv": curried(2, lambda a, b: a / b), "Ropp": curried(1, lambda a: -a),
         "Rabs": curried(1, abs), "Rmin": curried(2, min), "Rmax": curried(2, max), "Rlt_dec": curried(2, lambda a, b: decided(a < b)),
         "Rle_dec": curried(2, lambda a, b: decided(a <= b)), "Req_EM_T": curried(2, lambda a, b: decided(a == b)), "radix2": "radix2",
         "bpow": curried(2, lambda r, z: Fraction(2) ** number(z)), "FLT_exp": curried(2, lambda e, p: (number(e), number(p))),
         "Znearest": curried(1, nearest_even), "round": curried(4, rounded), "zfloor": "down"}


def compiled(t, program):
    """A function from the values of the local names to the value of the term t."""
    kind = t["what"].split(":")[1]
    if kind == "rel":
        return lambda env: env[t["name"]]
    if kind == "global":
        return lambda env: program[t["name"]]
    if kind == "let":
        bound, body = compiled(t["nameval"], program), compiled(t["body"], program)
        return lambda env: body({**env, t["name"]: bound(env)})
    if kind == "lambda":
        body = compiled(t["body"], program)
        names = t["argnames"]
        return lambda env: curried(len(names), lambda *a: body({**env, **dict(zip(names, a))}))
    if kind == "apply":
        f, args = compiled(t["func"], program), [compiled(a, program) for a in t["args"]]

        def apply(env):
            value = f(env)
            for a in args:
                value = value(a(env))
            return value
        return apply
    if kind == "constructor":
        args = [compiled(a, program) for a in t["args"]]
        return lambda env: (t["name"], *[a(env) for a in args])
    if kind == "case":
        value, cases = compiled(t["expr"], program), [(c["pat"], compiled(c["body"], program)) for c in t["cases"]]

        def choose(env):
            v = value(env)
            for pattern, body in cases:
                if pattern["what"] == "pat:wild":
                    return body(env)
                if pattern["what"] == "pat:constructor" and pattern["name"] == v[0]:
                    return body({**env, **dict(zip(pattern["argnames"], v[1:]))})
            sys.exit("tie_queries: no case for " + v[0])
        return choose
    sys.exit("tie_queries: not understood: " + t["what"])


class Program(dict):
    """The definitions of the tree, compiled where they are first needed."""

    def __init__(self, tree):
        super().__init__(GIVEN)
        self.terms = {}
        for d in tree["declarations"]:
            if d["what"] == "decl:term":
                self.terms[d["name"]] = d["value"]
            for item in d.get("fixlist", []):
                self.terms[item["name"]] = item["value"]

    def __missing__(self, name):
        self[name] = compiled(self.terms[name], self)({})
        return self[name]


def extracted(definitions=None):
    """The program of the compiled theory, or of these definitions."""
    with tempfile.TemporaryDirectory() as d:
        with open(d + "/queries.v", "w") as f:
            f.write(HEAD % ("" if definitions else " ".join(FILES)) + (definitions or "") + TAIL)
        r = subprocess.run(["coqc", "-w", "none", "-R", COQ, "MultiMax", "queries.v"], capture_output=True, text=True, cwd=d)
        if r.returncode != 0 or not os.path.exists(d + "/queries.json"):
            sys.exit("tie_queries: " + r.stdout[-2000:] + r.stderr[-2000:])
        return Program(json.load(open(d + "/queries.json")))


# ---- comparison

def some_float(r):
    v = r.choice([-1, 1]) * r.random() * 2.0 ** r.choice([0, 0, 1, 3, 8, 60, 127, -40, -100, -140])
    return struct.unpack("f", struct.pack("f", v))[0]


def some_params(r):
    """Parameters of ordinary size, of any float32 size, and some far smaller; zeros and equal knots among them; a pre-map in half the cases."""
    def near():
        return r.uniform(-2, 2)
    one = near if r.random() < 0.5 else lambda: some_float(r)
    coef = [r.choice([0.0, one(), one(), near() * 2.0 ** r.randint(-1010, -940)]) for _ in range(4)]
    knot = [one() for _ in range(4)]
    if r.random() < 0.3:
        knot[r.randrange(4)] = knot[r.randrange(4)]
    if r.random() < 0.3:
        coef[r.choice([0, 1])] = r.choice([1.0, -1.0])
    scale, shift = r.choice([(1.0, 0.0), (-1.0, 0.0), (one(), one()), (r.choice([0.0, one(), near() * 2.0 ** -1030]), 0.0)])
    return coef, knot, scale, shift


def some_end(r):
    return r.choice([some_float(r), r.uniform(-3, 3), r.uniform(-3, 3), 0.0, float("inf"), float("-inf"), 1e300, -1e200])


def exact(v):
    """An infinite end is any number beyond 2^600."""
    return Fraction(v) if abs(v) != float("inf") else Fraction(2) ** 700 * (1 if v > 0 else -1)


def pairs_of(value):
    found = []
    while value[0] == "Cons":
        found.append((value[1][1], value[1][2]))
        value = value[2]
    return found


def compare(program, library, cases):
    """None, or the first difference."""
    r, far = random.Random(1), program["fAR"]
    for _ in range(cases):
        coef, knot, scale, shift = some_params(r)
        p = Params((ctypes.c_double * 4)(*coef), (ctypes.c_double * 4)(*knot), scale, shift, 63)
        P, a, b = ("Mk_params", *map(Fraction, coef), *map(Fraction, knot)), Fraction(scale), Fraction(shift)
        lo, hi = some_end(r), some_end(r)
        got = library.mmax_lipschitz(ctypes.byref(p), lo, hi)
        y = sorted(program["y_of"](a)(b)(exact(v)) for v in (lo, hi))
        if scale != 0.0 and program["largest_slope"](P)(y[0])(y[1]) >= far:
            if got != float("inf"):
                return "Lipschitz constant on %s, %s: %s, not infinite" % (lo, hi, got.hex())
        elif got == float("inf") or program["lipschitz_hat"](P)(a)(b)(exact(lo))(exact(hi)) != Fraction(got):
            return "Lipschitz constant on %s, %s: %s" % (lo, hi, got.hex())
        out = (Interval * 5)()
        count = library.mmax_increasing_intervals(ctypes.byref(p), out)
        found = [tuple(max(-far, min(far, exact(v) if abs(v) != float("inf") else far * (1 if v > 0 else -1))) for v in (i.lo, i.hi))
                 for i in out[:count]]
        if found != pairs_of(program["intervals_hat"](P)(a)(b)):
            return "intervals: %s" % ", ".join("(%s, %s)" % (i.lo, i.hi) for i in out[:count])
    return None


def definitions():
    """The definitions of FILES without their proofs."""
    text = "\n".join(open("%s/proofs/coq/%s.v" % (ROOT, name)).read() for name in FILES)
    text = re.sub(r"\(\*.*?\*\)", "", text, flags=re.S)
    found = re.findall(r"^((?:Definition|Fixpoint|Record) (\w+).*?\.)$", text, flags=re.S | re.M)
    return "\n".join(sentence for sentence, name in found if name in WANTED) + "\n"


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: tie_queries.py LIBRARY [--control]")
    for path, what in ((sys.argv[1], "build the library first"), (COQ + "/QueryFloat.vo", "run make prove-coq")):
        if not os.path.exists(path):
            sys.exit("tie_queries: %s is missing: %s" % (path, what))
    library = ctypes.CDLL(os.path.abspath(sys.argv[1]))
    library.mmax_lipschitz.argtypes = [ctypes.c_void_p, ctypes.c_double, ctypes.c_double]
    library.mmax_lipschitz.restype = ctypes.c_double
    library.mmax_increasing_intervals.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    library.mmax_increasing_intervals.restype = ctypes.c_size_t
    if "--control" not in sys.argv:
        what = compare(extracted(), library, CASES)
        if what:
            print(what)
        print("%s tie_queries cases=%d" % ("FAIL" if what else "PASS", CASES))
        return what is not None
    text, missed = definitions(), 0
    if compare(extracted(text), library, CASES // 8) is not None:
        sys.exit("tie_queries: the definitions without a fault differ")
    for old, new in FAULTS:
        if text.count(old) == 0:
            sys.exit("tie_queries: the text has no " + old)
        what = compare(extracted(text.replace(old, new)), library, CASES)
        print("%-40s %s" % (new, what or "MISSED"))
        missed += what is None
    print("%s tie_queries_control faults=%d missed=%d" % ("FAIL" if missed else "PASS", len(FAULTS), missed))
    return missed > 0


sys.exit(main())
