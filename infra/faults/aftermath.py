"""Tests end what they start, also when they are killed in the middle, and two at once do not collide.

usage: aftermath.py [--swift]     --swift: a test of `swift test`, too, which must have been built
"""

import glob
import os
import signal
import subprocess
import sys
import tempfile
import threading

from lab import TOP, Broken, Folder, wait_for

FAULTS = os.path.join(TOP, "infra", "lab", "faults")


def namespaces(prefix):
    names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in names.splitlines() if line.startswith(prefix)]


def processes(folder):
    """Processes that work in a folder or speak of it, this one's own children of the moment left out."""
    found = []
    for place in glob.glob("/proc/[0-9]*"):
        number = int(os.path.basename(place))
        if number == os.getpid():
            continue
        try:
            with open(place + "/cmdline", "rb") as file:
                words = file.read().replace(b"\0", b" ").decode(errors="replace")
            if os.readlink(place + "/cwd").startswith(folder) or folder in words:
                found.append(f"{number} {words[:80]}")
        except OSError:
            pass
    return found


def start(command, folder, **environment):
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=open(os.path.join(folder, "said"), "wb"),
        env={**os.environ, "TMPDIR": folder, **environment},
        start_new_session=True,
    )


def below(process):
    """The processes that a process has started, and those that they have."""
    found = []
    for file in glob.glob(f"/proc/{process}/task/*/children"):
        try:
            with open(file) as children:
                numbers = [int(child) for child in children.read().split()]
        except OSError:
            continue
        for child in numbers:
            found += [child, *below(child)]
    return found


def is_test_program(process):
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            words = file.read()
    except OSError:
        return False
    return any(
        name in words.split(b"\0")[0] for name in (b"xctest", b"swiftpm-testing", b"swift-test", b"swift-package")
    )


def said(folder):
    with open(os.path.join(folder, "said"), errors="replace") as file:
        return file.read()[-800:]


def nothing_is_left(folder, prefix, what):
    """Namespaces, processes and the folders inside `folder` are gone soon."""
    try:
        wait_for(
            "nothing to be left",
            lambda: not namespaces(prefix) and not processes(folder) and not glob.glob(folder + "/latexp-*"),
            45,
        )
    except Broken:
        left = namespaces(prefix) + processes(folder) + glob.glob(folder + "/latexp-*")
        raise Broken(f"{what}: left behind: {left[:12]}") from None
    return f"{what}: no namespace, no process, no folder left"


def killed_faults(folder):
    run = start([FAULTS, "cut-10s", "one-lane-dead"], folder)
    # The script has become the program: its process is the one that the namespaces are named after.
    prefix = f"latexp-{run.pid}-"
    agents = lambda: sum("latexp-agent" in words for words in processes(folder)) + len(
        glob.glob(folder + "/latexp-*/lab*/receiver1/samples.bin")
    )
    wait_for("two labs in full swing", lambda: len(namespaces(prefix)) == 8 and agents() >= 2, 30)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    return nothing_is_left(folder, prefix, "faults, killed in the middle")


def two_at_once(folder):
    folders = [os.path.join(folder, name) for name in ("a", "b")]
    for place in folders:
        os.mkdir(place)
    runs = [start([FAULTS, "close-1008", "cut-1s", "forwarder-killed"], place) for place in folders]
    for run, place in zip(runs, folders):
        if run.wait(90) != 0:
            raise Broken(f"of two at once one failed: {said(place)}")
    for run, place in zip(runs, folders):
        nothing_is_left(place, f"latexp-{run.pid}-", "two at once")
    return "two at once: both explained all, nothing left of either"


def killed_swift_test(folder):
    command = ["swift", "test", "--skip-build", "--no-parallel", "--filter", "NetworkLabTests/cut"]
    run = start(command, folder, LATEXP_BIN=os.environ.get("LATEXP_BIN", os.path.join(TOP, "bin")))

    def lab():
        for file in glob.glob(folder + "/latexp-*/lab/pid"):
            with open(file) as pid:
                prefix = f"latexp-{pid.read().strip()}-"
            if len(namespaces(prefix)) == 4 and glob.glob(folder + "/latexp-*/runs/*/run.json"):
                return prefix
        return None

    prefix = wait_for("a test's lab and a run in it", lab, 90)
    programs = [process for process in [run.pid, *below(run.pid)] if is_test_program(process)]
    if not programs:
        raise Broken("no test program was found")
    for process in programs:
        os.kill(process, signal.SIGKILL)
    run.wait()
    return nothing_is_left(folder, prefix, "a test of `swift test`, killed in the middle")


def main():
    parts = [killed_faults, two_at_once] + ([killed_swift_test] if "--swift" in sys.argv[1:] else [])
    wrong = []
    top = Folder()

    def play(part):
        try:
            print(part(tempfile.mkdtemp(prefix=part.__name__ + "-", dir=top.path)), flush=True)
        except (Broken, OSError, subprocess.SubprocessError) as error:
            wrong.append(f"{part.__name__}: {error}")

    threads = [threading.Thread(target=play, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    top.close()
    for text in wrong:
        print("BROKEN:", text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
