"""A class of forty in three sections as its school keeps it: list, late work, marks by hand, feedback, books, hints."""

import openpyxl
import pytest

from deepseek_class import roster, school_list


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
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp949"])
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
