"""`python run.py class …`: what the commands say and write, and what they leave alone where something goes wrong."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from class_helpers import FAR, lesson
from deepseek_class import build, commands, handing_out, sheets
from deepseek_class.folder import CONFIG, TOOLS, gradebook_url, is_released, renew, set_up, source_of
from deepseek_class.handing_out import handout
from deepseek_class.marking import on_cluster, tell_missing
from deepseek_class.source import SourceError
from deepseek_class.workers import load_config


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
    monkeypatch.setattr(handing_out, "nbgrader", lambda arguments: 1)
    with pytest.raises(SystemExit) as ended:
        handout([])
    assert ended.value.code == 1 and "quiz-ko could not be released" in capsys.readouterr().out
    assert Path("handout/quiz-ko.zip").read_bytes() == b"the zip of last week"
    assert "more-ko/quiz.ipynb" in zipfile.ZipFile("handout/more-ko.zip").namelist()  # and the others are made


def test_a_teachers_own_assignment_that_begins_with_a_lessons_number_is_none_of_ours(folder, capsys):
    assignment("02-quiz")
    handout(["02-quiz"])
    assert [path.name for path in Path("handout").iterdir()] == ["02-quiz.zip"]
    Path("students.csv").write_text("id,last_name,first_name\none,홍,길동\ntwo,Lovelace,Ada\n", encoding="utf-8")
    Path("submitted/one/02-quiz").mkdir(parents=True)
    Path("submitted/two/02-en").mkdir(parents=True)
    tell_missing(["02-ko"])
    tell_missing(["02-quiz"])
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "Nothing of 02 yet from: 홍길동 (one)",
        "Nothing of 02-quiz yet from: Lovelace, Ada (two)",
    ]


def test_a_zip_that_breaks_off_leaves_the_old_one(folder, monkeypatch):
    assignment("quiz-ko")
    handout(["quiz-ko"])
    before = Path("handout/quiz-ko.zip").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "write", full)
    with pytest.raises(SystemExit, match="No space left"):
        handout(["quiz-ko"])
    assert Path("handout/quiz-ko.zip").read_bytes() == before
    assert [path.name for path in Path("handout").iterdir()] == ["quiz-ko.zip"]


def test_a_lesson_that_fails_is_told_and_has_no_sheet(folder, monkeypatch, capsys):
    assignment("02-ko")

    def fail(*_):
        raise SourceError("02-numbers.md: a cell fails.\nNameError: x")

    monkeypatch.setattr(sheets, "sheet", fail)
    with pytest.raises(SystemExit):
        handout(["02-ko"])
    assert "The sheet of 02-ko could not be made. (NameError: x)" in capsys.readouterr().out
    assert not list(Path("handout").glob("*.html*"))


def test_sheets_and_cards_fetch_nothing(folder):
    Path("handout").mkdir()
    pages = list(handing_out.write_sheets(lesson("04"), "en", "04-en"))
    assert [path.name for path in pages] == ["04-en.html", "04-en-debate.html"]
    assert not any(FAR.search(path.read_text("utf-8")) for path in pages)


@pytest.mark.parametrize("rest", [[], ["--help"], ["handout", "--help"]])
@pytest.mark.parametrize("language", build.LANGUAGES)
def test_help_names_our_commands_first_and_then_nbgraders(folder, monkeypatch, capsys, language, rest):
    monkeypatch.setenv("COURSE_LANGUAGE", language)
    monkeypatch.setattr(commands, "set_up", lambda: None)
    commands.main(*rest)
    said = capsys.readouterr().out
    assert said.index("handout 02-ko") < said.index("  report") < said.index("autograde, ")
    assert "README.ko.md" in said if language == "ko" else "README.md" in said


@pytest.mark.parametrize("rest", [["03-xx"], ["03-xx", "--force"]])
def test_collecting_what_is_not_there_is_said(folder, monkeypatch, rest):
    monkeypatch.setattr(commands, "set_up", lambda: None)
    with pytest.raises(SystemExit, match="There is no assignment 03-xx"):
        commands.main("zip_collect", *rest)


def test_the_gradebook_is_upgraded_in_a_folder_of_any_name(tmp_path):
    folder = tmp_path / "내 수업 (사본) #1"
    folder.mkdir()
    (folder / "nbgrader_config.py").write_text(CONFIG.format(tools=str(TOOLS)))
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


def test_settings_of_an_earlier_version_find_the_tools_and_keep_what_a_teacher_wrote(folder):
    Path("nbgrader_config.py").write_text(CONFIG.format(tools="/elsewhere/teacher") + "c.Run.seconds = 7\n", "utf-8")
    set_up()
    assert Path("nbgrader_config.py").read_text("utf-8") == CONFIG.format(tools=str(TOOLS)) + "c.Run.seconds = 7\n"
    assert load_config().Run.seconds == 7


def test_the_lessons_are_read_again_only_where_something_has_changed(folder, monkeypatch):
    path = source_of(lesson("02").path, "ko")
    set_up()
    before = path.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr("deepseek_class.folder.read_lessons", lambda: pytest.fail("they were read again"))
        set_up()
    path.unlink()
    set_up()
    assert path.read_bytes() == before
    monkeypatch.setattr(build, "version", lambda: "9.9.9")
    monkeypatch.setattr("deepseek_class.folder.origin", lambda: "another version")
    set_up()
    assert nbformat.read(path, as_version=4).metadata.deepseek_course.version == "9.9.9"


def test_a_release_is_known_as_such_although_it_lacks_the_hidden_cells(folder):
    whole, release = (make(lesson("02"), "ko") for make in (build.assignment, build.learner))
    renew(whole, source_of(lesson("02").path, "ko"))
    release.metadata.deepseek_course.built = whole.metadata.deepseek_course.built
    path = Path("release/02-ko/02-numbers.ipynb")
    path.parent.mkdir(parents=True)
    nbformat.write(release, path)
    assert is_released("02-ko")
    release.cells.pop()
    nbformat.write(release, path)
    assert not is_released("02-ko")


def test_every_message_says_the_same_in_both_languages():
    messages = tomllib.loads(Path(TOOLS, "messages.toml").read_text(encoding="utf-8"))
    for key, text in messages.items():
        assert text.keys() == {"ko", "en"}, key
        assert sorted(re.findall(r"{\d}", text["ko"])) == sorted(re.findall(r"{\d}", text["en"])), key
        assert re.search("[가-힣]", text["ko"]) or key == "at", key


@pytest.mark.parametrize("named", ["sqlite:///school/marks.db", "postgresql+psycopg://course:secret@10.0.0.5/marks"])
def test_the_gradebook_is_the_one_that_the_class_names_in_its_settings(folder, named):
    text = CONFIG.format(tools=str(TOOLS)) + f"\nc.CourseDirectory.db_url = {named!r}\n"
    Path("nbgrader_config.py").write_text(text, encoding="utf-8")
    found = gradebook_url(folder).render_as_string(hide_password=False)
    assert found == named.replace("///", f"///{folder}/")


def test_where_a_package_for_many_machines_is_missing_a_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "deepseek_class.cluster", raising=False)
    monkeypatch.setitem(commands.VERBS, "mark", lambda _: on_cluster([Path("one")], "tcp://10.0.0.5:8786", None))
    with pytest.raises(SystemExit, match=r"distributed is missing.*-m pip install -r .*requirements-cluster\.txt"):
        commands.carry_out("mark", [])
