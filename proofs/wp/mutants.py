#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seeds the faults of mutants.tsv, one at a time, in a copy of the tree and proves the unit again: each must open a goal.

mutants.py [--check | --stale | ID...]: prints id, unit, theorems, the first goal that no longer proves; exits 1 when a fault survives.
killed.tsv keeps that goal with the digest that the unit had then (inputs.py), and every run adds to it. --stale runs the faults that have no
row of the present digest; --check runs nothing: it looks whether each fault has its place in the sources, and counts those rows.
The function that holds the fault is proved first, and the rest of its unit only if that opens nothing. A goal that became slow is no
evidence. So a fault counts as killed only when an open goal took at most a quarter of the limit in the unfaulted proof (SWIFT seconds
of LIMIT), or stands where the unfaulted proof has no goal of that name; the run ends at the first such goal.
"""
import hashlib
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from assumed import body
from provers import BUILD, LOADED, ROOT, WP, build_coq, rows, why3_conf, write

COPIES = BUILD + "/mutants"
LIMIT, SWIFT = 6, 1.5


def prove(tree, unit, *options):
    return subprocess.run([sys.executable, tree + "/proofs/wp/prove.py", "--replay", "--times", *options, unit],
                          capture_output=True, text=True).stdout


def goals(text):
    """{goal: seconds} of the proved ones."""
    return {name: float(t) for name, t in re.findall(r"^  goal: (\S+) (\S+)$", text, flags=re.M)}


@lru_cache(maxsize=None)
def slow(unit):
    """The goals of the unfaulted unit that are no evidence."""
    return {goal for goal, seconds in goals(prove(ROOT, unit)).items() if seconds > SWIFT}


def holder(path, unit, old):
    """The functions of the unit that hold the text."""
    text = open(os.path.join(ROOT, path)).read()
    functions = next(r[2] for r in rows("units.tsv") if r[0] == unit)
    return [f for f in functions.split(",") if old in body(text, f)]


def run(fault):
    """(what the prover prints, goals that opened and were swift) for one fault, in a copy of the tree."""
    name, path, unit, old, new = fault
    copy = os.path.join(COPIES, name)
    shutil.rmtree(copy, ignore_errors=True)
    for d in ("src", "specs/logic", "proofs/wp", "proofs/coq"):
        shutil.copytree(os.path.join(ROOT, d), os.path.join(copy, d))
    os.makedirs(copy + "/build/wp")
    shutil.copytree(BUILD + "/coq", copy + "/build/wp/coq")
    os.symlink(BUILD + "/session", copy + "/build/wp/session")  # read alone
    for plugin in LOADED:
        for form in (".ml", ".cmxs"):
            shutil.copy(BUILD + "/" + plugin + form, copy + "/build/wp")
    text = open(os.path.join(copy, path)).read()
    with open(os.path.join(copy, path), "w") as f:
        f.write(text.replace(old.replace("\\n", "\n"), new.replace("\\n", "\n"), 1))
    held = ["--function=" + f for f in holder(path, unit, old.replace("\\n", "\n"))[:1]]
    with open(copy + "/slow", "w") as f:
        f.write("\n".join(slow(unit)))
    for options in ([held, []] if held else [[]]):
        out = prove(copy, unit, "--limit", str(LIMIT), "--first", copy + "/slow", *options)
        opened = [g for g in re.findall(r"open: (\S+)", out) if g not in slow(unit)]
        if opened:
            break
    shutil.rmtree(copy)
    return out, opened


HEAD = "# fault\tthe goal that it opened\tdigest of the fault and of its unit at that time\n"


def keys():
    """{fault: digest of it and of the goals of its unit, as expected.tsv has it}"""
    units = {r[0]: r[3] for r in rows("expected.tsv")}
    return {r[0]: hashlib.sha256("\0".join(r + [units[r[2]]]).encode()).hexdigest()[:16] for r in rows("mutants.tsv")}


def record(name, goal, key):
    kept = {r[0]: r for r in rows("killed.tsv")} | {name: [name, goal, key]}
    write(os.path.join(WP, "killed.tsv"), HEAD + "".join("\t".join(kept[r[0]]) + "\n" for r in rows("mutants.tsv") if r[0] in kept))


def main():
    theorems = {r[0]: r[5] for r in rows("units.tsv")}
    for name, path, unit, old, _ in rows("mutants.tsv"):
        if unit not in theorems or old.replace("\\n", "\n") not in open(os.path.join(ROOT, path)).read():
            sys.exit("mutants: %s: unit %s or text not found in %s" % (name, unit, path))
    key = keys()
    fresh = {r[0] for r in rows("killed.tsv") if key.get(r[0]) == r[2]}
    if sys.argv[1:] == ["--check"]:
        print("PASS mutants_wp listed=%d killed=%d of the present text" % (len(key), len(fresh)))
        return
    why3_conf()
    build_coq()
    chosen = [r for r in rows("mutants.tsv") if (r[0] not in fresh if sys.argv[1:] == ["--stale"] else not sys.argv[1:] or r[0] in sys.argv[1:])]
    survived = killed = 0
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for (name, _, unit, _, _), (out, opened) in zip(chosen, pool.map(run, chosen)):
            if not re.search(r"^%s " % unit, out, flags=re.M):
                sys.exit("mutants: %s: the unit did not run" % name)
            if opened:
                killed += 1
                record(name, opened[0], key[name])
                print("killed   %-20s %-10s %-14s %s" % (name, unit, theorems[unit], opened[0]), flush=True)
            else:
                survived += 1
                print("SURVIVED %-20s %-10s %s" % (name, unit, re.sub(r"  goal: .*\n", "", out)[-400:]), flush=True)
    print("%s mutants_wp killed=%d survived=%d" % ("FAIL" if survived else "PASS", killed, survived))
    sys.exit(1 if survived else 0)


main()
