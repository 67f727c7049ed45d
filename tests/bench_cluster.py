"""A stopwatch, run by hand: a class marked on one machine, and by 1, 2 and 4 workers of a Dask cluster.

    .venv-dev/bin/python tests/bench_cluster.py [300]

Scheduler, workers and PostgreSQL are processes of this machine, so more workers than it has cores gain nothing. Speed
is counted from the first marked submission to the last; the marks have to agree. Beside it stands what the one process
that writes into the gradebook takes.
"""

import os
import resource
import shutil
import sys
import tempfile
from pathlib import Path

from nbgrader.api import Gradebook
from sqlalchemy import text

import submissions
from cluster_helpers import cluster, database, marks, release, run_class, use_gradebook

WORKERS = (1, 2, 4)


def class_of(number: int) -> dict:
    kinds = [submissions.notebook(), submissions.notebook(right=submissions.FIRST), submissions.wrong()]
    return {f"student{n:06}": kinds[n % len(kinds)] for n in range(number)}


def mark(folder: Path, *way: str) -> tuple[float, float]:
    """Marks; how many submissions a minute, and the command's seconds of processor time (a sandbox's do not count)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run_class(folder, "mark", "02-ko", *way)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    times = sorted(path.stat().st_mtime for path in folder.glob("autograded/*/*/*.ipynb"))
    taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return 60 * (len(times) - 1) / (times[-1] - times[0]), taken


def size(folder: Path) -> float:
    """Megabytes of the files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def gradebook_size(address: str) -> float:
    """The same of a database."""
    with Gradebook(address) as gradebook:
        return gradebook.db.execute(text("SELECT pg_database_size(current_database())")).scalar() / 1e6


def main(number: str = "300"):
    count = int(number)
    with tempfile.TemporaryDirectory() as place, database() as server:
        template = Path(place, "template")
        template.mkdir()
        use_gradebook(template, server.make("template"))
        release(template, "02-ko")
        submissions.hand_in(template, class_of(count))

        def fresh(name: str) -> Path:
            folder = shutil.copytree(template, Path(place, name))
            use_gradebook(folder, server.make(name, template="template"))
            return folder

        here = fresh("here")
        speed, _ = mark(here)
        print(f"{count} submissions, {os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}")
        print("| workers | a minute | ÷ one worker | marks |\n| --- | ---: | ---: | --- |")
        print(f"| this machine's cores | {speed:.0f} | | |", flush=True)
        wanted, first, writing = marks(server.address("here")), None, 0
        for workers in WORKERS:
            with cluster(Path(place, f"machines{workers}")) as machines:
                machines.start_scheduler()
                for _ in range(workers):
                    machines.start_worker()
                there = fresh(f"there{workers}")
                speed, writing = mark(there, "--dask", machines.address)
            same = marks(server.address(f"there{workers}")) == wanted
            first = first or speed
            print(f"| {workers} | {speed:.0f} | {speed / first:.2f} | {'the same' if same else 'DIFFER'} |", flush=True)
        print(f"one worker takes {60 / first:.1f} s for a submission, and the process that writes into the gradebook")
        print(f"{writing / count:.2f} s of processor time")
        print(f"to a worker {size(here / 'submitted') / count:.2f} MB, back {size(here / 'autograded') / count:.2f} MB")
        kept = gradebook_size(server.address("here")) - gradebook_size(server.address("template"))
        print(f"in the gradebook {1000 * kept / count:.0f} kB")


if __name__ == "__main__":
    main(*sys.argv[1:])
