"""What a learner keeps is never lost, whatever happens to the file; and a learner can see and delete it."""

import json
import math
import os
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import deepseek_course as course
from deepseek_course.language import LANGUAGES, told
from deepseek_course.lesson import notes
from samples import Hostile


@pytest.fixture(params=LANGUAGES, autouse=True)
def folder(request, monkeypatch, tmp_path):
    course.use(request.param)
    monkeypatch.setenv(notes.FOLDER, str(tmp_path))
    return tmp_path


def values():
    return {name: entry["value"] for name, entry in course.kept().entries.items()}


def test_what_is_kept_is_there_again():
    shown = course.keep(fall=[10, 20], r2=25)
    assert values() == {"fall": [10, 20], "r2": 25}
    assert "10, 20" in repr(shown) and "10, 20" in shown._repr_html_()


def test_only_what_is_new_is_shown_and_a_single_entry_in_one_line():
    course.keep(fall=[10, 20], r2=25)
    assert "10, 20" not in course.keep(rate=1400, hours=11)._repr_html_()
    assert "<table" not in course.keep(habit="my habit")._repr_html_()
    assert "my habit" in course.kept()._repr_html_()


def test_what_is_kept_has_a_name_that_a_reader_knows():
    names = {"asml-euv-to-china-2025": [10, "C"], "fall": [10, 20], "my_own": 1}
    shown = course.keep(**names)._repr_html_()
    assert "5. " in shown and "my_own" in shown and "asml-euv" not in shown and ">fall<" not in shown


def test_open_answers_are_passed_over_and_erase_nothing(folder):
    assert not (folder / notes.FILE).exists() and not course.keep(fall=..., rate=[..., 3]).entries
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
    path = folder / notes.FILE
    path.write_bytes(damage.encode("utf-8", "surrogateescape"))
    seen = course.kept()
    assert seen.entries["fall"]["value"] == [10, 20] and notes.FILE in seen.message
    course.keep(r2=25)
    assert values() == {"fall": [10, 20], "r2": 25}
    aside = list(folder.glob("my-course-damaged-*.json"))
    assert [file.read_bytes() for file in aside] == [damage.encode("utf-8", "surrogateescape")]


def no_space(number):
    raise OSError("disk full")


@pytest.mark.parametrize("damage", ["", "{", '{"fall": {"value": [10'])
def test_a_damaged_file_and_a_full_disk_together_lose_nothing(folder, monkeypatch, damage):
    course.keep(fall=[10, 20], r2=25)
    path = folder / notes.FILE
    path.write_text(damage, encoding="utf-8")
    with monkeypatch.context() as full:
        full.setattr(notes.os, "fsync", no_space)
        assert course.keep(rate=[1, 2]).message == told("kept_not_writable", file=notes.FILE)
        assert path.read_text(encoding="utf-8") == damage and values() == {"fall": [10, 20], "r2": 25}
    course.keep(rate=[1, 2])
    assert values() == {"fall": [10, 20], "r2": 25, "rate": [1, 2]}


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_wherever_a_write_breaks_off_the_old_entries_are_there(folder, monkeypatch, nth):
    course.keep(fall=[10, 20])
    (folder / notes.FILE).write_text("{", encoding="utf-8")
    calls, sync = [], os.fsync

    def breaks_off(number):
        calls.append(number)
        return no_space(number) if len(calls) == nth else sync(number)

    with monkeypatch.context() as full:
        full.setattr(notes.os, "fsync", breaks_off)
        course.keep(r2=25)
    assert len(calls) == nth and values()["fall"] == [10, 20]
    course.keep(r2=25)
    assert values() == {"fall": [10, 20], "r2": 25}
    assert [file.read_text(encoding="utf-8") for file in folder.glob("my-course-damaged-*.json")] == ["{"]


def test_a_file_that_vanished_is_recovered_from_its_copy_and_told(folder):
    course.keep(fall=[10, 20])
    (folder / notes.FILE).unlink()
    assert course.kept().message == told("kept_gone", file=notes.FILE) and values() == {"fall": [10, 20]}
    course.keep(r2=25)
    assert values() == {"fall": [10, 20], "r2": 25} and (folder / notes.FILE).exists()


