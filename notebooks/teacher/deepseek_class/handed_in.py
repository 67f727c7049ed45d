"""What collecting knows of a file beside its content: whose name the LMS gave it, when it came in, and whether late.

It is kept in downloaded/02-ko/collected.csv, for the deadlines and for feedback under the LMS's own names.
"""

import csv
import re
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from .roster import read_table
from .writing import whole

# Moodle: Name_NUMBER_assignsubmission_file_/…, or all in the file's name. Canvas: name_LATE_USER_UPLOAD_….
LMS = re.compile(r"(?P<name>.+?)_(?:(?P<number>\d+)_assignsubmission_[a-z]+_?|(?P<late>LATE_)?(?P<user>\d+)_\d{3,}_)")
ATTEMPT = re.compile(r"_attempt_(\d{4})-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)_?")  # Blackboard: Lesson_name_attempt_…
SPREAD = 600  # seconds; a zip whose files all came in within this time was stamped when it was downloaded
COLUMNS = ["id", "file", "handed_in", "late"]


class HandedIn(NamedTuple):
    """A row of collected.csv."""

    file: str  # its path in the download
    time: datetime | None  # in UTC without a zone; none where the download does not tell
    late: bool = False  # by the LMS's word

    @property
    def lms(self) -> re.Match | None:
        return lms_part(tuple(self.file.split("/")))


def lesson_of(assignment: str) -> str:
    """02 of 02-ko and 02-en; a teacher's own 02-quiz is itself."""
    return assignment.removesuffix("-ko").removesuffix("-en")


def lms_part(parts: tuple[str, ...]) -> re.Match | None:
    """The part of a path in which Moodle or Canvas says whose a file is."""
    return next(filter(None, map(LMS.match, parts)), None)


def is_canvas(parts: tuple[str, ...]) -> bool:
    """Whether a name is Canvas's, which says LATE where it was late."""
    lms = lms_part(parts)
    return bool(lms and lms["user"])


def times_of(root: Path, paths: list[Path]) -> dict[Path, datetime]:
    """When each file came in, as far as the download tells.

    Moodle and Canvas stamp each file with the time of the download, and a file of a learner's own zip has the time when
    it was saved. So a zip's times count only where they differ.
    """
    known, zips = {}, defaultdict(list)
    for path in paths:
        parts = path.relative_to(root).parts
        packed = [part for part in parts[:-1] if part.lower().endswith(".zip")]
        if found := ATTEMPT.search(parts[-1]):
            with suppress(ValueError, OverflowError):  # a learner may call a file anything
                known[path] = utc(datetime(*map(int, found.groups())))
        elif packed == [parts[0]] and not is_canvas(parts):
            zips[parts[0]].append(path)
    for members in zips.values():
        stamps = {path: path.stat().st_mtime for path in members}
        if max(stamps.values()) - min(stamps.values()) > SPREAD:
            known |= {path: datetime.fromtimestamp(stamp, UTC).replace(tzinfo=None) for path, stamp in stamps.items()}
    return known


def utc(local: datetime) -> datetime:
    return local.astimezone(UTC).replace(tzinfo=None)


def handed_in(root: Path, path: Path, times: dict[Path, datetime]) -> HandedIn:
    """What is known of a collected file."""
    parts = path.relative_to(root).parts
    lms = lms_part(parts)
    return HandedIn("/".join(parts), times.get(path), bool(lms and lms["late"]))


def write_handed_in(folder: Path, known: dict[str, HandedIn]) -> None:
    """Write collected.csv; who is not in this download stays in it.

    Raises:
        SystemExit: the file cannot be written.
    """
    rows = read_handed_in(folder) | known
    with whole(folder / "collected.csv") as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for student, row in sorted(rows.items()):
            table.writerow([student, row.file, row.time.isoformat(" ") if row.time else "", "LATE" if row.late else ""])


def read_handed_in(folder: Path) -> dict[str, HandedIn]:
    """The rows of an assignment's collected.csv, by learner; none where nothing was collected yet."""
    return {
        row["id"]: HandedIn(
            row["file"],
            datetime.fromisoformat(row["handed_in"]) if row["handed_in"] else None,
            bool(row["late"]),
        )
        for row in read_table(folder / "collected.csv")
    }
