"""What must be refused, or waited for, with a reason that a person can act on. Each test starts and ends with PRIM
and SECOND."""
import os
import re
import signal
import time

from lab import OTHER, SERVERS, eventually, expect, rewrite


def daemon_command(lab, host, configuration=None):
    return [f"{lab.binaries}/lockstepd", "--config", configuration or lab.configuration(host), "--node", host]


def says(text, *words):
    return all(word.lower() in text.lower() for word in words)


def run_refused(lab, host, configuration, *words):
    """Runs a daemon that must end by itself, with a message that holds all these words."""
    code, output = lab.on(host, "timeout", "10", *daemon_command(lab, host, configuration))
    expect(code not in (0, 124), f"it is not refused (status {code}): {output}")
    expect(says(output, *words), f"the message does not name {' and '.join(words)}: {output}")


def copy_configuration(lab, host, name, change):
    """A copy of a server's configuration in which change(file name, text) has been at work."""
    source, target = lab.configuration(host), os.path.join(lab.directory, "config", name)
    for folder, _, files in os.walk(source):
        place = os.path.join(target, os.path.relpath(folder, source))
        os.makedirs(place, exist_ok=True)
        for file in files:
            with open(os.path.join(folder, file), encoding="utf-8") as original:
                text = change(file, original.read())
            with open(os.path.join(place, file), "w", encoding="utf-8") as copy:
                copy.write(text)
    return target


def wrong_configuration(lab):
    """Mistakes in the configuration are refused, naming the file and the line or the setting."""
    mistakes = {
        "broken": (lambda text: text + "\nthis is not toml\n", ("data.toml",)),
        "durability": (lambda text: text.replace('"replicated"', '"twice"'), ("data.toml", "durability")),
        "unknown": (lambda text: "surprise = 1\n" + text, ("data.toml", "surprise")),
        "missing": (lambda text: re.sub(r"directory = .*\n", "", text), ("data.toml", "directory")),
    }
    for name, (change, words) in mistakes.items():
        configuration = copy_configuration(
            lab, "s1", f"s1-{name}", lambda file, text, change=change: change(text) if file == "data.toml" else text
        )
        run_refused(lab, "s1", configuration, *words)
    run_refused(lab, "s1", os.path.join(lab.directory, "config", "nowhere"), "nowhere")


def second_daemon(lab):
    """A second daemon on the same state ends at once and does no harm to the first."""
    primary = lab.wait_pair()
    code, output = lab.on(primary, "timeout", "10", *daemon_command(lab, primary))
    expect(code not in (0, 124), f"a second daemon is not refused (status {code}): {output}")
    expect(lab.wait_pair() == primary, "the first daemon was disturbed")
    lab.wait_for_load(primary)


def directory_in_use(lab):
    """A process with its working directory, or an open file, inside of the directory: refused, naming the process."""
    secondary = OTHER[lab.wait_pair()]
    lab.halt(secondary)
    before = len(lab.log(secondary))
    # The holder enters the raw directory beneath the guard, as a program started before Lockstep would have.
    place = lab.data(secondary)
    script = f"while umount -l {place} 2>/dev/null; do :; done; cd {place} && exec sleep 987"
    holder = lab.spawn(secondary, "sh", "-c", script)
    find = ["pgrep", "-f", "^sleep 987$"]
    pid = eventually(5, lambda: lab.on(secondary, *find)[1].strip(), "the holder does not start")
    lab.run(secondary)

    def refused():
        status = lab.status(secondary)
        return re.search(rf"\b{pid}\b", lab.log(secondary)[before:] + str(status.get("reason")))

    try:
        eventually(15, refused, lambda: f"no word of process {pid}: {lab.log(secondary)[before:][-800:]}")
        expect(lab.role(secondary) != "SECOND", "it replicates into a directory that is in use")
    finally:
        lab.on(secondary, "kill", pid)
        holder.wait()
    lab.wait_pair()


def port_taken(lab):
    """Somebody else listens on the module's port: said so, and put right by itself when the port is free."""
    secondary = OTHER[lab.wait_pair()]
    lab.halt(secondary)
    before = len(lab.log(secondary))
    listen = "import socket, time; s = socket.create_server(('0.0.0.0', 7701)); time.sleep(987)"
    thief = lab.spawn(secondary, "/usr/bin/python3", "-c", listen)
    time.sleep(0.5)
    lab.run(secondary)

    def refused():
        return "7701" in lab.log(secondary)[before:] + str(lab.status(secondary).get("reason"))

    try:
        eventually(15, refused, lambda: f"no word of port 7701: {lab.log(secondary)[before:][-800:]}")
    finally:
        thief.send_signal(signal.SIGTERM)
        thief.wait()
    lab.wait_pair()


