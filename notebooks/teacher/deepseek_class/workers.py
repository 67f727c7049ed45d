"""Marks submissions side by side, each in a process that has nbgrader loaded: a worker a core.

A worker that dies costs its own submission at most: the others go on in new ones, and who breaks a worker twice, the
second time alone in it, is left out.
"""

import hashlib
import json
import os
import re
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import parent_process
from pathlib import Path

import nbformat
from nbgrader.apps import NbGraderAPI
from tqdm import tqdm

from .folder import settings
from .messages import say
from .preprocessors.cells import HASH

LOG = "mark.log"
SECONDS = 300  # for all that is done with a submission, its kernel's time included


def load_config():
    """The settings in force in this folder; ends where the judging part is not among them."""
    config = settings().config
    if "Judge" not in [getattr(each, "__name__", each) for each in config.Autograde.autograde_preprocessors or []]:
        sys.exit(say("judge", Path("nbgrader_config.py").resolve()))
    return config


@contextmanager
def told(title: str, count: int) -> Iterator[tuple[dict[Path, str], Callable[[Path, str | None], None]]]:
    """A bar, what went wrong so far by submission, and what is to be called after each."""
    faults = {}
    with tqdm(None, title, count, unit="", disable=None) as bar:

        def tell(folder: Path, fault: str | None):
            bar.update()
            if fault:
                faults[folder] = fault
                bar.write(say("failed", folder, fault))

        yield faults, tell


def side_by_side(to_do: list[Path], unsafe: bool) -> dict[Path, str]:
    """Marks submissions. Returns what went wrong, by submission; what was marked stays marked."""
    left = deque(to_do)
    with told(say("unsafe_bar" if unsafe else "marking"), len(to_do)) as (faults, tell):
        while left:
            for folder in in_pool(left, os.cpu_count() or 1, unsafe, tell):  # one of these broke it
                if in_pool(deque([folder]), 1, unsafe, tell):
                    tell(folder, say("broken"))
    return faults


def in_pool(left: deque[Path], workers: int, unsafe: bool, tell: Callable[[Path, str | None], None]) -> list[Path]:
    """Marks what is left, no more at a time than there are workers. Returns those in work when a worker died."""
    jobs, suspects = {}, []
    with ProcessPoolExecutor(workers, initializer=start_worker, initargs=(unsafe,)) as pool:
        try:
            while jobs or (left and not suspects):
                while left and len(jobs) < workers and not suspects:
                    job = pool.submit(mark_one, left[0])
                    jobs[job] = left.popleft()
                for job in wait(jobs, return_when=FIRST_COMPLETED).done:
                    folder = jobs.pop(job)
                    try:
                        tell(folder, job.result())
                    except BrokenProcessPool:
                        suspects.append(folder)
                    except Exception as error:  # such as too little memory
                        tell(folder, repr(error))
        except BrokenProcessPool:  # before the next could begin
            suspects += jobs.values()
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # pressed again, it would lose what is being finished
            print(say("stopping"), flush=True)
            pool.shutdown(cancel_futures=True)
            sys.exit(say("stopped"))
    return suspects


def start_worker(unsafe: bool):
    """nbgrader, started once a worker; what it and the kernels say goes to the log."""
    config = load_config()
    if unsafe:
        config.Run.kernel_name = "python3"
    start_nbgrader(config, LOG)


def start_nbgrader(config, log: str):
    global _nbgrader
    threading.Thread(target=end_with_parent, daemon=True).start()
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), sys.stderr.fileno())
    _nbgrader = NbGraderAPI(config=config)


def end_with_parent():
    """Nobody would fetch the results of a worker whose parent was killed."""
    parent_process().join()
    os._exit(1)


def mark_one(folder: Path) -> str | None:
    """Marks one submission; what went wrong, or None."""
    if is_marked(folder):  # by another teacher, since
        return None
    if said := autograde(folder):
        print(said, file=sys.stderr)
        return reason(said)
    return None


def autograde(folder: Path) -> str:
    """nbgrader's own marking of one submission; what it said where that failed."""
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, too_long)
        signal.setitimer(signal.ITIMER_REAL, SECONDS, 10)  # again: what a kernel does may have swallowed it
    try:
        result = _nbgrader.autograde(folder.name, folder.parent.name)
    finally:
        if hasattr(signal, "SIGALRM"):
            signal.setitimer(signal.ITIMER_REAL, 0)
    return "" if result["success"] else result.get("log", "") + result["error"]


def reason(said: str) -> str:
    """What went wrong, from what nbgrader wrote: the first exception that says something, or else the last line."""
    found = re.findall(r"^\s*[\w.]*(?:Error|Exception|Interrupt)\b: *(\S.*)", said, re.MULTILINE)
    return found[0] if found else said.strip().splitlines()[-1]


def too_long(*_):
    raise TimeoutError(say("too_long", SECONDS))


def marked(submitted: Path) -> Path:
    """Where the marked notebook of a submitted one is."""
    return Path("autograded", *submitted.parts[1:])


def write_marked(notebook: nbformat.NotebookNode, path: Path):
    """Writes a marked notebook in its place, whole or not at all, and read-only as nbgrader leaves it."""
    new = path.with_suffix(".new")
    nbformat.write(notebook, new)
    new.chmod(path.stat().st_mode)
    new.replace(path)


def is_marked(folder: Path) -> bool:
    """Whether a submission was marked to the end as it is now: by its hash, since a copied file is newer."""
    for submitted in folder.glob("*.ipynb"):
        path = marked(submitted)
        found = hashlib.sha256(submitted.read_bytes()).hexdigest()
        if is_whole(path) and json.loads(path.read_bytes())["metadata"].get(HASH) == found:
            return True
    return False


def is_whole(path: Path) -> bool:
    """Whether nbgrader came to the end with a notebook: it then makes the file read-only."""
    return path.exists() and not path.stat().st_mode & 0o222
