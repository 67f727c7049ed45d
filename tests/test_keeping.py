"""What a learner keeps is never lost, whatever happens to the file; and a learner can see and delete it."""

import json
import subprocess
import sys

import pytest

import deepseek_course as course
from deepseek_course import keeping
from deepseek_course.feedback import say


@pytest.fixture(params=["ko", "en"], autouse=True)
def folder(request, monkeypatch, tmp_path):
    course.use(request.param)
    monkeypatch.setenv(keeping.FOLDER, str(tmp_path))
    return tmp_path


def values():
    return {name: entry["value"] for name, entry in course.kept().entries.items()}


def test_what_is_kept_is_there_again():
    shown = course.keep(fall=[10, 20], r2=25)
    assert values() == {"fall": [10, 20], "r2": 25}
    assert "[10, 20]" in repr(shown) and "[10, 20]" in shown._repr_html_()


def test_open_answers_are_passed_over_and_erase_nothing(folder):
    assert not (folder / keeping.FILE).exists() and not course.keep(fall=..., rate=[..., 3]).entries
    course.keep(fall=[10, 20])
    course.keep(fall=..., r2=25)
    assert values() == {"fall": [10, 20], "r2": 25}


def test_a_new_entry_replaces_the_old():
    course.keep(fall=[10, 20])
    course.keep(fall=[5, 9])
    assert values() == {"fall": [5, 9]}


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"fall": 3}', '{"fall": {"value": [10', "\udcff"])
def test_a_damaged_file_loses_nothing(folder, damage):
    course.keep(fall=[10, 20])
    path = folder / keeping.FILE
    path.write_bytes(damage.encode("utf-8", "surrogateescape"))
    seen = course.kept()
    assert seen.entries["fall"]["value"] == [10, 20] and keeping.FILE in seen.message
    course.keep(r2=25)
    assert values() == {"fall": [10, 20], "r2": 25}
    aside = list(folder.glob("my-course-damaged-*.json"))
    assert [file.read_bytes() for file in aside] == [damage.encode("utf-8", "surrogateescape")]


def test_a_write_that_breaks_off_leaves_the_old_file(folder, monkeypatch):
    course.keep(fall=[10, 20])
    monkeypatch.setattr(keeping.os, "fsync", lambda number: (_ for _ in ()).throw(OSError("disk full")))
    refused = course.keep(r2=25)
    assert keeping.FILE in refused.message and values() == {"fall": [10, 20]}
    assert not list(folder.glob("*.part*"))


def test_two_notebooks_at_once_lose_nothing(folder):
    code = "import deepseek_course as c\nfor n in range(20): c.keep(**{NAME + str(n): n})"
    started = [subprocess.Popen([sys.executable, "-c", code.replace("NAME", f"'{name}'")]) for name in "ab"]
    assert [process.wait(60) for process in started] == [0, 0]
    assert len(values()) == 40


def test_a_folder_that_cannot_be_written_is_told(folder, monkeypatch):
    (folder / "file").touch()
    monkeypatch.setenv(keeping.FOLDER, str(folder / "file" / "below"))
    assert course.keep(fall=[10, 20]).message == say("kept_not_writable", file=keeping.FILE)
    assert not course.kept().entries and not course.forget().entries


def test_what_cannot_be_kept_is_the_notebooks_mistake():
    with pytest.raises(TypeError):
        course.keep(fall=object())


def test_a_learner_can_delete_everything(folder):
    course.keep(fall=[10, 20])
    (folder / keeping.FILE).write_text("{", encoding="utf-8")
    course.keep(r2=25)
    (folder / "my-course copy.json").touch()
    course.forget()
    assert [file.name for file in folder.iterdir()] == ["my-course copy.json"] and not course.kept().entries


def test_a_prediction_is_told_beside_what_came_out():
    messages = {course.recall("fall", 16.97).message}
    course.keep(fall=[10, 20], r2=25)
    messages |= {course.recall("fall", 16.97).message, course.recall("fall", 26.97).message}
    messages |= {course.recall("r2", 0).message}
    assert len(messages) == 4


def test_the_file_can_be_read_without_the_course(folder):
    course.keep(note="한국어")
    assert json.loads((folder / keeping.FILE).read_text(encoding="utf-8"))["note"]["value"] == "한국어"
    assert "한국어" in (folder / keeping.FILE).read_text(encoding="utf-8")
