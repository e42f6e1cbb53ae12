"""A lab's exchange and links, and agents started by hand on its hosts; everything ends when this process does."""

import json
import os
import secrets
import select
import signal
import subprocess
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = os.environ.get("LATEXP_BIN", os.path.join(TOP, "bin"))
STREAM = "btcusdt@bookTicker"
RELAY_PORT = 8080
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


class Agent:
    """An agent on one of the lab's hosts, in a folder of its own."""

    def __init__(self, lab, name, host, plan, launcher=(), program=None, folder=None, environment=None):
        self.lab, self.name, self.host = lab, name, host
        self.folder = folder or os.path.join(lab.folder, name)
        os.makedirs(self.folder, exist_ok=True)
        self.plan = plan
        with open(os.path.join(self.folder, "plan.json"), "w") as file:
            json.dump(plan, file)
        verb = "receive" if plan["role"] == "receive" else "forward"
        command = [*launcher, program or os.path.join(PROGRAMS, "latexp-agent"), verb, "--plan", "plan.json"]
        self._said = os.path.join(lab.folder, name + ".err")
        # Where a launcher whose mounts go with it leaves the agent's files.
        self._saved = os.path.join(lab.folder, name + "-saved")
        with open(self._said, "wb") as said:
            self._process = subprocess.Popen(
                lab.enter(host, command),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
                env={**os.environ, "SAVED": self._saved, **(environment or {})},
            )
        lab.agents.append(self)

    @property
    def pid(self):
        """The agent's process, which a launcher may have started as a child of its own."""
        process = self._process.pid
        for _ in range(5):
            try:
                with open(f"/proc/{process}/comm") as name, open(
                    f"/proc/{process}/task/{process}/children"
                ) as children:
                    below = children.read().split()
                    if name.read().startswith("latexp-agent") or not below:
                        break
                    process = int(below[0])
            except OSError:
                break
        return process

    @property
    def is_running(self):
        return self._process.poll() is None

    def said(self):
        try:
            with open(self._said, errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def path(self, name):
        """One of its files, as it sees it itself: its folder may be a mount of its own."""
        if os.path.isdir(self._saved):
            return os.path.join(self._saved, name)
        root = f"/proc/{self.pid}/root" if self.is_running else ""
        return root + os.path.join(self.folder, name)

    def status(self):
        return read_json(self.path("status.json"))

    def summary(self):
        return read_json(self.path("summary.json"))

    def log(self):
        try:
            with open(self.path("log.jsonl")) as file:
                return [json.loads(line) for line in file if line.endswith("\n")]
        except OSError:
            return []

    def signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        """Ends it without a word."""
        self.signal(signal.SIGKILL)
        self._process.wait()

    def stop(self):
        """Asks it to end in good order."""
        if self.is_running:
            self.signal(signal.SIGTERM)

    def wait(self, seconds=40):
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Broken(f"{self.name} did not end within {seconds} s: {self.said()[-300:]}") from None

    def end_now(self):
        if self.is_running:
            for process in {self.pid, self._process.pid}:
                try:
                    os.kill(process, signal.SIGKILL)
                except OSError:
                    pass
            self._process.wait()

    def memory_kb(self, name="VmRSS"):
        try:
            with open(f"/proc/{self.pid}/status") as file:
                for line in file:
                    if line.startswith(name + ":"):
                        return int(line.split()[1])
        except OSError:
            pass
        return 0

    def descriptors(self):
        """The least of several looks: a pipe to a helper that is there for some milliseconds does not count."""
        counts = []
        for _ in range(5):
            try:
                counts.append(len(os.listdir(f"/proc/{self.pid}/fd")))
            except OSError:
                pass
            time.sleep(0.05)
        return min(counts, default=0)


class World:
    """A lab with a receiver in Frankfurt, direct and relayed lanes, and a forwarder in Tokyo."""

    def __init__(self, lab, lanes=3, buffer=100_000, transport="tcp", deadline=300, launcher=(), forwarder_launcher=()):
        self.lab, self.lanes, self.buffer = lab, lanes, buffer
        self.transport, self.deadline = transport, deadline
        self.launcher, self.forwarder_launcher = launcher, forwarder_launcher
        self.receivers, self.forwarders, self.helpers = [], [], []
        self.links = []

    def _plan(self, role, host, address, paths):
        return {
            "format": 1,
            "runID": "faults",
            "host": host,
            "role": role,
            "market": "usdm",
            "streams": [STREAM],
            "feedURL": "wss://exchange.lab/public",
            "caFile": self.lab.ca,
            "connectTo": {"exchange.lab:443": f"{address}:443"},
            "paths": paths,
            "secretFile": self.lab.secret,
            "start": "atFirstEvent",
            "warmUp": "0s",
            "duration": "86400s",
            "deadline": f"{self.deadline}s",
            "reconnect": {"initial": "200ms", "max": "1s"},
            "bufferEvents": self.buffer,
            "relay": {"primedOctets": 131_072, "congestionControl": "cubic"},
            "clockInterval": "30s",
        }

    def _relay(self, **members):
        path = {"name": "backbone", "kind": "relay", "lanes": self.lanes, "port": RELAY_PORT, **members}
        if self.transport != "tcp":
            path["transport"] = self.transport
        return path

    def start_receiver(self, **options):
        direct = {"name": "baseline", "kind": "direct", "lanes": self.lanes}
        plan = self._plan("receive", "frankfurt", "10.9.1.1", [direct, self._relay()])
        agent = Agent(self.lab, f"receiver{len(self.receivers) + 1}", "frankfurt", plan, self.launcher, **options)
        self.receivers.append(agent)
        wait_for("the receiver to listen", lambda: os.path.exists(agent.path("ports.json")), alive=[agent])
        return agent

    def start_forwarder(self, **options):
        plan = self._plan("forward", "tokyo", "10.9.0.1", [self._relay(destination="10.1.1.10")])
        agent = Agent(
            self.lab, f"forwarder{len(self.forwarders) + 1}", "tokyo", plan, self.forwarder_launcher, **options
        )
        self.forwarders.append(agent)
        return agent

    def start(self):
        self.start_receiver()
        self.start_forwarder()
        self.wait_until_all_arrive()

    @property
    def receiver(self):
        return self.receivers[-1]

    @property
    def forwarder(self):
        return self.forwarders[-1]

    def kill_forwarder(self):
        """Ends the forwarder without a word, and keeps in mind which connections to the exchange were its own."""
        self.forwarder.kill()
        self._first_ports = {entry["peerPort"] for entry in self.lab.say("sent") if entry["peerPort"] // 10_000 == 2}

    def sent_to_first_forwarder(self):
        """What the exchange sent on the connections of the forwarder that was killed."""
        return sum(entry["events"] for entry in self.lab.say("sent") if entry["peerPort"] in self._first_ports)

    def arrived(self):
        """Events that arrived so far on each lane, by (path, lane)."""
        status = self.receiver.status() or {}
        return {(lane["path"], lane["lane"]): lane["counts"]["arrived"] for lane in status.get("lanes", [])}

    def wait_until_all_arrive(self, seconds=60, more=20, without=()):
        """Waits until each lane has brought `more` events more than it has by now."""
        before = self.arrived()

        def all_have():
            now = self.arrived()
            lanes = [lane for lane in now if lane not in without]
            return len(now) == 2 * self.lanes and all(
                now[lane] - before.get(lane, 0) >= more or now[lane] < before.get(lane, 0) for lane in lanes
            )

        return wait_for("events on every lane", all_have, seconds, alive=[self.receiver, self.forwarder])

    def finish(self):
        """Ends the run in good order: the receiver asks the forwarder for its goodbye."""
        self.receiver.stop()
        status = self.receiver.wait(), self.forwarder.wait()
        if status != (0, 0):
            raise Broken(
                f"receiver and forwarder ended with {status}: {self.receiver.said()[-300:]} {self.forwarder.said()[-300:]}"
            )
