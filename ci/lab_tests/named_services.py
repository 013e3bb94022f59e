"""Applications that are given by name, on machines on which systemd runs: a unit, a container of Docker's, and a domain of
libvirt's. All of these are real but for the hypervisor, which is libvirt's own for tests: its domains have no process.

The tests share one cluster, which the first of them sets up; each starts and ends with s1 PRIM and s2 SECOND for every module.
"""
import json
import os
import time

from lab import OTHER, SERVERS, eventually, expect, logged_at
from quick_start import Typed, boot, for_third_vote, install, on, shell

# Not those of the quick start, whose cluster is another one.
OPTIONS = ("--no-start", "--size", "1100M")
COMMANDS = (
    ("s1", "lockstep init --name office --node s1=10.0.1.1 --node s2=10.0.1.2 --witness 10.0.0.3 --module shop --directory /srv/shop --service shop"),
    ("s2", "lockstep join TOKEN"),
    ("w", "lockstep-witness join TOKEN"),
    ("s1", "lockstep -m shop prim --wait"),
)
MODULES = ("shop", "vm", "web")
RESTART_MAX_S = 2.0
TAKEOVER_MAX_S = 30
PAUSED_MAX_S = 5

# It would come back by itself at once, and at every boot; and systemd counts its starts.
SHOP = """[Unit]
StartLimitIntervalSec=1min
StartLimitBurst=2
[Service]
ExecStart=/bin/sh -c 'while :; do date +%%s.%%N >>/srv/shop/log; sleep 0.05; done'
Restart=always
RestartSec=0
RestartForceExitStatus=SIGKILL
[Install]
WantedBy=multi-user.target
"""
BROKEN = """[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo the stock has burnt down; exit 7'
"""
# With that file it ends neither at the signal nor when its ExecStop has.
STUBBORN = """[Service]
Type=exec
ExecStart=/bin/sh -c 'trap "[ -e /run/stubborn ] || exit" TERM; while :; do sleep 0.1; done'
ExecStop=/bin/sh -c '[ ! -e /run/stubborn ] || sleep 60'
TimeoutStopSec=60
[Install]
WantedBy=multi-user.target
"""
# Its processes carry nothing of the environment, see nothing of the directory and are no children of one another.
HIDDEN = """[Service]
Type=forking
PrivateTmp=yes
ExecStart=/usr/bin/env -i /bin/sh -c 'setsid sleep 4711 & exec setsid -f sleep 4712'
Restart=always
RestartSec=0
"""
# Its start waits for another's, which takes its time.
SLOW_S = 40
SLOW = f"""[Service]
Type=oneshot
ExecStart=/bin/sleep {SLOW_S}
"""
QUEUED = """[Unit]
Wants=slow.service
After=slow.service
[Service]
ExecStart=/bin/sleep 4713
"""
# Without drivers of its own it has the hypervisor for tests only.
LIBVIRTD = """[Service]
Environment=LIBVIRT_DRIVER_DIR=/srv
ExecStart=/usr/sbin/libvirtd
[Install]
WantedBy=multi-user.target
"""
# While nobody is connected, libvirt's hypervisor for tests forgets what was done with its domains.
CONNECTED = """[Unit]
After=libvirtd.service
[Service]
ExecStart=/usr/bin/virsh event --all --loop
Restart=always
RestartSec=100ms
StartLimitIntervalSec=0
[Install]
WantedBy=multi-user.target
"""
DOCKER = {
    "storage-driver": "vfs",
    "bridge": "none",
    "iptables": False,
    "ip6tables": False,
    "exec-opts": ["native.cgroupdriver=cgroupfs"],
}
CONTAINER = (
    "docker create --name web --network none --restart=unless-stopped -v /srv/web:/data tools"
    " /bin/sh -c 'trap \"exit 0\" TERM; while :; do date >>/data/log; sleep 0.05; done'"
)


def write(lab, host, path, text):
    quoted = text.replace("'", "'\\''")
    shell(lab, host, f"mkdir -p {os.path.dirname(path)} && printf '%s' '{quoted}' >{path}")


def status(lab, host, module):
    code, output = on(lab, host, "lockstep", "status", "--json", timeout=10)
    modules = json.loads(output).get("modules", []) if code == 0 else []
    return next((each for each in modules if each.get("module") == module), {})


