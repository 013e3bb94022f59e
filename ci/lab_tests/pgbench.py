"""A PostgreSQL under pgbench, to see what its clients notice."""
import os
import time

from lab import eventually, expect

BINARIES = "/usr/lib/postgresql/15/bin"
STALL_MAX_S = 1.0


def runs(program, on):
    """Whether the program runs there; `on` as a Database has it."""
    status, output = on("pgrep", "-x", program)
    expect(status in (0, 1) and (status == 0) == bool(output.strip()), f"pgrep: status {status}: {output}")
    return status == 0


class Database:
    """`on` runs a command where the database is, `spawn` starts one there; `connection`: options of psql and pgbench."""

    def __init__(self, on, spawn, connection):
        self.on, self.spawn, self.connection = on, spawn, connection

    def sql(self, query):
        code, output = self.on(f"{BINARIES}/psql", "-X", "-A", "-t", "-q", *self.connection, "-c", query, timeout=60)
        expect(code == 0, f"psql: {output}")
        return output.strip()


class Bench:
    """pgbench with two clients beside the database, so that nothing but the database can end its sessions."""

    def __init__(self, database, directory):
        self.database = database
        self.prefix = os.path.join(directory, f"pgbench-{time.monotonic_ns()}")
        connection = " ".join(database.connection)
        code, output = database.on("sh", "-c", f"{BINARIES}/pgbench {connection} -i -s 2 -q postgres", timeout=120)
        expect(code == 0, f"pgbench -i: {output}")
        command = f"exec {BINARIES}/pgbench {connection} -n -c 2 -T 3600 -l --log-prefix={self.prefix} postgres >{self.prefix}.said 2>&1"
        self.process = database.spawn("sh", "-c", command)
        self.wait_for_transactions()

    def said(self):
        with open(self.prefix + ".said", encoding="utf-8") as file:
            return file.read()

    def committed(self):
        return int(self.database.sql("select count(*) from pgbench_history"))

    def wait_for_transactions(self):
        """New ones, and a few, are committed."""
        before = self.committed()
        eventually(30, lambda: self.committed() > before + 20, lambda: f"pgbench does not go on: {self.said()}")

    def latencies(self):
        """Of each acknowledged transaction, in seconds."""
        folder, name = os.path.split(self.prefix)
        found = []
        for each in sorted(os.listdir(folder)):
            if each.startswith(name + ".") and not each.endswith(".said"):
                with open(os.path.join(folder, each), encoding="ascii") as file:
                    found += [int(line.split()[2]) / 1e6 for line in file]
        return found

    def end_unnoticed(self):
        """In good order, as after its time: no transaction has failed, every one is there, and none has taken long."""
        expect(self.process.poll() is None, f"pgbench has ended: {self.said()}")
        self.database.on("pkill", "-ALRM", "-x", "pgbench")
        status = self.process.wait(timeout=60)
        said = self.said()
        expect(status == 0 and "number of failed transactions: 0 " in said, f"pgbench, status {status}: {said}")
        latencies = self.latencies()
        committed = self.committed()
        expect(committed == len(latencies), f"{len(latencies)} transactions were acknowledged, and {committed} are there")
        print(f"    the longest of {committed} transactions took {max(latencies):.3f} s", flush=True)
        expect(max(latencies) < STALL_MAX_S, f"a transaction took {max(latencies):.3f} s")
