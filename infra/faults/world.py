"""Agents started by hand on a lab's hosts."""

import json
import os
import signal
import subprocess
import time

from lab import PROGRAMS, STREAM, Broken, read_json, wait_for

RELAY_PORT = 8080


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
        """The least of several looks: a pipe to a program that is there for some milliseconds does not count."""
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

    def __init__(
        self,
        lab,
        lanes=3,
        buffer=100_000,
        transport="tcp",
        deadline=300,
        launcher=(),
        forwarder_launcher=(),
        renew_after=None,
    ):
        self.lab, self.lanes, self.buffer = lab, lanes, buffer
        self.transport, self.deadline = transport, deadline
        self.renew_after = renew_after
        self.launcher, self.forwarder_launcher = launcher, forwarder_launcher
        self.receivers, self.forwarders, self.bystanders = [], [], []
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
            **({"renewAfter": self.renew_after} if self.renew_after else {}),
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
