#!/usr/bin/python3
"""Table, summary and plot of recorded samples."""
import json
import os
import sys
import unittest
import xml.etree.ElementTree as xml

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import plot  # noqa: E402
import publish  # noqa: E402
import summary  # noqa: E402

UNITS = {"pgbench": "tps", "seqwrite": "MB/s"}


def samples(workload, target, *values, other=0.1):
    return [
        {"w": workload, "target": target, "round": number, "value": value, "unit": UNITS.get(workload, "ops/s"),
         "cpu_other_before": other, "details": None}
        for number, value in enumerate(values, 1)
    ]


RECORDED = (
    samples("seqwrite", "raw", 800.5, 1000, 900)
    + samples("seqwrite", "commit", 540, 660, 600)
    + samples("pgbench", "raw", 1500, 1400, 1600)
    + samples("pgbench", "glusterfs", 300, 330, 345)
    + samples("pgbench", "durable", 1200, 1300)
    + samples("pgbench", "replicated", 1500, 1200, 1350)
    + samples("meta.create", "raw", 50_000)
    + samples("meta.create", "commit", 3_000)
)
TABLE = """\
                                          raw           commit         replicated    durable       glusterfs
pgbench TPC-B, 2 clients                  1,500 tps     -              0.900 (0.90)  0.833 (0.80)  0.220
1 MiB sequential write, fsync at the end  900 MB/s      0.667 (0.70)!  -             -             -
  create alone                            50,000 ops/s  0.060          -             -             -"""


def report(recorded):
    return {"results": summary.summarize(recorded), "rounds": 3, "kernel": "6.1.0", "date": "2026-01-02 03:04 UTC",
            "commit": "0123456789abcdef", "machine": {"cores": 2}}


class Summary(unittest.TestCase):
    def test_medians_ratios_and_aims(self):
        results = summary.summarize(RECORDED)
        self.assertEqual(list(results), ["pgbench", "seqwrite", "meta.create"])
        self.assertEqual(list(results["pgbench"]["targets"]), ["raw", "replicated", "durable", "glusterfs"])
        self.assertEqual(results["pgbench"]["unit"], "tps")
        self.assertEqual(
            results["pgbench"]["targets"]["durable"],
            {"median": 1250, "min": 1200, "max": 1300, "samples": 2, "ratio": 0.8333, "aim": 0.80},
        )
        self.assertEqual(results["pgbench"]["targets"]["raw"]["ratio"], 1)
        self.assertIsNone(results["pgbench"]["targets"]["glusterfs"]["aim"])

    def test_every_aim_belongs_to_a_row_and_a_target(self):
        for value, aims in summary.AIMS.items():
            self.assertIn(value, summary.VALUES)
            self.assertLessEqual(aims.keys(), set(summary.TARGETS))

    def test_table(self):
        self.assertEqual(summary.table(RECORDED), TABLE.splitlines())

    def test_a_value_that_rounds_to_its_aim_but_is_below_is_missed(self):
        recorded = samples("randread", "raw", 10_000) + samples("randread", "commit", 9_499)
        self.assertTrue(summary.table(recorded)[1].endswith("0.950 (0.95)!"))

    def test_without_the_baseline_there_are_medians_only(self):
        recorded = samples("pgbench", "commit", 1000, 1100, 1200)
        self.assertIsNone(summary.summarize(recorded)["pgbench"]["targets"]["commit"]["ratio"])
        self.assertTrue(summary.table(recorded)[1].endswith("1,100 tps"))
        with self.assertRaises(ValueError):
            plot.draw(report(recorded))

    def test_failures_count_in_no_median_and_are_named(self):
        recorded = samples("pgbench", "raw", 1000, None, 3000) + samples("randread", "raw", None)
        self.assertEqual(summary.summarize(recorded)["pgbench"]["targets"]["raw"]["median"], 2000)
        self.assertNotIn("randread", summary.summarize(recorded))
        self.assertEqual(len(summary.failures(recorded)), 2)
        self.assertIn("failed: pgbench on raw, round 2: None", summary.table(recorded))

    def test_a_machine_that_did_something_else_is_noted(self):
        recorded = samples("pgbench", "raw", 1000, other=0.6) + samples("pgbench", "raw", 1000, other=0.4)
        self.assertIn("1 of 2 values began while", summary.table(recorded)[-1])

    def test_markdown(self):
        self.assertEqual(
            summary.markdown(summary.summarize(RECORDED)).splitlines()[1:],
            [
                "| --- | --- | --- | --- | --- | --- |",
                "| pgbench TPC-B, 2 clients | 1,500 tps | - | 0.900 (0.90) | 0.833 (0.80) | 0.220 |",
                "| 1 MiB sequential write, fsync at the end | 900 MB/s | 0.667 (0.70)! | - | - | - |",
            ],
        )

    def test_the_plot_has_a_bar_for_each_ratio(self):
        drawn = xml.fromstring(plot.draw(report(RECORDED)))
        namespace = "{http://www.w3.org/2000/svg}"
        background, *bars = drawn.iter(namespace + "rect")
        self.assertEqual(len(bars), 6)
        self.assertEqual(float(background.get("height")), float(drawn.get("height")))
        self.assertLess(float(bars[-1].get("y")), float(drawn.get("height")))
        self.assertEqual(len({(bar.get("x"), bar.get("y")) for bar in bars}), 6)
        lengths = [float(bar.get("width")) for bar in bars]
        self.assertAlmostEqual(lengths[1] / lengths[0], 0.9, places=2)
        self.assertAlmostEqual(lengths[5] / lengths[4], 0.667, places=2)
        words = [element.text for element in drawn.iter(namespace + "text")]
        for expected in ("1   (1,500 tps)", "0.90", "0.67", "Lockstep durable", "GlusterFS replica 2"):
            self.assertIn(expected, words)


class Published(unittest.TestCase):
    """What README.md shows is what was measured; publish.py makes it so."""

    def setUp(self):
        self.report = json.loads(publish.read(publish.RESULTS))

    def test_medians_and_ratios_are_those_of_the_samples(self):
        self.assertEqual(self.report["results"], summary.summarize(self.report["samples"]))
        self.assertFalse(summary.failures(self.report["samples"]))

    def test_plot(self):
        self.assertEqual(publish.read(publish.PLOT), plot.draw(self.report))

    def test_table(self):
        self.assertEqual(publish.TABLE.search(publish.read(publish.README))[2], publish.section(self.report))


if __name__ == "__main__":
    unittest.main()
