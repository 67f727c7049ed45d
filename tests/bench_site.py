"""A stopwatch, run by hand: what a learner loads from the site and waits for, beside JupyterLab on the same machine.

    python tests/bench_site.py            the site is built anew, with the files of Pyodide that its tests use
    python tests/bench_site.py --all      and Run All of each lesson

With the Python of .venv-dev. Sizes are as a server sends them that compresses with gzip; times are those of this
machine, on which nothing else should run. A first visit has an empty browser, a second one that was ended and started.
JupyterLab is started for each lesson.
"""

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psutil
from playwright.sync_api import sync_playwright

from deepseek_class.source import ROOT
from deepseek_site.serve import Handler
from samples import LESSONS
from site_helpers import Browser, Lesson, built, served

FIRST, PORT = "ko/02-numbers.ipynb", 8899
JUPYTERLAB = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--IdentityProvider.token="]
MOST = {"text": 3, "first cell": 10, "loaded": 40}  # s, s, MB


def row(*cells: object):
    print("|", " | ".join(map(str, cells)), "|", flush=True)


def size(site: Path, address: str, asked: list[str]) -> float:
    """The megabytes of the site's files that were asked for, each once, compressed."""
    paths = {site / unquote(urlsplit(url).path).lstrip("/") for url in asked if url.startswith(address)}
    return sum(min(len(data), len(gzip.compress(data, 6))) for data in contents(paths)) / 1e6


def contents(paths: set[Path]):
    return (path.read_bytes() for path in paths if path.is_file())


class Counting(Handler):
    """Counts what it sends: what the browser has in its cache it does not ask for, or is told that it is the same."""

    sent = 0

    def copyfile(self, source, target):
        Counting.sent += os.fstat(source.fileno()).st_size
        super().copyfile(source, target)


def visit(browser: Browser, address: str, path: str, start: float, **where: str) -> tuple[list, list[str]]:
    """The seconds from `start` until there is text, until the first cell has run, and that Run All takes."""
    lesson = Lesson(browser, address, path, **where)
    lesson.page.wait_for_selector(".jp-Notebook .jp-MarkdownOutput p")
    seconds = [time.perf_counter() - start]
    lesson.run(lesson.first_code())
    seconds.append(time.perf_counter() - start)
    again = time.perf_counter()
    lesson.run_all()
    seconds.append(time.perf_counter() - again)
    lesson.close()
    return seconds, lesson.asked


@contextmanager
def jupyterlab(folder: Path):
    """A JupyterLab that is started; its address."""
    process = psutil.Popen(
        [*JUPYTERLAB, f"--port={PORT}", f"--ServerApp.root_dir={ROOT / 'notebooks'}"],
        env=os.environ | {"JUPYTER_CONFIG_DIR": str(folder), "JUPYTERLAB_SETTINGS_DIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{PORT}/"
    while process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"{address}api"):
            break
        time.sleep(0.1)
    yield address
    for member in [*process.children(recursive=True), process]:
        member.kill()


def main():
    parser = argparse.ArgumentParser(description="What the site costs; see the head of this file.")
    parser.add_argument("--all", action="store_true", help="Run All of each lesson")
    paths = [f"ko/{path.stem}.ipynb" for path in LESSONS] if parser.parse_args().all else [FIRST]
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        site = built(Path(made, "site"))
        row("where", "lesson", f"text (at most {MOST['text']} s)", f"first cell ({MOST['first cell']} s)", "Run All")
        row(*["---"] * 5)
        with served(site, Counting) as address:
            browser = Browser(playwright, Path(made, "profile"))
            seconds, asked = visit(browser, address, FIRST, time.perf_counter())
            row("site, first visit", FIRST, *(f"{taken:.1f} s" for taken in seconds))
            browser.end()
            browser.start()
            Counting.sent = 0
            for path in paths:
                seconds, _ = visit(browser, address, path, time.perf_counter())
                row("site, second visit", path, *(f"{taken:.1f} s" for taken in seconds))
        for path in paths:
            start = time.perf_counter()
            with jupyterlab(Path(made, "jupyter")) as lab:
                seconds, _ = visit(browser, lab, path, start, door="doc/tree/")
            row("JupyterLab, from its start", path, *(f"{taken:.1f} s" for taken in seconds))
        browser.end()
        print(f"\nLoaded at the first visit: {size(site, address, asked):.1f} MB (at most {MOST['loaded']})")
        total = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
        print(f"Loaded again at the second, {len(paths)} lessons: {Counting.sent / 1e6:.1f} MB, not compressed")
        print(f"The whole site: {total / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
