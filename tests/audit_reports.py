#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reports: JSON and suites fit their schemas, JUnit counts, fingerprints, baselines, exit statuses, and reduced
rows that fail again when replayed. Controls: a report with a field missing fits no schema."""
import json, os, shlex, subprocess, sys, tempfile
import xml.etree.ElementTree as ElementTree

TOOL = os.environ.get("MULTIMAX", "build/multimax")
BROKEN = "build/tests/audit_broken"
RANK = ["pass", "info", "minor", "major", "critical"]
checks = 0
problems = []


def check(condition, what):
    global checks
    checks += 1
    if not condition:
        problems.append(what)


def errors(schema, value, root, path="$"):
    """The part of JSON Schema that the two schemas use."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in schema:
        return [] if any(not errors(s, value, root, path) for s in schema["anyOf"]) else [f"{path}: fits no alternative"]
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None)}
    if "type" in schema and not isinstance(value, kinds[schema["type"]]):
        return [f"{path}: not {schema['type']}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{path}: {value!r} not allowed")
    if "const" in schema and value != schema["const"]:
        found.append(f"{path}: not {schema['const']!r}")
    if isinstance(value, dict):
        found += [f"{path}: no {key}" for key in schema.get("required", []) if key not in value]
        for key, item in value.items():
            if key in schema.get("properties", {}):
                found += errors(schema["properties"][key], item, root, f"{path}.{key}")
            elif schema.get("additionalProperties", True) is False:
                found.append(f"{path}: unknown {key}")
    if isinstance(value, list) and "items" in schema:
        for k, item in enumerate(value):
            found += errors(schema["items"], item, root, f"{path}[{k}]")
    return found


def load(path):
    with open(path) as f:
        return json.load(f)


