"""What an instance does at its first start, in a sandbox: own mounts, own network with an address of the metadata service.

Needs root, Linux and unshare; what would install packages and start services is a program that notes that it was called.
"""

import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from world import SCRIPTS

HERE = os.path.dirname(os.path.abspath(__file__))

# Runs inside: places everything, answers as the metadata service, then does what it is told.
INSIDE = r"""
set -eu
sandbox=$1
shift
mount --bind "$sandbox/etc" /etc
mkdir -p /var/lib/latexp
mount --bind "$sandbox/lib" /var/lib/latexp
mount --bind "$sandbox/sbin" /usr/local/sbin
mount --bind "$sandbox/console" /dev/console
ip link set lo up
ip address add 169.254.169.254/32 dev lo
python3 "$sandbox/metadata.py" "$sandbox" &
server=$!
trap 'kill $server' EXIT
until [ -e "$sandbox/listening" ]; do sleep 0.02; done
export PATH="$sandbox/bin:$PATH"
"$@"
"""

METADATA = r'''
import http.server, json, os, sys
folder = sys.argv[1]

class Answers(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def say(self, status, text=""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
    def do_PUT(self):
        wanted = self.path == "/latest/api/token" and int(self.headers["X-aws-ec2-metadata-token-ttl-seconds"]) > 0
        self.say(200 if wanted else 404, "the-token")
    def do_GET(self):
        if self.headers.get("X-aws-ec2-metadata-token") != "the-token":
            return self.say(401)
        with open(folder + "/metadata.json") as file:
            known = json.load(file)
        self.say(*((200, known[self.path]) if self.path in known else (404,)))

server = http.server.HTTPServer(("169.254.169.254", 80), Answers)
open(folder + "/listening", "w").close()
server.serve_forever()
'''


def utc(offset=0):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=offset)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@unittest.skipUnless(sys.platform == "linux" and os.geteuid() == 0, "needs Linux and root for a sandbox")
class UserData(unittest.TestCase):
    def setUp(self):
        self.sandbox = tempfile.mkdtemp(prefix="latexp-user-data.")
        self.addCleanup(shutil.rmtree, self.sandbox)
        for name in ("bin", "lib", "sbin", "etc/ssh", "etc/systemd/system", "etc/sysctl.d", "etc/apt/sources.list.d"):
            os.makedirs(os.path.join(self.sandbox, name))
        for name in ("passwd", "group", "nsswitch.conf", "ld.so.cache", "ld.so.conf", "alternatives"):
            if os.path.isdir(os.path.join("/etc", name)):
                shutil.copytree(os.path.join("/etc", name), os.path.join(self.sandbox, "etc", name), symlinks=True)
            elif os.path.exists(os.path.join("/etc", name)):
                shutil.copy(os.path.join("/etc", name), os.path.join(self.sandbox, "etc", name))
        self.write("console", "")
        self.write("etc/ssh/ssh_host_ed25519_key.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "x" * 43 + " root@host\n")
        self.write("etc/apt/sources.list.d/debian.sources", "URIs: http://deb.debian.org/debian\n")
        self.write("metadata.py", METADATA)
        self.tool("systemctl")
        self.tool("shutdown")
        self.tool("apt-get")
        self.tool("sysctl")
        self.tool("chronyc", 'case $1 in -c) echo "A9FEA97B,169.254.169.123,4,1732600000.0,0.000007,0,0,0,0,0,0,0,16,Normal" ;; esac')
        self.metadata()

    def write(self, name, text):
        with open(os.path.join(self.sandbox, name), "w") as file:
            file.write(text)

    def read(self, name):
        with open(os.path.join(self.sandbox, name)) as file:
            return file.read()

    def tool(self, name, more=""):
        path = os.path.join("bin", name)
        self.write(path, f'#!/bin/sh\necho {name} "$@" >>"{self.sandbox}/called"\n{more}\n')
        os.chmod(os.path.join(self.sandbox, path), 0o755)

    def metadata(self, started=None, ttl="4h", ends=None):
        known = {"/latest/dynamic/instance-identity/document": json.dumps({"pendingTime": started or utc(-60)})}
        for key, value in (("latexp-ttl", ttl), ("latexp-ends", ends)):
            if value:
                known[f"/latest/meta-data/tags/instance/{key}"] = value
        self.write("metadata.json", json.dumps(known))

    def inside(self, *command):
        for name in ("called", "listening"):
            if os.path.exists(os.path.join(self.sandbox, name)):
                os.remove(os.path.join(self.sandbox, name))
        run = subprocess.run(
            ["unshare", "--mount", "--net", "bash", "-c", INSIDE, "inside", self.sandbox, *command], capture_output=True, text=True, timeout=120)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return self.read("called").splitlines() if os.path.exists(os.path.join(self.sandbox, "called")) else []

    def start(self):
        return self.inside("bash", os.path.join(SCRIPTS, "user-data"))

    def ended(self):
        return "systemctl poweroff" in self.inside("/usr/local/sbin/latexp-end")

    def test_the_first_start(self):
        called = self.start()
        # The end is looked after before anything that may fail.
        self.assertEqual(called[:2], ["systemctl daemon-reload", "systemctl enable --now latexp-end.timer"])
        self.assertLess(called.index("systemctl restart chrony"), called.index("chronyc waitsync 60 0.0005 0 2"))
        self.assertFalse([line for line in called if line.startswith("shutdown")])
        console = self.read("console")
        self.assertIn("latexp: host key ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "x" * 43 + "\n", console)
        self.assertIn("latexp: clock synchronised with 169.254.169.123: 0.000007 s off\n", console)
        self.assertTrue(console.endswith("latexp: ready\n"))
        self.assertIn("server 169.254.169.123 iburst prefer", self.read("etc/chrony/chrony.conf"))
        self.assertNotIn("refclock", self.read("etc/chrony/chrony.conf"))
        self.assertEqual(self.read("etc/apt/sources.list.d/debian.sources"), "URIs: https://deb.debian.org/debian\n")
        self.assertIn("OnUnitActiveSec=60", self.read("etc/systemd/system/latexp-end.timer"))

    def test_a_clock_that_does_not_synchronise_is_said(self):
        self.tool("chronyc", "exit 1")
        self.start()
        self.assertIn("latexp: clock NOT synchronised after two minutes\n", self.read("console"))

    def test_a_timer_that_does_not_start_is_replaced_by_a_shutdown(self):
        self.tool("systemctl", 'case $1 in enable) exit 1 ;; esac')
        self.assertIn("shutdown -P +240", self.start())

    def test_the_end(self):
        self.start()
        for arguments, ended in (
            ({"started": utc(-3600), "ttl": "2h"}, False),
            ({"started": utc(-7300), "ttl": "2h"}, True),
            ({"started": utc(-7300), "ttl": "2h", "ends": utc(600)}, False),
            ({"started": utc(-600), "ttl": "2h", "ends": utc(-1)}, True),
            ({"started": utc(-1000), "ttl": "15m"}, True),
            ({"started": utc(-14000), "ttl": None}, False),
            ({"started": utc(-15000), "ttl": None}, True),
        ):
            with self.subTest(arguments):
                self.metadata(**arguments)
                self.assertEqual(self.ended(), ended)

    def test_without_word_the_last_one_counts(self):
        self.start()
        self.metadata(started=utc(-3600), ttl="2h")
        self.assertFalse(self.ended())
        self.write("metadata.json", "not json")
        self.assertFalse(self.ended())
        self.write("lib/ends", "1000000000.0")
        self.assertTrue(self.ended())


if __name__ == "__main__":
    unittest.main()
