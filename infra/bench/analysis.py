"""Times `latexp report` on a run beside NumPy on the same run's delays; called by infra/bench/analysis."""

import os
import resource
import subprocess
import sys
import time

LIMIT_OCTETS = 1_000_000_000
LIMIT_HTML = 2_000_000
QUANTILES = [0.5, 0.9, 0.95, 0.99]


def measured(command):
    """Runs a command: its output, the seconds it took, and the most memory it had resident, in octets."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    output = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    # Linux counts in KiB, macOS in octets.
    unit = 1 if sys.platform == "darwin" else 1024
    return process.returncode, output, time.monotonic() - began, usage.ru_maxrss * unit


def numpy_work(files, resamples):
    """What NumPy is to do, in a process of its own; prints the seconds of each step."""
    import numpy

    steps = {"load": 0.0, "sort": 0.0, "resample": 0.0}
    generator = numpy.random.default_rng(1)
    for file in files:
        began = time.monotonic()
        delays = numpy.load(file)
        steps["load"] += time.monotonic() - began
        began = time.monotonic()
        numpy.sort(delays)
        steps["sort"] += time.monotonic() - began
        began = time.monotonic()
        length = round(len(delays) ** (1 / 3))
        blocks = numpy.lib.stride_tricks.sliding_window_view(delays, length)
        count = -(-len(delays) // length)
        for _ in range(resamples):
            resample = blocks[generator.integers(0, len(blocks), count)].reshape(-1)
            numpy.quantile(resample, QUANTILES, overwrite_input=True)
        steps["resample"] += time.monotonic() - began
    for name, seconds in steps.items():
        print(f"{name} {seconds}")


def main():
    if sys.argv[1] == "--numpy":
        numpy_work(sys.argv[3:], int(sys.argv[2]))
        return 0
    latexp, run, resamples = sys.argv[1:4]
    status, _, seconds, octets = measured([latexp, "report", run, "--format", "csv"])
    # 1: the verdict is not usable, which is no matter here.
    if status not in (0, 1):
        print(f"latexp ended with {status}", file=sys.stderr)
        return 2
    samples_file = os.path.join(run, "hosts/frankfurt/samples.bin")
    html = os.path.getsize(os.path.join(run, "report.html"))
    arrays = [os.path.join(run, f"delays-{path}.npy") for path in ("baseline", "backbone")]
    print(f"{(os.path.getsize(samples_file) - 32) // 96:,} samples on two paths", flush=True)
    status, output, numpy_seconds, numpy_octets = measured([sys.executable, __file__, "--numpy", resamples, *arrays])
    if status != 0:
        print(f"NumPy ended with {status}", file=sys.stderr)
        return 2
    steps = dict(line.split() for line in output.splitlines())
    print(f"{'':44}{'seconds':>10}{'memory':>10}")
    print(f"{'latexp report, all of it':44}{seconds:10.1f}{octets / 1e6:7.0f} MB")
    print(f"{'NumPy, load + sort + ' + resamples + ' block resamples':44}{numpy_seconds:10.1f}{numpy_octets / 1e6:7.0f} MB")
    for name, value in steps.items():
        print(f"{'  ' + name:44}{float(value):10.1f}")
    print(f"{'latexp / NumPy':44}{seconds / numpy_seconds:10.3f}{octets / numpy_octets:10.2f}")
    print(f"{'report.html':54}{html / 1e6:7.2f} MB")
    failures = []
    if seconds >= numpy_seconds:
        failures.append("latexp took longer than NumPy")
    if octets >= LIMIT_OCTETS:
        failures.append("latexp took more than 1 GB of memory")
    if html >= LIMIT_HTML:
        failures.append("report.html is 2 MB or more")
    for failure in failures:
        print(f"over the limit: {failure}", file=sys.stderr)
    return 1 if failures else 0


sys.exit(main())
