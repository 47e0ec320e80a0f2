#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The definitions of specs/logic are those of proofs/coq: tie_contract.py [--control].

WP and Why3 export the ACSL predicates is_softmax, is_logged, is_loss, is_loss_gradient, is_loss_param_row, is_backward, is_param_row and
is_softmax16, the queries' is_lipschitz, is_unbounded, rises and x_at, and the bounds of bounds.acsl, with all they are made of, to Coq. Only
definitions are kept (the axioms kept are Why3's defining equations of symbols that branch or recurse); the
files *_tie.part in coq/ (tie_sources.py) prove that the exported contracts give those of proofs/coq/Contract.v, LogContract.v, LossContract.v,
LossGradContract.v, LossGradParams.v, GradContract.v, GradParams.v, Storage16.v, QueryContract.v and those of the bound functions, which T6, T7
and T8 start from, and that without rounding sigma is Eq. 6.
--control: the same with one fault at a time (tie_faults.py) put into a copy of specs/logic; each must make the proof fail. An axiom of its own too
must be refused. Needs build/proofs/coq (make prove-coq). Exit 0: tied; 1: not.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from provers import compile_stale
from tie_faults import FAULTS, PREFERRED
from tie_sources import ABSTRACT, PARTS, SOURCES, proof_of

WP = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(WP))
BUILD = ROOT + "/build/wp/contract"
COQ = ROOT + "/build/proofs/coq"
OWN = ROOT + "/build/wp/coq_tie"
ASKED = re.compile(r"^Print Assumptions (\w+)\.\n", flags=re.M)

CONF = """[main]
datadir = "%s"
libdir = "%s"
magic = 14
memlimit = 1000
running_provers_max = 1
timelimit = 10

[prover]
command = "sh %s/keep.sh %%f"
driver = "%s/drivers/coq.drv"
editor = ""
in_place = false
interactive = false
name = "export"
shortcut = "export"
version = "1"
"""
HEAD = """From Coq Require Import Reals ZArith Lia Lra.
From Flocq Require Import Core.
From MultiMax Require Import Float64 ExpKernel Hinge Modulator Equations SigmaFloat AffineFloat LogFloat RealSum Contract LogContract LossContract.
From MultiMax Require Import GradContract LossGradContract Accuracy Storage16.
From MultiMax Require GradBound ExpTie StorageLemmas.
Notation rnd32 := (round radix2 (FLT_exp (-149) 24) ZnearestE).
Open Scope R_scope.
"""
def text_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def export(logic, source, out):
    """The Coq text of the goal in `source`, from the ACSL files in the folder `logic`."""
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    write(out + "/keep.sh", 'cp "$1" "%s/goal.v"; echo unknown\n' % out)
    datadir = text_of("why3", "--print-datadir")
    write(out + "/why3.conf", CONF % (datadir, text_of("why3", "--print-libdir"), out, datadir))
    write(out + "/exported.c", source)
    r = subprocess.run(["frama-c", "-cpp-extra-args=-I%s -I%s/src" % (logic, ROOT), "-wp", "-wp-prover", "export",
                        "-wp-cache", "none", "-wp-prop=exported", out + "/exported.c"], capture_output=True, text=True,
                       cwd=out, env=dict(os.environ, WHY3CONFIG=out + "/why3.conf", PWD=out))
    if not os.path.exists(out + "/goal.v"):
        sys.exit("tie_contract: nothing exported\n" + r.stdout[-2000:] + r.stderr[-2000:])
    return open(out + "/goal.v").read()