def test_a_damaged_copy_is_set_aside_too(folder):
    course.keep(fall=[10, 20])
    (folder / ".my-course.backup").write_text("half", encoding="utf-8")
    course.keep(r2=25)
    assert [file.read_text(encoding="utf-8") for file in folder.glob("my-course-damaged-*.json")] == ["half"]


KEPT = {
    "set": ({20, 10}, [10, 20]),
    "numpy": (np.int64(3), 3),
    "numpy float": (np.float32(2.5), 2.5),
    "Decimal": (Decimal("0.5"), 0.5),
    "Fraction": ((Fraction(1, 4), 2), [0.25, 2]),
    "Series of one": (pd.Series([7.0]), 7),
    "NaN": (math.nan, "nan"),
    "infinity": ([1, -math.inf], [1, "-inf"]),
    "half a letter": ("a\ud800", "a?"),
    "long text": ("가" * 5000, "가" * 5000),
    "open by one who knows": ([None, "A"], [None, "A"]),
}


@pytest.mark.parametrize("what", KEPT)
def test_whatever_a_check_accepts_is_kept_and_the_file_stays_json(folder, what):
    given, comes_back = KEPT[what]
    shown = course.keep(thing=given)
    assert values() == {"thing": comes_back} and shown._repr_html_()

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    json.loads((folder / notes.FILE).read_text(encoding="utf-8"), parse_constant=refuse)


def test_what_is_kept_is_shown_as_it_stands():
    course.keep(habit="<b>from $1 to $2</b>")
    html = course.kept()._repr_html_()
    assert "<b>" not in html and "&lt;b&gt;" in html
    assert all(part.count("$") < 2 for part in html.replace("<span>", "\0").split("\0"))


def test_what_was_left_open_in_a_list_is_shown_as_a_dash():
    course.keep(one=[None, "A"], two=3)
    assert "–, A" in repr(course.kept()) and "None" not in repr(course.kept())


def test_a_write_that_breaks_off_leaves_the_old_file(folder, monkeypatch):
    course.keep(fall=[10, 20])
    monkeypatch.setattr(notes.os, "fsync", no_space)
    refused = course.keep(r2=25)
    assert notes.FILE in refused.message and values() == {"fall": [10, 20]}
    assert not list(folder.glob("*.part*"))


def test_two_notebooks_at_once_lose_nothing(folder):
    code = "import deepseek_course as c\nfor n in range(20): c.keep(**{NAME + str(n): n})"
    started = [subprocess.Popen([sys.executable, "-c", code.replace("NAME", f"'{name}'")]) for name in "ab"]
    assert [process.wait(60) for process in started] == [0, 0]
    assert len(values()) == 40


def test_a_reader_sees_all_that_is_kept_while_another_notebook_writes(folder):
    course.keep(first=1)
    code = "import deepseek_course as c\nfor n in range(40): c.keep(**{'n' + str(n): n})"
    writer, seen = subprocess.Popen([sys.executable, "-c", code]), [1]
    while writer.poll() is None:
        now = course.kept()
        assert now.message == told("kept_so_far", file=notes.FILE)
        seen.append(len(now.entries))
    assert writer.returncode == 0 and seen == sorted(seen) and len(values()) == 41


@pytest.mark.parametrize("action", ["replace", "unlink"])
def test_a_file_that_another_program_has_open_is_tried_again(folder, monkeypatch, action):
    """Windows refuses to replace or delete a file that is open."""
    course.keep(fall=[10, 20])
    refusals, do = [PermissionError("in use")] * 2, getattr(os, action)

    def in_use(*paths, **options):
        if refusals:
            raise refusals.pop()
        return do(*paths, **options)

    monkeypatch.setattr(notes.os, action, in_use)
    monkeypatch.setattr(notes, "WAITS", (0, 0, 0))
    if action == "replace":
        assert course.keep(r2=25).entries.keys() == {"fall", "r2"} and len(values()) == 2
    else:
        assert course.forget().message == told("kept_forgotten", file=notes.FILE) and not list(folder.iterdir())
    assert not refusals


