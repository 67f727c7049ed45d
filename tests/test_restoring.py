"""A learner's answers are put into the teacher's notebook, whatever became of the other cells; nothing is run."""

from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

import submissions
from class_helpers import lesson, place
from deepseek_class import build
from deepseek_class.preprocessors.cells import about, is_hidden
from deepseek_class.preprocessors.restoring import Restore, identify, with_old_checks
from deepseek_class.source import Lesson
from samples import languages, lessons

SOLVED = submissions.solved("ko")


def restored(notebook, same=True, code="ko"):
    """The merged cells by their ids, and what was noticed."""
    source, release = build.assignment(lesson("02"), code), build.learner(lesson("02"), code)
    known = identify(notebook.cells, release.cells, with_old_checks(source.cells, release.cells))
    Restore().tell_changes(source, release, notebook.cells, known)
    cells = Restore().merge(source.cells, release.cells, notebook.cells, known, same, "모범 답안")
    return cells, about(source).get("notes", [])


def own(cells):
    return [cell for cell in cells if cell.id.startswith("own-")]


def answers(cells):
    return {cell.id: cell.source for cell in cells if cell.id.endswith("-answer")}


def solved():
    return {name: source for name, source in SOLVED.items() if name.endswith("-answer")}


@lessons
@languages
def test_a_release_has_no_hidden_cell_and_the_marked_notebook_has_each_again(source, language):
    whole, release = build.assignment(Lesson(source), language), build.learner(Lesson(source), language)
    assert not any(cell.id.endswith("-check") or "course.Answer" in cell.source for cell in release.cells)
    known = [cell.id for cell in release.cells]
    merged = Restore().merge(deepcopy(whole.cells), release.cells, deepcopy(release.cells), known, True, "")
    kept = [cell for cell in merged if not cell.id.startswith("model-")]
    assert [cell.id for cell in kept] == [cell.id for cell in whole.cells]
    assert [cell for cell in kept if is_hidden(cell)] == [cell for cell in whole.cells if is_hidden(cell)]


def old():
    """As version 0.1.0 handed it out, solved."""
    return submissions.two_cells(submissions.notebook())


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (submissions.notebook, []),
        (submissions.moved, []),
        (submissions.stripped, []),
        (submissions.split, []),
        (submissions.retyped, ["종류가 바뀐 칸"]),
        (old, []),
    ],
)
def test_answers_come_back_in_their_places_without_a_cell_that_nobody_wrote(make, told):
    cells, notes = restored(make(), same=make is not old)
    without_checks = {name: submissions.without_check(source) for name, source in solved().items()}
    assert {name: submissions.without_check(source) for name, source in answers(cells).items()} == without_checks
    assert len(notes) == len(told) and all(part in line for part, line in zip(told, notes, strict=True))
    assert not own(cells)


def test_a_copy_of_a_cell_is_kept_in_the_cell_and_told():
    cells, notes = restored(submissions.doubled())
    assert answers(cells)["02-rate-answer"] == "\n".join([SOLVED["02-rate-answer"]] * 2)
    assert len(notes) == 1 and "같은 칸이 두 번" in notes[0]


def test_a_missing_cell_is_put_back_and_told():
    notebook = submissions.notebook()
    del notebook.cells[place(notebook, "02-rate-answer")]
    cells, notes = restored(notebook)
    assert "rate = ..." in answers(cells)["02-rate-answer"]
    assert len(notes) == 1 and "없어진 칸을 되돌려" in notes[0] and "02-rate" in notes[0]


@languages
def test_what_version_0_1_0_handed_out_loses_its_checks_and_its_old_prose_quietly(language):
    notebook = submissions.two_cells(submissions.notebook(language, right=0))
    cells, notes = restored(notebook, same=False, code=language)
    assert not own(cells) and not notes
    for cell in notebook.cells:  # as after a trip through an editor that keeps neither ids nor metadata
        cell.metadata = {}
        cell.id = f"n{cell.id}"
    cells, _ = restored(notebook, same=False, code=language)
    assert not any("course.check(" in cell.source for cell in own(cells))


def test_what_was_written_into_an_old_check_is_kept():
    notebook = old()
    notebook.cells[place(notebook, "02-rate-check")].source = "rate = 1443\ncourse.check('02-rate', rate)"
    cells, notes = restored(notebook, same=False)
    assert [cell.source for cell in own(cells)] == ["rate = 1443\ncourse.check('02-rate', rate)"] and not notes