def protected(lab, primary, module):
    own, other = status(lab, primary, module), status(lab, OTHER[primary], module)
    return own.get("role") == "PRIM" and own.get("protected") is True and other.get("role") == "SECOND" and other.get("ready") is True


def reasons(lab, module):
    found = [status(lab, host, module) for host in SERVERS]
    return [f"{each.get('node')}: {each.get('role')}: {each.get('reason')}" for each in found]


def wait_protected(lab, primary, module):
    eventually(90, lambda: protected(lab, primary, module), lambda: f"{module} is not protected: {reasons(lab, module)}")


def serve_on_s1(lab, module):
    """From wherever it serves."""
    eventually(90, lambda: protected(lab, "s1", module) or protected(lab, "s2", module), lambda: f"{module} is not protected: {reasons(lab, module)}")
    if protected(lab, "s2", module):
        shell(lab, "s1", f"lockstep -m {module} swap --wait")
    wait_protected(lab, "s1", module)


def service_log(lab, host):
    with open(os.path.join(lab.directory, "log", f"{host}.lockstepd.log"), encoding="utf-8") as file:
        return file.read()


def unit(lab, host, name, what):
    return shell(lab, host, f"systemctl show --property {what} --value {name}").strip()


def checked(lab, host):
    """What `lockstep check` says there: (status, output)."""
    return on(lab, host, "lockstep", "check", timeout=60)


def install_runners(lab, host):
    """What a server has before Lockstep comes: the shop's unit, started at every boot; Docker with a container; libvirt."""
    write(lab, host, "/etc/systemd/system/shop.service", SHOP)
    # As "systemctl edit" makes it; it counts after all that sorts before it.
    write(lab, host, "/etc/systemd/system/shop.service.d/override.conf", "[Service]\nRestart=always\nRestartSec=0\nEnvironment=\n")
    write(lab, host, "/etc/systemd/system/broken.service", BROKEN)
    write(lab, host, "/etc/systemd/system/libvirtd.service", LIBVIRTD)
    write(lab, host, "/etc/systemd/system/connected.service", CONNECTED)
    write(lab, host, "/etc/docker/daemon.json", json.dumps(DOCKER))
    write(lab, host, "/etc/libvirt/libvirtd.conf", 'unix_sock_group = "root"\nauth_unix_rw = "none"\n')
    write(lab, host, "/etc/libvirt/libvirt.conf", 'uri_default = "test+unix:///default"\n')
    shell(lab, host, "mkdir -p /srv/shop /srv/web /srv/vm && systemctl daemon-reload")
    shell(lab, host, "systemctl enable --now shop docker libvirtd connected")
    shell(lab, host, "mkdir -p /tmp/image/bin && cp /bin/busybox /tmp/image/bin/sh && for tool in date sleep; do ln -f /tmp/image/bin/sh /tmp/image/bin/$tool; done")
    shell(lab, host, f"tar -C /tmp/image -c . | docker import - tools && {CONTAINER} && docker start web")


def set_up(lab):
    if getattr(lab, "named_services_done", False):
        return
    install(lab)
    for host in SERVERS:
        install_runners(lab, host)
    typed = Typed(lab)
    for host, command in for_third_vote(lab, COMMANDS):
        typed.type(host, command)
    wait_protected(lab, "s1", "shop")
    lab.named_services_done = True


def add_modules(lab):
    """The container's and the domain's, with what keeps them from being added said first."""
    set_up(lab)
    if getattr(lab, "named_modules_done", False):
        return
    for host in SERVERS:
        for name, application in (("web", 'container = "web"'), ("vm", 'domain = "test"')):
            text = f'directory = "/srv/{name}"\ntimeout = "2s"\n[application]\n{application}\n'
            write(lab, host, f"/etc/lockstep/modules/{name}.toml", text)
        code, said = checked(lab, host)
        expect(code == 1, f"{host} is in order although Docker starts the container: {said}")
        for text in (
            'modules/web.toml:4:13: container web has the restart policy unless-stopped and starts by itself, whoever serves: "docker update --restart=no web", or make it anew',
            'modules/web.toml:4:13: container web runs, although this server does not serve: "docker stop web"',
            'modules/vm.toml:4:10: domain test runs, although this server does not serve: "virsh shutdown test"',
        ):
            expect(text in said, f"not said on {host}: {text}\n{said}")
        shell(lab, host, "docker update --restart=no web && docker stop web && virsh shutdown test")
        code, said = checked(lab, host)
        expect(code == 0, f"{host} is not in order: {said}")
    for host in ("s2", "s1"):
        shell(lab, host, "systemctl restart lockstepd")
    for name in ("web", "vm"):
        eventually(60, lambda name=name: status(lab, "s1", name) and status(lab, "s2", name), f"{name} is not there")
        shell(lab, "s1", f"lockstep -m {name} prim --wait")
    for name in MODULES:
        serve_on_s1(lab, name)
    lab.named_modules_done = True


