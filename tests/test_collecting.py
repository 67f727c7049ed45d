"""Collecting: every notebook of a class's download goes to its student, and what is not certain goes to nobody."""

import io
import json
import os
import time
import unicodedata
import zipfile

import pytest
from nbgrader.apps import ZipCollectApp

from deepseek_class import roster, unpacking
from deepseek_class.folder import CONFIG, TOOLS

ROSTER = """id,last_name,first_name,email,lms_user_id
20260101,홍,길동,hong@example.org,5001
20260102,김,민수,min1@example.org,
20260103,김,민수,min2@example.org,
20260104,Lee,Ann,ann@example.org,5004
7,박,하나,,
20260108,박,하나래,,
"""


def notebook(text="", lesson="02", language="ko"):
    cells = [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": text}]
    meta = {"deepseek_course": {"lesson": lesson, "language": language, "version": ""}} if lesson else {}
    return json.dumps({"cells": cells, "metadata": meta, "nbformat": 4, "nbformat_minor": 5}).encode()


def zipped(files, when=(2026, 3, 2, 9, 0, 0)):
    """A zip as bytes. files: name: content, or (content, date)."""
    store = io.BytesIO()
    with zipfile.ZipFile(store, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            content, date = content if isinstance(content, tuple) else (content, when)
            archive.writestr(zipfile.ZipInfo(name, date), content, zipfile.ZIP_DEFLATED)
    return store.getvalue()


class Class:
    def __init__(self, folder, capsys):
        self.folder, self.capsys = folder, capsys
        release = folder / "release" / "02-ko"
        release.mkdir(parents=True)
        (release / "02-numbers.ipynb").write_bytes(notebook())
        self.archive = folder / "downloaded" / "02-ko" / "archive"
        self.archive.mkdir(parents=True)
        (folder / "nbgrader_config.py").write_text(CONFIG.format(tools=str(TOOLS)))

    def put(self, files):
        for name, content in files.items():
            path = self.archive / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def roster(self, text=ROSTER, encoding="utf-8"):
        (self.folder / "students.csv").write_bytes(text.encode(encoding))

    def collect(self):
        """Runs nbgrader zip_collect; returns the text of each collected notebook by student, and what was said.

        `lines` are those on files, `end` is the summary below them.
        """
        ZipCollectApp.clear_instance()
        app = ZipCollectApp.instance()
        app.initialize(["02-ko"])
        self.capsys.readouterr()
        app.start()
        said = self.capsys.readouterr()
        assert "WARNING" not in said.err and "INFO" not in said.err  # nbgrader's own
        lines = said.out.splitlines()
        end = next((n for n, line in enumerate(lines) if line.startswith("Collected now")), len(lines))
        self.lines, self.end = lines[:end], lines[end:]
        found = {}
        for path in sorted((self.folder / "submitted").glob("*/02-ko/*.ipynb")):
            assert path.name == "02-numbers.ipynb"
            try:
                found[path.parts[-3]] = json.loads(path.read_bytes())["cells"][0]["source"]
            except ValueError:
                found[path.parts[-3]] = path.read_bytes()
        return found

    def line(self, *parts):
        """The only line that has these parts."""
        (line,) = [line for line in self.lines if all(part in line for part in parts)]
        return line


@pytest.fixture
def course(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "class"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "no-config"))
    yield Class(folder, capsys)
    ZipCollectApp.clear_instance()


# A class of thirteen as each way of handing in brings it, and how many of them can be told; two are namesakes.
CLASS = [(f"202601{n:02}", name) for n, name in enumerate("가나다라마바사아자차카", 1)] + [
    ("20260112", "김민수"),
    ("20260113", "김민수"),
]
DOWNLOADS = {
    "Moodle, folders": (lambda n, id, name: f"{name}_{300 + n}_assignsubmission_file_/02-numbers.ipynb", 11),
    "Moodle, flat": (lambda n, id, name: f"{name}_{300 + n}_assignsubmission_file_02-numbers.ipynb", 11),
    "Canvas": (lambda n, id, name: f"{name}_{'LATE_' * (n == 2)}{5000 + n}_{9000 + n}_02-numbers-1.ipynb", 13),
    "Blackboard": (lambda n, id, name: f"02_{id}_attempt_2026-03-0{n % 9 + 1}-10-00-00_02-numbers.ipynb", 13),
    "name(id)": (lambda n, id, name: f"{name}({id})/02-numbers.ipynb", 13),
    "id_name": (lambda n, id, name: f"{id}_{name}_02.ipynb", 13),
    "Drive, name after": (lambda n, id, name: f"02-numbers - {name}{n if name == '김민수' else ''}.ipynb", 11),
    "Drive, as it comes": (lambda n, id, name: f"02-numbers{f' ({n})' * (n > 0)}.ipynb", 0),
    "Classroom, copies": (lambda n, id, name: f"Copy of 02-numbers{f' ({n})' * (n > 0)}.ipynb", 0),
    "사본": (lambda n, id, name: f"02-numbers의 사본{f' ({n})' * (n > 0)}.ipynb", 0),
    "numbers alone": (lambda n, id, name: f"{n + 1}.ipynb", 0),
}


@pytest.mark.parametrize("layout", DOWNLOADS)
def test_how_many_of_a_class_each_layout_brings(course, layout):
    name_of, count = DOWNLOADS[layout]
    roster = "\n".join(f"{id},{name},{5000 + n}" for n, (id, name) in enumerate(CLASS))
    course.roster(f"id,last_name,lms_user_id\n{roster}\n")
    files = {name_of(n, id, name): notebook(id) for n, (id, name) in enumerate(CLASS)}
    assert len(files) == 13
    receipts = {name.replace("_02-numbers.ipynb", ".txt"): b"Name: x" for name in files if "_attempt_" in name}
    course.put({"02-20261128.zip": zipped(files | receipts)})
    found = course.collect()
    assert len(found) == count and all(student == text for student, text in found.items())
    assert f"nobody knows whose: {13 - count}" in course.end[0]
    assert len(course.lines) == (0 if count == 13 else 1 if count == 0 else 2)


def test_a_folder_in_which_the_class_lies_is_nobodys_name(course):
    course.roster()
    inside = {"20260101_홍길동_02.ipynb": notebook("hong"), "02-numbers (1).ipynb": notebook("who")}
    course.put({"drive.zip": zipped({f"02 제출함/{name}": content for name, content in inside.items()})})
    assert course.collect() == {"20260101": "hong"}
    assert course.line("02-numbers (1).ipynb") and "nobody knows whose: 1" in course.end[0]


LAYOUTS = {
    "moodle": ["{0}_311_assignsubmission_file_/02-numbers.ipynb", "{1}_312_assignsubmission_file/숙제.ipynb"],
    "moodle flat": ["{0}_311_assignsubmission_file_02-numbers.ipynb", "{1}_312_assignsubmission_file_숙제.ipynb"],
    "folders by name": ["{0}/02-numbers (1).ipynb", "{1}/sub/02-numbers 복사본.ipynb"],
    "names in files": ["20260101_{0}_02-numbers.ipynb", "02-numbers_{1}.ipynb"],
    "folders by id": ["20260101/02-numbers.ipynb", "20260104 {1}/숙제.ipynb"],
    "folders by email": ["hong@example.org/02-numbers.ipynb", "ann@example.org/02-numbers.ipynb"],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("names", [("홍길동", "Ann Lee"), ("길동 홍", "lee_ann"), ("홍 길동", "LEE ANN")])
def test_each_layout_with_a_roster(course, layout, names):
    first, second = (name.format(*names) for name in LAYOUTS[layout])
    course.roster()
    course.put({"제출.zip": zipped({f"all/{first}": notebook("hong"), f"all/{second}": notebook("ann")})})
    assert course.collect() == {"20260101": "hong", "20260104": "ann"} and not course.lines


def test_canvas_goes_by_its_own_number(course):
    course.roster()
    course.put(
        {
            "submissions.zip": zipped(
                {
                    "누군가_LATE_5001_900_02-numbers-1.ipynb": notebook("hong"),
                    "leeann_5004_901_02-numbers-2.ipynb": notebook("ann"),
                    "leeann_5999_902_02-numbers.ipynb": notebook("another Ann Lee, not in the roster"),
                    "newcomer_6000_903_20260101_홍길동_02-numbers.ipynb": notebook("not Hong"),
                }
            )
        }
    )
    found = course.collect()
    assert found.pop("leeann_5999").startswith("another") and found.pop("newcomer_6000") == "not Hong"
    assert found == {"20260101": "hong", "20260104": "ann"}
    assert course.line("5999").endswith("collected under: leeann_5999")


def test_without_a_roster_the_folder_or_the_lms_says_what_a_student_is_called(course):
    course.put(
        {
            "a.zip": zipped({"honggildong_5001_900_02-numbers.ipynb": notebook("canvas")}),
            "b.zip": zipped({"Ann Lee_311_assignsubmission_file_/x.ipynb": notebook("moodle")}),
            "c.zip": zipped(
                {"c/이순신/02-numbers.ipynb": notebook("folder"), "c/세종/b.zip": zipped({"x.ipynb": b""})}
            ),
            "d.zip": zipped({f"{name}_02-numbers.ipynb": notebook("file") for name in ("20260101_홍길동", "20260102")}),
            "정약용.zip": zipped({"02-numbers.ipynb": notebook("own zip")}),
        }
    )
    assert course.collect() == {
        "honggildong_5001": "canvas",
        "Ann Lee": "moodle",
        "이순신": "folder",
        "세종": b"",
        "20260101_홍길동": "file",
        "20260102": "file",
        "정약용": "own zip",
    }


def test_without_a_roster_nobody_is_taken_for_somebody_else(course):
    course.put(
        {
            "loose.zip": zipped({"숙제_홍길동.ipynb": notebook("1"), "숙제_김민수.ipynb": notebook("2")}),
            "a.zip": zipped({"이순신/02-numbers.ipynb": notebook("3")}),
            "b.zip": zipped({"이순신/02-numbers.ipynb": notebook("4")}),
            "c.zip": zipped({f"Kim_{n}_assignsubmission_file_/02-numbers.ipynb": notebook("5") for n in (1, 2)}),
            "stray.ipynb": notebook("7"),
        }
    )
    assert course.collect() == {} and len(course.lines) == 7
    assert "nobody knows whose: 7" in course.end[0]
    assert all("not certain whose" in line for line in course.lines)


def test_namesakes_lose_nothing(course):
    course.roster()
    course.put(
        {
            "m.zip": zipped(
                {
                    "김민수_1_assignsubmission_file_/02-numbers.ipynb": notebook("one of the two"),
                    "20260103_김민수_2_assignsubmission_file_/02-numbers.ipynb": notebook("the second"),
                    "홍길동_3_assignsubmission_file_/02-numbers.ipynb": notebook("in the roster or not"),
                    "홍길동_4_assignsubmission_file_/02-numbers.ipynb": notebook("in the roster or not"),
                    "박하나_5_assignsubmission_file_/02-numbers.ipynb": notebook("short"),
                    "박하나래_6_assignsubmission_file_/02-numbers.ipynb": notebook("long"),
                    "Lee Ann_7_assignsubmission_file_/20260101_02-numbers.ipynb": notebook("with another's id"),
                }
            )
        }
    )
    assert course.collect() == {
        "20260103": "the second",
        "7": "short",
        "20260108": "long",
        "20260104": "with another's id",
    }
    for number in (1, 3, 4):
        assert "with the id from students.csv" in course.line(f"_{number}_assign")
    assert len(list(course.folder.glob("downloaded/02-ko/extracted/**/*.ipynb"))) == 7
    # What the line says helps.
    copied = "20260102_김민수_1_assignsubmission_file_/02-numbers.ipynb"
    course.put({copied: notebook("one of the two")})
    assert course.collect()["20260102"] == "one of the two"
    assert not any("김민수_1" in line for line in course.lines) and "nobody knows whose: 2" in course.end[0]
    course.put({copied: notebook("an older one")})  # and the zip has a newer one
    course.collect()
    assert "put a copy" in course.line("m.zip/김민수_1_assign").lower()


def test_an_id_against_a_name_is_nobody(course):
    course.roster()
    names = ["20260104_홍길동_02-numbers.ipynb", "홍길동/friend/Ann Lee.ipynb", "20260101/20260104.ipynb"]
    course.put({"a.zip": zipped({name: notebook() for name in names})})
    assert course.collect() == {} and len(course.lines) == 3


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("10207김민수.ipynb", "10207"),
        ("과제(10208).ipynb", "10208"),
        ("7_과제.ipynb", "7"),
        ("7/과제.ipynb", "7"),
        ("과제 7.ipynb", None),
        ("02-numbers (7).ipynb", None),
        ("110207.ipynb", None),
        ("박하나래.ipynb", None),
        ("과제_2026_03_02_박하나.ipynb", "7"),
    ],
)
def test_an_id_in_a_name(course, name, student):
    course.roster("id,last_name,first_name\n10207,김,민수\n10208,김,민수\n7,박,하나\n")
    course.put({name: notebook()})
    assert list(course.collect()) == ([student] if student else [])


