"""A daemon that ends is back at once, as systemd starts it again with what it has had kept, and its application goes on: a
PostgreSQL under load notices a stall. The tests share a lab, and start and end with PRIM and SECOND.

Environment: LOCKSTEP_SURVIVALS, how often the daemon is killed (3).
"""
import functools
import os
import shutil
import time

from addresses import ADDRESS, configured, expect_at, holders
from exercise import Exerciser, finish, quiet_with_directory
from lab import OTHER, eventually, expect, logged_at
from pgbench import Bench, Database, runs

KILLS = int(os.environ.get("LOCKSTEP_SURVIVALS", "3"))
OPERATIONS_PER_KILL = 10_000
# The first look after the other server has counted as gone: its timeout, an election, PostgreSQL's recovery.
TAKEOVER_MAX_S = 30
OTHER_ADDRESS = "10.77.0.101"
SERVER_ADDRESS = {"s1": "10.77.0.1", "s2": "10.77.0.2"}


def database(lab, host):
    return Database(functools.partial(lab.on, host), functools.partial(lab.spawn, host), ["-h", SERVER_ADDRESS[host], "-U", "postgres"])


def bench_on(lab, host):
    return Bench(database(lab, host), os.path.join(lab.directory, "log"))


def daemon(lab, host):
    """The number of its process, while there is one."""
    try:
        with open(os.path.join(lab.run_directory, f"{host}.lockstepd.pid"), encoding="ascii") as file:
            return int(file.read())
    except (FileNotFoundError, ValueError):
        return None


def postmaster(lab, host):
    return lab.on(host, "head", "-n", "1", os.path.join(lab.data(host), "pg", "postmaster.pid"))[1].strip()


def mounted(lab, host):
    """What lies on top of the replicated directory."""
    return lab.on(host, "findmnt", "-n", "-o", "SOURCE", "-T", lab.data(host))[1].splitlines()[-1:]


def kill_and_see_it_come_back(lab, host):
    before, position = daemon(lab, host), len(lab.log(host))
    lab.kill(host)
    eventually(10, lambda: daemon(lab, host) not in (None, before), "the daemon does not come back")
    eventually(10, lambda: "the application has outlived the daemon" in lab.log(host)[position:], "nothing was taken up")
    expect(lab.wait_pair() == host, "the application was moved")


def equal_at_rest(lab, host):
    """PostgreSQL is stopped behind the module's back: what lies on the disks is all that it ever wrote."""
    code, output = lab.on(host, os.path.join(lab.directory, "scripts", host, "stop"), timeout=120)
    expect(code == 0, f"PostgreSQL does not stop: {output}")
    lab.equal()
    code, output = lab.cli(host, "restart")
    expect(code == 0, f"restart: {output}")
    lab.wait_pair()


def survived(lab, host, strike):
    bench = bench_on(lab, host)
    first, epoch = postmaster(lab, host), lab.status(host).get("epoch")
    strike(bench)
    expect(postmaster(lab, host) == first, "PostgreSQL was started anew")
    bench.end_unnoticed()
    print(f"    epoch {epoch} to {lab.status(host).get('epoch')}", flush=True)
    equal_at_rest(lab, host)


def daemon_killed_under_load(lab):
    """kill -9 of the serving daemon, again and again: no transaction fails, and each is there afterwards."""
    primary = lab.wait_pair()

    def strike(bench):
        for _ in range(KILLS):
            kill_and_see_it_come_back(lab, primary)
            bench.wait_for_transactions()

    survived(lab, primary, strike)


def daemon_upgraded_under_load(lab):
    """The program is replaced, and then the daemon, as an upgrade of the package does."""
    primary = lab.wait_pair()
    program = os.path.join(lab.run_directory, f"{primary}.bin", "lockstepd")

    def strike(bench):
        shutil.copy2(program, program + ".new")
        os.replace(program + ".new", program)
        kill_and_see_it_come_back(lab, primary)
        code, runs = lab.on(primary, "stat", "-L", "-c", "%i", f"/proc/{daemon(lab, primary)}/exe")
        expect(code == 0 and int(runs) == os.stat(program).st_ino, f"the old program runs: {runs}")
        bench.wait_for_transactions()

    survived(lab, primary, strike)


