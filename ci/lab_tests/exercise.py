"""Files under random operations, beside a model of what they must hold, while servers fail.

LOCKSTEP_LAB_OPERATIONS: how many operations before and after a power cut (100000), a quarter of it elsewhere;
LOCKSTEP_LAB_SEED: which ones (1)."""
import os
import signal
import threading

from lab import OTHER, eventually, expect

OPERATIONS = int(os.environ.get("LOCKSTEP_LAB_OPERATIONS", "100000"))
SEED = os.environ.get("LOCKSTEP_LAB_SEED", "1")
# More than any test waits for.
ENDLESS = 1_000_000_000
# Of file_exerciser.
EQUAL, INTERRUPTED = 0, 3


class Exerciser:
    """One run of file_exerciser. What it has said is in the pipe, whatever becomes of its host."""

    def __init__(self, lab, host, operations, resume_after=None):
        command = [f"{lab.binaries}/file_exerciser", directory(lab, host), "--seed", SEED, "--operations", str(operations)]
        if resume_after is not None:
            command += ["--resume-after", str(resume_after)]
        self.last = resume_after or 0
        self.said = []  # but for numbers
        self.process = lab.pipe(host, *command)
        # So that it never waits for this program to read.
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            if line.endswith("\n") and line[:-1].isdigit():
                self.last = int(line)
            else:
                self.said.append(line.rstrip("\n"))

    def reaches(self, number):
        """Waits until so many operations have been made."""
        eventually(
            600,
            lambda: self.last >= number or not self.reader.is_alive(),
            lambda: f"{self.last} of {number} operations are made",
        )
        expect(self.last >= number, f"ended after {self.last} of {number} operations: " + "\n".join(self.said))

    def _has_ended(self):
        # A daemon stops what it is about to kill. The command that brought the run to its host stops with it, and stays so.
        self.process.send_signal(signal.SIGCONT)
        return not self.reader.is_alive()

    def ended(self):
        """Waits until it has: (status, what it said but for numbers)."""
        eventually(600, self._has_ended, lambda: f"does not end, after {self.last} operations")
        return self.process.wait(timeout=30), self.said

    def ends_equal(self):
        status, said = self.ended()
        expect(status == EQUAL and said[-1:] == ["equal"], f"status {status}: " + "\n".join(said))

    def is_interrupted(self):
        """Ends with its host or its mount, and not by what it has found."""
        status, said = self.ended()
        ended = status == INTERRUPTED or status in (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGBUS)
        expect(ended, f"after {self.last} operations status {status}: " + "\n".join(said))
        return self.last


def directory(lab, host):
    return os.path.join(lab.data(host), "exercised")


def on(lab, host, *command):
    code, output = lab.on(host, *command)
    expect(code == 0, f"{' '.join(command)} on {host}: {output}")


def quiet_with_directory(lab):
    """The primary, without other load."""
    primary = lab.load(False)
    # Until the restart is done, whoever has a file of the directory open is taken for the application, and ended.
    eventually(30, lambda: lab.role(primary) == "PRIM", lambda: f"no PRIM after restart: {lab.describe()}")
    on(lab, primary, "mkdir", directory(lab, primary))
    return primary


def finish(lab):
    """Both disks hold the same; the load goes on."""
    primary = lab.wait_pair(120)
    lab.equal()
    on(lab, primary, "rm", "-r", directory(lab, primary))
    lab.load(True)
    lab.wait_for_load(primary)


def exercised_files_are_right(lab):
    """Random operations on a few files of PRIM: each, and all in the end, give what the model says."""
    primary = quiet_with_directory(lab)
    Exerciser(lab, primary, OPERATIONS // 4).ends_equal()
    finish(lab)


def until_struck(lab, host, operations):
    """A run without end that has made so many operations."""
    run = Exerciser(lab, host, ENDLESS)
    run.reaches(operations)
    return run


def goes_on(lab, host, last, operations):
    """The run that had said `last` when it was interrupted, on this server; at least as much is still to be done."""
    run = Exerciser(lab, host, max(operations, last + operations // 2), resume_after=last)
    run.reaches(last + 2)
    print(f"    interrupted after {last} operations, {run.said[0]}")
    return run


def exercised_files_outlive_a_power_cut(lab):
    """The primary loses its power in the middle: the other has what was acknowledged, and the rest of the operations
    is made there, while the first returns."""
    primary = quiet_with_directory(lab)
    run = until_struck(lab, primary, OPERATIONS // 2)
    lab.cut(primary)
    last = run.is_interrupted()
    other = OTHER[primary]
    lab.wait(other, "ALONE")
    run = goes_on(lab, other, last, OPERATIONS)
    lab.power(primary)
    run.ends_equal()
    finish(lab)


def exercised_files_outlive_a_killed_daemon(lab):
    """kill -9 of the primary's daemon in the middle: its mount ends, and wherever there is a new one all is there."""
    primary = quiet_with_directory(lab)
    run = until_struck(lab, primary, OPERATIONS // 8)
    lab.kill(primary)
    last = run.is_interrupted()
    goes_on(lab, lab.wait_pair(), last, OPERATIONS // 4).ends_equal()
    finish(lab)


def exercised_files_outlive_a_swap(lab):
    """A swap in the middle ends who uses the files, as it ends the application; on the other server all is there."""
    primary = quiet_with_directory(lab)
    run = until_struck(lab, primary, OPERATIONS // 8)
    code, output = lab.cli(primary, "swap")
    expect(code == 0, f"swap is refused: {output}")
    last = run.is_interrupted()
    eventually(30, lambda: lab.role(OTHER[primary]) == "PRIM", lambda: f"no swap: {lab.describe()}")
    goes_on(lab, OTHER[primary], last, OPERATIONS // 4).ends_equal()
    finish(lab)


TESTS = [
    exercised_files_are_right,
    exercised_files_outlive_a_power_cut,
    exercised_files_outlive_a_killed_daemon,
    exercised_files_outlive_a_swap,
]
