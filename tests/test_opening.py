"""Whatever may be handed in is opened: a notebook that can be marked comes out, or an empty one that says why."""

import gzip
import json
import time
from copy import deepcopy

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbgrader.nbgraderformat import MetadataValidator

import submissions
from class_helpers import lesson
from deepseek_class import build
from deepseek_class.preprocessors.opening import opened
from deepseek_class.preprocessors.restoring import drop_odd_metadata

NOTEBOOK = json.loads(json.dumps(submissions.notebook(right=3)))
NOTEBOOK["cells"] = NOTEBOOK["cells"][:12]
WHOLE = json.dumps(NOTEBOOK, ensure_ascii=False).encode()
ODD = [
    None,
    True,
    0,
    -1.5,
    float("nan"),
    10**30,
    "",
    "\ud800",
    "코드",
    [],
    {},
    [[]],
    [None],
    {"a": {"b": []}},
    [{}] * 3,
]


def places(value: object, path: tuple = ()) -> list[tuple]:
    """Where something stands in a notebook: the keys and numbers that lead there."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in places(part, (*path, key)))]


def changed(notebook: dict, path: tuple, value: object) -> object:
    if not path:
        return value
    notebook = deepcopy(notebook)
    around = notebook
    for key in path[:-1]:
        around = around[key]
    around[path[-1]] = value
    return notebook


def is_valid(notebook: nbformat.NotebookNode) -> bool:
    nbformat.validate(notebook)
    return True


@given(st.sampled_from(places(NOTEBOOK)), st.sampled_from(ODD))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_anything_may_stand_anywhere_in_a_notebook(path, value):
    handed_in = json.dumps(changed(NOTEBOOK, path, value))
    notebook = opened(handed_in.encode())
    assert is_valid(notebook)
    if path[:2] == ("metadata", "kernelspec") or path[-1:] == ("execution_count",):  # nothing of a learner's is there
        assert [cell.source for cell in notebook.cells] == ["".join(cell["source"]) for cell in NOTEBOOK["cells"]]


@given(st.binary(max_size=200) | st.integers(0, len(WHOLE)).map(lambda end: WHOLE[:end]))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_file_can_be_opened(content):
    notebook = opened(content)
    assert is_valid(notebook)
    assert notebook.cells or "unreadable" in notebook.metadata


SOURCES = [cell["source"] for cell in NOTEBOOK["cells"]]


@pytest.mark.parametrize(
    "content",
    [
        WHOLE.decode().encode("utf-16"),
        WHOLE.decode().encode("utf-8-sig"),
        json.dumps([NOTEBOOK]).encode(),
        json.dumps(NOTEBOOK["cells"]).encode(),
        json.dumps(NOTEBOOK | {"cells": dict(enumerate(NOTEBOOK["cells"]))}).encode(),
        json.dumps(NOTEBOOK | {"nbformat": 9, "nbformat_minor": 99}).encode(),
        json.dumps(NOTEBOOK | {"cells": None, "worksheets": [{"cells": NOTEBOOK["cells"]}]}).encode(),
        WHOLE.replace(b'"cells"', b'"cells": [], "cells"', 1),
    ],
    ids=["UTF-16", "BOM", "in a list", "cells alone", "cells by name", "later format", "worksheets", "a key twice"],
)
def test_what_can_be_read_is_read(content):
    notebook = opened(content)
    assert [cell.source for cell in notebook.cells] == ["".join(source) for source in SOURCES]
    assert "unreadable" not in notebook.metadata


def test_a_text_of_another_type_is_read_as_far_as_it_is_one():
    cells = [{"cell_type": "code", "source": source} for source in (5, [["a"], ["b", ["c"]]], {"a": 1})]
    notebook = opened(json.dumps({"cells": [*cells, {"cell_type": "code"}, None, 7]}).encode())
    assert [cell.source for cell in notebook.cells] == ["5", "abc", "", ""]
    assert "salvaged" in notebook.metadata


DEEP = (
    json.dumps({"cells": [{"cell_type": "code", "source": "DEEP"}]}).replace('"DEEP"', "[" * 900 + "]" * 900).encode()
)


@pytest.mark.parametrize(
    "content", [DEEP, b"", b"NaN", b"[]", b"{}", gzip.compress(WHOLE), b'{"cells":' + b"[" * 200_000]
)
def test_what_is_no_notebook_says_so(content):
    assert opened(content).metadata == {"unreadable": True}


def test_a_million_cells_are_cut_within_seconds():
    cells = b",".join([b'{"cell_type":"code","source":""}'] * 1_000_000)
    start = time.process_time()
    notebook = opened(b'{"cells":[' + cells + b"]}")
    assert "cut" in notebook.metadata
    assert len(notebook.cells) == 5_000
    assert time.process_time() - start < 20


def test_ids_stay_and_are_there_once():
    nb = deepcopy(NOTEBOOK)
    nb["cells"][1]["id"] = nb["cells"][0]["id"]
    made = opened(json.dumps(nb).encode())
    assert [cell.id for cell in made.cells[2:]] == [cell["id"] for cell in NOTEBOOK["cells"][2:]]
    assert made.cells[0].id == NOTEBOOK["cells"][0]["id"] != made.cells[1].id


@pytest.mark.parametrize(
    "said", [{"grade_id": 5}, {"schema_version": 99}, {"points": "x", "grade": True}, {"grade": 1}]
)
def test_odd_metadata_do_not_keep_a_teachers_own_question_from_being_marked(said):
    source = {"cell_type": "code", "source": "1", "metadata": {"nbgrader": said}}
    whole = build.assignment(lesson("02"), "ko").cells
    notebook = opened(json.dumps({"cells": [source, *whole]}).encode())
    drop_odd_metadata(notebook)
    MetadataValidator().validate_nb(notebook)
    assert [cell.metadata for cell in notebook.cells[1:]] == [
        {"nbgrader": cell.metadata.nbgrader} if "nbgrader" in cell.metadata else {} for cell in whole
    ]
