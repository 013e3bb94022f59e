"""Comparing both servers' data while the application writes: what rots is found, and nothing else is."""
import json
import os
import subprocess
import time

from lab import CI, OTHER, expect

FILE = "rotten"
FILE_BYTES = 3 << 20
PLACE = 1_234_567

MAKE = """
import os, sys
fd = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY, 0o644)
os.write(fd, os.urandom(int(sys.argv[2])))
os.fsync(fd)
"""
# One bit of a byte, and the modification time as it was.
FLIP = """
import os, sys
path, place = sys.argv[1], int(sys.argv[2])
before = os.stat(path)
fd = os.open(path, os.O_RDWR)
byte = os.pread(fd, 1, place)
os.pwrite(fd, bytes([byte[0] ^ 1]), place)
os.fsync(fd)
os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
"""


def beneath(lab, host, program, *arguments):
    """Runs a program that may write to a server's disk beneath guard and mount; its first argument is FILE there."""
    raw = f"$RAW_{host.upper()}"
    script = f'mount -o remount,bind,rw "$(dirname "{raw}")" && python3 -c "$0" "{raw}/{FILE}" "$@"'
    command = [os.path.join(CI, "lab"), "raw", lab.directory, "bash", "-c", script, program, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    expect(result.returncode == 0, f"beneath {host}: {result.stdout}{result.stderr}")


def verify(lab, host, *options):
    """(status, what it says of itself)"""
    code, output = lab.cli(host, "verify", "--wait", "120", "--json", *options, timeout=150)
    try:
        return code, json.loads(output)
    except json.JSONDecodeError:
        expect(False, f"verify answers, status {code}: {output}")


def a_flipped_bit_is_found_and_repaired(lab):
    """Under load nothing is reported but the file in which a bit was flipped beneath; --repair makes the disks equal."""
    primary = lab.wait_pair()
    other = OTHER[primary]
    lab.wait_for_load(primary)
    for _ in range(3):
        code, said = verify(lab, primary)
        expect(code == 0 and said["complete"] and said["mismatches"] == 0, f"equal, but status {code}: {said}")
        expect(said["files"] > 0, f"nothing was compared: {said}")
    code, output = lab.cli(other, "verify")
    expect(code == 1 and "primary" in output, f"on the secondary, status {code}: {output}")

    code, output = lab.on(primary, "python3", "-c", MAKE, os.path.join(lab.data(primary), FILE), str(FILE_BYTES))
    expect(code == 0, f"cannot make a file: {output}")
    time.sleep(1)
    beneath(lab, other, FLIP, str(PLACE))
    code, said = verify(lab, primary)
    found = [(each["kind"], each["path"]) for each in said["list"]]
    expect(code == 1 and found == [("contents", FILE)], f"one bit was flipped, status {code}: {said}")
    each = said["list"][0]
    expect(each["offset"] <= PLACE < each["offset"] + each["length"], f"the bit at {PLACE}: {each}")
    code, output = lab.cli(primary, "status")
    expect(FILE in output and "--repair" in output, f"status does not say what to do: {output}")

    code, said = verify(lab, primary, "--repair")
    expect(code == 0 and said["regions_repaired"] == 1, f"repaired, but status {code}: {said}")
    code, said = verify(lab, primary)
    expect(code == 0 and said["complete"], f"repaired, but status {code}: {said}")
    lab.wait_for_load(primary)
    expect(lab.wait_pair() == primary, "the roles changed")


TESTS = [a_flipped_bit_is_found_and_repaired]
