"""A class of forty in three sections as its school keeps it: list, late work, marks by hand, feedback, books, hints."""

import io
import json
import random
import zipfile
from datetime import datetime, timedelta
from itertools import product

import nbformat
import openpyxl
import pytest
from nbformat.v4 import new_code_cell
from nbgrader.apps import NbGraderAPI, ZipCollectApp

from class_helpers import FAMILY, GIVEN, answer_of, mark, opened, table
from deepseek_class import deadlines, giving_back, marks, reporting, roster, school_list, written
from deepseek_class.folder import CONFIG, TOOLS, class_gradebook
from deepseek_class.handed_in import HandedIn
from deepseek_class.source import SOURCES, Lesson
from deepseek_class.workers import load_config
from deepseek_course import language
from deepseek_course.practice import exercises, judging

pytestmark = pytest.mark.filterwarnings("ignore:Object of type")  # nbgrader's own use of SQLAlchemy


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty class folder, in which the tools speak English."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    return tmp_path


def workbook(path, *sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(path)


# The school's list.


def test_a_korean_schools_workbook_becomes_the_roster(here, capsys):
    title = ["2026학년도 1학년 명렬표", None, None, None]
    head = ["학년", "반", "번호", "학번", "이름", "비고"]
    workbook(
        here / "명단.xlsx",
        [title, [], head, [1, 2, 1, 10201, "김 민준", None], [1, 2, 2, 10202, "남궁하은", "전입"]],
        [head, [1, 3, 1, 10301, "Lovelace, Ada", None]],
        [],
    )
    school_list.roster(["명단.xlsx"])
    rows = roster.read_rows(here / "students.csv")
    assert [(row["id"], row["last_name"], row["first_name"], row["section"], row["number"]) for row in rows] == [
        ("10201", "김 민준", "", "2", "1"),
        ("10202", "남궁하은", "", "2", "2"),
        ("10301", "Lovelace", "Ada", "3", "1"),
    ]
    assert "3 learners read (classes: 2, 3)" in capsys.readouterr().out


def test_another_list_adds_to_the_roster_and_keeps_what_it_does_not_have(here):
    (here / "students.csv").write_text("id,last_name,lms_user_id\n1,김,5001\n2,이,\n", "utf-8")
    workbook(here / "more.xlsx", [["학번", "성명", "반"], ["1", "김민준", "2"], ["3", "박서연", "3"]])
    school_list.roster(["more.xlsx"])
    rows = {row["id"]: row for row in roster.read_rows(here / "students.csv")}
    assert list(rows) == ["1", "2", "3"]
    assert (rows["1"]["last_name"], rows["1"]["lms_user_id"], rows["1"]["section"]) == ("김민준", "5001", "2")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("First name,Surname,ID number,Email address\nAda,Lovelace,77,ada@x.org\n", ("77", "Lovelace", "Ada", "")),
        ("이름;성;ID 번호;이메일 주소\n길동;홍;77;h@x.org\n", ("77", "홍", "길동", "")),
        ('Student,ID,SIS User ID,Section\n"Lovelace, Ada",9001,77,1-2\n', ("77", "Lovelace", "Ada", "9001")),
        ("학번\t학생 이름\n077\t홍길동\n", ("077", "홍길동", "", "")),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp949", "utf-16"])
def test_the_lists_of_an_lms(here, text, read, encoding):
    (here / "list.csv").write_bytes(text.encode(encoding))
    (row,) = school_list.read_list(here / "list.csv")
    assert (row["id"], row["last_name"], row["first_name"], row["lms_user_id"]) == read


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["반", "번호", "이름"], [2, 7, "김민준"]], r"Headings found: 반 \| 번호 \| 이름"),
        ([["번호", "아이디", "닉네임"], [1, 2, 3]], "Headings found: 번호"),
        ([["학번", "이름", "성명"], [1, "가", "나"]], r"Two headings mean the same: name"),
        ([["학번", "이름"], [1, "가"], [None, "나"]], "Row 3, 나, has no student id"),
        ([["학번", "이름"], [1, "가"], [1, "나"]], "same student id more than once: 1"),
        ([], "Headings found: –"),
    ],
)
def test_what_is_unclear_is_asked_and_the_roster_stays(here, rows, said):
    (here / "students.csv").write_text("id\n5\n")
    workbook(here / "list.xlsx", rows)
    with pytest.raises(SystemExit, match=said):
        school_list.roster(["list.xlsx"])
    assert (here / "students.csv").read_text() == "id\n5\n"


