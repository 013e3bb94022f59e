"""Two servers without a third vote: what each does while they do not hear each other, and when they meet again."""
import json
import os
import time

from conflicts import WRITE, done, python
from lab import OTHER, SERVERS, eventually, expect

TIMEOUT_S = 2.0
# Silence, the lease that was granted to the other one with what a clock may be off, the register, the mount.
TAKES_OVER_S = 8.0
OPTIONS = ("--third-vote", "none", "--size", "256M")


def isolation_is_waited_out(lab):
    """Nobody serves two histories: the active server stops within its lease, the other one does not take over."""
    active = lab.wait_pair()
    python(lab, active, WRITE, lab.data(active), "before", "10000")
    lab.part(active)
    lab.wait(active, "WAIT", seconds=10)
    eventually(5, lambda: "without a third vote" in lab.status(active).get("reason", ""), lambda: f"{active} does not say why: {lab.describe()}")
    deadline = time.monotonic() + 4 * TIMEOUT_S
    while time.monotonic() < deadline:
        for host in SERVERS:
            expect(lab.role(host) not in ("PRIM", "ALONE"), f"{host} serves by itself: {lab.describe()}")
    code, _ = lab.on(active, "test", "-e", os.path.join(lab.data(active), "before"))
    expect(code != 0, "the directory is open on a server that does not serve")
    lab.heal()
    primary = lab.wait_pair()
    python(lab, primary, WRITE, lab.data(primary), "after", "10000")
    lab.equal()
    # One server is lost for good: a person decides.
    lost = OTHER[primary]
    lab.cut(lost)
    lab.wait(primary, "WAIT", seconds=10)
    eventually(5, lambda: "prim --force" in lab.status(primary).get("next_step", ""), lambda: f"next step: {lab.status(primary)}")
    done(lab, primary, "prim", "--force")
    lab.wait(primary, "ALONE")
    python(lab, primary, WRITE, lab.data(primary), "forced", "10000")
    lab.power(lost)
    expect(lab.wait_pair() == primary, "the application was moved")
    lab.equal()


def each_goes_on_alone_and_one_gives_way(lab):
    """The link is cut, both serve and are written to; they meet: one steps down, and what only it has is kept aside."""
    active = lab.wait_pair()
    standby = OTHER[active]
    python(lab, active, WRITE, lab.data(active), "common", "10000")
    lab.equal()
    lab.part(active)
    for host in SERVERS:
        lab.wait(host, "ALONE", seconds=20)
        expect("gone on, too" in lab.status(host)["reason"], f"{host} says: {lab.describe()}")
        python(lab, host, WRITE, lab.data(host), f"alone/{host}", "20000")
    lab.heal()
    expect(lab.wait_pair() == standby, f"not the one with the higher epoch: {lab.describe()}")
    listed = {kept["path"] for kept in json.loads(done(lab, active, "conflicts", "--json"))}
    expect(f"alone/{active}" in listed, f"what {active} wrote alone is not listed: {sorted(listed)}")
    expect(lab.status(standby)["conflicts"]["count"] == 0, "the one that goes on has kept something aside")
    code, _ = lab.on(standby, "test", "-e", os.path.join(lab.data(standby), f"alone/{standby}"))
    expect(code == 0, "what the other one wrote alone is gone")
    lab.equal()


def a_power_cut_is_survived_without_a_third_vote(lab):
    active = lab.wait_pair()
    standby = OTHER[active]
    python(lab, active, WRITE, lab.data(active), "acknowledged", "100000")
    cut_at = time.monotonic()
    lab.cut(active)
    lab.wait(standby, "ALONE", seconds=TAKES_OVER_S)
    expect(time.monotonic() - cut_at < TAKES_OVER_S, f"it took {time.monotonic() - cut_at:.1f} s")
    code, _ = lab.on(standby, "test", "-e", os.path.join(lab.data(standby), "acknowledged"))
    expect(code == 0, "what was acknowledged is not there")
    lab.power(active)
    expect(lab.wait_pair() == standby, "the application was moved")
    lab.equal()


isolation_is_waited_out.options = (*OPTIONS, "--isolation", "wait")
each_goes_on_alone_and_one_gives_way.options = (*OPTIONS, "--isolation", "takeover")
a_power_cut_is_survived_without_a_third_vote.options = (*OPTIONS, "--isolation", "takeover")
TESTS = [isolation_is_waited_out, each_goes_on_alone_and_one_gives_way, a_power_cut_is_survived_without_a_third_vote]
