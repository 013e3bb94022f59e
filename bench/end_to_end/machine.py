"""The machine under a measurement: what else it does, and how it is brought to rest."""
import os
import subprocess
import time

BUSY_CORES_MAX = 0.25


def processor_times():
    """(busy, all) of all processors together, in ticks."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, idle, iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    busy = user + nice + system + irq + softirq
    return busy, busy + idle + iowait + steal


def cores_busy(before, after):
    """How many processors were busy between two processor_times()."""
    return (after[0] - before[0]) / max(after[1] - before[1], 1) * os.cpu_count()


def cores_busy_for(seconds):
    before = processor_times()
    time.sleep(seconds)
    return cores_busy(before, processor_times())


def drop_caches():
    """Nothing of what was done before is written back during what follows, or read from memory. ext4 keeps what was
    written or read ahead in large pages, into which small writes are several times slower."""
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
        file.write("3")


class TouchedMemory:
    """The host of a virtual machine takes back what has been free for a moment: whoever is the first to use it again
    waits for it, many times as long as the copy of a page takes. That must not hit one of two measurements, nor what
    fills two servers' page caches twice as hard. So what is free is taken by a process that touches all of it, and
    gives it up bit by bit as it is needed."""

    PROGRAM = """
import mmap, time
MIB = 1 << 20
def free():
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("MemFree:"))
size, step = max(free() - 300 * MIB, 0) // MIB * MIB, 128 * MIB
memory = mmap.mmap(-1, max(size, MIB), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_HUGEPAGE)
for at in range(0, size, 4096):
    memory[at] = 1
ready = min(size, 4 * step)
if ready > 0:
    memory.madvise(mmap.MADV_DONTNEED, 0, ready)
print("touched", flush=True)
for at in range(ready, size, step):
    while free() > 700 * MIB:
        time.sleep(0.002)
    memory.madvise(mmap.MADV_DONTNEED, at, min(step, size - at))
time.sleep(3600)
"""

    def __enter__(self):
        self.process = subprocess.Popen(["python3", "-c", self.PROGRAM], stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "touched\n":
            raise OSError("the memory cannot be touched")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def wait_until_quiet(seconds_max):
    deadline = time.monotonic() + seconds_max
    while cores_busy_for(0.3) > BUSY_CORES_MAX and time.monotonic() < deadline:
        time.sleep(0.7)


class Meter:
    """Brings the machine to rest, and measures what it does while a block runs.

    other_cores    busy just before, by whatever else there is
    cores, seconds  of the block; what its caller, daemons and kernel use is in it
    """

    def __init__(self, quiet_s):
        wait_until_quiet(quiet_s)
        self.other_cores = cores_busy_for(0.4)
        self.cores = self.seconds = 0.0

    def __enter__(self):
        self._processors, self._began = processor_times(), time.monotonic()
        return self

    def __exit__(self, *_):
        self.cores = cores_busy(self._processors, processor_times())
        self.seconds = time.monotonic() - self._began
