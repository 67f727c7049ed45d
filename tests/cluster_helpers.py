"""What the cluster's test and stopwatch share: a PostgreSQL of their own, a scheduler and workers in own folders."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import psutil
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI

from deepseek_class.folder import CONFIG, TOOLS, set_up, write_if_missing
from deepseek_class.workers import load_config

os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # alembic


def postgres(program: str) -> str | None:
    """Where one of PostgreSQL's programs is; Debian keeps them out of the PATH."""
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: int(path.parts[4]))
    return shutil.which(program) or (str(newest[-1]) if newest else None)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Database:
    """A PostgreSQL of its own, which no root may run."""

    def __init__(self, folder: Path):
        self.data, self.port = folder / "data", free_port()
        self.user = {}
        if not os.geteuid():
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            self.user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.do("initdb", "--auth=trust", "--username=course", "--encoding=UTF8", "--no-sync")

    def do(self, program: str, *arguments: str):
        command = [postgres(program), "-D", str(self.data), *arguments]
        subprocess.run(command, cwd=self.data.parent, check=True, stdout=subprocess.DEVNULL, **self.user)

    def start(self):
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.data.parent}"
        self.do("pg_ctl", "--wait", f"--log={self.data.parent}/log", f"--options={options}", "start")

    def end(self):
        """As where the power fails."""
        self.do("pg_ctl", "--mode=immediate", "stop")

    def make(self, name: str, template: str = "template1") -> str:
        """A new database, empty or a copy of another; its address."""
        place = ["--host=127.0.0.1", f"--port={self.port}", "--username=course"]
        subprocess.run([postgres("createdb"), *place, f"--template={template}", name], check=True)
        return self.address(name)

    def address(self, name: str) -> str:
        return f"postgresql+psycopg://course@127.0.0.1:{self.port}/{name}"


@contextmanager
def database() -> Iterator[Database]:
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        os.chmod(folder, 0o755)
        made = Database(Path(folder))
        made.start()
        try:
            yield made
        finally:
            made.end()


class Cluster:
    """A scheduler and workers, each a process in a folder of its own."""

    def __init__(self, folder: Path):
        self.folder, self.processes = folder, []

    def start_scheduler(self) -> str:
        """Starts one; its address, which workers wait for."""
        port = free_port()
        self.address = f"tcp://127.0.0.1:{port}"
        self.scheduler = self.start("scheduler", "--host=127.0.0.1", f"--port={port}")
        return self.address

    def start_worker(self, **environment: str) -> subprocess.Popen:
        kind = ["--no-nanny", "--nthreads=1", "--host=127.0.0.1", "--local-directory=."]
        return self.start("worker", self.address, *kind, **environment)

    def start(self, verb: str, *arguments: str, **environment: str) -> subprocess.Popen:
        place = self.folder / f"{len(self.processes)}-{verb}"
        place.mkdir(parents=True)
        command = [sys.executable, "-m", "distributed.cli.dask_" + verb, *arguments, "--no-dashboard"]
        with open(place / "log", "w") as log:
            made = subprocess.Popen(command, cwd=place, env=os.environ | environment, stdout=log, stderr=log)
        made.log = place / "log"
        self.processes.append(made)
        return made

    def end(self):
        for process in self.processes:
            end(process)


def end(process: subprocess.Popen):
    """Ends a process at once, as where a machine is switched off."""
    family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.kill()
    process.wait()
    psutil.wait_procs(family, timeout=20)  # they end by themselves


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    made = Cluster(folder)
    try:
        yield made
    finally:
        made.end()


def start_class(folder: Path, *arguments: str) -> subprocess.Popen:
    """`python run.py class …`, in a folder."""
    command = [sys.executable, "-m", "deepseek_class.commands", *arguments]
    return subprocess.Popen(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def run_class(folder: Path, *arguments: str) -> str:
    """The same, to its end; what it said.

    Raises:
        AssertionError: it failed.
    """
    process = start_class(folder, *arguments)
    said, errors = process.communicate()
    assert process.returncode == 0, said + errors
    return said


def release(folder: Path, *names: str):
    """What `generate_assignment` does for each, without starting nbgrader again."""
    with chdir(folder):
        set_up()
        api = NbGraderAPI(config=load_config())
        for name in names:
            assert api.generate_assignment(name)["success"], name


def use_gradebook(folder: Path, address: str):
    """Has a class's folder keep its marks there."""
    path = folder / "nbgrader_config.py"
    write_if_missing(path, CONFIG.format(tools=str(TOOLS)))
    with open(path, "a") as file:
        file.write(f"\nc.CourseDirectory.db_url = {address!r}\n")


def wait_for(found, seconds: float = 600):
    """Waits until there is something.

    Raises:
        TimeoutError: there is nothing after so many seconds.
    """
    latest = time.monotonic() + seconds
    while not (seen := found()):
        if time.monotonic() > latest:
            raise TimeoutError
        time.sleep(0.1)
    return seen


def marks(address: str) -> dict[tuple, tuple]:
    """All that marking leaves in a gradebook: points and comments, by learner, assignment, and task."""
    found = {}
    with Gradebook(address) as gradebook:
        for one in (each for assignment in gradebook.assignments for each in assignment.submissions):
            for notebook in one.notebooks:
                for grade in notebook.grades:
                    place = (one.student_id, one.name, grade.name)
                    assert place not in found, place
                    found[place] = (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
                for comment in notebook.comments:
                    found[one.student_id, one.name, comment.name, "comment"] = comment.auto_comment
    return found
