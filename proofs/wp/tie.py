#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Coq as a prover for one ACSL lemma: tie.py GOAL.v BUILD_DIR.

GOAL.v is what Why3's Coq driver prints. Only the definitions of logic symbols (L_*, P_*) and the goal are kept, so no
axiom of Why3 or WP can be used; they are proved equal, by unfolding, to the statements of proofs/wp/coq.
That those assume nothing of their own is asked once for all, where they are compiled (provers.py). Exit 0: Coq accepted the proof.
"""
import re
import subprocess
import sys
import tempfile

MEANING = {  # logic symbols without a definition in ACSL
    "L_rnd64": "Definition L_rnd64 (x:R) : R := rnd x.",
    "L_rnd32": "Definition L_rnd32 (x:R) : R := rnd32 x.",
    "L_rnd_to": "Definition L_rnd_to (d:Z) (m:Z) (x:R) : R := MultiMax.StorageLemmas.rnd_to d m x.",
    "L_p2": "Definition L_p2 (k:R) : R := p2 k.",
}

HEAD = """From Coq Require Import Reals ZArith Lia Lra.
From Flocq Require Import Core.
From MultiMax Require Import Float64 WpLemmas.
Require MultiMax.Tie MultiMax.LogLemmas MultiMax.GradTie MultiMax.LossTie MultiMax.StorageLemmas.
Open Scope R_scope.
Definition real_of_int (x:Z) : R := IZR x.
"""


def sentences(text):
    """Definitions, parameters and the goal, in file order, without comments."""
    text = re.sub(r"\(\*.*?\*\)", "", text, flags=re.S)
    return re.split(r"(?<=\.)\s+\n", text + "\n")


def convert(text):
    """The goal, and the definitions it needs."""
    known, goal = {}, None
    for s in sentences(text):
        s = s.strip()
        m = re.match(r"(Definition|Fixpoint|Parameter)\s+([LP]_\w+)", s)
        if m and (m.group(1) != "Parameter" or m.group(2) in MEANING):
            known[m.group(2)] = MEANING.get(m.group(2), s)
        elif s.startswith("Theorem wp_goal"):
            goal = s.split("\nProof.")[0]
    out, names = [], []

    def need(s):
        for name in re.findall(r"\b[LP]_\w+", s):
            if name in known and name not in names:
                names.append(name)
                need(known[name].split(":", 1)[1])
                out.append(known[name])

    need(goal)
    out.append(goal)
    unfold = ", ".join(names + ["real_of_int"])
    # what speaks of the exp kernel loads what Interval proved of it, which takes as long as all else
    kernel = any(re.match("[LP]_exp_", name) for name in names)
    # one of GradTie.v, LossTie.v or StorageLemmas.v as it stands, else by the tactics of LogLemmas.v and Tie.v
    out.append("Proof. first [ solve [ MultiMax.GradTie.printed ] | solve [ MultiMax.LossTie.printed ] | solve [ MultiMax.StorageLemmas.printed ] |")
    out.append("intros; repeat match goal with x := _ |- _ => subst x end; repeat progress (unfold %s in *; cbv zeta in *);" % unfold)
    out.append("first [ %sLogLemmas.close_log | Tie.close ] ]. Qed." % ("ExpTie.close_exp | " if kernel else ""))
    body = "\n".join(out)
    for name in ("Reals.Rdefinitions.R", "Numbers.BinNums.Z"):
        body = body.replace(name, name.rsplit(".", 1)[1])
    body = body.replace("Reals.Rtrigo_def.exp", "exp").replace("BuiltIn.IZR", "IZR")
    head = HEAD + ("Require MultiMax.ExpTie.\n" if kernel else "")
    return head + re.sub(r"(\bTie\.close|ExpTie\.close_exp|LogLemmas\.close_log)", r"MultiMax.\1", body)


def main():
    goal, build = sys.argv[1:3]
    with open(goal) as f:
        text = f.read()
    with tempfile.TemporaryDirectory() as d:
        path = d + "/goal.v"
        with open(path, "w") as g:
            g.write(convert(text))
        r = subprocess.run(["coqc", "-R", build, "MultiMax", path],
                           capture_output=True, text=True, cwd=d)
        if r.returncode != 0:
            print(r.stdout + r.stderr)
            if len(sys.argv) > 3:
                print(convert(text))
            sys.exit(1)
    print("PROVED")


main()
