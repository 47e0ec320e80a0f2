#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every seeded fault of tests/broken is caught, named by its property in its group; the
same program without a fault, and this library, have no finding at all."""
import json, os, subprocess, sys, tempfile

TOOL = os.environ.get("MULTIMAX", "build/multimax")
BROKEN = "build/tests/audit_broken"
RANK = ["pass", "info", "minor", "major", "critical"]


def audit(subject, suite, folder):
    report = os.path.join(folder, "report.json")
    done = subprocess.run(
        [TOOL, "audit", "--subject", subject, "--profile", "ours", "--suite", suite, "--jobs", "1", "--no-reduce",
         "--timeout", "1", "--memory", "256", "--json", report],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"FAIL audit_faults: exit {done.returncode} for {subject}: {done.stderr}")
    with open(report) as f:
        return done.returncode, json.load(f)


def findings(report):
    return {(c["property"], c["group"]): c["severity"] for c in report["cells"] if RANK.index(c["severity"]) > 0}


def main():
    problems, caught, kinds = [], 0, set()
    listing = subprocess.run([BROKEN, "--list"], stdout=subprocess.PIPE, text=True, check=True).stdout
    faults = [line.split() for line in listing.splitlines() if len(line.split()) == 3]
    with tempfile.TemporaryDirectory() as folder:
        suite = os.path.join(folder, "suite.json")
        subprocess.run([TOOL, "audit", "--make-suite", suite, "--suite", "smoke", "--params", "wikitext103:1"], check=True)
        for sound in [f"{BROKEN} none", "@ours", "@oracle"]:
            code, report = audit(sound, suite, folder)
            found = findings(report)
            unexpected = {k: v for k, v in found.items() if k[0] != "supported"}
            if code != 0 or unexpected or len(report["cells"]) < 100:
                problems.append(f"{sound}: exit {code}, {unexpected}, {len(report['cells'])} cells")
        for name, prop, group in faults:
            code, report = audit(f"{BROKEN} {name}", suite, folder)
            found = findings(report)
            if code == 1 and RANK.index(found.get((prop, group), "pass")) >= 3:
                caught += 1
                kinds.add((prop, group))
            else:
                problems.append(f"{name}: exit {code}, {prop} in {group} is {found.get((prop, group), 'pass')}; found "
                                + ", ".join(f"{p}({g})" for (p, g), s in found.items() if s in ("major", "critical")))
    for p in problems:
        print(p)
    fine = not problems and caught >= 30
    print(f"{'PASS' if fine else 'FAIL'} audit_faults faults={len(faults)} caught={caught} "
          f"property_groups={len(kinds)} controls=3")
    return 0 if fine else 1


sys.exit(main())
