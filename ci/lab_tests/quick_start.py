"""The guide's quick start, word for word, on machines on which the packages are installed and nothing is configured. The
tests share one cluster, which the first of them sets up; each starts and ends with PRIM and SECOND."""
import json
import os
import re
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
MACHINE_SHELL = os.path.join(CI, "lib", "machine_shell")
FIRST_VERSION = "0.0.1~test1"
# Of the lab.
OPTIONS = ("--no-start", "--size", "1G")


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


def for_third_vote(lab, typed):
    """As the chapter on etcd has it: it takes the witness's place in the first command, and nobody joins from the third machine."""
    if lab.third_vote != "etcd":
        return typed
    typed = [(host, command.replace("--witness", "--etcd")) for host, command in typed if host != "w"]
    expect("--etcd" in typed[0][1], f"the first command names no witness: {typed[0]}")
    return typed


def packages(lab, version):
    """The packages of what was built, of that version, by name."""
    place = os.path.join(lab.run_directory, "packages", version)
    build = os.path.dirname(lab.binaries)
    command = ["cpack", "--config", os.path.join(build, "CPackConfig.cmake"), "-B", place]
    command += ["-D", f"CPACK_PACKAGE_VERSION={version}", "-D", "CPACK_INSTALL_PREFIX=/usr"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    expect(result.returncode == 0, f"cpack: {result.stdout}{result.stderr}")
    return {name.split("_")[0]: os.path.join(place, name) for name in os.listdir(place) if name.endswith(".deb")}


def boot(lab, host):
    """As a machine of its own; what is enabled there starts."""
    code, output = lab.on(host, os.path.join(CI, "lib", "machine_boot"), lab.directory, host)
    expect(code == 0, f"{host} does not start: {output}")


def on(lab, host, *command, timeout=60):
    return lab.on(host, MACHINE_SHELL, *command, timeout=timeout)


def shell(lab, host, command, timeout=120):
    code, output = on(lab, host, "bash", "-c", command, timeout=timeout)
    expect(code == 0, f"on {host}, status {code}: {command}\n{output}")
    return output


def status(lab, host):
    """Of the one module; empty if there is none."""
    code, output = on(lab, host, "lockstep", "status", "--json", timeout=10)
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
            self.waiting = self.lab.spawn(host, MACHINE_SHELL, "bash", "-c", f"{command} >{self.printed} 2>&1")
            eventually(20, lambda: os.path.exists(self.printed), "the first command prints nothing")
            return
        if "TOKEN" in command:
            command = self.token_line(command)
        elif self.waiting is not None and host == "s1":
            # The prompt is back.
            expect(self.waiting.wait(timeout=60) == 0, f"the first command has failed: {self.said()}")
            self.waiting = None
        shell(self.lab, host, command)


def start_etcd(lab):
    """Debian's, as a service of the third machine; the servers get its authority and a client's key."""
    address = f"https://{PLACEHOLDERS['10.0.0.3']}:2379"
    keys = os.path.join(lab.configuration("s1"), "etcd")
    settings = {
        "ADVERTISE_CLIENT_URLS": address,
        "LISTEN_CLIENT_URLS": address,
        "CLIENT_CERT_AUTH": "true",
        "TRUSTED_CA_FILE": "/etc/etcd/ca.crt",
        "CERT_FILE": "/etc/etcd/server.crt",
        "KEY_FILE": "/etc/etcd/server.key",
    }
    shell(lab, "w", f"install -d -o etcd /etc/etcd && install -o etcd -m 600 {keys}/ca.crt {keys}/server.* /etc/etcd")
    lines = "".join(f"ETCD_{name}={value}\\n" for name, value in settings.items())
    shell(lab, "w", f"printf '{lines}' >/etc/default/etcd && systemctl enable --now etcd")
    for host in SERVERS:
        shell(lab, host, f"install -d /etc/lockstep/etcd && install -m 600 {keys}/ca.crt {keys}/client.* /etc/lockstep/etcd")


def install(lab):
    """What the machines have before the first command is typed: the packages, and the etcd where that is the third vote."""
    with_etcd = lab.third_vote == "etcd"
    packed = packages(lab, FIRST_VERSION)
    for host in MACHINES:
        boot(lab, host)
        if host != "w" or not with_etcd:
            shell(lab, host, f"dpkg -i {packed['lockstep-witness' if host == 'w' else 'lockstep']}")
        expect(on(lab, host, "ls", "/etc/lockstep/cluster.toml")[0] != 0, f"{host} is configured already")
    if with_etcd:
        start_etcd(lab)


def set_up(lab):
    if getattr(lab, "quick_start_done", False):
        return
    install(lab)
    typed = Typed(lab)
    for host, command in for_third_vote(lab, commands()):
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
        code, output = on(lab, host, "lockstep", "check", "--all-nodes", timeout=60)
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
    service, name, port = ("etcd", "etcd", 2379) if lab.third_vote == "etcd" else ("lockstep-witness", "the witness", 7790)
    shell(lab, "w", f"systemctl stop {service}")
    named(found("s1", 1), f"{name} cannot be reached at 10.77.0.3:{port}", f"start {service} there")
    shell(lab, "w", f"systemctl start {service}")
    lab.part("s2")
    named(found("s1", 1), "s2 cannot be reached at 10.77.1.2:9011")
    lab.heal()
    eventually(60, lambda: on(lab, "s1", "lockstep", "check", "--all-nodes")[0] == 0, "the machines do not agree again")
    wait_protected(lab, "s1")


TESTS = [five_commands_to_a_protected_postgresql, nodes_agree]
for each in TESTS:
    each.options = OPTIONS
