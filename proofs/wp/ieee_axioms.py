#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Why3's float axioms, as WP hands them to the SMT provers, against Flocq: ieee_axioms.py [--control].

A goal about doubles is generated twice, by the driver of the SMT provers and by Why3's Coq driver. In the Coq text the types and
operations of theory ieee_float are replaced by Flocq's (proofs/coq/IeeeModel.v ...), each axiom becomes a lemma of the same
statement, and Coq checks the proof. Every axiom of the SMT text must then be proved, or stand in ieee_open.txt with a reason; one
that is in neither fails. What hidden_axioms.txt names is in neither text (theories.py).
--control: a changed axiom must not be proved, and one without a lemma must be found.
Needs build/proofs/coq (make prove-coq) and build/wp/why3.conf (prove.py).
"""
import os
import re
import shutil
import subprocess
import sys

from theories import SHARE, STDLIB

WP = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(WP))
BUILD = ROOT + "/build/wp/ieee"
COQ = ROOT + "/build/proofs/coq"
CONF = """[main]
loadpath = "%(stdlib)s"
stdlib = false
datadir = "%(datadir)s"
libdir = "%(libdir)s"
magic = 14
memlimit = 1000
running_provers_max = 1
timelimit = 10
""" + "".join("""
[prover]
command = "sh %%(out)s/keep.sh %%%%f %s"
driver = "%s"
editor = ""
in_place = false
interactive = false
name = "%s"
shortcut = "%s"
version = "1"
""" % (kept, driver, name, name) for kept, driver, name in (
    ("goal.v", "%(coq)s", "tocoq"), ("goal.smt2", "%(axdef)s", "tosmt")))

HEAD = """From Coq Require Import Reals ZArith Lia Lra.
From Flocq Require Import Core BinarySingleNaN.
From MultiMax Require IeeeModel IeeeRound IeeeArith IeeeMore.
Open Scope R_scope.
"""
MODE = """Definition to_flocq (m:mode) : BinarySingleNaN.mode :=
  match m with RNE => mode_NE | RNA => mode_NA | RTP => mode_UP | RTN => mode_DN | RTZ => mode_ZR end.
