"""A lab of the fault tests: its exchange and links; everything ends when this process does."""

import json
import os
import secrets
import select
import subprocess
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = os.environ.get("LATEXP_BIN", os.path.join(TOP, "bin"))
STREAM = "btcusdt@bookTicker"
_numbers = iter(range(1, 1_000_000))
_numbers_lock = threading.Lock()


class Broken(Exception):
    """What makes a fault's row fail."""


def wait_for(what, condition, seconds=30, alive=()):
    """Waits until `condition` gives something, and gives it; `alive`: agents that must not end meanwhile."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        for agent in alive:
            if not agent.is_running:
                raise Broken(f"{agent.name} ended while waiting for {what}: {agent.said()[-500:]}")
        if time.monotonic() > end:
            raise Broken(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)


def read_json(path):
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


class Folder:
    """A folder that goes when this process ends, however that ends: a shell waits for that, and holds nothing else.

    The control groups that this process made go with it.
    """

    SWEEP = """
        cat >/dev/null
        for attempt in 1 2 3 4 5; do
            rm -rf -- "$1"
            rmdir "/sys/fs/cgroup/$2"* "/sys/fs/cgroup/memory/$2"* 2>/dev/null
            left=$(ls -d "$1" "/sys/fs/cgroup/$2"* "/sys/fs/cgroup/memory/$2"* 2>/dev/null)
            [ -n "$left" ] || break
            sleep 1
        done
        """

    def __init__(self, parent=None):
        self.path = tempfile.mkdtemp(prefix="latexp-faults-", dir=parent)
        self._sweep = subprocess.Popen(
            ["/bin/sh", "-c", self.SWEEP, "latexp-faults-sweep", self.path, f"latexp-{os.getpid()}-"],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def close(self):
        self._sweep.stdin.close()
        self._sweep.wait(10)


class Lab:
    """Namespaces of exchange, Tokyo and Frankfurt with their links. Ends when told, and when this process dies."""

    def __init__(self, folder, rate, direct="40ms", tokyo="500us", backbone="30ms", jitter="100us", seed=1, even=False):
        with _numbers_lock:
            number = next(_numbers)
        self.folder = os.path.join(folder, f"lab{number}")
        os.makedirs(self.folder, mode=0o700)
        self.name = f"latexp-{os.getpid()}-{number}"
        links = {"direct": direct, "tokyo": tokyo, "backbone": backbone}
        lab = {"seed": seed, "rate": rate}
        for link, delay in links.items():
            lab[link] = {"delay": delay, "jitter": jitter if link != "tokyo" else "20us"}
        spec = os.path.join(self.folder, "spec.json")
        with open(spec, "w") as file:
            json.dump({"lab": lab, "market": "usdm", "streams": [STREAM]}, file)
        self.world = os.path.join(self.folder, "world")
        self._log = open(os.path.join(self.folder, "log"), "wb")
        self._process = subprocess.Popen(
            [
                os.path.join(PROGRAMS, "latexp-lab"),
                "network",
                "--bare",
                "--name",
                self.name,
                "--directory",
                self.world,
                "--spec",
                spec,
            ]
            + (["--even"] if even else []),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
        )
        self._lock = threading.Lock()
        self._rest = b""
        self.agents = []
        self.secret = os.path.join(self.folder, "secret")
        with open(os.open(self.secret, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        try:
            up = self._answer(30)
            self.ca = up["caFile"]
            self.namespaces = up["namespaces"]
        except BaseException:
            self.close()
            raise

    def _answer(self, seconds):
        end = time.monotonic() + seconds
        while b"\n" not in self._rest:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                raise Broken("the lab did not answer in time")
            octets = os.read(self._process.stdout.fileno(), 1 << 20)
            if not octets:
                with open(os.path.join(self.folder, "log")) as log:
                    raise Broken("the lab ended: " + log.read()[-500:])
            self._rest += octets
        line, self._rest = self._rest.split(b"\n", 1)
        return json.loads(line)

    def say(self, line, seconds=60):
        """Says a line to the lab and gives its answer."""
        with self._lock:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
            answer = self._answer(seconds)
        if isinstance(answer, dict) and "error" in answer:
            raise Broken(answer["error"])
        return answer

    def link(self, name, *changes):
        self.say(f"link {name} {' '.join(changes)}")

    def exchange(self, *words):
        self.say("exchange " + " ".join(words))

    def truth(self):
        """The path of the file with what is known of each event."""
        self.say("truth")
        return os.path.join(self.world, "lab-truth.csv")

    @property
    def process_id(self):
        return self._process.pid

    def come_first(self):
        """Lets the lab run before ordinary processes, where that is allowed: its record is as good as its punctuality."""
        subprocess.run(["chrt", "-a", "-r", "-p", "5", str(self._process.pid)], check=False, capture_output=True)

    def enter(self, host, command):
        """A command that runs in a host's namespace."""
        return ["ip", "netns", "exec", self.namespaces[host], *command]

    def close(self):
        for agent in self.agents:
            agent.end_now()
        if self._process.poll() is None:
            try:
                self._process.stdin.close()
                self._process.wait(30)
            except (OSError, subprocess.TimeoutExpired):
                self._process.kill()
                self._process.wait()
        self._process.stdout.close()
        self._log.close()
