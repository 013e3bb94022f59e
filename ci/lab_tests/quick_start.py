"""The guide's quick start, word for word, on hosts on which the packages' files are installed and nothing is configured. The
tests share one cluster, which the first of them sets up; each starts and ends with PRIM and SECOND."""
import json
import os
import re
import shutil
import subprocess

from lab import CI, SERVERS, eventually, expect

ROOT = os.path.dirname(CI)
CHAPTER = os.path.join(ROOT, "prod", "guide", "postgresql.md")
COMMANDS_MAX = 5
# What the chapter says to put in its examples' place.
PLACEHOLDERS = {"10.0.1.1": "10.77.1.1", "10.0.1.2": "10.77.1.2", "10.0.0.3": "10.77.0.3"}
HOSTS = {"On s1": "s1", "On s2": "s2", "On the third machine": "w"}
MACHINES = ("s1", "s2", "w")
DATA = "/srv/postgresql"


def commands():
    """(host, command) of each line in the fenced blocks of "Quick start"; the sentence before a block says on which host."""
    with open(CHAPTER, encoding="utf-8") as file:
        section = re.search(r"^## Quick start\n(.*?)^## ", file.read(), re.DOTALL | re.MULTILINE)
    expect(section is not None, f"{CHAPTER} has no section \"Quick start\"")
    found = []
    for before, block in re.findall(r"(.*?)^```sh\n(.*?)^```\n", section[1], re.DOTALL | re.MULTILINE):
        named = sorted((before.rfind(words), host) for words, host in HOSTS.items() if words in before)
        expect(named, f"the text does not say on which host: {block}")
        found += [(named[-1][1], line) for line in block.replace("\\\n", " ").splitlines() if line.strip()]
    return found


def install(lab):
    """The packages' files, beneath one directory, as dpkg would put them beneath /."""
    stage = os.path.join(lab.run_directory, "packages")
    shutil.rmtree(stage, ignore_errors=True)
    for component in ("lockstep", "lockstep-witness"):
        command = ["cmake", "--install", os.path.dirname(lab.binaries), "--component", component, "--prefix", "/usr"]
        result = subprocess.run(command, env={**os.environ, "DESTDIR": stage}, capture_output=True, text=True, check=False)
        expect(result.returncode == 0, f"cannot install {component}: {result.stdout}{result.stderr}")
    shutil.copytree(os.path.join(stage, "lib"), os.path.join(stage, "usr", "lib"), dirs_exist_ok=True)
    shutil.copy(os.path.join(CI, "lib", "systemctl_stand_in"), os.path.join(stage, "usr", "bin", "systemctl"))
    with open(os.path.join(stage, "etc", "stand-in.log"), "w", encoding="utf-8") as file:
        file.write(os.path.join(lab.directory, "log"))
    return stage


def boot(lab, host):
    """The host's own /etc, /var/lib, /var/log and /srv, which are on its disk, and the packages' files in /usr; then what is
    enabled there starts."""
    script = """
        set -e
        stage=$1 disk=$2
        mkdir -p "$disk"/{etc,lib,log}{,.work} "$disk"/{srv,nothing}
        mount -t overlay overlay -o "lowerdir=$stage/usr:/usr" /usr
        mount -t overlay overlay -o "lowerdir=$stage/etc:/etc,upperdir=$disk/etc,workdir=$disk/etc.work" /etc
        mount -t overlay overlay -o "lowerdir=$stage/var/lib:/var/lib,upperdir=$disk/lib,workdir=$disk/lib.work" /var/lib
        mount -t overlay overlay -o "lowerdir=/var/log,upperdir=$disk/log,workdir=$disk/log.work" /var/log
        mount --bind "$disk/srv" /srv
        # No other way leads to /srv; the disk itself stays within reach of a power cut.
        mount --bind "$disk/nothing" /mnt
        umount -l "${disk%/own}"
        mount --move /mnt "${disk%/own}"
        systemctl boot
    """
    disk = os.path.join(lab.directory, host, "own")
    stage = os.path.join(lab.run_directory, "packages")
    code, output = lab.on(host, "bash", "-c", script, "boot", stage, disk)
    expect(code == 0, f"{host} does not start: {output}")


def shell(lab, host, command, timeout=120):
    code, output = lab.on(host, "bash", "-c", command, timeout=timeout)
    expect(code == 0, f"on {host}, status {code}: {command}\n{output}")
    return output


def status(lab, host):
    """Of the one module; empty if there is none."""
    code, output = lab.on(host, "lockstep", "status", "--json", timeout=10)
    modules = json.loads(output).get("modules", []) if code == 0 else []
    return modules[0] if modules else {}


def role(lab, host):
    found = status(lab, host)
    return found.get("role") if found.get("ready") is True else None


def wait_protected(lab, primary, seconds=60):
    secondary = "s2" if primary == "s1" else "s1"

    def reached():
        own = status(lab, primary)
        return own.get("role") == "PRIM" and own.get("protected") is True and role(lab, secondary) == "SECOND"

    eventually(seconds, reached, lambda: f"not protected: {[status(lab, host).get('reason') for host in SERVERS]}")


