#!/usr/bin/python3
"""Draws what ci/bench has written with --json: a panel for each workload, a bar for each target, as ratio to raw.

  plot.py RESULTS.json PLOT.svg
"""
import json
import os
import sys
from xml.sax.saxutils import escape

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from summary import BASELINE, VALUES, is_whole  # noqa: E402

COLORS = {
    "raw": "#8c8c8c",
    "passthrough": "#b8a1d9",
    "commit": "#8ec6e6",
    "replicated": "#2f86c1",
    "durable": "#14507a",
    "glusterfs": "#e08a3c",
}
LABELS = {"raw": "ext4", "passthrough": "FUSE alone", "glusterfs": "GlusterFS replica 2"}
WIDTH, PANEL_WIDTH, MARGIN, LABEL_WIDTH = 960, 480, 16, 132
BAR, GAP, TITLE, HEADER, FOOTER = 15, 4, 26, 34, 30


def text(x, y, words, size=12, anchor="start", weight="normal", color="#222"):
    style = f'font-size="{size}" text-anchor="{anchor}" font-weight="{weight}" fill="{color}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>'


def rectangle(x, y, width, height, color):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{color}"/>'


def ratio_text(measured, unit, target):
    if target == BASELINE:
        return f"1   ({measured['median']:,.0f} {unit})"
    return f"{measured['ratio']:.2f}" if measured["ratio"] >= 0.1 else f"{measured['ratio']:.3f}"


def panel(name, result, x, y):
    """Bars from 0 to 1; longer ones end at the edge, as the number beside them says more than they could."""
    parts = [text(x, y + 14, VALUES[name], 13, weight="bold")]
    full = PANEL_WIDTH - LABEL_WIDTH - 2 * MARGIN - 130
    left, y = x + LABEL_WIDTH, y + TITLE
    for target, measured in result["targets"].items():
        length = min(measured["ratio"], 1.15) * full
        parts.append(text(left - 8, y + BAR - 3, LABELS.get(target, f"Lockstep {target}"), anchor="end"))
        parts.append(rectangle(left, y, max(length, 1), BAR, COLORS.get(target, "#555")))
        parts.append(text(left + length + 6, y + BAR - 3, ratio_text(measured, result["unit"], target), 11, color="#444"))
        y += BAR + GAP
    return parts


def caption(report):
    """How it was measured."""
    rounds = f"Medians of {report['rounds']} rounds" if report["rounds"] > 1 else "One round"
    where = f"both servers on one machine of {report['machine']['cores']} cores, Linux {report['kernel']}"
    return f"{rounds}; {where}; {report['date']}, commit {report['commit']}."


def draw(report):
    """The SVG's text."""
    shown = {n: r for n, r in report["results"].items() if is_whole(n)}
    if not shown or any(t["ratio"] is None for result in shown.values() for t in result["targets"].values()):
        raise ValueError("there are no ratios to draw: raw was not measured")
    names = list(shown)
    parts, y = [text(MARGIN, 22, "Throughput as a share of the ext4 directory beneath (longer is better)", 14, weight="bold")], HEADER
    for first in range(0, len(names), 2):
        pair = names[first : first + 2]
        for column, name in enumerate(pair):
            parts += panel(name, shown[name], MARGIN + column * PANEL_WIDTH, y)
        y += TITLE + max(len(shown[name]["targets"]) for name in pair) * (BAR + GAP) + 14
    parts.append(text(MARGIN, y + 8, caption(report), 11, color="#666"))
    height = y + FOOTER
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
    body = "\n".join([rectangle(0, 0, WIDTH, height, "#ffffff"), *parts])
    return f'{head}font-family="Helvetica, Arial, sans-serif">\n{body}\n</svg>\n'


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        report = json.load(file)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(draw(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
