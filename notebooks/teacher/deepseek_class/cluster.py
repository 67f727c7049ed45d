"""Marks submissions on a Dask cluster (`distributed`); what comes back is written into the gradebook here.

A worker shares no folder with this machine. Once it gets the assignments, as a class's folder without learners; then
one submission after another, each marked in a folder of its own by nbgrader as on one machine, and gives back the
marked notebook. Dask says who marks what, and gives to others what a worker that disappeared had in work. Whatever is
marked twice so is written once: this process alone knows the gradebook.
"""

import asyncio
import hashlib
import logging
import multiprocessing
import os
import shutil
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import chdir, contextmanager, suppress
from copy import deepcopy
from datetime import datetime
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from uuid import uuid4

import nbformat
from distributed import Client, WorkerPlugin, get_worker
from nbgrader.api import Gradebook, InvalidEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import determine_grade, is_task

import deepseek_course

from . import workers
from .folder import CONFIG, TOOLS
from .marking import isolation_fault
from .messages import say
from .preprocessors.cells import is_untouched
from .workers import LOG, autograde, is_marked, load_config, marked, reason, start_nbgrader, told
from .writing import whole

Files = dict[str, bytes]  # by their paths in a folder
AHEAD = 2  # submissions that are with the cluster for each that is in work
DECIDES = (".py", ".csv", ".json", ".toml")  # what files that have a part in the marks end with


def on_cluster(to_do: list[Path], address: str, config) -> dict[Path, str]:
    """Marks submissions. Returns what went wrong, by submission; what was marked stays marked.

    Raises:
        SystemExit: there is no scheduler at this address any more, or no worker that can mark.
        sqlalchemy.exc.OperationalError: the gradebook does not answer.
    """
    names = sorted({folder.name for folder in to_do})
    try:
        with (
            connected(address) as client,
            ready(client, config, names) as name,
            Gradebook(config.CourseDirectory.db_url) as gradebook,
            told(say("marking"), len(to_do)) as (faults, tell),
        ):
            for folder, job in handed_over(client, name, to_do):
                tell(folder, taken(folder, job, gradebook, config))
    except KeyboardInterrupt:
        sys.exit(say("stopped"))
    except (CancelledError, OSError) as error:
        sys.exit(say("no_scheduler", address, str(error) or type(error).__name__))
    return faults


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """A connection without Dask's own words about its end."""
    for name in ("distributed", "distributed.client", "tornado.application"):  # the last is nbgrader's, too
        logging.getLogger(name).setLevel(logging.CRITICAL)
    client = Client(address)
    try:
        yield client
    finally:
        client.close(timeout=2)


@contextmanager
def ready(client: Client, config, names: list[str]) -> Iterator[str]:
    """Gets every worker of now and later ready for these assignments; the plug-in's name."""
    marker = Marker(empty_class(config, names), for_workers(config))
    client.subscribe_topic(marker.name, lambda event: print(refusal(*event[1]), file=sys.stderr))
    client.register_plugin(marker)
    try:
        if not any(client.run(can_mark, marker.name, on_error="ignore").values()):
            sys.exit(say("no_worker", client.scheduler.address))
        yield marker.name
    finally:
        with suppress(Exception):  # the scheduler may be gone
            client.unregister_worker_plugin(marker.name)


def can_mark(name: str, dask_worker) -> bool:
    return not dask_worker.plugins[name].fault


def handed_over(client: Client, name: str, to_do: list[Path]) -> Iterator[tuple[Path, Future]]:
    """Gives a few more submissions to the cluster than it has hands; yields each as it ends."""
    pool, left, jobs = client.get_executor(pure=False), deque(to_do), {}
    while left or jobs:
        room = AHEAD * max(sum(client.nthreads().values()), 1)
        while left and len(jobs) < room:
            folder = left.popleft()
            jobs[pool.submit(mark_there, name, folder.as_posix(), packed(folder))] = folder
        for job in wait(jobs, return_when=FIRST_COMPLETED).done:
            yield jobs.pop(job), job


def taken(folder: Path, job: Future, gradebook: Gradebook, config) -> str | None:
    """Takes what came of a submission into the gradebook and autograded/; what went wrong, or None."""
    try:
        files, said = job.result()
    except CancelledError:
        raise
    except Exception as error:  # such as four workers that ended at it
        return repr(error)
    if said:
        with open(LOG, "a", encoding="utf-8", errors="replace") as log:
            log.write(said)
        return reason(said)
    if not is_marked(folder):  # by another teacher, since
        save(folder, files, gradebook, config)
        put(files, marked(folder))
    return None


def save(folder: Path, files: Files, gradebook: Gradebook, config) -> None:
    """Saves points and comments as nbgrader's SaveAutoGrades does, all of a submission at once: points by hand stay."""
    time = CourseDirectory(config=config).get_existing_timestamp(folder)
    try:
        submission = entered(folder, time, gradebook)
    except InvalidEntry:  # another marker entered it just now
        submission = entered(folder, time, gradebook)
    for notebook in submission.notebooks:
        content = files.get(f"{notebook.name}.ipynb")
        save_notebook(notebook, nbformat.v4.reads(content.decode()) if content else nbformat.v4.new_notebook())
        if not content:
            for grade in notebook.grades:
                grade.auto_score, grade.needs_manual_grade = 0, False
    gradebook.db.commit()


