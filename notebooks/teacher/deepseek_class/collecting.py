"""Whose each notebook is: nbgrader's collector plug-in for `zip_collect`.

A notebook belongs to the learner of students.csv whose number Canvas wrote into the file's name (lms_user_id), or whose
id or e-mail stands in the name of the file or of a folder around it. A name alone counts only where it fits one learner
of students.csv and one account of Moodle or Canvas; where two fit, the notebook is nobody's, and a line says so.
Whoever fits no row is called what Moodle, Canvas, the file or the folder says, unless another one is called so too.
"""

import filecmp
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from nbgrader.plugins import FileNameCollectorPlugin

from . import deadlines, roster
from .handed_in import ATTEMPT, handed_in, lesson_of, lms_part, times_of, write_handed_in
from .messages import say, shortened
from .roster import folder_name

COPY = r"\(\d+\)|의 사본|복사본|사본|copy(?: of|\d*)"
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


class Collector(FileNameCollectorPlugin):
    """Tells nbgrader whose each notebook is, which of several counts, and under which name it is marked."""

    _plan: dict[Path, dict] | None = None

    def collect(self, submitted_file: str) -> dict | None:
        """Called by nbgrader for each file: student_id, file_id and timestamp, or None where it is not collected."""
        if self._plan is None:
            self._plan = self._make_plan()
        return self._plan.get(Path(submitted_file))

    def _make_plan(self) -> dict[Path, dict]:
        """What is collected, by its file; says what is not, and how it stands."""
        app, course = self.parent, self.parent.coursedir
        self.assignment = course.assignment_id
        released = list(Path(course.root, course.release_directory, self.assignment).glob("*.ipynb"))
        if not released:
            app.fail(say("unreleased", self.assignment))
        self.notebook = min(released).stem
        self.root = Path(app._format_collect_path(app.extracted_directory))
        self.submitted = Path(course.root, course.submitted_directory)
        self.students = Path(course.root, "students.csv")
        try:
            self.roster = [as_student(row) for row in roster.read_rows(self.students)]
            self.rules = deadlines.read_rules(Path(course.root, deadlines.FILE))
        except ValueError as error:
            app.fail(str(error))
        self.rows = {folder_name(row.id) for row in self.roster}
        self.nameless = set()
        files = sorted(path for path in self.root.rglob("*") if path.is_file())
        for path in files:
            if path.suffix != ".ipynb" and not is_receipt(path):
                print(say("no_notebook", self._shown(path)))
        notebooks = [path for path in files if path.suffix == ".ipynb"]
        self.times = times_of(self.root, notebooks)
        theirs = self._by_student(self._without_shared([self._identify(path) for path in notebooks]))
        nobodys = theirs.pop("", [])
        plan = self._choose(theirs)
        left = self._tell_nobodys(nobodys, theirs)
        self._sum_up(len(plan), len(theirs) - len(plan), left, theirs.keys())
        return plan

    def _identify(self, path: Path) -> Work:
        """Whose a notebook is by the names of its file and folders; in an LMS's download the LMS alone speaks."""
        parts = path.relative_to(self.root).parts
        lms = lms_part(parts)
        if lms and lms["user"] in self.rows:  # the class's own numbers: name_20260101_20260309_02.ipynb
            lms = None
        user = lms["user"] if lms else None
        account = f"{lms['name']}_{lms['number'] or user}" if lms else ""
        found, certain = fitting([lms["name"]] if lms else parts, user, self.roster)
        if found:
            return Work(path, folder_name(min(found)) if len(found) == 1 else "", "" if certain else account)
        if lms:
            return Work(path, folder_name(account if user else lms["name"]), account)
        return self._stranger(path, parts)

    def _stranger(self, path: Path, parts: tuple[str, ...]) -> Work:
        """Called by what stands before the notebook's name, or else by the nearest folder outside of an own zip.

        A second notebook of that name in a folder is not the folder's: Google Drive puts a whole class into one.
        """
        *folders, name = parts
        front = self._bare(name.partition(self.notebook)[0]) if self.notebook in name else ""
        own = next((n for n, each in enumerate(folders) if n and ENDING.search(each)), len(folders))
        outside = [each for each in folders[:own] if not ENDING.search(each)] or folders[: own + 1] or [""]
        folder = outside[-1]
        if not self._bare(name) or (self.roster and self._bare(name).isdigit()):  # 3.ipynb names nobody in the roster
            self.nameless.add(path)
        source = [*folders, self._bare(name) or name]
        return Work(path, folder_name(front or ENDING.sub("", folder)), "/".join(source))

    def _without_shared(self, works: list[Work]) -> list[Work]:
        """A folder in which notebooks of the class lie is nobody's name: what has no other name there is nobody's."""
        shared = {work.path.parent for work in works if work.student in self.rows and not lms_part(self._parts(work))}
        return [
            work._replace(student="") if work.path in self.nameless and work.path.parent in shared else work
            for work in works
        ]

    def _parts(self, work: Work) -> tuple[str, ...]:
        return work.path.relative_to(self.root).parts

    def _bare(self, name: str) -> str:
        """What is left of a file's name without the notebook's own and the marks of a copy."""
        plain = rf"{re.escape(self.notebook)}(?:-\d+)?|{COPY}"
        return re.sub(plain, "", ENDING.sub("", name), flags=re.IGNORECASE).strip(" _-.()")

    def _by_student(self, works: list[Work]) -> dict[str, list[Path]]:
        """What came in from each student; under an empty name what is not certainly anybody's."""
        sources, theirs = defaultdict(set), defaultdict(list)
        for work in works:
            sources[work.student.casefold()] |= {work.source} - {""}
        for work in works:
            unique = not work.source or len(sources[work.student.casefold()]) == 1
            theirs[work.student if unique else ""].append(work.path)
        return theirs

    def _choose(self, theirs: dict[str, list[Path]]) -> dict[Path, dict]:
        """The newest notebook of each student that is of this lesson, unless it is collected already."""
        self._tell_left_over(theirs.keys())
        plan, self.known = {}, {}
        for student, paths in theirs.items():
            best = max(paths, key=self._rank)
            for path in paths:
                if not same(path, best):  # an LMS gives out everything each time
                    print(say("older", self._shown(path), student, self._shown(best)))
            if not same(best, self.submitted / student / self.assignment / f"{self.notebook}.ipynb"):
                plan[best] = self._take(best, student)
            self.known[student] = handed_in(self.root, best, self.times)
        write_handed_in(self.root.parent, self.known)
        return plan

    def _take(self, path: Path, student: str) -> dict:
        if self.roster and student not in self.rows:
            print(say("stranger", self._shown(path), student))
        when = {"timestamp": str(self.times[path])} if path in self.times else {}
        return {"student_id": student, "file_id": self.notebook, **when}

    def _tell_left_over(self, students: Iterable[str]):
        """Says what was collected before students.csv had its learner."""
        for folder in sorted(self.submitted.glob(f"*/{self.assignment}")):
            if self.roster and folder.parent.name not in self.rows.union(students):
                print(say("left_over", folder.parent.name, self.assignment))

    def _tell_nobodys(self, nobodys: list[Path], theirs: dict[str, list[Path]]) -> int:
        """Says which files are nobody's, a folder of files without any name in one line; how many there are."""
        known = [path for paths in theirs.values() for path in paths]
        left = [path for path in nobodys if not any(self._is_renamed(path, other) for other in known)]
        folders = defaultdict(list)
        for path in left:
            folders[path.parent if path in self.nameless else path].append(path)
        for folder, paths in folders.items():
            if len(paths) == 1:
                print(say("whose", self._shown(paths[0])))
            else:
                shown = Path(self.parent.archive_directory, folder.relative_to(self.root)).as_posix()
                print(say("nameless", shown, len(paths), shortened([path.name for path in paths])))
        return len(left)

    def _is_renamed(self, path: Path, other: Path) -> bool:
        """Whether `other` is this notebook with an id put before the name of its file or of a folder around it."""
        before, after = path.relative_to(self.root).parts, other.relative_to(self.root).parts
        return any(new.endswith(f"_{old}") for old in before for new in after) and same(path, other)

    def _sum_up(self, new: int, unchanged: int, nobodys: int, students: Iterable[str]):
        lesson = lesson_of(self.assignment)
        there = {path.parent.name for path in find_handed_in(self.submitted, lesson)}
        missing = roster.missing(self.students, there.union(students))
        print(say("collected", new, unchanged, nobodys))
        if missing:
            print(say("missing_from", lesson, ", ".join(missing)))
        for line in deadlines.summary(self.rules, lesson, self.known, roster.names(self.students)):
            print(line)

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


def is_receipt(path: Path) -> bool:
    """Whether a file is the text that Blackboard puts beside each submission."""
    return path.suffix == ".txt" and bool(ATTEMPT.search(f"{path.stem}_"))


def same(path: Path, other: Path) -> bool:
    """Whether two files have the same content; what is collected anew would be marked anew, by hand as well."""
    return other.is_file() and filecmp.cmp(path, other, shallow=False)


def find_handed_in(submitted: Path, lesson: str) -> list[Path]:
    """The folders of what was handed in for a lesson, in any language; a teacher's own 02-quiz is another."""
    return [path for ending in ("", "-ko", "-en") for path in submitted.glob(f"*/{lesson}{ending}")]
