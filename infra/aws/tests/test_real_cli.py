"""With the AWS CLI as people start it, a process a call, over HTTP. The other tests keep the same CLI loaded in one process."""

import unittest

from simulated_aws import host_key
from test_aws import Case
from world import TOKYO, Server


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