def entered(folder: Path, time: datetime | None, gradebook: Gradebook) -> SubmittedAssignment:
    gradebook.update_or_create_student(folder.parent.name)
    when = {"timestamp": time} if time else {}
    return gradebook.update_or_create_submission(folder.name, folder.parent.name, **when)


def save_notebook(entry: SubmittedNotebook, notebook: nbformat.NotebookNode) -> None:
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}
    for grade in entry.grades:
        if grade.name in cells:
            grade.auto_score, _ = determine_grade(cells[grade.name])
            grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
    for comment in entry.comments:
        if comment.name in cells:
            cell = cells[comment.name]
            comment.auto_comment = "No response." if is_untouched(cell) and not is_task(cell) else None


def put(files: Files, target: Path) -> None:
    """Writes what nbgrader leaves of a marked submission, read-only; the notebooks, which say that it is done, last."""
    shutil.rmtree(target, ignore_errors=True)
    for name in sorted(files, key=lambda name: name.endswith(".ipynb")):
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as part:
            part.write_bytes(files[name])
            part.chmod(0o444)


def packed(folder: Path) -> Files:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def unpack(files: Files, folder: Path) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def for_workers(config):
    """The class's settings without the address of its gradebook, in which a password may be."""
    config = deepcopy(config)
    config.CourseDirectory.db_url = "sqlite:///gradebook.db"
    return config


def empty_class(config, names: list[str]) -> Files:
    """A class's folder in which these assignments are released and nobody has handed in anything."""
    with TemporaryDirectory() as place:
        for name in names:
            shutil.copytree(Path("source", name), Path(place, "source", name))
        with chdir(place):
            api = NbGraderAPI(config=for_workers(config))
            for name in names:
                if not api.generate_assignment(name)["success"]:
                    sys.exit(say("not_released", name))
        return packed(Path(place))


def edition() -> str:
    """A fingerprint of the course as it is on a machine, as far as marks hang on it."""
    rooms = [TOOLS, Path(deepseek_course.__file__).parent]
    files = [path for room in rooms for path in sorted(room.rglob("*")) if path.suffix in DECIDES]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


# What follows runs on a worker.


class Marker(WorkerPlugin):
    """Gets a worker ready: for each of its threads a process that has nbgrader loaded. One that cannot mark leaves."""

    def __init__(self, files: Files, config):
        self.name = f"marker-{uuid4().hex}"  # two teachers may use a cluster at once
        self.files, self.config, self.edition = files, config, edition()

    async def setup(self, worker) -> None:
        self.log, self.processes = os.path.join(worker.local_directory, LOG), []
        self.fault = await asyncio.to_thread(why_not, self.edition)
        if self.fault:
            print(refusal(worker.address, *self.fault), file=sys.stderr, flush=True)
            worker.log_event(self.name, [worker.address, *self.fault])
            worker.loop.add_callback(worker.close_gracefully, reason="it cannot mark")
            return
        self.idle = SimpleQueue()
        for _ in range(worker.state.nthreads):
            self.idle.put(self.process())

    def process(self) -> ProcessPoolExecutor:
        server = multiprocessing.get_context("forkserver")  # a new process has all in memory at once
        server.set_forkserver_preload([__name__])
        self.processes.append(ProcessPoolExecutor(1, server, start_process, (self.config, self.files, self.log)))
        return self.processes[-1]

    def mark(self, folder: str, files: Files) -> tuple[Files, str]:
        """Marks a submission in a process, and once more in a new one where that ended."""
        process = self.idle.get()
        try:
            for _ in range(2):
                with suppress(BrokenProcessPool):
                    return process.submit(mark_apart, folder, files).result()
                process = self.process()
            return {}, say("broken")
        finally:
            self.idle.put(process)

    def teardown(self, worker) -> None:
        for process in self.processes:  # each ends what it has in work
            process.shutdown(wait=False)


def why_not(wanted: str) -> list[str]:
    """Why this worker cannot mark, as a message's key and value; empty where it can."""
    if multiprocessing.current_process().daemon:
        return ["nanny"]
    if edition() != wanted:
        return ["other_edition"]
    return ["no_sandbox", fault] if (fault := isolation_fault()) else []


def refusal(address: str, key: str, *values: str) -> str:
    return say("refuses", address, say(key, *values))


def mark_there(name: str, folder: str, files: Files) -> tuple[Files, str]:
    """Marks a submission; what nbgrader leaves of it, or what it said where that failed."""
    return get_worker().plugins[name].mark(folder, files)


def start_process(config, files: Files, log: str) -> None:
    global _files
    with TemporaryDirectory() as folder, chdir(folder):
        Path("nbgrader_config.py").write_text(CONFIG.format(tools=str(TOOLS)), encoding="utf-8")
        own = load_config()  # which also says where the kernel is
    import_module("matplotlib.font_manager")  # makes the list of fonts that launch.py gives to each kernel
    own.merge(config)
    start_nbgrader(own, log)
    _files = files


def mark_apart(folder: str, files: Files) -> tuple[Files, str]:
    """Marks a submission in a class's folder of its own, which is gone afterwards."""
    submitted = Path(folder)
    with TemporaryDirectory() as place, chdir(place):
        unpack(_files, Path())
        unpack(files, submitted)
        workers._nbgrader.coursedir.root = place
        said = autograde(submitted)
        return {} if said else packed(marked(submitted)), said
