#!/usr/bin/python3
"""What bringing a server up to date costs, in the lab, each figure beside its baseline in the same run.

  bench/resync.py [--json FILE] [NAME...]

  many_files     2 GiB in 20,000 files to an empty server, beside rsync's daemon between the same two network
                 namespaces and onto the same disks
  large_file     one file of 4 GiB to an empty server, beside a copy from a socket to a file, as it is and through TLS
  million_files  a tree of 1,000,000 files of which 100 change while the other server is away
  postgresql     pgbench beside a resync, as a share of what it does ALONE
"""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "ci", "lab_tests"))
from lab import Lab, eventually, expect  # noqa: E402

MIB = 1 << 20
FILES, FILE_BYTES = 20_000, 107_374  # 2 GiB
LARGE_MIB = 4096
ROUNDS = 3
TREE_FILES, CHANGED_FILES = 1_000_000, 100
# Two common checkpoints.
COOLED_AFTER_S = 75
WARM_UP_S, ALONE_S = 5, 10

MANY = """
import os, sys
base, files, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
block = os.urandom(1 << 20)
for directory in range(files // 100):
    os.mkdir(f"{base}/d{directory}")
    for file in range(100):
        offset = (directory * 100 + file) * 37 % 900_000
        with open(f"{base}/d{directory}/f{file}", "wb") as out:
            out.write((block[offset:] + block)[:size])
"""
ONE = """
import os, sys
block = os.urandom(1 << 20)
with open(sys.argv[1] + "/large", "wb") as out:
    for i in range(int(sys.argv[2])):
        out.write(block[i * 7:] + block[:i * 7])
"""
TREE = """
import os, sys
base, files = sys.argv[1], int(sys.argv[2])
for directory in range(files // 1000):
    os.mkdir(f"{base}/d{directory}")
    for file in range(1000):
        fd = os.open(f"{base}/d{directory}/f{file}", os.O_CREAT | os.O_WRONLY, 0o644)
        os.write(fd, b"x" * 100)
        os.close(fd)
"""
CHANGE = """
import os, sys
base, files, changed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for i in range(changed):
    fd = os.open(f"{base}/d{i * 7 % (files // 1000)}/f{i}", os.O_WRONLY)
    os.pwrite(fd, b"changed" + os.urandom(4), 10)
    os.close(fd)
"""
# How a plain copy is sent and received: as it is, or through TLS with the cipher that Lockstep's links use.
SERVER = """
import os, socket, ssl, sys
address, target, sync, certificate = sys.argv[1:]
listener = socket.create_server((address, 9871))
connection, _ = listener.accept()
if certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    connection = context.wrap_socket(connection, server_side=True)
    assert connection.cipher()[0] == "TLS_AES_128_GCM_SHA256", connection.cipher()
buffer = memoryview(bytearray(1 << 20))
with open(target, "wb", buffering=0) as out:
    filled = 0
    while count := connection.recv_into(buffer[filled:]):
        filled += count
        if filled == len(buffer) or not certificate:
            out.write(buffer[:filled])
            filled = 0
    out.write(buffer[:filled])
    if sync:
        os.fsync(out.fileno())
if certificate:
    connection.unwrap()
else:
    connection.sendall(b"done")
"""
CLIENT = """
import socket, ssl, sys
address, path, certificate = sys.argv[1:]
for _ in range(100):
    try:
        connection = socket.create_connection((address, 9871))
        break
    except OSError:
        import time; time.sleep(0.05)
with open(path, "rb", buffering=0) as source:
    if certificate:
        context = ssl.create_default_context(cafile=certificate)
        context.check_hostname = False
        connection = context.wrap_socket(connection)
        buffer = memoryview(bytearray(1 << 20))
        while count := source.readinto(buffer):
            connection.sendall(buffer[:count])
        connection.unwrap()
    else:
        connection.sendfile(source)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(4) == b"done"
"""
CIPHER = """
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = ciphers
[ciphers]
Ciphersuites = TLS_AES_128_GCM_SHA256
"""


def run(lab, host, *command, timeout=900):
    code, output = lab.on(host, *command, timeout=timeout)
    expect(code == 0, f"on {host}: {' '.join(command)[:200]}: {output[-1000:]}")
    return output


def python(lab, host, program, *arguments):
    return run(lab, host, "python3", "-c", program, *[str(argument) for argument in arguments], timeout=1800)


def timed(action):
    since = time.monotonic()
    action()
    return time.monotonic() - since


def settle():
    """Nothing of one measurement is written back, or kept in memory, during the next."""
    subprocess.run(["sync"], check=True)
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
        file.write("3")