def a_unit_is_started_watched_and_moved(lab):
    """systemd has the unit no more: it is up where the module is, back within two seconds of its end, goes along with a swap and
    comes up on the other server when its own loses power; and no boot starts it."""
    set_up(lab)
    for host in SERVERS:
        expect(unit(lab, host, "shop", "UnitFileState") == "disabled", f"{host} starts the unit at boot")
    expect(unit(lab, "s1", "shop", "ActiveState") == "active", "the unit does not run on s1")
    expect(unit(lab, "s2", "shop", "ActiveState") == "inactive", "the unit runs on s2")
    kind = shell(lab, "s1", "findmnt -n -o FSTYPE /srv/shop").split()[-1]
    expect(kind.startswith("fuse"), f"/srv/shop is not the replicated directory but {kind}")
    before = unit(lab, "s1", "shop", "MainPID")
    killed = time.monotonic()
    shell(lab, "s1", f"kill -KILL {before}")
    after = eventually(10, lambda: unit(lab, "s1", "shop", "ActiveState") == "active" and unit(lab, "s1", "shop", "MainPID"), "the unit is not back")
    took = time.monotonic() - killed
    expect(after != before, "the unit's process was not killed")
    expect(took < RESTART_MAX_S, f"the unit was back after {took:.2f} s")
    expect(unit(lab, "s1", "shop", "NRestarts") == "0", "systemd has started the unit anew by itself")
    expect('check "shop" failed' in service_log(lab, "s1"), "no check has noticed the end")
    wait_protected(lab, "s1", "shop")
    shell(lab, "s1", "lockstep -m shop swap --wait")
    wait_protected(lab, "s2", "shop")
    expect(unit(lab, "s2", "shop", "ActiveState") == "active", "the unit does not run on s2")
    expect(unit(lab, "s1", "shop", "ActiveState") == "inactive", "the unit still runs on s1")
    expect(on(lab, "s1", "ls", "/run/systemd/system/shop.service.d")[0] != 0, "what was added to the unit is still there")
    for host in SERVERS:
        shell(lab, host, "sync -f /etc")
    lab.cut("s2")
    eventually(TAKEOVER_MAX_S, lambda: status(lab, "s1", "shop").get("role") == "ALONE", "s1 does not take over")
    eventually(10, lambda: unit(lab, "s1", "shop", "ActiveState") == "active", "the unit does not run on s1")
    lab.power("s2")
    boot(lab, "s2")
    wait_protected(lab, "s1", "shop")
    expect(unit(lab, "s2", "shop", "ActiveState") == "inactive", "the unit was started at boot")


def ended_in_time(lab, module, runs):
    """Kills s1's daemon for good: what it has left is ended before s2 starts, and stays so. Then s1 is back, and PRIM."""

    def fenced():
        return service_log(lab, "s1").count("what was left of the service is ended")

    before = fenced()
    shell(lab, "s1", "mv /usr/bin/lockstepd /usr/bin/lockstepd.away; systemctl kill --kill-who=main --signal=KILL lockstepd")
    expect(runs("s1"), "the application has not outlived the daemon")
    eventually(TAKEOVER_MAX_S, lambda: status(lab, "s2", module).get("role") == "ALONE", "s2 does not take over")
    expect(not runs("s1"), "the application goes on without a daemon")
    eventually(10, lambda: runs("s2"), "the application does not run on s2")
    # What was known; what else the runner may have is ended after that, and then the fencer says that nothing is left.
    ended = logged_at(service_log(lab, "s1"), "ended what an earlier daemon left running")
    eventually(10, lambda: fenced() > before, "the fencer has not said that nothing is left")
    started = logged_at(service_log(lab, "s2"), "state Waiting -> Promoting")
    expect(ended < started, f"what was left was ended at {ended}, and s2 began at {started}")
    time.sleep(2)
    expect(not runs("s1"), "somebody has started it anew")
    shell(lab, "s1", "mv /usr/bin/lockstepd.away /usr/bin/lockstepd; systemctl restart lockstepd")
    eventually(30, lambda: status(lab, "s1", module), "the daemon is not back")
    for name in MODULES:
        if status(lab, "s1", name):
            serve_on_s1(lab, name)


