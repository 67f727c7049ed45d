"""Whose each notebook is: nbgrader's collector plug-in for `zip_collect`.

A notebook belongs to the learner of students.csv whose number Canvas wrote into the file's name (lms_user_id), or whose
id or e-mail stands in the name of the file or of a folder around it. A name alone counts only where it fits one learner
of students.csv and one account of Moodle or Canvas; where two fit, the notebook is nobody's, and a line says so.
Whoever fits no row is called what Moodle, Canvas, the file or the folder says, unless another one is called so too.
"""

import csv
import filecmp
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from nbgrader.plugins import FileNameCollectorPlugin

from messages import say

# Moodle: Name_NUMBER_assignsubmission_file_/…, or all in the file's name. Canvas: name_LATE_USER_UPLOAD_….
LMS = re.compile(r"(?P<name>.+?)_(?:(?P<number>\d+)_assignsubmission_|(?:LATE_)?(?P<user>\d+)_\d{3,}_)")
COPY = r"\(\d+\)|복사본|사본|copy(?: of|\d*)"
ENDING = re.compile(r"\.(?:ipynb|zip)$", re.IGNORECASE)


class Student(NamedTuple):
    """A row of students.csv, and how a file or a folder may name it."""

    id: str
    user: str  # the number in the LMS
    marks: re.Pattern  # id or e-mail
    names: set[str]


class Work(NamedTuple):
    """A notebook that came in, whom it is collected under, and where a bare name was read that has to be unique."""

    path: Path
    student: str
    source: str = ""


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of students.csv, in UTF-8 or as Korean Excel saves it (CP949); none where there is no such file.

    Raises:
        ValueError: the file has no column id; the message is for the teacher.
    """
    raw = path.read_bytes() if path.exists() else b""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp949", "replace")
    rows = list(csv.DictReader(unicodedata.normalize("NFC", text).splitlines()))
    if rows and "id" not in rows[0]:
        raise ValueError(say("roster"))
    rows = [{key: (value or "").strip() for key, value in row.items() if key} for row in rows]
    return [row for row in rows if row["id"]]


def as_student(row: dict[str, str]) -> Student:
    """A row as a Student."""
    marks = "|".join(as_pattern(row[key]) for key in ("id", "email") if row.get(key))
    last, first = ("".join(words(row.get(key, ""))) for key in ("last_name", "first_name"))
    return Student(row["id"], row.get("lms_user_id", ""), re.compile(marks), {last + first, first + last} - {""})


def as_pattern(mark: str) -> str:
    """An id or e-mail within a name. A short one has to stand in front: a 7 elsewhere may be a day or a copy."""
    escaped = re.escape(mark.casefold())
    return rf"^{escaped}(?:_|$)" if len(mark) < 4 else rf"(?<![0-9a-z]){escaped}(?![0-9a-z])"


def words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.casefold())


def names_in(text: str) -> set[str]:
    """What may be a name: the words of a text, and neighbours joined (홍 길동 gives 홍, 길동 and 홍길동)."""
    found = words(text)
    return {"".join(found[i:j]) for i in range(len(found)) for j in range(i + 1, len(found) + 1)}


def fitting(texts: Iterable[str], user: str | None, roster: list[Student]) -> tuple[set[str], bool]:
    """The ids of the rows that Canvas's number or else these texts mean, and whether by more than a bare name."""
    if by_number := {row.id for row in roster if user and row.user == user}:
        return by_number, True
    texts = [ENDING.sub("", text) for text in texts]
    rows = [row for row in roster if not (user and row.user)]
    marked = {row.id for row in rows if any(row.marks.search(text.casefold()) for text in texts)}
    names = set().union(*map(names_in, texts))
    named = {row.id for row in rows if row.names & names}
    return marked & named or marked | named, bool(marked)


def folder_name(name: str) -> str:
    """A student id as a folder's name, other signs as =CODE: nbgrader would take brackets for a pattern."""
    return re.sub(r"[^\w@. -]", lambda sign: f"={ord(sign[0]):x}", name).strip(". ")


