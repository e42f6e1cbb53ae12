"""With the AWS CLI as people start it, a process a call, over HTTP. The other tests keep the same CLI loaded in one process."""

import threading
import unittest
import wsgiref.simple_server

from case import Case
from simulated_aws import host_key
from world import TOKYO


class Server:
    """The simulated AWS over HTTP on loopback, for the real CLI."""

    def __init__(self, aws):
        class Quiet(wsgiref.simple_server.WSGIRequestHandler):
            def log_message(self, *_):
                pass

        self.server = wsgiref.simple_server.make_server("127.0.0.1", 0, aws, handler_class=Quiet)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class RealCLI(Case):
    def setUp(self):
        super().setUp()
        self.world.server = Server(self.world.aws)
        self.addCleanup(self.world.server.close)

    def test_up_and_status(self):
        self.run_well("up")
        self.assertEqual(list(self.read_inventory()), ["tokyo", "frankfurt"])
        self.assertEqual(self.read_inventory()["tokyo"]["hostKey"], host_key(self.instance(TOKYO)["InstanceId"]))
        self.assertIn("costs", self.run_well("status").output)


if __name__ == "__main__":
    unittest.main()
