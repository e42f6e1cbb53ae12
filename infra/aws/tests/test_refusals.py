"""What the scripts of infra/aws refuse, and what they say when AWS refuses."""

import os
import unittest

from case import Case, read
from world import FRANKFURT, World


class Refusals(Case):
    """What is wrong is said before anything is made."""

    def assert_refused(self, arguments, message):
        result = self.world.run("up", *arguments)
        self.assertEqual(result.status, 1, result.text)
        self.assertIn(message, result.errors)
        self.assertEqual(self.changes(), [])
        self.assertFalse(os.path.exists(self.world.state))

    def test_overlapping_addresses(self):
        for tokyo, frankfurt in (("10.0.0.0/16", "10.0.0.0/16"), ("10.0.0.0/16", "10.0.128.0/20"), ("10.1.240.0/20", "10.1.0.0/16")):
            self.assert_refused(("--cidr-tokyo", tokyo, "--cidr-frankfurt", frankfurt), "overlap")
        self.assertEqual(self.world.aws.calls, [], "not even asked")

    def test_what_makes_no_sense(self):
        for arguments, message in (
            (("--cidr-tokyo", "10.0.0.1/16"), "bits are set beyond"),
            (("--cidr-tokyo", "10.0.0.0/8"), "a VPC has /16 to /28"),
            (("--cidr-tokyo", "10.256.0.0/16"), "256 is no octet"),
            (("--subnet-tokyo", "10.9.0.0/24"), "is not inside"),
            (("--region-tokyo", "tokyo"), "is no AWS region"),
            (("--region-tokyo", FRANKFURT), "both hosts are in"),
            (("--ttl", "4"), "is no span of time"),
            (("--ttl", "30d"), "from 15m to 7d"),
            (("--port", "99999"), "is no port"),
            (("--port", "8081", "--global-accelerator"), "both relays use port 8081"),
            (("--ssh-from", "0.0.0.0/0"), "too much of the world"),
            (("--ssh-from", "me"), "is no block of addresses"),
            (("--name", "Bad Name"), "use up to 32"),
            (("--hosts", "a"), "two names with a comma between"),
            (("--hosts", "a,a"), "both are called a"),
            (("--name",), "--name needs a value"),
            (("--type", "big"), "is no type of instance"),
            (("--nonsense",), "there is no option --nonsense"),
            (("--ttl",), "needs a value"),
        ):
            with self.subTest(arguments):
                self.assert_refused(arguments, message)

    def test_a_type_that_the_region_lacks(self):
        self.assert_refused(("--type-frankfurt", "zz9.huge"), "eu-central-1 has no zz9.huge")

    def test_an_inventory_that_is_somebodys_own(self):
        with open(self.world.inventory, "w") as file:
            file.write('{ "tokyo": {} }')
        self.assert_refused((), "is not that of the experiment latexp")
        self.assertEqual(read(self.world.inventory), '{ "tokyo": {} }')

    def test_another_shape_of_an_experiment_that_exists(self):
        self.run_well("up")
        done = len(self.changes())
        result = self.world.run("up", "--cidr-tokyo", "10.7.0.0/16")
        self.assertEqual(result.status, 1)
        self.assertIn("was made with other regions, addresses", result.errors)
        self.assertEqual(self.changes()[done:], [])


class Failures(Case):
    def test_a_failure_says_which_call_where_and_what_to_do(self):
        for code, advice in (
            ("UnauthorizedOperation", "infra/aws/policy.json"),
            ("VpcLimitExceeded", "higher quota"),
            ("OptInRequired", "has not enabled"),
            ("ExpiredToken", "log in again"),
            ("AuthFailure", "does not know these credentials"),
            ("InternalError", "run it again"),
        ):
            self.world.aws.failures = {"CreateSubnet": (
                code, "User: arn:aws:iam::123456789012:user/me did it. Encoded authorization failure message: AbC123")}
            result = self.world.run("up")
            self.assertEqual(result.status, 1)
            self.assertIn("aws ec2 create-subnet failed in ap-northeast-1", result.errors)
            self.assertIn("What to do: ", result.errors)
            self.assertIn(advice, result.errors)
            self.assertNotIn("AbC123", result.errors)

    def test_no_answer(self):
        self.world.environment["LATEXP_AWS_PAUSE"] = "0.01"
        bin = os.path.join(self.world.folder, "bin")
        os.makedirs(bin)
        World.tool(bin, "aws", '#!/bin/sh\necho >&2 "Unable to locate credentials. You can configure credentials by running aws configure."; exit 253\n')
        result = self.world.run("up")
        self.assertIn("aws ec2 describe-instance-type-offerings failed in ap-northeast-1", result.errors)
        self.assertIn("aws sso login", result.errors)

    def test_what_was_just_made_and_is_not_seen_yet_is_tried_again(self):
        calls = []

        def late(call):
            calls.append(call[1])
            if call[1] == "AttachInternetGateway" and calls.count("AttachInternetGateway") == 2:
                self.world.aws.failures = {}
        self.world.aws.after_call = late
        self.world.aws.failures = {"AttachInternetGateway": ("InvalidInternetGatewayID.NotFound", "not yet")}
        self.run_well("up")
        self.assertEqual(calls.count("AttachInternetGateway"), 4)


if __name__ == "__main__":
    unittest.main()
