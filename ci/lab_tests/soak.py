"""A long, mixed load that saturates the link: the daemons' memory and descriptors stay within their limits.

LOCKSTEP_LAB_SOAK_SECONDS: how long (20); LOCKSTEP_LAB_SOAK_FILES: with so many files in the tree, created before (0)."""
import os
import re
import time
from collections import namedtuple

from lab import CI, OTHER, Failure, eventually, expect

SECONDS = int(os.environ.get("LOCKSTEP_LAB_SOAK_SECONDS", "20"))
FILES = int(os.environ.get("LOCKSTEP_LAB_SOAK_FILES", "0"))
SAMPLE_EVERY_S = 1
MEMORY_MAX_KIB = 256 << 10
# The second half of a soak may need this much more at its peak than the first: what the allocator does not give back
# at once, and larger tables.
GROWTH_MAX_KIB = 16 << 10
# Connections that come and go, and the recorder's next file.
DESCRIPTORS_MORE_MAX = 16

Sample = namedtuple("Sample", "rss_kib peak_kib descriptors threads")
SERVED_BY = ("lockstepd", "lockstep-witness", "etcd")  # whichever runs on a host
HOSTS = ("s1", "s2", "w")


def sample(lab, host):
    """What the kernel says of the host's daemon."""
    places = [os.path.join(lab.run_directory, f"{host}.{name}.pid") for name in SERVED_BY]
    with open(next(place for place in places if os.path.exists(place)), encoding="ascii") as file:
        process = f"/proc/{file.read().strip()}"
    code, output = lab.on(host, "sh", "-c", f"cat {process}/status && ls {process}/fd | wc -l")
    expect(code == 0, f"no daemon on {host}: {output}")
    lines = output.splitlines()
    field = {name: int(value) for name, value in re.findall(r"^(VmRSS|VmHWM|Threads):\s+(\d+)", output, re.MULTILINE)}
    return Sample(field["VmRSS"], field["VmHWM"], int(lines[-1]), field["Threads"])


def samples_during(lab, process):
    """Of each daemon, until the process ends."""
    taken = {host: [] for host in HOSTS}
    while process.poll() is None:
        began = time.monotonic()
        for host, samples in taken.items():
            samples.append(sample(lab, host))
        time.sleep(max(0.0, began + SAMPLE_EVERY_S - time.monotonic()))
    return taken


def describe(host, before, samples, after):
    half = len(samples) // 2
    peaks = [max(entry.rss_kib for entry in part) >> 10 for part in (samples[:half], samples[half:])]
    print(
        f"    {host}: RSS {before.rss_kib >> 10} MiB before, at most {peaks[0]} and {peaks[1]} MiB in the halves, "
        f"{after.rss_kib >> 10} MiB after, peak {after.peak_kib >> 10} MiB; "
        f"descriptors {before.descriptors}, at most {max(entry.descriptors for entry in samples)}, {after.descriptors}; "
        f"threads {before.threads}, at most {max(entry.threads for entry in samples)}, {after.threads}"
    )


def stays_within_limits(lab, host, before, samples):
    try:
        eventually(
            30,
            lambda: sample(lab, host).descriptors <= before.descriptors + DESCRIPTORS_MORE_MAX,
            f"{host}: its descriptors do not return to {before.descriptors}",
        )
    finally:
        after = sample(lab, host)
        describe(host, before, samples, after)
    expect(after.peak_kib <= MEMORY_MAX_KIB, f"{host}: needed {after.peak_kib >> 10} MiB")
    half = len(samples) // 2
    first, second = (max(entry.rss_kib for entry in part) for part in (samples[:half], samples[half:]))
    expect(second <= first + GROWTH_MAX_KIB, f"{host}: memory grows: {first} KiB in the first half, {second} KiB in the second")


def load(lab, host, *arguments):
    return lab.pipe(host, os.path.join(CI, "lib", "soak_load"), *arguments)


def create_tree(lab, primary):
    """Without the other server, which is brought up to date afterwards."""
    other = OTHER[primary]
    lab.halt(other)
    lab.wait(primary, "ALONE")
    began = time.monotonic()
    process = load(lab, primary, "tree", os.path.join(lab.data(primary), "tree"), str(FILES))
    said, _ = process.communicate(timeout=3600)
    expect(process.returncode == 0, f"the tree is not made: {said}")
    created = time.monotonic()
    lab.run(other)
    lab.wait_pair(900)
    print(f"    {FILES} files made in {created - began:.0f} s, on both servers after {time.monotonic() - created:.0f} s more")


def a_long_load_leaks_nothing(lab):
    """Many files created, written, read, renamed, unlinked and open at a time, and a large one written over and over."""
    primary = lab.load(False)
    eventually(30, lambda: lab.role(primary) == "PRIM", lambda: f"no PRIM after restart: {lab.describe()}")
    if FILES:
        create_tree(lab, primary)
    before = {host: sample(lab, host) for host in HOSTS}
    process = load(lab, primary, "run", os.path.join(lab.data(primary), "soak"), str(SECONDS))
    taken = samples_during(lab, process)
    said = process.stdout.read().strip()
    expect(process.returncode == 0, f"the load fails: {said}")
    print(f"    {said}")
    expect(lab.wait_pair() == primary, "the application was moved")
    failures = []
    for host, samples in taken.items():
        try:
            stays_within_limits(lab, host, before[host], samples)
        except Failure as failure:
            failures.append(str(failure))
    expect(not failures, "; ".join(failures))
    lab.equal()
    lab.load(True)
    lab.wait_for_load(primary)


TESTS = [a_long_load_leaks_nothing]
