"""`python run.py class mark`: marks what was handed in, or judges the stored answers anew."""

import argparse
import glob
import shutil
import stat
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.utils import determine_grade
from tqdm import tqdm

from . import collecting, deadlines, roster
from .folder import ROSTER, assignments, is_released, read_roster, source_name
from .handed_in import lesson_of
from .messages import say
from .preprocessors.cells import is_check
from .preprocessors.judging import Judge
from .unpacking import is_ordinary
from .workers import LOG, is_marked, is_whole, load_config, side_by_side, write_marked

LARGEST = 100_000_000  # bytes of a submission


def mark(arguments: list[str]):
    """Marks every submission that is not marked yet, or judges the stored answers anew."""
    parser = argparse.ArgumentParser(prog="python run.py class mark")
    parser.add_argument("assignments", nargs="*", help="such as 02-ko; all if none is named")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--again", action="store_true", help="judge the stored answers anew, without running anything")
    way.add_argument("--unsafe", action="store_true", help="run submissions without isolation")
    way.add_argument("--dask", metavar="ADDRESS", help="mark on a Dask cluster, such as tcp://10.0.0.5:8786")
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
    elif not options.dask and (fault := isolation_fault()):
        sys.exit(say("bubblewrap", fault))
    import_module("matplotlib.font_manager")  # makes the list of fonts that launch.py gives to each kernel
    handed_in = [path for name in wanted for path in sorted(Path("submitted").glob(f"*/{name}"))]
    if not handed_in:
        sys.exit(say("nothing"))
    with Gradebook(config.CourseDirectory.db_url) as gradebook:  # also made here, before several workers write to it
        read_roster(Path(ROSTER), gradebook)
        deadlines.apply(gradebook)
        for name in sorted({folder.name for folder in handed_in}):
            if not is_known(name, gradebook):
                sys.exit(say("unreleased", name))
    faults = {folder: say("odd") for folder in handed_in if is_odd(folder)}
    for folder in faults:
        print(say("failed", folder, faults[folder]))
    sound = [folder for folder in handed_in if folder not in faults]
    for folder in sound:
        adopt(folder)
    to_do = [folder for folder in sound if not is_marked(folder)]
    failed = on_cluster(to_do, options.dask, config) if options.dask else side_by_side(to_do, options.unsafe)
    for folder in sound:
        if folder not in failed and not is_marked(folder):
            faults[folder] = say("no_file", source_name(folder.name))
            print(say("failed", folder, faults[folder]))
    with Gradebook(config.CourseDirectory.db_url) as gradebook:
        deadlines.apply(gradebook)  # whose submission came into it just now
    if failed:
        print(say("log", Path(LOG).resolve()))
    print(say("marked", len(handed_in), sum(map(is_marked, sound))))
    tell_missing(sorted({folder.name for folder in handed_in}))
    if failed or faults:
        sys.exit(1)


def on_cluster(to_do: list[Path], address: str, config) -> dict[Path, str]:
    """As side_by_side, by the workers of a Dask cluster."""
    cluster = import_module("deepseek_class.cluster")  # what it needs is no plain teacher's
    return cluster.on_cluster(to_do, address, config) if to_do else {}


def is_known(name: str, gradebook: Gradebook) -> bool:
    """Whether an assignment and its notebooks are in the gradebook: generate_assignment writes them there."""
    try:
        known = {notebook.name for notebook in gradebook.find_assignment(name).notebooks}
    except MissingEntry:
        return False
    return known >= {path.stem for path in Path("source", name).glob("*.ipynb")}


def tell_missing(names: list[str]):
    """Says who of the roster has handed in nothing of an assignment, in neither language."""
    for lesson in dict.fromkeys(map(lesson_of, names)):
        there = {path.parent.name for path in collecting.find_handed_in(Path("submitted"), lesson)}
        if missing := roster.missing(Path(ROSTER), there):
            print(say("missing_from", lesson, ", ".join(missing)))


def isolation_fault() -> str | None:
    """Why the course does not start in a bubblewrap here, or None."""
    if not shutil.which("bwrap"):
        return "bwrap: not found"
    command = [sys.executable, "-P", "-m", "deepseek_class.isolation.launch"]
    tried = subprocess.run(command, capture_output=True, text=True)
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
        deadlines.apply(gradebook)
    print(say("marked", len(paths), len(paths)))