class TouchedMemory:
    """The host of a virtual machine takes back what has been free for a moment: whoever is the first to use it again
    waits for it, many times as long as the copy of a page takes. That must not hit one of two measurements. So what is
    free is taken by a process that touches all of it, and gives it up bit by bit as it is needed."""

    PROGRAM = """
import mmap, time
MIB = 1 << 20
def free():
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("MemFree:"))
size, step = max(free() - 300 * MIB, 0) // MIB * MIB, 128 * MIB
memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_HUGEPAGE)
for at in range(0, size, 4096):
    memory[at] = 1
for at in range(0, size, step):
    if at == step * 4:
        print("touched", flush=True)
    while at >= step * 4 and free() > 700 * MIB:
        time.sleep(0.002)
    memory.madvise(mmap.MADV_DONTNEED, at, min(step, size - at))
time.sleep(3600)
"""

    def __enter__(self):
        self.process = subprocess.Popen(["python3", "-c", self.PROGRAM], stdout=subprocess.PIPE, text=True)
        expect(self.process.stdout.readline() == "touched\n", "the memory cannot be touched")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def warm(lab, host, directory):
    run(lab, host, "sh", "-c", f"find {directory} -type f -exec cat {{}} + >/dev/null")


def moment(line):
    """Seconds of the day, of a line of the daemon's log."""
    hours, minutes, seconds = line.split()[1].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def resync_times(lab, host):
    """The last resync, by the daemon's own log, from the moment when the two found each other: (seconds until all was
    copied, seconds until it was on disk)."""
    lines = lab.log(host).splitlines()
    last = {}
    for line in lines:
        for what in ("connected with the peer", "everything is copied", "resync ended"):
            if what in line:
                last[what] = moment(line)
    began = last["connected with the peer"]
    return last["everything is copied"] - began, last["resync ended"] - began


def resyncs_ended(lab, host):
    return lab.log(host).count("resync ended")


def resync(lab, host, come_back, seconds=900):
    """Lets a server come back, and waits until it is up to date; by its log, because asking for its status takes
    processor time from what is measured."""
    before = resyncs_ended(lab, host)
    come_back()
    eventually(seconds, lambda: resyncs_ended(lab, host) > before, f"the resync of {host} does not end")
    lab.wait(host, "SECOND")


def address(lab, host):
    output = run(lab, host, "ip", "-j", "addr", "show", "dev", f"repl-{host}")
    return next(a["local"] for a in json.loads(output)[0]["addr_info"] if a["family"] == "inet")


def rsync(lab, source, target):
    """From the first server's disk to the second's: seconds without and with what it wrote brought to disk."""
    there = address(lab, "s2")
    configuration = os.path.join(lab.directory, "rsyncd.conf")
    with open(configuration, "w", encoding="ascii") as file:
        file.write(f"uid = 0\ngid = 0\nuse chroot = no\n[target]\npath = {target}\nread only = no\n")
    options = ["--no-detach", f"--config={configuration}", f"--address={there}", "--port=9872"]
    daemon = lab.spawn("s2", "rsync", "--daemon", *options)
    time.sleep(0.5)
    try:
        bare = timed(lambda: run(lab, "s1", "rsync", "-a", f"{source}/", f"rsync://{there}:9872/target/"))
        return bare, bare + timed(lambda: run(lab, "s2", "sync", "-f", target))
    finally:
        daemon.terminate()
        daemon.wait()


def socket_copy(lab, source, target, sync=False, certificate=""):
    there = address(lab, "s2")
    cipher = os.path.join(lab.directory, "cipher.cnf")
    with open(cipher, "w", encoding="ascii") as file:
        file.write(CIPHER)
    python3 = ["env", f"OPENSSL_CONF={cipher}", "python3", "-c"]
    server = lab.spawn("s2", *python3, SERVER, there, target, "sync" if sync else "", certificate)

    def copy():
        run(lab, "s1", *python3, CLIENT, there, source, certificate)
        expect(server.wait() == 0, "the copy did not arrive")

    return timed(copy)


def own_certificate(lab):
    """Of nobody, with its key, in one file."""
    path = os.path.join(lab.directory, "copy.pem")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", "/CN=copy", "-days", "2", "-keyout", path + ".key", "-out", path]
    subprocess.run(command, check=True, capture_output=True)
    with open(path, "a", encoding="ascii") as file, open(path + ".key", encoding="ascii") as key:
        file.write(key.read())
    return path


def alone_on_the_machine(lab, source, action):
    """What the action measures, onto an empty directory beside the second server's data, the source in memory."""
    run(lab, "s2", "sh", "-c", f"rm -rf {beside(lab, 's2')}/*")
    settle()
    warm(lab, "s1", source)
    with TouchedMemory():
        return action()