def test_a_list_that_is_none_is_a_sentence(here):
    (here / "list.xlsx").write_bytes(b"no workbook")
    for name, said in (("list.xlsx", "could not be opened"), ("other.xlsx", "There is no file other.xlsx")):
        with pytest.raises(SystemExit, match=said):
            school_list.roster([name])


# Deadlines.


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("02,tomorrow,1,,", "Line 2 of deadlines.csv cannot be read"),
        ("02,2026-03-09 18:00,-1,,", "cannot be read"),
        ("02,2026-03-09 18:00,some,,", "cannot be read"),
        ("02,2026-03-09 18:00,1,10101,", "has no deadline of 02 for all"),
    ],
)
def test_a_deadline_that_cannot_be_read_is_a_sentence(here, row, said):
    (here / "deadlines.csv").write_text(f"lesson,deadline,late,id,handed_in\n{row}\n")
    with pytest.raises(ValueError, match=said):
        deadlines.read_rules(here / "deadlines.csv")


def test_deadlines_as_excel_saves_them(here):
    (here / "deadlines.csv").write_text(
        "lesson,deadline,late,id,handed_in\n2,2026-03-09 6:05,알림,,\n02,2026-03-10,,7,\n\n", "cp949"
    )
    rules = deadlines.read_rules(here / "deadlines.csv")
    local = [rule.deadline - deadlines.as_time("2026-03-09 00:00") for rule in rules.values()]
    assert local == [timedelta(hours=6, minutes=5), timedelta(days=1, hours=23, minutes=59, seconds=59)]
    assert deadlines.rule_of(rules, "02", "7").late == "알림" and deadlines.rule_of(rules, "03", "7").deadline is None


@pytest.mark.parametrize(
    ("late", "seconds", "off"),
    [("", 9e9, 0), ("note", 9e9, 0), ("0.5", 1, 0.5), ("1", 86_400, 1), ("1", 86_401, 2), ("1", 0, 0)],
)
def test_points_are_taken_off_for_each_day_begun(late, seconds, off):
    assert deadlines.points_off(late, seconds) == off


DUE, LATER = datetime(2026, 3, 9, 9), datetime(2026, 3, 16, 9)


@pytest.mark.parametrize(
    ("own", "handed_in", "file", "said"),
    [
        (None, None, "a_LATE_5001_900_x.ipynb", "after the deadline"),
        (None, None, "a_5001_900_x.ipynb", ""),
        (None, LATER, "a_5001_900_x.ipynb", "after the deadline"),
        (None, DUE, "a_LATE_5001_900_x.ipynb", ""),  # the teacher knows better
        (LATER, None, "a_LATE_5001_900_x.ipynb", "does not tell"),  # late by Canvas's deadline; by the own one?
        (LATER, LATER, "a.ipynb", ""),
        (None, None, "a.ipynb", "does not tell"),
    ],
)
def test_who_is_late_and_of_whom_it_is_not_known(here, own, handed_in, file, said):
    rules = {("02", ""): deadlines.Rule(DUE, "1"), ("02", "a"): deadlines.Rule(own, "", handed_in)}
    lines = deadlines.summary(rules, "02", {"a": HandedIn(file, None, "LATE" in file)}, {})
    assert said in " ".join(lines) and bool(lines) == bool(said)


def test_the_criteria_of_each_written_task_add_up_to_its_points():
    cells = [cell.metadata for path in SOURCES.glob("0*.md") for cell in Lesson(path).cells]
    points = {about["written"]: about["points"] for about in cells if "written" in about}
    rubrics = written.rubrics().items()
    assert {task: sum(each["points"] for each in rubric["criteria"]) for task, rubric in rubrics} == points


# The whole way.

