"""Strangers: who is not of the cluster, or has no token, is turned away with a reason at both ends; and what is secret
stays where it belongs. Each test starts and ends with PRIM and SECOND."""
import json
import os
import shutil
import subprocess
import time

from lab import CI, OTHER, SERVERS, eventually, expect
from refusals import copy_configuration, refused_peer, run_refused

ADDRESS = {"s1": "10.77.0.1", "s2": "10.77.0.2"}
LINK = "10.77.1.1:7701"  # the second server calls the first
WITNESS = "10.77.0.3:7790"
ETCD = "10.77.0.3:2379"
API_PORT = 9011


def program(lab, host):
    return ("etcd" if lab.third_vote == "etcd" else "lockstep-witness") if host == "w" else "lockstepd"


def log_since(lab, host, position):
    return lab.log(host, program(lab, host))[position:]


def turned_away(lab, host, caller, command, *words):
    """Runs a command on `caller` against `host`, whose log must then say why it was refused."""
    before = len(log_since(lab, host, 0))
    _, output = lab.on(caller, "sh", "-c", command, timeout=30)

    def said():
        return all(word in log_since(lab, host, before) for word in words)

    eventually(8, said, lambda: f"no word of {words}: {log_since(lab, host, before)[-800:]}\nthe client: {output[-800:]}")
    return output


