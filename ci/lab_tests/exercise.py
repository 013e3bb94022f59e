"""Files under random operations, beside a model of what they must hold, while servers fail.

LOCKSTEP_LAB_OPERATIONS: how many operations before and after a power cut (100000), a quarter of it elsewhere;
LOCKSTEP_LAB_SEED: which ones (1)."""
import os
import signal

from lab import OTHER, eventually, expect

OPERATIONS = int(os.environ.get("LOCKSTEP_LAB_OPERATIONS", "100000"))
SEED = os.environ.get("LOCKSTEP_LAB_SEED", "1")
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

    def _read(self):
        """False at the end."""
        line = self.process.stdout.readline()
        if line.endswith("\n") and line[:-1].isdigit():
            self.last = int(line)
        elif line:
            self.said.append(line.rstrip("\n"))
        return line != ""

    def reaches(self, number):
        """Reads on until so many operations have been made."""
        while self.last < number:
            expect(self._read(), f"ended after {self.last} of {number} operations: {self.ended()}")

    def ended(self):
        """Reads to the end: (status, what it said but for numbers)."""
        while self._read():
            pass
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


def goes_on(lab, host, last, operations):
    """The run that has said `last` when it was interrupted, on this server."""
    run = Exerciser(lab, host, operations, resume_after=last)
    run.reaches(last + 1)
    print(f"    interrupted after {last} operations, {run.said[0]}")
    return run


def exercised_files_outlive_a_power_cut(lab):
    """The primary loses its power in the middle: the other has what was acknowledged, and the rest of the operations
    is made there, while the first returns."""
    primary = quiet_with_directory(lab)
    run = Exerciser(lab, primary, OPERATIONS)
    run.reaches(OPERATIONS // 2)
    lab.cut(primary)
    last = run.is_interrupted()
    other = OTHER[primary]
    lab.wait(other, "ALONE")
    run = goes_on(lab, other, last, OPERATIONS)
    run.reaches(last + (OPERATIONS - last) // 2)
    lab.power(primary)
    run.ends_equal()
    finish(lab)


def exercised_files_outlive_a_killed_daemon(lab):
    """kill -9 of the primary's daemon in the middle: its mount ends, and wherever there is a new one all is there."""
    operations = OPERATIONS // 4
    run = Exerciser(lab, primary := quiet_with_directory(lab), operations)
    run.reaches(operations // 2)
    lab.kill(primary)
    last = run.is_interrupted()
    goes_on(lab, lab.wait_pair(), last, operations).ends_equal()
    finish(lab)


def exercised_files_outlive_a_swap(lab):
    """A swap in the middle ends who uses the files, as it ends the application; on the other server all is there."""
    operations = OPERATIONS // 4
    run = Exerciser(lab, primary := quiet_with_directory(lab), operations)
    run.reaches(operations // 2)
    code, output = lab.cli(primary, "swap")
    expect(code == 0, f"swap is refused: {output}")
    last = run.is_interrupted()
    eventually(30, lambda: lab.role(OTHER[primary]) == "PRIM", lambda: f"no swap: {lab.describe()}")
    goes_on(lab, OTHER[primary], last, operations).ends_equal()
    finish(lab)


TESTS = [
    exercised_files_are_right,
    exercised_files_outlive_a_power_cut,
    exercised_files_outlive_a_killed_daemon,
    exercised_files_outlive_a_swap,
]
