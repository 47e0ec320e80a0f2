#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which axioms and lemmas the proofs of a unit need: uses.py [UNIT...] proves its goals with cvc5's unsatisfiable cores and rewrites the
unit's row of uses.tsv, which few.ml reads. A row that is out of date costs time, never a proof: the prover with all axioms is next.

As a prover, uses.py core [OPTION...] FILE: the answer of cvc5; the names of the core are added to the file $MMAX_CORES.
"""
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from frama import options_of, parse, run
from prove import lemma_sources, lemma_units
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
        used = {names[n] for n in re.findall(r"\bn\d+\b", r.stdout) if n in names}
        with open(os.environ["MMAX_CORES"], "a") as f:
            f.write(" ".join(sorted(used)) + "\n")
    print(answer)


def runs(unit, row):
    """(file, provers, rest of the command) of each run of Frama-C that a unit is proved with, but those of Coq."""
    if unit.startswith("lemmas"):
        coq = {r[0] for r in rows("lemma_provers.txt") if r[1] == "coqtie"}
        for source, names in lemma_sources(unit):
            if names - coq:
                yield source, "cvc5axdef,cvc5ind", [*options_of(unit), "-wp-prop=" + ",".join(sorted(names - coq))]
    else:
        provers = [p for p in row[3].split(",") if p != "z3-nobv"]
        yield os.path.join(ROOT, row[1]), ",".join(provers), ["-wp-fct", row[2], *options_of(unit)]


def needed(row, old):
    """The names that cores of the unit's goals have, in order; those of the old row too where a goal has no core within LIMIT."""
    found, whole = "%s/cores/%s" % (BUILD, row[0]), True
    write(found, "")
    for source, provers, extra in runs(row[0], row):
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
    kept = dict(rows("uses.tsv"))
    units = [[u] for u in lemma_units()] + rows("units.tsv")
    todo = [u for u in units if not sys.argv[1:] or u[0] in sys.argv[1:]]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0)) * 2) as pool:
        for u, names in zip(todo, pool.map(lambda u: needed(u, kept.get(u[0], "")), todo)):
            kept[u[0]] = " ".join(names)
            write(WP + "/uses.tsv", HEAD + "".join("%s\t%s\n" % (v[0], kept[v[0]]) for v in units if kept.get(v[0])))
            print("%-12s %d" % (u[0], len(names)), flush=True)


main()
