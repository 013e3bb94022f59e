"""The lab as the tests see it: a thin layer over ci/lab."""
import json
import os
import subprocess
import time

CI = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OTHER = {"s1": "s2", "s2": "s1"}
SERVERS = ("s1", "s2")


class Failure(Exception):
    """A test's expectation that did not hold."""


def expect(condition, text):
    if not condition:
        raise Failure(text)


def logged_at(log, text):
    """When a daemon has said this for the last time, as its log has it: texts that compare as times do."""
    lines = [line for line in log.splitlines() if text in line]
    expect(lines, f"never logged: {text}")
    return lines[-1][: len("2026-01-01 00:00:00.000")]


def eventually(seconds, condition, text):
    """Waits until condition() is true, and returns what it gave."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"{text() if callable(text) else text} (after {seconds} s)")
        time.sleep(0.1)


def rewrite(path, old, new):
    """In a file on this machine; what is to be replaced must be there."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    expect(old in text, f"{path} does not hold {old}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


class Lab:
    def __init__(self, directory, *options):
        self.directory = directory
        self.run_directory = os.path.join(directory, "run")
        self.acks = os.path.join(directory, "log", "acknowledged")
        self._lab("up", *options, timeout=240)
        self.module = "data"
        self.binaries = self._setting("BIN")
        self.third_vote = self._setting("THIRD_VOTE")

    def down(self):
        self._lab("down")

    # -- commands -----------------------------------------------------------------------------------------------

    def _lab(self, verb, *arguments, timeout=120, expected=0):
        command = [os.path.join(CI, "lab"), verb, self.directory, *arguments]
        result = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        if result.returncode != expected:
            output = (result.stdout + result.stderr)[-4000:]
            raise Failure(f"ci/lab {verb} {' '.join(arguments)}: status {result.returncode}\n{output}")
        return result.stdout

    def _setting(self, name):
        with open(os.path.join(self.directory, "lab.conf"), encoding="utf-8") as file:
            for line in file:
                if line.startswith(name + "="):
                    return line.split("=", 1)[1].strip()
        raise KeyError(name)

    def on(self, host, *command, timeout=60):
        """Runs a command on a host: (status, output of both kinds)."""
        command = [os.path.join(CI, "lab"), "on", self.directory, host, *command]
        try:
            result = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired as error:
            return 124, (error.stdout or b"").decode(errors="replace")
        return result.returncode, result.stdout

    def spawn(self, host, *command):
        """Starts a command on a host and does not wait for it."""
        command = [os.path.join(CI, "lab"), "on", self.directory, host, *command]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def pipe(self, host, *command):
        """Starts a command on a host whose output the caller reads."""
        command = [os.path.join(CI, "lab"), "on", self.directory, host, *command]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def cli(self, host, *arguments, timeout=60):
        command = [f"{self.binaries}/lockstep", "--config", self.configuration(host), "--node", host]
        return self.on(host, *command, "-m", self.module, *arguments, timeout=timeout)

    def cut(self, *hosts):
        """Power cut, of several hosts at the same time."""
        self._all("cut", hosts)

    def power(self, *hosts):
        self._all("power", hosts)

    def _all(self, verb, hosts):
        commands = [[os.path.join(CI, "lab"), verb, self.directory, host] for host in hosts]
        processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]
        for process, host in zip(processes, hosts):
            _, error = process.communicate(timeout=60)
            expect(process.returncode == 0, f"ci/lab {verb} {host}: {error}")

    def part(self, what):
        self._lab("part", what)

    def heal(self):
        self._lab("heal")

    def kill(self, host):
        self._lab("kill", host)

    def freeze(self, host):
        self._lab("freeze", host)

    def thaw(self, host):
        self._lab("thaw", host)

    def halt(self, host):
        self._lab("halt", host)

    def run(self, host):
        self._lab("run", host)

    # -- places -------------------------------------------------------------------------------------------------

    def data(self, host):
        return os.path.join(self.directory, host, "data")

    def configuration(self, host):
        return os.path.join(self.directory, "config", host)

    def log(self, host, program="lockstepd"):
        try:
            with open(os.path.join(self.directory, "log", f"{host}.{program}.log"), encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    # -- the cluster --------------------------------------------------------------------------------------------

    def status(self, host):
        """What a server says of itself; empty if it does not answer."""
        try:
            code, output = self.cli(host, "status", "--json", timeout=10)
            return json.loads(output) if code == 0 else {}
        except (Failure, json.JSONDecodeError):
            return {}

    def role(self, host):
        """Its role, if that is settled: PRIM, ALONE and SECOND only once ready."""
        status = self.status(host)
        role = status.get("role", "")
        if role in ("PRIM", "ALONE", "SECOND") and status.get("ready") not in (True, "ready"):
            return role.lower()
        return role

    def describe(self):
        lines = []
        for host in SERVERS:
            status = self.status(host)
            if status:
                lines.append(f"{host}: {status.get('role')} {status.get('ready')}: {status.get('reason')}")
            else:
                lines.append(f"{host}: no answer")
        return "; ".join(lines)

    def wait(self, host, *roles, seconds=30):
        return eventually(
            seconds,
            lambda: (role := self.role(host)) in roles and role,
            lambda: f"{host} does not become {' or '.join(roles)}: {self.describe()}",
        )

    def wait_pair(self, seconds=60):
        """Until one server is PRIM and the other SECOND; returns the primary."""

        def primary():
            roles = {host: self.role(host) for host in SERVERS}
            for host in SERVERS:
                if roles[host] == "PRIM" and roles[OTHER[host]] == "SECOND":
                    return host
            return None

        return eventually(seconds, primary, lambda: f"no PRIM and SECOND: {self.describe()}")

    # -- the load -----------------------------------------------------------------------------------------------

    def acknowledged(self):
        """(kind, number, node, time) of every acknowledgement that the load was given."""
        try:
            with open(self.acks, encoding="ascii") as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            return []
        return [(f[0], int(f[1]), f[2], float(f[3])) for f in (line.split() for line in lines) if len(f) == 4]

    def acknowledged_after(self, host, moment):
        return [entry for entry in self.acknowledged() if entry[2] == host and entry[3] > moment]

    def wait_for_load(self, host, seconds=30):
        """Until the load on this server is given new acknowledgements."""
        since = time.monotonic()
        eventually(
            seconds,
            lambda: len(self.acknowledged_after(host, since)) >= 20,
            lambda: f"the load on {host} does not go on: {self.describe()}; it says: {self.log(host, 'writer')[-500:]}",
        )

    def longest_stall(self, since):
        times = sorted(entry[3] for entry in self.acknowledged())
        pairs = [(after - before) for before, after in zip(times, times[1:]) if after >= since]
        return max(pairs, default=float("inf"))

    def load(self, wanted):
        """Starts or ends the load, by a restart of the application where it runs."""
        switch = os.path.join(self.run_directory, "load.off")
        if wanted and os.path.exists(switch):
            os.remove(switch)
        elif not wanted:
            with open(switch, "w", encoding="ascii"):
                pass
        primary = self.wait_pair()
        code, output = self.cli(primary, "restart")
        expect(code == 0, f"restart is refused: {output}")
        eventually(30, lambda: self.role(primary) == "PRIM", lambda: f"no PRIM after restart: {self.describe()}")
        return primary

    def verify(self):
        """At rest: nothing acknowledged is missing, and the two servers' disks hold the same."""
        primary = self.load(False)
        # `restart` may answer before it is done.
        writer = "! { [ -e /run/writer.pid ] && kill -0 $(cat /run/writer.pid); } 2>/dev/null"
        eventually(20, lambda: self.on(primary, "sh", "-c", writer)[0] == 0, "the load does not end")
        # Until the restart is done, whoever has a file of the directory open is taken for the application, and ended.
        eventually(30, lambda: self.role(primary) == "PRIM", lambda: f"no PRIM after restart: {self.describe()}")
        code, output = self.on(primary, os.path.join(CI, "lib", "writer"), "check", self.data(primary), self.acks)
        expect(code == 0, f"the load's account on {primary}, status {code}: {output}")
        self.equal()
        self.load(True)
        self.wait_for_load(primary)

    def equal(self, directory="data"):
        """Compares the module's directory on the two servers' disks once. They are at rest when both are at the same LSN; no second try, since a
        resync in between would put right what should not have differed."""

        def at_rest():
            status = {host: self.status(host) for host in SERVERS}
            lsn = {host: status[host].get("lsn") for host in SERVERS}
            return status["s1"] if lsn["s1"] is not None and lsn["s1"] == lsn["s2"] else None

        before = eventually(10, at_rest, lambda: f"the secondary does not catch up at rest: {self.describe()}")
        command = [os.path.join(CI, "lab"), "compare", self.directory, directory]
        result = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        said = (result.stdout + result.stderr)[-2000:]
        expect(result.returncode == 0, f"the directories differ:\n{said}")
        expect(self.status("s1").get("epoch") == before["epoch"], "the roles changed while nothing happened")