DEADLINE = datetime(2026, 3, 9, 18, 0)
COPY = "뉴데일리의 589억 달러는 다른 보도와 견주면 자리 하나가 모자란 듯합니다. 확인을 부탁드립니다. 고맙습니다."
MY_CELL = "total = 0\nfor price in [1443, 5576, 589]:\n    total += price * 2\nprint(total / 3)"
PEOPLE = [
    {"id": f"10{number // 14 + 1}{number % 14 + 1:02}", "name": family + given, "section": number // 14 + 1}
    for number, (family, given) in enumerate(list(product(FAMILY, GIVEN))[:40])
]
LATE = {"10102": 1, "10203": 0.5, "10311": 0.5}  # points off
WORDS = "기사 숫자 단위 비교 환율 보도 확인 부탁 이상 자리 금액 괄호 원화 달러 편집자 정중 근거 출처"


def submitted(text):
    cells = [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": text}]
    about = {"deepseek_course": {"lesson": "02", "language": "ko", "version": ""}}
    return json.dumps({"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}).encode()


def zipped(path, files):
    """Writes a zip. files: when each came in, by name."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, when in files.items():
            archive.writestr(zipfile.ZipInfo(name, when.timetuple()[:6]), submitted(name))


def downloads(archive):
    """Section 1 by Moodle and section 2 by Canvas, both stamped at the download; section 3 with its own times."""
    archive.mkdir(parents=True)
    later = DEADLINE + timedelta(days=9)
    first, second, third = ([one for one in PEOPLE if one["section"] == section] for section in (1, 2, 3))
    zipped(archive / "1.zip", {f"{p['name']}_{n}_assignsubmission_file_/02.ipynb": later for n, p in enumerate(first)})
    late = ["_LATE" if n == 2 else "" for n in range(len(second))]
    zipped(
        archive / "2.zip",
        {f"{p['name']}{late[n]}_{7000 + n}_{900 + n}_02-numbers-1.ipynb": later for n, p in enumerate(second)},
    )
    zipped(
        archive / "3.zip",
        {f"{p['id']}_{p['name']}_02.ipynb": DEADLINE + timedelta(hours=13 * n - 125) for n, p in enumerate(third)},
    )


def work_of(person, chance):
    """A learner's answers to lesson 02; one pair shares more odd ones than chance gives."""
    answers = {e.id: answer_of(e, 0.7, chance) for e in judging.load().values() if e.lesson == "02"}
    answers["02-fall"] = chance.randint(30, 90)  # wrong in many ways, and now and then in the same
    if person["id"] in ("10103", "10209"):
        answers |= {"02-rate": 1371.25, "02-traded": 61.5}
    return answers


def add_to_notebook(folder, person, chance):
    """What a learner wrote, and for some a cell of their own."""
    (path,) = folder.glob(f"autograded/{person['id']}/02-ko/*.ipynb")
    notebook = nbformat.v4.reads(path.read_text("utf-8"))
    task = next(cell for cell in notebook.cells if cell.id == "02-correction-written")
    task.source = " ".join(chance.choices(WORDS.split(), k=25))
    if person["id"] in ("10105", "10302"):
        task.source = COPY.replace("고맙습니다", "감사합니다" if person["id"] == "10302" else "고맙습니다")
        notebook.cells.append(new_code_cell(MY_CELL, id="own-90"))
    if person["section"] == 3:  # what a whole section has, it has from the board
        board = "print('칠판에서 함께 만들어 본 칸입니다. 모두 같습니다.', 1443 / 10)"
        notebook.cells.append(new_code_cell(board, id="own-91"))
    path.write_text(nbformat.v4.writes(notebook), "utf-8")


def call(function, *arguments):
    """How a command ends."""
    try:
        function(list(arguments))
    except SystemExit as end:
        return str(end.code)
    return ""


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """The class listed, collected and marked; nothing is run, and what the tools said on the way is kept."""
    folder = tmp_path_factory.mktemp("school") / "class"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch, io.StringIO() as said:
        patch.chdir(folder)
        patch.setenv("COURSE_LANGUAGE", "ko")
        patch.setattr("sys.stdout", said)
        known = exercises.known_values()
        patch.setattr(exercises, "known_values", known.copy)  # once, not for each of thousands of answers
        patch.setattr(reporting, "LANGUAGES", ("ko",))
        (folder / "nbgrader_config.py").write_text(CONFIG.format(tools=str(TOOLS)))
        (folder / "release" / "02-ko").mkdir(parents=True)
        (folder / "release" / "02-ko" / "02-numbers.ipynb").write_bytes(submitted(""))
        rows = [[person["section"], n + 1, person["id"], person["name"]] for n, person in enumerate(PEOPLE)]
        workbook(folder / "명렬표.xlsx", [["1학년"], ["반", "번호", "학번", "이름"], *rows])
        school_list.roster(["명렬표.xlsx"])
        (folder / "deadlines.csv").write_text(
            "lesson,deadline,late,id,handed_in\n02,2026-03-09 18:00,0.5,,\n02,2026-03-31 18:00,,10312,\n"
            "02,,,10102,2026-03-11 09:00\n"
        )
        downloads(folder / "downloaded" / "02-ko" / "archive")
        ZipCollectApp.clear_instance()
        app = ZipCollectApp.instance()
        app.initialize(["02-ko"])
        app.start()
        ZipCollectApp.clear_instance()
        chance = random.Random(3)
        with opened(folder) as gradebook:
            language.choose("ko")
            for person in PEOPLE:
                gradebook.update_or_create_student(person["id"])
                mark(folder, gradebook, person["id"], "02-ko", work_of(person, chance))
                add_to_notebook(folder, person, chance)
        reporting.report(folder)
        yield folder, said.getvalue()


def test_everybody_is_collected_whoever_was_late_is_named_and_of_whom_it_is_not_known(school):
    _, said = school
    assert "새로 걷은 노트북 40개" in said and "누구의 것인지 몰라 걷지 않은 노트북 0개" in said
    line = next(line for line in said.splitlines() if "마감 뒤에 낸 학생" in line)
    assert {person["id"] for person in PEOPLE if person["id"] in line} == set(LATE)
    assert "13" in next(line for line in said.splitlines() if "언제 냈는지" in line)


def test_late_work_costs_what_the_table_says_and_marks_say_it(school):
    folder, _ = school
    rows = {row["SIS User ID"]: row for row in table(folder / "report" / "marks.csv")}
    late = {student: row["late (beside Final Points)"] for student, row in rows.items()}
    assert {student: line for student, line in late.items() if line} == {
        "10102": "02: 마감보다 2일 늦게 내어 1점을 뺐습니다.",
        "10203": "02: 마감보다 1일 늦게 내어 0.5점을 뺐습니다.",  # Canvas says LATE, and no more
        "10311": "02: 마감보다 1일 늦게 내어 0.5점을 뺐습니다.",
    }
    own = dict.fromkeys(rows, 0.0)
    for row in table(folder / "report" / "answers.csv"):
        own[row["student"]] += float(row["score"])
    off = {student: own[student] - float(row["02 (of 15)"]) for student, row in rows.items()}
    assert {student: points for student, points in off.items() if points} == LATE
    assert {row["Section"] for row in rows.values()} == {"1", "2", "3"}


def test_a_changed_deadline_counts_without_marking_again(school, monkeypatch):
    folder, _ = school
    monkeypatch.chdir(folder)
    before = (folder / "deadlines.csv").read_text()
    (folder / "deadlines.csv").write_text("lesson,deadline,late,id,handed_in\n02,2026-03-01 18:00,note,,\n")
    with class_gradebook() as gradebook:
        last = gradebook.find_submission("02-ko", "10312")
        assert last.total_seconds_late > 86_400 and not last.late_submission_penalty
    (folder / "deadlines.csv").write_text(before)
    with class_gradebook() as gradebook:
        assert not gradebook.find_submission("02-ko", "10312").total_seconds_late
        assert gradebook.find_submission("02-ko", "10102").late_submission_penalty == 1


def test_two_pairs_that_have_much_in_common_are_listed_and_nobody_else(school):
    folder, _ = school
    rows = table(folder / "report" / "alike.csv")
    pairs = {(row["학생"][-6:-1], row["다른 학생"][-6:-1]): row["닮은 점"] for row in rows}
    assert pairs.keys() == {("10103", "10209"), ("10105", "10302")}
    assert "1371.25" in pairs["10103", "10209"] and "61.5" in pairs["10103", "10209"]
    assert "02-correction: 글의 9" in pairs["10105", "10302"] and "스스로 만든 같은 칸" in pairs["10105", "10302"]


def test_written_answers_are_marked_in_a_workbook_and_taken_back(school, monkeypatch, capsys):
    folder, _ = school
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COURSE_LANGUAGE", "ko")
    assert not call(written.written, "02")
    path = folder / "written" / "02.xlsx"
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["02-correction", "덧붙일 말"]
    sheet = book["02-correction"]
    assert sheet.max_row == 41
    head = [cell.value for cell in sheet[1]]
    assert head[4:7] == ["이상한 점과 비교한 것 (0–1)", "말투 (0–1)", "덧붙이는 말"]
    lists = [rule.formula1 for rule in sheet.data_validations.dataValidation]
    assert lists == ['"0,0.5,1"', '"0,0.5,1"', "'덧붙일 말'!$A$2:$A$200"]
    for row in range(2, 40):
        for column, value in ((5, 1), (6, 0.5), (7, "무엇과 견주었는지도 적어 보세요.")):
            sheet.cell(row, column, value)
    sheet.cell(39, 6, 3)
    book.save(path)
    assert not call(written.written, "02")  # again, with what is filled in
    assert call(written.written, "02", "--take") == "1"
    said = capsys.readouterr().out
    assert "성적부에 옮긴 글 37개 · 아직 채점하지 않은 글 2개 · 옮기지 않은 줄 1개" in said
    student = PEOPLE[0]["id"]
    with class_gradebook() as gradebook:
        grade = gradebook.find_grade("02-correction", "02-numbers", "02-ko", student)
        assert grade.score == 1.5 and not grade.needs_manual_grade
        comment = gradebook.find_comment("02-correction", "02-numbers", "02-ko", student).comment
        assert comment == "이상한 점과 비교한 것 1/1 · 말투 0.5/1\n\n무엇과 견주었는지도 적어 보세요."


def test_points_for_a_text_that_was_handed_in_anew_are_not_taken(school, monkeypatch, capsys):
    folder, _ = school
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COURSE_LANGUAGE", "ko")
    call(written.written, "02")
    path = folder / "written" / "02.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book["02-correction"]
    student = sheet.cell(41, 1).value
    for column, value in ((4, "전에 낸 글"), (5, 1), (6, 1)):
        sheet.cell(41, column, value)
    book.save(path)
    assert call(written.written, "02", "--take") == "1"
    assert f"02-correction, {student}(02-ko): 그 뒤에 글을 다시 냈거나" in capsys.readouterr().out
    with class_gradebook() as gradebook:
        assert gradebook.find_grade("02-correction", "02-numbers", "02-ko", student).needs_manual_grade
    call(written.written, "02")  # which has no place for these points any more
    (old,) = path.parent.glob("02-*.xlsx")
    assert openpyxl.load_workbook(old)["02-correction"].cell(41, 4).value == "전에 낸 글"
    assert old.name in capsys.readouterr().out


def test_marks_for_the_schools_books(school, monkeypatch):
    folder, _ = school
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COURSE_LANGUAGE", "ko")
    assert not call(marks.marks, "02", "--of", "10")
    rows = table(folder / "report" / "school.csv")
    assert [(row["반"], row["번호"]) for row in rows] == [(str(p["section"]), str(n + 1)) for n, p in enumerate(PEOPLE)]
    with class_gradebook() as gradebook:
        submission = gradebook.find_submission("02-ko", "10102")
        share = (submission.score - submission.late_submission_penalty) / submission.max_score
    assert float(rows[1]["02 (10점 만점)"]) == pytest.approx(10 * share, abs=0.006)
    assert not call(marks.marks, "02", "--core")
    core = [e for e in judging.load().values() if e.lesson == "02" and e.level == "core"]
    assert f"02 ({len(core)}점 만점)" in table(folder / "report" / "school.csv")[0]


def test_feedback_goes_back_under_the_names_that_the_lms_gave(school, monkeypatch):
    folder, _ = school
    monkeypatch.chdir(folder)
    for person in PEOPLE:
        page = folder / "feedback" / person["id"] / "02-ko" / "02-numbers.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(person["id"])
    made = {path.name: count for path, count in giving_back.zip_pages("02-ko")}
    assert made == {"02-ko-moodle.zip": 14, "02-ko-canvas.zip": 14, "02-ko.zip": 12}
    for kind, name, student in (
        ("-moodle", f"{PEOPLE[3]['name']}_3_assignsubmission_file_/02-numbers.html", PEOPLE[3]["id"]),
        ("-canvas", f"{PEOPLE[16]['name']}_LATE_7002_902_02-numbers-1.html", PEOPLE[16]["id"]),
        ("", f"{PEOPLE[30]['id']}_{PEOPLE[30]['name']}_02-numbers.html", PEOPLE[30]["id"]),
    ):
        with zipfile.ZipFile(folder / "feedback" / f"02-ko{kind}.zip") as archive:
            assert archive.read(name).decode() == student


def test_the_page_says_whose_it_is_and_that_it_was_late(school, monkeypatch):
    folder, _ = school
    monkeypatch.chdir(folder)
    done = NbGraderAPI(config=load_config()).generate_feedback("02-ko", "10203")
    assert done["success"], done
    page = (folder / "feedback" / "10203" / "02-ko" / "02-numbers.html").read_text("utf-8")
    name = next(person["name"] for person in PEOPLE if person["id"] == "10203")
    assert f"10203 {name}" in page and "마감보다 1일 늦게 내어 0.5점을 뺐습니다." in page