def a_unit_outlives_its_daemon_while_it_may(lab):
    """The unit's processes are systemd's children; yet a daemon that comes back goes on with them, and they are ended with the
    lease of one that does not."""
    set_up(lab)
    before = unit(lab, "s1", "shop", "MainPID"), unit(lab, "s1", "lockstepd", "MainPID")
    shell(lab, "s1", "systemctl kill --kill-who=main --signal=KILL lockstepd")
    eventually(20, lambda: unit(lab, "s1", "lockstepd", "MainPID") not in ("0", before[1]), "the daemon is not back")
    wait_protected(lab, "s1", "shop")
    expect(unit(lab, "s1", "shop", "MainPID") == before[0], "the unit was started anew")
    ended_in_time(lab, "shop", lambda host: on(lab, host, "pgrep", "-f", "date .*>>/srv/shop/log")[0] == 0)


def what_hides_from_the_cookie_is_ended_too(lab):
    """A unit whose processes have thrown their environment away is ended with the lease of its daemon and by a kill, and so is
    one that systemd starts when the one who asked for it is gone."""
    set_up(lab)
    for host in SERVERS:
        for name, text in (("hidden", HIDDEN), ("slow", SLOW), ("queued", QUEUED)):
            write(lab, host, f"/etc/systemd/system/{name}.service", text)
        shell(lab, host, "systemctl daemon-reload; cp /etc/lockstep/modules/shop.toml /root/shop.kept")

    def use(name):
        for host in ("s2", "s1"):
            shell(lab, host, f"sed 's/^service = .*/service = \"{name}\"/' /root/shop.kept >/etc/lockstep/modules/shop.toml")
            shell(lab, host, "systemctl restart lockstepd")
        eventually(60, lambda: status(lab, "s1", "shop") and status(lab, "s2", "shop"), "the daemons are not back")

    def runs(host):
        return on(lab, host, "pgrep", "-f", "^sleep 471[12]")[0] == 0

    try:
        use("hidden")
        serve_on_s1(lab, "shop")
        pids = shell(lab, "s1", "pgrep -f '^sleep 471[12]'").split()
        expect(len(pids) == 2, f"two processes are expected: {pids}")
        for pid in pids:
            expect("LOCKSTEP_COOKIE" not in shell(lab, "s1", f"tr '\\0' '\\n' </proc/{pid}/environ"), "it has the cookie after all")
            noted = ("grep", "-q", f"process {pid} ", "/run/lockstep/shop.application")
            eventually(10, lambda noted=noted: on(lab, "s1", *noted)[0] == 0, "a process of the unit is not noted")
        ended_in_time(lab, "shop", runs)
        use("queued")

        def queues(host):
            return "queued.service" in shell(lab, host, "systemctl list-jobs --no-legend")

        host = eventually(60, lambda: next((each for each in SERVERS if queues(each)), None), lambda: f"no start waits: {reasons(lab, 'shop')}")
        # The daemon and its script are gone while systemd has not begun with what they asked for.
        shell(lab, host, "mv /usr/bin/lockstepd /usr/bin/lockstepd.away; systemctl kill --kill-who=main --signal=KILL lockstepd")
        try:
            eventually(SLOW_S / 2, lambda: not queues(host), "what was asked for waits to be started")
            expect(unit(lab, host, "queued", "ActiveState") == "inactive", "it was started")
            expect(on(lab, host, "ls", "/run/systemd/system/queued.service.d")[0] != 0, "what was added to the unit is still there")
        finally:
            shell(lab, host, "mv /usr/bin/lockstepd.away /usr/bin/lockstepd")
    finally:
        for host in ("s2", "s1"):
            shell(lab, host, "cp /root/shop.kept /etc/lockstep/modules/shop.toml; systemctl restart lockstepd; systemctl stop --no-block queued slow hidden")
        serve_on_s1(lab, "shop")


