# SPDX-License-Identifier: Apache-2.0
"""One run of Frama-C's WP, and what it printed."""
import os
import re
import signal
import subprocess
import tempfile
import time

from provers import BUILD, FEW, LOADED, ROOT, WP, build_coq, rows
from theories import SHARE

OPTIONS = ["-kernel-warn-key", "annot:missing-spec=abort", "-kernel-warn-key", "typing:implicit-function-declaration=abort",
           "-wp", "-wp-rte", "-warn-special-float", "non-finite", "-wp-par", "1",
           # to look for hypotheses to leave out, for facts to put into others, and for branches not taken, takes longer than to prove without
           "-wp-no-filter-init", "-wp-no-ground", "-wp-no-pruning"]
# the prover that a form of cvc5 with few axioms is counted as
WHOLE = {"cvc5few": "cvc5axdef", "cvc5quick": "cvc5axdef", "cvc5indfew": "cvc5ind"}
# what a run needs of Frama-C, whose other plug-ins take half of the time to begin, and of ours
MODULES = ",".join(["rtegen", "wp"] + ["%s/%s.cmxs" % (BUILD, name) for name in LOADED])
FRESH = BUILD + "/fresh"
# of a unit: that a pointer is valid to call is what the goals of its `calls` clause say; WP knows no \valid_function
EXTRA = {"run": ["-rte-no-pointer-call"]}


def options_of(unit):
    """Options of a unit's own; those named _half read the annotations for 16-bit rows (specs/logic/words.h)."""
    return EXTRA.get(unit, []) + (["-cpp-extra-args=-DMMAX_HALF"] if unit.endswith("_half") else [])


def frama_c(source, provers, timeout, cache, driver=True, extra=(), env=None, spared=None):
    """(output, seconds of processor time, exit status). Where there is a cache it is asked alone first: the cache holds successes, and WP
    would run again every prover that failed before the one that succeeded. Smoke tests are not in it: they pass where nothing is proved.
    `fresh` is a cache of its own, empty at first. `env`: MMAX_UNIT, for few.ml. `spared`: end at the first open goal that is not of these."""
    spent = 0.0
    if cache not in ("fresh", "none") and "-wp-smoke-tests" not in extra and spared is None:
        text, spent, code = run(source, provers, timeout, "offline", False, driver, extra, env)
        got = parse(text)
        if got is not None and got[0] == got[1]:
            return text, spent, code
    text, seconds, code = run(source, provers, timeout, "update" if cache == "fresh" else cache, cache == "fresh", driver, extra, env, spared)
    return text, spent + seconds, code


def uses(unit):
    """The unit's row of uses.tsv, in a list; empty where it has none."""
    return [r[1] for r in rows("uses.tsv") if r[0] == unit]


def run(source, provers, timeout, cache, fresh, driver, extra, env=None, spared=None):
    if provers == "coqtie" and cache != "offline":
        build_coq()
    if uses((env or {}).get("MMAX_UNIT")):
        provers = ",".join("%s,%s" % (FEW[p], p) if p in FEW else p for p in provers.split(","))
    command = ["nice", "-n", "5", "frama-c", "-cpp-extra-args=-I%s/specs/logic -I%s/src" % (ROOT, ROOT),
               "-no-autoload-plugins", "-load-module", MODULES, "-wp-share", SHARE, *OPTIONS, "-wp-timeout", str(timeout),
               "-wp-prover", provers, "-wp-cache", cache, "-wp-session", FRESH if fresh else BUILD + "/session", *extra, os.path.join(ROOT, source)]
    if driver:
        command[-1:-1] = ["-wp-driver", WP + "/rnd64.driver"]
    # Frama-C resolves relative names by PWD, not by the working directory. With more room before a collection it takes 6 % less processor time.
    env = dict(os.environ, PWD=ROOT, OCAMLRUNPARAM="s=4M,o=200", MMAX_USES=WP + "/uses.tsv", **(env or {}))
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, cwd=ROOT, env=env, start_new_session=spared is not None)
        if spared is not None:
            watch(process, out.fileno(), spared)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return out.read() + err.read(), usage.ru_utime + usage.ru_stime, process.returncode


def watch(process, out, spared):
    """Kills a run, provers and all, at the first open goal that is not spared."""
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        time.sleep(0.1)
        if set(opened(os.pread(out, 1 << 24, 0).decode())) - spared:
            os.killpg(process.pid, signal.SIGKILL)
            return


def opened(text):
    """Names of the goals that every prover left open."""
    return re.findall(r"\[Failed\] Goal (\S+)\n", text) + re.findall(r"Goal (\S+) : (?:Timeout|Unknown|Failed|not tried)", text)


def parse(text):
    """(proved, goals, {prover: n}, open goal names, valid goal names)"""
    m = re.search(r"Proved goals:\s+(\d+) / (\d+)", text)
    if m is None:
        return None
    by = {}
    for name, n in re.findall(r"^  (Qed|cvc5\w+|Gappa|Z3|coqtie)[^:\n]*:\s+(\d+)", text, flags=re.M):
        name = WHOLE.get(name, name)
        by[name] = by.get(name, 0) + int(n)
    valid = re.findall(r"Goal (\S+) : Valid", text)
    return int(m.group(1)), int(m.group(2)), by, sorted(set(opened(text))), valid


def times(text):
    """(goal, seconds of its prover; 0 for Qed) of each proved goal."""
    found = re.findall(r"\[(\w+)[^\]]*\] Goal (\S+) : Valid(.*)", text)
    for tool, name, rest in found:
        t = re.findall(r"\(([\d.]+)(ms|s)\)", rest)
        spent = 0.0 if tool == "Qed" or not t else float(t[-1][0]) / (1000 if t[-1][1] == "ms" else 1)
        yield name, spent
