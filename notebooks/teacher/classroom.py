"""A class with nbgrader: `python run.py class …`, run in the course folder class/, which is set up where it is not.

mark, report, handout and formgrader are below; every other command is nbgrader's own.
"""

import argparse
import glob
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps.nbgraderapp import NbGraderApp
from nbgrader.utils import determine_grade
from tqdm import tqdm

import build
import collecting
import handing_out
import reporting
import roster
from marking import Judge, about, is_check
from messages import say
from unpacking import is_ordinary
from workers import LOG, is_marked, is_whole, load_config, side_by_side, write_marked
from writing import whole

LARGEST = 100_000_000  # bytes of a submission
CONFIG = '''"""This class's own nbgrader settings: what you write below wins over the course's."""

load_subconfig("nbgrader_config.py", path={tools!r})

c = get_config()
'''
ROSTER = "students.csv"
COLUMNS = ["id", "last_name", "first_name", "email", "lms_user_id"]
TOOLS = Path(__file__).resolve().parent
LAUNCH = TOOLS / "kernels" / "isolated" / "launch.py"

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
    if options.unsafe:
        print(say("unsafe"), file=sys.stderr)
    elif fault := isolation_fault():
        sys.exit(say("bubblewrap", fault))
    import_module("matplotlib.font_manager")  # makes the list of fonts that launch.py gives to each kernel
    handed_in = [path for name in wanted for path in sorted(Path("submitted").glob(f"*/{name}"))]
    if not handed_in:
        sys.exit(say("nothing"))
    with Gradebook(config.CourseDirectory.db_url) as gradebook:  # also made here, before several workers write to it
        reporting.read_roster(Path(ROSTER), gradebook)
        for name in sorted({folder.name for folder in handed_in}):
            if not is_known(name, gradebook):
                sys.exit(say("unreleased", name))
    faults = {folder: say("odd") for folder in handed_in if is_odd(folder)}
    for folder in faults:
        print(say("failed", folder, faults[folder]))
    sound = [folder for folder in handed_in if folder not in faults]
    for folder in sound:
        adopt(folder)
    failed = side_by_side([folder for folder in sound if not is_marked(folder)], options.unsafe)
    for folder in sound:
        if folder not in failed and not is_marked(folder):
            faults[folder] = say("no_file", source_name(folder.name))
            print(say("failed", folder, faults[folder]))
    if failed:
        print(say("log", Path(LOG).resolve()))
    print(say("marked", len(handed_in), sum(map(is_marked, sound))))
    tell_missing(sorted({folder.name for folder in handed_in}))
    if failed or faults:
        sys.exit(1)


def source_name(assignment: str) -> str:
    """The notebook's name that an assignment's submissions should have."""
    return ", ".join(sorted(path.name for path in Path("source", assignment).glob("*.ipynb")))


def is_known(name: str, gradebook: Gradebook) -> bool:
    """Whether an assignment and its notebooks are in the gradebook: generate_assignment writes them there."""
    try:
        known = {notebook.name for notebook in gradebook.find_assignment(name).notebooks}
    except MissingEntry:
        return False
    return known >= {path.stem for path in Path("source", name).glob("*.ipynb")}


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


def isolation_fault() -> str | None:
    """Why the course does not start in a bubblewrap here, or None."""
    if not shutil.which("bwrap"):
        return "bwrap: not found"
    tried = subprocess.run([sys.executable, str(LAUNCH)], capture_output=True, text=True)
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