def what_else_starts_a_unit_is_named(lab):
    """`lockstep check` names whatever would start the unit beside Lockstep, with the command that stops it; and a start that
    fails says what the unit has said."""
    set_up(lab)

    def said(host, *texts):
        code, output = checked(lab, host)
        expect(code == (1 if texts else 0), f"check on {host}: status {code}: {output}")
        for text in texts:
            expect(text in output, f"not said on {host}: {text}\n{output}")

    for name in ("web", "vm"):
        for host in SERVERS:
            shell(lab, host, f"[ ! -e /etc/lockstep/modules/{name}.toml ] || mv /etc/lockstep/modules/{name}.toml /root/")
    try:
        for host in SERVERS:
            said(host)
        shell(lab, "s1", "systemctl enable shop")
        said("s1", 'shop.service is started at boot by systemd, whoever serves: "systemctl disable shop.service"')
        shell(lab, "s1", "systemctl disable shop")
        shell(lab, "s2", "systemctl enable shop")
        said("s2", 'modules/shop.toml:10:11: shop.service is started at boot by systemd, whoever serves: "systemctl disable --now shop.service"')
        shell(lab, "s2", "systemctl disable shop; systemctl start shop")
        said("s2", 'shop.service runs, although this server does not serve: "systemctl stop shop.service"')
        shell(lab, "s2", "systemctl stop shop")
        write(lab, "s2", "/etc/systemd/system/multi-user.target.d/shop.conf", "[Unit]\nWants=shop.service\n")
        shell(lab, "s2", "systemctl daemon-reload")
        said("s2", "shop.service is started together with multi-user.target, whoever serves: take it out there")
        shell(lab, "s2", "rm -r /etc/systemd/system/multi-user.target.d")
        write(lab, "s2", "/etc/systemd/system/shop.path", "[Path]\nPathExists=/srv/nothing\n")
        shell(lab, "s2", "systemctl daemon-reload; systemctl start shop.path")
        said("s2", 'shop.path starts shop.service, whoever serves: "systemctl disable --now shop.path"')
        shell(lab, "s2", "systemctl stop shop.path; rm /etc/systemd/system/shop.path; mv /etc/systemd/system/shop.service /root; systemctl daemon-reload")
        said("s2", "systemd knows no unit shop.service: correct the name, or install on this server what it belongs to")
        shell(lab, "s2", "mv /root/shop.service /etc/systemd/system/; systemctl daemon-reload")
        said("s2")
    finally:
        for host in SERVERS:
            shell(lab, host, "mv /root/*.toml /etc/lockstep/modules/ 2>/dev/null || :")
    shell(lab, "s2", "systemctl start systemd-journald")
    code, output = on(lab, "s2", "env", "LOCKSTEP_COOKIE=of nobody", "/usr/lib/lockstep/service", "start", "broken")
    expect(code == 1, f"the start has not failed: {output}")
    for text in ("the stock has burnt down", "broken.service does not start (exit-code)"):
        expect(text in output, f"not said: {text}\n{output}")
    shell(lab, "s2", "/usr/lib/lockstep/service stop broken")
    # By another of its names, with what has to be quoted, over one that somebody else has started, and one that hangs.
    write(lab, "s2", "/etc/systemd/system/stubborn.service", STUBBORN)
    shell(lab, "s2", "ln -sf stubborn.service /etc/systemd/system/nickname.service; systemctl daemon-reload; systemctl start stubborn")
    before = unit(lab, "s2", "stubborn", "MainPID")
    shell(lab, "s2", "LOCKSTEP_COOKIE='a %i \\\"b\\\" \\\\c' /usr/lib/lockstep/service start nickname")
    after = unit(lab, "s2", "stubborn", "MainPID")
    expect(after not in ("0", before), "the unit was not started anew")
    carried = shell(lab, "s2", f"tr '\\0' '\\n' </proc/{after}/environ | grep LOCKSTEP_COOKIE").strip()
    expect(carried == 'LOCKSTEP_COOKIE=a %i \\"b\\" \\\\c', f"its processes have {carried}")
    shell(lab, "s2", "touch /run/stubborn")
    began = time.monotonic()
    shell(lab, "s2", "timeout 1 /usr/lib/lockstep/service stop nickname || /usr/lib/lockstep/service force_stop nickname")
    expect(time.monotonic() - began < 5, "the unit that does not end was not killed")
    expect(unit(lab, "s2", "stubborn", "ActiveState") in ("failed", "inactive"), "the unit has not ended")
    # A drop-in that would undo Lockstep's own.
    for text, reason in (("Restart=always", "has Restart=always"), ("Environment=", "does not get LOCKSTEP_COOKIE in its environment")):
        write(lab, "s2", "/etc/systemd/system/stubborn.service.d/zzzz.conf", f"[Service]\n{text}\n")
        code, output = on(lab, "s2", "env", "LOCKSTEP_COOKIE=of nobody", "/usr/lib/lockstep/service", "start", "stubborn")
        expect(code == 1 and f"stubborn.service {reason}, although" in output, f"the start has not failed by {text}: {output}")
        expect(unit(lab, "s2", "stubborn", "ActiveState") in ("failed", "inactive"), f"it was started with {text}")
        expect(on(lab, "s2", "ls", "/run/systemd/system/stubborn.service.d")[0] != 0, "what was added to the unit is still there")
    shell(lab, "s2", "rm -r /etc/systemd/system/stubborn.service.d /run/stubborn; systemctl daemon-reload")
    # Remedies can be pasted, whatever the name.
    write(lab, "s2", "/etc/systemd/system/a\\\\x2db.service", STUBBORN)
    shell(lab, "s2", "systemctl daemon-reload; systemctl enable 'a\\x2db.service'")
    found = shell(lab, "s2", "/usr/lib/lockstep/service look 'a\\x2db' idle")
    expect("\"systemctl disable --now 'a\\x2db.service'\"" in found, f"the remedy cannot be pasted: {found}")
    shell(lab, "s2", found.split('"')[1])
    found = shell(lab, "s2", "/usr/lib/lockstep/service look 'a\\x2db' idle")
    expect(found == "", f"the remedy does not help: {found}")
    # Others that start it are all named, and nothing is promised while there are any.
    # Loaded by what is up, as at a boot, and none of them started.
    shell(lab, "s2", "mkdir -p /run/systemd/system/shop.target.wants && ln -s /etc/systemd/system/stubborn.service /run/systemd/system/shop.target.wants/")
    write(lab, "s2", "/run/systemd/system/shop.target", "[Unit]\nDescription=shop\n")
    for name, key in (("keeper", "Upholds"), ("bound", "BindsTo")):
        write(lab, "s2", f"/run/systemd/system/{name}.service", f"[Unit]\n{key}=stubborn.service\n[Service]\nExecStart=/bin/true\n")
    write(lab, "s2", "/run/systemd/system/multi-user.target.d/others.conf", "[Unit]\nWants=shop.target keeper.service bound.service\n")
    shell(lab, "s2", "systemctl daemon-reload; systemctl start stubborn")
    found = shell(lab, "s2", "/usr/lib/lockstep/service setup stubborn; /usr/lib/lockstep/service look stubborn idle | sed 's/^/look: /'")
    for other in ("shop.target", "keeper.service", "bound.service"):
        for where in ("", "look: "):
            expect(f"\n{where}stubborn.service is started together with {other}, whoever serves" in f"\n{found}", f"{other} is not named: {found}")
    expect("starts no more by itself" not in found, f"that is not so: {found}")
    shell(lab, "s2", "rm -r /run/systemd/system/shop.target* /run/systemd/system/keeper.service /run/systemd/system/bound.service /run/systemd/system/multi-user.target.d; systemctl daemon-reload")
    # What was added to a unit is told, and taken away, also where somebody else has ended the unit.
    shell(lab, "s2", "LOCKSTEP_COOKIE='of nobody' /usr/lib/lockstep/service start stubborn; systemctl stop stubborn")
    found = shell(lab, "s2", "/usr/lib/lockstep/service look stubborn idle")
    expect("still has what Lockstep adds while it runs it" in found, f"the rest is not told: {found}")
    shell(lab, "s2", found.split('"')[1])
    found = shell(lab, "s2", "/usr/lib/lockstep/service look stubborn idle; ls -d /run/systemd/system/stubborn.service.d 2>/dev/null || :").strip()
    expect(found == "", f"the remedy does not help: {found}")
    # "disable" has taken the other name away, as an alias.
    shell(lab, "s2", "ln -sf stubborn.service /etc/systemd/system/nickname.service; systemctl daemon-reload; systemctl enable stubborn")
    found = shell(lab, "s2", "/usr/lib/lockstep/service look nickname idle")
    expect('"systemctl disable --now stubborn.service"' in found, f"systemd does not take that name: {found}")
    shell(lab, "s2", "/usr/lib/lockstep/service setup nickname")
    expect(unit(lab, "s2", "stubborn", "UnitFileState") == "disabled", "the unit is still started at boot")