def test_what_cannot_be_deleted_is_told_and_still_there(folder, monkeypatch):
    course.keep(fall=[10, 20])

    def in_use(*paths, **options):
        raise PermissionError("in use")

    monkeypatch.setattr(notes.os, "unlink", in_use)
    monkeypatch.setattr(notes, "WAITS", (0,))
    shown = course.forget()
    assert shown.message == told("kept_not_forgotten", file=notes.FILE) and shown.entries.keys() == {"fall"}


def test_a_folder_that_cannot_be_written_is_told(folder, monkeypatch):
    (folder / "file").touch()
    monkeypatch.setenv(notes.FOLDER, str(folder / "file" / "below"))
    assert course.keep(fall=[10, 20]).message == told("kept_not_writable", file=notes.FILE)
    assert not course.kept().entries and not course.forget().entries


ODD = {
    "object": object(),
    "function": len,
    "dict": {"a": 1},
    "dict in a list": [1, {"a": 1}],
    "truth": True,
    "table": pd.DataFrame({"a": [1, 2]}),
    "hostile": Hostile(),
}


@pytest.mark.parametrize("what", ODD)
def test_what_cannot_be_kept_is_named_and_the_rest_is_kept(what):
    course.keep(fall=[10, 20])
    message = course.keep(fall=ODD[what], r2=25).message
    assert "fall" in message and told("kept", file=notes.FILE, count=1) in message
    assert values() == {"fall": [10, 20], "r2": 25}
    assert "habit" in course.keep(habit=ODD[what]).message


@pytest.mark.parametrize("nothing", [..., None, "", " \u200b", [..., 3], ["", 3]])
def test_what_is_open_replaces_nothing(nothing):
    course.keep(fall=[10, 20])
    course.keep(fall=nothing)
    assert values() == {"fall": [10, 20]}


def test_a_learner_can_delete_everything(folder):
    course.keep(fall=[10, 20])
    (folder / notes.FILE).write_text("{", encoding="utf-8")
    course.keep(r2=25)
    (folder / "my-course copy.json").touch()
    course.forget()
    assert [file.name for file in folder.iterdir()] == ["my-course copy.json"] and not course.kept().entries


def test_where_all_is_open_the_damage_is_told_too(folder):
    (folder / notes.FILE).write_text("{", encoding="utf-8")
    message = course.keep(fall=...).message
    assert told("kept_damaged", file=notes.FILE) in message and told("kept_nothing_new") in message


def test_what_was_predicted_is_named_in_words():
    course.keep(fall=[10, 20])
    for language, name in (("ko", "엔비디아의 하락률(%)"), ("en", "Nvidia's fall (percent)")):
        course.use(language)
        assert str(course.recall("fall", 16.97)).startswith(f"{name}: ")


def test_a_prediction_is_told_beside_what_came_out():
    messages = {course.recall("fall", 16.97).message}
    course.keep(fall=[10, 20], r2=25)
    messages |= {course.recall("fall", 16.97).message, course.recall("fall", 26.97).message}
    messages |= {course.recall("r2", 0).message}
    assert len(messages) == 4


@pytest.mark.parametrize(
    ("guess", "actual", "unit", "ko", "en"),
    [
        (1, np.int64(2), "곳", "예상: 1곳, 실제: 2곳", "Your guess: 1곳. Answer: 2곳."),
        ("20%", 1.8, "%", "예상: 20%, 실제: 1.8%", "Your guess: 20%. Answer: 1.8%."),
        (..., 2, "", "실제: 2", "Answer: 2."),
        (len, 2, "", "실제: 2", "Answer: 2."),
        ("예", ..., "", "예상: 예. 결과는 아직 없습니다.", "Your guess: 예. There is no result yet."),
    ],
)
def test_a_guess_is_told_beside_the_result(guess, actual, unit, ko, en):
    for language, line in (("ko", ko), ("en", en)):
        course.use(language)
        assert repr(course.compare(guess, actual, unit)) == line


def test_the_file_can_be_read_without_the_course(folder):
    course.keep(note="한국어")
    assert json.loads((folder / notes.FILE).read_text(encoding="utf-8"))["note"]["value"] == "한국어"
    assert "한국어" in (folder / notes.FILE).read_text(encoding="utf-8")
