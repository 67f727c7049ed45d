"""What reaches the marker from a learner's kernel is bounded, and cleaned within seconds."""

import os
import subprocess
import sys
import time

import nbformat
import pytest

from deepseek_class.isolation import launch
from deepseek_class.preprocessors.defusing import ALL_HTML, Defuse, is_costly
from deepseek_class.preprocessors.running import place, valid, without_pages
from deepseek_class.workers import reason

DEEP = [
    *("<b>" * 6_000, "<ul><li>" * 2_000, "<div>" * 4_000, "<b><table>" * 1_500, "<p><b></p>" * 2_000),
    *("<style " * 2_800, "<style>" * 2_800, "<" * 20_000, "&" * 20_000, "<x>" * 200 + "</x>" * 200),
]


def shown(page: str, plain: str = "x") -> nbformat.NotebookNode:
    return nbformat.v4.new_output("display_data", {"text/html": page, "text/plain": plain})


@pytest.mark.parametrize("text", DEEP, ids=[text[:10] for text in DEEP])
def test_no_text_takes_long_to_clean(text):
    start = time.process_time()
    Defuse().preprocess_cell(nbformat.v4.new_markdown_cell(text, id="own-1"), {}, 0)
    output = shown(text)
    without_pages([output], ALL_HTML)
    Defuse().sanitize_html_tags(output.data.get("text/html", ""))
    assert time.process_time() - start < 5


def test_tables_and_charts_are_shown_as_they_are():
    table = "<table>" + "<tr><td>1</td><td>2<br></td></tr>" * 1_000 + "</table>"
    chart = f'<div><img src="data:image/png;base64,{"A" * 300_000}"></div>'
    assert is_costly("data:image/" + "<div>" * 4_000)
    assert not is_costly(table)
    assert not is_costly(chart)
    outputs = [shown(table), shown(chart)]
    assert without_pages(outputs, ALL_HTML)[1] is False
    assert [output.data["text/html"] for output in outputs] == [table, chart]


def test_many_pages_are_too_much_as_one_is():
    outputs = [shown("<p>x</p>" * 1_000) for _ in range(100)]
    _, cut = without_pages(outputs, ALL_HTML)
    assert cut
    assert sum(len(output.data.get("text/html", "")) for output in outputs) <= ALL_HTML
    assert all(output.data["text/plain"] == "x" for output in outputs)


def test_one_output_that_is_shown_again_and_again_is_many():
    long = "x" * 900_000
    kept, used = valid([shown("", long) for _ in range(500)], 2_000_000)
    assert len(kept) == 2
    assert used < 4_000_000


@pytest.mark.parametrize("traceback", [5, None, "x", {"a": 1}, [[["x"]]], ["x" * 10_000] * 10_000])
def test_an_error_may_have_anything_for_its_lines(traceback):
    output = nbformat.from_dict({"output_type": "error", "ename": 1, "evalue": ["x"], "traceback": traceback})
    kept, used = valid([output], 2_000_000)
    assert len(kept) == 1
    assert used < 1_000_000


def test_a_place_is_said_by_the_exercise_there_or_before_it():
    names = ["a", "02-rate-answer", "02-rate-check", "own-1"]
    cells = [nbformat.v4.new_code_cell(id=name) for name in names]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"deepseek_course": {"language": "ko"}})
    said = [place(notebook, n) for n in range(4)]
    assert said[0] == "첫 문제 앞의" and said[3] == "02-rate 다음의"
    assert said[1] == said[2] and "02-rate" in said[1] and said[1] != said[3]


@pytest.mark.parametrize(
    "said",
    [
        "Traceback\n  File x\nnbgrader.converters.base.NbGraderException: No assignment",
        "    sqlalchemy.exc.OperationalError: No assignment\nValueError: later",
        "ValueError: \nRuntimeError: No assignment",
        "[ERROR] something\nNo assignment",
    ],
)
def test_the_reason_is_the_first_error_that_says_something(said):
    assert reason(said) == "No assignment"


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")
def test_the_whole_family_is_counted_and_an_end_in_between_does_not_matter():
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    ended = subprocess.Popen(["true"])
    while len(found := launch.family(parent.pid)) < 2:
        time.sleep(0.05)
    assert os.getpid() not in found
    assert all(threads == 1 and memory > 0 for threads, memory in found.values())
    parent.communicate(b"\n")
    ended.wait()
    assert not launch.open_files(ended.pid)
    assert not launch.family(ended.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")
def test_the_machines_own_files_do_not_count_while_a_sandbox_is_set_up(monkeypatch):
    monkeypatch.setattr(launch, "FILES", -1)
    early = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert not launch.takes_too_much(early.pid)
    early.communicate(b"\n")
