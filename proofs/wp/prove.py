#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays the WP proofs: prove.py [--fresh | --replay | --cached] [--smoke] [--record] [--times] [--limit SECONDS] [--first FILE] [--jobs N] [UNIT...]

Reads units.tsv (what is proved, with what) and expected.tsv (how many goals), prints one line a unit, exits 1 when a goal is
open, a goal count changed or is not recorded, or a contract, a function or a lemma is left out (complete.py). The user's why3.conf is never read.
--replay looks every goal up in proofs/wp/cache.tsv and runs a prover only for what is not in it; --cached does that only for units
whose text, prover or option is not that of their record (inputs.py); --fresh begins with an empty cache; --record rewrites
expected.tsv and cache.tsv for the units that are complete. --smoke proves nothing: it fails on a contract, a branch or a loop
whose hypotheses a prover finds contradictory, but for those of unreachable.tsv; its record, with --cached and --record, is smoke.tsv.
The lemmas of specs/logic are units of their own (LEMMAS).
"""
import argparse
import os
import re
import shutil
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from assumed import assumed
from complete import missing
from frama import FRESH, OPTIONS, frama_c, opened, options_of, parse, times, uses
from inputs import digest
from lemmas import SMT, lemma_sources, lemma_units, lemmas, uses_key
from provers import BUILD, ROOT, WP, need, rows, why3_conf, write

CACHE = os.path.join(BUILD, "session", "cache")


def unpack():
    os.makedirs(CACHE, exist_ok=True)
    for name, content in rows("cache.tsv"):
        if not os.path.exists(CACHE + "/" + name):
            write(CACHE + "/" + name, content + "\n")


def pack(folder):
    lines = []
    for name in sorted(os.listdir(folder)):
        content = " ".join(open(folder + "/" + name).read().split())
        if '"valid"' in content:
            lines.append("%s\t%s\n" % (name, content))
    write(WP + "/cache.tsv", "# WP's cache, one goal a line: hash of the goal and prover, verdict\n" + "".join(lines))


# the tests, and that calls end, without which WP would leave out functions that nothing else is asked of; the rest is proved elsewhere
SMOKE = ("-wp-smoke-tests", "-wp-smoke-timeout", "1", "-wp-prop=-@ensures,-@requires,-@assert,-@invariant,-@variant,-@assigns,-@exits")
CONTRADICTION = """/*@ requires x > 0 && x < 0; terminates \\true; assigns \\nothing; */ static int f(int x) { return x; }
/*@ terminates \\true; assigns \\nothing; */ static int g(int x) { if (x != x) return 1; return 2; }
"""


def smoke(r, a, record):
    """As prove(), for the smoke tests of a unit: what holds of the goals does not matter here."""
    unit, source, functions, _, _, theorems = r
    known = {(f, kind): int(n) for u, f, kind, n in rows("unreachable.tsv") if u == unit}
    if a.cached and len(record) > 3 and record[3] == smoke_digest(r) and int(record[2]) == sum(known.values()):
        return ["%-12s %-16s %4s/%4d  %7s  smoke" % (unit, theorems, record[1], int(record[1]) + int(record[2]), "record")], int(record[1]), int(record[2]), True
    text, seconds, code = frama_c(source, "cvc5quick", 1, "replay", extra=["-wp-fct", functions, *options_of(unit), *SMOKE], env={"MMAX_UNIT": unit})
    passed, bad = len(re.findall(r"\[Passed\] Smoke-test", text)), re.findall(r"\[Failed\] Smoke-test (\S+)", text)
    if code != 0 or passed == 0:
        return [text[-3000:]], 0, 0, False
    found = Counter(re.sub(r"typed_rnd64_(.*)_wp_smoke_([a-z_]+?)(_s\d+)?$", r"\1 \2", g) for g in bad)
    wrong = [k for k in set(found) | {"%s %s" % k for k in known} if found[k] != known.get(tuple(k.split()), 0)]
    line = "%-12s %-16s %4d/%4d  %7.1f  smoke" % (unit, theorems, passed, passed + len(bad), seconds)
    return [line] + ["  contradiction: %s, %d times" % (k, found[k]) for k in sorted(wrong)], passed, len(bad), not wrong


def smoke_digest(r):
    return digest([os.path.join(ROOT, r[1])], [*OPTIONS, *options_of(r[0]), *SMOKE, r[2], *uses(r[0])])


def smoke_control():
    """Whether contradictions are found, in a contract and in a branch: with all axioms, and with those of a row of uses.tsv."""
    write(BUILD + "/contradiction.c", CONTRADICTION)
    texts = [frama_c(BUILD + "/contradiction.c", "cvc5quick", 1, "none", extra=SMOKE, env=env)[0] for env in ({}, {"MMAX_UNIT": "arith"})]
    return all(len(re.findall(r"\[Failed\] Smoke-test", text)) == 2 for text in texts)


def digest_of(r):
    if r[0].startswith("lemmas"):
        found = lemma_sources(r[0])
        names = sorted(n for _, stated_there in found for n in stated_there)
        read = uses(r[0]) + uses(uses_key(r[0], "cvc5ind"))
        return digest([s for s, _ in found], [*OPTIONS, *options_of(r[0]), SMT, *names, *read], coq=True)
    return digest([os.path.join(ROOT, r[1])], [*OPTIONS, *options_of(r[0]), r[2], r[3], *uses(r[0])])


def prove(r, a, cache, record):
    """One unit, a row of units.tsv: (lines to print, goals, {prover: n}, whether all are proved)."""
    unit, lines, stands = r[0], [], False
    if a.smoke:
        return smoke(r, a, record)
    if unit.startswith("lemmas"):
        theorems, rests = "all", ["A11", "A12"] if unit in ("lemmas_call", "lemmas_int") else ["A6", "A7", "A11", "A12"]
    else:
        theorems, rests = r[5], assumed(ROOT, r[1], r[2], r[5])
    if a.cached and len(record) > 3 and record[3] == digest_of(r):
        proved = goals = int(record[1])
        by = {k: int(n) for k, n in (one.split("=") for one in record[2].split())}
        still, seconds, stands = [], 0.0, True
    elif unit.startswith("lemmas"):
        out = lemmas(unit, cache)
        if isinstance(out, str):
            return [out], 0, {}, False
        proved, goals, by, still, seconds = out
    else:
        unit, source, functions, provers, timeout, theorems = r
        spared = set(open(a.first).read().split()) if a.first else None
        text, seconds, code = frama_c(source, provers, a.limit or timeout, cache, extra=["-wp-fct", a.function or functions, *options_of(unit)],
                                      env={"MMAX_UNIT": unit}, spared=spared)
        got = parse(text)
        if spared is not None and set(opened(text)) - spared:
            return [unit + " stopped"] + ["  open: " + g for g in opened(text)], 0, {}, False
        if got is None or code != 0:
            return [text[-3000:]], 0, {}, False
        proved, goals, by, still, _ = got
        if a.times:
            lines += ["  goal: %s %.3f" % one for one in times(text)]
    tools = " ".join("%s=%d" % i for i in sorted(by.items()))
    spent = "record" if stands else "%.1f" % seconds
    lines.append("%-12s %-16s %4d/%4d  %7s  %-34s %s" % (unit, theorems, proved, goals, spent, tools, " ".join(rests)))
    return lines + ["  open: " + g for g in still], goals, by, proved == goals


HEADS = {"expected.tsv": "# unit\tgoals\tprovers at the time of recording\tdigest of what was proved (inputs.py)\n",
         "smoke.tsv": "# unit\ttests that found no contradiction\tthose of unreachable.tsv\tdigest of what was tested\n"}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--fresh", action="store_true")
    p.add_argument("--replay", action="store_true")
    p.add_argument("--cached", action="store_true")
    p.add_argument("--smoke", action="store_true")
    p.add_argument("--record", action="store_true")
    p.add_argument("--times", action="store_true", help="print each proved goal and its seconds")
    p.add_argument("--limit", type=int, help="seconds a goal, instead of units.tsv's")
    p.add_argument("--function", help="only this function of the unit; its goals are then not those expected")
    p.add_argument("--first", metavar="FILE", help="end at the first open goal that FILE does not name")
    p.add_argument("--jobs", type=int, help="units at a time; three for each processor, since WP waits a good part of its time; two of --smoke, which runs beside them")
    p.add_argument("units", nargs="*")
    a = p.parse_args()
    if a.record and a.function:
        p.error("a single function has not the goals of its unit: it is not recorded")
    if a.record and a.fresh and a.units:
        p.error("--fresh --record keeps only the verdicts of its run: of all units or none")
    need("frama-c", "ocamlfind", "why3", "z3", "cvc5", "gappa", "coqc")
    os.makedirs(BUILD, exist_ok=True)
    why3_conf()
    cache = "fresh" if a.fresh else "replay" if a.cached or a.replay else "update"
    if a.fresh:
        shutil.rmtree(FRESH, ignore_errors=True)
    else:
        unpack()
    failed = missing()
    for line in failed:
        print("prove: " + line)
    kept_in = "smoke.tsv" if a.smoke else "expected.tsv"
    records = {r[0]: r for r in rows(kept_in)}
    expected = {u: int(r[1]) for u, r in records.items()}
    results = {}
    start = time.time()
    print("%-12s %-16s %9s  %7s  %-34s %s" % ("unit", "theorems", "goals", "seconds", "provers", "assumptions"))
    todo = [r for r in rows("units.tsv") if not a.units or r[0] in a.units]
    if not a.smoke:
        todo = [[u] for u in lemma_units() if not a.units or u in a.units] + todo
    elif not smoke_control():
        sys.exit("prove: the smoke tests do not find a contradiction")
    with ThreadPoolExecutor(a.jobs or len(os.sched_getaffinity(0)) * (2 if a.smoke else 3)) as pool:
        # lemmas, which wait for Coq, and those with most goals first, so that none of them runs alone in the end
        order = sorted(todo, key=lambda r: (len(r) > 1, -expected.get(r[0], 1000)))
        jobs = {r[0]: pool.submit(prove, r, a, cache, records.get(r[0], [])) for r in order}
        for unit, (lines, goals, by, complete) in ((r[0], jobs[r[0]].result()) for r in todo):
            print("\n".join(lines), flush=True)
            if not complete:
                failed.append(unit)
            elif a.record or expected.get(unit) == goals:
                results[unit] = (goals, by)
            else:
                print("  goals changed: expected %d" % expected[unit] if unit in expected else "  not in " + kept_in)
                failed.append(unit)
    if a.record:
        kept = dict(records)
        for unit, (goals, by) in results.items():
            r = next(r for r in todo if r[0] == unit)
            if a.smoke:
                kept[unit] = [unit, str(goals), str(by), smoke_digest(r) or ""]
            else:
                kept[unit] = [unit, str(goals), " ".join("%s=%d" % i for i in sorted(by.items())), digest_of(r) or ""]
        order = lemma_units() + [r[0] for r in rows("units.tsv")]
        write(os.path.join(WP, kept_in), HEADS[kept_in] + "".join("\t".join(kept[u]) + "\n" for u in order if u in kept))
        if not a.smoke and not (a.fresh and failed):
            pack(FRESH + "/cache" if a.fresh else CACHE)
    print("%s prove_wp units=%d failed=%d seconds=%.0f" % ("FAIL" if failed else "PASS", len(todo), len(failed), time.time() - start))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