def test_the_newest_of_this_lesson_counts_and_the_others_are_kept(course):
    course.roster()
    march = {day: (2026, 3, day, 9, 0, 0) for day in range(1, 9)}
    course.put(
        {
            "monday.zip": zipped(
                {
                    "홍길동/02-numbers.ipynb": (notebook("old"), march[1]),
                    "Ann Lee/x.ipynb": (notebook("right"), march[1]),
                    "박하나/02-numbers.ipynb": (notebook("", lesson=None), march[3]),
                    "박하나/02-numbers (1).ipynb": (notebook("second of two", lesson=None), march[3]),
                    "leeann_5004_912_02-numbers.ipynb": (notebook("later upload", "03"), march[8]),
                }
            ),
            "friday.zip": zipped(
                {
                    "홍길동/02-numbers (1).ipynb": (notebook("new"), march[5]),
                    "홍길동/broken.ipynb": (b"{", march[6]),
                    "Ann Lee/02-numbers.ipynb": (notebook("wrong lesson", "03"), march[5]),
                    "Ann Lee/english.ipynb": (notebook("wrong language", "02", "en"), march[6]),
                }
            ),
        }
    )
    assert course.collect() == {"20260101": "new", "20260104": "right", "7": "second of two"}
    assert course.line("monday.zip/홍길동").endswith("friday.zip/홍길동/02-numbers (1).ipynb")
    written = (course.folder / "submitted/20260101/02-ko/timestamp.txt").read_text()
    expected = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.mktime((*march[5], 0, 0, -1))))
    assert written == expected
    assert len(list(course.folder.glob("downloaded/02-ko/extracted/**/*.ipynb"))) == 9


