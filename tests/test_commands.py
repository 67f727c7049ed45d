"""`python run.py class …`: what the commands say and write, and what they leave alone where something goes wrong."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import build
import classroom
import handing_out
import nbformat
import pytest
import sheets
from nbformat.v4 import new_markdown_cell, new_notebook

from test_reporting import FAR


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    return tmp_path


def assignment(name, released=True):
    """A teacher's own assignment, with a release of it or without."""
    notebook = new_notebook(cells=[new_markdown_cell("1 + 1?", id="question")])
    for place in ["source", "release"] if released else ["source"]:
        path = Path(place, name, "quiz.ipynb")
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)


def test_what_nbgrader_cannot_release_ends_with_an_error_and_the_old_zip_stays(folder, monkeypatch, capsys):
    assignment("quiz-ko", released=False)
    assignment("more-ko")
    Path("handout").mkdir()
    Path("handout/quiz-ko.zip").write_bytes(b"the zip of last week")
    monkeypatch.setattr(classroom, "nbgrader", lambda arguments: 1)
    with pytest.raises(SystemExit) as ended:
        classroom.handout([])
    assert ended.value.code == 1 and "quiz-ko could not be released" in capsys.readouterr().out
    assert Path("handout/quiz-ko.zip").read_bytes() == b"the zip of last week"
    assert "more-ko/quiz.ipynb" in zipfile.ZipFile("handout/more-ko.zip").namelist()  # and the others are made


def test_a_teachers_own_assignment_that_begins_with_a_lessons_number_is_none_of_ours(folder, capsys):
    assignment("02-quiz")
    classroom.handout(["02-quiz"])
    assert [path.name for path in Path("handout").iterdir()] == ["02-quiz.zip"]
    Path("students.csv").write_text("id,last_name,first_name\none,홍,길동\ntwo,Lovelace,Ada\n", encoding="utf-8")
    Path("submitted/one/02-quiz").mkdir(parents=True)
    Path("submitted/two/02-en").mkdir(parents=True)
    classroom.tell_missing(["02-ko"])
    classroom.tell_missing(["02-quiz"])
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "Nothing of 02 yet from: 홍길동 (one)",
        "Nothing of 02-quiz yet from: Lovelace, Ada (two)",
    ]


def test_a_zip_that_breaks_off_leaves_the_old_one(folder, monkeypatch):
    assignment("quiz-ko")
    classroom.handout(["quiz-ko"])
    before = Path("handout/quiz-ko.zip").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "write", full)
    with pytest.raises(SystemExit, match="No space left"):
        classroom.handout(["quiz-ko"])
    assert Path("handout/quiz-ko.zip").read_bytes() == before
    assert [path.name for path in Path("handout").iterdir()] == ["quiz-ko.zip"]


def test_a_lesson_that_fails_is_told_and_has_no_sheet(folder, monkeypatch, capsys):
    assignment("02-ko")

    def fail(*_):
        raise build.SourceError("02-numbers.md: a cell fails.\nNameError: x")

    monkeypatch.setattr(sheets, "sheet", fail)
    with pytest.raises(SystemExit):
        classroom.handout(["02-ko"])
    assert "The sheet of 02-ko could not be made. (NameError: x)" in capsys.readouterr().out
    assert not list(Path("handout").glob("*.html*"))


def test_sheets_and_cards_fetch_nothing(folder):
    Path("handout").mkdir()
    lesson = build.Lesson(build.SOURCES / "04-scenarios.md")
    pages = list(handing_out.write_sheets(lesson, "en", "04-en"))
    assert [path.name for path in pages] == ["04-en.html", "04-en-debate.html"]
    assert not any(FAR.search(path.read_text("utf-8")) for path in pages)


@pytest.mark.parametrize("rest", [[], ["--help"], ["handout", "--help"]])
@pytest.mark.parametrize("language", build.LANGUAGES)
def test_help_names_our_commands_first_and_then_nbgraders(folder, monkeypatch, capsys, language, rest):
    monkeypatch.setenv("COURSE_LANGUAGE", language)
    monkeypatch.setattr(classroom, "set_up", lambda: None)
    classroom.main(*rest)
    said = capsys.readouterr().out
    assert said.index("handout 02-ko") < said.index("  report") < said.index("autograde, ")
    assert "README.ko.md" in said if language == "ko" else "README.md" in said


@pytest.mark.parametrize("rest", [["03-xx"], ["03-xx", "--force"]])
def test_collecting_what_is_not_there_is_said(folder, monkeypatch, rest):
    monkeypatch.setattr(classroom, "set_up", lambda: None)
    with pytest.raises(SystemExit, match="There is no assignment 03-xx"):
        classroom.main("zip_collect", *rest)


def test_the_gradebook_is_upgraded_in_a_folder_of_any_name(tmp_path):
    folder = tmp_path / "내 수업 (사본) #1"
    folder.mkdir()
    (folder / "nbgrader_config.py").write_text(classroom.CONFIG.format(tools=str(classroom.TOOLS)))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # alembic, as class puts it there
    for rest in (["student", "add", "one"], ["upgrade"], ["student", "list"]):
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", "db", *rest],
            cwd=folder,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    assert "one" in done.stdout and len(list(folder.glob("gradebook.db.*"))) == 1  # nbgrader's copy of before
    assert "Warning" not in done.stderr
