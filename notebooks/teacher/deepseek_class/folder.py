"""What lies where in a class's folder, class/, and what is made there where it is missing."""

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, InvalidEntry
from nbgrader.apps.baseapp import NbGrader
from sqlalchemy import URL, make_url

from deepseek_course.language import LANGUAGES

from . import deadlines
from .build import assignment
from .messages import say
from .preprocessors.cells import about, is_hidden
from .roster import read_rows
from .source import ROOT, SOURCES, read_lessons
from .writing import whole

CONFIG = '''"""This class's own nbgrader settings: what you write below wins over the course's."""

load_subconfig("nbgrader_config.py", path={tools!r})

c = get_config()
'''
MADE_FROM = Path(".made-from")  # spares the reading of all lessons with each command
ROSTER = "students.csv"
COLUMNS = ["id", "last_name", "first_name", "email", "lms_user_id", "section", "number"]
TOOLS = Path(__file__).resolve().parent


def set_up():
    """Makes what is missing in the current folder: settings, roster, and an assignment a lesson and language."""
    write_if_missing(Path("nbgrader_config.py"), CONFIG.format(tools=str(TOOLS)))
    point_to_tools(Path("nbgrader_config.py"))
    write_if_missing(Path(ROSTER), ",".join(COLUMNS) + "\n")
    write_if_missing(deadlines.FILE, ",".join(deadlines.COLUMNS) + "\n")
    if is_current():
        return
    kept = [
        renew(assignment(lesson, language), source_of(lesson.path, language))
        for lesson in read_lessons()
        for language in LANGUAGES
    ]
    if all(kept):
        MADE_FROM.write_text(origin())


def settings(folder: Path = Path()) -> NbGrader:
    """nbgrader with the settings that are in force in a class's folder."""
    with chdir(folder):
        app = NbGrader()
        app.initialize([])
    return app


def gradebook_url(folder: Path = Path()) -> URL:
    """Where the gradebook is that a class's settings name."""
    address = make_url(settings(folder).config.CourseDirectory.get("db_url", "sqlite:///gradebook.db"))
    if address.get_backend_name() != "sqlite":
        return address
    return address.set(database=str((folder / address.database).resolve()))


@contextmanager
def class_gradebook(folder: Path = Path()) -> Iterator[Gradebook]:
    """A class's gradebook, brought up to date with students.csv and deadlines.csv.

    Raises:
        SystemExit: there is none yet, or one of the tables cannot be read.
    """
    address = gradebook_url(folder)
    if address.get_backend_name() == "sqlite" and not Path(address.database).is_file():
        sys.exit(say("nothing_marked"))
    with Gradebook(address, course_id="") as gradebook:
        read_roster(folder / ROSTER, gradebook)
        deadlines.apply(gradebook, folder)
        yield gradebook


def read_roster(path: Path, gradebook: Gradebook) -> None:
    """Enter the learners of students.csv into the gradebook, as `nbgrader db student import` does.

    Raises:
        SystemExit: the file is no roster; the message says what to do.
    """
    try:
        rows = read_rows(path)
    except ValueError as error:
        sys.exit(str(error))
    for row in rows:
        known = {key: row[key] for key in ("last_name", "first_name", "email", "lms_user_id") if row.get(key)}
        try:
            gradebook.update_or_create_student(row["id"], **known)
        except InvalidEntry:  # another marker entered this learner just now
            gradebook.update_or_create_student(row["id"], **known)


def is_current() -> bool:
    """Whether each assignment's source is there and nothing has changed of what they were made from."""
    paths = (source_of(path, language) for path in SOURCES.glob("*.md") for language in LANGUAGES)
    return MADE_FROM.exists() and MADE_FROM.read_text() == origin() and all(path.exists() for path in paths)


def origin() -> str:
    """A fingerprint of the lessons' sources, the course's version and the tools."""
    files = [ROOT / "pyproject.toml", *SOURCES.glob("*.md"), *TOOLS.rglob("*.py")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()


def write_if_missing(path: Path, text: str):
    if not path.exists():
        with whole(path) as part:
            part.write_text(text, encoding="utf-8")


def point_to_tools(path: Path):
    """Brings the line of a class's settings that loads the course's up to date: the course may lie elsewhere now."""
    before = path.read_text(encoding="utf-8")
    line = re.compile(r'(?<=^load_subconfig\("nbgrader_config.py", path=).*(?=\)$)', re.MULTILINE)
    if (text := line.sub(lambda _: repr(str(TOOLS)), before)) != before:
        with whole(path) as part:
            part.write_text(text, encoding="utf-8")


def source_of(lesson: Path, language: str) -> Path:
    return Path("source", f"{lesson.stem[:2]}-{language}", f"{lesson.stem}.ipynb")


def renew(notebook: nbformat.NotebookNode, path: Path) -> bool:
    """Writes an assignment's source, unless a teacher has changed the one that is there; whether it is up to date."""
    notebook.metadata["deepseek_course"]["built"] = fingerprint(notebook)
    if path.exists():
        old = nbformat.read(path, as_version=4)
        built = about(old).get("built")
        if built == notebook.metadata["deepseek_course"]["built"]:
            return True
        if built != fingerprint(old):
            print(say("edited", path))
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as part:
        nbformat.write(notebook, part)
    return True


def fingerprint(notebook: nbformat.NotebookNode) -> str:
    parts = [[cell.id, cell.cell_type, cell.source, cell.metadata.get("nbgrader")] for cell in notebook.cells]
    parts.append(notebook.metadata["deepseek_course"]["version"])
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def assignments() -> list[str]:
    return sorted(path.parent.name for path in Path("source").glob("*/*.ipynb"))


def source_name(assignment: str) -> str:
    """The notebook's name that an assignment's submissions should have."""
    return ", ".join(sorted(path.name for path in Path("source", assignment).glob("*.ipynb")))


def is_released(name: str) -> bool:
    """Whether an assignment's release was made from its source as it is now."""
    return all(
        (release := Path("release", *path.parts[1:])).exists() and cell_ids(release) == cell_ids(path)
        for path in Path("source", name).glob("*.ipynb")
    )


def cell_ids(path: Path) -> list[str]:
    """The build that a notebook comes from, and its cells but for those that no release has."""
    notebook = nbformat.read(path, as_version=4)
    return [about(notebook).get("built"), *(cell.id for cell in notebook.cells if not is_hidden(cell))]
