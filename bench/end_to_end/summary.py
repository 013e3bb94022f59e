"""From samples to medians, ratios to the raw directory of the same run, and the table of them.

A sample is a line of measure_directory.py, and besides `target` and `round`. A failed one has the value None: it counts
in no median, and is counted.
"""
import statistics

BASELINE = "raw"
TARGETS = ("raw", "passthrough", "commit", "replicated", "durable", "glusterfs")
# The workloads' values, in the order of the table.
VALUES = {
    "pgbench": "pgbench TPC-B, 2 clients",
    "randwrite": "4 KiB random write, buffered",
    "randwrite_fds": "4 KiB random write, fdatasync each",
    "seqwrite": "1 MiB sequential write, fsync at the end",
    "randread": "4 KiB random read, cached",
    "meta.all": "create, rename, unlink 4 KiB files",
    "meta.create": "  create alone",
    "meta.rename": "  rename alone",
    "meta.unlink": "  unlink alone",
}
# The ratios that are to be reached at least.
AIMS = {
    "pgbench": {"commit": 0.95, "replicated": 0.90, "durable": 0.80},
    "randwrite": {"commit": 0.15, "replicated": 0.12},
    "randwrite_fds": {"commit": 0.40, "replicated": 0.40, "durable": 0.35},
    "seqwrite": {"commit": 0.70, "replicated": 0.65},
    "randread": {"commit": 0.95, "replicated": 0.95, "durable": 0.95},
    "meta.all": {"commit": 0.07, "replicated": 0.06},
}
# A sample that began while others used more than this is marked as disturbed.
OTHER_CORES_MAX = 0.5


def summarize(samples):
    """{value: {"unit", "targets": {target: {"median", "min", "max", "samples", "ratio", "aim"}}}}, in the table's order.
    A ratio is None where the baseline was not measured."""
    results = {}
    for name in order_of({sample["w"] for sample in samples}, VALUES):
        of_name = [sample for sample in samples if sample["w"] == name and sample["value"] is not None]
        if not of_name:
            continue
        targets = {}
        for target in order_of({sample["target"] for sample in of_name}, TARGETS):
            values = [sample["value"] for sample in of_name if sample["target"] == target]
            targets[target] = {
                "median": statistics.median(values),
                "min": min(values),
                "max": max(values),
                "samples": len(values),
            }
        baseline = targets.get(BASELINE, {}).get("median")
        for target, result in targets.items():
            result["ratio"] = round(result["median"] / baseline, 4) if baseline else None
            result["aim"] = AIMS.get(name, {}).get(target)
        results[name] = {"unit": of_name[0]["unit"], "targets": targets}
    return results


def order_of(found, known):
    """What is known, in its order, then the rest."""
    return [name for name in known if name in found] + sorted(set(found) - set(known))


def failures(samples):
    return [sample for sample in samples if sample["value"] is None]


def disturbed(samples):
    return [sample for sample in samples if (sample.get("cpu_other_before") or 0) > OTHER_CORES_MAX]


def rows(results):
    """The heading's row, and one for each value: the baseline's median, and beside it every other target's ratio and, in
    brackets, its aim; an exclamation mark where that is missed."""
    targets = order_of({target for result in results.values() for target in result["targets"]}, TARGETS)
    yield ["", *targets]
    for name, result in results.items():
        yield [VALUES.get(name, name)] + [cell(result, target) for target in targets]


def markdown(results):
    """The table for people who read about it: without the parts of a sum."""
    heading, *body = rows({name: result for name, result in results.items() if is_whole(name)})
    return "".join("| " + " | ".join(row) + " |\n" for row in [heading, ["---"] * len(heading), *body])


def is_whole(name):
    return name in VALUES and not VALUES[name].startswith(" ")


def table(samples):
    """Lines of text, with what is to be known about the samples."""
    lines = []
    for row in aligned(list(rows(summarize(samples)))):
        lines.append("  ".join(row).rstrip())
    return lines + notes(samples)


def aligned(texts):
    widths = [max(len(row[column]) for row in texts) for column in range(len(texts[0]))]
    return [[text.ljust(width) for text, width in zip(row, widths)] for row in texts]


def cell(result, target):
    measured = result["targets"].get(target)
    if measured is None:
        return "-"
    if target == BASELINE or measured["ratio"] is None:
        return f"{measured['median']:,.0f} {result['unit']}"
    text = f"{measured['ratio']:.3f}"
    if measured["aim"] is not None:
        text += f" ({measured['aim']:.2f})" + ("!" if measured["ratio"] < measured["aim"] else "")
    return text


def notes(samples):
    lines = []
    if found := disturbed(samples):
        began = f"{len(found)} of {len(samples)} values began while something else used more than"
        lines.append(f"{began} {OTHER_CORES_MAX} cores: they mean little")
    for sample in failures(samples):
        lines.append(f"failed: {sample['w']} on {sample['target']}, round {sample['round']}: {sample.get('details')}")
    return lines
