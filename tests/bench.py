"""A stopwatch, run by hand: what the course costs, against a kernel that imports pandas and seaborn and stops.

    python tests/bench.py              the lessons, the import of the data module and `course.check`; some minutes
    python tests/bench.py --class 20   and that many kernels at once, lesson 02 run in each: their memory together
    python tests/bench.py --lab        and the first `run.py lab` to an open lesson: installs anew, needs Playwright
    python tests/bench.py --suite      and the whole test suite

With the Python of .venv-dev, which `python run.py test` makes. What is compared runs in turn (A, B, A, B …), and a
ratio is the median of the pairs' ratios, so that another program's load falls on both: times mean little on another
machine, ratios do. Run All is timed from the kernel's start to its last cell; beside it stands the kernel's processor
time, which a busy machine stretches less. A kernel's memory is its resident set (RSS), that of many the sum of their
proportional shares (PSS), in which what they share counts once; only Linux tells the latter.
"""

import argparse
import math
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median

import nbformat
import psutil
from nbclient import NotebookClient

import deepseek_course as course
import own_folder  # noqa: F401  no entries of the maintainer's own
from deepseek_course.practice import judging
from samples import KEYED, right_answer, wrong_answers

ROOT = Path(__file__).resolve().parents[1]
LESSONS = sorted((ROOT / "notebooks" / "ko").glob("*.ipynb"))
FLOOR = "import matplotlib.pyplot as plt\nimport pandas as pd\nimport seaborn as sns"
COLUMNS = (("Run All", "{:.2f} s", 1.4), ("processor", "{:.2f} s", None), ("memory", "{:.0f} MB", 1.3))  # × the floor
MOST_IMPORT = 60  # ms beyond pandas
MOST_CLASS = 3 / 20  # GB a kernel


def row(*cells):
    print("|", " | ".join(cells), "|", flush=True)


def judged(value, most, text):
    return text.format(value) + (" (missed)" if most and value > most else "")


@contextmanager
def run_all(path=None):
    """A kernel in which every cell of a lesson is run, or only the floor: the seconds taken, and its process."""
    floor = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(FLOOR)])
    notebook = nbformat.read(path, 4) if path else floor
    client = NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": LESSONS[0].parent}})
    start = time.perf_counter()
    with client.setup_kernel(stderr=subprocess.DEVNULL):  # ipykernel warns of TCP
        for number, cell in enumerate(notebook.cells):
            client.execute_cell(cell, number)
        yield time.perf_counter() - start, psutil.Process(client.km.provisioner.pid)


def measure(path=None):
    with run_all(path) as (seconds, process):
        return seconds, sum(process.cpu_times()[:2]), process.memory_info().rss / 2**20


def compare_lessons(rounds):
    """A row for each lesson; returns the floor in seconds."""
    heads = [(what, "floor", f"ratio, at most {most}" if most else "ratio") for what, _, most in COLUMNS]
    row("Lesson", *(cell for head in heads for cell in head))
    row("---", *["---:"] * 9)
    measure()  # warms the disk's cache, and does not count
    floors = []
    for path in LESSONS:
        pairs, cells = [(measure(), measure(path)) for _ in range(rounds)], []
        for n, (_, form, most) in enumerate(COLUMNS):
            below, above = ([side[n] for side in sides] for sides in zip(*pairs, strict=True))
            ratio = median(a / b for a, b in zip(above, below, strict=True))
            cells += [form.format(median(above)), form.format(median(below)), judged(ratio, most, "{:.2f}")]
        row(path.stem, *cells)
        floors += [floor[0] for floor, _ in pairs]
    return median(floors)


def import_beyond_pandas(rounds):
    def milliseconds(module):
        code = f"import time; start = time.perf_counter(); import {module}; print(1000 * (time.perf_counter() - start))"
        return float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)

    milliseconds("deepseek_course")
    pairs = [(milliseconds("pandas"), milliseconds("deepseek_course")) for _ in range(rounds)]
    alone, both = map(median, zip(*pairs, strict=True))
    beyond = judged(median(b - a for a, b in pairs), MOST_IMPORT, "{:.0f} ms beyond pandas")
    row(f"import of the data module ({both:.0f} ms; pandas alone {alone:.0f} ms)", beyond, f"{MOST_IMPORT} ms")


