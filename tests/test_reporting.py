"""Marks that Canvas, Moodle and Excel read, answers judged from marked notebooks, and the class's notebooks."""

import csv
import json
import os
import random
import re
import sys
import tempfile
from functools import cache
from pathlib import Path
from statistics import mean

import build
import jupytext
import nbformat
import pandas as pd
import pytest
import reporting
from deepseek_course.answers import MIME
from deepseek_course.arithmetic import evaluate
from markdown_it import MarkdownIt
from nbgrader.api import Gradebook

import deepseek_course as course
from deepseek_course import judging, language

# nbgrader calls alembic by its bare name when it makes a gradebook.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
pytestmark = pytest.mark.filterwarnings("ignore:Object of type")  # nbgrader's own use of SQLAlchemy
FAMILY = ["김", "이", "박", "최", "정", "강", "조", "윤", "장", "임"]
GIVEN = ["민준", "서연", "도윤", "하은", "지호", "수아", "예준", "지유", "시우", "채원"]
ENGLISH = [("Lovelace", "Ada"), ("Hopper", "Grace"), ("Turing", "Alan"), ("Noether", "Emmy"), ("Euler", "Leonhard")]
TASKS = 2  # marked by hand in lessons 02 and 04; make_class gives a point for each
FAR = re.compile(  # what a browser fetches from elsewhere when it opens a page; a link that is clicked is none of it
    r"""<(?:script|link|img|iframe|source|video|audio|object|embed)[^>]*(?:src|href|data)\s*=\s*["']?(?:https?:)?//"""
    r"""|@import|url\(\s*["']?(?:https?:)?//|\bimport\b[^;<]{0,80}["'](?:https?:)?//""",
    re.IGNORECASE,
)
STRETCH = ("04-diffusion", "04-price")


def answer_of(exercise, skill, chance):
    """A learner's answer as a notebook has it: right, one of the known mistakes, open, or None."""
    letters = judging.LETTERS[language.current()]
    kind, luck = exercise["kind"], chance.random()
    if luck < 0.08:
        return None if luck < 0.02 else ...
    if kind == "forecast":
        happened = course.table("outcomes")["outcome"][exercise["question"]]
        percent = chance.choice([3, 10, 25, 50, 75, 90, 97])
        if chance.random() < skill / 2:
            percent = 75 if happened else 25
        return [percent, letters[chance.choice([0, 1, 2, 2, 2, 2])]]
    if kind == "percents":
        if exercise.get("total"):
            first, second = chance.randint(20, 60), chance.randint(10, 30)
            return [first, second, 100 - first - second]
        return [chance.randint(1, 99) for _ in range(exercise["count"])]
    if kind == "ranges":
        return [[low, high] for low, high in exercise["limits"]]
    names, right = judging.names_of(exercise), chance.random() < skill
    mistakes = exercise["mistakes"]
    if kind == "number":
        values = [m["value"] for m in mistakes if "value" in m]
        return names["answer"] if right else evaluate(chance.choice(values), names)
    if kind == "choice":
        return letters[(exercise["answer"] if right else chance.choice(mistakes)["value"]) - 1]
    picks = list(exercise["answer"] if kind == "choices" else exercise["answer"][0])
    if not right:
        picks = [*picks[:-1], picks[-1] % exercise["options"] + 1]
    return ", ".join(map(str, picks))


