#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which axioms and lemmas the proofs of a unit need: uses.py [UNIT | UNIT/cvc5ind ...] (the latter of its inductions) proves its goals
with cvc5's unsatisfiable cores and rewrites the unit's row of uses.tsv, which few.ml reads. A row that is out of date costs time, never
a proof: the prover with all axioms is next.

As a prover, uses.py core [OPTION...] FILE: the answer of cvc5; the names of the core are added to the file $MMAX_CORES.
"""
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from frama import options_of, parse, run
from lemmas import lemma_jobs, lemma_units, uses_key
from provers import BUILD, EFFORT, ROOT, WP, rows, why3_conf, write

HEAD = "# unit\taxioms and lemmas of Why3, WP and specs/logic that its proofs by cvc5 need (written by uses.py)\n"
LIMIT = 20000  # milliseconds a goal


def core(path, options):
    """Names the assertion of each block, as blank lines separate them, that is an axiom; H is a premise of the goal."""
    names, blocks = {}, re.split(r"\n\s*\n", open(path).read())
    for k, block in enumerate(blocks):
        if block.startswith(";; ") and not re.match(r";; (Goal|H)\b", block) and block.count("\n(assert") == 1 and not re.search(r"\((declare|define)", block):
            head, body = block.rstrip().split("\n(assert", 1)
            names["n%d" % k] = head.split()[1]
            blocks[k] = "%s\n(assert (! %s :named n%d))" % (head, body[:-1], k)
    text = "(set-option :produce-unsat-cores true)\n" + "\n\n".join(blocks).replace("(check-sat)", "(check-sat)\n(get-unsat-core)")
    r = subprocess.run(["cvc5", *options, "--tlimit=%d" % LIMIT], input=text, capture_output=True, text=True)
    answer = (r.stdout or "unknown").split("\n")[0]
    if answer == "unsat":
        # few.ml reads names without the numbers that WP gives
        used = {re.sub(r"_\d+(?=_|$)", "", names[n]) for n in re.findall(r"\bn\d+\b", r.stdout) if n in names}
        with open(os.environ["MMAX_CORES"], "a") as f:
            f.write(" ".join(sorted(used)) + "\n")
    print(answer)


def runs():
    """{row of uses.tsv: (file, provers, rest of the command) of each run of Frama-C that its goals are proved with, but those of Coq}, in order."""
    found = {}
    for unit in lemma_units():
        for source, names, prover in lemma_jobs(unit):
            if prover != "coqtie":
                smt = "cvc5ind" if prover == "cvc5ind" else "cvc5axdef"
                found.setdefault(uses_key(unit, prover), []).append((source, smt, [*options_of(unit), "-wp-prop=" + ",".join(sorted(names))]))
    for r in rows("units.tsv"):
        provers = ",".join(p for p in r[3].split(",") if p != "z3-nobv")
        found[r[0]] = [(os.path.join(ROOT, r[1]), provers, ["-wp-fct", r[2], *options_of(r[0])])]
    return found


def needed(key, each, old):
    """The names that cores of the goals of a row have, in order; those of the old row too where a goal has no core within LIMIT."""
    found, whole = "%s/cores/%s" % (BUILD, key.replace("/", "_")), True
    write(found, "")
    for source, provers, extra in each:
        text, _, _ = run(source, provers, LIMIT // 1000 + 5, "none", False, True, extra, {"MMAX_CORES": found, "WHY3CONFIG": BUILD + "/cores/why3.conf"})
        got = parse(text)
        whole = whole and got is not None and got[0] == got[1]
    return sorted(set(open(found).read().split()) | set([] if whole else old.split()))


def main():
    if sys.argv[1:2] == ["core"]:
        return core(sys.argv[-1], sys.argv[2:-1])
    why3_conf()
    conf = open(BUILD + "/why3.conf").read()
    write(BUILD + "/cores/why3.conf", conf.replace('"cvc5 ', '"%s %s/uses.py core ' % (sys.executable, WP)).replace("=%d" % EFFORT, "=1000000"))
    kept, every = dict(rows("uses.tsv")), runs()
    todo = [key for key in every if not sys.argv[1:] or key in sys.argv[1:]]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0)) * 2) as pool:
        for key, names in zip(todo, pool.map(lambda key: needed(key, every[key], kept.get(key, "")), todo)):
            kept[key] = " ".join(names)
            write(WP + "/uses.tsv", HEAD + "".join("%s\t%s\n" % (k, kept[k]) for k in every if kept.get(k)))
            print("%-12s %d" % (key, len(names)), flush=True)


if __name__ == "__main__":
    main()
