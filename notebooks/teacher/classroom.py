"""A class with nbgrader: `python run.py class …`, run in the course folder class/, which is set up where it is not.

mark, report, handout and formgrader are below; every other command is nbgrader's own.
"""

import argparse
import glob
import hashlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.apps.baseapp import NbGrader
from nbgrader.apps.nbgraderapp import NbGraderApp
from nbgrader.utils import determine_grade
from tqdm import tqdm

import build
import collecting
import handing_out
import reporting
import roster
from kernels.isolated.launch import isolated
from marking import Judge, about, is_check
from messages import say
from unpacking import is_ordinary
from writing import whole

LOG = "mark.log"
LARGEST = 100_000_000  # bytes of a submission
SECONDS = 300  # for all that is done with a submission, its kernel's time included
CONFIG = '''"""This class's own nbgrader settings: what you write below wins over the course's."""

load_subconfig("nbgrader_config.py", path={tools!r})

c = get_config()
'''
ROSTER = "students.csv"
COLUMNS = ["id", "last_name", "first_name", "email", "lms_user_id"]
TOOLS = Path(__file__).resolve().parent

# Setting up


def set_up():
    """Makes what is missing in the current folder: settings, roster, and an assignment a lesson and language."""
    write_if_missing(Path("nbgrader_config.py"), CONFIG.format(tools=str(TOOLS)))
    write_if_missing(Path(ROSTER), ",".join(COLUMNS) + "\n")
    for path in sorted(build.SOURCES.glob("*.md")):
        lesson = build.Lesson(path)
        for language in build.LANGUAGES:
            renew(build.assignment(lesson, language), source_of(lesson, language))


def write_if_missing(path: Path, text: str):
    if not path.exists():
        with whole(path) as part:
            part.write_text(text, encoding="utf-8")


def source_of(lesson: build.Lesson, language: str) -> Path:
    return Path("source", f"{lesson.path.stem[:2]}-{language}", f"{lesson.path.stem}.ipynb")


def renew(notebook: nbformat.NotebookNode, path: Path):
    """Writes an assignment's source, unless a teacher has changed the one that is there."""
    notebook.metadata["deepseek_course"]["built"] = fingerprint(notebook)
    if path.exists():
        old = nbformat.read(path, as_version=4)
        built = about(old).get("built")
        if built == notebook.metadata["deepseek_course"]["built"]:
            return
        if built != fingerprint(old):
            print(say("edited", path))
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as part:
        nbformat.write(notebook, part)


def fingerprint(notebook: nbformat.NotebookNode) -> str:
    parts = [[cell.id, cell.cell_type, cell.source, cell.metadata.get("nbgrader")] for cell in notebook.cells]
    parts.append(notebook.metadata["deepseek_course"]["version"])
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def assignments() -> list[str]:
    return sorted(path.parent.name for path in Path("source").glob("*/*.ipynb"))


# Marking


def mark(arguments: list[str]):
    """Marks every submission that is not marked yet, or judges the stored answers anew."""
    parser = argparse.ArgumentParser(prog="python run.py class mark")
    parser.add_argument("assignments", nargs="*", help="such as 02-ko; all if none is named")
    parser.add_argument("--again", action="store_true", help="judge the stored answers anew, without running anything")
    parser.add_argument("--unsafe", action="store_true", help="run submissions without isolation")
    options = parser.parse_args(arguments)
    wanted = options.assignments or assignments()
    for name in wanted:
        if name not in assignments():
            sys.exit(say("unknown", name, ", ".join(assignments())))
        if (options.assignments or Path("release", name).exists()) and not is_released(name):
            sys.exit(say("unreleased", name))
    config = load_config()
    if options.again:
        try:
            judge_again(wanted, config)
        except ValueError as error:  # a mistake in a key
            sys.exit(str(error))
        return
    if not options.unsafe and (fault := isolation_fault()):
        sys.exit(say("bubblewrap", fault))
    import_module("matplotlib.font_manager")  # makes the list of fonts that launch.py gives to each kernel
    handed_in = [path for name in wanted for path in sorted(Path("submitted").glob(f"*/{name}"))]
    if not handed_in:
        sys.exit(say("nothing"))
    with Gradebook(config.CourseDirectory.db_url) as gradebook:  # also made here, before several workers write to it
        reporting.read_roster(Path(ROSTER), gradebook)
    odd = [folder for folder in handed_in if is_odd(folder)]
    for folder in odd:
        print(say("odd", folder))
    sound = [folder for folder in handed_in if folder not in odd]
    for folder in sound:
        adopt(folder)
    to_do = [folder for folder in sound if not is_marked(folder)]
    failed = side_by_side(to_do, options.unsafe)
    print(say("marked", len(handed_in), sum(map(is_marked, sound))))
    tell_missing(sorted({folder.name for folder in handed_in}))
    if failed or odd:
        sys.exit(1)


