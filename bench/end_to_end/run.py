#!/usr/bin/python3
"""What applications pay for replication: the same workloads on a plain directory, on FUSE alone, on Lockstep in each
durability mode and on GlusterFS, each as a ratio to the plain directory (raw) in the same run.

Every round makes fresh filesystems, and measures one workload on all targets in turn before the next, so that what
drifts drifts for all. The workloads are those of bench/end_to_end/measure_directory.py.
"""
import argparse
import datetime
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "ci", "lab_tests")]
import summary  # noqa: E402
from lab import CI, Failure  # noqa: E402
from measure_directory import WORKLOADS  # noqa: E402
from targets import TARGETS  # noqa: E402

OWN_SCRIPT = os.path.join(HERE, "measure_directory.py")
# What the options that were not given are; a quick run is for trying a change.
USUAL = {"rounds": 5, "targets": ",".join(TARGETS), "seconds": 8, "file_mib": 256, "sequential_mib": 1024, "files": 5000}
QUICK = {"rounds": 1, "targets": "raw,replicated", "seconds": 3, "file_mib": 64, "sequential_mib": 256, "files": 2000}
PGBENCH_S = {False: 10, True: 5}
QUIET_S = {False: 60, True: 5}
WORKLOAD_S_MAX = 900

EPILOG = """A machine that does anything else measures nothing: values that began beside other work are counted below the table.
ci/bench engine [--json FILE] measures the engine alone. $LOCKSTEP_BIN: measure these programs instead of building."""


class Bench:
    def __init__(self, options):
        self.options = options
        self.directory = tempfile.mkdtemp(prefix="lockstep-bench.", dir=options.directory)
        os.chmod(self.directory, 0o755)  # for the user postgres
        self.samples = []

    def end(self):
        self.down()
        shutil.rmtree(self.directory, ignore_errors=True)

    def down(self):
        """Also of labs whose making was interrupted."""
        for name in self.options.targets:
            subprocess.run([os.path.join(CI, "lab"), "down", os.path.join(self.directory, name)], check=False)

    def round(self, number):
        targets = [TARGETS[name](self.directory) for name in self.options.targets]
        for workload in self.options.workloads:
            for target in rotated(targets, number):
                self.measure(target, workload, number)
        for target in targets:
            target.check()
        self.down()

    def measure(self, target, workload, number):
        output = target.run("s1", *self.command(target, workload), timeout=WORKLOAD_S_MAX)
        lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        if not lines:
            raise Failure(f"{workload} on {target.name} printed no value: {output[-1000:]}")
        for line in lines:
            self.samples.append(line | {"target": target.name, "round": number})
            print(f"  round {number}  {target.name:12} {line['w']:14} {line['value']} {line['unit']}", flush=True)

    def command(self, target, workload):
        options = self.options
        sizes = ("-t", options.seconds, "-s", options.file_mib, "-q", options.sequential_mib, "-n", options.files)
        command = [options.script, target.path, "-w", workload, *map(str, sizes), "-l", target.name]
        if options.script != OWN_SCRIPT:
            return ["env", "KEEP=1", *command]
        template = os.path.join(self.directory, "pg-template")
        own = ("-T", PGBENCH_S[options.quick], "--quiet", QUIET_S[options.quick], "--pg-template", template, "--keep")
        return command + [str(argument) for argument in own]

    def report(self):
        options = {name: value for name, value in vars(self.options).items() if name not in ("json", "directory")}
        return {
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
            "commit": commit(),
            "kernel": platform.release(),
            "machine": {"cores": os.cpu_count(), "memory_mib": memory_mib()},
            "rounds": len({sample["round"] for sample in self.samples}),
            "options": options | {"script": os.path.basename(options["script"])},
            "results": summary.summarize(self.samples),
            "samples": self.samples,
        }

    def write(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.report(), file, indent=1)
            file.write("\n")


def rotated(targets, number):
    """Whoever comes first has the colder machine: each has its turn."""
    first = (number - 1) % len(targets)
    return targets[first:] + targets[:first]


def commit():
    command = ["git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout.strip() or "unknown"


def memory_mib():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20


def names(parser, given, known):
    chosen = given.split(",")
    if unknown := [name for name in chosen if name not in known]:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
    return list(dict.fromkeys(chosen))


def parse():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="ci/bench", description=__doc__, epilog=EPILOG, formatter_class=form)
    add = parser.add_argument
    add("--quick", action="store_true", help="one short round of raw and replicated, to try a change: some two minutes")
    add("--rounds", type=int, help="medians are taken over as many (5)")
    add("--targets", metavar="T1,T2", help=USUAL["targets"])
    add("--workloads", metavar="W1,W2", default=",".join(WORKLOADS), help="%(default)s")
    add("--json", metavar="FILE", help="all samples, medians and ratios; written after every round")
    add("--seconds", type=int, help="of random reads and writes (8)")
    add("--file-mib", type=int, help="size of the file they go to (256)")
    add("--sequential-mib", type=int, help="size of what is written in sequence (1024)")
    add("--files", type=int, help="of meta (5000)")
    add("--directory", metavar="DIR", default="/var/tmp", help="on the disk to be used; 60 GiB at most (%(default)s)")
    add("--script", metavar="PATH", default=OWN_SCRIPT, help="measures a directory instead of ours, called as that one is")
    options = parser.parse_args()
    for name, value in (QUICK if options.quick else USUAL).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
            if name == "targets":
                options.targets = installed(value)
    options.targets = names(parser, options.targets, TARGETS)
    options.script = os.path.abspath(options.script)
    # Another script may know more of them.
    known = WORKLOADS if options.script == OWN_SCRIPT else options.workloads.split(",")
    options.workloads = names(parser, options.workloads, known)
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    for name in options.targets:
        if missing := TARGETS[name].missing():
            parser.error(f"{name} needs {missing}")
    return options


def installed(targets):
    """Of the targets that nobody has asked for, those that there can be."""
    for name in targets.split(","):
        if missing := TARGETS[name].missing():
            print(f"{name} is left out; it needs {missing}", file=sys.stderr)
    return ",".join(name for name in targets.split(",") if not TARGETS[name].missing())


def main():
    options = parse()
    # So that the labs go down however this ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(options)
    error = None
    try:
        for number in range(1, options.rounds + 1):
            bench.round(number)
            if options.json:
                bench.write(options.json)
    except (Failure, OSError, subprocess.SubprocessError, ValueError) as failure:
        error = failure
    finally:
        bench.end()
    print("\n".join(summary.table(bench.samples)))
    if error:
        print(f"ci/bench: {error}", file=sys.stderr)
    return 1 if error or summary.failures(bench.samples) else 0


if __name__ == "__main__":
    sys.exit(main())
