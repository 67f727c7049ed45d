"""students.csv: who is in the class, what they are called, and under which folder their work lies."""

import csv
import hashlib
import io
import re
import unicodedata
from collections import Counter
from pathlib import Path

from deepseek_course.lesson import article

from .messages import say

LONGEST = 80  # bytes of a folder's name


def decoded(raw: bytes) -> str:
    """A list's text: UTF-8, UTF-16 with its mark (Excel's "Unicode Text") or CP949; whatever it is, it is read."""
    try:
        text = article.decoded(raw)
    except UnicodeDecodeError:
        text = raw.decode("cp949", "replace")
    return unicodedata.normalize("NFC", text)


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file in UTF-8 or as Korean Excel saves it (CP949); none where there is no such file."""
    text = decoded(path.read_bytes() if path.exists() else b"")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [{key.strip(): (value or "").strip() for key, value in row.items() if key} for row in rows]


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of students.csv.

    Raises:
        ValueError: the file has no column id, or an id in two rows; the message is for the teacher.
    """
    try:
        rows = read_table(path)
    except csv.Error:
        raise ValueError(say("roster")) from None
    if rows and "id" not in rows[0]:
        raise ValueError(say("roster"))
    rows = [row for row in rows if row["id"]]
    counts = Counter(row["id"].casefold() for row in rows)  # a folder's name may not tell A1 from a1
    if twice := [row["id"] for row in rows if counts[row["id"].casefold()] > 1]:
        raise ValueError(say("roster_twice", ", ".join(dict.fromkeys(twice))))
    return rows


def full_name(last: str | None, first: str | None) -> str:
    """홍길동, "Lovelace, Ada", or nothing where no name is known."""
    names = [name for name in (last, first) if name]
    korean = all("가" <= name[0] <= "힣" for name in names)
    return ("" if korean else ", ").join(names)


def folder_name(name: str) -> str:
    """A student id as a folder's name, other signs as =CODE: nbgrader would take brackets for a pattern."""
    safe = re.sub(r"[^\w@. -]", lambda sign: f"={ord(sign[0]):x}", name).strip(". ")
    if len(safe.encode()) <= LONGEST:
        return safe
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{safe.encode()[:LONGEST].decode(errors='ignore')}-{digest}"


def missing(path: Path, there: set[str]) -> list[str]:
    """Whom of students.csv nothing has come from, as "홍길동 (20260101)".

    Args:
        path: students.csv.
        there: the folders of those whose work is there.

    Raises:
        ValueError: as read_rows does.
    """
    return [called for student, called in names(path).items() if student not in there]


def names(path: Path) -> dict[str, str]:
    """What each learner of students.csv is called in a list, such as 홍길동 (20260101), by the name of their folder.

    Raises:
        ValueError: as read_rows does.
    """
    called = {}
    for row in read_rows(path):
        name = full_name(row.get("last_name"), row.get("first_name"))
        called[folder_name(row["id"])] = f"{name} ({row['id']})" if name else row["id"]
    return called
