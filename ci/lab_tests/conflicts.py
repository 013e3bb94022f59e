"""Two histories that meet: what only the loser had is kept aside on it, and given back byte for byte."""
import hashlib
import json
import os
import time

from lab import OTHER, eventually, expect

# Writes files of random bytes so that they outlive a power cut: the directory, then names and sizes.
WRITE = """
import os, sys
for name, size in zip(sys.argv[2::2], sys.argv[3::2]):
    path = os.path.join(sys.argv[1], name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o640)
    os.write(fd, os.urandom(int(size)))
    os.fsync(fd)
    while path != sys.argv[1]:
        path = os.path.dirname(path)
        os.fsync(os.open(path, os.O_RDONLY))
"""
OVERWRITE = """
import os, sys
fd = os.open(os.path.join(sys.argv[1], "conflict", "common"), os.O_WRONLY | os.O_TRUNC)
os.write(fd, b"the winner's")
os.fsync(fd)
"""


def python(lab, host, program, *arguments):
    code, output = lab.on(host, "python3", "-c", program, *arguments)
    expect(code == 0, f"on {host}: {output}")


def done(lab, host, *arguments):
    code, output = lab.cli(host, *arguments)
    expect(code == 0, f"{' '.join(arguments)} on {host}: {output}")
    return output


def digests(lab, host, directory, *names):
    """Of the files as the host sees them."""
    code, output = lab.on(host, "sha256sum", *(os.path.join(directory, name) for name in names))
    expect(code == 0, output)
    return [line.split()[0] for line in output.splitlines()]


def what_only_the_loser_had_is_kept_aside(lab):
    """The one that is ALONE writes and loses its power, the other is forced; the first comes back: nothing is lost."""
    loser = lab.load(False)
    winner = OTHER[loser]
    python(lab, loser, WRITE, lab.data(loser), "conflict/common", "1000")
    lab.equal()
    lab.cut(winner)
    lab.wait(loser, "ALONE")
    python(lab, loser, WRITE, lab.data(loser), "conflict/common", "100000", "conflict/only/alone", "3000000",
           "conflict/only/small", "17")
    names = ("common", "only/alone", "only/small")
    written = digests(lab, loser, os.path.join(lab.data(loser), "conflict"), *names)
    lab.cut(loser)

    lab.power(winner)
    lab.wait(winner, "WAIT")
    eventually(30, lambda: lab.cli(winner, "prim", "--force")[0] == 0, "prim --force is refused")
    lab.wait(winner, "ALONE")
    python(lab, winner, OVERWRITE, lab.data(winner))
    lab.power(loser)
    expect(lab.wait_pair() == winner, "the application was moved")

    listed = {kept["path"]: kept for kept in json.loads(done(lab, loser, "conflicts", "--json"))}
    for name in names:
        expect(f"conflict/{name}" in listed, f"conflict/{name} is not listed: {sorted(listed)}")
    expect(listed["conflict/common"]["present"]["bytes"] == len("the winner's"), f"{listed['conflict/common']}")
    expect(listed["conflict/only/alone"]["present"] is None, f"{listed['conflict/only/alone']}")
    status = lab.status(loser)
    expect(status["conflicts"]["count"] == len(listed), f"{status['conflicts']}, {len(listed)} are listed")
    expect("conflicts" in status["next_step"], f"next step: {status['next_step']}")
    expect(lab.status(winner)["conflicts"]["count"] == 0, "the winner has kept something aside")

    place = os.path.join(lab.run_directory, f"restored-{time.monotonic_ns()}")
    os.mkdir(place)
    done(lab, loser, "conflicts", "restore", "conflict/common", "--to", place)
    done(lab, loser, "conflicts", "restore", "conflict/only", "--to", place)
    for name, digest in zip(names, written):
        with open(os.path.join(place, name), "rb") as file:
            expect(hashlib.sha256(file.read()).hexdigest() == digest, f"{name} is not what was written")
    code, _ = lab.cli(loser, "conflicts", "restore", "conflict/common", "--to", place)
    expect(code == 1, "a file was overwritten")

    done(lab, loser, "conflicts", "drop", "conflict/common")
    done(lab, loser, "conflicts", "drop", "--all")
    eventually(5, lambda: lab.status(loser)["conflicts"] == {"count": 0, "bytes": 0}, "something is kept still")
    lab.load(True)
    lab.wait_for_load(lab.wait_pair())


TESTS = [what_only_the_loser_had_is_kept_aside]