def mark(folder, gradebook, student, assignment, answers, *, written=None, notes=(), version=None):
    """Write an autograded notebook and its grades, as marking does; the points that the checks gave."""
    lesson, code = assignment.split("-")
    language.choose(code)
    source = next((build.ROOT / "notebooks" / code).glob(f"{lesson}-*.ipynb"))
    notebook = json.loads(source.read_text(encoding="utf-8"))
    scores = {}
    for cell in notebook["cells"]:
        grading = cell["metadata"].get("nbgrader", {})
        name = grading.get("grade_id")
        if name in judging.load():
            data = course.plain(answers[name]) if name in answers else None
            scores[name] = judging.judge(name, data).score * grading["points"] if data else 0
            shown = {"text/plain": f"{scores[name]:g}", "text/html": ""} | ({MIME: data} if data else {})
            output = {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": shown}
            cell["outputs"] = [output]
    about = notebook["metadata"]["deepseek_course"]
    about |= ({"version": version} if version else {}) | ({"notes": list(notes)} if notes else {})
    path = folder / "autograded" / student / assignment / source.name
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    hand_out(gradebook, assignment, source.stem, notebook)
    gradebook.add_submission(assignment, student)
    for grade in gradebook.find_submission_notebook(source.stem, assignment, student).grades:
        if grade.name in scores:
            grade.auto_score, grade.needs_manual_grade = scores[grade.name], False
        else:
            grade.manual_score, grade.needs_manual_grade = written, written is None
    gradebook.db.commit()
    return sum(scores.values())


def hand_out(gradebook, assignment, name, notebook):
    if assignment in [known.name for known in gradebook.assignments]:
        return
    gradebook.add_assignment(assignment)
    gradebook.add_notebook(name, assignment)
    for cell in notebook["cells"]:
        grading = cell["metadata"].get("nbgrader", {})
        if grading.get("solution"):
            gradebook.add_solution_cell(grading["grade_id"], name, assignment)
        if grading.get("grade"):
            points, kind = grading["points"], cell["cell_type"]
            gradebook.add_grade_cell(grading["grade_id"], name, assignment, max_score=points, cell_type=kind)


@cache
def empty_gradebook():
    """The bytes of an empty gradebook: to make one takes nbgrader seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "gradebook.db")
        with Gradebook(f"sqlite:///{path}", course_id=""):
            return path.read_bytes()


def opened(folder):
    path = folder / "gradebook.db"
    if not path.exists():
        path.write_bytes(empty_gradebook())
    return Gradebook(f"sqlite:///{path}", course_id="")


def make_class(folder, learners=30, lessons=("02", "04"), seed=1):
    """A class of invented learners, in both languages, some of whom handed in nothing."""
    chance = random.Random(seed)
    names = [(family, given) for family in FAMILY for given in GIVEN]
    chance.shuffle(names)
    names = [*ENGLISH, *names][:learners]
    with opened(folder) as gradebook, open(folder / "students.csv", "w", encoding="utf-8-sig", newline="") as file:
        roster = csv.writer(file)
        roster.writerow(["id", "last_name", "first_name", "email", "lms_user_id"])
        for number, (family, given) in enumerate(names, start=1):
            student = f"s{number:03}"
            roster.writerow([student, family, given, f"{student}@school.example", 9000 + number])
            gradebook.add_student(student)
            skill = chance.uniform(0.35, 0.95)
            for lesson in lessons:
                if number % 11 == 0:
                    continue
                code = "en" if number <= len(ENGLISH) else "ko"
                language.choose(code)
                found = [e for e in judging.load().values() if e["lesson"] == lesson]
                hard = {e["id"]: random.Random(e["id"]).uniform(0.4, 1.3) for e in found}
                answers = {e["id"]: answer_of(e, skill * hard[e["id"]], chance) for e in found}
                if number % 13 == 0:
                    answers = {name: ... for name in answers}
                mark(
                    folder,
                    gradebook,
                    student,
                    f"{lesson}-{code}",
                    answers,
                    written=1 if number % 3 else None,
                    notes=["확인 칸 하나가 지워져 있어 되돌렸습니다."] if number == 8 else [],
                    version="0.0.9" if number in (3, 9) else None,
                )
    language.choose("ko")


def table(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def marks_of(folder):
    return {row["SIS User ID"]: row for row in table(folder / "report" / "marks.csv")}


def export(folder):
    """Only the marks, as `nbgrader export --exporter=reporting.MarksExporter` writes them."""
    (folder / "report").mkdir(exist_ok=True)
    with opened(folder) as gradebook:
        reporting.read_roster(folder / "students.csv", gradebook)
        reporting.MarksExporter(to=str(folder / "report" / "marks.csv")).export(gradebook)
    return marks_of(folder)


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """A class of thirty, reported in Korean."""
    folder = tmp_path_factory.mktemp("class")
    known = judging.known_values()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "known_values", known.copy)  # once, not for each of thousands of answers
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
    assert nothing == ["", "", "", "0"]


def test_korean_names_are_written_as_koreans_write_them(reported):
    assert re.fullmatch("[가-힣]{3}", marks_of(reported)["s006"]["Student"])


def test_marks_are_the_points_of_the_checks_and_of_marked_tasks(reported):
    answers = table(reported / "report" / "answers.csv")
    for learner, row in marks_of(reported).items():
        checks = sum(float(a["score"]) for a in answers if a["student"] == learner)
        total = next(float(value or 0) for header, value in row.items() if header.startswith("Final Points"))
        waits = int(learner[1:]) % 3 == 0
        assert total - checks == (0 if waits or not row["02 (of 20)"] else TASKS)


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
    assert float(row["02 (of 20)"]) == float(row["Final Points (of 20)"]) == two


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
        language.choose(row["language"])
        feedback = judging.judge(row["exercise"], json.loads(row["answer"]))
        assert row["message"] == feedback.message and float(row["score"]) == feedback.score * float(row["points"])
    language.choose("ko")
    stale = {row["student"] for row in rows if row["stale"] == "1"}
    assert stale == {"s003", "s009"} and {row["student"] for row in rows if row["notes"]} == {"s008"}


def test_the_overview_counts_right_answers_and_known_mistakes(reported):
    rows = pd.DataFrame(table(reported / "report" / "answers.csv")).query("lesson == '02'")
    seen = shown(reported / "report" / "overview.ko.ipynb")
    right = rows[rows["result"] == "right"].groupby("exercise").size()
    assert f"28명 가운데 {right.min()}명이 맞혔습니다" in seen
    wrong = rows[(rows["result"] == "wrong") & (rows["language"] == "ko")]
    exercise, message = wrong.groupby(["exercise", "message"]).size().idxmax()
    both = rows[(rows["exercise"] == exercise) & (rows["result"] == "wrong")]
    language.choose("ko")
    count = sum(judging.judge(exercise, json.loads(data)).message == message for data in both["answer"])
    line = seen[seen.index(message.split("\n")[-1][:30]) :].partition("</tr>")[0]
    assert f">{count}<" in line
    assert "0.0.9" in seen and "되돌렸습니다" in seen


def test_forecasts_are_scored_as_by_hand_and_without_names(reported):
    course.use("ko")
    rows = [row for row in table(reported / "report" / "answers.csv") if row["lesson"] == "04"]
    outcomes, own, said = course.table("outcomes")["outcome"], {}, {}
    for row in rows:
        exercise = judging.get(row["exercise"])
        if exercise["kind"] == "forecast" and row["result"] == "right" and row["exercise"] not in STRETCH:
            percent, knew = [part["value"] for part in json.loads(row["answer"])["value"]]
            if knew not in ("가", "A"):
                penalty = (percent / 100 - outcomes[exercise["question"]]) ** 2
                own.setdefault(row["student"], {})[exercise["question"]] = penalty
                said.setdefault(exercise["question"], []).append(percent)
    average = {q: (mean(percents) / 100 - outcomes[q]) ** 2 for q, percents in said.items()}
    better = sum(mean(p.values()) < mean(average[q] for q in p) for p in own.values())
    seen = shown(reported / "report" / "forecasts.ko.ipynb")
    assert f"{len(own)}명 가운데 {better}명입니다" in seen
    assert f"{mean(average.values()):.3f}" in seen and "0.25" in seen and len(average) == 16
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
    assert [line for line in said if "could not be read" in line and "04-ko, two" in line] and len(said) == 5
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
    monkeypatch.setitem(judging.load()["02-rate"], "answer", "12345")
    reporting.report(one_learner)
    assert scores(one_learner) == before | {"02-rate": ("wrong", "1")} and marks_of(one_learner) == marks
    assert "differ in 1 rows" in (said := capsys.readouterr().out) and "class mark 02-ko --again" in said


def test_a_score_that_the_teacher_changed_is_in_both_tables(one_learner):
    with Gradebook(
        reporting.URL.create("sqlite", database=str(one_learner / "gradebook.db")), course_id=""
    ) as gradebook:
        gradebook.find_grade("02-fall", "02-numbers", "02-ko", "one").manual_score = 0.5
        gradebook.db.commit()
    reporting.report(one_learner)
    assert scores(one_learner)["02-fall"][1] == "0.5" and marks_of(one_learner)["one"]["02 (of 20)"] == "2.5"


def test_a_typing_error_in_a_key_is_told_as_such_and_loses_nothing(one_learner, monkeypatch):
    reporting.report(one_learner)
    before = (one_learner / "report" / "answers.csv").read_bytes()
    monkeypatch.setitem(judging.load()["02-rate"], "answer", "no_such_fact * 2")
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
        raise build.SourceError("a cell fails")

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
    path = Path(reporting.__file__).with_name(f"{name}.md")
    text = path.read_text(encoding="utf-8")
    assert jupytext.writes(jupytext.reads(text, fmt="md:myst"), fmt="md:myst") == text
    for cell in build.Lesson(path).cells:
        if cell.cell_type == "markdown":
            assert "**" not in MarkdownIt().render(cell.source) and cell.source.count("$") < 2
