"""Answers that left a kernel are judged, and what a teacher may want to look at is noticed; nothing is run."""

from copy import deepcopy
from dataclasses import replace

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from class_helpers import RIGHT, answered, place
from deepseek_class import build
from deepseek_class.preprocessors import judging
from deepseek_class.preprocessors.cells import is_hidden
from deepseek_class.preprocessors.judging import Judge
from deepseek_class.source import Lesson
from deepseek_course.plain import MIME
from deepseek_course.practice import judging as practice
from samples import languages, lessons


def judged(notebook):
    return Judge().preprocess(notebook, {})[0]


def hidden(notebook, name):
    return notebook.cells[place(notebook, f"{name}-check")]


def answer(notebook, name):
    return notebook.cells[place(notebook, f"{name}-answer")]


@lessons
@languages
def test_a_solved_answer_cell_assigns_what_its_hidden_cell_hands_out(source, language):
    solved = {cell.id: cell for cell in build.solved(Lesson(source), language).cells}
    hidden = [cell for cell in build.assignment(Lesson(source), language).cells if is_hidden(cell)]
    assert len(hidden) == sum(cell_id.endswith("-answer") for cell_id in solved)
    for cell in hidden:
        answer = solved[cell.id.replace("-check", "-answer")]
        assert judging.answers(answer, cell), cell.id
        assert answer.source.endswith(judging.check_line(cell.metadata.nbgrader.grade_id, cell.source))


def test_a_right_answer_that_does_not_come_from_its_answer_cell_is_noticed():
    assert not judged(answered(RIGHT)).metadata.deepseek_course.remarks
    (remark,) = judged(answered(RIGHT, solved=False)).metadata.deepseek_course.remarks
    assert "02-million, 02-rate" in remark and "답이 어느 칸에서" in remark
    again = answered(RIGHT)
    again.cells[place(again, "02-rate-answer")].source = "ratio = 1443"  # assigns something else
    assert judged(judged(again)).metadata.deepseek_course.remarks == judged(again).metadata.deepseek_course.remarks
    assert "02-rate" in again.metadata.deepseek_course.remarks[0]


def test_a_right_answer_in_words_that_are_no_python_comes_from_its_cell():
    """`78억 / 5576000` ran in the learner's notebook, so it is read here."""
    notebook = answered({"02-second-rate": 7.8e9 / 5_576_000, "02-fall": "17%"}, solved=False)
    answer(notebook, "02-second-rate").source = "second_rate = 78억 / 5576000"
    answer(notebook, "02-fall").source = "before = 5\nfall = 17%  # 퍼센트"
    assert not judged(notebook).metadata.deepseek_course.remarks


def test_dots_are_no_answer():
    source = "a = ...\nb = [..., ...]\nc, d = 1, ...\ne: int = 2\nf = g = 3\nh = [..., 4]\nfor i in 'x': pass"
    assert judging.assigned(source) == set("cdefghi")
    assert judging.assigned("x = " + "1+" * 900 + "1") == {"x"}
    assert judging.checked('course.check("x", [a, b + 1])') == judging.checked("course.Answer([a, b])") == {"a", "b"}


def test_text_beside_an_empty_answer_cell_is_noticed():
    notebook = answered({"02-million": 5_576_000, "02-rate": ...}, solved=False)
    notebook.cells[place(notebook, "02-million-answer")].source = "dollars = 5_576_000"
    for name in ("02-million", "02-rate", "02-fall"):
        notebook.cells.insert(place(notebook, f"{name}-answer") + 1, new_markdown_cell("16.97%", id=f"own-{name}"))
    (remark,) = judged(notebook).metadata.deepseek_course.remarks
    assert remark.endswith(": 02-rate, 02-fall")


@pytest.mark.parametrize("source", ["x" * 1_000_000, "(" * 5_000, "\0", "fall = 16.97 +", "lambda: " * 2_000])
def test_no_answer_cell_stops_the_marking(source):
    notebook = answered({"02-fall": 16.97}, solved=False)
    notebook.cells[place(notebook, "02-fall-answer")].source = source
    assert "02-fall" in judged(notebook).metadata.deepseek_course.remarks[0]


def test_a_syntax_error_is_the_reason_why_no_answer_came_out():
    notebook = judged(answered({}, errors={"02-fall": ("SyntaxError", "invalid syntax (1.py, line 1)")}))
    said = notebook.cells[place(notebook, "02-fall-check")].metadata.deepseek_course.message
    assert "(invalid syntax)" in said and "따옴표" in said and said in notebook.cells[0].source
    notebook = judged(answered({}, code="en", errors={"02-rate": ("KeyError", "'usd'")}))
    assert "The error: KeyError: &#x27;usd&#x27;" in notebook.cells[0].source


def test_a_typing_error_in_a_key_is_said_as_such(monkeypatch):
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    monkeypatch.setitem(practice.load(), "02-rate", replace(practice.get("02-rate"), answer="no_such_fact"))
    with pytest.raises(ValueError, match=r"The key of 02-rate has a mistake .*no_such_fact"):
        judged(answered(RIGHT))


def test_a_test_that_a_teacher_added_to_a_lesson_is_left_to_nbgrader():
    notebook = answered(RIGHT)
    grading = build.grading("check", "mine", 1)
    notebook.cells.append(new_code_cell("assert 0", id="mine", metadata={"nbgrader": grading}))
    assert judged(notebook).cells[-1].source == "assert 0" and ">mine</a>" in notebook.cells[0].source


@pytest.mark.parametrize("data", [{"kind": "right"}, {"kind": "number", "value": True}, [1], "1", None])
def test_what_is_no_answer_gives_no_points(data):
    notebook = answered({})
    output = new_output("execute_result", {"text/plain": "1", MIME: data}, execution_count=1)
    hidden(notebook, "02-rate").outputs = [output]
    assert hidden(judged(notebook), "02-rate").outputs[0].data["text/plain"] == "0.0"


def test_the_points_and_the_feedback_stand_below_the_check_that_a_learner_ran():
    notebook = judged(answered(RIGHT | {"02-fall": 3}))
    right, wrong = hidden(notebook, "02-rate"), hidden(notebook, "02-fall")
    assert right.source == 'course.check("02-rate", rate)'
    assert [cell.outputs[0].data["text/plain"] for cell in (right, wrong)] == ["1.0", "0.0"]
    said = practice.get("02-fall").judge({"kind": "number", "value": 3.0}).message.ko
    assert wrong.metadata.deepseek_course.message == said and said[:20] in wrong.outputs[0].data["text/html"]


def test_an_answer_cells_own_feedback_goes_and_what_else_it_showed_stays():
    notebook = answered(RIGHT)
    own = new_output("execute_result", {"text/plain": "✓"}, execution_count=1)
    printed = new_output("stream", text="1443")
    for name in ("02-million", "02-rate"):
        answer(notebook, name).outputs = [printed, own]
    answer(notebook, "02-million").source = "dollars = 5_576_000\ndollars"  # its check line was taken out
    judged(notebook)
    assert answer(notebook, "02-rate").outputs == [printed]
    assert answer(notebook, "02-million").outputs == [printed, own]


def test_what_was_judged_can_be_judged_again(monkeypatch):
    once = judged(answered(RIGHT | {"02-fall": ..., "02-verdict-loss": [1, "가"]}, errors={"02-traded": ("E", "x")}))
    assert judged(deepcopy(once)) == once
    monkeypatch.setitem(practice.load(), "02-rate", replace(practice.get("02-rate"), answer="12345"))
    again = judged(deepcopy(once))
    assert [hidden(again, name).metadata.deepseek_course.score for name in RIGHT] == [1, 0]
