"""Checks and what follows from them, with real processes: a service that is killed, hangs, flaps, and servers that lack
what they must have. Each test begins and ends with PRIM and SECOND."""
import os
import time

from lab import OTHER, SERVERS, eventually, expect

# As ci/lib/lab_files.sh writes them for this application.
RESTARTS_MAX = 2
# Three looks, one each 0.5 s, with 0.5 s for the last, the stop's time of 1 s, and what a busy machine adds to kill,
# hand-over and start.
HUNG_FAILS_OVER_S = 8.0
KILLED_RESTARTS_S = 2.0
OPTIONS = ("--application", "checked", "--size", "256M")


def service_pid(lab, host):
    code, output = lab.on(host, "pgrep", "-f", "[c]hecked_service run")
    return int(output.split()[0]) if code == 0 else None


def log_of_service(lab, host):
    try:
        with open(os.path.join(lab.run_directory, f"service.{host}.log"), encoding="ascii") as file:
            return [line.split(maxsplit=1)[1].strip() for line in file]
    except FileNotFoundError:
        return []


def starts(lab, host):
    return log_of_service(lab, host).count("start")


def switch(lab, name, on):
    path = os.path.join(lab.run_directory, name)
    if on:
        with open(path, "w", encoding="ascii"):
            pass
    elif os.path.exists(path):
        os.remove(path)


def check(lab, host, name):
    """What a check has found, as `status --json` says it."""
    found = [each for each in lab.status(host).get("checks", []) if each["name"] == name]
    return found[0] if found else {}


def passing(lab, host, *names):
    return all(check(lab, host, name).get("state") == "passing" for name in names)


def rest(lab):
    """PRIM and SECOND, and all checks pass; restarts are counted anew."""
    for host in SERVERS:
        switch(lab, f"flap.{host}", False)
        switch(lab, f"lacking.{host}", False)
        lab.cli(host, "start")
    primary = lab.wait_pair()
    eventually(20, lambda: passing(lab, primary, "process", "service", "server"), lambda: f"checks: {lab.status(primary).get('checks')}")
    return primary


def killed_application_is_restarted(lab):
    """kill -9 of the application's process: it runs again within two seconds, where it was."""
    primary = rest(lab)
    for _ in range(RESTARTS_MAX):
        pid = service_pid(lab, primary)
        expect(pid, "no service runs")
        lab.on(primary, "kill", "-9", str(pid))
        killed = time.monotonic()
        eventually(
            KILLED_RESTARTS_S,
            lambda: (new := service_pid(lab, primary)) and new != pid,
            lambda: f"the service is not restarted: {lab.describe()}",
        )
        print(f"    restarted after {time.monotonic() - killed:.2f} s")
        expect(lab.wait_pair() == primary, "the application was moved")
        eventually(10, lambda: passing(lab, primary, "process"), "the check of the process does not pass again")
    status = lab.status(primary)
    expect(status["restarts"]["used"] == RESTARTS_MAX, f"restarts counted: {status['restarts']}")
    expect("restarted" in status["reason"] and "process" in status["reason"], f"the reason does not say it: {status['reason']}")


def hung_application_fails_over(lab):
    """SIGSTOP of the application: the kernel still accepts connections, nobody answers. The other server takes over."""
    primary = rest(lab)
    other = OTHER[primary]
    pid = service_pid(lab, primary)
    lab.on(primary, "kill", "-STOP", str(pid))
    stopped = time.monotonic()
    lab.wait(other, "PRIM", "ALONE", seconds=HUNG_FAILS_OVER_S)
    print(f"    failed over after {time.monotonic() - stopped:.2f} s")
    expect(lab.wait_pair() == other, "the service went back")
    expect(service_pid(lab, other), "no service runs on the other server")
    expect(not service_pid(lab, primary), "the hung service was left running")
    expect("stop with force" in log_of_service(lab, primary), "the stop was not made again with force")


def hung_application_without_a_successor_is_restarted(lab):
    """The same while the other server is away: restarted where it is, and the reason says why."""
    primary = rest(lab)
    other = OTHER[primary]
    lab.halt(other)
    lab.wait(primary, "ALONE")
    before = starts(lab, primary)
    lab.on(primary, "kill", "-STOP", str(service_pid(lab, primary)))
    eventually(HUNG_FAILS_OVER_S, lambda: starts(lab, primary) > before, lambda: f"no restart: {lab.describe()}")
    lab.wait(primary, "ALONE")
    reason = lab.status(primary)["reason"]
    expect("does not have everything" in reason, f"the reason does not say why: {reason}")
    lab.run(other)
    expect(lab.wait_pair() == primary, "the service was moved")


def flapping_application_is_stopped(lab):
    """The application ends soon after each start: after as many restarts as it may have the server stops, says so, and
    the other one serves."""
    primary = rest(lab)
    other = OTHER[primary]
    before = starts(lab, primary)
    switch(lab, f"flap.{primary}", True)
    lab.wait(primary, "STOP", seconds=60)
    expect(starts(lab, primary) == before + RESTARTS_MAX, f"{starts(lab, primary) - before} starts instead of {RESTARTS_MAX}")
    lab.wait(other, "ALONE")
    expect(service_pid(lab, other), "no service runs on the other server")
    status = lab.status(primary)
    expect("rather than started again" in status["reason"], f"the reason does not say it: {status['reason']}")
    expect("start" in status["next_step"], f"the next step does not say what to do: {status['next_step']}")
    time.sleep(3)
    expect(starts(lab, primary) == before + RESTARTS_MAX, "it was started once more")
    switch(lab, f"flap.{primary}", False)
    lab.cli(primary, "start")
    expect(lab.wait_pair() == other, "the service went back")


def server_that_lacks_something_waits(lab):
    """A check of the server fails: the other one serves; where both fail both wait, and go on by themselves."""
    primary = rest(lab)
    other = OTHER[primary]
    switch(lab, f"lacking.{primary}", True)
    eventually(20, lambda: lab.role(other) == "PRIM", lambda: f"the service is not moved: {lab.describe()}")
    expect(lab.wait_pair() == other, "the service went back")
    switch(lab, f"lacking.{other}", True)
    lab.wait(other, "WAIT")
    time.sleep(5)
    expect(not any(lab.role(host) in ("PRIM", "ALONE") for host in SERVERS), f"a server serves: {lab.describe()}")
    expect("server" in lab.status(other)["reason"], f"the reason does not say it: {lab.status(other)['reason']}")
    switch(lab, f"lacking.{other}", False)
    lab.wait(other, "PRIM", "ALONE")
    switch(lab, f"lacking.{primary}", False)
    lab.wait_pair()


TESTS = [
    killed_application_is_restarted,
    hung_application_fails_over,
    hung_application_without_a_successor_is_restarted,
    flapping_application_is_stopped,
    server_that_lacks_something_waits,
]
for test in TESTS:
    test.options = OPTIONS