class Typed:
    """The commands as somebody types them: one that waits for the other machines is left running, and what it has printed is
    used there."""

    def __init__(self, lab):
        self.lab = lab
        self.printed = os.path.join(lab.run_directory, "printed")
        self.waiting = None

    def token_line(self, command):
        """The line that was printed for this command's machine."""
        words = command.split("TOKEN", maxsplit=1)[0]

        def found():
            with open(self.printed, encoding="utf-8") as file:
                return re.search(rf"^ +({re.escape(words)}\S+)$", file.read(), re.MULTILINE)

        return eventually(20, found, lambda: f"no line \"{words}...\" was printed: {self.said()}")[1]

    def said(self):
        with open(self.printed, encoding="utf-8") as file:
            return file.read()

    def type(self, host, command):
        for example, own in PLACEHOLDERS.items():
            command = re.sub(rf"(?<![\d.]){re.escape(example)}(?![\d.])", own, command)
        if "lockstep init" in command:
            self.waiting = self.lab.spawn(host, "bash", "-c", f"{command} >{self.printed} 2>&1")
            eventually(20, lambda: os.path.exists(self.printed), "the first command prints nothing")
            return
        if "TOKEN" in command:
            command = self.token_line(command)
        elif self.waiting is not None and host == "s1":
            # The prompt is back.
            expect(self.waiting.wait(timeout=60) == 0, f"the first command has failed: {self.said()}")
            self.waiting = None
        shell(self.lab, host, command)


def set_up(lab):
    if getattr(lab, "quick_start_done", False):
        return
    install(lab)
    for host in MACHINES:
        boot(lab, host)
        expect(lab.on(host, "ls", "/etc/lockstep/cluster.toml")[0] != 0, f"{host} is configured already")
    typed = Typed(lab)
    for host, command in commands():
        typed.type(host, command)
    wait_protected(lab, "s1")
    lab.quick_start_done = True


def psql(lab, host, query):
    return shell(lab, host, f"runuser -u postgres -- psql -X -A -t -q -c \"{query}\"", timeout=30).strip()


def five_commands_to_a_protected_postgresql(lab):
    """At most five commands of the guide lead from fresh machines to a PostgreSQL that survives a power cut of its server."""
    typed = commands()
    expect(len(typed) <= COMMANDS_MAX, f"the quick start takes {len(typed)} commands: {typed}")
    set_up(lab)
    kind = shell(lab, "s1", f"findmnt -n -o FSTYPE {DATA}").split()[-1]
    expect(kind.startswith("fuse"), f"{DATA} is not the replicated directory but {kind}")
    expect(psql(lab, "s1", "show data_directory") == f"{DATA}/data", "the database is elsewhere")
    psql(lab, "s1", "create table orders (number int primary key); insert into orders values (42)")
    # What systemctl has enabled reaches the disk by itself within half a minute; the row is there already.
    for host in SERVERS:
        shell(lab, host, "sync -f /etc")
    lab.cut("s1")
    eventually(60, lambda: role(lab, "s2") == "ALONE", lambda: f"s2 does not take over: {status(lab, 's2').get('reason')}")
    expect(psql(lab, "s2", "select number from orders") == "42", "the row is lost")
    lab.power("s1")
    boot(lab, "s1")
    wait_protected(lab, "s2", 120)
    shell(lab, "s1", "lockstep -m postgresql swap --wait")
    wait_protected(lab, "s1")
    expect(psql(lab, "s1", "select number from orders") == "42", "the row is lost after the swap")


def rewrite(lab, host, file, old, new):
    path = f"/etc/lockstep/{file}"
    shell(lab, host, f"grep -qF '{old}' {path} && sed -i 's|{old}|{new}|' {path}")


def nodes_agree(lab):
    """`lockstep check --all-nodes` finds nothing in what was set up, and names every difference with place and remedy."""
    set_up(lab)

    def found(host, status):
        code, output = lab.on(host, "lockstep", "check", "--all-nodes", timeout=60)
        expect(code == status, f"check --all-nodes on {host}: status {code}: {output}")
        return output

    def named(output, *texts):
        for text in texts:
            expect(text in output, f"not said: {text}\n{output}")

    module = "modules/postgresql.toml"
    for host in SERVERS:
        named(found(host, 0), "the other machines have the same")
    shell(lab, "s2", f"cp -a /etc/lockstep/{module} /etc/lockstep/{module}.kept")
    try:
        rewrite(lab, "s2", module, 'timeout = "2s"', 'timeout = "5s"')
        rewrite(lab, "s2", module, 'verify = "weekly"', 'start_at_boot = true')
        shell(lab, "s2", f"cp /etc/lockstep/{module} /etc/lockstep/modules/other.toml")
        named(
            found("s1", 1),
            f'{module}:5: timeout is "2s" here and "5s" on s2 (there in line 5): make both the same',
            f'{module}:6: verify = "weekly" is here only, s2 goes by the default',
            f"{module}: start_at_boot = true is on s2 only (there in line 6)",
            "modules/other.toml: is on s2 and not here: copy it from there",
            f"s2 runs with what was in its files before: modules/other.toml, {module} was changed since",
        )
    finally:
        shell(lab, "s2", f"mv /etc/lockstep/{module}.kept /etc/lockstep/{module}; rm -f /etc/lockstep/modules/other.toml")
    shell(lab, "w", "systemctl stop lockstep-witness")
    named(found("s1", 1), "the witness cannot be reached at 10.77.0.3:7790", "start lockstep-witness there")
    shell(lab, "w", "systemctl start lockstep-witness")
    lab.part("s2")
    named(found("s1", 1), "s2 cannot be reached at 10.77.1.2:9011")
    lab.heal()
    eventually(60, lambda: lab.on("s1", "lockstep", "check", "--all-nodes")[0] == 0, "the machines do not agree again")
    wait_protected(lab, "s1")


five_commands_to_a_protected_postgresql.options = ("--no-start", "--size", "1G")
nodes_agree.options = five_commands_to_a_protected_postgresql.options
TESTS = [five_commands_to_a_protected_postgresql, nodes_agree]
