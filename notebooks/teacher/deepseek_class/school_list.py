"""`python run.py class roster FILE`: makes students.csv from the list that a school has, in Excel or as CSV.

Columns are known by their headings alone. What is unclear is asked, nothing is guessed.
"""

import csv
import io
import re
import sys
from pathlib import Path

import pandas as pd

from .folder import COLUMNS, ROSTER
from .messages import say
from .roster import decoded, read_rows
from .writing import write_table

HEADINGS = {  # without blanks and signs, in small letters
    "id": "학번 학생번호 studentid studentnumber idnumber id번호 sisuserid id",
    "name": "이름 성명 학생명 학생이름 name fullname student studentname",
    "last_name": "성 lastname surname familyname",
    "first_name": "firstname givenname forename",
    "email": "이메일 이메일주소 전자우편 전자메일 메일 email emailaddress mail",
    "lms_user_id": "lmsuserid canvasid",
    "section": "반 학급 분반 section class form",
    "number": "번호 출석번호 number no",
}
KNOWN = {heading: column for column, headings in HEADINGS.items() for heading in headings.split()}
LAST_HEAD = 20  # rows within which the headings stand; a title may stand above


def roster(arguments: list[str]):
    """Adds the learners of a school's list to students.csv, or brings those that are in it up to date.

    Raises:
        SystemExit: the file is not there, or something in it is unclear; the message says what to write.
    """
    if len(arguments) != 1:
        sys.exit(say("roster_usage"))
    try:
        found = read_list(find(arguments[0]))
        known = {row["id"]: row for row in read_rows(Path(ROSTER))}
    except ValueError as error:
        sys.exit(str(error))
    for row in found:
        known[row["id"]] = known.get(row["id"], {}) | {key: value for key, value in row.items() if value}
    write_table([{column: row.get(column, "") for column in COLUMNS} for row in known.values()], Path(ROSTER))
    sections = sorted({row["section"] for row in found if row.get("section")})
    print(say("roster_made", len(found), ", ".join(sections) or "–", len(known), example(found[0])))


def find(name: str) -> Path:
    """A file in class/ or in the course's folder, in which the command was typed.

    Raises:
        ValueError: it is in neither.
    """
    for path in (Path(name), Path("..", name)):
        if path.is_file():
            return path
    raise ValueError(say("roster_nowhere", name))


def example(row: dict[str, str]) -> str:
    return " · ".join(f"{key}: {value}" for key, value in row.items() if value)


def read_list(path: Path) -> list[dict[str, str]]:
    """The learners of a list, with the columns of students.csv.

    Raises:
        ValueError: something is unclear; the message is for the teacher.
    """
    rows = []
    for sheet in sheets_of(path):
        rows += read_sheet([[" ".join(cell.split()) for cell in row] for row in sheet])
    if not rows:
        raise ValueError(unclear([]))
    ids = [row["id"].casefold() for row in rows]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        raise ValueError(say("roster_list_twice", ", ".join(twice)))
    return rows


def sheets_of(path: Path) -> list[list[list[str]]]:
    """The cells of each sheet as texts.

    Raises:
        ValueError: it is no file of Excel or CSV.
    """
    if path.suffix.lower() in (".csv", ".txt", ".tsv"):
        return [csv_cells(decoded(path.read_bytes()))]
    try:
        sheets = pd.read_excel(path, sheet_name=None, header=None, dtype=str, na_filter=False)
    except Exception as error:  # openpyxl and zipfile have many for what is no such file
        raise ValueError(say("roster_unopened", path.name, error)) from None
    return [[[str(cell) for cell in row] for row in sheet.to_numpy().tolist()] for sheet in sheets.values()]


def csv_cells(text: str) -> list[list[str]]:
    """A CSV file's cells; it is cut at what stands most often in its first lines: a comma, a semicolon or a tab."""
    head = text[:2000]
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count)))


def read_sheet(cells: list[list[str]]) -> list[dict[str, str]]:
    """The learners of one sheet; none of an empty one.

    Raises:
        ValueError: a heading is missing or doubled, or a row has a name and no id.
    """
    filled = [(number, row) for number, row in enumerate(cells, start=1) if any(row)]
    if not filled:
        return []
    heads = [(number, columns_of(row), row) for number, row in filled[:LAST_HEAD]]
    head = next((each for each in heads if is_head(each[1])), None)
    if head is None:
        raise ValueError(unclear(max(heads, key=lambda each: len(set(each[1]) - {""}))[2]))
    at, columns, headings = head
    if doubled := sorted({name for name in columns if name and columns.count(name) > 1}):
        raise ValueError(say("roster_doubled", ", ".join(doubled), shown(headings)))
    if unused := [heading for heading, column in zip(headings, columns, strict=True) if heading and not column]:
        print(say("roster_unused", shown(unused)))
    rows = [(number, dict(zip(columns, row, strict=False))) for number, row in filled if number > at]
    return [student(number, row) for number, row in rows if row["id"] or name_in(row)]


def columns_of(row: list[str]) -> list[str]:
    """What each heading of a row means here, "" where that is not known.

    Canvas's table calls its own number ID, and in a table with a column for the surname 이름 is the given name.
    """
    plain = [re.sub(r"[\W_]", "", cell).casefold() for cell in row]
    columns = [KNOWN.get(heading, "") for heading in plain]
    if "sisuserid" in plain:
        columns = ["lms_user_id" if heading == "id" else column for heading, column in zip(plain, columns, strict=True)]
    if "last_name" in columns and "first_name" not in columns:
        columns = ["first_name" if column == "name" else column for column in columns]
    return columns


def is_head(columns: list[str]) -> bool:
    return "id" in columns and bool({"name", "last_name", "email"} & set(columns))


def name_in(row: dict[str, str]) -> str:
    return row.get("name") or row.get("last_name") or row.get("first_name") or ""


def student(number: int, row: dict[str, str]) -> dict[str, str]:
    """A learner as students.csv has them. A name in one column stays whole: where a surname ends is not to be guessed.

    Raises:
        ValueError: there is no id.
    """
    if not row["id"]:
        raise ValueError(say("roster_no_id", number, name_in(row)))
    if "name" in row:
        last, _, first = row["name"].partition(",")  # as in "Lovelace, Ada"
        row |= {"last_name": last.strip(), "first_name": first.strip()}
    return {column: row.get(column, "") for column in COLUMNS}


def unclear(headings: list[str]) -> str:
    return say("roster_columns", shown(headings))


def shown(headings: list[str]) -> str:
    return " | ".join(cell for cell in headings if cell) or "–"