class Collector(FileNameCollectorPlugin):
    """Tells nbgrader whose each notebook is, which of several counts, and under which name it is marked."""

    _plan: dict[Path, tuple[dict | None, str]] | None = None

    def collect(self, submitted_file: str) -> dict | None:
        """Called by nbgrader for each file: student_id, file_id and timestamp, or None where it is not collected."""
        if self._plan is None:
            self._plan = self._make_plan()
        taken, line = self._plan[Path(submitted_file)]
        if line:
            self.log.warning(line)
        return taken

    def _make_plan(self) -> dict[Path, tuple[dict | None, str]]:
        app, course = self.parent, self.parent.coursedir
        self.assignment = course.assignment_id
        released = list(Path(course.root, course.release_directory, self.assignment).glob("*.ipynb"))
        if not released:
            app.fail(say("unreleased", self.assignment))
        self.notebook = min(released).stem
        self.root = Path(app._format_collect_path(app.extracted_directory))
        try:
            self.roster = [as_student(row) for row in read_rows(Path(course.root, "students.csv"))]
        except ValueError as error:
            app.fail(str(error))
        self.rows = {folder_name(row.id) for row in self.roster}
        files = sorted(path for path in self.root.rglob("*") if path.is_file())
        works = [self._identify(path) for path in files if path.suffix == ".ipynb"]
        plan = {path: (None, say("no_notebook", self._shown(path))) for path in files}
        return plan | self._choose(self._by_student(works))

    def _identify(self, path: Path) -> Work:
        """Whose a notebook is by the names of its file and folders; in an LMS's download the LMS alone speaks."""
        parts = path.relative_to(self.root).parts
        lms = next(filter(None, map(LMS.match, parts)), None)
        user = lms["user"] if lms else None
        account = f"{lms['name']}_{lms['number'] or user}" if lms else ""
        found, certain = fitting([lms["name"]] if lms else parts, user, self.roster)
        if found:
            return Work(path, folder_name(min(found)) if len(found) == 1 else "", "" if certain else account)
        if lms:
            return Work(path, folder_name(account if user else lms["name"]), account)
        return self._stranger(path, parts)

    def _stranger(self, path: Path, parts: tuple[str, ...]) -> Work:
        """Called by what stands before the notebook's name, or else by the nearest folder outside of an own zip."""
        *folders, name = parts
        front = self._bare(name.partition(self.notebook)[0]) if self.notebook in name else ""
        own = next((n for n, each in enumerate(folders) if n and ENDING.search(each)), len(folders))
        outside = [each for each in folders[:own] if not ENDING.search(each)] or folders[: own + 1] or [""]
        folder = outside[-1]
        return Work(path, folder_name(front or ENDING.sub("", folder)), "/".join([*folders, self._bare(name)]))

    def _bare(self, name: str) -> str:
        """What is left of a file's name without the notebook's own and the marks of a copy."""
        plain = rf"{re.escape(self.notebook)}(?:-\d+)?|{COPY}"
        return re.sub(plain, "", ENDING.sub("", name), flags=re.IGNORECASE).strip(" _-.()")

    def _by_student(self, works: list[Work]) -> dict[str, list[Path]]:
        """What came in from each student; under an empty name what is not certainly anybody's."""
        sources, handed_in = defaultdict(set), defaultdict(list)
        for work in works:
            sources[work.student.casefold()] |= {work.source} - {""}
        for work in works:
            unique = not work.source or len(sources[work.student.casefold()]) == 1
            handed_in[work.student if unique else ""].append(work.path)
        return handed_in

    def _choose(self, handed_in: dict[str, list[Path]]) -> dict[Path, tuple[dict | None, str]]:
        """The newest notebook of each student that is of this lesson; and a line on each that does not count."""
        plan = {path: (None, say("whose", self._shown(path))) for path in handed_in.pop("", [])}
        self._tell_left_over(handed_in.keys())
        for student, paths in handed_in.items():
            best = max(paths, key=self._rank)
            plan |= {path: (None, say("older", self._shown(path), student, self._shown(best))) for path in paths}
            plan[best] = self._take(best, student)
        return plan

    def _take(self, path: Path, student: str) -> tuple[dict | None, str]:
        if self._is_collected(path, student):
            return None, say("unchanged", self._shown(path), student)
        when = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat()
        stranger = self.roster and student not in self.rows
        line = say("stranger", self._shown(path), student) if stranger else ""
        return {"student_id": student, "file_id": self.notebook, "timestamp": when}, line

    def _is_collected(self, path: Path, student: str) -> bool:
        """Whether this very file was collected before: collected anew, it would be marked anew, by hand as well."""
        course = self.parent.coursedir
        folder = Path(course.root, course.submitted_directory, student, self.assignment)
        there = folder / f"{self.notebook}.ipynb"
        return there.exists() and filecmp.cmp(path, there, shallow=False)

    def _tell_left_over(self, students: set[str]):
        """Says what was collected before students.csv had its learner."""
        course = self.parent.coursedir
        for folder in sorted(Path(course.root, course.submitted_directory).glob(f"*/{self.assignment}")):
            if self.roster and folder.parent.name not in self.rows | students:
                self.log.warning(say("left_over", folder.parent.name, self.assignment))

    def _rank(self, path: Path) -> tuple:
        """What is of this lesson last, of that the newest, and of two from one minute the (2) after the (1)."""
        return self._fits(path), path.stat().st_mtime, len(path.name), path

    def _fits(self, path: Path) -> bool:
        """Whether a file is a notebook that does not say it is of another lesson or language."""
        try:
            said = json.loads(path.read_bytes())["metadata"].get("deepseek_course")
            return not said or f"{said['lesson']}-{said['language']}" == self.assignment
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return False

    def _shown(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()
