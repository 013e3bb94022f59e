"""What is measured: directories on a lab's first server, each on a fresh loop ext4 of its own and in a lab of its own.
Whoever makes a target ends its lab (ci/lab down)."""
import os
import shutil
import subprocess

from lab import Lab, eventually, expect

# Room for what all workloads leave behind between two removals.
DISK = "5G"
PASSTHROUGH = "/usr/share/doc/libfuse3-dev/examples/passthrough_ll.c"


class Target:
    """A directory of the first server that is measured at `path`."""

    name = ""

    def __init__(self, directory):
        self.lab = Lab(os.path.join(directory, self.name), "--size", DISK, *self.lab_options())
        self.path = os.path.join(self.lab.directory, "s1", "measured")
        self.start()

    def lab_options(self):
        return ("--no-start",)

    def start(self):
        self.run("s1", "mkdir", self.path)

    def check(self):
        """That what was measured did what it is for; the files of the last workload are still there."""

    def run(self, host, *command, timeout=60):
        code, output = self.lab.on(host, *command, timeout=timeout)
        expect(code == 0, f"{self.name}, {host}: {' '.join(command)[:300]}: {output[-1000:]}")
        return output

    @classmethod
    def missing(cls):
        """What has to be installed first; empty if nothing."""
        return ""


class Raw(Target):
    """The filesystem itself: what every other target is compared with."""

    name = "raw"


class Passthrough(Target):
    """FUSE and nothing else: libfuse's own example of its low-level API. The page cache is kept; it has no extended
    attributes, so no write asks for capabilities first; libfuse takes writes of 1 MiB by default. (It finds an object by
    walking a list, which costs some per cent of `meta`.)"""

    name = "passthrough"

    def start(self):
        program = os.path.join(self.lab.directory, "passthrough_ll")
        beneath = os.path.join(self.lab.directory, "s1", "beneath")
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "fuse3"], check=True, capture_output=True, text=True)
        subprocess.run(["cc", "-O2", "-w", "-o", program, PASSTHROUGH, *flags.stdout.split()], check=True)
        self.run("s1", "mkdir", beneath, self.path)
        options = f"source={beneath},cache=always,timeout=86400,allow_other"
        # It keeps a descriptor of each object that the kernel knows. One thread is the faster way for one caller.
        serve = f"ulimit -n $(ulimit -Hn); exec {program} -f -s -o {options} {self.path}"
        self.lab.spawn("s1", "bash", "-c", serve)
        eventually(10, lambda: self.lab.on("s1", "mountpoint", "-q", self.path)[0] == 0, "passthrough_ll does not mount")

    @classmethod
    def missing(cls):
        return "" if os.path.exists(PASSTHROUGH) else f"{PASSTHROUGH}, from libfuse3-dev with its documentation"


class Lockstep(Target):
    """The replicated directory; the other server's data is on a filesystem of its own."""

    def lab_options(self):
        return ("--durability", self.name)

    def start(self):
        expect(self.lab.wait_pair() == "s1", "s1 is not PRIM")
        self.path = self.lab.data("s1")

    def check(self):
        # Else what was measured was not replication.
        expect(self.lab.wait_pair() == "s1", "s1 is not PRIM any more")
        self.lab.equal()


class Commit(Lockstep):
    name = "commit"


class Replicated(Lockstep):
    name = "replicated"


class Durable(Lockstep):
    name = "durable"


class Glusterfs(Target):
    """GlusterFS, a volume of replica 2 with default settings: a brick on each server's filesystem, mounted on the first.
    Its daemons' ports, sockets, state and logs are in the lab's namespaces and directories only."""

    name = "glusterfs"
    STATE = ("/var/lib/glusterd", "/var/log/glusterfs")
    ADDRESS = {"s1": "10.77.1.1", "s2": "10.77.1.2"}

    def start(self):
        for host in self.ADDRESS:
            self.start_daemon(host)
        eventually(20, lambda: self.gluster("peer", "probe", self.ADDRESS["s2"])[0] == 0, "the peer is not accepted")
        eventually(20, lambda: "(Connected)" in self.gluster("peer", "status")[1], "the peer is not connected")
        bricks = [f"{address}:{self.brick(host)}" for host, address in self.ADDRESS.items()]
        self.expect_gluster("volume", "create", "bench", "replica", "2", *bricks, "force")
        self.expect_gluster("volume", "start", "bench")
        self.run("s1", "mkdir", self.path)
        # The daemon must not keep our pipe.
        mount = f"exec glusterfs --volfile-server={self.ADDRESS['s1']} --volfile-id=/bench {self.path} >/dev/null 2>&1"
        self.run("s1", "sh", "-c", mount)
        probe = "replicates"
        self.run("s1", "mkdir", os.path.join(self.path, probe))
        for host in self.ADDRESS:
            self.run(host, "test", "-d", os.path.join(self.brick(host), probe))
        self.run("s1", "rmdir", os.path.join(self.path, probe))

    def start_daemon(self, host):
        for place in self.STATE:
            ours = os.path.join(self.lab.directory, host, "gluster" + place.replace("/", "-"))
            self.run(host, "mkdir", "-p", ours, self.brick(host))
            self.run(host, "mount", "--bind", ours, place)
        self.run(host, "sh", "-c", "glusterd >/dev/null 2>&1")

    def brick(self, host):
        return os.path.join(self.lab.directory, host, "brick")

    def gluster(self, *arguments):
        return self.lab.on("s1", "gluster", "--mode=script", *arguments, timeout=120)

    def expect_gluster(self, *arguments):
        code, output = self.gluster(*arguments)
        expect(code == 0, f"gluster {' '.join(arguments)}: {output}")

    def check(self):
        sizes = {
            host: self.run(host, "sh", "-c", f"cd {self.brick(host)} && find . -path ./.glusterfs -prune -o -type f -printf '%P %s\\n' | sort")
            for host in self.ADDRESS
        }
        expect(sizes["s1"] == sizes["s2"], f"glusterfs: the bricks differ: {sizes}")

    @classmethod
    def missing(cls):
        return "" if shutil.which("glusterd") else "glusterfs-server: ci/setup --with-glusterfs"


TARGETS = {target.name: target for target in (Raw, Passthrough, Commit, Replicated, Durable, Glusterfs)}