def daemon_that_cannot_come_back(lab):
    """Its application waits for as long as nobody else serves. Then it is ended, with its address and its directory, although
    there is no daemon; and the other server takes over."""
    with configured(lab):
        primary = lab.wait_pair()
        program = os.path.join(lab.run_directory, f"{primary}.bin", "lockstepd")
        bench = bench_on(lab, primary)
        first = postmaster(lab, primary)
        os.rename(program, program + ".away")
        since, position, others = time.monotonic(), len(lab.log(primary)), len(lab.log(OTHER[primary]))
        lab.kill(primary)
        expect(lab.on(primary, "kill", "-0", first)[0] == 0, "the application has not outlived the daemon")
        lab.wait(OTHER[primary], "ALONE", seconds=TAKEOVER_MAX_S)
        expect(not runs("postgres", functools.partial(lab.on, primary)), "the application goes on without a daemon")
        expect("lockstep-guard" in mounted(lab, primary), "the directory is not closed")
        expect(primary not in holders(lab), "the address stays without a daemon")
        ended = logged_at(lab.log(primary)[position:], "what was left of the service is ended")
        started = logged_at(lab.log(OTHER[primary])[others:], "state Waiting -> Promoting")
        expect(ended < started, f"what was left was ended at {ended}, and the other server began at {started}")
        expect_at(lab, OTHER[primary], since, "the daemon's death")
        os.rename(program + ".away", program)
        expect(lab.wait_pair() == OTHER[primary], "the application went back")
        expect(bench.process.wait(timeout=60) != 0, "pgbench did not notice that its database is gone")
        acknowledged = len(bench.latencies())
        there = int(database(lab, OTHER[primary]).sql("select count(*) from pgbench_history"))
        expect(there >= acknowledged, f"{acknowledged} transactions were acknowledged, and {there} are there")
        equal_at_rest(lab, OTHER[primary])


def address_stays_and_goes(lab):
    """The application's address stays while the daemon is away, and goes when the next daemon ends the application."""
    with configured(lab):
        primary = lab.wait_pair()
        first = postmaster(lab, primary)
        kill_and_see_it_come_back(lab, primary)
        expect_at(lab, primary, time.monotonic(), "the daemon's death")
        expect(postmaster(lab, primary) == first, "PostgreSQL was started anew")
        code, output = lab.cli(primary, "swap")
        expect(code == 0, f"swap: {output}")
        expect_at(lab, OTHER[primary], time.monotonic(), "swap")
        expect(lab.wait_pair() == OTHER[primary], "the application went back")
        expect(not runs("postgres", functools.partial(lab.on, primary)), "the old application is still there")


def address_that_was_changed_goes(lab):
    """A daemon that comes back to another address in its file takes away what the one before it has added."""
    with configured(lab):
        primary = lab.wait_pair()
        expect(holders(lab) == [primary], f"the address is on {holders(lab)}")
        path = os.path.join(lab.configuration(primary), "modules", lab.module + ".toml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(ADDRESS, OTHER_ADDRESS))
        before = daemon(lab, primary)
        lab.kill(primary)
        eventually(10, lambda: daemon(lab, primary) not in (None, before), "the daemon does not come back")
        lab.wait_pair()
        expect(primary not in holders(lab), f"the former address is on {holders(lab)}")


def exercised_files_do_not_notice(lab):
    """Operations of every kind go on while the daemon is killed again and again, and each gives what the model says."""
    primary = quiet_with_directory(lab)
    run = Exerciser(lab, primary, KILLS * OPERATIONS_PER_KILL)
    for kill in range(KILLS):
        run.reaches(kill * OPERATIONS_PER_KILL + OPERATIONS_PER_KILL // 4)
        kill_and_see_it_come_back(lab, primary)
    run.ends_equal()
    finish(lab)


TESTS = [
    daemon_killed_under_load,
    daemon_upgraded_under_load,
    address_stays_and_goes,
    address_that_was_changed_goes,
    daemon_that_cannot_come_back,
    exercised_files_do_not_notice,
]
for each in TESTS:
    each.options = ("--keeper", "--application", "postgres", "--size", "1G")
exercised_files_do_not_notice.options = ("--keeper", "--application", "writer", "--size", "1G")
