"""PostgreSQL on a directory, for pgbench: a filled database is made once and copied to where it is measured."""
import contextlib
import os
import re
import shutil
import subprocess
import tempfile

BINARIES = "/usr/lib/postgresql/15/bin"
AS_POSTGRES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups")
SCALE, CLIENTS = 10, 2

# Neither a checkpoint nor a vacuum falls into one measurement and not into another.
SETTINGS = """
listen_addresses = ''
max_wal_size = 4GB
checkpoint_timeout = 30min
autovacuum = off
"""


def run(program, *arguments):
    """As the user postgres, whose server keeps neither our directory nor our output open."""
    command = [*AS_POSTGRES, os.path.join(BINARIES, program), *arguments]
    with tempfile.TemporaryFile("w+") as output:
        code = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False)
        output.seek(0)
        said = output.read()
    if code.returncode != 0:
        raise subprocess.CalledProcessError(code.returncode, command, said)
    return said


class Server:
    """Runs on a copy of the database `source`, or on a new one without it. Stops and removes it in the end, unless
    told to `keep` it."""

    def __init__(self, source, directory, keep=False):
        self.source, self.directory, self.keep = source, directory, keep

    def __enter__(self):
        # A directory of its own for socket and log; the path of a socket must be short.
        self.runtime = tempfile.mkdtemp(prefix="bench-pg.", dir="/tmp")
        shutil.chown(self.runtime, "postgres", "postgres")
        try:
            self._start()
        except Exception:
            self._remove()
            raise
        return self

    def _start(self):
        shutil.rmtree(self.directory, ignore_errors=True)
        if self.source:
            subprocess.run(["cp", "-a", self.source, self.directory], check=True, capture_output=True, text=True)
            subprocess.run(["sync", "-f", self.directory], check=True)
        else:
            os.mkdir(self.directory, 0o700)
            shutil.chown(self.directory, "postgres", "postgres")
            run("initdb", "-D", self.directory, "-A", "trust", "-U", "postgres", "--no-locale")
            with open(os.path.join(self.directory, "postgresql.conf"), "a", encoding="ascii") as file:
                file.write(SETTINGS)
        log = os.path.join(self.runtime, "log")
        try:
            run("pg_ctl", "start", "-w", "-t", "60", "-D", self.directory, "-l", log, "-o", f"-k {self.runtime}")
        except subprocess.CalledProcessError as error:
            with contextlib.suppress(OSError), open(log, encoding="utf-8", errors="replace") as file:
                error.output += file.read()
            raise

    def __exit__(self, *_):
        run("pg_ctl", "stop", "-w", "-m", "fast", "-D", self.directory)
        self._remove()

    def _remove(self):
        shutil.rmtree(self.runtime, ignore_errors=True)
        if not self.keep:
            shutil.rmtree(self.directory, ignore_errors=True)

    def fill(self):
        run("pgbench", "-i", "-q", "-s", str(SCALE), "-h", self.runtime, "postgres")

    def pgbench(self, seconds):
        load = ("-n", "-c", str(CLIENTS), "-j", str(CLIENTS), "-T", str(seconds))
        output = run("pgbench", *load, "-h", self.runtime, "postgres")
        tps = re.search(r"^tps = ([\d.]+)", output, re.MULTILINE)
        latency = re.search(r"latency average = ([\d.]+)", output)
        failed = re.search(r"number of failed transactions: (\d+)", output)
        if not tps or not latency or (failed and int(failed[1])):
            raise ValueError(output[-500:])
        return {"tps": round(float(tps[1]), 1), "latency_ms": float(latency[1])}


@contextlib.contextmanager
def template(directory):
    """A filled database, in `directory` where one is named; its parent must be open to the user postgres."""
    with contextlib.ExitStack() as stack:
        if directory is None:
            parent = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-pg."))
            os.chmod(parent, 0o755)
            directory = os.path.join(parent, "template")
        if not os.path.exists(directory):
            unfinished = directory + ".new"
            with Server(None, unfinished, keep=True) as server:
                server.fill()
            os.rename(unfinished, directory)
        yield directory
