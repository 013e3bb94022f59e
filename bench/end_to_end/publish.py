#!/usr/bin/python3
"""Takes what ci/bench has written with --json for what README.md shows.

  publish.py RESULTS.json     replaces bench/measured.json, bench/measured.svg and the table in README.md
"""
import json
import os
import re
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import plot  # noqa: E402
import summary  # noqa: E402

README = os.path.join(HERE, "..", "..", "README.md")
RESULTS = os.path.join(HERE, "..", "measured.json")
PLOT = os.path.join(HERE, "..", "measured.svg")
TABLE = re.compile(r"(<!-- measured begins -->\n)(.*?)(<!-- measured ends -->\n)", re.DOTALL)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def section(report):
    """What stands in README.md between the marks."""
    said = [plot.caption(report)] + [f"{note}." for note in summary.notes(report["samples"])]
    return f"{summary.markdown(report['results'])}\n{' '.join(said)}\n"


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    text = read(sys.argv[1])
    report = json.loads(text)
    write(PLOT, plot.draw(report))
    write(RESULTS, text)
    write(README, TABLE.sub(lambda found: found[1] + section(report) + found[3], read(README)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
