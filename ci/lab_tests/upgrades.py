"""What happens to the packages while their service runs, on the machines of the quick start; each test starts and ends with s1
PRIM and s2 SECOND.

Environment: LOCKSTEP_SURVIVALS, how often the package is upgraded (3).
"""
import functools
import os
import time

import quick_start
from lab import eventually, expect, logged_at
from pgbench import Bench, Database, runs
from quick_start import DATA, MACHINE_SHELL, on, packages, role, set_up, shell, wait_protected

UPGRADES = int(os.environ.get("LOCKSTEP_SURVIVALS", "3"))
VERSIONS = ("0.0.1~test2", "0.0.1~test3")
# The first look after the other server has counted as gone.
TAKEOVER_MAX_S = 30


def bench_on(lab, host):
    """As the user who may: in a place of its own, since what it writes is its own."""
    run = ("runuser", "-u", "postgres", "--")
    database = Database(functools.partial(on, lab, host, *run), functools.partial(lab.spawn, host, MACHINE_SHELL, *run), [])
    place = os.path.join(lab.directory, "log", f"pgbench.{time.monotonic_ns()}")
    os.mkdir(place)
    os.chmod(place, 0o777)
    return Bench(database, place)


def main_process(lab, host):
    return shell(lab, host, "systemctl show --property MainPID --value lockstepd").strip()


def postmaster(lab, host):
    return shell(lab, host, f"head -n 1 {DATA}/data/postmaster.pid").strip()


def service_log(lab, host):
    with open(os.path.join(lab.directory, "log", f"{host}.lockstepd.log"), encoding="utf-8") as file:
        return file.read()


def postgres_runs(lab, host):
    return runs("postgres", functools.partial(on, lab, host))


def package_upgraded_under_load(lab):
    """`dpkg -i` of another version on the server that serves, again and again: no transaction fails, none takes a second, and
    the daemon is the new program."""
    set_up(lab)
    packed = [packages(lab, version)["lockstep"] for version in VERSIONS]
    bench = bench_on(lab, "s1")
    first = postmaster(lab, "s1")
    for number in range(UPGRADES):
        before = main_process(lab, "s1")
        said = shell(lab, "s1", f"dpkg -i {packed[number % len(packed)]}")
        expect("was replaced by the new program" in said, f"the package says: {said}")
        after = main_process(lab, "s1")
        expect(after not in ("0", before), f"the daemon was {before} and is {after}")
        program = shell(lab, "s1", f"readlink /proc/{after}/exe").strip()
        expect(program == "/usr/bin/lockstepd", f"it runs {program}")
        bench.wait_for_transactions()
        wait_protected(lab, "s1")
    expect(postmaster(lab, "s1") == first, "PostgreSQL was started anew")
    bench.end_unnoticed()


def stopped_while_it_cannot_run(lab):
    """A daemon whose program is gone has died, and the unit is stopped before it is back: what runs on without it is ended
    before the other server takes over."""
    set_up(lab)
    shell(lab, "s1", "mv /usr/bin/lockstepd /usr/bin/lockstepd.away; systemctl kill --kill-who=main --signal=KILL lockstepd")
    expect(postgres_runs(lab, "s1"), "the application has not outlived the daemon")
    shell(lab, "s1", "systemctl stop lockstepd")
    eventually(TAKEOVER_MAX_S, lambda: role(lab, "s2") == "ALONE", "s2 does not take over")
    expect(not postgres_runs(lab, "s1"), "the application goes on without a daemon")
    ended = logged_at(service_log(lab, "s1"), "what was left of the service is ended")
    started = logged_at(service_log(lab, "s2"), "state Waiting -> Promoting")
    expect(ended < started, f"what was left was ended at {ended}, and s2 began at {started}")
    shell(lab, "s1", "mv /usr/bin/lockstepd.away /usr/bin/lockstepd; systemctl start lockstepd")
    wait_protected(lab, "s2")
    shell(lab, "s1", "lockstep -m postgresql swap --wait")
    wait_protected(lab, "s1")


TESTS = [package_upgraded_under_load, stopped_while_it_cannot_run]
for each in TESTS:
    each.options = quick_start.OPTIONS
