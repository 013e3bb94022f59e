"""Failures of processes, networks and power, under load. Each test starts and ends with PRIM and SECOND, whichever
server is which; the runner then checks the load's account and compares the two servers' disks."""
import os
import time

from lab import OTHER, SERVERS, eventually, expect

# What the configuration of the lab promises: two seconds of silence decide, and a busy machine adds its own.
STALL_MAX_S = 5.0
# An acknowledgement may have been under way, and its writer not yet scheduled, when a cut was complete.
IN_FLIGHT_S = 0.25


def at_rest(lab):
    """Where nothing happens, nothing happens: the application is idle for a while, and nobody is left out."""
    primary = lab.load(False)
    epoch = eventually(10, lambda: lab.status(primary).get("epoch"), "no answer")
    time.sleep(6)
    expect(lab.status(primary).get("epoch") == epoch, f"the configuration was changed: {lab.describe()}")
    lab.equal()
    lab.load(True)
    lab.wait_for_load(primary)


def killed_daemon_of_the_primary(lab):
    """kill -9 of the daemon under load: its mount is recovered, and the module runs again by itself."""
    primary = lab.wait_pair()
    lab.kill(primary)
    lab.wait_for_load(lab.wait_pair())


def killed_daemon_of_the_secondary(lab):
    """kill -9 of the other daemon: the application never moves, and stalls for a moment at most."""
    primary = lab.wait_pair()
    since = time.monotonic()
    lab.kill(OTHER[primary])
    time.sleep(1)
    expect(lab.wait_pair() == primary, "the application was moved")
    lab.wait_for_load(primary)
    stall = lab.longest_stall(since)
    expect(stall < STALL_MAX_S, f"the application stalled for {stall:.1f} s")


def witness_lost(lab):
    """The witness loses its power and comes back: nobody notices."""
    primary = lab.wait_pair()
    since = time.monotonic()
    lab.cut("w")
    time.sleep(4)
    expect(lab.role(primary) == "PRIM", f"the primary left its role: {lab.describe()}")
    lab.wait_for_load(primary)
    lab.power("w")
    time.sleep(1)
    expect(lab.wait_pair() == primary, "the application was moved")
    stall = lab.longest_stall(since)
    expect(stall < 2, f"the application stalled for {stall:.1f} s")


def replication_link_cut(lab):
    """Only the link between the servers is cut, both reach the witness: the active side stays."""
    primary = lab.wait_pair()
    since = time.monotonic()
    lab.part("repl")
    lab.wait(primary, "ALONE")
    lab.wait(OTHER[primary], "WAIT", "SECOND", "second")
    lab.wait_for_load(primary)
    lab.heal()
    expect(lab.wait_pair() == primary, "the application was moved")
    stall = lab.longest_stall(since)
    expect(stall < STALL_MAX_S, f"the application stalled for {stall:.1f} s")


def replication_link_cut_one_way(lab):
    """The primary hears the other, the other does not hear the primary: the active side stays."""
    primary = lab.wait_pair()
    since = time.monotonic()
    lab.part(f"repl_to_{OTHER[primary]}")
    lab.wait(primary, "ALONE")
    lab.wait_for_load(primary)
    lab.heal()
    expect(lab.wait_pair() == primary, "the application was moved")
    stall = lab.longest_stall(since)
    expect(stall < STALL_MAX_S, f"the application stalled for {stall:.1f} s")


def primary_cut_off(lab):
    """Everything around the primary is cut: its writes freeze at once, the other takes over, and it follows later."""
    primary = lab.wait_pair()
    lab.part(primary)
    cut = time.monotonic()
    done = os.path.join(lab.run_directory, "probe-done")
    probe = lab.spawn(primary, "sh", "-c", f"echo probe >{lab.data(primary)}/probe-of-cut-off && touch {done}")
    lab.wait(OTHER[primary], "ALONE")
    lab.wait_for_load(OTHER[primary])
    late = lab.acknowledged_after(primary, cut + IN_FLIGHT_S)
    expect(not late, f"{len(late)} writes were acknowledged on the server that was cut off")
    lab.heal()
    expect(lab.wait_pair() == OTHER[primary], "the application went back")
    late = lab.acknowledged_after(primary, cut + IN_FLIGHT_S)
    expect(not late, f"{len(late)} writes were acknowledged on the old primary")
    expect(not os.path.exists(done), "a write on the server that was cut off has completed")
    probe.kill()
    probe.wait()


