#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench.json -> bench.md and the data and scripts of the plots.   usage: report.py OUT_DIR JSON..."""
import json, os, sys

import plots

# ratio asked for: (suite, regime, n) -> (ours, peer, at most); specs of the speed targets
TARGETS = [("forward", ("L1", "L2", "L3"), {16: .60, 64: .75, 197: .60, 256: .85, 1024: .85, 4096: .90, 50257: .90},
            "multimax order 2", "torch softmax"),
           ("forward", ("L2",), {16: .95, 64: .95, 197: .95, 1024: 1.15, 4096: 1.15, 50257: 1.15},
            "multimax order 2", "onednn softmax (torch's)"),
           ("forward", ("L2",), {n: .18 for n in (16, 64, 197, 256, 1024, 4096, 50257)}, "multimax order 2", "torch eager"),
           ("forward", ("DRAM",), {n: .09 for n in (16, 64, 197, 256, 1024, 4096, 50257)}, "multimax order 2", "torch eager"),
           ("forward", ("L2",), {n: .70 for n in (16, 64, 197, 256, 1024, 4096, 50257)}, "multimax order 2", "torch compile"),
           ("forward", ("L2",), {n: .65 for n in (256, 1024, 4096, 50257)}, "multimax softmax", "torch softmax"),
           ("forward", ("L2",), {n: .85 for n in (256, 1024, 4096, 50257)}, "multimax softmax", "onednn softmax (torch's)"),
           ("backward", ("L2",), {64: .15, 256: .10, 1024: .10, 4096: .10, 50257: .10}, "multimax backward 2", "torch autograd eager"),
           ("loss", ("L2", "L3"), {50257: .25}, "multimax loss 2", "torch eager loss"),
           ("threads", ("DRAM",), {256: 1.35, 1024: 1.35, 4096: 1.35}, "multimax order 2, 2 threads", "copy, 2 threads")]

AVX2_TARGETS = [("forward", ("L2", "L3"), {n: 1.15 for n in (256, 1024, 4096, 50257)}, "multimax order 2", "torch softmax"),
                ("forward", ("L2", "L3"), {n: .80 for n in (256, 1024, 4096, 50257)}, "multimax softmax", "torch softmax")]


def tables(result):
    suites = {}
    for cell in result["cells"]:
        suites.setdefault((cell["suite"], cell["regime"]), []).append(cell)
    for (suite, regime), cells in suites.items():
        names = list(dict.fromkeys(n for c in cells for n in c["ns"]))
        yield f"\n### {suite}, {regime}: ns per element, minimum (median)\n"
        yield "| | " + " | ".join(f"n={c['n']}" for c in cells) + " |"
        yield "|---" * (len(cells) + 1) + "|"
        for name in names:
            row = [f"{c['ns'][name]['min']:.3f} ({c['ns'][name]['median']:.3f})" if name in c["ns"] else "" for c in cells]
            yield f"| {name} | " + " | ".join(row) + " |"


def targets(result):
    yield "\n### Ratios asked for (ours / peer, of the minima)\n"
    yield "| what | regime | " + "n: measured (target) |"
    yield "|---|---|---|"
    for suite, regimes, limits, ours, peer in AVX2_TARGETS if result["machine"]["backend"] == "avx2" else TARGETS:
        for regime in regimes:
            got = []
            for cell in result["cells"]:
                ns = cell["ns"]
                if cell["suite"] == suite and cell["regime"] == regime and cell["n"] in limits and ours in ns and peer in ns:
                    ratio, limit = ns[ours]["min"] / ns[peer]["min"], limits[cell["n"]]
                    got.append(f"{cell['n']}: {'**' if ratio > limit else ''}{ratio:.2f}{'**' if ratio > limit else ''} ({limit})")
            if got:
                yield f"| {ours} / {peer} | {regime} | " + ", ".join(got) + " |"
    yield "\nBold: not met."


def main():
    folder, files = sys.argv[1], sys.argv[2:]
    if not files:
        sys.exit(__doc__)
    out = ["# Benchmark", "",
           "Written by tests/bench. Each cell: rounds over all subjects in turn in one process, one thread unless said,",
           "the second of two calls timed; calls through ctypes or torch, whose cost (about 1 to 3 us a call) is included."]
    for name in files:
        with open(name) as f:
            result = json.load(f)
        m = result["machine"]
        tag = os.path.splitext(os.path.basename(name))[0]
        out += ["", f"## {tag}: backend {m['backend']}", "",
                f"{m['date']}, {m['cpu']}, {m['cores']} cores, load {m['load']:.1f} at the start. "
                + "; ".join(f"{k} {v}" for k, v in m["versions"].items())
                + ". libmultimax: " + "; ".join(m["compilers of libmultimax"]) + "."]
        out += list(targets(result)) + list(tables(result))
        out += plots.write(result, folder, tag)
    path = os.path.join(folder, "bench.md")
    with open(path + ".part", "w") as f:
        f.write("\n".join(out) + "\n")
    os.replace(path + ".part", path)


if __name__ == "__main__":
    main()