def stops_whatever_is_silent_first(lab, host, kind, name, program, start):
    """That `program` does not answer at first is not the end of what it runs."""
    answers_third = f"#!/bin/sh\necho >>/root/silent/asked\n[ $(wc -l </root/silent/asked) -gt 3 ] || {{ echo cannot connect >&2; exit 1; }}\nPATH=${{PATH#*:}} exec {program} \"$@\"\n"
    for phase in ("stop", "force_stop"):
        shell(lab, host, f"rm -rf /root/silent; {start}")
        write(lab, host, f"/root/silent/{program}", answers_third)
        shell(lab, host, f"chmod +x /root/silent/{program}; PATH=/root/silent:$PATH timeout 60 /usr/lib/lockstep/{kind} {phase} {name}")
        found = shell(lab, host, f"/usr/lib/lockstep/{kind} look {name} idle")
        expect("runs, although" not in found, f"{phase} has given up: {found}")


def a_container_is_watched_and_does_not_outlive_its_daemon(lab):
    """Docker's container is back within two seconds of its end, stopped on the one server and started on the other, and ended
    with the lease of a daemon that does not come back."""
    add_modules(lab)

    def runs(host):
        return on(lab, host, "pgrep", "-f", "date >>/data/log")[0] == 0

    def process(host):
        return shell(lab, host, "docker inspect --format '{{.State.Pid}}' web").strip()

    expect(runs("s1") and not runs("s2"), "the container does not run on s1, or does on s2")
    stops_whatever_is_silent_first(lab, "s2", "container", "web", "docker", "docker start web")
    shell(lab, "s1", "tail -n 1 /srv/web/log")
    before = process("s1")
    killed = time.monotonic()
    shell(lab, "s1", f"kill -KILL {before}")
    eventually(10, lambda: process("s1") not in ("0", before), "the container is not back")
    took = time.monotonic() - killed
    expect(took < RESTART_MAX_S, f"the container was back after {took:.2f} s")
    wait_protected(lab, "s1", "web")
    shell(lab, "s2", "docker update --restart=always web")
    shell(lab, "s1", "lockstep -m web swap --wait")
    wait_protected(lab, "s2", "web")
    # A container that is paused does not serve, and does not hear that it is to stop.
    shell(lab, "s2", "docker pause web")
    eventually(10, lambda: 'check "web" failed' in service_log(lab, "s2"), "a paused container passes the check")
    eventually(20, lambda: shell(lab, "s2", "docker inspect --format '{{.State.Paused}} {{.State.Running}}' web").strip() == "false true", "it is not back")
    wait_protected(lab, "s2", "web")
    policy = shell(lab, "s2", "docker inspect --format '{{.HostConfig.RestartPolicy.Name}}' web").strip()
    expect(policy == "no", f"Docker restarts the container: {policy}")
    expect(runs("s2") and not runs("s1"), "the container has not moved to s2")
    shell(lab, "s1", "lockstep -m web swap --wait")
    wait_protected(lab, "s1", "web")
    ended_in_time(lab, "web", runs)