def test_wrong_and_broken_notebooks_are_collected(course):
    course.put({"a.zip": zipped({"a/02.ipynb": notebook("other", "04"), "b/b.IPYNB": b"{", "c/c.ipynb.txt": b""})})
    assert course.collect() == {"a": "other", "b": b"{", "c": b""}


def test_what_is_no_notebook_is_left_out_with_a_line(course):
    course.put({"a.zip": zipped({"a/02.html": b"x", "a/02.pdf": b"x", "a/my-course.json": b"{}"})})
    assert course.collect() == {} and len(course.lines) == 3
    assert "ask for the .ipynb file" in course.line("a.zip/a/02.html")


def unflagged(name, encoding, content):
    """A zip whose one name is in an encoding that the zip does not tell."""
    raw = name.encode(encoding)
    return zipped({"?" * len(raw): content}).replace(b"?" * len(raw), raw)


def test_korean_names_of_windows_and_macos(course):
    course.roster()
    inner = {
        "02-numbers.ipynb": notebook("nfd"),
        "__MACOSX/._02-numbers.ipynb": b"x",
        ".DS_Store": b"x",
        ".ipynb_checkpoints/02-numbers-checkpoint.ipynb": notebook("old"),
        "Thumbs.db": b"x",
    }
    course.put(
        {
            "windows.zip": unflagged("박하나래/숙제.ipynb", "cp949", notebook("windows")),
            "macos.zip": unflagged(unicodedata.normalize("NFD", "홍길동/숙제.ipynb"), "utf-8", notebook("macos")),
            unicodedata.normalize("NFD", "박하나.ZIP"): zipped(inner),
        }
    )
    assert course.collect() == {"20260101": "macos", "20260108": "windows", "7": "nfd"} and not course.lines
    assert (course.folder / "downloaded/02-ko/extracted/windows.zip/박하나래/숙제.ipynb").exists()