@pytest.fixture
def handed_out(tmp_path, monkeypatch):
    """A folder with lesson 02 handed out in Korean; what `Restore` makes there of a notebook."""
    monkeypatch.chdir(tmp_path)
    for folder, made in (("source", build.assignment), ("release", build.learner)):
        path = Path(folder, "02-ko", submissions.NAME)
        path.parent.mkdir(parents=True)
        nbformat.write(made(lesson("02"), "ko"), path)
    info = {"nbgrader": {"assignment": "02-ko", "notebook": Path(submissions.NAME).stem}}
    return lambda notebook: Restore().preprocess(notebook, info)[0]


def test_an_earlier_version_is_told_and_its_prose_is_not_taken_for_the_learners(handed_out):
    made = handed_out(old())
    (note,) = about(made)["notes"]
    assert "이전 판(0.1.0)" in note and build.version() in note
    assert not own(made.cells) and answers(made.cells).keys() == solved().keys()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"lesson": "03"}, "03-ko 노트북입니다"),
        ({"language": "en"}, "02-en"),
        ({"version": "<b>0.0.9"}, "이전 판(b0.0.9)"),
    ],
)
def test_where_a_notebook_comes_from_is_told(handed_out, said, told):
    notebook = submissions.notebook()
    notebook.metadata.deepseek_course |= said
    made = handed_out(notebook)
    (note,) = about(made)["notes"]
    assert told in note
    assert ("..." in answers(made.cells)["02-rate-answer"]) == ("lesson" in said)


def test_the_current_version_needs_no_note(handed_out):
    assert "notes" not in about(handed_out(submissions.notebook()))


def order(cells, *parts):
    return sorted(parts, key=lambda part: next(n for n, cell in enumerate(cells) if part in (cell.id, cell.source)))


def test_a_cell_behind_a_checked_answer_runs_after_the_answer_was_handed_out():
    notebook = submissions.notebook()
    notebook.cells.insert(place(notebook, "02-rate-answer") + 1, new_code_cell("rate = 0"))
    cells, _ = restored(notebook)
    wanted = ["02-rate-answer", "02-rate-check", "rate = 0"]
    assert order(cells, *reversed(wanted)) == wanted


def test_an_answer_in_a_cell_of_its_own_below_an_empty_one_still_counts():
    notebook = submissions.notebook(right=0)
    notebook.cells.insert(place(notebook, "02-rate-answer") + 1, new_code_cell("rate = 1443"))
    cells, _ = restored(notebook)
    wanted = ["02-rate-answer", "rate = 1443", "02-rate-check"]
    assert order(cells, *reversed(wanted)) == wanted


def test_between_an_old_answer_and_its_check_a_cell_stays_where_it_was():
    notebook = old()
    at = place(notebook, "02-rate-check")
    notebook.cells[at + 1 : at + 1] = [new_code_cell("after = 1")]
    notebook.cells[at:at] = [new_code_cell("before = 1")]
    cells, _ = restored(notebook, same=False)
    wanted = ["02-rate-answer", "before = 1", "02-rate-check", "after = 1"]
    assert order(cells, *reversed(wanted)) == wanted


def test_what_a_learner_writes_into_the_lessons_prose_is_kept():
    notebook = submissions.notebook()
    at = place(notebook, "02-rate-answer") - 1
    notebook.cells[at].source += "\n\n답: 1443"
    for same in (True, False):
        cells, _ = restored(deepcopy(notebook), same)
        assert [cell.id for cell in own(cells)] == [f"own-{notebook.cells[at].id}"] * same


def test_code_of_the_teachers_that_a_learner_changed_comes_after_the_original():
    notebook = submissions.edited_set_up()
    cells, _ = restored(notebook)
    (mine,) = own(cells)
    assert mine.source == "import deepseek_curse as course"
    assert "import deepseek_course as course" in cells[cells.index(mine) - 1].source


def test_a_pasted_picture_comes_along():
    notebook = submissions.notebook()
    at = place(notebook, "02-correction-written")
    notebook.cells[at].attachments = {"a.png": {"image/png": "iVBORw0KGgo="}}
    picture = new_markdown_cell("![](attachment:a.png)", attachments=notebook.cells[at].attachments)
    notebook.cells.insert(at + 1, picture)
    cells, _ = restored(notebook)
    assert next(cell for cell in cells if cell.id == "02-correction-written").attachments
    assert own(cells)[0].attachments