def frozen_daemon_of_the_primary(lab):
    """The primary's daemon is paused beyond every timeout and wakes up after the takeover: it completes no write."""
    primary = lab.wait_pair()
    lab.freeze(primary)
    frozen = time.monotonic()
    lab.wait(OTHER[primary], "ALONE")
    lab.wait_for_load(OTHER[primary])
    lab.thaw(primary)
    expect(lab.wait_pair() == OTHER[primary], "the application went back")
    late = lab.acknowledged_after(primary, frozen + IN_FLIGHT_S)
    expect(not late, f"{len(late)} writes were acknowledged on the paused server")


def frozen_daemon_of_the_secondary(lab):
    """A hung secondary costs the application a bounded stall."""
    primary = lab.wait_pair()
    since = time.monotonic()
    lab.freeze(OTHER[primary])
    lab.wait(primary, "ALONE")
    lab.wait_for_load(primary)
    lab.thaw(OTHER[primary])
    expect(lab.wait_pair() == primary, "the application was moved")
    stall = lab.longest_stall(since)
    expect(stall < STALL_MAX_S, f"the application stalled for {stall:.1f} s")


def power_cut_of_the_primary(lab):
    """The primary loses its power under load, the other takes over, and the first comes back as SECOND."""
    primary = lab.wait_pair()
    lab.cut(primary)
    lab.wait(OTHER[primary], "ALONE")
    lab.wait_for_load(OTHER[primary])
    lab.power(primary)
    expect(lab.wait_pair() == OTHER[primary], "the application went back")


def power_cut_of_the_secondary(lab):
    """The other server loses its power: the application goes on after a bounded stall."""
    primary = lab.wait_pair()
    since = time.monotonic()
    lab.cut(OTHER[primary])
    lab.wait(primary, "ALONE")
    lab.wait_for_load(primary)
    stall = lab.longest_stall(since)
    expect(stall < STALL_MAX_S, f"the application stalled for {stall:.1f} s")
    lab.power(OTHER[primary])
    expect(lab.wait_pair() == primary, "the application was moved")


def power_cut_of_both(lab):
    """Both servers lose their power at once: the module runs again by itself when they are back."""
    lab.wait_pair()
    lab.cut(*SERVERS)
    lab.power(*SERVERS)
    lab.wait_for_load(lab.wait_pair())


def stop_and_start(lab):
    """A clean stop of the secondary and of the primary, each followed by a start."""
    primary = lab.wait_pair()
    secondary = OTHER[primary]
    code, output = lab.cli(secondary, "stop")
    expect(code == 0, f"stop is refused: {output}")
    lab.wait(secondary, "STOP")
    lab.wait(primary, "ALONE")
    lab.wait_for_load(primary)
    lab.cli(secondary, "start")
    expect(lab.wait_pair() == primary, "the application was moved")
    code, output = lab.cli(primary, "stop")
    expect(code == 0, f"stop is refused: {output}")
    lab.wait(primary, "STOP")
    lab.wait(secondary, "ALONE")
    lab.wait_for_load(secondary)
    lab.cli(primary, "start")
    expect(lab.wait_pair() == secondary, "the application went back")


def swap(lab):
    """`swap` exchanges the roles; the application is only delayed."""
    primary = lab.wait_pair()
    code, output = lab.cli(primary, "swap")
    expect(code == 0, f"swap is refused: {output}")
    eventually(30, lambda: lab.role(OTHER[primary]) == "PRIM", lambda: f"no swap: {lab.describe()}")
    expect(lab.wait_pair() == OTHER[primary], "the swap did not last")
    lab.wait_for_load(OTHER[primary])


TESTS = [
    at_rest,
    killed_daemon_of_the_primary,
    killed_daemon_of_the_secondary,
    witness_lost,
    replication_link_cut,
    replication_link_cut_one_way,
    primary_cut_off,
    frozen_daemon_of_the_primary,
    frozen_daemon_of_the_secondary,
    power_cut_of_the_primary,
    power_cut_of_the_secondary,
    power_cut_of_both,
    stop_and_start,
    swap,
]