def test_a_roster_saved_by_excel(course):
    course.put({"홍길동/02-numbers.ipynb": notebook("hong")})
    for encoding in ("cp949", "utf-8-sig"):
        course.roster(encoding=encoding)
        assert course.collect() == {"20260101": "hong"}
    course.roster("name,grade\n홍길동,3\n")
    with pytest.raises(SystemExit):
        course.collect()
    assert "has no column id" in course.capsys.readouterr().err


def test_without_a_release_it_says_so(course):
    (course.folder / "release/02-ko/02-numbers.ipynb").unlink()
    course.put({"a/02-numbers.ipynb": notebook()})
    with pytest.raises(SystemExit):
        course.collect()
    assert "02-ko has no release" in course.capsys.readouterr().err


def test_zips_in_zips_have_no_more_room_than_the_class(course, monkeypatch):
    monkeypatch.setattr(unpacking, "ZIP", (3_000_000, 2_000_000, 2_000_000))
    inner = zipped({f"{n}.ipynb": b"0" * 900_000 for n in range(2)})
    course.put({"class.zip": zipped({f"{n}/{n}.zip": inner for n in range(9)})})
    course.collect()
    written = [path.stat().st_size for path in course.folder.rglob("extracted/**/*.ipynb")]
    assert sum(written) < 3_000_000
    assert any("too large" in line for line in course.lines)


