"""A stopwatch, run by hand: a class that comes to the hub at once, beside one learner alone.

    python tests/bench_hub.py [--learners 25]

With the Python of .venv-dev, after `python run.py hub --version`. Each learner logs in, opens lesson 02, runs all of it
and saves it. Times are those of this machine, on which nothing else should run; what can be compared are the ratios.
"""

import argparse
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

import hub_helpers
from hub_helpers import Learner, errors, running

MB = 1_000_000


def row(*cells: object):
    print("|", " | ".join(map(str, cells)), "|", flush=True)


def lesson(learner: Learner) -> dict[str, float]:
    """The seconds until the server is there, and from then on until the lesson is run and saved."""
    begin = time.perf_counter()
    learner.log_in()
    up = time.perf_counter()
    notebook = learner.open()
    learner.run_all(notebook)
    learner.save(notebook)
    return {"server": up - begin, "lesson": time.perf_counter() - up, "errors": len(errors(notebook))}


def attempt(learner: Learner) -> dict[str, float] | Exception:
    try:
        return lesson(learner)
    except Exception as error:
        return error


def memory(process: psutil.Process) -> float:
    """Megabytes of a process, its part of what several share counted once."""
    return process.memory_full_info().pss / MB


def main():
    parser = argparse.ArgumentParser(description="What a class costs; see the head of this file.")
    parser.add_argument("--learners", type=int, default=25)
    count = parser.parse_args().learners
    if reason := hub_helpers.missing():
        raise SystemExit(reason)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as hub:
        alone = lesson(Learner(hub, "alone"))
        with ThreadPoolExecutor(count) as at_once:
            done = list(at_once.map(attempt, [Learner(hub, f"2026{number:04}") for number in range(1, count + 1)]))
        good = [each for each in done if isinstance(each, dict)]
        report(alone, good)
        broken = [each for each in done if not isinstance(each, dict)]
        print(f"\nErrors: {len(broken)} learners of {count}, {sum(each['errors'] for each in good):.0f} cells", *broken)
        servers = [process for process in hub.process.children() if process.environ().get("JUPYTERHUB_USER")]
        kernels = [kernel for server in servers for kernel in server.children()]
        print(f"Memory a learner: server {median(servers, memory):.0f} MB, kernel {median(kernels, memory):.0f} MB")
        print(f"Processor a learner: server {median(servers, used):.1f} s, kernel {median(kernels, used):.1f} s")
        print(f"Hub and proxy: {memory(hub.process) + memory(hub.child('configurable-http-proxy')):.0f} MB")


def median(processes: list[psutil.Process], measured) -> float:
    return statistics.median(map(measured, processes))


def used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def report(alone: dict[str, float], good: list[dict[str, float]]):
    row("", "alone", f"median of {len(good)}", "slowest", "median ÷ alone")
    row("---", *["---:"] * 4)
    for what in ("server", "lesson"):
        middle, slowest = statistics.median(each[what] for each in good), max(each[what] for each in good)
        row(what, *(f"{seconds:.1f} s" for seconds in (alone[what], middle, slowest)), f"{middle / alone[what]:.1f}")


if __name__ == "__main__":
    main()
