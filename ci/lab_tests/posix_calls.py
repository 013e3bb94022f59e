"""What system calls do on the replicated directory, compared with what they do on the filesystem beside it, which is of
the same kind and mounted alike; one line for each case of posix_conformance. Afterwards both servers hold the same.

LOCKSTEP_POSIX_SEQUENCES: how many random sequences of calls are drawn (100). They stay, for the replica to be compared;
the lab's disk has room for some 3000."""
import json
import os

from lab import expect

SEQUENCES = os.environ.get("LOCKSTEP_POSIX_SEQUENCES", "100")
TIMEOUT_S = 1200


def print_cases(report, kind):
    """Returns how many cases there were, and the names of those that failed."""
    with open(report, encoding="utf-8") as file:
        cases = [case for suite in json.load(file)["testsuites"] for case in suite["testsuite"]]
    failed = []
    for case in cases:
        failures = [failure["failure"] for failure in case.get("failures", [])]
        name = f"{case['classname']}.{case['name']}"
        print(f"{'not ok' if failures else 'ok'} posix on {kind}: {name} ({case['time']})", flush=True)
        for failure in failures:
            failed.append(name)
            print("    " + failure[:4000].rstrip().replace("\n", "\n    "))
    return len(cases), failed


def conforms(lab, kind):
    primary = lab.wait_pair()
    epoch = lab.status(primary)["epoch"]
    beside = os.path.join(lab.directory, primary, "beside")
    os.makedirs(os.path.join(lab.directory, "log"), exist_ok=True)
    report = os.path.join(lab.directory, "log", "posix.json")
    lab.on(primary, "mkdir", "-p", beside)
    program = os.path.join(lab.binaries, "posix_conformance")
    code, output = lab.on(
        primary, "env", f"RC_PARAMS=max_success={SEQUENCES}", program, "--mount", lab.data(primary), "--beside", beside,
        f"--gtest_output=json:{report}", timeout=TIMEOUT_S)
    expect(os.path.exists(report), f"posix_conformance ends with {code}, without a report: {output[-2000:]}")
    cases, failed = print_cases(report, kind)
    expect(code == 0 and not failed and cases > 0, f"{cases} cases, status {code}, {len(failed)} differ: {' '.join(failed)}")
    expect(lab.wait_pair() == primary and lab.status(primary)["epoch"] == epoch, "the roles have changed meanwhile")
    lab.equal()


def posix_calls_on_ext4(lab):
    """Every call, on ext4."""
    conforms(lab, "ext4")


def posix_calls_on_xfs(lab):
    """Every call, on XFS."""
    conforms(lab, "xfs")


posix_calls_on_ext4.options = ("--fs", "ext4", "--size", "1G")
posix_calls_on_xfs.options = ("--fs", "xfs", "--size", "1G")

TESTS = [posix_calls_on_ext4, posix_calls_on_xfs]
