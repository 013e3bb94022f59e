#!/usr/bin/python3
"""Measures a directory, as root; one line of JSON for each value on standard output:
{label, w, value, unit, cpu_cores, cpu_other_before, wall_s, details}. A workload that fails has the value null.

  pgbench        TPC-B, 2 clients, on a database of scale 10                                         transactions/s
  randwrite      random writes of 4 KiB into a file, buffered, one writer                            operations/s
  randwrite_fds  the same with fdatasync after each                                                  operations/s
  seqwrite       writes of 1 MiB to a new file, and fsync at the end                                 MB/s
  randread       random reads of 4 KiB from a file that was read before                              operations/s
  meta           creates files of 4 KiB in 50 directories, renames and unlinks them: meta.create,
                 meta.rename, meta.unlink, and meta.all of the three                                 operations/s
"""
import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import machine  # noqa: E402
import postgres  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MIB = 1 << 20


class Measurement:
    def __init__(self, options):
        self.options = options
        self.directory = os.path.join(options.directory, ".bench")
        os.makedirs(self.directory, exist_ok=True)

    def emit(self, workload, value, unit, meter=None, details=None):
        line = {"label": self.options.label, "w": workload, "value": value, "unit": unit}
        if meter:
            line |= {
                "cpu_cores": round(meter.cores, 2),
                "cpu_other_before": round(meter.other_cores, 2),
                "wall_s": round(meter.seconds, 2),
            }
        print(json.dumps(line | {"details": details}), flush=True)

    def run(self, workload):
        try:
            WORKLOADS[workload](self)
        except subprocess.CalledProcessError as error:
            self.emit(workload, None, "failed", details=((error.stderr or "") + (error.stdout or ""))[-500:])
        except (OSError, ValueError) as error:
            self.emit(workload, None, "failed", details=str(error))

    def at_rest(self):
        machine.drop_caches()
        return machine.Meter(self.options.quiet)

    # -- workloads ------------------------------------------------------------------------------------------------

    def randwrite(self):
        self.fio_on_random("randwrite", "write", "--rw=randwrite")

    def randwrite_fds(self):
        self.fio_on_random("randwrite_fds", "write", "--rw=randwrite", "--fdatasync=1")

    def randread(self):
        self.fio_on_random("randread", "read", "--rw=randread", "--invalidate=0", read_before=True)

    def seqwrite(self):
        path = os.path.join(self.directory, "sequential")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        size = f"--size={self.options.sequential_mib}M"
        machine.drop_caches()
        with machine.TouchedMemory():
            meter = machine.Meter(self.options.quiet)
            result = self.fio(meter, "--filename=sequential", "--rw=write", "--bs=1M", size, "--end_fsync=1")
        self.emit("seqwrite", round(result["write"]["bw_bytes"] / 1e6, 1), "MB/s", meter, details_of(result, "write"))
        os.unlink(path)

    def meta(self):
        path = os.path.join(self.directory, "metadata")
        shutil.rmtree(path, ignore_errors=True)
        meter = self.at_rest()
        program = os.path.join(self.options.programs, "metadata_loop")
        with meter:
            output = run(program, path, str(self.options.files))
        stages = json.loads(output)
        for stage in ("create", "rename", "unlink", "all"):
            self.emit(f"meta.{stage}", stages[stage], "ops/s", meter, stages)

    def pgbench(self):
        directory = os.path.join(self.directory, "postgres")
        machine.drop_caches()
        with postgres.template(self.options.pg_template) as source, postgres.Server(source, directory) as server:
            meter = machine.Meter(self.options.quiet)
            with meter:
                result = server.pgbench(self.options.pgbench_seconds)
        self.emit("pgbench", result["tps"], "tps", meter, result)

    # -- fio ------------------------------------------------------------------------------------------------------

    def fio_on_random(self, workload, direction, *arguments, read_before=False):
        path = os.path.join(self.directory, "random")
        size = self.options.file_mib * MIB
        if not os.path.exists(path) or os.path.getsize(path) != size:
            fill(path, self.options.file_mib)
        machine.drop_caches()
        if read_before:
            read(path)
        meter = machine.Meter(self.options.quiet)
        runtime = f"--runtime={self.options.seconds}"
        arguments = ["--filename=random", f"--size={size}", "--bs=4k", "--time_based", runtime, *arguments]
        result = self.fio(meter, *arguments)
        self.emit(workload, round(result[direction]["iops"]), "ops/s", meter, details_of(result, direction))

    def fio(self, meter, *arguments):
        """The report of fio's only job."""
        command = ["fio", "--name=bench", f"--directory={self.directory}", "--ioengine=psync", "--fallocate=none"]
        with meter:
            output = run(*command, "--output-format=json", "--percentile_list=50:99", "--randrepeat=1", *arguments)
        return json.loads(output[output.index("{"):])["jobs"][0]


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def fill(path, mib):
    with open(path, "wb", buffering=0) as file:
        for _ in range(mib):
            file.write(os.urandom(MIB))
        os.fsync(file.fileno())


def read(path):
    with open(path, "rb", buffering=0) as file:
        while file.read(MIB):
            pass


def details_of(job, direction):
    latency = job[direction]["clat_ns"]
    details = {"mean_us": round(latency["mean"] / 1e3, 1)}
    for name, percentile in (("p50_us", "50.000000"), ("p99_us", "99.000000")):
        details[name] = latency.get("percentile", {}).get(percentile, 0) / 1e3
    if job.get("sync", {}).get("lat_ns", {}).get("N", 0):
        details["sync_mean_us"] = round(job["sync"]["lat_ns"]["mean"] / 1e3, 1)
    return details


WORKLOADS = {
    "meta": Measurement.meta,
    "pgbench": Measurement.pgbench,
    "randwrite": Measurement.randwrite,
    "randwrite_fds": Measurement.randwrite_fds,
    "seqwrite": Measurement.seqwrite,
    "randread": Measurement.randread,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("directory", metavar="DIR")
    add("-w", dest="workloads", metavar="W1,W2", default=",".join(WORKLOADS), help="%(default)s")
    add("-t", dest="seconds", type=int, default=8, help="of random reads and writes (%(default)s)")
    add("-s", dest="file_mib", type=int, default=256, help="size of the file they go to, in MiB (%(default)s)")
    add("-q", dest="sequential_mib", type=int, default=1024, help="size of what seqwrite writes, in MiB (%(default)s)")
    add("-n", dest="files", type=int, default=5000, help="of meta (%(default)s)")
    add("-l", dest="label", help="repeated in each line (the directory's name)")
    add("-T", dest="pgbench_seconds", type=int, default=10, help="of pgbench (%(default)s)")
    add("--quiet", type=int, default=60, metavar="S", help="wait as long at most for a quiet machine (%(default)s)")
    add("--pg-template", metavar="DIR", help="keeps pgbench's filled database for the next time; made if missing")
    add("--programs", metavar="DIR", default=os.path.join(ROOT, "build", "bin"), help="has metadata_loop (%(default)s)")
    add("--keep", action="store_true", help="leave the file of the random workloads in DIR/.bench")
    options = parser.parse_args()
    options.directory = os.path.realpath(options.directory)
    options.label = options.label or os.path.basename(options.directory)
    workloads = options.workloads.split(",")
    if unknown := set(workloads) - WORKLOADS.keys():
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")
    measurement = Measurement(options)
    for workload in workloads:
        measurement.run(workload)
    if not options.keep:
        shutil.rmtree(measurement.directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
