"""What infra/aws promises, shown against the simulated AWS."""

import os
import re
import shutil
import stat
import unittest

from case import Case, read
from simulated_aws import DEFAULT_ACCOUNT_ID, ec2_backends, host_key
from world import FRANKFURT, HERE_ADDRESS, TOKYO


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


if __name__ == "__main__":
    unittest.main()