def test_a_file_may_have_any_name(course):
    course.roster()
    course.put({"20260101_attempt_2026-99-99-99-99-99_02.ipynb": notebook("hong")})
    assert course.collect() == {"20260101": "hong"}


def test_an_id_between_other_numbers_is_no_number_of_canvas(course):
    course.roster()
    course.put({"홍길동_20260101_20260309_02-numbers.ipynb": notebook("hong")})
    assert course.collect() == {"20260101": "hong"}


def test_bad_archives_stop_nobody_and_write_nothing_outside(course, monkeypatch):
    monkeypatch.setattr(unpacking, "FILE", 1_000_000)
    monkeypatch.setattr(unpacking, "ZIP", (100_000_000, 3_000_000))
    link = zipfile.ZipInfo("f/link.ipynb")
    link.external_attr = 0o120777 << 16
    store = io.BytesIO(zipped({"good/02-numbers.ipynb": notebook("good")}))
    with zipfile.ZipFile(store, "a") as archive:
        archive.writestr("a/x.zip", zipped({"z.ipynb": notebook("in"), "y.zip": zipped({"y.ipynb": b""})}))
        archive.writestr("b/bad.zip", b"PK no zip at all")
        archive.writestr("c/../../../../../02-numbers.ipynb", notebook("climber"))
        archive.writestr("/d/02-numbers.ipynb", notebook("absolute"))
        archive.writestr("e\\back\\02-numbers.ipynb", notebook("backslash"))
        archive.writestr(link, str(course.folder / "nbgrader_config.py"))
        archive.writestr("g/bomb.zip", zipped({f"{n}.ipynb": b"0" * 900_000 for n in range(50)}))
        archive.writestr("h/large.ipynb", b"0" * 1_500_000, zipfile.ZIP_DEFLATED)
        archive.writestr("i/many.zip", zipped({f"{n}.ipynb": b"" for n in range(400)}))
        archive.writestr("j/" + "긴" * 300 + ".ipynb", notebook("long"))
    before = {path for path in course.folder.rglob("*") if "downloaded" not in path.parts}
    half = zipped({"half/02-numbers.ipynb": notebook("x" * 9000)})
    course.put({"class.zip": store.getvalue(), "half.zip": half[: len(half) // 2], "z.zip": zipped({"z/z.ipynb": b""})})
    found = course.collect()
    assert found.pop("f") == str(course.folder / "nbgrader_config.py").encode()
    assert found == {
        "good": "good",
        "a": "in",
        "c": "climber",
        "d": "absolute",
        "back": "backslash",
        "z": b"",
    }
    outside = {path for path in course.folder.rglob("*") if path.relative_to(course.folder).parts[0] != "downloaded"}
    assert {path.relative_to(course.folder).parts[0] for path in outside - before} <= {"submitted", "gradebook.db"}
    assert not list(course.folder.glob("downloaded/02-ko/extracted/class.zip/[ghij]/**/*.ipynb"))
    assert "not be opened" in course.line("class.zip/b/bad.zip") and "not be opened" in course.line("half.zip")
    assert "too large" in course.line("g/bomb.zip") and "too large" in course.line("h/large.ipynb")
    assert "too large" in course.line("i/many.zip") and "not be opened" in course.line("/j/")
    assert "lead out of it" in course.line("class.zip: ")
    assert "no .ipynb file" in course.line("a/x.zip/y.zip")


def test_student_ids_are_folders_names_and_no_patterns(course):
    names = ["a[1]", "a(1)", "...", "b", "B2", "hong+kim@example.org"]
    course.put({f"{name}/02-numbers.ipynb": notebook(name) for name in names})
    found = course.collect()
    assert sorted(found.values()) == sorted(name for name in names if name != "...")
    assert not any(set("[]*?/\\+") & set(name) or name.startswith(".") for name in found)


def test_the_same_again_and_what_came_since(course):
    course.roster()
    files = {"홍길동/02-numbers.ipynb": notebook("1"), "홍길동/b.ipynb": notebook("2"), "q/q.ipynb": b""}
    course.put({"a.zip": zipped(files)})
    first = course.collect()
    assert first.keys() == {"20260101", "q"} and len(course.lines) == 2
    written = {path: path.stat().st_ctime for path in course.folder.glob("submitted/*/*/*")}
    course.put({"Ann Lee.ipynb": notebook("late")})
    assert course.collect() == first | {"20260104": "late"}
    assert course.end[0].startswith("Collected now: 1 · the same as collected before: 2 ·")
    assert not any("q/q" in line for line in course.lines[1:])
    assert all(path.stat().st_ctime == when for path, when in written.items())  # nothing is to be marked anew
    course.put({"Ann Lee (1).ipynb": notebook("later")})
    assert course.collect() == first | {"20260104": "later"}


def test_what_was_collected_before_the_roster_came_is_told(course):
    course.put({"Ann Lee/02-numbers.ipynb": notebook("ann")})
    assert course.collect() == {"Ann Lee": "ann"} and not course.lines
    course.roster()
    assert course.collect() == {"Ann Lee": "ann", "20260104": "ann"}
    assert "please delete this folder" in course.line("submitted/Ann Lee/02-ko")


def test_a_download_that_carries_nobodys_name_is_one_line_and_its_way_out_works(course):
    course.roster()
    names = ["02-numbers.ipynb", *(f"02-numbers ({n}).ipynb" for n in range(1, 13))]
    files = {f"02 핵심 숫자/{name}": notebook(str(n)) for n, name in enumerate(names)}
    course.put({"02 핵심 숫자-20261128T101500Z-001.zip": zipped(files)})
    assert course.collect() == {}
    (line,) = course.lines
    assert "/02 핵심 숫자: the 13 notebooks here carry nobody's name" in line and "02-numbers (1).ipynb" in line
    assert "nobody knows whose: 13" in course.end[0]
    course.put({"20260101_02-numbers (2).ipynb": notebook("2"), "7_02-numbers.ipynb": notebook("0")})
    assert course.collect() == {"20260101": "2", "7": "0"}
    assert "the 11 notebooks" in course.line("nobody's name")
    assert (
        "홍길동" not in course.end[1]
        and "김민수 (20260102)" in course.end[1]
        and "Lee, Ann (20260104)" in course.end[1]
    )


def test_a_download_that_holds_all_of_the_last_one_says_nothing_of_the_same_files(course):
    course.roster()
    files = {"홍길동/02-numbers.ipynb": notebook("hong"), "Ann Lee/02-numbers.ipynb": notebook("ann")}
    course.put({"monday.zip": zipped(files)})
    course.collect()
    course.put({"friday.zip": zipped(files)})
    course.collect()
    assert not course.lines and course.end[0].startswith("Collected now: 0 · the same as collected before: 2")


def test_links_are_refused_and_never_followed(course, tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(notebook("the solutions"))
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "02-numbers.ipynb").write_bytes(notebook("by a linked folder"))
    course.put({"good/02-numbers.ipynb": notebook("good"), "hard/x.txt": b"", "soft/x.txt": b"", "pipe/x.txt": b""})
    (course.archive / "soft" / "02-numbers.ipynb").symlink_to(secret)
    (course.archive / "hard" / "02-numbers.ipynb").hardlink_to(secret)
    (course.archive / "folder").symlink_to(tmp_path / "inner")
    os.mkfifo(course.archive / "pipe" / "02-numbers.ipynb")
    assert course.collect() == {"good": "good"}
    for name in ("soft/02-numbers.ipynb", "hard/02-numbers.ipynb", "folder", "pipe/02-numbers.ipynb"):
        assert course.line(f"{name}: this is a link")


def test_long_and_odd_names_stop_nobody(course):
    long = {f"{'😀' * 40}{n}_02-numbers.ipynb": notebook(f"smile {n}") for n in (1, 2)}
    long[f"{'!' * 100}_02-numbers.ipynb"] = notebook("shout")
    course.put({"a.zip": zipped(long | {"good/02-numbers.ipynb": notebook("good")})})
    found = course.collect()
    assert sorted(found.values()) == ["good", "shout", "smile 1", "smile 2"]
    assert all(len(name.encode()) < 100 for name in found)


def test_a_file_that_cannot_be_read_is_a_line(course, monkeypatch):
    course.put({"a/02-numbers.ipynb": notebook("a"), "b/02-numbers.ipynb": notebook("b")})
    write = unpacking.Path.write_bytes

    def full(path, data):
        if path.parts[-2:] == ("b", "02-numbers.ipynb"):
            write(path, data[:9])
            raise OSError(28, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(unpacking.Path, "write_bytes", full)
    assert course.collect() == {"a": "a"}
    assert "No space left" in course.line("b/02-numbers.ipynb")


def test_an_empty_archive_says_where_to_put_the_files(course):
    with pytest.raises(SystemExit):
        course.collect()
    assert str(course.archive) in course.capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,last_name\n7,김\n7,이\n", "more than one row has this id: 7"),
        ("id;last_name\n7;김\n", "with commas"),
        ("sep=,\nid,last_name\n7,김\n", "no column id"),
    ],
)
def test_a_roster_that_would_mislead_is_one_sentence(tmp_path, monkeypatch, text, said):
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    (tmp_path / "students.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        roster.read_rows(tmp_path / "students.csv")


def test_a_roster_with_blanks_in_its_head_and_odd_line_ends_in_its_names(tmp_path):
    (tmp_path / "students.csv").write_text(
        'id, last_name, first_name\r\n1, 김,민\u2028수\r\n2,"박\n", 하나\r\n', "utf-8"
    )
    rows = roster.read_rows(tmp_path / "students.csv")
    assert rows == [
        {"id": "1", "last_name": "김", "first_name": "민\u2028수"},
        {"id": "2", "last_name": "박", "first_name": "하나"},
    ]
