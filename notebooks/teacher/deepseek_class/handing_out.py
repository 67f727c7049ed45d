"""`python run.py class handout`: what learners get, a zip of the release and sheets to print, in handout/."""

import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from deepseek_course.language import LANGUAGES

from . import debate, sheets
from .folder import assignments, is_released
from .messages import say
from .programs import nbgrader
from .source import SOURCES, Lesson, SourceError
from .writing import whole


def handout(arguments: list[str]):
    """Puts what learners get into handout/. What nbgrader cannot release is told, and the old zip stays."""
    for name in arguments:
        if name not in assignments():
            sys.exit(say("unknown", name, ", ".join(assignments())))
    if not all([release(name) for name in arguments or assignments()]):
        sys.exit(1)


def release(name: str) -> bool:
    """Makes the release of an assignment where it is none or an older one, and its files; whether all were made."""
    if not is_released(name):
        nbgrader(["generate_assignment", name, "--force"])
    if not is_released(name):
        print(say("not_released", name))
        return False
    try:
        for path in files_of(name):
            print(path.resolve())
    except SourceError as error:
        print(say("no_sheet", name, str(error).strip().splitlines()[-1]))
        return False
    return True


def files_of(name: str) -> Iterator[Path]:
    """Make the zip of a released assignment and, of a lesson of ours, its pages; yield each file when it is made.

    Raises:
        SourceError: a cell of the lesson fails, so there is no sheet.
    """
    Path("handout").mkdir(exist_ok=True)
    Path("downloaded", name, "archive").mkdir(parents=True, exist_ok=True)  # where what comes back is put
    yield zip_release(name)
    if ours := re.fullmatch(rf"(\d\d)-({'|'.join(LANGUAGES)})", name):  # not a teacher's own 02-quiz
        for path in SOURCES.glob(f"{ours[1]}-*.md"):
            yield from write_sheets(Lesson(path), ours[2], name)


def zip_release(name: str) -> Path:
    target = Path("handout", f"{name}.zip")
    with whole(target) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(Path("release", name).rglob("*")):
            archive.write(path, path.relative_to("release"))
    return target


def write_sheets(lesson: Lesson, language: str, name: str) -> Iterator[Path]:
    """The lesson's sheet as a page for the browser to print; with lesson 04 the debate's cards."""
    pages = {f"{name}.html": sheets.sheet}
    if lesson.path.stem == "04-scenarios":
        pages[f"{name}-debate.html"] = debate.cards
    for file, make in pages.items():
        page, target = make(lesson, language), Path("handout", file)
        with whole(target) as part:
            part.write_text(page, encoding="utf-8")
        yield target