def tell_missing(names: list[str]):
    """Says who of the roster has handed in nothing of an assignment, in neither language."""
    for lesson in dict.fromkeys(name.removesuffix("-ko").removesuffix("-en") for name in names):
        there = {path.parent.name for path in collecting.find_handed_in(Path("submitted"), lesson)}
        if missing := roster.missing(Path(ROSTER), there):
            print(say("missing_from", lesson, ", ".join(missing)))


def is_released(name: str) -> bool:
    """Whether an assignment's release was made from its source as it is now."""
    return all(
        (release := Path("release", *path.parts[1:])).exists() and cell_ids(release) == cell_ids(path)
        for path in Path("source", name).glob("*.ipynb")
    )


def cell_ids(path: Path) -> list[str]:
    """The cells of a notebook and the build that it comes from."""
    notebook = nbformat.read(path, as_version=4)
    return [about(notebook).get("built"), *(cell.id for cell in notebook.cells)]


def load_config():
    """The settings in force in this folder; ends where the judging part is not among them."""
    app = NbGrader()
    app.initialize([])
    if "Judge" not in [getattr(each, "__name__", each) for each in app.config.Autograde.autograde_preprocessors or []]:
        sys.exit(say("judge", Path("nbgrader_config.py").resolve()))
    return app.config


def isolation_fault() -> str | None:
    """Why the course does not start in a bubblewrap here, or None."""
    try:
        tried = subprocess.run([*isolated(), "-c", "import deepseek_course"], capture_output=True, text=True)
    except FileNotFoundError:
        return "bwrap: not found"
    return (tried.stderr.strip() or str(tried.returncode)).splitlines()[-1] if tried.returncode else None


def is_odd(folder: Path) -> bool:
    """Whether there is anything but files and folders in a submission, too much of it, or a pattern in its name."""
    paths = [folder.parent, folder, *folder.rglob("*")]
    kinds = [(path, path.lstat()) for path in paths]
    return (
        glob.escape(str(folder)) != str(folder)
        or any(path.suffix == ".ipynb" and stat.S_ISDIR(kind.st_mode) for path, kind in kinds)
        or any(not is_ordinary(path) for path in paths)
        or sum(kind.st_size for _, kind in kinds) > LARGEST
    )


def adopt(folder: Path):
    """Copies a notebook that was handed in under another name to the name that nbgrader looks for."""
    for wanted in Path("source", folder.name).glob("*.ipynb"):
        others = sorted(folder.glob("*.ipynb"), key=lambda path: path.stat().st_mtime)
        if others and not (folder / wanted.name).exists():
            (folder / wanted.name).write_bytes(others[-1].read_bytes())
            print(say("renamed", folder.parent.name, others[-1].name, wanted.name))


def is_marked(folder: Path) -> bool:
    """Whether a submission was marked to the end since it was handed in."""
    for submitted in folder.glob("*.ipynb"):
        marked = Path("autograded", *submitted.parts[1:])
        if is_whole(marked) and marked.stat().st_mtime >= submitted.stat().st_ctime:
            return True
    return False


def is_whole(marked: Path) -> bool:
    """Whether nbgrader came to the end with a notebook: it then makes the file read-only."""
    return marked.exists() and not marked.stat().st_mode & 0o222


def side_by_side(to_do: list[Path], unsafe: bool) -> bool:
    """Marks submissions, a worker a core. Returns whether something went wrong; what was marked stays marked."""
    failed = False
    with ProcessPoolExecutor(os.cpu_count(), initializer=start_worker, initargs=(unsafe,)) as pool:
        jobs = {pool.submit(mark_one, folder): folder for folder in to_do}
        try:
            for job in tqdm(as_completed(jobs), say("marking"), len(jobs), unit="", disable=None):
                if fault := job.result():
                    failed = True
                    tqdm.write(say("failed", jobs[job], fault))
        except BrokenProcessPool:
            sys.exit(say("broken"))
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # pressed again, it would lose what is being finished
            print(say("stopping"), flush=True)
            pool.shutdown(cancel_futures=True)
            sys.exit(say("stopped"))
    if failed:
        print(say("log", Path(LOG).resolve()))
    return failed


def start_worker(unsafe: bool):
    """nbgrader, started once a worker; what it and the kernels say goes to the log."""
    global _nbgrader
    os.dup2(os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND), sys.stderr.fileno())
    config = load_config()
    if unsafe:
        config.Run.kernel_name = "python3"
    _nbgrader = NbGraderAPI(config=config)


