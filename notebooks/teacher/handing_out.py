"""What learners get of an assignment, in handout/: a zip of the release, and sheets to print."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import build
import sheets
from writing import whole


def hand_out(name: str) -> Iterator[Path]:
    """Make the zip of a released assignment and, of a lesson of ours, its pages; yield each file when it is made.

    Raises:
        build.SourceError: a cell of the lesson fails, so there is no sheet.
    """
    Path("handout").mkdir(exist_ok=True)
    Path("downloaded", name, "archive").mkdir(parents=True, exist_ok=True)  # where what comes back is put
    yield zip_release(name)
    if ours := re.fullmatch(rf"(\d\d)-({'|'.join(build.LANGUAGES)})", name):  # not a teacher's own 02-quiz
        for path in build.SOURCES.glob(f"{ours[1]}-*.md"):
            yield from write_sheets(build.Lesson(path), ours[2], name)


def zip_release(name: str) -> Path:
    target = Path("handout", f"{name}.zip")
    with whole(target) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(Path("release", name).rglob("*")):
            archive.write(path, path.relative_to("release"))
    return target


def write_sheets(lesson: build.Lesson, language: str, name: str) -> Iterator[Path]:
    """The lesson's sheet as a page for the browser to print; with lesson 04 the debate's cards."""
    pages = {f"{name}.html": sheets.sheet}
    if lesson.path.stem == "04-scenarios":
        pages[f"{name}-debate.html"] = sheets.debate_cards
    for file, make in pages.items():
        page, target = make(lesson, language), Path("handout", file)
        with whole(target) as part:
            part.write_text(page, encoding="utf-8")
        yield target