def a_domain_is_watched_and_moved(lab):
    """libvirt's domain is started where the module is, anew when it has ended, and shut down where the module goes away."""
    add_modules(lab)

    def state(host):
        return shell(lab, host, "virsh -q domstate test").strip()

    expect((state("s1"), state("s2")) == ("running", "shut off"), f"the domain is {state('s1')} on s1 and {state('s2')} on s2")
    shell(lab, "s1", "virsh destroy test")
    eventually(5, lambda: state("s1") == "running", "the domain is not back")
    eventually(10, lambda: 'check "test" failed' in service_log(lab, "s1"), "no check has noticed the end")
    shell(lab, "s1", "virsh autostart test")
    code, output = checked(lab, "s1")
    text = 'domain test is started at boot by libvirt, whoever serves: "virsh autostart --disable test"'
    expect(code == 1 and text in output, f"not said: {text}\n{output}")
    wait_protected(lab, "s1", "vm")
    for primary, other in (("s2", "s1"), ("s1", "s2")):
        shell(lab, other, "lockstep -m vm swap --wait")
        wait_protected(lab, primary, "vm")
        expect((state(primary), state(other)) == ("running", "shut off"), f"the domain has not moved to {primary}")
    stops_whatever_is_silent_first(lab, "s2", "domain", "test", "virsh", "virsh start test")
    # A guest that is paused does not hear that it is to shut down; and a check does not pass it.
    shell(lab, "s2", "virsh start test && virsh suspend test")
    code, said = on(lab, "s2", "/usr/lib/lockstep/domain", "check", "test")
    expect(code == 1 and 'domain: test is "paused"' in said, f"a paused guest passes: {said}")
    began = time.monotonic()
    shell(lab, "s2", "/usr/lib/lockstep/domain stop test")
    expect(time.monotonic() - began < PAUSED_MAX_S, "a paused guest costs the time limit")
    expect(state("s2") == "shut off", "the paused guest has not ended")
    # The hypervisor for tests has no processes; another's are named to Lockstep by the file that libvirt writes.
    named = "echo 4321 >/run/libvirt/qemu/test.pid; LOCKSTEP_PROCESSES=/run/named /usr/lib/lockstep/domain start test"
    said = shell(lab, "s2", f"mkdir -p /run/libvirt/qemu; {named}; /usr/lib/lockstep/domain stop test; cat /run/named")
    expect(said.split()[-1] == "4321", f"the domain's process is {said}")
    expect("disable" in shell(lab, "s1", "virsh -q dominfo test | grep Autostart"), "the start has left libvirt's own as it was")
    # So a process that has nothing to do with libvirt or Lockstep is ended for it where the daemon dies.
    shell(lab, "s1", "mkdir -p /run/libvirt/qemu; systemd-run --unit=machine /bin/sleep 4714; systemctl show --property MainPID --value machine >/run/libvirt/qemu/test.pid")
    shell(lab, "s1", "lockstep -m vm restart")
    noted = "grep -q \"process $(cat /run/libvirt/qemu/test.pid) \" /run/lockstep/vm.application"
    eventually(20, lambda: on(lab, "s1", "bash", "-c", noted)[0] == 0, "the named process is not noted")
    wait_protected(lab, "s1", "vm")
    expect(on(lab, "s1", "pgrep", "-f", "^/bin/sleep 4714")[0] == 0, "the machine's process does not run")
    shell(lab, "s1", "mv /usr/bin/lockstepd /usr/bin/lockstepd.away; systemctl kill --kill-who=main --signal=KILL lockstepd")
    try:
        eventually(TAKEOVER_MAX_S, lambda: on(lab, "s1", "pgrep", "-f", "^/bin/sleep 4714")[0] != 0, "the machine's process outlives the daemon")
        eventually(10, lambda: state("s1") == "shut off", "libvirt's domain outlives the daemon")
    finally:
        shell(lab, "s1", "rm -f /run/libvirt/qemu/test.pid; mv /usr/bin/lockstepd.away /usr/bin/lockstepd; systemctl restart lockstepd")
    for name in MODULES:
        serve_on_s1(lab, name)


TESTS = [
    a_unit_is_started_watched_and_moved,
    a_unit_outlives_its_daemon_while_it_may,
    what_hides_from_the_cookie_is_ended_too,
    what_else_starts_a_unit_is_named,
    a_container_is_watched_and_does_not_outlive_its_daemon,
    a_domain_is_watched_and_moved,
]
for each in TESTS:
    each.options = OPTIONS
