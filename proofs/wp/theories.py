# SPDX-License-Identifier: Apache-2.0
"""Why3's and WP's theories as the provers are given them: copies under build/wp without the axioms of hidden_axioms.txt.

They are cut from the text because Why3 carries each `remove prop` of a driver through every transformation of every goal, which
took a third of Frama-C's time. Left to the drivers is what a theory has by cloning another, so that its text does not show it, and what
a driver of Why3 speaks of by name.
"""
import os
import re
import subprocess

WP = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(WP))
BUILD = os.path.join(ROOT, "build", "wp")
STDLIB, SHARE = BUILD + "/stdlib", BUILD + "/share"
# what ends an axiom: the next declaration or comment, no deeper than the axiom
NEXT = re.compile(r"(axiom|lemma|goal|predicate|function|constant|type|inductive|clone|use|import|scope|end|val|let|meta)\b|\(\*")


def hidden():
    """{theory: names}"""
    theories = {}
    for line in open(WP + "/hidden_axioms.txt"):
        if line.strip() and not line.startswith("#"):
            theory, *names = line.split()
            theories.setdefault(theory, set()).update(names)
    return theories


def cut(text, names):
    """(the text without its axioms of these names, the names that were there)"""
    kept, found, depth = [], set(), None
    for line in text.splitlines(keepends=True):
        inner = line.lstrip()
        indent = len(line) - len(inner)
        if depth is not None and indent <= depth and NEXT.match(inner):
            depth = None
        named = re.match(r"(?:axiom|lemma)\s+([\w']+)\s*:", inner)
        if depth is None and named and named.group(1) in names:
            depth = indent
            found.add(named.group(1))
        if depth is None:
            kept.append(line)
    return "".join(kept), found


def without(text, module, names):
    """As cut(), of one module of a file."""
    m = re.search(r"^(?:theory|module)\s+%s\b.*?^end" % re.escape(module), text, flags=re.M | re.S)
    if m is None:
        return text, set()
    body, found = cut(m.group(0), names)
    return text[:m.start()] + body + text[m.end():], found


def write(path, text):
    """Writes a file that is missing or differs, whole, for others may be reading it."""
    if os.path.exists(path) and open(path).read() == text:
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = "%s.%d" % (path, os.getpid())
    with open(part, "w") as f:
        f.write(text)
    os.replace(part, path)


def derive_theories(datadir, drivers):
    """Makes both copies; what is left to the drivers, as their text. `drivers`: the text of Why3's."""
    share = subprocess.run(["frama-c", "-print-share-path"], capture_output=True, text=True).stdout.strip() + "/wp"
    left, cuts, spoken = hidden(), {}, set(re.findall(r"\bprop ([\w']+)", drivers))
    for theory in left:
        *path, module = theory.split(".")
        cuts.setdefault("/".join(path), []).append(theory)
    for source, copy, inside in ((datadir + "/stdlib", STDLIB, ""), (share, SHARE, "why3/")):
        for folder, _, names in os.walk(source):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), source)
                text = open(os.path.join(source, path)).read()
                for theory in cuts.get(path.removeprefix(inside).removesuffix(".mlw"), []):
                    text, found = without(text, theory.split(".")[-1], left[theory] - spoken)
                    left[theory] = left[theory] - found
                write(os.path.join(copy, path), text)
    return "".join("\ntheory %s\n%send\n" % (t, "".join("  remove prop %s\n" % n for n in sorted(names)))
                   for t, names in left.items() if names)
