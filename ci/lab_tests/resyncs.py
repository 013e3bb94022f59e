"""What a returning server costs: bytes on the wire, after every kind of absence.

LOCKSTEP_LAB_FILE_MIB: the size of the file of which one block in a hundred changes (64)."""
import json
import os
import time

from lab import OTHER, expect
from recordings import RECORDED_AFTER_S, replay

BLOCK = 4096
MIB = 1 << 20
FILE_MIB = int(os.environ.get("LOCKSTEP_LAB_FILE_MIB", "64"))
# Whatever was changed, and a tenth of it, and this much for names, digests and heartbeats.
EXTRA_BYTES_MAX = MIB
# Two common checkpoints.
COOLED_AFTER_S = 65

FILL = """
import os, sys
fd = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o644)
for _ in range(int(sys.argv[2])):
    os.write(fd, os.urandom(1 << 20))
os.fsync(fd)
"""
REWRITE = """
import os, random, sys
fd, blocks = os.open(sys.argv[1], os.O_WRONLY), int(sys.argv[2]) * 256
for block in random.sample(range(blocks), blocks // 100):
    os.pwrite(fd, os.urandom(4096), block * 4096)
os.fsync(fd)
"""


# Bytes that are not zero: some at the beginning, across a chunk's end; after a hole, behind zeroes that are written, and
# in the middle of nothing; then a hole to the end.
HOLES = """
import os, sys
fd = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o644)
os.ftruncate(fd, int(sys.argv[2]) << 20)
for offset, data in ((0, os.urandom(70000)), (2 << 20, bytes(300000) + os.urandom(3 << 20)), ((9 << 20) + 100, b"x")):
    os.pwrite(fd, data, offset)
os.fsync(fd)
"""
# The chunks of 64 KiB that hold any of it.
HOLES_COPIED_MAX = (3 << 20) + 4 * (64 << 10)


def python(lab, host, program, *arguments):
    code, output = lab.on(host, "python3", "-c", program, *arguments, timeout=300)
    expect(code == 0, f"on {host}: {output}")


def on_the_wire(lab, host):
    """Bytes of both directions that this server's replication cable has carried."""
    code, output = lab.on(host, "ip", "-j", "-s", "link", "show", "dev", f"repl-{host}")
    expect(code == 0, output)
    counted = json.loads(output)[0]["stats64"]
    return counted["rx"]["bytes"] + counted["tx"]["bytes"]


def rewrite(lab, primary):
    lab.wait(primary, "ALONE")
    python(lab, primary, REWRITE, os.path.join(lab.data(primary), "blocks"), str(FILE_MIB))


def returns(lab, primary, come_back, how):
    """The other server was away while one block in a hundred changed; it comes back, and little travels."""
    lab.wait(primary, "ALONE")
    before = on_the_wire(lab, primary)
    since = time.monotonic()
    come_back()
    lab.wait_pair(120)
    took = time.monotonic() - since
    cost = on_the_wire(lab, primary) - before
    changed = FILE_MIB * 256 // 100 * BLOCK
    print(f"    {how}: {changed} bytes changed, {cost} on the wire, {cost / changed:.3f} times, in sync after {took:.1f} s")
    expect(cost <= 1.1 * changed + EXTRA_BYTES_MAX, f"{how}: {cost} bytes on the wire for {changed} that changed")
    lab.equal()


def changed_blocks_travel_alone(lab):
    """One block in a hundred of a file changes while a server is away, stopped or without power: so much is copied."""
    primary = lab.load(False)
    python(lab, primary, FILL, os.path.join(lab.data(primary), "blocks"), str(FILE_MIB))
    other = OTHER[primary]
    code, output = lab.cli(other, "stop")
    expect(code == 0, f"stop is refused: {output}")
    rewrite(lab, primary)
    returns(lab, primary, lambda: lab.cli(other, "start"), "clean stop")

    lab.cut(other)
    rewrite(lab, primary)
    returns(lab, primary, lambda: lab.power(other), "power cut of the secondary")

    lab.cut(primary)
    rewrite(lab, other)
    returns(lab, other, lambda: lab.power(primary), "power cut of the primary")

    primary, other = other, primary
    lab.cut(other)
    rewrite(lab, primary)
    lab.cut(primary)
    lab.power(primary)
    returns(lab, primary, lambda: lab.power(other), "power cut of both")

    python(lab, lab.wait_pair(), "import os, sys; os.unlink(sys.argv[1])", os.path.join(lab.data(primary), "blocks"))
    lab.load(True)
    lab.wait_for_load(lab.wait_pair())


def only_what_was_listed_is_compared(lab):
    """A large file and a server that is away for a moment: all but what was changed is known to be equal."""
    primary = lab.load(False)
    other = OTHER[primary]
    blocks = os.path.join(lab.data(primary), "blocks")
    python(lab, primary, FILL, blocks, str(FILE_MIB))
    time.sleep(COOLED_AFTER_S)
    for away, stays, how in ((other, primary, "the secondary"), (primary, other, "the primary")):
        lab.cut(away)
        lab.wait(stays, "ALONE")
        python(lab, stays, "import os, sys; os.pwrite(os.open(sys.argv[1], os.O_WRONLY), b'new', 12345678)",
               os.path.join(lab.data(stays), "blocks"))
        lab.power(away)
        lab.wait_pair(120)
        compared = lab.status(away)["resync"]["bytes_compared"]
        print(f"    power cut of {how}: {compared} of {FILE_MIB * MIB} bytes compared")
        expect(compared <= 4 * MIB, f"{compared} bytes were compared after three had changed")
        lab.equal()
    python(lab, lab.wait_pair(), "import os, sys; os.unlink(sys.argv[1])", os.path.join(lab.data(other), "blocks"))
    lab.load(True)
    lab.wait_for_load(lab.wait_pair())


def holes_do_not_travel(lab):
    """A file that a server has nothing of is mostly holes and zeroes: the rest is copied, and the recordings replay."""
    primary = lab.load(False)
    other = OTHER[primary]
    code, output = lab.cli(other, "stop")
    expect(code == 0, f"stop is refused: {output}")
    lab.wait(primary, "ALONE")
    place = os.path.join(lab.data(primary), "holes")
    python(lab, primary, HOLES, place, str(FILE_MIB))
    lab.cli(other, "start")
    lab.wait_pair(120)
    copied = lab.status(other)["resync"]["bytes_copied"]
    print(f"    {copied} bytes copied of a file of {FILE_MIB} MiB")
    expect(3 * MIB <= copied <= HOLES_COPIED_MAX, f"{copied} bytes copied")
    lab.equal()
    time.sleep(RECORDED_AFTER_S)
    for host in (primary, other):
        replay(lab, host, lab.module)
    python(lab, primary, "import os, sys; os.unlink(sys.argv[1])", place)
    lab.load(True)
    lab.wait_for_load(lab.wait_pair())


TESTS = [holes_do_not_travel, changed_blocks_travel_alone, only_what_was_listed_is_compared]