def audit(*words):
    return subprocess.run([TOOL, "audit", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def common(subject, folder, name, *more):
    return audit("--subject", subject, "--profile", "ours", "--suite", "tests/audit-suites/wikitext103-1.json",
                 "--json", f"{folder}/{name}.json", "--junit", f"{folder}/{name}.xml", "--fingerprint", f"{folder}/{name}.bits", *more)


def schemas(folder):
    schema = load("specs/report-schema.json")
    for name in ("good", "bad"):
        report = load(f"{folder}/{name}.json")
        found = errors(schema, report, schema)
        check(not found, f"{name}.json: {found[:3]}")
    del report["profile"]
    report["cells"][0]["severity"] = "awful"
    check(len(errors(schema, report, schema)) == 2, "the control fits the report schema")
    schema = load("specs/suite-schema.json")
    for name in ("softmax", "wikitext103-1"):
        suite = load(f"tests/audit-suites/{name}.json")
        found = errors(schema, suite, schema)
        check(not found, f"{name}.json: {found[:3]}")
    suite["groups"][0]["cases"][0].pop("exact")
    check(len(errors(schema, suite, schema)) == 1, "the control fits the suite schema")


def junit(folder):
    for name, expect in (("good", False), ("bad", True)):
        suite = ElementTree.parse(f"{folder}/{name}.xml").getroot()
        failures = suite.findall("testcase/failure")
        check(int(suite.get("failures")) == len(failures) and bool(failures) == expect, f"{name}.xml: {len(failures)} failures")
        check(int(suite.get("tests")) == len(suite.findall("testcase")), f"{name}.xml: count of tests")
    check(any("shift" in (f.text or "") and "replay: multimax audit" in f.text for f in failures), "no replay in JUnit")


def bits(folder):
    again = common("@ours", folder, "again", "--jobs", "1", "--no-reduce")
    check(again.returncode == 0, "own library again")
    with open(f"{folder}/good.bits") as a, open(f"{folder}/again.bits") as b, open(f"{folder}/bad.bits") as c:
        good, same, bad = a.read(), b.read(), c.read()
    check(good == same and good.count("\n") > 20, "fingerprints of two runs differ")
    check(good != bad, "a fault leaves the fingerprint unchanged")


def baseline(folder):
    same = common("@ours", folder, "x", "--baseline", f"{folder}/good.json")
    check(same.returncode == 0 and "baseline: 0 worse" in same.stdout, "no change counted as worse")
    worse = common(f"{BROKEN} truncated-not-rounded", folder, "y", "--baseline", f"{folder}/good.json", "--no-reduce")
    check(worse.returncode == 1 and "worse: accuracy in ordinary" in worse.stdout and "bits changed" in worse.stdout, "worsening unseen")
    report = load(f"{folder}/good.json")
    for cell in report["cells"]:
        if isinstance(cell["worst"], float):
            cell["worst"] *= 2
    with open(f"{folder}/older.json", "w") as f:
        json.dump(report, f)
    better = common("@ours", folder, "z", "--baseline", f"{folder}/older.json")
    check(better.returncode == 0 and "baseline: 0 worse" in better.stdout, "an improvement counted as worse")
    other = audit("--subject", "@ours", "--suite", "smoke", "--baseline", f"{folder}/good.json")
    check(other.returncode == 2 and "not a report of the same suite" in other.stderr, "baseline of another suite accepted")


def replays(folder):
    for fault, prop, most in (("no-shift", "finite", 2), ("exp-to-13-bits", "accuracy", 3), ("gradient-without-mean", "gradient", 2),
                              ("masked-entries-in-sum", "normalised", 4), ("rows-swapped", "batch", 4)):
        done = common(f"{BROKEN} {fault}", folder, "r", "--jobs", "1")
        found = next(p for p in load(f"{folder}/r.json")["properties"] if p["name"] == prop)
        reduced = found.get("reduced")
        if done.returncode != 1 or reduced is None:
            check(False, f"{fault}: not reduced")
            continue
        check(reduced["rows"] * reduced["cols"] <= most, f"{fault}: reduced to {reduced['rows']} x {reduced['cols']}")
        for line in (reduced["replay"], found["replay"]):
            words = shlex.split(line)[2:]
            again = audit(*words, "--json", f"{folder}/again.json", "--no-reduce")
            severity = next(p["severity"] for p in load(f"{folder}/again.json")["properties"] if p["name"] == prop)
            check(again.returncode == 1 and RANK.index(severity) >= 3, f"{fault}: {line} gives {severity}")


def statuses():
    for words in (["--subject", "@ours", "--suite", "none"], ["--subject", "@ours", "--profile", "x"], ["--suite", "smoke"],
                  ["--subject", "@ours", "--row", "1 2; 3"], ["--subject", "@ours", "--row", "1 two"], ["--subject", "@ours", "--only", "nothing"],
                  ["--subject", "@ours", "--row", "1 2", "--mask", "012"], ["--subject", "@naive", "--row", "1", "--op", "backward"],
                  ["--subject", "@ours", "--suite", "/no/file.json"], ["--subject", "@ours", "--fail-on", "pass"]):
        done = audit(*words)
        check(done.returncode == 2 and done.stderr.startswith("multimax audit: "), f"{words}: exit {done.returncode} {done.stderr!r}")
    done = audit("--subject", "@naive", "--row", "0x1.84p+6", "--fail-on", "critical")
    check(done.returncode == 1 and "critical: finite" in done.stdout, "the unshifted formula survives 97")
    check(audit("--subject", "@naive", "--row", "1 2 3").returncode == 0, "the unshifted formula fails on 1 2 3")


def main():
    with tempfile.TemporaryDirectory() as folder:
        good = common("@ours", folder, "good", "--jobs", "2")
        bad = common(f"{BROKEN} no-shift", folder, "bad")
        check(good.returncode == 0 and "verdict: pass" in good.stdout, "own library: " + good.stdout[-300:] + good.stderr)
        check(bad.returncode == 1 and "verdict: critical" in bad.stdout, "no-shift passes")
        for part in (schemas, junit, bits, baseline, replays):
            part(folder)
    statuses()
    for p in problems:
        print(p)
    print(f"{'FAIL' if problems else 'PASS'} audit_reports checks={checks} failures={len(problems)}")
    return 1 if problems else 0


sys.exit(main())
