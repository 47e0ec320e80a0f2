# SPDX-License-Identifier: Apache-2.0
"""The digest of everything that a unit's goals are made of. A unit whose digest is that of its record has the goals of its record.

inputs.py --control: a digest changes with a contract, a lemma, a macro, a function asked for, and not with a comment. Exit 0: so it is.
"""
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache

from provers import BUILD, COQ, ROOT, WP, why3_conf

# string, character, comment
TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', re.S)


def meaning(text):
    """C text without the comments that are not ACSL, each run of blanks one blank, a directive still a line."""
    kept = TOKEN.sub(lambda m: " " if re.match(r"/\*(?!@)|//(?!@)", m.group(0)) else m.group(0), text)
    return "\n".join(" ".join(line.split()) for line in kept.splitlines() if line.strip())


def preprocessed(path, root=ROOT, macros=()):
    """As Frama-C has its sources preprocessed, macros kept for the annotations; None where gcc refuses."""
    share = subprocess.run(["frama-c", "-print-share-path"], capture_output=True, text=True).stdout.strip()
    r = subprocess.run(["gcc", "-E", "-C", "-P", "-dD", "-nostdinc", "-m64", "-D__FRAMAC__", "-D__FC_MACHDEP_X86_64", "-I" + share + "/libc",
                        "-I" + root + "/specs/logic", "-I" + root + "/src", *macros, path], capture_output=True, text=True)
    return meaning(r.stdout) if r.returncode == 0 else None


@lru_cache(maxsize=None)
def tools():
    """Versions, commands and drivers."""
    parts = [subprocess.run([c, v], capture_output=True, text=True).stdout for c, v in (("frama-c", "-version"), ("why3", "--version"), ("coqc", "--version"))]
    for name in sorted(os.listdir(BUILD)):
        if re.search(r"\.(conf|drv|gen|aux)$", name):
            parts.append(name + "\n" + open(os.path.join(BUILD, name)).read().replace(ROOT, "").replace(sys.executable, "python3"))
    parts += [open(os.path.join(WP, name)).read() for name in ("rnd64.driver", "rnd64.mlw", "hidden_axioms.txt", "theories.py", "few.ml")]
    return "\0".join(parts)


@lru_cache(maxsize=None)
def coq_side():
    """What a lemma is tied to in Coq."""
    return "\0".join(open(os.path.join(ROOT, name)).read() for name in COQ + ["proofs/wp/tie.py", "proofs/wp/lemma_provers.txt"])


def digest(sources, options, coq=False, root=ROOT):
    """Of C files and of what is asked about them; None where there is none."""
    macros = [o.split("=", 1)[1] for o in options if o.startswith("-cpp-extra-args=")]
    texts = [preprocessed(s, root, macros) for s in sources]
    if None in texts:
        return None
    whole = "\0".join([tools(), *options, *texts] + ([coq_side()] if coq else []))
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


# name, file, what is replaced, by what, whether the digest must change
CONTROL = (("annotation", "src/ref/row.c", "loop assigns", "loop assigns seeded,", True),
           ("included contract", "src/ref/arith.h", "ensures", "ensures 1 == 1 && ", True),
           ("lemma", "specs/logic/row.acsl", "lemma ", "lemma seeded: 1 == 1; lemma ", True),
           ("code", "src/ref/row.c", "return ", "return 1 + ", True),
           ("macro", "src/ref/row.h", "\n#include", "\n#define SEEDED 1\n#include", True),
           ("comment", "src/ref/row.c", "\n#include", "\n/* seeded */ // seeded\n#include", False),
           ("blanks", "src/ref/row.c", "return ", "return    ", False))


def control():
    os.makedirs(BUILD, exist_ok=True)
    why3_conf()
    with tempfile.TemporaryDirectory() as root:
        for d in ("src", "specs/logic"):
            shutil.copytree(os.path.join(ROOT, d), os.path.join(root, d))
        source, wrong = root + "/src/ref/row.c", []
        whole = digest([source], ["f"], root=root)
        for name, path, old, new, changes in CONTROL:
            path = os.path.join(root, path)
            text = open(path).read()
            with open(path, "w") as f:
                f.write(text.replace(old, new, 1))
            if old not in text or (digest([source], ["f"], root=root) != whole) != changes:
                wrong.append(name)
            with open(path, "w") as f:
                f.write(text)
        wrong += [] if whole == digest([source], ["f"], root=root) else ["restored"]
        wrong += [] if whole != digest([source], ["g"], root=root) else ["function"]
        wrong += [] if whole != digest([source], ["f"], coq=True, root=root) else ["Coq"]
        # what only 16-bit rows read changes their digest alone
        reading, path = ["f", "-cpp-extra-args=-DMMAX_HALF"], root + "/specs/logic/half.acsl"
        halves = digest([source], reading, root=root)
        with open(path, "a") as f:
            f.write("/*@ lemma seeded: 1 == 1; */\n")
        wrong += [] if None != halves != digest([source], reading, root=root) else ["16-bit rows"]
        wrong += [] if whole == digest([source], ["f"], root=root) else ["float32 rows"]
    print("%s wp_inputs cases=%d wrong=%d %s" % ("FAIL" if wrong else "PASS", len(CONTROL) + 5, len(wrong), " ".join(wrong)))
    return 1 if wrong or whole is None else 0


if __name__ == "__main__":
    sys.exit(control() if sys.argv[1:] == ["--control"] else __doc__)
