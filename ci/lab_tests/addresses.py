"""Addresses that follow the application, as a client sees them. Each test starts and ends with PRIM and SECOND."""
import contextlib
import os
import time

from lab import OTHER, SERVERS, eventually, expect

ADDRESS = "10.77.0.100"
# Of eth0, by server (ci/lib/lab_network.sh).
HARDWARE = {"s1": "02:77:00:00:00:01", "s2": "02:77:00:00:00:02"}


@contextlib.contextmanager
def configured(lab):
    """Both servers with the address in the module's file."""
    files = {host: os.path.join(lab.configuration(host), "modules", lab.module + ".toml") for host in SERVERS}
    before = {}
    for host, path in files.items():
        with open(path, encoding="utf-8") as file:
            before[host] = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(before[host] + f'\n[[address]]\naddress = "{ADDRESS}/24"\n')
    restart(lab)
    try:
        yield
    finally:
        for host, path in files.items():
            with open(path, "w", encoding="utf-8") as file:
                file.write(before[host])
        restart(lab)


def restart(lab):
    primary = lab.wait_pair()
    for host in (OTHER[primary], primary):
        lab.halt(host)
        lab.run(host)
        lab.wait_pair()


def served_by(lab):
    """Which server answers the client at the address, by the hardware address it sent to; None if none does."""
    url = f"http://{ADDRESS}:9010/health/{lab.module}"
    code, _ = lab.on("c", "curl", "-sf", "-o", "/dev/null", "--connect-timeout", "0.3", "--max-time", "1", url)
    if code != 0:
        return None
    _, output = lab.on("c", "ip", "neighbour", "show", ADDRESS)
    return next((host for host in SERVERS if HARDWARE[host] in output), None)


def holders(lab):
    return [host for host in SERVERS if f" {ADDRESS}/" in lab.on(host, "ip", "-o", "address")[1]]


def expect_at(lab, host, since, what):
    eventually(20, lambda: served_by(lab) == host, lambda: f"{what}: the client does not reach {host}: {lab.describe()}")
    print(f"    {what}: the client reaches {host} after {time.monotonic() - since:.1f} s", flush=True)
    expect(holders(lab) == [host], f"{what}: the address is on {holders(lab)}")


def address_follows_the_application(lab):
    """A client reaches the application at one address through swap, power cut and the daemon's death."""
    with configured(lab):
        primary = lab.wait_pair()
        expect_at(lab, primary, time.monotonic(), "at first")

        since = time.monotonic()
        code, output = lab.cli(primary, "swap")
        expect(code == 0, f"swap: {output}")
        primary = OTHER[primary]
        expect_at(lab, primary, since, "swap")
        lab.wait_pair()

        since = time.monotonic()
        lab.cut(primary)
        primary = OTHER[primary]
        expect_at(lab, primary, since, "power cut")
        lab.power(OTHER[primary])
        expect(lab.wait_pair() == primary, "the application went back")

        # The daemon is gone and the address is not: the other server claims it, and the daemon that comes back
        # takes it away here.
        since = time.monotonic()
        lab.kill(primary)
        lab.wait_pair()
        expect_at(lab, lab.wait_pair(), since, "the daemon's death")


def address_of_somebody_else_is_reported(lab):
    """Who else has the address is named in the log, and clients reach the application nevertheless."""
    with configured(lab):
        primary = lab.wait_pair()
        other = OTHER[primary]
        code, output = lab.on(other, "ip", "address", "add", f"{ADDRESS}/24", "dev", "eth0")
        expect(code == 0, output)
        try:
            since = len(lab.log(primary))
            code, output = lab.cli(primary, "restart")
            expect(code == 0, f"restart: {output}")
            eventually(
                20,
                lambda: f"{ADDRESS} is also claimed by {HARDWARE[other]}" in lab.log(primary)[since:],
                lambda: f"not reported: {lab.log(primary)[since:][-1500:]}",
            )
        finally:
            lab.on(other, "ip", "address", "del", f"{ADDRESS}/24", "dev", "eth0")
        lab.on("c", "ip", "neighbour", "flush", "dev", "eth0")
        expect_at(lab, lab.wait_pair(), time.monotonic(), "without the other")


TESTS = [address_follows_the_application, address_of_somebody_else_is_reported]