def beside(lab, host):
    """A directory on the disk that a server's data is on."""
    return os.path.join(lab.directory, host, "beside")


def first_sync(lab, program, arguments, baselines):
    """Seconds, medians: of a resync of an empty server with what the program makes, and of `baselines`, which are given
    the same in beside() of the first server, to be copied to that of the second."""
    lab.wait_pair()
    for host in ("s1", "s2"):
        run(lab, host, "mkdir", beside(lab, host))
    lab.halt("s2")
    lab.wait("s1", "ALONE")
    python(lab, "s1", program, lab.data("s1"), *arguments)
    run(lab, "s1", "cp", "-a", f"{lab.data('s1')}/.", beside(lab, "s1"))
    rounds = []
    for _ in range(ROUNDS):
        seconds = baselines(lab)
        empty(lab, "s2")
        lab.part("repl")
        lab.run("s2")
        alone_on_the_machine(lab, lab.data("s1"), lambda: resync(lab, "s2", lab.heal))
        seconds["lockstep"], seconds["lockstep_on_disk"] = resync_times(lab, "s2")
        rounds.append(seconds)
        print(f"    {seconds}", flush=True)
        lab.halt("s2")
        lab.wait("s1", "ALONE")
    return {name: statistics.median(seconds[name] for seconds in rounds) for name in rounds[0]}


def report(size, seconds, copied_by, on_disk_by):
    """With Lockstep's rates as shares of those of the baselines that are named."""
    result = {"bytes": size, "seconds": seconds}
    for ours, baselines in (("lockstep", copied_by), ("lockstep_on_disk", on_disk_by)):
        for name in baselines:
            result[f"{ours}_by_{name}"] = seconds[name] / seconds[ours]
    return result


def many_files(directory):
    def copies(lab):
        source, target = beside(lab, "s1"), beside(lab, "s2")
        bare, on_disk = alone_on_the_machine(lab, source, lambda: rsync(lab, source, target))
        return {"rsync": bare, "rsync_on_disk": on_disk}

    lab = Lab(os.path.join(directory, "many"), "--size", "12G")
    try:
        seconds = first_sync(lab, MANY, (FILES, FILE_BYTES), copies)
        return report(FILES * FILE_BYTES, seconds, ["rsync"], ["rsync_on_disk"])
    finally:
        lab.down()


def large_file(directory):
    def copies(lab):
        source, target = (os.path.join(beside(lab, host), "large") for host in ("s1", "s2"))
        kinds = {"socket": {}, "socket_on_disk": {"sync": True}, "tls": {"certificate": own_certificate(lab)}}
        return {
            name: alone_on_the_machine(lab, beside(lab, "s1"), lambda: socket_copy(lab, source, target, **how))
            for name, how in kinds.items()
        }

    lab = Lab(os.path.join(directory, "large"), "--size", "20G")
    try:
        seconds = first_sync(lab, ONE, (LARGE_MIB,), copies)
        return report(LARGE_MIB * MIB, seconds, ["socket", "tls"], ["socket_on_disk"])
    finally:
        lab.down()


def empty(lab, host):
    """The server was replaced: it has neither data nor state."""
    run(lab, host, "sh", "-c", f"rm -rf {lab.data(host)}/* {lab.directory}/{host}/state/*")


def peak_mib(lab, host):
    """The daemon's greatest memory use since forget_peak(), or since its start."""
    status = run(lab, host, "sh", "-c", "cat /proc/$(pgrep -xo lockstepd)/status")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024


def forget_peak(lab, host):
    run(lab, host, "sh", "-c", "echo 5 >/proc/$(pgrep -xo lockstepd)/clear_refs")


def million_files(directory):
    lab = Lab(os.path.join(directory, "million"), "--size", "40G")
    results = {"files": TREE_FILES, "changed": CHANGED_FILES, "returns": []}
    try:
        lab.wait_pair()
        lab.halt("s2")
        lab.wait("s1", "ALONE")
        results["created_alone_s"] = timed(lambda: python(lab, "s1", TREE, lab.data("s1"), TREE_FILES))
        resync(lab, "s2", lambda: lab.run("s2"))
        _, results["first_sync_s"] = resync_times(lab, "s2")
        results["first_sync_memory_mib"] = {host: peak_mib(lab, host) for host in ("s1", "s2")}
        print(f"    {results}", flush=True)
        time.sleep(COOLED_AFTER_S)
        for how, leave, come_back in (("clean stop", lab.halt, lab.run), ("power cut", lab.cut, lab.power)):
            leave("s2")
            lab.wait("s1", "ALONE", seconds=60)
            python(lab, "s1", CHANGE, lab.data("s1"), TREE_FILES, CHANGED_FILES)
            forget_peak(lab, "s1")
            took = timed(lambda: resync(lab, "s2", lambda: come_back("s2")))
            _, resync_s = resync_times(lab, "s2")
            results["returns"].append(
                {
                    "after": how,
                    "second_after_s": took,
                    "resync_s": resync_s,
                    "bytes_copied": lab.status("s2")["resync"]["bytes_copied"],
                    "memory_mib": {host: peak_mib(lab, host) for host in ("s1", "s2")},
                }
            )
            print(f"    {results['returns'][-1]}", flush=True)
    finally:
        lab.down()
    return results


