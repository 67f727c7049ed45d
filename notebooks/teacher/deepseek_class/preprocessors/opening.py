"""Opens whatever was handed in as a notebook: it may be of any format, damaged, huge, or no notebook at all."""

import hashlib
import json
import re
from itertools import islice
from pathlib import Path

from nbconvert import NotebookExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from .cells import CODE, HASH

LARGEST_FILE = 50_000_000  # bytes
MOST_THINGS = 5_000_000  # values in a file's JSON: each takes some hundred bytes of memory
MOST_CELLS = 5_000
LONGEST_SOURCE = 100_000  # characters of a cell
ALL_SOURCE = 2_000_000  # characters of all cells together
LARGEST_PICTURES = 10_000_000  # characters of the pictures that were pasted into a cell


class SubmissionReader(NotebookExporter):
    """nbgrader's exporter; a file that was handed in is opened with care."""

    def from_filename(self, filename, resources=None, **kwargs):
        path = Path(filename)
        if path.parts[-4] != "submitted":  # our own, on its way
            return super().from_filename(filename, resources, **kwargs)
        content = path.read_bytes()
        notebook = opened(content)
        notebook.metadata[HASH] = hashlib.sha256(content).hexdigest()
        return self.from_notebook_node(notebook, resources, **kwargs)


def opened(content: bytes) -> NotebookNode:
    """What can be made out of a file, as a valid notebook without outputs.

    Returns:
        A notebook; its metadata says so where it was `unreadable`, `salvaged` (some of it was odd) or `cut` (too long).
    """
    try:
        return notebook_of(parsed(content))
    except Exception:  # whatever may be wrong with somebody's file
        return new_notebook(metadata={"unreadable": True})


def notebook_of(found: dict) -> NotebookNode:
    """The notebook that a file's JSON was meant to be."""
    cells, metadata = cells_of(found), {"deepseek_course": course_of(found)}
    if not all(map(is_sound, cells)):
        metadata["salvaged"] = True
    made, room = [], ALL_SOURCE
    for cell in islice((cell for cell in cells if isinstance(cell, dict)), MOST_CELLS):
        made.append(remade(cell, min(room, LONGEST_SOURCE)))
        room -= len(made[-1].source)
    if len(cells) > MOST_CELLS or room <= 0:
        metadata["cut"] = True
    give_ids(made, cells)
    return new_notebook(cells=made, metadata=metadata)


def parsed(content: bytes) -> dict:
    """A file's JSON, as the dictionary that a notebook is."""
    if len(content) > LARGEST_FILE or sum(map(content.count, (b",", b"[", b"{"))) > MOST_THINGS:
        raise ValueError("too large")
    found = json.loads(content.decode(json.detect_encoding(content), "replace"))
    if isinstance(found, list):  # its cells alone, or the notebook within a list
        found = found[0] if "cells" in found[0] else {"cells": found}
    return found


def cells_of(found: dict) -> list:
    cells = found.get("cells")
    if cells is None:  # nbformat 3 and before
        cells = [cell for sheet in found["worksheets"] for cell in sheet["cells"]]
    return list(cells.values()) if isinstance(cells, dict) else list(cells)


def course_of(found: dict) -> dict[str, str]:
    """The course's own metadata of a notebook."""
    said = dictionary(dictionary(found.get("metadata")).get("deepseek_course"))
    return {key: value for key, value in said.items() if isinstance(value, str)}


def dictionary(value: object) -> dict:
    return value if isinstance(value, dict) else {}


def is_sound(cell: object) -> bool:
    """Whether a cell is of a kind that is known and its text is a text."""
    if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw", "heading"):
        return False
    source = written(cell)
    return isinstance(source, str) or (isinstance(source, list) and all(isinstance(line, str) for line in source))


def written(cell: dict) -> object:
    return cell.get("source", cell.get("input"))  # nbformat 3 calls code so


def text_of(value: object) -> str:
    """A cell's text, also where it is not the text or the list of lines that it should be."""
    if isinstance(value, list):
        return "".join(line if isinstance(line, str) else text_of(line) for line in value)
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value)
    return ""


def remade(cell: dict, longest: int) -> NotebookNode:
    """A cell with what a learner may have written, and the name that nbgrader knows it by."""
    text = text_of(written(cell))[: max(longest, 0)]
    kind, metadata = cell.get("cell_type"), {}
    said = dictionary(dictionary(cell.get("metadata")).get("nbgrader"))
    if said:
        metadata["nbgrader"] = {key: value for key, value in said.items() if isinstance(value, (str, int, float))}
    if kind == CODE or (kind not in ("markdown", "raw", "heading") and "outputs" in cell):
        return new_code_cell(text, metadata=metadata)
    made = (new_raw_cell if kind == "raw" else new_markdown_cell)(text, metadata=metadata)
    if pictures := pictures_of(cell):
        made.attachments = pictures
    return made


def pictures_of(cell: dict) -> dict[str, dict[str, str]]:
    """What was pasted into a Markdown cell; nothing of it where it is too much or of another form."""
    pictures = {}
    for name, kinds in dictionary(cell.get("attachments")).items():
        pictures[name] = {kind: text_of(data) for kind, data in dictionary(kinds).items()}
    size = sum(len(data) for kinds in pictures.values() for data in kinds.values())
    return pictures if size <= LARGEST_PICTURES else {}


def give_ids(made: list[NotebookNode], cells: list):
    """Keeps the ids that a notebook may have, each once."""
    seen = set()
    for new, cell in zip(made, (cell for cell in cells if isinstance(cell, dict)), strict=False):
        name = cell.get("id")
        if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) and name not in seen:
            new.id = name
            seen.add(name)