def no_majority(lab):
    """One server alone, without the witness: it waits, and says for whom and what to do; then it goes on by itself."""
    lab.wait_pair()
    lab.cut("s1", "s2", "w")
    lab.power("s1")

    def reason():
        status = lab.status("s1")
        return status if status.get("role") == "WAIT" and status.get("reason") else None

    status = eventually(15, reason, lambda: f"no WAIT with a reason: {lab.describe()}")
    time.sleep(3)
    expect(lab.role("s1") == "WAIT", f"s1 went on alone: {lab.describe()}")
    expect(status.get("next_step"), f"no next step is named: {status}")
    lab.power("s2")
    lab.wait_for_load(lab.wait_pair())
    lab.power("w")
    lab.wait_pair()


def full_disk_of_the_secondary(lab):
    """No space on the secondary's disk: it is left out, and the application does not see an error."""
    primary = lab.wait_pair()
    secondary = OTHER[primary]
    since = time.monotonic()
    filler = os.path.join(lab.directory, secondary, "filler")
    lab.on(secondary, "sh", "-c", f"fallocate -l 100G {filler} 2>/dev/null || cat /dev/zero >{filler} 2>/dev/null")
    big = os.path.join(lab.data(primary), "big")
    code, output = lab.on(primary, "dd", "if=/dev/urandom", f"of={big}", "bs=1M", "count=64", "conv=fsync")
    expect(code == 0, f"the application sees the secondary's full disk: {output}")
    lab.wait(primary, "ALONE")
    lab.wait_for_load(primary)
    stall = lab.longest_stall(since)
    expect(stall < 5, f"the application stalled for {stall:.1f} s")
    lab.on(secondary, "rm", filler)
    if lab.role(secondary) == "STOP":
        lab.cli(secondary, "start")
    expect(lab.wait_pair() == primary, "the application was moved")
    lab.on(primary, "rm", big)


def refused_peer(lab, change, undo, *words):
    """Restarts the secondary with a changed configuration: it must be refused in these words, and do no harm."""
    primary = lab.wait_pair()
    secondary = OTHER[primary]
    lab.halt(secondary)
    before = {host: len(lab.log(host)) for host in SERVERS}
    change(secondary)
    try:
        lab.run(secondary)

        def refused():
            return says(lab.log(primary)[before[primary] :] + lab.log(secondary)[before[secondary] :], *words)

        eventually(15, refused, lambda: f"no word of {words}: {lab.log(primary)[before[primary]:][-800:]}")
        expect(lab.role(primary) in ("PRIM", "ALONE"), f"the primary was disturbed: {lab.describe()}")
        expect(lab.role(secondary) != "SECOND", "the peer was accepted")
        lab.wait_for_load(primary)
        lab.halt(secondary)
    finally:
        undo(secondary)
        lab.run(secondary)
    expect(lab.wait_pair() == primary, "the application was moved")


def peer_of_another_cluster(lab):
    """A peer whose cluster has another name is refused, and a log says why."""

    def settings(host):
        return os.path.join(lab.configuration(host), "cluster.toml")

    refused_peer(
        lab,
        lambda host: rewrite(settings(host), 'name = "lab"', 'name = "foreign"'),
        lambda host: rewrite(settings(host), 'name = "foreign"', 'name = "lab"'),
        "foreign",
        "cluster",
    )


def peer_of_another_module(lab):
    """A peer that has another module on this port is refused, and a log says why."""

    def file(host, name):
        return os.path.join(lab.configuration(host), "modules", name + ".toml")

    refused_peer(
        lab,
        lambda host: os.rename(file(host, "data"), file(host, "foreign")),
        lambda host: os.rename(file(host, "foreign"), file(host, "data")),
        "foreign",
        "module",
    )


TESTS = [
    wrong_configuration,
    second_daemon,
    directory_in_use,
    port_taken,
    peer_of_another_cluster,
    peer_of_another_module,
    no_majority,
    full_disk_of_the_secondary,
]
