"""Files that are written whole or not at all."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from .messages import say


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to; it takes the place of `path` once all is written.

    Raises:
        SystemExit: it cannot be written, such as where `path` is open in Excel; what was there before stays.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        sys.exit(say("unwritable", path, error.strerror or error))
    finally:
        part.unlink(missing_ok=True)


def write_table(rows: list[dict], path: Path, columns: list[str] | None = None) -> None:
    """Write rows as a CSV file whose Korean Excel reads, and whose cells no spreadsheet takes for a formula.

    Raises:
        SystemExit: the file cannot be written, such as where it is open in Excel.
    """

    def cell(value: object) -> object:
        if isinstance(value, str):
            return f"'{value}" if value.startswith(tuple("=+-@＝＋－＠\t\r\n")) else value
        return f"{value:g}"

    with whole(path) as part:
        pd.DataFrame(rows, columns=columns).map(cell).to_csv(part, index=False, encoding="utf-8-sig")
