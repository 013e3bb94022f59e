"""The flight recorder: what the daemons recorded of an incident gives the same decisions when it is replayed."""
import os
import re
import time

from lab import OTHER, SERVERS, expect

# The recorder hands over what it has in memory several times a second, and syncs it every second.
RECORDED_AFTER_S = 1.5


def replay(lab, host, name):
    """Replays all recordings of a module on a host: what lockstep-sim says, and in how many lives all is equal."""
    place = os.path.join(lab.directory, host, "state", "recordings", name)
    code, output = lab.on(host, f"{lab.binaries}/lockstep-sim", "replay", "--recording", place, timeout=120)
    expect(code == 0, f"the recordings of {host} do not replay (status {code}):\n{output}")
    lives = len(re.findall(r"^life ", output, re.MULTILINE))
    equal = len(re.findall(r"^  equal: every decision is the recorded one, hash", output, re.MULTILINE))
    expect(lives == equal, f"{host}: {equal} of {lives} lives are equal:\n{output}")
    return output, lives


def incident_is_replayed(lab):
    """The primary loses its power under load and comes back: both its lives, the other server's and the witness's give
    the recorded decisions again."""
    primary = lab.wait_pair()
    time.sleep(RECORDED_AFTER_S)
    lab.cut(primary)
    lab.wait(OTHER[primary], "ALONE")
    lab.wait_for_load(OTHER[primary])
    lab.power(primary)
    expect(lab.wait_pair() == OTHER[primary], "the application went back")
    lab.wait_for_load(OTHER[primary])
    time.sleep(RECORDED_AFTER_S)
    output, lives = replay(lab, primary, lab.module)
    expect(lives >= 2, f"{primary} has {lives} recorded lives, not the two of this test:\n{output}")
    expect("Alone -> Prim" in output and "Joining -> Secondary" in output, f"{primary} was something else:\n{output}")
    output, _ = replay(lab, OTHER[primary], lab.module)
    expect("Secondary -> Waiting -> Promoting -> Alone" in output, f"{OTHER[primary]} did not take over:\n{output}")
    if lab.third_vote == "witness":
        replay(lab, "w", "witness-" + lab.module)


def recorder_survives_kill(lab):
    """kill -9 of the primary's daemon: its recording ends without a word, and replays up to there."""
    primary = lab.wait_pair()
    # Before that there were power cuts, in which a disk fails before its daemon ends.
    positions = {host: len(lab.log(host)) for host in SERVERS}
    time.sleep(RECORDED_AFTER_S)
    lab.kill(primary)
    lab.wait_for_load(lab.wait_pair())
    output, _ = replay(lab, primary, lab.module)
    expect(re.search("ends (without a word|torn)", output), f"no life ends as a kill ends one:\n{output}")
    for host in SERVERS:
        said = lab.log(host)[positions[host] :]
        expect("flight recorder cannot" not in said, f"the recorder of {host} had trouble: {said}")


TESTS = [
    incident_is_replayed,
    recorder_survives_kill,
]
