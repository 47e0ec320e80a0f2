#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What would leave a gap that no prover sees: a word that admits something, a lemma that no unit proves, a function that no unit names.

complete.py --control: a copy of the tree with one such gap at a time is refused. Exit 0: so it is.
Functions of the reference and of the API are in units.tsv, or in unproved.tsv with the assumption that speaks of them.
"""
import contextlib
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

from inputs import TOKEN
from lemmas import LEMMAS
from provers import ROOT, rows, write

# a definition in column 0, its name before the list of its arguments; with src/ref/batch_table.h's names
DEFINED = re.compile(r"^(?!else\b|return\b)[A-Za-z_][\w \t*]*?[\s*](OF\(\w+\)|\w+)\s*\([^;{}]*?\)\s*\{", re.M)

CONTRACT = re.compile(r"/\*?@((?:(?!\*/|@/).)*)[*@]/\s*(?:#[^\n]*\n\s*)*[A-Za-z_][\w \t*\n]*?[\s*](OF\(\w+\)|\w+)\s*\(", re.S)


def code(path):
    return TOKEN.sub(lambda m: " " if m.group(0).startswith("/") else m.group(0), open(path).read())


def table(root, name):
    return rows(name, os.path.join(root, "proofs/wp"))


def admitted(root):
    """axiom and admit are words of ACSL; neither may stand in what is proved."""
    paths = [p for g in ("src/**/*.[ch]", "specs/logic/*", "proofs/wp/*.c") for p in sorted(glob.glob(os.path.join(root, g), recursive=True))]
    return ["%s:%d: forbidden word: %s" % (os.path.relpath(path, root), i, line.strip()) for path in paths
            for i, line in enumerate(open(path), 1) if re.search(r"\baxiom\b|\badmit\b|\\admitted", line)]


def lemmas_left(root):
    listed = {f + ".acsl" for parts in LEMMAS.values() for _, files in parts for f in files}
    return ["%s: a lemma that no unit of lemmas.py proves" % os.path.relpath(p, root)
            for g in ("src/**/*.[ch]", "specs/logic/*") for p in sorted(glob.glob(os.path.join(root, g), recursive=True))
            if re.search(r"\blemma\s+\w+\s*[:{]", open(p).read()) and os.path.basename(p) not in listed]


def functions_left(root):
    """Also a row of unproved.tsv for a function that is proved, or is not there."""
    named = {f for r in table(root, "units.tsv") for f in r[2].split(",")}
    named |= {"OF(%s)" % f[:-4] for f in named if f.endswith("_f32")}
    spared = {(r[0], r[1]) for r in table(root, "unproved.tsv")}
    found, wrong = set(), []
    for path in sorted(glob.glob(root + "/src/*.[ch]") + glob.glob(root + "/src/ref/*.[ch]")):
        name = os.path.relpath(path, root)
        for f in sorted(set(DEFINED.findall(code(path)))):
            keys = {(name, f), (name, "*")} & spared
            found |= keys
            if (f in named) == bool(keys):
                wrong.append("%s: %s is %s" % (name, f, "in units.tsv and in unproved.tsv" if keys else "in no unit, nor in unproved.tsv"))
    return wrong + ["unproved.tsv: %s %s: not there" % k for k in sorted(spared - found)]


def contracts_left(root):
    """Each function of units.tsv has a contract that says what it writes and that it ends, before a prototype or its definition."""
    had = set()
    for path in sorted(glob.glob(root + "/src/**/*.[ch]", recursive=True) + glob.glob(root + "/proofs/wp/*.c")):
        for text, name in CONTRACT.findall(open(path).read()):
            had |= {name} if re.search(r"\bassigns\b", text) and re.search(r"\bterminates\b", text) else set()
    each = {r[0]: r[2].split(",") for r in table(root, "units.tsv")}
    return ["unit %s: %s has no contract" % (u, f) for u, fs in each.items() for f in fs if not {f, f[:-4], "OF(%s)" % f.rsplit("_", 1)[0]} & had]


def missing(root=ROOT):
    return admitted(root) + lemmas_left(root) + functions_left(root) + contracts_left(root)


# what the copy lacks, file, what is replaced, by what
CONTROL = (("admitted", "src/ref/row.c", "loop assigns", "admit 1 == 1; loop assigns"),
           ("in no unit's file", "src/ref/row.h", "#include", "/*@ lemma seeded: 1 == 1; */\n#include"),
           ("in no unit", "src/ref/row.c", "\n#include", "\nstatic int seeded(void) {\n  return 1;\n}\n#include"),
           ("not in units.tsv", "proofs/wp/units.tsv", "mmax_slope", "mmax_slop"),
           ("not there", "proofs/wp/unproved.tsv", "mmax_sign16", "mmax_sign17"),
           ("proved and spared", "proofs/wp/unproved.tsv", "src/ref/storage.h\tmmax_sign16", "src/ref/view.h\tmmax_wanted"),
           ("no contract", "src/ref/view.h", "/*@ terminates \\true;\n    exits     \\false;\n    assigns   \\nothing;\n    ensures   value:  \\result != 0 <==> row.f32", "/* ensures row.f32"))


# of expected.tsv, for prove.py: a count that changed, a unit without a record
RECORDS = (("goals changed", r"^(entry_scaled\t)\d+", r"\g<1>1"), ("not in expected.tsv", r"^entry_scaled\t.*\n", ""))


@contextlib.contextmanager
def copied():
    with tempfile.TemporaryDirectory() as copy:
        for d in ("src", "specs/logic", "proofs/wp"):
            shutil.copytree(os.path.join(ROOT, d), os.path.join(copy, d))
        yield copy


def control():
    wrong, whole = [], set(missing())
    for name, path, old, new in CONTROL:
        with copied() as copy:
            text = open(os.path.join(copy, path)).read()
            if old not in text:
                sys.exit("complete: %s: text not found in %s" % (name, path))
            write(os.path.join(copy, path), text.replace(old, new, 1))
            wrong += [] if set(missing(copy)) - whole else [name]
    for name, old, new in RECORDS:
        with copied() as copy:
            path = copy + "/proofs/wp/expected.tsv"
            write(path, re.sub(old, new, open(path).read(), count=1, flags=re.M))
            r = subprocess.run([sys.executable, copy + "/proofs/wp/prove.py", "--replay", "entry_scaled"], capture_output=True, text=True)
            wrong += [] if r.returncode == 1 and name in r.stdout else [name]
    for name in wrong:
        print("not refused: " + name)
    print("%s complete faults=%d" % ("FAIL" if wrong else "PASS", len(CONTROL) + len(RECORDS)))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    if sys.argv[1:] == ["--control"]:
        control()
    gaps = missing()
    print("\n".join(gaps + ["%s complete gaps=%d" % ("FAIL" if gaps else "PASS", len(gaps))]))
    sys.exit(1 if gaps else 0)