def definitions(goal, meaning, roots):
    """What the predicates `roots` need, in the order of the export."""
    goal = re.sub(r"\(\*.*?\*\)", "", goal, flags=re.S)
    known, order = {}, []
    for s in re.split(r"(?<=\.)\s+\n", goal + "\n"):
        s = s.strip()
        m = re.match(r"(Definition|Fixpoint|Inductive|Parameter|Axiom)\s+([\w']+)", s)
        if m:
            known.setdefault(m.group(2), s)
            order.append(m.group(2))
    needed = set()

    def need(name):
        if name in needed or name not in known or name.endswith("_WhyType"):
            return
        needed.add(name)
        for equation in (name + "'def", name + "_def"):
            if name not in meaning and name not in ABSTRACT:
                need(equation)
        if name in meaning:
            return
        for other in set(re.findall(r"[\w']+", known[name])):
            need(other)

    for root in roots:
        need(root)
    out, loose = [], []
    for name in order:
        if name not in needed:
            continue
        s = meaning.get(name, known[name])
        needed.discard(name)
        kind = s.split()[0]
        if kind == "Parameter" and name not in ABSTRACT and not (name + "'def" in known or name + "_def" in known):
            loose.append(name)
        if kind == "Axiom" and not name.endswith(("'def", "_def")) and name not in ABSTRACT:
            loose.append(name)
        out.append(re.sub(r"\n(Axiom|Parameter) [\w']+_WhyType.*", "", s, flags=re.S))
    if loose:
        sys.exit("tie_contract: exported without a definition: " + " ".join(loose))
    body = "\0".join(out)
    # WP numbers symbols that share a name: of float32 rows and of patterns, a function and a predicate
    for name in set(re.findall(r"\b([LP]_\w+?)_\d_(?!\w)", body)) - {"L_scaled"}:
        if len(set(re.findall(r"\b%s(?:_\d_)?(?!\w)" % name, body))) == 1:
            body = re.sub(r"\b%s_\d_" % name, name, body)
    for a, b in (("Reals.Rdefinitions.R", "R"), ("Numbers.BinNums.Z", "Z"), ("BuiltIn.IZR", "IZR"), ("Reals.Rtrigo_def.exp", "exp")):
        body = body.replace(a, b)
    return body.split("\0")


def words(text):
    return set(re.findall(r"[\w']+", text))


def staged(sentences, proofs):
    """The sentences, each before the first proof that speaks of it, so that a fault is refused before what it does not touch is read."""
    kind = re.compile(r"(?:Definition|Fixpoint|Inductive|Parameter|Axiom)\s+([\w']+)")
    named = {kind.match(s).group(1): s for s in sentences}
    of = {c: name for name, s in named.items() if s.startswith("Inductive") for c in re.findall(r"\|\s*([\w']+)", s)}
    left, text = dict(named), ""

    def needs(names):
        """Of what is left: what these names mean, and what is said of a name by its defining equation."""
        found, todo = set(), [of.get(n, n) for n in names]
        while todo:
            name = todo.pop()
            if name in left and name not in found:
                found.add(name)
                todo += [of.get(n, n) for n in words(left[name]) | {name + "'def", name + "_def"}]
        return found

    for proof in proofs:
        found = needs(words(proof))
        text += "\n".join([s for name, s in left.items() if name in found] + [proof])
        left = {name: s for name, s in left.items() if name not in found}
    return text + "\n".join(left.values())


def refused(logic, out, k):
    """None if the parts of source k are proved, else the first error."""
    out = "%s/%d" % (out, k)
    goal = export(logic, SOURCES[k], out)
    for meaning, roots, parts in PARTS[k]:
        # of what the theorems assume, a control asks nothing; main() asks once for all, since each question walks the theory anew
        proofs = [ASKED.sub("", proof_of(part)) for part in parts]
        r = coqc(out, module(parts), HEAD + staged(definitions(goal, meaning, roots), proofs), "-Q", ".", "P%d" % k)
        if r.returncode != 0:
            return (r.stdout + r.stderr).strip()
    return None


def coqc(folder, name, text, *options):
    write("%s/%s.v" % (folder, name), text)
    command = ["coqc", "-w", "none", "-R", COQ, "MultiMax", "-R", OWN, "MultiMax", *options, name + ".v"]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


def module(parts):
    return parts[-1].replace(" ", "_")


def tied():
    """(module, theorem) of all that the parts end with."""
    return [("P%d.%s" % (k, module(parts)), name) for k in range(len(SOURCES)) for _, _, parts in PARTS[k]
            for name in ASKED.findall("".join(proof_of(part) for part in parts))]