def time_checks():
    taken = []
    for exercise in map(judging.get, KEYED):
        for answer in (..., right_answer(exercise), *(answer for _, answer in wrong_answers(exercise))):
            start = time.perf_counter()
            course.check(exercise.id, answer)
            taken.append(1000 * (time.perf_counter() - start))
    what = f"course.check ({len(taken)} answers to {len(KEYED)} exercises)"
    row(what, f"{median(taken):.2f} ms, the slowest {max(taken):.0f} ms", "")


def memory_of_a_class(count):
    path = next(path for path in LESSONS if path.name.startswith("02"))
    with ExitStack() as stack:
        processes = [stack.enter_context(run_all(path))[1] for _ in range(count)]
        together = sum(getattr(process.memory_full_info(), "pss", math.nan) for process in processes) / 2**30
    most = MOST_CLASS * count
    row(f"{count} kernels with lesson 02 run in, together", judged(together, most, "{:.2f} GB"), f"{most:.2g} GB")


def end(process):
    """End a program and what it started; a JupyterLab that is asked while a kernel starts may not end by itself."""
    family = [*process.children(recursive=True), process]
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.terminate()
    for member in psutil.wait_procs(family, timeout=10)[1]:
        member.kill()


def first_lab():
    """On a fresh copy: the environment made, the packages installed (pip's cache helps), the lesson on the screen."""
    from playwright.sync_api import sync_playwright

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/lab/tree/notebooks/en/00-start.ipynb?token=bench"
    lab = [sys.executable, "run.py", "lab", "--no-browser", "--allow-root", "--IdentityProvider.token=bench"]
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with ExitStack() as stack:
        copy = Path(stack.enter_context(tempfile.TemporaryDirectory()), "course")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".venv*", ".git", "__pycache__"))
        start = time.perf_counter()
        process = psutil.Popen([*lab, f"--port={port}"], cwd=copy, env=clean, **quiet)
        stack.callback(end, process)
        while process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(address):
                break
            time.sleep(0.2)
        served = time.perf_counter() - start
        chromium = stack.enter_context(sync_playwright()).chromium
        page = chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"]).new_page()
        page.goto(address)
        page.locator(".jp-Notebook .jp-Cell:visible").first.wait_for(timeout=120_000)
        taken = f"{time.perf_counter() - start:.0f} s, {served:.0f} s of them until the server answers"
    row("the first run.py lab on a fresh copy, to an open lesson", taken, "")


def whole_suite(floor):
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto"]
    start = time.perf_counter()
    code = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL).returncode
    taken, floors = time.perf_counter() - start, 2 * len(LESSONS) * floor
    what = f"the test suite (exit code {code}; the floors of its {2 * len(LESSONS)} notebooks: {floors:.0f} s)"
    row(what, f"{taken:.0f} s, {taken / floors:.1f} times the floors", "")


def main():
    parser = argparse.ArgumentParser(description="What the course costs; see the head of this file.")
    parser.add_argument("--rounds", type=int, default=7, help="pairs for each lesson; three times as many for imports")
    parser.add_argument("--class", type=int, default=0, dest="kernels", metavar="N", help="N kernels at once")
    parser.add_argument("--lab", action="store_true", help="the first run.py lab on a fresh copy")
    parser.add_argument("--suite", action="store_true", help="the whole test suite")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # learners import compiled files
    floor = compare_lessons(options.rounds)
    print()
    row("What", "measured", "at most")
    row("---", "---", "---")
    import_beyond_pandas(3 * options.rounds)
    time_checks()
    if options.kernels:
        memory_of_a_class(options.kernels)
    if options.lab:
        first_lab()
    if options.suite:
        whole_suite(floor)


if __name__ == "__main__":
    main()
