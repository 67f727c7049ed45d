"""Starts a learner's server: the spawner's command on every kind of hub.

    python -m deepseek_hub.start ko [arguments of jupyterhub-singleuser]

It runs as the learner, in the learner's home, which no administrator's program then has to write to.
"""

import filecmp
import itertools
import os
import shutil
import sys
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parents[2]
PLACED = ".lessons"  # in a home: each lesson as it was placed, so that what a learner did to it can be told


def place(lessons: Path, home: Path) -> None:
    """Put lessons into a home.

    What a learner worked in stays: a corrected lesson is placed beside it, as 02-numbers-2.ipynb.

    Args:
        lessons: the folder with the notebooks of one language.
        home: the learner's folder.

    Raises:
        OSError: something cannot be written.
    """
    (home / PLACED).mkdir(exist_ok=True)
    for lesson in sorted(lessons.glob("*.ipynb")):
        place_one(lesson, home)


def place_one(lesson: Path, home: Path) -> None:
    for name in names(lesson):
        target, placed = home / name, home / PLACED / name
        if not target.exists() or same(target, placed):
            copy(lesson, target)
            copy(lesson, placed)
        if same(lesson, placed):
            return


def names(lesson: Path):
    """02-numbers.ipynb, 02-numbers-2.ipynb and so on."""
    yield lesson.name
    for number in itertools.count(2):
        yield f"{lesson.stem}-{number}{lesson.suffix}"


def same(path: Path, other: Path) -> bool:
    return path.is_file() and other.is_file() and filecmp.cmp(path, other, shallow=False)


def copy(path: Path, target: Path) -> None:
    """Writes a file whole or not at all; its time is that of the course's."""
    part = target.with_name(f".{target.name}.part")
    shutil.copy2(path, part)
    part.replace(target)


def main(language: str, *arguments: str) -> None:
    try:
        place(NOTEBOOKS / language, Path.home())
    except OSError as error:  # such as a full disk: what is there can still be opened
        print(f"The lessons were not placed: {error}", file=sys.stderr)
    os.execv(sys.executable, [sys.executable, "-m", "jupyterhub.singleuser", *arguments])


if __name__ == "__main__":
    main(*sys.argv[1:])
