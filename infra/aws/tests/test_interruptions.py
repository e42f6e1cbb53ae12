"""Cut after any single call and run again, infra/aws ends where it would have; taken down from there, nothing is left.

At each call that changes something the whole simulated world is forked: the copy is what a killed script leaves behind.
Calls that only look leave the same behind as the change before them; a copy is made there, too, when files have changed.
"""

import json
import os
import shutil
import sys
import tempfile
import traceback
import unittest

from case import Case
from simulated_aws import host_key, is_change
from world import FRANKFURT, TOKYO

# With a number here only every so manieth cut is tried.
EVERY = int(os.environ.get("LATEXP_TEST_EVERY", "1"))
AT_ONCE = os.cpu_count() or 1


class Copies:
    """Copies of a world, one at each cut; each writes what it found into a file."""

    def __init__(self, world, examine):
        self.world, self.examine = world, examine
        self.results = tempfile.mkdtemp(prefix="latexp-aws-results.")
        self.living, self.count, self.skipped, self.files = set(), 0, 0, None

    def files_now(self):
        found = []
        for folder, _, names in os.walk(self.world.folder):
            found += [(os.path.join(folder, name), os.path.getmtime(os.path.join(folder, name))) for name in names if "/tmp" not in folder and not name.endswith(".log")]
        return sorted(found)

    def at_call(self, call):
        files = self.files_now()
        if not is_change(call) and files == self.files:
            return
        self.files = files
        self.count += 1
        if self.count % EVERY:
            self.skipped += 1
            return
        while len(self.living) >= AT_ONCE:
            self.wait()
        # The script waits for its answer meanwhile, so the copy of its files is whole.
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            self.be_a_copy(call, writer)
        self.living.add(child)
        os.close(writer)
        os.read(reader, 1)
        os.close(reader)

    def be_a_copy(self, call, writer):
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        result = {"call": f"{self.count}: {call[1]} in {call[2]}", "problem": None}
        try:
            self.world.aws.after_call = None
            own_folder(self.world)
            os.write(writer, b"x")
            result.update(self.examine(self.world, call) or {})
        except BaseException:
            result["problem"] = traceback.format_exc()
        with open(os.path.join(self.results, f"{self.count}.json"), "w") as file:
            json.dump(result, file)
        os._exit(0)

    def wait(self):
        child, _ = os.wait()
        self.living.discard(child)

    def finish(self):
        while self.living:
            self.wait()
        results = []
        for name in os.listdir(self.results):
            with open(os.path.join(self.results, name)) as file:
                results.append(json.load(file))
        shutil.rmtree(self.results)
        return results


def own_folder(world):
    """Gives a copied world a folder of its own, with what the script had written."""
    old = world.folder
    new = tempfile.mkdtemp(prefix="latexp-aws-test.")
    shutil.copytree(old, new, dirs_exist_ok=True, ignore=shutil.ignore_patterns("tmp", "bin"))
    world.folder = new
    for folder, _, names in os.walk(new):
        for name in names:
            path = os.path.join(folder, name)
            if name in ("settings", "settings.new", "hosts.json", "hosts.json.new"):
                with open(path) as file:
                    text = file.read()
                with open(path, "w") as file:
                    file.write(text.replace(old, new))


class Interruptions(Case):
    def forked(self, work):
        """Does the work in a copy of this process and gives back what it returned."""
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.close(reader)
            try:
                answer = {"value": work()}
            except BaseException:
                answer = {"problem": traceback.format_exc()}
            with os.fdopen(writer, "w") as file:
                json.dump(answer, file)
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as file:
            answer = json.load(file)
        os.waitpid(child, 0)
        self.assertNotIn("problem", answer, answer.get("problem"))
        return answer["value"]

    def test_up_after_each_call(self):
        self.world.make_foreign()
        before = self.world.everything()

        def examine(world, call):
            try:
                def down_from_here():
                    # A copy of the folder for each, since both go on from the same files.
                    own_folder(world)
                    result = world.run("down")
                    assert result.status == 0, result.text
                    self.assert_same(world.everything(), before)
                    assert not os.path.exists(world.state + "/latexp") and not os.path.exists(world.inventory)
                    shutil.rmtree(world.folder)
                self.forked(down_from_here)
                result = world.run("up", "--global-accelerator")
                assert result.status == 0, result.text
                self.check_inventory(world)
                return {"everything": world.everything()}
            finally:
                shutil.rmtree(world.folder, ignore_errors=True)

        copies = Copies(self.world, examine)
        self.world.aws.after_call = copies.at_call
        self.run_well("up", "--global-accelerator")
        self.world.aws.after_call = None
        results = copies.finish()
        expected = json.loads(json.dumps(self.world.everything()))
        self.assertEqual(len(results), copies.count - copies.skipped)
        self.assertGreater(copies.count, 30)
        print(f"up: cut after {len(results)} of {copies.count} calls that change something", file=sys.stderr)
        for result in results:
            with self.subTest(result["call"]):
                self.assertIsNone(result["problem"], result["problem"])
                self.assert_same(result["everything"], expected)

    def test_down_after_each_call(self):
        self.world.make_foreign()
        before = self.world.everything()
        self.run_well("up", "--global-accelerator")
        expected = json.loads(json.dumps(self.world.everything()))

        def examine(world, call):
            try:
                def up_from_here():
                    own_folder(world)
                    result = world.run("up", "--global-accelerator")
                    assert result.status == 0, result.text
                    self.assert_same(json.loads(json.dumps(world.everything())), expected)
                    shutil.rmtree(world.folder)
                self.forked(up_from_here)
                result = world.run("down")
                assert result.status == 0, result.text
                self.assert_same(world.everything(), before)
            finally:
                shutil.rmtree(world.folder, ignore_errors=True)

        copies = Copies(self.world, examine)
        self.world.aws.after_call = copies.at_call
        self.run_well("down")
        self.world.aws.after_call = None
        results = copies.finish()
        self.assertEqual(len(results), copies.count - copies.skipped)
        self.assertGreater(copies.count, 20)
        self.assert_same(self.world.everything(), before)
        print(f"down: cut after {len(results)} of {copies.count} calls that change something", file=sys.stderr)
        for result in results:
            with self.subTest(result["call"]):
                self.assertIsNone(result["problem"], result["problem"])

    def test_killed_in_earnest(self):
        self.run_well("up")
        expected = self.world.everything()
        self.run_well("down")
        for action in ("CreateVpc", "AcceptVpcPeeringConnection", "RunInstances"):
            self.assertEqual(self.world.run("up", cut_after=lambda call: call[1] == action).status, "cut")
        self.run_well("up")
        self.assert_same(self.world.everything(), expected)
        for action in ("TerminateInstances", "DeleteSubnet"):
            self.assertEqual(self.world.run("down", cut_after=lambda call: call[1] == action).status, "cut")
        self.run_well("down")

    def check_inventory(self, world):
        self.world = world
        inventory = self.read_inventory()
        for name, region in (("tokyo", TOKYO), ("frankfurt", FRANKFURT)):
            instance = self.instance(region)
            assert inventory[name]["hostKey"] == host_key(instance["InstanceId"])
            assert inventory[name]["publicAddress"] == instance["PublicIpAddress"]


if __name__ == "__main__":
    unittest.main()