def mark_one(folder: Path) -> str | None:
    """Marks one submission; what went wrong, or None."""
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, too_long)
        signal.alarm(SECONDS)
    try:
        result = _nbgrader.autograde(folder.name, folder.parent.name)
    finally:
        if hasattr(signal, "SIGALRM"):
            signal.alarm(0)
    if result["success"]:
        return None
    said = result.get("log", "") + result["error"]
    print(said, file=sys.stderr)
    reasons = re.findall(r"^\s*\w*(?:Error|Exception|Interrupt)\b: *(.*)", said, re.MULTILINE)
    return reasons[0] if reasons else result["error"].strip().splitlines()[-1]


def too_long(*_):
    raise TimeoutError(say("too_long", SECONDS))


def judge_again(wanted: list[str], config):
    """Judges the answers that stand in the marked notebooks with the key as it is now; marks given by hand stay."""
    paths = [path for name in wanted for path in sorted(Path("autograded").glob(f"*/{name}/*.ipynb")) if is_whole(path)]
    with Gradebook(config.CourseDirectory.db_url) as gradebook:
        for path in tqdm(paths, say("marking"), unit="", disable=None):
            _, student, assignment, _ = path.parts
            notebook, _ = Judge().preprocess(nbformat.read(path, as_version=4), {})
            for cell in filter(is_check, notebook.cells):
                grade = gradebook.find_grade(cell.metadata.nbgrader.grade_id, path.stem, assignment, student)
                grade.auto_score, _ = determine_grade(cell)
            gradebook.db.commit()
            write_marked(notebook, path)
    print(say("marked", len(paths), len(paths)))


def write_marked(notebook: nbformat.NotebookNode, path: Path):
    """Writes a marked notebook in its place, as read-only and as old as it was: a later submission is still later."""
    before = path.stat()
    path.chmod(0o644)
    nbformat.write(notebook, path)
    path.chmod(before.st_mode)
    os.utime(path, (before.st_atime, before.st_mtime))


# Handing out


def handout(arguments: list[str]):
    """Puts what learners get into handout/. What nbgrader cannot release is told, and the old zip stays."""
    for name in arguments:
        if name not in assignments():
            sys.exit(say("unknown", name, ", ".join(assignments())))
    if not all([hand_out(name) for name in arguments or assignments()]):
        sys.exit(1)


def hand_out(name: str) -> bool:
    """Makes the release of an assignment where it is none or an older one, and its files; whether all were made."""
    if not is_released(name):
        nbgrader(["generate_assignment", name, "--force"])
    if not is_released(name):
        print(say("not_released", name))
        return False
    try:
        for path in handing_out.hand_out(name):
            print(path.resolve())
    except build.SourceError as error:
        print(say("no_sheet", name, str(error).strip().splitlines()[-1]))
        return False
    return True


# Commands


def nbgrader(arguments: list[str]) -> int:
    """nbgrader's own command."""
    return hand_over([sys.executable, "-m", "nbgrader", *arguments])


def hand_over(command: list[str]) -> int:
    """Runs a program to its end; Ctrl+C is the program's to answer."""
    process = subprocess.Popen(command)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            pass


def formgrader(arguments: list[str]):
    """nbgrader's formgrader, in the browser."""
    sys.exit(hand_over([sys.executable, "-m", "jupyterlab", "--LabApp.default_url=/formgrader", *arguments]))


def report(arguments: list[str]):
    """The class report, in report/."""
    reporting.report(Path.cwd())


VERBS = {"mark": mark, "report": report, "handout": handout, "formgrader": formgrader}


def tell_commands():
    """The course's own commands, and below them the names of nbgrader's."""
    others = sorted(NbGraderApp.subcommands.keys() - VERBS.keys() - {"assign", "feedback", "fetch", "release"})
    print(say("ready", Path.cwd(), ", ".join(assignments()), ", ".join(others)))


def main(verb: str | None = None, *rest: str):
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])  # alembic
    os.environ["PYTHONPATH"] = str(TOOLS)  # for `nbgrader export --exporter=reporting.MarksExporter`
    set_up()
    if verb in (None, "help", "-h", "--help") or (verb in ("report", "handout") and {"-h", "--help"} & set(rest)):
        tell_commands()
    elif verb in VERBS:
        VERBS[verb](list(rest))
    else:
        if verb == "zip_collect":
            prepare_collecting([name for name in rest if not name.startswith("-")])
        sys.exit(nbgrader([verb, *rest]))


def prepare_collecting(names: list[str]):
    """Makes the folder for what comes in; ends where there is no such assignment."""
    for name in names:
        if name not in assignments():
            sys.exit(say("unknown", name, ", ".join(assignments())))
        Path("downloaded", name, "archive").mkdir(parents=True, exist_ok=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
