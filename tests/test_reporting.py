"""Marks that Canvas, Moodle and Excel read, answers judged from marked notebooks, and the class's notebooks."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from statistics import mean

import jupytext
import nbformat
import pandas as pd
import pytest
from markdown_it import MarkdownIt

import deepseek_course as course
from class_helpers import FAR, make_class, mark, opened, table
from deepseek_class import reporting
from deepseek_class.folder import read_roster
from deepseek_class.source import Lesson, SourceError
from deepseek_course import language
from deepseek_course.practice import exercises, judging
from deepseek_course.practice.opinions import Forecast

pytestmark = pytest.mark.filterwarnings("ignore:Object of type")  # nbgrader's own use of SQLAlchemy
TASKS = 2  # marked by hand in lessons 02 and 04; make_class gives a point for each


def marks_of(folder):
    return {row["SIS User ID"]: row for row in table(folder / "report" / "marks.csv")}


def export(folder):
    """Only the marks, as `nbgrader export --exporter=deepseek_class.reporting.MarksExporter` writes them."""
    (folder / "report").mkdir(exist_ok=True)
    with opened(folder) as gradebook:
        read_roster(folder / "students.csv", gradebook)
        reporting.MarksExporter(to=str(folder / "report" / "marks.csv")).export(gradebook)
    return marks_of(folder)


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """A class of thirty, reported in Korean."""
    folder = tmp_path_factory.mktemp("class")
    known = exercises.known_values()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exercises, "known_values", known.copy)  # once, not for each of thousands of answers
        patch.setattr(reporting, "LANGUAGES", ("ko",))
        make_class(folder)
        reporting.report(folder)
    return folder


def shown(path):
    """All that a notebook shows: texts, titles of charts as their alt texts, tables."""
    notebook = nbformat.read(path, 4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.get("name") == "stderr"], "a warning"
    return "\n".join(re.sub('base64,[^"]+', "", str(output.get("data", output.get("text")))) for output in outputs)


def test_marks_have_the_columns_that_canvas_wants_and_a_row_for_each_learner(reported):
    data = (reported / "report" / "marks.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfStudent,ID,SIS User ID,SIS Login ID,Section,02 (of ")
    rows = table(reported / "report" / "marks.csv")
    assert len(rows) == 30 and "Points Possible" not in data.decode()
    assert rows[0].keys() == rows[-1].keys()
    for header in list(rows[0])[5:]:  # Canvas would take "02 (30)" for the assignment of that id
        assert not re.search(r"\s\(\d+\)$", header)
    own = marks_of(reported)
    assert own["s001"]["Student"] == "Lovelace, Ada" and own["s001"]["ID"] == "9001"
    assert own["s011"]["SIS Login ID"] == "s011@school.example"
    nothing = list(own["s011"].values())[5:]
    assert nothing == ["", "", "", "0", ""]


def test_korean_names_are_written_as_koreans_write_them(reported):
    assert re.fullmatch("[가-힣]{3}", marks_of(reported)["s006"]["Student"])


def test_marks_are_the_points_of_the_checks_and_of_marked_tasks(reported):
    answers = table(reported / "report" / "answers.csv")
    for learner, row in marks_of(reported).items():
        checks = sum(float(a["score"]) for a in answers if a["student"] == learner)
        total = next(float(value or 0) for header, value in row.items() if header.startswith("Final Points"))
        waits = int(learner[1:]) % 3 == 0
        assert total - checks == (0 if waits or not row["02 (of 15)"] else TASKS)


def test_what_waits_for_marking_is_counted(reported):
    rows = marks_of(reported)
    waiting = {learner: row["to mark or look at again (beside Final Points)"] for learner, row in rows.items()}
    assert waiting["s003"] == str(TASKS) and waiting["s004"] == "0"


def test_of_two_languages_the_better_counts(tmp_path):
    with opened(tmp_path) as gradebook:
        gradebook.add_student("one")
        one = mark(tmp_path, gradebook, "one", "02-ko", {"02-million": 5_576_000}, written=0)
        two = mark(tmp_path, gradebook, "one", "02-en", {"02-million": 5_576_000, "02-rate": 1443}, written=0)
    assert two > one > 0
    row = export(tmp_path)["one"]
    assert float(row["02 (of 15)"]) == float(row["Final Points (of 15)"]) == two


def test_no_cell_is_a_formula(tmp_path):
    (tmp_path / "students.csv").write_text(
        "id,last_name\none,=1+1\ntwo,@SUM(A1)\nthree,-x\nfour,+x\nfive,＝1\n", "utf-8"
    )
    with opened(tmp_path):
        pass
    assert all(row["Student"][:1] == "'" for row in export(tmp_path).values())


def test_a_roster_without_ids_is_one_plain_line(tmp_path):
    (tmp_path / "students.csv").write_bytes("name\n가\n".encode())
    with opened(tmp_path), pytest.raises(SystemExit, match=r"students\.csv"):
        export(tmp_path)


def test_answers_are_judged_from_the_plain_data(reported):
    rows = table(reported / "report" / "answers.csv")
    assert {row["result"] for row in rows} == {"right", "wrong", "open"} and len(rows) > 28 * 40
    for row in rows:
        feedback = judging.get(row["exercise"]).judge(json.loads(row["answer"]))
        assert row["message"] == feedback.message.in_language(row["language"])
        assert float(row["score"]) == feedback.passed * float(row["points"])
    stale = {row["student"] for row in rows if row["stale"] == "1"}
    assert stale == {"s003", "s009"} and {row["student"] for row in rows if row["notes"]} == {"s008"}


def test_the_overview_counts_right_answers_and_known_mistakes(reported):
    rows = pd.DataFrame(table(reported / "report" / "answers.csv")).query("lesson == '02'")
    seen = shown(reported / "report" / "overview.ko.ipynb")
    right = rows[(rows["result"] == "right") & (rows["level"] != "stretch")].groupby("exercise").size()  # in class
    assert f"28명 가운데 {right.min()}명이 맞혔습니다" in seen
    wrong = rows[(rows["result"] == "wrong") & (rows["language"] == "ko")]
    exercise, message = wrong.groupby(["exercise", "message"]).size().idxmax()
    both = rows[(rows["exercise"] == exercise) & (rows["result"] == "wrong")]
    count = sum(judging.get(exercise).judge(json.loads(data)).message.ko == message for data in both["answer"])
    line = seen[seen.index(message.split("\n")[-1][:30]) :].partition("</tr>")[0]
    assert f">{count}<" in line
    assert "0.0.9" in seen and "되돌렸습니다" in seen


def test_forecasts_are_scored_as_by_hand_and_without_names(reported):
    course.use("ko")
    rows = [row for row in table(reported / "report" / "answers.csv") if row["lesson"] == "04"]
    outcomes, own, said = course.table("outcomes")["outcome"], {}, {}
    for row in rows:
        exercise = judging.get(row["exercise"])
        if isinstance(exercise, Forecast) and row["result"] == "right" and exercise.level == "forecast":
            percent, knew = [part["value"] for part in json.loads(row["answer"])["value"]]
            if knew not in ("가", "A"):
                penalty = (percent / 100 - outcomes[exercise.question]) ** 2
                own.setdefault(row["student"], {})[exercise.question] = penalty
                said.setdefault(exercise.question, []).append(percent)
    average = {q: (mean(percents) / 100 - outcomes[q]) ** 2 for q, percents in said.items()}
    better = sum(mean(p.values()) < mean(average[q] for q in p) for p in own.values())
    seen = shown(reported / "report" / "forecasts.ko.ipynb")
    assert f"{len(own)}명 가운데 {better}명입니다" in seen
    assert f"{round(mean(average.values()), 3):g}" in seen and "0.25" in seen and len(average) == 9
    page = (reported / "report" / "forecasts.ko.html").read_text(encoding="utf-8")
    for row in rows:
        assert row["name"] not in page and row["student"] not in seen


def test_the_pages_fetch_nothing_and_say_their_language(reported):
    for name in ("overview", "forecasts"):
        page = (reported / "report" / f"{name}.ko.html").read_text(encoding="utf-8")
        assert '<html lang="ko">' in page and not FAR.search(page)


def test_one_learner_and_a_damaged_notebook(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(reporting, "LANGUAGES", ("en",))
    with opened(tmp_path) as gradebook:
        for student in ("k $x_ <b>", "two"):
            gradebook.add_student(student)
            mark(tmp_path, gradebook, student, "04-ko", {"04-r2": [25, "다"], "04-few": None})
    next((tmp_path / "autograded" / "two").rglob("*.ipynb")).write_text("{", encoding="utf-8")
    language.choose("en")
    with pytest.raises(SystemExit, match="1"):  # one was left out
        reporting.report(tmp_path)
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if "could not be read" in line and "04-ko, two" in line] and len(said) == 6
    results = {row["exercise"]: row["result"] for row in table(tmp_path / "report" / "answers.csv")}
    assert (results["04-r2"], results["04-few"], results["04-when"]) == ("right", "wrong", "none")
    shown(tmp_path / "report" / "overview.en.ipynb"), shown(tmp_path / "report" / "forecasts.en.ipynb")


@pytest.fixture
def one_learner(tmp_path, monkeypatch):
    """A class of one, in a folder whose name means something else in a URL, and no notebooks on it."""
    folder = tmp_path / "반 50%41 a?b#c"
    folder.mkdir()
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    monkeypatch.setattr(reporting, "show", lambda name, code, target: target / name)
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    with opened(shelf) as gradebook:
        gradebook.add_student("one")
        mark(shelf, gradebook, "one", "02-ko", {"02-million": 5_576_000, "02-rate": 1443}, written=0)
    for path in shelf.iterdir():
        path.rename(folder / path.name)
    language.choose("en")
    return folder


def scores(folder):
    return {row["exercise"]: (row["result"], row["score"]) for row in table(folder / "report" / "answers.csv")}


def test_after_a_corrected_key_both_tables_have_the_same_points_and_it_is_said(one_learner, monkeypatch, capsys):
    reporting.report(one_learner)
    before, marks = scores(one_learner), marks_of(one_learner)
    assert before["02-rate"] == ("right", "1") and "the key has changed" not in capsys.readouterr().out
    monkeypatch.setitem(judging.load(), "02-rate", replace(judging.get("02-rate"), answer="12345"))
    reporting.report(one_learner)
    assert scores(one_learner) == before | {"02-rate": ("wrong", "1")} and marks_of(one_learner) == marks
    assert "differ in 1 rows" in (said := capsys.readouterr().out) and "class mark 02-ko --again" in said


def test_a_score_that_the_teacher_changed_is_in_both_tables(one_learner):
    with opened(one_learner) as gradebook:
        gradebook.find_grade("02-fall", "02-numbers", "02-ko", "one").manual_score = 0.5
        gradebook.db.commit()
    reporting.report(one_learner)
    assert scores(one_learner)["02-fall"][1] == "0.5" and marks_of(one_learner)["one"]["02 (of 15)"] == "2.5"


def test_a_typing_error_in_a_key_is_told_as_such_and_loses_nothing(one_learner, monkeypatch):
    reporting.report(one_learner)
    before = (one_learner / "report" / "answers.csv").read_bytes()
    monkeypatch.setitem(judging.load(), "02-rate", replace(judging.get("02-rate"), answer="no_such_fact * 2"))
    with pytest.raises(SystemExit, match=r"key of 02-rate has a mistake .*no_such_fact"):
        reporting.report(one_learner)
    assert (one_learner / "report" / "answers.csv").read_bytes() == before


def test_a_table_that_is_open_in_excel_is_a_sentence_and_stays(one_learner, monkeypatch):
    reporting.report(one_learner)
    before = (one_learner / "report" / "marks.csv").read_bytes()

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(SystemExit, match="open in Excel"):
        reporting.report(one_learner)
    assert (one_learner / "report" / "marks.csv").read_bytes() == before
    assert not list((one_learner / "report").glob("*.part"))


def test_where_a_page_cannot_be_made_the_rest_is_there_and_the_command_fails(one_learner, monkeypatch, capsys):
    def fail(*_):
        raise SourceError("a cell fails")

    monkeypatch.setattr(reporting, "show", fail)
    with pytest.raises(SystemExit, match="1"):
        reporting.report(one_learner)
    assert "overview.en could not be made" in capsys.readouterr().out and scores(one_learner)


def test_with_nothing_marked_it_says_what_to_do(tmp_path):
    language.choose("ko")
    with pytest.raises(SystemExit, match="class mark 02-ko"):
        reporting.report(tmp_path)


@pytest.mark.parametrize("name", ["overview", "forecasts"])
def test_the_sources_are_what_jupytext_writes_and_their_prose_is_safe(name):
    path = Path(reporting.__file__).parents[1] / f"{name}.md"
    text = path.read_text(encoding="utf-8")
    assert jupytext.writes(jupytext.reads(text, fmt="md:myst"), fmt="md:myst") == text
    for cell in Lesson(path).cells:
        if cell.cell_type == "markdown":
            assert "**" not in MarkdownIt().render(cell.source) and cell.source.count("$") < 2
