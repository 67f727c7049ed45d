"""The course's tables: CSV files in UTF-8, described by datapackage.json and checked against it when read."""

import csv
import io
import json
import math
import re
from functools import cache
from pathlib import Path

import pandas as pd

from ..language import LANGUAGES

HERE = Path(__file__).parent
DAMAGE = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]")  # control characters, and what a lost letter leaves


class TableError(ValueError):
    """A table that cannot be read as described; says the file, the row as a spreadsheet counts it, and the column."""


@cache
def descriptor() -> dict:
    """The Frictionless Data Package that describes all tables."""
    return json.loads((HERE / "datapackage.json").read_text(encoding="utf-8"))


def tables() -> list[str]:
    """The names of the tables."""
    return [resource["name"] for resource in descriptor()["resources"]]


def table(name: str, language: str) -> pd.DataFrame:
    """A table, typed, in one language.

    Args:
        name: one of `tables()`.
        language: "ko" or "en".

    Returns:
        A DataFrame whose index is the table's key where that is one column. Numbers are float64 in the unit that
        the table states, missing ones NaN; texts are str, missing ones "". A pair of columns such as
        definition_ko and definition_en comes back as one, definition.

    Raises:
        ValueError: there is no table of that name.
        TableError: the file is not as its description says.
    """
    return _in_language(name, language).copy()


@cache
def rows(name: str) -> pd.DataFrame:
    """A table as it stands, both languages in it, by its key; for reading only.

    Raises:
        ValueError, TableError: as for `table`.
    """
    frame, key = _typed(name), _resource(name)["schema"].get("primaryKey")
    return frame.set_index(key) if isinstance(key, str) else frame


@cache
def _in_language(name: str, code: str) -> pd.DataFrame:
    columns, both = {}, rows(name)
    for column in both:
        base, _, ending = column.rpartition("_")
        if ending not in LANGUAGES:
            columns[column] = both[column]
        elif ending == code:
            columns[base] = both[column]
    return pd.DataFrame(columns)


def _resource(name: str) -> dict:
    for resource in descriptor()["resources"]:
        if resource["name"] == name:
            return resource
    raise ValueError(f"There is no table {name!r}; there are {', '.join(tables())}.")


@cache
def _typed(name: str) -> pd.DataFrame:
    resource = _resource(name)
    return read(HERE / resource["path"], resource["schema"])


def read(path: Path, schema: dict) -> pd.DataFrame:
    """Read one CSV file and check its columns, numbers and keys.

    Args:
        path: the file; a byte order mark and Windows line ends are read as they are meant.
        schema: its Frictionless Table Schema.

    Raises:
        TableError: the first thing found that is not as described.
    """
    header, *rows = _rows(_text(path), path.name)
    _check_signs([header, *rows], path.name)
    names = [field["name"] for field in schema["fields"]]
    twice = {name for name in header if header.count(name) > 1}
    problems = {"is missing": set(names) - set(header), "is not described": set(header) - set(names)}
    for problem, columns in (problems | {"stands there twice": twice}).items():
        if columns:
            raise TableError(
                f"{path.name}, row 1: column {sorted(columns)[0]!r} {problem}. Expected: {', '.join(names)}."
            )
    if not rows:
        raise TableError(f"{path.name}, row 2: the table has no rows below its column names.")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            where = header[min(len(row), len(header) - 1)]
            raise TableError(
                f"{path.name}, row {number}, column {where!r}: found {len(row)} values, expected {len(header)}."
            )
    frame = pd.DataFrame(rows, columns=header, dtype=str)[names]
    for field in schema["fields"]:
        if field["type"] == "number":
            frame[field["name"]] = _numbers(frame[field["name"]], path.name)
    _check_keys(frame, schema.get("primaryKey", []), path.name)
    return frame


def _text(path: Path) -> str:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].split(b"\n")
        column = _column(before[-1].decode("latin-1"))
        raise TableError(
            f"{path.name}, row {len(before)}, column {column}: not UTF-8 (a Korean Excel saves CP949). "
            "In Excel choose Save As and the type 'CSV UTF-8 (Comma delimited)' / 'CSV UTF-8(쉼표로 분리)'."
        ) from None
    if not text.strip():
        raise TableError(f"{path.name}, row 1: the file is empty; column names were expected.")
    if not text.endswith("\n"):
        rows = text.splitlines()
        column = _column(rows[-1])
        raise TableError(
            f"{path.name}, row {len(rows)}, column {column}: the last line has no end, so the file may be cut short. "
            "If it is whole, end it with an empty line."
        )
    return text


def _column(line: str) -> int:
    """The column in which a piece of a line ends, whatever stands in it."""
    return re.sub('"[^"]*"?', "", line).count(",") + 1


def _rows(text: str, file: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows = []
    try:
        for row in reader:
            rows.append(row)
    except csv.Error as error:
        raise TableError(f"{file}, row {len(rows) + 1}, column 1: not a row of a CSV file ({error}).") from None
    return rows


def _check_signs(rows: list[list[str]], file: str) -> None:
    for number, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            if found := DAMAGE.search(value):
                where = rows[0][place] if number > 1 and place < len(rows[0]) else place + 1
                raise TableError(
                    f"{file}, row {number}, column {where!r}: found the character U+{ord(found[0]):04X}, which is no "
                    "text; the file is damaged there. Type the value again."
                )


def _numbers(texts: pd.Series, file: str) -> pd.Series:
    values = []
    for number, text in enumerate(texts, start=2):
        try:
            value = float(text) if text else math.nan
        except ValueError:
            value = math.inf
        if text and not math.isfinite(value):
            raise TableError(
                f"{file}, row {number}, column {texts.name!r}: found {text!r}, expected a number such as 1443 or 0.1."
            )
        values.append(value)
    return pd.Series(values, dtype="float64")


def _check_keys(frame: pd.DataFrame, key: str | list[str], file: str) -> None:
    columns = [key] if isinstance(key, str) else key
    for column in columns:
        for row in frame.index[frame[column] == ""]:
            raise TableError(f"{file}, row {row + 2}, column {column!r}: found nothing, expected a key.")
    if columns:
        for row in frame.index[frame.duplicated(columns)]:
            found = ", ".join(frame.loc[row, columns])
            raise TableError(
                f"{file}, row {row + 2}, column {columns[0]!r}: the key {found!r} stands there already, expected once."
            )
