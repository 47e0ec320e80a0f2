# SPDX-License-Identifier: Apache-2.0
"""The lemmas of specs/logic as units of their own: which files state them, in which readings, and what proves each."""
import glob
import os
import re
from functools import lru_cache

from frama import frama_c, options_of, parse
from provers import BUILD, ROOT, rows, write

# unit of lemmas: [(headers that state them, files of specs/logic)]; without the float theory integers are proved in seconds
LEMMAS = {
    "lemmas": [(("ref/kernels_ref.h", "ref/log.h"), ("float", "grid", "exp", "sum", "row", "forward", "log", "lse"))],
    "lemmas_order": [(("ref/kernels_ref.h", "order.acsl"), ("order",))],
    "lemmas_loss": [(("ref/kernels_ref.h",), ("loss",)), (("ref/gradient.h", "ref/kernels_ref.h", "loss_gradient.acsl"), ("loss_gradient",))],
    "lemmas_pull": [(("ref/loss.h", "loss_gradient.acsl", "weighed.acsl", "entry.acsl", "written.acsl", "params_kept.acsl", "rest_mass.acsl",
                      "pull_share.acsl", "pulled.acsl"), ("pull_share", "pulled"))],
    "lemmas_rest": [(("ref/gradient.h", "ref/kernels_ref.h", "weighed.acsl", "rest_mass.acsl"), ("rest_mass",))],
    "lemmas_finish": [(("multimax.h", "ref/arith.h", "ref/limbs.h", "finish.acsl"), ("finish",))],
    "lemmas_gradient": [(("ref/gradient.h",), ("gradient", "moments", "shares")), (("ref/gradient.h", "squares.acsl"), ("squares",))],
    "lemmas_storage": [(("ref/storage.h",), ("storage",)), (("ref/row16.h",), ("row16",))],
    "lemmas_params": [(("multimax.h", "ref/arith.h", "params.acsl"), ("params",))],
    "lemmas_query": [(("ratio.acsl",), ("ratio",)), (("pieces.h", "rising.acsl"), ("x_of", "slopes", "cuts", "rising", "limits"))],
    "lemmas_call": [(("check.h", "run.h", "job.acsl", "call.acsl"), ("call",))],
    "lemmas_backward": [(("ref/gradient.h", "floors.acsl", "floor_steps.acsl", "ref/kernels_ref.h", "mean.acsl", "weighed.acsl"),
                         ("floor_steps", "mean", "weighed", "param_sums")),
                        (("ref/kernels_ref.h", "extent_steps.acsl"), ("extent_ends", "extent_steps")),
                        (("ref/kernels_ref.h", "floor_steps.acsl", "param_each.acsl", "param_on.acsl"), ("param_each", "param_on")),
                        (("ref/kernels_ref.h", "param_on.acsl", "param_steps.acsl"), ("param_steps",))],
    "lemmas_entry": [(("ref/gradient.h", "ref/kernels_ref.h", "backward.acsl", "entry.acsl", "weighed.acsl", "written.acsl"),
                      ("entry", "written"))],
    "lemmas_kept": [(("ref/gradient.h", "ref/kernels_ref.h", "backward.acsl", "weighed.acsl", "params_kept.acsl"), ("params_kept",)),
                    (("ref/gradient.h", "ref/kernels_ref.h", "weighed.acsl", "params_kept.acsl", "param_kept.acsl"), ("param_kept",)),
                    (("ref/gradient.h", "ref/kernels_ref.h", "received.acsl"), ("received",)), (("ref/kernels_ref.h", "place.acsl"), ("place",))],
    "lemmas_pulls": [(("ref/kernels_ref.h", "floor_steps.acsl", "pull_start.acsl"), ("pull_start",)),
                     (("ref/kernels_ref.h", "pull_end_steps.acsl"), ("pull_ends", "pull_end_steps")),
                     (("ref/kernels_ref.h", "floor_steps.acsl", "pull_each.acsl", "pull_on.acsl"), ("pull_each", "pull_on")),
                     (("ref/kernels_ref.h", "pull_on.acsl", "param_steps.acsl", "pull_steps.acsl"), ("pull_steps",)),
                     (("ref/gradient.h", "ref/kernels_ref.h", "weighed.acsl", "params_kept.acsl", "param_kept.acsl", "pull_kept.acsl"), ("pull_kept",)),
                     (("ref/gradient.h", "ref/kernels_ref.h", "received.acsl", "pull_received.acsl"), ("pull_received",))],
    "lemmas_batch": [(("kernels.h", "ref/kernels_ref.h", "views.acsl", "batch.acsl", "batch_rows.acsl", "batch_log.acsl"),
                      ("batch", "batch_rows", "batch_log"))],
    "lemmas_batch_loss": [(("kernels.h", "ref/kernels_ref.h", "views.acsl", "batch.acsl", "batch_rows.acsl", "batch_backward.acsl"), ("batch_backward",)),
                          (("kernels.h", "ref/kernels_ref.h", "views.acsl", "batch.acsl", "batch_rows.acsl", "batch_log.acsl", "batch_loss.acsl"), ("batch_loss",)),
                          (("kernels.h", "ref/kernels_ref.h", "views.acsl", "batch.acsl", "batch_rows.acsl", "batch_log.acsl", "batch_backward.acsl",
                            "batch_loss.acsl", "batch_losses.acsl"), ("batch_losses",))],
    "lemmas_batch_sums": [(("kernels.h", "ref/kernels_ref.h", "views.acsl", "batch.acsl", "batch_rows.acsl", "weighed.acsl", "params_kept.acsl",
                            "param_kept.acsl", "batch_backward.acsl", "batch_sums.acsl"), ("batch_sums",)),
                          (("kernels.h", "ref/kernels_ref.h", "views.acsl", "batch.acsl", "batch_rows.acsl", "batch_log.acsl", "weighed.acsl", "params_kept.acsl",
                            "param_kept.acsl", "pull_kept.acsl", "batch_backward.acsl", "batch_sums.acsl", "batch_loss.acsl", "batch_losses.acsl",
                            "batch_loss_sums.acsl"), ("batch_loss_sums",))],
    "lemmas_int": [(("ref/shift.h",), ("accumulator", "shift")), (("check.h",), ("api", "check")), (("team.h",), ("span",)), (("ref/shift.h", "modulo.acsl"), ("modulo",))],
}