class Pgbench:
    """Transactions on the first server until it is told to end: (time, how many in the second before)."""

    def __init__(self, lab):
        command = "setpriv --reuid=postgres --regid=postgres --init-groups /usr/lib/postgresql/15/bin/pgbench"
        self.lab, self.command = lab, command + " -h /run/postgresql"

    def initialise(self):
        run(self.lab, "s1", "sh", "-c", f"cd / && {self.command} -i -q -s 10 postgres")

    def begin(self):
        self.seconds = []
        arguments = "-c 2 -j 1 -T 3600 -P 1 postgres"
        self.process = self.lab.pipe("s1", "sh", "-c", f"cd / && exec {self.command} {arguments} 2>&1")
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            if found := re.match(r"progress: .* s, ([\d.]+) tps, lat ([\d.]+) ms", line):
                self.seconds.append((time.monotonic(), float(found[1]), float(found[2])))

    def end(self):
        self.lab.on("s1", "pkill", "-x", "pgbench")
        self.process.wait()
        self.reader.join()

    def mean(self, since, until):
        """(transactions a second, milliseconds a transaction) of the whole seconds in between."""
        there = [entry for entry in self.seconds if since + 1 <= entry[0] <= until]
        return statistics.mean(e[1] for e in there), statistics.mean(e[2] for e in there)


def postgresql(directory):
    lab = Lab(os.path.join(directory, "postgresql"), "--size", "12G", "--application", "postgres")
    rounds = []
    try:
        lab.wait_pair()
        lab.halt("s2")
        lab.wait("s1", "ALONE")
        run(lab, "s1", "mkdir", f"{lab.data('s1')}/bulk")
        python(lab, "s1", MANY, f"{lab.data('s1')}/bulk", FILES, FILE_BYTES)
        pgbench = Pgbench(lab)
        pgbench.initialise()
        for _ in range(ROUNDS):
            empty(lab, "s2")
            subprocess.run(["sync"], check=True)
            pgbench.begin()
            time.sleep(WARM_UP_S)
            began = time.monotonic()
            time.sleep(ALONE_S)
            returns = time.monotonic()
            resync(lab, "s2", lambda: lab.run("s2"))
            ended = time.monotonic()
            time.sleep(ALONE_S)
            left = time.monotonic()
            lab.halt("s2")
            lab.wait("s1", "ALONE")
            again = time.monotonic()
            time.sleep(ALONE_S)
            finished = time.monotonic()
            pgbench.end()
            before, during = pgbench.mean(began, returns), pgbench.mean(returns, ended)
            together, after = pgbench.mean(ended + 1, left), pgbench.mean(again, finished)
            alone = [statistics.mean(pair) for pair in zip(before, after)]
            rounds.append(
                {
                    "alone_tps": alone[0],
                    "resync_tps": during[0],
                    "in_sync_tps": together[0],
                    "alone_ms": alone[1],
                    "resync_ms": during[1],
                    "resync_s": ended - returns,
                    "ratio": during[0] / alone[0],
                }
            )
            print(f"    {rounds[-1]}", flush=True)
    finally:
        lab.down()
    return {"rounds": rounds, "ratio": statistics.median(entry["ratio"] for entry in rounds)}


BENCHMARKS = {"many_files": many_files, "large_file": large_file, "million_files": million_files, "postgresql": postgresql}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - BENCHMARKS.keys()
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    directory = tempfile.mkdtemp(prefix="lockstep-bench.")
    os.chmod(directory, 0o755)  # for the user postgres
    results = {}
    try:
        for name in arguments.names or BENCHMARKS:
            results[name] = BENCHMARKS[name](directory)
            print(json.dumps({name: results[name]}, indent=2), flush=True)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    if arguments.json:
        with open(arguments.json, "w", encoding="ascii") as file:
            json.dump(results, file, indent=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