"""
# base name: its meaning; F is the format
MODEL = {"t'real": "@IeeeModel.val F", "t'isFinite": "@IeeeModel.finite F", "zeroF": "@IeeeModel.zeroF F",
         "le": "@IeeeModel.le F", "lt": "@IeeeModel.lt F", "eq": "@IeeeModel.eq F", "is_zero": "@IeeeModel.is_zero F",
         "is_infinite": "@IeeeModel.is_infinite F", "is_nan": "@IeeeModel.is_nan F", "is_positive": "@IeeeModel.is_positive F",
         "is_negative": "@IeeeModel.is_negative F", "round": "fun m => IeeeModel.rnd F (to_flocq m)", "neg": "@IeeeRound.neg F",
         "abs": "@IeeeRound.abs F", "add": "fun m => @IeeeArith.add F (to_flocq m)", "sub": "fun m => @IeeeArith.sub F (to_flocq m)",
         "mul": "fun m => @IeeeArith.mul F (to_flocq m)", "div": "fun m => @IeeeArith.div F (to_flocq m)",
         "max_int": "IeeeRound.max_int F", "fma": "fun m => @IeeeMore.fma F (to_flocq m)", "truncate": "Ztrunc", "floor": "Zfloor", "ceil": "Zceil"}
# what SMT text adds for an enumeration and for powers of two of integers
LOGIC = re.compile(r"(match|index)_mode|mode_inversion$|pow2_\d+$|Power_[01s]$|Power_sum$|pow2pos$")
RENAMED = {"is_not_nan3": "is_not_nan1", "eq_refl": "eq_refl'", "is_finite": "t'axiom", "Exact_rounding_for_integers": "Exact_rounding",
           "real_0_is_zero_f32": "real_0_is_zero", "real_0_is_zero_f64": "real_0_is_zero"}
TACTIC = """Proof.
first
[ exact (%(L)s F) | exact %(L)s | exact (fun m => %(L)s F (to_flocq m)) | exact (fun m n => %(L)s F (to_flocq m) (to_flocq n))
| intros [| | | |]; [ exact (%(L)s F mode_NE) | exact (%(L)s F mode_NA) | exact (%(L)s F mode_UP) | exact (%(L)s F mode_DN) | exact (%(L)s F mode_ZR) ]
| intros m; intros; match goal with H : to_nearest m |- _ => apply (%(L)s F (to_flocq m)); trivial; destruct H as [-> | ->]; [left | right]; reflexivity end
| intros; first [ apply (%(L)s F) | apply (%(L)s F (to_flocq m)) ]; cbn -[Rmult]; lra ].
Qed."""


def text_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def generate(out):
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    axdef = ROOT + "/build/wp/cvc5_axdef.drv"
    if not os.path.exists(axdef):
        sys.exit("ieee_axioms: %s is missing: run proofs/wp/prove.py once" % axdef)
    with open(out + "/keep.sh", "w") as f:
        f.write('cp "$1" "%s/$2"; echo unknown\n' % out)
    with open(out + "/why3.conf", "w") as f:
        f.write(CONF % {"datadir": text_of("why3", "--print-datadir"), "libdir": text_of("why3", "--print-libdir"), "out": out, "stdlib": STDLIB, "axdef": axdef, "coq": ROOT + "/build/wp/coq.drv"})
    for prover in ("tocoq", "tosmt"):
        r = subprocess.run(["frama-c", "-cpp-extra-args=-I%s/specs/logic -I%s/src" % (ROOT, ROOT), "-wp", "-wp-rte", "-warn-special-float",
                            "non-finite", "-wp-prover", prover, "-wp-cache", "none", "-wp-share", SHARE, "-wp-fct", "mmax_add", "-wp-prop", "value",
                            "-wp-driver", WP + "/rnd64.driver", ROOT + "/src/ref/arith.h"], capture_output=True, text=True, cwd=out,
                           env=dict(os.environ, WHY3CONFIG=out + "/why3.conf", PWD=out))
    for name in ("goal.v", "goal.smt2"):
        if not os.path.exists(out + "/" + name):
            sys.exit("ieee_axioms: no %s generated\n%s" % (name, r.stdout[-1500:]))
    return open(out + "/goal.v").read(), open(out + "/goal.smt2").read()


def sentences(goal):
    goal = re.sub(r"\(\*.*?\*\)", "", goal, flags=re.S)
    for s in re.split(r"(?<=\.)\s+\n", goal + "\n"):
        s = re.sub(r"\n(Axiom|Parameter) [\w']+_WhyType.*", "", s.strip(), flags=re.S)
        s = s.replace("Reals.Rdefinitions.R", "R").replace("Numbers.BinNums.Z", "Z").replace("BuiltIn.IZR", "IZR")
        s = s.replace("Reals.Rbasic_fun.Rabs", "Rabs").replace("Reals.R_sqrt.sqrt", "R_sqrt.sqrt").replace("Init.Datatypes.bool", "bool")
        s = s.replace("Init.Datatypes.true", "true").replace("Init.Datatypes.false", "false")
        m = re.match(r"(Definition|Fixpoint|Inductive|Parameter|Axiom|Theorem)\s+([\w']+)", s)
        if m:
            yield m.group(1), m.group(2), s


def theory(goal):
    """The float part: [(kind, name, base, format, text)], of ieee_float from `mode` to the casts."""
    inside, form, out = False, "F32", []
    for kind, name, s in sentences(goal):
        inside = inside or name == "mode"
        if not inside:
            continue
        if name == "finite":  # of WP's own theory, which follows Why3's
            break
        if name == "t1":
            form = "F64"
        base = name[:-1] if form == "F64" and name.endswith("1") else name
        if name not in ("to_float64", "to_float32"):
            out.append((kind, name, base, "F32" if name.endswith("_f32") else form, s))
    return out


def casts(goal):
    """The axioms of WP's float theory that define its booleans."""
    every = [(k, n) for k, n, _ in sentences(goal)]
    every = every[every.index(("Definition", "finite")):every.index(("Axiom", "class_of'def"))]
    return [n for k, n in every if k == "Axiom"]


def lemma_of(base):
    """Where proofs/coq has a lemma of this name."""
    base = RENAMED.get(base, base)
    for module in ("IeeeModel", "IeeeRound", "IeeeArith", "IeeeMore"):
        if re.search(r"^Lemma %s :" % re.escape(base), open("%s/proofs/coq/%s.v" % (ROOT, module)).read(), flags=re.M):
            return "%s.%s" % (module, base)
    return None