SMT = "cvc5axdef,cvc5ind,z3-nobv"


# what a file says, part by part: the name that each defines or proves
PART = re.compile(r"\b(?=(?:lemma|predicate|inductive) \w+\s*[{(:=]|logic \w+ \*?\w+\s*[{(=;])")
NAME = re.compile(r"(?:lemma|predicate|inductive|logic \w+) \*?(\w+)")
# what only one of the two readings of 16-bit and of float32 rows has
CASE = re.compile(r"^#ifdef MMAX_HALF\n(.*?)(?:^#else\b[^\n]*\n(.*?))?^#endif", re.S | re.M)


def said(name, half):
    """[(name, text)] of a file of specs/logic in one of its readings."""
    text = CASE.sub(lambda m: m.group(1 if half else 2) or "", open(ROOT + "/specs/logic/" + name).read())
    return [(NAME.match(s).group(1), s) for s in PART.split(text) if NAME.match(s)]


@lru_cache(maxsize=None)
def read_otherwise():
    """The names that have another meaning of 16-bit rows: those of words.h, those of one reading alone, and each in whose text such a name stands."""
    folder = [os.path.basename(f) for f in sorted(glob.glob(ROOT + "/specs/logic/*.acsl"))]
    found = set(re.findall(r"^(?:#define|typedef \w+) (\w+)", "".join(h or f for h, f in CASE.findall(open(ROOT + "/specs/logic/words.h").read())), re.M))
    each = {half: [(n, frozenset(re.findall(r"\w+", s))) for f in folder for n, s in said(f, half)] for half in (False, True)}
    found |= {n for n, _ in set(each[False]) ^ set(each[True])}
    more = found
    while more:
        more = {n for n, words in each[True] if n not in found and words & found}
        found |= more
    return found


def stated(files, half=False):
    """Names of the lemmas in files of specs/logic; half: of those that say something else of 16-bit rows."""
    names = {n for f in files for n, s in said(f + ".acsl", half) if s.startswith("lemma ")}
    return names & read_otherwise() if half else names


def lemma_units():
    """LEMMAS, and as NAME_half what of them is about stored entries."""
    half = [u + "_half" for u, parts in LEMMAS.items() if any(stated(files, True) for _, files in parts)]
    return list(LEMMAS) + half


def lemma_sources(unit):
    """[(C file that includes the headers, names of the lemmas to prove in it)]"""
    found, whole, half = [], re.sub("_half$", "", unit), unit.endswith("_half")
    for i, (headers, files) in enumerate(LEMMAS[whole]):
        source = "%s/%s_%d.c" % (BUILD, whole, i)
        write(source, "".join("#include \"%s\"\n" % h for h in headers))
        if stated(files, half):
            found.append((source, stated(files, half)))
    return found


def lemma_jobs(unit):
    """[(C file, names of the lemmas to prove in it, their prover: the one that lemma_provers.txt names, else cvc5axdef)]"""
    named = {r[0]: r[1] for r in rows("lemma_provers.txt")}
    found = []
    for source, names in lemma_sources(unit):
        by = {n: named.get(n, "cvc5axdef") for n in names}
        found += [(source, {n for n in names if by[n] == prover}, prover) for prover in sorted(set(by.values()))]
    return found


def uses_key(unit, prover):
    """The row of uses.tsv for lemmas of a unit: those proved by induction need what the others do not."""
    return unit + "/cvc5ind" if prover == "cvc5ind" else unit


def lemmas(unit, cache):
    """The lemmas of specs/logic, each by its prover; by whichever proves it where that fails."""
    by, seconds, valid, every, jobs = {}, 0.0, set(), set(), lemma_jobs(unit)
    again = {}
    for source, names, prover in jobs:
        every |= names
        if prover != "coqtie":
            again[source] = again.get(source, set()) | names
    for source, wanted, provers in jobs + [(source, names, SMT) for source, names in again.items()]:
        wanted = wanted - valid
        if not wanted:
            continue
        text, t, _ = frama_c(source, provers, 120 if provers in ("coqtie", "cvc5ind") else 40, cache, driver=provers != "coqtie",
                             extra=[*options_of(unit), "-wp-prop=" + ",".join(sorted(wanted))], env={"MMAX_UNIT": uses_key(unit, provers)})
        got = parse(text)
        if got is None:
            return text[-3000:]
        valid |= {re.sub(r".*_lemma_", "", g) for g in got[4]} & wanted
        seconds += t
        for k, v in got[2].items():
            by[k] = by.get(k, 0) + v
    return len(valid), len(every), by, sorted(every - valid), seconds
