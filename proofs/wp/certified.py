#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gappa as a prover whose proof Coq checks: the goal on standard input. Exit 0: Gappa proved it, and Coq accepted that proof.

certified.py --recorded: so for every goal that expected.tsv records as Gappa's, which a run of prove.py takes from Gappa alone.
certified.py --control: a true goal is accepted; a false one, and the true one with a number of its proof changed, are not.
"""
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from provers import BUILD, GAPPA, need, rows, why3_conf

# each hole of the proof term is a computation that has to give true; Qed has the kernel check term and computations
TERM = "Require Import Gappa.Gappa_library.\nGoal True.\nunshelve epose proof (\n%s\n); [ finalize .. | exact I ].\nQed.\n"


def gappa(goal, *options):
    return subprocess.run([*GAPPA.split(), *options], input=goal, capture_output=True, text=True)


def coq(text, seconds):
    with tempfile.TemporaryDirectory() as d:
        with open(d + "/certificate.v", "w") as f:
            f.write(text)
        return subprocess.run(["prlimit", "--cpu=%d" % seconds, "coqc", "-w", "none", "certificate.v"], cwd=d, capture_output=True, text=True)


def accepted(term, script):
    """The same proof twice: as a term, which is checked within two seconds or takes a minute, and as a script, which takes a few seconds."""
    return coq(TERM % term, 2).returncode == 0 or coq(script, 60).returncode == 0


def proofs(goal):
    return gappa(goal, "-Bcoq-lambda").stdout, gappa(goal, "-Bcoq").stdout


def prove(goal):
    """(exit status, what to print)"""
    r = gappa(goal)
    if r.returncode != 0:
        return r.returncode, r.stdout + r.stderr
    return (0, r.stdout) if accepted(*proofs(goal)) else (1, "Coq refuses the proof")


def control():
    goal = "{ x in [1,2] -> float<ieee_64,ne>(x*x) + x in [%s,6] }"
    # 6, the upper end, in both forms of the proof; no proof shows that 5 is one
    wrong = [p.replace("Float2 (3) (1)", "Float2 (5) (0)") for p in proofs(goal % "2")]
    found = {"a true goal": prove(goal % "2")[0] == 0, "a false goal": prove(goal % "2.5")[0] != 0,
             "a changed proof": not accepted(*wrong) and wrong[0] != proofs(goal % "2")[0]}
    for what in [what for what, right in found.items() if not right]:
        print("certified: wrong of " + what)
    print("%s certified_control cases=%d" % ("PASS" if all(found.values()) else "FAIL", len(found)))
    return not all(found.values())


def recorded():
    from frama import frama_c, options_of, parse, uses
    from prove import unpack
    need("frama-c", "why3", "cvc5", "gappa", "coqc")
    os.makedirs(BUILD, exist_ok=True)
    why3_conf()
    unpack()
    counts = {r[0]: int(m.group(1)) for r in rows("expected.tsv") for m in [re.search(r"\bGappa=(\d+)", r[2])] if m}

    def check(r):
        text, _, _ = frama_c(r[1], ("cvc5quick," if uses(r[0]) else "") + "gappacoq", 90, "replay", extra=["-wp-fct", r[2], *options_of(r[0])], env={"MMAX_UNIT": r[0]})
        return r[0], len(re.findall(r"\[GappaCoq[^\]]*\] Goal \S+ : Valid", text)) if parse(text) else -1

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        found = dict(pool.map(check, [r for r in rows("units.tsv") if r[0] in counts]))
    for unit, n in found.items():
        print("%-16s %3d of %3d%s" % (unit, n, counts[unit], "" if n == counts[unit] else "  REFUSED"), flush=True)
    print("%s certified goals=%d of %d" % ("PASS" if found == counts else "FAIL", sum(found.values()), sum(counts.values())))
    return found != counts


if sys.argv[1:] == ["--control"]:
    sys.exit(control())
if sys.argv[1:] == ["--recorded"]:
    sys.exit(recorded())
status, text = prove(sys.stdin.read())
print(text)
sys.exit(status)