def convert(parts):
    """Coq text in which every axiom that has a lemma is proved; the names of those that have none."""
    out, without = [HEAD], []
    for kind, name, base, form, s in parts:
        f = "IeeeModel." + form
        if kind == "Axiom" and s.endswith(": Type."):
            out.append("Definition %s : Type := IeeeModel.t %s." % (name, f))
        elif kind == "Parameter" and base in MODEL:
            out.append("Definition %s := %s." % (name, re.sub(r"\bF\b", f, MODEL[base])))
        elif kind == "Axiom":
            lemma = lemma_of(base)
            if lemma is None:
                without.append(name)
                out.append(s)
            else:
                out.append(re.sub("^Axiom", "Lemma", s) + "\n" + re.sub(r"\bF\b", f, TACTIC % {"L": lemma}))
        else:
            out.append(s)
            if name == "mode":
                out.append(MODE)
    return "\n".join(out), without


def proved(parts, out):
    text, without = convert(parts)
    with open(out + "/axioms.v", "w") as f:
        f.write(text)
    r = subprocess.run(["coqc", "-w", "none", "-R", COQ, "MultiMax", out + "/axioms.v"], capture_output=True, text=True, cwd=out)
    return (r.stdout + r.stderr).strip() if r.returncode else None, without


def main():
    for module in ("IeeeMore", "IeeeArith"):
        if not os.path.exists("%s/%s.vo" % (COQ, module)):
            sys.exit("ieee_axioms: build/proofs/coq/%s.vo is missing: run make prove-coq" % module)
    goal, smt = generate(BUILD)
    parts = theory(goal)
    axioms = [p for p in parts if p[0] == "Axiom" and not p[4].endswith(": Type.")]
    open_list = dict(l.rstrip("\n").split("\t") for l in open(WP + "/ieee_open.txt") if l.strip() and not l.startswith("#"))
    error, without = proved(parts, BUILD)
    if "--control" in sys.argv:
        wrong = []
        for old, new in (("(round RTN x) <= x", "x <= (round RTN x)"), ("is_minus_infinity x /\\ is_not_nan y", "is_minus_infinity x /\\ is_nan y"),
                         ("lt y z -> lt x z", "lt y z -> lt z x"), ("16777216", "16777217"), ("~ is_zero y ->", "is_zero y ->")):
            changed = [p[:4] + (p[4].replace(old, new),) for p in parts]
            if changed == parts or proved(changed, BUILD)[0] is None:
                wrong.append(new)
        extra = parts + [("Axiom", "wish", "wish", "F64", "Axiom wish : 0%R = 1%R.")]
        if "wish" not in proved(extra, BUILD)[1]:
            wrong.append("wish")
        for new in wrong:
            print("not noticed: " + new)
        print("%s ieee_axioms_control missed=%d" % ("FAIL" if wrong else "PASS", len(wrong)))
        return bool(wrong)
    # every assertion of the SMT text about floats is one of these, or about integers and constructors
    region = re.search(r"^;; mode$(.*?)^;; to_float64$", smt, flags=re.M | re.S).group(1)
    asserted = set(re.findall(r"^;; ([\w']+)\n\(assert", region, flags=re.M))
    known = {n for _, n, b, _, _ in parts} | {b for _, n, b, _, _ in parts}
    unseen = sorted(n for n in asserted if n not in known and n.replace("'def", "") not in known and not LOGIC.match(n))
    base_of = {n: b for _, n, b, _, _ in parts}
    missing = [n for n in without if base_of[n] not in open_list] + [n for n in casts(goal) if n not in open_list]
    done = len(axioms) - len(without)
    print("ieee_float, both formats: %d axioms, %d proved for Flocq, %d open; definitions: %d" % (
        len(axioms), done, len(without), len(casts(goal))))
    if error:
        print(error)
    for n in missing:
        print("no lemma: " + n)
    for n in unseen:
        print("only in the SMT text: " + n)
    stale = [b for b in open_list if b not in {base_of[n] for n in without} | set(casts(goal))]
    for b in stale:
        print("ieee_open.txt: %s is proved or unknown" % b)
    bad = error or missing or stale or unseen
    print("%s ieee_axioms proved=%d open=%d" % ("FAIL" if bad else "PASS", done, len(without)))
    return bool(bad)


sys.exit(main())