def assumes(out, theorems, more=""):
    """What the theorems assume and may not, or why that is not known; None if nothing."""
    modules = sorted({m for m, _ in theorems if m})
    text = "".join("Require %s.\n" % m for m in modules) + more
    text += "Definition all := (True, %s).\nPrint Assumptions all.\n" % ", ".join(".".join(filter(None, t)) for t in theorems)
    r = coqc(out, "assumed", text, *(o for k in range(len(SOURCES)) for o in ("-Q", str(k), "P%d" % k)))
    if r.returncode != 0 or "Axioms:" not in r.stdout:
        return (r.stdout + r.stderr).strip() or "nothing printed"
    known = open(ROOT + "/proofs/coq/allowed_axioms.txt").read().split("\n")
    for name in re.findall(r"^([\w'.]+) ?:", r.stdout, flags=re.M):
        exported = re.sub(r"^(P\d\.)?(%s)\." % "|".join(m.split(".")[1] for m in modules), "", name)
        allowed = exported in ABSTRACT or exported.endswith(("'def", "_def")) or exported.startswith("L_")
        if not allowed and name not in known and name != "Axioms" and not name.startswith(("PrimInt63", "PrimFloat")):
            return "assumed: " + name
    return None


def prepare():
    for name in ("GradParams", "LossGradParams", "LossGrad16", "Equations", "Storage16", "QueryContract", "Limits", "SumBound"):
        if not os.path.exists("%s/%s.vo" % (COQ, name)):
            sys.exit("tie_contract: build/proofs/coq/%s.vo is missing: run make prove-coq" % name)
    names = ("WpLemmas", "ExpTie", "StorageLemmas")
    theory = max(os.path.getmtime(vo) for vo in glob.glob(COQ + "/*.vo"))
    first = "%s/%s.vo" % (OWN, names[0])
    compile_stale(OWN, ["proofs/wp/coq/%s.v" % name for name in names], ("-R", COQ, "MultiMax"),
                  stale=os.path.exists(first) and os.path.getmtime(first) < theory)


def fault_error(k):
    """What refuses fault k, None if nothing does."""
    name, old, new = FAULTS[k]
    folder = "%s/fault/%d" % (BUILD, k)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT + "/specs/logic", folder + "/logic")
    path = "%s/logic/%s" % (folder, name)
    text = open(path).read()
    if text.count(old) == 0:
        sys.exit("tie_contract: %s has no %s" % (name, old))
    write(path, text.replace(old, new))
    first = PREFERRED.get(name, 0)
    each = (refused(folder + "/logic", folder + "/out", k) for k in sorted(range(len(SOURCES)), key=lambda k: k != first))
    return next((error for error in each if error), None)


def main():
    prepare()
    cpus = len(os.sched_getaffinity(0))
    if sys.argv[1:] == ["--control"]:
        missed = assumes(OWN, [("", "seeded")], "Axiom seeded : True.\n") != "assumed: seeded"
        print("fault    an axiom of its own                              %s" % ("MISSED" if missed else "refused"))
        with ThreadPoolExecutor(cpus) as pool:
            for k, error in enumerate(pool.map(fault_error, range(len(FAULTS)))):
                print("fault %2d %-15s %-36s %s" % (k, FAULTS[k][0], FAULTS[k][2], "MISSED" if error is None else "refused"), flush=True)
                missed += error is None
        print("%s tie_contract_control faults=%d missed=%d" % ("FAIL" if missed else "PASS", len(FAULTS) + 1, missed))
        return missed > 0
    with ThreadPoolExecutor(cpus) as pool:
        errors = [e for e in pool.map(lambda k: refused(ROOT + "/specs/logic", BUILD + "/out", k), reversed(range(len(SOURCES)))) if e]
    errors = errors or [e for e in [assumes(BUILD + "/out", tied())] if e]
    print("\n".join(errors + ["%s tie_contract theorems=%s" % ("FAIL" if errors else "PASS", ",".join(sorted({name for _, name in tied()})))]))
    return len(errors) > 0


sys.exit(main())
