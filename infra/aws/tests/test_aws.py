"""What infra/aws promises, shown against the simulated AWS."""

import json
import os
import re
import shutil
import stat
import subprocess
import unittest

import moto.settings
from simulated_aws import DEFAULT_ACCOUNT_ID, ec2_backends, host_key, is_change
from world import FRANKFURT, HERE_ADDRESS, SCRIPTS, TOKYO, World, differences

TOP = os.path.dirname(os.path.dirname(SCRIPTS))


def read(path):
    with open(path) as file:
        return file.read()


class Case(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def run_well(self, script, *arguments):
        result = self.world.run(script, *arguments)
        self.assertEqual(result.status, 0, result.text)
        return result

    def assert_same(self, one, other):
        self.assertEqual(list(differences(one, other)), [])

    def changes(self):
        return [call for call in self.world.aws.calls if is_change(call)]

    def read_inventory(self):
        """JSON5, as the scripts write it: comments on lines of their own, commas at ends."""
        with open(self.world.inventory) as file:
            text = re.sub(r"^\s*//.*$", "", file.read(), flags=re.M)
        return json.loads(re.sub(r",(\s*[}\]])", r"\1", text))

    def instance(self, region):
        with self.world.unrecorded():
            pages = self.world.client(region).describe_instances(
                Filters=[{"Name": "tag:latexp-experiment", "Values": ["latexp"]}, {"Name": "instance-state-name", "Values": ["running"]}])
        instances = [instance for page in pages["Reservations"] for instance in page["Instances"]]
        self.assertEqual(len(instances), 1)
        return instances[0]


class Up(Case):
    def test_builds_what_the_set_up_says(self):
        self.run_well("up")
        for region, number, other in ((TOKYO, 0, 1), (FRANKFURT, 1, 0)):
            found = self.world.region(region)
            mine = [each for each in found["vpcs"] if each["CidrBlock"] == f"10.{number}.0.0/16"]
            self.assertEqual(len(mine), 1)
            vpc = mine[0]["VpcId"]
            subnet, = [each for each in found["subnets"] if each["VpcId"] == vpc]
            self.assertEqual(subnet["CidrBlock"], f"10.{number}.1.0/24")
            gateway, = found["gateways"][-1:]
            self.assertEqual(gateway["Attachments"], [{"State": "available", "VpcId": vpc}])
            peering, = found["peerings"]
            self.assertEqual(peering["Status"]["Code"], "active")
            table, = [each for each in found["tables"] if any(a.get("SubnetId") == subnet["SubnetId"] for a in each["Associations"])]
            routes = {route["DestinationCidrBlock"]: route.get("VpcPeeringConnectionId") or route["GatewayId"] for route in table["Routes"]}
            self.assertEqual(routes, {
                f"10.{number}.0.0/16": "local", "0.0.0.0/0": gateway["InternetGatewayId"], f"10.{other}.0.0/16": peering["VpcPeeringConnectionId"]})
            instance = self.instance(region)
            self.assertEqual(instance["InstanceType"], "t3.micro")
            self.assertEqual(instance["SubnetId"], subnet["SubnetId"])
            self.assertEqual(instance["ImageId"], "ami-0debian1200000002", "the newest Debian 12 of Debian's own")
            self.assertEqual(instance["KeyName"], "latexp-latexp")

    def test_instances_are_started_as_they_should(self):
        self.run_well("up", "--ttl", "90m")
        runs = [call for call in self.world.aws.calls if call[1] == "RunInstances"]
        self.assertEqual([call[2] for call in runs], [TOKYO, FRANKFURT])
        for _, _, _, parameters in runs:
            self.assertEqual(parameters["MetadataOptions.HttpTokens"], "required")
            self.assertEqual(parameters["MetadataOptions.InstanceMetadataTags"], "enabled")
            self.assertEqual(parameters["InstanceInitiatedShutdownBehavior"], "terminate")
            self.assertEqual(parameters["BlockDeviceMapping.1.Ebs.DeleteOnTermination"], "true")
            self.assertEqual(parameters["NetworkInterface.1.AssociatePublicIpAddress"], "true")
            tags = {parameters[f"TagSpecification.1.Tag.{n}.Key"]: parameters[f"TagSpecification.1.Tag.{n}.Value"] for n in (1, 2, 3)}
            self.assertEqual(tags["latexp-ttl"], "90m")
            self.assertLessEqual(len(parameters["ClientToken"]), 64)
            self.assertLess(len(parameters["UserData"]), 16384 * 4 // 3)

    def rules(self, region):
        with self.world.unrecorded():
            groups = self.world.client(region).describe_security_groups(Filters=[{"Name": "tag:latexp-experiment", "Values": ["latexp"]}])
        group, = groups["SecurityGroups"]
        return {
            (way, rule["IpProtocol"], rule.get("FromPort"), block["CidrIp"])
            for way, name in (("in", "IpPermissions"), ("out", "IpPermissionsEgress"))
            for rule in group[name]
            for block in rule["IpRanges"]
        }

    def expected_rules(self, number, own):
        return {
            own,
            ("in", "tcp", 22, HERE_ADDRESS + "/32"),
            ("out", "tcp", 443, "0.0.0.0/0"),
            ("out", "udp", 53, f"10.{number}.0.2/32"),
            ("out", "tcp", 53, f"10.{number}.0.2/32"),
            ("out", "udp", 123, "169.254.169.123/32"),
        }

    def test_security_groups_open_nothing_else(self):
        self.run_well("up")
        self.assertEqual(self.rules(TOKYO), self.expected_rules(0, ("out", "tcp", 8080, "10.1.0.0/16")))
        self.assertEqual(self.rules(FRANKFURT), self.expected_rules(1, ("in", "tcp", 8080, "10.0.0.0/16")))

    def test_another_address_of_the_caller_takes_the_place_of_the_first(self):
        self.run_well("up", "--udp")
        self.run_well("up", "--ssh-from", "203.0.113.9/32,203.0.113.64/26")
        for region in (TOKYO, FRANKFURT):
            rules = self.rules(region)
            self.assertEqual({rule[3] for rule in rules if rule[2] == 22}, {"203.0.113.9/32", "203.0.113.64/26"})
            self.assertEqual({rule[1] for rule in rules if rule[2] == 8080}, {"tcp", "udp"}, "settings are remembered")

    def test_inventory_has_the_host_keys_of_the_consoles(self):
        self.run_well("up")
        inventory = self.read_inventory()
        self.assertEqual(list(inventory), ["tokyo", "frankfurt"])
        for name, region in (("tokyo", TOKYO), ("frankfurt", FRANKFURT)):
            instance = self.instance(region)
            self.assertEqual(inventory[name], {
                "ssh": "admin@" + instance["PublicIpAddress"],
                "identityFile": os.path.join(self.world.state, "latexp", "key"),
                "hostKey": host_key(instance["InstanceId"]),
                "region": region,
                "privateAddress": instance["PrivateIpAddress"],
                "publicAddress": instance["PublicIpAddress"],
            })
        self.assertEqual(stat.S_IMODE(os.stat(self.world.inventory).st_mode), 0o600)
        key = os.path.join(self.world.state, "latexp", "key")
        self.assertEqual(stat.S_IMODE(os.stat(key).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(key)).st_mode), 0o700)
        with self.world.unrecorded():
            pair, = self.world.client(TOKYO).describe_key_pairs(KeyNames=["latexp-latexp"], IncludePublicKey=True)["KeyPairs"]
        self.assertEqual(pair["KeyType"], "ed25519")
        self.assertEqual(pair["PublicKey"].split()[1], read(key + ".pub").split()[1])

    def test_two_host_keys_on_one_console_are_refused(self):
        self.world.aws.console = lambda instance: host_key("a") + "\r\n" + host_key("b") + "\r\n"
        result = self.world.run("up")
        self.assertEqual(result.status, 1)
        self.assertIn("more than one Ed25519 host key", result.errors)
        self.assertFalse(os.path.exists(self.world.inventory))

    def test_run_again_it_changes_nothing(self):
        self.run_well("up", "--global-accelerator")
        before = self.world.everything()
        done = len(self.changes())
        self.run_well("up")
        self.assertEqual(self.changes()[done:], [])
        self.assert_same(self.world.everything(), before)

    def test_an_instance_that_ended_itself_is_replaced(self):
        self.run_well("up", "--global-accelerator")
        old = self.instance(TOKYO)["InstanceId"], self.instance(FRANKFURT)["InstanceId"]
        with self.world.unrecorded():
            for region, identifier in zip((TOKYO, FRANKFURT), old):
                self.world.client(region).terminate_instances(InstanceIds=[identifier])
        self.run_well("up")
        new = self.instance(TOKYO)["InstanceId"], self.instance(FRANKFURT)["InstanceId"]
        self.assertFalse(set(old) & set(new))
        self.assertEqual(self.read_inventory()["tokyo"]["hostKey"], host_key(new[0]))
        accelerator, = self.world.aws.accelerators.all.values()
        listener, = accelerator["listeners"].values()
        group, = listener["groups"].values()
        self.assertEqual([endpoint["EndpointId"] for endpoint in group["endpoints"]], [new[1]])
        self.assertIn(("in", "tcp", 8081, self.instance(TOKYO)["PublicIpAddress"] + "/32"), self.rules(FRANKFURT))

    def test_an_instance_that_is_just_ending_counts_no_more(self):
        self.run_well("up")
        old = self.instance(TOKYO)["InstanceId"]
        state = ec2_backends[DEFAULT_ACCOUNT_ID][TOKYO].get_instance(old)._state
        state.name, state.code = "shutting-down", 32
        self.run_well("up")
        done = len(self.changes())
        self.run_well("up")
        self.assertEqual(self.changes()[done:], [])
        self.assertNotEqual(self.instance(TOKYO)["InstanceId"], old)
        self.assertIn("shutting-down", self.run_well("status").output)

    def test_a_lost_private_key_is_noticed(self):
        self.run_well("up")
        os.remove(os.path.join(self.world.state, "latexp", "key"))
        result = self.world.run("up")
        self.assertEqual(result.status, 1)
        self.assertIn("started with another key", result.errors)

    def test_everything_can_be_chosen(self):
        self.run_well(
            "up", "--name", "second", "--region-tokyo", "ap-southeast-1", "--region-frankfurt", "eu-west-1", "--cidr-tokyo", "172.20.0.0/20",
            "--cidr-frankfurt", "172.21.0.0/24", "--hosts", "singapore,dublin", "--type", "t3.small", "--port", "9090",
            "--image-tokyo", self.image("ap-southeast-1"), "--image-frankfurt", self.image("eu-west-1"))
        self.assertEqual(list(self.read_inventory()), ["singapore", "dublin"])
        self.assertEqual({call[2] for call in self.world.aws.calls}, {"ap-southeast-1", "eu-west-1"})
        blocks = [call[3]["CidrBlock"] for call in self.changes() if call[1] in ("CreateVpc", "CreateSubnet")]
        self.assertEqual(blocks, ["172.20.0.0/20", "172.20.1.0/24", "172.21.0.0/24", "172.21.0.0/24"])
        self.assertIn("nothing is left of the experiment second in: ap-southeast-1 eu-west-1", self.run_well("down", "--name", "second").errors)

    def image(self, region):
        self.world.aws.add_images(region)
        return "ami-0debian1200000001"

    def test_arm_gets_an_image_for_arm(self):
        self.run_well("up", "--type-tokyo", "t4g.micro")
        self.assertEqual(self.instance(TOKYO)["ImageId"], "ami-0debian12arm00001")
        self.assertEqual(self.instance(FRANKFURT)["ImageId"], "ami-0debian1200000002")


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


class Down(Case):
    def test_with_nothing_to_delete_it_succeeds_and_changes_nothing(self):
        self.world.make_foreign()
        before = self.world.everything()
        result = self.run_well("down")
        self.assertIn("nothing is left of the experiment latexp", result.errors)
        self.assertEqual(self.changes(), [])
        self.assert_same(self.world.everything(), before)

    def test_what_somebody_put_into_the_vpc_is_left_alone_and_named(self):
        self.run_well("up")
        subnet = self.instance(TOKYO)["SubnetId"]
        with self.world.unrecorded():
            client = self.world.client(TOKYO)
            stranger = client.run_instances(ImageId="ami-0debian1200000001", MinCount=1, MaxCount=1, SubnetId=subnet, ClientToken="stranger")["Instances"][0]["InstanceId"]
        result = self.world.run("down")
        self.assertEqual(result.status, 1)
        self.assertRegex(result.errors, "(?s)aws ec2 .* failed in ap-northeast-1.*DependencyViolation.*What to do")
        with self.world.unrecorded():
            state = client.describe_instances(InstanceIds=[stranger])["Reservations"][0]["Instances"][0]["State"]["Name"]
            self.assertEqual(state, "running")
            client.terminate_instances(InstanceIds=[stranger])
        self.run_well("down")

    def test_it_finds_what_this_machine_does_not_know_of(self):
        self.run_well("up", "--region-tokyo", "ap-northeast-3", "--image-tokyo", self.image("ap-northeast-3"))
        shutil.rmtree(self.world.state)
        self.assertIn("ap-northeast-3", self.run_well("status", "--everywhere").output)
        result = self.run_well("down", "--everywhere")
        self.assertIn("ap-northeast-3: vpc", result.errors)
        self.assertEqual(self.run_well("status", "--everywhere").output.split(" in ")[0], "Nothing exists of the experiment latexp")

    def test_without_its_settings_it_finds_the_region_by_itself(self):
        self.run_well("up", "--region-tokyo", "ap-northeast-3", "--image-tokyo", self.image("ap-northeast-3"))
        shutil.rmtree(self.world.state)
        self.assertIn("ap-northeast-3", self.run_well("status").output)
        self.assertIn("ap-northeast-3: vpc", self.run_well("down").errors)

    def test_other_experiments_are_named_and_so_is_this_one_in_what_to_type_next(self):
        errors = self.run_well("up", "--name", "e2").errors
        self.assertIn("infra/aws/down --name e2\n", errors)
        self.assertIn("infra/aws/extend --name e2", errors)
        self.assertIn("this machine knows other experiments, too: e2", self.run_well("down").errors)
        self.assertIn("this machine knows other experiments, too: e2", self.run_well("status").errors)
        self.assertNotIn("other experiments", self.run_well("down", "--name", "e2").errors)

    def image(self, region):
        self.world.aws.add_images(region)
        return "ami-0debian1200000001"

    def test_somebodys_own_inventory_stays(self):
        self.run_well("up")
        with open(self.world.inventory, "w") as file:
            file.write("{}")
        self.run_well("down")
        self.assertEqual(read(self.world.inventory), "{}")


class DryRun(Case):
    def test_of_what_is_there_it_shows_nothing(self):
        self.run_well("up")
        self.assertEqual(self.run_well("up", "--dry-run").output, "")

    def test_it_shows_the_calls_that_up_makes_and_changes_nothing(self):
        before = self.world.everything()
        shown = self.run_well("up", "--global-accelerator", "--dry-run").output.splitlines()
        self.assertEqual(self.changes(), [])
        self.assert_same(self.world.everything(), before)
        self.assertFalse(os.path.exists(self.world.state))
        self.assertFalse(os.path.exists(self.world.inventory))
        self.assertTrue(shown[0].startswith("ssh-keygen "))
        real = [line for line in self.run_well("up", "--global-accelerator", "--verbose").errors.splitlines() if line.startswith("aws ")]
        self.assertEqual([self.plain(line) for line in shown[1:]], [self.plain(line) for line in real])

    def test_so_does_that_of_down_and_extend(self):
        self.run_well("up", "--global-accelerator")
        before = self.world.everything()
        done = len(self.changes())
        shown = self.run_well("down", "--dry-run").output.splitlines()
        self.assertEqual(len(self.run_well("extend", "5h", "--dry-run").output.splitlines()), 2)
        self.assertEqual(self.changes()[done:], [])
        self.assert_same(self.world.everything(), before)
        real = [line for line in self.run_well("down", "--verbose").errors.splitlines() if line.startswith("aws ")]
        # Volumes end with their instances in the meantime; and the accelerator's group is shown where it gets its tag.
        shown = [line for line in map(self.plain, shown) if "delete-volume" not in line]
        self.assertEqual(sorted(shown), sorted(self.plain(line) for line in real))

    @staticmethod
    def plain(line):
        line = re.sub(r"(arn:aws:globalaccelerator:\S+|'?<[a-z-]+-arn>'?)", "ARN", line)
        line = re.sub(r"\bi-[0-9a-f]{17}|<instance-\w+>", "INSTANCE", line)
        line = re.sub(r"client-token \S+", "client-token TOKEN", line)
        line = re.sub(r"'?\b(vpc|subnet|igw|rtb|sg|pcx)-[0-9a-f]{17}'?|'?<[a-z-]+?(-\w+)?>'?", "ID", line)
        line = re.sub(r"CidrIp=(75\.2\.0\.\d+|99\.83\.0\.\d+|54\.\d+\.\d+\.\d+|ID)/32", "CidrIp=ADDRESS/32", line)
        return line.replace("'", "")


class TimeToLive(Case):
    def test_status_shows_it_and_extend_moves_it(self):
        self.run_well("up", "--ttl", "2h")
        self.assertRegex(self.run_well("status").output, r"ends itself at \S+ \(in 1 h 59 min\)|\(in 2 h 00 min\)")
        self.run_well("extend", "6h")
        output = self.run_well("status").output
        self.assertEqual(len(re.findall(r"\(in (?:5 h 59|6 h 00) min\)", output)), 2, output)
        self.assertRegex(output, r"costs 0\.0377 USD an hour \(prices of \d{4}-\d\d-\d\d\)")

    def test_status_with_nothing(self):
        self.assertEqual(
            self.run_well("status").output,
            f"Nothing exists of the experiment latexp in {TOKYO} {FRANKFURT}, and no VPC of it in the account's other regions.\n")

    def test_hosts_that_are_there_keep_their_end_and_up_says_which(self):
        self.run_well("up", "--ttl", "2h")
        errors = self.run_well("up", "--ttl", "8h").errors
        self.assertEqual(len(re.findall(r"ends itself at \S+, in (?:1 h 59|2 h 00) min; it was there before", errors)), 2, errors)
        self.assertIn("infra/aws/extend 8h", errors)
        self.run_well("extend", "6h")
        self.assertEqual(len(re.findall(r"ends itself at \S+, in (?:5 h 59|6 h 00) min", self.run_well("up").errors)), 2)

    def test_extend_with_nothing(self):
        result = self.world.run("extend", "4h")
        self.assertEqual(result.status, 1)
        self.assertIn("no instance of the experiment latexp runs", result.errors)


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


class Accelerator(Case):
    def test_it_leads_to_frankfurt_on_a_port_of_its_own(self):
        self.run_well("up", "--global-accelerator")
        accelerator, = self.world.aws.accelerators.all.values()
        self.assertEqual(accelerator["tags"], {"latexp-experiment": "latexp", "Name": "latexp-latexp"})
        listener, = accelerator["listeners"].values()
        self.assertEqual((listener["protocol"], listener["ports"]), ("TCP", [{"FromPort": 8081, "ToPort": 8081}]))
        group, = listener["groups"].values()
        self.assertEqual(group["region"], FRANKFURT)
        self.assertEqual(group["endpoints"][0]["EndpointId"], self.instance(FRANKFURT)["InstanceId"])
        self.assertEqual(self.read_inventory()["frankfurt"]["acceleratorAddress"], accelerator["dns"])
        rules = Up.rules(self, TOKYO)
        self.assertEqual({rule[3] for rule in rules if rule[2] == 8081}, {address + "/32" for address in accelerator["addresses"]})
        rules = Up.rules(self, FRANKFURT)
        self.assertEqual({rule for rule in rules if rule[2] == 8081}, {("in", "tcp", 8081, self.instance(TOKYO)["PublicIpAddress"] + "/32")})
        self.assertRegex(self.run_well("status").output, "accelerator +latexp-latexp, DEPLOYED")
        self.run_well("down")
        self.assertEqual(self.world.aws.accelerators.all, {})
        names = [call[1] for call in self.world.aws.calls]
        self.assertLess(names.index("UpdateAccelerator"), names.index("DeleteAccelerator"))

    def test_the_responder_refuses_what_the_service_model_does_not_allow(self):
        answer = self.world.aws.accelerators.answer
        for action, parameters in (
            ("CreateAccelerator", {"Name": "x"}),
            ("CreateAccelerator", {"Name": "x" * 256, "IdempotencyToken": "t"}),
            ("CreateAccelerator", {"Name": "x", "IdempotencyToken": "t", "Colour": "red"}),
            ("CreateListener", {"AcceleratorArn": "a", "IdempotencyToken": "t", "Protocol": "SCTP", "PortRanges": [{"FromPort": 1, "ToPort": 1}]}),
            ("CreateListener", {"AcceleratorArn": "a", "IdempotencyToken": "t", "PortRanges": [{"FromPort": "1"}]}),
            ("UpdateAccelerator", {"AcceleratorArn": "a", "Enabled": "no"}),
        ):
            status, content = answer(action, parameters)
            self.assertEqual((status, content["__type"]), ("400 Bad Request", "InvalidArgumentException"), (action, parameters))


class Costs(Case):
    def test_the_table_is_read_as_any_reader_of_json_would(self):
        with open(os.path.join(SCRIPTS, "prices.json")) as file:
            table = json.load(file)
        self.assertRegex(table["asOf"], r"^\d{4}-\d\d-\d\d$")
        self.assertTrue(table["sources"])
        script = f'aws_folder={SCRIPTS}; . {SCRIPTS}/lib/prices.sh; while read -r key; do find_price "$key"; echo "$price"; done; echo "$price_date"'
        lines = subprocess.run(["bash", "-c", script], input="\n".join(table["prices"]) + "\n", text=True, capture_output=True, check=True).stdout.split()
        self.assertEqual([float(line) for line in lines[:-1]], list(table["prices"].values()))
        self.assertEqual(lines[-1], table["asOf"])

    def test_the_estimate_adds_up(self):
        with open(os.path.join(SCRIPTS, "prices.json")) as file:
            prices = json.load(file)["prices"]
        output = self.run_well("cost", "--hours", "2", "--rate", "1000", "--octets", "500").output
        hour = prices[f"instance-hour {TOKYO} t3.micro"] + prices[f"instance-hour {FRANKFURT} t3.micro"] + 2 * prices["public-ipv4-hour"]
        hour += 8 / 730 * (prices[f"volume-gb-month {TOKYO} gp3"] + prices[f"volume-gb-month {FRANKFURT} gp3"])
        gigabytes = 310 * 3 * 1 * 1000 * 500 / 1e9
        self.assertIn(f"{hour:.4f} USD an hour, for 2 h: {2 * hour:.4f} USD", output)
        self.assertIn(f"{gigabytes:.4f} GB at 0.09 USD: {gigabytes * 0.09:.4f} USD", output)
        self.assertRegex(output, rf"all together +{2 * hour + gigabytes * 0.09:.2f} USD")
        self.assertEqual(self.world.aws.calls, [])

    def test_an_accelerator_costs_its_hours_and_its_premium(self):
        output = self.run_well("cost", os.path.join(TOP, "experiments", "accelerator.json")).output
        self.assertIn("accelerator's premium", output)
        self.assertIn("0.043 USD", output)
        self.assertRegex(self.run_well("cost", "--type", "zz9.huge").output, "(?s)all together +AT LEAST .*NOT in it.*zz9.huge")

    def test_a_campaign_is_all_of_its_runs(self):
        output = self.run_well("cost", os.path.join(TOP, "experiments", "campaign.json")).output
        self.assertIn("for 24 h:", output)
        self.assertIn(f"{24 * 310 * 3 * 300 * 400 / 1e9:.4f} GB at 0.09 USD", output)
        self.assertRegex(output, r"all together +\d+\.\d\d USD for 24 runs")
        self.assertIn("infra/aws/up --ttl 25h", output)

    def test_what_costs_nothing_is_not_estimated(self):
        for file, message in (("experiments/demo.json", "names no hosts"), ("README.md", "is no experiment")):
            result = self.world.run("cost", os.path.join(TOP, file))
            self.assertEqual(result.status, 1)
            self.assertIn(message, result.errors)


class Policy(Case):
    """policy.json allows every call that the scripts make, and no call that they do not make."""

    def actions(self):
        self.world.make_foreign()
        self.run_well("up", "--global-accelerator", "--udp")
        self.run_well("up", "--ssh-from", "203.0.113.9/32")
        self.run_well("extend", "4h")
        self.run_well("status", "--everywhere")
        self.run_well("down", "--everywhere")
        return {("ec2" if service == "ec2" else service) + ":" + action for service, action, _, _ in self.world.aws.calls}

    # Calls of paths that a straight run does not take, each with where it is made.
    SELDOM = {
        "ec2:ReplaceRoute": "network.sh: a route leads to a peering that is gone",
        "ec2:DeleteVolume": "down: a volume that outlived its instance",
        "ec2:DeleteNetworkInterface": "down: an interface that outlived its instance",
        "globalaccelerator:UpdateEndpointGroup": "accelerator.sh: the instance was replaced",
    }
    # Permissions that AWS asks for behind calls of another name.
    BEHIND = {
        "ec2:CreateTags": "tags given as something is made",
        "globalaccelerator:TagResource": "tags given as the accelerator is made",
        "iam:CreateServiceLinkedRole": "the first accelerator of an account",
    }

    def policy(self):
        with open(os.path.join(SCRIPTS, "policy.json")) as file:
            return json.load(file)

    def test_it_is_exactly_what_the_scripts_call(self):
        allowed = set()
        for statement in self.policy()["Statement"]:
            self.assertEqual(statement["Effect"], "Allow")
            allowed.update([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        self.assertFalse([action for action in allowed if "*" in action], "no wildcards")
        self.assertEqual(allowed, self.actions() | set(self.SELDOM) | set(self.BEHIND))
        text = "".join(read(os.path.join(SCRIPTS, name)) for name in ("up", "down", "extend", *("lib/" + n for n in os.listdir(os.path.join(SCRIPTS, "lib")))))
        for action in self.SELDOM:
            service, name = action.split(":")
            self.assertIn(re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower(), text)

    def test_what_is_deleted_must_carry_the_tag(self):
        for statement in self.policy()["Statement"]:
            for action in [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]:
                verb = action.split(":")[1]
                if action.startswith("ec2:") and re.match("Delete|Terminate|Detach|Disassociate|Revoke|Replace", verb):
                    self.assertIn("latexp-experiment", json.dumps(statement.get("Condition", {})), action)

    def test_moto_lets_a_user_with_it_do_everything_and_one_with_less_not(self):
        self.enforce(self.policy())
        self.assertEqual(self.world.run("up").status, 0)
        self.assertEqual(self.world.run("extend", "3h").status, 0)
        self.assertEqual(self.world.run("down").status, 0)
        for action in ("ec2:CreateInternetGateway",):
            less = json.loads(json.dumps(self.policy()))
            for statement in less["Statement"]:
                actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
                statement["Action"] = [each for each in actions if each != action] or ["ec2:DescribeHosts"]
            self.enforce(less)
            result = self.world.run("up")
            self.assertEqual(result.status, 1)
            self.assertIn("infra/aws/policy.json is the policy that suffices", result.errors)
            self.relax()
            self.run_well("down")

    def enforce(self, policy):
        """Makes a user with this policy alone, whose keys the scripts use from now on; moto then checks every call of EC2."""
        self.relax()
        # Moto looks at actions only, not at what they are about.
        actions = [{"Effect": "Allow", "Action": statement["Action"], "Resource": "*"} for statement in policy["Statement"]]
        policy = {"Version": policy["Version"], "Statement": actions}
        with self.world.unrecorded():
            client = self.world.client("us-east-1", "iam")
            name = f"u{len(client.list_users()['Users'])}"
            client.create_user(UserName=name)
            client.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
            key = client.create_access_key(UserName=name)["AccessKey"]
        self.world.use_credentials(key["AccessKeyId"], key["SecretAccessKey"])
        moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
        self.addCleanup(self.relax)

    def relax(self):
        moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")


class Shell(unittest.TestCase):
    """The scripts stay with what Bash 3.2 of macOS knows. infra/test runs shellcheck on them."""

    NEWER = {
        r"\b(mapfile|readarray|coproc)\b": "4.0",
        r"\b(declare|local|typeset) -[a-zA-Z]*[Aln]": "4.0 to 4.3",
        r"\$\{\w+(\[[^]]*\])?(,,?|\^\^?)\}": "4.0",
        r"\$\{[^}]*@[A-Za-z]\}": "4.4",
        r"\|&|&>>|;;&|;&": "4.0",
        r"printf[^|;]*%\([^)]*\)T": "4.2",
        r"\[\[? -v ": "4.2",
        r"\bwait -n\b|\binherit_errexit\b|\bglobstar\b|\blastpipe\b": "4.0 to 5.0",
        r"\$\{?(EPOCHSECONDS|EPOCHREALTIME|BASHPID|SRANDOM)": "4.0 to 5.1",
        r"\$\{\w+\[-[0-9]+\]": "4.2",
        r"\{[0-9]+\.\.[0-9]+\.\.": "4.0",
        r"\bread\b[^|;]* -[a-z]*[Ni]\b": "4.0 and 4.1",
        r"\$\{[a-z_]+\[@\]:?[-+]": "quoted differently before 4.3",
        r"\{[a-z]+\}[<>]": "4.1",
        # 3.2 takes braces with a comma for alternatives inside of "$( "…" )".
        r'"\$\([^)]*"[^")]*\{[^}"]*,': "read otherwise before 4.0",
    }

    def files(self):
        lib = os.path.join(SCRIPTS, "lib")
        return [os.path.join(SCRIPTS, name) for name in ("up", "down", "status", "extend", "cost")] + [os.path.join(lib, name) for name in os.listdir(lib)]

    def test_nothing_newer_is_used(self):
        found = []
        for path in self.files():
            for number, line in enumerate(read(path).splitlines(), 1):
                for pattern, version in self.NEWER.items():
                    if re.search(pattern, line.split(" #")[0]):
                        found.append(f"{path}:{number}: Bash {version}: {line.strip()}")
        self.assertEqual(found, [])

    def test_the_check_knows_what_it_looks_for(self):
        for line in ("mapfile -t x", "declare -A m", "local -n r=x", "echo ${x,,}", "a |& b", "printf '%(%s)T' -1", "[ -v x ]", "${a[-1]}", "exec {fd}>x",
                     'f "$(g | sed "s/x/{a,b}/")"'):
            self.assertTrue(any(re.search(pattern, line) for pattern in self.NEWER), line)

    def test_help_is_there_without_aws(self):
        for name in ("up", "down", "status", "extend", "cost"):
            result = subprocess.run(["bash", os.path.join(SCRIPTS, name), "--help"], capture_output=True, text=True)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertTrue(result.stdout.startswith(f"usage: infra/aws/{name}"))


class Experiments(Case):
    """The shipped experiments go with the inventory that up writes."""

    def test_latexp_takes_the_inventory(self):
        latexp = os.environ.get("LATEXP_BIN", os.path.join(TOP, "bin")) + "/latexp"
        if not os.path.exists(latexp):
            self.assertFalse(os.environ.get("CI"), "on CI latexp has to be built before this test")
            self.skipTest("latexp is not built")
        self.run_well("up", "--global-accelerator")
        shutil.copytree(os.path.join(TOP, "experiments"), os.path.join(self.world.folder, "experiments"), ignore=shutil.ignore_patterns("hosts.json"))
        shutil.copy(self.world.inventory, os.path.join(self.world.folder, "experiments", "hosts.json"))
        for name in ("backbone", "baseline", "backbone-only", "sequential", "accelerator"):
            run = subprocess.run(
                [latexp, "run", "--dry-run", os.path.join(self.world.folder, "experiments", name + ".json")], capture_output=True, text=True,
                cwd=self.world.folder)
            self.assertEqual(run.returncode, 0, name + run.stdout + run.stderr)


if __name__ == "__main__":
    unittest.main()
