"""What people and programs see of a module: status, timeline, figures, webhooks, the journal. Each test starts and ends
with PRIM and SECOND."""
import hashlib
import hmac
import json
import os
import shutil
import time

from lab import OTHER, SERVERS, eventually, expect
from security import call, token

HERE = os.path.dirname(os.path.abspath(__file__))
SECRET = "correct horse battery staple"


def first_line(lab, host, *options):
    """Of a status for people, and its exit status."""
    code, output = lab.cli(host, "status", "--exit-code", *options)
    return output.splitlines()[0] if output else "", code


def expect_first_line(lab, host, text, wanted_code):
    def shown():
        line, code = first_line(lab, host)
        return text in line and code == wanted_code and line

    return eventually(30, shown, lambda: f"{host} does not say \"{text}\": {first_line(lab, host)}")


def status_says_what_matters(lab):
    """The first line says who serves and whether it is protected, and the exit status says it to scripts."""
    primary = lab.wait_pair()
    secondary = OTHER[primary]
    expect_first_line(lab, primary, "data: PRIM, serving, protected", 0)
    expect_first_line(lab, secondary, f"data: SECOND, standing by for {primary}, protected", 0)
    lab.halt(secondary)
    expect_first_line(lab, primary, f"data: ALONE, serving, NOT PROTECTED: {secondary} is away since ", 4)
    command = [f"{lab.binaries}/lockstep", "--config", lab.configuration(primary), "status"]
    code, output = lab.on(primary, *command)
    expect(code == 0 and output.startswith("data: ALONE") and f"Start {secondary}" in output, f"without -m: {output}")
    expect("\033" not in output, f"colours without a terminal: {output}")
    code, output = lab.cli(secondary, "status", "--exit-code")
    expect(code == 3 and "not running" in output, f"without a daemon, status {code}: {output}")
    lab.run(secondary)
    expect(lab.wait_pair() == primary, "the application was moved")
    expect_first_line(lab, primary, "data: PRIM, serving, protected", 0)


def top_shows_the_load(lab):
    """`top` shows what the application does, on a terminal until somebody presses q, and where there is none."""
    primary = lab.wait_pair()
    lab.wait_for_load(primary)
    code, output = lab.cli(primary, "top", "--interval", "1", "--count", "2")
    rows = [line.split() for line in output.splitlines() if line.startswith(f"{lab.module} ")]
    expect(code == 0 and len(rows) == 2, f"top, status {code}: {output}")
    expect(all(row[1] == "PRIM" and float(row[2].rstrip("k")) > 0 for row in rows), f"no load is seen: {output}")
    command = f"{lab.binaries}/lockstep --config {lab.configuration(primary)} top"
    code, output = lab.on(primary, "sh", "-c", f"(sleep 3; printf q) | TERM=xterm script -qec '{command}' /dev/null")
    expect(code == 0 and f"{lab.module}: PRIM, serving" in output, f"top on a terminal, status {code}: {output}")
    expect(output.endswith("\033[?25h\033[?1049l"), f"the terminal is not put back: {output[-200:]!r}")


def metrics(lab, host):
    secret = token(lab, host, "add", "lab-metrics", "--role", "monitor")
    try:
        status, page = call(lab, host, "/metrics", secret)
    finally:
        token(lab, host, "remove", "lab-metrics")
    expect(status == 200, f"no metrics from {host}: {page}")
    return page


def sample(page, name):
    for line in page.splitlines():
        if line.startswith(name + " "):
            return float(line.rsplit(" ", 1)[1])
    return None


def metrics_count_the_load(lab):
    """Prometheus finds roles, protection, latencies of acknowledged requests and what was sent, in good form."""
    primary = lab.wait_pair()
    lab.wait_for_load(primary)
    before = metrics(lab, primary)
    expect(sample(before, 'lockstep_role{module="data",role="PRIM"}') == 1, f"no role: {before}")
    expect(sample(before, 'lockstep_protected{module="data"}') == 1, "not protected")
    fsyncs = 'lockstep_request_duration_seconds_count{module="data",class="fsync"}'
    sent = 'lockstep_replication_sent_bytes_total{module="data"}'
    lab.wait_for_load(primary)
    after = metrics(lab, primary)
    acknowledged = len(lab.acknowledged())
    expect(sample(after, fsyncs) > sample(before, fsyncs), "no fsync was measured")
    expect(sample(after, sent) > sample(before, sent), "nothing was sent")
    expect(acknowledged > 0 and sample(after, 'lockstep_acknowledged_lsn{module="data"}') > 0, "nothing acknowledged")
    other = metrics(lab, OTHER[primary])
    expect(sample(other, 'lockstep_role{module="data",role="SECOND"}') == 1, f"no role of the other: {other}")
    page = os.path.join(lab.run_directory, "metrics")
    with open(page, "w", encoding="utf-8") as file:
        file.write(after)
    code, output = lab.on(primary, "sh", "-c", f"promtool check metrics <{page}")
    expect(code == 0, f"promtool finds: {output}")


def events(lab, host):
    code, output = lab.cli(host, "log", "--json", "-n", "1000")
    expect(code == 0, f"no timeline on {host}: {output}")
    return [json.loads(line) for line in output.splitlines()]


