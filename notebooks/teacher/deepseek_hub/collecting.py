"""Handing in: the notebooks of a lesson out of all homes into one zip, as `zip_collect` reads it.

A home is a learner's, who may put into it what a program with an administrator's rights should not open: links and
special files are left out.
"""

import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

from .start import PLACED

MOST = 50_000_000  # bytes; the class tools take no larger notebook


def collect(lesson: str, homes: Path, target: Path) -> dict[str, int]:
    """Write the zip; a member is NAME_OF_THE_HOME/02-numbers.ipynb and has the time when it was saved.

    Args:
        lesson: the lesson's number, such as "02".

    Returns:
        How many notebooks were taken, by home; where there are none, no zip is written.

    Raises:
        OSError: the homes cannot be read or the zip not be written; a zip that was there stays.
    """
    found = {home: dict(worked_in(home, lesson)) for home in sorted(homes.iterdir())}
    taken = {home.name: len(notebooks) for home, notebooks in found.items() if notebooks}
    if taken:
        write_zip(target, {path: content for notebooks in found.values() for path, content in notebooks.items()})
    return taken


def write_zip(target: Path, notebooks: dict[Path, bytes]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    with zipfile.ZipFile(part, "w") as archive:
        for path, content in notebooks.items():
            member = zipfile.ZipInfo.from_file(path, f"{path.parent.name}/{path.name}", strict_timestamps=False)
            archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    part.replace(target)


def worked_in(home: Path, lesson: str) -> Iterator[tuple[Path, bytes]]:
    """Each notebook of a lesson that is not as it was placed, and its content."""
    for path in sorted(home.glob(f"{lesson}-*.ipynb")):
        content = read(path)
        if content and content != read(home / PLACED / path.name):
            yield path, content


def read(path: Path) -> bytes:
    """A file's content; nothing of a link, of a special file, or of one that is too large."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            found = os.fstat(file.fileno())
            ordinary = stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_size <= MOST
            return file.read(MOST) if ordinary else b""
    except OSError:
        return b""
