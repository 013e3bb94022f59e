"""Two modules on one pair of servers, each active on another one: each has its own roles, and what happens to one does
not disturb the other."""
import contextlib
import os

from lab import CI, OTHER, SERVERS, eventually, expect

HOME = {"data": "s1", "mail": "s2"}


@contextlib.contextmanager
def meant(lab, module):
    """The lab's functions speak of this module meanwhile."""
    before, lab.module = lab.module, module
    try:
        yield
    finally:
        lab.module = before


def directory(lab, host, module):
    return os.path.join(lab.directory, host, module)


def add_module(lab):
    """A second module, as an administrator adds one: a file on each server, a restart, and which of them has the data."""
    for host in SERVERS:
        lab.halt(host)
        expect(lab.on(host, "mkdir", directory(lab, host, "mail"))[0] == 0, f"no directory on {host}")
        folder = os.path.join(lab.configuration(host), "modules")
        with open(os.path.join(folder, "data.toml"), encoding="utf-8") as file:
            text = file.read()
        text = text.replace(directory(lab, host, "data"), directory(lab, host, "mail"))
        expect("/mail" in text, f"the first module's file is not as expected: {text}")
        with open(os.path.join(folder, "mail.toml"), "w", encoding="utf-8") as file:
            file.write(text)
    for host in SERVERS:
        code, output = lab.cli(host, "check")
        expect(code == 0, f"check on {host}: {output}")
        lab.run(host)
    with meant(lab, "mail"):
        eventually(30, lambda: lab.cli(HOME["mail"], "prim", "--wait")[0] == 0, lambda: f"mail: {lab.describe()}")


class Writer:
    """A light load on one module, which remembers what was acknowledged."""

    def __init__(self, lab, module):
        self.lab, self.module = lab, module
        self.acks = os.path.join(lab.directory, "log", f"acknowledged-{module}")
        self.process = None

    def begin(self, host):
        command = (os.path.join(CI, "lib", "writer"), "run", directory(self.lab, host, self.module), self.acks)
        self.process = self.lab.spawn(host, *command)

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=30)

    def goes_on(self):
        """Until there are new acknowledgements."""

        def count():
            return os.path.getsize(self.acks) if os.path.exists(self.acks) else 0

        before = count()
        eventually(30, lambda: count() > before + 1000, f"nothing of {self.module} is acknowledged any more")

    def check(self, host):
        command = (os.path.join(CI, "lib", "writer"), "check", directory(self.lab, host, self.module), self.acks)
        code, output = self.lab.on(host, *command)
        expect(code == 0, f"{self.module} on {host}: {output}")


def settled(lab, module, host):
    """PRIM here and SECOND there, without anybody's help."""
    with meant(lab, module):
        lab.wait(host, "PRIM", seconds=60)
        lab.wait(OTHER[host], "SECOND", seconds=60)


def modules_are_active_on_both_servers(lab):
    """Each server serves one module and stands by for the other's; a power cut moves one module, the other one never stops;
    a hand-over moves one back, and both servers serve again."""
    lab.wait_pair()
    add_module(lab)
    with meant(lab, "data"):
        lab.wait_pair()
        if lab.role(HOME["data"]) != "PRIM":
            expect(lab.cli(HOME["data"], "swap")[0] == 0, "no swap of data")
    for module, host in HOME.items():
        settled(lab, module, host)
    code, output = lab.on("s1", f"{lab.binaries}/lockstep", "--config", lab.configuration("s1"), "status")
    expect("data: PRIM" in output and "mail: SECOND" in output, f"status of both on s1, status {code}: {output}")

    load = {module: Writer(lab, module) for module in HOME}
    for module, host in HOME.items():
        load[module].begin(host)
    for writer in load.values():
        writer.goes_on()

    lab.cut("s1")
    load["data"].process.wait(timeout=30)
    for module in HOME:
        with meant(lab, module):
            lab.wait("s2", "ALONE", seconds=60)
    load["mail"].goes_on()  # the same process: its server has never stopped serving
    load["data"].check("s2")
    load["data"].begin("s2")
    load["data"].goes_on()

    lab.power("s1")
    for module in HOME:
        settled(lab, module, "s2")
    load["data"].end()
    with meant(lab, "data"):
        code, output = lab.cli("s2", "swap")
        expect(code == 0, f"no swap of data: {output}")
    settled(lab, "data", "s1")
    settled(lab, "mail", "s2")
    load["data"].begin("s1")
    for writer in load.values():
        writer.goes_on()

    # A module that is told to stop takes none of the other with it.
    load["data"].end()
    with meant(lab, "data"):
        for host in ("s2", "s1"):
            expect(lab.cli(host, "stop")[0] == 0, f"data does not stop on {host}")
            lab.wait(host, "STOP")
    load["mail"].goes_on()
    with meant(lab, "data"):
        for host in SERVERS:
            expect(lab.cli(host, "start")[0] == 0, f"data does not start on {host}")
        lab.wait_pair()
    load["mail"].end()
    for module, writer in load.items():
        with meant(lab, module):
            writer.check(lab.wait_pair())
            lab.equal(module)


modules_are_active_on_both_servers.options = ("--size", "512M")
TESTS = [modules_are_active_on_both_servers]