def timeline_survives(lab):
    """What happens is on disk, in order, over a kill of the daemon and a power cut, with who gave which command."""
    primary = lab.wait_pair()
    code, output = lab.cli(primary, "restart")
    expect(code == 0, f"restart: {output}")
    eventually(30, lambda: lab.role(primary) == "PRIM", lambda: f"no PRIM after restart: {lab.describe()}")
    lab.wait_pair()
    before = events(lab, primary)
    given = [event for event in before if event["event"] == "command_given"]
    expect(given and given[-1]["facts"]["by"] == "root" and "`restart`" in given[-1]["text"], f"no command in {before}")
    lab.kill(OTHER[primary])
    expect(lab.wait_pair() == primary, "the application was moved")
    lab.halt(OTHER[primary])
    lab.wait(primary, "ALONE")
    lab.run(OTHER[primary])
    expect(lab.wait_pair() == primary, "the application was moved")

    def told():
        names = [event["event"] for event in events(lab, primary)[len(before) :]]
        return "protection_lost" in names and "protection_restored" in names

    eventually(10, told, lambda: f"not told: {events(lab, primary)[len(before):]}")
    known = events(lab, primary)
    lab.cut(primary)
    lab.wait(OTHER[primary], "ALONE")
    lab.power(primary)
    expect(lab.wait_pair() == OTHER[primary], "the application went back")
    after = events(lab, primary)
    expect(after[: len(known)] == known, "what was told before the power cut has changed")
    numbers = [event["number"] for event in after]
    expect(numbers == list(range(numbers[0], numbers[0] + len(numbers))), f"the numbers have gaps: {numbers}")
    texts = "\n".join(event["text"] for event in after[len(known) :])
    expect(f"{primary} is up to date:" in texts, f"the resync is not told of: {texts}")


def webhooks_are_told(lab):
    """A receiver on another machine hears of the loss and the return of protection, signed; one that is not there
    delays nobody."""
    primary = lab.wait_pair()
    heard = os.path.join(lab.run_directory, "heard")
    secret = os.path.join(lab.run_directory, "webhook.secret")
    with open(secret, "w", encoding="ascii") as file:
        file.write(SECRET + "\n")
    receiver = lab.spawn("c", "/usr/bin/python3", os.path.join(HERE, "webhook_receiver.py"), "8099", heard)
    hooks = f"""
[[webhook]]
url = "http://10.77.0.4:8099/lockstep"
secret_file = "{secret}"

[[webhook]]
url = "http://10.77.0.250/nobody"
events = ["role", "protection", "peer"]
"""
    try:
        for host in SERVERS:
            file = os.path.join(lab.configuration(host), "cluster.toml")
            shutil.copy(file, file + ".before")
            with open(file, "a", encoding="utf-8") as cluster:
                cluster.write(hooks)
        for host in (OTHER[primary], primary):
            lab.kill(host)
        primary = lab.wait_pair()
        lab.halt(OTHER[primary])
        lab.wait(primary, "ALONE")
        lab.run(OTHER[primary])
        lab.wait_pair()

        def told():
            if not os.path.exists(heard):
                return None
            with open(heard, encoding="utf-8") as lines:
                messages = [json.loads(line) for line in lines]
            bodies = [json.loads(message["body"]) for message in messages]
            names = [body["event"] for body in bodies if body["node"] == primary]
            if "protection_lost" in names and "protection_restored" in names[names.index("protection_lost") :]:
                return messages
            return None

        messages = eventually(30, told, f"the receiver has not heard of it: {lab.log(primary)[-1500:]}")
        for message in messages:
            digest = hmac.new(SECRET.encode(), message["body"].encode(), hashlib.sha256).hexdigest()
            expect(message["signature"] == "sha256=" + digest, f"a wrong signature: {message}")
    finally:
        receiver.kill()
        receiver.wait()
        for host in SERVERS:
            file = os.path.join(lab.configuration(host), "cluster.toml")
            if os.path.exists(file + ".before"):
                os.replace(file + ".before", file)
    for host in SERVERS:
        lab.kill(host)
        lab.wait_pair()
    lab.wait_for_load(lab.wait_pair())


def journal_has_fields(lab):
    """A daemon whose output goes to the systemd journal gives it fields; here something that takes what sd-journal sends
    stands for journald."""
    primary = lab.wait_pair()
    secondary = OTHER[primary]
    taken = os.path.join(lab.run_directory, "journal")
    lab.halt(secondary)
    lab.wait(primary, "ALONE")
    journal = lab.spawn(secondary, "/usr/bin/python3", os.path.join(HERE, "journal_receiver.py"), taken)
    eventually(10, lambda: os.path.exists(taken), "the receiver does not start")
    output = os.path.join(lab.run_directory, "stderr")
    daemon = lab.spawn(
        secondary,
        "sh",
        "-c",
        f'exec 2>{output}; export JOURNAL_STREAM="$(stat -c %d:%i {output})"; '
        f"exec {lab.binaries}/lockstepd --config {lab.configuration(secondary)} --node {secondary}",
    )
    try:
        expect(lab.wait_pair() == primary, "the application was moved")

        def entries():
            with open(taken, encoding="utf-8") as file:
                return [json.loads(line) for line in file]

        eventually(
            10,
            lambda: any(
                entry.get("MODULE") == "data" and entry.get("ROLE") == "SECOND" and int(entry["EPOCH"]) > 0
                for entry in entries()
            ),
            lambda: f"no such fields in {entries()[-5:]}",
        )
        expect(all(e["SYSLOG_IDENTIFIER"] == "lockstepd" and e["PRIORITY"] in "34567" for e in entries()), "odd entries")
        expect(os.path.getsize(output) == 0, "it also writes to standard error")
    finally:
        daemon.terminate()
        daemon.wait()
        journal.kill()
        journal.wait()
        eventually(30, lambda: not lab.status(secondary), "the daemon does not end")
        time.sleep(1)
        lab.run(secondary)
    expect(lab.wait_pair() == primary, "the application was moved")


TESTS = [
    status_says_what_matters,
    top_shows_the_load,
    metrics_count_the_load,
    timeline_survives,
    webhooks_are_told,
    journal_has_fields,
]
