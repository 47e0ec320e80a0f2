#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The profiles differ where they should. One sound subject that follows `ours` passes pytorch-like and breaks exactly the two
conventions of ieee-strict that it does not share; float32-grade arithmetic passes pytorch-like and fails `ours`; gross
faults fail every profile."""
import json, os, subprocess, sys, tempfile

TOOL = os.environ.get("MULTIMAX", "build/multimax")
SUITE = "tests/audit-suites/wikitext103-1.json"
FLOAT32_GRADE = ["sigma-in-float32", "sum-in-float32", "truncated-not-rounded", "gradient-mean-in-float32", "subnormals-flushed"]
GROSS = ["no-shift", "knot-inequality", "mask-through-sigma", "exp-to-13-bits", "nan-skipped", "all-zero", "rows-swapped",
         "gradient-without-mean", "parameter-gradient-sign"]


def failing(fault, profile, folder):
    report = os.path.join(folder, "r.json")
    subprocess.run([TOOL, "audit", "--subject", f"build/tests/audit_broken {fault}", "--profile", profile, "--suite", SUITE,
                    "--jobs", "1", "--no-reduce", "--json", report], stdout=subprocess.DEVNULL)
    with open(report) as f:
        return sorted(p["name"] for p in json.load(f)["properties"] if p["severity"] in ("major", "critical"))


def main():
    problems, audits = [], 0
    with tempfile.TemporaryDirectory() as folder:
        expected = [("none", "pytorch-like", []), ("none", "ieee-strict", ["all-masked", "minus-infinity"])]
        expected += [(f, "pytorch-like", []) for f in FLOAT32_GRADE] + [(f, "ours", None) for f in FLOAT32_GRADE]
        expected += [(f, p, None) for f in GROSS for p in ("pytorch-like", "ieee-strict")]
        for fault, profile, want in expected:
            got = failing(fault, profile, folder)
            audits += 1
            own = [p for p in got if profile != "ieee-strict" or p not in ("all-masked", "minus-infinity")]
            if (want is None and not own) or (want is not None and got != want):
                problems.append(f"{fault} under {profile}: {got}, want {'a finding' if want is None else want}")
    for p in problems:
        print(p)
    print(f"{'FAIL' if problems else 'PASS'} audit_profiles audits={audits} failures={len(problems)}")
    return 1 if problems else 0


sys.exit(main())
