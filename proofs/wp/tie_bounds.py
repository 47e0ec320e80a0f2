#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bound functions of proofs/coq are those of src/bounds.c: tie_bounds.py LIBRARY [--control].

The Coq definitions of what mmax_condition, mmax_bound_probs_ulp, mmax_bound_log_ulp, mmax_bound16_ulp and mmax_bound_gradient compute
(BoundFunctions.v, ConditionFloat.v, Storage16.v, GradFunction.v), with all they are made of down to `rnd`, are read as text and evaluated
in exact rational arithmetic, rnd one correct rounding to binary64, and compared with the built library bit for bit.
--control: one figure or operation of the text changed at a time; each must be noticed. Exit 0: equal; 1: not.
"""
import ctypes
import os
import random
import re
import struct
import sys
from fractions import Fraction

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILES = ["Float64", "Hinge", "SigmaFloat", "AffineFloat", "Accuracy", "BoundFunctions", "ConditionFloat", "Storage16",
         "GradFunction"]
WANTED = ["add", "sub", "mul", "fma", "relu", "u64", "hinge_hat", "affine_hat", "identity_map", "eps_e", "half_grid", "c_gamma5", "c_slack",
          "c_log_error", "c_relative", "c_with_rounding", "c_bound_probs", "c_error_log", "c_bound_log", "c_amplitude", "c_slope",
          "c_condition", "precision", "c_bound16", "c_bound_gradient"]
CONDITIONS, BOUNDS = 3000, 1500
FAULTS = [("335544321", "335544325"), ("1 + pow2 (-40)", "1 + pow2 (-41)"), ("231 * pow2 (-42)", "230 * pow2 (-42)"),
          ("(mul 16 u64)", "(mul 8 u64)"), ("rnd (t / sub 1 t)", "rnd (t / (1 - t))"), ("e (pow2 (-24))", "e (pow2 (-23))"),
          ("(pow2 (-44))", "(pow2 (-45))"), ("(mul (mul (Rabs (c3 P)) low2) low2)", "(mul (mul low2 low2) (Rabs (c3 P)))"),
          ("let moved := mul (Rabs y) u64", "let moved := mul y u64"), ("if identity_map scale shift then a else", "if identity_map scale shift then 2 * a else"),
          ("bfloat16 => 8", "bfloat16 => 9"), ("(pow2 (-25)) in", "(pow2 (-26)) in"), ("Req_EM_T shift 0", "Req_EM_T shift 1"),
          ("mul 3 (c_relative", "mul 2 (c_relative"), ("(pow2 (-48))", "(pow2 (-47))"), ("(mul 32 u64)", "(mul 64 u64)")]


class Params(ctypes.Structure):
    _fields_ = [("coef", ctypes.c_double * 4), ("knot", ctypes.c_double * 4), ("scale", ctypes.c_double),
                ("shift", ctypes.c_double), ("terms", ctypes.c_uint)]


BASE = {"rnd": lambda v: Fraction(float(v)), "Rabs": abs, "pow2": lambda k: Fraction(2) ** int(k),
        "Rlt_dec": lambda a, b: a < b, "Rle_dec": lambda a, b: a <= b, "Req_EM_T": lambda a, b: a == b,
        "true": True, "false": False, "float16": "float16", "bfloat16": "bfloat16"}
BASE.update({k: (lambda k: lambda P: P[k])(k) for k in ("c1", "c2", "c3", "c4", "k1", "k2", "k3", "k4")})


class Term:
    """A Coq term as a Python function of the names it is made of."""

    def __init__(self, text):
        self.tokens = re.findall(r"[A-Za-z_][\w']*|\d+|:=|=>|[-+*/()|]", text)
        self.value = self.term()
        if self.tokens:
            sys.exit("tie_bounds: not understood: " + " ".join(self.tokens[:9]))

    def next(self):
        return self.tokens[0] if self.tokens else ""

    def take(self, token=None):
        if token is not None and self.next() != token:
            sys.exit("tie_bounds: %s expected, not %s" % (token, self.next()))
        return self.tokens.pop(0)

    def term(self):
        if self.next() == "let":
            self.take()
            name = self.take()
            self.take(":=")
            bound = self.term()
            self.take("in")
            body = self.term()
            return lambda e: body(dict(e, **{name: bound(e)}))
        if self.next() == "if":
            self.take()
            parts = [self.term()]
            for word in ("then", "else"):
                self.take(word)
                parts.append(self.term())
            return lambda e: parts[1](e) if parts[0](e) else parts[2](e)
        if self.next() == "match":
            self.take()
            name, cases = self.take(), {}
            self.take("with")
            while self.next() != "end":
                if self.next() == "|":
                    self.take()
                case = self.take()
                self.take("=>")
                cases[case] = self.term()
            self.take()
            return lambda e: cases[e[name]](e)
        return self.infix(("+", "-"), lambda: self.infix(("*", "/"), self.application))

    def infix(self, signs, part):
        value = part()
        while self.next() in signs:
            value = self.pair(self.take(), value, part())
        return value

    @staticmethod
    def pair(sign, a, b):
        return {"+": lambda e: a(e) + b(e), "-": lambda e: a(e) - b(e), "*": lambda e: a(e) * b(e), "/": lambda e: a(e) / b(e)}[sign]

    def application(self):
        if self.next() == "-":
            self.take()
            value = self.application()
            return lambda e: -value(e)
        f, args = self.atom(), []
        while re.match(r"[\w(]", self.next()) and self.next() not in ("then", "else", "in", "with", "end"):
            args.append(self.atom())
        return (lambda e: f(e)(*[a(e) for a in args])) if args else f

    def atom(self):
        token = self.take()
        if token == "(":
            value = self.term()
            self.take(")")
            return value
        return (lambda e: Fraction(int(token))) if token.isdigit() else (lambda e: e[token])


def functions(text):
    """The definitions WANTED as Python functions."""
    env = dict(BASE)
    for name, binders, body in re.findall(r"^Definition (\w+)((?:[^:]|:(?!=))*):=(.*?)\.\s*$", text, flags=re.S | re.M):
        if name not in WANTED:
            continue
        groups = re.findall(r"\(([^():]*):[^()]*\)", binders)
        names = " ".join(groups).split() if groups else binders.split(":")[0].split()
        value = Term(body).value
        env[name] = (lambda v, n: lambda *a: v(dict(env, **dict(zip(n, a)))))(value, names) if names else value(env)
    missing = [w for w in WANTED if w not in env]
    if missing:
        sys.exit("tie_bounds: no definition of " + " ".join(missing))
    return env


def some_float(r):
    v = r.choice([-1, 1]) * r.random() * 2.0 ** r.choice([0, 0, 1, 3, 8, 20, 60, 100, 127, -40, -100, -140])
    return struct.unpack("f", struct.pack("f", v))[0]


def compare(text, library, conditions, bounds):
    """None, or the first difference."""
    f, r = functions(text), random.Random(1)
    for _ in range(conditions):
        c, k, x = [some_float(r) for _ in range(4)], [some_float(r) for _ in range(4)], some_float(r)
        a, b = r.choice([(1.0, 0.0), (1.0, some_float(r)), (some_float(r), 0.0), (some_float(r), some_float(r))])
        p = Params((ctypes.c_double * 4)(*c), (ctypes.c_double * 4)(*k), a, b, 63)
        exact = {"%s%d" % (n, i + 1): Fraction(v[i]) for n, v in (("c", c), ("k", k)) for i in range(4)}
        want, got = f["c_condition"](exact, Fraction(a), Fraction(b), Fraction(x)), library.mmax_condition(ctypes.byref(p), x)
        if want != Fraction(got):
            return "condition of %s: %s, not %s" % (x, got.hex(), float(want).hex())
    for _ in range(bounds):
        size, n = Fraction(r.choice([0.0, r.random() * 2.0 ** r.randint(-60, 50)])), r.choice([1, 7, 1000, r.randint(1, 2**31 - 1)])
        plain = f["c_log_error"](size, Fraction(n), Fraction(1, 2**50))
        for name, error in (("probs_ulp", f["c_log_error"](size, Fraction(n), f["half_grid"])), ("log_ulp", f["c_error_log"](size, Fraction(n))),
                            ("gradient", plain)):
            got = getattr(library, "mmax_bound_" + name)(float(size), n)
            if error >= Fraction(1, 2):
                if got != float("inf"):
                    return "%s bound at %s: %s, not infinite" % (name, float(size), got.hex())
                continue
            want = f["c_bound_" + name.replace("_ulp", "")](size, Fraction(n))
            if want != Fraction(got):
                return "%s bound at %s, %d: %s, not %s" % (name, float(size), n, got.hex(), float(want).hex())
            for number, storage in ((1, "float16"), (2, "bfloat16")) if name != "gradient" else ():
                got16 = library.mmax_bound16_ulp(number, got)
                if f["c_bound16"](storage, want) != Fraction(got16):
                    return "%s bound at %s: %s" % (storage, got.hex(), got16.hex())
    return None


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: tie_bounds.py LIBRARY [--control]")
    if not os.path.exists(sys.argv[1]):
        sys.exit("tie_bounds: %s is missing: build the library first" % sys.argv[1])
    library = ctypes.CDLL(os.path.abspath(sys.argv[1]))
    library.mmax_condition.argtypes = [ctypes.c_void_p, ctypes.c_float]
    library.mmax_bound16_ulp.argtypes = [ctypes.c_int, ctypes.c_double]
    for name in ("mmax_condition", "mmax_bound16_ulp", "mmax_bound_probs_ulp", "mmax_bound_log_ulp", "mmax_bound_gradient"):
        getattr(library, name).restype = ctypes.c_double
    for name in ("mmax_bound_probs_ulp", "mmax_bound_log_ulp", "mmax_bound_gradient"):
        getattr(library, name).argtypes = [ctypes.c_double, ctypes.c_size_t]
    text = "\n".join(open("%s/proofs/coq/%s.v" % (ROOT, name)).read() for name in FILES)
    text = re.sub(r"\(\*.*?\*\)", "", text, flags=re.S)
    if "--control" in sys.argv:
        missed = 0
        for old, new in FAULTS:
            if text.count(old) == 0:
                sys.exit("tie_bounds: the text has no " + old)
            what = compare(text.replace(old, new), library, CONDITIONS, BOUNDS)
            print("%-44s %s" % (new, what or "MISSED"))
            missed += what is None
        print("%s tie_bounds_control faults=%d missed=%d" % ("FAIL" if missed else "PASS", len(FAULTS), missed))
        return missed > 0
    what = compare(text, library, CONDITIONS, BOUNDS)
    if what:
        print(what)
    print("%s tie_bounds conditions=%d bounds=%d" % ("FAIL" if what else "PASS", CONDITIONS, BOUNDS))
    return what is not None


sys.exit(main())
