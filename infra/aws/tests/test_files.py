"""What lies beside the scripts: prices, the policy, their shell, the experiments."""

import json
import os
import re
import shutil
import subprocess
import unittest

import moto.settings
from case import TOP, Case, read
from world import FRANKFURT, SCRIPTS, TOKYO


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
