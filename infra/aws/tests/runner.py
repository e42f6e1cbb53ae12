"""Runs test modules and says how long the slowest took. Arguments: modules, or names inside of them; --durations for a list of all."""

import sys
import time
import unittest

DURATIONS = []


class TimedResult(unittest.TextTestResult):
    def startTest(self, test):
        self.begun = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        DURATIONS.append((time.monotonic() - self.begun, test.id()))
        super().stopTest(test)


if __name__ == "__main__":
    names = [name for name in sys.argv[1:] if name != "--durations"]
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    result = unittest.TextTestRunner(resultclass=TimedResult).run(suite)
    for seconds, name in sorted(DURATIONS, reverse=True)[: None if "--durations" in sys.argv else 3]:
        print(f"{seconds:6.1f} s  {name}", file=sys.stderr)
    if result.skipped and __import__("os").environ.get("CI"):
        sys.exit(f"skipped on CI: {result.skipped}")
    if not result.testsRun:
        sys.exit("no test ran")
    sys.exit(not result.wasSuccessful())
