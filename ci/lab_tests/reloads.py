"""A configuration that changes while the daemons run: what is live counts, everything else is refused as a whole, and the
module goes on serving. Each test starts and ends with PRIM and SECOND."""
import json
import os
import shutil
import time

from lab import OTHER, eventually, expect, rewrite
from observes import HERE, events
from security import call, token

SECRET_PATH = "/hush-hush"


def reload(lab, host, *options):
    """It is for all modules together, so not by lab.cli()."""
    return lab.on(host, f"{lab.binaries}/lockstep", "--config", lab.configuration(host), *options, "reload")


def files(lab, host):
    return os.path.join(lab.configuration(host), "cluster.toml"), os.path.join(lab.configuration(host), "modules", f"{lab.module}.toml")


def append(path, text):
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)


def line_of(path, beginning):
    with open(path, encoding="utf-8") as file:
        return next(number for number, line in enumerate(file, 1) if line.startswith(beginning))


def heard(path):
    """The events that the receiver was told of."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as lines:
        return [json.loads(json.loads(line)["body"]) for line in lines]


def restart_application(lab, host):
    code, output = lab.cli(host, "restart")
    expect(code == 0, f"restart: {output}")
    eventually(30, lambda: lab.role(host) == "PRIM", lambda: f"no PRIM after restart: {lab.describe()}")


def live_keys_count(lab, primary, told, mark):
    """A webhook and a phase command are taken, and both show."""
    cluster, module = files(lab, primary)
    append(cluster, f'\n[[webhook]]\nurl = "http://10.77.0.4:8098{SECRET_PATH}"\nevents = ["daemon", "command"]\n')
    script = os.path.join(lab.directory, "scripts", primary, "start")
    rewrite(module, f'start = "{script}"', f'start = "echo new >>{mark}; exec {script}"')
    code, output = reload(lab, primary)
    expect(code == 0 and output.startswith("applied:\n"), f"status {code}: {output}")
    place = f"modules/{lab.module}.toml:{line_of(module, 'start = ')}"
    expect(f"{place}: [application] start has changed: counts from the next phase on" in output, f"no start: {output}")
    expect(f"cluster.toml:{line_of(cluster, 'url = ')}: [[webhook]] 1 url is new: counts at once" in output, f"no webhook: {output}")
    time.sleep(2)
    expect(not os.path.exists(mark), "the application was started anew")
    restart_application(lab, primary)
    expect(os.path.exists(mark), "the new command was not run")

    def names():
        return [event["event"] for event in heard(told)]

    eventually(15, lambda: "configuration_reloaded" in names() and "command_given" in names(), lambda: f"the webhook heard {names()}")
    code, output = reload(lab, primary)
    expect(code == 0 and output.startswith("nothing differs"), f"status {code}: {output}")


def restart_is_asked_for(lab, primary, mark):
    """`timeout` is refused with file, line and both values, and what came with it is not applied either."""
    cluster, module = files(lab, primary)
    shutil.copy(module, module + ".live")
    rewrite(module, 'timeout = "', 'timeout = "1')
    rewrite(module, "echo new ", "echo newer ")
    code, output = reload(lab, primary)
    place = f"modules/{lab.module}.toml:{line_of(module, 'timeout = ')}: timeout was "
    expect(code == 1 and place in output and "needs a restart of lockstepd on both nodes" in output, f"status {code}: {output}")
    expect("[application]" not in output, f"more than what is to be done: {output}")
    restart_application(lab, primary)
    with open(mark, encoding="ascii") as file:
        expect("newer" not in file.read(), "half of it was applied")
    lab.wait_for_load(primary)
    append(module, "nonsense = 1\n")
    code, output = reload(lab, primary)
    _, complaint = lab.cli(primary, "check")
    mistake = next(line for line in complaint.splitlines() if "nonsense" in line)
    expect(code == 1 and mistake in output, f"status {code}: {output}, and check says {complaint}")
    os.replace(module + ".live", module)
    shutil.copy(cluster, cluster + ".live")
    append(cluster, "nonsense = 1\n")
    code, output = reload(lab, primary)
    expect(code == 1 and "nothing is applied: the configuration in " in output and "nonsense" in output, f"status {code}: {output}")
    append(cluster, "nonsense = \n")
    code, output = reload(lab, primary)
    expect(code == 2 and "cluster.toml:" in output and "applied" not in output, f"status {code}: {output}")
    os.replace(cluster + ".live", cluster)
    code, output = reload(lab, primary, "-m", "nosuch")
    expect(code == 2 and "all modules together" in output, f"status {code}: {output}")
    lab.wait_for_load(primary)


def configuration_is_reloaded(lab):
    """By the command, by SIGHUP and by the API; nothing of it disturbs the application, and no secret is told."""
    primary = lab.wait_pair()
    lab.wait_for_load(primary)
    told, mark = (os.path.join(lab.run_directory, name) for name in ("reload.heard", "reload.mark"))
    cluster, module = files(lab, primary)
    for path in (cluster, module):
        shutil.copy(path, path + ".before")
    receiver = lab.spawn("c", "/usr/bin/python3", os.path.join(HERE, "webhook_receiver.py"), "8098", told)
    try:
        live_keys_count(lab, primary, told, mark)
        restart_is_asked_for(lab, primary, mark)
        position = len(lab.log(primary))
        os.replace(cluster + ".before", cluster)
        lab.on(primary, "sh", "-c", "kill -HUP $(pgrep -x lockstepd)")

        def said():
            return "reload by SIGHUP: cluster.toml: [[webhook]] 1 url is left out" in lab.log(primary)[position:]

        eventually(10, said, lambda: f"no word of SIGHUP: {lab.log(primary)[position:]}")
        os.replace(module + ".before", module)
        for role, wanted in (("control", 403), ("admin", 200)):
            secret = token(lab, primary, "add", "lab-reload", "--role", role)
            status, body = call(lab, primary, "/v1/reload", secret, "POST")
            token(lab, primary, "remove", "lab-reload")
            expect(status == wanted, f"{role} is answered {status}: {body}")
        names = [event["event"] for event in events(lab, primary)]
        expect(names.count("configuration_reloaded") >= 3 and "reload_refused" in names, f"the timeline has {names}")
        expect(SECRET_PATH not in lab.log(primary) + json.dumps(events(lab, primary) + heard(told)), "a webhook's URL was told")
        expect(lab.wait_pair() == primary and lab.status(OTHER[primary]), "the application was moved")
    finally:
        receiver.kill()
        receiver.wait()
        for path in (cluster, module):
            if os.path.exists(path + ".before"):
                os.replace(path + ".before", path)
        reload(lab, primary)


TESTS = [configuration_is_reloaded]
