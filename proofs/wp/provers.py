#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The provers' configuration, derived from Why3's own under build/wp: why3.conf, drivers, and the Coq files that goals are tied to."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading

from theories import BUILD, ROOT, STDLIB, WP, derive_theories, write

INSTALL = "apt-get install frama-c-base ocaml-nox ocaml-findlib why3 z3 cvc5 gappa coq libcoq-flocq libcoq-interval libcoq-coquelicot libcoq-gappa"
MEMORY_MB = 4000
LOADED = ("heap", "few")
# proves within a second or never
GAPPA = "prlimit --cpu=1 gappa -Eprecision=70"
EFFORT = 300000  # of cvc5's resources, a second or so with few axioms
# what is tried before a prover where uses.tsv has a row of the unit: cvc5 with few axioms (few.ml) and bounded resources; before Gappa,
# which takes a second to give up what is not about bounds, with the little effort that most goals need
FEW = {"cvc5axdef": "cvc5few", "cvc5ind": "cvc5indfew", "gappa": "cvc5quick"}
# what a goal is tied to in Coq, in the order of compilation
COQ = ["proofs/coq/%s.v" % n for n in ("Float64", "ExpFormula", "ExpKernel", "Primitives", "FloorQuant")]
COQ += ["proofs/wp/coq/%s.v" % n for n in ("WpLemmas", "ExpTie", "LogLemmas", "GradLemmas", "EntryTie", "GradTie", "LossTie", "StorageLemmas", "Tie")]


def rows(name, folder=WP):
    """The fields of each line of a table in this folder, or in a copy of it, comments left out; none where it is missing."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return []
    return [l.rstrip("\n").split("\t") for l in open(path) if l.strip() and not l.startswith("#")]


def need(*tools):
    missing = [t for t in tools if shutil.which(t) is None]
    if missing:
        sys.exit("prove: missing %s: %s" % (" ".join(missing), INSTALL))


def version(command, pattern):
    text = subprocess.run(command, capture_output=True, text=True).stdout
    return re.search(pattern, text).group(1)


def derive_drivers(datadir):
    """Drivers of our own. cvc5: Why3's axiomatic floats and no bit vectors, since native SMT floats prove nothing here."""
    drivers = datadir + "/drivers/"
    def read(name):
        return open(drivers + name).read()
    gen = read("cvc4_16.gen").splitlines(keepends=True)
    gen = "".join(l for l in gen if "smt-libv2-floats.gen" not in l and "cvc4_bv.gen" not in l)
    gen = gen.replace("smt-libv2-bv.gen", "no-bv.gen")
    gen = gen.replace("eliminate_definition_conditionally", "eliminate_definition")
    # no goal has inductive predicates or epsilon terms, or asks for a counterexample; each step rebuilds the whole goal
    for idle in ("eliminate_inductive", "eliminate_epsilon", "prepare_for_counterexmp"):
        gen = gen.replace('transformation "%s"\n' % idle, "")
    copied = ("no-bv.gen", "smt-libv2.gen", "discrimination.gen", "smtlib-strings.gen", "z3_432.drv", "coq-common.gen", "coq-realizations.aux")
    left = derive_theories(datadir, "".join(read(name) for name in copied))
    cvc5, first = read("cvc4_17.drv").replace("ALL_SUPPORTED", "ALL"), 'transformation "inline_trivial"\n'
    few = gen.replace(first, 'transformation "mmax_few"\n' + first)
    # induction needs the goal as it is quantified
    for name, text in (("axdef", gen), ("indfew", few), ("few", few.replace(first, 'transformation "introduce_premises"\n' + first))):
        write("%s/cvc4_%s.gen" % (BUILD, name), text)
        write("%s/cvc5_%s.drv" % (BUILD, name), cvc5.replace("cvc4_16.gen", "cvc4_%s.gen" % name) + left)
    write(BUILD + "/z3_nobv.drv", read("z3_471_nobv.drv") + left)
    write(BUILD + "/gappa.drv", read("gappa.drv").replace(first, 'transformation "mmax_no_lemmas"\n' + first) + left)
    write(BUILD + "/coq.drv", read("coq.drv") + left)
    for name in copied:
        shutil.copy(drivers + name, BUILD)


def plugins():
    """Compiles what every run of Frama-C loads, which others may be loading."""
    for name in LOADED:
        text = open("%s/%s.ml" % (WP, name)).read()
        if not os.path.exists("%s/%s.cmxs" % (BUILD, name)) or open("%s/%s.ml" % (BUILD, name)).read() != text:
            with tempfile.TemporaryDirectory(dir=BUILD) as d:
                write("%s/%s.ml" % (d, name), text)
                subprocess.run(["ocamlfind", "ocamlopt", "-package", "why3", "-shared", "-o", name + ".cmxs", name + ".ml"], check=True, cwd=d)
                os.replace("%s/%s.cmxs" % (d, name), "%s/%s.cmxs" % (BUILD, name))
            write("%s/%s.ml" % (BUILD, name), text)


