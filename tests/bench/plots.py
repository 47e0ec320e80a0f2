# SPDX-License-Identifier: Apache-2.0
"""Data and gnuplot scripts of the plots: time against n, roofline, error against time."""
import os

# Vector operations per vector of entries, counted in src/simd: widen and finiteness 2.5, maximum 1,
# sigma 4 (order 1: sub, max) + 2 fma, order 2 again 4 + 4; exp 15; scale and narrow 3.
OPERATIONS = {"multimax softmax": 21.5, "multimax order 1": 27.5, "multimax order 2": 35.5}
BYTES = 8  # an entry read and a result written
SVG = "set terminal svg size 900,560\nset output '{}.svg'\nset key outside right noenhanced\n"


def save(folder, name, rows, script):
    with open(os.path.join(folder, name + ".dat"), "w") as f:
        f.writelines("\t".join(map(str, r)) + "\n" for r in rows)
    with open(os.path.join(folder, name + ".gp"), "w") as f:
        f.write(SVG.format(name) + script + "\n")
    return f"![{name}]({name}.svg)"


def series(name, block, labels):
    """A point type and an entry in the key for each row of a block of the data."""
    return [f"'{name}.dat' index {block} every ::{k}::{k} using 1:2 with points pt {k + 4} lc {block + 1} ps 1.4 title \"{label}\""
            for k, label in enumerate(labels)]


def times(cells, folder, tag):
    """Time per element against n in L2."""
    names = list(cells[0]["ns"])
    rows = [["# n"] + names]
    rows += [[c["n"]] + [f"{c['ns'][n]['min']:.4f}" if n in c["ns"] else "NaN" for n in names] for c in cells]
    lines = ", ".join(f"'{tag}.dat' using 1:{i + 2} with linespoints title \"{n}\"" for i, n in enumerate(names))
    return save(folder, tag, rows, f"set logscale xy\nset xlabel 'n'\nset ylabel 'ns per element, L2'\nplot {lines}")


def roofline(result, folder, tag):
    """Operations per ns against operations per byte, under the roofs measured in the same run."""
    peak = result["machine"].get("peak", {"operations": 0.0})
    if peak["operations"] == 0.0:
        return None
    name, rows, roofs, parts = tag + "-roofline", [], [], []
    top = peak["operations"]
    regimes = list(dict.fromkeys(c["regime"] for c in result["cells"] if c["suite"] == "forward"))
    for regime in regimes:
        cells = [c for c in result["cells"] if (c["suite"], c["regime"]) == ("forward", regime) and c["n"] >= 256]
        if not cells:
            continue
        copy = min(c["ns"]["copy"]["min"] for c in cells)
        roofs.append(f"(x*{BYTES / copy:.4f} < {top:.4f} ? x*{BYTES / copy:.4f} : {top:.4f}) lc {len(roofs) + 1} title 'copy limit, {regime}'")
        points = []
        for subject, count in OPERATIONS.items():
            best = min(c["ns"][subject]["min"] for c in cells)
            per = count / peak["lanes"]  # operations per entry
            points.append([f"{per / BYTES:.4f}", f"{per / best:.4f}"])
        rows += points + [[], []]
        parts += series(name, len(roofs) - 1, [f"{s}, {regime}" for s in OPERATIONS])
    if not roofs:
        return None
    return save(folder, name, rows, "set logscale xy\nset samples 400\nset xrange [0.05:2]\n"
                f"set yrange [:{2 * top:.3f}]\nset xlabel 'vector operations per byte (read and written once)'\n"
                f"set ylabel 'vector operations per ns (roof measured: {top:.2f})'\nplot " + ", ".join(roofs + parts))


def errors(cells, folder, tag):
    """Largest error against time, n = 1024 or the nearest there is."""
    cells = [c for c in cells if "ulp" in c]
    if not cells:
        return None
    cell = min(cells, key=lambda c: abs(c["n"] - 1024))
    name = tag + "-error"
    rows = [[f"{cell['ns'][n]['min']:.4f}", f"{e:.4f}"] for n, e in cell["ulp"].items()]
    return save(folder, name, rows, f"set logscale xy\nset xlabel 'ns per element, L2, n = {cell['n']}'\n"
                "set ylabel 'largest error, ulp of float32 (0.5: correctly rounded)'\n"
                "plot " + ", ".join(series(name, 0, list(cell["ulp"]))))


def write(result, folder, tag):
    """Lines of Markdown that show what was plotted."""
    cells = [c for c in result["cells"] if (c["suite"], c["regime"]) == ("forward", "L2")]
    made = [times(cells, folder, tag) if cells else None, roofline(result, folder, tag), errors(cells, folder, tag)]
    return [""] + [m for m in made if m]
