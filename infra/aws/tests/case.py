"""What all tests of infra/aws have: a world, and how to look at it."""

import json
import os
import re
import unittest

from simulated_aws import is_change
from world import SCRIPTS, World

TOP = os.path.dirname(os.path.dirname(SCRIPTS))


def read(path):
    with open(path) as file:
        return file.read()


def differences(one, other, place=""):
    """Where two descriptions differ, in words."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            if key not in one or key not in other:
                yield f"{place}.{key} is only in the {'second' if key in other else 'first'}"
            else:
                yield from differences(one[key], other[key], f"{place}.{key}")
    elif isinstance(one, list) and isinstance(other, list):
        firsts, seconds = [each for each in one if each not in other], [each for each in other if each not in one]
        if len(firsts) == len(seconds):
            for number, (first, second) in enumerate(zip(firsts, seconds)):
                yield from differences(first, second, f"{place}[{number}]")
        else:
            yield f"{place}: only in the first {json.dumps(firsts)[:600]}, only in the second {json.dumps(seconds)[:600]}"
    elif one != other:
        yield f"{place}: {one} and {other}"


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
