"""How a notebook shows a DataFrame: in the reader's words. The DataFrame itself keeps its names for the code."""

import math
import re
from itertools import cycle
from numbers import Real

import pandas as pd

from .. import language
from ..language import told
from ..tables.amounts import money
from ..tables.words import CURRENCIES, heading, measured, number, word

ID = "id"  # the name of an index that is for the code alone
COLUMNS = 20  # wider tables are left to pandas, which shows the first and the last columns


def html(frame: pd.DataFrame) -> str:
    """A table as a notebook shows it.

    Headings are in the reader's language, a value stands with its unit, an amount as a reader would write it, what is
    missing is blank, ids are left out. Names that the course does not know, a learner's own, stay as they are.
    """
    if max(frame.columns.nlevels, frame.index.nlevels) > 1 or frame.shape[1] > COLUMNS or not frame.columns.is_unique:
        return frame._repr_html_()
    code, ids = language.current(), frame.index.name == ID
    texts = [] if ids else [_is_text(frame.index)]
    shown = {}
    for column, cells in frame.items():
        if column == "unit" and "value" in frame:
            continue  # it stands with the value
        texts.append(_is_text(cells))
        units = frame["unit"] if column == "value" and "unit" in frame else [""] * len(frame)
        shown[column] = [_cell(column, cell, unit, code) for cell, unit in zip(cells, units, strict=True)]
    made = pd.DataFrame(shown, index=frame.index, dtype=object)
    made.columns = [heading(name, code) for name in shown]
    made.index = [_cell(frame.index.name, label, "", code) for label in frame.index]
    if frame.index.name is None:
        made.index = [heading(label, code) for label in made.index]
    if not ids:
        made.columns.name = heading(frame.index.name or frame.columns.name, code)  # in the row of the headings
    most = pd.get_option("display.max_rows" if len(made) <= pd.get_option("display.max_rows") else "display.min_rows")
    table = made.to_html(index=not ids, max_rows=most, notebook=True)
    left = cycle(texts)
    return re.sub(r"<(t[hd])>([\d-]*<)?", lambda cell: _aligned(cell, next(left)), table)


def _aligned(cell: re.Match, text: bool) -> str:
    """How a cell begins: JupyterLab puts all at the right, where only numbers belong, and breaks dates at hyphens."""
    style = "text-align: left" + ("; white-space: nowrap" if cell[2] else "")
    return f'<{cell[1]} style="{style}">{cell[2] or ""}' if text else cell[0]


def _is_text(cells: pd.Series | pd.Index) -> bool:
    return not pd.api.types.is_numeric_dtype(cells.dtype) or pd.api.types.is_bool_dtype(cells.dtype)


def _cell(column: object, cell: object, unit: str, code: str) -> str:
    if pd.api.types.is_scalar(cell) and pd.isna(cell):
        return ""
    if pd.api.types.is_bool(cell):
        return told("yes" if cell else "no")
    if not isinstance(cell, Real) or not math.isfinite(cell):
        return word(column, str(cell), code)
    currency = CURRENCIES.get(str(column).rpartition("_")[2])
    if currency:
        return money(float(cell), code, currency=currency)
    return measured(cell, unit, code) if unit else number(cell) if isinstance(cell, float) else str(cell)