def why3_conf():
    datadir = subprocess.run(["why3", "--print-datadir"], capture_output=True, text=True).stdout.strip()
    libdir = subprocess.run(["why3", "--print-libdir"], capture_output=True, text=True).stdout.strip()
    derive_drivers(datadir)
    plugins()
    conf = "[main]\nloadpath = \"%s\"\nstdlib = false\ndatadir = \"%s\"\nlibdir = \"%s\"\nmagic = 14\nmemlimit = %d\n" % (
        STDLIB, datadir, libdir, MEMORY_MB)
    conf += "running_provers_max = 1\ntimelimit = 10\n"
    cvc5 = version(["cvc5", "--version"], r"cvc5 version (\S+)")
    # no limit of the clock: Why3's is of processor time, so a loaded machine proves as much
    z3 = "z3 -smt2 sat.random_seed=42 nlsat.randomize=false smt.random_seed=42 %f"
    axdef, few = "cvc5 --lang=smt2", "cvc5 --lang=smt2 --rlimit=%d" % EFFORT
    tie = "%s %s/tie.py %%f %s" % (sys.executable, WP, BUILD + "/coq")
    for name, shortcut, command, driver, v in (
            ("Gappa", "gappa", GAPPA, "gappa", version(["gappa", "--version"], r"Gappa (\S+)")),
            ("GappaCoq", "gappacoq", "%s %s/certified.py" % (sys.executable, WP), "gappa", "1"),
            ("Z3", "z3-nobv", z3, "z3_nobv", version(["z3", "-version"], r"Z3 version (\S+)")),
            ("cvc5axdef", "cvc5axdef", axdef + " %f", "cvc5_axdef", cvc5),
            ("cvc5ind", "cvc5ind", axdef + " --quant-ind %f", "cvc5_axdef", cvc5),
            ("cvc5few", "cvc5few", few + " %f", "cvc5_few", cvc5),
            ("cvc5indfew", "cvc5indfew", axdef + " --rlimit=20000 --quant-ind %f", "cvc5_indfew", cvc5),
            # of 215 goals of lse, row, gradient_at and loss_at this proves 155; 12000 prove 88
            ("cvc5quick", "cvc5quick", axdef + " --rlimit=20000 --tlimit=10000 %f", "cvc5_few", cvc5),
            ("coqtie", "coqtie", tie, "coq", "1")):
        conf += "\n[prover]\ncommand = \"%s\"\ndriver = \"%s/%s.drv\"\n" % (command, BUILD, driver)
        conf += "editor = \"\"\nin_place = false\ninteractive = false\n"
        conf += "name = \"%s\"\nshortcut = \"%s\"\nversion = \"%s\"\n" % (name, shortcut, v)
    write(BUILD + "/why3.conf", conf)
    os.environ["WHY3CONFIG"] = BUILD + "/why3.conf"


def build_coq(lock=threading.Lock()):
    """The Coq files that WpLemmas.v needs, in a folder of their own, so that no other build touches them. Once, whoever asks first."""
    with lock:
        out = BUILD + "/coq"
        compile_stale(out, COQ)
        check_assumed(out)


def compile_stale(out, paths, options=(), stale=False):
    """Compiles copies of the files in `out`, from the first on that is missing or changed; all if stale."""
    os.makedirs(out, exist_ok=True)
    for path in paths:
        text, name = open(os.path.join(ROOT, path)).read(), os.path.basename(path)
        old = out + "/" + name
        if not stale and os.path.exists(old + "o") and open(old).read() == text:
            continue
        stale = True
        write(old, text)
        subprocess.run(["coqc", "-w", "-ambiguous-paths", *options, "-R", ".", "MultiMax", name], check=True, cwd=out)


def check_assumed(out):
    """Ends the program unless the compiled files assume no more than the theory may. Once for each state of the files."""
    passed = out + "/assumptions"
    if not os.path.exists(passed) or any(os.path.getmtime(out + "/" + os.path.basename(p) + "o") > os.path.getmtime(passed) for p in COQ):
        write(out + "/_CoqProject", "".join(os.path.basename(p) + "\n" for p in COQ))
        r = subprocess.run(["sh", ROOT + "/proofs/coq/check_assumptions.sh", out, out], capture_output=True, text=True)
        if r.returncode != 0:
            sys.exit("prove: proofs/wp/coq: " + r.stdout + r.stderr)
        write(passed, r.stdout)