def foreign_credentials(lab):
    """The keys of a cluster that has the same name and is another."""
    place = os.path.join(lab.directory, "run", "foreign")
    shutil.rmtree(place, ignore_errors=True)
    command = [f"{lab.binaries}/lockstep", "--config", place, "init", "--name", "lab", "--node", "s2=10.77.1.2"]
    command += ["--node", "s1=10.77.1.1", "--witness", "10.77.0.3", "--no-wait"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    expect(result.returncode == 0, f"lockstep init: {result.stdout}{result.stderr}")
    return os.path.join(place, "tls")


def strangers_at(lab, host, caller, place, keys):
    """Where Lockstep itself answers: `place` is "ADDRESS:PORT" of `host`."""
    client = f"timeout 10 openssl s_client -connect {place}"
    turned_away(lab, host, caller, f"curl -sS --max-time 5 http://{place}/ 2>&1", "speaks without TLS")
    output = turned_away(lab, host, caller, f"{client} -tls1_2 </dev/null 2>&1", "does not speak TLS 1.3")
    expect("protocol version" in output, f"the client is not told: {output}")
    # A client of TLS 1.3 hears of it when it goes on.
    output = turned_away(lab, host, caller, f"sleep 1 | {client} 2>&1", "shows no certificate")
    expect("certificate required" in output, f"the client is not told: {output}")
    foreign = f"sleep 1 | {client} -cert {keys}/node.crt -key {keys}/node.key 2>&1"
    output = turned_away(lab, host, caller, foreign, "another cluster's authority")
    expect("alert" in output, f"the client is not told: {output}")
    address, port = place.split(":")
    silent = f"import socket, time; s = socket.create_connection(('{address}', {port})); s.settimeout(8); print(s.recv(1))"
    output = turned_away(lab, host, caller, f"/usr/bin/python3 -c \"{silent}\"", "did not finish the TLS handshake")
    expect("b''" in output, f"the silent caller is not dropped: {output}")


def strangers_at_etcd(lab, keys):
    """Set up as the guide has it, it answers to whom its own authority vouches for, and to nobody else."""
    own = os.path.join(lab.configuration("s1"), "etcd")

    def answer(url, *options):
        command = ["curl", "-sS", "--max-time", "5", "--cacert", f"{own}/ca.crt", *options, url, "-d", '{"key": "AA=="}']
        return lab.on("c", *command)[1]

    url = f"https://{ETCD}/v3/kv/range"
    expect("header" in answer(url, "--cert", f"{own}/client.crt", "--key", f"{own}/client.key"), "etcd does not answer at all")
    expect("header" not in answer(url.replace("https", "http")), "etcd answers without TLS")
    expect("header" not in answer(url), "etcd answers to whom shows no certificate")
    foreign = answer(url, "--cert", f"{keys}/node.crt", "--key", f"{keys}/node.key")
    expect("header" not in foreign, f"etcd answers to another authority's client: {foreign}")


def strangers(lab):
    """Plain text, TLS 1.2, no certificate, another cluster's certificate, and silence: turned away, and said why."""
    keys = foreign_credentials(lab)
    strangers_at(lab, "s1", "s2", LINK, keys)
    if lab.third_vote == "etcd":
        strangers_at_etcd(lab, keys)
    else:
        strangers_at(lab, "w", "c", WITNESS, keys)
    lab.wait_pair()


def peer_of_another_authority(lab):
    """A server whose keys are of another cluster of the same name is refused, at both ends with the reason."""
    keys = foreign_credentials(lab)

    def exchange(host):
        own = os.path.join(lab.configuration(host), "tls")
        os.rename(own, own + ".kept")
        # For the same place, or the daemon would not even start.
        if host == "s1":
            shutil.copytree(keys, own)
        else:
            invite_second(lab, os.path.dirname(keys), lab.configuration(host))

    def undo(host):
        own = os.path.join(lab.configuration(host), "tls")
        shutil.rmtree(own, ignore_errors=True)
        os.rename(own + ".kept", own)

    refused_peer(lab, exchange, undo, "another cluster's authority")


def invite_second(lab, inviting, joining):
    """The second server of the cluster in `inviting` gets keys into `joining`."""
    lockstep = f"{lab.binaries}/lockstep"
    command = [lockstep, "--config", inviting, "invite", "second", "--address", "127.0.0.1", "--join-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            token = next(word for line in server.stdout for word in line.split() if word.startswith("lockstep1/"))
            command = [lockstep, "--config", joining, "join", "-", "--keys-only"]
            result = subprocess.run(command, input=token, capture_output=True, text=True, timeout=20, check=False)
            expect(result.returncode == 0, f"lockstep join: {result.stdout}{result.stderr}")
            server.wait(timeout=10)
        finally:
            server.kill()


def without_keys(lab):
    """A daemon without keys, with keys that others can read, or with another place's does not start, and says what to do."""

    def changed(name, change):
        configuration = copy_configuration(lab, "s1", f"s1-{name}", lambda _, text: text)
        for key in ("node.key", "ca.key"):
            os.chmod(os.path.join(configuration, "tls", key), 0o600)
        change(os.path.join(configuration, "tls"))
        return configuration

    run_refused(lab, "s1", changed("keyless", shutil.rmtree), "node.crt", "lockstep init")
    open_key = changed("open", lambda place: os.chmod(os.path.join(place, "node.key"), 0o644))
    run_refused(lab, "s1", open_key, "node.key", "chmod 600")

    def take_the_others(place):
        for name in ("node.crt", "node.key"):
            shutil.copy(os.path.join(lab.configuration("s2"), "tls", name), os.path.join(place, name))

    run_refused(lab, "s1", changed("place", take_the_others), "is for the second", "lockstep invite")
    code, output = lab.on("s1", f"{lab.binaries}/lockstep", "--config", open_key, "--node", "s1", "check")
    expect(code == 1 and "chmod 600" in output, f"lockstep check does not see it (status {code}): {output}")
    lab.wait_pair()


def token(lab, host, *arguments):
    command = [f"{lab.binaries}/lockstep", "--config", lab.configuration(host), "token", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    expect(result.returncode == 0, f"lockstep token {arguments}: {result.stderr}")
    return result.stdout.strip()


def call(lab, host, path, secret=None, method="GET", body=None):
    """(status, answer) of the API, asked by curl on the client, which knows the cluster's authority."""
    authority = os.path.join(lab.configuration("s1"), "tls", "ca.crt")
    # Not on the command line, where everybody could read it.
    header = os.path.join(lab.run_directory, "header")
    with open(os.open(header, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(f"Authorization: Bearer {secret}\n" if secret else "X-Nothing: x\n")
    command = ["curl", "-sS", "--max-time", "70", "--cacert", authority, "--tlsv1.3", "-X", method, "-H", f"@{header}"]
    # The certificate has the address of the link; the client comes by another network.
    command += ["--connect-to", f"{host}:{API_PORT}:{ADDRESS[host]}:{API_PORT}", "-w", "\n%{http_code}"]
    command += ["-d", body] if body else []
    code, output = lab.on("c", *command, f"https://{host}:{API_PORT}{path}", timeout=90)
    expect(code == 0, f"curl {path}: {output}")
    answer, _, status = output.rpartition("\n")
    return int(status), answer


def api(lab):
    """The API answers who has a token, what its role allows; health pages are open; a swap by the API loses nothing."""
    primary = lab.wait_pair()
    secrets = {role: token(lab, primary, "add", f"lab-{role}", "--role", role) for role in ("monitor", "control", "admin")}
    try:
        status, _ = call(lab, primary, "/v1/status")
        expect(status == 401, f"without a token: {status}")
        status, answer = call(lab, primary, "/v1/status", secrets["monitor"])
        modules = json.loads(answer)["modules"] if status == 200 else []
        expect([(m["module"], m["role"]) for m in modules] == [(lab.module, "PRIM")], f"{status}: {answer}")
        swap = f"/v1/modules/{lab.module}/swap"
        status, answer = call(lab, primary, swap, secrets["monitor"], "POST")
        expect(status == 403 and "control" in answer, f"a monitor may swap: {status}: {answer}")
        status, answer = call(lab, primary, f"/v1/modules/{lab.module}/prim", secrets["control"], "POST", '{"force":true}')
        expect(status == 403 and "admin" in answer, f"control may force: {status}: {answer}")
        status, answer = call(lab, primary, "/v1/status/nowhere", secrets["admin"])
        expect(status == 404 and lab.module in answer, f"{status}: {answer}")
        code, output = lab.on("c", "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", f"http://{ADDRESS[primary]}:9010/health/{lab.module}")
        expect(code == 0 and output == "200", f"health is not open: {output}")
        code, output = lab.on("c", "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", f"http://{ADDRESS[primary]}:9010/v1/status")
        expect(output == "404", f"the API answers without TLS: {output}")
        status, answer = call(lab, primary, swap, secrets["control"], "POST")
        expect(status == 200, f"swap is refused: {status}: {answer}")
        eventually(30, lambda: lab.wait_pair() == OTHER[primary], "the roles are not exchanged")
        expect(f"API: lab-control (control) at 10.77.0.4: POST {swap}" in lab.log(primary), "the log does not say who did it")
        token(lab, primary, "remove", "lab-admin")
        status, _ = call(lab, primary, "/v1/status", secrets["admin"])
        expect(status == 401, f"a removed token is valid: {status}")
    finally:
        for role in secrets:
            if f"lab-{role}" in token(lab, primary, "list"):
                token(lab, primary, "remove", f"lab-{role}")


def files_with(lab, host, secret, folder):
    """The files beneath a folder that hold these bytes, compressed or not; on the host itself, where its disk is mounted."""
    code, output = lab.on(host, os.path.join(CI, "lib", "files_with"), folder, secret.hex())
    expect(code == 0, f"cannot search {folder}: {output}")
    return output.split()


def recordings(lab, host):
    return os.path.join(lab.directory, host, "state")


def command_lines_with(secret):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if secret in file.read():
                    found.append(pid)
        except OSError:
            pass
    return found


def write_secret(lab, host):
    """Random bytes into a replicated file. Gives a part of them."""
    secret = os.urandom(4096)
    source = os.path.join(lab.run_directory, "secret")
    with open(source, "wb") as file:
        file.write(secret)
    code, output = lab.on(host, "dd", f"if={source}", f"of={lab.data(host)}/secret", "bs=4k", "conv=fsync")
    expect(code == 0, f"cannot write: {output}")
    os.remove(source)
    return secret[1024:1056]


def secrets_stay(lab):
    """Application data, tokens and keys are in no log, no recording and no command line; what would find them finds them."""
    primary = lab.wait_pair()
    secondary = OTHER[primary]
    data = write_secret(lab, primary)
    presented = token(lab, primary, "add", "lab-secret", "--role", "monitor")
    status, _ = call(lab, primary, "/v1/status", presented)
    expect(status == 200, f"the token is not valid: {status}")
    call(lab, primary, "/v1/status", presented[:-1] + ("0" if presented[-1] != "0" else "1"))
    token(lab, primary, "remove", "lab-secret")
    secrets = {"application data": data, "a token": presented.split(".")[1].encode()}
    for host in SERVERS:
        with open(os.path.join(lab.configuration(host), "tls", "node.key"), encoding="ascii") as file:
            secrets[f"the key of {host}"] = file.read().splitlines()[2].encode()
    time.sleep(2)
    for what, secret in secrets.items():
        found = files_with(lab, primary, secret, os.path.join(lab.directory, "log"))
        expect(not found, f"{what} is in a log: {found}")
        expect(not command_lines_with(secret), f"{what} is on a command line")
        for host in SERVERS:
            found = files_with(lab, host, secret, recordings(lab, host))
            expect(not found, f"{what} is in what {host} records: {found}")
    key = os.path.join(lab.configuration(primary), "tls", "node.key")
    expect(files_with(lab, primary, secrets[f"the key of {primary}"], os.path.dirname(key)) == [key], "the search finds nothing anywhere")
    # Where an administrator wants contents recorded they are found, so the search would have found them above.
    settings = os.path.join(lab.configuration(secondary), "cluster.toml")
    with open(settings, encoding="utf-8") as file:
        before = file.read()
    lab.halt(secondary)
    try:
        with open(settings, "a", encoding="utf-8") as file:
            file.write('\n[recorder]\npayloads = "full"\n')
        lab.run(secondary)
        lab.wait_pair()
        data = write_secret(lab, primary)
        eventually(10, lambda: files_with(lab, secondary, data, recordings(lab, secondary)), "payloads = \"full\" records no contents")
    finally:
        lab.halt(secondary)
        with open(settings, "w", encoding="utf-8") as file:
            file.write(before)
        lab.run(secondary)
    lab.wait_pair()
    lab.on(primary, "rm", os.path.join(lab.data(primary), "secret"))


TESTS = [strangers, peer_of_another_authority, without_keys, api, secrets_stay]
