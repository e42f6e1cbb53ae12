"""Times `latexp report` on a run beside NumPy on the same run's delays; called by infra/bench/analysis."""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time

import figures

LIMIT_OCTETS = 1_000_000_000
LIMIT_HTML = 2_000_000
QUANTILES = [0.5, 0.9, 0.95, 0.99]


class NotMeasured(Exception):
    """Why there are no figures."""


def measured(command, good):
    """Runs a command: its output, the seconds it took, and the most memory it had resident, in octets."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    output = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in good:
        raise NotMeasured(f"{command[0]} ended with {process.returncode}")
    # Linux counts in KiB, macOS in octets.
    unit = 1 if sys.platform == "darwin" else 1024
    return output, time.monotonic() - began, usage.ru_maxrss * unit


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


def round_of(latexp, run, resamples):
    """One round of both: seconds and octets of each, and NumPy's steps."""
    # 1: the verdict is not usable, which is no matter here.
    _, seconds, octets = measured([latexp, "report", run, "--format", "csv"], (0, 1))
    arrays = [os.path.join(run, f"delays-{path}.npy") for path in ("baseline", "backbone")]
    output, numpy_seconds, numpy_octets = measured([sys.executable, __file__, "--numpy", resamples, *arrays], (0,))
    steps = {name: float(value) for name, value in (line.split() for line in output.splitlines())}
    return {"seconds": seconds, "octets": octets, "numpy seconds": numpy_seconds, "numpy octets": numpy_octets, **steps}


def show(rounds, resamples, html):
    def median(name):
        return statistics.median(each[name] for each in rounds)

    print(f"{'':44}{'seconds':>10}{'memory':>10}")
    print(f"{'latexp report, all of it':44}{median('seconds'):10.1f}{median('octets') / 1e6:7.0f} MB")
    title = f"NumPy, load + sort + {resamples} block resamples"
    print(f"{title:44}{median('numpy seconds'):10.1f}{median('numpy octets') / 1e6:7.0f} MB")
    for name in ("load", "sort", "resample"):
        print(f"{'  ' + name:44}{median(name):10.1f}")
    ratios = [statistics.median(each[name] / each["numpy " + name] for each in rounds) for name in ("seconds", "octets")]
    print(f"{'latexp / NumPy':44}{ratios[0]:10.3f}{ratios[1]:10.2f}")
    print(f"{'report.html':54}{html / 1e6:7.2f} MB")


def limits_broken(rounds, html):
    if statistics.median(each["seconds"] / each["numpy seconds"] for each in rounds) >= 1:
        yield "latexp took longer than NumPy"
    if max(each["octets"] for each in rounds) >= LIMIT_OCTETS:
        yield "latexp took more than 1 GB of memory"
    if html >= LIMIT_HTML:
        yield "report.html is 2 MB or more"


def main():
    if sys.argv[1] == "--numpy":
        numpy_work(sys.argv[3:], int(sys.argv[2]))
        return 0
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", metavar="FILE")
    for name in ("latexp", "run", "resamples"):
        parser.add_argument(name)
    parser.add_argument("given", nargs="*")
    options = parser.parse_args()
    samples = (os.path.getsize(os.path.join(options.run, "hosts/frankfurt/samples.bin")) - 32) // 96
    print(f"{samples:,} samples on two paths", flush=True)
    rounds = [round_of(options.latexp, options.run, options.resamples) for _ in range(options.rounds)]
    html = os.path.getsize(os.path.join(options.run, "report.html"))
    show(rounds, options.resamples, html)
    if options.json:
        rows = figures.Rows()
        peer = f"NumPy, {int(options.resamples):,} resamples"
        for each in rounds:
            what = f"analysis, {samples:,} samples"
            rows.add(what, "time", "s", each["seconds"], peer, each["numpy seconds"])
            rows.add(what, "memory", "MB", each["octets"] / 1e6, peer, each["numpy octets"] / 1e6)
        figures.write(options.json, rows.figures(figures.command_line("analysis", options.given)))
    failures = list(limits_broken(rounds, html))
    for failure in failures:
        print(f"over the limit: {failure}", file=sys.stderr)
    return 1 if failures else 0


try:
    sys.exit(main())
except NotMeasured as reason:
    print(f"infra/bench/analysis: {reason}", file=sys.stderr)
    sys.exit(2)
